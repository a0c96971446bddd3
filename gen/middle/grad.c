/* SPDX-License-Identifier: MIT
 * Reverse mode over the list of statements (Griewank & Walther 2008): appends
 * the adjoint of every statement that the loss depends on.  For a net this is
 * delta backpropagation: delta = dC/dz. */
#include <string.h>
#include "middle.h"

typedef struct {
	Program *p;
	Ctx *c;
	const ClosedForms *closed;
	Stmts forward;              /* as it was */
	Stmts *out;                 /* what runs after it */
	Stmts pre, body, after;     /* around a reversed scan */
	uint32_t scan;              /* forward scan being reversed, 0: none */
	uint32_t reversed;          /* its reversal */
	uint32_t n;                 /* tensors of the forward list */
	bool *want, *active, *written;
	TensorId *d, *part, *arg;   /* adjoint, sample's part, argmax of u */
	bool *d_set, *part_set;
	const char *(*axis)[MAX_RANK]; /* names of a part's indices */
	bool *added;                /* by tensor: some forward statement is += */
	uint32_t *last_use;         /* first forward reader: last in reverse */
} Grad;

/* ---- which tensors take part */

static bool
reads_any(Grad *g, const Stmt *s, const bool *set, bool into_stop)
{
	Reads reads = { 0 };
	uint32_t i;

	expr_reads(g->p, s->expr, into_stop, &reads);
	if (s->over_z)
		expr_reads(g->p, s->over_z, into_stop, &reads);
	for (i = 0; i < reads.n; i++)
		if (set[g->p->exprs.v[reads.v[i]].tensor])
			return true;
	return false;
}

static bool
in_closed(const Grad *g, uint32_t i)
{
	uint32_t k;

	for (k = 0; k < g->closed->n; k++)
		if (i >= g->closed->v[k].first && i < g->closed->v[k].last)
			return true;
	return false;
}

/* active = depends on something wanted, and the loss depends on it */
static void
activity(Grad *g, TensorId loss)
{
	const ClosedForms *m = g->closed;
	bool *need = mem(g->c, g->n), *useful = mem(g->c, g->n), again = true;
	uint32_t i, k;

	memcpy(need, g->want, g->n);
	useful[loss] = true;
	while (again) {
		again = false;
		for (i = 0; i < g->forward.n; i++) {
			const Stmt *s = &g->forward.v[i];
			if (!need[s->target] && !in_closed(g, i) &&
			    reads_any(g, s, need, false))
				need[s->target] = again = true;
		}
		for (k = 0; k < m->n; k++)
			if (need[m->v[k].z] && !need[m->v[k].C])
				need[m->v[k].C] = again = true;
		for (i = g->forward.n; i-- > 0;) {
			const Stmt *s = &g->forward.v[i];
			Reads reads = { 0 };
			if (!useful[s->target] || in_closed(g, i))
				continue;
			expr_reads(g->p, s->expr, false, &reads);
			if (s->over_z)
				expr_reads(g->p, s->over_z, false, &reads);
			for (k = 0; k < reads.n; k++) {
				TensorId t = g->p->exprs.v[reads.v[k]].tensor;
				again |= !useful[t];
				useful[t] = true;
			}
		}
		for (k = 0; k < m->n; k++)
			if (useful[m->v[k].C] &&
			    !useful[m->v[k].z])
				useful[m->v[k].z] = again = true;
	}
	for (i = 0; i < g->n; i++)
		g->active[i] = need[i] && useful[i];
}

/* ---- adjoints as tensors */

static TensorId
like(Grad *g, TensorId u, const char *prefix, TensorKind kind)
{
	Tensor t = g->p->tensors.v[u];

	t.name = fmt(g->c, "%s%s", prefix, t.name);
	t.kind = kind;
	t.of = u;
	t.adjoint = true;
	t.values = NULL;
	return ir_tensor(g->p, t);
}

static TensorId
adjoint(Grad *g, TensorId u)
{
	TensorKind kind = T_TEMP;

	if (g->d[u])
		return g->d[u];
	if (g->want[u])
		kind = g->p->tensors.v[u].kind == T_WEIGHT ? T_GRAD : T_OUTPUT;
	g->d[u] = like(g, u, "d.", kind);
	return g->d[u];
}

