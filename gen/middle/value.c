/* SPDX-License-Identifier: MIT
 * Trees of a formula to scalar expressions; reductions and activations become
 * statements of their own. */
#include <math.h>
#include <string.h>
#include "lowering.h"

/* the order of the left side first: then both can share their loops */
static void
free_indices(Low *w, const Reduction *r, Indices *out)
{
	Indices all = { 0 };
	uint32_t i;
	bool scan = false, sample = false;

	expr_indices(w->p, r->body, &all);
	for (i = 0; i < r->guards.n; i++)
		aff_indices(w->p, r->guards.v[i], &all);
	for (i = 0; i < all.n; i++) {
		scan |= w->scan && all.v[i] == w->scan_t;
		sample |= w->named_n && all.v[i] == SAMPLE;
	}
	if (sample && !has_index(&r->ridx, SAMPLE))
		PUSH(w->c, out, SAMPLE);
	if (scan)
		PUSH(w->c, out, w->scan_t);
	for (i = 0; i < w->left.n + all.n; i++) {
		Index x = i < w->left.n ? w->left.v[i] : all.v[i - w->left.n];
		if (has_index(&all, x) && !has_index(&r->ridx, x) &&
		    !has_index(out, x) && x != SAMPLE)
			PUSH(w->c, out, x);
	}
}

/* a new tensor over the free indices; its read */
static ExprId
temporary(Low *w, const Reduction *r, const char *base, TensorId *id,
	Sub *subs, int *n)
{
	Tensor t = { .kind = T_TEMP, .base = base, .layer = w->u->layer };
	Indices open = { 0 };
	uint32_t i;

	free_indices(w, r, &open);
	*n = 0;
	for (i = 0; i < open.n && i < MAX_RANK; i++) {
		subs[(*n)++] = sub_aff(aff_var(w->p, open.v[i]));
		if (open.v[i] == SAMPLE)
			t.batch = true;
		else
			t.shape.dim[t.shape.rank++] =
				w->p->index.v[open.v[i]].extent;
	}
	t.name = fmt(w->c, "%s%s_%u", w->u->prefix, base, w->p->tensors.n);
	*id = ir_tensor(w->p, t);
	return ex_read(w->p, *id, subs, *n);
}

static void
guards_of(Low *w, const Guards *from, const Sub *subs, int n, Guards *to)
{
	Indices here = { 0 };
	uint32_t i, k;
	int q;

	for (q = 0; q < n; q++)
		aff_indices(w->p, subs[q].id, &here);
	for (i = 0; i < from->n; i++) {
		Indices in = { 0 };
		bool all = true;
		aff_indices(w->p, from->v[i], &in);
		for (k = 0; k < in.n; k++)
			all &= has_index(&here, in.v[k]);
		if (all)
			PUSH(w->c, to, from->v[i]);
	}
}

ExprId
split_off(Low *w, const Reduction *r, const char *base, const Guards *guards,
	Loc at)
{
	Finish f = { .w = w };
	TensorId id;
	ExprId read = temporary(w, r, base, &id, f.d.lhs, &f.d.nlhs);
	uint32_t i;

	f.d.target = id;
	f.d.loc = at;
	f.d.red = r->red;
	f.d.ridx = r->ridx;
	f.d.expr = r->body;
	guards_of(w, guards, f.d.lhs, f.d.nlhs, &f.d.guards);
	for (i = 0; i < r->guards.n; i++)
		PUSH(w->c, &f.d.guards, r->guards.v[i]);
	finish(w, &f);
	return read;
}

/* mean's divisor; n counts at run time */
static ExprId
count_of(Low *w, const Indices *ridx)
{
	ExprId n = ex_num(w->p, (double)box_size(w->p, ridx));

	if (has_index(ridx, SAMPLE))
		n = mul(w->p, ex_count(w->p), n);
	return n;
}

