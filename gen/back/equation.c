/* SPDX-License-Identifier: MIT
 * One point of a statement in, one equation of C out: the lines of straight
 * line code, and of loops whose reduction is written out. */
#include <string.h>
#include "back.h"

/* terms in one C statement; values inlined into values inlined into ... */
enum { MOST_TERMS = 64, MOST_DEEP = 3, MOST_INLINED = 64,
       MOST_ON_THE_WAY = 8 };

/* ---- the points of a box, ascending, the first index slowest */

typedef struct {
	Emit *e;
	uint32_t from, n;
	int64_t size, next;
	Bound few[8], *more;        /* what the indices were bound to */
} Box;

static Bound *
saved_of(Box *b)
{
	return b->more ? b->more : b->few;
}

static Box
box_open(Emit *e, uint32_t from, uint32_t n)
{
	Box b = { .e = e, .from = from, .n = n, .size = 1 };
	uint32_t i;

	if (n > sizeof b.few / sizeof b.few[0])
		b.more = mem(e->c, n * sizeof *b.more);
	for (i = 0; i < n; i++) {
		Index x = e->p->indices.v[from + i];
		saved_of(&b)[i] = e->env[x];
		if (x != SAMPLE)
			b.size *= e->p->index.v[x].extent;
	}
	return b;
}

/* sets the indices to the next point; false after the last */
static bool
box_next(Box *b)
{
	int64_t at = b->next++, extent;
	uint32_t i;

	if (at >= b->size)
		return false;
	for (i = b->n; i-- > 0;) {
		Index x = b->e->p->indices.v[b->from + i];
		extent = x == SAMPLE ? 1 : b->e->p->index.v[x].extent;
		b->e->env[x] = (Bound){ .k = at % extent };
		at /= extent;
	}
	return true;
}

static void
box_close(Box *b)
{
	uint32_t i;

	for (i = 0; i < b->n; i++)
		b->e->env[b->e->p->indices.v[b->from + i]] = saved_of(b)[i];
}

/* 1: the term counts, 0: it is skipped, -1: depends on loop variables */
static int
guards_hold(Emit *e, const Stmt *s)
{
	int64_t v;
	uint32_t i;
	int known = 1;

	for (i = 0; i < s->nguard; i++) {
		AffId g = e->p->guards.v[s->guard + i];
		if (!aff_value(e, g, &v))
			known = -1;
		else if (v < 0)
			return 0;
	}
	return known;
}

static int64_t
counted_terms(Emit *e, const Stmt *s)
{
	Box b;
	int64_t n = 0;

	if (!s->nguard)
		return stmt_terms(e->p, s);
	b = box_open(e, s->ridx, s->nridx);
	while (box_next(&b))
		n += guards_hold(e, s) > 0;
	box_close(&b);
	return n;
}

/* ---- what is read later: a sweep from the last statement to the first */

static uint32_t
result_indices(const Emit *e, const Stmt *s, Index *out)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->nidx; i++)
		if (e->p->indices.v[s->idx + i] != SAMPLE)
			out[n++] = e->p->indices.v[s->idx + i];
	if (s->scan)
		out[n++] = e->p->scans.v[s->scan].t;
	return n;
}

static bool
is_local(const Emit *e, TensorId t)
{
	return e->k->store[t].how == ST_LOCAL &&
	       e->k->store[t].offset == LOCAL_ELEMENTS;
}

static bool
inside(const Emit *e, TensorId id, const int64_t *at, uint32_t n)
{
	const Tensor *t = &e->p->tensors.v[id];
	uint32_t i;

	for (i = t->batch; i < n; i++)
		if (at[i] < 0 || at[i] >= t->shape.dim[i - t->batch])
			return false;
	return true;
}

bool
target_is_dead(Emit *e, const Stmt *s)
{
	int64_t at[MAX_RANK + 2];

	if (!is_local(e, s->target) || s->target == e->p->loss[e->kernel])
		return false;
	if (!subs_const(e, &e->p->subs.v[s->lhs], s->nlhs, at))
		return false;
	if (!inside(e, s->target, at, s->nlhs)) /* a guard holds it off */
		return true;
	return !bytes_of(e, e->needed, s->target)
	       [flat_of(e, s->target, at, s->nlhs)];
}

static void
need(Emit *e, TensorId t, const Sub *subs, uint32_t n, uint8_t times)
{
	int64_t at[MAX_RANK + 2], flat;
	uint8_t *b;

	if (!is_local(e, t) || !subs_const(e, subs, n, at) ||
	    !inside(e, t, at, n))
		return;
	flat = flat_of(e, t, at, n);
	b = bytes_of(e, e->needed, t);
	b[flat] = b[flat] + times > 2 ? 2 : (uint8_t)(b[flat] + times);
}

