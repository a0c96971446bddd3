/* SPDX-License-Identifier: MIT
 * The schedules of one tile in, C on vectors out: sums are held in registers,
 * one variable a vector; what follows on the tile is computed before it is
 * stored. */
#include <string.h>
#include "back.h"

typedef struct {
	Emit *e;
	const Schedule *all;        /* of the group; the first one leads */
	uint32_t n, depth;          /* loops that are open */
	int32_t rows, columns;
	const Loop *row;            /* NULL: one row */
	Bound at[8];                /* of the rows' index, where it is clamped */
	Bound row0, lane0;          /* of the first place of the tile */
	uint32_t named;             /* reads that had variables before */
	const char *sum;            /* of the leader's accumulators */
	const char *value;          /* of what is to be stored, where it has one */
	int sums, part;             /* partial sums; the one whose turn it is */
} Tile;

enum { MOST_ROWS = 16 };

static const Stmt *
stmt_of(const Tile *t, uint32_t i)
{
	return &t->e->list->v[t->all[i].stmt];
}

static const Loop *
row_loop(const Schedule *q)
{
	const Loop *l = q->loops.n > 1 ? &q->loops.v[q->loops.n - 2] : NULL;

	return l && l->how == LOOP_UNROLL ? l : NULL;
}

/* _2_0: names of variables for places of the tile */
static const char *
place_text(const Tile *t, int32_t r, int32_t c)
{
	Ctx *x = t->e->c;

	if (t->rows > 1 && t->columns > 1)
		return fmt(x, "_%d_%d", r, c);
	if (t->rows > 1 || t->columns > 1)
		return fmt(x, "_%d", t->rows > 1 ? r : c);
	return "";
}

typedef struct { Index row, lane; Bound was_row, was_lane; } Spot;

/* the indices of a schedule of the group at a place of the tile */
static Spot
go_to(Tile *t, const Schedule *q, const Bound *rows, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const Loop *row = row_loop(q);
	Spot s = { .row = row ? row->index : q->lane, .lane = q->lane };

	s.was_row = e->env[s.row];
	s.was_lane = e->env[s.lane];
	if (row)
		e->env[row->index] = rows[r];
	e->env[q->lane].vectors += c;
	e->lane = q->lane;
	e->place = place_text(t, r, c);
	e->by_vectors = true;
	return s;
}

static void
leave(Tile *t, Spot s)
{
	t->e->env[s.lane] = s.was_lane;
	t->e->env[s.row] = s.was_row;
	t->e->by_vectors = false;
}

/* rows beyond the last one repeat it: const int s1 = s + 1 < samples ? ... */
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
		rows[r].k += r;
		if (!r || !t->row->clamped)
			continue;
		e->env[t->row->index] = rows[r];
		l = linear(e, aff_var(e->p, t->row->index));
		name = free_word(e, fmt(e->c, "%s%d", e->vars.v[t->row0.var[
			t->row0.vars - 1]].name, r));
		last = t->row->index == SAMPLE ? "samples - 1" :
		       fmt(e->c, "%d", extent - 1);
		line_open(e);
		e->use_least = true;
		put(e, fmt(e->c, "const int %s = %s_least(", name, e->prefix));
		put_linear(e, &l, P_ADD);
		put(e, fmt(e->c, ", %s", last));
		line_close(e, ");");
		e->use_samples |= t->row->index == SAMPLE;
		PUSH(e->c, &e->vars, ((Var){ name, 1, extent - 1 }));
		PUSH(e->c, &e->scope, (int)e->vars.n - 1);
		rows[r] = (Bound){ .var = { (int)e->vars.n - 1 }, .vars = 1 };
	}
	e->env[t->row->index] = was;
}

/* ---- reads that several places of the tile share get variables */

static bool
is_named(const Emit *e, const char *name)
{
	uint32_t i;

	for (i = 0; i < e->named.n; i++)
		if (!strcmp(e->named.v[i].name, name))
			return true;
	return false;
}

static void
name_read(Tile *t, const Expr *x, uint32_t *count)
{
	Emit *e = t->e;
	Text text = { .c = e->c }, *out = e->out;
	const Sub *subs = &e->p->subs.v[x->sub];
	bool vector = false;
	const char *name;
	uint32_t i;

	if (e->k->store[x->tensor].how == ST_LOCAL ||
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
	} while (is_named(e, name));
	line_open(e);
	put(e, fmt(e->c, "const %s %s = %s", vector ? e->vector : e->real,
	    name, text.s));
	line_close(e, ";");
	PUSH(e->c, &e->named, ((Named){ text.s, name }));
}