ExprId
reduction(Low *w, Ast *a, const Guards *guards, Reduction *r)
{
	Guards inner = { 0 };
	uint32_t i;
	Indices rest = { 0 };

	r->red = strcmp(a->name, "max") ? RED_SUM : RED_MAX;
	for (i = 0; i < guards->n; i++)
		PUSH(w->c, &inner, guards->v[i]);
	for (i = 0; i < a->where.n; i++) {
		PUSH(w->c, &inner, a->where.v[i]);
		PUSH(w->c, &r->guards, a->where.v[i]);
	}
	r->body = value(w, a->a, &inner);
	r->ridx = a->bound;
	if (has_index(&a->bound, SAMPLE) && a->bound.n > 1 && !w->bad) {
		/* the batch is always a sum of its own, outermost */
		for (i = 0; i < a->bound.n; i++)
			if (a->bound.v[i] != SAMPLE)
				PUSH(w->c, &rest, a->bound.v[i]);
		r->ridx = rest;
		r->body = split_off(w, r, a->name, guards, a->loc);
		r->ridx = (Indices){ 0 };
		r->guards = (Guards){ 0 };
		PUSH(w->c, &r->ridx, SAMPLE);
	}
	return strcmp(a->name, "mean") ? 0 : count_of(w, &a->bound);
}

static ExprId
call_value(Low *w, const char *fn, ExprId *v)
{
	Program *p = w->p;
	int f = fn_find(fn);

	if (f >= 0)
		return ex_fn(p, (Fn)f, v[0]);
	if (!strcmp(fn, "stop"))
		return ex_stop(p, v[0]);
	if (!strcmp(fn, "min"))
		return ex_sel(p, ex_bin(p, E_LT, v[1], v[0]), v[1], v[0]);
	if (!strcmp(fn, "max"))
		return ex_sel(p, ex_bin(p, E_LT, v[0], v[1]), v[1], v[0]);
	return ex_sel(p, ex_bin(p, E_LT, v[0], v[1]), v[1],
	       ex_sel(p, ex_bin(p, E_LT, v[2], v[0]), v[2], v[0]));
}

/* constants are folded in double, once, here */
static ExprId
binary(Low *w, AstKind k, ExprId a, ExprId b)
{
	static const Op ops[] = {
		[A_ADD] = E_ADD, [A_SUB] = E_SUB, [A_MUL] = E_MUL,
		[A_DIV] = E_DIV
	};
	const Expr *x = &w->p->exprs.v[a], *y = &w->p->exprs.v[b];
	double u = x->num, v = y->num, r;

	if (x->op != E_NUM || y->op != E_NUM)
		return ex_bin(w->p, ops[k], a, b);
	r = k == A_ADD ? u + v : k == A_SUB ? u - v : k == A_MUL ? u * v : u / v;
	return ex_num(w->p, r);
}

static ExprId
power(Low *w, ExprId a, const Ast *exponent, double e)
{
	Program *p = w->p;
	ExprId r = a;
	int i;

	if (e == 0.5)
		return ex_fn(p, FN_SQRT, a);
	if (e != 2 && e != 3 && e != 4) {
		fail_line(w, exponent->loc, "an exponent must be 0.5, 2, 3 or 4");
		help(w->c, "write exp(k * log(x)) for other powers of x > 0");
		return a;
	}
	for (i = 1; i < (int)e; i++)
		r = ex_bin(p, E_MUL, r, a);
	return r;
}

static ExprId
condition(Low *w, Ast *a, ExprId yes, ExprId no, ExprId (*of)(Low *, Ast *,
	const void *), const void *u)
{
	static const Op ops[] = { [A_LT] = E_LT, [A_LE] = E_LE, [A_EQ] = E_EQ,
	                          [A_NE] = E_EQ };
	ExprId x = of(w, a->a, u), y = of(w, a->b, u);
	ExprId c = ex_bin(w->p, ops[a->kind], x, y);

	return a->kind == A_NE ? ex_sel(w->p, c, no, yes)
	                       : ex_sel(w->p, c, yes, no);
}

/* ---- activations */

