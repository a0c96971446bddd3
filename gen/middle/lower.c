/* SPDX-License-Identifier: MIT
 * Lowers the lines of a formula to statements: splits off inner reductions and
 * activations, guards reads that may fall outside, adds the sample index. */
#include <math.h>
#include <string.h>
#include "resolve.h"

TensorId
use_find(const Use *u, const char *name)
{
	uint32_t i;

	for (i = u->binds.n; i-- > 0;)
		if (!strcmp(u->binds.v[i].name, name))
			return u->binds.v[i].tensor;
	return 0;
}

void
use_bind(Use *u, const char *name, TensorId t)
{
	Bind b = { name, t };

	PUSH(u->p->c, &u->binds, b);
}

void
use_value(Use *u, const char *name, double v)
{
	Value x = { name, v };

	PUSH(u->p->c, &u->values, x);
}

Use
use_copy(const Use *u)
{
	Use v = *u;

	v.binds.cap = v.binds.n; /* the next push moves to memory of its own */
	v.values.cap = v.values.n;
	v.shapes.cap = v.shapes.n;
	return v;
}

static void
fail(Low *w, Loc at, const char *text)
{
	if (!w->bad)
		err(w->c, at, "%s", text);
	w->bad = true;
}

static const Shape *
declared(const Use *u, const char *name)
{
	uint32_t i;

	for (i = 0; i < u->shapes.n; i++)
		if (!strcmp(u->shapes.v[i].name, name))
			return &u->shapes.v[i].shape;
	return NULL;
}

/* ---- finishing one statement */

typedef struct {
	Low *w;
	StmtDraft d;                /* left side and reads without sample index */
	ExprId y;                   /* the value, as over_dy names it */
} Finish;

/* lo >= 0 everywhere, or implied by one guard g: lo - g >= 0 */
static bool
implied(Program *p, AffId lo, const Guards *g)
{
	uint32_t i;

	if (aff_lo(p, lo) >= 0)
		return true;
	for (i = 0; i < g->n; i++)
		if (aff_lo(p, aff_add(p, lo, aff_mul(p, g->v[i], -1))) >= 0)
			return true;
	return false;
}

static bool
is_factor(const Program *p, ExprId e, ExprId read)
{
	const Expr *x = &p->exprs.v[e];

	return e == read || (x->op == E_NEG && is_factor(p, x->a, read)) ||
	       (x->op == E_MUL && (is_factor(p, x->a, read) ||
	                           is_factor(p, x->b, read)));
}

/* the state before t = 0 may be read at t - 1 */
static bool
row_before(const Low *w, const Expr *x, int q)
{
	const Tensor *t = &w->p->tensors.v[x->tensor];
	AffId before;

	if (!t->off || !w->scan || q != (w->named_n ? 1 : 0))
		return false;
	before = aff_addk(w->p, aff_var(w->p, w->scan_t), -1);
	return w->p->subs.v[x->sub + (uint32_t)q].id == before;
}

static void
bounds(Low *w, StmtDraft *d)
{
	Program *p = w->p;
	Reads reads = { 0 };
	uint32_t i;

	expr_reads(p, d->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		Expr x = p->exprs.v[reads.v[i]];
		int64_t dims[MAX_RANK + 2];
		Guards out = { 0 };
		uint32_t q;
		if (p->tensors.v[x.tensor].kind == T_RAND)
			continue;
		seen_dims(w, x.tensor, dims);
		for (q = 0; q < x.nsub; q++) {
			Sub s = p->subs.v[x.sub + q];
			AffId up;
			if (s.indirect || row_before(w, &x, (int)q))
				continue;
			up = aff_addk(p, aff_mul(p, s.id, -1),
			              (int32_t)dims[q] - 1);
			if (!implied(p, s.id, &d->guards))
				PUSH(p->c, &out, s.id);
			if (!implied(p, up, &d->guards))
				PUSH(p->c, &out, up);
		}
		if (!out.n)
			continue;
		if (!w->u->pad) {
			fail(w, x.loc, fmt(w->c, "'%s' can be read outside its "
			     "%s here", p->tensors.v[x.tensor].name,
			     shape_text(w->c, &p->tensors.v[x.tensor].shape)));
			help(w->c, "say `pad = \"zero\"` in the record, or keep "
			     "the index inside with `where`");
			return;
		}
		if (!strcmp(w->u->pad, "skip") ||
		    (d->red == RED_SUM && is_factor(p, d->expr, reads.v[i]))) {
			for (q = 0; q < out.n; q++)
				PUSH(p->c, &d->guards, out.v[q]);
		} else {
			d->expr = replace(p, d->expr, reads.v[i],
				ex_pad(p, x.tensor, &p->subs.v[x.sub],
				       (int)x.nsub));
		}
	}
}

