/* SPDX-License-Identifier: MIT
 * What every contestant of the benchmark offers: one shared object, one symbol
 * `peer`.  Weights are given and taken as float in canonical order: of each
 * layer w[unit][input], then b[unit]. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H
#include <stddef.h>

enum { MAX_LAYERS = 6 };
typedef enum { LINEAR, SIGMOID, TANH, RELU, SOFTMAX } Activation;
typedef struct {
	const char *name, *shape;
	int layers;                 /* of weights; 0: not a chain of dense ones */
	int width[MAX_LAYERS + 1];  /* inputs, then the units of each layer */
	Activation hidden, output;  /* softmax: cross-entropy, else half_sse */
	int adam;                   /* 0.9, 0.999, 1e-8; else plain SGD */
	float rate;
	size_t batch;
} Work;
typedef struct {
	/* NULL: this work is nothing for this contestant */
	void *(*open)(const Work *work);
	/* weights from w, the optimizer as at the start */
	void (*set)(void *p, const float *w);
	void (*get)(void *p, float *w);
	/* mini-batches of work->batch, one update each; count is a multiple;
	 * NULL: inference alone */
	void (*train)(void *p, const float *x, const float *t, size_t count);
	/* one sample at a time, as if the next were not there yet; of a
	 * sequence one step at a time */
	void (*infer)(void *p, const float *x, float *y, size_t count);
	/* how its network is another one than asked for, or NULL */
	const char *(*differs)(const Work *work);
} Peer;

static inline int
work_params(const Work *w)
{
	int i, n = 0;

	for (i = 0; i < w->layers; i++)
		n += (w->width[i] + 1) * w->width[i + 1];
	return n;
}

#ifdef __cplusplus
#define PEER extern "C" __attribute__((visibility("default"))) const Peer peer
extern "C" const Peer peer;
#else
#define PEER __attribute__((visibility("default"))) const Peer peer
extern const Peer peer;
#endif
#endif
