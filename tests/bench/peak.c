/* SPDX-License-Identifier: MIT
 * What this core can do: multiply-adds a second from registers, bytes a second
 * that are read, or read and written back, from each level of memory, and how
 * long one function of the runtime takes whose argument is the result of the one
 * before.  Prints name and figure, separated by a tab. */
#define _POSIX_C_SOURCE 200809L
#define BP_FAST
#include "bp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __AVX512F__
#define WIDTH 16
#elif defined __AVX__
#define WIDTH 8
#else
#define WIDTH 4
#endif
typedef float Vector __attribute__((vector_size(4 * WIDTH)));
enum { SUMS = 12, RUNS = 15 };
static volatile float sink;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* GFLOP/s of chains that do not wait for each other */
static double
multiply_adds(void)
{
	enum { COUNT = 400000 };
	Vector s[SUMS], x, y;
	double from;
	int i, k;

	memset(s, 0, sizeof s);
	for (i = 0; i < WIDTH; i++) {
		x[i] = 0.999f;
		y[i] = 0.001f;
	}
	from = now();
	for (i = 0; i < COUNT; i++) {
		__asm__ volatile("" : "+x"(x), "+x"(y));
#pragma GCC unroll 12
		for (k = 0; k < SUMS; k++)
			s[k] = s[k] * x + y;
	}
	from = now() - from;
	for (k = 0; k < SUMS; k++)
		sink += s[k][0];
	return 2.0 * SUMS * WIDTH * COUNT / from * 1e-9;
}

/* 8 vectors at a time; GB/s, where a byte that is also written counts twice */
static double
bandwidth(Vector *p, size_t bytes, int write)
{
	size_t n = bytes / sizeof *p, i, pass, passes = (48u << 20) / bytes + 1;
	Vector s[8], one;
	double from;
	int k;

	memset(s, 0, sizeof s);
	memset(&one, 0, sizeof one);
	from = now();
	for (pass = 0; pass < passes; pass++) {
		__asm__ volatile("" : : : "memory");
		for (i = 0; i + 8 <= n; i += 8) {
			if (write)
#pragma GCC unroll 8
				for (k = 0; k < 8; k++)
					p[i + (size_t)k] += one;
			else
#pragma GCC unroll 8
				for (k = 0; k < 8; k++)
					s[k] += p[i + (size_t)k];
		}
	}
	from = now() - from;
	for (k = 0; k < 8; k++)
		sink += s[k][0];
	return (write ? 2.0 : 1.0) * (double)(bytes * passes) / from * 1e-9;
}

/* ns of one in a chain of n; the sum with x keeps the argument from settling */
#define CHAIN(name, type, start, f, first) \
static double \
name(void) \
{ \
	enum { COUNT = 100000 }; \
	type x = start, y = x; \
	double from; \
	int i; \
\
	from = now(); \
	for (i = 0; i < COUNT; i++) { \
		__asm__ volatile("" : "+x"(x)); \
		y = f(y + x); \
	} \
	from = now() - from; \
	sink += first; \
	return from / COUNT * 1e9; \
}
CHAIN(sum, float, 0.01f, , y)
CHAIN(sigmoid, float, 0.01f, bp_logisticf, y)
#if BP_LANES_VF > 1
CHAIN(vector_sigmoid, bp_vf, bp_splat_vf(0.01f), bp_logistic_vf, y[0])
CHAIN(vector_tanh, bp_vf, bp_splat_vf(0.01f), bp_tanh_vf, y[0])
CHAIN(vector_exp, bp_vf, bp_splat_vf(-0.9f), bp_exp_vf, y[0])
#endif

int
main(void)
{
	static const struct { const char *name; double (*f)(void); } chain[] = {
		{ "add", sum }, { "add, sigmoid", sigmoid },
#if BP_LANES_VF > 1
		{ "add, sigmoid of a vector", vector_sigmoid },
		{ "add, tanh of a vector", vector_tanh },
		{ "add, exp of a vector", vector_exp },
#endif
	};
	static const struct { const char *name; size_t bytes; } level[] = {
		{ "L1", 16 << 10 }, { "L2", 512 << 10 }, { "L3", 8 << 20 },
		{ "memory", 192 << 20 }
	};
	Vector *p = aligned_alloc(64, 192 << 20);
	double best = 0;
	size_t k;
	int i, write;

	if (!p)
		return 2;
	memset(p, 0, 192 << 20);
	for (i = 0; i < RUNS * 3; i++) {
		double x = multiply_adds();
		best = x > best ? x : best;
	}
	printf("peak GFLOP/s\t%.1f\n", best);
	for (k = 0; k < sizeof level / sizeof *level; k++)
		for (write = 0; write < 2; write++) {
			for (best = 0, i = 0; i < RUNS; i++) {
				double x = bandwidth(p, level[k].bytes, write);
				best = x > best ? x : best;
			}
			printf("%s %s GB/s\t%.1f\n", level[k].name,
				write ? "read-modify-write" : "read", best);
		}
	for (k = 0; k < sizeof chain / sizeof *chain; k++) {
		for (best = 1e9, i = 0; i < RUNS; i++) {
			double x = chain[k].f();
			best = x < best ? x : best;
		}
		printf("%s ns\t%.1f\n", chain[k].name, best);
	}
	free(p);
	return 0;
}
