/* SPDX-License-Identifier: MIT
 * Fewer statements, the same bits: copies, constants and single-use parts of
 * the batch are inlined, what nobody reads goes. */
#include <string.h>
#include "middle.h"

typedef struct {
	Program *p;
	Stmts *list;
	uint32_t *readers, *writers; /* per tensor: statements */
	VEC(uint32_t) *by;           /* per tensor: who reads it, or once did */
	bool *addressed;             /* read through a pad, a subscript, over_z */
	TensorId loss;
} Simplify;

/* tables for all tensors there are by now */
static void
room(Simplify *w)
{
	size_t n = w->p->tensors.n;

	w->readers = mem(w->p->c, n * sizeof *w->readers);
	w->writers = mem(w->p->c, n * sizeof *w->writers);
	w->by = mem(w->p->c, n * sizeof *w->by);
	w->addressed = mem(w->p->c, n);
}

/* the tensors that e reads, each once */
static void
tensors_of(Simplify *w, ExprId e, Reads *out)
{
	Program *p = w->p;
	Reads reads = { 0 };
	uint32_t k, q;

	expr_reads(p, e, true, &reads);
	for (k = 0; k < reads.n; k++) {
		const Expr *x = &p->exprs.v[reads.v[k]];
		for (q = 0; q < out->n && out->v[q] != x->tensor; q++)
			;
		if (q == out->n)
			PUSH(p->c, out, x->tensor);
		if (x->op == E_PAD)
			w->addressed[x->tensor] = true;
		for (q = 0; q < x->nsub; q++)
			if (p->subs.v[x->sub + q].indirect)
				w->addressed[p->exprs.v[p->subs.v[
					x->sub + q].id].tensor] = true;
	}
}

/* statement i reads e from now on; sign: +1, or -1 where it did so far */
static void
tally(Simplify *w, uint32_t i, ExprId e, int sign)
{
	Reads tensors = { 0 };
	uint32_t k;

	tensors_of(w, e, &tensors);
	for (k = 0; k < tensors.n; k++) {
		w->readers[tensors.v[k]] += (uint32_t)sign;
		if (sign > 0)
			PUSH(w->p->c, &w->by[tensors.v[k]], i);
	}
}

static void
count(Simplify *w)
{
	Program *p = w->p;
	uint32_t i;

	memset(w->readers, 0, p->tensors.n * sizeof *w->readers);
	memset(w->writers, 0, p->tensors.n * sizeof *w->writers);
	memset(w->addressed, 0, p->tensors.n);
	memset(w->by, 0, p->tensors.n * sizeof *w->by);
	for (i = 0; i < w->list->n; i++) {
		const Stmt *s = &w->list->v[i];
		w->writers[s->target]++;
		tally(w, i, s->expr, 1);
	}
}

bool
plain_left(const Program *p, const Stmt *s)
{
	uint32_t i, k;
	Index a, b;

	for (i = 0; i < s->nlhs; i++) {
		Sub x = p->subs.v[s->lhs + i];
		if (x.indirect || !aff_is_var(p, x.id, &a))
			return false;
		for (k = 0; k < i; k++)
			if (aff_is_var(p, p->subs.v[s->lhs + k].id, &b) &&
			    a == b)
				return false;
	}
	return true;
}

static bool
plain_copy(const Program *p, const Stmt *s)
{
	const Expr *x = &p->exprs.v[s->expr];
	TensorKind k = p->tensors.v[x->tensor].kind;
	uint32_t i;

	if (x->op != E_READ || (k != T_TEMP && k != T_INPUT && k != T_TARGET))
		return false;
	for (i = 0; i < x->nsub; i++)
		if (p->subs.v[x->sub + i].indirect)
			return false;
	return true;
}

/* the only reader is the sum over the batch of exactly this tensor */
static Stmt *
batch_sum(Simplify *w, TensorId t)
{
	uint32_t i;

	for (i = 0; i < w->by[t].n; i++) {
		Stmt *s = &w->list->v[w->by[t].v[i]];
		const Expr *x = &w->p->exprs.v[s->expr];
		if (s->target && x->op == E_READ && x->tensor == t && s->nridx == 1 &&
		    w->p->indices.v[s->ridx] == SAMPLE)
			return s;
	}
	return NULL;
}

typedef struct { const Program *p; const Stmt *from; } Inline;

