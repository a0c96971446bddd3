/* SPDX-License-Identifier: MIT
 * The statements of a kernel over several samples in; which tensors have their
 * samples side by side, so that vectors of samples run through them, and copies
 * of those that are read both ways, out.
 *
 * By vectors of samples every statement runs alike, whatever its subscripts and
 * conditions, which are the same for all lanes.  Others are better off with
 * vectors of results: weights then are vectors, and sums over the samples stay
 * in their lanes.  Tensor by tensor the cheaper way is taken until nothing
 * changes. */
#include <string.h>
#include "planner.h"

enum { MOST_ROUNDS = 4, REUSED = 2 };

typedef struct {
	Program *p;
	Vectors *v;
	const Accesses *a;
	bool *may;                  /* by tensor: lie as is best */
	uint64_t *random;
	struct { VEC(StmtId) all; } *touch; /* by tensor: statements */
	TensorId *copy;             /* by tensor, at the statement at hand */
	int *copied;                /* the dimension that is fastest in it */
	Stmts out;
} Choice;

static void
set(Choice *c, TensorId t, int lane)
{
	c->v->layout[t] = layout_along(&c->p->tensors.v[t], lane,
	                               c->v->samples);
}

static void
which_may(Choice *c)
{
	const Stmts *list = c->v->list;
	TensorId t;
	uint32_t i;

	for (t = 1; t < c->p->tensors.n; t++) {
		const Tensor *x = &c->p->tensors.v[t];
		c->may[t] = x->batch && !c->a->indirect[t] &&
		            (x->kind == T_TEMP || x->kind == T_INT) &&
		            (x->shape.rank || c->v->samples > 1);
	}
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (c->p->tensors.v[s->target].kind == T_INT &&
		    s->red != RED_ARGMAX)
			c->may[s->target] = false;
	}
}

static void
who_touches(Choice *c)
{
	uint32_t i, k;
	TensorId t;

	c->touch = mem(c->p->c, (c->p->tensors.n + 1) * sizeof *c->touch);
	for (i = 0; i < c->v->list->n; i++)
		for (k = c->a->first[i]; k < c->a->first[i + 1]; k++) {
			t = c->a->all.v[k].tensor;
			if (c->may[t] && (!c->touch[t].all.n || c->touch[t].
			    all.v[c->touch[t].all.n - 1] != i))
				PUSH(c->p->c, &c->touch[t].all, i);
		}
}

static double
terms_of(const Choice *c, const Stmt *s)
{
	return (double)(stmt_points(c->p, s) * stmt_terms(c->p, s) *
	                repeats(c->p, s));
}

/* Is a copy, made once, better than to read the lanes one by one? */
static bool
wants_copy(const Choice *c, const Stmt *s, const Access *a, Index lane)
{
	const Tensor *t = &c->p->tensors.v[a->tensor];

	if (a->write || !t->batch || t->off || s->scan ||
	    (t->kind != T_TEMP && t->kind != T_INPUT && t->kind != T_TARGET) ||
	    (lane == SAMPLE) == (c->v->layout[a->tensor].lane == ABREAST))
		return false;
	return tile_moves(c->v, a->tensor, a->sub, a->nsub, lane) == -1 &&
	       terms_of(c, s) > REUSED * (double)tensor_size(t);
}

/* vectors of work along the index, with those of copies; 0: not possible */
static double
cost_along(Choice *c, uint32_t id, Index lane)
{
	const Stmt *s = &c->v->list->v[id];
	int32_t extent = tile_extent(c->v, lane);
	double copies = 0;
	int gathers;
	uint32_t k;

	if (!tile_along(c->v, s, lane, &gathers))
		return 0;
	for (k = c->a->first[id]; k < c->a->first[id + 1]; k++) {
		const Access *a = &c->a->all.v[k];
		if (!wants_copy(c, s, a, lane))
			continue;
		gathers--;
		copies += cost_turned((double)tensor_size(&c->p->tensors.v[
			a->tensor]), layout_round(1));
	}
	return cost_vectors(terms_of(c, s), extent, gathers) + copies;
}

/* *lane: the best, or one that the statement has not */
static double
cost(Choice *c, uint32_t id, Index *lane)
{
	const Stmt *s = &c->v->list->v[id];
	double best = terms_of(c, s), now = across_cost(c->v, s);
	uint32_t i;

	*lane = UINT32_MAX;
	if (now > 0 && now < best)
		best = now;
	for (i = 0; i < s->nidx; i++) {
		Index x = c->p->indices.v[s->idx + i];
		now = cost_along(c, id, x);
		if (now > 0 && (now < best || (now == best && x != SAMPLE))) {
			best = now;
			*lane = x;
		}
	}
	return best;
}

/* of all statements that touch the tensor */
static double
cost_of(Choice *c, TensorId t)
{
	double sum = 0;
	uint32_t i;
	Index lane;

	for (i = 0; i < c->touch[t].all.n; i++)
		sum += cost(c, c->touch[t].all.v[i], &lane);
	return sum;
}

/* the best way for the tensor as the others lie now; does it change? */
static bool
choose_lane(Choice *c, TensorId t)
{
	int last = c->p->tensors.v[t].shape.rank - 1;
	int was = c->v->layout[t].lane, best = last, lane;
	double least, now;

	set(c, t, last);
	least = cost_of(c, t);
	for (lane = c->v->samples > 1 ? ABREAST : 0; lane < last; lane++) {
		if (lane != ABREAST && c->p->tensors.v[t].kind == T_INT)
			continue;
		set(c, t, lane);
		now = cost_of(c, t);
		if (now >= least)
			continue;
		least = now;
		best = lane;
	}
	set(c, t, best);
	return best != was;
}

