/* SPDX-License-Identifier: MIT
 * The runs of a sweep, and how they are told of. */
#ifndef RUNS_H
#define RUNS_H
#include <signal.h>
#include "train.h"

/* one name with its values: a seed, or a parameter of the spec */
typedef struct { const char *name; Names values; } Axis;

typedef struct {
	pid_t pid;                  /* 0: not started, or over */
	int pipe;                   /* what it says of itself */
	bool over, good;
	int rc;
	Outcome is;
} Run;

typedef struct {
	Ctx *c;
	const Cli *cli;
	VEC(Axis) axes;             /* the first one changes slowest */
	Names constant;             /* -D that all runs share */
	Run *runs;
	int n, over, best;          /* best: -1, none yet */
	const char *weights, *history, *folder;
	bool classifies, held;
	FILE *out;
	char progress;
	double started;
	sigset_t mask;              /* before the signals were kept waiting */
} Sweep;

/* the value that a run has on an axis; what the best one is chosen by */
const char *value_in(const Sweep *w, int run, uint32_t axis);
double score(const Sweep *w, int run);
void print_runs(const Sweep *w);        /* runs.c */
void print_runs_json(const Sweep *w);

#endif
