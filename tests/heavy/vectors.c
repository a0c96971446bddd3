/* SPDX-License-Identifier: MIT
 * vectors WHAT [STEP [MOST]]: vectors of the runtime against numbers.
 *
 * operations: loads, stores, choices and sums, with every rest, at the edges of
 *   what may be touched.
 * same: each function gives in every lane the bits of the scalar one, over
 *   every STEPth float and as many doubles (exp, log, tanh: with STEP 0 all).
 * ulp: the errors of the float functions over every STEPth float, which must
 *   not be above MOST (with STEP 0 every 31st, exp, log, tanh: all).
 *
 * Prints what differs and ends with 1, or prints the largest errors. */
#include "bp.h"
#include "../unit/vectors.h"

/* what is not a number of the range where fast functions are held to it */
static int
excused(double truth)
{
#ifdef BP_FAST
	return fabs(truth) < 0x1p-125;
#else
	(void)truth;
	return 0;
#endif
}

/* the first of the table; strict networks have no use for logistic */
#ifdef BP_FAST
enum { MEASURED = 7 };
#else
enum { MEASURED = 6 };
#endif

/* the largest error in units of the last place of a float; the double functions
 * say what is true */
static double
ulps(const function_f *f, void (*truth)(const double *, double *, size_t),
	uint32_t step, float *where)
{
	static double off[MANY];
	double worst = 0, e;
	uint64_t u, unit;
	uint32_t i;

	for (u = 0; u <= 0xffffffffu; u += (uint64_t)step*MANY) {
		for (i = 0; i < MANY; i++)
			xf[i] = bp_of_bitsf((uint32_t)(u + (uint64_t)i*step));
		for (i = 0; i < MANY; i++)
			xd[i] = (double)xf[i];
		f->many(xf, yf, MANY);
		truth(xd, zd, MANY);
		/* what is beyond all floats is 2^128 */
		for (i = 0; i < MANY; i++) {
			unit = bp_bits(zd[i]) >> 52 & 2047;
			unit = unit < 1023 - 126 ? 1023 - 126 : unit;
			off[i] = fabs((double)yf[i] - zd[i])*
				bp_of_bits((2046 + 23 - unit) << 52);
		}
		for (i = 0; i < MANY; i++) {
			e = off[i];
			if (e <= worst)
				continue;
			if ((yf[i] != yf[i] && zd[i] != zd[i]) ||
			    yf[i] == (float)zd[i] || excused(zd[i]))
				continue;
			if (isinf(yf[i]))
				e = (0x1p128 - fabs(zd[i]))/0x1p104;
			if (e > worst || e != e) {
				worst = e != e ? INFINITY : e;
				*where = xf[i];
			}
		}
	}
	return worst;
}

static void
measure(uint32_t step, double most)
{
	double worst;
	float where = 0;
	int i;

	for (i = 0; i < MEASURED; i++) {
		worst = ulps(&functions_f[i], functions_d[i].many,
		             step ? step : is_basic(functions_f[i].name) ? 1 :
		             31, &where);
		printf("bp_%s_vf %.4f ulp at %.9g\n", functions_f[i].name,
		       worst, (double)where);
		failures += worst > most;
	}
}

int
main(int argc, char **argv)
{
	uint32_t step = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;

	if (argc > 1 && !strcmp(argv[1], "operations")) {
		operations_f();
		operations_d();
		printf("%d and %d lanes\n", BP_LANES_VF, BP_LANES_V);
	} else if (argc > 1 && !strcmp(argv[1], "same")) {
		same(step);
	} else if (argc > 1 && !strcmp(argv[1], "ulp")) {
		measure(step, argc > 3 ? atof(argv[3]) : 2);
	} else {
		fprintf(stderr, "vectors operations | same STEP | "
		        "ulp STEP MOST\n");
		return 2;
	}
	return failures != 0;
}
