/* SPDX-License-Identifier: MIT
 * Expressions, and the sums of statements -> formulas with indices. */
#include <string.h>
#include "../middle/middle.h"
#include "explain.h"

enum { MOST_TERMS = 24 };       /* of a sum that is written out */

static const Places nowhere;

Math *
bracket(Derivation *d, Math *m, bool when)
{
	return when ? m_fence(d->c, "(", m) : m;
}

/* ---- what is read */

/* a row before t = 0 makes the others one further than they are called */
static AffId
subscript(Derivation *d, const Tensor *t, uint32_t q, AffId id)
{
	return t->off && q == (t->batch ? 1u : 0u) ? aff_addk(d->p, id, -1) : id;
}

/* jk where every one is a letter, else t+u, i */
Math *
subscripts_of(Derivation *d, TensorId id, uint32_t sub, uint32_t n,
	const Places *at)
{
	Tensor t = d->p->tensors.v[id];
	Math *row = m_new(d->c, M_ROW, NULL), *parts[MAX_RANK + 2];
	bool commas = false;
	uint32_t i, k = 0;

	for (i = 0; i < n; i++) {
		Sub s = d->p->subs.v[sub + i];

		if (i == 0 && t.batch && !d->samples)
			continue;
		parts[k] = s.indirect ? formula_of(d, s.id, at, SUM) :
			affine(d, subscript(d, &t, i, s.id), at);
		commas |= !(parts[k]->kind == M_NAME ||
		            (parts[k]->kind == M_NUMBER &&
		             !parts[k]->text[1]));
		k++;
	}
	for (i = 0; i < k; i++) {
		if (i && commas)
			m_push(d->c, row, m_new(d->c, M_SIGN, ","));
		m_push(d->c, row, parts[i]);
	}
	return !k ? NULL : k == 1 ? parts[0] : row;
}

bool
read_value(Derivation *d, const Expr *e, const Places *at, double *v)
{
	const Tensor *t = &d->p->tensors.v[e->tensor];
	int64_t r = 0;
	uint32_t q;
	int32_t k;

	for (q = 0; q < e->nsub; q++) {
		Sub s = d->p->subs.v[e->sub + q];
		int32_t size = q == 0 && t->batch ? 1 :
			t->shape.dim[q - (t->batch ? 1 : 0)];

		if (t->batch && q == 0)
			continue;
		if (s.indirect || !aff_is_const(d->p, placed(d, s.id, at), &k))
			return false;
		if (k < 0 || k >= size) {
			*v = 0;
			return e->op == E_PAD;
		}
		r = r * size + k;
	}
	*v = t->kind == T_RAND ? oracle_drawn(d->values, t, 0, (uint32_t)r) :
		oracle_values(d->values, e->tensor)[r];
	return true;
}

static Math *
read_of(Derivation *d, const Expr *e, const Places *at, int level)
{
	const Shown *x = &d->of[e->tensor];
	Places inner = { .n = 0 };
	uint32_t i;
	double v;

	d->pads |= e->op == E_PAD;
	d->draws |= d->p->tensors.v[e->tensor].kind == T_RAND;
	if (d->in && e->tensor == d->p->exprs.v[d->in].tensor)
		return m_name(d->c, "z");
	if (d->in && e->tensor == d->out)
		return m_call(d->c, x->act, m_name(d->c, "z"));
	if (x->how != NOT_INLINE) {
		for (i = 0; i < x->by->nlhs; i++) {
			Index own = 0;
			aff_is_var(d->p, d->p->subs.v[x->by->lhs + i].id,
			           &own);
			inner.from[inner.n] = own;
			inner.to[inner.n++] = placed(d,
				d->p->subs.v[e->sub + i].id, at);
		}
		if (x->by->red)
			return sum_of(d, x->by, &inner);
		return formula_of(d, x->by->expr, &inner, level);
	}
	if (d->values && read_value(d, e, at, &v))
		return bracket(d, m_number(d->c, v), v < 0 && level > -1);
	return symbol(d, e->tensor, d->generic ? NULL :
	              subscripts_of(d, e->tensor, e->sub, e->nsub, at));
}

/* ---- operators */

Math *
product_of(Derivation *d, Math *a, Math *b)
{
	return m_row(d->c, bracket(d, a, m_is_sum(a) || m_is_open(a)),
	             d->values || m_begins_with_number(b) ? "*" : "times",
	             bracket(d, b, m_is_sum(b)));
}

static Math *
power(Derivation *d, Math *base, Math *above)
{
	bool plain = base->kind == M_NAME || base->kind == M_NUMBER ||
		base->kind == M_FENCE || (base->kind == M_SCRIPT && !base->c);

	if (plain && base->kind == M_SCRIPT)
		return m_script(d->c, base->a, base->b, above);
	return m_script(d->c, bracket(d, base, !plain || (base->kind == M_NUMBER
	                && m_is_sum(base))), NULL, above);
}

