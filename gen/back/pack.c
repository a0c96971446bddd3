/* SPDX-License-Identifier: MIT
 * The statements of a kernel over several samples, or with scans, in; copies of
 * weights that lie the other way, for those that read across the lanes, out.  A
 * copy costs once what every sample, or step, would pay. */
#include "back.h"

typedef struct { TensorId from, to; uint32_t sub; } Turn;

/* the subscript of the result, where the weight's lanes are summed over */
static int
crosses(const Program *p, const Stmt *s, const Expr *read, const Layout *l)
{
	int lane = l->lane, other = 1 - lane;
	Index i;
	uint32_t k;

	if (p->tensors.v[read->tensor].kind != T_WEIGHT ||
	    p->tensors.v[read->tensor].shape.rank != 2)
		return -1;
	if (p->subs.v[read->sub].indirect || p->subs.v[read->sub + 1].indirect
	    || !aff_is_var(p, p->subs.v[read->sub + (uint32_t)lane].id, &i))
		return -1;
	for (k = 0; k < s->nridx && p->indices.v[s->ridx + k] != i; k++)
		;
	if (k == s->nridx ||
	    !aff_is_var(p, p->subs.v[read->sub + (uint32_t)other].id, &i))
		return -1;
	for (k = 0; k < s->nidx; k++)
		if (p->indices.v[s->idx + k] == i)
			return other;
	return -1;
}

static ExprId
turned(Program *p, ExprId e, void *u)
{
	const Turn *t = u;
	const Expr *x = &p->exprs.v[e];

	if (x->op != E_READ || x->tensor != t->from || x->sub != t->sub)
		return e;
	return ex_read(p, t->to, p->subs.v + x->sub, (int)x->nsub);
}

/* wt[j,k] = w[j,k], xs[n,i,r,c] = x[n,i,r,c]: how, and what the name gets */
TensorId
copy_of(Program *p, TensorId of, const char *how, const char *tail,
	const Stmt *like, Stmts *out)
{
	Tensor t = p->tensors.v[of];
	StmtDraft d = { .layer = like->layer, .phase = like->phase,
	                .loc = like->loc };
	Stmt s;
	int i;

	t.kind = T_TEMP;
	t.name = fmt(p->c, "%s.%s", t.name, how);
	t.base = fmt(p->c, "%s%s", t.base, tail);
	t.place = 0;
	t.of = 0;
	d.target = ir_tensor(p, t);
	if (t.batch) {
		PUSH(p->c, &d.idx, SAMPLE);
		d.lhs[d.nlhs++] = sub_aff(aff_var(p, SAMPLE));
	}
	for (i = 0; i < t.shape.rank; i++) {
		Index x = ir_index(p, t.batch || i ? "k" : "j",
		                   t.shape.dim[i]);
		PUSH(p->c, &d.idx, x);
		d.lhs[d.nlhs++] = sub_aff(aff_var(p, x));
	}
	d.expr = ex_read(p, of, d.lhs, d.nlhs);
	s = ir_stmt(p, &d);
	s.lanes = 1;
	PUSH(p->c, out, s);
	return d.target;
}

/* Is it better to join lanes than to have lanes of results?  Few results from
 * many terms. */
static bool
joins(Vectors *v, const Stmt *s, int32_t results)
{
	double terms = (double)(stmt_points(v->p, s) * stmt_terms(v->p, s));
	double joined = across_cost(v, s);

	return joined > 0 && joined < cost_vectors(terms, results, 0);
}

/* the statement with its reads of weights turned; copies go to `out` */
static Stmt
reads_turned(Vectors *v, Stmt s, uint32_t known, TensorId *copies,
	Turned *made, Stmts *out)
{
	Program *p = v->p;
	const Stmt was = s;
	const Expr x = p->exprs.v[s.expr];
	const ExprId kid[2] = { x.a, x.b };
	int k, lane;

	for (k = 0; k < 2 && x.op == E_MUL; k++) {
		const Expr r = p->exprs.v[kid[k]];
		Turn t = { r.tensor, 0, r.sub };
		if (r.op != E_READ || r.tensor >= known)
			continue;
		lane = crosses(p, &s, &r, &v->layout[r.tensor]);
		if (lane < 0 || joins(v, &was,
		    p->tensors.v[r.tensor].shape.dim[lane]))
			continue;
		if (!copies[r.tensor]) {
			copies[r.tensor] = copy_of(p, r.tensor, "turned", "t",
			                           &s, out);
			PUSH(p->c, made, ((TurnedOne){ copies[r.tensor],
			     lane }));
		}
		t.to = copies[r.tensor];
		s.expr = ex_map(p, s.expr, turned, &t);
	}
	return s;
}

/* Needs the layouts of weights; the list of the kernel is made anew.  Copies
 * stand in front of a scan, whose steps share them: for `steps` alone where
 * nothing else would. */
void
pack(Vectors *v, Kernel kernel, bool steps, Turned *made)
{
	Program *p = v->p;
	const Stmts from = p->kernel[kernel];
	TensorId *copies = mem(p->c, (p->tensors.n + 1) * sizeof *copies);
	uint32_t known = p->tensors.n, i, k;
	Stmts out = { 0 }, step = { 0 };

	for (i = 0; i < from.n; i++) {
		Stmt s = from.v[i];
		if (s.scan || !steps)
			s = reads_turned(v, s, known, copies, made, &out);
		PUSH(p->c, &step, s);
		if (s.scan && i + 1 < from.n && from.v[i + 1].scan == s.scan)
			continue;
		for (k = 0; k < step.n; k++)
			PUSH(p->c, &out, step.v[k]);
		step.n = 0;
	}
	p->kernel[kernel] = out;
}
