/* SPDX-License-Identifier: MIT
 * Interprets statements one index at a time, written to be obviously right: in
 * double with the system's libm, or in float with the runtime's functions in
 * the strict order, which every plan must equal to the bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "middle.h"
#include "../../runtime/bp.h"

struct Oracle {
	Program *p;
	Dtype arithmetic;
	int samples, count;
	double **value;             /* per tensor: samples x shape */
	int64_t *size;              /* of one sample */
	int32_t *at;                /* value of every index now */
	uint64_t seed;
	uint32_t step, first;
};

Oracle *
oracle_new(Program *p, Dtype arithmetic, int samples)
{
	Oracle *o = mem(p->c, sizeof *o);
	uint32_t t, k;

	o->p = p;
	o->arithmetic = arithmetic;
	o->samples = o->count = samples;
	o->value = mem(p->c, p->tensors.n * sizeof *o->value);
	o->size = mem(p->c, p->tensors.n * sizeof *o->size);
	o->at = mem(p->c, p->index.n * sizeof *o->at);
	for (t = 1; t < p->tensors.n; t++) {
		const Tensor *x = &p->tensors.v[t];
		int64_t n = shape_size(&x->shape);
		o->size[t] = n;
		n *= x->batch ? samples : 1;
		o->value[t] = mem(p->c, (size_t)n * sizeof **o->value);
		for (k = 0; k < n && x->kind == T_CONST; k++)
			o->value[t][k] = arithmetic == F32
				? (double)(float)x->values[k] : x->values[k];
		for (k = 0; k < n && x->kind == T_GRAD; k++)
			o->value[t][k] = -0.0;
		for (k = 0; k < n && (x->kind == T_STATE || x->kind == T_NET ||
		     x->kind == T_STATISTIC); k++)
			o->value[t][k] = arithmetic == F32
				? (double)(float)x->fill : x->fill;
	}
	return o;
}

double *
oracle_values(Oracle *o, TensorId t)
{
	return o->value[t];
}

void
oracle_random(Oracle *o, uint64_t seed, uint32_t step, uint32_t first)
{
	o->seed = seed;
	o->step = step;
	o->first = first;
}

void
oracle_count(Oracle *o, int samples)
{
	o->count = samples;
}

void
oracle_samples(Oracle *o, int samples)
{
	o->samples = o->count = samples;
}

static double
rounded(const Oracle *o, double v)
{
	return o->arithmetic == F32 ? (double)(float)v : v;
}

static int64_t
affine(const Oracle *o, AffId id)
{
	const Aff *a = &o->p->affs.v[id];
	int64_t r = a->k;
	uint32_t i;

	for (i = 0; i < a->n; i++) {
		Term t = o->p->terms.v[a->term + i];
		r += (int64_t)t.c * o->at[t.i];
	}
	return r;
}

static double value(const Oracle *o, ExprId id);

/* -1: outside */
static int64_t
address(const Oracle *o, TensorId t, uint32_t sub, uint32_t n)
{
	const Tensor *x = &o->p->tensors.v[t];
	int64_t r = 0, i;
	uint32_t q;
	double v;

	for (q = 0; q < n; q++) {
		Sub s = o->p->subs.v[sub + q];
		int64_t size = x->batch && q == 0 ? o->samples
		               : x->shape.dim[q - (x->batch ? 1 : 0)];
		if (s.indirect) {
			v = value(o, s.id);
			i = v >= 0 && v < (double)size ? (int64_t)v : 0;
		} else
			i = affine(o, s.id);
		if (i < 0 || i >= size)
			return -1;
		r = r * size + i;
	}
	return r;
}

/* keyed on seed, site, step, sample and element */
double
oracle_drawn(const Oracle *o, const Tensor *t, uint32_t sample,
	uint32_t element)
{
	return bp_uniform(bp_random(o->seed, t->key, t->batch ? o->step : 0,
	                            sample, element));
}

