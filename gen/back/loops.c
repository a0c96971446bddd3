/* SPDX-License-Identifier: MIT
 * Schedules in, loops of C out, with what stands in them: equations, or
 * accumulators that are begun, added to and stored. */
#include <math.h>
#include <string.h>
#include "back.h"

/* ---- loop variables */

/* words that no tensor is called by, but loops may */
static bool
is_loop_word(const char *s)
{
	return !strcmp(s, "i") || !strcmp(s, "h") || !strcmp(s, "w") ||
	       !strcmp(s, "g") || !strcmp(s, "p") || !strcmp(s, "s") ||
	       !strcmp(s, "step");
}

static bool
is_free(const Emit *e, const char *s)
{
	uint32_t k;

	for (k = 0; k < e->scope.n; k++)
		if (!strcmp(e->vars.v[e->scope.v[k]].name, s))
			return false;
	return is_loop_word(s) || !cname_taken(e->names, s);
}

/* the word, or with a number where something else is called so */
const char *
free_word(Emit *e, const char *wish)
{
	const char *s = wish;
	uint32_t tail = 0;

	while (!is_free(e, s))
		s = fmt(e->c, "%s%u", wish, ++tail);
	return s;
}

/* the name of the index where nothing else has it, else with a number */
static const char *
variable_name(Emit *e, Index i)
{
	const char *wish = e->p->index.v[i].name, *s;
	char base[16];
	size_t n = 0;
	uint32_t tail = 0;

	for (; *wish && n < 12; wish++)
		if ((*wish >= 'a' && *wish <= 'z') ||
		    (*wish >= 'A' && *wish <= 'Z'))
			base[n++] = *wish;
	base[n] = 0;
	if (i == SAMPLE)
		strcpy(base, "s");
	else if (!strcmp(base, "t"))
		strcpy(base, "step"); /* t is the target */
	else if (!n)
		strcpy(base, "i");
	s = copy(e->c, base, strlen(base));
	while (!is_free(e, s))
		s = fmt(e->c, "%s%u", base, ++tail);
	return s;
}

static void
bind(Emit *e, const Loop *l)
{
	Bound *b = &e->env[l->index];
	Var v = { variable_name(e, l->index), l->step,
	          (l->count - 1) * l->step };

	PUSH(e->c, &e->vars, v);
	PUSH(e->c, &e->scope, (int)e->vars.n - 1);
	b->k += l->first;
	b->var[b->vars++] = (int)e->vars.n - 1;
}

static void
unbind(Emit *e, const Loop *l, Bound saved)
{
	e->scope.n--;
	e->env[l->index] = saved;
}

static bool
is_reverse(const Emit *e, const Stmt *s, const Loop *l)
{
	return s->scan && e->p->scans.v[s->scan].t == l->index &&
	       e->p->scans.v[s->scan].reverse;
}

const char *
extent_text(Emit *e, Index i)
{
	if (i != SAMPLE)
		return fmt(e->c, "%d", e->p->index.v[i].extent);
	if (e->k->exact)
		return fmt(e->c, "%d", e->k->samples);
	e->use_samples = true;
	return "samples";
}

/* j += 2*BP_LANES_VF */
static void
put_step(Emit *e, const Loop *l, const char *v)
{
	if (l->vectors) {
		e->use_vectors = true;
		put(e, fmt(e->c, "; %s += ", v));
		put(e, l->vectors > 1 ? fmt(e->c, "%d*", l->vectors) : "");
		put(e, e->lanes);
		put(e, ")");
	} else if (l->step > 1) {
		put(e, fmt(e->c, "; %s += %d)", v, l->step));
	} else {
		put(e, fmt(e->c, "; %s++)", v));
	}
}

