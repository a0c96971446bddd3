/* SPDX-License-Identifier: MIT
 * Files and arrays: tables of numbers, the rows of a dataset, weights.
 *
 * Every reader leaves its message in the context; *rc is then 64 (an option
 * that makes no sense), 65 (bad data) or 66 (no such file). */
#ifndef DATA_H
#define DATA_H
#include "../tool/tool.h"

/* -------------------------------------------------------------- bytes.c
 * A file in memory, unpacked where gzip has packed it; text ends with a 0. */
typedef struct {
	const char *path, *text;
	size_t len;
	uint32_t source;            /* of the context, where it is one */
} Bytes;
bool bytes_read(Ctx *c, const char *path, Bytes *b, int *rc);
/* an error about the file as a whole; false */
bool bytes_error(Ctx *c, const Bytes *b, int *rc, int code, const char *text);

/* ---------------------------------------------------------------- csv.c
 * A text table: commas, semicolons, tabs or blanks; the delimiter and the
 * header are found by looking at the first two records. */
typedef struct {
	Ctx *c;
	const char *text;
	size_t len;
	uint32_t source;            /* of the context, for messages */
	char delimiter;
	bool header, forced;        /* forced: the caller said so */
	Names first, second;        /* cells of the first two records */
	uint32_t columns;
} Csv;
typedef struct {
	void *u;
	/* false: stop; text ends with a 0 */
	bool (*cell)(void *u, uint32_t column, const char *text, size_t n);
	bool (*row)(void *u);
} CsvSink;

/* header: 1 yes, 0 no, -1 to be found out */
Csv *csv_open(Ctx *c, const Bytes *b, int header, int *rc);
/* every record after the header, each with csv->columns cells; false after an
 * error or when the sink said stop */
bool csv_rows(Csv *csv, const CsvSink *sink);
/* where a cell stands; record 0 is the first one of the file */
Loc csv_place(Csv *csv, size_t record, uint32_t column);
bool csv_number(const char *text, size_t n, double *value);
bool csv_is_missing(const char *text, size_t n); /* empty, nan, inf, na, null */

/* ------------------------------------------------------------ dataset.c */
typedef struct {
	const char *columns, *target; /* --columns, --target, or NULL */
	int header;                   /* as for csv_open */
	bool need_targets;
	const char *labels;           /* --labels, or NULL */
	const int32_t *ids;           /* input_ids(), or NULL: there are none */
} DataOptions;
typedef struct { uint32_t a, b, from, to; } Pair; /* samples, places in an order */
typedef struct {
	const char *path;
	size_t rows, cap;
	size_t known;               /* the first ones, whose targets are known */
	int inputs;
	int stored;                 /* target values of a row; 0: none */
	/* values from one row to the next: fewer than these where the rows are
	 * windows of a series, which overlap */
	size_t x_step, t_step;
	bool series;
	bool pairs;                 /* each row is two samples of the table */
	Pair *pair;
	size_t samples;             /* of the table, where they are paired */
	size_t before;              /* steps of the series before the target of
	                               its first window */
	bool *label;                /* per head: its target is a class number */
	double *x, *t;
	const unsigned char *bytes; /* in place of x: times `divisor` */
	double divisor;
	Names names, target_names;  /* from the header, else x1 x2 .. */
} Data;

/* does one class stand behind the outputs: softmax or sigmoid with their
 * losses, class numbers, or `classes` in the spec */
bool is_classifier(const Network *net);
/* classes of a sample: 1, or one for each step or pixel; 0: no classifier */
int class_places(const Network *net);
int class_count(const Network *net); /* 2 for one output; 0: no classifier */
int head_classes(const Network *net, const Head *h);
int positions(const Network *net, const Head *h); /* each has a class */
/* which output is class k of a place: channels of a map, else the last axis */
size_t class_at(const Network *net, const Head *h, int place, int k);
double low_target(const Head *h);     /* of the classes that a sample is not in */
/* learns net->classes where the spec has none and labels are not numbers */
Data *data_read(Ctx *c, Network *net, const char *path, const DataOptions *o,
	int *rc);
void data_free(Data *d);

/* --------------------------------------------------------------- rows.c */
/* n rows (rows[i], or from `first` where rows is NULL) as the network takes
 * them: x and t are arrays of its real; t may be NULL */
void data_gather(const Data *d, const Network *net, Dtype real,
	const size_t *rows, size_t first, size_t n, void *x, void *t);
/* a class of a row: argmax of one-hot targets; -1 without targets */
int data_class(const Data *d, const Network *net, size_t row, int place);
/* v[i] of the targets in the caller's units: net->targets values */
void data_targets(const Data *d, const Network *net, size_t row, double *v);
/* a permutation that depends on seed and round alone */
void rows_shuffle(size_t *rows, size_t n, uint64_t seed, uint64_t round);
/* row numbers: the first `train` to learn from, then `held` that are held out:
 * of each class its share, sorted; of a series the end, so that no target of
 * theirs has been learnt from; malloc, NULL: no memory */
size_t *rows_split(const Data *d, const Network *net, double fraction,
	uint64_t seed, size_t *train, size_t *held);
/* what stands at input j of a row */
double data_input(const Data *d, size_t row, size_t j);
/* of pairs: none of those that are held out shares a sample with the others */
size_t *pairs_split(const Data *d, double fraction, size_t *train, size_t *held);
/* of the inputs, or else of the stored targets, in these rows; rows NULL: in
 * the first n */
void column_stats(const Data *d, bool inputs, const size_t *rows, size_t n,
	ColumnStats *out);

/* ------------------------------------------------------------ weights.c
 * A file of weights: safetensors, or NPZ; arrays.h says what stands in it. */
typedef struct {
	const char *name;
	Dtype dtype;
	Shape shape;                /* of rank 0: one value */
	size_t count;
	double *v;
} Array;
typedef struct { const char *name, *text; } Note;
typedef struct { VEC(Array) v; VEC(Note) notes; } Arrays;
typedef struct {
	const char *path, *net;     /* net: NULL where the file does not say */
	uint64_t topology, seed, epochs;
	double validation;          /* the share that was held out */
	Names defines, classes, columns;
	/* all that was read; or what is to be written beside the weights */
	Arrays all;
	/* parameters in canonical order, then running statistics; of the
	   network, once it was applied to one */
	VEC(Array) blocks;
	int64_t count;
	double *params;
} Weights;
Weights *weights_read(Ctx *c, const char *path, int *rc);
/* do the shapes fit?  then constants and class names go into net, whose
 * topology is computed anew; false after err(), with net unchanged */
bool weights_apply(Ctx *c, Network *net, Weights *w);
/* w->blocks, constants, classes ... from net; the caller adds the rest */
Weights *weights_new(Ctx *c, const Network *net);
/* NPZ where the name ends so; path "-": stdout; 0, or an exit code with *why */
int weights_write(Ctx *c, const char *path, const Weights *w, const char **why);
bool is_npz_name(const char *path);
/* may this file be written over?  it is empty or by bpgen */
bool is_weights_of_bpgen(const char *path);
const Array *array_find(const Arrays *a, const char *name);
const char *note_find(const Arrays *a, const char *name); /* NULL: none */
/* whole: 0 .. 2^64 - 1; false where there is none or it reads as none */
bool note_whole(const Arrays *a, const char *name, uint64_t *v);
bool note_number(const Arrays *a, const char *name, double *v);
void note_put(Ctx *c, Arrays *a, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* t_shift and t_scale, neutral, where there are none yet */
void target_room(Ctx *c, Network *net);
/* recomputed where constants became known: front/elaborate */
void network_hash(Network *net);

#endif
