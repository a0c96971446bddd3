/* SPDX-License-Identifier: MIT
 * What must hold for every network: derivatives, bits, batches, states. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "property.h"

static bool
equal(double a, double b)
{
	return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

static bool
near(double a, double b, double tolerance)
{
	return equal(a, b) || a == b ||
	       fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b)));
}

const char *
differ(Case *k, const char *what, const double *a, const double *b, size_t n,
	double tolerance)
{
	size_t i, many = 0, at = 0;

	for (i = 0; i < n; i++)
		if (tolerance > 0 ? !near(a[i], b[i], tolerance)
		                  : !equal(a[i], b[i]))
			at = many++ ? at : i;
	k->totals->values += (long)n;
	if (!many)
		return NULL;
	return fmt(k->c, "%s: %zu of %zu differ, first [%zu]: %a (%g) and %a "
	           "(%g)", what, many, n, at, a[at], a[at], b[at], b[at]);
}

/* ------------------------------------------- (a) derivatives are derivatives */

typedef struct {
	Case *k;
	Run *r;
	double *w, *x;
	double loss;
	uint32_t switches;
	bool kinks;
} Point;

static double
loss_at(Point *p)
{
	run_set(p->r, p->w);
	return run_training_loss(p->r, p->x, p->k->t);
}

/* false where a kink lies between, or the loss is not finite */
static bool
difference(Point *p, double *v, double h, double *slope)
{
	double old = *v, up, down, wide;
	bool kink = false;

	*v = old + h;
	wide = *v;
	up = loss_at(p);
	if (p->kinks)
		kink = run_switches(p->r, p->x, p->k->t) != p->switches;
	*v = old - h;
	wide -= *v;
	down = loss_at(p);
	if (p->kinks && !kink)
		kink = run_switches(p->r, p->x, p->k->t) != p->switches;
	*v = old;
	*slope = (up - down) / wide;
	return !kink && isfinite(*slope);
}

/* 0 right, 1 wrong, -1 not to be compared */
static int
judge(Point *p, double *v, double analytic, double *numeric)
{
	static const double steps[] = { 1e-4, 1e-5, 1e-3, 1e-6, 1e-7 };
	double n, e, best = INFINITY, room;
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (!difference(p, v, steps[i], &n))
			continue;
		any = true;
		e = fabs(n - analytic);
		room = 256 * DBL_EPSILON * fmax(1, fabs(p->loss)) / steps[i];
		if (e <= 2e-6 * fmax(fabs(n), fabs(analytic)) + room)
			return 0;
		if (e < best) {
			best = e;
			*numeric = n;
		}
	}
	return any ? 1 : -1;
}

static const char *
numeric_block(Point *p, double *v, const double *analytic, size_t n,
	const char *name)
{
	size_t i, every = n > 300 ? n / 300 + 1 : 1;
	double numeric = 0;
	int verdict;

	for (i = n > 300 ? p->k->seed % every : 0; i < n; i += every) {
		verdict = judge(p, &v[i], analytic[i], &numeric);
		p->k->totals->derivatives += verdict >= 0;
		p->k->totals->kinks += verdict < 0;
		if (verdict > 0)
			return fmt(p->k->c, "%s: the derivative by %s[%zu] is "
			           "%.12g, central differences say %.12g",
			           p->r->what, name, i, analytic[i], numeric);
	}
	return NULL;
}

static const char *
numeric_weights(Point *p, const double *g)
{
	const Program *program = net_program(p->r->n);
	const char *why = NULL;
	uint32_t i;
	size_t j, n;

	for (i = 0; i < program->weights.n && !why; i++) {
		const Tensor *t = &program->tensors.v[program->weights.v[i]];
		n = (size_t)shape_size(&t->shape);
		if (program->grads.v[i]) {
			why = numeric_block(p, p->w + t->place, g + t->place, n,
			                    t->name);
			continue;
		}
		for (j = 0; j < n; j++)
			if (g[(size_t)t->place + j] != 0)
				return fmt(p->k->c, "%s: %s[%zu] is frozen, but "
				           "has the derivative %g", p->r->what,
				           t->name, j, g[(size_t)t->place + j]);
	}
	return why;
}

