/* SPDX-License-Identifier: MIT
 * A second opinion on the program that is checked: declared derivatives, the
 * interpreter of the statements, the other type. */
#include <math.h>
#include <string.h>
#include "check.h"

#define MOST_INTERPRETED 2e7    /* statements' terms */

/* ------------------------------------------- dy against the formula of y */

typedef struct {
	const Program *p;
	TensorId z, y;
	double z_value, y_value;
	uint32_t switches;          /* which way the conditions went */
} Point;

/* the value of an expression in z and y alone; NAN where it reads more */
static double
value(Point *at, ExprId id)
{
	const Expr *e = &at->p->exprs.v[id];
	double a, b;

	switch (e->op) {
	case E_NUM: return e->num;
	case E_READ: case E_PAD:
		return e->tensor == at->z ? at->z_value :
			e->tensor == at->y ? at->y_value : NAN;
	case E_ADD: return value(at, e->a) + value(at, e->b);
	case E_SUB: return value(at, e->a) - value(at, e->b);
	case E_MUL: return value(at, e->a) * value(at, e->b);
	case E_DIV: return value(at, e->a) / value(at, e->b);
	case E_NEG: return -value(at, e->a);
	case E_LT: case E_LE: case E_EQ:
		a = value(at, e->a);
		b = value(at, e->b);
		a = e->op == E_LT ? a < b : e->op == E_LE ? a <= b : a == b;
		return a;
	case E_SEL:
		a = value(at, e->a);
		at->switches = at->switches * 31 + (a != 0);
		return a != 0 ? value(at, e->b) : value(at, e->c);
	case E_FN:
		a = value(at, e->a);
		if (e->fn == FN_ABS || e->fn == FN_SIGN)
			at->switches = at->switches * 31 + (a > 0) + 2 * (a < 0);
		if (e->fn == FN_FLOOR)
			at->switches = at->switches * 31 + (uint32_t)(int)
				fmax(-1e6, fmin(1e6, floor(a)));
		return fn_value(e->fn, a);
	case E_STOP: return value(at, e->a);
	case E_NONE: case E_IDX: case E_CNT: case E_IEQ: break;
	}
	return NAN;
}

static double
y_at(Point *at, ExprId y, double z)
{
	at->z_value = z;
	at->switches = 1;
	return value(at, y);
}

/* the derivative of y in z, NAN across a kink; Richardson from two steps */
static double
slope(Point *at, ExprId y, double z)
{
	double h = 1e-3, up, down, wide, near;
	uint32_t here;

	y_at(at, y, z);
	here = at->switches;
	up = y_at(at, y, z + h);
	if (at->switches != here)
		return NAN;
	down = y_at(at, y, z - h);
	if (at->switches != here)
		return NAN;
	wide = (up - down) / (2 * h);
	h /= 4;
	near = (y_at(at, y, z + h) - y_at(at, y, z - h)) / (2 * h);
	return (16 * near - wide) / 15;
}

static bool
override_agrees(Check *k, const Program *p, const Stmt *s)
{
	Point at = {.p = p, .z = p->exprs.v[s->over_z].tensor, .y = s->target};
	double z, numeric, dy;
	int i;

	for (i = -400; i <= 400; i++) {
		z = i * 0.02 + 0.00317;
		numeric = slope(&at, s->expr, z);
		at.y_value = y_at(&at, s->expr, z);
		dy = value(&at, s->over_dy);
		if (isnan(numeric) || isnan(dy) ||
		    fabs(dy - numeric) <= 1e-6 * (1 + fabs(dy)))
			continue;
		check_say(k, "dy of %s is not its derivative: at z = %.4g it "
		          "gives %.6g, the derivative is %.6g",
		          p->tensors.v[s->target].name, z, dy, numeric);
		if (fabs(numeric) > 1e-12)
			check_say(k, " (ratio %.3f)", dy / numeric);
		check_say(k, "\n");
		k->failures++;
		return false;
	}
	return true;
}