static void
put(Grad *g, Stmts *list, StmtDraft *d, const Stmt *from)
{
	d->layer = g->p->tensors.v[d->target].layer;
	if (d->layer < 0)
		d->layer = from ? from->layer : -1;
	d->phase = PH_BACKWARD;
	if (from)
		d->loc = from->loc;
	PUSH(g->c, list, ir_stmt(g->p, d));
}

/* the batch: an unbatched tensor gets its samples' parts in ascending n */
static void
flush(Grad *g, TensorId u, const Stmt *from)
{
	StmtDraft d = { 0 };
	Sub subs[MAX_RANK + 2];
	int i, n = 0;

	if (!g->part[u])
		return;
	d.target = adjoint(g, u);
	subs[n++] = sub_aff(aff_var(g->p, SAMPLE));
	for (i = 0; i < g->p->tensors.v[u].shape.rank; i++) {
		Index x = ir_index(g->p, g->axis[u][i],
		                   g->p->tensors.v[u].shape.dim[i]);
		subs[n++] = d.lhs[d.nlhs++] = sub_aff(aff_var(g->p, x));
		PUSH(g->c, &d.idx, x);
	}
	d.add = (g->want[u] && g->p->tensors.v[u].kind == T_WEIGHT) ||
	        g->d_set[u];
	d.red = RED_SUM;
	PUSH(g->c, &d.ridx, SAMPLE);
	d.expr = ex_read(g->p, g->part[u], subs, n);
	put(g, g->out, &d, from);
	g->d_set[u] = true;
	g->part[u] = 0;
}

/* the indices of a weight keep the names they have in its formula */
static void
name_axes(Grad *g, TensorId u, const Sub *subs)
{
	int k;
	Index i;

	for (k = 0; k < g->p->tensors.v[u].shape.rank; k++)
		g->axis[u][k] = !subs[k].indirect &&
			aff_is_var(g->p, subs[k].id, &i)
			? g->p->index.v[i].name : fmt(g->c, "i%d", k);
}

/* ---- contributions */

static bool
covers(Grad *g, TensorId target, const Drafts *made, bool inside)
{
	int64_t dims[MAX_RANK + 2], size = 1, sum = 0;
	int n = tensor_dims(g->p, target, dims), q;
	uint32_t i;

	for (q = 0; q < n; q++)
		size *= dims[q];
	for (i = 0; i < made->n; i++) {
		if (made->v[i].scatter || !injective(g->p, &made->v[i]))
			return false;
		sum += box_size(g->p, &made->v[i].idx) *
		       (inside ? g->p->scans.v[g->scan].n : 1);
	}
	return sum == size;
}

/* dU[subs] += e over iters */
static void
contribute(Grad *g, TensorId u, const Sub *subs, int nsubs, Indices iters,
	const Guards *guards, ExprId e, const Stmt *s)
{
	Program *p = g->p;
	bool inside = g->scan && g->written[u], batch = p->tensors.v[u].batch;
	TensorId target;
	Sub own[MAX_RANK + 2];
	Drafts made = { 0 };
	Stmts *to = inside ? &g->body : g->scan ? &g->after : g->out;
	bool *set;
	uint32_t i, k;

	if (g->scan && !inside) { /* t is an ordinary index after the scan */
		k = iters.n && iters.v[0] == SAMPLE;
		PUSH(g->c, &iters, 0);
		memmove(iters.v + k + 1, iters.v + k,
		        (iters.n - 1 - k) * sizeof *iters.v);
		iters.v[k] = p->scans.v[g->scan].t;
	}
	memcpy(own, subs, (size_t)nsubs * sizeof *own);
	if (!batch && has_index(&iters, SAMPLE)) {
		if (!g->part[u]) {
			g->part[u] = like(g, u, "part.", T_TEMP);
			p->tensors.v[g->part[u]].batch = true;
			g->part_set[u] = false;
			name_axes(g, u, subs);
		}
		target = g->part[u];
		set = &g->part_set[u];
		memmove(own + 1, own, (size_t)nsubs * sizeof *own);
		own[0] = sub_aff(aff_var(p, SAMPLE));
		nsubs++;
	} else {
		target = adjoint(g, u);
		set = &g->d_set[u];
	}
	place(p, target, own, nsubs, &iters, guards, e, &made);
	if (!*set) {
		bool state = inside && p->tensors.v[u].off;
		bool caller = p->tensors.v[target].kind == T_GRAD;
		if (!state && !caller && covers(g, target, &made, inside))
			for (i = 0; i < made.n; i++)
				made.v[i].add = false;
		else if (!caller) {
			Stmt from = *s;
			from.phase = PH_BACKWARD;
			fill(p, target, -0.0, inside ? &g->pre : to, &from);
		}
		*set = true;
	}
	for (i = 0; i < made.n; i++) {
		made.v[i].scan = inside ? g->reversed : 0;
		put(g, to, &made.v[i], s);
	}
}

