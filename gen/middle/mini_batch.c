/* SPDX-License-Identifier: MIT
 * The kernels of one sample in, those of several samples at once out: forward,
 * gradient, and the whole step of a mini-batch, in which the gradient of a
 * weight is a temporary that goes straight into the rule. */
#include "middle.h"

typedef struct { ExprId of; TensorId is; } Over;
typedef struct {
	Program *p;
	Stmts *out;
	VEC(Over) over;             /* reciprocals that are computed */
	bool *gone;                 /* by statement of the rule: is done */
	TensorId *sum;              /* by tensor: of a T_GRAD, its temporary */
	bool *placed;               /* by tensor: the sum is computed */
	int samples;                /* of a mini-batch; 0: all there are */
} Steps;

/* a number that all weights are divided by and that nothing changes any more */
static bool
same_for_all(Steps *s, ExprId e)
{
	const Stmts *list = &s->p->kernel[K_UPDATE];
	Reads reads = { 0 };
	uint32_t i, k;

	expr_reads(s->p, e, true, &reads);
	for (i = 0; i < reads.n; i++) {
		TensorId t = s->p->exprs.v[reads.v[i]].tensor;
		if (s->p->tensors.v[t].shape.rank || s->p->tensors.v[t].batch)
			return false;
		for (k = 0; k < list->n; k++)
			if (list->v[k].target == t && !s->gone[k])
				return false;
	}
	return reads.n > 0;
}

/* One division for all weights, where the last bit is free: the value of a
 * temporary that is computed in front of the statement at hand. */
static ExprId
one_over(Steps *s, ExprId e)
{
	Program *p = s->p;
	Tensor t = { .kind = T_TEMP, .name = "reciprocal",
	             .base = "reciprocal", .layer = -1 };
	StmtDraft d = { .layer = -1, .phase = PH_UPDATE };
	Stmt x;
	uint32_t i;

	for (i = 0; i < s->over.n && s->over.v[i].of != e; i++)
		;
	if (i == s->over.n) {
		d.target = ir_tensor(p, t);
		d.expr = ex_bin(p, E_DIV, ex_num(p, 1), e);
		x = ir_stmt(p, &d);
		x.lanes = 1;
		PUSH(p->c, s->out, x);
		PUSH(p->c, &s->over, ((Over){ e, d.target }));
	}
	return ex_read(p, s->over.v[i].is, NULL, 0);
}

/* how many samples there are is known here */
static ExprId
counted(Program *p, ExprId e, void *u)
{
	const Steps *s = u;

	return p->exprs.v[e].op == E_CNT && s->samples ?
	       ex_num(p, s->samples) : e;
}

static ExprId
renamed(Program *p, ExprId e, void *u)
{
	Steps *s = u;
	const Expr it = p->exprs.v[e], *x = &it;

	if (x->op == E_CNT)
		return counted(p, e, s);
	if (x->op == E_DIV && !p->net->strict && p->exprs.v[x->b].op == E_NUM)
		return ex_bin(p, E_MUL, x->a, ex_num(p, 1 /
		              p->exprs.v[x->b].num));
	if (x->op == E_DIV && !p->net->strict && same_for_all(s, x->b))
		return ex_bin(p, E_MUL, x->a, one_over(s, x->b));
	if (x->op == E_READ && s->sum[x->tensor])
		return ex_read(p, s->sum[x->tensor], p->subs.v + x->sub,
		               (int)x->nsub);
	return e;
}

/* does it set every element of its target, as -0 and += would? */
static bool
covers(const Program *p, const Stmt *s)
{
	return !s->scatter && !s->scan && !s->nguard && stmt_points(p, s) ==
	       shape_size(&p->tensors.v[s->target].shape);
}

static void
place_sum(Steps *s, TensorId grad)
{
	Program *p = s->p;
	const Stmts *from = &p->kernel[K_GRADIENTS];
	bool first = true;
	Stmt x;
	uint32_t i;

	if (s->placed[grad])
		return;
	s->placed[grad] = true;
	for (i = 0; i < from->n; i++) {
		x = from->v[i];
		if (x.target != grad)
			continue;
		if (first && !covers(p, &x)) {
			fill(p, s->sum[grad], -0.0, s->out, &x);
			s->out->v[s->out->n - 1].lanes = 1;
		} else if (first) {
			x.add = false;
		}
		first = false;
		x.target = s->sum[grad];
		PUSH(p->c, s->out, x);
	}
}

/* gradients that read a weight come before the weight is written */
static void
before_write(Steps *s, TensorId w)
{
	Program *p = s->p;
	const Stmts *from = &p->kernel[K_GRADIENTS];
	Reads reads;
	uint32_t i, k;

	for (i = 0; i < from->n; i++) {
		TensorId t = from->v[i].target;
		if (p->tensors.v[t].kind != T_GRAD || s->placed[t])
			continue;
		reads = (Reads){ 0 };
		expr_reads(p, from->v[i].expr, true, &reads);
		for (k = 0; k < reads.n; k++)
			if (p->exprs.v[reads.v[k]].tensor == w)
				break;
		if (k < reads.n)
			place_sum(s, t);
	}
}

