/* SPDX-License-Identifier: MIT
 * The sum that leads a tile in, the loops around vectors that add its terms
 * out: one accumulator for each place of the tile. */
#include <math.h>
#include "tile.h"

static void
put_sum(Tile *t, int32_t r, int32_t c, int u)
{
	Emit *e = t->e;

	put(e, t->sum ? t->sum : cname(e->names, tile_stmt(t, 0)->target));
	put(e, tile_place(t, r, c));
	if (t->sums > 1)
		put(e, fmt(e->c, "_%d", u));
}

static void
put_start(Tile *t, const Stmt *s)
{
	Emit *e = t->e;

	if (s->add && t->sums == 1 && !t->all[0].across)
		put_read_text(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	else
		put(e, fmt(e->c, "bp_splat%s(%s)", e->of_vector,
		    literal_text(e, -0.0)));
}

/* Where the order is free, a sum to which the next statement adds a value that
 * is there before starts at that value. */
static bool
starts_at_next(const Tile *t)
{
	const Program *p = t->e->p;
	const Stmt *s = tile_stmt(t, 0);
	const Stmt *next = t->n > 1 ? tile_stmt(t, 1) : NULL;
	const Expr *x, *a, *b;

	if (!next || p->net->strict || s->red != RED_SUM || s->add ||
	    t->all[0].across || t->sum || !tile_holds(t, s) ||
	    next->nridx || next->add)
		return false;
	x = &p->exprs.v[next->expr];
	a = &p->exprs.v[x->a];
	b = &p->exprs.v[x->b];
	return x->op == E_ADD && a->op == E_READ && a->tensor == s->target &&
	       b->op == E_READ && !tile_writes(t, b->tensor) &&
	       !tile_reads(t, 2, s->target);
}

/* the value that the next statement adds, at a place of the tile, whose indices
 * the sum gives up meanwhile */
static void
put_next(Tile *t, const Bound *rows, int32_t r, int32_t c, Spot *mine)
{
	Emit *e = t->e;
	const Schedule *next = &t->all[1];
	Spot at;

	tile_leave(t, *mine);
	e->along_now++;
	follow(e, next, &t->all[0], t->depth);
	at = tile_go(t, next, rows, r, c);
	put_vector(e, e->p->exprs.v[tile_stmt(t, 1)->expr].b, P_ANY);
	tile_leave(t, at);
	follow(e, &t->all[0], next, t->depth);
	e->along_now++;
	*mine = tile_go(t, &t->all[0], rows, r, c);
}

/* strict: the samples are added one after the other */
static bool
in_turn(const Tile *t)
{
	return t->all[0].across && t->e->lane == SAMPLE &&
	       t->e->p->net->strict;
}

static void
put_first(Tile *t, const Stmt *s)
{
	Emit *e = t->e;

	if (s->add)
		put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	else
		put(e, literal_text(e, -0.0));
}

/* what the largest one begins with: the first term, where there surely is one */
static void
put_largest(Tile *t, const Stmt *s, int32_t r, int32_t c)
{
	Emit *e = t->e;

	if (s->red == RED_MAX && !s->nguard) {
		put_vector(e, s->expr, P_ANY);
		return;
	}
	put(e, fmt(e->c, "bp_splat%s(%s)", e->of_vector,
	    literal_text(e, -INFINITY)));
	if (s->red == RED_ARGMAX)
		put(e, fmt(e->c, ", %s%s = bp_splat%s(%s)", t->arg,
		    tile_place(t, r, c), e->of_vector, literal_text(e, -1)));
}

static void
sum_begin(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	int32_t r, c;
	int u;

	t->begun = starts_at_next(t);

	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++)
			for (u = 0; u < t->sums; u++) {
				Spot at = tile_go(t, &t->all[0], rows, r, c);
				line_open(e);
				put(e, in_turn(t) ? e->real : e->vector);
				put(e, " ");
				put_sum(t, r, c, u);
				put(e, " = ");
				if (in_turn(t))
					put_first(t, s);
				else if (s->red != RED_SUM)
					put_largest(t, s, r, c);
				else if (t->begun && !u)
					put_next(t, rows, r, c, &at);
				else
					put_start(t, s);
				line_close(e, ";");
				tile_leave(t, at);
			}
}

