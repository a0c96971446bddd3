/* SPDX-License-Identifier: MIT
 * What the readers of a dataset share: class names, the choice of columns. */
#ifndef READER_H
#define READER_H
#include "data.h"

typedef struct {
	Ctx *c;
	const char **name;          /* by id */
	uint32_t *slot;             /* hash table of id + 1 */
	uint32_t n, most, mask;
	bool fixed;                 /* the names are known already */
	bool all_whole;             /* each reads as a whole number */
} Labels;

typedef struct {
	Ctx *c;
	Network *net;
	Bytes file;
	Csv *csv;                   /* a table alone has one */
	Data *d;
	const DataOptions *o;
	int32_t *input, *target;    /* per column: which one it is, or -1 */
	Labels labels;
	size_t record;              /* of the file, header included */
	int *head_of;               /* per stored target column */
	bool f32, usage;            /* usage: an option is to blame */
} Reader;

/* ------------------------------------------------------------ expects.c */
bool head_classifies(const Network *net, const Head *h);
int label_columns(const Network *net); /* target columns with class labels */
/* 'iris' takes 4 inputs and 1 class (or 3 one-hot targets) */
const char *expects(Reader *r);
bool needs_no_targets(const Network *net); /* none, or the inputs are them */
bool targets_fit_in(const Network *net, uint32_t n);
/* an input is a whole number below this, or, where it is 0, any number */
int ids_below(const Reader *r, int input);
bool has_ids(const Reader *r);
/* which head each stored target belongs to, and how it is given */
void assign_heads(Reader *r, uint32_t columns);

/* ------------------------------------------------------------- labels.c */
void labels_start(Reader *r);
void labels_any(Reader *r);      /* classes that the network does not know */
/* the class of a name, or of a number where names are words; -1: there is no
 * such class, or no room for one more */
int label_class(Reader *r, const char *s, size_t n);
int label_named(Reader *r, const char *s, size_t n); /* by name alone */
/* names that were found become those of the network, in order */
void labels_learn(Reader *r);

/* ------------------------------------------------------------- series.c
 * Rows that are steps of a series become windows that overlap. */
typedef struct {
	int steps, features, targets;
	bool sequence, each;
} Window;
/* what a window of this network is; each: a target at every step.  false: it
 * takes none. */
bool window_of(const Network *net, Window *w);
/* are these columns of a table, all or the chosen ones, steps of a series? */
bool is_series(const Network *net, uint32_t columns, bool chosen);
bool series_windows(Reader *r);  /* after the rows are read */

/* -------------------------------------------------------------- pairs.c
 * Rows with classes become pairs of one class or of two. */
/* does the network compare two samples of so many columns (chosen: without the
 * class)? */
bool takes_pairs(const Network *net, uint32_t columns, bool chosen);
bool pairs_make(Reader *r);      /* after the rows are read; false after err() */

/* ------------------------------------------------------------ columns.c
 * false after err() */
bool columns_choose(Reader *r);

/* ---------------------------------------------------------------- idx.c
 * Arrays of unsigned bytes: inputs and, behind them or in a file of their own,
 * classes. */
bool is_idx(const Bytes *b);
bool idx_read(Reader *r, int *rc); /* false after err() */

/* --------------------------------------------------------- characters.c
 * A text as a series of numbers, one a character; its characters are classes. */
bool is_text(const Reader *r);
bool text_read(Reader *r, int *rc); /* false after err() */
/* the character here, and how many bytes it takes; 0: this is no UTF-8 */
int utf8_decode(const unsigned char *s, size_t n, uint32_t *ch);

/* -------------------------------------------------------------- table.c */
bool table_read(Reader *r);      /* r->csv's rows; false after err() */
const char *shown(Ctx *c, const char *s); /* short, without control characters */

#endif
