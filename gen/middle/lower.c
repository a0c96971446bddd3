/* SPDX-License-Identifier: MIT
 * Lowers the lines of a formula to statements: left sides, whole activations,
 * scans, and whether everything is written once. */
#include <string.h>
#include "lowering.h"

TensorId
use_find(const Use *u, const char *name)
{
	uint32_t i;

	for (i = u->binds.n; i-- > 0;)
		if (!strcmp(u->binds.v[i].name, name))
			return u->binds.v[i].tensor;
	return 0;
}

void
use_bind(Use *u, const char *name, TensorId t)
{
	Bind b = { name, t };

	PUSH(u->p->c, &u->binds, b);
}

void
use_value(Use *u, const char *name, double v)
{
	Value x = { name, v };

	PUSH(u->p->c, &u->values, x);
}

Use
use_copy(const Use *u)
{
	Use v = *u;

	v.binds.cap = v.binds.n; /* the next push moves to memory of its own */
	v.values.cap = v.values.n;
	v.shapes.cap = v.shapes.n;
	return v;
}

static const Shape *
declared(const Use *u, const char *name)
{
	uint32_t i;

	for (i = 0; i < u->shapes.n; i++)
		if (!strcmp(u->shapes.v[i].name, name))
			return &u->shapes.v[i].shape;
	return NULL;
}

/* ---- lines */

/* softmax and other activations that are blocks: y = act(z), whole tensors */
static void
act_block(Low *w, Ast *a, Finish *f)
{
	const Act *act = a->act;
	Guards none = { 0 };
	ExprId z = argument(w, a->args.v[0], &none);
	Expr x = w->p->exprs.v[z];
	Use u = { .p = w->p, .out = w->u->out, .prefix = w->u->prefix,
	          .layer = w->u->layer, .phase = w->u->phase,
	          .rand_key = w->u->rand_key, .what = w->u->what };
	NamedShape shape = { "y", { 0 } };
	uint32_t i;
	bool same = x.nsub == (uint32_t)f->d.nlhs && !f->d.guards.n;
	Tensor *t = &w->p->tensors.v[x.tensor];
	const Layer *layer;
	Act named;

	for (i = 0; i < x.nsub && same; i++)
		same = !w->p->subs.v[x.sub + i].indirect &&
		       w->p->subs.v[x.sub + i].id == f->d.lhs[i].id;
	if (w->bad)
		return;
	if (w->scan) {
		fail_line(w, a->loc, fmt(w->c, "%s works on whole vectors, which "
		     "do not exist within a step: take another activation, or "
		     "`act %s` behind the layer", act->rec->name,
		     act->rec->name));
		return;
	}
	if (!same) {
		fail_line(w, a->loc, fmt(w->c, "%s works on whole vectors: write "
		     "y[j] = %s(z[j]) on a line of its own", act->rec->name,
		     act->rec->name));
		return;
	}
	shape.shape = t->shape;
	shape.shape.dim[0] -= t->off;
	PUSH(w->c, &u.shapes, shape);
	if (!act->rec->formula) { /* named in the formula itself: softmax(z[j]) */
		named = *act;
		layer = w->u->layer >= 0 ? &w->p->net->layers.v[w->u->layer]
		                         : NULL;
		if (layer && layer->out.rank == shape.shape.rank)
			shape.shape.kind = layer->out.kind;
		if (!record_act(w->c, &named, &shape.shape)) {
			w->bad = true;
			return;
		}
		act = &named;
	}
	use_bind(&u, "z", x.tensor);
	u.given = u.binds.n;
	use_bind(&u, "y", f->d.target);
	for (i = 0; i < act->rec->params.n; i++)
		use_value(&u, act->rec->params.v[i].name, act->args[i].num);
	if (f->d.target == use_find(w->u, "y"))
		w->u->act_z = x.tensor;
	if (!lower(&u, act->rec->formula, (Loc){ 0 }))
		w->bad = true;
}