static void
sum_term(Tile *t, const Bound *rows, int32_t r, int32_t c, int u)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	Spot at = tile_go(t, &t->all[0], rows, r, c);
	bool helpers = hoists_begin(e, s->expr);

	line_open(e);
	put(e, t->arg ? fmt(e->c, "bp_place%s(&", e->of_vector) : "");
	put_sum(t, r, c, u);
	if (t->arg) {
		put(e, fmt(e->c, ", &%s%s, ", t->arg, tile_place(t, r, c)));
		put_vector(e, s->expr, P_ANY);
		put(e, ", ");
		put_real(e, place_of_term(e, s));
		line_close(e, ");");
	} else if (s->red == RED_MAX) {
		put(e, fmt(e->c, " = bp_larger%s(", e->of_vector));
		put_sum(t, r, c, u);
		put(e, ", ");
		put_vector(e, s->expr, P_ANY);
		line_close(e, ");");
	} else {
		put(e, " += ");
		put_expr(e, s->expr, P_ANY);
		line_close(e, ";");
	}
	if (helpers)
		hoists_end(e, s->expr);
	tile_leave(t, at);
}

/* do the conditions differ from row to row? */
static bool
guards_move(const Tile *t, const Stmt *s)
{
	const Program *p = t->e->p;
	uint32_t i;

	for (i = 0; i < s->nguard && t->row; i++)
		if (aff_coef(p, p->guards.v[s->guard + i], t->row->index))
			return true;
	return false;
}

static void
sum_row(Tile *t, const Bound *rows, int32_t r, int u)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	bool opened = false, holds = true;
	Spot at;
	Open o;
	int32_t c;

	if (guards_move(t, s)) {
		at = tile_go(t, &t->all[0], rows, r, 0);
		holds = put_guards(e, s, &o, &opened);
		tile_leave(t, at);
	}
	for (c = 0; c < t->columns && holds; c++)
		sum_term(t, rows, r, c, u);
	if (opened)
		body_close(e, o);
}

static void
sum_terms(Tile *t, const Bound *rows, int u)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	bool opened = false, apart = guards_move(t, s);
	Open o;
	int32_t r;

	if (!apart && !put_guards(e, s, &o, &opened))
		return;
	t->part = u;
	if (t->rows > 1)
		tile_names(t, rows, apart);
	for (r = 0; r < t->rows; r++)
		sum_row(t, rows, r, u);
	t->part = 0;
	e->named.n = t->named;
	if (opened)
		body_close(e, o);
}

/* the partial sums take terms in turn; the last ones may get one less */
static void
sum_parts(Tile *t, const Bound *rows, const Loop *l)
{
	Emit *e = t->e;
	Loop main = *l;
	Bound saved;
	Open o;
	int u, rest = l->count % t->sums;

	main.count = l->count / t->sums;
	main.step = t->sums;
	if (main.count) {
		o = loop_open(e, tile_stmt(t, 0), &main);
		saved = e->env[l->index];
		for (u = 0; u < t->sums; u++) {
			e->env[l->index].k = saved.k + u;
			sum_terms(t, rows, u);
		}
		e->env[l->index] = saved;
		loop_close(e, &main, o);
	}
	saved = e->env[l->index];
	for (u = 0; u < rest; u++) {
		e->env[l->index].k = saved.k + l->count - rest + u;
		sum_terms(t, rows, u);
	}
	e->env[l->index] = saved;
}