/* the operands of all places, so that each is loaded once */
static void
name_reads(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	const Stmt *s = stmt_of(t, 0);
	const Reads *reads = reads_of(e, s->expr);
	uint32_t *count = mem(e->c, (reads->n + 1) * sizeof *count), i;
	int32_t r, c;

	for (i = 0; i < reads->n; i++)
		for (r = 0; r < t->rows; r++)
			for (c = 0; c < t->columns; c++) {
				Spot at = go_to(t, &t->all[0], rows, r, c);
				name_read(t, &e->p->exprs.v[reads->v[i]],
				          &count[i]);
				leave(t, at);
			}
}

/* ---- the sum */

static bool
held(const Tile *t, const Stmt *s)
{
	return t->e->k->store[s->target].how == ST_LOCAL;
}

static void
put_sum(Tile *t, int32_t r, int32_t c, int u)
{
	Emit *e = t->e;

	if (t->sum) {
		put(e, t->sum);
		put(e, place_text(t, r, c));
	} else {
		put(e, cname(e->names, stmt_of(t, 0)->target));
		put(e, place_text(t, r, c));
	}
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

static void
sum_begin(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	const Stmt *s = stmt_of(t, 0);
	int32_t r, c;
	int u;

	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++)
			for (u = 0; u < t->sums; u++) {
				Spot at = go_to(t, &t->all[0], rows, r, c);
				line_open(e);
				put(e, fmt(e->c, "%s ", e->vector));
				put_sum(t, r, c, u);
				put(e, " = ");
				if (s->red == RED_MAX)
					put_vector(e, s->expr, P_ANY);
				else
					put_start(t, s);
				line_close(e, ";");
				leave(t, at);
			}
}

