/* SPDX-License-Identifier: MIT
 * LeNet as one writes it by hand for this network alone: a convolution adds up
 * vectors of pixels or of maps in registers; on the way back only the largest
 * of four pixels passes anything on, so the rest is left out. -DBATCH=64 */
#include "../dense.h"

#define NEVER_INLINE __attribute__((noinline))
enum {
	IN = 28, K = 5,
	MAPS1 = 6, OUT1 = 24, HALF1 = 12, PIXELS1 = HALF1 * HALF1,
	MAPS2 = 16, OUT2 = 8, HALF2 = 4, PIXELS2 = HALF2 * HALF2,
	TAPS = K * K, LANES = 8, DENSE = 3
};
static const int shape[] = { MAPS2 * PIXELS2, 120, 84, 10 };
/* at any address */
typedef float Eight __attribute__((vector_size(32), aligned(4), may_alias));
typedef float Sixteen __attribute__((vector_size(64), aligned(4), may_alias));
typedef int Ints __attribute__((vector_size(64), aligned(4), may_alias));
#define EIGHT(p) (*(Eight *)(p))
#define SIXTEEN(p) (*(Sixteen *)(p))
#define INTS(p) (*(Ints *)(p))

/* of one sample; rows of x are read LANES wide, so there is room behind; the
 * first maps lie side by side, with two that are zero */
typedef struct {
	float x[IN * IN + LANES], a1[PIXELS1][LANES];
	int at1[MAPS1][PIXELS1], at2[MAPS2][PIXELS2]; /* the largest of four */
} Sample;
typedef struct {
	float w1[MAPS1][K][LANES], b1[MAPS1]; /* rows of 5 and 3 zeros */
	float w2[MAPS2][TAPS][LANES], b2[MAPS2]; /* of 6 maps and 2 zeros */
} Maps;
typedef struct {
	Maps maps, gradient;
	float turned[TAPS][MAPS1][MAPS2]; /* w2 for the way forward */
	Sample sample[BATCH];
	float *w[DENSE], *b[DENSE], *a[DENSE + 1], *d[DENSE + 1];
	float rate;
} Net;

/* of two vectors the larger numbers, and where they were found */
INLINE void
larger(Sixteen *high, Ints *at, Sixteen other, Ints there)
{
	Ints is = other > *high;

	*at = (is & there) | (~is & *at);
	*high = (Sixteen)((is & (Ints)other) | (~is & (Ints)*high));
}

/* a row of each map: six maps by three vectors of pixels */
INLINE void
first_row(const Maps *m, const float *x, float z[MAPS1][OUT1 + LANES])
{
	Eight sum[MAPS1][3];
	int k, v, i, j;

	for (k = 0; k < MAPS1; k++)
		for (v = 0; v < 3; v++)
			sum[k][v] = (Eight){ 0 } + m->b1[k];
	for (i = 0; i < K; i++)
		for (j = 0; j < K; j++)
			for (k = 0; k < MAPS1; k++)
				for (v = 0; v < 3; v++)
					sum[k][v] += m->w1[k][i][j] *
						EIGHT(x + i * IN + j + 8 * v);
	for (k = 0; k < MAPS1; k++)
		for (v = 0; v < 3; v++)
			EIGHT(&z[k][8 * v]) = sum[k][v];
}

/* for each pixel of two rows the largest of it, the next one and the two below:
 * every other result is one of the four neighbours that are wanted */
INLINE void
first_largest(float z[2][MAPS1][OUT1 + LANES], int k, float *largest, int *from)
{
	const Ints next = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		15 };
	int v, q;

	for (v = 0; v < 2; v++) {
		Sixteen high = SIXTEEN(&z[0][k][12 * v]);
		Ints at = next + 12 * v;
		for (q = 1; q < 4; q++)
			larger(&high, &at,
				SIXTEEN(&z[q / 2][k][12 * v + q % 2]),
				next + 12 * v + q / 2 * IN + q % 2);
		SIXTEEN(largest + 12 * v) = high;
		INTS(from + 12 * v) = at;
	}
}

static NEVER_INLINE void
first(const Maps *m, Sample *s)
{
	float z[2][MAPS1][OUT1 + LANES] = { { { 0 } } }, largest[OUT1 + LANES];
	int from[OUT1 + LANES], y, x, k;

	for (y = 0; y < HALF1; y++) {
		first_row(m, s->x + 2 * y * IN, z[0]);
		first_row(m, s->x + (2 * y + 1) * IN, z[1]);
		for (k = 0; k < MAPS1; k++) {
			first_largest(z, k, largest, from);
			for (x = 0; x < HALF1; x++) {
				float a = largest[2 * x];
				s->a1[y * HALF1 + x][k] = a > 0 ? a : 0;
				s->at1[k][y * HALF1 + x] =
					2 * y * IN + from[2 * x];
			}
		}
	}
}