/* ---- one statement, reversed */

/* the position in the reduced box, row-major */
static AffId
linear(Program *p, const Indices *ridx)
{
	AffId r = aff_const(p, 0);
	uint32_t i;

	for (i = 0; i < ridx->n; i++)
		r = aff_add(p, aff_mul(p, r, p->index.v[ridx->v[i]].extent),
		            aff_var(p, ridx->v[i]));
	return r;
}

/* which term attained the maximum; the seed goes to that one alone */
static ExprId
through_max(Grad *g, const StmtDraft *s, ExprId seed, const Stmt *from)
{
	Program *p = g->p;
	StmtDraft d = *s;
	TensorId u = s->target;

	if (!g->arg[u])
		g->arg[u] = like(g, u, "arg.", T_INT);
	d.target = g->arg[u];
	d.red = RED_ARGMAX;
	d.scan = g->scan ? g->reversed : 0;
	d.over_z = d.over_dy = 0;
	put(g, g->scan ? &g->body : g->out, &d, from);
	return ex_sel(p, ex_ieq(p, ex_read(p, d.target, s->lhs, s->nlhs),
	              linear(p, &s->ridx)), seed, ex_num(p, 0));
}

static void
pad_guards(Program *p, const Expr *x, Guards *guards)
{
	int64_t dims[MAX_RANK + 2];
	uint32_t q;

	tensor_dims(p, x->tensor, dims);
	for (q = 0; q < x->nsub; q++) {
		Sub s = p->subs.v[x->sub + q];
		if (s.indirect)
			continue;
		guard_add(p, guards, s.id);
		guard_add(p, guards, aff_addk(p, aff_mul(p, s.id, -1),
		          (int32_t)dims[q] - 1));
	}
}

static void flush_weights(Grad *g, uint32_t from, uint32_t to,
	const Stmt *s);

static void
statement(Grad *g, const Stmt *s)
{
	uint32_t at = (uint32_t)(s - g->forward.v);
	Program *p = g->p;
	StmtDraft d;
	ExprId seed;
	Adjoints out = { 0 };
	Indices iters = { 0 };
	uint32_t i, round;

	if (!g->active[s->target])
		return;
	if (!g->want[s->target])
		flush(g, s->target, s);
	/* nothing reached it: its readers have no derivative.  A state of the
	   scan may still be reached, from the step before in this order */
	if (!g->d_set[s->target] &&
	    !(g->scan && p->tensors.v[s->target].off))
		return;
	stmt_draft(p, s, &d);
	seed = ex_read(p, adjoint(g, s->target), d.lhs, d.nlhs);
	if (s->red == RED_MAX)
		seed = through_max(g, &d, seed, s);
	if (s->over_z)
		PUSH(g->c, &out, ((Adjoint){ s->over_z,
		                            mul(p, seed, s->over_dy) }));
	else
		back(p, s->expr, seed, &out);
	for (i = 0; i < d.idx.n; i++)
		PUSH(g->c, &iters, d.idx.v[i]);
	for (i = 0; i < d.ridx.n; i++)
		PUSH(g->c, &iters, d.ridx.v[i]);
	/* weights first: the lecture's order, and no bit depends on it */
	for (round = 0; round < 2; round++) {
		if (round && !g->scan)
			flush_weights(g, at, at + 1, s);
		for (i = 0; i < out.n; i++) {
			Expr x = p->exprs.v[out.v[i].read];
			ExprId e = out.v[i].value;
			Guards guards = { 0 };
			Indices own = { 0 };
			uint32_t k;
			if (!g->active[x.tensor] ||
			    (round == 0) != !p->tensors.v[x.tensor].batch)
				continue;
			if (!s->red && !s->over_z &&
			    !g->added[s->target])
				e = replace(p, e, s->expr, ex_read(p,
				            s->target, d.lhs, d.nlhs));
			for (k = 0; k < d.guards.n; k++)
				PUSH(g->c, &guards, d.guards.v[k]);
			if (x.op == E_PAD)
				pad_guards(p, &x, &guards);
			for (k = 0; k < iters.n; k++)
				PUSH(g->c, &own, iters.v[k]);
			contribute(g, x.tensor, p->subs.v + x.sub,
			           (int)x.nsub, own, &guards, e, s);
		}
	}
}

