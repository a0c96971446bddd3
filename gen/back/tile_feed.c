/* SPDX-License-Identifier: MIT
 * A sum that a tile feeds: its accumulators stand in front of the loop that
 * runs through its terms, and are stored behind it. */
#include "tile.h"

/* the member that is fed; t->n: none */
static uint32_t
fed_of(const Tile *t)
{
	uint32_t i;

	for (i = 0; i < t->n && !t->all[i].fed; i++)
		;
	return i;
}

/* is the loop at this depth the first over terms of a sum that is fed? */
bool
fed_first(const Tile *t, uint32_t depth)
{
	const Program *p = t->e->p;
	uint32_t i = fed_of(t), k;
	const Schedule *q = &t->all[i];

	if (i == t->n)
		return false;
	for (k = 0; loop_is_result(p, tile_stmt(t, i), &q->loops.v[k]); k++)
		;
	return k == depth;
}

/* acc1_0_2: of column 0, the third partial sum */
static void
put_part(Tile *t, const Schedule *q, int32_t c, int u)
{
	Emit *e = t->e;

	put(e, e->fed);
	if (t->columns > 1)
		put(e, fmt(e->c, "_%d", c));
	if (q->sums > 1)
		put(e, fmt(e->c, "_%d", u));
}

static void
put_tree(Tile *t, const Schedule *q, int32_t c, int from, int step)
{
	Emit *e = t->e;

	if (step == q->sums) {
		put_part(t, q, c, from);
		return;
	}
	put(e, step > 1 ? "(" : "");
	put_tree(t, q, c, from, step * 2);
	put(e, " + ");
	put_tree(t, q, c, from + step, step * 2);
	put(e, step > 1 ? ")" : "");
}

/* the rows that remain go on where the whole tiles have ended */
static bool
goes_on(const Schedule *q)
{
	const Loop *row = tile_row(q);

	return row && row->first > 0;
}

static Spot
at_column(Tile *t, uint32_t i, int32_t c)
{
	static const Bound none[MOST_ROWS];

	return tile_go(t, &t->all[i], none, 0, c);
}

/* Needs the loops outside of the sum open, for the leader of the group. */
void
fed_begin(Tile *t)
{
	Emit *e = t->e;
	uint32_t i = fed_of(t);
	const Schedule *q = &t->all[i];
	const Stmt *s;
	int32_t c;
	Spot at;
	int u;

	if (i == t->n || e->fed)
		return;
	s = tile_stmt(t, i);
	e->fed = local_name(e, "acc");
	follow(e, q, &t->all[0], t->depth);
	for (c = 0; c < t->columns; c++)
		for (u = 0; u < q->sums; u++) {
			at = at_column(t, i, c);
			line_open(e);
			put(e, e->vector);
			put(e, " ");
			put_part(t, q, c, u);
			put(e, " = ");
			if (goes_on(q) && !u)
				put_read_text(e, s->target,
				              &e->p->subs.v[s->lhs], s->nlhs);
			else
				put(e, fmt(e->c, "bp_splat%s(%s)",
				    e->of_vector, literal_text(e, -0.0)));
			line_close(e, ";");
			tile_leave(t, at);
		}
	follow(e, &t->all[0], q, t->depth);
}

/* one term of each column, at the place at hand */
void
fed_term(Tile *t, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const Schedule *q = &t->all[i];

	put_part(t, q, c, r % q->sums);
	put(e, " += ");
	put_expr(e, tile_stmt(t, i)->expr, P_ANY);
	line_close(e, ";");
}

void
fed_end(Tile *t)
{
	Emit *e = t->e;
	uint32_t i = fed_of(t);
	const Schedule *q = &t->all[i];
	int32_t c;
	Spot at;

	if (i == t->n)
		return;
	follow(e, q, &t->all[0], t->depth);
	e->along_now++;
	for (c = 0; c < t->columns; c++) {
		Text total = { .c = e->c }, *out = e->out;
		at = at_column(t, i, c);
		e->out = &total;
		put_tree(t, q, c, 0, 1);
		e->out = out;
		t->value = total.s;
		line_open(e);
		tile_store(t, tile_stmt(t, i), i, 0, c);
		tile_leave(t, at);
	}
	e->fed = NULL;
	follow(e, &t->all[0], q, t->depth);
}
