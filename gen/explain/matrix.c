/* SPDX-License-Identifier: MIT
 * Statements -> formulas of vectors and matrices, where a statement is one: its
 * indices stand in the same order in all that it reads, sums are products of
 * two arrays. */
#include <string.h>
#include "../middle/middle.h"
#include "explain.h"

/* how a value depends on the indices of the result */
typedef enum { NONE, SCALAR, FULL } Kind;
typedef struct { Kind kind; Math *m; } Part;
typedef struct {
	Derivation *d;
	Index of[2];                /* of the result */
	int n;
	Index step;                 /* of a scan: it stays a subscript */
	bool scan;
} Frame;

static const Places nowhere;
static const Part none;

static Part part_of(Frame *f, ExprId id, const Places *at);

/* the indices of a read, after the sample and the step; -1: not plain */
static int
plain(Frame *f, const Expr *e, const Places *at, Index of[2], Math **step)
{
	Derivation *d = f->d;
	Tensor t = d->p->tensors.v[e->tensor];
	uint32_t q;
	int n = 0, k;
	AffId a;

	*step = NULL;
	for (q = 0; q < e->nsub; q++) {
		Sub s = d->p->subs.v[e->sub + q];

		if (q == 0 && t.batch)
			continue;
		if (s.indirect)
			return -1;
		a = placed(d, s.id, at);
		if (f->scan && !*step && aff_coef(d->p, a, f->step)) {
			if (t.off && q == (t.batch ? 1u : 0u))
				a = aff_addk(d->p, a, -1);
			*step = affine(d, a, &nowhere);
			continue;
		}
		if (n == 2 || (t.off && q == (t.batch ? 1u : 0u)) ||
		    !aff_is_var(d->p, a, &of[n]))
			return -1;
		/* a part of an axis is not the vector */
		k = (int)q - t.batch;
		if (d->p->index.v[of[n]].extent != t.shape.dim[k])
			return -1;
		n++;
	}
	return n == 2 && of[0] == of[1] ? -1 : n;
}

static Math *
transposed(Ctx *c, Math *m)
{
	Math *above = m_name(c, "T");

	if (m->kind != M_SCRIPT)
		return m_script(c, m->kind == M_NAME ? m : m_fence(c, "(", m),
		                NULL, above);
	return m_script(c, m->a, m->b, m->c ? m_row(c, m->c, NULL, above) :
	                above);
}

/* an array with its first index first */
static Math *
array(Frame *f, const Expr *e, Math *step, bool turned)
{
	Math *m;

	f->d->whole = true;
	m = symbol(f->d, e->tensor, step);
	f->d->whole = false;
	return turned ? transposed(f->d->c, m) : m;
}

/* sum over r of two arrays: A b, A^T b, a^T b, A B */
static Part
contraction(Frame *f, const Stmt *s, const Places *at)
{
	Derivation *d = f->d;
	Expr e = d->p->exprs.v[s->expr], x[2];
	Index of[2][2], r = s->nridx ? d->p->indices.v[s->ridx] : 0, other[2];
	Math *step[2];
	int n[2], i, first;
	bool has[2];

	if (s->red != RED_SUM || s->nridx != 1 || s->nguard || e.op != E_MUL)
		return none;
	x[0] = d->p->exprs.v[e.a];
	x[1] = d->p->exprs.v[e.b];
	for (i = 0; i < 2; i++) {
		if (x[i].op != E_READ || d->of[x[i].tensor].how != NOT_INLINE)
			return none;
		n[i] = plain(f, &x[i], at, of[i], &step[i]);
		if (n[i] < 1 || (of[i][0] != r && (n[i] < 2 || of[i][1] != r)))
			return none;
		has[i] = n[i] == 2;
		other[i] = has[i] ? of[i][of[i][0] == r] : SAMPLE;
	}
	if (has[0] + has[1] != f->n)
		return none;
	first = f->n == 2 ? other[0] != f->of[0] : !has[0];
	for (i = 0; i < f->n; i++)
		if (other[i ? !first : first] != f->of[i])
			return none;
	/* r last in the first array, first in the second */
	return (Part){ f->n ? FULL : SCALAR, m_row(d->c,
		array(f, &x[first], step[first], has[first] ?
		      of[first][0] == r : true), "times",
		array(f, &x[!first], step[!first], has[!first] &&
		      of[!first][1] == r)) };
}

static Part
read_of(Frame *f, const Expr *e, const Places *at)
{
	Derivation *d = f->d;
	const Shown *x = &d->of[e->tensor];
	Places inner = { .n = 0 };
	Index of[2];
	Math *step;
	uint32_t i;
	int n;

	if (e->op == E_PAD || d->p->tensors.v[e->tensor].kind == T_RAND)
		return none;
	if (x->how != NOT_INLINE) {
		for (i = 0; i < x->by->nlhs; i++) {
			Index own = 0;
			aff_is_var(d->p, d->p->subs.v[x->by->lhs + i].id, &own);
			inner.from[inner.n] = own;
			inner.to[inner.n++] = placed(d, d->p->subs.v[e->sub +
				i].id, at);
		}
		return x->by->red ? contraction(f, x->by, &inner) :
			part_of(f, x->by->expr, &inner);
	}
	n = plain(f, e, at, of, &step);
	if (n == 0)
		return (Part){ SCALAR, array(f, e, step, false) };
	if (n != f->n)
		return none;
	if (n == 1 ? of[0] == f->of[0] : of[0] == f->of[0] &&
	    of[1] == f->of[1])
		return (Part){ FULL, array(f, e, step, false) };
	return n == 2 && of[0] == f->of[1] && of[1] == f->of[0] ?
		(Part){ FULL, array(f, e, step, true) } : none;
}

