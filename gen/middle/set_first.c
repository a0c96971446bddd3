/* SPDX-License-Identifier: MIT
 * Tensors that are filled with -0.0 and then added to in; where an element is
 * added to for the first time it is set, and what is left to fill, out.  The
 * bits are the same: -0.0 + x is x. */
#include <math.h>
#include <stdlib.h>
#include "middle.h"

typedef struct { int32_t low[MAX_RANK + 2], high[MAX_RANK + 2]; int n; } Box;
typedef struct {
	Program *p;
	Stmts *list;
	TensorId t;                 /* that is filled */
	VEC(Box) set;               /* what has been set so far */
	VEC(StmtId) ids;            /* by these */
} First;

static Box
box_of(const Program *p, uint32_t sub, uint32_t n)
{
	Box b = { .n = (int)n };
	uint32_t i;

	for (i = 0; i < n; i++) {
		Sub s = p->subs.v[sub + i];
		b.low[i] = s.indirect ? INT32_MIN : (int32_t)aff_lo(p, s.id);
		b.high[i] = s.indirect ? INT32_MAX : (int32_t)aff_hi(p, s.id);
	}
	return b;
}

static bool
meet(const Box *a, const Box *b)
{
	int i;

	for (i = 0; i < a->n; i++)
		if (a->high[i] < b->low[i] || b->high[i] < a->low[i])
			return false;
	return true;
}

/* Does it write each element of its box once?  Each subscript is a number or
 * goes through a range of its own. */
static bool
once(const Program *p, const Stmt *s)
{
	uint32_t i, k, used = 0, all = s->nidx + (s->scan > 0);

	if (!s->add || s->scatter || s->nguard)
		return false;
	for (i = 0; i < s->nlhs; i++) {
		const Aff *a = &p->affs.v[p->subs.v[s->lhs + i].id];
		if (p->subs.v[s->lhs + i].indirect || a->n > 1 ||
		    (a->n && abs(p->terms.v[a->term].c) != 1))
			return false;
		for (k = 0; k < i && a->n; k++)
			if (aff_coef(p, p->subs.v[s->lhs + k].id,
			             p->terms.v[a->term].i))
				return false;
		used += a->n;
	}
	return used == all; /* of an injective left side */
}

/* Within a scan: is the element that `a` names at some step touched there only
 * after statement `of` has written it, in an earlier step or earlier in it? */
static bool
after(Program *p, const Stmt *of, uint32_t sub, bool behind)
{
	const Scan *g = &p->scans.v[of->scan];
	const AffId step = aff_var(p, g->t);
	int32_t mine, its;
	uint32_t i;

	for (i = 0; i < of->nlhs; i++) {
		AffId a = p->subs.v[of->lhs + i].id, b = p->subs.v[sub + i].id;
		if (p->subs.v[sub + i].indirect || !aff_coef(p, a, g->t))
			continue;
		if (!aff_is_const(p, aff_add(p, a, aff_mul(p, step, -1)),
		    &mine) || !aff_is_const(p, aff_add(p, b,
		    aff_mul(p, step, -1)), &its))
			return false;
		if (mine == its)
			return behind;
		/* row r is written at step r - mine, named at r - its */
		return g->reverse ? its > mine : its < mine;
	}
	return false;
}

/* may statement `at` set what it adds to: has nothing touched it before? */
static bool
is_first(const First *w, uint32_t fill, uint32_t at)
{
	const Stmt *s = &w->list->v[at], *x;
	const Box mine = box_of(w->p, s->lhs, s->nlhs);
	bool inside;
	uint32_t i, k;

	for (i = fill + 1; i < w->list->n; i++) {
		Reads reads = { 0 };
		Box b;
		x = &w->list->v[i];
		inside = s->scan && x->scan == s->scan;
		if (i > at && !inside)
			break;
		b = box_of(w->p, x->lhs, x->nlhs);
		if (i != at && x->target == w->t && meet(&mine, &b) &&
		    (!inside || !after(w->p, s, x->lhs, i > at)))
			return false;
		expr_reads(w->p, x->expr, true, &reads);
		for (k = 0; k < reads.n; k++) {
			const Expr *r = &w->p->exprs.v[reads.v[k]];
			b = box_of(w->p, r->sub, r->nsub);
			if (r->tensor == w->t && meet(&mine, &b) &&
			    (!inside || !after(w->p, s, r->sub, i > at)))
				return false;
		}
	}
	return true;
}

