/* SPDX-License-Identifier: MIT
 * bpgen's own C, in a translation unit of its own, behind the interface of a
 * contestant.  -DDOUBLE for the reference, whose weights are double;
 * -DONE_BATCH calls NAME_train with one mini-batch at a time. */
#include <stdlib.h>
#include "net.h"
#include "../peer.h"

static void *
open_net(const Work *work)
{
	void *p = aligned_alloc(64, (sizeof(net_net) + 63) / 64 * 64);

	(void)work;
	if (p)
		net_init(p, 1);
	return p;
}

#ifdef DOUBLE
static double *
reals(const float *x, size_t n)
{
	double *r = malloc((n + 1) * sizeof *r);
	size_t i;

	if (!r)
		abort();
	for (i = 0; i < n; i++)
		r[i] = x[i];
	return r;
}

static void
set(void *p, const float *w)
{
	double *r = reals(w, NET_PARAMS);

	net_init(p, 1);
	net_set_params(p, r);
	free(r);
}

static void
get(void *p, float *w)
{
	double *r = malloc(NET_PARAMS * sizeof *r);
	size_t i;

	if (!r)
		abort();
	net_get_params(p, r);
	for (i = 0; i < NET_PARAMS; i++)
		w[i] = (float)r[i];
	free(r);
}

static void
train(void *p, const float *x, const float *t, size_t count)
{
	double *xr = reals(x, count * NET_INPUTS);
	double *tr = reals(t, count * NET_TARGETS);

	net_train(p, xr, tr, count);
	free(xr);
	free(tr);
}

static void
infer(void *p, const float *x, float *y, size_t count)
{
	double *xr = reals(x, count * NET_INPUTS), yr[NET_OUTPUTS];
	size_t i, k;

	for (i = 0; i < count; i++) {
		net_forward(p, xr + i * NET_INPUTS, yr);
		for (k = 0; k < NET_OUTPUTS; k++)
			y[i * NET_OUTPUTS + k] = (float)yr[k];
	}
	free(xr);
}

/* for the judge alone: the mean loss of these weights */
__attribute__((visibility("default"))) double
judge(void *p, const float *w, const float *x, const float *t, size_t count)
{
	double *xr = reals(x, count * NET_INPUTS), sum = 0;
	double *tr = reals(t, count * NET_TARGETS);
	size_t i;

	set(p, w);
	for (i = 0; i < count; i++)
		sum += net_loss(p, xr + i * NET_INPUTS, tr + i * NET_TARGETS);
	free(xr);
	free(tr);
	return sum / (double)count;
}
__attribute__((visibility("default"))) const int judge_sizes[] = {
	NET_INPUTS, NET_OUTPUTS, NET_PARAMS
};
#else
static void
set(void *p, const float *w)
{
	net_init(p, 1);
	net_set_params(p, w);
}

static void
get(void *p, float *w)
{
	net_get_params(p, w);
}

static void
train(void *p, const float *x, const float *t, size_t count)
{
#ifdef ONE_BATCH
	size_t i;

	for (i = 0; i < count; i += NET_BATCH)
		net_train(p, x + i * NET_INPUTS, t + i * NET_TARGETS,
			NET_BATCH);
#else
	net_train(p, x, t, count);
#endif
}

static void
infer(void *p, const float *x, float *y, size_t count)
{
	size_t i;

#ifdef NET_STEP_INPUTS
	size_t k;

	for (i = 0; i < count; i++) {
		net_reset(p);
		for (k = 0; k < NET_INPUTS; k += NET_STEP_INPUTS)
			net_step(p, x + i * NET_INPUTS + k,
				y + i * NET_OUTPUTS);
	}
#else
	for (i = 0; i < count; i++)
		net_forward(p, x + i * NET_INPUTS, y + i * NET_OUTPUTS);
#endif
}
#endif

PEER = { open_net, set, get, train, infer, NULL };
