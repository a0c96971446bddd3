/* SPDX-License-Identifier: MIT
 * A sum whose terms lie side by side in, a schedule whose lanes run along the
 * reduced index out: each result is a vector of partial sums, joined at the
 * end.  Where the order of a sum is free (math fast), or is that of lanes: the
 * 16 partial sums of a long one are the lanes of a vector. */
#include "back.h"

static bool
lies_along(const Vectors *v, ExprId e, Index lane, bool *vector)
{
	const Expr *x = &v->p->exprs.v[e];
	int how;

	if (x->op != E_READ || v->p->tensors.v[x->tensor].kind == T_RAND ||
	    v->p->tensors.v[x->tensor].kind == T_INT)
		return false;
	how = tile_moves(v, x->tensor, x->sub, x->nsub, lane);
	*vector |= how == 1;
	return how == 0 || how == 1;
}

/* does the order of the sum have as many partial sums as the widest vector? */
static bool
in_lanes(const Program *p, const Stmt *s)
{
	return p->net->strict && s->lanes == layout_round(1);
}

/* A sum over the samples: in math strict the lanes are added one after the other
 * to one number. */
static double
cost_of_samples(Vectors *v, const Stmt *s)
{
	double points = (double)stmt_points(v->p, s);
	int gathers;

	if (s->red != RED_SUM || s->scatter || s->scan || s->nguard ||
	    s->nridx != 1 || v->samples < v->least ||
	    !tile_sees(v, s, SAMPLE, &gathers))
		return 0;
	return cost_vectors(points, v->samples, gathers) +
	       (v->p->net->strict ? points : cost_joined(points, v->samples));
}

/* vectors of work; 0: not possible */
double
across_cost(Vectors *v, const Stmt *s)
{
	const Program *p = v->p;
	const Expr *x = &p->exprs.v[s->expr];
	Index lane = s->nridx ? p->indices.v[s->ridx + s->nridx - 1] : SAMPLE;
	int32_t extent = p->index.v[lane].extent;
	bool vector = false;

	if (s->nridx && lane == SAMPLE)
		return cost_of_samples(v, s);
	if ((p->net->strict && !in_lanes(p, s)) || s->red != RED_SUM ||
	    s->scatter || s->nguard || s->nridx != 1 || extent < v->least ||
	    x->op != E_MUL || !lies_along(v, x->a, lane, &vector) ||
	    !lies_along(v, x->b, lane, &vector) || !vector)
		return 0;
	return cost_joined((double)(stmt_points(p, s) * stmt_terms(p, s)),
	                   extent);
}

/* rows that divide the results, if not too few */
static int32_t
rows_of(int32_t extent, int32_t most)
{
	int32_t r;

	for (r = extent < most ? extent : most; r >= 4; r--)
		if (extent % r == 0)
			return r;
	return extent < most ? extent : most;
}

/* the results that a tile has side by side: the last of all that have a number
 * that is known; false: there is one result alone */
static bool
row_of(const Vectors *v, const Stmt *s, Index *row)
{
	const Program *p = v->p;
	bool found = false;
	uint32_t i;

	for (i = 0; i < s->nidx; i++) {
		Index x = p->indices.v[s->idx + i];
		if (tile_extent(v, x) < 2 || tile_varies(v, x))
			continue;
		*row = x;
		found = true;
	}
	return found;
}

/* `rest`: of the rows those that remain; false: none do */
bool
across(Vectors *v, const Stmt *s, Schedule *q, bool rest)
{
	const Program *p = v->p;
	Index lane = p->indices.v[s->ridx], row = lane;
	int32_t extent = tile_extent(v, lane), rows = 1, n = 1;
	int32_t panel = lane == SAMPLE ? 0 : tile_panel(v, s, lane);
	int32_t block = layout_round(1);
	int32_t vectors = panel && !in_lanes(p, s) ? panel / block : 1;
	uint32_t i;

	if (row_of(v, s, &row)) {
		n = tile_extent(v, row);
		rows = rows_of(n, MOST_VECTORS / vectors);
	}
	if (rest && n % rows == 0)
		return false;
	q->tile = q->across = true;
	q->lane = lane;
	q->sums = in_lanes(p, s) ? s->lanes : 1;
	for (i = 0; i < s->nidx; i++) {
		Index x = p->indices.v[s->idx + i];
		if (x != row && tile_extent(v, x) > 1)
			tile_loop(v, q, (Loop){ .index = x, .step = 1,
			    .count = tile_extent(v, x) });
	}
	if (row != lane && !rest)
		tile_loop(v, q, (Loop){ .index = row, .step = rows,
		    .count = n / rows });
	if (q->sums > 1) {
		tile_loop(v, q, (Loop){ .index = lane, .step = 1, .vectors = 1,
		    .count = block });
		panel = panel > block ? panel : 0;
	}
	if (panel && extent > panel)
		tile_loop(v, q, (Loop){ .index = lane, .step = panel,
		    .count = (extent + panel - 1) / panel });
	if (q->sums > 1)
		tile_loop(v, q, (Loop){ .index = lane, .step = block,
		    .count = ((panel ? panel : extent) + block - 1) / block,
		    .guarded = panel && extent % panel });
	else
		tile_loop(v, q, (Loop){ .index = lane, .step = 1,
		    .vectors = vectors, .count = panel ? panel : extent,
		    .guarded = panel && extent % panel });
	if (row != lane)
		tile_loop(v, q, (Loop){ .index = row, .step = 1,
		    .how = LOOP_UNROLL, .count = rest ? n % rows : rows,
		    .first = rest ? n / rows * rows : 0 });
	tile_loop(v, q, (Loop){ .index = lane, .step = 1, .count = vectors,
	    .how = LOOP_VECTORS });
	return true;
}
