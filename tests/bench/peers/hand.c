/* SPDX-License-Identifier: MIT
 * C as one writes it by hand for one network: plain loops with constant
 * bounds, which the compiler turns into vectors.  -DSHAPE=784,128,10 etc. say
 * which network; -DCOLUMNS keeps w[input][unit] instead of w[unit][input].
 * A mini-batch goes layer by layer, all its samples at once. */
#include "../dense.h"

#define NEVER_INLINE __attribute__((noinline))

static const int shape[] = { SHAPE };
#if LAYERS == 1
#define EACH(F) F(0)
#define EACH_BACK(F) F(0)
#elif LAYERS == 2
#define EACH(F) F(0) F(1)
#define EACH_BACK(F) F(1) F(0)
#else
#define EACH(F) F(0) F(1) F(2)
#define EACH_BACK(F) F(2) F(1) F(0)
#endif
#define IS_LAST(l) ((l) == LAYERS - 1)
#define FUNCTION(l) (IS_LAST(l) ? OUTPUT : HIDDEN)

typedef struct {
	float *w[LAYERS], *b[LAYERS], *m[LAYERS], *v[LAYERS];
	float *g[LAYERS], *a[LAYERS], *d[LAYERS];
	float rate;
	int step;
} Net;

INLINE void
forward(Net *p, const float *x, int n)
{
	const float *below = x;

#define FORWARD(l) \
	product(p->a[l], p->w[l], below, shape[l], shape[(l) + 1], n); \
	activate(FUNCTION(l), p->a[l], p->b[l], shape[(l) + 1], n); \
	below = p->a[l];
	EACH(FORWARD)
	(void)below;
}

INLINE void
update(Net *p, int l, const float *below, int inputs, int units)
{
	const float share = 1.0f / BATCH;
	int i, j;

	if (ADAM) {
		float bias[1024];
		memset(p->g[l], 0, sizeof(float) * (size_t)(inputs * units));
		add_outer(p->g[l], p->d[l], below, share, inputs, units, BATCH);
		adam(p->w[l], p->g[l], p->m[l], p->v[l], p->rate, p->step,
			inputs * units);
		for (j = 0; j < units; j++)
			bias[j] = 0;
		for (i = 0; i < BATCH; i++)
			for (j = 0; j < units; j++)
				bias[j] += share * p->d[l][i * units + j];
		adam(p->b[l], bias, p->m[l] + inputs * units,
			p->v[l] + inputs * units, p->rate, p->step, units);
		return;
	}
	add_outer(p->w[l], p->d[l], below, -p->rate * share, inputs, units,
		BATCH);
	update_bias(p->b[l], p->d[l], p->rate * share, units, BATCH);
}

static NEVER_INLINE void
step(Net *p, const float *x, const float *t)
{
	p->step++;
	forward(p, x, BATCH);
	last_delta(OUTPUT, p->d[LAYERS - 1], p->a[LAYERS - 1], t,
		BATCH * shape[LAYERS]);
#define BACK(l) \
	if ((l) > 0) { \
		product_back(p->d[(l) ? (l) - 1 : 0], p->w[l], p->d[l], \
			shape[l], shape[(l) + 1], BATCH); \
		differentiate(HIDDEN, p->d[(l) ? (l) - 1 : 0], \
			p->a[(l) ? (l) - 1 : 0], BATCH * shape[l]); \
	} \
	update(p, l, (l) ? p->a[(l) ? (l) - 1 : 0] : x, shape[l], \
		shape[(l) + 1]);
	EACH_BACK(BACK)
}

static void *
open_net(const Work *work)
{
	Net *p = calloc(1, sizeof *p);
	int l;

	if (!p)
		return NULL;
	p->rate = work->rate;
	for (l = 0; l < LAYERS; l++) {
		size_t n = (size_t)(shape[l] * shape[l + 1]);
		size_t units = (size_t)shape[l + 1];
		p->w[l] = floats(n);
		p->b[l] = floats(units);
		p->g[l] = floats(n);
		p->m[l] = floats(n + units);
		p->v[l] = floats(n + units);
		p->a[l] = floats(units * BATCH);
		p->d[l] = floats(units * BATCH);
	}
	return p;
}

static void
set(void *net, const float *w)
{
	Net *p = net;
	int l;

	p->step = 0;
	for (l = 0; l < LAYERS; l++) {
		int n = shape[l] * shape[l + 1], units = shape[l + 1];
#ifdef COLUMNS
		transpose(p->w[l], w, units, shape[l]);
#else
		memcpy(p->w[l], w, sizeof(float) * (size_t)n);
#endif
		memcpy(p->b[l], w + n, sizeof(float) * (size_t)units);
		memset(p->m[l], 0, sizeof(float) * (size_t)(n + units));
		memset(p->v[l], 0, sizeof(float) * (size_t)(n + units));
		w += n + units;
	}
}

static void
get(void *net, float *w)
{
	Net *p = net;
	int l;

	for (l = 0; l < LAYERS; l++) {
		int n = shape[l] * shape[l + 1], units = shape[l + 1];
#ifdef COLUMNS
		transpose(w, p->w[l], shape[l], units);
#else
		memcpy(w, p->w[l], sizeof(float) * (size_t)n);
#endif
		memcpy(w + n, p->b[l], sizeof(float) * (size_t)units);
		w += n + units;
	}
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	size_t i;

	for (i = 0; i < count; i += BATCH)
		step(net, x + i * (size_t)shape[0],
			t + i * (size_t)shape[LAYERS]);
}

static NEVER_INLINE void
infer_one(Net *p, const float *x, float *y)
{
	int j;

	forward(p, x, 1);
	for (j = 0; j < shape[LAYERS]; j++)
		y[j] = p->a[LAYERS - 1][j];
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		infer_one(net, x + i * (size_t)shape[0],
			y + i * (size_t)shape[LAYERS]);
}

PEER = { open_net, set, get, train, infer, NULL };