static void
random_shapes(Low *w, ExprId e)
{
	Reads reads = { 0 };
	uint32_t i, q;

	expr_reads(w->p, e, true, &reads);
	for (i = 0; i < reads.n; i++) {
		Expr x = w->p->exprs.v[reads.v[i]];
		Tensor *t = &w->p->tensors.v[x.tensor];
		if (t->kind != T_RAND)
			continue;
		t->shape.rank = (int)x.nsub;
		for (q = 0; q < x.nsub; q++)
			t->shape.dim[q] = (int32_t)aff_hi(w->p,
				w->p->subs.v[x.sub + q].id) + 1;
	}
}

/* sample index in front, rows shifted by the state before t = 0 */
static ExprId
address(Program *p, ExprId e, void *u)
{
	Low *w = ((Finish *)u)->w;
	Expr x = p->exprs.v[e];
	Sub subs[MAX_RANK + 2];
	const Tensor *t;
	uint32_t i, n = 0, b = w->named_n ? 1 : 0;

	if (x.op != E_READ && x.op != E_PAD)
		return e;
	t = &p->tensors.v[x.tensor];
	if (t->batch && !w->named_n)
		subs[n++] = sub_aff(aff_var(p, SAMPLE));
	for (i = 0; i < x.nsub; i++) {
		subs[n] = p->subs.v[x.sub + i];
		if (t->off && i == b)
			subs[n].id = aff_addk(p, subs[n].id, 1);
		n++;
	}
	return x.op == E_READ ? ex_read(p, x.tensor, subs, (int)n)
	                      : ex_pad(p, x.tensor, subs, (int)n);
}

static bool
any_batch(Low *w, ExprId e)
{
	Reads reads = { 0 };
	uint32_t i;

	if (e)
		expr_reads(w->p, e, true, &reads);
	for (i = 0; i < reads.n; i++)
		if (w->p->tensors.v[w->p->exprs.v[reads.v[i]].tensor].batch)
			return true;
	return false;
}

static void
left_side(Low *w, StmtDraft *d)
{
	Program *p = w->p;
	Tensor *t = &p->tensors.v[d->target];
	uint32_t b = w->named_n ? 1 : 0;
	int q;
	Indices all = { 0 };

	if (t->off)
		d->lhs[b].id = aff_addk(p, d->lhs[b].id, 1);
	if (t->batch && !w->named_n) {
		memmove(d->lhs + 1, d->lhs, (size_t)d->nlhs * sizeof *d->lhs);
		d->lhs[0] = sub_aff(aff_var(p, SAMPLE));
		d->nlhs++;
	}
	for (q = 0; q < d->nlhs; q++)
		aff_indices(p, d->lhs[q].id, &all);
	d->idx.n = 0;
	for (uint32_t i = 0; i < all.n; i++)
		if (!w->scan || all.v[i] != w->scan_t)
			PUSH(p->c, &d->idx, all.v[i]);
}

