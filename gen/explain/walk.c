/* SPDX-License-Identifier: MIT
 * Runs one sample twice: the emitted C, compiled in memory, and the interpreter
 * of the statements, which keeps every value.  What both have must be equal. */
#include <math.h>
#include <string.h>
#include "walk.h"

#define MOST_TERMS 1e8          /* that are interpreted */

typedef struct {
	Session *s;
	Program *p;
	Walk *w;
	double *kept;               /* weights and statistics at first */
} Run;

static double
terms(const Program *p)
{
	return stmts_terms(p, &p->kernel[p->loss[K_GRADIENT] ? K_GRADIENT :
	                                 K_FORWARD]);
}

static Oracle *
interpreter(const Run *r)
{
	const Program *p = r->p;
	Oracle *o = oracle_new(r->p, p->dtype, 1);
	uint32_t t;
	int64_t i, n;

	for (t = 1; t < p->tensors.n; t++) {
		const Tensor *x = &p->tensors.v[t];
		const double *from = x->kind == T_WEIGHT ? r->kept :
			x->kind == T_STATISTIC ? r->kept + r->s->net->params :
			x->kind == T_INPUT ? r->w->x :
			x->kind == T_TARGET ? r->w->t : NULL;

		n = shape_size(&x->shape);
		for (i = 0; from && i < n; i++)
			oracle_values(o, t)[i] = p->dtype == F32 ?
				(double)(float)from[x->place + i] :
				from[x->place + i];
	}
	oracle_random(o, r->s->net->seed, 0, 0);
	return o;
}

/* the C is what counts: values that it does not have are not shown */
static void
compare(const Run *r, const char *what, double emitted, double expected)
{
	const Network *net = r->s->net;
	double room = net->strict && net->dtype == F32 ? 0 :
		net->dtype == F32 ? 1e-4 : 1e-9;

	if (emitted == expected || (isnan(emitted) && isnan(expected)) ||
	    fabs(emitted - expected) <= room * (1 + fabs(expected)))
		return;
	die(r->s->c, EX_SOFTWARE_, "%s is %.9g by the C and %.9g by the "
	    "interpreter", what, emitted, expected);
}

static void
compare_all(const Run *r, const void *emitted, TensorId t, double *expected)
{
	const Tensor *x = &r->p->tensors.v[t];
	int64_t i, n = shape_size(&x->shape);

	for (i = 0; i < n; i++)
		compare(r, x->name, real_get(r->p->dtype, emitted,
		        (size_t)(x->place + i)), 0.0 + expected[i]);
}

static void
compare_outputs(const Run *r)
{
	uint32_t i;

	net_forward(r->s->jit, r->s->x, r->s->y);
	for (i = 0; i < r->p->kernel[K_FORWARD].n; i++) {
		TensorId t = r->p->kernel[K_FORWARD].v[i].target;
		if (r->p->tensors.v[t].kind == T_OUTPUT)
			compare_all(r, r->s->y, t,
			            oracle_values(r->w->outputs, t));
	}
}

static void
compare_training(const Run *r)
{
	Session *s = r->s;
	const Program *p = r->p;
	void *v = mem(s->c, ((size_t)s->net->params + 1) * sizeof(double));
	uint32_t i;

	net_zero_gradient(s->jit);
	compare(r, "the loss", net_gradient(s->jit, s->x, s->t),
	        *oracle_values(r->w->trained, p->loss[K_GRADIENT]));
	net_get_gradient(s->jit, v);
	for (i = 0; i < p->weights.n; i++)
		if (p->grads.v[i])
			compare_all(r, v, p->weights.v[i],
			            oracle_values(r->w->trained, p->grads.v[i]));
	net_update(s->jit);
	net_get_params(s->jit, v);
	for (i = 0; i < p->weights.n; i++)
		compare_all(r, v, p->weights.v[i],
		            oracle_values(r->w->trained, p->weights.v[i]));
}

static void
prepare(Run *r)
{
	Session *s = r->s;
	const Network *net = s->net;
	size_t i, n = (size_t)(net->params + net->stats);
	void *kept = mem(s->c, (n + 1) * sizeof(double));

	net_get_kept(s->jit, kept);
	r->kept = mem(s->c, (n + 1) * sizeof(double));
	for (i = 0; i < n; i++)
		r->kept[i] = real_get(net->dtype, kept, i);
	for (i = 0; i < (size_t)net->inputs; i++)
		real_set(net->dtype, s->x, i, r->w->x[i]);
	for (i = 0; i < (size_t)net->targets; i++)
		real_set(net->dtype, s->t, i, r->w->t[i]);
}

int
walk(Session *s, Program *p, const char *text, bool stepwise, Walk *out)
{
	const Network *net = s->net;
	Run r = { .s = s, .p = p, .w = out };
	int rc;

	out->x = mem(s->c, ((size_t)net->inputs + 1) * sizeof(double));
	out->t = mem(s->c, ((size_t)net->targets + 1) * sizeof(double));
	rc = sample_read(s->c, s->net, s->data, text, out->x, out->t);
	if (rc)
		return rc;
	if (terms(p) > MOST_TERMS) {
		cli_error("--numbers: '%s' is too large to be walked through",
		          net->name);
		return EX_DATA;
	}
	rc = session_compile(s, 1);
	if (rc)
		return rc;
	prepare(&r);
	out->start = stepwise ? interpreter(&r) : NULL;
	out->outputs = interpreter(&r);
	oracle_run(out->outputs, K_FORWARD);
	compare_outputs(&r);
	if (!p->loss[K_GRADIENT])
		return 0;
	out->trained = interpreter(&r);
	oracle_run(out->trained, K_GRADIENT);
	oracle_run(out->trained, K_UPDATE);
	compare_training(&r);
	return 0;
}