/* for (int j = 0; j < 30; j++) */
static void
put_for(Emit *e, const Stmt *s, const Loop *l)
{
	const char *v = e->vars.v[e->vars.n - 1].name;
	Linear whole = { .k = e->env[l->index].k };
	int32_t extent = l->index == SAMPLE ? e->k->samples :
	                 e->p->index.v[l->index].extent;
	int64_t end = (int64_t)l->count * l->step;
	int i;

	if (is_reverse(e, s, l)) {
		put(e, fmt(e->c, "for (int %s = %d; %s >= 0; %s--)", v,
		    l->count - 1, v, v));
		return;
	}
	if (!l->first && !e->env[l->index].k && l->step > 1 && end > extent)
		end = extent;
	put(e, fmt(e->c, "for (int %s = ", v));
	put_from(e);
	if (l->index == SAMPLE && !e->k->exact)
		put(e, fmt(e->c, "; %s < %s", v, extent_text(e, SAMPLE)));
	else
		put(e, fmt(e->c, "; %s < %lld", v, (long long)end));
	put_to(e, v);
	if (l->guarded) {
		for (i = 0; i < e->env[l->index].vars; i++) {
			whole.t[whole.n].c = 1;
			whole.t[whole.n++].var = e->env[l->index].var[i];
		}
		put(e, " && ");
		put_linear(e, &whole, P_ADD);
		put(e, fmt(e->c, " < %d", extent));
	}
	put_step(e, l, v);
}

/* A statement with a body: the header is written, then the body, and braces
 * only where the body is not one statement. */

Open
body_open(Emit *e, size_t start)
{
	Open o = { .start = start, .count = e->count };

	line_wrap(e);
	o.end = e->out->n;
	put(e, "\n");
	e->indent++;
	e->count = 0;
	return o;
}

void
body_close(Emit *e, Open o)
{
	Text *out = e->out;

	e->indent--;
	if (!e->count) {
		out->n = o.start;
	} else if (e->count > 1) {
		text_put(out, "  ", 2);
		memmove(out->s + o.end + 2, out->s + o.end,
		        out->n - 2 - o.end);
		memcpy(out->s + o.end, " {", 2);
		line_open(e);
		put(e, "}\n");
	}
	e->count = o.count + (e->count > 0);
}

Open
loop_open(Emit *e, const Stmt *s, const Loop *l)
{
	Bound saved = e->env[l->index];
	Open o;

	bind(e, l);
	line_open(e);
	put_for(e, s, l);
	o = body_open(e, e->line);
	o.saved = saved;
	e->trip = (Trip){ e->vars.v[e->vars.n - 1].name, 0 };
	return o;
}

void
loop_close(Emit *e, const Loop *l, Open o)
{
	body_close(e, o);
	unbind(e, l, o.saved);
}

/* runs body in the loop; u is the body's own */
static void
in_loop(Emit *e, const Stmt *s, const Loop *l, void (*body)(Emit *, void *),
	void *u)
{
	Bound saved = e->env[l->index];
	int32_t k, extent = e->p->index.v[l->index].extent;
	Linear whole = { .k = 0 };
	Open o;
	int i;

	if (l->how != LOOP_UNROLL) {
		o = loop_open(e, s, l);
		body(e, u);
		loop_close(e, l, o);
		return;
	}
	for (k = 0; k < l->count; k++) {
		Bound *b = &e->env[l->index];
		b->k = saved.k + l->first + (int64_t)k * l->step;
		e->trip = (Trip){ NULL, k };
		if (!l->guarded || (!b->vars && b->k < extent)) {
			body(e, u);
		} else if (b->vars) {
			whole = (Linear){ .k = b->k };
			for (i = 0; i < b->vars; i++) {
				whole.t[whole.n].c = 1;
				whole.t[whole.n++].var = b->var[i];
			}
			line_open(e);
			put(e, "if (");
			put_linear(e, &whole, P_ADD);
			put(e, fmt(e->c, " < %d)", extent));
			o = body_open(e, e->line);
			e->trip = (Trip){ NULL, k };
			body(e, u);
			body_close(e, o);
		}
	}
	e->env[l->index] = saved;
}

/* ---- leaves: what one statement does inside its outer loops */

