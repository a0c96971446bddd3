/* SPDX-License-Identifier: MIT
 * Scalar expressions: products, folding that keeps bits, and the adjoint of an
 * expression (Griewank & Walther 2008, reverse mode over one right side). */
#include <math.h>
#include <string.h>
#include "middle.h"

static bool
is_num(const Program *p, ExprId e, double v)
{
	const Expr *x = &p->exprs.v[e];

	return x->op == E_NUM && x->num == v && !signbit(x->num) == !signbit(v);
}

ExprId
mul(Program *p, ExprId a, ExprId b)
{
	if (is_num(p, a, 1))
		return b;
	if (is_num(p, b, 1))
		return a;
	if (is_num(p, a, -1))
		return ex_neg(p, b);
	if (is_num(p, b, -1))
		return ex_neg(p, a);
	if (p->exprs.v[a].op == E_NUM && p->exprs.v[b].op == E_NUM)
		return ex_num(p, p->exprs.v[a].num * p->exprs.v[b].num);
	return ex_bin(p, E_MUL, a, b);
}

ExprId
add(Program *p, ExprId a, ExprId b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	return ex_bin(p, E_ADD, a, b);
}

static double
working(const Program *p, double v)
{
	return p->dtype == F32 ? (double)(float)v : v;
}

/* two numbers under an operator, in the arithmetic of the emitted code */
static bool
fold(const Program *p, Op op, double a, double b, double *r)
{
	a = working(p, a);
	b = working(p, b);
	switch (op) {
	case E_ADD:
		*r = working(p, a + b);
		return true;
	case E_SUB:
		*r = working(p, a - b);
		return true;
	case E_MUL:
		*r = working(p, a * b);
		return true;
	case E_DIV:
		*r = working(p, a / b);
		return b != 0;
	default:
		return false;
	}
}

static ExprId tidy_one(Program *p, ExprId e, void *u);

static ExprId
negated(Program *p, ExprId e)
{
	return tidy_one(p, ex_neg(p, tidy_one(p, e, NULL)), NULL);
}

static ExprId
tidy_one(Program *p, ExprId e, void *u)
{
	Expr x = p->exprs.v[e], a, b;
	double r;

	(void)u;
	a = p->exprs.v[x.a];
	b = p->exprs.v[x.b];
	if (x.op >= E_ADD && x.op <= E_DIV && a.op == E_NUM && b.op == E_NUM &&
	    fold(p, x.op, a.num, b.num, &r) && isfinite(r))
		return ex_num(p, r);
	if (x.op == E_MUL && is_num(p, x.a, 1))
		return x.b;
	if ((x.op == E_MUL || x.op == E_DIV) && is_num(p, x.b, 1))
		return x.a;
	if (x.op == E_MUL && is_num(p, x.a, -1))
		return ex_neg(p, x.b);
	if (x.op == E_MUL && is_num(p, x.b, -1))
		return ex_neg(p, x.a);
	if (x.op == E_NEG && a.op == E_NEG)
		return a.a;
	if (x.op == E_NEG && a.op == E_NUM)
		return ex_num(p, -a.num);
	if (x.op == E_STOP)
		return x.a;
	/* exactly rounded in the runtime and here alike */
	if (x.op == E_FN && x.fn == FN_SQRT && a.op == E_NUM && a.num >= 0)
		return ex_num(p, p->dtype == F32 ? (double)sqrtf((float)a.num)
		                                 : sqrt(a.num));
	/* a sign travels outwards and into sums without touching a bit */
	if (x.op == E_SUB && b.op == E_NEG)
		return ex_bin(p, E_ADD, x.a, b.a);
	if (x.op == E_ADD && b.op == E_NEG)
		return ex_bin(p, E_SUB, x.a, b.a);
	if ((x.op == E_MUL || x.op == E_DIV) && a.op == E_NEG)
		return negated(p, ex_bin(p, x.op, a.a, x.b));
	if ((x.op == E_MUL || x.op == E_DIV) && b.op == E_NEG)
		return negated(p, ex_bin(p, x.op, x.a, b.a));
	return e;
}

bool
tree_fits(const Program *p, ExprId e, int32_t *room)
{
	const Expr *x = &p->exprs.v[e];

	return --*room > 0 && (!x->a || tree_fits(p, x->a, room)) &&
	       (!x->b || tree_fits(p, x->b, room)) &&
	       (!x->c || tree_fits(p, x->c, room));
}

ExprId
tidy(Program *p, ExprId e)
{
	return ex_map(p, e, tidy_one, NULL);
}

typedef struct { ExprId old, new; } Swap;

