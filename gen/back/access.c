/* SPDX-License-Identifier: MIT
 * A kernel in, which statement reads and writes which tensor out; and small
 * questions about schedules. */
#include "back.h"

typedef struct {
	Program *p;
	Accesses *a;
	uint32_t *seen, now;
	VEC(ExprId) todo;
} Walk;

static void
see(Walk *w, ExprId e)
{
	if (!e || w->seen[e] == w->now)
		return;
	w->seen[e] = w->now;
	PUSH(w->p->c, &w->todo, e);
}

static void
see_subs(Walk *w, TensorId t, uint32_t sub, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		Sub s = w->p->subs.v[sub + i];
		if (!s.indirect)
			continue;
		see(w, s.id);
		w->a->indirect[t] = true;
	}
}

static void
walk(Walk *w, const Stmt *s)
{
	Access a;

	w->now++;
	see(w, s->expr);
	see_subs(w, s->target, s->lhs, s->nlhs);
	while (w->todo.n) {
		const Expr *x = &w->p->exprs.v[w->todo.v[--w->todo.n]];
		see(w, x->a);
		see(w, x->b);
		see(w, x->c);
		if (x->op != E_READ && x->op != E_PAD)
			continue;
		see_subs(w, x->tensor, x->sub, x->nsub);
		a = (Access){ x->tensor, x->sub, x->nsub, false };
		PUSH(w->p->c, &w->a->all, a);
	}
	a = (Access){ s->target, s->lhs, s->nlhs, true };
	PUSH(w->p->c, &w->a->all, a);
}

Accesses *
accesses(Program *p, const Stmts *list)
{
	Accesses *a = mem(p->c, sizeof *a);
	Walk w = { .p = p, .a = a };
	uint32_t i;

	a->first = mem(p->c, (list->n + 1) * sizeof *a->first);
	a->indirect = mem(p->c, p->tensors.n + 1);
	w.seen = mem(p->c, (p->exprs.n + 1) * sizeof *w.seen);
	for (i = 0; i < list->n; i++) {
		a->first[i] = a->all.n;
		walk(&w, &list->v[i]);
	}
	a->first[list->n] = a->all.n;
	return a;
}

int64_t
tensor_size(const Tensor *t)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < t->shape.rank; i++)
		n *= t->shape.dim[i];
	return n;
}

static bool
index_in(const Program *p, uint32_t from, uint32_t n, Index i)
{
	uint32_t k;

	for (k = 0; k < n; k++)
		if (p->indices.v[from + k] == i)
			return true;
	return false;
}

/* an index of the result, or the parameter of a scan */
bool
loop_is_result(const Program *p, const Stmt *s, const Loop *l)
{
	return !index_in(p, s->ridx, s->nridx, l->index);
}

uint32_t
loops_outer(const Program *p, const Stmt *s, const Schedule *q)
{
	uint32_t i;

	if (q->tile)
		return tile_outer(p, s, q);
	for (i = 0; i < q->loops.n; i++)
		if (!loop_is_result(p, s, &q->loops.v[i]))
			break;
	return i;
}

bool
is_fixed(const Program *p, const KernelPlan *k, Index i)
{
	return i == SAMPLE ? k->samples == 1 || k->by_samples :
	       p->index.v[i].extent == 1;
}

bool
schedule_straight(const Schedule *s)
{
	uint32_t i;

	for (i = 0; i < s->loops.n; i++)
		if (s->loops.v[i].how != LOOP_UNROLL || s->loops.v[i].guarded)
			return false;
	return true;
}

/* Sums over coupled samples cut the kernel into phases, each a loop over all
 * samples of the mini-batch. */
bool
in_phases(const Program *p, Kernel k)
{
	return p->coupled && (k == K_GRADIENTS || k == K_TRAINLOSS ||
	       k == K_STEP);
}

bool
wants_training(const Program *p)
{
	const Network *net = p->net;

	return net->heads.v[0].loss && (net->api_train || net->api_gradient ||
	       net->api_input_gradient);
}

bool
wants(const Program *p, Kernel k)
{
	switch (k) {
	case K_FORWARD:
	case K_FORWARDS:
		return p->net->api_forward;
	case K_LOSS:
	case K_GRADIENT:
	case K_TRAINLOSS:
	case K_GRADIENTS:
		return wants_training(p);
	case K_UPDATE:
	case K_AHEAD:
	case K_ONLINE:
	case K_STEP:
		return wants_training(p) && p->net->api_train;
	case K_STREAM:
	case K_RESET:
		return p->kernel[K_STREAM].n > 0;
	case K_INIT:
	case K_ALL:
		break;
	}
	return true;
}
