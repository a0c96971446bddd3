/* SPDX-License-Identifier: MIT
 * Expressions and subscripts in, C text out, with as few parentheses as the
 * meaning allows. */
#include <math.h>
#include <string.h>
#include "back.h"

/* ---- reads */

uint8_t *
bytes_of(Emit *e, uint8_t **table, TensorId t)
{
	int64_t n = tensor_size(&e->p->tensors.v[t]);

	if (!table[t])
		table[t] = mem(e->c, (size_t)n + 1);
	return table[t];
}

/* the size that a subscript runs over; the sample has none */
static int64_t
dim_of(const Emit *e, TensorId id, uint32_t k)
{
	const Tensor *t = &e->p->tensors.v[id];

	if (t->batch)
		return k ? t->shape.dim[k - 1] : 1;
	return t->shape.dim[k];
}

int64_t
flat_of(const Emit *e, TensorId t, const int64_t *at, uint32_t n)
{
	int64_t r = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		r = r * dim_of(e, t, i) + at[i];
	return r;
}

bool
subs_const(Emit *e, const Sub *subs, uint32_t n, int64_t *at)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (subs[i].indirect || !aff_value(e, subs[i].id, &at[i]))
			return false;
	return true;
}

/* z1_0_2: the sample's subscript is left out */
static void
put_name(Emit *e, TensorId t, const int64_t *at, uint32_t n)
{
	const Tensor *x = &e->p->tensors.v[t];
	uint32_t i;

	put(e, cname(e->names, t));
	for (i = x->batch; i < n; i++) {
		put(e, "_");
		put_int(e, at[i]);
	}
	/* t alone is the argument */
	if (!x->shape.rank && (x->kind == T_INPUT || x->kind == T_TARGET ||
	    x->kind == T_OUTPUT))
		put(e, "_0");
}

static bool
is_big(const Emit *e, TensorId t)
{
	return tensor_size(&e->p->tensors.v[t]) +
	       e->p->tensors.v[t].place > INT32_MAX;
}

/* an integer from a tensor; outside of 0..size-1 it counts as 0 */
static void
put_within(Emit *e, ExprId id, int64_t size)
{
	e->use_within = true;
	put(e, e->wide ? "(int64_t)" : "");
	put(e, e->prefix);
	put(e, "_within(");
	put_expr(e, id, P_ANY);
	put(e, ", ");
	put_int(e, size);
	put(e, ")");
}

/* reals from one sample to the next */
static int64_t
sample_stride(const Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	if (e->k->store[t].how != ST_ARG)
		return layout_sample_stride(x, &e->k->layout[t]);
	return x->kind == T_INPUT ? e->p->net->inputs :
	       x->kind == T_TARGET ? e->p->net->targets : e->p->net->outputs;
}

/* The subscript of a dimension in panels: loops over panels step from one to
 * the next, others stay within.  False: a variable does both. */
static bool
panel_form(Emit *e, const Linear *at, int32_t panel, int64_t stride,
	Linear *sum)
{
	int64_t most = at->k;
	int i;

	for (i = 0; i < at->n; i++) {
		const Var *v = &e->vars.v[at->t[i].var];
		if (at->t[i].c != 1)
			return false;
		if (v->step % panel)
			most += v->most;
	}
	if (most >= panel && at->n)
		return false;
	for (i = 0; i < at->n; i++) {
		const Var *v = &e->vars.v[at->t[i].var];
		sum->t[sum->n] = at->t[i];
		sum->t[sum->n++].c = v->step % panel ? 1 : stride;
	}
	sum->vectors += at->vectors;
	sum->k += at->k % panel + at->k / panel * panel * stride;
	return true;
}

/* one panel after the other: 784*(j - j%32) + j%32 + the rest */
static void
put_panels(Emit *e, const Linear *at, int32_t panel, int64_t stride)
{
	bool plain = at->n == 1 && at->t[0].c == 1 && !at->k && !at->vectors;
	int precedence = plain ? P_ANY : P_PRIMARY;

	put_int(e, stride);
	put(e, "*(");
	put_linear(e, at, P_ADD);
	put(e, " - ");
	put_linear(e, at, precedence);
	put(e, fmt(e->c, "%%%d) + ", panel));
	put_linear(e, at, precedence);
	put(e, fmt(e->c, "%%%d + ", panel));
}