/* y = act(z) over whole tensors: what a loss's closed form may start from */
static void
act_of(Low *w, const Line *l, const Finish *f, ExprId z)
{
	const Expr *x = &w->p->exprs.v[z];
	uint32_t i;

	if (strcmp(l->name, "y") || x->nsub != (uint32_t)f->d.nlhs)
		return;
	for (i = 0; i < x->nsub; i++)
		if (w->p->subs.v[x->sub + i].indirect ||
		    w->p->subs.v[x->sub + i].id != f->d.lhs[i].id)
			return;
	w->u->act_z = x->tensor;
}

static void
right_side(Low *w, Line *l, Finish *f)
{
	Guards guards = f->d.guards;
	Ast *a = l->expr;
	Reduction r = { 0 };
	ExprId n, y;

	if (a->kind == A_ACT && a->act) {
		if (!a->act->rec->y) {
			act_block(w, a, f);
			f->d.target = 0;
			return;
		}
		f->d.over_z = argument(w, a->args.v[0], &guards);
		if (w->bad)
			return;
		act_of(w, l, f, f->d.over_z);
		y = ex_read(w->p, f->d.target, f->d.lhs, f->d.nlhs);
		f->d.expr = activation(w, a->act, f->d.over_z, y,
		                       &f->d.over_dy);
		if (!f->d.over_dy)
			f->d.over_z = 0;
		return;
	}
	if (a->kind != A_RED || l->add) {
		f->d.expr = value(w, a, &guards);
		return;
	}
	n = reduction(w, a, &guards, &r);
	if (w->bad)
		return;
	if (n) {
		f->d.expr = ex_bin(w->p, E_DIV, split_off(w, &r, a->name,
		                   &guards, a->loc), n);
		return;
	}
	f->d.red = r.red;
	f->d.ridx = r.ridx;
	f->d.expr = r.body;
	for (uint32_t i = 0; i < r.guards.n; i++)
		PUSH(w->c, &f->d.guards, r.guards.v[i]);
}

/* what a network's layers make is counted in 31 bits, and so is what lies
 * within a formula */
static bool
too_large(Low *w, const Line *l, const Shape *shape)
{
	int64_t size = 1;
	int i;

	for (i = 0; i < shape->rank && size <= INT32_MAX; i++)
		size *= shape->dim[i];
	if (size > INT32_MAX)
		fail_line(w, l->loc, fmt(w->c, "'%s' has more than %d values",
		          l->name, INT32_MAX));
	return size > INT32_MAX;
}

static TensorId
target_of(Low *w, const Line *l, const Shape *shape, const Sub *lhs, int n)
{
	TensorId id = use_find(w->u, l->name);
	Tensor t = { .kind = T_TEMP, .layer = w->u->layer, .loc = l->loc };
	Index x;
	int q;

	if (id)
		return id;
	t.base = l->name;
	t.name = fmt(w->c, "%s%s", w->u->prefix, l->name);
	q = w->named_n && n && aff_is_var(w->p, lhs[0].id, &x) && x == SAMPLE;
	t.batch = q > 0;
	if (shape)
		t.shape = *shape;
	else
		for (; q < n && t.shape.rank < MAX_RANK; q++) {
			if (!aff_is_var(w->p, lhs[q].id, &x)) {
				fail_line(w, l->loc, fmt(w->c, "the shape of '%s' "
				     "is not known here", l->name));
				help(w->c, "give it in `shape`, or write the "
				     "plain index on the left");
				return 0;
			}
			t.shape.dim[t.shape.rank++] = w->p->index.v[x].extent;
		}
	if (too_large(w, l, &t.shape))
		return 0;
	id = ir_tensor(w->p, t);
	use_bind(w->u, copy(w->c, l->name, strlen(l->name)), id);
	return id;
}

/* inputs, weights, targets and arguments are not what a formula makes */
static bool
writable(Low *w, const Line *l)
{
	const char *what = NULL;
	uint32_t i;

	for (i = 0; i < w->u->given; i++)
		if (!strcmp(w->u->binds.v[i].name, l->name))
			what = "given to this formula";
	if (w->u->layer >= 0 && !w->u->update && number_named(w->u, l->name))
		what = "an argument";
	if (!what)
		return true;
	fail_line(w, l->loc, fmt(w->c, "'%s' is %s and cannot be written",
	     l->name, what));
	help(w->c, "give the result another name");
	return false;
}

