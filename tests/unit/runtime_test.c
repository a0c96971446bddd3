/* SPDX-License-Identifier: MIT
 * The runtime's functions against libm in higher precision, special values,
 * random numbers, bytes; vectors against numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../runtime/bp.h"
#include "vectors.h"
#include "../../gen/bpgen.h"

typedef struct {
	const char *name;
	float (*f)(float);
	double (*of_float)(double);       /* what f should say */
	double (*d)(double);
	long double (*of_double)(long double);
	double most;                      /* ulp, float and double */
} Function;

static double
logistic(double x)
{
	return 1/(1 + exp(-x));
}

static long double
logisticl(long double x)
{
	return 1/(1 + expl(-x));
}

static const Function functions[] = {
	{ "exp", bp_expf, exp, bp_exp, expl, 1.0 },
	{ "log", bp_logf, log, bp_log, logl, 1.0 },
	{ "log1p", bp_log1pf, log1p, bp_log1p, log1pl, 1.0 },
	{ "tanh", bp_tanhf, tanh, bp_tanh, tanhl, 1.4 },
	{ "cosh", bp_coshf, cosh, bp_cosh, coshl, 1.4 },
	{ "sqrt", bp_sqrtf, sqrt, bp_sqrt, sqrtl, 0.5 },
	{ "abs", bp_absf, fabs, bp_abs, fabsl, 0.0 },
	{ "erf", bp_erff, erf, bp_erf, erfl, 1.6 },
	{ "sin", bp_sinf, sin, bp_sin, sinl, 0.8 },
	{ "cos", bp_cosf, cos, bp_cos, cosl, 0.8 },
	{ "floor", bp_floorf, floor, bp_floor, floorl, 0.0 },
	{ "logistic", bp_logisticf, logistic, bp_logistic, logisticl, 2.5 }
};
#define FUNCTIONS (sizeof functions/sizeof *functions)

/* the distance of y from the true value in units of the last place of a number
 * with that many bits; -1 where it must be equal and is not */
static double
ulps(double y, long double truth, double rounded, int bits, int least)
{
	int e;

	if (isnan(truth))
		return isnan(y) ? 0 : -1;
	if (isinf(rounded) || isinf(y) || isnan(y))
		return y == rounded ? 0 : -1;
	if (!signbit(y) != !signbit(truth))
		return -1;
	if (truth == 0)
		return y == 0 ? 0 : -1;
	frexpl(truth, &e);
	e = e - bits < least ? least : e - bits;
	return (double)(fabsl(y - truth)/ldexpl(1, e));
}

/* the measure itself, fed with errors */
static void
measure(void **state)
{
	(void)state;
	assert_true(ulps(1.0, 1.0L, 1.0, 24, -149) == 0);
	assert_true(ulps(1 + 0x1p-23, 1.0L, 1.0, 24, -149) == 1);
	assert_true(ulps(0x1p-148, 0x1p-149L, 0x1p-149, 24, -149) == 1);
	assert_true(ulps(-1, 1.0L, 1.0, 24, -149) > 1e6 ||
	            ulps(-1, 1.0L, 1.0, 24, -149) < 0);
	assert_true(ulps(0.0, -0.0L, -0.0, 24, -149) < 0);
	assert_true(ulps(1, NAN, NAN, 24, -149) < 0);
	assert_true(ulps(NAN, 1.0L, 1.0, 24, -149) < 0);
	assert_true(ulps(INFINITY, 1e300L, 1e300, 53, -1074) < 0);
}

static void
report(const Function *f, double x, double error)
{
	if (error >= 0 && error <= f->most)
		return;
	print_error("bp_%s(%.17g): %g ulp, allowed %g\n", f->name, x, error,
	            f->most);
	fail();
}

static void
floats(void **state)
{
	const Function *f;
	uint64_t u;
	double truth;
	float x, y;

	(void)state;
	for (f = functions; f < functions + FUNCTIONS; f++)
		for (u = 0; u <= 0xffffffffu; u += 5501) {
			x = bp_of_bitsf((uint32_t)u);
			y = f->f(x);
			truth = f->of_float(x);
			report(f, x, ulps(y, truth, (float)truth, 24, -149));
		}
}

/* every magnitude, and those that networks meet */
static double
argument(uint32_t i)
{
	uint64_t u = (uint64_t)bp_random(5, 0, 0, 0, i) << 32 |
		bp_random(5, 0, 0, 1, i);
	double unit = (double)(u >> 11)*0x1p-53;

	switch (i % 6) {
	case 0: return bp_of_bits(u);
	case 1: return (unit - 0.5)*4;
	case 2: return (unit - 0.5)*60;
	case 3: return (unit - 0.5)*1600;
	case 4: return (double)(u % 3000000)*1.5707963267948966;
	default: return 1 + (unit - 0.5)*ldexp(1, -(int)(u % 40));
	}
}

