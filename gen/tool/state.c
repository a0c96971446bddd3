/* SPDX-License-Identifier: MIT
 * What NAME_save writes, taken apart into arrays by name, and put together. */
#include <inttypes.h>
#include <string.h>
#include "../data/arrays.h"
#include "state.h"

typedef struct {
	Ctx *c;
	Program *p;
	const char *prefix;
	TensorIds kept;
	unsigned char *blob;
	size_t size;
} State;

static State
state_of(Ctx *c, Net *n, const char *prefix)
{
	State s = {.c = c, .p = net_program(n), .prefix = prefix};
	size_t cap = net_bytes(n) + 4096;

	s.blob = mem(c, cap);
	s.size = net_save(n, s.blob, cap);
	saved_tensors(c, s.p, &s.kept);
	return s;
}

/* the tensor as an array without values; false: a weight or statistic that
 * needs no place here, as it is one of the file's own */
static bool
array_of(const State *s, TensorId id, Array *a)
{
	const Tensor *t = &s->p->tensors.v[id];
	bool own = t->kind == T_WEIGHT || t->kind == T_STATISTIC;

	*a = (Array){.dtype = s->p->dtype, .shape = t->shape,
	             .count = (size_t)shape_size(&t->shape)};
	a->name = fmt(s->c, "%s%s%s", s->prefix, own ? "" : "state/",
	              t->name);
	return !own || *s->prefix;
}

static void
put_counter(const State *s, Arrays *to, const char *name, int at, int bytes)
{
	note_put(s->c, to, fmt(s->c, "%sstate/%s", s->prefix, name), "%" PRIu64,
	         little_endian(s->blob + at, bytes));
}

void
state_put(Ctx *c, Net *n, Arrays *to, const char *prefix)
{
	State s = state_of(c, n, prefix);
	const unsigned char *at = s.blob + SAVED_HEAD;
	Array a;
	uint32_t i;

	put_counter(&s, to, "random", SAVED_RANDOM, 8);
	put_counter(&s, to, "step", SAVED_STEP, 4);
	put_counter(&s, to, "samples", SAVED_SAMPLES, 4);
	for (i = 0; i < s.kept.n; i++) {
		if (array_of(&s, s.kept.v[i], &a)) {
			reals_read(c, at, &a);
			PUSH(c, &to->v, a);
		}
		at += a.count * net_real(n);
	}
}

static bool
take_counter(const State *s, const Arrays *from, const char *name, int at,
	int bytes)
{
	Text t = {s->c, NULL, 0, 0};
	uint64_t v;

	if (!note_whole(from, fmt(s->c, "%sstate/%s", s->prefix, name), &v))
		return false;
	put_little_endian(&t, v, bytes);
	memcpy(s->blob + at, t.s, (size_t)bytes);
	return true;
}

static bool
take_array(const State *s, const Arrays *from, const Array *want,
	unsigned char *at)
{
	const Array *a = array_find(from, want->name);
	Text t = {s->c, NULL, 0, 0};
	Array real;

	if (!a || a->count != want->count)
		return false;
	real = *a;
	real.dtype = want->dtype;
	reals_put(&t, &real);
	memcpy(at, t.s, t.n);
	return true;
}

/* a new blob from the network's own, whose head and gradients remain */
bool
state_take(Ctx *c, Net *n, const Arrays *from, const char *prefix)
{
	State s = state_of(c, n, prefix);
	unsigned char *at = s.blob + SAVED_HEAD;
	Text crc = {c, NULL, 0, 0};
	Array a;
	uint32_t i;

	if (!take_counter(&s, from, "random", SAVED_RANDOM, 8) ||
	    !take_counter(&s, from, "step", SAVED_STEP, 4) ||
	    !take_counter(&s, from, "samples", SAVED_SAMPLES, 4))
		return false;
	for (i = 0; i < s.kept.n; i++) {
		if (array_of(&s, s.kept.v[i], &a) &&
		    !take_array(&s, from, &a, at))
			return false;
		at += a.count * net_real(n);
	}
	put_little_endian(&crc, crc32_of(0, s.blob, s.size - 4), 4);
	memcpy(s.blob + s.size - 4, crc.s, 4);
	return net_load(n, s.blob, s.size) == 0;
}