static bool
has_input_gradient(Run *r)
{
	return net_program(r->n)->input_grads.n > 0;
}

/* runs of inputs between those that are ids and have no derivative */
static const char *
numeric_inputs(Point *p, const double *gx)
{
	const int32_t *ids = input_ids(p->k->c, p->k->net);
	const char *why = NULL;
	size_t i, n;

	for (i = 0; i < p->k->inputs && !why; i += n ? n : 1) {
		for (n = 0; i + n < p->k->inputs && !ids[i + n]; n++)
			;
		why = numeric_block(p, p->x + i, gx + i, n, "x");
	}
	return why;
}

/* r is built with check: training_loss, switches, input gradients */
const char *
check_numeric(Case *k, Run *r)
{
	Point p = { .k = k, .r = r, .kinks = net_program(r->n)->has_kinks };
	double *g = reals(k, k->params), *gx = reals(k, k->inputs), again;
	bool coupled = net_program(r->n)->coupled;
	const char *why;

	p.w = reals(k, k->params);
	p.x = reals(k, k->inputs * k->together);
	memcpy(p.w, k->w, k->params * sizeof *p.w);
	memcpy(p.x, k->x, k->inputs * k->together * sizeof *p.x);
	run_start(r);
	p.loss = coupled ? run_gradient_batch(r, p.x, k->t, k->together) :
		run_gradient(r, p.x, k->t);
	run_get_gradient(r, g);
	if (has_input_gradient(r))
		run_get_input_gradient(r, gx);
	net_zero_gradient(r->n);
	again = loss_at(&p);
	if (!equal(again, p.loss))
		return fmt(k->c, "%s: gradient returns %a, training_loss %a",
		           r->what, p.loss, again);
	if (k->surrogate) {
		k->totals->surrogates++;
		return NULL;
	}
	if (!(fabs(p.loss) < 1e9)) {
		k->totals->overflows++;
		return NULL;
	}
	if (p.kinks)
		p.switches = run_switches(r, p.x, k->t);
	why = numeric_weights(&p, g);
	/* coupled: of a sample that is alone */
	if (!why && has_input_gradient(r) && !coupled)
		why = numeric_inputs(&p, gx);
	return why;
}

/* ------------------------------------------------ emitted C and the oracle */

typedef struct { double *y, *g, *gx, *w; double loss, training; } Results;

static Results
results(Case *k)
{
	Results a = { 0 };

	a.y = reals(k, k->outputs);
	a.g = reals(k, k->params);
	a.gx = reals(k, k->inputs);
	a.w = reals(k, k->params);
	return a;
}