static void
rule(Steps *s, const Stmt *from)
{
	Program *p = s->p;
	Reads reads = { 0 };
	Stmt x = *from;
	uint32_t i;

	expr_reads(p, x.expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		TensorId t = p->exprs.v[reads.v[i]].tensor;
		if (s->sum[t])
			place_sum(s, t);
	}
	if (p->tensors.v[x.target].kind == T_WEIGHT)
		before_write(s, x.target);
	p->at = x.loc;
	x.expr = tidy(p, ex_map(p, x.expr, renamed, s));
	PUSH(p->c, s->out, x);
}

/* a number made of numbers of the network alone */
static bool
is_scalar(Program *p, const Stmt *s, Reads *reads)
{
	uint32_t i;

	if (p->tensors.v[s->target].shape.rank || s->nridx || s->add ||
	    p->tensors.v[s->target].batch)
		return false;
	expr_reads(p, s->expr, true, reads);
	for (i = 0; i < reads->n; i++) {
		const Tensor *t = &p->tensors.v[p->exprs.v[reads->v[i]].tensor];
		if (t->shape.rank || t->batch)
			return false;
	}
	return true;
}

/* nothing that stays in front of statement `at` reads or writes its target, or
 * writes what it reads */
static bool
may_go_first(Program *p, uint32_t at, const bool *gone, const Reads *reads)
{
	const Stmts *list = &p->kernel[K_UPDATE];
	TensorId target = list->v[at].target;
	Reads others;
	uint32_t i, k;

	for (i = 0; i < at; i++) {
		if (gone[i])
			continue;
		if (list->v[i].target == target)
			return false;
		for (k = 0; k < reads->n; k++)
			if (p->exprs.v[reads->v[k]].tensor == list->v[i].target)
				return false;
		others = (Reads){ 0 };
		expr_reads(p, list->v[i].expr, true, &others);
		for (k = 0; k < others.n; k++)
			if (p->exprs.v[others.v[k]].tensor == target)
				return false;
	}
	return true;
}

/* What the rule computes once for all weights comes first: it would stand
 * between the gradient of the first weight and its rule. */
static void
rules(Steps *s)
{
	Program *p = s->p;
	const Stmts *list = &p->kernel[K_UPDATE];
	bool *gone = s->gone;
	Reads reads;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		reads = (Reads){ 0 };
		gone[i] = is_scalar(p, &list->v[i], &reads) &&
		          may_go_first(p, i, gone, &reads);
		if (gone[i])
			rule(s, &list->v[i]);
	}
	for (i = 0; i < list->n; i++) /* reciprocals come before gradients */
		if (!gone[i])
			ex_map(p, list->v[i].expr, renamed, s);
	for (i = 0; i < list->n; i++)
		if (!gone[i])
			rule(s, &list->v[i]);
}

/* Forward and backward come first: the rule writes the weights they read. */
static void
step(Program *p)
{
	Steps s = { .p = p, .out = &p->kernel[K_STEP],
	            .samples = p->net->batch_all ? 0 :
	                       p->net->batch > 1 ? p->net->batch : 1 };
	const Stmts *gradient = &p->kernel[K_GRADIENTS];
	Indices roots = { 0 };
	uint32_t i, first;

	s.sum = mem(p->c, (p->tensors.n + 1) * sizeof *s.sum);
	s.placed = mem(p->c, p->tensors.n + 1);
	s.gone = mem(p->c, p->kernel[K_UPDATE].n + 1);
	for (i = 0; i < p->grads.n; i++) {
		TensorId g = p->grads.v[i];
		Tensor t = p->tensors.v[g];
		if (!g)
			continue;
		t.kind = T_TEMP;
		t.adjoint = true;
		s.sum[g] = ir_tensor(p, t);
	}
	for (i = 0; i < gradient->n; i++) {
		Stmt x = gradient->v[i];
		if (p->tensors.v[x.target].kind == T_GRAD ||
		    is_input_gradient(p, x.target))
			continue;
		if (p->coupled)
			x.expr = tidy(p, ex_map(p, x.expr, counted, &s));
		PUSH(p->c, s.out, x);
	}
	first = s.out->n;
	rules(&s);
	if (s.samples == 1)
		single(p, s.out, first);
	p->loss[K_STEP] = p->loss[K_GRADIENTS];
	PUSH(p->c, &roots, p->loss[K_STEP]);
	prune(p, s.out, &roots); /* what only gradients of inputs read */
}

/* needs order */
void
mini_batch(Program *p)
{
	p->kernel[K_FORWARDS] = p->kernel[K_FORWARD];
	p->loss[K_FORWARDS] = p->loss[K_FORWARD];
	if (!p->coupled) {
		p->kernel[K_GRADIENTS] = p->kernel[K_GRADIENT];
		p->loss[K_GRADIENTS] = p->loss[K_GRADIENT];
	}
	if (!p->kernel[K_UPDATE].n)
		return;
	step(p);
	if (p->net->batch == 1 && !p->net->batch_all)
		ahead(p);
}
