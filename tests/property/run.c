/* SPDX-License-Identifier: MIT
 * A network in one plan and type, and the oracle kept as if it were one: both
 * take and give double, so that the checks are written once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "property.h"

double *
reals(Case *k, size_t n)
{
	return mem(k->c, (n + 1) * sizeof(double));
}

double
as_real(Dtype dtype, double v)
{
	return dtype == F32 ? (double)(float)v : v;
}

/* ------------------------------------------------------------- the network */

static const void *
in(Run *r, void *to, const double *from, size_t n)
{
	size_t i;

	if (r->dtype == F64)
		return from;
	for (i = 0; i < n; i++)
		((float *)to)[i] = (float)from[i];
	return to;
}

const void *
run_in(Run *r, const double *from, size_t n)
{
	return in(r, r->a, from, n);
}

const void *
run_targets(Run *r, const double *from, size_t n)
{
	return in(r, r->b, from, n);
}

void
run_results(Run *r, double *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = r->dtype == F64 ? ((double *)r->r)[i] :
			(double)((float *)r->r)[i];
}

Run *
run_new(Case *k, Dtype dtype, Unroll unroll, uint64_t random, bool check)
{
	static const char *const how[] = { "auto", "straight line", "loops" };
	PlanOptions o = { .unroll = unroll, .random = random };
	Run *r = mem(k->c, sizeof *r);
	size_t most = k->params + k->inputs + k->outputs + k->stats;

	r->k = k;
	r->dtype = dtype;
	r->what = fmt(k->c, "%s, %s", dtype == F32 ? "f32" : "f64", random ?
	              fmt(k->c, "random plan %llu", (unsigned long long)random) :
	              how[unroll]);
	r->a = reals(k, k->inputs * SAMPLES + k->params);
	r->b = reals(k, k->targets * SAMPLES);
	r->r = reals(k, most);
	r->n = net_new(k->c, k->net, dtype, &o, check);
	if (r->n && net_program(r->n)->coupled)
		k->together = k->net->batch < SAMPLES ? (size_t)k->net->batch :
			SAMPLES;
	return r->n ? r : NULL;
}

void
run_start(Run *r)
{
	net_init(r->n, r->k->net->seed);
	run_set(r, r->k->w);
}

void
run_reset(Run *r)
{
	void (*reset)(void *);
	void *symbol = net_symbol(r->n, "reset");

	memcpy(&reset, &symbol, sizeof reset);
	reset(net_state(r->n));
}

void
run_params(Run *r, double *w)
{
	net_get_params(r->n, r->r);
	run_results(r, w, r->k->params);
}

void
run_set(Run *r, const double *w)
{
	net_set_params(r->n, in(r, r->r, w, r->k->params));
}

void
run_forward(Run *r, const double *x, double *y)
{
	net_forward(r->n, in(r, r->a, x, r->k->inputs), r->r);
	run_results(r, y, r->k->outputs);
}

#define XT in(r, r->a, x, r->k->inputs), in(r, r->b, t, r->k->targets)
#define XTN in(r, r->a, x, r->k->inputs * n), in(r, r->b, t, r->k->targets * n)

double
run_loss(Run *r, const double *x, const double *t)
{
	return net_loss(r->n, XT);
}

double
run_gradient(Run *r, const double *x, const double *t)
{
	return net_gradient(r->n, XT);
}

double
run_gradient_batch(Run *r, const double *x, const double *t, size_t n)
{
	float (*f)(void *, const void *, const void *, size_t);
	double (*d)(void *, const void *, const void *, size_t);
	void *symbol = net_symbol(r->n, "gradient_batch");

	memcpy(&f, &symbol, sizeof f);
	memcpy(&d, &symbol, sizeof d);
	return r->dtype == F32 ? (double)f(net_state(r->n), XTN, n) :
		d(net_state(r->n), XTN, n);
}

double
run_train(Run *r, const double *x, const double *t, size_t n)
{
	return net_train(r->n, XTN, n);
}

double
run_training_loss(Run *r, const double *x, const double *t)
{
	const size_t n = r->k->together;

	return net_training_loss(r->n, XTN, (int)n);
}

