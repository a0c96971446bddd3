/* SPDX-License-Identifier: MIT
 * The forward pass of a sequence, one step at a time.  K_FORWARD in; out come
 * K_STREAM, from one row of x to what y is after that row, and K_RESET, which
 * sets the state back; or p->no_stream says why there are none.
 *
 * Each statement remains what it is, with the step fixed: all bits are those of
 * the sequence as a whole.  For that a tensor must have a row for each step
 * (ROWS), or follow from the last row (END), or from none at all (ALWAYS), and
 * what writes a row must read rows of the same step and states of the one
 * before: convolutions, attention and `reverse` do not. */
#include <string.h>
#include "middle.h"

typedef enum { ALWAYS, ROWS, END } When;
typedef struct {
	Program *p;
	int32_t steps;
	When *when;                 /* by tensor */
	uint32_t *axis;             /* ROWS: the subscript that is the step */
	TensorId *one;              /* ROWS, outputs: the tensor of one step */
	TensorId *before;           /* of a state: what the step before left */
	bool has_t, end;            /* the statement at hand: about step t, or */
	Index t;                    /* about the last one */
	int layer;
} Stream;

/* the first reason alone */
static void
refuse(Stream *s, const char *why)
{
	Program *p = s->p;
	const Layer *l = &p->net->layers.v[s->layer < 0 ? 0 : s->layer];

	if (p->no_stream)
		return;
	p->no_stream = s->layer < 0 ? why : fmt(p->c, "%s: %s", l->name, why);
	if (p->net->api_step_asked)
		err(p->c, s->layer < 0 ? (Loc){ 0 } : l->loc, "NAME_step cannot "
		    "be generated: %s", why);
}

static TensorId
like(Program *p, TensorId id)
{
	Tensor x = p->tensors.v[id];

	x.of = id;
	return ir_tensor(p, x);
}

/* x without axis, as a tensor of its own */
static TensorId
without(Program *p, TensorId id, uint32_t axis, TensorKind kind)
{
	Tensor x = p->tensors.v[id];
	int d = (int)axis - x.batch;

	memmove(x.shape.dim + d, x.shape.dim + d + 1,
	        (size_t)(x.shape.rank - d - 1) * sizeof *x.shape.dim);
	x.shape.rank--;
	x.kind = kind;
	x.of = id;
	x.off = 0;
	return ir_tensor(p, x);
}

static void
rows(Stream *s, TensorId t, uint32_t axis)
{
	if (s->when[t] == ROWS) {
		if (s->axis[t] != axis)
			refuse(s, "its steps lie in two directions");
		return;
	}
	s->when[t] = ROWS;
	s->axis[t] = axis;
	s->one[t] = without(s->p, t, axis, s->p->tensors.v[t].kind);
}

/* a table whose rows are all alike is a table of one row */
static bool
alike(Stream *s, TensorId id, uint32_t axis)
{
	const Tensor *x = &s->p->tensors.v[id];
	int64_t inner = 1, i, n = shape_size(&x->shape), step;
	double *v;
	int d;

	for (d = (int)axis + 1; d < x->shape.rank; d++)
		inner *= x->shape.dim[d];
	step = inner * x->shape.dim[axis];
	for (i = 0; x->values && i < n; i++)
		if (memcmp(&x->values[i], &x->values[i / step * step +
		                                     i % inner], sizeof *v))
			return false;
	v = mem(s->p->c, (size_t)(n / x->shape.dim[axis]) * sizeof *v);
	for (i = 0; x->values && i < n / x->shape.dim[axis]; i++)
		v[i] = x->values[i / inner * step + i % inner];
	rows(s, id, axis);
	if (s->p->tensors.v[id].values)
		s->p->tensors.v[s->one[id]].values = v;
	return true;
}

/* ---- which step a statement is about */

static void
about(Stream *s, Index t)
{
	if (s->has_t && s->t != t)
		refuse(s, "it joins every step with every other");
	s->has_t = true;
	s->t = t;
}

