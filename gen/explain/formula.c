/* SPDX-License-Identifier: MIT
 * Expressions and statements -> formulas with indices. */
#include <string.h>
#include "../middle/middle.h"
#include "explain.h"

enum { SUM, PRODUCT, POWER };   /* what an operand may be without brackets */
enum { MOST_TERMS = 24 };       /* of a sum that is written out */

static const Places nowhere;

static Math *sum_of(Derivation *d, const Stmt *s, const Places *at);

static Math *
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
static Math *
subscripts(Derivation *d, TensorId id, uint32_t sub, uint32_t n,
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

static bool
value_at(Derivation *d, const Expr *e, const Places *at, double *v)
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
	if (d->values && value_at(d, e, at, &v))
		return bracket(d, m_number(d->c, v), v < 0 && level > -1);
	return symbol(d, e->tensor, d->generic ? NULL :
	              subscripts(d, e->tensor, e->sub, e->nsub, at));
}

/* ---- operators */

static Math *
product(Derivation *d, Math *a, Math *b)
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

	if (is_number(d, x.b, 1) && is_number(d, x.c, 0))
		return m_fence(d->c, "[", formula_of(d, x.a, at, SUM));
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
			product(d, m, formula_of(d, e.b, at, PRODUCT));
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

static void
add_guards(Derivation *d, const Stmt *s, const Places *at, Math *row)
{
	uint32_t i;

	for (i = 0; i < s->nguard; i++) {
		if (row->parts.n)
			m_push(d->c, row, m_new(d->c, M_SIGN, ","));
		m_push(d->c, row, guard(d, d->p->guards.v[s->guard + i], at));
	}
}

static bool
holds(Derivation *d, const Stmt *s, const Places *at)
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
		if (!holds(d, s, &here))
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

static Math *
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

/* ---- statements */

Math *
right_side(Derivation *d, const Stmt *s, const Places *at)
{
	const Shown *x = &d->of[s->target];
	Math *z;

	if (x->act && !d->in)
		return m_call(d->c, x->act, formula_of(d, x->act_read, at,
		              -1));
	if (x->slope && d->values)
		return product(d, formula_of(d, x->slope, at, PRODUCT),
		               formula_of(d, x->seed, at, PRODUCT));
	if (x->slope && !d->generic) {
		z = formula_of(d, d->of[activation_tensor(d, s->target)].
		               act_read, at, -1);
		return product(d, m_call(d->c, fmt(d->c, "%s'", d->of[
			activation_tensor(d, s->target)].act), z),
			formula_of(d, x->seed, at, PRODUCT));
	}
	if (s->red)
		return sum_of(d, s, at);
	return formula_of(d, s->expr, at, -1);
}

Math *
left_side_of(Derivation *d, const Stmt *s, const Places *at)
{
	TensorId t = s->target;
	Oracle *values = d->values;
	Math *m;

	d->values = NULL;
	m = symbol(d, t, d->generic ? NULL : subscripts(d, t, s->lhs, s->nlhs,
	           at));
	d->values = values;
	return m;
}

static bool
is_first(const Derivation *d, const Stmt *s)
{
	const Stmt *i = d->list->v;

	while (i->target != s->target)
		i++;
	return i == s;
}

/* gradients begin at zero: what they are added to first is the mini-batch's */
static bool
adds(const Derivation *d, const Stmt *s)
{
	return s->add && (d->p->tensors.v[s->target].kind != T_GRAD ||
	                  !is_first(d, s));
}

static const char *
sign_of(const Derivation *d, const Stmt *s)
{
	TensorKind k = d->p->tensors.v[s->target].kind;

	return adds(d, s) ? "+=" : k == T_WEIGHT || k == T_STATE ||
		k == T_NET || k == T_STATISTIC ? "<-" : "=";
}

Equation
equation_of(Derivation *d, const Stmt *s)
{
	Equation e = { .sign = sign_of(d, s) };
	Math *m, *row;
	uint32_t i;

	letters_begin(d);
	if (s->scan)
		letter(d, d->p->scans.v[s->scan].t);
	for (i = 0; i < s->nidx; i++)
		letter(d, d->p->indices.v[s->idx + i]);
	e.left = left_side_of(d, s, &nowhere);
	m = right_side(d, s, &nowhere);
	if (!s->red && s->nguard) {
		row = m_new(d->c, M_ROW, NULL);
		add_guards(d, s, &nowhere, row);
		m = m_row(d->c, m, NULL, m_words(d->c, "  where "));
		m_push(d->c, m, row);
	}
	PUSH(d->c, &e.right, m);
	return e;
}