typedef enum { LEAF_START, LEAF_TERM, LEAF_STORE } LeafStage;
typedef struct {
	const Schedule *q;
	const Stmt *s;
	uint32_t outer, loop;       /* the next loop to open */
	LeafStage stage;
	const char *acc, *arg;      /* NULL: the target itself; no index */
	int64_t tile;               /* accumulators; 0: a single variable */
	Trip *trips;                /* by loop */
} Leaf;

/* the accumulator of this point of the tile: acc1[8*j + i] */
static void
put_acc(Emit *e, const Leaf *f)
{
	int64_t stride = f->tile;
	uint32_t i;
	bool begun = false;

	if (!f->acc) {
		put_ref(e, f->s->target, &e->p->subs.v[f->s->lhs], f->s->nlhs);
		return;
	}
	put(e, f->acc);
	if (!f->tile)
		return;
	put(e, "[");
	for (i = f->outer; i < f->q->loops.n; i++) {
		const Loop *l = &f->q->loops.v[i];
		const Trip *t = &f->trips[i];
		if (!loop_is_result(e->p, f->s, l))
			continue;
		stride /= l->count;
		put(e, begun ? " + " : "");
		begun = true;
		if (!t->name) {
			put_int(e, stride * t->k);
			continue;
		}
		if (stride != 1)
			put(e, fmt(e->c, "%lld*", (long long)stride));
		if (l->step > 1)
			put(e, fmt(e->c, "(%s/%d)", t->name, l->step));
		else
			put(e, t->name);
	}
	put(e, "]");
}

static void
leaf_line(Emit *e, const Leaf *f, const char *sign, bool start)
{
	const Stmt *s = f->s;

	line_open(e);
	put_acc(e, f);
	put(e, sign);
	if (!start)
		put_expr(e, s->expr, P_ANY);
	else if (s->add)
		put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
	else
		put(e, literal_text(e, -0.0));
	line_close(e, ";");
}

/* the row-major position within the reduced box, guarded places counted */
Linear
place_of_term(Emit *e, const Stmt *s)
{
	Linear l = { .k = 0 };
	int64_t stride = 1;
	uint32_t i;
	int v;

	for (i = s->nridx; i-- > 0;) {
		Index x = e->p->indices.v[s->ridx + i];
		const Bound *b = &e->env[x];
		if (x == SAMPLE)
			continue;
		l.k += stride * b->k;
		for (v = 0; v < b->vars; v++) {
			if (l.n == (int)(sizeof l.t / sizeof l.t[0]))
				die(e->c, EX_SOFTWARE_, "too many loops");
			l.t[l.n].c = stride;
			l.t[l.n++].var = b->var[v];
		}
		stride *= e->p->index.v[x].extent;
	}
	return l;
}

/* the lane of a term: its place modulo the lanes */
static void
put_lane(Emit *e, const Stmt *s)
{
	Linear l = place_of_term(e, s), r = { .k = 0 };
	int64_t most;
	int i;

	r.k = most = l.k % s->lanes;
	for (i = 0; i < l.n; i++) {
		const Var *v = &e->vars.v[l.t[i].var];
		if (l.t[i].c * v->step % s->lanes == 0)
			continue;
		r.t[r.n++] = l.t[i];
		most += l.t[i].c * v->most;
	}
	put_linear(e, &r, most < s->lanes ? P_ANY : P_MUL);
	if (most >= s->lanes) {
		put(e, " % ");
		put_int(e, s->lanes);
	}
}

static void
argmax_term(Emit *e, const Leaf *f)
{
	const char *v = local_name(e, "value");
	Linear place = place_of_term(e, f->s);
	Open o;

	line_open(e);
	put(e, fmt(e->c, "const %s %s = ", e->real, v));
	put_expr(e, f->s->expr, P_ANY);
	line_close(e, ";");
	line_open(e);
	put(e, fmt(e->c, "if (%s < 0 || %s > %s || (%s != %s && %s == %s))",
	    f->arg, v, f->acc, v, v, f->acc, f->acc));
	o = body_open(e, e->line);
	line_open(e);
	put(e, fmt(e->c, "%s = %s", f->acc, v));
	line_close(e, ";");
	line_open(e);
	put(e, fmt(e->c, "%s = ", f->arg));
	put_linear(e, &place, P_ANY);
	line_close(e, ";");
	body_close(e, o);
}