static void
need_point(Emit *e, const Stmt *s)
{
	const Reads *r = reads_of(e, s->expr);
	uint32_t i;
	Box b;

	if (target_is_dead(e, s))
		return;
	for (i = 0; i < s->nlhs; i++)
		if (e->p->subs.v[s->lhs + i].indirect) {
			const Expr *x = &e->p->exprs.v
				[e->p->subs.v[s->lhs + i].id];
			need(e, x->tensor, &e->p->subs.v[x->sub], x->nsub, 2);
		}
	b = box_open(e, s->ridx, s->nridx);
	while (box_next(&b)) {
		if (!guards_hold(e, s))
			continue;
		for (i = 0; i < r->n; i++) {
			const Expr *x = &e->p->exprs.v[r->v[i]];
			need(e, x->tensor, &e->p->subs.v[x->sub], x->nsub,
			     r->times[i]);
		}
	}
	box_close(&b);
}

/* the points of a schedule's result loops; all of them are unrolled */
void
each_point(Emit *e, const Schedule *q, const Stmt *s, uint32_t loop,
	void (*f)(Emit *, const Stmt *))
{
	const Loop *l;
	Bound saved;
	int32_t k;

	while (loop < q->loops.n &&
	       !loop_is_result(e->p, s, &q->loops.v[loop]))
		loop++;
	if (loop == q->loops.n) {
		f(e, s);
		return;
	}
	l = &q->loops.v[loop];
	saved = e->env[l->index];
	for (k = 0; k < l->count; k++) {
		e->env[l->index].k = saved.k + l->first + (int64_t)k * l->step;
		if (e->env[l->index].k < e->p->index.v[l->index].extent ||
		    !loop_is_result(e->p, s, l))
			each_point(e, q, s, loop + 1, f);
	}
	e->env[l->index] = saved;
}

void
straight_analysis(Emit *e)
{
	const Schedule *q;
	uint32_t i, k, locals = 0;

	for (i = 1; i < e->p->tensors.n; i++)
		locals += e->k->store[i].how == ST_LOCAL &&
		          e->k->store[i].offset == LOCAL_ELEMENTS;
	for (i = 0; i < e->list->n; i++) {
		const Stmt *s = &e->list->v[i];
		const Reads *r = reads_of(e, s->expr);
		if (!e->writers[s->target]++)
			e->first_write[s->target] = i;
		for (k = 0; k < r->n; k++)
			e->last_read[e->p->exprs.v[r->v[k]].tensor] = i;
	}
	for (i = e->k->schedules.n; locals && i-- > 0;) {
		q = &e->k->schedules.v[i];
		if (schedule_straight(q))
			each_point(e, q, &e->list->v[q->stmt], 0, need_point);
	}
}

/* ---- values that stand where they are used */

/* Temporaries that the formula did not name: dense1.sum_12 of base sum.  Of the
 * adjoints the deltas are lines of their own, what is on the way to them is
 * not; nor are the steps of an update. */
static bool
is_anonymous(const Emit *e, const Tensor *t)
{
	size_t n = strlen(t->name), b = t->base ? strlen(t->base) : 0;

	if (t->kind != T_TEMP)
		return false;
	if (t->adjoint)
		return b && strcmp(t->base, "z");
	return e->kernel == K_UPDATE || e->kernel == K_INIT || n < b || !b ||
	       strcmp(t->name + n - b, t->base);
}

static int
inlined_depth(Emit *e, const Stmt *s)
{
	const Reads *r = reads_of(e, s->expr);
	int64_t at[MAX_RANK + 2];
	int deep = 0;
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		const Expr *x = &e->p->exprs.v[r->v[i]];
		const Inlined *in = e->inlined[x->tensor];
		if (!in)
			continue;
		if (!subs_const(e, &e->p->subs.v[x->sub], x->nsub, at))
			return MOST_DEEP;
		in += flat_of(e, x->tensor, at, x->nsub);
		if (in->stmt && in->deep >= deep)
			deep = in->deep + 1;
	}
	return deep;
}

/* May t be another by the time that the statement's value is read for the last
 * time?  Room for work is given away after the last reading statement, and
 * where the value's reader may move on in turn, nobody knows the time. */