static void
statement(Low *w, Finish *f)
{
	Program *p = w->p;
	StmtDraft *d = &f->d;
	Tensor *t = &p->tensors.v[d->target];
	Guards kept = { 0 };
	Drafts made = { 0 };
	bool batch;
	uint32_t i;

	random_shapes(w, d->expr);
	bounds(w, d);
	if (w->bad)
		return;
	for (i = 0; i < d->guards.n; i++)
		guard_add(p, &kept, d->guards.v[i]);
	d->guards = kept;
	batch = !w->u->update && any_batch(w, d->expr);
	if (!w->named_n && !w->u->update)
		t->batch |= batch;
	d->expr = ex_map(p, d->expr, address, f);
	if (d->over_z) {
		d->over_z = ex_map(p, d->over_z, address, f);
		d->over_dy = ex_map(p, d->over_dy, address, f);
	}
	left_side(w, d);
	d->scan = w->scan;
	d->layer = w->u->layer;
	d->phase = w->u->phase;
	if (!d->add || w->u->update) {
		d->add = false;
		PUSH(p->c, w->u->out, ir_stmt(p, d));
		return;
	}
	place(p, d->target, d->lhs, d->nlhs, &d->idx, &d->guards, d->expr,
	      &made);
	for (i = 0; i < w->u->out->n; i++)
		if (w->u->out->v[i].target == d->target)
			break;
	if (i == w->u->out->n) {
		Stmt like = { .layer = d->layer, .phase = d->phase,
		              .loc = d->loc };
		fill(p, d->target, -0.0, w->u->out, &like);
	}
	for (i = 0; i < made.n; i++) {
		made.v[i].layer = d->layer;
		made.v[i].phase = d->phase;
		made.v[i].loc = d->loc;
		made.v[i].scan = d->scan;
		PUSH(p->c, w->u->out, ir_stmt(p, &made.v[i]));
	}
}

/* ---- values: trees to expressions; reductions and activations split off */

static ExprId value(Low *w, Ast *a, const Guards *guards);

typedef struct {                /* a reduction, ready to become a statement */
	Red red;
	Indices ridx;
	Guards guards;
	ExprId body;
} Reduction;

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
	for (i = 0; i < all.n; i++)
		if (!has_index(&r->ridx, all.v[i]) && !has_index(out, all.v[i])
		    && all.v[i] != SAMPLE)
			PUSH(w->c, out, all.v[i]);
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

static ExprId
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
	statement(w, &f);
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

static ExprId
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
		fail(w, exponent->loc, "an exponent must be 0.5, 2, 3 or 4");
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
	fail(w, a->loc, a->name ? fmt(w->c, "'%s' has no meaning in an "
	     "activation", a->name) : "this has no meaning in an activation");
	help(w->c, "an activation is a formula of z (and `dy` of z and y), its "
	     "arguments, numbers and functions");
	return v->z;
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
	return act_value(w, a, &v);
}

/* y of z; *dy, 0 where the derived one serves */
static ExprId
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
static ExprId
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
		fail(w, a->loc, fmt(w->c, "%s works on whole vectors: it can "
		     "only be the whole right side", a->act->rec->name));
		return z;
	}
	read = temporary(w, &r, a->act->rec->name, &id, f.d.lhs, &f.d.nlhs);
	f.d.target = id;
	f.d.loc = a->loc;
	f.d.expr = activation(w, a->act, z, read, &f.d.over_dy);
	f.d.over_z = f.d.over_dy ? z : 0;
	guards_of(w, guards, f.d.lhs, f.d.nlhs, &f.d.guards);
	statement(w, &f);
	return read;
}

static ExprId
value_of(Low *w, Ast *a, const void *guards)
{
	return value(w, a, guards);
}

static ExprId
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
	fail(w, a->loc, "a comparison is no value");
	return ex_num(p, 0);
}

/* ---- lines */

