/* SPDX-License-Identifier: MIT
 * A statement in; whether it runs by vectors, along which index, and the tile
 * of results that is held in registers, out (Goto & van de Geijn 2008). */
#include "back.h"

enum { LONG_SUM = 16 };         /* terms that several partial sums share */

typedef struct {
	Vectors *v;
	const Stmt *s;
	Index lane;
	uint32_t *seen, now;
	VEC(ExprId) todo;
	int gathers;
	bool possible;
} Look;

/* How a read moves with the index: 0 not at all, 1 from one element to the
 * next through all of a dimension, 2 through a part of it, -1 by a stride, -2 in
 * no way that vectors can follow. */
int
tile_moves(const Vectors *v, TensorId t, uint32_t sub, uint32_t n, Index lane)
{
	const Program *p = v->p;
	const Tensor *x = &p->tensors.v[t];
	uint32_t i, along = (uint32_t)v->layout[t].lane + x->batch;
	const Layout *l = &v->layout[t];
	int found = 0;
	Index only;
	bool whole;

	for (i = 0; i < n; i++) {
		Sub s = p->subs.v[sub + i];
		if (s.indirect)
			return -2;
		if (!aff_coef(p, s.id, lane))
			continue;
		if (found)
			return -2;
		if (lane == SAMPLE && i == 0 && x->batch) {
			found = l->lane == ABREAST ? 1 : -1;
			continue;
		}
		whole = i >= x->batch && aff_is_var(p, s.id, &only) &&
		        x->shape.dim[i - x->batch] == p->index.v[lane].extent;
		/* j + 32: of panels that would be parts of two */
		if (!whole && (i < x->batch || p->affs.v[s.id].n > 1 ||
		    aff_coef(p, s.id, lane) != 1 || l->panel < l->padded))
			return -2;
		found = i != along ? -1 : whole ? 1 : 2;
	}
	return found;
}

static void
look_at(Look *w, ExprId e)
{
	if (!e || w->seen[e] == w->now)
		return;
	w->seen[e] = w->now;
	PUSH(w->v->p->c, &w->todo, e);
}

static void
look(Look *w, ExprId root)
{
	const Program *p = w->v->p;
	TensorKind t;
	int how;

	look_at(w, root);
	while (w->todo.n && w->possible) {
		const Expr *x = &p->exprs.v[w->todo.v[--w->todo.n]];
		look_at(w, x->a);
		look_at(w, x->b);
		look_at(w, x->c);
		if (w->lane != SAMPLE && (x->op == E_IEQ ||
		    (x->op == E_IDX && aff_coef(p, x->aff, w->lane))))
			w->possible = false;
		if (x->op != E_READ && x->op != E_PAD)
			continue;
		t = p->tensors.v[x->tensor].kind;
		how = tile_moves(w->v, x->tensor, x->sub, x->nsub, w->lane);
		w->possible &= how > -2 && t != T_RAND;
		if (t == T_INT)
			w->possible &= w->lane == SAMPLE && how == 1;
		else if (t == T_CONST)
			w->possible &= w->lane == SAMPLE;
		w->gathers += how == -1;
	}
}

int32_t
tile_extent(const Vectors *v, Index i)
{
	return i == SAMPLE ? v->samples : v->p->index.v[i].extent;
}

bool
tile_varies(const Vectors *v, Index i)
{
	return i == SAMPLE && !v->exact;
}

/* may the last vector have less lanes? */
bool
tile_ragged(const Vectors *v, Index lane)
{
	return tile_varies(v, lane) ||
	       tile_extent(v, lane) % layout_round(1) != 0;
}

uint32_t
tile_reductions(const Vectors *v, const Stmt *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->nridx; i++)
		n += tile_extent(v, v->p->indices.v[s->ridx + i]) > 1;
	return n;
}

/* Conditions must be the same for all lanes, and stand around terms; which place
 * is the largest is kept for samples alone. */