static void
append(Ctx *c, Stmts *to, const Stmts *from)
{
	uint32_t i;

	for (i = 0; i < from->n; i++)
		PUSH(c, to, from->v[i]);
}

/* statements [first, last) of one scan, backwards as a descending scan; what
 * reaches tensors from outside it follows as contractions over (n, t) */
static void
scan(Grad *g, uint32_t first, uint32_t last)
{
	Program *p = g->p;
	uint32_t id = g->forward.v[first].scan, i;
	Scan r = p->scans.v[id];

	r.reverse = !r.reverse;
	PUSH(g->c, &p->scans, r);
	g->scan = id;
	g->reversed = p->scans.n - 1;
	memset(g->written, 0, g->n);
	for (i = first; i < last; i++)
		g->written[g->forward.v[i].target] = true;
	g->pre = g->body = g->after = (Stmts){ 0 };
	for (i = last; i-- > first;)
		statement(g, &g->forward.v[i]);
	g->scan = 0;
	append(g->c, g->out, &g->pre);
	append(g->c, g->out, &g->body);
	append(g->c, g->out, &g->after);
}

/* a weight's gradient is complete once its first reader was reversed */
static void
readers(Grad *g)
{
	uint32_t i, k;

	for (i = g->forward.n; i-- > 0;) {
		Reads reads = { 0 };
		g->added[g->forward.v[i].target] |= g->forward.v[i].add;
		expr_reads(g->p, g->forward.v[i].expr, true, &reads);
		for (k = 0; k < reads.n; k++)
			g->last_use[g->p->exprs.v[reads.v[k]].tensor] = i;
	}
}

static void
flush_weights(Grad *g, uint32_t from, uint32_t to, const Stmt *s)
{
	uint32_t i;

	for (i = 0; i < g->p->weights.n; i++) {
		TensorId w = g->p->weights.v[i];
		if (g->part[w] && g->last_use[w] >= from &&
		    g->last_use[w] < to)
			flush(g, w, s);
	}
}

/* the gradient of an input is that of a sample alone */
static void
wanted(Grad *g, Kernel kernel)
{
	Program *p = g->p;
	uint32_t i;

	for (i = 0; i < p->weights.n; i++) {
		const Tensor *t = &p->tensors.v[p->weights.v[i]];
		if (!p->net->layers.v[t->layer].frozen)
			g->want[p->weights.v[i]] = true;
	}
	for (i = 0; i < g->n && p->net->api_input_gradient &&
	     kernel == K_GRADIENT; i++)
		if (p->tensors.v[i].kind == T_INPUT)
			g->want[i] = true;
}

static void
seed(Grad *g, TensorId loss)
{
	StmtDraft d = { .target = adjoint(g, loss), .nlhs = 1,
	                .expr = ex_num(g->p, 1) };

	d.lhs[0] = sub_aff(aff_var(g->p, SAMPLE));
	PUSH(g->c, &d.idx, SAMPLE);
	put(g, g->out, &d, NULL);
	g->d_set[loss] = true;
}