/* softmax and other activations that are blocks: y = act(z), whole tensors */
static void
act_block(Low *w, Ast *a, Finish *f)
{
	const Act *act = a->act;
	Guards none = { 0 };
	ExprId z = argument(w, a->args.v[0], &none);
	Expr x = w->p->exprs.v[z];
	Use u = { .p = w->p, .out = w->u->out, .prefix = w->u->prefix,
	          .layer = w->u->layer, .phase = w->u->phase,
	          .rand_key = w->u->rand_key, .what = w->u->what };
	NamedShape shape = { "y", { 0 } };
	uint32_t i;
	bool same = x.nsub == (uint32_t)f->d.nlhs && !f->d.guards.n;
	Tensor *t = &w->p->tensors.v[x.tensor];

	for (i = 0; i < x.nsub && same; i++)
		same = !w->p->subs.v[x.sub + i].indirect &&
		       w->p->subs.v[x.sub + i].id == f->d.lhs[i].id;
	if (w->bad)
		return;
	if (!same || w->scan || w->named_n) {
		fail(w, a->loc, fmt(w->c, "%s works on whole vectors: write "
		     "y[j] = %s(z[j]) on a line of its own", act->rec->name,
		     act->rec->name));
		return;
	}
	shape.shape = t->shape;
	PUSH(w->c, &u.shapes, shape);
	use_bind(&u, "z", x.tensor);
	use_bind(&u, "y", f->d.target);
	for (i = 0; i < act->rec->params.n; i++)
		use_value(&u, act->rec->params.v[i].name, act->args[i].num);
	w->u->act_z = x.tensor;
	if (!lower(&u, act->rec->formula, (Loc){ 0 }))
		w->bad = true;
}

/* y = act(z) over whole tensors: what a loss's closed form may start from */
static void
act_of(Low *w, const Line *l, const Finish *f, ExprId z)
{
	const Expr *x = &w->p->exprs.v[z];
	uint32_t i;

	if (strcmp(l->name, "y") || x->nsub != (uint32_t)f->d.nlhs)
		return;
	for (i = 0; i < x->nsub; i++)
		if (w->p->subs.v[x->sub + i].indirect ||
		    w->p->subs.v[x->sub + i].id != f->d.lhs[i].id)
			return;
	w->u->act_z = x->tensor;
}

static void
right_side(Low *w, Line *l, Finish *f)
{
	Guards guards = f->d.guards;
	Ast *a = l->expr;
	Reduction r = { 0 };
	ExprId n, y;

	if (a->kind == A_ACT && a->act) {
		if (!a->act->rec->y) {
			act_block(w, a, f);
			f->d.target = 0;
			return;
		}
		f->d.over_z = argument(w, a->args.v[0], &guards);
		if (w->bad)
			return;
		act_of(w, l, f, f->d.over_z);
		y = ex_read(w->p, f->d.target, f->d.lhs, f->d.nlhs);
		f->d.expr = activation(w, a->act, f->d.over_z, y,
		                       &f->d.over_dy);
		if (!f->d.over_dy)
			f->d.over_z = 0;
		return;
	}
	if (a->kind != A_RED || l->add) {
		f->d.expr = value(w, a, &guards);
		return;
	}
	n = reduction(w, a, &guards, &r);
	if (w->bad)
		return;
	if (n) {
		f->d.expr = ex_bin(w->p, E_DIV, split_off(w, &r, a->name,
		                   &guards, a->loc), n);
		return;
	}
	f->d.red = r.red;
	f->d.ridx = r.ridx;
	f->d.expr = r.body;
	for (uint32_t i = 0; i < r.guards.n; i++)
		PUSH(w->c, &f->d.guards, r.guards.v[i]);
}

