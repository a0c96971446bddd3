/* SPDX-License-Identifier: MIT
 * What the checks of random networks share: a network in one plan and type, the
 * oracle as a model of it, data. */
#ifndef PROPERTY_H
#define PROPERTY_H
#include "../../gen/bpgen.h"
#include "../../gen/tool/tool.h"
#include "../../gen/front/front.h"
#include "generate.h"

enum { SAMPLES = 6, MOST_RUNS = 14 };

typedef struct {
	long networks, streams, derivatives, kinks, surrogates, overflows, values, blobs;
} Totals;

typedef struct {
	Ctx *c;
	Network *net;
	uint64_t seed;               /* of data and of random plans */
	size_t inputs, outputs, targets, params, stats;
	size_t together;             /* samples that are checked in one where those
	                                of a mini-batch are coupled, else 1 */
	double *x, *t;               /* SAMPLES of them; all are floats */
	double *w;                   /* parameters, floats */
	bool masks, surrogate;       /* dropout; declared other derivatives */
	Totals *totals;
} Case;

/* a network in one plan and one type; values go in and out as double */
typedef struct {
	Case *k;
	Net *n;
	Dtype dtype;
	const char *what;            /* "f32, random plan 7" */
	void *a, *b, *r;             /* scratch: x, t, results */
} Run;
Run *run_new(Case *k, Dtype dtype, Unroll unroll, uint64_t random, bool check);
void run_start(Run *r);              /* init by the spec's seed, then k->w */
void run_reset(Run *r);              /* NAME_reset */
void run_params(Run *r, double *w);
void run_set(Run *r, const double *w);
/* the same numbers in the type of the network */
const void *run_in(Run *r, const double *from, size_t n);
const void *run_targets(Run *r, const double *from, size_t n);
void run_results(Run *r, double *to, size_t n); /* what stands in r->r */
void run_forward(Run *r, const double *x, double *y);
double run_loss(Run *r, const double *x, const double *t);
double run_gradient(Run *r, const double *x, const double *t);
double run_gradient_batch(Run *r, const double *x, const double *t, size_t n);
double run_train(Run *r, const double *x, const double *t, size_t n);
double run_training_loss(Run *r, const double *x, const double *t); /* of
                                        k->together samples, as run_switches */
uint32_t run_switches(Run *r, const double *x, const double *t);
void run_stats(Run *r, double *s);   /* running statistics */
void run_get_gradient(Run *r, double *g);
void run_get_input_gradient(Run *r, double *g);

/* the oracle, kept like a NAME_net */
typedef struct {
	Case *k;
	Program *p;
	Oracle *o;
	Dtype dtype;
	uint32_t step, samples;
} Model;
Model *model_new(Run *r);            /* of the program of r */
void model_init(Model *m);           /* as NAME_init by the spec's seed */
void model_params(Model *m, double *w);
void model_set(Model *m, const double *w);
void model_forward(Model *m, const double *x, double *y);
double model_loss(Model *m, const double *x, const double *t);
double model_gradient(Model *m, const double *x, const double *t);
/* adds the losses of all samples to total */
double model_gradients(Model *m, const double *x, const double *t, size_t n,
	double total);
void model_stats(Model *m, double *s);
void model_zero(Model *m);
double model_train(Model *m, const double *x, const double *t, size_t n);
void model_get_gradient(Model *m, double *g);
void model_get_input_gradient(Model *m, double *g);

double *reals(Case *k, size_t n);
double as_real(Dtype dtype, double v);
/* NULL, or where and how they differ; any NaN equals any other */
const char *differ(Case *k, const char *what, const double *a, const double *b,
	size_t n, double tolerance);

/* each gives NULL or what is wrong */
const char *check_numeric(Case *k, Run *r);
const char *check_near(Case *k, Run *r, Run *other);    /* f64 = oracle f64 */
/* math fast: near the oracle, relative to the largest number of a block */
const char *check_fast(Case *k, Run *r, Run *other, double tolerance);
const char *check_bits(Case *k, Run *r, Model *m, bool wild);
const char *check_same(Case *k, Run *r, Run *other);    /* to the bit */
const char *check_batch(Case *k, Run *r);
/* add_gradient, forward_batch, copies of the state */
const char *check_calls(Case *k, Run *r);
typedef int LoadFunction(Net *n, const void *buf, size_t len);
/* NAME_step from row to row = NAME_forward, where there is a NAME_step */
typedef void ResetFunction(Run *r);
const char *check_stream(Case *k, Run *r, ResetFunction *reset);
const char *check_state(Case *k, Run *r, LoadFunction *loader);
const char *check_foreign(Case *k, Run *a, Run *b, LoadFunction *loader);
const char *check_bytes(Case *k, Run *r, int64_t bytes);
const char *check_text(Case *k, const char *a, const char *b);

/* a spec's text through all of them; NULL or what is wrong.  `why` holds it,
 * as the context is gone then.  refused: the text is no legal spec */
bool property(const char *text, uint64_t seed, Totals *totals, char *why,
	size_t cap, bool *refused);
int broken(int *passed);             /* fed to the checks: failures */

/* the front and a case with its data; NULL: refused, the messages in c */
Case *case_new(Ctx *c, const char *text, uint64_t seed, Totals *totals);

#endif
