/* SPDX-License-Identifier: MIT
 * A statement and a schedule that somebody wrote in; why it would not compute
 * the statement, or NULL, out. */
#include "back.h"

enum { MOST_SUMS = 64, MOST_UNROLL = 4096, MOST_COLUMNS = 4, MOST_ROWS = TURNED };

typedef struct {
	Vectors *v;
	const Stmt *s;
	const Schedule *q;
	uint32_t end;               /* loops in front of those of the tile */
	const Loop *row;            /* of the tile, or NULL */
	int32_t columns;
} Judged;

static const char *
say(const Judged *j, const char *what, Index i)
{
	return fmt(j->v->p->c, "%s %s", what, index_text(j->v->p, j->s, i));
}

/* the loops over the index outside of the tile, at most two */
static const char *
loops_over(const Judged *j, Index i, const Loop *of[2], uint32_t *n)
{
	uint32_t k;

	for (*n = 0, k = 0; k < j->end; k++) {
		if (j->q->loops.v[k].index != i)
			continue;
		if (*n == 2)
			return say(j, "there are more than two loops over", i);
		of[(*n)++] = &j->q->loops.v[k];
	}
	return NULL;
}

static int32_t
trips(int32_t extent, int32_t step)
{
	return (extent + step - 1) / step;
}

/* every value once: one loop, or one over blocks and one within a block */
static const char *
covers(const Judged *j, Index i)
{
	int32_t extent = tile_extent(j->v, i);
	const Loop *l[2];
	uint32_t n;
	const char *why = loops_over(j, i, l, &n);

	if (why)
		return why;
	if (!n)
		return extent > 1 ? say(j, "there is no loop over", i) : NULL;
	if (l[n - 1]->step != 1 || l[0]->vectors || l[n - 1]->vectors)
		return say(j, "the inner loop must go one by one over", i);
	if (n == 1)
		return l[0]->count == extent && !l[0]->guarded ? NULL :
		       fmt(j->v->p->c, "the extent of %s is %d",
		           index_text(j->v->p, j->s, i), extent);
	if (i == SAMPLE)
		return "the loop over samples cannot be split";
	if (l[0]->step != l[1]->count || l[0]->guarded)
		return say(j, "the outer loop must step by the trips of the "
		           "inner one over", i);
	if (l[0]->count != trips(extent, l[0]->step))
		return fmt(j->v->p->c, "the extent of %s is %d",
		           index_text(j->v->p, j->s, i), extent);
	if (l[1]->guarded != (extent % l[1]->count != 0))
		return say(j, extent % l[1]->count ? "the inner loop must be "
		           "guarded over" : "nothing is to be guarded over", i);
	return NULL;
}

static const char *
covers_all(const Judged *j, uint32_t from, uint32_t n)
{
	const char *why = NULL;
	uint32_t k;

	for (k = 0; k < n && !why; k++) {
		Index i = j->v->p->indices.v[from + k];
		if (j->q->tile && (i == j->q->lane || (j->row && i ==
		    j->row->index)))
			continue;
		why = covers(j, i);
	}
	return why;
}

static uint32_t
place_in(const Judged *j, uint32_t from, uint32_t n, Index i)
{
	uint32_t k;

	for (k = 0; k < n && j->v->p->indices.v[from + k] != i; k++)
		;
	return k;
}

/* loops over these indices stand in their order: a sum has one order, and
 * what is scattered is added in it */
static const char *
in_order(const Judged *j, uint32_t from, uint32_t n)
{
	uint32_t k, at = 0, last = 0;

	for (k = 0; k < j->end; k++) {
		at = place_in(j, from, n, j->q->loops.v[k].index);
		if (at == n)
			continue;
		if (at < last)
			return say(j, "the order of the sum is kept only if "
			           "the loop comes earlier over",
			           j->v->p->indices.v[from + at]);
		last = at;
	}
	return NULL;
}

/* ---- by scalars */