static const char *
compare(Case *k, const char *what, const Results *a, const Results *b,
	double tolerance)
{
	const char *why = NULL;

#define COMPARE(member, n) \
	if (!why) \
		why = differ(k, #member, a->member, b->member, n, tolerance);
	COMPARE(y, k->outputs)
	if (!why)
		why = differ(k, "loss", &a->loss, &b->loss, 1, tolerance);
	if (!why)
		why = differ(k, "training loss", &a->training, &b->training, 1,
		             tolerance);
	COMPARE(g, k->params)
	COMPARE(gx, k->inputs)
#undef COMPARE
	return why ? fmt(k->c, "%s: %s", what, why) : NULL;
}

static void
run_sample(Run *r, const double *x, const double *t, Results *a)
{
	run_forward(r, x, a->y);
	a->loss = run_loss(r, x, t);
	net_zero_gradient(r->n);
	a->training = run_gradient(r, x, t);
	run_get_gradient(r, a->g);
	if (has_input_gradient(r))
		run_get_input_gradient(r, a->gx);
	net_zero_gradient(r->n);
}

static void
model_sample(Model *m, const double *x, const double *t, bool inputs,
	Results *a)
{
	model_forward(m, x, a->y);
	a->loss = model_loss(m, x, t);
	model_zero(m);
	a->training = model_gradient(m, x, t);
	model_get_gradient(m, a->g);
	if (inputs)
		model_get_input_gradient(m, a->gx);
	model_zero(m);
}

/* one sample in double, with the system's libm on the other side */
const char *
check_near(Case *k, Run *r, Run *other)
{
	Results a = results(k), b = results(k);
	Model *m = model_new(other);

	run_start(r);
	run_sample(r, k->x, k->t, &a);
	model_init(m);
	model_set(m, k->w);
	model_sample(m, k->x, k->t, has_input_gradient(r), &b);
	if (!(fabs(b.training) < 1e9))
		return NULL;
	return compare(k, fmt(k->c, "%s and the oracle", r->what), &a, &b,
	               1e-7);
}

static const char *
far(Case *k, const char *what, const double *a, const double *b, size_t n,
	double tolerance)
{
	double largest = 1e-3;
	size_t i;

	for (i = 0; i < n; i++)
		largest = fmax(largest, fabs(b[i]));
	for (i = 0; i < n; i++)
		if (!equal(a[i], b[i]) &&
		    !(fabs(a[i] - b[i]) <= tolerance * largest))
			return fmt(k->c, "%s [%zu] is %.9g, not %.9g; the "
			           "largest is %.9g", what, i, a[i], b[i],
			           largest);
	k->totals->values += (long)n;
	return NULL;
}

/* a few samples at once, and one step of a rule that has no kink */
static const char *
fast_batch(Case *k, Run *r, Model *m, double tolerance)
{
	double *a = reals(k, k->params), *b = reals(k, k->params), x, y;
	const char *why;
	size_t i;

	net_zero_gradient(r->n);
	x = run_gradient_batch(r, k->x, k->t, SAMPLES);
	run_get_gradient(r, a);
	net_zero_gradient(r->n);
	model_zero(m);
	y = model_gradients(m, k->x, k->t, SAMPLES, -0.0) / SAMPLES;
	model_get_gradient(m, b);
	why = far(k, "the loss of a batch", &x, &y, 1, tolerance);
	if (!why)
		why = far(k, "gradient of a batch", a, b, k->params, tolerance);
	if (why || strcmp(k->net->optimizer->name, "sgd"))
		return why;
	run_train(r, k->x, k->t, SAMPLES);
	model_train(m, k->x, k->t, SAMPLES);
	run_params(r, a);
	model_params(m, b);
	for (i = 0; i < k->params; i++) /* what runs away, runs from roundings */
		if (!(fabs(b[i]) < 1e4))
			return NULL;
	return far(k, "parameter after training", a, b, k->params, tolerance);
}

/* `other` is in double, its program what the model computes */
const char *
check_fast(Case *k, Run *r, Run *other, double tolerance)
{
	Results a = results(k), b = results(k);
	Model *m = model_new(other);
	const char *why;

	run_start(r);
	run_sample(r, k->x, k->t, &a);
	model_init(m);
	model_set(m, k->w);
	model_sample(m, k->x, k->t, has_input_gradient(r), &b);
	if (!(fabs(b.training) < 1e4))
		return NULL;
	why = far(k, "output", a.y, b.y, k->outputs, tolerance);
	if (!why)
		why = far(k, "loss", &a.training, &b.training, 1, tolerance);
	if (!why)
		why = far(k, "gradient", a.g, b.g, k->params, tolerance);
	if (!why)
		why = fast_batch(k, r, m, tolerance);
	return why ? fmt(k->c, "math fast, %s: %s", r->what, why) : NULL;
}

/* inputs that are infinite, no number, tiny, huge, -0 */
static void
wild_inputs(Case *k, double *x)
{
	static const double values[] = {
		-0.0, 0.0, 1e-40, -1e-40, 3e38, -3e38, INFINITY, -INFINITY, 90,
		-90, 1e4, -1e4, 1, -1, 0x1p-24, NAN
	};
	uint64_t state = k->seed + 77;
	uint32_t most = draw_below(&state, 4) ? 6 : 16;
	size_t i;

	for (i = 0; i < k->inputs; i++)
		x[i] = (double)(float)values[draw_below(&state, most)];
}

static const char *
train_bits(Case *k, Run *r, Model *m)
{
	size_t batch = (size_t)k->net->batch, first = batch < SAMPLES ? batch :
		SAMPLES, count[3], i, at;
	double *a = reals(k, k->params), *b = reals(k, k->params), mine, theirs;
	double *s = reals(k, k->stats), *q = reals(k, k->stats);
	const char *why;

	count[0] = first;
	count[1] = SAMPLES;          /* full batches and a smaller one */
	count[2] = 1;
	for (i = 0; i < 3; i++) {
		at = i == 2 ? SAMPLES - 1 : 0;
		mine = run_train(r, k->x + at * k->inputs, k->t + at *
		                 k->targets, count[i]);
		theirs = model_train(m, k->x + at * k->inputs, k->t + at *
		                     k->targets, count[i]);
		run_params(r, a);
		model_params(m, b);
		why = differ(k, fmt(k->c, "%s and the oracle: parameters after "
		             "training call %zu", r->what, i + 1), a, b,
		             k->params, 0);
		if (!why)
			why = differ(k, fmt(k->c, "%s and the oracle: loss of "
			             "training call %zu", r->what, i + 1),
			             &mine, &theirs, 1, 0);
		if (why)
			return why;
		run_stats(r, s);
		model_stats(m, q);
		why = differ(k, fmt(k->c, "%s and the oracle: statistics after "
		             "training call %zu", r->what, i + 1), s, q,
		             k->stats, 0);
		if (why)
			return why;
	}
	return NULL;
}

/* everything in float, to the bit: start, sample, strange sample, training */
const char *
check_bits(Case *k, Run *r, Model *m, bool wild)
{
	Results a = results(k), b = results(k);
	double *x = reals(k, k->inputs);
	const char *why;

	net_init(r->n, k->net->seed);
	model_init(m);
	run_params(r, a.w);
	model_params(m, b.w);
	why = differ(k, fmt(k->c, "%s and the oracle: drawn weights", r->what),
	             a.w, b.w, k->params, 0);
	if (why)
		return why;
	run_set(r, k->w);
	model_set(m, k->w);
	run_sample(r, k->x, k->t, &a);
	model_sample(m, k->x, k->t, has_input_gradient(r), &b);
	why = compare(k, fmt(k->c, "%s and the oracle", r->what), &a, &b, 0);
	if (!why && wild) {
		wild_inputs(k, x);
		run_sample(r, x, k->t, &a);
		model_sample(m, x, k->t, has_input_gradient(r), &b);
		why = compare(k, fmt(k->c, "%s and the oracle, strange inputs",
		                     r->what), &a, &b, 0);
	}
	return why ? why : train_bits(k, r, m);
}

/* two plans of one type */
const char *
check_same(Case *k, Run *r, Run *other)
{
	Results a = results(k), b = results(k);
	const char *why, *what = fmt(k->c, "%s and %s", r->what, other->what);
	bool inputs = has_input_gradient(r) && has_input_gradient(other);

	run_start(r);
	run_start(other);
	run_sample(r, k->x, k->t, &a);
	run_sample(other, k->x, k->t, &b);
	if (!inputs)
		b.gx = a.gx;
	why = compare(k, what, &a, &b, 0);
	if (why)
		return why;
	run_train(r, k->x, k->t, SAMPLES);
	run_train(other, k->x, k->t, SAMPLES);
	run_params(r, a.w);
	run_params(other, b.w);
	return differ(k, fmt(k->c, "%s: parameters after training", what), a.w,
	              b.w, k->params, 0);
}

/* ------------------------------------------------------- (c) the mini-batch */

/* the mean of the gradients of samples 0..n-1, each taken alone */
static void
mean_of_gradients(Case *k, Run *r, size_t n, double *mean)
{
	double *g = reals(k, k->params), *sum = reals(k, k->params);
	size_t i, j;

	for (j = 0; j < k->params; j++)
		sum[j] = -0.0;
	for (i = 0; i < n; i++) {
		net_zero_gradient(r->n);
		run_gradient(r, k->x + i * k->inputs, k->t + i * k->targets);
		run_get_gradient(r, g);
		for (j = 0; j < k->params; j++)
			sum[j] = as_real(r->dtype, sum[j] + g[j]);
	}
	for (j = 0; j < k->params; j++)
		mean[j] = as_real(r->dtype, sum[j] / (double)n) + 0.0;
	net_zero_gradient(r->n);
}

static const char *
one_update(Case *k, Run *r, size_t n)
{
	double *a = reals(k, k->params), *b = reals(k, k->params);
	size_t i;

	run_start(r);
	for (i = 0; i < n; i++)
		run_gradient(r, k->x + i * k->inputs, k->t + i * k->targets);
	net_update(r->n);
	run_params(r, a);
	run_start(r);
	run_train(r, k->x, k->t, n);
	run_params(r, b);
	return differ(k, fmt(k->c, "%s: samples one by one then update, and one "
	                     "call of train", r->what), a, b, k->params, 0);
}

/* gradient_batch then update, and one call of train */
static const char *
together_update(Case *k, Run *r)
{
	double *a = reals(k, k->params), *b = reals(k, k->params);

	run_start(r);
	run_gradient_batch(r, k->x, k->t, k->together);
	net_update(r->n);
	run_params(r, a);
	run_start(r);
	run_train(r, k->x, k->t, k->together);
	run_params(r, b);
	return differ(k, fmt(k->c, "%s: gradient_batch then update, and one "
	              "call of train", r->what), a, b, k->params, 0);
}

/* Samples that are coupled are no sum of samples: the oracle takes as many at
 * once; also one, a rest, and more than a mini-batch has. */
static const char *
check_together(Case *k, Run *r)
{
	const size_t counts[] = { k->together, 1, k->together - k->together / 2,
	                          SAMPLES };
	double *a = reals(k, k->params), *b = reals(k, k->params), mine, theirs;
	Model *m = model_new(r);
	const char *why = NULL;
	size_t i, n;

	run_start(r);
	model_init(m);
	model_set(m, k->w);
	for (i = 0; i < sizeof counts / sizeof counts[0] && !why; i++) {
		n = counts[i];
		net_zero_gradient(r->n);
		model_zero(m);
		mine = run_gradient_batch(r, k->x, k->t, n);
		theirs = as_real(r->dtype, model_gradients(m, k->x, k->t, n,
		                 -0.0) / (double)n);
		run_get_gradient(r, a);
		model_get_gradient(m, b);
		why = differ(k, fmt(k->c, "%s and the oracle: gradient_batch "
		             "of %zu", r->what, n), a, b, k->params, 0);
		if (!why)
			why = differ(k, fmt(k->c, "%s and the oracle: loss of "
			             "gradient_batch of %zu", r->what, n),
			             &mine, &theirs, 1, 0);
	}
	return why ? why : together_update(k, r);
}

const char *
check_batch(Case *k, Run *r)
{
	size_t n = (size_t)k->net->batch < SAMPLES ? (size_t)k->net->batch :
		SAMPLES, i;
	double *a = reals(k, k->params), *b = reals(k, k->params), *c;
	double one = -0.0, whole;
	const char *why;

	if (net_program(r->n)->coupled)
		return check_together(k, r);
	run_start(r);
	mean_of_gradients(k, r, n, a);
	for (i = 0; i < n; i++)
		one = as_real(r->dtype, one + run_gradient(r, k->x + i *
		              k->inputs, k->t + i * k->targets));
	one = as_real(r->dtype, one / (double)n);
	run_get_gradient(r, b);
	if (!k->masks) {             /* each sample of a batch has its own mask */
		why = differ(k, fmt(k->c, "%s: mean of gradients, and gradients "
		             "added up", r->what), a, b, k->params, 0);
		if (why)
			return why;
	}
	c = reals(k, k->params);
	net_zero_gradient(r->n);
	whole = run_gradient_batch(r, k->x, k->t, n);
	run_get_gradient(r, c);
	why = differ(k, fmt(k->c, "%s: gradients added up, and gradient_batch",
	             r->what), b, c, k->params, 0);
	if (!why)
		why = differ(k, fmt(k->c, "%s: mean of losses, and that of "
		             "gradient_batch", r->what), &one, &whole, 1, 0);
	return why ? why : one_update(k, r, n);
}

/* gradients that come from elsewhere count as if they had been made here */
static const char *
add_gradient(Case *k, Run *r)
{
	double *g = reals(k, k->params), *a = reals(k, k->params);
	void (*add)(void *, const void *, size_t);
	void *symbol = net_symbol(r->n, "add_gradient");

	memcpy(&add, &symbol, sizeof add);
	run_start(r);
	run_gradient(r, k->x, k->t);
	run_get_gradient(r, g);
	net_zero_gradient(r->n);
	run_gradient(r, k->x + k->inputs, k->t + k->targets);
	add(net_state(r->n), run_in(r, g, k->params), 1);
	run_get_gradient(r, g);
	net_zero_gradient(r->n);
	run_gradient(r, k->x, k->t);
	run_gradient(r, k->x + k->inputs, k->t + k->targets);
	run_get_gradient(r, a);
	net_zero_gradient(r->n);
	return k->masks ? NULL : differ(k, fmt(k->c, "%s: add_gradient, and "
	       "gradient", r->what), g, a, k->params, 0);
}

static const char *
forward_batch(Case *k, Run *r)
{
	double *y = reals(k, k->outputs);
	void (*forward)(void *, const void *, void *, size_t);
	void *symbol = net_symbol(r->n, "forward_batch");
	const unsigned char *all;
	unsigned char *raw = mem(k->c, (k->outputs * SAMPLES + 1) * 8);
	size_t i, j;
	double v;

	memcpy(&forward, &symbol, sizeof forward);
	run_start(r);
	forward(net_state(r->n), run_in(r, k->x, k->inputs * SAMPLES), raw,
	        SAMPLES);
	for (i = 0, all = raw; i < SAMPLES; i++) {
		run_forward(r, k->x + i * k->inputs, y);
		for (j = 0; j < k->outputs; j++, all += net_real(r->n)) {
			v = r->dtype == F32 ? (double)*(const float *)(const
				void *)all : *(const double *)(const void *)all;
			if (!equal(v, y[j]))
				return fmt(k->c, "%s: forward_batch gives %a, "
				           "forward %a", r->what, v, y[j]);
		}
	}
	return NULL;
}

/* a network is its bytes, at any address that suits its numbers */
static const char *
moved(Case *k, Run *r)
{
	unsigned char *other = mem(k->c, net_bytes(r->n) + 128);
	double (*d)(void *, const void *, const void *, size_t);
	float (*f)(void *, const void *, const void *, size_t);
	void *symbol = net_symbol(r->n, "train");
	const void *x = run_in(r, k->x, k->inputs * SAMPLES);
	const void *t = run_targets(r, k->t, k->targets * SAMPLES);

	memcpy(&d, &symbol, sizeof d);
	memcpy(&f, &symbol, sizeof f);
	other += 64 - (uintptr_t)other % 64 + net_real(r->n);
	run_start(r);
	memcpy(other, net_state(r->n), net_bytes(r->n));
	net_train(r->n, x, t, SAMPLES);
	if (r->dtype == F32)
		f(other, x, t, SAMPLES);
	else
		d(other, x, t, SAMPLES);
	return memcmp(other, net_state(r->n), net_bytes(r->n)) ? fmt(k->c, "%s: "
	       "a copy at another address trains otherwise", r->what) : NULL;
}

/* ---- step by step */

typedef void StepFunction(void *n, const void *x, void *y);

/* row t of all inputs, one behind the other */
static size_t
row_of(Case *k, const double *x, int t, double *row)
{
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < k->net->layers.n; i++) {
		const Layer *l = &k->net->layers.v[i];
		if (l->rec)
			continue;
		memcpy(row + n, x + t * l->out.dim[1],
		       (size_t)l->out.dim[1] * sizeof *row);
		n += (size_t)l->out.dim[1];
		x += shape_size(&l->out);
	}
	return n;
}

