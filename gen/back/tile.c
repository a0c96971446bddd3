/* SPDX-License-Identifier: MIT
 * The schedules of one tile in, C on vectors out: sums are held in registers,
 * one variable a vector; what follows on the tile is computed before it is
 * stored. */
#include <string.h>
#include "tile.h"

const Stmt *
tile_stmt(const Tile *t, uint32_t i)
{
	return &t->e->list->v[t->all[i].stmt];
}

const Loop *
tile_row(const Schedule *q)
{
	const Loop *l = q->loops.n > 1 ? &q->loops.v[q->loops.n - 2] : NULL;

	return l && l->how == LOOP_UNROLL ? l : NULL;
}

/* _2_0: names of variables for places of the tile */
const char *
tile_place(const Tile *t, int32_t r, int32_t c)
{
	Ctx *x = t->e->c;

	if (t->rows > 1 && t->columns > 1)
		return fmt(x, "_%d_%d", r, c);
	if (t->rows > 1 || t->columns > 1)
		return fmt(x, "_%d", t->rows > 1 ? r : c);
	return "";
}

/* the indices of a schedule of the group at a place of the tile */
Spot
tile_go(Tile *t, const Schedule *q, const Bound *rows, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const Loop *row = tile_row(q);
	Spot s = { .row = row ? row->index : q->lane, .lane = q->lane };

	s.was_row = e->env[s.row];
	s.was_lane = e->env[s.lane];
	if (row)
		e->env[row->index] = rows[r];
	e->env[q->lane].vectors += c;
	e->lane = q->lane;
	e->place = tile_place(t, r, c);
	e->by_vectors = true;
	return s;
}

void
tile_leave(Tile *t, Spot s)
{
	t->e->env[s.lane] = s.was_lane;
	t->e->env[s.row] = s.was_row;
	t->e->by_vectors = false;
}

/* rows beyond the last one repeat it: s1 = NAME_least(s + 1, samples - 1) */
static void
rows_begin(Tile *t, Bound *rows)
{
	Emit *e = t->e;
	int32_t r, extent;
	Bound was;
	Linear l;

	if (!t->row) {
		rows[0] = t->row0;
		return;
	}
	was = e->env[t->row->index];
	extent = e->p->index.v[t->row->index].extent;
	for (r = 0; r < t->rows; r++) {
		const char *name, *last;
		rows[r] = t->row0;
		rows[r].k += (int64_t)r * t->row->step;
		if (!r || !t->row->clamped)
			continue;
		e->env[t->row->index] = rows[r];
		l = linear(e, aff_var(e->p, t->row->index));
		name = free_word(e, fmt(e->c, "%s%d", e->vars.v[t->row0.var[
			t->row0.vars - 1]].name, r));
		last = extent_text(e, t->row->index);
		line_open(e);
		e->use_least = true;
		put(e, fmt(e->c, "const int %s = %s_least(", name, e->prefix));
		put_linear(e, &l, P_ADD);
		put(e, fmt(e->c, ", %s - 1", last));
		line_close(e, ");");
		PUSH(e->c, &e->vars, ((Var){ name, 1, extent - 1 }));
		PUSH(e->c, &e->scope, (int)e->vars.n - 1);
		rows[r] = (Bound){ .var = { (int)e->vars.n - 1 }, .vars = 1 };
	}
	e->env[t->row->index] = was;
}

/* ---- reads that several places of the tile share get variables */

bool
tile_named(const Emit *e, const char *name)
{
	uint32_t i;

	for (i = 0; i < e->named.n; i++)
		if (!strcmp(e->named.v[i].name, name))
			return true;
	return false;
}

void
tile_name(Tile *t, const Expr *x, bool whole, uint32_t *count)
{
	Emit *e = t->e;
	Text text = { .c = e->c }, *out = e->out;
	const Sub *subs = &e->p->subs.v[x->sub];
	bool vector = false, zero;
	const char *name;
	uint32_t i;

	if (e->k->store[x->tensor].how == ST_LOCAL || x->op == E_PAD ||
	    e->p->tensors.v[x->tensor].kind == T_NET)
		return;
	for (i = 0; i < x->nsub; i++)
		vector |= aff_coef(e->p, subs[i].id, e->lane) != 0;
	e->out = &text;
	put_read_text(e, x->tensor, subs, x->nsub);
	e->out = out;
	for (i = 0; i < e->named.n; i++)
		if (!strcmp(e->named.v[i].text, text.s))
			return;
	do {
		name = fmt(e->c, "%s_%s%u", cname(e->names, x->tensor),
		           vector ? "v" : "s", (*count)++);
		if (t->part)
			name = fmt(e->c, "%s_%d", name, t->part);
		name = free_word(e, name);
	} while (tile_named(e, name));
	zero = vector && !whole && tile_masks(t, x);
	line_open(e);
	put(e, fmt(e->c, "const %s %s = ", vector ? e->vector : e->real, name));
	put(e, zero ? fmt(e->c, "bp_keep%s(%s, ", e->of_vector, text.s) :
	    text.s);
	if (zero) {
		put_rest(e);
		put(e, ")");
	}
	line_close(e, ";");
	PUSH(e->c, &e->named, ((Named){ text.s, name, zero }));
}

/* is the read the same in each row, and within its tensor for all values of all
 * indices? */
static bool
stays(const Tile *t, const Expr *x)
{
	const Program *p = t->e->p;
	const Tensor *of = &p->tensors.v[x->tensor];
	uint32_t k;

	for (k = 0; k < x->nsub; k++) {
		Sub s = p->subs.v[x->sub + k];
		if (s.indirect || aff_coef(p, s.id, t->row->index))
			return false;
		if (k >= of->batch && (aff_lo(p, s.id) < 0 ||
		    aff_hi(p, s.id) >= of->shape.dim[k - of->batch]))
			return false;
	}
	return true;
}