/* 256*j + k: where the element lies, from `offset` on */
static void
put_place(Emit *e, TensorId t, const Sub *subs, uint32_t n, int64_t offset)
{
	const Tensor *x = &e->p->tensors.v[t];
	const Layout *lay = &e->k->layout[t];
	int64_t strides[MAX_RANK], stride, panels;
	Linear l = { .k = offset }, at;
	bool plain = true;
	uint32_t i;

	layout_strides(x, lay, strides);
	panels = layout_panel_stride(x, lay, e->k->samples);
	e->wide = is_big(e, t);
	for (i = 0; i < n; i++) {
		stride = i < x->batch ? sample_stride(e, t) :
		         strides[i - x->batch];
		if (subs[i].indirect) {
			put(e, stride > 1 ? fmt(e->c, "%lld*",
			    (long long)stride) : "");
			put_within(e, subs[i].id, dim_of(e, t, i));
			put(e, " + ");
			plain = false;
		} else if (i == x->batch + (uint32_t)lay->lane &&
		           lay->panel < lay->padded) {
			at = linear(e, subs[i].id);
			if (!panel_form(e, &at, lay->panel, panels, &l)) {
				put_panels(e, &at, lay->panel, panels);
				plain = false;
			}
		} else {
			linear_aff(e, &l, subs[i].id, stride);
		}
	}
	put_linear(e, &l, plain ? P_ANY : P_ADD + 1);
	e->wide = false;
}

static void
put_index(Emit *e, TensorId t, const Sub *subs, uint32_t n, int64_t offset)
{
	put(e, "[");
	put_place(e, t, subs, n, offset);
	put(e, "]");
}

static void
put_array(Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	switch (e->k->store[t].how) {
	case ST_ARG:
		e->use_x |= x->kind == T_INPUT;
		e->use_t |= x->kind == T_TARGET;
		e->use_y |= x->kind == T_OUTPUT;
		put(e, x->kind == T_INPUT ? "x" : x->kind == T_TARGET ? "t" :
		    "y");
		break;
	case ST_FIELD:
		e->use_n = true;
		put(e, "n->");
		put(e, x->kind == T_OUTPUT ? "dx" : cname(e->names, t));
		break;
	case ST_TABLE:
		e->table[t] = true;
		put(e, e->prefix);
		put(e, "_");
		put(e, cname(e->names, t));
		break;
	case ST_WORK:
		e->use_n = true;
		e->alias[t] = true;
		put(e, cname(e->names, t));
		break;
	case ST_NONE:
	case ST_LOCAL:
		die(e->c, EX_SOFTWARE_, "tensor %s has no place", x->name);
	}
}

static int64_t
place_offset(const Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	if (e->k->store[t].how == ST_ARG ||
	    (x->kind == T_OUTPUT && e->k->store[t].how == ST_FIELD))
		return x->place;
	return 0;
}

/* does it have a value for each sample of a vector? */
bool
of_samples(const Emit *e, TensorId t)
{
	return e->k->by_samples && e->p->tensors.v[t].batch;
}

/* an element that straight line copies into a variable of its own */
static bool
has_local(Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	if (!e->load_locals || e->writers[t])
		return false;
	if (of_samples(e, t))
		return true;
	if (e->kernel == K_UPDATE || e->kernel == K_INIT)
		return x->kind == T_NET;
	return x->kind == T_INPUT || x->kind == T_TARGET ||
	       x->kind == T_WEIGHT || x->kind == T_NET;
}

static void
put_load(Emit *e, TensorId t, const int64_t *at, uint32_t n)
{
	uint8_t *loaded = bytes_of(e, e->loaded, t);
	int64_t flat = flat_of(e, t, at, n);
	Load l = { t, flat };

	if (!loaded[flat]) {
		loaded[flat] = 1;
		PUSH(e->c, &e->loads, l);
	}
	put_name(e, t, at, n);
}

/* the store's rank-0 fields are plain numbers */
static bool
is_plain_field(const Emit *e, TensorId t)
{
	return e->p->tensors.v[t].kind == T_NET &&
	       !e->p->tensors.v[t].shape.rank;
}

static void
put_random(Emit *e, TensorId t, const Sub *subs, uint32_t n)
{
	const Tensor *x = &e->p->tensors.v[t];
	int64_t stride = 1, strides[MAX_RANK + 2];
	Linear l = { .k = 0 };
	uint32_t i;

	e->use_random = true;
	e->use_n = true;
	put(e, fmt(e->c, "%s_random(n, 0x%xu, %s", e->prefix, x->key,
	    x->batch ? "n->step, n->samples" : "0, 0"));
	if (x->batch && e->k->samples > 1) {
		put(e, " + (uint32_t)");
		l = linear(e, subs[0].id);
		put_linear(e, &l, P_PRIMARY);
		l = (Linear){ .k = 0 };
	}
	put(e, ", ");
	for (i = n; i-- > x->batch; stride *= dim_of(e, t, i))
		strides[i] = stride;
	for (i = x->batch; i < n; i++)
		linear_aff(e, &l, subs[i].id, strides[i]);
	put_linear(e, &l, P_ANY);
	put(e, ")");
}