static void
sum_term(Tile *t, const Bound *rows, int32_t r, int32_t c, int u)
{
	Emit *e = t->e;
	const Stmt *s = stmt_of(t, 0);
	Spot at = go_to(t, &t->all[0], rows, r, c);
	bool helpers = hoists_begin(e, s->expr);

	line_open(e);
	put_sum(t, r, c, u);
	if (s->red == RED_MAX) {
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
	leave(t, at);
}

static void
sum_terms(Tile *t, const Bound *rows, int u)
{
	int32_t r, c;

	t->part = u;
	if (t->rows > 1)
		name_reads(t, rows);
	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++)
			sum_term(t, rows, r, c, u);
	t->part = 0;
	t->e->named.n = t->named;
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
		o = loop_open(e, stmt_of(t, 0), &main);
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
	Open o;

	if (l->how != LOOP_SERIAL) {
		sum_terms(t, rows, 0);
	} else if (t->sums > 1 && q->loops.v[depth + 1].how != LOOP_SERIAL) {
		sum_parts(t, rows, l);
	} else {
		o = loop_open(t->e, stmt_of(t, 0), l);
		sum_loops(t, rows, depth + 1);
		loop_close(t->e, l, o);
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

/* ---- what is done with the places */

/* rows that are not there must not be written where that would count twice */
static bool
needs_guard(Tile *t)
{
	const Emit *e = t->e;
	uint32_t i, k;

	if (!t->row || !t->row->clamped)
		return false;
	for (i = 0; i < t->n; i++) {
		const Stmt *s = stmt_of(t, i);
		const Reads *r = reads_of(t->e, s->expr);
		if (held(t, s))
			continue;
		if (s->add)
			return true;
		for (k = 0; k < r->n; k++)
			if (e->p->exprs.v[r->v[k]].tensor == s->target)
				return true;
	}
	return false;
}

/* lanes beyond the tensor's end stay zero in what is kept */
static bool
keeps_zeros(const Emit *e, TensorId t)
{
	return e->k->store[t].how == ST_FIELD &&
	       e->p->index.v[e->lane].extent % layout_round(1) != 0;
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
	if (i || !t->sum) {
		put_vector(e, s->expr, P_ANY);
		return;
	}
	if (t->sums == 1) {
		put_sum(t, r, c, 0);
		return;
	}
	if (s->add) {
		put_read_text(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
		put(e, " + (");
	}
	put_tree(t, r, c, 0, 1);
	put(e, s->add ? ")" : "");
}

static void
store(Tile *t, const Stmt *s, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	bool early = ends_early(e, s->target);
	bool keep = !early && keeps_zeros(e, s->target);

	put(e, fmt(e->c, "bp_store%s%s(", early ? "_rest" : "", e->of_vector));
	put_address(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	put(e, ", ");
	put(e, keep ? fmt(e->c, "bp_keep%s(", e->of_vector) : "");
	put_value(t, s, i, r, c);
	if (keep || early) {
		put(e, ", ");
		put_rest(e, false);
		put(e, keep ? ")" : "");
	}
	line_close(e, ");");
}

static bool
read_later(Tile *t, uint32_t i)
{
	TensorId target = stmt_of(t, i)->target;
	uint32_t k, m;

	for (k = i + 1; k < t->n; k++) {
		const Reads *r = reads_of(t->e, stmt_of(t, k)->expr);
		for (m = 0; m < r->n; m++)
			if (t->e->p->exprs.v[r->v[m]].tensor == target)
				return true;
	}
	return false;
}

/* what is stored and used by what follows stays in a variable as well */
static void
name_value(Tile *t, const Stmt *s, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const char *name = free_word(e, fmt(e->c, "%s%s_v", cname(e->names,
	                             s->target), e->place));
	Text text = { .c = e->c }, *out = e->out;
	uint32_t k;

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
	if (k < e->named.n)
		e->named.v[k].name = name;
	else
		PUSH(e->c, &e->named, ((Named){ text.s, name }));
	t->value = name;
}

static void
finish(Tile *t, const Bound *rows, uint32_t i, int32_t r, int32_t c)
{
	Emit *e = t->e;
	const Stmt *s = stmt_of(t, i);
	Spot at = go_to(t, &t->all[i], rows, r, c);
	bool helpers = (i || !t->sum) && hoists_begin(e, s->expr);

	if (!held(t, s) && read_later(t, i))
		name_value(t, s, i, r, c);
	line_open(e);
	if (!held(t, s)) {
		store(t, s, i, r, c);
	} else {
		put(e, fmt(e->c, "const %s %s%s = ", e->vector,
		    cname(e->names, s->target), e->place));
		put_value(t, s, i, r, c);
		line_close(e, ";");
	}
	if (helpers)
		hoists_end(e, s->expr);
	leave(t, at);
}

static bool
in_group(const Tile *t, TensorId written)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (stmt_of(t, i)->target == written)
			return true;
	return false;
}

/* all reads of the group that the loop to be opened leaves alone: loaded once,
 * in front of it */
void
tile_hoist(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = { .e = e, .all = &e->k->schedules.v[from], .n = to - from,
	           .depth = depth };
	const Schedule *q = &t.all[0];
	Bound none[MOST_ROWS] = { { 0 } };
	uint32_t i, k, d, count;
	int32_t c;

	if (row_loop(q) || q->loops.v[depth].vectors || q->loops.n != depth + 2)
		return;
	t.rows = 1;
	t.columns = q->loops.v[q->loops.n - 1].count;
	for (i = 0; i < t.n; i++) {
		const Schedule *m = &t.all[i];
		const Reads *reads = reads_of(e, stmt_of(&t, i)->expr);
		e->along_now++;
		if (i)
			follow(e, m, q, depth);
		for (k = count = 0; k < reads->n; k++) {
			const Expr *x = &e->p->exprs.v[reads->v[k]];
			for (d = 0; d < x->nsub; d++)
				if (e->p->subs.v[x->sub + d].indirect ||
				    aff_coef(e->p, e->p->subs.v[x->sub + d].id,
				             m->loops.v[depth].index))
					break;
			if (d < x->nsub || in_group(&t, x->tensor))
				continue;
			for (c = 0; c < t.columns; c++) {
				Spot at = go_to(&t, m, none, 0, c);
				name_read(&t, x, &count);
				leave(&t, at);
			}
		}
		if (i)
			follow(e, q, m, depth);
	}
}

/* What all rows read: loaded once.  A store would keep the compiler from seeing
 * that it is the same. */
static void
name_common(Tile *t, const Bound *rows, uint32_t i)
{
	Emit *e = t->e;
	const Schedule *q = &t->all[i];
	const Reads *reads = reads_of(e, stmt_of(t, i)->expr);
	const Loop *row = row_loop(q);
	uint32_t count = 0, k, d;
	int32_t c;
	bool moves;

	for (k = 0; k < reads->n; k++) {
		const Expr *x = &e->p->exprs.v[reads->v[k]];
		for (moves = false, d = 0; d < x->nsub; d++)
			moves |= e->p->subs.v[x->sub + d].indirect ||
			    aff_coef(e->p, e->p->subs.v[x->sub + d].id,
			             row->index) != 0;
		if (moves || in_group(t, x->tensor))
			continue;
		for (c = 0; c < t->columns; c++) {
			Spot at = go_to(t, q, rows, 0, c);
			name_read(t, x, &count);
			leave(t, at);
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

static void
finish_all(Tile *t, const Bound *rows, uint32_t first)
{
	Emit *e = t->e;
	bool guard = needs_guard(t);
	Linear l;
	Open o;
	int32_t r;

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
		put(e, t->row->index == SAMPLE ? " < samples)" :
		    fmt(e->c, " < %d)", e->p->index.v[t->row->index].extent));
		o = body_open(e, e->line);
		finish_row(t, rows, r, first);
		body_close(e, o);
	}
	e->named.n = t->named;
}

/* ---- sums whose lanes run along the reduced index */

static void
across_terms(Tile *t, const Bound *rows)
{
	Emit *e = t->e;
	const Stmt *s = stmt_of(t, 0);
	bool ends = e->p->index.v[e->lane].extent % layout_round(1) != 0;
	int32_t r, c;

	if (t->rows > 1)
		name_reads(t, rows);
	for (r = 0; r < t->rows; r++)
		for (c = 0; c < t->columns; c++) {
			Spot at = go_to(t, &t->all[0], rows, r, c);
			line_open(e);
			put_sum(t, r, c, 0);
			put(e, " += ");
			put(e, ends ? fmt(e->c, "bp_keep%s(", e->of_vector) :
			    "");
			put_expr(e, s->expr, P_ANY);
			if (ends) {
				put(e, ", ");
				put_rest(e, false);
				put(e, ")");
			}
			line_close(e, ";");
			leave(t, at);
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
	o = loop_open(t->e, stmt_of(t, 0), l);
	across_loops(t, rows, depth + 1);
	loop_close(t->e, l, o);
}

static void
across_store(Tile *t, const Bound *rows, int32_t r)
{
	Emit *e = t->e;
	const Stmt *s = stmt_of(t, 0);
	Bound was = { 0 };
	int32_t c;

	if (t->row) {
		was = e->env[t->row->index];
		e->env[t->row->index] = rows[r];
	}
	line_open(e);
	put_target(e, s, true);
	put(e, fmt(e->c, s->add ? " += bp_sum%s(" : " = bp_sum%s(",
	    e->of_vector));
	for (c = 0; c < t->columns; c++) {
		put(e, c ? " + " : "");
		put_sum(t, r, c, 0);
	}
	line_close(e, ");");
	if (t->row)
		e->env[t->row->index] = was;
}

static void
emit_across(Tile *t, const Bound *rows)
{
	int32_t r;

	t->sum = local_name(t->e, "acc");
	t->e->along_now++;
	sum_begin(t, rows);
	across_loops(t, rows, t->depth);
	for (r = 0; r < t->rows; r++)
		across_store(t, rows, r);
}

/* Schedules from..to are one tile inside of `depth` open loops. */
void
emit_tile(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	Tile t = { .e = e, .all = &e->k->schedules.v[from], .n = to - from,
	           .depth = depth };
	const Schedule *q = &t.all[0];
	const Stmt *s = &e->list->v[q->stmt];
	bool sum = s->nridx > 0 && depth + 1 < q->loops.n;
	Bound rows[MOST_ROWS];
	uint32_t first = 0, scope = e->scope.n;

	t.row = row_loop(q);
	t.rows = t.row ? t.row->count : 1;
	t.columns = q->loops.v[q->loops.n - 1].count;
	t.sums = q->sums;
	t.named = e->named.n;
	t.row0 = t.row ? e->env[t.row->index] : (Bound){ 0 };
	t.row0.k += t.row ? t.row->first : 0;
	e->use_vectors = true;
	e->lane = q->lane;
	e->along_now++;
	rows_begin(&t, rows);
	if (q->across) {
		emit_across(&t, rows);
		e->scope.n = scope;
		return;
	}
	sum = sum && q->loops.v[depth].how == LOOP_SERIAL;
	if (sum) {
		if (!held(&t, s) || t.sums > 1)
			t.sum = local_name(e, "acc");
		else
			first = 1;
		sum_begin(&t, rows);
		sum_loops(&t, rows, depth);
	}
	finish_all(&t, rows, first);
	e->scope.n = scope;
}