static bool
keeps_terms(const Vectors *v, const Stmt *s, Index lane)
{
	const Program *p = v->p;
	uint32_t n = tile_reductions(v, s), i;

	if (s->lanes > 1 && n != 1 && (p->net->strict || lane != SAMPLE))
		return false;
	if (s->red == RED_ARGMAX && lane != SAMPLE)
		return false;
	for (i = 0; i < s->nguard; i++)
		if (aff_coef(p, p->guards.v[s->guard + i], lane))
			return false;
	return n || (!s->nguard && s->red != RED_ARGMAX);
}

/* May all that the statement reads be vectors along the index, or the same for
 * all lanes?  Counts reads whose lanes lie apart. */
bool
tile_sees(Vectors *v, const Stmt *s, Index lane, int *gathers)
{
	Look w = { .v = v, .s = s, .lane = lane, .seen = v->seen,
	           .now = ++v->now, .possible = true };

	look(&w, s->expr);
	*gathers = w.gathers;
	return w.possible;
}

/* May the statement run by vectors along the index?  Counts reads and writes
 * whose lanes lie apart. */
bool
tile_along(Vectors *v, const Stmt *s, Index lane, int *gathers)
{
	int how;

	if (s->scatter || tile_extent(v, lane) < v->least ||
	    !keeps_terms(v, s, lane))
		return false;
	how = tile_moves(v, s->target, s->lhs, s->nlhs, lane);
	if (how < 1 && (lane != SAMPLE || how != -1 ||
	    v->p->tensors.v[s->target].kind == T_INT))
		return false;
	if (!tile_sees(v, s, lane, gathers))
		return false;
	*gathers += how == -1;
	return true;
}

/* Vectors of work that the statement takes by vectors along the index; 0: not
 * possible. */
double
tile_cost(Vectors *v, const Stmt *s, Index lane)
{
	const Program *p = v->p;
	int gathers;
	Index row;

	if (!tile_along(v, s, lane, &gathers))
		return 0;
	if (turns(v, s, lane, &row))
		return cost_turned((double)stmt_points(p, s),
		                   tile_extent(v, lane));
	return cost_vectors((double)(stmt_points(p, s) * stmt_terms(p, s)),
	                    tile_extent(v, lane), gathers);
}

static bool
lane_of(Vectors *v, const Stmt *s, Index *lane)
{
	const Program *p = v->p;
	double best = 0, c, across = across_cost(v, s);
	uint32_t i;

	for (i = 0; i < s->nidx; i++) {
		Index x = p->indices.v[s->idx + i];
		c = tile_cost(v, s, x);
		if (c > 0 && (best == 0 || c < best)) {
			best = c;
			*lane = x;
		}
	}
	if (across > 0 && best > across)
		return false;
	return cost_pays(best, (double)(stmt_points(p, s) *
	                                stmt_terms(p, s)));
}

/* ---- loops */

static bool
moves_with(const Program *p, const Expr *read, Index i)
{
	uint32_t n;

	for (n = 0; n < read->nsub; n++)
		if (aff_coef(p, p->subs.v[read->sub + n].id, i))
			return true;
	return false;
}

/* What rows along an index read anew for each of them: no vectors, -1, or those
 * of one operand, its size; 0: of both, so that nothing is shared. */
static int64_t
read_by_row(const Program *p, const Expr *x, Index lane, Index row)
{
	const ExprId kid[2] = { x->a, x->b };
	int64_t size = -1;
	int k, moving = 0;

	for (k = 0; k < 2; k++) {
		const Expr *y = &p->exprs.v[kid[k]];
		if (!moves_with(p, y, lane) || !moves_with(p, y, row))
			continue;
		size = tensor_size(&p->tensors.v[y->tensor]);
		moving++;
	}
	return moving < 2 ? size : 0;
}

/* The results of a tile reuse each vector along another result index: one that
 * the vectors of the sum do not depend on, or those of one operand alone.  The
 * smaller other one then stays in a near cache. */