/* of all statements */
static double
cost_in_all(Choice *c)
{
	double sum = 0;
	uint32_t i;
	Index lane;

	for (i = 0; i < c->v->list->n; i++)
		sum += cost(c, i, &lane);
	return sum;
}

/* From one way for all, tensor by tensor what is better; the costs in the end. */
static double
descend(Choice *c, int lane)
{
	bool changed = true;
	TensorId t;
	int round, last;

	for (t = 1; t < c->p->tensors.n; t++) {
		last = c->p->tensors.v[t].shape.rank - 1;
		if (c->may[t])
			set(c, t, c->p->tensors.v[t].kind == T_TEMP &&
			    lane < last ? lane : last);
	}
	for (round = 0; round < MOST_ROUNDS && changed; round++) {
		changed = false;
		for (t = 1; t < c->p->tensors.n; t++)
			if (c->may[t])
				changed |= choose_lane(c, t);
	}
	return cost_in_all(c);
}

/* What has no other way needs its neighbours abreast, or along the first
 * dimension, that of channels, and others find out that they do not.  Where all
 * may stay as they are, one that changes needs copies: both are tried. */
static void
choose(Choice *c)
{
	int way = c->v->samples > 1 ? ABREAST : 0;
	double least = descend(c, MAX_RANK);

	if (descend(c, way) >= least)
		descend(c, MAX_RANK);
}

/* any way */
static void
draw(Choice *c)
{
	TensorId t;

	for (t = 1; t < c->p->tensors.n; t++) {
		const Tensor *x = &c->p->tensors.v[t];
		if (!c->may[t])
			continue;
		if (c->v->samples > 1 && random_below(c->random, 2))
			set(c, t, ABREAST);
		else if (x->kind == T_TEMP && x->shape.rank)
			set(c, t, (int)random_below(c->random,
			                            (uint32_t)x->shape.rank));
	}
}

/* ---- copies */

static ExprId
copied(Program *p, ExprId e, void *u)
{
	const TensorId *to = u;
	const Expr *x = &p->exprs.v[e];

	if ((x->op != E_READ && x->op != E_PAD) || x->tensor != to[0])
		return e;
	return (x->op == E_PAD ? ex_pad : ex_read)(p, to[1], p->subs.v + x->sub, (int)x->nsub);
}

/* the dimension that vectors along the index run through */
static int
lane_in(const Choice *c, const Access *a, Index lane)
{
	int i;

	for (i = 0; lane != SAMPLE && i < (int)a->nsub; i++)
		if (aff_coef(c->p, c->p->subs.v[a->sub + (uint32_t)i].id, lane))
			return i - 1;
	return ABREAST;
}

/* the statement, behind the copies that it wants */
static void
with_copies(Choice *c, uint32_t id, AllLying *made)
{
	const uint32_t from = c->a->first[id], end = c->a->first[id + 1];
	Stmt s = c->v->list->v[id];
	TensorId to[2];
	Index lane;
	uint32_t k;
	int fastest;

	cost(c, id, &lane);
	if (c->random)
		lane = !s.nidx || random_below(c->random, 2) ? SAMPLE :
		       c->p->indices.v[s.idx + s.nidx - 1];
	for (k = from; k < end && lane != UINT32_MAX; k++) {
		const Access *a = &c->a->all.v[k];
		if (!wants_copy(c, &s, a, lane))
			continue;
		to[0] = a->tensor;
		fastest = lane_in(c, a, lane);
		if (!c->copy[to[0]] || c->copied[to[0]] != fastest) {
			c->copy[to[0]] = copy_of(c->p, to[0],
				"copy", "s", &s, &c->out);
			c->copied[to[0]] = fastest;
			PUSH(c->p->c, made, ((Lying){ c->copy[to[0]],
			     fastest }));
		}
		to[1] = c->copy[to[0]];
		s.expr = ex_map(c->p, s.expr, copied, to);
	}
	c->copy[s.target] = 0;
	PUSH(c->p->c, &c->out, s);
}

/* Needs the layouts of weights; the list of the kernel is made anew, and the
 * layouts for the old one. */
void
abreast(Vectors *v, Kernel kernel, uint64_t *random, AllLying *made)
{
	Program *p = v->p;
	Choice c = { .p = p, .v = v, .random = random };
	const uint32_t known = p->tensors.n;
	uint32_t i;
	TensorId t;

	c.a = accesses(p, v->list);
	c.may = mem(p->c, known + 1);
	c.copy = mem(p->c, (known + 1) * sizeof *c.copy);
	c.copied = mem(p->c, (known + 1) * sizeof *c.copied);
	which_may(&c);
	who_touches(&c);
	if (random)
		draw(&c);
	else
		choose(&c);
	for (t = 1; t < known; t++)
		if (c.may[t])
			PUSH(p->c, made, ((Lying){ t, v->layout[t].lane }));
	if (v->samples < 2)
		return;
	for (i = 0; i < v->list->n; i++)
		with_copies(&c, i, made);
	p->kernel[kernel] = c.out;
}