static bool
changes(Emit *e, const Stmt *s, TensorId t)
{
	uint32_t last = e->last_read[s->target];

	if (!e->writers[t] || (is_local(e, t) && e->writers[t] == 1))
		return false;
	return e->k->store[t].how != ST_FIELD || e->first_write[t] <= last ||
	       last <= (uint32_t)(s - e->list->v) ||
	       is_anonymous(e, &e->p->tensors.v[e->list->v[last].target]);
}

/* nothing that the expression reads may change before the value is used */
static bool
stays(Emit *e, const Stmt *s)
{
	const Reads *r = reads_of(e, s->expr);
	uint32_t i;

	for (i = 0; i < r->n; i++)
		if (changes(e, s, e->p->exprs.v[r->v[i]].tensor))
			return false;
	return true;
}

static bool
may_inline(Emit *e, const Stmt *s)
{
	const Tensor *t = &e->p->tensors.v[s->target];

	return is_local(e, s->target) && is_anonymous(e, t) &&
	       !sums_samples(e, s) &&
	       e->writers[s->target] == 1 && !s->add && !e->trace &&
	       s->target != e->p->loss[e->kernel] &&
	       s->red <= RED_SUM && s->lanes == 1 &&
	       stmt_terms(e->p, s) <= (t->adjoint ? MOST_ON_THE_WAY :
	                               MOST_INLINED) &&
	       hoists_of(e, s->expr)->n == 0 && stays(e, s);
}

static bool
inline_point(Emit *e, const Stmt *s)
{
	int64_t at[MAX_RANK + 2], flat, *values;
	Index names[MAX_RANK + 4];
	TensorId t = s->target;
	uint32_t i, n;
	int deep;

	if (s->nidx > MAX_RANK + 2 || !may_inline(e, s) ||
	    !subs_const(e, &e->p->subs.v[s->lhs], s->nlhs, at))
		return false;
	flat = flat_of(e, t, at, s->nlhs);
	deep = inlined_depth(e, s);
	if (bytes_of(e, e->needed, t)[flat] != 1 || deep >= MOST_DEEP)
		return false;
	/* no terms: what they are added to would be no vector */
	if (of_samples(e, t) && !counted_terms(e, s))
		return false;
	if (!e->inlined[t])
		e->inlined[t] = mem(e->c, (size_t)tensor_size(
			&e->p->tensors.v[t]) * sizeof **e->inlined);
	n = result_indices(e, s, names);
	values = mem(e->c, (n + 1) * sizeof *values);
	for (i = 0; i < n; i++)
		values[i] = e->env[names[i]].k;
	e->inlined[t][flat] = (Inlined){ s, values, deep };
	return true;
}

/* -0, that of a sum without terms */
static void
put_start(Emit *e, TensorId target)
{
	bool vector = of_samples(e, target);

	put(e, vector ? fmt(e->c, "bp_splat%s(", e->of_vector) : "");
	put(e, literal_text(e, -0.0));
	put(e, vector ? ")" : "");
	e->use_vectors |= vector;
}

static void
put_sum_terms(Emit *e, const Stmt *s, Box *b, int64_t most, bool begun)
{
	const Expr *x = &e->p->exprs.v[s->expr];
	bool minus = x->op == E_NEG && !e->sub[s->expr];

	while (most-- > 0 && box_next(b)) {
		if (!guards_hold(e, s)) {
			most++;
			continue;
		}
		if (!begun) {
			put_value_for(e, s->target, s->expr, P_ADD);
		} else if (minus) {
			put(e, " - ");
			put_expr(e, x->a, P_MUL);
		} else {
			put(e, " + ");
			put_expr(e, s->expr, P_MUL);
		}
		begun = true;
	}
}

/* the value that stands for a read; `begun`: as terms that follow others */
static void
put_value_inlined(Emit *e, const Inlined *in, int precedence, bool begun)
{
	const Stmt *s = in->stmt;
	Index names[MAX_RANK + 4];
	Bound saved[MAX_RANK + 4];
	uint32_t i, n = result_indices(e, s, names);
	int64_t terms;
	bool parted;
	Box b;

	for (i = 0; i < n; i++) {
		saved[i] = e->env[names[i]];
		e->env[names[i]] = (Bound){ .k = in->at[i] };
	}
	terms = counted_terms(e, s);
	parted = terms != 1 && !begun && precedence > P_ADD;
	b = box_open(e, s->ridx, s->nridx);
	put(e, parted ? "(" : "");
	if (!terms && !begun) {
		put_start(e, s->target);
	} else if (terms == 1 && !begun) {
		while (box_next(&b) && !guards_hold(e, s))
			;
		put_value_for(e, s->target, s->expr, precedence);
	} else {
		put_sum_terms(e, s, &b, terms, begun);
	}
	put(e, parted ? ")" : "");
	box_close(&b);
	for (i = 0; i < n; i++)
		e->env[names[i]] = saved[i];
}