static TensorId
target_of(Low *w, const Line *l, const Shape *shape, const Sub *lhs, int n)
{
	TensorId id = use_find(w->u, l->name);
	Tensor t = { .kind = T_TEMP, .layer = w->u->layer, .loc = l->loc };
	Index x;
	int q;

	if (id)
		return id;
	t.base = l->name;
	t.name = fmt(w->c, "%s%s", w->u->prefix, l->name);
	q = w->named_n && n && aff_is_var(w->p, lhs[0].id, &x) && x == SAMPLE;
	t.batch = q > 0;
	if (shape)
		t.shape = *shape;
	else
		for (; q < n && t.shape.rank < MAX_RANK; q++) {
			if (!aff_is_var(w->p, lhs[q].id, &x)) {
				fail(w, l->loc, fmt(w->c, "the shape of '%s' "
				     "is not known here", l->name));
				help(w->c, "give it in `shape`, or write the "
				     "plain index on the left");
				return 0;
			}
			t.shape.dim[t.shape.rank++] = w->p->index.v[x].extent;
		}
	id = ir_tensor(w->p, t);
	use_bind(w->u, copy(w->c, l->name, strlen(l->name)), id);
	return id;
}

static void
one_line(Low *w, Line *l)
{
	TensorId known = use_find(w->u, l->name);
	const Shape *shape = known ? NULL : declared(w->u, l->name);
	Finish f = { .w = w };
	Scoped t = { w->scan_name, w->scan_t, l->loc };

	w->scope.n = 0;
	w->pack = (Indices){ 0 };
	w->p->at = l->loc;
	if (w->scan)
		PUSH(w->c, &w->scope, t);
	if (!resolve_line(w, l, known, shape, f.d.lhs, &f.d.nlhs, &f.d.guards))
		return;
	f.d.target = target_of(w, l, shape, f.d.lhs, f.d.nlhs);
	if (w->bad)
		return;
	f.d.loc = l->loc;
	f.d.add = l->add;
	right_side(w, l, &f);
	if (!w->bad && f.d.target)
		statement(w, &f);
}

/* ---- scans */

static bool
reads_before(Low *w, const Ast *a, const char *name, const char *t)
{
	const Ast *s;
	uint32_t i;

	if (!a)
		return false;
	if (a->kind == A_NAME && a->subscripted && !strcmp(a->name, name) &&
	    a->args.n) {
		s = a->args.v[w->named_n && a->args.n > 1];
		if (s->kind == A_SUB && s->a->kind == A_NAME &&
		    !strcmp(s->a->name, t) && s->b->kind == A_NUM &&
		    s->b->num == 1)
			return true;
	}
	for (i = 0; i < a->args.n; i++)
		if (reads_before(w, a->args.v[i], name, t))
			return true;
	return reads_before(w, a->a, name, t) ||
	       reads_before(w, a->b, name, t) ||
	       reads_before(w, a->c, name, t);
}

/* row 0 of a state: zero, or the tensor bound as NAME0 */
static void
row_zero(Low *w, TensorId id, TensorId init, Loc at)
{
	StmtDraft d = { .target = id, .layer = w->u->layer,
	                .phase = w->u->phase, .loc = at };
	Sub from[MAX_RANK + 2];
	int i, n = 0;

	d.lhs[d.nlhs++] = sub_aff(aff_var(w->p, SAMPLE));
	d.lhs[d.nlhs++] = sub_aff(aff_const(w->p, 0));
	PUSH(w->c, &d.idx, SAMPLE);
	if (init && w->p->tensors.v[init].batch)
		from[n++] = sub_aff(aff_var(w->p, SAMPLE));
	for (i = 1; i < w->p->tensors.v[id].shape.rank; i++) {
		Index x = ir_index(w->p, fmt(w->c, "i%d", i),
		                   w->p->tensors.v[id].shape.dim[i]);
		d.lhs[d.nlhs++] = from[n++] = sub_aff(aff_var(w->p, x));
		PUSH(w->c, &d.idx, x);
	}
	d.expr = init ? ex_read(w->p, init, from, n) : ex_num(w->p, 0);
	PUSH(w->c, w->u->out, ir_stmt(w->p, &d));
}