/* one element of each sample of a vector: x + 4*s + 2 */
void
put_sample_address(Emit *e, TensorId t, int64_t flat)
{
	int64_t stride = sample_stride(e, t);

	put_array(e, t);
	put(e, " + ");
	put(e, stride > 1 ? fmt(e->c, "%lld*s", (long long)stride) : "s");
	put(e, flat ? fmt(e->c, " + %lld", (long long)flat) : "");
	e->use_vectors = true;
}

static void
put_samples_of(Emit *e, TensorId t, int64_t flat)
{
	put(e, fmt(e->c, "bp_gather%s(", e->of_vector));
	put_sample_address(e, t, flat);
	put(e, fmt(e->c, ", %lld, rest)", (long long)sample_stride(e, t)));
}

void
put_load_of(Emit *e, TensorId t, int64_t flat)
{
	const Tensor *x = &e->p->tensors.v[t];
	int64_t at[MAX_RANK + 2] = { 0 }, rest = flat;
	uint32_t n = x->batch + (uint32_t)x->shape.rank, i;

	for (i = n; i-- > x->batch;) {
		at[i] = rest % dim_of(e, t, i);
		rest /= dim_of(e, t, i);
	}
	put_name(e, t, at, n);
	put(e, " = ");
	if (of_samples(e, t)) {
		put_samples_of(e, t, layout_flat(x, &e->k->layout[t], at +
		               x->batch) + place_offset(e, t));
		return;
	}
	put_array(e, t);
	if (!is_plain_field(e, t)) {
		put(e, "[");
		put_int(e, layout_flat(x, &e->k->layout[t], at + x->batch) +
		        place_offset(e, t));
		put(e, "]");
	}
}

void
put_ref(Emit *e, TensorId t, const Sub *subs, uint32_t n)
{
	const Tensor *x = &e->p->tensors.v[t];
	const Store *s = &e->k->store[t];
	int64_t at[MAX_RANK + 2], flat = 0;
	bool constant = subs_const(e, subs, n, at);

	if (x->kind == T_RAND) {
		put_random(e, t, subs, n);
		return;
	}
	if (constant)
		flat = flat_of(e, t, at, n);
	if (s->how == ST_LOCAL && s->offset == LOCAL_SCALAR) {
		put(e, cname(e->names, t));
	} else if (s->how == ST_LOCAL && s->offset == LOCAL_TILE) {
		put(e, cname(e->names, t));
		put(e, e->place);
	} else if (s->how == ST_LOCAL) {
		if (!constant)
			die(e->c, EX_SOFTWARE_, "%s is no array", x->name);
		put(e, e->joined && e->joined[t] ? e->joined[t] : "");
		put_name(e, t, at, n);
		put(e, e->joined && e->joined[t] ? ")" : "");
	} else if (x->kind == T_CONST && !x->values) {
		die(e->c, EX_SOFTWARE_, "the table %s has no values", x->name);
	} else if (constant && x->kind == T_CONST) {
		put(e, literal_text(e, x->values[flat]));
	} else if (is_plain_field(e, t) && !e->writers[t] && e->net_numbers) {
		e->use_n = true;
		e->number[t] = true;
		put(e, cname(e->names, t));
	} else if (constant && has_local(e, t)) {
		put_load(e, t, at, n);
	} else {
		put_array(e, t);
		if (!is_plain_field(e, t))
			put_index(e, t, subs, n, place_offset(e, t));
	}
}

/* ---- reads of a vector */

/* what a step along the lanes is worth within a tensor; 0: nothing */
static int64_t
lane_stride(const Emit *e, TensorId t, const Sub *subs, uint32_t n)
{
	const Tensor *x = &e->p->tensors.v[t];
	int64_t strides[MAX_RANK], r = 0;
	uint32_t i;

	layout_strides(x, &e->k->layout[t], strides);
	for (i = 0; i < n; i++)
		if (!subs[i].indirect)
			r += aff_coef(e->p, subs[i].id, e->lane) *
			     (i < x->batch ? sample_stride(e, t) :
			      strides[i - x->batch]);
	return r;
}

/* how many lanes from here on exist; true where that may be less than all */
bool
put_rest(Emit *e, bool whole)
{
	int32_t extent = e->p->index.v[e->lane].extent;
	Linear l = { .k = 0 };

	if (whole || extent % layout_round(1) == 0) {
		put(e, e->lanes);
		return false;
	}
	linear_aff(e, &l, aff_addk(e->p, aff_mul(e->p, aff_var(e->p, e->lane),
	           -1), extent), 1);
	put_linear(e, &l, P_ANY);
	return true;
}

/* does the tensor end within a vector? */
bool
ends_early(const Emit *e, TensorId t)
{
	int32_t extent = e->p->index.v[e->lane].extent;

	if (extent % layout_round(1) == 0)
		return false;
	return e->k->store[t].how == ST_ARG ||
	       e->k->layout[t].padded < layout_round(extent);
}