/* the row that is read: that of step t (now or, of a state, before), or last */
static void
one_row(Stream *s, const Expr *x)
{
	const Program *p = s->p;
	int off = p->tensors.v[x->tensor].off;
	Sub sub = p->subs.v[x->sub + s->axis[x->tensor]];
	Index t;
	int32_t k;

	if (sub.indirect)
		refuse(s, "it chooses steps by their number");
	else if (aff_is_const(p, sub.id, &k) && k == s->steps - 1 + off)
		s->end = true;
	else if (aff_is_var(p, sub.id, &t) || (off && aff_is_var(p,
	         aff_addk(s->p, sub.id, -1), &t)))
		about(s, t);
	else
		refuse(s, "it reads other steps than the one that it writes");
}

static void
one_read(Stream *s, const Expr *x)
{
	uint32_t q;
	Index t;

	if (s->when[x->tensor] == ROWS)
		one_row(s, x);
	s->end |= s->when[x->tensor] == END;
	if (s->p->tensors.v[x->tensor].kind != T_CONST || !s->has_t)
		return;
	for (q = 0; q < x->nsub && s->when[x->tensor] != ROWS; q++)
		if (aff_is_var(s->p, s->p->subs.v[x->sub + q].id, &t) &&
		    t == s->t && !alike(s, x->tensor, q))
			refuse(s, "its constants differ from step to step");
}

static void
classify(Stream *s, const Stmt *st)
{
	Program *p = s->p;
	Reads reads = { 0 };
	uint32_t i, round;

	s->has_t = s->end = false;
	s->layer = st->layer;
	if (st->scan) {
		if (p->scans.v[st->scan].reverse)
			refuse(s, "it begins at the end of the sequence");
		about(s, p->scans.v[st->scan].t);
	}
	expr_reads(p, st->expr, true, &reads);
	for (round = 0; round < 2; round++) /* tables once the step is known */
		for (i = 0; i < reads.n; i++)
			one_read(s, &p->exprs.v[reads.v[i]]);
	if (s->has_t && s->end)
		refuse(s, "every step of it needs the end of the sequence");
	if (s->has_t && p->index.v[s->t].extent != s->steps)
		refuse(s, "it reads some of the steps alone");
}

/* ---- the statement with its step fixed */

static ExprId
fixed_read(Program *p, ExprId e, void *u)
{
	const Stream *s = u;
	Expr x = p->exprs.v[e];
	Sub subs[MAX_RANK + 2];
	TensorId to = x.tensor;
	uint32_t i, n = 0;
	Index t;

	if ((x.op != E_READ && x.op != E_PAD) || s->when[x.tensor] != ROWS)
		return e;
	for (i = 0; i < x.nsub; i++)
		if (i != s->axis[x.tensor])
			subs[n++] = p->subs.v[x.sub + i];
	if (s->before[to] && aff_is_var(p, p->subs.v[x.sub +
	                                s->axis[to]].id, &t))
		to = s->before[to];
	else
		to = s->one[to];
	return x.op == E_READ ? ex_read(p, to, subs, (int)n)
	                      : ex_pad(p, to, subs, (int)n);
}

static void
drop_subscript(StmtDraft *d, uint32_t q)
{
	memmove(d->lhs + q, d->lhs + q + 1,
	        ((size_t)d->nlhs - q - 1) * sizeof *d->lhs);
	d->nlhs--;
}

/* the subscript that writes row t; UINT32_MAX: none */
static uint32_t
row_written(Stream *s, const StmtDraft *d)
{
	int off = s->p->tensors.v[d->target].off;
	AffId row = aff_addk(s->p, aff_var(s->p, s->t), off);
	uint32_t q;

	for (q = 0; q < (uint32_t)d->nlhs; q++)
		if (!d->lhs[q].indirect && d->lhs[q].id == row)
			return q;
	return UINT32_MAX;
}