static void
term(Emit *e, const Leaf *f)
{
	const Stmt *s = f->s;
	bool opened, helpers;
	Open o;

	if (!put_guards(e, s, &o, &opened))
		return;
	helpers = hoists_begin(e, s->expr);
	if (f->arg) {
		argmax_term(e, f);
	} else if (s->red == RED_MAX) {
		e->use_larger = true;
		line_open(e);
		put_acc(e, f);
		put(e, fmt(e->c, " = %s_larger(", e->prefix));
		put_acc(e, f);
		put(e, ", ");
		put_expr(e, s->expr, P_ANY);
		line_close(e, ");");
	} else if (s->lanes > 1) {
		line_open(e);
		put(e, fmt(e->c, "%s[", f->acc));
		put_lane(e, s);
		put(e, "] += ");
		put_expr(e, s->expr, P_ANY);
		line_close(e, ";");
	} else {
		leaf_line(e, f, " += ", false);
	}
	if (helpers)
		hoists_end(e, s->expr);
	if (opened)
		body_close(e, o);
}

static void
put_store(Emit *e, const Leaf *f)
{
	if (f->tile && target_is_dead(e, f->s))
		return;
	line_open(e);
	put_target(e, f->s, true);
	put(e, f->s->add && f->s->lanes > 1 ? " += " : " = ");
	if (f->s->red == RED_ARGMAX) {
		put(e, is_real(e, f->s->target) ?
		    fmt(e->c, "(%s)", e->real) : "");
		put(e, f->arg);
	} else {
		put_acc(e, f);
	}
	if (f->s->lanes > 1)
		put(e, "[0]");
	line_close(e, ";");
}

/* the inner loops of a leaf: those of the tile for start and store, all of
 * them for the terms */
static void
leaf_loops(Emit *e, void *u)
{
	Leaf *f = u;
	uint32_t at = f->loop;
	uint64_t held;
	Loop l;

	if (at > f->outer)
		f->trips[at - 1] = e->trip;
	while (f->loop < f->q->loops.n && f->stage != LEAF_TERM &&
	       !loop_is_result(e->p, f->s, &f->q->loops.v[f->loop]))
		f->loop++;
	if (f->loop == f->q->loops.n) {
		if (f->stage == LEAF_TERM)
			term(e, f);
		else if (f->stage == LEAF_START)
			leaf_line(e, f, " = ", true);
		else
			put_store(e, f);
	} else {
		l = f->q->loops.v[f->loop++];
		/* the accumulators of a remainder may start, used or not */
		l.guarded &= f->stage != LEAF_START || f->s->add;
		held = bounds_begin(e, f->s, f->q, f->loop - 1);
		in_loop(e, f->s, &l, leaf_loops, f);
		e->held = held;
	}
	f->loop = at;
}

static void
leaf_stage(Emit *e, Leaf *f, LeafStage stage)
{
	f->stage = stage;
	f->loop = f->outer;
	leaf_loops(e, f);
}

/* sixteen partial sums, joined as a tree */
static void
leaf_lanes(Emit *e, Leaf *f)
{
	const char *v = f->acc, *i = free_word(e, "i"), *h = free_word(e, "h");

	line_open(e);
	put(e, fmt(e->c, "%s %s[%d]", e->real, v, f->s->lanes));
	line_close(e, ";");
	line_open(e);
	put(e, fmt(e->c, "for (int %s = 0; %s < %d; %s++)\n", i, i,
	    f->s->lanes, i));
	e->indent++;
	line_open(e);
	put(e, fmt(e->c, "%s[%s] = %s", v, i, literal_text(e, -0.0)));
	line_close(e, ";");
	e->indent--;
	leaf_stage(e, f, LEAF_TERM);
	line_open(e);
	put(e, fmt(e->c, "for (int %s = %d; %s; %s /= 2)\n", h,
	    f->s->lanes / 2, h, h));
	e->indent++;
	line_open(e);
	put(e, fmt(e->c, "for (int %s = 0; %s < %s; %s++)\n", i, i, h, i));
	e->indent++;
	line_open(e);
	put(e, fmt(e->c, "%s[%s] += %s[%s + %s]", v, i, v, i, h));
	line_close(e, ";");
	e->indent -= 2;
	put_store(e, f);
}