void
put_address(Emit *e, TensorId t, const Sub *subs, uint32_t n)
{
	size_t at;

	put_array(e, t);
	put(e, " + ");
	at = e->out->n;
	put_place(e, t, subs, n, place_offset(e, t));
	if (e->out->n == at + 1 && e->out->s[at] == '0') {
		e->out->n = at - 3;
		e->out->s[e->out->n] = 0;
	}
}

/* as vector or number, not as the variable that may hold it */
void
put_read_text(Emit *e, TensorId t, const Sub *subs, uint32_t n)
{
	const Store *s = &e->k->store[t];
	int64_t stride = lane_stride(e, t, subs, n);
	bool early;

	if (s->how == ST_LOCAL || !stride) {
		put_ref(e, t, subs, n);
		return;
	}
	e->use_vectors = true;
	early = ends_early(e, t);
	put(e, stride != 1 ? "bp_gather" : early ? "bp_load_rest" : "bp_load");
	put(e, e->of_vector);
	put(e, "(");
	put_address(e, t, subs, n);
	if (stride != 1) {
		put(e, ", ");
		put_int(e, stride);
	}
	if (stride != 1 || early) {
		put(e, ", ");
		put_rest(e, false);
	}
	put(e, ")");
}

/* a read that has a variable already is that variable */
static void
put_read(Emit *e, TensorId t, const Sub *subs, uint32_t n)
{
	Text text = { .c = e->c }, *out = e->out;
	uint32_t i;

	if (!e->by_vectors || e->k->by_samples) {
		put_ref(e, t, subs, n);
		return;
	}
	if (!e->named.n) {
		put_read_text(e, t, subs, n);
		return;
	}
	e->out = &text;
	put_read_text(e, t, subs, n);
	e->out = out;
	for (i = 0; i < e->named.n; i++)
		if (!strcmp(e->named.v[i].text, text.s)) {
			put(e, e->named.v[i].name);
			return;
		}
	text_put(e->out, text.s, text.n);
}

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

static void
put_pad(Emit *e, ExprId id, int precedence)
{
	Expr x = e->p->exprs.v[id];
	int where = inside(e, &x);

	if (where == 0) {
		put(e, literal_text(e, 0));
	} else if (where > 0) {
		put_ref(e, x.tensor, &e->p->subs.v[x.sub], x.nsub);
	} else {
		put(e, precedence > P_ANY ? "(" : "");
		put_inside(e, &x);
		put(e, " ? ");
		put_ref(e, x.tensor, &e->p->subs.v[x.sub], x.nsub);
		put(e, " : ");
		put(e, literal_text(e, 0));
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

static void
put_condition(Emit *e, ExprId id)
{
	const Expr x = e->p->exprs.v[id];
	static const char *const sign[] = {
		[E_LT] = " < ", [E_LE] = " <= ", [E_EQ] = " == "
	};
	Linear l;

	if (e->trace) {
		e->use_trace = e->use_hash = true;
		put(e, fmt(e->c, "%s_seen(hash, ", e->prefix));
	}
	if (x.op == E_IEQ) {
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
	if (e->trace)
		put(e, ")");
}

static bool
is_zero(const Emit *e, ExprId id)
{
	const Expr *x = &e->p->exprs.v[id];

	return x->op == E_NUM && x->num == 0 && !signbit(x->num);
}

static void
put_sum(Emit *e, const Expr *x, int precedence)
{
	ExprId b = x->b;
	bool minus = x->op == E_SUB;

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

/* an index as a number */
static void
put_index_value(Emit *e, AffId a)
{
	Linear l = linear(e, a);

	if (!l.n) {
		put(e, literal_text(e, (double)l.k));
		return;
	}
	put(e, "(");
	put(e, e->real);
	put(e, ")");
	put_linear(e, &l, P_PRIMARY);
}

/* the samples in the gradient; the other kernels have one */
static void
put_count(Emit *e)
{
	if (e->kernel != K_UPDATE && e->kernel != K_STEP) {
		put(e, literal_text(e, 1));
		return;
	}
	e->use_n |= e->kernel == K_UPDATE;
	e->use_samples |= e->kernel == K_STEP;
	e->use_count = true;
	put(e, "count");
}

/* a temporary without a name of its own that is used once: its value here */
static bool
inlined_read(Emit *e, const Expr *x, int precedence)
{
	int64_t at[MAX_RANK + 2];
	const Sub *subs = &e->p->subs.v[x->sub];
	const Inlined *in = e->inlined[x->tensor];

	if (!in || !subs_const(e, subs, x->nsub, at))
		return false;
	in += flat_of(e, x->tensor, at, x->nsub);
	if (!in->stmt)
		return false;
	put_inlined(e, in, precedence);
	return true;
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
		put_index_value(e, x.aff);
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
