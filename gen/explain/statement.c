/* SPDX-License-Identifier: MIT
 * Statements -> equations: with indices, or for every point by itself. */
#include "explain.h"

static const Places nowhere;

Math *
right_side(Derivation *d, const Stmt *s, const Places *at)
{
	const Shown *x = &d->of[s->target];
	Math *z;

	if (x->act && !d->in)
		return m_call(d->c, x->act, formula_of(d, x->act_read, at,
		              -1));
	if (x->slope && d->values)
		return product_of(d, formula_of(d, x->slope, at, PRODUCT),
		               formula_of(d, x->seed, at, PRODUCT));
	if (x->slope && !d->generic) {
		z = formula_of(d, d->of[activation_tensor(d, s->target)].
		               act_read, at, -1);
		return product_of(d, m_call(d->c, fmt(d->c, "%s'", d->of[
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
	m = symbol(d, t, d->generic ? NULL : subscripts_of(d, t, s->lhs, s->nlhs,
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

	if (!adds(d, s) || !read_value(d, target, at, &old))
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
		if (s->red || guards_hold(d, s, &at))
			one_point(d, k, which, &at, o, out);
	}
	d->spelled = false;
	if (!o)
		return;
	oracle_part(o, k, which, which + 1);
	d->values = o;
	for (i = 0; i < n; i++) {
		point_of(d, s, i, &at);
		if (!s->red && !guards_hold(d, s, &at))
			continue;
		if (read_value(d, &target, &at, &v))
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
