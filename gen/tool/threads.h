/* SPDX-License-Identifier: MIT
 * Mini-batches by several threads, to the same bits for any number of them. */
#ifndef THREADS_H
#define THREADS_H
#include "session.h"

typedef struct Threads Threads;
/* 0 threads: one a processor; `rows`: of the largest mini-batch */
Threads *threads_new(Session *s, int threads, size_t rows);
/* after anybody else has changed the state of the network */
void threads_follow(Threads *p);
/* one mini-batch of d, rows order[at] and on; the mean of the losses */
double threads_batch(Threads *p, const Data *d, const size_t *order, size_t at,
	size_t n);
/* the mean gradient of rows[0] to rows[n - 1] */
void threads_gradient(Threads *p, const Data *d, const size_t *rows, size_t n,
	void *mean);
/* as measure(), to the same bits */
void threads_measure(Threads *p, const Data *d, const size_t *rows, size_t n,
	bool with_loss, Measure *m);
/* returns when no other thread runs the network */
void threads_rest(Threads *p);
void threads_free(Threads *p);

#endif