/* y of step t beside y of the sequence: its row, or at the end all of it */
static const char *
step_differs(Case *k, const char *what, int t, int steps, const double *y,
	const double *row)
{
	const char *why = NULL;
	uint32_t i;

	for (i = 0; i < k->net->heads.n && !why; i++) {
		const Head *h = &k->net->heads.v[i];
		bool rows = k->net->layers.v[h->layer].out.kind == SEQUENCE;
		size_t n = (size_t)(rows ? h->outputs / steps : h->outputs);
		if (rows || t == steps - 1)
			why = differ(k, fmt(k->c, "%s: step %d and forward",
			             what, t), row, y + (rows ? (size_t)t * n :
			             0), n, 0);
		y += h->outputs;
		row += n;
	}
	return why;
}

static const char *
one_stream(Case *k, Run *r, StepFunction *step, const double *x, bool disturb)
{
	double *y = reals(k, k->outputs), *row = reals(k, k->inputs);
	double *got = reals(k, k->outputs);
	const char *why = NULL;
	int t, steps = k->net->layers.v[0].out.dim[0];
	size_t n;

	run_forward(r, x, y);
	for (t = 0; t < steps && !why; t++) {
		n = row_of(k, x, t, row);
		step(net_state(r->n), run_in(r, row, n), r->r);
		run_results(r, got, k->outputs);
		why = step_differs(k, r->what, t, steps, y, got);
		if (disturb && !why) /* forward has a state of its own */
			run_forward(r, x, got);
	}
	return why;
}