static void
sum_loops(Tile *t, const Bound *rows, uint32_t depth)
{
	const Schedule *q = &t->all[0];
	const Loop *l = &q->loops.v[depth];
	uint64_t held;
	Open o;

	if (l->how != LOOP_SERIAL) {
		sum_terms(t, rows, 0);
	} else if (t->sums > 1 && q->loops.v[depth + 1].how != LOOP_SERIAL) {
		sum_parts(t, rows, l);
	} else {
		held = bounds_begin(t->e, tile_stmt(t, 0), q, depth);
		o = loop_open(t->e, tile_stmt(t, 0), l);
		sum_loops(t, rows, depth + 1);
		loop_close(t->e, l, o);
		t->e->held = held;
	}
}

/* s[u] += s[u + h] for h = half of them, a quarter, ..., 1 */
static void
put_tree(Tile *t, int32_t r, int32_t c, int from, int step)
{
	Emit *e = t->e;

	if (step == t->sums) {
		put_sum(t, r, c, from);
		return;
	}
	put(e, step > 1 ? "(" : "");
	put_tree(t, r, c, from, step * 2);
	put(e, " + ");
	put_tree(t, r, c, from + step, step * 2);
	put(e, step > 1 ? ")" : "");
}

/* a place's sum, all of its parts added up */
void
put_total(Tile *t, int32_t r, int32_t c)
{
	if (t->sums > 1)
		put_tree(t, r, c, 0, 1);
	else if (t->arg)
		put(t->e, fmt(t->e->c, "%s%s", t->arg, tile_place(t, r, c)));
	else
		put_sum(t, r, c, 0);
}

void
tile_sum(Tile *t, const Bound *rows)
{
	sum_begin(t, rows);
	sum_loops(t, rows, t->depth);
}

/* ---- sums whose lanes run along the reduced index */

static void
across_term(Tile *t, int32_t r, int32_t c)
{
	Emit *e = t->e;
	ExprId x = tile_stmt(t, 0)->expr;
	bool turn = in_turn(t), ends = lanes_end(e);

	line_open(e);
	put_sum(t, r, c, 0);
	if (turn) {
		put(e, fmt(e->c, " = bp_add_lanes%s(", e->of_vector));
		put_sum(t, r, c, 0);
		put(e, ", ");
	} else {
		put(e, " += ");
		put(e, ends ? fmt(e->c, "bp_addend%s(", e->of_vector) : "");
	}
	if (e->lane == SAMPLE)
		put_vector(e, x, P_ANY);
	else
		put_expr(e, x, P_ANY);
	if (ends || turn) {
		put(e, ", ");
		put_rest(e);
		put(e, ")");
	}
	line_close(e, ";");
}

static void
across_terms(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	bool helpers;
	int32_t r, c;

	if (t->rows > 1)
		tile_names(t, rows, false);
	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++) {
			Spot at = tile_go(t, &t->all[0], rows, r, c);
			helpers = hoists_begin(e, s->expr);
			across_term(t, r, c);
			if (helpers)
				hoists_end(e, s->expr);
			tile_leave(t, at);
		}
	e->named.n = t->named;
}

static void
across_loops(Tile *t, const Bound *rows, uint32_t depth)
{
	const Loop *l = &t->all[0].loops.v[depth];
	Open o;

	if (l->how != LOOP_SERIAL) {
		across_terms(t, rows);
		return;
	}
	o = loop_open(t->e, tile_stmt(t, 0), l);
	across_loops(t, rows, depth + 1);
	loop_close(t->e, l, o);
}

/* Where the order is that of the lanes of the widest vector, narrower ones take
 * their share of them at a time; numbers in memory hold what is joined. */
