/* SPDX-License-Identifier: MIT
 * A tensor and its subscripts in, the C text of the array and of the place
 * within it out. */
#include "back.h"

/* the size that a subscript runs over; the sample has none */
int64_t
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

/* ---- where it lies */

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
int64_t
sample_stride(const Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	if (e->k->store[t].how != ST_ARG)
		return layout_sample_stride(x, &e->k->layout[t]);
	return x->kind == T_INPUT || x->kind == T_NEXT ? e->p->net->inputs :
	       x->kind == T_TARGET ? e->p->net->targets : e->p->net->outputs;
}

/* The subscript of a dimension in panels: loops over panels step from one to
 * the next, others stay within.  False: something does both. */
static bool
panel_form(Emit *e, const Linear *at, int32_t panel, int64_t stride,
	Linear *sum)
{
	int64_t most = at->k % panel;
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
void
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

/* ---- the array */

void
put_array(Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	switch (e->k->store[t].how) {
	case ST_ARG:
		e->use_x |= x->kind == T_INPUT;
		e->use_next |= x->kind == T_NEXT;
		e->use_t |= x->kind == T_TARGET;
		e->use_y |= x->kind == T_OUTPUT;
		put(e, x->kind == T_INPUT ? "x" : x->kind == T_NEXT ? "next" :
		    x->kind == T_TARGET ? "t" : "y");
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

int64_t
place_offset(const Emit *e, TensorId t)
{
	const Tensor *x = &e->p->tensors.v[t];

	if (e->k->store[t].how == ST_ARG ||
	    (x->kind == T_OUTPUT && e->k->store[t].how == ST_FIELD))
		return x->place;
	return 0;
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