const char *
check_stream(Case *k, Run *r, ResetFunction *reset)
{
	void *symbol = net_symbol(r->n, "step");
	StepFunction *step;
	const char *why;

	if (!symbol)
		return NULL;
	k->totals->streams++;
	memcpy(&step, &symbol, sizeof step);
	run_start(r);
	reset(r);
	why = one_stream(k, r, step, k->x, false);
	if (why)
		return why;
	reset(r);
	return one_stream(k, r, step, k->x + k->inputs, true);
}

const char *
check_calls(Case *k, Run *r)
{
	const char *why = add_gradient(k, r);

	if (!why)
		why = forward_batch(k, r);
	return why ? why : moved(k, r);
}

/* ----------------------------------------------------- (d) saved and loaded */

enum { OK, TRUNCATED, CORRUPT, VERSION, TOPOLOGY, ANY };
/* before them a flipped bit may speak of another version, network, length */
enum { HEAD = 28 };

static const char *
refuse(Case *k, Run *r, const unsigned char *blob, size_t n,
	LoadFunction *loader, const char *what, int code)
{
	size_t bytes = net_bytes(r->n);
	unsigned char *before = mem(k->c, bytes);
	int got;

	memcpy(before, net_state(r->n), bytes);
	got = loader(r->n, blob, n);
	k->totals->blobs++;
	if (got != code && (got == OK || code != ANY))
		return fmt(k->c, "%s: %s: load returns %d, not %d", r->what, what,
		           got, code);
	if (memcmp(before, net_state(r->n), bytes))
		return fmt(k->c, "%s: %s: load refused, but wrote to the "
		           "network", r->what, what);
	return NULL;
}

