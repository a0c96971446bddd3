/* SPDX-License-Identifier: MIT
 * A run of training: its state, what is printed and kept of it. */
#ifndef TRAIN_H
#define TRAIN_H
#include "compile.h"
#include "threads.h"

/* the loss of many epochs in few numbers: every stride-th one */
enum { CURVE = 512 };
typedef struct { double v[CURVE]; size_t n, stride, count; } Curve;

typedef struct {                /* one epoch; NAN: not known */
	double rate, loss, val_loss, accuracy, val_accuracy, gradnorm, seconds;
} Epoch;

typedef struct {
	Session *s;
	Data *val;                  /* the data itself, or that of --validate */
	size_t *rows, *order;       /* split; this epoch's order */
	size_t train, held;         /* rows to learn from, to validate with */
	double fraction;
	size_t epoch;               /* finished ones, those before too */
	size_t first_epoch, begun_epoch; /* of the run; of this process */
	size_t updates;             /* of this run */
	Epoch now;
	double started;             /* seconds of the monotonic clock */
	void *x, *t;                /* one batch */
	void *params;               /* in the network's real */
	void *epoch_start, *best;   /* copies of the whole network */
	Threads *threads;           /* NULL: no --threads, NAME_train */
	Changeover change;
	StopKind best_by;           /* the quantity that says what is best */
	size_t best_epoch;
	double best_value, best_loss;
	const Stop *patience, *stopped; /* patience: the first, or NULL */
	bool interrupted, diverged;
	Curve curve;
	const char *summary;        /* why it stopped, advice: lines */
	FILE *history;
	bool history_new;           /* no row of it was written yet */
	const char *weights_path, *history_path;
	const char *report_path;    /* NULL: no page */
	FILE *out;                  /* where progress goes */
	bool quiet, verbose, json;
	char progress;              /* bar, plain, json, none: its letter */
	size_t printed;             /* last epoch that was printed */
	double shown_at, best_val;      /* shown_at: of the line written over */
	size_t best_val_epoch;
	const char *checkpoint;     /* its path, or NULL */
	size_t every;               /* epochs; 0: every_seconds */
	double every_seconds, saved_at;
	size_t saved_epoch;
	int unsaved;                /* exit code, if the last one failed */
	Ctx *scratch;               /* of the one that is being written */
	bool resumed;               /* from a checkpoint: */
	double before;              /* its seconds */
	/* where the history stood, and the checksum of its end */
	uint64_t history_bytes, history_crc;
} Train;

typedef struct {                /* of a run that is over */
	Epoch now;                  /* with the weights that were kept */
	size_t epochs;              /* behind them */
	double seconds;
	bool held, classifies;
} Outcome;
int train_once(Ctx *c, const Cli *cli, Outcome *o);

/* train.c: pieces of an epoch */
size_t batch_rows(const Train *r, size_t at);
void order_rows(Train *r);
double train_batch(Train *r, size_t at, size_t n);

/* best.c */
double epoch_quantity(const Epoch *e, StopKind k);
const char *quantity_name(StopKind k);
void best_begin(Train *r);       /* before resume() */
void best_add(Train *r);         /* after an epoch was measured */
bool best_is_old(const Train *r, const Stop *patience);
bool best_is_kept(const Train *r); /* once the run is over */
size_t kept_epoch(const Train *r); /* whose weights are written */
void best_restore(Train *r);     /* where it is kept */

/* diverge.c: an error that says what grew, and its exit code */
int report_divergence(Train *r);
bool inputs_want_scaling(const Train *r, double *largest);

/* checkpoint.c */
void name_files(Train *r);
const char *history_name(Ctx *c, const char *weights);
int check_outputs(Train *r);     /* may these files be written? */
int resume_read(Train *r);       /* --resume, before the data is read */
int resume(Train *r);            /* and once the network runs */
int save_weights(Train *r);      /* from r->params and the network's state */
int checkpoint_begin(Train *r);
/* after an epoch: where one is due, or at the end of the run */
void checkpoint(Train *r, bool last);
/* in the middle of an epoch: as it was before that */
void checkpoint_midway(Train *r);

/* advice.c: lines of text; once the weights are written, as it uses the net */
const char *summary(Train *r);

/* gen/report: the page of --report; before and after the run: 0 or an exit code */
int report_check(const Train *r, const char *path, Output *o);
int report_write(Train *r, const char *path);


/* progress.c; history_ and is_history: history.c */
void print_header(Train *r);
void print_epoch(Train *r, bool last);
void print_live(Train *r, size_t row);
void print_summary(Train *r);
void curve_add(Curve *c, double v);
int history_open(Train *r);
bool is_history(const char *path);
/* what was added is on the disk; fills history_bytes (0: it is not) and _crc */
void history_sync(Train *r);
void history_add(Train *r);
int history_close(Train *r);
double train_seconds(const Train *r);
const char *net_outline(const Train *r); /* 256-30-10 */
bool shows_gradnorm(const Train *r);
bool epoch_is_due(const Train *r);
const char *loss_text(char buf[40], double v);
void print_train_json(const Train *r);     /* train_json.c */
/* of --progress: its first letter, where `auto` is b or p */
char progress_kind(const Cli *cli, FILE *out);

#endif
