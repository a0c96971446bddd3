/* SPDX-License-Identifier: MIT
 * The step of a mini-batch of one sample in, two kernels out that pass over a
 * large matrix once a sample instead of twice: the sums that it feeds from the
 * inputs alone are computed for the sample to come while the rule has its
 * weights at hand.  The arithmetic is the same, to the bit. */
#include "middle.h"

typedef struct {
	uint32_t sum, rule;         /* statements: the sum; the last one that
	                               writes its weight */
	TensorId carried;
} Early;

typedef struct {
	uint32_t writes, first, last, read; /* first, last: that write it; the
	                               last one that reads it */
	enum { UNKNOWN, INPUTS, OTHERS } from;
} Touched;

typedef struct {
	Program *p;
	const Stmts *step;
	VEC(Early) early;
	Touched *of;                /* by tensor */
	bool *chain;                /* by statement: of what such sums read */
	TensorId *carried;          /* by tensor: of a sum */
	TensorId *next;             /* by tensor: the same of the next sample */
} Ahead;

static void
look(Ahead *a)
{
	const Program *p = a->p;
	uint32_t i, k;
	Reads r;

	a->of = mem(p->c, (p->tensors.n + 1) * sizeof *a->of);
	for (i = 0; i < a->step->n; i++) {
		Touched *t = &a->of[a->step->v[i].target];
		t->first = t->writes++ ? t->first : i;
		t->last = i;
		r = (Reads){ 0 };
		expr_reads(a->p, a->step->v[i].expr, true, &r);
		for (k = 0; k < r.n; k++)
			a->of[p->exprs.v[r.v[k]].tensor].read = i;
	}
}

static bool
is_plain(const Stmt *s, Red red)
{
	return s->phase == PH_FORWARD && s->red == red && !s->add &&
	       !s->scatter && !s->scan && !s->nguard;
}

/* Does t depend on the inputs alone, element by element? */
static bool
from_inputs(Ahead *a, TensorId t)
{
	const Program *p = a->p;
	Touched *o = &a->of[t];
	Reads r = { 0 };
	uint32_t i;

	if (p->tensors.v[t].kind == T_INPUT || p->tensors.v[t].kind == T_CONST)
		return true;
	if (o->from)
		return o->from == INPUTS;
	o->from = OTHERS;
	if (p->tensors.v[t].kind != T_TEMP || o->writes != 1 ||
	    !is_plain(&a->step->v[o->first], RED_NONE))
		return false;
	expr_reads(a->p, a->step->v[o->first].expr, true, &r);
	for (i = 0; i < r.n; i++)
		if (!from_inputs(a, p->exprs.v[r.v[i]].tensor))
			return false;
	o->from = INPUTS;
	return true;
}

/* marks what computes t from the inputs */
static void
mark(Ahead *a, TensorId t)
{
	uint32_t at = a->of[t].first, i;
	Reads r = { 0 };

	if (a->p->tensors.v[t].kind != T_TEMP || a->chain[at])
		return;
	a->chain[at] = true;
	expr_reads(a->p, a->step->v[at].expr, true, &r);
	for (i = 0; i < r.n; i++)
		mark(a, a->p->exprs.v[r.v[i]].tensor);
}

/* a sum of weights that it takes once each, times what the inputs give */
static bool
factors(Ahead *a, const Stmt *s, TensorId *w, TensorId *u)
{
	const Program *p = a->p;
	const Expr *x = &p->exprs.v[s->expr];
	TensorId t;

	if (x->op != E_MUL || p->exprs.v[x->a].op != E_READ ||
	    p->exprs.v[x->b].op != E_READ)
		return false;
	*w = p->exprs.v[x->a].tensor;
	*u = p->exprs.v[x->b].tensor;
	if (p->tensors.v[*w].kind != T_WEIGHT) {
		t = *w;
		*w = *u;
		*u = t;
	}
	return p->tensors.v[*w].kind == T_WEIGHT && from_inputs(a, *u) &&
	       stmt_points(p, s) * stmt_terms(p, s) ==
	       shape_size(&p->tensors.v[*w].shape);
}