/* a row of all maps: eight pixels, each a vector of maps */
INLINE void
second_row(const Net *p, const float (*x)[LANES], float z[OUT2][MAPS2])
{
	Sixteen sum[OUT2], w;
	int c, i, v;

	for (v = 0; v < OUT2; v++)
		sum[v] = SIXTEEN(p->maps.b2);
	for (i = 0; i < TAPS; i++)
		for (c = 0; c < MAPS1; c++) {
			w = SIXTEEN(p->turned[i][c]);
			for (v = 0; v < OUT2; v++)
				sum[v] += w * x[i / K * HALF1 + i % K + v][c];
		}
	for (v = 0; v < OUT2; v++)
		SIXTEEN(z[v]) = sum[v];
}

static NEVER_INLINE void
second(const Net *p, Sample *s, float *a)
{
	float z[2 * OUT2][MAPS2];
	int y, x, k, q;

	for (y = 0; y < HALF2; y++) {
		second_row(p, s->a1 + 2 * y * HALF1, z);
		second_row(p, s->a1 + (2 * y + 1) * HALF1, z + OUT2);
		for (x = 0; x < HALF2; x++) {
			int first = 2 * y * HALF1 + 2 * x;
			Sixteen high = SIXTEEN(z[2 * x]);
			Ints at = (Ints){ 0 } + first;
			for (q = 1; q < 4; q++)
				larger(&high, &at,
					SIXTEEN(z[q / 2 * OUT2 + 2 * x + q % 2]),
					(Ints){ 0 } + first + q / 2 * HALF1 +
					q % 2);
			for (k = 0; k < MAPS2; k++) {
				a[k * PIXELS2 + y * HALF2 + x] =
					high[k] > 0 ? high[k] : 0;
				s->at2[k][y * HALF2 + x] = at[k];
			}
		}
	}
}

/* d: of the second maps; adds to the gradient of their weights and gives what
 * reaches the first maps */
static NEVER_INLINE void
second_back(Net *p, const Sample *s, const float *d, float below[][LANES])
{
	int k, q, i;

	memset(below, 0, sizeof(float) * PIXELS1 * LANES);
	for (k = 0; k < MAPS2; k++) {
		Eight sum[TAPS] = { { 0 } };
		for (q = 0; q < PIXELS2; q++) {
			float delta = d[k * PIXELS2 + q];
			int at = s->at2[k][q];
			if (delta == 0)
				continue;
			p->gradient.b2[k] += delta;
#pragma GCC unroll 25
			for (i = 0; i < TAPS; i++) {
				int from = at + i / K * HALF1 + i % K;
				sum[i] += delta * EIGHT(s->a1[from]);
				EIGHT(below[from]) += delta *
					EIGHT(p->maps.w2[k][i]);
			}
		}
#pragma GCC unroll 25
		for (i = 0; i < TAPS; i++)
			EIGHT(p->gradient.w2[k][i]) += sum[i];
	}
}

static NEVER_INLINE void
first_back(Maps *gradient, const Sample *s, float d[][LANES])
{
	int k, q, i;

	for (k = 0; k < MAPS1; k++) {
		Eight sum[2][K] = { { { 0 } } };
		float bias = 0;
		for (q = 0; q < PIXELS1; q++) {
			float delta = s->a1[q][k] > 0 ? d[q][k] : 0;
			const float *x = s->x + s->at1[k][q];
			bias += delta;
			for (i = 0; i < K; i++)
				sum[q % 2][i] += delta * EIGHT(x + i * IN);
		}
		gradient->b1[k] += bias;
		for (i = 0; i < K; i++)
			EIGHT(gradient->w1[k][i]) += sum[0][i] + sum[1][i];
	}
}

static void
turn(Net *p)
{
	int k, i, c;

	for (k = 0; k < MAPS2; k++)
		for (i = 0; i < TAPS; i++)
			for (c = 0; c < MAPS1; c++)
				p->turned[i][c][k] = p->maps.w2[k][i][c];
}

