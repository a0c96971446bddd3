/* SPDX-License-Identifier: MIT
 * Expressions in, C text out, with as few parentheses as the meaning allows. */
#include <math.h>
#include "back.h"

/* ---- padded reads: zero outside */

/* 1 inside, 0 outside, -1 depends on loop variables */
static int
inside(Emit *e, const Expr *x)
{
	int64_t v;
	uint32_t i;
	int known = 1;

	for (i = 0; i < x->nsub; i++) {
		Sub s = e->p->subs.v[x->sub + i];
		if (s.indirect)
			continue;
		if (!aff_value(e, s.id, &v)) {
			known = -1;
			continue;
		}
		if (v < 0 || v >= dim_of(e, x->tensor, i))
			return 0;
	}
	return known;
}

static void
put_inside(Emit *e, const Expr *x)
{
	uint32_t i;
	int64_t v, d;
	bool first = true;
	Linear l;

	for (i = 0; i < x->nsub; i++) {
		Sub s = e->p->subs.v[x->sub + i];
		if (s.indirect || aff_value(e, s.id, &v))
			continue;
		l = linear(e, s.id);
		d = dim_of(e, x->tensor, i);
		if (aff_lo(e->p, s.id) < 0) {
			put(e, first ? "" : " && ");
			put_linear(e, &l, P_ADD);
			put(e, " >= 0");
			first = false;
		}
		if (aff_hi(e->p, s.id) >= d) {
			put(e, first ? "" : " && ");
			put_linear(e, &l, P_ADD);
			put(e, " < ");
			put_int(e, d);
			first = false;
		}
	}
	if (first)
		put(e, "1");
}

/* what lies outside, in as many lanes as what lies inside */
static void
put_nothing(Emit *e, ExprId id)
{
	bool vector = along_lane(e, id);

	put(e, vector ? fmt(e->c, "bp_splat%s(", e->of_vector) : "");
	put(e, literal_text(e, 0));
	put(e, vector ? ")" : "");
	e->use_vectors |= vector;
}

static void
put_pad(Emit *e, ExprId id, int precedence)
{
	Expr x = e->p->exprs.v[id];
	int where = inside(e, &x);

	if (where == 0) {
		put_nothing(e, id);
	} else if (where > 0) {
		put_read(e, x.tensor, &e->p->subs.v[x.sub], x.nsub);
	} else {
		put(e, precedence > P_ANY ? "(" : "");
		put_inside(e, &x);
		put(e, " ? ");
		put_read(e, x.tensor, &e->p->subs.v[x.sub], x.nsub);
		put(e, " : ");
		put_nothing(e, id);
		put(e, precedence > P_ANY ? ")" : "");
	}
}

/* ---- operators */

static const char *
literal(Emit *e, ExprId id)
{
	if (!e->literal[id])
		e->literal[id] = literal_text(e, e->p->exprs.v[id].num);
	return e->literal[id];
}

bool
is_condition(Op op)
{
	return op == E_LT || op == E_LE || op == E_EQ || op == E_IEQ;
}

/* (float)(2*u + v), 3.0f */
void
put_real(Emit *e, Linear l)
{
	if (!l.n) {
		put(e, literal_text(e, (double)l.k));
		return;
	}
	put(e, fmt(e->c, "(%s)", e->real));
	put_linear(e, &l, P_PRIMARY);
}

/* integers whose samples lie side by side are kept as reals */
bool
is_real(const Emit *e, TensorId t)
{
	return e->p->tensors.v[t].kind == T_INT &&
	       e->k->layout[t].lane == ABREAST;
}

static void
put_condition(Emit *e, ExprId id)
{
	const Expr x = e->p->exprs.v[id];
	static const char *const sign[] = {
		[E_LT] = " < ", [E_LE] = " <= ", [E_EQ] = " == "
	};
	bool trace = e->trace && !is_settled(e->p, id);
	Linear l;

	if (trace) {
		e->use_trace = e->use_hash = true;
		put(e, fmt(e->c, "%s_seen(hash, ", e->prefix));
	}
	if (x.op == E_IEQ && is_real(e, e->p->exprs.v[x.a].tensor)) {
		put_expr(e, x.a, P_ADD);
		put(e, " == ");
		put_real(e, linear(e, x.aff));
	} else if (x.op == E_IEQ) {
		put_expr(e, x.a, P_ADD);
		put(e, " == ");
		l = linear(e, x.aff);
		put_linear(e, &l, P_ADD);
	} else if (is_condition(x.op)) {
		put_expr(e, x.a, P_ADD);
		put(e, sign[x.op]);
		put_expr(e, x.b, P_ADD);
	} else {
		put_expr(e, id, P_ADD);
		put(e, " != ");
		put(e, literal_text(e, 0));
	}
	if (trace)
		put(e, ")");
}