static void
doubles(void **state)
{
	const Function *f;
	long double truth;
	uint32_t i;
	double x;

	(void)state;
	for (f = functions; f < functions + FUNCTIONS; f++)
		for (i = 0; i < 300000; i++) {
			x = argument(i);
			truth = f->of_double(x);
			report(f, x, ulps(f->d(x), truth, (double)truth, 53,
			                  -1074));
		}
}

/* zeros, infinities, NaN, the ends of the ranges, signs of zero */
static void
specials(void **state)
{
	static const double xs[] = {
		0.0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 0.5, -0.5, 0x1p-149,
		-0x1p-149, 0x1p-126, 88.7228394, 88.72284, -87.33, -103.97,
		-104, 89.41, 89.42, 709.782712893384, 709.782712893385, -745.13,
		-745.14, 710.47, 710.48, 0x1p-1074, -0x1p-1074, 0x1p-1022,
		0x1.fffffep127, -0x1.fffffep127, 0x1.fffffffffffffp1023,
		-0x1.fffffffffffffp1023, 8388607.5, 8388608.5, -8388607.5,
		4503599627370495.5, -4503599627370495.5, 1e5, 1647099.0,
		1647098.9999999998, 1e22, 6381956970095103.0*0x1p797,
		0.625, 4.0, 5.95, 0x1p-24, 0x1p-53, -1 + 0x1p-24, -1 + 0x1p-53
	};
	const Function *f;
	long double truth;
	size_t i;
	float x;

	(void)state;
	for (f = functions; f < functions + FUNCTIONS; f++)
		for (i = 0; i < sizeof xs/sizeof *xs; i++) {
			truth = f->of_double(xs[i]);
			report(f, xs[i], ulps(f->d(xs[i]), truth, (double)truth,
			                      53, -1074));
			x = (float)xs[i];
			truth = f->of_float(x);
			report(f, x, ulps(f->f(x), truth, (float)truth, 24,
			                  -149));
		}
	assert_true(bp_exp(-INFINITY) == 0 && bp_expf(-INFINITY) == 0);
	assert_true(bp_log(0) == -INFINITY && bp_logf(-0.0f) == -INFINITY);
	assert_true(isnan(bp_log(-1)) && isnan(bp_logf(-0x1p-149f)));
	assert_true(bp_tanh(-INFINITY) == -1 && bp_tanhf(INFINITY) == 1);
}

static void
signs(void **state)
{
	(void)state;
	assert_true(bp_signf(3) == 1 && bp_signf(-0x1p-149f) == -1);
	assert_true(bp_sign(INFINITY) == 1 && bp_sign(-2) == -1);
	assert_true(bp_signf(0) == 0 && !signbit(bp_signf(0)));
	assert_true(bp_sign(-0.0) == 0 && signbit(bp_sign(-0.0)));
	assert_true(isnan(bp_signf(NAN)) && isnan(bp_sign(NAN)));
}

/* counting up in one argument at a time, from low seeds and from one another */
static uint32_t
draw(uint32_t i, int way)
{
	switch (way) {
	case 0: return bp_random(i, 0, 0, 0, 0);
	case 1: return bp_random((uint64_t)i << 32, 0, 0, 0, 0);
	case 2: return bp_random(0, i, 0, 0, 0);
	case 3: return bp_random(0, 0, i, 0, 0);
	case 4: return bp_random(0, 0, 0, i, 0);
	case 5: return bp_random(0, 0, 0, 0, i);
	case 6: return bp_random(1, i & 7, i >> 3 & 7, i >> 6 & 63, i >> 12);
	default: return bp_random(i, i, i, i, i);
	}
}
enum { WAYS = 8, DRAWS = 1 << 18 };

/* chi-square of n cells with equal hopes, as a standard normal */
static double
chi_square(const uint32_t *cell, uint32_t n, double hope)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += (cell[i] - hope)*(cell[i] - hope)/hope;
	return (sum - (n - 1))/sqrt(2.0*(n - 1));
}

/* single draws, and pairs of neighbours, fill their cells evenly */
static void
uniform(void **state)
{
	static uint32_t cell[1024], pair[4096], ones[32];
	uint32_t i, b, u, before;
	int way;

	(void)state;
	for (way = 0; way < WAYS; way++) {
		memset(cell, 0, sizeof cell);
		memset(pair, 0, sizeof pair);
		memset(ones, 0, sizeof ones);
		before = draw(DRAWS, way);
		for (i = 0; i < DRAWS; i++, before = u) {
			u = draw(i, way);
			cell[u >> 22]++;
			pair[(u >> 26) | (before >> 26) << 6]++;
			for (b = 0; b < 32; b++)
				ones[b] += u >> b & 1;
		}
		assert_true(fabs(chi_square(cell, 1024, DRAWS/1024.0)) < 5);
		assert_true(fabs(chi_square(pair, 4096, DRAWS/4096.0)) < 5);
		for (b = 0; b < 32; b++)
			assert_true(fabs(ones[b] - DRAWS/2.0) <
			            5*sqrt(DRAWS/4.0));
	}
}