static const char *
damaged(Case *k, Run *r, const unsigned char *blob, size_t n,
	LoadFunction *loader)
{
	unsigned char *bad = mem(k->c, n + 1);
	uint64_t state = k->seed;
	size_t i, every = n / 60 + 1;
	const char *why = refuse(k, r, blob, 0, loader, "an empty blob",
	                         TRUNCATED);

	for (i = 0; i < 8 && !why; i++)
		why = refuse(k, r, blob, i < 2 ? n - 1 - i * 3 :
		             draw_below(&state, (uint32_t)n), loader, fmt(k->c,
		             "a truncated blob of %zu bytes", n), TRUNCATED);
	for (i = 0; i < n && !why; i += i < 64 ? 1 : every) {
		memcpy(bad, blob, n);
		bad[i] ^= (unsigned char)(1u << draw_below(&state, 8));
		why = refuse(k, r, bad, n, loader, fmt(k->c, "a flipped bit in "
		             "byte %zu of %zu", i, n), i < HEAD ? ANY : CORRUPT);
	}
	for (i = 0; i < n; i++)
		bad[i] = (unsigned char)draw(&state);
	return why ? why : refuse(k, r, bad, n, loader, "noise", CORRUPT);
}

/* training goes on from a state as if nothing had been */
static const char *
goes_on(Case *k, Run *r, const unsigned char *blob, size_t n,
	LoadFunction *loader, const double *expected, double loss)
{
	double *w = reals(k, k->params), again;
	const char *why;
	int got;

	net_init(r->n, k->net->seed + 99);
	run_train(r, k->x, k->t, 2);
	got = loader(r->n, blob, n);
	if (got != OK)
		return fmt(k->c, "%s: load of a sound state returns %d",
		           r->what, got);
	/* half a batch is in it; the rest of it follows */
	again = run_gradient(r, k->x + k->inputs, k->t + k->targets);
	net_update(r->n);
	run_train(r, k->x, k->t, SAMPLES);
	run_params(r, w);
	why = differ(k, fmt(k->c, "%s: parameters of training that goes on from "
	             "a loaded state", r->what), expected, w, k->params, 0);
	return why ? why : differ(k, "its loss", &loss, &again, 1, 0);
}