void
put_inlined(Emit *e, const Inlined *in, int precedence)
{
	put_value_inlined(e, in, precedence, false);
}

/* + term + term */
void
put_inlined_terms(Emit *e, const Inlined *in)
{
	put_value_inlined(e, in, P_ADD, true);
}

/* ---- one equation */

bool
put_target(Emit *e, const Stmt *s, bool constant)
{
	TensorId t = s->target;
	const Store *place = &e->k->store[t];
	int64_t at[MAX_RANK + 2], flat = 0;
	uint8_t *begun;

	if (place->how == ST_LOCAL) {
		if (place->offset == LOCAL_ELEMENTS &&
		    subs_const(e, &e->p->subs.v[s->lhs], s->nlhs, at))
			flat = flat_of(e, t, at, s->nlhs);
		begun = bytes_of(e, e->begun, t);
		if (!begun[flat]) {
			begun[flat] = 1;
			put(e, constant && e->writers[t] == 1 ? "const " : "");
			put(e, layout_integers(&e->p->tensors.v[t],
			    &e->k->layout[t]) ? "int32_t" :
			    of_samples(e, t) ? e->vector : e->real);
			put(e, " ");
			put_ref(e, t, &e->p->subs.v[s->lhs], s->nlhs);
			return true;
		}
	}
	put_ref(e, t, &e->p->subs.v[s->lhs], s->nlhs);
	return false;
}

static bool
same_subs(const Program *p, uint32_t a, uint32_t b, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (p->subs.v[a + i].id != p->subs.v[b + i].id ||
		    p->subs.v[a + i].indirect != p->subs.v[b + i].indirect)
			return false;
	return true;
}

/* w = w - rate*g is written w -= rate*g */
static bool
put_compound(Emit *e, const Stmt *s)
{
	const Expr *x = &e->p->exprs.v[s->expr], *a, *b;
	bool minus;
	ExprId right = s->expr;

	if (!s->add) {
		a = &e->p->exprs.v[x->a];
		if ((x->op != E_ADD && x->op != E_SUB) || a->op != E_READ ||
		    a->tensor != s->target || a->nsub != s->nlhs ||
		    !same_subs(e->p, a->sub, s->lhs, s->nlhs) ||
		    e->sub[x->a])
			return false;
		right = x->b;
	}
	minus = !s->add && x->op == E_SUB;
	b = &e->p->exprs.v[right];
	put_target(e, s, false);
	if (b->op == E_NEG && !e->sub[right]) {
		minus = !minus;
		right = b->a;
	}
	put(e, minus ? " -= " : " += ");
	put_expr(e, right, P_ANY);
	return true;
}

/* sum terms; a statement for each MOST_TERMS, or for each that needs helpers */
static void
sum_equation(Emit *e, const Stmt *s, int64_t terms)
{
	int64_t step = hoists_of(e, s->expr)->n ? 1 : MOST_TERMS, done;
	Box b = box_open(e, s->ridx, s->nridx);
	bool begun = s->add;

	for (done = 0; done < terms || (!done && !begun); done += step) {
		bool helpers = false;
		if (step == 1 && terms) {
			while (box_next(&b) && !guards_hold(e, s))
				;
			helpers = hoists_begin(e, s->expr);
		}
		line_open(e);
		if (terms == 1 && step > 1) {
			while (box_next(&b) && !guards_hold(e, s))
				;
			if (put_compound(e, s)) {
				line_close(e, ";");
				break;
			}
		}
		put_target(e, s, terms <= step && !s->add);
		put(e, " = ");
		if (begun)
			put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
		if (!terms)
			put_start(e, s->target);
		else if (step > 1 && terms > 1)
			put_sum_terms(e, s, &b, MOST_TERMS, begun);
		else {
			put(e, begun ? " + " : "");
			put_value_for(e, s->target, s->expr, begun ? P_MUL :
			              terms == 1 ? P_ANY : P_ADD);
		}
		line_close(e, ";");
		if (helpers)
			hoists_end(e, s->expr);
		begun = true;
	}
	box_close(&b);
}

/* the place of a point within the reduced box */
static int64_t
place_in_box(Emit *e, const Stmt *s)
{
	int64_t at = 0;
	uint32_t i;

	for (i = 0; i < s->nridx; i++) {
		Index x = e->p->indices.v[s->ridx + i];
		if (x != SAMPLE)
			at = at * e->p->index.v[x].extent + e->env[x].k;
	}
	return at;
}

