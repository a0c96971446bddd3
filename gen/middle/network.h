/* SPDX-License-Identifier: MIT
 * What network.c and losses.c share: the forward statements as they are made. */
#ifndef NETWORK_H
#define NETWORK_H
#include "middle.h"

enum { MOST_HEADS = 64, RAND_SITES = 64 };

typedef enum {
	INFER,
	TOGETHER,                   /* training, all samples of a mini-batch */
	ALONE                       /* training, one sample: what needs the
	                               others goes by the formula of inference */
} Mode;
typedef struct {
	Program *p;
	Ctx *c;
	const Network *net;
	Stmts *out;
	Mode mode;
	Kernel kernel;              /* that the training is for */
	bool *couples;              /* per layer: TOGETHER sums over samples */
	TensorId *input;            /* per layer: T_INPUT */
	TensorId *y, *z;            /* per layer: output; what its act started from */
	VEC(struct Owned { int layer; uint32_t weight; TensorId t; }) weights;
	VEC(struct Owned) tables;
	VEC(struct Owned) statistics;
	TensorId outputs[MOST_HEADS]; /* per head */
	TensorId C;
} Builder;

void bind_args(Use *u, const Record *rec, const Arg *args);
/* does a statement from `first` on sum over the samples? */
bool couples(const Builder *b, uint32_t first);

/* ---- losses.c; false after err() */
bool output(Builder *b, uint32_t h, int64_t place); /* y of a head */
bool losses(Builder *b);             /* b->C: the weighted sum of all heads */

#endif