const char *
check_state(Case *k, Run *r, LoadFunction *loader)
{
	double *w = reals(k, k->params), loss;
	unsigned char *blob;
	const char *why;
	size_t n;

	run_start(r);
	net_set_rate(r->n, 0.03125);
	run_train(r, k->x, k->t, SAMPLES);
	run_gradient(r, k->x, k->t);
	n = net_bytes(r->n) + 4096;
	blob = mem(k->c, n);
	if (net_save(r->n, blob, 10))
		return fmt(k->c, "%s: save into 10 bytes", r->what);
	n = net_save(r->n, blob, n);
	if (!n)
		return fmt(k->c, "%s: save returns 0", r->what);
	if (net_save(r->n, mem(k->c, n), n - 1))
		return fmt(k->c, "%s: save into one byte less", r->what);
	loss = run_gradient(r, k->x + k->inputs, k->t + k->targets);
	net_update(r->n);
	run_train(r, k->x, k->t, SAMPLES);
	run_params(r, w);
	why = goes_on(k, r, blob, n, loader, w, loss);
	return why ? why : damaged(k, r, blob, n, loader);
}

/* the state of b is none of a */
const char *
check_foreign(Case *k, Run *a, Run *b, LoadFunction *loader)
{
	size_t n = net_bytes(b->n) + 4096;
	unsigned char *blob = mem(k->c, n);

	n = net_save(b->n, blob, n);
	return refuse(k, a, blob, n, loader, "the state of another network",
	              TOPOLOGY);
}

/* ------------------------------------------------------------ (e), (f) */

/* bytes: what the plan computed; the C says sizeof */
const char *
check_bytes(Case *k, Run *r, int64_t bytes)
{
	Jit *j = jit(k->c, fmt(k->c, "%s\nsize_t net_sizeof(void)\n{\n\treturn "
	                       "sizeof(net_net) + (NET_BYTES - sizeof(net_net))"
	                       " * 1000;\n}\n", net_text(r->n)));
	size_t (*size)(void);
	void *symbol;
	int64_t is;

	if (!j)
		return fmt(k->c, "%s: its C does not compile twice", r->what);
	symbol = jit_symbol(j, "net_sizeof");
	memcpy(&size, &symbol, sizeof size);
	is = symbol ? (int64_t)size() : -1;
	jit_free(j);
	return is == bytes ? NULL : fmt(k->c, "%s: sizeof(NAME_net) is %lld, the "
	       "plan says %lld", r->what, (long long)is, (long long)bytes);
}

const char *
check_text(Case *k, const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	return a[i] == b[i] ? NULL : fmt(k->c, "two runs write other C, from "
	       "byte %zu on: %.40s", i, a + i);
}
