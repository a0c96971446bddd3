/* SPDX-License-Identifier: MIT
 * Networks wired by hand from libxsmm's kernels, which are made for exactly
 * these sizes while the program runs.  Its matrices are column by column, so a
 * sample is a column and weights are w[input][unit]; transposed factors are
 * copied first.  A scale is put into the deltas, for a kernel only adds. */
#include <libxsmm.h>
#include "../steps.h"

typedef struct { libxsmm_smmfunction forward, one, back, gradient; } Kernels;
typedef struct {
	Work work;
	Kernels kernels[MAX_LAYERS];
	float *w[MAX_LAYERS], *b[MAX_LAYERS], *m[MAX_LAYERS], *v[MAX_LAYERS];
	float *a[MAX_LAYERS], *d[MAX_LAYERS], *turned, *g;
	int step;
} Net;

static libxsmm_smmfunction
kernel(int m, int n, int k, float beta)
{
	float alpha = 1;

	return libxsmm_smmdispatch(m, n, k, NULL, NULL, NULL, &alpha, &beta,
		NULL, NULL);
}

static void
forward(Net *p, const float *x, int n)
{
	const Work *work = &p->work;
	int l;

	for (l = 0; l < work->layers; l++) {
		const Kernels *k = &p->kernels[l];
		(n == (int)work->batch ? k->forward : k->one)(p->w[l], x,
			p->a[l]);
		activate(l < work->layers - 1 ? work->hidden : work->output,
			p->a[l], p->b[l], work->width[l + 1], n);
		x = p->a[l];
	}
}

static void
update(Net *p, int l, const float *x)
{
	int inputs = p->work.width[l], units = p->work.width[l + 1];
	int n = (int)p->work.batch;
	float *to = p->work.adam ? p->g : p->w[l];

	if (p->work.adam)
		memset(to, 0, sizeof(float) * (size_t)(units * inputs));
	if (n > 1)
		transpose(p->turned, x, n, inputs);
	p->kernels[l].gradient(p->d[l], n > 1 ? p->turned : x, to);
	if (!p->work.adam) {
		update_bias(p->b[l], p->d[l], -1, units, n);
		return;
	}
	adam(p->w[l], p->g, p->m[l], p->v[l], p->work.rate, p->step,
		units * inputs);
	memset(p->g, 0, sizeof(float) * (size_t)units);
	update_bias(p->g, p->d[l], -1, units, n);
	adam(p->b[l], p->g, p->m[l] + units * inputs, p->v[l] + units * inputs,
		p->work.rate, p->step, units);
}

static void
step(Net *p, const float *x, const float *t)
{
	const Work *work = &p->work;
	int l = work->layers - 1, n = (int)work->batch, i;
	float scale = (work->adam ? 1 : -work->rate) / (float)n;

	p->step++;
	forward(p, x, n);
	last_delta(work->output, p->d[l], p->a[l], t, n * work->width[l + 1]);
	for (i = 0; i < n * work->width[l + 1]; i++)
		p->d[l][i] *= scale;
	for (; l >= 0; l--) {
		int inputs = work->width[l], units = work->width[l + 1];
		if (l) {
			transpose(p->turned, p->w[l], inputs, units);
			p->kernels[l].back(p->turned, p->d[l], p->d[l - 1]);
			differentiate(work->hidden, p->d[l - 1], p->a[l - 1],
				n * inputs);
		}
		update(p, l, l ? p->a[l - 1] : x);
	}
}

static void *
open_net(const Work *work)
{
	Net *p = calloc(1, sizeof *p);
	size_t largest = 0, n, units, batch = work->batch;
	int l, all = 1;

	if (!p || !work->layers)
		return NULL;
	libxsmm_init();
	p->work = *work;
	for (l = 0; l < work->layers; l++) {
		int in = work->width[l], out = work->width[l + 1];
		Kernels *k = &p->kernels[l];
		k->forward = kernel(out, (int)batch, in, 0);
		k->one = kernel(out, 1, in, 0);
		k->back = kernel(in, (int)batch, out, 0);
		k->gradient = kernel(out, in, (int)batch, 1);
		all &= k->forward && k->one && k->back && k->gradient;
		units = (size_t)out;
		n = (size_t)in * (units > batch ? units : batch);
		largest = n > largest ? n : largest;
		n = (size_t)in * units;
		p->w[l] = floats(n);
		p->b[l] = floats(units);
		p->m[l] = floats(n + units);
		p->v[l] = floats(n + units);
		p->a[l] = floats(units * batch);
		p->d[l] = floats(units * batch);
	}
	p->turned = floats(largest);
	p->g = floats(largest);
	return all ? p : NULL;
}

static void
set(void *net, const float *w)
{
	Net *p = net;
	int l;

	p->step = 0;
	for (l = 0; l < p->work.layers; l++) {
		int inputs = p->work.width[l], units = p->work.width[l + 1];
		size_t n = (size_t)(inputs * units + units);
		transpose(p->w[l], w, units, inputs);
		memcpy(p->b[l], w + inputs * units,
			sizeof *w * (size_t)units);
		memset(p->m[l], 0, n * sizeof *w);
		memset(p->v[l], 0, n * sizeof *w);
		w += n;
	}
}

static void
get(void *net, float *w)
{
	Net *p = net;
	int l;

	for (l = 0; l < p->work.layers; l++) {
		int inputs = p->work.width[l], units = p->work.width[l + 1];
		transpose(w, p->w[l], inputs, units);
		memcpy(w + inputs * units, p->b[l],
			sizeof *w * (size_t)units);
		w += inputs * units + units;
	}
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	Net *p = net;
	size_t i;

	for (i = 0; i < count; i += p->work.batch)
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
