/* SPDX-License-Identifier: MIT
 * Vectors of the runtime (which is included before) against numbers: what
 * differs is printed and counted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

static int failures;

static void
verdict(int good, const char *what, const char *type, int a, int b)
{
	if (!good && failures++ < 20)
		printf("bp_%s%s: differs at %d, %d\n", what, type, a, b);
}

/* one page between two that must not be touched */
static void
pages(void **from, void **edge)
{
	const size_t page = 65536;
	char *p = (char *)mmap(NULL, 3*page, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED ||
	    mprotect(p + page, page, PROT_READ | PROT_WRITE)) {
		printf("there is no memory\n");
		exit(1);
	}
	*from = p + page;
	*edge = p + 2*page;
}

#define R float
#define LANES BP_LANES_VF
#define ID(name) name##_vf
#define ONE(name) name##f
#define X(name) name##_f
#define NAME "_vf"
#define BITS bp_bitsf
#define JOIN bp_join16f
#include "vectors_of.h"
#undef R
#undef LANES
#undef ID
#undef ONE
#undef X
#undef NAME
#undef BITS
#undef JOIN
#define R double
#define LANES BP_LANES_V
#define ID(name) name##_v
#define ONE(name) name
#define X(name) name##_d
#define NAME "_v"
#define BITS bp_bits
#define JOIN bp_join16
#include "vectors_of.h"

enum { MANY = 1024, FUNCTIONS = sizeof functions_f/sizeof *functions_f };
static float xf[MANY], yf[MANY], zf[MANY];
static double xd[MANY], yd[MANY], zd[MANY];

/* block i of the arguments, from every magnitude and from where networks are */
static void
arguments(uint32_t block)
{
	uint32_t i, u, v;
	double unit;

	for (i = 0; i < MANY; i++) {
		u = bp_random(5, 0, block, 0, i);
		v = bp_random(5, 0, block, 1, i);
		unit = bp_uniform(u) + bp_uniform(v)*0x1p-24 - 0.5;
		switch (i % 4) {
		case 0: xd[i] = bp_of_bits((uint64_t)u << 32 | v); break;
		case 1: xd[i] = unit*4; break;
		case 2: xd[i] = unit*100; break;
		default: xd[i] = unit*1600; break;
		}
	}
}

static void
same_doubles(const function_d *f, uint32_t blocks)
{
	uint32_t b, i;

	for (b = 0; b < blocks; b++) {
		arguments(b);
		f->many(xd, yd, MANY);
		f->each(xd, zd, MANY);
		for (i = 0; i < MANY; i++)
			if (!alike_d(yd[i], zd[i]) && failures++ < 20)
				printf("bp_%s_v(%.17g) is %.17g, not %.17g\n",
				       f->name, xd[i], yd[i], zd[i]);
	}
}

static void
same_floats(const function_f *f, uint32_t step)
{
	uint64_t u;
	uint32_t i;

	for (u = 0; u <= 0xffffffffu; u += (uint64_t)step*MANY) {
		for (i = 0; i < MANY; i++)
			xf[i] = bp_of_bitsf((uint32_t)(u + (uint64_t)i*step));
		f->many(xf, yf, MANY);
		f->each(xf, zf, MANY);
		if (!memcmp(yf, zf, sizeof yf))
			continue;
		for (i = 0; i < MANY; i++)
			if (!alike_f(yf[i], zf[i]) && failures++ < 20)
				printf("bp_%s_vf(%.9g) is %.9g, not %.9g\n",
				       f->name, xf[i], yf[i], zf[i]);
	}
}

/* what almost every network has */
static int
is_basic(const char *name)
{
	return !strcmp(name, "exp") || !strcmp(name, "log") ||
		!strcmp(name, "tanh");
}

static void
same(uint32_t step)
{
	int i;

	for (i = 0; i < FUNCTIONS; i++) {
		if (step || is_basic(functions_f[i].name))
			same_floats(&functions_f[i], step ? step : 1);
		if (step)
			same_doubles(&functions_d[i], 50000/step + 1);
	}
}
