/* SPDX-License-Identifier: MIT
 * Expressions in, expressions of other bits and less to wait for out: what math
 * fast allows and no compiler does by itself. */
#include "middle.h"

static bool
is_one(const Program *p, ExprId e)
{
	return p->exprs.v[e].op == E_NUM && p->exprs.v[e].num == 1;
}

/* u of 1 + exp(u), or 0 */
static ExprId
exponent(const Program *p, ExprId e)
{
	Expr x = p->exprs.v[e];
	ExprId power;

	if (x.op != E_ADD || (!is_one(p, x.a) && !is_one(p, x.b)))
		return 0;
	power = is_one(p, x.a) ? x.b : x.a;
	return p->exprs.v[power].op == E_FN &&
	       p->exprs.v[power].fn == FN_EXP ? p->exprs.v[power].a : 0;
}

static ExprId
relax_one(Program *p, ExprId e, void *u)
{
	Expr x = p->exprs.v[e];
	ExprId power = x.op == E_DIV ? exponent(p, x.b) : 0;
	const Expr *b = &p->exprs.v[x.b];

	(void)u;
	/* a/(1 + exp(-z)) */
	if (power)
		return mul(p, x.a, ex_fn(p, FN_LOGISTIC,
		           tidy(p, ex_neg(p, power))));
	/* y*(1 - y) = y - y*y is one multiply-add */
	if (x.op == E_MUL && b->op == E_SUB && b->b == x.a && is_one(p, b->a))
		return ex_bin(p, E_SUB, x.a, ex_bin(p, E_MUL, x.a, x.a));
	return e;
}

/* Needs order(), math fast. */
void
relax(Program *p)
{
	uint32_t i;
	int k;

	for (k = 0; k < K_COUNT; k++)
		for (i = 0; i < p->kernel[k].n; i++) {
			Stmt *s = &p->kernel[k].v[i];
			s->expr = ex_map(p, s->expr, relax_one, NULL);
		}
}
