/* SPDX-License-Identifier: MIT
 * A kernel in, how many samples it takes at a time out: so many that each
 * weight that is read serves several, but what lies between the layers stays in
 * the cache. */
#include <string.h>
#include "planner.h"

enum {
	MOST_WORK = 1 << 18,        /* reals of temporaries */
	MOST_ROOM = 1 << 21,        /* ... for the samples of one vector */
	MOST_SAMPLES = 128, BATCH_FORWARD = 32, FEW_SAMPLES = 4,
	MOST_TOGETHER = 1 << 16     /* by vectors of samples: no workspace */
};

static bool
any_straight(Planner *a, Kernel kernel)
{
	const Stmts *list = &a->p->kernel[kernel];
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (wants_straight(a, kernel, &list->v[i]))
			return true;
	return false;
}

static int64_t
temporaries(const Program *p, Kernel kernel)
{
	const Stmts *list = &p->kernel[kernel];
	int64_t n = 0;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const Tensor *t = &p->tensors.v[list->v[i].target];
		if (t->batch && (t->kind == T_TEMP || t->kind == T_INT))
			n += tensor_size(t);
	}
	return n;
}

/* does a comparison of integers stand in the expression? */
static bool
compares_integers(const Program *p, ExprId root, bool *seen)
{
	const Expr *x = &p->exprs.v[root];

	if (!root || seen[root])
		return false;
	seen[root] = true;
	return x->op == E_IEQ || compares_integers(p, x->a, seen) ||
	       compares_integers(p, x->b, seen) ||
	       compares_integers(p, x->c, seen);
}

/* Straight line whose values are vectors of samples: nothing in it may depend
 * on the sample in a way that vectors do not have. */
static bool
may_go_by_samples(Planner *a, Kernel kernel)
{
	const Program *p = a->p;
	const Stmts *list = &p->kernel[kernel];
	const Accesses *acc = accesses(a->p, list);
	bool *seen = mem(p->c, p->exprs.n + 1);
	uint32_t i;

	if (p->net->lanes < 2 || a->o->random || a->o->file)
		return false;
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (!wants_straight(a, kernel, s) || s->red == RED_ARGMAX ||
		    (s->add && p->tensors.v[s->target].kind == T_TEMP) ||
		    compares_integers(p, s->expr, seen))
			return false;
	}
	for (i = 0; i < acc->all.n; i++) {
		TensorId t = acc->all.v[i].tensor;
		if (acc->indirect[t] || p->tensors.v[t].kind == T_INT ||
		    (p->tensors.v[t].kind == T_RAND && p->tensors.v[t].batch))
			return false;
	}
	a->unrolled = mem(p->c, list->n + 1);
	memset(a->unrolled, true, list->n);
	if (straight_weight(a, kernel, false) <= WHOLE_WEIGHT)
		return true;
	/* too long in one piece: rather loops than sample by sample */
	if (kernel == K_STEP)
		a->small[kernel] = false;
	return false;
}

/* what several() gives in a random plan */
static int
random_several(Planner *a, Kernel kernel, int batch)
{
	if (kernel == K_GRADIENTS && a->p->input_grads.n)
		return 0;
	return kernel == K_STEP ? batch : random_samples(batch, &a->state);
}

/* 0: the kernel is not made, 1: it works on a single sample */
int
several(Planner *a, Kernel kernel)
{
	const Program *p = a->p;
	int batch = p->net->batch > 0 ? p->net->batch : 1;
	int64_t most, each;

	if (in_phases(p, kernel))
		return kernel == K_STEP && p->net->batch_all ? 0 : batch;
	if (kernel < K_GRADIENTS)
		return 1;
	if (kernel == K_AHEAD || kernel == K_ONLINE)
		return a->online;
	if (!p->kernel[kernel].n || (kernel == K_STEP && p->net->batch_all))
		return 0;
	if (kernel == K_STEP && batch == 1)
		return 1;
	if (kernel == K_GRADIENTS && p->input_grads.n)
		return 0;
	if (a->o->random)
		return random_several(a, kernel, batch);
	if (may_go_by_samples(a, kernel)) {
		if (kernel == K_FORWARDS)
			batch = MOST_TOGETHER;
		a->plan->kernel[kernel].by_samples = batch >= FEW_SAMPLES;
		return batch >= FEW_SAMPLES ? batch : 0;
	}
	if (any_straight(a, kernel) || !a->vectors)
		return 0;
	each = temporaries(p, kernel) + 1;
	most = MOST_WORK / each;
	if (most < layout_round(1) && MOST_ROOM / each >= layout_round(1))
		most = layout_round(1);
	if (kernel == K_FORWARDS)
		batch = BATCH_FORWARD;
	if (batch > most)
		batch = (int)most;
	if (batch > MOST_SAMPLES)
		batch = MOST_SAMPLES;
	if (kernel == K_STEP && batch < p->net->batch)
		return 0;
	if (batch > layout_round(1) && kernel != K_STEP && batch == most)
		batch -= batch % layout_round(1);
	return batch < FEW_SAMPLES ? 0 : batch;
}