/* a_j b_k: a b^T */
static Part
outer(Frame *f, ExprId a, ExprId b, const Places *at)
{
	Derivation *d = f->d;
	Expr x[2] = { d->p->exprs.v[a], d->p->exprs.v[b] };
	Index of[2][2];
	Math *step[2];
	int i, first;

	if (f->n != 2)
		return none;
	for (i = 0; i < 2; i++)
		if (x[i].op != E_READ || d->of[x[i].tensor].how != NOT_INLINE ||
		    plain(f, &x[i], at, of[i], &step[i]) != 1)
			return none;
	first = of[0][0] != f->of[0];
	if (of[first][0] != f->of[0] || of[!first][0] != f->of[1])
		return none;
	return (Part){ FULL, m_row(d->c, array(f, &x[first], step[first],
		false), "times", array(f, &x[!first], step[!first], true)) };
}

static Part
product(Frame *f, Part a, Part b)
{
	Ctx *c = f->d->c;
	Math *x = a.m, *y = b.m;

	if (!a.kind || !b.kind)
		return none;
	x = m_is_sum(x) ? m_fence(c, "(", x) : x;
	y = m_is_sum(y) || (a.kind == FULL && b.kind == FULL &&
	    y->kind == M_ROW) ? m_fence(c, "(", y) : y;
	if (a.kind == FULL && b.kind == FULL)
		return (Part){ FULL, m_row(c, x, "odot", y) };
	return (Part){ a.kind > b.kind ? a.kind : b.kind, m_row(c, x,
		m_begins_with_number(y) ? "*" : "times", y) };
}

static Part
sum(Frame *f, Op op, Part a, Part b)
{
	Math *y = b.m;

	if (!a.kind || a.kind != b.kind)
		return none;
	if (m_is_sum(y) && op == E_SUB)
		y = m_fence(f->d->c, "(", y);
	return (Part){ a.kind, m_row(f->d->c, a.m, op == E_SUB ? "-" : "+",
	                             y) };
}

static Part
part_of(Frame *f, ExprId id, const Places *at)
{
	Derivation *d = f->d;
	Expr e = d->p->exprs.v[id];
	Part a, b;

	switch (e.op) {
	case E_NUM:
		return (Part){ SCALAR, m_number(d->c, e.num) };
	case E_READ: case E_PAD:
		return read_of(f, &e, at);
	case E_STOP:
		return part_of(f, e.a, at);
	case E_ADD: case E_SUB:
		return sum(f, e.op, part_of(f, e.a, at), part_of(f, e.b, at));
	case E_MUL:
		a = outer(f, e.a, e.b, at);
		return a.kind ? a : product(f, part_of(f, e.a, at),
		                            part_of(f, e.b, at));
	case E_DIV:
		a = part_of(f, e.a, at);
		b = part_of(f, e.b, at);
		if (!a.kind || b.kind != SCALAR)
			return none;
		return (Part){ a.kind, m_fraction(d->c, a.m, b.m) };
	case E_NEG:
		a = part_of(f, e.a, at);
		if (!a.kind)
			return none;
		return (Part){ a.kind, m_row(d->c, NULL, "-", m_is_sum(a.m) ?
		               m_fence(d->c, "(", a.m) : a.m) };
	default:
		return none;
	}
}

static Part
of_activation(Frame *f, const Stmt *s)
{
	Derivation *d = f->d;
	TensorId y = d->of[s->target].slope ?
		activation_tensor(d, s->target) : s->target;
	Part z = part_of(f, d->of[y].act_read, &nowhere), seed;

	if (z.kind != FULL)
		return none;
	if (y == s->target)
		return (Part){ FULL, m_call(d->c, d->of[y].act, z.m) };
	seed = part_of(f, d->of[s->target].seed, &nowhere);
	z.m = m_call(d->c, fmt(d->c, "%s'", d->of[y].act), z.m);
	return product(f, z, seed);
}

bool
matrix_form(Derivation *d, const Stmt *s, Equation *out)
{
	Frame f = { .d = d };
	Expr target = { .op = E_READ, .tensor = s->target, .sub = s->lhs,
	                .nsub = s->nlhs };
	Math *step;
	Part p;

	if (s->nguard || s->scatter || d->samples || s->red > RED_SUM)
		return false;
	f.scan = s->scan != 0;
	f.step = f.scan ? d->p->scans.v[s->scan].t : 0;
	letters_begin(d);
	f.n = plain(&f, &target, &nowhere, f.of, &step);
	if (f.n < 1)
		return false;
	p = d->of[s->target].act || d->of[s->target].slope ?
		of_activation(&f, s) :
		s->red && !(s->nridx == 1 && d->p->indices.v[s->ridx] == SAMPLE)
		? contraction(&f, s, &nowhere) : part_of(&f, s->expr, &nowhere);
	if (p.kind != FULL)
		return false;
	*out = equation_of(d, s);   /* for its sign */
	out->left = array(&f, &target, step, false);
	out->right.v[0] = p.m;
	return true;
}
