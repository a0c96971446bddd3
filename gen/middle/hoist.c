/* SPDX-License-Identifier: MIT
 * Functions of fewer indices than their statement runs over move in front of
 * it: the root of a variance is taken once, not for every element. */
#include <string.h>
#include "middle.h"

/* whether e runs over less than the box of its statement */
static bool
fewer(Program *p, ExprId e, const Indices *box)
{
	Indices own = { 0 };
	uint32_t i;

	expr_indices(p, e, &own);
	for (i = 0; i < own.n; i++)
		if (!has_index(box, own.v[i]))
			return false;
	for (i = 0; i < box->n; i++)
		if (box->v[i] != SAMPLE && !has_index(&own, box->v[i]))
			return true;
	return false;
}

/* the outermost such call; a branch of a choice stays where it is, since its
 * argument may make no sense when the other one is taken */
static ExprId
outermost(Program *p, ExprId e, const Indices *box)
{
	Expr x = p->exprs.v[e];
	ExprId r = 0;

	if (x.op == E_FN && x.fn != FN_ABS && x.fn != FN_SIGN &&
	    x.fn != FN_FLOOR && fewer(p, e, box))
		return e;
	if (x.op == E_SEL)
		return outermost(p, x.a, box);
	if (x.a)
		r = outermost(p, x.a, box);
	if (!r && x.b)
		r = outermost(p, x.b, box);
	if (!r && x.c)
		r = outermost(p, x.c, box);
	return r;
}

static const char *
base_of(Fn fn)
{
	return fn == FN_SQRT ? "root" : fn == FN_LOG || fn == FN_LOG1P ? "ln"
	                              : "v";
}

/* a temporary for the value, as a statement; its read */
static ExprId
statement_of(Program *p, const Stmt *s, const Indices *box, ExprId value,
	Stmt *out)
{
	const Expr *x = &p->exprs.v[value];
	Tensor t = { .kind = T_TEMP, .base = base_of(x->fn), .layer = s->layer,
	             .loc = s->loc };
	StmtDraft d = { .expr = value, .layer = s->layer, .phase = s->phase,
	                .loc = s->loc };
	Indices own = { 0 };
	uint32_t i;

	expr_indices(p, value, &own);
	for (i = 0; i < box->n; i++) {
		Index k = box->v[i];
		if (!has_index(&own, k))
			continue;
		d.lhs[d.nlhs++] = sub_aff(aff_var(p, k));
		PUSH(p->c, &d.idx, k);
		if (k == SAMPLE)
			t.batch = true;
		else
			t.shape.dim[t.shape.rank++] = p->index.v[k].extent;
	}
	t.name = fmt(p->c, "%s_%u", t.base, p->tensors.n);
	d.target = ir_tensor(p, t);
	*out = ir_stmt(p, &d);
	return ex_read(p, d.target, d.lhs, d.nlhs);
}

static bool
one(Program *p, Stmts *list, uint32_t at)
{
	Stmt s = list->v[at], new;
	StmtDraft d;
	Indices box = { 0 };
	ExprId value, read;
	uint32_t i;

	if (s.scan || s.nguard || s.scatter || s.nidx + s.nridx > MAX_RANK)
		return false;
	stmt_draft(p, &s, &d);
	for (i = 0; i < d.idx.n; i++)
		PUSH(p->c, &box, d.idx.v[i]);
	for (i = 0; i < d.ridx.n; i++)
		PUSH(p->c, &box, d.ridx.v[i]);
	value = outermost(p, s.expr, &box);
	if (!value)
		return false;
	read = statement_of(p, &s, &box, value, &new);
	list->v[at].expr = replace(p, s.expr, value, read);
	PUSH(p->c, list, new);
	memmove(list->v + at + 1, list->v + at,
	        (list->n - 1 - at) * sizeof *list->v);
	list->v[at] = new;
	return true;
}

/* needs indices that name each statement's own box; keeps all bits */
bool
hoist(Program *p, Stmts *list)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < list->n; i++)
		while (one(p, list, i)) {
			any = true;
			i++;        /* the same statement stands one further */
		}
	return any;
}