/* ---- what is left to fill */

/* boxes that differ in one dimension, side by side, are one */
static bool
join(Box *a, const Box *b)
{
	int i, d = -1;

	for (i = 0; i < a->n; i++) {
		if (a->low[i] == b->low[i] && a->high[i] == b->high[i])
			continue;
		if (d >= 0)
			return false;
		d = i;
	}
	if (d < 0 || (a->high[d] + 1 != b->low[d] && b->high[d] + 1 !=
	    a->low[d]))
		return false;
	a->low[d] = a->low[d] < b->low[d] ? a->low[d] : b->low[d];
	a->high[d] = a->high[d] > b->high[d] ? a->high[d] : b->high[d];
	return true;
}

static void
join_all(First *w)
{
	uint32_t i, k;

	for (i = 0; i < w->set.n; i++)
		for (k = i + 1; k < w->set.n; k++)
			if (join(&w->set.v[i], &w->set.v[k])) {
				w->set.v[k] = w->set.v[--w->set.n];
				i = UINT32_MAX; /* from the beginning */
				break;
			}
}

/* the fill alone along dimension d, from `low` on */
static void
slab(Program *p, Stmt *fill, int d, int32_t low, int32_t extent)
{
	Indices idx = { 0 };
	StmtDraft x;
	Index was = SAMPLE, i;
	uint32_t k;

	stmt_draft(p, fill, &x);
	aff_is_var(p, x.lhs[d].id, &was);
	i = ir_index(p, p->index.v[was].name, extent);
	x.lhs[d] = sub_aff(extent == 1 ? aff_const(p, low) :
	                   aff_addk(p, aff_var(p, i), low));
	for (k = 0; k < x.idx.n; k++)
		if (x.idx.v[k] != was)
			PUSH(p->c, &idx, x.idx.v[k]);
		else if (extent > 1)
			PUSH(p->c, &idx, i);
	x.idx = idx;
	*fill = ir_stmt(p, &x);
}

/* Where what has been set is one box, and what remains beside it, too, the
 * latter is filled.  False: the elements would be written twice. */
static bool
shrink(First *w, Stmt *fill)
{
	const Box all = box_of(w->p, fill->lhs, fill->nlhs), *b = w->set.v;
	int i, d = -1;

	join_all(w);
	if (w->set.n != 1)
		return false;
	for (i = 0; i < all.n; i++) {
		if (b->low[i] == all.low[i] && b->high[i] == all.high[i])
			continue;
		if (d >= 0)
			return false;
		d = i;
	}
	if (d < 0)
		fill->target = 0;
	else if (b->low[d] == all.low[d])
		slab(w->p, fill, d, b->high[d] + 1, all.high[d] - b->high[d]);
	else if (b->high[d] == all.high[d])
		slab(w->p, fill, d, all.low[d], b->low[d] - all.low[d]);
	else
		return false;
	return true;
}

static bool
fills(const Program *p, const Stmt *s)
{
	const Expr *x = &p->exprs.v[s->expr];
	const Tensor *t = &p->tensors.v[s->target];

	return s->target && t->kind == T_TEMP && x->op == E_NUM &&
	       x->num == 0 && signbit(x->num) && !s->add && !s->scan &&
	       !s->nridx && !s->nguard && s->nlhs && stmt_points(p, s) ==
	       shape_size(&t->shape);
}

void
set_first(Program *p, Stmts *list)
{
	uint32_t i, k;

	for (i = 0; i < list->n; i++) {
		First w = { .p = p, .list = list,
		            .t = list->v[i].target };
		if (!fills(p, &list->v[i]))
			continue;
		for (k = i + 1; k < list->n; k++) {
			Stmt *s = &list->v[k];
			if (s->target != w.t || !once(p, s) ||
			    !is_first(&w, i, k))
				continue;
			s->add = false;
			PUSH(p->c, &w.set, box_of(p, s->lhs, s->nlhs));
			PUSH(p->c, &w.ids, k);
		}
		if (!shrink(&w, &list->v[i]))
			for (k = 0; k < w.ids.n; k++)
				list->v[w.ids.v[k]].add = true;
	}
	compact(list);
}