static bool
is_zero(const Emit *e, ExprId id)
{
	const Expr *x = &e->p->exprs.v[id];

	return x->op == E_NUM && x->num == 0 && !signbit(x->num);
}

/* what is written in place of a read: a temporary without a name of its own that
 * is used once; or NULL */
static const Inlined *
inlined_at(Emit *e, const Expr *x)
{
	int64_t at[MAX_RANK + 2];
	const Sub *subs = &e->p->subs.v[x->sub];
	const Inlined *in = e->inlined[x->tensor];

	if (!in || !subs_const(e, subs, x->nsub, at))
		return NULL;
	in += flat_of(e, x->tensor, at, x->nsub);
	return in->stmt ? in : NULL;
}

/* Is a the terms of a sum, written here, and b a value that is there before?
 * Where the order is free, each term is then one multiply-add on top of b. */
static bool
starts_sum(Emit *e, ExprId a, ExprId b)
{
	const Expr *x = &e->p->exprs.v[a], *y = &e->p->exprs.v[b];
	const Inlined *in;

	if (e->p->net->strict || x->op != E_READ || y->op != E_READ ||
	    e->sub[a] || inlined_at(e, y))
		return false;
	in = inlined_at(e, x);
	return in && in->stmt->nridx && (!of_samples(e, x->tensor) ||
	                                 along_lane(e, in->stmt->expr));
}

static void
put_sum(Emit *e, const Expr *x, int precedence)
{
	ExprId b = x->b;
	bool minus = x->op == E_SUB;

	if (!minus && starts_sum(e, x->a, b)) {
		put(e, precedence > P_ADD ? "(" : "");
		put_expr(e, b, P_ADD);
		put_inlined_terms(e, inlined_at(e, &e->p->exprs.v[x->a]));
		put(e, precedence > P_ADD ? ")" : "");
		return;
	}
	if (e->p->exprs.v[b].op == E_NEG && !e->sub[b]) {
		minus = !minus; /* a + -b is a - b in every bit */
		b = e->p->exprs.v[b].a;
	}
	if (minus && is_zero(e, x->a)) { /* gcc 12 makes 0 - b a plain -b */
		if (along_lane(e, b)) {
			e->use_minus_vector = true;
			put(e, e->prefix);
			put(e, "_minus");
			put(e, e->of_vector);
		} else {
			e->use_minus = true;
			put(e, e->prefix);
			put(e, "_minus");
		}
		put(e, "(");
		put_expr(e, b, P_ANY);
		put(e, ")");
		return;
	}
	put(e, precedence > P_ADD ? "(" : "");
	put_expr(e, x->a, P_ADD);
	put(e, minus ? " - " : " + ");
	put_expr(e, b, P_MUL);
	put(e, precedence > P_ADD ? ")" : "");
}

static void
put_fn(Emit *e, const Expr *x)
{
	bool kink = x->fn == FN_ABS || x->fn == FN_SIGN || x->fn == FN_FLOOR;
	bool vector = along_lane(e, x->a);

	if (vector)
		e->vector_fn[x->fn] = true;
	else
		e->fn[x->fn] = true;
	if (vector) {
		put(e, fmt(e->c, "bp_%s%s(", fn_name(x->fn), e->of_vector));
	} else if (e->trace && kink) {
		e->use_trace = e->use_hash = e->seen_fn[x->fn] = true;
		put(e, fmt(e->c, "%s_seen_%s(hash, ", e->prefix,
		    fn_name(x->fn)));
	} else {
		put(e, fmt(e->c, "bp_%s%s(", fn_name(x->fn), e->suffix));
	}
	put_expr(e, x->a, P_ANY);
	put(e, ")");
}

static void
put_negative(Emit *e, const Expr *x, int precedence)
{
	const Expr *a = &e->p->exprs.v[x->a];
	/* after another operator a minus sign gets parentheses */
	bool parens = precedence > P_ADD;

	put(e, parens ? "(-" : "-");
	if (a->op == E_NUM && signbit(a->num) && !e->sub[x->a]) {
		put(e, "(");
		put(e, literal(e, x->a));
		put(e, ")");
	} else {
		put_expr(e, x->a, P_UNARY + 1);
	}
	put(e, parens ? ")" : "");
}

static void
put_number(Emit *e, ExprId id, int precedence)
{
	const char *s = literal(e, id);

	if (*s == '-' && precedence > P_ADD) {
		put(e, "(");
		put(e, s);
		put(e, ")");
	} else {
		put(e, s);
	}
}

