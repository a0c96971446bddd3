/* SPDX-License-Identifier: MIT
 * A check of derivatives: the point where it is made, and what was found. */
#ifndef CHECK_H
#define CHECK_H
#include "session.h"

enum { STEPS = 3, MORE_STEPS = 3, ALL_STEPS = STEPS + MORE_STEPS };

typedef struct {
	const char *name;           /* dense1.w; x for the inputs */
	Shape shape;
	size_t place, count;        /* in the parameters, or in x */
	bool input;
	const char *why_not;        /* frozen, surrogate: not compared */
	/* what was found */
	size_t tested, wrong, unusable;
	double error[STEPS];        /* largest |analytic - numeric| */
	double common[STEPS];       /* the same, where no kink lies at any step */
	double relative;            /* worst of all, at its best step */
	double scale;               /* largest |analytic| */
	size_t worst;               /* index of the largest wrong entry */
	double worst_analytic, worst_numeric, worst_size;
	double ratio_low, ratio_high, ratio_sum;
	size_t ratios;
} Block;

typedef struct {
	Session *s;
	Net *net;                   /* the f64 build, with training_loss */
	Program *program;
	VEC(Block) blocks;
	size_t params, inputs, outputs, targets;
	size_t samples;             /* 1, or of a mini-batch that is coupled */
	double *w, *x, *t;          /* the point; all are floats too */
	double *gradient, *input_gradient;
	double loss, noise;         /* of the loss: what rounding does to it */
	uint32_t switches;
	size_t skipped[STEPS];      /* differences across a kink */
	size_t differences;
	bool all;
	size_t most;                /* parameters times samples that are all taken */
	double work;                /* multiply-adds that a sample may cost */
	const char *why;            /* no differences can be taken: why not */
	int failures;               /* of the cross checks */
	bool json;
	Text said;                  /* with json, for the end */
} Check;

/* compiles k->s->net once more and compares every block, at s->weights or drawn
 * ones; 0, or an exit code with k->why or after messages */
int check_compare(Check *k);
extern const double widths[ALL_STEPS];
bool checks_inputs(const Check *k);

/* check_print.c */
/* prints, or with --json keeps for later: a line and its end */
void check_say(Check *k, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* of the error in h; NAN where only rounding is left of it */
double block_order(const Check *k, const Block *b);
void print_table(const Check *k);
void print_skipped(const Check *k);
void print_check_json(Check *k, bool right);

/* crosscheck.c: each prints a line and counts its failures */
void check_overrides(Check *k);  /* dy against the derivative of y */
void check_oracle(Check *k);     /* emitted C against the interpreter */
void check_single(Check *k);     /* f32 against f64 */

#endif