/* no trace of the step is left */
static bool
mentions(Stream *s, const StmtDraft *d)
{
	Indices all = { 0 };
	uint32_t i;
	int q;

	expr_indices(s->p, d->expr, &all);
	for (q = 0; q < d->nlhs; q++)
		if (!d->lhs[q].indirect)
			aff_indices(s->p, d->lhs[q].id, &all);
	for (i = 0; i < d->guards.n; i++)
		aff_indices(s->p, d->guards.v[i], &all);
	return has_index(&all, s->t) || has_index(&d->ridx, s->t);
}

static void
put(Stream *s, Kernel k, const StmtDraft *d, const Stmt *from)
{
	Stmt made = ir_stmt(s->p, d);

	made.lanes = from->lanes;    /* the order of its sum is what it was */
	PUSH(s->p->c, &s->p->kernel[k], made);
}

static void
at_step(Stream *s, const Stmt *st)
{
	StmtDraft d;
	uint32_t q, i, n = 0;

	stmt_draft(s->p, st, &d);
	q = row_written(s, &d);
	if (q == UINT32_MAX) {
		refuse(s, "it reads the whole sequence");
		return;
	}
	rows(s, d.target, q);
	d.target = s->one[d.target];
	d.scan = 0;
	drop_subscript(&d, q);
	for (i = 0; i < d.idx.n; i++)
		if (d.idx.v[i] != s->t)
			d.idx.v[n++] = d.idx.v[i];
	d.idx.n = n;
	d.expr = ex_map(s->p, d.expr, fixed_read, s);
	if (mentions(s, &d))
		refuse(s, "it reads other steps than the one that it writes");
	else
		put(s, K_STREAM, &d, st);
}

/* row 0 of a state is what it is before the first step */
static void
start(Stream *s, const Stmt *st)
{
	StmtDraft d;
	Reads reads = { 0 };
	uint32_t i;

	expr_reads(s->p, st->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		TensorKind k = s->p->tensors.v[s->p->exprs.v[reads.v[i]].tensor]
		               .kind;
		if (k != T_WEIGHT && k != T_CONST)
			refuse(s, "its state begins with what is computed");
	}
	stmt_draft(s->p, st, &d);
	drop_subscript(&d, s->axis[st->target]);
	d.target = s->before[st->target];
	put(s, K_RESET, &d, st);
}

static void
statement(Stream *s, const Stmt *st)
{
	Program *p = s->p;
	StmtDraft d;

	classify(s, st);
	if (p->no_stream)
		return;
	if (s->has_t) {
		at_step(s, st);
	} else if (p->tensors.v[st->target].off) {
		start(s, st);
	} else {
		s->when[st->target] = s->end ? END : ALWAYS;
		stmt_draft(p, st, &d);
		d.expr = ex_map(p, d.expr, fixed_read, s);
		if (p->tensors.v[st->target].kind == T_OUTPUT)
			d.target = s->one[st->target] = like(p, st->target);
		put(s, K_STREAM, &d, st);
	}
}

/* ---- around the statements */

/* all inputs are sequences of one length */
static bool
inputs(Stream *s)
{
	Program *p = s->p;
	const Layer *l = p->net->layers.v;
	uint32_t i, n = p->net->layers.n;
	TensorId t, last = p->tensors.n;

	for (i = 0; i < n; i++) {
		if (l[i].rec)
			continue;
		s->layer = (int)i;
		if (l[i].out.kind != SEQUENCE ||
		    (s->steps && s->steps != l[i].out.dim[0])) {
			refuse(s, "the inputs are not sequences of one length");
			return false;
		}
		s->steps = l[i].out.dim[0];
	}
	for (t = 1; t < last; t++) {
		if (p->tensors.v[t].kind != T_INPUT)
			continue;
		rows(s, t, 1);
		p->tensors.v[s->one[t]].place /= s->steps;
	}
	p->stream_inputs = p->net->inputs / s->steps;
	return true;
}

