/* SPDX-License-Identifier: MIT
 * The step of a mini-batch of one sample: its gradient is no sum, so it stands
 * in the rule itself, and what the rule multiplies it by is multiplied once for
 * each unit rather than for each weight (math fast). */
#include "middle.h"

enum { MOST_NODES = 1000 };     /* of an expression that is looked through */

typedef struct {
	uint32_t writes, at;        /* statements that write it, the last one */
	uint32_t reads, by;         /* reads, the statement of the last one */
} Touched;

typedef struct {
	Program *p;
	Stmts *list;
	uint32_t from;              /* the rules begin here */
	Touched *of;                /* by tensor */
} Single;

typedef struct { ExprId from, to; } Swap;

static ExprId
swapped(Program *p, ExprId e, void *u)
{
	const Swap *s = u;

	(void)p;
	return e == s->from ? s->to : e;
}

/* ---- no sum over one sample */

static void
no_sum(Program *p, Stmt *s)
{
	const Index n = SAMPLE;
	AffId zero = aff_const(p, 0);
	StmtDraft d;
	uint32_t i;

	if (s->red != RED_SUM || s->nridx != 1 ||
	    p->indices.v[s->ridx] != SAMPLE || s->scan)
		return;
	stmt_draft(p, s, &d);
	d.red = RED_NONE;
	d.ridx.n = 0;
	d.expr = ex_subst(p, d.expr, &n, &zero, 1);
	for (i = 0; i < d.guards.n; i++)
		d.guards.v[i] = aff_subst(p, d.guards.v[i], &n, &zero, 1);
	*s = ir_stmt(p, &d);
	s->lanes = 1;
}

/* ---- what is read once stands where it is read */

/* how often e, written out, reads t; 2: more than once */
static int
times_in(const Program *p, ExprId e, TensorId t)
{
	const Expr *x = &p->exprs.v[e];
	int n;

	if (!e)
		return 0;
	if (x->op == E_READ || x->op == E_PAD)
		return x->tensor == t;
	n = times_in(p, x->a, t);
	n += n < 2 ? times_in(p, x->b, t) : 0;
	n += n < 2 ? times_in(p, x->c, t) : 0;
	return n < 2 ? n : 2;
}

static bool
reads_once(const Program *p, ExprId e, TensorId t)
{
	int32_t room = MOST_NODES;

	return tree_fits(p, e, &room) && times_in(p, e, t) == 1;
}

/* a subscript that is an index, or the same everywhere */
static bool
is_plain(const Program *p, Sub s)
{
	int32_t k;
	Index i;

	return !s.indirect && (aff_is_var(p, s.id, &i) ||
	       aff_is_const(p, s.id, &k));
}

static void
look(Single *s)
{
	Program *p = s->p;
	uint32_t i, k;
	Reads r;

	s->of = mem(p->c, (p->tensors.n + 1) * sizeof *s->of);
	for (i = 0; i < s->list->n; i++) {
		Touched *t = &s->of[s->list->v[i].target];
		t->writes++;
		t->at = i;
		r = (Reads){ 0 };
		expr_reads(p, s->list->v[i].expr, true, &r);
		for (k = 0; k < r.n; k++) {
			t = &s->of[p->exprs.v[r.v[k]].tensor];
			t->reads++;
			t->by = i;
		}
	}
}

/* does anything that e reads change between two statements? */
static bool
changes(const Single *s, ExprId e, uint32_t from, uint32_t to)
{
	Reads r = { 0 };
	uint32_t i, k;

	expr_reads(s->p, e, true, &r);
	for (i = from + 1; i < to; i++)
		for (k = 0; k < r.n; k++)
			if (s->p->exprs.v[r.v[k]].tensor ==
			    s->list->v[i].target)
				return true;
	return false;
}

static bool
all_plain(const Program *p, uint32_t sub, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && is_plain(p, p->subs.v[sub + i]); i++)
		;
	return i == n;
}

/* r with the indices of w, where w's elements are r's, one for one */
static void
take_indices(Program *p, Stmt *r, const Stmt *w, const Expr *read)
{
	Index from[MAX_RANK + 2], its, of;
	AffId to[MAX_RANK + 2];
	StmtDraft d;
	uint32_t k, n = 0;
	int i, lanes = r->lanes;

	for (k = 0; k < w->nlhs; k++) {
		if (!aff_is_var(p, p->subs.v[w->lhs + k].id, &of) ||
		    !aff_is_var(p, p->subs.v[read->sub + k].id, &its))
			continue;
		from[n] = its;
		to[n++] = p->subs.v[w->lhs + k].id;
	}
	if (n != r->nidx || n != w->nidx)
		return;
	stmt_draft(p, r, &d);
	for (i = 0; i < d.nlhs; i++)
		d.lhs[i].id = aff_subst(p, d.lhs[i].id, from, to, (int)n);
	d.expr = ex_subst(p, d.expr, from, to, (int)n);
	d.idx = (Indices){ 0 };
	for (k = 0; k < n; k++)
		PUSH(p->c, &d.idx, p->indices.v[w->idx + k]);
	*r = ir_stmt(p, &d);
	r->lanes = lanes;
}

static Expr
read_of(Program *p, const Stmt *s, TensorId t, ExprId *id)
{
	Reads r = { 0 };
	uint32_t i;

	expr_reads(p, s->expr, true, &r);
	for (i = 0; p->exprs.v[r.v[i]].tensor != t; i++)
		;
	*id = r.v[i];
	return p->exprs.v[r.v[i]];
}