static void
put_value_of(Emit *e, ExprId id)
{
	if (along_lane(e, id)) {
		put(e, fmt(e->c, "bp_select%s(", e->of_vector));
		put_condition(e, id);
		put(e, fmt(e->c, ", bp_splat%s(%s), bp_splat%s(%s))",
		    e->of_vector, literal_text(e, 1), e->of_vector,
		    literal_text(e, 0)));
		return;
	}
	put(e, "(");
	put(e, e->real);
	put(e, ")(");
	put_condition(e, id);
	put(e, ")");
}

static void
put_select(Emit *e, const Expr *x, int precedence)
{
	bool vector = along_lane(e, x->b) || along_lane(e, x->c);

	if (along_lane(e, x->a)) {
		put(e, fmt(e->c, "bp_select%s(", e->of_vector));
		put_condition(e, x->a);
		put(e, ", ");
		put_vector(e, x->b, P_ANY);
		put(e, ", ");
		put_vector(e, x->c, P_ANY);
		put(e, ")");
		return;
	}
	put(e, precedence > P_ANY ? "(" : "");
	put_condition(e, x->a);
	put(e, " ? ");
	if (vector)
		put_vector(e, x->b, P_COND);
	else
		put_expr(e, x->b, P_COND);
	put(e, " : ");
	if (vector)
		put_vector(e, x->c, P_COND);
	else
		put_expr(e, x->c, P_COND);
	put(e, precedence > P_ANY ? ")" : "");
}

/* the samples in the gradient, or of the mini-batch; others have one */
static void
put_count(Emit *e)
{
	if (e->kernel != K_UPDATE && !in_phases(e->p, e->kernel)) {
		put(e, literal_text(e, 1));
		return;
	}
	e->use_count = true;
	*(e->kernel == K_UPDATE ? &e->use_n : &e->use_samples) = true;
	put(e, "count");
}

static bool
inlined_read(Emit *e, const Expr *x, int precedence)
{
	const Inlined *in = inlined_at(e, x);

	if (in)
		put_inlined(e, in, precedence);
	return in;
}

/* does the value differ from lane to lane? */
bool
along_lane(const Emit *e, ExprId id)
{
	const Expr *x = &e->p->exprs.v[id];
	uint32_t i;
	bool r;

	if (!id || !e->by_vectors)
		return false;
	if (e->along[id] >> 1 == e->along_now)
		return e->along[id] & 1;
	r = along_lane(e, x->a) || along_lane(e, x->b) ||
	         along_lane(e, x->c);
	for (i = 0; i < x->nsub && !r; i++)
		r = !e->p->subs.v[x->sub + i].indirect &&
		    aff_coef(e->p, e->p->subs.v[x->sub + i].id, e->lane);
	e->along[id] = e->along_now << 1 | r;
	return r;
}

/* the value of a target: a vector where that has one for each sample */
void
put_value_for(Emit *e, TensorId target, ExprId id, int precedence)
{
	if (of_samples(e, target))
		put_vector(e, id, precedence);
	else
		put_expr(e, id, precedence);
}

void
put_vector(Emit *e, ExprId id, int precedence)
{
	if (along_lane(e, id)) {
		put_expr(e, id, precedence);
		return;
	}
	e->use_vectors = true;
	put(e, fmt(e->c, "bp_splat%s(", e->of_vector));
	put_expr(e, id, P_ANY);
	put(e, ")");
}

void
put_expr(Emit *e, ExprId id, int precedence)
{
	const Expr x = e->p->exprs.v[id];

	if (e->sub[id]) {
		put(e, e->sub[id]);
		return;
	}
	switch (x.op) {
	case E_NONE:
		die(e->c, EX_SOFTWARE_, "a statement without expression");
	case E_NUM:
		put_number(e, id, precedence);
		break;
	case E_IDX:
		put_real(e, linear(e, x.aff));
		break;
	case E_CNT:
		put_count(e);
		break;
	case E_READ:
		if (!inlined_read(e, &x, precedence))
			put_read(e, x.tensor, &e->p->subs.v[x.sub], x.nsub);
		break;
	case E_PAD:
		put_pad(e, id, precedence);
		break;
	case E_ADD:
	case E_SUB:
		put_sum(e, &x, precedence);
		break;
	case E_MUL:
	case E_DIV:
		put(e, precedence > P_MUL ? "(" : "");
		put_expr(e, x.a, P_MUL);
		put(e, x.op == E_MUL ? "*" : "/");
		put_expr(e, x.b, P_UNARY);
		put(e, precedence > P_MUL ? ")" : "");
		break;
	case E_NEG:
		put_negative(e, &x, precedence);
		break;
	case E_LT: case E_LE: case E_EQ: case E_IEQ:
		put_value_of(e, id);
		break;
	case E_SEL:
		put_select(e, &x, precedence);
		break;
	case E_FN:
		put_fn(e, &x);
		break;
	case E_STOP:
		put_expr(e, x.a, precedence);
		break;
	}
}