/* The sum may go behind the rule if nothing there reads it. */
static void
consider(Ahead *a, uint32_t i)
{
	const Stmt *s = &a->step->v[i];
	TensorId w, u;

	if (!is_plain(s, RED_SUM) || !factors(a, s, &w, &u) ||
	    a->p->tensors.v[s->target].kind != T_TEMP ||
	    a->of[s->target].writes != 1 || !a->of[w].writes ||
	    a->of[s->target].read > a->of[w].last)
		return;
	PUSH(a->p->c, &a->early, ((Early){ i, a->of[w].last, 0 }));
	mark(a, u);
}

static ExprId
of_next(Program *p, ExprId e, void *u)
{
	const Expr *x = &p->exprs.v[e];
	const Ahead *a = u;

	if (x->op != E_READ || !a->next[x->tensor])
		return e;
	return ex_read(p, a->next[x->tensor], p->subs.v + x->sub,
	               (int)x->nsub);
}

static ExprId
of_carried(Program *p, ExprId e, void *u)
{
	const Expr *x = &p->exprs.v[e];
	const Ahead *a = u;

	if (x->op != E_READ || !a->carried[x->tensor])
		return e;
	return ex_read(p, a->carried[x->tensor], p->subs.v + x->sub,
	               (int)x->nsub);
}

static void
make_tensors(Ahead *a)
{
	Program *p = a->p;
	uint32_t i, n = p->tensors.n;
	Tensor t;

	a->carried = mem(p->c, (2 * n + 1) * sizeof *a->carried);
	a->next = mem(p->c, (2 * n + 1) * sizeof *a->next);
	for (i = 1; i < n; i++) {
		t = p->tensors.v[i];
		if (t.kind != T_INPUT)
			continue;
		t.kind = T_NEXT;
		t.base = "next";
		a->next[i] = ir_tensor(p, t);
	}
	for (i = 0; i < a->step->n; i++)
		if (a->chain[i]) {
			t = p->tensors.v[a->step->v[i].target];
			a->next[a->step->v[i].target] = ir_tensor(p, t);
		}
	for (i = 0; i < a->early.n; i++) {
		t = p->tensors.v[a->step->v[a->early.v[i].sum].target];
		t.kind = T_CARRY;
		a->early.v[i].carried = ir_tensor(p, t);
		a->carried[a->step->v[a->early.v[i].sum].target] =
			a->early.v[i].carried;
	}
}

/* the sums of the first sample */
static void
first(Ahead *a)
{
	Stmts *out = &a->p->kernel[K_AHEAD];
	uint32_t i;
	Stmt s;

	for (i = 0; i < a->step->n; i++) {
		s = a->step->v[i];
		if (!a->chain[i] && !a->carried[s.target])
			continue;
		if (!a->chain[i])
			s.target = a->carried[s.target];
		PUSH(a->p->c, out, s);
	}
}

static void
rotated(Ahead *a)
{
	Program *p = a->p;
	Stmts *out = &p->kernel[K_ONLINE];
	uint32_t i, k;
	Stmt s;

	for (i = 0; i < a->step->n; i++) {
		if (!a->chain[i])
			continue;
		s = a->step->v[i];
		s.target = a->next[s.target];
		s.expr = ex_map(p, s.expr, of_next, a);
		PUSH(p->c, out, s);
	}
	for (i = 0; i < a->step->n; i++) {
		s = a->step->v[i];
		s.expr = ex_map(p, s.expr, of_carried, a);
		if (!a->carried[s.target])
			PUSH(p->c, out, s);
		for (k = 0; k < a->early.n; k++) {
			if (a->early.v[k].rule != i)
				continue;
			s = a->step->v[a->early.v[k].sum];
			s.target = a->early.v[k].carried;
			s.expr = ex_map(p, s.expr, of_next, a);
			s.phase = PH_UPDATE;
			PUSH(p->c, out, s);
		}
	}
	p->loss[K_ONLINE] = p->loss[K_STEP];
}

/* Needs K_STEP of a single sample; leaves K_AHEAD and K_ONLINE empty where no
 * sum can go ahead. */
void
ahead(Program *p)
{
	Ahead a = { .p = p, .step = &p->kernel[K_STEP] };
	uint32_t i;

	a.chain = mem(p->c, a.step->n + 1);
	look(&a);
	for (i = 0; i < a.step->n; i++)
		consider(&a, i);
	if (!a.early.n)
		return;
	make_tensors(&a);
	first(&a);
	rotated(&a);
}