typedef struct { const Act *act; ExprId z, y; } ActValue;

static ExprId
act_value(Low *w, Ast *a, const void *u)
{
	const ActValue *v = u;
	const Record *r = v->act->rec;
	ExprId x[3];
	uint32_t i;

	if (w->bad)
		return v->z;
	w->p->at = a->loc;
	switch (a->kind) {
	case A_NUM:
		return ex_num(w->p, a->num);
	case A_NAME:
		if (!strcmp(a->name, "z") && !a->subscripted)
			return v->z;
		if (!strcmp(a->name, "y") && v->y && !a->subscripted)
			return v->y;
		for (i = 0; i < r->params.n; i++)
			if (!strcmp(r->params.v[i].name, a->name))
				return ex_num(w->p, v->act->args[i].num);
		break;
	case A_NEG:
		x[0] = act_value(w, a->a, u);
		return w->p->exprs.v[x[0]].op == E_NUM
		       ? ex_num(w->p, -w->p->exprs.v[x[0]].num)
		       : ex_neg(w->p, x[0]);
	case A_ADD: case A_SUB: case A_MUL: case A_DIV:
		x[0] = act_value(w, a->a, u);
		return binary(w, a->kind, x[0], act_value(w, a->b, u));
	case A_POW:
		x[0] = act_value(w, a->a, u);
		x[1] = act_value(w, a->b, u);
		return power(w, x[0], a->b, w->p->exprs.v[x[1]].op == E_NUM
		             ? w->p->exprs.v[x[1]].num : 0);
	case A_SEL:
		x[0] = act_value(w, a->b, u);
		x[1] = act_value(w, a->c, u);
		return condition(w, a->a, x[0], x[1], act_value, u);
	case A_CALL:
		if (a->args.n != (!strcmp(a->name, "clamp") ? 3u :
		    !strcmp(a->name, "min") || !strcmp(a->name, "max") ? 2u : 1u)
		    || (fn_find(a->name) < 0 && strcmp(a->name, "clamp") &&
		    strcmp(a->name, "min") && strcmp(a->name, "max") &&
		    strcmp(a->name, "stop")))
			break;
		for (i = 0; i < a->args.n; i++)
			x[i] = act_value(w, a->args.v[i], u);
		return call_value(w, a->name, x);
	default:
		break;
	}
	fail_line(w, a->loc, a->name ? fmt(w->c, "'%s' has no meaning in an "
	     "activation", a->name) : "this has no meaning in an activation");
	help(w->c, "an activation is a formula of z (and `dy` of z and y), its "
	     "arguments, numbers and functions");
	return v->z;
}

enum { MOST_NODES = 20000 };

void
tree_limit(Low *w, ExprId e, Loc at)
{
	int32_t room = MOST_NODES;

	if (!w->bad && !tree_fits(w->p, e, &room))
		fail_line(w, at, "the formula is too long when its powers are "
		          "written out");
}

static ExprId
act_text(Low *w, const Act *act, const char *text, const char *field, ExprId z,
	ExprId y)
{
	ActValue v = { act, z, y };
	Ast *a = parse_expr(w->c, text, (Loc){ 0 }, fmt(w->c,
	                    "activation %s: %s", act->rec->name, field));

	if (!a) {
		w->bad = true;
		return z;
	}
	z = act_value(w, a, &v);
	tree_limit(w, z, act->loc);
	return z;
}

/* y of z; *dy, 0 where the derived one serves */
ExprId
activation(Low *w, const Act *act, ExprId z, ExprId y, ExprId *dy)
{
	const Act *s = act->surrogate;
	Loc at = w->p->at;
	ExprId r = act_text(w, act, act->rec->y, "y", z, 0), sy;

	*dy = 0;
	if (s) { /* the derivative of another activation, at the same z */
		sy = act_text(w, s, s->rec->y, "y", z, 0);
		*dy = s->rec->dy ? act_text(w, s, s->rec->dy, "dy", z, sy)
		                 : derivative(w->p, sy, z);
		if (!*dy)
			*dy = ex_num(w->p, 0);
	} else if (act->rec->dy) {
		*dy = act_text(w, act, act->rec->dy, "dy", z, y);
	}
	w->p->at = at;
	return r;
}

