/* SPDX-License-Identifier: MIT
 * Networks wired by hand from the matrix products of a library: OpenBLAS, or
 * oneDNN's own sgemm with -DDNNL.  Weights are w[unit][input]; an SGD update is
 * one product into the weights, without a gradient array. */
#include "../steps.h"
#ifdef DNNL
#include <oneapi/dnnl/dnnl.h>
#else
#include <cblas.h>
#endif

typedef struct {
	Work work;
	float *w[MAX_LAYERS], *b[MAX_LAYERS], *m[MAX_LAYERS], *v[MAX_LAYERS];
	float *g, *a[MAX_LAYERS], *d[MAX_LAYERS];
	int step;
} Net;

/* c[m][n] = alpha * a b + beta * c; 't': that one is stored transposed */
static void
gemm(char ta, char tb, int m, int n, int k, float alpha, const float *a,
	int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
#ifdef DNNL
	dnnl_sgemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#else
	cblas_sgemm(CblasRowMajor, ta == 't' ? CblasTrans : CblasNoTrans,
		tb == 't' ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda,
		b, ldb, beta, c, ldc);
#endif
}

static void
forward(Net *p, const float *x, int n)
{
	const Work *work = &p->work;
	int l;

	for (l = 0; l < work->layers; l++) {
		int inputs = work->width[l], units = work->width[l + 1];
#ifndef DNNL
		if (n == 1)
			cblas_sgemv(CblasRowMajor, CblasNoTrans, units, inputs,
				1, p->w[l], inputs, x, 1, 0, p->a[l], 1);
		else
#endif
			gemm('n', 't', n, units, inputs, 1, x, inputs, p->w[l],
				inputs, 0, p->a[l], units);
		activate(l < work->layers - 1 ? work->hidden : work->output,
			p->a[l], p->b[l], units, n);
		x = p->a[l];
	}
}

/* w += alpha * d' x */
static void
add_outer(float *w, const float *d, const float *x, float alpha, float beta,
	int units, int inputs, int n)
{
#ifndef DNNL
	if (n == 1 && beta == 1) {
		cblas_sger(CblasRowMajor, units, inputs, alpha, d, 1, x, 1, w,
			inputs);
		return;
	}
#endif
	gemm('t', 'n', units, inputs, n, alpha, d, units, x, inputs, beta, w,
		inputs);
}

static void
update(Net *p, int l, const float *x, int n)
{
	int inputs = p->work.width[l], units = p->work.width[l + 1];
	float rate = p->work.rate, share = 1.0f / (float)n;

	if (!p->work.adam) {
		add_outer(p->w[l], p->d[l], x, -rate * share, 1, units, inputs,
			n);
		update_bias(p->b[l], p->d[l], rate * share, units, n);
		return;
	}
	add_outer(p->g, p->d[l], x, share, 0, units, inputs, n);
	adam(p->w[l], p->g, p->m[l], p->v[l], rate, p->step, units * inputs);
	memset(p->g, 0, sizeof(float) * (size_t)units);
	update_bias(p->g, p->d[l], -share, units, n);
	adam(p->b[l], p->g, p->m[l] + units * inputs, p->v[l] + units * inputs,
		rate, p->step, units);
}

static void
step(Net *p, const float *x, const float *t)
{
	const Work *work = &p->work;
	int l = work->layers - 1, n = (int)work->batch;

	p->step++;
	forward(p, x, n);
	last_delta(work->output, p->d[l], p->a[l], t, n * work->width[l + 1]);
	for (; l >= 0; l--) {
		int inputs = work->width[l], units = work->width[l + 1];
#ifndef DNNL
		if (l && n == 1)
			cblas_sgemv(CblasRowMajor, CblasTrans, units, inputs, 1,
				p->w[l], inputs, p->d[l], 1, 0, p->d[l - 1], 1);
		else
#endif
		if (l)
			gemm('n', 'n', n, inputs, units, 1, p->d[l], units,
				p->w[l], inputs, 0, p->d[l - 1], inputs);
		if (l)
			differentiate(work->hidden, p->d[l - 1], p->a[l - 1],
				n * inputs);
		update(p, l, l ? p->a[l - 1] : x, n);
	}
}

static void *
open_net(const Work *work)
{
	Net *p = calloc(1, sizeof *p);
	size_t largest = 0, n, units;
	int l;

	if (!p || !work->layers)
		return NULL;
	p->work = *work;
	for (l = 0; l < work->layers; l++) {
		units = (size_t)work->width[l + 1];
		n = (size_t)work->width[l] * units;
		largest = n > largest ? n : largest;
		p->w[l] = floats(n);
		p->b[l] = floats(units);
		p->m[l] = floats(n + units);
		p->v[l] = floats(n + units);
		p->a[l] = floats(units * work->batch);
		p->d[l] = floats(units * work->batch);
	}
	p->g = floats(largest);
	return p;
}

static void
set(void *net, const float *w)
{
	Net *p = net;
	int l;

	p->step = 0;
	for (l = 0; l < p->work.layers; l++) {
		size_t units = (size_t)p->work.width[l + 1];
		size_t n = (size_t)p->work.width[l] * units;
		memcpy(p->w[l], w, n * sizeof *w);
		memcpy(p->b[l], w + n, units * sizeof *w);
		memset(p->m[l], 0, (n + units) * sizeof *w);
		memset(p->v[l], 0, (n + units) * sizeof *w);
		w += n + units;
	}
}

static void
get(void *net, float *w)
{
	Net *p = net;
	int l;

	for (l = 0; l < p->work.layers; l++) {
		size_t units = (size_t)p->work.width[l + 1];
		size_t n = (size_t)p->work.width[l] * units;
		memcpy(w, p->w[l], n * sizeof *w);
		memcpy(w + n, p->b[l], units * sizeof *w);
		w += n + units;
	}
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	Net *p = net;
	size_t i, n = p->work.batch;

	for (i = 0; i < count; i += n)
		step(p, x + i * (size_t)p->work.width[0],
			t + i * (size_t)p->work.width[p->work.layers]);
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	Net *p = net;
	size_t inputs = (size_t)p->work.width[0];
	size_t outputs = (size_t)p->work.width[p->work.layers];

	for (; count; count--, x += inputs, y += outputs) {
		forward(p, x, 1);
		memcpy(y, p->a[p->work.layers - 1], outputs * sizeof *y);
	}
}

PEER = { open_net, set, get, train, infer, NULL };