static bool
row_index(const Vectors *v, const Stmt *s, Index lane, Index *row)
{
	const Program *p = v->p;
	const Expr *x = &p->exprs.v[s->expr];
	int64_t least = 0, size;
	uint32_t i;

	if (x->op != E_MUL || !tile_reductions(v, s) ||
	    p->exprs.v[x->a].op != E_READ || p->exprs.v[x->b].op != E_READ)
		return false;
	for (i = 0; i < s->nidx; i++) {
		Index r = p->indices.v[s->idx + i];
		if (r == lane || tile_extent(v, r) < 2)
			continue;
		size = read_by_row(p, x, lane, r);
		if (!size || (least && size > least))
			continue;
		least = size;
		*row = r;
	}
	return least != 0;
}

void
tile_loop(Vectors *v, Schedule *q, Loop l)
{
	PUSH(v->p->c, &q->loops, l);
}

static void
box(Vectors *v, Schedule *q, Index i)
{
	Loop l = { .index = i, .count = tile_extent(v, i), .step = 1 };

	if (l.count > 1)
		tile_loop(v, q, l);
}

/* the last of panels side by side is as wide as the others: what is beyond the
 * end has room */
static void
along(Vectors *v, Schedule *q, int32_t panel, int32_t vectors, bool beside)
{
	int32_t extent = tile_extent(v, q->lane);
	Loop l = { .index = q->lane, .step = 1, .vectors = vectors,
	           .count = panel ? panel : extent,
	           .guarded = panel && extent % panel && !beside };

	tile_loop(v, q, l);
}

/* the width of the panels that the index runs through in an operand; 0: none */
int32_t
tile_panel(const Vectors *v, const Stmt *s, Index i)
{
	const Program *p = v->p;
	const Expr *x = &p->exprs.v[s->expr];
	ExprId kid[2] = { x->a, x->b };
	uint32_t k, at;

	for (k = 0; k < 2 && x->op == E_MUL; k++) {
		const Expr *r = &p->exprs.v[kid[k]];
		const Layout *l = &v->layout[r->tensor];
		if (r->op != E_READ || l->panel == l->padded)
			continue;
		at = r->sub + (uint32_t)l->lane + p->tensors.v[r->tensor].batch;
		if (!p->subs.v[at].indirect && aff_coef(p, p->subs.v[at].id, i))
			return l->panel;
	}
	return 0;
}

/* a reduced index goes through the panels one by one, in the same order */
static void
reduce(Vectors *v, const Stmt *s, Schedule *q, Index i)
{
	int32_t extent = tile_extent(v, i), panel = tile_panel(v, s, i);

	if (i == SAMPLE || !panel || extent <= panel ||
	    (q->sums > 1 && extent % panel)) {
		box(v, q, i);
		return;
	}
	tile_loop(v, q, (Loop){ .index = i, .step = panel,
	    .count = (extent + panel - 1) / panel });
	tile_loop(v, q, (Loop){ .index = i, .count = panel, .step = 1,
	    .guarded = extent % panel != 0 });
}

/* The rows of a tile: other results, or panels of the lane.  Only samples whose
 * number varies are clamped. */
typedef struct { Index index; int32_t n, of, step; bool clamped; } Rows;

/* all whole tiles */
static void
row_loop(Vectors *v, Schedule *q, const Rows *r)
{
	tile_loop(v, q, (Loop){ .index = r->index, .step = r->n * r->step,
	    .count = (r->of + (r->clamped ? r->n - 1 : 0)) / r->n });
}

/* those of one tile, or of what remains */
static void
rows_of_tile(Vectors *v, Schedule *q, const Rows *r, bool rest)
{
	tile_loop(v, q, (Loop){ .index = r->index, .step = r->step,
	    .how = LOOP_UNROLL, .clamped = r->clamped,
	    .count = rest ? r->of % r->n : r->n,
	    .first = rest ? r->of / r->n * r->n * r->step : 0 });
}

