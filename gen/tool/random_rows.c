/* SPDX-License-Identifier: MIT
 * Rows made up for a network: what its inputs and losses can be given. */
#include <math.h>
#include <string.h>
#include "session.h"

double
random_uniform(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 40) * 0x1p-24;
}

/* what a loss can be given: class numbers, shares, -1/+1, numbers */
static void
random_target(const Head *h, double *t, uint64_t *state)
{
	bool shares = h->loss->with.n > 0;
	bool each = shares && !strcmp(h->loss->with.v[0].left, "sigmoid");
	double sum = 0;
	int j;

	if (h->index) { /* one class number for each vector of outputs */
		int classes = h->outputs / h->targets;
		for (j = 0; j < h->targets; j++)
			t[j] = floor(random_uniform(state) *
			             (classes > 1 ? classes : 2));
		return;
	}
	for (j = 0; j < h->targets; j++) {
		t[j] = 0.05 + 0.9 * random_uniform(state);
		if (!shares)
			t[j] = low_target(h) < 0 ? (t[j] < 0.5 ? -1 : 1) :
				2 * t[j] - 1;
		sum += t[j];
	}
	for (j = 0; j < h->targets && shares && !each; j++)
		t[j] /= sum;
}

void
random_rows(Ctx *c, const Network *net, size_t rows, double *x, double *t)
{
	const int32_t *ids = input_ids(c, net);
	uint64_t state = net->seed;
	uint32_t h;
	int i;

	for (; rows > 0; rows--) {
		for (i = 0; i < net->inputs; i++)
			*x++ = ids[i] ? floor(random_uniform(&state) * ids[i]) :
				2 * random_uniform(&state) - 1;
		for (h = 0; h < net->heads.n && net->heads.v[h].loss; h++) {
			random_target(&net->heads.v[h], t, &state);
			t += net->heads.v[h].targets;
		}
	}
}
