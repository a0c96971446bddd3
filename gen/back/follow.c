/* SPDX-License-Identifier: MIT
 * A statement behind a tile in; its schedule where it is computed on the same
 * tile, before that leaves the registers, out. */
#include "back.h"

uint32_t
tile_outer(const Program *p, const Stmt *s, const Schedule *q)
{
	uint32_t i;

	for (i = 0; i < q->loops.n; i++)
		if (q->loops.v[i].how != LOOP_SERIAL ||
		    !loop_is_result(p, s, &q->loops.v[i]))
			break;
	return i;
}

/* has one value while a step of the scan runs */
static bool
is_still(const Program *p, const Stmt *s, AffId a)
{
	const Aff *x = &p->affs.v[a];

	return !x->n || (x->n == 1 && s->scan &&
	       p->terms.v[x->term].i == p->scans.v[s->scan].t);
}

/* never the same element: rows t and t + 1 of a state, parts of one row */
static bool
apart(const Program *p, const Stmt *s, const Sub *a, const Sub *b, uint32_t n)
{
	uint32_t i;
	AffId d;
	int32_t k;

	for (i = 0; i < n; i++) {
		if (a[i].indirect || b[i].indirect)
			continue;
		if (aff_hi(p, a[i].id) < aff_lo(p, b[i].id) ||
		    aff_hi(p, b[i].id) < aff_lo(p, a[i].id))
			return true;
		if (!is_still(p, s, a[i].id) || !is_still(p, s, b[i].id))
			continue;
		d = aff_add((Program *)p, a[i].id,
		            aff_mul((Program *)p, b[i].id, -1));
		if (aff_is_const(p, d, &k) && k)
			return true;
	}
	return false;
}

/* the same element as a member of the group has there, and which index of this
 * statement stands for which loop */
static bool
same_element(const Vectors *v, const Stmt *member, const Sub *at,
	const Schedule *q, const Sub *here, uint32_t n, Index *of)
{
	const Program *p = v->p;
	Index mine, its;
	uint32_t i, k;
	bool bound;

	for (i = 0; i < n; i++) {
		Sub a = at[i], b = here[i];
		if (a.indirect || b.indirect)
			return false;
		if (a.id == b.id && is_still(p, member, a.id))
			continue;
		if (!aff_is_var(p, a.id, &its) || !aff_is_var(p, b.id, &mine)
		    || tile_extent(v, its) != tile_extent(v, mine))
			return false;
		bound = tile_extent(v, its) < 2;
		for (k = 0; k < q->loops.n; k++) {
			if (q->loops.v[k].index != its)
				continue;
			if (of[k] != UINT32_MAX && of[k] != mine)
				return false;
			of[k] = mine;
			bound = true;
		}
		if (!bound)
			return false;
	}
	return true;
}

static bool
all_bound(const Vectors *v, const Stmt *s, const Schedule *q, const Index *of)
{
	uint32_t i, k;

	for (i = 0; i < s->nidx; i++) {
		Index x = v->p->indices.v[s->idx + i];
		if (tile_extent(v, x) < 2)
			continue;
		for (k = 0; k < q->loops.n && of[k] != x; k++)
			;
		if (k == q->loops.n)
			return false;
	}
	for (k = 0; k < q->loops.n; k++)
		if (of[k] == UINT32_MAX)
			return false;
	return true;
}

/* Where rows are clamped some run twice: what they read must stay. */
static bool
runs_twice(const Schedule *shape)
{
	uint32_t i;

	for (i = 0; i < shape->loops.n; i++)
		if (shape->loops.v[i].clamped)
			return true;
	return false;
}

/* Reads of what the group writes go to the elements at hand, and so do writes of
 * what it reads.  *any: there are such reads. */
