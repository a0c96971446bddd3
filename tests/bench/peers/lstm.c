/* SPDX-License-Identifier: MIT
 * An LSTM of 16 units and a linear output as one writes them by hand for these
 * sizes alone: a vector holds one unit of the 16 samples of a batch, or all
 * units of a single sample; the sums of a gate stay in registers. -DBATCH=16 */
#include "../steps.h"

#define NEVER_INLINE __attribute__((noinline))
enum { STEPS = 32, UNITS = 16, GATES = 4, ROWS = GATES * UNITS };
typedef float Vector __attribute__((vector_size(64)));
typedef int Ints __attribute__((vector_size(64)));
_Static_assert(BATCH == 16, "a vector is a batch");

typedef struct {
	float w[ROWS], u[ROWS][UNITS], b[ROWS], out[UNITS], bias;
	Vector turned[UNITS][GATES];  /* u for a single sample: of all units */
	Vector x[STEPS], gate[STEPS][GATES][UNITS], delta[STEPS][ROWS];
	Vector c[STEPS + 1][UNITS], h[STEPS + 1][UNITS], a[STEPS][UNITS];
	float rate;
} Net;

/* 2^(x/ln 2): the whole part goes into the exponent; off by 1e-7 of it */
INLINE Vector
exponential(Vector x)
{
	Vector n, r, p;
	Ints k, low = x < -87.0f, high = x > 88.0f;

	x = (Vector)((low & (Ints)((Vector){ 0 } - 87.0f)) |
		(~low & (Ints)x));
	x = (Vector)((high & (Ints)((Vector){ 0 } + 88.0f)) |
		(~high & (Ints)x));
	k = __builtin_convertvector(x * 1.44269504f + 128.5f, Ints) - 128;
	n = __builtin_convertvector(k, Vector);
	r = x - n * 0.693145752f - n * 1.42860677e-6f;
	p = 1 + r * (1 + r * (0.5f + r * (0.166666657f + r * (0.0416669f +
		r * (0.0083333f + r * 0.00139f)))));
	return (Vector)((Ints)p + (k << 23));
}

INLINE Vector
sigmoid(Vector z)
{
	return 1 / (1 + exponential(-z));
}

INLINE Vector
hyperbolic(Vector z)
{
	return 1 - 2 / (1 + exponential(2 * z));
}

/* the gates of two units, and what they make of the state */
INLINE void
two_units(Net *p, int t, int j)
{
	Vector z[2][GATES];
	int g, i, r;

	for (r = 0; r < 2; r++)
		for (g = 0; g < GATES; g++)
			z[r][g] = p->x[t] * p->w[g * UNITS + j + r] +
				p->b[g * UNITS + j + r];
	for (i = 0; i < UNITS; i++)
		for (r = 0; r < 2; r++)
			for (g = 0; g < GATES; g++)
				z[r][g] += p->u[g * UNITS + j + r][i] *
					p->h[t][i];
	for (r = 0; r < 2; r++) {
		Vector in = sigmoid(z[r][0]), forget = sigmoid(z[r][1]);
		Vector new = hyperbolic(z[r][2]), out = sigmoid(z[r][3]);
		Vector c = forget * p->c[t][j + r] + in * new;
		p->gate[t][0][j + r] = in;
		p->gate[t][1][j + r] = forget;
		p->gate[t][2][j + r] = new;
		p->gate[t][3][j + r] = out;
		p->c[t + 1][j + r] = c;
		p->a[t][j + r] = hyperbolic(c);
		p->h[t + 1][j + r] = out * p->a[t][j + r];
	}
}

static NEVER_INLINE void
forward(Net *p, const float *x)
{
	int s, t, j;

	for (t = 0; t < STEPS; t++)
		for (s = 0; s < BATCH; s++)
			p->x[t][s] = x[s * STEPS + t];
	for (t = 0; t < STEPS; t++)
		for (j = 0; j < UNITS; j += 2)
			two_units(p, t, j);
}

/* the deltas of a step's gates from that of its output; dc goes on */
INLINE void
step_back(Net *p, int t, const Vector *dh, Vector *dc)
{
	int j;

	for (j = 0; j < UNITS; j++) {
		Vector in = p->gate[t][0][j], forget = p->gate[t][1][j];
		Vector new = p->gate[t][2][j], out = p->gate[t][3][j];
		Vector a = p->a[t][j], d = dc[j] + dh[j] * out * (1 - a * a);
		p->delta[t][j] = d * new * in * (1 - in);
		p->delta[t][UNITS + j] = d * p->c[t][j] * forget * (1 - forget);
		p->delta[t][2 * UNITS + j] = d * in * (1 - new * new);
		p->delta[t][3 * UNITS + j] = dh[j] * a * out * (1 - out);
		dc[j] = d * forget;
	}
}