static void
lane(Emit *e, const Stmt *s, int which, const char *name)
{
	Box b = box_open(e, s->ridx, s->nridx);
	int64_t terms = 0;

	line_open(e);
	put(e, "const ");
	put(e, of_samples(e, s->target) ? e->vector : e->real);
	put(e, " ");
	put(e, name);
	put(e, " = ");
	while (box_next(&b)) {
		if (place_in_box(e, s) % s->lanes != which ||
		    !guards_hold(e, s))
			continue;
		put(e, terms ? " + " : "");
		put_value_for(e, s->target, s->expr, terms++ ? P_MUL : P_ADD);
	}
	if (!terms)
		put_start(e, s->target);
	line_close(e, ";");
	box_close(&b);
}

/* s[l] += s[l + h] for h = 8, 4, 2, 1 is this tree */
static void
put_tree(Emit *e, const char **name, int from, int step, int lanes)
{
	if (step == lanes) {
		put(e, name[from]);
		return;
	}
	put(e, step > 1 ? "(" : "");
	put_tree(e, name, from, step * 2, lanes);
	put(e, " + ");
	put_tree(e, name, from + step, step * 2, lanes);
	put(e, step > 1 ? ")" : "");
}

static void
lanes_equation(Emit *e, const Stmt *s)
{
	const char *name[64];
	int l;

	for (l = 0; l < s->lanes; l++) {
		name[l] = local_name(e, "part");
		lane(e, s, l, name[l]);
	}
	line_open(e);
	put_target(e, s, !s->add);
	put(e, " = ");
	if (s->add) {
		put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
		put(e, " + (");
	}
	put_tree(e, name, 0, 1, s->lanes);
	line_close(e, s->add ? ");" : ";");
}

static void
put_larger(Emit *e, TensorId target)
{
	if (of_samples(e, target)) {
		put(e, fmt(e->c, "bp_larger%s(", e->of_vector));
		return;
	}
	e->use_larger = true;
	put(e, fmt(e->c, "%s_larger(", e->prefix));
}

/* starts from the first term that there is */
static void
max_equation(Emit *e, const Stmt *s)
{
	Box b = box_open(e, s->ridx, s->nridx);
	int64_t terms = counted_terms(e, s);
	bool begun = false, helpers;

	while (box_next(&b)) {
		if (!guards_hold(e, s))
			continue;
		helpers = hoists_begin(e, s->expr);
		line_open(e);
		put_target(e, s, terms == 1);
		put(e, " = ");
		if (begun) {
			put_larger(e, s->target);
			put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
			put(e, ", ");
		}
		put_value_for(e, s->target, s->expr, P_ANY);
		line_close(e, begun ? ");" : ";");
		if (helpers)
			hoists_end(e, s->expr);
		begun = true;
	}
	box_close(&b);
}

/* Can the rest of the statement, its result indices being bound, be written
 * without loops?  Then its guards must be known. */
bool
equation_fits(Emit *e, const Schedule *q)
{
	const Stmt *s = &e->list->v[q->stmt];
	uint32_t i, outer = loops_outer(e->p, s, q);
	int64_t terms = stmt_terms(e->p, s);
	Box b;
	bool known;

	for (i = outer; i < q->loops.n; i++)
		if (q->loops.v[i].how != LOOP_UNROLL ||
		    loop_is_result(e->p, s, &q->loops.v[i]))
			return false;
	if (s->red == RED_ARGMAX || s->lanes > 64 ||
	    (s->red == RED_MAX && ((e->trace && !s->stopped) ||
	                           terms > 1000)))
		return false;
	if (s->lanes > 1 && hoists_of(e, s->expr)->n)
		return false;
	b = box_open(e, s->ridx, s->nridx);
	known = box_next(&b) && (!s->nguard || guards_hold(e, s) >= 0);
	while (known && s->nguard && box_next(&b))
		known = guards_hold(e, s) >= 0;
	box_close(&b);
	return known;
}

void
equation(Emit *e, const Stmt *s)
{
	if (target_is_dead(e, s) || inline_point(e, s))
		return;
	if (e->k->by_samples) {
		e->along_now++;
		if (sums_samples(e, s) || e->k->store[s->target].how == ST_ARG) {
			sample_sum(e, s);
			return;
		}
	}
	if (s->red == RED_MAX)
		max_equation(e, s);
	else if (s->lanes > 1)
		lanes_equation(e, s);
	else
		sum_equation(e, s, counted_terms(e, s));
}