static ExprId
swap_one(Program *p, ExprId e, void *u)
{
	Swap *s = u;

	(void)p;
	return e == s->old ? s->new : e;
}

ExprId
replace(Program *p, ExprId e, ExprId old, ExprId new)
{
	Swap s = { old, new };

	return ex_map(p, e, swap_one, &s);
}

static void
put(Program *p, Adjoints *out, ExprId read, ExprId value)
{
	uint32_t i;

	for (i = 0; i < out->n; i++)
		if (out->v[i].read == read) {
			out->v[i].value = add(p, out->v[i].value, value);
			return;
		}
	PUSH(p->c, out, ((Adjoint){ read, value }));
}

static void
back_fn(Program *p, ExprId e, ExprId seed, Adjoints *out)
{
	Expr x = p->exprs.v[e];
	ExprId one = ex_num(p, 1), a = x.a, r = 0;

	switch (x.fn) {
	case FN_EXP:
		r = mul(p, seed, e);
		break;
	case FN_LOG:
		r = ex_bin(p, E_DIV, seed, a);
		break;
	case FN_LOG1P:
		r = ex_bin(p, E_DIV, seed, ex_bin(p, E_ADD, one, a));
		break;
	case FN_TANH:
		r = mul(p, seed, ex_bin(p, E_SUB, one, mul(p, e, e)));
		break;
	case FN_COSH: /* sinh = tanh cosh */
		r = mul(p, seed, mul(p, ex_fn(p, FN_TANH, a), e));
		break;
	case FN_SQRT:
		r = ex_bin(p, E_DIV, mul(p, seed, ex_num(p, .5)), e);
		break;
	case FN_ABS:
		r = mul(p, seed, ex_fn(p, FN_SIGN, a));
		break;
	case FN_ERF: /* 2/sqrt(pi) exp(-a^2) */
		r = mul(p, seed, mul(p, ex_num(p, 1.1283791670955126),
		        ex_fn(p, FN_EXP, ex_neg(p, mul(p, a, a)))));
		break;
	case FN_SIN:
		r = mul(p, seed, ex_fn(p, FN_COS, a));
		break;
	case FN_COS:
		r = ex_neg(p, mul(p, seed, ex_fn(p, FN_SIN, a)));
		break;
	case FN_LOGISTIC:
		r = mul(p, seed, mul(p, e, ex_bin(p, E_SUB, one, e)));
		break;
	case FN_SIGN:
	case FN_FLOOR:
	case FN_COUNT:
		return;
	}
	back(p, a, r, out);
}

/* out[read] = sum of what reaches it, in order of first occurrence */
void
back(Program *p, ExprId e, ExprId seed, Adjoints *out)
{
	Expr x = p->exprs.v[e];
	ExprId zero;

	switch (x.op) {
	case E_READ:
	case E_PAD:
		put(p, out, e, seed);
		break;
	case E_ADD:
		back(p, x.a, seed, out);
		back(p, x.b, seed, out);
		break;
	case E_SUB:
		back(p, x.a, seed, out);
		back(p, x.b, ex_neg(p, seed), out);
		break;
	case E_NEG:
		back(p, x.a, ex_neg(p, seed), out);
		break;
	case E_MUL:
		if (x.a == x.b) { /* a square: 2 a, without a sum of equals */
			back(p, x.a, mul(p, mul(p, seed, ex_num(p, 2)), x.a),
			     out);
			break;
		}
		back(p, x.a, mul(p, seed, x.b), out);
		back(p, x.b, mul(p, seed, x.a), out);
		break;
	case E_DIV:
		back(p, x.a, ex_bin(p, E_DIV, seed, x.b), out);
		back(p, x.b, ex_neg(p, ex_bin(p, E_DIV,
		     mul(p, seed, ex_bin(p, E_DIV, x.a, x.b)), x.b)), out);
		break;
	case E_SEL: /* the seed goes into the branches: no 0*inf */
		zero = ex_num(p, 0);
		back(p, x.b, ex_sel(p, x.a, seed, zero), out);
		back(p, x.c, ex_sel(p, x.a, zero, seed), out);
		break;
	case E_FN:
		back_fn(p, e, seed, out);
		break;
	case E_NONE: case E_NUM: case E_IDX: case E_CNT: case E_STOP:
	case E_LT: case E_LE: case E_EQ: case E_IEQ:
		break;
	}
}

ExprId
derivative(Program *p, ExprId e, ExprId read)
{
	Adjoints out = { 0 };
	uint32_t i;

	back(p, e, ex_num(p, 1), &out);
	for (i = 0; i < out.n; i++)
		if (out.v[i].read == read)
			return out.v[i].value;
	return 0;
}