/* is it a vector that stays the same while another index of the result runs? */
static bool
is_constant_vector(const Vectors *v, const Stmt *s, Index lane, const Expr *r)
{
	const Program *p = v->p;
	uint32_t i, n;

	if (r->op != E_READ ||
	    tile_moves(v, r->tensor, r->sub, r->nsub, lane) < 1)
		return false;
	for (i = 0; i < s->nidx; i++) {
		Index other = p->indices.v[s->idx + i];
		if (other == lane || tile_extent(v, other) < 2)
			continue;
		for (n = 0; n < r->nsub; n++)
			if (aff_coef(p, p->subs.v[r->sub + n].id, other))
				break;
		if (n == r->nsub)
			return true;
	}
	return false;
}

/* is such a vector a factor of some product? */
static bool
has_constant_vector(Vectors *v, const Stmt *s, Index lane, ExprId e)
{
	const Program *p = v->p;
	const Expr *x = &p->exprs.v[e];

	if (!e || v->seen[e] == v->now)
		return false;
	v->seen[e] = v->now;
	if (x->op == E_MUL &&
	    (is_constant_vector(v, s, lane, &p->exprs.v[x->a]) ||
	     is_constant_vector(v, s, lane, &p->exprs.v[x->b])))
		return true;
	return has_constant_vector(v, s, lane, x->a) ||
	       has_constant_vector(v, s, lane, x->b) ||
	       has_constant_vector(v, s, lane, x->c);
}

/* n is 1: the tile has no rows */
static Rows
choose_rows(Vectors *v, const Stmt *s, const Schedule *q, int32_t panel,
	int32_t vectors, bool apart)
{
	int32_t extent = layout_round(tile_extent(v, q->lane));
	Rows r = { .index = q->lane, .n = 1, .step = 1 };

	if (turns(v, s, q->lane, &r.index)) {
		r.of = tile_extent(v, r.index);
		r.n = TURNED;
		r.clamped = true;
		return r;
	}
	if (!tile_reductions(v, s) || s->lanes != 1)
		return r;
	if (row_index(v, s, q->lane, &r.index)) {
		r.of = tile_extent(v, r.index);
		r.clamped = tile_varies(v, r.index);
		r.n = cost_rows(r.of, vectors, !r.clamped, v->wide);
	} else if (panel && extent % panel == 0 && !apart) {
		r.of = extent / panel;
		r.n = cost_beside(r.of, vectors);
		r.step = panel;
	}
	return r;
}

static int
partial_sums(const Vectors *v, const Stmt *s, const Rows *r, int32_t vectors,
	bool other)
{
	if (s->lanes > 1 && tile_reductions(v, s) == 1)
		return s->lanes;
	if (v->p->net->strict || s->red != RED_SUM || !tile_reductions(v, s) ||
	    stmt_terms(v->p, s) < LONG_SUM || (other && r->n > 1))
		return 1;
	return cost_sums(r->n * vectors);
}

static void
tile_loops(Vectors *v, const Stmt *s, Schedule *q, bool rest)
{
	const Program *p = v->p;
	const Layout *target = &v->layout[s->target];
	int32_t panel = q->lane == SAMPLE ? 0 : target->panel < target->padded ?
	                target->panel : tile_panel(v, s, q->lane);
	int32_t extent = tile_extent(v, q->lane), vectors = 1;
	bool sum = tile_reductions(v, s) > 0, apart, beside, other;
	bool outside;
	uint32_t i;
	int gathers;
	Rows r;

	v->now++;
	outside = sum || has_constant_vector(v, s, q->lane, s->expr);
	tile_along(v, s, q->lane, &gathers);
	apart = gathers && tile_ragged(v, q->lane);
	if (outside && !apart && s->lanes <= 1)
		vectors = cost_columns(extent, panel);
	r = choose_rows(v, s, q, panel, vectors, apart);
	beside = r.index == q->lane && r.n > 1;
	other = r.index != q->lane;
	q->sums = partial_sums(v, s, &r, vectors, other);
	if (panel && !beside)
		tile_loop(v, q, (Loop){ .index = q->lane, .step = panel,
		    .count = (extent + panel - 1) / panel });
	else if (beside && !rest)
		row_loop(v, q, &r);
	if (outside)
		along(v, q, panel, vectors, beside);
	for (i = 0; i < s->nidx; i++) {
		Index x = p->indices.v[s->idx + i];
		if (x != q->lane && x != r.index)
			box(v, q, x);
	}
	if (other && !rest)
		row_loop(v, q, &r);
	if (!outside)
		along(v, q, panel, vectors, false);
	for (i = 0; i < s->nridx; i++)
		reduce(v, s, q, p->indices.v[s->ridx + i]);
	if (r.n > 1 || rest)
		rows_of_tile(v, q, &r, rest);
	v->rows = other;
	v->rest = r.n > 1 && !r.clamped && r.of % r.n;
	tile_loop(v, q, (Loop){ .index = q->lane, .count = vectors, .step = 1,
	    .how = LOOP_VECTORS });
}