static double
draw(const Oracle *o, const Tensor *t, uint32_t sub)
{
	uint32_t element = 0, sample = 0, q, n = 0;

	if (t->batch)
		sample = o->first + (uint32_t)affine(o, o->p->subs.v[sub +
		         n++].id);
	for (q = 0; q < (uint32_t)t->shape.rank; q++)
		element = element * (uint32_t)t->shape.dim[q] +
		          (uint32_t)affine(o, o->p->subs.v[sub + n++].id);
	return oracle_drawn(o, t, sample, element);
}

static double
function32(Fn fn, float a)
{
	switch (fn) {
	case FN_EXP: return (double)bp_expf(a);
	case FN_LOG: return (double)bp_logf(a);
	case FN_LOG1P: return (double)bp_log1pf(a);
	case FN_TANH: return (double)bp_tanhf(a);
	case FN_COSH: return (double)bp_coshf(a);
	case FN_SQRT: return (double)bp_sqrtf(a);
	case FN_ABS: return (double)bp_absf(a);
	case FN_SIGN: return (double)bp_signf(a);
	case FN_ERF: return (double)bp_erff(a);
	case FN_SIN: return (double)bp_sinf(a);
	case FN_COS: return (double)bp_cosf(a);
	case FN_FLOOR: return (double)bp_floorf(a);
	case FN_LOGISTIC: return (double)bp_logisticf(a);
	case FN_COUNT: break;
	}
	return 0;
}

double
fn_value(Fn fn, double a)
{
	switch (fn) {
	case FN_EXP: return exp(a);
	case FN_LOG: return log(a);
	case FN_LOG1P: return log1p(a);
	case FN_TANH: return tanh(a);
	case FN_COSH: return cosh(a);
	case FN_SQRT: return sqrt(a);
	case FN_ABS: return fabs(a);
	case FN_SIGN: return (a > 0) - (a < 0);
	case FN_ERF: return erf(a);
	case FN_SIN: return sin(a);
	case FN_COS: return cos(a);
	case FN_FLOOR: return floor(a);
	case FN_LOGISTIC: return 1/(1 + exp(-a));
	case FN_COUNT: break;
	}
	return 0;
}

static double
value(const Oracle *o, ExprId id)
{
	const Expr *e = &o->p->exprs.v[id];
	const Tensor *t;
	double a;
	int64_t at;

	switch (e->op) {
	case E_NONE:
		break;
	case E_NUM:
		return rounded(o, e->num);
	case E_IDX:
		return rounded(o, (double)affine(o, e->aff));
	case E_CNT:
		return o->count;
	case E_READ:
	case E_PAD:
		t = &o->p->tensors.v[e->tensor];
		if (t->kind == T_RAND)
			return draw(o, t, e->sub);
		at = address(o, e->tensor, e->sub, e->nsub);
		return at < 0 ? 0 : o->value[e->tensor][at];
	case E_ADD:
		return rounded(o, value(o, e->a) + value(o, e->b));
	case E_SUB:
		return rounded(o, value(o, e->a) - value(o, e->b));
	case E_MUL:
		return rounded(o, value(o, e->a) * value(o, e->b));
	case E_DIV:
		return rounded(o, value(o, e->a) / value(o, e->b));
	case E_NEG:
		return -value(o, e->a);
	case E_LT:
		return value(o, e->a) < value(o, e->b);
	case E_LE:
		return value(o, e->a) <= value(o, e->b);
	case E_EQ:
		return value(o, e->a) == value(o, e->b);
	case E_SEL:
		return value(o, e->a) != 0 ? value(o, e->b) : value(o, e->c);
	case E_FN:
		a = value(o, e->a);
		return o->arithmetic == F32 ? function32(e->fn, (float)a)
		                            : fn_value(e->fn, a);
	case E_STOP:
		return value(o, e->a);
	case E_IEQ:
		return value(o, e->a) == (double)affine(o, e->aff);
	}
	return 0;
}

/* ---- statements */