static bool
fits(Vectors *v, const Stmts *list, const Schedule *group, uint32_t n,
	const Accesses *a, StmtId id, const Schedule *shape, Index *of,
	bool *any)
{
	const Program *p = v->p;
	const Stmt *s = &list->v[id];
	uint32_t g, i, k;

	for (*any = false, g = 0; g < n; g++) {
		const Schedule *q = g ? &group[g] : shape;
		const Stmt *m = &list->v[group[g].stmt];
		const Sub *its = p->subs.v + m->lhs, *mine = p->subs.v + s->lhs;
		for (i = a->first[id]; i < a->first[id + 1]; i++) {
			const Access *x = &a->all.v[i];
			const Sub *at = p->subs.v + x->sub;
			if (x->tensor != m->target ||
			    apart(p, s, at, its, x->nsub))
				continue;
			if (x->write || !same_element(v, m, its, q, at, m->nlhs,
			                              of))
				return false;
			*any = true;
		}
		for (k = a->first[group[g].stmt]; k < a->first[group[g].stmt +
		     1]; k++) {
			const Access *x = &a->all.v[k];
			const Sub *at = p->subs.v + x->sub;
			if (x->tensor == s->target && !x->write &&
			    !apart(p, s, at, mine, s->nlhs) &&
			    (runs_twice(shape) ||
			     !same_element(v, m, at, q, mine, s->nlhs, of)))
				return false;
		}
	}
	return true;
}

/* A neighbour in a layer runs through as many elements, index by index in their
 * order: the gates of a cell, say. */
static bool
beside(const Vectors *v, const Stmt *lead, const Stmt *s,
	const Schedule *shape, Index *of)
{
	const Index *its = &v->p->indices.v[lead->idx];
	const Index *mine = &v->p->indices.v[s->idx];
	uint32_t i, k;

	if (s->scan != lead->scan || s->layer != lead->layer ||
	    s->phase != lead->phase || s->phase == PH_UPDATE ||
	    s->nidx != lead->nidx || tile_reductions(v, lead))
		return false;
	for (i = 0; i < s->nidx; i++) {
		if ((its[i] == SAMPLE) != (mine[i] == SAMPLE) ||
		    tile_extent(v, its[i]) != tile_extent(v, mine[i]))
			return false;
		for (k = 0; k < shape->loops.n; k++)
			if (shape->loops.v[k].index == its[i])
				of[k] = mine[i];
	}
	return true;
}

/* Statement `id` with the loops of the group's results, and which index of it
 * stands for which; false: it does not read what the group writes, or other
 * elements of it, and has no place beside it either. */
bool
tile_mapped(Vectors *v, const Stmts *list, const Accesses *a,
	const Schedule *group, uint32_t n, StmtId id, Schedule *q, Index of[64])
{
	const Program *p = v->p;
	const Schedule *lead = &group[0];
	const Stmt *s = &list->v[id], *first = &list->v[lead->stmt];
	Schedule shape = { 0 };
	uint32_t i;
	bool any;

	if (lead->across || lead->loops.n > 60)
		return false;
	for (i = 0; i < lead->loops.n; i++)
		if (loop_is_result(p, first, &lead->loops.v[i]))
			PUSH(p->c, &shape.loops, lead->loops.v[i]);
	for (i = 0; i < shape.loops.n; i++)
		of[i] = UINT32_MAX;
	if (!fits(v, list, group, n, a, id, &shape, of, &any) ||
	    (!any && !beside(v, first, s, &shape, of)) ||
	    !all_bound(v, s, &shape, of))
		return false;
	q->lane = of[shape.loops.n - 1];
	for (i = 0; i < shape.loops.n; i++) {
		Loop l = shape.loops.v[i];
		l.index = of[i];
		PUSH(p->c, &q->loops, l);
	}
	q->tile = true;
	q->sums = 1;
	q->fused = (int)tile_outer(p, first, lead);
	return true;
}

/* some vector of the tile may have no lane at all */
static bool
overhangs(const Vectors *v, const Schedule *q)
{
	uint32_t n = q->loops.n;

	return tile_ragged(v, q->lane) &&
	       (q->loops.v[n - 1].count > 1 || (n > 1 &&
	        q->loops.v[n - 2].how == LOOP_UNROLL &&
	        q->loops.v[n - 2].index == q->lane));
}

/* Needs the schedules of a group that ends the list; may `id` follow? */
bool
tile_follows(Vectors *v, const Stmts *list, const Accesses *a,
	const Schedule *group, uint32_t n, StmtId id, Schedule *q)
{
	const Stmt *s = &list->v[id];
	Index of[64];
	int gathers;

	if (s->red != RED_NONE || s->nridx ||
	    !tile_mapped(v, list, a, group, n, id, q, of) ||
	    !tile_along(v, s, q->lane, &gathers) ||
	    (gathers && (overhangs(v, &group[0]) || may_turn(v, s))))
		return false;
	tile_pad(v, s->target);
	return true;
}