uint32_t
run_switches(Run *r, const double *x, const double *t)
{
	const size_t n = r->k->together;

	return net_switches(r->n, XTN, (int)n);
}

void
run_stats(Run *r, double *s)
{
	net_get_stats(r->n, r->r);
	run_results(r, s, r->k->stats);
}

void
run_get_gradient(Run *r, double *g)
{
	net_get_gradient(r->n, r->r);
	run_results(r, g, r->k->params);
}

void
run_get_input_gradient(Run *r, double *g)
{
	net_get_input_gradient(r->n, r->r);
	run_results(r, g, r->k->inputs);
}

/* --------------------------------------------------------------- the model */

Model *
model_new(Run *r)
{
	Model *m = mem(r->k->c, sizeof *m);

	m->k = r->k;
	m->p = net_program(r->n);
	m->dtype = r->dtype;
	m->o = oracle_new(m->p, r->dtype, m->p->coupled ? SAMPLES : 1);
	oracle_samples(m->o, 1);
	return m;
}

static void
gradients_to(Model *m, double v)
{
	uint32_t i;
	int64_t j;

	for (i = 0; i < m->p->grads.n; i++)
		for (j = 0; m->p->grads.v[i] && j < shape_size(
		     &m->p->tensors.v[m->p->grads.v[i]].shape); j++)
			oracle_values(m->o, m->p->grads.v[i])[j] = v;
}

void
model_zero(Model *m)
{
	gradients_to(m, -0.0);
	m->samples = 0;
}

void
model_init(Model *m)
{
	uint32_t t;
	int64_t j;

	for (t = 1; t < m->p->tensors.n; t++) {
		const Tensor *x = &m->p->tensors.v[t];
		if (x->kind != T_STATE && x->kind != T_NET &&
		    x->kind != T_STATISTIC)
			continue;
		for (j = 0; j < shape_size(&x->shape); j++)
			oracle_values(m->o, t)[j] = as_real(m->dtype, x->fill);
	}
	model_zero(m);
	m->step = 0;
	oracle_random(m->o, m->k->net->seed, 0, 0);
	oracle_run(m->o, K_INIT);
}

void
model_params(Model *m, double *w)
{
	uint32_t i;

	for (i = 0; i < m->p->weights.n; i++) {
		const Tensor *t = &m->p->tensors.v[m->p->weights.v[i]];
		memcpy(w + t->place, oracle_values(m->o, m->p->weights.v[i]),
		       (size_t)shape_size(&t->shape) * sizeof *w);
	}
}

void
model_set(Model *m, const double *w)
{
	uint32_t i;
	int64_t j;

	for (i = 0; i < m->p->weights.n; i++) {
		const Tensor *t = &m->p->tensors.v[m->p->weights.v[i]];
		double *to = oracle_values(m->o, m->p->weights.v[i]);
		for (j = 0; j < shape_size(&t->shape); j++)
			to[j] = as_real(m->dtype, w[t->place + j]);
	}
}

void
model_stats(Model *m, double *s)
{
	uint32_t i;

	for (i = 0; i < m->p->statistics.n; i++) {
		const Tensor *t = &m->p->tensors.v[m->p->statistics.v[i]];
		memcpy(s + t->place, oracle_values(m->o, m->p->statistics.v[i]),
		       (size_t)shape_size(&t->shape) * sizeof *s);
	}
}

/* so many samples, `each` numbers apart */
static void
put(Model *m, TensorKind kind, const double *v, size_t samples, size_t each)
{
	uint32_t t;
	size_t s;
	int64_t j, n;

	for (t = 1; t < m->p->tensors.n; t++) {
		const Tensor *x = &m->p->tensors.v[t];
		if (x->kind != kind || x->of) /* x of one step */
			continue;
		n = shape_size(&x->shape);
		for (s = 0; s < samples; s++)
			for (j = 0; j < n; j++)
				oracle_values(m->o, t)[(int64_t)s * n + j] =
					as_real(m->dtype, v[(int64_t)(s * each)
					        + x->place + j]);
	}
}