/* is it written from its first element to the last? */
static bool
as_a_whole(const Vectors *v, const Stmt *s)
{
	const Tensor *x = &v->p->tensors.v[s->target];
	uint32_t along = (uint32_t)v->layout[s->target].lane + x->batch;
	Index i;

	return aff_is_var(v->p, v->p->subs.v[s->lhs + along].id, &i) &&
	       v->p->index.v[i].extent == x->shape.dim[along - x->batch];
}

/* Is it written as a whole, and is every read of it in a sum over the samples
 * one of vectors?  The other operand is read as numbers, row by row. */
static bool
only_vectors(const Vectors *v, TensorId t)
{
	const Program *p = v->p;
	bool any = false;
	uint32_t i, k;

	for (i = 0; v->list && i < v->list->n; i++) {
		const Stmt *s = &v->list->v[i];
		const Expr *x = &p->exprs.v[s->expr];
		const Layout *l = &v->layout[s->target];
		ExprId kid[2] = { x->a, x->b };
		Index lane, mine;
		if (s->target == t && !as_a_whole(v, s))
			return false;
		if (s->nridx != 1 || p->indices.v[s->ridx] != SAMPLE ||
		    x->op != E_MUL || (uint32_t)l->lane >= s->nlhs)
			continue;
		for (k = 0; k < 2; k++) {
			const Expr *r = &p->exprs.v[kid[k]];
			if (r->op != E_READ || r->tensor != t)
				continue;
			if (r->nsub != 2 || !aff_is_var(p, p->subs.v[r->sub +
			    1].id, &mine) || !aff_is_var(p, p->subs.v[s->lhs +
			    (uint32_t)l->lane].id, &lane) || lane != mine)
				return false;
			any = true;
		}
	}
	return any;
}

/* What the kernel keeps to itself has room for whole vectors.  What is read as
 * vectors over the samples lies in panels; else rows have an odd number of
 * lines of the cache, so that they do not all fall into the same sets. */
void
tile_pad(Vectors *v, TensorId t)
{
	const Tensor *x = &v->p->tensors.v[t];
	Layout *l = &v->layout[t];
	int32_t block = layout_round(1);

	if (x->kind != T_TEMP || l->panel < l->padded || l->lane == ABREAST)
		return;
	if (x->batch && v->samples > 1 && x->shape.rank == 1 &&
	    only_vectors(v, t)) {
		*l = layout_panels(x, l->lane);
		return;
	}
	l->padded = layout_round(l->padded);
	if (x->batch && v->samples > 1 && l->padded > 2 * block &&
	    l->padded / block % 2 == 0)
		l->padded += block;
	l->panel = l->padded;
}

/* Needs tile() for the statement, which left v->rest: the rows that remain. */
void
tile_rest(Vectors *v, const Stmt *s, const Schedule *whole, Schedule *q)
{
	q->lane = whole->lane;
	q->tile = true;
	q->sums = 1;
	tile_loops(v, s, q, true);
}

/* Needs layouts; false: the statement runs by scalars. */
bool
tile(Vectors *v, const Stmt *s, Schedule *q)
{
	if (!lane_of(v, s, &q->lane))
		return false;
	q->tile = true;
	q->sums = 1;
	tile_loops(v, s, q, false);
	tile_pad(v, s->target);
	return true;
}