/* the numbers that a value comes from, those it is added to included */
static Math *
numbers_of(Derivation *d, const Stmt *s, const Expr *target, const Places *at)
{
	Math *m = right_side(d, s, at);
	double old;

	if (!adds(d, s) || !value_at(d, target, at, &old))
		return m;
	return m_row(d->c, m_number(d->c, old), "+", bracket(d, m, m_is_sum(m)));
}

static void
one_point(Derivation *d, Kernel k, uint32_t which, const Places *at, Oracle *o,
	Equations *out)
{
	const Stmt *s = &d->p->kernel[k].v[which];
	Expr target = { .op = E_READ, .tensor = s->target, .sub = s->lhs,
	                .nsub = s->nlhs };
	Equation e = { .sign = sign_of(d, s) };

	e.left = left_side_of(d, s, at);
	PUSH(d->c, &e.right, right_side(d, s, at));
	d->values = o;
	if (o && (d->p->exprs.v[s->expr].op != E_READ || adds(d, s)))
		PUSH(d->c, &e.right, numbers_of(d, s, &target, at));
	d->values = NULL;
	PUSH(d->c, out, e);
}

/* a point of the box, the last index fastest */
static void
point_of(Derivation *d, const Stmt *s, int64_t number, Places *at)
{
	uint32_t k;

	at->n = (int)s->nidx;
	for (k = s->nidx; k-- > 0;) {
		Index x = d->p->indices.v[s->idx + k];
		int32_t size = x == SAMPLE ? 1 : d->p->index.v[x].extent;
		at->from[k] = x;
		at->to[k] = aff_const(d->p, (int32_t)(number % size));
		number /= size;
	}
}

/* a number that is the value already is not said twice */
static void
put_value(Derivation *d, Equation *e, Math *value)
{
	const Math *last = e->right.v[e->right.n - 1];

	if (e->right.n > 1 && (last->kind == M_NUMBER ||
	    last->kind == M_NAME || (last->kind == M_ROW &&
	    last->parts.n == value->parts.n && value->kind == M_ROW)))
		e->right.n--;
	PUSH(d->c, &e->right, value);
}

void
spell_out(Derivation *d, Kernel k, uint32_t which, Oracle *o, Equations *out)
{
	const Stmt *s = &d->p->kernel[k].v[which];
	Expr target = { .op = E_READ, .tensor = s->target, .sub = s->lhs,
	                .nsub = s->nlhs };
	int64_t n = stmt_points(d->p, s), i;
	uint32_t first = out->n;
	Places at = { .n = 0 };
	double v;

	letters_begin(d);
	d->spelled = true;
	for (i = 0; i < n; i++) {
		point_of(d, s, i, &at);
		if (s->red || holds(d, s, &at))
			one_point(d, k, which, &at, o, out);
	}
	d->spelled = false;
	if (!o)
		return;
	oracle_part(o, k, which, which + 1);
	d->values = o;
	for (i = 0; i < n; i++) {
		point_of(d, s, i, &at);
		if (!s->red && !holds(d, s, &at))
			continue;
		if (value_at(d, &target, &at, &v))
			put_value(d, &out->v[first], m_number(d->c, v));
		first++;
	}
	d->values = NULL;
}

/* ---- f(z) = .., f'(z) = .. */

Math *
activation_of(Derivation *d, TensorId t)
{
	Math *m;

	letters_begin(d);
	d->in = d->of[t].act_read;
	m = formula_of(d, d->of[t].by->expr, &nowhere, -1);
	d->in = 0;
	return m;
}

Math *
slope_of(Derivation *d, TensorId t)
{
	TensorId y = activation_tensor(d, t);
	Math *m;

	letters_begin(d);
	d->in = d->of[y].act_read;
	d->out = y;
	m = formula_of(d, d->of[t].slope, &nowhere, -1);
	d->in = d->out = 0;
	return m;
}