INLINE void
forward(Net *p, const float *x, int n)
{
	int i, l;

	for (i = 0; i < n; i++) {
		memcpy(p->sample[i].x, x + i * IN * IN, sizeof *x * IN * IN);
		first(&p->maps, &p->sample[i]);
		second(p, &p->sample[i], p->a[0] + i * shape[0]);
	}
	for (l = 0; l < DENSE; l++) {
		product(p->a[l + 1], p->w[l], p->a[l], shape[l], shape[l + 1],
			n);
		activate(l < DENSE - 1 ? RELU : SOFTMAX, p->a[l + 1], p->b[l],
			shape[l + 1], n);
	}
}

static void
update_maps(Net *p, float step)
{
	Maps *m = &p->maps, *g = &p->gradient;
	int i, j;

	for (i = 0; i < MAPS1 * K; i++)
		for (j = 0; j < K; j++)
			m->w1[i / K][i % K][j] -= step * g->w1[i / K][i % K][j];
	update_bias(m->w2[0][0], g->w2[0][0], step, MAPS2 * TAPS * LANES, 1);
	update_bias(m->b1, g->b1, step, MAPS1, 1);
	update_bias(m->b2, g->b2, step, MAPS2, 1);
	turn(p);
}

static NEVER_INLINE void
step(Net *p, const float *x, const float *t)
{
	const float scale = p->rate / BATCH;
	float below[PIXELS1][LANES];
	int i, l;

	forward(p, x, BATCH);
	last_delta(SOFTMAX, p->d[DENSE], p->a[DENSE], t, BATCH * shape[DENSE]);
	for (l = DENSE - 1; l >= 0; l--) {
		product_back(p->d[l], p->w[l], p->d[l + 1], shape[l],
			shape[l + 1], BATCH);
		differentiate(RELU, p->d[l], p->a[l], BATCH * shape[l]);
		add_outer(p->w[l], p->d[l + 1], p->a[l], -scale, shape[l],
			shape[l + 1], BATCH);
		update_bias(p->b[l], p->d[l + 1], scale, shape[l + 1], BATCH);
	}
	memset(&p->gradient, 0, sizeof p->gradient);
	for (i = 0; i < BATCH; i++) {
		const Sample *s = &p->sample[i];
		second_back(p, s, p->d[0] + i * shape[0], below);
		first_back(&p->gradient, s, below);
	}
	update_maps(p, scale);
}

static void *
open_net(const Work *work)
{
	Net *p = aligned_alloc(64, (sizeof *p + 63) / 64 * 64);
	int l;

	if (!p)
		return NULL;
	memset(p, 0, sizeof *p);
	p->rate = work->rate;
	for (l = 0; l <= DENSE; l++) {
		p->a[l] = floats((size_t)(shape[l] * BATCH));
		p->d[l] = floats((size_t)(shape[l] * BATCH));
		if (l == DENSE)
			break;
		p->w[l] = floats((size_t)(shape[l] * shape[l + 1]));
		p->b[l] = floats((size_t)shape[l + 1]);
	}
	return p;
}

static void
copy(float *ours, float *theirs, int n, int take)
{
	memcpy(take ? ours : theirs, take ? theirs : ours,
		sizeof *ours * (size_t)n);
}

/* takes all weights from w in their order, or puts them there */
static void
weights(Net *p, float *w, int take)
{
	Maps *m = &p->maps;
	int k, c, i, l;

	for (k = 0; k < MAPS1; k++)
		for (i = 0; i < K; i++, w += K)
			copy(m->w1[k][i], w, K, take);
	copy(m->b1, w, MAPS1, take);
	w += MAPS1;
	for (k = 0; k < MAPS2; k++)
		for (c = 0; c < MAPS1; c++)
			for (i = 0; i < TAPS; i++)
				copy(&m->w2[k][i][c], w++, 1, take);
	copy(m->b2, w, MAPS2, take);
	w += MAPS2;
	for (l = 0; l < DENSE; l++) {
		int n = shape[l] * shape[l + 1], units = shape[l + 1];
		copy(p->w[l], w, n, take);
		copy(p->b[l], w + n, units, take);
		w += n + units;
	}
}

static void
set(void *net, const float *w)
{
	weights(net, (float *)w, 1);
	turn(net);
}

static void
get(void *net, float *w)
{
	weights(net, w, 0);
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	size_t i;

	for (i = 0; i < count; i += BATCH)
		step(net, x + i * IN * IN, t + i * (size_t)shape[DENSE]);
}

static NEVER_INLINE void
infer_one(Net *p, const float *x, float *y)
{
	forward(p, x, 1);
	memcpy(y, p->a[DENSE], sizeof *y * (size_t)shape[DENSE]);
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		infer_one(net, x + i * IN * IN, y + i * (size_t)shape[DENSE]);
}

PEER = { open_net, set, get, train, infer, NULL };
