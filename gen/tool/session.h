/* SPDX-License-Identifier: MIT
 * What train, eval, predict and check share: options, data, measures. */
#ifndef SESSION_H
#define SESSION_H
#include "../data/data.h"
#include "house.h"

typedef enum { JIT_AUTO, JIT_TCC, JIT_CC } JitHow;
typedef struct {
	Ctx *c;
	const Cli *cli;
	JitHow how;
	Network *net;
	Weights *weights;           /* -w, or NULL */
	Net *jit;
	bool by_system;             /* its C was compiled by cc */
	Data *data;
	void *x, *y, *t;            /* of one row, in the network's real */
} Session;

/* loads the spec; --seed; 0 or an exit code after messages */
int session_open(Session *s, Ctx *c, const Cli *cli, bool needs_loss);
/* reads DATA (or --data); path NULL: the command's argument */
int session_data(Session *s, const char *path, bool need_targets);
/* -w FILE, else NAME.safetensors where `wanted`; constants into the network */
int session_weights(Session *s, bool wanted);
/* normalize and targets from these rows (NULL: the first n), then the topology */
int session_fit(Session *s, const size_t *rows, size_t n);
/* compiles for the work of about so many gradients (a forward pass is a third
 * of one), makes room for a row, sets the weights where there are some */
int session_compile(Session *s, double gradients);
/* the network in this type, compiled as --jit says; 0 or an exit code after
 * messages */
int session_net(Session *s, Dtype dtype, bool check, double gradients,
	Net **net);
void session_close(Session *s);

double real_get(Dtype real, const void *v, size_t i);
void real_set(Dtype real, void *v, size_t i, double x);
/* the class that outputs stand for at a place (class_places) */
int output_class(const Network *net, const void *y, int place);
typedef struct { size_t rows, right; double loss, accuracy; } Measure;
double accuracy(const Network *net, const Measure *m); /* NAN: no classes */
/* of one row: how many of its classes are right; the loss where it is wanted */
int measure_row(Session *s, const Data *d, size_t row, double *loss);
void measure(Session *s, const Data *d, const size_t *rows, size_t n,
	bool with_loss, Measure *m);
/* one row into s->x and s->t */
void session_row(Session *s, const Data *d, size_t row);

/* as many rows as that, by the network's seed; a number from 0 to below 1 */
void random_rows(Ctx *c, const Network *net, size_t rows, double *x, double *t);
double random_uniform(uint64_t *state);

/* --require NAME=X against what was reached: 0, 1 after a message, or 64 */
typedef struct { const char *name; double value; bool more_is_better; } Metric;
int require(Ctx *c, const Cli *cli, const Metric *m, int n);
int require_names(Ctx *c, const Cli *cli, const Metric *m, int n);

/* an error about the spec or a file as a whole: `digits.spec: error: ...` */
void whole_file_error(Ctx *c, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
const char *grouped(Ctx *c, int64_t n);       /* 61,706 */
const char *short_number(char buf[40], double v); /* for tables, 6 digits */
const char *plural(int64_t n);                /* "s" unless 1 */
const char *file_name(const char *path);
bool unicode_terminal(void);
int whole_option(const Cli *cli, const char *option, double most, double *v);

#endif