/* a surrogate differs from the true derivative by intent */
static bool
is_surrogate(const Network *net, const Stmt *s)
{
	const Layer *l = s->layer >= 0 ? &net->layers.v[s->layer] : NULL;
	uint32_t i;

	for (i = 0; l && l->rec && i < l->rec->params.n; i++)
		if (l->args[i].act && l->args[i].act->surrogate)
			return true;
	return false;
}

void
check_overrides(Check *k)
{
	Program *p = program_new(k->s->c, k->s->net, F64);
	Stmts *list = &p->kernel[K_TRAINLOSS];
	uint32_t i, tested = 0, wrong = 0;

	formula(p);
	if (k->s->c->errors)
		return;
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];

		if (!s->over_z || p->exprs.v[s->over_z].op != E_READ ||
		    is_surrogate(k->s->net, s))
			continue;
		tested++;
		wrong += !override_agrees(k, p, s);
	}
	if (tested && !wrong)
		check_say(k, "declared derivatives (dy): %u tested, all "
		          "right\n", tested);
}

/* ------------------------------------------------------- the interpreter */

/* the gradient of a sample, or of a mini-batch that is coupled */
static Kernel
checked(const Program *p)
{
	return p->coupled ? K_GRADIENTS : K_GRADIENT;
}

static double
work(const Program *p)
{
	return stmts_terms(p, &p->kernel[checked(p)]);
}

static void
fill(Oracle *o, const Program *p, const Check *k)
{
	uint32_t t;
	size_t s;
	int64_t i, n;

	for (t = 1; t < p->tensors.n; t++) {
		const Tensor *x = &p->tensors.v[t];
		const double *from = x->kind == T_WEIGHT ? k->w :
			x->kind == T_INPUT ? k->x :
			x->kind == T_TARGET ? k->t : NULL;
		size_t each = x->kind == T_INPUT ? k->inputs : k->targets;

		n = shape_size(&x->shape);
		for (s = 0; from && s < (x->batch ? k->samples : 1); s++)
			for (i = 0; i < n; i++)
				oracle_values(o, t)[(int64_t)s * n + i] =
					from[(int64_t)(s * each) + x->place + i];
	}
	oracle_random(o, k->s->net->seed, 0, 0);
	oracle_count(o, (int)k->samples);
}

/* A block whose derivatives are all zero but for roundings, such as the bias
 * before a layernorm, is measured by the largest derivative of the others. */
static double
least_scale(const double *v, size_t n)
{
	double most = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (isfinite(v[i]))
			most = fmax(most, fabs(v[i]));
	return most * 1e-6;
}

/* largest |a - b| over the largest |b|; with `exact`, 1 for any other bits */
static double
distance(const double *a, const double *b, size_t n, double scale, bool exact)
{
	double most = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		scale = fmax(scale, fabs(b[i]));
		if (exact && a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
			return 1;
		if (isnan(a[i]) != isnan(b[i]))
			return INFINITY;
		if (a[i] != b[i])
			most = fmax(most, fabs(a[i] - b[i]));
	}
	return scale > 0 ? most / scale : most;
}

/* the gradient that the interpreter finds, into `out` in canonical order */
static void
interpret(Check *k, Program *p, Dtype real, double *out)
{
	Oracle *o = oracle_new(p, real, (int)k->samples);
	uint32_t i;
	int64_t j, n;
	double mean;

	fill(o, p, k);
	oracle_run(o, checked(p));
	for (i = 0; i < p->weights.n; i++) {
		const Tensor *w = &p->tensors.v[p->weights.v[i]];

		n = shape_size(&w->shape);
		for (j = 0; j < n && p->grads.v[i]; j++) {
			mean = oracle_values(o, p->grads.v[i])[j] /
				(double)k->samples;
			out[w->place + j] = 0.0 + /* -0 is never shown */
				(real == F32 ? (double)(float)mean : mean);
		}
	}
}