static Math *
plus(Derivation *d, const Expr *e, const Places *at)
{
	Math *a = formula_of(d, e->a, at, -1), *b;
	const Expr *right = &d->p->exprs.v[e->b];
	bool minus = e->op == E_SUB;
	Expr r = *right;

	if (!minus && r.op == E_NEG) {
		minus = true;
		b = formula_of(d, r.a, at, PRODUCT);
	} else
		b = formula_of(d, e->b, at, minus ? PRODUCT : SUM);
	if (m_is_open(a) && a->kind == M_CASES)
		a = m_fence(d->c, "(", a);
	return m_row(d->c, a, minus ? "-" : "+", bracket(d, b, m_is_sum(b) &&
	             (minus || m_begins_with_number(b))));
}

static Math *
function(Derivation *d, const Expr *e, const Places *at)
{
	Math *a = formula_of(d, e->a, at, SUM), *m;

	switch (e->fn) {
	case FN_EXP:
		return m_script(d->c, m_name(d->c, "euler"), NULL, a);
	case FN_SQRT:
		m = m_new(d->c, M_ROOT, NULL);
		m->a = a;
		return m;
	case FN_ABS:
		return m_fence(d->c, "|", a);
	case FN_FLOOR:
		return m_fence(d->c, "floor", a);
	case FN_LOGISTIC:
		return m_fraction(d->c, m_number(d->c, 1), m_row(d->c,
			m_number(d->c, 1), "+", m_script(d->c, m_name(d->c,
			"euler"), NULL, m_row(d->c, NULL, "-", bracket(d, a,
			m_is_sum(a))))));
	case FN_LOG:
		return m_call(d->c, "ln", a);
	case FN_LOG1P:
		return m_call(d->c, "ln", m_row(d->c, m_number(d->c, 1), "+",
		              a));
	default:
		return m_call(d->c, fn_name(e->fn), a);
	}
}

static bool
is_number(const Derivation *d, ExprId e, double v)
{
	return d->p->exprs.v[e].op == E_NUM && d->p->exprs.v[e].num == v;
}

/* [i = t] is 1 where that holds, else 0 */
static Math *
choice(Derivation *d, const Expr *e, const Places *at)
{
	Math *m = m_new(d->c, M_CASES, NULL);
	Expr x = *e;

	if (is_number(d, x.b, 1) && is_number(d, x.c, 0)) {
		d->choices = true;
		return m_fence(d->c, "[", formula_of(d, x.a, at, SUM));
	}
	for (;;) {
		m_push(d->c, m, formula_of(d, x.b, at, SUM));
		m_push(d->c, m, formula_of(d, x.a, at, SUM));
		if (d->p->exprs.v[x.c].op != E_SEL)
			break;
		x = d->p->exprs.v[x.c];
	}
	m_push(d->c, m, formula_of(d, x.c, at, SUM));
	return m;
}

static Math *
compare(Derivation *d, const Expr *e, const Places *at)
{
	const char *sign = e->op == E_LT ? "<" : e->op == E_LE ? "<=" : "=";
	Math *b = e->op == E_IEQ ? affine(d, e->aff, at) :
		formula_of(d, e->b, at, SUM);

	return m_row(d->c, formula_of(d, e->a, at, SUM), sign, b);
}

Math *
formula_of(Derivation *d, ExprId id, const Places *at, int level)
{
	Expr e = d->p->exprs.v[id];
	Math *m = NULL;

	switch (e.op) {
	case E_NONE: case E_NUM:
		m = m_number(d->c, e.num);
		break;
	case E_IDX:
		m = affine(d, e.aff, at);
		break;
	case E_CNT:
		m = d->values ? m_number(d->c, 1) : m_name(d->c, "N");
		break;
	case E_READ: case E_PAD:
		m = read_of(d, &e, at, level);
		break;
	case E_ADD: case E_SUB:
		m = plus(d, &e, at);
		break;
	case E_MUL:
		m = formula_of(d, e.a, at, PRODUCT);
		m = e.a == e.b ? power(d, m, m_number(d->c, 2)) :
			product_of(d, m, formula_of(d, e.b, at, PRODUCT));
		break;
	case E_DIV:
		if (d->one && d->p->exprs.v[e.b].op == E_CNT)
			return formula_of(d, e.a, at, level);
		m = m_fraction(d->c, formula_of(d, e.a, at, SUM),
		               formula_of(d, e.b, at, SUM));
		break;
	case E_NEG:
		m = formula_of(d, e.a, at, PRODUCT);
		m = m_row(d->c, NULL, "-", bracket(d, m, m_is_sum(m)));
		break;
	case E_LT: case E_LE: case E_EQ: case E_IEQ:
		m = compare(d, &e, at);
		break;
	case E_SEL:
		m = choice(d, &e, at);
		break;
	case E_FN:
		m = function(d, &e, at);
		break;
	case E_STOP:
		return formula_of(d, e.a, at, level);
	}
	return level > SUM && m_is_sum(m) ? m_fence(d->c, "(", m) : m;
}