static const char *
across_lanes(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	const Loop *l = &t->all[0].loops.v[t->depth];
	const char *lanes = local_name(e, "lane");
	int of = t->sums;
	int32_t r;
	Open o;

	for (r = 0; r < t->rows; r++) {
		line_open(e);
		put(e, fmt(e->c, "%s %s%s[%d]", e->real, lanes,
		    tile_place(t, r, 0), of));
		line_close(e, ";");
	}
	t->sums = 1;
	o = loop_open(e, tile_stmt(t, 0), l);
	sum_begin(t, rows);
	across_loops(t, rows, t->depth + 1);
	for (r = 0; r < t->rows; r++) {
		line_open(e);
		put(e, fmt(e->c, "bp_store%s(%s%s + %s, ", e->of_vector, lanes,
		    tile_place(t, r, 0), e->vars.v[e->env[l->index].var[
		    e->env[l->index].vars - 1]].name));
		put_sum(t, r, 0, 0);
		line_close(e, ");");
	}
	loop_close(e, l, o);
	return lanes;
}

/* lanes: the arrays that hold them, or NULL: the accumulators do */
static void
across_store(Tile *t, const Bound *rows, int32_t r, const char *lanes)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	Bound was = { 0 };
	int32_t c;

	if (t->row) {
		was = e->env[t->row->index];
		e->env[t->row->index] = rows[r];
	}
	line_open(e);
	put_target(e, s, true);
	put(e, s->add && !in_turn(t) ? " += " : " = ");
	if (lanes)
		put(e, fmt(e->c, "bp_join16%s(%s%s", e->suffix, lanes,
		    tile_place(t, r, 0)));
	else
		put(e, in_turn(t) ? "" : fmt(e->c, "bp_sum%s(", e->of_vector));
	for (c = 0; c < t->columns && !lanes; c++) {
		put(e, c ? " + " : "");
		put_sum(t, r, c, 0);
	}
	line_close(e, in_turn(t) ? ";" : ");");
	if (t->row)
		e->env[t->row->index] = was;
}

/* do the results lie side by side, so that they go out as vectors? */
static bool
side_by_side(const Tile *t, const Stmt *s)
{
	const Program *p = t->e->p;
	const Layout *l = &t->e->k->layout[s->target];
	uint32_t along = (uint32_t)l->lane + p->tensors.v[s->target].batch;
	Index row;

	return t->rows > 1 && !s->add && !in_turn(t) && !tile_holds(t, s) &&
	       along < s->nlhs && l->panel == l->padded &&
	       aff_is_var(p, p->subs.v[s->lhs + along].id, &row) &&
	       row == t->row->index;
}

/* bp_vf acc[] = { acc_0, acc_1 }; bp_store_sums_vf(z + j, acc, 2, 16); */
static void
across_store_all(Tile *t, const Stmt *s, const Bound *rows)
{
	Emit *e = t->e;
	Bound was = e->env[t->row->index];
	const Layout *l = &e->k->layout[s->target];
	bool whole = t->rows == e->p->index.v[t->row->index].extent &&
		e->k->store[s->target].how != ST_ARG;
	int32_t r, c;

	line_open(e);
	put(e, fmt(e->c, "%s %s[] = { ", e->vector, t->sum));
	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++) {
			put(e, c ? " + " : r ? ", " : "");
			put_sum(t, r, c, 0);
		}
	line_close(e, " };");
	line_open(e);
	put(e, fmt(e->c, "bp_store_sums%s(", e->of_vector));
	e->env[t->row->index] = rows[0];
	put_address(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	e->env[t->row->index] = was;
	put(e, fmt(e->c, ", %s, %d, %d", t->sum, t->rows,
	    whole && l->padded > t->rows ? l->padded : t->rows));
	line_close(e, ");");
}

void
tile_across(Tile *t, const Bound *rows)
{
	const Stmt *s = tile_stmt(t, 0);
	const char *lanes = NULL;
	int32_t r;

	t->sum = local_name(t->e, "acc");
	t->e->along_now++;
	if (t->sums > 1) {
		lanes = across_lanes(t, rows);
	} else {
		sum_begin(t, rows);
		across_loops(t, rows, t->depth);
	}
	if (!lanes && side_by_side(t, s)) {
		across_store_all(t, s, rows);
		return;
	}
	for (r = 0; r < t->rows; r++)
		across_store(t, rows, r, lanes);
}
