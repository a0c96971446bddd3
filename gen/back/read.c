/* SPDX-License-Identifier: MIT
 * A read of an element, or of one for each lane of a vector, in; C text out. */
#include <string.h>
#include "back.h"

uint8_t *
bytes_of(Emit *e, uint8_t **table, TensorId t)
{
	int64_t n = tensor_size(&e->p->tensors.v[t]);

	if (!table[t])
		table[t] = mem(e->c, (size_t)n + 1);
	return table[t];
}

/* ---- elements */

/* does it have a value for each sample of a vector? */
bool
of_samples(const Emit *e, TensorId t)
{
	return e->k->by_samples && e->p->tensors.v[t].batch;
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

static void
put_index(Emit *e, TensorId t, const Sub *subs, uint32_t n, int64_t offset)
{
	put(e, "[");
	put_place(e, t, subs, n, offset);
	put(e, "]");
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

/* ---- vectors */

/* what a step along the lanes is worth within a tensor; 0: nothing */
int64_t
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

/* may the last vector have less lanes than others? */
bool
lanes_end(const Emit *e)
{
	int32_t extent = e->lane == SAMPLE ? e->k->samples :
	                 e->p->index.v[e->lane].extent;

	return (e->lane == SAMPLE && !e->k->exact) ||
	       extent % layout_round(1) != 0;
}

/* how many lanes from here on exist */
void
put_rest(Emit *e)
{
	int32_t extent = e->p->index.v[e->lane].extent;
	Linear l = { .k = 0 };

	if (!lanes_end(e)) {
		put(e, e->lanes);
		return;
	}
	if (e->lane == SAMPLE) {
		put(e, extent_text(e, SAMPLE));
		put(e, " - ");
		l = linear(e, aff_var(e->p, SAMPLE));
		put_linear(e, &l, P_MUL);
		return;
	}
	linear_aff(e, &l, aff_addk(e->p, aff_mul(e->p, aff_var(e->p, e->lane),
	           -1), extent), 1);
	put_linear(e, &l, P_ANY);
}

/* Does the tensor end within a vector?  One that is written in parts (j + 3)
 * must keep what lies behind the part. */
bool
ends_early(const Emit *e, TensorId t, const Sub *subs, bool written)
{
	int32_t extent = e->p->index.v[e->lane].extent, room;
	const Layout *l = &e->k->layout[t];
	const Tensor *x = &e->p->tensors.v[t];
	const Sub *s = &subs[l->lane + x->batch];

	if (e->lane == SAMPLE)
		return e->k->layout[t].lane != ABREAST && lanes_end(e);
	if (extent % layout_round(1) == 0)
		return false;
	room = layout_round(extent) + (l->panel < l->padded ? 0 :
	                               e->p->affs.v[s->id].k);
	return e->k->store[t].how == ST_ARG || l->padded < room ||
	       (written && x->shape.dim[l->lane] != extent);
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
	early = ends_early(e, t, subs, false);
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
		put_rest(e);
	}
	put(e, ")");
}

/* a read that has a variable already is that variable */
void
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
