/* SPDX-License-Identifier: MIT
 * Sums whose terms are elements that a tile has just computed: they are added
 * up in registers while the loops of the tile run, so that the elements are not
 * read again. */
#include "back.h"

enum { MOST_CHAINS = 8, MOST_FED_ROWS = 4 };

static bool
stands_in(const Program *p, uint32_t from, uint32_t n, Index i)
{
	uint32_t k;

	for (k = 0; k < n; k++)
		if (p->indices.v[from + k] == i)
			return true;
	return false;
}

/* loops over results, then those of the sum, each term once, then vectors of
 * results */
static bool
in_order(const Vectors *v, const Stmt *s, const Schedule *lead, const Index *of)
{
	uint32_t k, n = lead->loops.n;
	bool reduced = false, mine;

	for (k = 0; k + 1 < n; k++) {
		mine = stands_in(v->p, s->ridx, s->nridx, of[k]);
		if ((reduced && !mine) || lead->loops.v[k].clamped)
			return false;
		reduced |= mine;
	}
	return reduced && stands_in(v->p, s->idx, s->nidx, of[n - 1]);
}

static bool
all_reduced(const Vectors *v, const Stmt *s, const Schedule *lead,
	const Index *of)
{
	uint32_t i, k;

	for (i = 0; i < s->nridx; i++) {
		Index x = v->p->indices.v[s->ridx + i];
		for (k = 0; k < lead->loops.n && of[k] != x; k++)
			;
		if (k == lead->loops.n && tile_extent(v, x) > 1)
			return false;
	}
	return true;
}

/* Needs the schedules of a group that ends the list; may sum `id` be fed by
 * it? */
bool
tile_feeds(Vectors *v, const Stmts *list, const Accesses *a,
	const Schedule *group, uint32_t n, StmtId id, Schedule *q)
{
	const Stmt *s = &list->v[id];
	const Schedule *lead = &group[0];
	const Loop *row = lead->loops.n > 1 ?
	                  &lead->loops.v[lead->loops.n - 2] : NULL;
	Index of[64];
	int gathers;

	if (s->red != RED_SUM || s->add || s->scan || s->lanes > 1 ||
	    s->nguard ||
	    tile_reductions(v, s) != 1 ||
	    tile_reductions(v, &list->v[lead->stmt]) ||
	    !tile_mapped(v, list, a, group, n, id, q, of) ||
	    !in_order(v, s, lead, of) || !all_reduced(v, s, lead, of) ||
	    !tile_along(v, s, of[lead->loops.n - 1], &gathers) || gathers)
		return false;
	q->fed = true;
	if (!v->p->net->strict && row && row->how == LOOP_UNROLL &&
	    !(row->count & (row->count - 1))) /* joined as a tree */
		q->sums = row->count;
	return true;
}

/* So many chains of additions that they do not wait for one another: the
 * innermost loop of the tile takes several rows at a time.  False: it cannot. */
bool
tile_split(Vectors *v, const Schedule *whole, Schedule *q, Schedule *rest)
{
	uint32_t n = whole->loops.n, k;
	const Loop *inner = n > 1 ? &whole->loops.v[n - 2] : NULL;
	int32_t rows = MOST_CHAINS / whole->loops.v[n - 1].count;
	Loop l;

	if (rows > MOST_FED_ROWS)
		rows = MOST_FED_ROWS;
	if (!inner || inner->how != LOOP_SERIAL || inner->step != 1 ||
	    inner->vectors || inner->guarded || inner->first || rows < 2 ||
	    inner->count < rows || tile_varies(v, inner->index))
		return false;
	*q = *whole;
	*rest = *whole;
	q->loops.v = rest->loops.v = NULL;
	q->loops.n = q->loops.cap = rest->loops.n = rest->loops.cap = 0;
	for (k = 0; k < n; k++) {
		l = whole->loops.v[k];
		if (k == n - 2) {
			l.count = inner->count / rows;
			l.step = rows;
			PUSH(v->p->c, &q->loops, l);
			l = (Loop){ .index = inner->index, .step = 1,
			            .count = rows, .how = LOOP_UNROLL };
		}
		PUSH(v->p->c, &q->loops, l);
		if (k == n - 2) {
			l.first = inner->count / rows * rows;
			l.count = inner->count % rows;
		}
		PUSH(v->p->c, &rest->loops, l);
	}
	rest->tile = inner->count % rows != 0;
	return true;
}