static void
one_line(Low *w, Line *l)
{
	TensorId known = use_find(w->u, l->name);
	const Shape *shape = known ? NULL : declared(w->u, l->name);
	Finish f = { .w = w };
	Scoped t = { w->scan_name, w->scan_t, l->loc };

	w->scope.n = 0;
	w->pack = (Indices){ 0 };
	w->p->at = l->loc;
	if (!writable(w, l))
		return;
	if (w->scan)
		PUSH(w->c, &w->scope, t);
	if (!resolve_line(w, l, known, shape, f.d.lhs, &f.d.nlhs, &f.d.guards))
		return;
	f.d.target = target_of(w, l, shape, f.d.lhs, f.d.nlhs);
	if (w->bad)
		return;
	f.d.loc = l->loc;
	f.d.add = l->add;
	right_side(w, l, &f);
	if (!w->bad && f.d.target)
		finish(w, &f);
}

/* ---- scans */

static bool
reads_before(Low *w, const Ast *a, const char *name, const char *t)
{
	const Ast *s;
	uint32_t i;

	if (!a)
		return false;
	if (a->kind == A_NAME && a->subscripted && !strcmp(a->name, name) &&
	    a->args.n) {
		s = a->args.v[w->named_n && a->args.n > 1];
		if (s->kind == A_SUB && s->a->kind == A_NAME &&
		    !strcmp(s->a->name, t) && s->b->kind == A_NUM &&
		    s->b->num == 1)
			return true;
	}
	for (i = 0; i < a->args.n; i++)
		if (reads_before(w, a->args.v[i], name, t))
			return true;
	return reads_before(w, a->a, name, t) ||
	       reads_before(w, a->b, name, t) ||
	       reads_before(w, a->c, name, t);
}

/* row 0 of a state: zero, or the tensor bound as NAME0 */
static void
row_zero(Low *w, TensorId id, TensorId init, Loc at)
{
	StmtDraft d = { .target = id, .layer = w->u->layer,
	                .phase = w->u->phase, .loc = at };
	Sub from[MAX_RANK + 2];
	int i, n = 0;

	d.lhs[d.nlhs++] = sub_aff(aff_var(w->p, SAMPLE));
	d.lhs[d.nlhs++] = sub_aff(aff_const(w->p, 0));
	PUSH(w->c, &d.idx, SAMPLE);
	if (init && w->p->tensors.v[init].batch)
		from[n++] = sub_aff(aff_var(w->p, SAMPLE));
	for (i = 1; i < w->p->tensors.v[id].shape.rank; i++) {
		Index x = ir_index(w->p, fmt(w->c, "i%d", i),
		                   w->p->tensors.v[id].shape.dim[i]);
		d.lhs[d.nlhs++] = from[n++] = sub_aff(aff_var(w->p, x));
		PUSH(w->c, &d.idx, x);
	}
	d.expr = init ? ex_read(w->p, init, from, n) : ex_num(w->p, 0);
	PUSH(w->c, w->u->out, ir_stmt(w->p, &d));
}

static TensorId
state_of(Low *w, const Line *l, const Shape *shape)
{
	Tensor x = { .kind = T_TEMP, .layer = w->u->layer, .batch = true,
	             .base = l->name, .loc = l->loc, .shape = *shape, .off = 1 };
	TensorId id;

	x.shape.dim[0]++;
	x.name = fmt(w->c, "%s%s", w->u->prefix, l->name);
	id = ir_tensor(w->p, x);
	use_bind(w->u, l->name, id);
	return id;
}

/* `h[-1,j] = ...` before the scan that writes h: the state to start from */
static void
start_state(Low *w, const Lines *lines, uint32_t at)
{
	const Line *l = &lines->v[at];
	const Shape *shape = declared(w->u, l->name);
	uint32_t first = w->named_n && l->subs.n > 1, i;
	const Ast *row = l->subs.n > first ? l->subs.v[first] : NULL;
	bool inside = false;

	if (!row || row->kind != A_NEG || row->a->kind != A_NUM ||
	    row->a->num != 1 || !shape || use_find(w->u, l->name))
		return;
	for (i = at + 1; i < lines->n; i++) {
		const Line *o = &lines->v[i];
		if (o->kind != LINE_SET)
			inside = o->kind == LINE_SCAN;
		else if (inside && !strcmp(o->name, l->name)) {
			state_of(w, l, shape);
			return;
		}
	}
}