static const char *
scalars(const Judged *j)
{
	const Schedule *q = j->q;
	int64_t tile = 1, unrolled = 1;
	bool reduces = false;
	uint32_t k;

	if (q->sums > 1)
		return "partial sums need vectors";
	for (k = 0; k < q->loops.n; k++) {
		const Loop *l = &q->loops.v[k];
		if (l->clamped || l->vectors || l->how == LOOP_VECTORS)
			return "clamped and vectors need a tile";
		if (l->how == LOOP_UNROLL)
			unrolled *= l->count;
		if (l->index == SAMPLE && l->how != LOOP_SERIAL)
			return "the number of samples varies";
		if (!loop_is_result(j->v->p, j->s, l))
			reduces = true;
		else if (reduces)
			tile *= l->count;
	}
	if (unrolled > MOST_UNROLL)
		return "that is too much to unroll";
	if (tile > 1 && (j->s->red != RED_SUM || j->s->lanes > 1))
		return "results cannot be inside of this reduction";
	if (tile > MOST_SUMS)
		return "too many results are inside of the reduction";
	return j->s->scatter ? in_order(j, j->s->idx, j->s->nidx) : NULL;
}

/* ---- by vectors */

/* panels of the lane as the rows of a tile: j<2*64, j<32*2v, j<2*32 unroll */
static const char *
beside(const Judged *j, const Loop *l[2], uint32_t n, int32_t blocks,
	bool apart)
{
	const Loop *row = j->row;
	int32_t block = layout_round(1), width = row->step / block;

	if (row->step % block || blocks % width || width % j->columns)
		return say(j, "the panels do not fit", row->index);
	if (n != 2 || l[0]->vectors || l[0]->step != row->step * row->count ||
	    l[0]->count != blocks / width / row->count ||
	    l[1]->count != row->step || l[0]->guarded || l[1]->guarded)
		return say(j, "one loop must step by the panels of a tile, and "
		           "one go through a panel, over", row->index);
	if (row->count > MOST_ROWS || row->guarded || row->clamped)
		return "a tile has at most 16 rows, one after the other";
	return apart ? say(j, "vectors that lie apart and end early must come "
	           "one at a time along", row->index) : NULL;
}

static const char *
lanes(const Judged *j)
{
	int32_t block = layout_round(1), extent, blocks, width, gathers = 0;
	const Index lane = j->q->lane;
	const Loop *l[2];
	uint32_t n;
	const char *why = loops_over(j, lane, l, &n);

	extent = tile_extent(j->v, lane);
	if (why)
		return why;
	if (!tile_along(j->v, j->s, lane, &gathers))
		return say(j, "vectors are not possible along", lane);
	if (!n || l[n - 1]->vectors != j->columns || l[n - 1]->step != 1)
		return fmt(j->v->p->c, "a loop over %s must go by %d vectors, "
		           "as its tile has", index_text(j->v->p, j->s, lane),
		           j->columns);
	if (j->columns > MOST_COLUMNS)
		return "a tile has at most 4 vectors side by side";
	if (lane == SAMPLE && n > 1)
		return "the loop over samples cannot be split";
	blocks = layout_round(extent) / block;
	width = n == 2 ? l[0]->step / block : blocks;
	if (j->row && j->row->index == lane)
		return beside(j, l, n, blocks, gathers && extent % block);
	if (n == 2 && (l[0]->step % block || l[0]->step >= blocks * block ||
	    l[0]->count != trips(extent, l[0]->step) || l[0]->vectors))
		return say(j, "the panels do not fit", lane);
	if (l[n - 1]->count != (n == 2 ? l[0]->step : extent) ||
	    l[n - 1]->guarded != (n == 2 && extent % l[0]->step != 0))
		return say(j, "not each value comes once of", lane);
	if (width % j->columns || blocks % width % j->columns)
		return say(j, "so many vectors do not divide the panels of",
		           lane);
	if (gathers && tile_ragged(j->v, lane) && j->columns > 1)
		return say(j, "vectors that lie apart and end early must come "
		           "one at a time along", lane);
	return NULL;
}

