/* SPDX-License-Identifier: MIT
 * Expressions and subscripts in, C text out, with as few parentheses as the
 * meaning allows. */
#include <math.h>
#include <string.h>
#include "back.h"

enum { WIDTH = 80, TAB = 8 };

void
put(Emit *e, const char *s)
{
	text_put(e->out, s, strlen(s));
}

void
put_int(Emit *e, int64_t v)
{
	char buf[24], *s = buf + sizeof buf;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--s = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--s = '-';
	text_put(e->out, s, (size_t)(buf + sizeof buf - s));
}

/* ---- lines */

void
line_open(Emit *e)
{
	int i;

	e->line = e->out->n;
	for (i = 0; i < e->indent; i++)
		text_put(e->out, "\t", 1);
}

/* A line breaks before an operator or after = and commas, outside as many
 * parentheses as possible; never within a subscript. */
static bool
may_break(const char *s, size_t i, size_t n)
{
	if (s[i] != ' ' || !i || i + 2 >= n)
		return false;
	if (s[i - 1] == ',' || s[i - 1] == '=')
		return true;
	return strchr("+-?:&|", s[i + 1]) && s[i + 2] != '=';
}

static size_t
break_at(const char *s, size_t n, size_t width)
{
	size_t i, best = 0;
	int depth = 0, inside = 0, least = 1000;

	for (i = 0; i < n && (i < width || !best); i++) {
		depth += s[i] == '(';
		depth -= s[i] == ')';
		inside += s[i] == '[';
		inside -= s[i] == ']';
		if (inside || !may_break(s, i, n))
			continue;
		if (depth > least && best > width / 4)
			continue;
		best = i;
		least = depth;
	}
	return best;
}

void
line_wrap(Emit *e)
{
	Text *out = e->out;
	size_t start = e->line, n = out->n - start, width, at;
	size_t indent = (size_t)e->indent;
	char *line, *s;
	int i;

	if (n + indent * (TAB - 1) <= WIDTH)
		return;
	s = line = copy(e->c, out->s + start, n);
	out->n = start;
	width = WIDTH > indent * TAB + 30 ? WIDTH - indent * (TAB - 1) : 40;
	while (n > width) {
		at = break_at(s, n, width);
		if (!at || at + 1 >= n)
			break;
		text_put(out, s, at);
		text_put(out, "\n", 1);
		for (i = 0; i < e->indent; i++)
			text_put(out, "\t", 1);
		text_put(out, "    ", 4);
		s += at + 1;
		n -= at + 1;
		width = WIDTH > indent * TAB + 34 ? WIDTH - indent * TAB - 4 : 36;
	}
	text_put(out, s, n);
}

void
line_close(Emit *e, const char *end)
{
	put(e, end);
	line_wrap(e);
	text_put(e->out, "\n", 1);
	e->count++;
}

/* ---- numbers */

const char *
literal_text(Emit *e, double v)
{
	char buf[40];
	const char *s;

	if (e->p->dtype == F32)
		v = (double)(float)v;
	if (v != v || isinf(v)) {
		e->use_bits = true;
		return fmt(e->c, "bp_of_bits%s(%s)", e->suffix,
		           e->p->dtype == F32 ?
		           v != v ? "0x7fc00000u" : v < 0 ? "0xff800000u" :
		           "0x7f800000u" :
		           v != v ? "0x7ff8000000000000u" :
		           v < 0 ? "0xfff0000000000000u" :
		           "0x7ff0000000000000u");
	}
	s = number_text(v, e->p->dtype == F32, buf);
	return fmt(e->c, "%s%s", s, e->suffix);
}

static const char *
literal(Emit *e, ExprId id)
{
	if (!e->literal[id])
		e->literal[id] = literal_text(e, e->p->exprs.v[id].num);
	return e->literal[id];
}

const char *
local_name(Emit *e, const char *stem)
{
	return fmt(e->c, "%s%u", stem, ++e->fresh);
}

/* ---- affine forms over loop variables */

static void
linear_add(Emit *e, Linear *l, int64_t c, int var)
{
	int i;

	for (i = 0; i < l->n && l->t[i].var != var; i++)
		;
	if (i == (int)(sizeof l->t / sizeof l->t[0]))
		die(e->c, EX_SOFTWARE_, "a subscript of too many loops");
	if (i == l->n) {
		l->t[l->n].var = var;
		l->t[l->n++].c = 0;
	}
	l->t[i].c += c;
}

