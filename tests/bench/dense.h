/* SPDX-License-Identifier: MIT
 * The products of a dense layer as plain loops, for n samples: weights are
 * w[unit][input], or w[input][unit] with -DCOLUMNS. */
#ifndef BENCH_DENSE_H
#define BENCH_DENSE_H
#include "steps.h"

/* a[unit] = sum over k of w x, for n samples */
INLINE void
product(float *restrict a, const float *restrict w, const float *restrict x,
	int inputs, int units, int n)
{
	int i, j, k;

#ifdef COLUMNS
	for (i = 0; i < n; i++) {
		float z[1024];
		for (j = 0; j < units; j++)
			z[j] = 0;
		for (k = 0; k < inputs; k++)
			for (j = 0; j < units; j++)
				z[j] += w[k * units + j] * x[i * inputs + k];
		for (j = 0; j < units; j++)
			a[i * units + j] = z[j];
	}
#else
	for (i = 0; i < n; i++)
		for (j = 0; j < units; j++) {
			float sum = 0;
			for (k = 0; k < inputs; k++)
				sum += w[j * inputs + k] * x[i * inputs + k];
			a[i * units + j] = sum;
		}
#endif
}

/* below[k] = sum over the units of w d */
INLINE void
product_back(float *restrict below, const float *restrict w,
	const float *restrict d, int inputs, int units, int n)
{
	int i, j, k;

	for (i = 0; i < n; i++) {
#ifdef COLUMNS
		for (k = 0; k < inputs; k++) {
			float sum = 0;
			for (j = 0; j < units; j++)
				sum += w[k * units + j] * d[i * units + j];
			below[i * inputs + k] = sum;
		}
#else
		for (k = 0; k < inputs; k++)
			below[i * inputs + k] = 0;
		for (j = 0; j < units; j++)
			for (k = 0; k < inputs; k++)
				below[i * inputs + k] +=
					w[j * inputs + k] * d[i * units + j];
#endif
	}
}

/* w += scale * the sum over n samples of d x */
INLINE void
add_outer(float *restrict w, const float *restrict d, const float *restrict x,
	float scale, int inputs, int units, int n)
{
	int i, j, k;

#ifdef COLUMNS
	for (k = 0; k < inputs; k++)
		for (i = 0; i < n; i++)
			for (j = 0; j < units; j++)
				w[k * units + j] += scale * x[i * inputs + k] *
					d[i * units + j];
#else
	for (j = 0; j < units; j++)
		for (i = 0; i < n; i++)
			for (k = 0; k < inputs; k++)
				w[j * inputs + k] += scale * d[i * units + j] *
					x[i * inputs + k];
#endif
}
#endif
