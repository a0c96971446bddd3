/* SPDX-License-Identifier: MIT
 * The one summation order of every reduction, set before any plan: ascending,
 * one accumulator; long sums with few results get 16 interleaved ones.  Counts
 * never include n, so a sample alone and in a batch have the same bits. */
#include "middle.h"

enum { LONG = 64, FEW = 16, LANES = 16 };

void
order(Program *p)
{
	uint32_t i;
	int k;

	for (k = 0; k < K_COUNT; k++)
		for (i = 0; i < p->kernel[k].n; i++) {
			Stmt *s = &p->kernel[k].v[i];
			s->lanes = s->red == RED_SUM &&
			           stmt_terms(p, s) > LONG &&
			           stmt_points(p, s) < FEW ? LANES : 1;
		}
}