static void
linear_aff(Emit *e, Linear *l, AffId id, int64_t scale)
{
	const Aff *a = &e->p->affs.v[id];
	uint32_t i;
	int v;

	l->k += scale * a->k;
	for (i = 0; i < a->n; i++) {
		Term t = e->p->terms.v[a->term + i];
		const Bound *b = &e->env[t.i];
		l->k += scale * t.c * b->k;
		for (v = 0; v < b->vars; v++)
			linear_add(e, l, scale * t.c, b->var[v]);
	}
}

Linear
linear(Emit *e, AffId a)
{
	Linear l = { .k = 0 };

	linear_aff(e, &l, a, 1);
	return l;
}

bool
aff_value(Emit *e, AffId id, int64_t *value)
{
	const Aff *a = &e->p->affs.v[id];
	uint32_t i;

	*value = a->k;
	for (i = 0; i < a->n; i++) {
		Term t = e->p->terms.v[a->term + i];
		const Bound *b = &e->env[t.i];
		if (b->vars)
			return false;
		*value += t.c * b->k;
	}
	return true;
}

static void
put_term(Emit *e, int64_t c, int var)
{
	if (c != 1) {
		put_int(e, c);
		put(e, "*");
	}
	put(e, e->wide ? "(int64_t)" : "");
	put(e, e->vars.v[var].name);
}

/* positive terms first, the constant before them where there is none */
void
put_linear(Emit *e, const Linear *l, int precedence)
{
	bool begun = false, parens;
	int i, up = 0, down = 0;

	for (i = 0; i < l->n; i++) {
		up += l->t[i].c > 0;
		down += l->t[i].c < 0;
	}
	parens = precedence > P_ADD && (up + down + (l->k != 0) > 1 ||
	         l->k < 0 || (precedence > P_MUL && up + down == 1));
	put(e, parens ? "(" : "");
	for (i = 0; i < l->n; i++) {
		if (l->t[i].c <= 0)
			continue;
		put(e, begun ? " + " : "");
		put_term(e, l->t[i].c, l->t[i].var);
		begun = true;
	}
	if (!up && (l->k > 0 || !down)) {
		put_int(e, l->k);
		begun = true;
	}
	for (i = 0; i < l->n; i++) {
		if (l->t[i].c >= 0)
			continue;
		put(e, begun ? " - " : "-");
		put_term(e, -l->t[i].c, l->t[i].var);
		begun = true;
	}
	if (l->k < 0 ? up + down > 0 : up && l->k) {
		put(e, l->k < 0 ? " - " : " + ");
		put_int(e, l->k < 0 ? -l->k : l->k);
	}
	put(e, parens ? ")" : "");
}

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