/* the operands of all places, so that each is loaded once; of places that have
 * conditions of their own, those that all of them may load */
void
tile_names(Tile *t, const Bound *rows, bool apart)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	const Reads *reads = reads_of(e, s->expr);
	uint32_t *count = mem(e->c, (reads->n + 1) * sizeof *count), i;
	int32_t r, c;

	for (i = 0; i < reads->n; i++) {
		const Expr *x = &e->p->exprs.v[reads->v[i]];
		if (apart && !stays(t, x))
			continue;
		for (r = 0; r < (apart ? 1 : t->rows); r++)
			for (c = 0; c < t->columns; c++) {
				Spot at = tile_go(t, &t->all[0], rows, r, c);
				tile_name(t, x, true, &count[i]);
				tile_leave(t, at);
			}
	}
}

bool
tile_holds(const Tile *t, const Stmt *s)
{
	return t->e->k->store[s->target].how == ST_LOCAL;
}

bool
tile_writes(const Tile *t, TensorId written)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (tile_stmt(t, i)->target == written)
			return true;
	return false;
}

/* does the statement `from` of the group, or one behind it, read the tensor? */
bool
tile_reads(const Tile *t, uint32_t from, TensorId read)
{
	uint32_t k;

	for (; from < t->n; from++) {
		const Reads *r = reads_of(t->e, tile_stmt(t, from)->expr);
		for (k = 0; k < r->n; k++)
			if (t->e->p->exprs.v[r->v[k]].tensor == read)
				return true;
	}
	return false;
}

/* the schedules of a group before the innermost of its loops is opened */
static Tile
opening(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = { .e = e, .all = &e->k->schedules.v[from], .n = to - from,
	           .depth = depth, .rows = 1 };

	t.columns = t.all[0].loops.v[t.all[0].loops.n - 1].count;
	return t;
}

/* what member i reads and the loop leaves alone */
static void
hoist(Tile *t, uint32_t i)
{
	static const Bound none[MOST_ROWS];
	Emit *e = t->e;
	const Schedule *m = &t->all[i];
	const Reads *reads = reads_of(e, tile_stmt(t, i)->expr);
	uint32_t k, d, count = 0;
	int32_t c;

	for (k = 0; k < reads->n; k++) {
		const Expr *x = &e->p->exprs.v[reads->v[k]];
		for (d = 0; d < x->nsub; d++)
			if (e->p->subs.v[x->sub + d].indirect ||
			    aff_coef(e->p, e->p->subs.v[x->sub + d].id,
			             m->loops.v[t->depth].index))
				break;
		if (d < x->nsub || tile_writes(t, x->tensor))
			continue;
		for (c = 0; c < t->columns; c++) {
			Spot at = tile_go(t, m, none, 0, c);
			tile_name(t, x, false, &count);
			tile_leave(t, at);
		}
	}
}

/* all reads of the group that the loop to be opened leaves alone: loaded once,
 * in front of it */
void
tile_hoist(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = opening(e, from, to, depth);
	const Schedule *q = &t.all[0];
	const Loop *row = tile_row(q), *l = &q->loops.v[depth];
	uint32_t i;

	if (l->vectors || q->loops.n != depth + 2 + (row != NULL) ||
	    (row && row->index != l->index))
		return;
	for (i = 0; i < t.n; i++) {
		e->along_now++;
		if (i)
			follow(e, &t.all[i], q, depth);
		hoist(&t, i);
		if (i)
			follow(e, q, &t.all[i], depth);
	}
}

/* the loop to be opened is the first that runs through the terms of a sum */
bool
tile_feed_begin(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = opening(e, from, to, depth);

	if (!fed_first(&t, depth))
		return false;
	e->along_now++;
	fed_begin(&t);
	return true;
}

void
tile_feed_end(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = opening(e, from, to, depth);

	fed_end(&t);
}

/* Schedules from..to are one tile inside of `depth` open loops. */
void
emit_tile(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = { .e = e, .all = &e->k->schedules.v[from], .n = to - from,
	           .depth = depth };
	const Schedule *q = &t.all[0];
	const Stmt *s = &e->list->v[q->stmt];
	bool sum = s->nridx > 0 && depth + 1 < q->loops.n, feeds;
	Bound rows[MOST_ROWS];
	uint32_t first = 0, scope = e->scope.n;

	t.row = tile_row(q);
	t.rows = t.row ? t.row->count : 1;
	t.columns = q->loops.v[q->loops.n - 1].count;
	t.sums = q->sums;
	t.named = e->named.n;
	t.row0 = t.row ? e->env[t.row->index] : (Bound){ 0 };
	t.row0.k += t.row ? t.row->first : 0;
	e->use_vectors = true;
	e->lane = q->lane;
	e->along_now++;
	if (tile_turns(&t)) {
		tile_turn(&t);
		return;
	}
	rows_begin(&t, rows);
	if (q->across) {
		tile_across(&t, rows);
		e->scope.n = scope;
		return;
	}
	sum = sum && q->loops.v[depth].how == LOOP_SERIAL;
	if (sum) {
		if (s->red == RED_ARGMAX)
			t.arg = local_name(e, "arg");
		if (!tile_holds(&t, s) || t.sums > 1)
			t.sum = local_name(e, t.arg ? "best" : "acc");
		else
			first = 1;
		tile_fetch(&t, rows);
		tile_sum(&t, rows);
	}
	feeds = !e->fed;
	tile_end(&t, rows, first);
	if (feeds && e->fed)
		fed_end(&t);
	e->scope.n = scope;
}