/* the first term where there surely is one; else what any term exceeds */
static void
put_max_start(Emit *e, const Stmt *s)
{
	put(e, " = ");
	/* unbound, the reduced indices are 0 */
	if (s->nguard || hoists_of(e, s->expr)->n)
		put(e, literal_text(e, -INFINITY));
	else
		put_expr(e, s->expr, P_ANY);
	line_close(e, ";");
}

/* max and argmax keep the value and, where asked for, its place */
static void
leaf_max(Emit *e, Leaf *f)
{
	const Stmt *s = f->s;

	line_open(e);
	if (s->red == RED_ARGMAX || (e->trace && !s->stopped)) {
		f->acc = local_name(e, "best");
		f->arg = local_name(e, "arg");
		put(e, fmt(e->c, "int32_t %s = -1", f->arg));
		line_close(e, ";");
		line_open(e);
		put(e, fmt(e->c, "%s %s = %s", e->real, f->acc,
		    literal_text(e, 0)));
		line_close(e, ";");
	} else if (e->k->store[s->target].how == ST_LOCAL) {
		put_target(e, s, false);
		put_max_start(e, s);
		leaf_stage(e, f, LEAF_TERM);
		return;
	} else {
		f->acc = local_name(e, "best");
		put(e, fmt(e->c, "%s %s", e->real, f->acc));
		put_max_start(e, s);
	}
	leaf_stage(e, f, LEAF_TERM);
	if (e->trace && !s->stopped) {
		e->use_trace = e->use_hash = true;
		line_open(e);
		put(e, fmt(e->c, "%s_seen(hash, %s)", e->prefix, f->arg));
		line_close(e, ";");
	}
	put_store(e, f);
}

static void
leaf_sum(Emit *e, Leaf *f)
{
	const Stmt *s = f->s;
	uint32_t i;

	for (i = f->outer; i < f->q->loops.n; i++)
		if (loop_is_result(e->p, s, &f->q->loops.v[i]))
			f->tile = (f->tile ? f->tile : 1) *
			          f->q->loops.v[i].count;
	if (e->k->store[s->target].how == ST_LOCAL && !f->tile) {
		if (!s->add) {
			line_open(e);
			put_target(e, s, false);
			put(e, " = ");
			put(e, literal_text(e, -0.0));
			line_close(e, ";");
		}
		leaf_stage(e, f, LEAF_TERM);
		return;
	}
	f->acc = local_name(e, "acc");
	line_open(e);
	put(e, fmt(e->c, "%s %s", e->real, f->acc));
	if (f->tile) {
		put(e, fmt(e->c, "[%lld]", (long long)f->tile));
		line_close(e, ";");
		leaf_stage(e, f, LEAF_START);
	} else {
		put(e, " = ");
		if (s->add)
			put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
		else
			put(e, literal_text(e, -0.0));
		line_close(e, ";");
	}
	leaf_stage(e, f, LEAF_TERM);
	leaf_stage(e, f, LEAF_STORE);
}

/* result loops inside those of the reduction */
static bool
has_tile(const Emit *e, const Leaf *f)
{
	uint32_t i;

	for (i = f->outer; i < f->q->loops.n; i++)
		if (loop_is_result(e->p, f->s, &f->q->loops.v[i]))
			return true;
	return false;
}