/* what the list writes with a row before the first step */
static bool
states(Stream *s, const Stmts *list)
{
	Program *p = s->p;
	bool any = false;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		TensorId t = list->v[i].target;
		if (!p->tensors.v[t].off || s->before[t])
			continue;
		rows(s, t, 1);
		s->before[t] = without(p, t, 1, T_STREAM);
		PUSH(p->c, &p->carried, s->before[t]);
		any = true;
	}
	return any;
}

/* the first place of the list behind all that writes one and reads the other */
static uint32_t
behind(Stream *s, TensorId written, TensorId read)
{
	const Stmts *list = &s->p->kernel[K_STREAM];
	uint32_t i, k;

	for (i = list->n; i > 0; i--) {
		const Stmt *st = &list->v[i - 1];
		Reads reads = { 0 };

		expr_reads(s->p, st->expr, true, &reads);
		for (k = 0; k < reads.n; k++)
			if (s->p->exprs.v[reads.v[k]].tensor == read)
				return i;
		if (st->target == written)
			return i;
	}
	return 0;
}

/* the state of this step is the one before the next: nothing else comes between,
 * so that it is stored while it is at hand */
static void
carry(Stream *s, TensorId now)
{
	Program *p = s->p;
	TensorId before = s->before[now];
	const Tensor *x = &p->tensors.v[before];
	StmtDraft d = { .target = before, .layer = x->layer, .loc = x->loc };
	Stmts *list = &p->kernel[K_STREAM];
	uint32_t at = behind(s, s->one[now], before);
	Stmt made;
	int i;

	PUSH(p->c, &d.idx, SAMPLE);
	for (i = 0; i < p->tensors.v[before].shape.rank; i++)
		PUSH(p->c, &d.idx, ir_index(p, fmt(p->c, "i%d", i),
		     p->tensors.v[before].shape.dim[i]));
	for (; d.nlhs < (int)d.idx.n; d.nlhs++)
		d.lhs[d.nlhs] = sub_aff(aff_var(p, d.idx.v[d.nlhs]));
	d.expr = ex_read(p, s->one[now], d.lhs, d.nlhs);
	made = ir_stmt(p, &d);
	PUSH(p->c, list, made);
	memmove(list->v + at + 1, list->v + at,
	        (list->n - at - 1) * sizeof *list->v);
	list->v[at] = made;
}

/* y of one step: the outputs in their order, without gaps */
static void
places(Stream *s, TensorId last)
{
	Program *p = s->p;
	int64_t at = 0;
	TensorId t;

	for (t = 1; t < last; t++) {
		Tensor *x = &p->tensors.v[s->one[t]];
		if (!s->one[t] || x->kind != T_OUTPUT)
			continue;
		x->place = at;
		at += shape_size(&x->shape);
	}
	p->stream_outputs = (int)at;
}

/* needs ordered lists; fills K_STREAM and K_RESET where a state is carried */
void
stream(Program *p)
{
	const Stmts *list = &p->kernel[K_FORWARD];
	TensorId last = p->tensors.n;
	Stream s = { .p = p, .layer = -1 };
	TensorId t;
	uint32_t i;

	s.when = mem(p->c, last * sizeof *s.when);
	s.axis = mem(p->c, last * sizeof *s.axis);
	s.one = mem(p->c, last * sizeof *s.one);
	s.before = mem(p->c, last * sizeof *s.before);
	if (!p->net->api_step || !inputs(&s))
		return;
	s.layer = -1;
	if (!states(&s, list))
		refuse(&s, "no layer carries a state");
	for (i = 0; i < list->n && !p->no_stream; i++)
		statement(&s, &list->v[i]);
	for (t = 1; t < last && !p->no_stream; t++)
		if (s.before[t])
			carry(&s, t);
	places(&s, last);
	if (p->no_stream)
		p->kernel[K_STREAM].n = p->kernel[K_RESET].n = 0;
}