/* what the block writes and reads at t - 1 is a state with one row more; what
 * it writes with a declared shape may be read anywhere in the block */
static void
open_scan(Low *w, Lines *lines, uint32_t first)
{
	const char *t = lines->v[first].name;
	Scan g = { ir_index(w->p, t, 0), 0, false };
	uint32_t i, k;

	for (i = first + 1; lines->v[i].kind != LINE_END && !w->bad; i++) {
		Line *l = &lines->v[i];
		const Shape *shape = declared(w->u, l->name);
		bool state = false;
		TensorId id = use_find(w->u, l->name);
		for (k = first + 1; lines->v[k].kind != LINE_END; k++)
			state |= reads_before(w, lines->v[k].expr, l->name, t);
		if (id && w->p->tensors.v[id].off) /* started before */
			g.n = w->p->tensors.v[id].shape.dim[0] - 1;
		if (!state || id)
			continue;
		if (!shape) {
			fail_line(w, l->loc, fmt(w->c, "the state '%s' of a scan "
			     "needs a shape", l->name));
			help(w->c, "give it in `shape`: {%s = {steps, size}}",
			     l->name);
			return;
		}
		g.n = shape->dim[0];
		id = state_of(w, l, shape);
		row_zero(w, id, use_find(w->u, fmt(w->c, "%s0", l->name)),
		         l->loc);
	}
	w->p->index.v[g.t].extent = g.n;
	w->scan_t = g.t;
	w->scan_name = t;
	PUSH(w->c, &w->p->scans, g);
	w->scan = w->p->scans.n - 1;
}

/* what does not depend on the recurrence leaves the block, before it */
static void
close_scan(Low *w, uint32_t first)
{
	Program *p = w->p;
	Stmts *out = w->u->out;
	Scan *g = &p->scans.v[w->scan];
	uint32_t i, k, at = first;
	bool again = true;

	if (!g->n)
		g->n = p->index.v[g->t].extent;
	if (!g->n) {
		fail_line(w, p->at, "the length of the scan is not known");
		help(w->c, "declare the shape of its state");
		return;
	}
	while (again) {
		again = false;
		for (i = at; i < out->n && !again; i++) {
			Stmt s = out->v[i];
			Reads reads = { 0 };
			StmtDraft d;
			uint32_t writers = 0;
			bool bound = false;
			expr_reads(p, s.expr, true, &reads);
			for (k = at; k < out->n; k++) {
				uint32_t q;
				writers += out->v[k].target == s.target;
				for (q = 0; q < reads.n; q++)
					bound |= p->exprs.v[reads.v[q]].tensor
					         == out->v[k].target;
			}
			if (bound || writers > 1 || s.scatter ||
			    p->tensors.v[s.target].off || s.add)
				continue;
			stmt_draft(p, &s, &d);
			d.scan = 0;
			k = d.idx.n && d.idx.v[0] == SAMPLE;
			PUSH(w->c, &d.idx, 0);
			memmove(d.idx.v + k + 1, d.idx.v + k,
			        (d.idx.n - 1 - k) * sizeof *d.idx.v);
			d.idx.v[k] = g->t;
			s = ir_stmt(p, &d);
			memmove(out->v + at + 1, out->v + at,
			        (i - at) * sizeof *out->v);
			out->v[at++] = s;
			again = true;
		}
	}
	w->scan = 0;
}

/* ---- the whole formula */

typedef struct { TensorId t; uint32_t first; } Written;

