/* SPDX-License-Identifier: MIT
 * Prints one hash for each function of the runtime, over a few hundred thousand
 * arguments: the same lines from every compiler, or the promise is broken. */
#include <stdio.h>
#include "bp.h"

#ifndef COUNT
#define COUNT 100000u
#endif

static uint64_t
add(uint64_t hash, uint64_t v)
{
	return bp_mix(hash ^ v);
}

/* which NaN it is may differ */
static uint64_t
addf(uint64_t hash, float y)
{
	return add(hash, y == y ? bp_bitsf(y) : 0x7fc00000u);
}

static uint64_t
addd(uint64_t hash, double y)
{
	return add(hash, y == y ? bp_bits(y) : 0x7ff8000000000000u);
}

/* all magnitudes in turn with those that occur in networks, both signs */
static float
argumentf(uint32_t i)
{
	uint32_t u = bp_random(1, 2, 3, 0, i);

	if (i % 3u == 0)
		return bp_of_bitsf(u);
	if (i % 3u == 1)
		return (bp_uniformf(u) - 0.5f)*4.0f;
	return (bp_uniformf(u) - 0.5f)*200.0f;
}

static double
argument(uint32_t i)
{
	uint64_t u = (uint64_t)bp_random(1, 2, 4, 0, i) << 32 |
		bp_random(1, 2, 4, 1, i);

	if (i % 3u == 0)
		return bp_of_bits(u);
	if (i % 3u == 1)
		return (bp_of_bits(u >> 12 | 0x3ff0000000000000u) - 1.5)*4.0;
	return (bp_of_bits(u >> 12 | 0x3ff0000000000000u) - 1.5)*1500.0;
}

static void
print(const char *name, uint64_t hash)
{
	printf("%s %08lx%08lx\n", name, (unsigned long)(hash >> 32),
	       (unsigned long)(hash & 0xffffffffu));
}

/* a call by name, and one in a loop that compilers may turn into vectors */
#define TRY(name) do { \
	uint64_t h = 0; \
	uint32_t i, k; \
	for (i = 0; i < COUNT; i += 64u) { \
		float x[64], y[64]; \
		for (k = 0; k < 64u; k++) \
			x[k] = argumentf(i + k); \
		for (k = 0; k < 64u; k++) \
			y[k] = bp_##name##f(x[k]); \
		for (k = 0; k < 64u; k++) \
			h = addf(h, y[k]); \
	} \
	print(#name "f", h); \
	h = 0; \
	for (i = 0; i < COUNT; i += 64u) { \
		double x[64], y[64]; \
		for (k = 0; k < 64u; k++) \
			x[k] = argument(i + k); \
		for (k = 0; k < 64u; k++) \
			y[k] = bp_##name(x[k]); \
		for (k = 0; k < 64u; k++) \
			h = addd(h, y[k]); \
	} \
	print(#name, h); \
} while (0)

/* what contraction would change: a*b + c in every spelling */
static void
arithmetic(void)
{
	uint64_t h = 0;
	uint32_t i;
	float s = 0.0f;
	double t = 0.0;

	for (i = 0; i < COUNT; i++) {
		float a = argumentf(3u*i + 1u), b = argumentf(3u*i + 4u), p;
		double c = argument(3u*i + 1u), d = argument(3u*i + 4u);

		s = s*0.5f + a*b;
		p = a*b;
		s = s - p;
		t = t*0.5 + c*d;
		t -= c*a;
		h = addf(h, s);
		h = addd(h, t);
	}
	print("arithmetic", h);
}

static void
draws(void)
{
	uint64_t h = 0;
	uint32_t i;

	for (i = 0; i < COUNT; i++) {
		uint32_t u = bp_random((uint64_t)i << 29, i, i*7u, i >> 3, ~i);

		h = add(h, u);
		h = addf(h, bp_uniformf(u));
		h = addd(h, bp_uniform(u));
	}
	print("random", h);
}

static void
bytes(void)
{
	unsigned char p[24];
	uint64_t h = 0;
	uint32_t i, crc = 0;

	for (i = 0; i < COUNT/16u; i++) {
		bp_put_u32(p, i*2654435761u);
		bp_put_f32(p + 4, argumentf(3u*i + 1u));
		bp_put_f64(p + 8, argument(3u*i + 1u));
		bp_put_u64(p + 16, bp_mix(i));
		crc = bp_crc32(crc, p, sizeof p);
		h = add(h, bp_get_u64(p + 4) ^ bp_get_u64(p + 12));
	}
	print("bytes", add(h, crc));
}

int
main(void)
{
	TRY(exp);
	TRY(log);
	TRY(log1p);
	TRY(tanh);
	TRY(cosh);
	TRY(sqrt);
	TRY(abs);
	TRY(sign);
	TRY(erf);
	TRY(sin);
	TRY(cos);
	TRY(floor);
	arithmetic();
	draws();
	bytes();
	return 0;
}