/* what the block writes and reads at t - 1 is a state with one row more; what
 * it writes with a declared shape may be read anywhere in the block */
static void
open_scan(Low *w, Lines *lines, uint32_t first)
{
	const char *t = lines->v[first].name;
	Scan g = { ir_index(w->p, t, 0), 0, false };
	uint32_t i, k;

	for (i = first + 1; lines->v[i].kind != LINE_END && !w->bad; i++) {
		Line *l = &lines->v[i];
		const Shape *shape = declared(w->u, l->name);
		bool state = false;
		Tensor x = { .kind = T_TEMP, .layer = w->u->layer, .batch = true,
		             .base = l->name, .loc = l->loc };
		TensorId id;
		for (k = first + 1; lines->v[k].kind != LINE_END; k++)
			state |= reads_before(w, lines->v[k].expr, l->name, t);
		if (!state || use_find(w->u, l->name))
			continue;
		if (!shape) {
			fail(w, l->loc, fmt(w->c, "the state '%s' of a scan "
			     "needs a shape", l->name));
			help(w->c, "give it in `shape`: {%s = {steps, size}}",
			     l->name);
			return;
		}
		x.shape = *shape;
		g.n = shape->dim[0];
		x.shape.dim[0]++;
		x.off = 1;
		x.name = fmt(w->c, "%s%s", w->u->prefix, l->name);
		id = ir_tensor(w->p, x);
		use_bind(w->u, l->name, id);
		row_zero(w, id, use_find(w->u, fmt(w->c, "%s0", l->name)),
		         l->loc);
	}
	w->p->index.v[g.t].extent = g.n;
	w->scan_t = g.t;
	w->scan_name = t;
	PUSH(w->c, &w->p->scans, g);
	w->scan = w->p->scans.n - 1;
}

/* what does not depend on the recurrence leaves the block, before it */
static void
close_scan(Low *w, uint32_t first)
{
	Program *p = w->p;
	Stmts *out = w->u->out;
	Scan *g = &p->scans.v[w->scan];
	uint32_t i, k, at = first;
	bool again = true;

	if (!g->n)
		g->n = p->index.v[g->t].extent;
	if (!g->n) {
		fail(w, p->at, "the length of the scan is not known");
		help(w->c, "declare the shape of its state");
		return;
	}
	while (again) {
		again = false;
		for (i = at; i < out->n && !again; i++) {
			Stmt s = out->v[i];
			Reads reads = { 0 };
			StmtDraft d;
			uint32_t writers = 0;
			bool bound = false;
			expr_reads(p, s.expr, true, &reads);
			for (k = at; k < out->n; k++) {
				uint32_t q;
				writers += out->v[k].target == s.target;
				for (q = 0; q < reads.n; q++)
					bound |= p->exprs.v[reads.v[q]].tensor
					         == out->v[k].target;
			}
			if (bound || writers > 1 || s.scatter ||
			    p->tensors.v[s.target].off || s.add)
				continue;
			stmt_draft(p, &s, &d);
			d.scan = 0;
			k = d.idx.n && d.idx.v[0] == SAMPLE;
			PUSH(w->c, &d.idx, 0);
			memmove(d.idx.v + k + 1, d.idx.v + k,
			        (d.idx.n - 1 - k) * sizeof *d.idx.v);
			d.idx.v[k] = g->t;
			s = ir_stmt(p, &d);
			memmove(out->v + at + 1, out->v + at,
			        (i - at) * sizeof *out->v);
			out->v[at++] = s;
			again = true;
		}
	}
	w->scan = 0;
}

/* ---- the whole formula */

typedef struct { TensorId t; uint32_t first; } Written;