static ExprId
inline_one(Program *p, ExprId e, void *u)
{
	const Stmt *f = ((Inline *)u)->from;
	const Expr *x = &p->exprs.v[e];
	Index from[MAX_RANK + 2];
	AffId to[MAX_RANK + 2];
	uint32_t i;

	if (x->op != E_READ || x->tensor != f->target)
		return e;
	for (i = 0; i < f->nlhs; i++) {
		aff_is_var(p, p->subs.v[f->lhs + i].id, &from[i]);
		to[i] = p->subs.v[x->sub + i].id;
	}
	return ex_subst(p, f->expr, from, to, (int)f->nlhs);
}

static void
add_guards(Program *p, Stmt *s, const Stmt *from, const Expr *read)
{
	StmtDraft d;
	Index old[MAX_RANK + 2];
	AffId to[MAX_RANK + 2];
	uint32_t i;

	stmt_draft(p, s, &d);
	for (i = 0; i < from->nlhs; i++) {
		aff_is_var(p, p->subs.v[from->lhs + i].id, &old[i]);
		to[i] = p->subs.v[read->sub + i].id;
	}
	for (i = 0; i < from->nguard; i++)
		guard_add(p, &d.guards, aff_subst(p, p->guards.v[
		          from->guard + i], old, to, (int)from->nlhs));
	*s = ir_stmt(p, &d);
}

/* takes the statement out: its target is none until the list is compacted */
static bool
inlined(Simplify *w, uint32_t at)
{
	Program *p = w->p;
	Stmt s = w->list->v[at], *sum = NULL;
	const Tensor *t = &p->tensors.v[s.target];
	Inline u = { p, &s };
	uint32_t i, k;
	bool ok;

	if (t->kind != T_TEMP || s.target == w->loss || t->off || s.add || s.red ||
	    w->writers[s.target] != 1 || w->addressed[s.target] ||
	    !plain_left(p, &s))
		return false;
	ok = !s.nguard && (p->exprs.v[s.expr].op == E_NUM ||
	     p->exprs.v[s.expr].op == E_CNT || plain_copy(p, &s));
	if (!ok && w->readers[s.target] == 1 && !s.scan)
		sum = batch_sum(w, s.target);
	if (!ok && !sum && w->readers[s.target])
		return false;
	if (sum) {
		Expr read = p->exprs.v[sum->expr];
		add_guards(p, sum, &s, &read);
	}
	w->list->v[at].target = 0;
	w->writers[s.target] = 0;
	for (i = 0; i < w->by[s.target].n; i++) {
		Stmt *r;
		ExprId old;
		k = w->by[s.target].v[i];
		r = &w->list->v[k];
		old = r->expr;
		if (!r->target)
			continue;
		r->expr = ex_map(p, old, inline_one, &u);
		if (r->expr == old)
			continue;
		tally(w, k, old, -1);
		tally(w, k, r->expr, 1);
	}
	tally(w, at, s.expr, -1);
	return true;
}

void
compact(Stmts *list)
{
	uint32_t i, n = 0;

	for (i = 0; i < list->n; i++)
		if (list->v[i].target)
			list->v[n++] = list->v[i];
	list->n = n;
}

static void
kernel(Program *p, Kernel k)
{
	Simplify w = { .p = p, .list = &p->kernel[k] };
	uint32_t i;
	bool again = true;

	w.loss = p->loss[k];
	room(&w);
	while (again) {
		again = false;
		for (i = 0; i < w.list->n; i++) {
			Stmt *s = &w.list->v[i];
			s->expr = tidy(p, s->expr);
			s->over_z = s->over_dy = 0; /* they have served */
		}
		count(&w);
		for (i = 0; i < w.list->n; i++)
			again |= inlined(&w, i);
		compact(w.list);
		if (again || k == K_UPDATE || k == K_INIT)
			continue; /* those overwrite what they read */
		again = hoist(p, w.list);
		again |= share(p, w.list, p->loss[k]);
		if (again)
			room(&w);
	}
	if (k != K_UPDATE && k != K_INIT)
		set_first(p, w.list);
}

void
simplify(Program *p)
{
	int k;

	stopped(p, &p->kernel[K_TRAINLOSS]);
	for (k = 0; k < K_COUNT; k++)
		kernel(p, (Kernel)k);
	p->has_kinks = kinks(p, &p->kernel[K_TRAINLOSS]);
}
