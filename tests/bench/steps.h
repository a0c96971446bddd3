/* SPDX-License-Identifier: MIT
 * What contestants that bring only matrix products lack: activations, losses
 * and optimizers, as loops that a compiler turns into vectors.  A matrix of n
 * samples is n rows of `units` floats. */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "peer.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float *
floats(size_t n)
{
	size_t bytes = (n * sizeof(float) + 127) / 64 * 64;
	float *p = (float *)aligned_alloc(64, bytes);

	if (!p)
		abort();
	memset(p, 0, bytes);
	return p;
}

INLINE void
softmax(float *a, int units)
{
	float largest = a[0], sum = 0, scale;
	int j;

	for (j = 1; j < units; j++)
		largest = a[j] > largest ? a[j] : largest;
	for (j = 0; j < units; j++) {
		a[j] = expf(a[j] - largest);
		sum += a[j];
	}
	scale = 1 / sum;
	for (j = 0; j < units; j++)
		a[j] *= scale;
}

/* a = f(a + b) for n samples; b may be NULL where it is in a already */
INLINE void
activate(Activation f, float *restrict a, const float *restrict b, int units,
	int n)
{
	int i, j;

	if (b)
		for (i = 0; i < n; i++)
			for (j = 0; j < units; j++)
				a[i * units + j] += b[j];
	if (f == SIGMOID)
		for (i = 0; i < n * units; i++)
			a[i] = 1 / (1 + expf(-a[i]));
	else if (f == TANH)
		for (i = 0; i < n * units; i++)
			a[i] = tanhf(a[i]);
	else if (f == RELU)
		for (i = 0; i < n * units; i++)
			a[i] = a[i] > 0 ? a[i] : 0;
	else if (f == SOFTMAX)
		for (i = 0; i < n; i++)
			softmax(a + i * units, units);
}

/* d *= f'(z), from a = f(z) */
INLINE void
differentiate(Activation f, float *restrict d, const float *restrict a, int n)
{
	int i;

	if (f == SIGMOID)
		for (i = 0; i < n; i++)
			d[i] *= a[i] * (1 - a[i]);
	else if (f == TANH)
		for (i = 0; i < n; i++)
			d[i] *= 1 - a[i] * a[i];
	else if (f == RELU)
		for (i = 0; i < n; i++)
			d[i] = a[i] > 0 ? d[i] : 0;
}

/* delta of the last layer: softmax with cross-entropy, else half_sse */
INLINE void
last_delta(Activation f, float *restrict d, const float *restrict a,
	const float *restrict t, int n)
{
	int i;

	for (i = 0; i < n; i++)
		d[i] = a[i] - t[i];
	if (f != SOFTMAX)
		differentiate(f, d, a, n);
}

/* b -= step * the sum of d over the samples */
INLINE void
update_bias(float *restrict b, const float *restrict d, float step, int units,
	int n)
{
	int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < units; j++)
			b[j] -= step * d[i * units + j];
}

typedef struct { float *m, *v; } Moments;

/* g: the mean gradient; step counts from 1 */
INLINE void
adam(float *restrict w, const float *restrict g, float *restrict m,
	float *restrict v, float rate, int step, int n)
{
	const float b1 = 0.9f, b2 = 0.999f;
	const float c1 = (float)(1 / (1 - pow(0.9, step)));
	const float c2 = (float)(1 / (1 - pow(0.999, step)));
	int i;

	for (i = 0; i < n; i++) {
		m[i] = b1 * m[i] + (1 - b1) * g[i];
		v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
		w[i] -= rate * (m[i] * c1) / (sqrtf(v[i] * c2) + 1e-8f);
	}
}

/* from[rows][columns] -> to[columns][rows] */
INLINE void
transpose(float *restrict to, const float *restrict from, int rows, int columns)
{
	int i, j;

	for (i = 0; i < rows; i++)
		for (j = 0; j < columns; j++)
			to[j * rows + i] = from[i * columns + j];
}
#endif