static const char *
rows(const Judged *j)
{
	const Loop *l[2], *row = j->row;
	int32_t extent;
	uint32_t n;
	const char *why;

	if (!row || row->index == j->q->lane)
		return NULL;
	if (!loop_is_result(j->v->p, j->s, row))
		return "the rows of a tile are results";
	if (row->count > MOST_ROWS || row->guarded || row->step != 1)
		return "a tile has at most 16 rows, one after the other";
	if (tile_varies(j->v, row->index) && !row->clamped)
		return "rows over samples must be clamped";
	why = loops_over(j, row->index, l, &n);
	extent = tile_extent(j->v, row->index);
	if (why)
		return why;
	if (n != 1 || l[0]->step != row->count || l[0]->guarded ||
	    l[0]->count != (row->clamped ? trips(extent, row->count) :
	                    extent / row->count))
		return say(j, "one loop must step by the rows over",
		           row->index);
	return NULL;
}

static const char *
sums(const Judged *j)
{
	const Program *p = j->v->p;
	const Stmt *s = j->s;
	const Loop *l[2];
	int of = j->q->sums;
	uint32_t k, n;

	if (s->red != RED_SUM || !tile_reductions(j->v, s))
		return of > 1 ? "there is nothing to add in parts" : NULL;
	if (p->net->strict && of != s->lanes)
		return fmt(p->c, "the order of this sum has %d partial sums "
		           "(write sums %d)", s->lanes, s->lanes);
	if (of < 1 || of > 16 || (of & (of - 1)))
		return "1, 2, 4, 8 or 16 partial sums are possible";
	if ((int64_t)of * j->columns * (j->row ? j->row->count : 1) > MOST_SUMS)
		return "too many sums are held at a time";
	for (k = 0; k < s->nridx && of > 1; k++) {
		Index i = p->indices.v[s->ridx + k];
		loops_over(j, i, l, &n);
		if (i == SAMPLE || n > 1)
			return say(j, "partial sums do not go with this loop "
			           "over", i);
	}
	return NULL;
}

static const char *
vectors(const Judged *j)
{
	const char *why = lanes(j);
	bool reduces = false;
	uint32_t k;

	for (k = 0; k < j->end && !why; k++) {
		const Loop *l = &j->q->loops.v[k];
		if (l->how != LOOP_SERIAL || l->clamped)
			return "unrolled loops of a tile are its rows, which "
			       "come last but one";
		if (!loop_is_result(j->v->p, j->s, l))
			reduces = true;
		else if (reduces)
			return say(j, "of the results, only rows and vectors "
			           "may be inside of the reduction, not", l->index);
	}
	if (!why)
		why = rows(j);
	return why ? why : sums(j);
}

/* Needs the layouts of the kernel. */
const char *
schedule_wrong(Vectors *v, const Stmt *s, const Schedule *q)
{
	Judged j = { .v = v, .s = s, .q = q, .end = q->loops.n };
	const char *why;

	if (s->scan)
		return "the statements of a scan run in its order";
	if (q->tile) {
		j.end--;
		j.columns = q->loops.v[j.end].count;
		if (j.end && q->loops.v[j.end - 1].how == LOOP_UNROLL)
			j.row = &q->loops.v[--j.end];
	}
	why = covers_all(&j, s->idx, s->nidx);
	if (!why)
		why = covers_all(&j, s->ridx, s->nridx);
	if (!why)
		why = in_order(&j, s->ridx, s->nridx);
	if (why)
		return why;
	return q->tile ? vectors(&j) : scalars(&j);
}

/* the tile of what whole tiles of rows leave; false: nothing is left */
bool
schedule_rest(const Vectors *v, const Schedule *whole, Schedule *rest)
{
	uint32_t n = whole->loops.n, k;
	const Loop *row = n > 1 ? &whole->loops.v[n - 2] : NULL;
	int32_t extent, left, step;
	Loop l;

	if (!row || row->how != LOOP_UNROLL || row->clamped)
		return false;
	extent = tile_extent(v, row->index);
	step = row->step;
	if (row->index == whole->lane)
		extent = layout_round(extent);
	left = extent / step % row->count;
	if (!left)
		return false;
	rest->tile = true;
	rest->lane = whole->lane;
	rest->sums = whole->sums;
	for (k = 0; k < n; k++) {
		l = whole->loops.v[k];
		if (k < n - 2 && l.index == row->index &&
		    l.step == step * row->count)
			continue;
		if (k == n - 2) {
			l.first = extent - left * step;
			l.count = left;
		}
		PUSH(v->p->c, &rest->loops, l);
	}
	return true;
}