static bool
disjoint(const Program *p, const Stmt *a, const Stmt *b)
{
	uint32_t q;

	for (q = 0; q < a->nlhs; q++) {
		AffId x = p->subs.v[a->lhs + q].id, y = p->subs.v[b->lhs + q].id;
		const Aff *f = &p->affs.v[x], *g = &p->affs.v[y];
		if (aff_hi(p, x) < aff_lo(p, y) || aff_hi(p, y) < aff_lo(p, x))
			return true;
		if (f->n == 1 && g->n == 1 &&
		    p->terms.v[f->term].c == p->terms.v[g->term].c &&
		    (f->k - g->k) % p->terms.v[f->term].c)
			return true;
	}
	return false;
}

/* the left sides of one tensor are disjoint, inside and cover it */
static void
covered(Low *w, uint32_t first)
{
	Program *p = w->p;
	Stmts *out = w->u->out;
	uint32_t i, k, q;

	for (i = first; i < out->n && !w->bad; i++) {
		const Stmt *s = &out->v[i];
		const Tensor *t = &p->tensors.v[s->target];
		int64_t dims[MAX_RANK + 2], size = 1, sum = 0;
		int n = tensor_dims(p, s->target, dims);
		if (s->add || (t->kind != T_TEMP && t->kind != T_OUTPUT))
			continue;
		for (q = 0; q < (uint32_t)n; q++) {
			AffId a = p->subs.v[s->lhs + q].id;
			size *= dims[q];
			if (aff_lo(p, a) < 0 || aff_hi(p, a) >= dims[q])
				fail_line(w, s->loc, fmt(w->c, "'%s' is written "
				     "outside its %s", t->name,
				     shape_text(w->c, &t->shape)));
		}
		for (k = first; k < out->n && !w->bad; k++) {
			const Stmt *o = &out->v[k];
			if (o->target != s->target || o->add)
				continue;
			sum += stmt_points(p, o) *
			       (o->scan ? p->scans.v[o->scan].n : 1);
			if (k == i || disjoint(p, s, o))
				continue;
			fail_line(w, s->loc, fmt(w->c, "'%s' is written twice",
			     t->name));
			if (s->nguard || o->nguard)
				help(w->c, "where a guard fails the value is 0: "
				     "write the second part with `+=`");
		}
		if (!w->bad && sum != size)
			fail_line(w, s->loc, fmt(w->c, "'%s' is written at %lld of "
			     "its %lld places", t->name, (long long)sum,
			     (long long)size));
	}
}

static bool
names_n(const Ast *a)
{
	uint32_t i;

	if (!a)
		return false;
	if (a->kind == A_NAME && !a->subscripted && !strcmp(a->name, "n"))
		return true;
	for (i = 0; i < a->args.n; i++)
		if (names_n(a->args.v[i]))
			return true;
	for (i = 0; i < a->binders.n; i++)
		if (!strcmp(a->binders.v[i].name, "n"))
			return true;
	return names_n(a->a) || names_n(a->b) || names_n(a->c);
}

bool
lower_lines(Use *u, Lines *lines)
{
	Low w = { .u = u, .p = u->p, .c = u->p->c };
	uint32_t first = u->out->n, scan_first = 0, i, k;
	Loc at = u->p->at;

	for (i = 0; i < lines->n; i++) {
		w.named_n |= names_n(lines->v[i].expr);
		for (k = 0; k < lines->v[i].subs.n; k++)
			w.named_n |= names_n(lines->v[i].subs.v[k]);
	}
	for (i = 0; i < lines->n && !w.bad; i++) {
		Line *l = &lines->v[i];
		if (l->kind == LINE_SCAN) {
			open_scan(&w, lines, i);
			scan_first = u->out->n;
		} else if (l->kind == LINE_END) {
			close_scan(&w, scan_first);
		} else {
			if (!w.scan)
				start_state(&w, lines, i);
			one_line(&w, l);
		}
	}
	if (!w.bad && !u->update)
		covered(&w, first);
	u->p->at = at;
	return !w.bad;
}

bool
lower(Use *u, const char *text, Loc at)
{
	Lines lines = { 0 };

	if (!parse_formula(u->p->c, text, at, fmt(u->p->c, "formula of %s",
	                   u->what), &lines))
		return false;
	return lower_lines(u, &lines);
}