static NEVER_INLINE void
backward(Net *p, Vector dy)
{
	Vector dh[UNITS], dc[UNITS] = { 0 };
	int t, q, i;

	for (i = 0; i < UNITS; i++)
		dh[i] = dy * p->out[i];
	for (t = STEPS; t-- > 0;) {
		step_back(p, t, dh, dc);
		for (i = 0; i < UNITS; i++)
			dh[i] = (Vector){ 0 };
		for (q = 0; q < ROWS; q++)
			for (i = 0; i < UNITS; i++)
				dh[i] += p->delta[t][q] * p->u[q][i];
	}
}

INLINE float
total(Vector v)
{
	float sum = 0;
	int s;

	for (s = 0; s < BATCH; s++)
		sum += v[s];
	return sum;
}

/* the gradient of a row of weights at a time, and the update */
static NEVER_INLINE void
update(Net *p, Vector dy)
{
	const float rate = p->rate / BATCH;
	int q, i, t;

	for (q = 0; q < ROWS; q++) {
		Vector du[UNITS] = { 0 }, db = { 0 }, dw = { 0 };
		for (t = 0; t < STEPS; t++) {
			Vector d = p->delta[t][q];
			for (i = 0; i < UNITS; i++)
				du[i] += d * p->h[t][i];
			db += d;
			dw += d * p->x[t];
		}
		for (i = 0; i < UNITS; i++)
			p->u[q][i] -= rate * total(du[i]);
		p->b[q] -= rate * total(db);
		p->w[q] -= rate * total(dw);
	}
	for (i = 0; i < UNITS; i++)
		p->out[i] -= rate * total(dy * p->h[STEPS][i]);
	p->bias -= rate * total(dy);
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	Net *p = net;
	size_t n;
	int i;

	for (n = 0; n < count; n += BATCH) {
		Vector dy = { 0 };
		forward(p, x + n * STEPS);
		memcpy(&dy, t + n, sizeof dy);
		dy = p->bias - dy;
		for (i = 0; i < UNITS; i++)
			dy += p->out[i] * p->h[STEPS][i];
		backward(p, dy);
		update(p, dy);
	}
}

/* one step of a single sample: vectors of units */
static NEVER_INLINE void
one_step(const Net *p, float x, Vector *c, Vector *h, float *y)
{
	Vector z[GATES], w, b;
	int g, i;

	for (g = 0; g < GATES; g++) {
		memcpy(&w, p->w + g * UNITS, sizeof w);
		memcpy(&b, p->b + g * UNITS, sizeof b);
		z[g] = w * x + b;
	}
	for (i = 0; i < UNITS; i++)
		for (g = 0; g < GATES; g++)
			z[g] += p->turned[i][g] * (*h)[i];
	*c = sigmoid(z[1]) * *c + sigmoid(z[0]) * hyperbolic(z[2]);
	*h = sigmoid(z[3]) * hyperbolic(*c);
	memcpy(&w, p->out, sizeof w);
	*y = total(w * *h) + p->bias;
}

static void
turn(Net *p)
{
	int q, i;

	for (q = 0; q < ROWS; q++)
		for (i = 0; i < UNITS; i++)
			p->turned[i][q / UNITS][q % UNITS] = p->u[q][i];
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	Net *p = net;
	size_t n;
	int t;

	for (n = 0; n < count; n++) {
		Vector c = { 0 }, h = { 0 };
		for (t = 0; t < STEPS; t++)
			one_step(p, x[n * STEPS + (size_t)t], &c, &h, y + n);
	}
}

static void *
open_net(const Work *work)
{
	Net *p = aligned_alloc(64, (sizeof *p + 63) / 64 * 64);

	if (!p)
		return NULL;
	memset(p, 0, sizeof *p);
	p->rate = work->rate;
	return p;
}

/* takes all weights from w in their order, or puts them there */
static void
weights(Net *p, float *w, int take)
{
	struct { float *at; size_t n; } part[] = {
		{ p->w, ROWS }, { p->u[0], ROWS * UNITS }, { p->b, ROWS },
		{ p->out, UNITS }, { &p->bias, 1 }
	};
	size_t i;

	for (i = 0; i < sizeof part / sizeof *part; w += part[i++].n)
		memcpy(take ? part[i].at : w, take ? w : part[i].at,
			part[i].n * sizeof *w);
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

PEER = { open_net, set, get, train, infer, NULL };