/* one bit of an argument turns every bit of the result half of the time */
static void
avalanche(void **state)
{
	static uint32_t turned[32];
	uint32_t a[6], v, i, k, bit, trials = 4096;
	double off, worst = 0;

	(void)state;
	for (bit = 0; bit < 192; bit++) {
		memset(turned, 0, sizeof turned);
		for (i = 0; i < trials; i++) {
			for (k = 0; k < 6; k++)
				a[k] = bp_random(9, k, i, 0, 0) & (i & 1 ? ~0u : 3);
			v = bp_random((uint64_t)a[0] << 32 | a[1], a[2], a[3],
			              a[4], a[5]);
			a[bit/32] ^= 1u << bit%32;
			v ^= bp_random((uint64_t)a[0] << 32 | a[1], a[2], a[3],
			               a[4], a[5]);
			for (k = 0; k < 32; k++)
				turned[k] += v >> k & 1;
		}
		for (k = 0; k < 32; k++) {
			off = fabs(turned[k] - trials/2.0)/sqrt(trials/4.0);
			worst = off > worst ? off : worst;
		}
	}
	/* of 6144 normal numbers the largest is about 3.9 */
	assert_true(worst > 2.5 && worst < 5.5);
}

static void
units(void **state)
{
	uint32_t i, u;
	float f;

	(void)state;
	assert_true(bp_uniformf(0) == 0 && bp_uniformf(255) == 0);
	assert_true(bp_uniformf(~0u) == 1 - 0x1p-24f);
	for (i = 0; i < 100000; i++) {
		u = bp_random(0, 0, 0, 0, i);
		f = bp_uniformf(u);
		assert_true(f >= 0 && f < 1 && bp_uniform(u) == (double)f);
	}
}

static void
bytes(void **state)
{
	unsigned char p[8];
	uint32_t i, v;
	uint64_t w;

	(void)state;
	bp_put_u32(p, 0x01020384u);
	assert_true(p[0] == 0x84 && p[1] == 3 && p[2] == 2 && p[3] == 1);
	bp_put_f64(p, -2);
	assert_true(p[7] == 0xc0 && p[6] == 0 && p[0] == 0);
	for (i = 0; i < 1000; i++) {
		v = bp_random(3, 0, 0, 0, i);
		w = (uint64_t)v << 32 | bp_random(3, 0, 0, 1, i);
		bp_put_u32(p, v);
		assert_int_equal(bp_get_u32(p), v);
		bp_put_u64(p, w);
		assert_true(bp_get_u64(p) == w);
		bp_put_f32(p, bp_of_bitsf(v & 0x7f7fffff));
		assert_int_equal(bp_bitsf(bp_get_f32(p)), v & 0x7f7fffff);
		bp_put_f64(p, (double)w);
		assert_true(bp_get_f64(p) == (double)w);
	}
}

static void
checksums(void **state)
{
	static unsigned char p[1000];
	uint32_t i;

	(void)state;
	assert_int_equal(bp_crc32(0, (const unsigned char *)"123456789", 9),
	                 0xcbf43926u);
	assert_int_equal(bp_crc32(0, p, 0), 0);
	for (i = 0; i < sizeof p; i++)
		p[i] = (unsigned char)bp_random(4, 0, 0, 0, i);
	for (i = 0; i < sizeof p; i++) {
		assert_int_equal(bp_crc32(0, p, i), crc32_of(0, p, i));
		assert_int_equal(bp_crc32(bp_crc32(0, p, i), p + i, sizeof p - i),
		                 bp_crc32(0, p, sizeof p));
	}
}

/* tests/heavy/vectors.sh does this in other widths and with more arguments */
static void
vectors(void **state)
{
	(void)state;
	operations_f();
	operations_d();
	assert_int_equal(failures, 0);
	same(65521);
	assert_int_equal(failures, 0);
}

/* the comparison itself, fed with another zero */
static void
vectors_differ(void **state)
{
	float b[BP_LANES_VF] = { 0 };

	(void)state;
	b[BP_LANES_VF - 1] = -0.0f;
	expect_f("splat", 0, bp_splat_vf(0.0f), b);
	assert_int_equal(failures, 1);
	failures = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(measure), cmocka_unit_test(floats),
		cmocka_unit_test(doubles),
		cmocka_unit_test(specials), cmocka_unit_test(signs),
		cmocka_unit_test(uniform), cmocka_unit_test(avalanche),
		cmocka_unit_test(units), cmocka_unit_test(bytes),
		cmocka_unit_test(checksums), cmocka_unit_test(vectors),
		cmocka_unit_test(vectors_differ)
	};

	return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