static bool
allowed(const Oracle *o, const Stmt *s)
{
	uint32_t i;

	for (i = 0; i < s->nguard; i++)
		if (affine(o, o->p->guards.v[s->guard + i]) < 0)
			return false;
	return true;
}

static int32_t
extent(const Oracle *o, Index i)
{
	return i == SAMPLE ? o->samples : o->p->index.v[i].extent;
}

/* the next point of a box, last index fastest; false after the last */
static bool
next(Oracle *o, uint32_t from, uint32_t n)
{
	while (n-- > 0) {
		Index i = o->p->indices.v[from + n];
		if (++o->at[i] < extent(o, i))
			return true;
		o->at[i] = 0;
	}
	return false;
}

static bool
first(Oracle *o, uint32_t from, uint32_t n)
{
	uint32_t i;
	bool any = true;

	for (i = 0; i < n; i++) {
		o->at[o->p->indices.v[from + i]] = 0;
		any &= extent(o, o->p->indices.v[from + i]) > 0;
	}
	return any;
}

static double
sum(Oracle *o, const Stmt *s, double start)
{
	double lane[16];
	int64_t r = 0;
	int h, l;

	for (l = 0; l < 16; l++)
		lane[l] = -0.0;
	if (s->lanes == 1)
		lane[0] = start;
	if (first(o, s->ridx, s->nridx))
		do {
			l = (int)(r++ % s->lanes);
			if (allowed(o, s))
				lane[l] = rounded(o, lane[l] +
				                  value(o, s->expr));
		} while (next(o, s->ridx, s->nridx));
	if (s->lanes == 1)
		return lane[0];
	for (h = s->lanes / 2; h; h /= 2)
		for (l = 0; l < h; l++)
			lane[l] = rounded(o, lane[l] + lane[l + h]);
	return s->add ? rounded(o, start + lane[0]) : lane[0];
}

/* the first of equals, the first NaN */
static double
most(Oracle *o, const Stmt *s)
{
	double acc = 0, x;
	int64_t r = 0, arg = -1;

	if (first(o, s->ridx, s->nridx))
		do {
			if (allowed(o, s)) {
				x = value(o, s->expr);
				if (arg < 0 || x > acc ||
				    (x != x && acc == acc)) {
					acc = x;
					arg = r;
				}
			}
			r++;
		} while (next(o, s->ridx, s->nridx));
	return s->red == RED_ARGMAX ? (double)arg : acc;
}

static void
statement(Oracle *o, const Stmt *s)
{
	double start, *to;
	int64_t at;

	if (!first(o, s->idx, s->nidx))
		return;
	do {
		if (s->scatter && !allowed(o, s))
			continue;
		at = address(o, s->target, s->lhs, s->nlhs);
		if (at < 0)
			continue;
		to = &o->value[s->target][at];
		start = s->add ? *to : -0.0;
		*to = s->red >= RED_MAX ? most(o, s) : sum(o, s, start);
	} while (next(o, s->idx, s->nidx));
}

static void
one_scan(Oracle *o, const Stmts *list, uint32_t from, uint32_t to)
{
	const Scan *g = &o->p->scans.v[list->v[from].scan];
	int32_t t, k;
	uint32_t i;

	for (k = 0; k < g->n; k++) {
		t = g->reverse ? g->n - 1 - k : k;
		for (i = from; i < to; i++) {
			o->at[g->t] = t;
			statement(o, &list->v[i]);
		}
	}
	o->at[g->t] = 0;
}

void
oracle_part(Oracle *o, Kernel k, uint32_t from, uint32_t to)
{
	const Stmts *list = &o->p->kernel[k];
	uint32_t i, end;

	for (i = from; i < to; i = end) {
		end = i + 1;
		if (!list->v[i].scan) {
			statement(o, &list->v[i]);
			continue;
		}
		while (end < to && list->v[end].scan == list->v[i].scan)
			end++;
		one_scan(o, list, i, end);
	}
}

void
oracle_run(Oracle *o, Kernel k)
{
	oracle_part(o, k, 0, o->p->kernel[k].n);
}