/* ---- sums */

/* a - b >= 0 is said as a >= b */
static Math *
guard(Derivation *d, AffId id, const Places *at)
{
	AffId own = placed(d, id, at), big = aff_const(d->p, 0), small = big;
	Aff a = d->p->affs.v[own];
	uint32_t i;

	for (i = 0; i < a.n; i++) {
		Term t = d->p->terms.v[a.term + i];
		AffId x = aff_mul(d->p, aff_var(d->p, t.i), t.c < 0 ? -t.c :
		                  t.c);
		if (t.c < 0)
			small = aff_add(d->p, small, x);
		else
			big = aff_add(d->p, big, x);
	}
	if (a.k < 0)
		small = aff_addk(d->p, small, -a.k);
	else
		big = aff_addk(d->p, big, a.k);
	return m_row(d->c, affine(d, small, &nowhere), "<=",
	             affine(d, big, &nowhere));
}

void
add_guards(Derivation *d, const Stmt *s, const Places *at, Math *row)
{
	uint32_t i;

	for (i = 0; i < s->nguard; i++) {
		if (row->parts.n)
			m_push(d->c, row, m_new(d->c, M_SIGN, ","));
		m_push(d->c, row, guard(d, d->p->guards.v[s->guard + i], at));
	}
}

bool
guards_hold(Derivation *d, const Stmt *s, const Places *at)
{
	uint32_t i;
	int32_t k;

	for (i = 0; i < s->nguard; i++)
		if (aff_is_const(d->p, placed(d, d->p->guards.v[s->guard + i],
		    at), &k) && k < 0)
			return false;
	return true;
}

/* every term by itself; NULL: too many */
static Math *
terms_of(Derivation *d, const Stmt *s, const Places *at)
{
	Places here = *at;
	int64_t n = stmt_terms(d->p, s), i, rest;
	Math *row = m_new(d->c, M_ROW, NULL), *m;
	bool sum = s->red == RED_SUM;
	uint32_t k;

	if (n > MOST_TERMS || (!sum && s->red != RED_MAX))
		return NULL;
	here.n += (int)s->nridx;
	for (i = 0; i < n; i++) {
		for (rest = i, k = s->nridx; k-- > 0;) {
			Index x = d->p->indices.v[s->ridx + k];
			int32_t size = x == SAMPLE ? 1 :
				d->p->index.v[x].extent;
			here.from[at->n + (int)k] = x;
			here.to[at->n + (int)k] = aff_const(d->p,
				(int32_t)(rest % size));
			rest /= size;
		}
		if (!guards_hold(d, s, &here))
			continue;
		m = formula_of(d, s->expr, &here, sum ? PRODUCT : SUM);
		if (sum)
			m = bracket(d, m, row->parts.n && m_is_sum(m));
		if (row->parts.n)
			m_push(d->c, row, m_new(d->c, M_SIGN, sum ? "+" : ","));
		m_push(d->c, row, m);
	}
	if (!row->parts.n)
		return m_number(d->c, 0);
	if (!sum)
		return m_call(d->c, "max", row);
	return row->parts.n == 1 ? row->parts.v[0] : row;
}

Math *
sum_of(Derivation *d, const Stmt *s, const Places *at)
{
	Math *below = m_new(d->c, M_ROW, NULL), *m;
	Places here = *at;
	uint32_t i, commas = 0;

	m = d->spelled ? terms_of(d, s, at) : NULL;
	if (m)
		return m;
	/* indices of its own, lest they are those of the reader */
	for (i = 0; i < s->nridx; i++) {
		Index x = d->p->indices.v[s->ridx + i], own = x;
		if (x == SAMPLE && !d->samples)
			continue;
		if (at->n) {
			own = ir_index(d->p, d->p->index.v[x].name,
			               d->p->index.v[x].extent);
			here.from[here.n] = x;
			here.to[here.n++] = aff_var(d->p, own);
		}
		if (commas++)
			m_push(d->c, below, m_new(d->c, M_SIGN, ","));
		m_push(d->c, below, letter(d, own));
	}
	if (!commas)                /* over the samples alone */
		return formula_of(d, s->expr, at, SUM);
	add_guards(d, s, &here, below);
	m = formula_of(d, s->expr, &here, PRODUCT);
	return m_big(d->c, s->red == RED_SUM ? "sum" : s->red == RED_MAX ?
	             "max" : "argmax", below, m);
}
