/* SPDX-License-Identifier: MIT
 * The training loss in; where it may have kinks, which differences must not
 * step over, out: a switch, or which of several is the largest, unless what it
 * decides has no derivative. */
#include "middle.h"

static bool
all_settled(const Program *p, ExprId e)
{
	const Expr *x = &p->exprs.v[e];
	TensorKind kind = p->tensors.v[x->tensor].kind;

	if (x->op == E_READ || x->op == E_PAD)
		return kind == T_TARGET || kind == T_CONST || kind == T_RAND;
	return (!x->a || all_settled(p, x->a)) &&
	       (!x->b || all_settled(p, x->b)) &&
	       (!x->c || all_settled(p, x->c));
}

/* does the condition depend on nothing that differences are taken by? */
bool
is_settled(const Program *p, ExprId condition)
{
	const Expr *x = &p->exprs.v[condition];

	if (x->op == E_IEQ &&
	    p->tensors.v[p->exprs.v[x->a].tensor].kind == T_INPUT)
		return true; /* an id */
	return all_settled(p, condition);
}

static bool
branches(const Program *p, ExprId e)
{
	const Expr *x = &p->exprs.v[e];

	if ((x->op == E_SEL && !is_settled(p, x->a)) || (x->op == E_FN &&
	    (x->fn == FN_ABS || x->fn == FN_SIGN || x->fn == FN_FLOOR)))
		return true;
	return (x->a && branches(p, x->a)) || (x->b && branches(p, x->b)) ||
	       (x->c && branches(p, x->c));
}

/* needs the list as it was written: stop() is gone from a simplified one */
void
stopped(Program *p, Stmts *list)
{
	bool *flows = mem(p->c, p->tensors.n + 1);
	uint32_t i, k;

	for (i = 0; i < list->n; i++) {
		Reads reads = { 0 };
		expr_reads(p, list->v[i].expr, false, &reads);
		for (k = 0; k < reads.n; k++)
			flows[p->exprs.v[reads.v[k]].tensor] = true;
	}
	for (i = 0; i < list->n; i++)
		list->v[i].stopped = list->v[i].red == RED_MAX &&
		                     !flows[list->v[i].target];
}

bool
kinks(const Program *p, const Stmts *list)
{
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if ((s->red == RED_MAX && !s->stopped) || branches(p, s->expr))
			return true;
	}
	return false;
}
