/* SPDX-License-Identifier: MIT
 * The sums of a tile in, what is computed of them before they leave the
 * registers out, and the stores. */
#include <string.h>
#include "tile.h"

/* rows that are not there must not be written where that would count twice */
static bool
needs_guard(Tile *t)
{
	const Emit *e = t->e;
	uint32_t i, k;

	if (!t->row || !t->row->clamped)
		return false;
	for (i = 0; i < t->n; i++) {
		const Stmt *s = tile_stmt(t, i);
		const Reads *r = reads_of(t->e, s->expr);
		if (tile_holds(t, s))
			continue;
		if (s->add)
			return true;
		for (k = 0; k < r->n; k++)
			if (e->p->exprs.v[r->v[k]].tensor == s->target)
				return true;
	}
	return false;
}

static void
put_value(Tile *t, const Stmt *s, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;

	if (t->value) {
		put(e, t->value);
		t->value = NULL;
		return;
	}
	if ((i || !t->sum) && s->add) {
		put_read_text(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
		put(e, " + ");
		put_vector(e, s->expr, P_MUL);
		return;
	}
	if (i == 1 && t->begun) {
		put_expr(e, e->p->exprs.v[s->expr].a, P_ANY);
		return;
	}
	if (i || !t->sum) {
		put_vector(e, s->expr, P_ANY);
		return;
	}
	if (t->sums == 1 || !s->add) {
		put_total(t, r, c);
		return;
	}
	put_read_text(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	put(e, " + (");
	put_total(t, r, c);
	put(e, ")");
}

void
tile_store(Tile *t, const Stmt *s, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const Sub *subs = &e->p->subs.v[s->lhs];
	int64_t stride = lane_stride(e, s->target, subs, s->nlhs);
	bool early = stride != 1 || ends_early(e, s->target, subs, true);
	bool keep = !early && tile_keeps(e, s->target) &&
	            !tile_vanishes(e, s->expr);

	put(e, stride != 1 ? "bp_scatter" : early ? "bp_store_rest" :
	    "bp_store");
	put(e, fmt(e->c, "%s(", e->of_vector));
	put_address(e, s->target, subs, s->nlhs);
	put(e, stride != 1 ? fmt(e->c, ", %lld, ", (long long)stride) : ", ");
	put(e, keep ? fmt(e->c, "bp_keep%s(", e->of_vector) : "");
	put_value(t, s, i, r, c);
	if (keep || early) {
		put(e, ", ");
		put_rest(e);
		put(e, keep ? ")" : "");
	}
	line_close(e, ");");
}

/* what is stored and used by what follows stays in a variable as well */
static void
name_value(Tile *t, const Stmt *s, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const char *base = fmt(e->c, "%s%s_v", cname(e->names, s->target),
	                       e->place), *name = free_word(e, base);
	Text text = { .c = e->c }, *out = e->out;
	bool zero = tile_vanishes(e, s->expr);
	uint32_t k;

	for (k = 2; tile_named(e, name); k++) /* rows t and t + 1 of a state */
		name = free_word(e, fmt(e->c, "%s%u", base, k));
	line_open(e);
	put(e, fmt(e->c, "const %s %s = ", e->vector, name));
	put_value(t, s, i, r, c);
	line_close(e, ";");
	e->out = &text;
	put_read_text(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	e->out = out;
	for (k = 0; k < e->named.n; k++)
		if (!strcmp(e->named.v[k].text, text.s))
			break;
	if (k == e->named.n)
		PUSH(e->c, &e->named, ((Named){ .text = text.s }));
	e->named.v[k].name = name;
	e->named.v[k].zero = zero;
	t->value = name;
}

static void
finish(Tile *t, const Bound *rows, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, i);
	Spot at = tile_go(t, &t->all[i], rows, r, c);
	bool helpers = (i || !t->sum) && hoists_begin(e, s->expr);

	if (!tile_holds(t, s) && tile_reads(t, i + 1, s->target))
		name_value(t, s, i, r, c);
	line_open(e);
	if (t->all[i].fed) {
		fed_term(t, i, r, c);
	} else if (!tile_holds(t, s)) {
		tile_store(t, s, i, r, c);
	} else {
		put(e, fmt(e->c, "const %s %s%s = ", e->vector,
		    cname(e->names, s->target), e->place));
		put_value(t, s, i, r, c);
		line_close(e, ";");
	}
	if (helpers)
		hoists_end(e, s->expr);
	tile_leave(t, at);
}

/* What all rows read: loaded once.  A store would keep the compiler from seeing
 * that it is the same. */
static void
name_common(Tile *t, const Bound *rows, uint32_t i)
{
	Emit *e = t->e;
	const Schedule *q = &t->all[i];
	const ExprId expr = tile_stmt(t, i)->expr;
	const Reads *reads = reads_of(e, expr);
	const Loop *row = tile_row(q);
	uint32_t count = 0, k, d;
	int32_t c;
	bool moves;

	for (k = 0; k < reads->n; k++) {
		const Expr *x = &e->p->exprs.v[reads->v[k]];
		if (i == 1 && t->begun && reads->v[k] == e->p->exprs.v[expr].b)
			continue; /* the sum began with it */
		for (moves = false, d = 0; d < x->nsub; d++)
			moves |= e->p->subs.v[x->sub + d].indirect ||
			    aff_coef(e->p, e->p->subs.v[x->sub + d].id,
			             row->index) != 0;
		if (moves || tile_writes(t, x->tensor))
			continue;
		for (c = 0; c < t->columns; c++) {
			Spot at = tile_go(t, q, rows, 0, c);
			tile_name(t, x, false, &count);
			tile_leave(t, at);
		}
	}
}

static void
finish_begin(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	uint32_t i;

	for (i = 1; i < t->n && t->row; i++) {
		e->along_now++;
		follow(e, &t->all[i], &t->all[0], t->depth);
		name_common(t, rows, i);
		follow(e, &t->all[0], &t->all[i], t->depth);
	}
}

static void
finish_row(Tile *t, const Bound *rows, int32_t r, uint32_t first)
{
	Emit *e = t->e;
	uint32_t i;
	int32_t c;

	for (i = first; i < t->n; i++) {
		e->along_now++;
		if (i)
			follow(e, &t->all[i], &t->all[0], t->depth);
		for (c = 0; c < t->columns; c++)
			finish(t, rows, i, r, c);
		if (i)
			follow(e, &t->all[0], &t->all[i], t->depth);
	}
}

void
tile_end(Tile *t, const Bound *rows, uint32_t first)
{
	Emit *e = t->e;
	bool guard = needs_guard(t);
	Linear l;
	Open o;
	int32_t r;

	fed_begin(t);
	finish_begin(t, rows);
	for (r = 0; r < t->rows; r++) {
		if (!guard || !r) {
			finish_row(t, rows, r, first);
			continue;
		}
		l = (Linear){ .k = t->row0.k + r, .n = 1 };
		l.t[0].c = 1;
		l.t[0].var = t->row0.var[t->row0.vars - 1];
		line_open(e);
		put(e, "if (");
		put_linear(e, &l, P_ADD);
		put(e, fmt(e->c, " < %s)", extent_text(e, t->row->index)));
		o = body_open(e, e->line);
		finish_row(t, rows, r, first);
		body_close(e, o);
	}
	e->named.n = t->named;
}

/* ---- what comes from afar while the sum is computed */

/* n->w1 = n->w1 - ...: an array of the network that the statement renews */
static bool
renews(const Tile *t, const Stmt *s)
{
	const Reads *r = reads_of(t->e, s->expr);
	uint32_t i;

	for (i = 0; i < r->n; i++)
		if (t->e->p->exprs.v[r->v[i]].tensor == s->target)
			return t->e->k->store[s->target].how == ST_FIELD;
	return false;
}

static int64_t
bytes_renewed(const Tile *t)
{
	const Emit *e = t->e;
	int64_t reals = 0;
	uint32_t i;

	for (i = 1; i < t->n; i++) {
		const Stmt *s = tile_stmt(t, i);
		if (renews(t, s))
			reals += layout_size(&e->p->tensors.v[s->target],
			                     &e->k->layout[s->target]);
	}
	return reals * (e->p->dtype == F32 ? 4 : 8);
}

static void
fetch(Tile *t, const Bound *rows, uint32_t i)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, i);
	int32_t r, c;

	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++) {
			Spot at = tile_go(t, &t->all[i], rows, r, c);
			line_open(e);
			put(e, "BP_PREFETCH(");
			put_address(e, s->target, &e->p->subs.v[s->lhs],
			            s->nlhs);
			line_close(e, ");");
			tile_leave(t, at);
		}
}

/* Weights and state that no near cache holds are asked for before the sum that
 * they wait for; it takes longer than they do. */
void
tile_fetch(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	uint32_t i;

	if (!cost_is_far(bytes_renewed(t)))
		return;
	for (i = 1; i < t->n; i++) {
		if (!renews(t, tile_stmt(t, i)))
			continue;
		e->along_now++;
		follow(e, &t->all[i], &t->all[0], t->depth);
		fetch(t, rows, i);
		follow(e, &t->all[0], &t->all[i], t->depth);
	}
	e->along_now++;
}