static void
compare(Check *k, const char *type, const double *emitted,
	const double *expected, double most)
{
	const Program *p = k->program;
	double least = least_scale(expected, k->params);
	uint32_t i;

	for (i = 0; i < p->weights.n; i++) {
		const Tensor *w = &p->tensors.v[p->weights.v[i]];
		size_t n = (size_t)shape_size(&w->shape);
		double d = distance(emitted + w->place, expected + w->place, n,
		                    least, most == 0);

		if (d <= most)
			continue;
		check_say(k, "%s: the emitted gradient of %s differs from the "
		          "interpreter's: please report\n", type, w->name);
		k->failures++;
	}
}

void
check_oracle(Check *k)
{
	double *expected;
	int before = k->failures;

	if (work(k->program) > MOST_INTERPRETED && !k->all) {
		check_say(k, "interpreter: not run, the network is large "
		          "(--all runs it)\n");
		return;
	}
	expected = mem(k->s->c, (k->params + 1) * sizeof *expected);
	interpret(k, k->program, F64, expected);
	compare(k, "f64", k->gradient, expected, 1e-9);
	if (k->failures == before)
		check_say(k, "f64 gradient = interpreter to rounding\n");
}

/* ------------------------------------------------------- the other type */

static float *
singles(Check *k, const double *v, size_t n)
{
	float *f = mem(k->s->c, (n + 1) * sizeof *f);
	size_t i;

	for (i = 0; i < n; i++)
		f[i] = (float)v[i];
	return f;
}

static void
gradient32(Check *k, Net *net, double *out)
{
	float *w = singles(k, k->w, k->params);
	float *x = singles(k, k->x, k->inputs * k->samples);
	float *t = singles(k, k->t, k->targets * k->samples);
	float *g = mem(k->s->c, (k->params + 1) * sizeof *g);
	size_t i;

	net_init(net, k->s->net->seed);
	net_set_params(net, w);
	net_zero_gradient(net);
	if (k->program->coupled)
		net_gradient_batch(net, x, t, k->samples);
	else
		net_gradient(net, x, t);
	net_get_gradient(net, g);
	for (i = 0; i < k->params; i++)
		out[i] = (double)g[i];
}

static void
print_single(Check *k, const double *g32)
{
	const Program *p = k->program;
	const char *where = "";
	double most = 0, d, least = least_scale(k->gradient, k->params);
	uint32_t i;

	for (i = 0; i < p->weights.n; i++) {
		const Tensor *w = &p->tensors.v[p->weights.v[i]];

		d = distance(g32 + w->place, k->gradient + w->place,
		             (size_t)shape_size(&w->shape), least, false);
		if (d > most) {
			most = d;
			where = w->name;
		}
	}
	if (isinf(most)) {
		check_say(k, "f32: the gradient of %s is not a number where "
		          "f64 has one\n", where);
		k->failures++;
	} else if (most > 0)
		check_say(k, "f32 against f64: largest difference %.1e of the "
		          "block's largest entry (%s)\n", most, where);
	else
		check_say(k, "f32 against f64: no difference\n");
}

void
check_single(Check *k)
{
	Session *s = k->s;
	double *g32, *expected;
	int before = k->failures;
	Net *net = NULL;

	if (session_net(s, F32, false, 1, &net)) {
		net_free(net);
		k->failures++;
		return;
	}
	g32 = mem(s->c, (k->params + 1) * sizeof *g32);
	expected = mem(s->c, (k->params + 1) * sizeof *expected);
	gradient32(k, net, g32);
	print_single(k, g32);
	if (work(net_program(net)) <= MOST_INTERPRETED || k->all) {
		interpret(k, net_program(net), F32, expected);
		compare(k, "f32", g32, expected, s->net->strict ? 0 : 1e-4);
		if (k->failures == before)
			check_say(k, "f32 gradient = interpreter to %s\n",
			          s->net->strict ? "the bit" : "rounding");
	}
	net_free(net);
}