void
model_forward(Model *m, const double *x, double *y)
{
	uint32_t t, i;
	bool gradient;

	put(m, T_INPUT, x, 1, 0);
	oracle_run(m->o, K_FORWARD);
	for (t = 1; t < m->p->tensors.n; t++) {
		const Tensor *q = &m->p->tensors.v[t];
		for (gradient = false, i = 0; i < m->p->input_grads.n; i++)
			gradient |= m->p->input_grads.v[i] == t;
		if (q->kind == T_OUTPUT && !q->of && !gradient)
			memcpy(y + q->place, oracle_values(m->o, t),
			       (size_t)shape_size(&q->shape) * sizeof *y);
	}
}

static double
model_kernel(Model *m, Kernel k, const double *x, const double *t)
{
	put(m, T_INPUT, x, 1, 0);
	put(m, T_TARGET, t, 1, 0);
	oracle_random(m->o, m->k->net->seed, m->step, m->samples);
	oracle_run(m->o, k);
	return *oracle_values(m->o, m->p->loss[k]);
}

double
model_loss(Model *m, const double *x, const double *t)
{
	return model_kernel(m, K_LOSS, x, t);
}

double
model_gradient(Model *m, const double *x, const double *t)
{
	double loss = model_kernel(m, K_GRADIENT, x, t);

	m->samples++;
	return loss;
}

static double
model_coupled(Model *m, const double *x, const double *t, size_t n,
	double total)
{
	size_t i;

	oracle_samples(m->o, (int)n);
	put(m, T_INPUT, x, n, m->k->inputs);
	put(m, T_TARGET, t, n, m->k->targets);
	oracle_random(m->o, m->k->net->seed, m->step, m->samples);
	oracle_run(m->o, K_GRADIENTS);
	for (i = 0; i < n; i++)
		total = as_real(m->dtype, total + oracle_values(m->o,
		                m->p->loss[K_GRADIENTS])[i]);
	m->samples += (uint32_t)n;
	oracle_samples(m->o, 1);
	return total;
}

double
model_gradients(Model *m, const double *x, const double *t, size_t n,
	double total)
{
	size_t i, many = !m->p->coupled ? 1 : (size_t)m->k->net->batch;

	for (i = 0; i < n; i += many) {
		const double *xi = x + i * m->k->inputs;
		const double *ti = t + i * m->k->targets;
		if (m->p->coupled)
			total = model_coupled(m, xi, ti, n - i < many ? n - i :
			                      many, total);
		else
			total = as_real(m->dtype, total + model_gradient(m, xi,
			                ti));
	}
	return total;
}

static void
model_update(Model *m)
{
	oracle_count(m->o, (int)m->samples);
	oracle_run(m->o, K_UPDATE);
	model_zero(m);
	m->step++;
}

/* the sum of the losses in the type of the network, over their number */
double
model_train(Model *m, const double *x, const double *t, size_t n)
{
	const Network *net = m->k->net;
	size_t i, some, most = net->batch_all ? n : (size_t)net->batch;
	double sum = -0.0;

	model_zero(m);
	for (i = 0; i < n; i += some) {
		some = n - i < most ? n - i : most;
		sum = model_gradients(m, x + i * m->k->inputs, t + i *
		                      m->k->targets, some, sum);
		model_update(m);
	}
	return as_real(m->dtype, sum / (double)n);
}

/* the mean; + 0 so that -0 never shows; 0 for what is frozen */
void
model_get_gradient(Model *m, double *g)
{
	uint32_t i;
	int64_t j;

	for (i = 0; i < m->p->weights.n; i++) {
		const Tensor *t = &m->p->tensors.v[m->p->weights.v[i]];
		for (j = 0; j < shape_size(&t->shape); j++)
			g[t->place + j] = !m->p->grads.v[i] ? 0 :
				as_real(m->dtype, oracle_values(m->o,
				m->p->grads.v[i])[j] / (double)m->samples) + 0.0;
	}
}

void
model_get_input_gradient(Model *m, double *g)
{
	uint32_t i;
	int64_t j;

	for (i = 0; i < m->p->input_grads.n; i++) {
		const Tensor *t = &m->p->tensors.v[m->p->input_grads.v[i]];
		for (j = 0; j < shape_size(&t->shape); j++)
			g[t->place + j] = 0.0 + oracle_values(m->o,
			                  m->p->input_grads.v[i])[j];
	}
}