static void
leaf(Emit *e, const Schedule *q)
{
	const Stmt *s = &e->list->v[q->stmt];
	Leaf f = { .q = q, .s = s, .outer = loops_outer(e->p, s, q) };
	bool opened;
	Open o;

	f.trips = mem(e->c, (q->loops.n + 1) * sizeof *f.trips);
	if (equation_fits(e, q)) {
		equation(e, s);
		return;
	}
	/* of a tile some results may be dead: put_store() asks for each */
	if (!has_tile(e, &f) && target_is_dead(e, s))
		return;
	if (s->red == RED_MAX || s->red == RED_ARGMAX) {
		leaf_max(e, &f);
	} else if (s->lanes > 1) {
		f.acc = local_name(e, "lane");
		leaf_lanes(e, &f);
	} else if (s->add && f.outer == q->loops.n) {
		/* the left side may lie outside where the guard fails */
		if (!put_guards(e, s, &o, &opened))
			return;
		hoists_begin(e, s->expr);
		leaf_line(e, &f, " += ", false);
		hoists_end(e, s->expr);
		if (opened)
			body_close(e, o);
	} else {
		leaf_sum(e, &f);
	}
}

/* ---- nests: schedules that share loops stand side by side inside them */

typedef struct { uint32_t from, to, depth; } Nest;

/* Statements that share loops have indices of their own for them: what the
 * loops of one are bound to goes to those of the other, and nothing stays, as
 * the other may use the first one's index for a loop further inside. */
void
follow(Emit *e, const Schedule *q, const Schedule *leader, uint32_t depth)
{
	Bound *open = mem(e->c, (depth + 1) * sizeof *open);
	uint32_t d;

	for (d = 0; d < depth; d++)
		open[d] = e->env[leader->loops.v[d].index];
	for (d = 0; d < depth; d++)
		e->env[leader->loops.v[d].index] = (Bound){ 0 };
	for (d = 0; d < depth; d++)
		e->env[q->loops.v[d].index] = open[d];
}

static void
nest_body(Emit *e, void *u)
{
	const Nest *n = u;

	emit_nest(e, n->from, n->to, n->depth);
}

/* what is written for 32 registers and for 16 stands in turn */
static void
registers(Emit *e, int from, int to)
{
	if (from == to)
		return;
	if (to == 32)
		put(e, from ? "#endif\n" : "");
	put(e, to == 32 ? "#if BP_REGISTERS == 32\n" : to == 16 ? "#else\n" :
	    "#endif\n");
}

/* the loops outside of depth are open, with the indices of the first one */
void
emit_nest(Emit *e, uint32_t from, uint32_t to, uint32_t depth)
{
	const Schedule *all = e->k->schedules.v, *leader = &all[from];
	uint32_t end;
	bool feeds;
	int now = 0;
	Nest n;

	for (; from < to; from = end) {
		const Schedule *q = &all[from];
		const Stmt *s = &e->list->v[q->stmt];
		end = from + 1;
		if (!depth)
			registers(e, now, q->registers);
		now = depth ? 0 : q->registers;
		if (q != leader)
			follow(e, q, leader, depth);
		if (q->tile && depth >= loops_outer(e->p, s, q)) {
			while (end < to && all[end].tile && !q->across &&
			       (uint32_t)all[end].fused >= depth)
				end++;
			emit_tile(e, from, end, depth);
		} else if (depth >= loops_outer(e->p, s, q)) {
			leaf(e, q);
		} else {
			uint32_t named = e->named.n;
			while (end < to && (uint32_t)all[end].fused > depth)
				end++;
			feeds = q->tile && tile_feed_begin(e, from, end, depth);
			if (q->tile && depth + 1 == loops_outer(e->p, s, q))
				tile_hoist(e, from, end, depth);
			n = (Nest){ from, end, depth + 1 };
			in_loop(e, s, &q->loops.v[depth], nest_body, &n);
			if (feeds)
				tile_feed_end(e, from, end, depth);
			e->named.n = named;
		}
		if (q != leader)
			follow(e, leader, q, depth);
	}
	registers(e, now, 0);
}