/* [256*j + k], row-major, from `offset` on */
static void
put_index(Emit *e, TensorId t, const Sub *subs, uint32_t n, int64_t offset)
{
	int64_t stride[MAX_RANK + 2], s = 1;
	Linear l = { .k = offset };
	bool plain = true;
	uint32_t i;

	for (i = n; i-- > 0; s *= dim_of(e, t, i))
		stride[i] = s;
	put(e, "[");
	e->wide = is_big(e, t);
	for (i = 0; i < n; i++)
		if (!subs[i].indirect)
			linear_aff(e, &l, subs[i].id, stride[i]);
	for (i = 0; i < n; i++) {
		if (!subs[i].indirect)
			continue;
		if (stride[i] > 1) {
			put_int(e, stride[i]);
			put(e, "*");
		}
		put_within(e, subs[i].id, dim_of(e, t, i));
		plain = false;
		put(e, " + ");
	}
	put_linear(e, &l, plain ? P_ANY : P_ADD + 1);
	e->wide = false;
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

/* an element that straight line copies into a variable of its own */
static bool
has_local(Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	if (!e->load_locals || e->writers[t])
		return false;
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
	put(e, fmt(e->c, "%s_random(n, 0x%xu, %s, ", e->prefix, x->key,
	    x->batch ? "n->step, n->samples" : "0, 0"));
	for (i = n; i-- > x->batch; stride *= dim_of(e, t, i))
		strides[i] = stride;
	for (i = x->batch; i < n; i++)
		linear_aff(e, &l, subs[i].id, strides[i]);
	put_linear(e, &l, P_ANY);
	put(e, ")");
}

void
put_load_of(Emit *e, TensorId t, int64_t flat)
{
	const Tensor *x = &e->p->tensors.v[t];
	int64_t at[MAX_RANK + 2], rest = flat;
	uint32_t n = x->batch + (uint32_t)x->shape.rank, i;

	for (i = n; i-- > x->batch;) {
		at[i] = rest % dim_of(e, t, i);
		rest /= dim_of(e, t, i);
	}
	put_name(e, t, at, n);
	put(e, " = ");
	put_array(e, t);
	if (!is_plain_field(e, t)) {
		put(e, "[");
		put_int(e, flat + place_offset(e, t));
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
	} else if (s->how == ST_LOCAL) {
		if (!constant)
			die(e->c, EX_SOFTWARE_, "%s is no array", x->name);
		put_name(e, t, at, n);
	} else if (x->kind == T_CONST && !x->values) {
		die(e->c, EX_SOFTWARE_, "the table %s has no values", x->name);
	} else if (constant && x->kind == T_CONST) {
		put(e, literal_text(e, x->values[flat]));
	} else if (constant && has_local(e, t)) {
		put_load(e, t, at, n);
	} else {
		put_array(e, t);
		if (!is_plain_field(e, t))
			put_index(e, t, subs, n, place_offset(e, t));
	}
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

static bool
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
		e->use_minus = true;
		put(e, e->prefix);
		put(e, "_minus(");
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

	e->fn[x->fn] = true;
	if (e->trace && kink) {
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
	put(e, "(");
	put(e, e->real);
	put(e, ")(");
	put_condition(e, id);
	put(e, ")");
}

static void
put_select(Emit *e, const Expr *x, int precedence)
{
	put(e, precedence > P_ANY ? "(" : "");
	put_condition(e, x->a);
	put(e, " ? ");
	put_expr(e, x->b, P_COND);
	put(e, " : ");
	put_expr(e, x->c, P_COND);
	put(e, precedence > P_ANY ? ")" : "");
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

void
put_expr(Emit *e, ExprId id, int precedence)
{
	const Expr x = e->p->exprs.v[id];
	Linear l;

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
		l = linear(e, x.aff);
		if (!l.n) {
			put(e, literal_text(e, (double)l.k));
			break;
		}
		put(e, "(");
		put(e, e->real);
		put(e, ")");
		put_linear(e, &l, P_PRIMARY);
		break;
	case E_CNT:
		if (e->kernel == K_UPDATE) {
			e->use_n = e->use_count = true;
			put(e, "count");
		} else {
			put(e, literal_text(e, 1));
		}
		break;
	case E_READ:
		if (!inlined_read(e, &x, precedence))
			put_ref(e, x.tensor, &e->p->subs.v[x.sub], x.nsub);
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

/* ---- shared and deep parts of an expression get variables of their own */

enum { SHARED_SIZE = 8, DEEP = 24, LONG = 120 };

typedef VEC(ExprId) Ids;

static void
reach(Emit *e, ExprId root, Ids *all)
{
	Ids todo = { 0 };
	ExprId kids[3 + MAX_RANK + 2], id;
	uint32_t i, n;

	e->stamp++;
	e->mark[root] = e->stamp;
	PUSH(e->c, &todo, root);
	while (todo.n) {
		const Expr *x;
		id = todo.v[--todo.n];
		PUSH(e->c, all, id);
		e->refs[id] = 0;
		x = &e->p->exprs.v[id];
		kids[0] = x->a;
		kids[1] = x->b;
		kids[2] = x->c;
		for (i = 0, n = 3; i < x->nsub; i++)
			if (e->p->subs.v[x->sub + i].indirect)
				kids[n++] = e->p->subs.v[x->sub + i].id;
		for (i = 0; i < n; i++) {
			if (!kids[i] || e->mark[kids[i]] == e->stamp)
				continue;
			e->mark[kids[i]] = e->stamp;
			PUSH(e->c, &todo, kids[i]);
		}
	}
}

static void
sort_ids(Ids *a)
{
	uint32_t gap, i, j;
	ExprId v;

	for (gap = a->n / 2; gap; gap /= 2) {
		for (i = gap; i < a->n; i++) {
			v = a->v[i];
			for (j = i; j >= gap && a->v[j - gap] > v; j -= gap)
				a->v[j] = a->v[j - gap];
			a->v[j] = v;
		}
	}
}

static bool
may_hoist(const Emit *e, const Expr *x)
{
	if (x->op == E_READ || x->op == E_PAD) /* no integers */
		return e->p->tensors.v[x->tensor].kind == T_RAND;
	return x->op >= E_ADD && !is_condition(x->op) && x->op != E_STOP;
}

/* operands have smaller numbers than what is made of them */
static Hoists
find_hoists(Emit *e, ExprId root)
{
	Ids all = { 0 }, found = { 0 };
	uint32_t i, k;

	reach(e, root, &all);
	sort_ids(&all);
	for (i = 0; i < all.n; i++) {
		const Expr *x = &e->p->exprs.v[all.v[i]];
		ExprId kid[3] = { x->a, x->b, x->c };
		for (k = 0; k < 3; k++)
			if (kid[k])
				e->refs[kid[k]]++;
	}
	for (i = 0; i < all.n; i++) {
		ExprId id = all.v[i];
		const Expr *x = &e->p->exprs.v[id];
		ExprId kid[3] = { x->a, x->b, x->c };
		bool costly = x->op == E_FN || e->p->tensors.v[x->tensor].kind ==
		              T_RAND;
		e->size[id] = 1;
		e->depth[id] = 1;
		for (k = 0; k < 3; k++) {
			if (!kid[k])
				continue;
			e->size[id] += e->size[kid[k]];
			if (e->depth[kid[k]] >= e->depth[id])
				e->depth[id] = e->depth[kid[k]] + 1;
		}
		if (id == root || !may_hoist(e, x))
			continue;
		if ((e->refs[id] > 1 && (costly || e->size[id] >= SHARED_SIZE)) ||
		    e->depth[id] > DEEP || e->size[id] > LONG) {
			PUSH(e->c, &found, id);
			e->size[id] = e->depth[id] = 1;
		}
	}
	return (Hoists){ found.v, found.n };
}

/* what the text of an expression reads, and how often it stands there */
const Reads *
reads_of(Emit *e, ExprId root)
{
	const Hoists *h = hoists_of(e, root);
	Ids all = { 0 };
	Reads *r;
	uint32_t i, k;

	if (e->reads[root])
		return e->reads[root];
	r = mem(e->c, sizeof *r);
	reach(e, root, &all);
	sort_ids(&all);
	r->v = mem(e->c, (all.n + 1) * sizeof *r->v);
	r->times = mem(e->c, all.n + 1);
	for (i = 0; i < h->n; i++)   /* written once, whoever uses it */
		e->mark[h->v[i]] = 0;
	e->refs[root] = 1;
	for (i = all.n; i-- > 0;) {
		ExprId id = all.v[i];
		const Expr *x = &e->p->exprs.v[id];
		ExprId kid[3] = { x->a, x->b, x->c };
		uint32_t times = e->mark[id] ? e->refs[id] : 1;
		for (k = 0; k < 3; k++)
			if (kid[k] && (e->refs[kid[k]] += times) > 2)
				e->refs[kid[k]] = 2;
		if (x->op == E_READ || x->op == E_PAD) {
			for (k = 0; k < x->nsub; k++)
				if (e->p->subs.v[x->sub + k].indirect)
					e->refs[e->p->subs.v[x->sub + k].id] = 2;
			r->times[r->n] = (uint8_t)times;
			r->v[r->n++] = id;
		}
	}
	e->reads[root] = r;
	return r;
}

const Hoists *
hoists_of(Emit *e, ExprId root)
{
	if (!e->hoists[root]) {
		e->hoists[root] = mem(e->c, sizeof(Hoists));
		*e->hoists[root] = find_hoists(e, root);
	}
	return e->hoists[root];
}

bool
hoists_begin(Emit *e, ExprId root)
{
	const Hoists *h = hoists_of(e, root);
	const char *name;
	uint32_t i;

	for (i = 0; i < h->n; i++) {
		name = local_name(e, "sub");
		line_open(e);
		put(e, "const ");
		put(e, e->real);
		put(e, " ");
		put(e, name);
		put(e, " = ");
		put_expr(e, h->v[i], P_ANY);
		line_close(e, ";");
		e->sub[h->v[i]] = name;
	}
	return h->n > 0;
}

void
hoists_end(Emit *e, ExprId root)
{
	const Hoists *h = hoists_of(e, root);
	uint32_t i;

	for (i = 0; i < h->n; i++)
		e->sub[h->v[i]] = NULL;
}