/* the argument as a read of a tensor */
ExprId
argument(Low *w, Ast *a, const Guards *guards)
{
	Reduction r = { .red = RED_NONE };

	r.body = value(w, a, guards);
	if (w->p->exprs.v[r.body].op == E_READ || w->bad)
		return r.body;
	return split_off(w, &r, "z", guards, a->loc);
}

static ExprId
act_split(Low *w, Ast *a, const Guards *guards)
{
	Finish f = { .w = w };
	Reduction r = { .red = RED_NONE };
	TensorId id;
	ExprId z, read;

	if (!a->act)
		return value(w, a->args.v[0], guards); /* linear */
	z = r.body = argument(w, a->args.v[0], guards);
	if (w->bad)
		return z;
	if (a->act->rec->formula || !a->act->rec->y) {
		fail_line(w, a->loc, fmt(w->c, "%s works on whole vectors: it can "
		     "only be the whole right side", a->act->rec->name));
		return z;
	}
	read = temporary(w, &r, a->act->rec->name, &id, f.d.lhs, &f.d.nlhs);
	f.d.target = id;
	f.d.loc = a->loc;
	f.d.expr = activation(w, a->act, z, read, &f.d.over_dy);
	f.d.over_z = f.d.over_dy ? z : 0;
	guards_of(w, guards, f.d.lhs, f.d.nlhs, &f.d.guards);
	finish(w, &f);
	return read;
}

static ExprId
value_of(Low *w, Ast *a, const void *guards)
{
	return value(w, a, guards);
}

ExprId
value(Low *w, Ast *a, const Guards *guards)
{
	Program *p = w->p;
	Reduction r = { 0 };
	ExprId x[3] = { 0 }, n;
	uint32_t i;

	if (w->bad)
		return ex_num(p, 0);
	p->at = a->loc;
	switch (a->kind) {
	case A_NUM:
		return ex_num(p, a->num);
	case A_EXPR:
		return a->expr;
	case A_IDX:
		return ex_idx(p, a->aff);
	case A_READ:
	case A_RAND:
		return ex_read(p, a->tensor, a->subs, a->nsubs);
	case A_NEG:
		x[0] = value(w, a->a, guards);
		return p->exprs.v[x[0]].op == E_NUM
		       ? ex_num(p, -p->exprs.v[x[0]].num) : ex_neg(p, x[0]);
	case A_ADD: case A_SUB: case A_MUL: case A_DIV:
		x[0] = value(w, a->a, guards);
		x[1] = value(w, a->b, guards);
		return binary(w, a->kind, x[0], x[1]);
	case A_POW:
		x[0] = value(w, a->a, guards);
		x[1] = value(w, a->b, guards);
		return power(w, x[0], a->b, p->exprs.v[x[1]].op == E_NUM
		             ? p->exprs.v[x[1]].num : 0);
	case A_SEL:
		x[0] = value(w, a->b, guards);
		x[1] = value(w, a->c, guards);
		return condition(w, a->a, x[0], x[1], value_of, guards);
	case A_CALL:
		for (i = 0; i < a->args.n && i < 3; i++)
			x[i] = value(w, a->args.v[i], guards);
		return call_value(w, a->name, x);
	case A_RED:
		n = reduction(w, a, guards, &r);
		if (w->bad)
			return ex_num(p, 0);
		x[0] = split_off(w, &r, a->name, guards, a->loc);
		return n ? ex_bin(p, E_DIV, x[0], n) : x[0];
	case A_ACT:
		return act_split(w, a, guards);
	case A_NAME: case A_PACK: case A_LT: case A_LE: case A_EQ: case A_NE:
		break;
	}
	fail_line(w, a->loc, "a comparison is no value");
	return ex_num(p, 0);
}