static void
into_reader(Single *s, uint32_t at)
{
	Program *p = s->p;
	Stmt *w = &s->list->v[at], *r;
	const Touched *t = &s->of[w->target];
	AffId to[MAX_RANK + 2];
	Index from[MAX_RANK + 2];
	uint32_t k, n = 0;
	ExprId id;
	Expr read;
	Swap u;

	if (p->tensors.v[w->target].kind != T_TEMP || w->red || w->add ||
	    w->scan || w->scatter || w->nguard || t->writes != 1 ||
	    t->reads != 1 || t->by <= at || !all_plain(p, w->lhs, w->nlhs))
		return;
	r = &s->list->v[t->by];
	if (r->red || r->scan || r->scatter || r->nguard ||
	    !reads_once(p, r->expr, w->target) ||
	    changes(s, w->expr, at, t->by))
		return;
	read = read_of(p, r, w->target, &id);
	take_indices(p, r, w, &read);
	read = read_of(p, r, w->target, &id);
	for (k = 0; k < w->nlhs; k++)
		if (aff_is_var(p, p->subs.v[w->lhs + k].id, &from[n]))
			to[n++] = p->subs.v[read.sub + k].id;
	u = (Swap){ id, ex_subst(p, w->expr, from, to, (int)n) };
	r->expr = tidy(p, ex_map(p, r->expr, swapped, &u));
	w->target = 0;
}

/* ---- one product for each unit */

typedef struct { ExprId v[16]; int n; } Factors;

static bool
factors(const Program *p, ExprId e, Factors *f)
{
	const Expr *x = &p->exprs.v[e];

	if (x->op == E_MUL)
		return factors(p, x->a, f) && factors(p, x->b, f);
	if (f->n == 16)
		return false;
	f->v[f->n++] = e;
	return true;
}

/* a read of a vector of adjoints, with plain subscripts */
static bool
is_unit(const Program *p, ExprId e)
{
	const Expr *x = &p->exprs.v[e];
	const Tensor *t = &p->tensors.v[x->tensor];

	return x->op == E_READ && t->shape.rank == 1 && t->kind == T_TEMP &&
	       t->adjoint && all_plain(p, x->sub, x->nsub);
}

static ExprId
product(Program *p, ExprId a, ExprId b)
{
	return a ? ex_bin(p, E_MUL, a, b) : b;
}

typedef struct { ExprId of; TensorId is; } Step;
typedef struct {
	Single *s;
	const Stmt *at;
	Stmts *out;
	VEC(Step) *steps;
} Regroup;

static TensorId
step_of(Regroup *g, ExprId e, const Expr *unit)
{
	Program *p = g->s->p;
	Tensor t = p->tensors.v[unit->tensor];
	StmtDraft d = { .layer = g->at->layer, .phase = PH_UPDATE,
	                .loc = g->at->loc, .expr = e };
	uint32_t i;
	Stmt x;
	Index of;

	for (i = 0; i < g->steps->n; i++)
		if (g->steps->v[i].of == e)
			return g->steps->v[i].is;
	t.name = fmt(p->c, "%s.step", t.name);
	t.base = "step";
	t.of = 0;
	d.target = ir_tensor(p, t);
	for (i = 0; i < unit->nsub; i++) {
		Sub s = p->subs.v[unit->sub + i];
		d.lhs[d.nlhs++] = s;
		if (aff_is_var(p, s.id, &of))
			PUSH(p->c, &d.idx, of);
	}
	x = ir_stmt(p, &d);
	x.lanes = 1;
	PUSH(p->c, g->out, x);
	PUSH(p->c, g->steps, ((Step){ e, d.target }));
	return d.target;
}

/* rate*(delta[j]*x[k]) becomes step[j]*x[k] */
static ExprId
regrouped(Program *p, ExprId e, void *u)
{
	Regroup *g = u;
	Factors f = { .n = 0 };
	ExprId scalars = 0, unit = 0, others = 0;
	Indices in;
	Expr x;
	int i;

	if (p->exprs.v[e].op != E_MUL || !factors(p, e, &f))
		return e;
	for (i = 0; i < f.n; i++) {
		in = (Indices){ 0 };
		expr_indices(p, f.v[i], &in);
		if (!in.n)
			scalars = product(p, scalars, f.v[i]);
		else if (!unit && is_unit(p, f.v[i]))
			unit = f.v[i];
		else
			others = product(p, others, f.v[i]);
	}
	if (!scalars || !unit || !others)
		return e;
	x = p->exprs.v[unit];
	return product(p, ex_read(p, step_of(g, product(p, scalars, unit), &x),
	               p->subs.v + x.sub, (int)x.nsub), others);
}

static void
regroup(Single *s)
{
	Program *p = s->p;
	Stmts out = { 0 };
	VEC(Step) steps = { 0 };
	uint32_t i;

	for (i = 0; i < s->list->n; i++) {
		Stmt x = s->list->v[i];
		Regroup g = { s, &s->list->v[i], &out, (void *)&steps };
		if (i >= s->from && !x.red && x.nidx > 1)
			x.expr = ex_map(p, x.expr, regrouped, &g);
		PUSH(p->c, &out, x);
	}
	*s->list = out;
}

/* Statements from `from` on are the rules of a mini-batch of one sample. */
void
single(Program *p, Stmts *list, uint32_t from)
{
	Single s = { .p = p, .list = list, .from = from };
	uint32_t i;

	for (i = from; i < list->n; i++)
		no_sum(p, &list->v[i]);
	look(&s);
	for (i = from; i < list->n; i++)
		into_reader(&s, i);
	compact(list);
	if (!p->net->strict)
		regroup(&s);
}