static bool
disjoint(const Program *p, const Stmt *a, const Stmt *b)
{
	uint32_t q;

	for (q = 0; q < a->nlhs; q++) {
		AffId x = p->subs.v[a->lhs + q].id, y = p->subs.v[b->lhs + q].id;
		const Aff *f = &p->affs.v[x], *g = &p->affs.v[y];
		if (aff_hi(p, x) < aff_lo(p, y) || aff_hi(p, y) < aff_lo(p, x))
			return true;
		if (f->n == 1 && g->n == 1 &&
		    p->terms.v[f->term].c == p->terms.v[g->term].c &&
		    (f->k - g->k) % p->terms.v[f->term].c)
			return true;
	}
	return false;
}

/* the left sides of one tensor are disjoint, inside and cover it */
static void
covered(Low *w, uint32_t first)
{
	Program *p = w->p;
	Stmts *out = w->u->out;
	uint32_t i, k, q;

	for (i = first; i < out->n && !w->bad; i++) {
		const Stmt *s = &out->v[i];
		const Tensor *t = &p->tensors.v[s->target];
		int64_t dims[MAX_RANK + 2], size = 1, sum = 0;
		int n = tensor_dims(p, s->target, dims);
		if (s->add || (t->kind != T_TEMP && t->kind != T_OUTPUT))
			continue;
		for (q = 0; q < (uint32_t)n; q++) {
			AffId a = p->subs.v[s->lhs + q].id;
			size *= dims[q];
			if (aff_lo(p, a) < 0 || aff_hi(p, a) >= dims[q])
				fail(w, s->loc, fmt(w->c, "'%s' is written "
				     "outside its %s", t->name,
				     shape_text(w->c, &t->shape)));
		}
		for (k = first; k < out->n && !w->bad; k++) {
			const Stmt *o = &out->v[k];
			if (o->target != s->target || o->add)
				continue;
			sum += stmt_points(p, o) *
			       (o->scan ? p->scans.v[o->scan].n : 1);
			if (k != i && !disjoint(p, s, o))
				fail(w, s->loc, fmt(w->c, "'%s' is written "
				     "twice", t->name));
		}
		if (!w->bad && sum != size)
			fail(w, s->loc, fmt(w->c, "'%s' is written at %lld of "
			     "its %lld places", t->name, (long long)sum,
			     (long long)size));
	}
}

static bool
names_n(const Ast *a)
{
	uint32_t i;

	if (!a)
		return false;
	if (a->kind == A_NAME && !a->subscripted && !strcmp(a->name, "n"))
		return true;
	for (i = 0; i < a->args.n; i++)
		if (names_n(a->args.v[i]))
			return true;
	for (i = 0; i < a->binders.n; i++)
		if (!strcmp(a->binders.v[i].name, "n"))
			return true;
	return names_n(a->a) || names_n(a->b) || names_n(a->c);
}

bool
lower_lines(Use *u, Lines *lines)
{
	Low w = { .u = u, .p = u->p, .c = u->p->c };
	uint32_t first = u->out->n, scan_first = 0, i, k;
	Loc at = u->p->at;

	for (i = 0; i < lines->n; i++) {
		w.named_n |= names_n(lines->v[i].expr);
		for (k = 0; k < lines->v[i].subs.n; k++)
			w.named_n |= names_n(lines->v[i].subs.v[k]);
	}
	for (i = 0; i < lines->n && !w.bad; i++) {
		Line *l = &lines->v[i];
		if (l->kind == LINE_SCAN) {
			open_scan(&w, lines, i);
			scan_first = u->out->n;
		} else if (l->kind == LINE_END) {
			close_scan(&w, scan_first);
		} else {
			one_line(&w, l);
		}
	}
	if (!w.bad && !u->update)
		covered(&w, first);
	u->p->at = at;
	return !w.bad;
}

bool
lower(Use *u, const char *text, Loc at)
{
	Lines lines = { 0 };

	if (!parse_formula(u->p->c, text, at, fmt(u->p->c, "formula of %s",
	                   u->what), &lines))
		return false;
	return lower_lines(u, &lines);
}