/* d z = dC * delta, once everything that reads C has been reversed */
static void
closed(Grad *g, const ClosedForm *f)
{
	Program *p = g->p;
	const Tensor *z = &p->tensors.v[f->z], *C = &p->tensors.v[f->C];
	Stmt from = f->stmts.v[f->stmts.n - 1];
	Indices iters = { 0 };
	Guards none = { 0 };
	Sub subs[MAX_RANK + 2], at[MAX_RANK + 2];
	int i, n = 0, m = 0, lead;

	if (!g->active[f->C] || !g->active[f->z])
		return;
	append(g->c, g->out, &f->stmts);
	subs[n++] = at[m++] = sub_aff(aff_var(p, SAMPLE));
	PUSH(g->c, &iters, SAMPLE);
	/* the index of the class is the last axis, the first of a map */
	lead = z->shape.kind == MAP ? 0 : z->shape.rank - 1;
	for (i = 0; i < z->shape.rank; i++) {
		Index x = ir_index(p, fmt(g->c, "i%d", i), z->shape.dim[i]);
		subs[n++] = sub_aff(aff_var(p, x));
		if (C->shape.rank && i != lead)
			at[m++] = sub_aff(aff_var(p, x));
		PUSH(g->c, &iters, x);
	}
	contribute(g, f->z, subs, n, iters, &none,
	           mul(p, ex_read(p, adjoint(g, f->C), at, m),
	               ex_read(p, f->delta, subs, n)), &from);
}

static void
closed_at(Grad *g, uint32_t i)
{
	uint32_t k;

	for (k = 0; k < g->closed->n; k++)
		if (g->closed->v[k].last == i + 1)
			closed(g, &g->closed->v[k]);
}

static void
kernel(Program *p, Kernel k)
{
	Grad g = { .p = p, .c = p->c, .n = p->tensors.n };
	Stmts *list = &p->kernel[k], out = { 0 };
	Indices roots = { 0 };
	uint32_t i, first;
	TensorId loss = p->loss[k];

	if (!loss)
		return;
	g.closed = &p->middle->closed[k];
	g.forward = *list;
	g.out = &out;
	g.want = mem(p->c, g.n);
	g.active = mem(p->c, g.n);
	g.written = mem(p->c, g.n);
	g.d_set = mem(p->c, g.n);
	g.part_set = mem(p->c, g.n);
	g.d = mem(p->c, g.n * sizeof *g.d);
	g.part = mem(p->c, g.n * sizeof *g.part);
	g.arg = mem(p->c, g.n * sizeof *g.arg);
	g.axis = mem(p->c, g.n * sizeof *g.axis);
	g.added = mem(p->c, g.n);
	g.last_use = mem(p->c, g.n * sizeof *g.last_use);
	wanted(&g, k);
	for (i = 0; i < p->weights.n; i++) /* of the kernel before */
		g.d[p->weights.v[i]] = p->grads.v[i];
	activity(&g, loss);
	readers(&g);
	seed(&g, loss);
	for (i = g.forward.n; i-- > 0;) {
		const Stmt *s = &g.forward.v[i];
		first = i;
		closed_at(&g, i);
		if (s->scan) {
			while (first && g.forward.v[first - 1].scan == s->scan)
				first--;
			scan(&g, first, i + 1);
		} else if (!in_closed(&g, i)) {
			statement(&g, s);
		}
		flush_weights(&g, first, i + 1, s);
		i = first;
	}
	flush_weights(&g, 0, ~0u, NULL);
	for (i = 0; i < p->weights.n; i++)
		p->grads.v[i] = g.d[p->weights.v[i]];
	list->v = NULL;
	list->n = list->cap = 0;
	append(p->c, list, &g.forward);
	append(p->c, list, &out);
	PUSH(p->c, &roots, loss);
	for (i = 0; i < g.n; i++)
		if (g.want[i] && p->tensors.v[i].kind == T_INPUT && g.d[i]) {
			PUSH(p->c, &p->input_grads, g.d[i]);
			PUSH(p->c, &roots, g.d[i]);
		}
	prune(p, list, &roots);
}

/* Needs the forward half in K_GRADIENT and, where samples are coupled, in
 * K_GRADIENTS; appends the adjoints, fills grads. */
void
grad(Program *p)
{
	kernel(p, K_GRADIENT);
	if (p->coupled)
		kernel(p, K_GRADIENTS);
}
