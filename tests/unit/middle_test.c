/* SPDX-License-Identifier: MIT
 * Formulas of every kind: the gradient of each against central differences of
 * the oracle, invariants after every stage, simplification without a bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../../gen/middle/middle.h"

typedef struct {
	const char *name;
	int samples;
	const char *tensors;        /* "x i 2,3; w w 4,3": input, weight, target */
	const char *act;            /* y of `act`, or NULL */
	const char *dy;
	const char *pad;
	const char *shapes;         /* "z 3,3,3" of what is written */
	const char *values;         /* "s 2; p 1" */
	const char *text;           /* writes C */
} Case;

#define DENSE(z, y, x, w, b) z "[j] = sum(k: " w "[j,k]*" x "[k]) + " b \
	"[j]\n" y "[j] = act(" z "[j])\n"
#define SSE(y) "C = sum(...: (" y "[...] - t[...])^2)/2"
#define NET3 "x i 3; w1 w 4,3; b1 w 4; w2 w 2,4; b2 w 2; t t 2"
#define TWO DENSE("z1", "y1", "x", "w1", "b1") \
	DENSE("z2", "y2", "y1", "w2", "b2") SSE("y2")

static const Case cases[] = {
	{ "sigmoid", 2, NET3, "1/(1 + exp(-z))", "y*(1 - y)", 0, 0, 0, TWO },
	{ "sigmoid derived", 2, NET3, "1/(1 + exp(-z))", 0, 0, 0, 0, TWO },
	{ "tanh", 2, NET3, "tanh(z)", 0, 0, 0, 0, TWO },
	{ "relu", 2, NET3, "z > 0 ? z : 0", 0, 0, 0, 0, TWO },
	{ "swish", 2, NET3, "z/(1 + exp(-z))", 0, 0, 0, 0, TWO },
	{ "gelu", 2, NET3, "0.5*z*(1 + erf(z/1.4142135623730951))", 0, 0, 0, 0,
	  TWO },
	{ "softplus", 2, NET3, "max(z, 0) + log1p(exp(-abs(z)))", 0, 0, 0, 0,
	  TWO },
	{ "others", 2, NET3, "sin(z) + cos(z)*sqrt(1 + z^2) + cosh(z)/(2 + z^4)"
	  " - log(3 + z^2) + clamp(z, -0.3, 0.4) + min(z, 0.1)*sign(z)", 0, 0,
	  0, 0, TWO },
	{ "long sum, few results", 2, "x i 100; w1 w 3,100; b1 w 3; t t 3",
	  "tanh(z)", 0, 0, 0, 0, DENSE("z1", "y1", "x", "w1", "b1") SSE("y1") },
	{ "softmax, cross-entropy", 2, "x i 4; w1 w 3,4; b1 w 3; t t 3", "z", 0,
	  0, 0, 0, DENSE("z1", "z", "x", "w1", "b1")
	  "m = max(i: z[i])\n"
	  "y[i] = exp(z[i] - stop(m))/sum(k: exp(z[k] - stop(m)))\n"
	  "C = -sum(i: t[i]*t[i]*log(y[i]))" },
	{ "softmax over channels", 2, "x w 3,2,2; a i 3,2,2; t t 3,2,2", 0, 0,
	  0, 0, 0, "z[...] = x[...]*a[...]\nm[...] = max(i: z[i,...])\n"
	  "y[i,...] = exp(z[i,...] - stop(m[...]))/"
	  "sum(k: exp(z[k,...] - stop(m[...])))\n" SSE("y") },
	{ "layernorm", 2, "x i 5; w1 w 4,5; b1 w 4; g w 4; b w 4; t t 4", "z",
	  0, 0, 0, 0, DENSE("z1", "q", "x", "w1", "b1")
	  "mu = mean(i: q[i])\nva = mean(i: (q[i] - mu)^2)\n"
	  "y[i] = g[i]*(q[i] - mu)/sqrt(va + 0.00001) + b[i]\n" SSE("y") },
	{ "conv, stride 2, padding 1", 2, "x w 2,6,5; a i 2,6,5; w w 3,2,3,3; "
	  "b w 3; v w 2,3,2,2; t t 2,2,2", "tanh(z)", 0, "zero",
	  "z 3,3,3; q 2,2,2", "s 2; p 1", "xa[...] = x[...]*a[...]\n"
	  "z[o,r,c] = sum(i,u,v: w[o,i,u,v]*xa[i, s*r+u-p, s*c+v-p]) + b[o]\n"
	  "y[o,r,c] = act(z[o,r,c])\n"
	  "q[o,r,c] = sum(i,u<2,w9<2: v[o,i,u,w9]*y[i, r+u, c+w9])\n"
	  SSE("q") },
	{ "conv, dilated", 2, "x w 9; a i 9; w w 3; w2 w 2; t t 1", 0, 0, 0, 0,
	  0, "xa[i] = x[i]*a[i]\ny[r] = sum(u: w[u]*xa[r+2*u])\n"
	  "q[r] = sum(u: w2[u]*y[3*r+2*u])\n" SSE("q") },
	{ "conv 1x1 stride 2", 2, "x w 2,4,4; a i 2,4,4; w w 2,2,1,1; t t 2,2,2",
	  0, 0, "zero", "z 2,2,2", 0, "xa[...] = x[...]*a[...]\n"
	  "z[o,r,c] = sum(i,u,v: w[o,i,u,v]*xa[i, 2*r+u, 2*c+v])\n" SSE("z") },
	{ "stride beyond the kernel", 2, "x w 10; a i 10; w w 2; t t 3", 0, 0, 0,
	  "z 3", 0, "xa[i] = x[i]*a[i]\n"
	  "z[r] = sum(u: w[u]*xa[3*r+u])\n" SSE("z") },
	{ "conv, long gradient", 1, "x w 11,11; a i 11,11; w w 3,3; t t 11,11", 0,
	  0, "zero", "z 11,11", 0, "xa[...] = x[...]*a[...]\n"
	  "z[r,c] = sum(u,v: w[u,v]*xa[r+u-1, c+v-1])\n" SSE("z") },
	{ "depthwise", 2, "x w 3,5,5; a i 3,5,5; w w 3,3,3; t t 3,3,3", 0, 0,
	  "zero", "y 3,3,3", "s 2; p 1", "xa[...] = x[...]*a[...]\n"
	  "y[i,r,c] = sum(u,v: w[i,u,v]*xa[i, s*r+u-p, s*c+v-p])\n" SSE("y") },
	{ "maxpool, overlapping, padded", 2, "x w 2,5,5; a i 2,5,5; t t 2,2,2",
	  0, 0, "skip", "y 2,3,3", "s 2; p 1; K 3",
	  "xa[...] = x[...]*a[...]\n"
	  "y[c,i,j] = max(u<K, v<K: xa[c, s*i+u-p, s*j+v-p])\n"
	  "q[c,i,j] = max(u<2, v<2: y[c, i+u, j+v])\n" SSE("q") },
	{ "avgpool", 2, "x w 2,4,4; a i 2,4,4; t t 2,2,2", 0, 0, 0, 0, 0,
	  "xa[...] = x[...]*a[...]\n"
	  "y[c,i,j] = mean(u<2, v<2: xa[c, 2*i+u, 2*j+v])\n" SSE("y") },
	{ "concat, add, mul, fan-out", 2, "x i 3; w1 w 2,3; b1 w 2; w2 w 3,3; "
	  "b2 w 3; w3 w 2,3; b3 w 2; w4 w 2,7; b4 w 2; t t 2", "tanh(z)", 0, 0,
	  "k 7", 0, DENSE("za", "a", "x", "w1", "b1")
	  DENSE("zb", "b", "x", "w2", "b2") DENSE("zc", "c", "b", "w3", "b3")
	  "k[i] = a[i]\nk[i+2] = b[i]\nk[i+5] = c[i]\n"
	  "s[i] = a[i] + c[i]\n" DENSE("ze", "e", "k", "w4", "b4")
	  "m[i] = e[i]*s[i]*s[i]\n" SSE("m") },
	{ "batch statistics", 4, "x i 3; w1 w 2,3; b1 w 2; g w 2; t t 2", "z", 0,
	  0, 0, 0, "z1[n,j] = sum(k: w1[j,k]*x[n,k]) + b1[j]\n"
	  "mu[j] = mean(n: z1[n,j])\nva[j] = mean(n: (z1[n,j] - mu[j])^2)\n"
	  "y[n,j] = g[j]*(z1[n,j] - mu[j])/sqrt(va[j] + 0.001)\n"
	  "C[n] = sum(j: (y[n,j] - t[n,j])^2)/2" },
	{ "batch statistics of a map", 3, "x w 2,2,3; a i 2,2,3; g w 2; "
	  "t t 2,2,3", 0, 0, 0, 0, 0, "xa[n,...] = x[...]*a[n,...]\n"
	  "mu[j] = mean(n,...: xa[n,j,...])\n"
	  "va[j] = mean(n,...: (xa[n,j,...] - mu[j])^2)\n"
	  "y[n,j,...] = g[j]*(xa[n,j,...] - mu[j])/sqrt(va[j] + 0.001)\n"
	  "C[n] = sum(j,r,c: (y[n,j,r,c] - t[n,j,r,c])^2)/2" },
	{ "dropout", 2, "x i 3; w1 w 6,3; b1 w 6; w2 w 2,6; b2 w 2; t t 2",
	  "tanh(z)", 0, 0, 0, "q 0.5", DENSE("z1", "y1", "x", "w1", "b1")
	  "d[...] = rand(...) < q ? 0 : y1[...]/(1 - q)\n"
	  DENSE("z2", "y2", "d", "w2", "b2") SSE("y2") },
	{ "Elman, trained start", 2, "x i 4,3; wx w 2,3; wh w 2,2; b w 2; "
	  "h0 w 2; t t 4,2", "tanh(z)", 0, 0, "h 4,2", 0, "scan(t9:\n"
	  "a[t9,j] = sum(k: wx[j,k]*x[t9,k]) + sum(k: wh[j,k]*h[t9-1,k]) + "
	  "b[j]\nh[t9,j] = act(a[t9,j])\n)\n"
	  "C = sum(i,j: (h[i,j] - t[i,j])^2)/2 + sum(j: h[3,j]*h[3,j])" },
	{ "LSTM", 2, "x i 4,3; wf w 2,3; wi w 2,3; wo w 2,3; wg w 2,3; uf w 2,2; "
	  "ui w 2,2; uo w 2,2; ug w 2,2; t t 2", 0, 0, 0, "h 4,2; c 4,2", 0,
	  "scan(s:\n"
	  "f[s,j] = 1/(1 + exp(-sum(k: wf[j,k]*x[s,k]) - sum(k: uf[j,k]*h[s-1,k])))\n"
	  "i[s,j] = 1/(1 + exp(-sum(k: wi[j,k]*x[s,k]) - sum(k: ui[j,k]*h[s-1,k])))\n"
	  "o[s,j] = 1/(1 + exp(-sum(k: wo[j,k]*x[s,k]) - sum(k: uo[j,k]*h[s-1,k])))\n"
	  "g[s,j] = tanh(sum(k: wg[j,k]*x[s,k]) + sum(k: ug[j,k]*h[s-1,k]))\n"
	  "c[s,j] = f[s,j]*c[s-1,j] + i[s,j]*g[s,j]\n"
	  "h[s,j] = o[s,j]*tanh(c[s,j])\n)\ny[j] = h[3,j]\n" SSE("y") },
	{ "GRU, stacked, reversed", 2, "x i 3,2; wz w 2,2; uz w 2,2; wr w 2,2; "
	  "ur w 2,2; wc w 2,2; uc w 2,2; t t 2", "1/(1 + exp(-z))", "y*(1 - y)",
	  0, "h 3,2; g 3,2", 0, "scan(s:\n"
	  "z[s,j] = act(sum(k: wz[j,k]*x[s,k]) + sum(k: uz[j,k]*h[s-1,k]))\n"
	  "r[s,j] = act(sum(k: wr[j,k]*x[s,k]) + sum(k: ur[j,k]*h[s-1,k]))\n"
	  "c[s,j] = tanh(sum(k: wc[j,k]*x[s,k]) + sum(k: uc[j,k]*(r[s,k]*h[s-1,k])))\n"
	  "h[s,j] = (1 - z[s,j])*h[s-1,j] + z[s,j]*c[s,j]\n)\nscan(s:\n"
	  "z2[s,j] = act(sum(k: wz[j,k]*h[2-s,k]) + sum(k: ur[j,k]*g[s-1,k]))\n"
	  "g[s,j] = (1 - z2[s,j])*g[s-1,j] + z2[s,j]*tanh(sum(k: wc[j,k]*h[2-s,k]))\n)\n"
	  "y[j] = g[2,j]\n" SSE("y") },
	{ "attention, causal", 2, "x i 4,3; wq w 2,3; wk w 2,3; wv w 2,3; t t 4,2",
	  0, 0, 0, 0, 0, "Q[s,j] = sum(k: wq[j,k]*x[s,k])\n"
	  "K[s,j] = sum(k: wk[j,k]*x[s,k])\nV[s,j] = sum(k: wv[j,k]*x[s,k])\n"
	  "s[q,k] where k <= q = sum(d: Q[q,d]*K[k,d])/sqrt(2)\n"
	  "m[q] = max(k where k <= q: s[q,k])\n"
	  "e[q,k] where k <= q = exp(s[q,k] - stop(m[q]))\n"
	  "p[q,k] where k <= q = e[q,k]/sum(k where k <= q: e[q,k])\n"
	  "y[q,d] = sum(k where k <= q: p[q,k]*V[k,d])\n" SSE("y") },
	{ "maxout", 2, "x i 3; w w 3,2,3; b w 3,2; t t 2", 0, 0, 0, 0, 0,
	  "y[j] = max(k: sum(i: w[k,j,i]*x[i]) + b[k,j])\n" SSE("y") },
	{ "gates that lie side by side", 2, "x i 3; w w 4,3; t t 2", 0, 0, 0, 0,
	  0, "z[q] = sum(k: w[q,k]*x[k])\n"
	  "y[j<2] = z[j]*tanh(z[j+2]) + sum(k<2: x[k]*z[k])\n" SSE("y") },
	{ "bilinear", 2, "a i 2; b i 3; w w 2,2,3; t t 2", 0, 0, 0, 0, 0,
	  "y[o] = sum(i,j: w[o,i,j]*a[i]*b[j])\n" SSE("y") },
	{ "prelu", 2, "x i 3; w1 w 4,3; b1 w 4; a w; a2 w 4; t t 4", "z", 0, 0,
	  0, 0, DENSE("z1", "z", "x", "w1", "b1")
	  "y[i] = z[i] > 0 ? z[i] : a*z[i]\n"
	  "q[i] = y[i] > 0 ? y[i] : a2[i]*y[i]\n" SSE("q") },
	{ "padded shift, Toeplitz, weights alone", 1, "x w 4; c i 4; w w 4,4; "
	  "q w 7; t t 4", 0, 0, "zero", 0, 0, "xc[i] = x[i]*c[i]\n"
	  "a[i] = (xc[i] - xc[i-1])^2 + xc[i+1]\n"
	  "v[j,k] = w[j,k]*w[j,k] + w[j,j]\n"
	  "y[i] = sum(j: v[i,j]*a[j] + q[i-j+3]*a[j])\n" SSE("y") },
	{ "transposed conv", 2, "x w 2,3,3; a i 2,3,3; w w 2,2,3,3; t t 2,5,5", 0,
	  0, "zero", "y 2,5,5", 0, "xa[...] = x[...]*a[...]\n"
	  "y[o, 2*r+u-1, 2*c+v-1] += sum(i: w[i,o,u,v]*xa[i,r,c])\n" SSE("y") },
	{ "dense per step", 2, "x i 4,3; w1 w 2,3; b1 w 2; w2 w 2,2; b2 w 2; "
	  "t t 2", "tanh(z)", 0, 0, 0, 0,
	  "z1[...,j] = sum(k: w1[j,k]*x[...,k]) + b1[j]\n"
	  "y1[...,j] = act(z1[...,j])\nm[...] = mean(s: y1[s,...])\n"
	  "z2[...,j] = sum(k: w2[j,k]*m[...,k]) + b2[j]\n"
	  "y2[...,j] = act(z2[...,j])\n" SSE("y2") },
	{ "reversed sequence", 2, "x i 5; w w 5; t t 5", 0, 0, 0, 0, 0,
	  "y[i] = x[4-i]*w[4-i]*w[i]\n" SSE("y") },
};

/* ---- building a program from a case */

static double
noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (double)(*seed >> 8) / 16777216.0 * 1.6 - 0.8;
}

static Shape
shape_of(const char *s)
{
	Shape r = { 0 };

	while (*s) {
		r.dim[r.rank++] = (int32_t)strtol(s, (char **)&s, 10);
		s += *s == ',';
	}
	return r;
}

static char *
next_item(char **rest)
{
	char *item = *rest, *end;

	if (!item || !*item)
		return NULL;
	end = strchr(item, ';');
	if (end)
		*end++ = 0;
	*rest = end;
	return item + strspn(item, " ");
}

static void
declare(Program *p, Use *u, const Case *k)
{
	char *rest = copy(p->c, k->tensors, strlen(k->tensors)), *item;
	char name[16], kind[2], dims[32];

	while ((item = next_item(&rest))) {
		Tensor t = { 0 };
		dims[0] = 0;
		sscanf(item, "%15s %1s %31s", name, kind, dims);
		t.name = t.base = copy(p->c, name, strlen(name));
		t.shape = shape_of(dims);
		t.batch = *kind != 'w';
		t.kind = *kind == 'w' ? T_WEIGHT : *kind == 'i' ? T_INPUT
		                                                : T_TARGET;
		use_bind(u, t.name, ir_tensor(p, t));
		if (t.kind == T_WEIGHT) {
			PUSH(p->c, &p->weights, p->tensors.n - 1);
			PUSH(p->c, &p->grads, 0);
		}
	}
	rest = k->shapes ? copy(p->c, k->shapes, strlen(k->shapes)) : NULL;
	while ((item = next_item(&rest))) {
		NamedShape s = { 0 };
		sscanf(item, "%15s %31s", name, dims);
		s.name = copy(p->c, name, strlen(name));
		s.shape = shape_of(dims);
		PUSH(p->c, &u->shapes, s);
	}
	rest = k->values ? copy(p->c, k->values, strlen(k->values)) : NULL;
	while ((item = next_item(&rest))) {
		double v;
		sscanf(item, "%15s %lf", name, &v);
		use_value(u, copy(p->c, name, strlen(name)), v);
	}
}

static Program *
make(Ctx *c, const Case *k)
{
	static Network net;
	Layer l = { .name = "l" };
	Program *p;
	Use u = { .prefix = "", .pad = k->pad, .phase = PH_FORWARD,
	          .what = k->name };
	Record *rec = mem(c, sizeof *rec);
	Act *act = mem(c, sizeof *act);

	memset(&net, 0, sizeof net);
	PUSH(c, &net.layers, l);
	p = program_new(c, &net, F32);
	u.p = p;
	u.out = &p->kernel[K_GRADIENT];
	rec->name = "act";
	rec->y = k->act;
	rec->dy = k->dy;
	act->rec = rec;
	u.act.name = k->act ? "act" : NULL;
	u.act.act = act;
	declare(p, &u, k);
	if (!lower(&u, k->text, (Loc){ 0 })) {
		diag_print(c, stderr, false);
		return NULL;
	}
	p->loss[K_GRADIENT] = use_find(&u, "C");
	grad(p);
	check_ir(p, "grad");
	return p;
}

/* ---- running it */

static void
load(Oracle *o, Program *p, int samples)
{
	uint32_t t, seed = 7;
	int64_t i, n;

	for (t = 1; t < p->tensors.n; t++) {
		const Tensor *x = &p->tensors.v[t];
		n = shape_size(&x->shape) * (x->batch ? samples : 1);
		if (x->kind == T_INPUT || x->kind == T_WEIGHT ||
		    x->kind == T_TARGET)
			for (i = 0; i < n; i++)
				oracle_values(o, t)[i] = (double)(float)
					noise(&seed);
	}
	oracle_random(o, 5, 1, 0);
}

static double
total(Program *p, const Case *k, TensorId w, int64_t at, double h)
{
	Oracle *o = oracle_new(p, F64, k->samples);
	double sum = 0;
	int i;

	load(o, p, k->samples);
	oracle_values(o, w)[at] += h;
	oracle_run(o, K_GRADIENT);
	for (i = 0; i < k->samples; i++)
		sum += oracle_values(o, p->loss[K_GRADIENT])[i];
	return sum;
}

static double
worst_gradient(Program *p, const Case *k)
{
	Oracle *o = oracle_new(p, F64, k->samples);
	double worst = 0, h = 1e-5;
	uint32_t i;
	int64_t a;

	load(o, p, k->samples);
	oracle_run(o, K_GRADIENT);
	for (i = 0; i < p->weights.n; i++) {
		TensorId w = p->weights.v[i];
		assert_int_not_equal(p->grads.v[i], 0);
		for (a = 0; a < shape_size(&p->tensors.v[w].shape); a++) {
			double n = (total(p, k, w, a, h) -
			            total(p, k, w, a, -h)) / (2 * h);
			double d = oracle_values(o, p->grads.v[i])[a];
			double e = fabs(n - d) / fmax(1, fabs(n));
			if (!(e <= worst))
				worst = e;
		}
	}
	return worst;
}

/* gradients and loss in float, as bytes */
static uint64_t
bits(Program *p, const Case *k)
{
	Oracle *o = oracle_new(p, F32, k->samples);
	uint64_t hash = FNV_START;
	uint32_t i;

	load(o, p, k->samples);
	oracle_run(o, K_GRADIENT);
	for (i = 0; i < p->weights.n; i++)
		hash = fnv1a(hash, oracle_values(o, p->grads.v[i]),
		             sizeof(double) * (size_t)shape_size(
		             &p->tensors.v[p->weights.v[i]].shape));
	return fnv1a(hash, oracle_values(o, p->loss[K_GRADIENT]),
	             sizeof(double) * (size_t)k->samples);
}

static void
one_case(void **state)
{
	const Case *k = *state;
	Ctx *c = ctx_new();
	jmp_buf out;
	Program *p;
	uint64_t raw;
	uint32_t before;
	double worst;

	c->exit = &out;
	if (setjmp(out))
		fail_msg("%s: %s", k->name, c->exit_text);
	p = make(c, k);
	assert_non_null(p);
	worst = worst_gradient(p, k);
	if (!(worst < 1e-6))
		print_error("%s: error %g\n", k->name, worst);
	assert_true(worst < 1e-6);
	order(p);
	raw = bits(p, k);
	before = p->kernel[K_GRADIENT].n;
	simplify(p);
	check_ir(p, "simplify");
	order(p);
	assert_true(p->kernel[K_GRADIENT].n <= before);
	assert_true(worst_gradient(p, k) < 1e-6);
	if (raw != bits(p, k))
		print_message("%s: bits changed by simplification\n", k->name);
	if (getenv("DUMP")) {
		Text t = { .c = c };
		dump_stmts(p, &p->kernel[K_GRADIENT], &t);
		print_message("%s\n%s\n", k->name, t.s);
	}
	ctx_free(c);
}

/* ---- formulas that are wrong */

typedef struct { const char *tensors, *text, *message; } Bad;

static const Bad bads[] = {
	{ "x i 3", "C = sum(i: q[i])", "'q' is read before it is written" },
	{ "x i 3; w w 4,4", "C = sum(i: x[i]*w[i,0])\ny[j] = x[i]*w[i,j]",
	  "index 'i' runs over 3 elsewhere, but over 4 in 'w'" },
	{ "x i 3", "y[i<4] = x[i]",
	  "index 'i' runs over 4 elsewhere, but over 3 in 'x'" },
	{ "x i 3", "y[i<0] = x[i]",
	  "the range of an index must be a whole number above 0" },
	{ "x i 3,3", "y[i<2,i<3] = x[i,i]", "index 'i' has a range already" },
	{ "x i 3", "y[i<] = x[i]", "expected the size of the index before ']'" },
	{ "x i 3; w w 4,3", "y[j] = x[k]*w[j,k]",
	  "index 'k' is neither bound by a sum nor on the left side" },
	{ "x i 3", "C = sum(i<4: x[i+1])", "'x' can be read outside its 3 here" },
	{ "x i 3", "C = sum(i: x[i*i])",
	  "a subscript must be an integer combination of indices" },
	{ "x i 3", "C = sum(i: x[i]", "expected ')' before the end of the line" },
	{ "x i 3", "C = sum(i: x[i,0])", "'x' has 1 subscript, not 2" },
	{ "x i 3", "C = x", "'x' needs subscripts" },
	{ "x i 3", "y[i] = x[i]\ny[i] = x[i]\nC = sum(i: y[i])",
	  "'y' is written twice" },
	{ "x i 3", "y[i] = x[i]^2.5", "an exponent must be 0.5, 2, 3 or 4" },
	{ "x i 3", "C = sum(i<9: 1 < 2)",
	  "a comparison needs `? value : value` before ')'" },
	{ "x i 3", "C = sum(i: foo(x[i]))", "unknown function 'foo'" },
	{ "x i 3", "C = sum(i: x[i]) $", "a formula cannot contain '$'" },
};

static void
one_bad(void **state)
{
	const Bad *b = *state;
	Ctx *c = ctx_new();
	Case k = { .name = "bad", .samples = 1, .tensors = b->tensors,
	           .text = b->text };
	Program *p;
	Use u = { .prefix = "", .phase = PH_FORWARD, .what = "bad" };
	static Network net;
	jmp_buf out;

	c->exit = &out;
	if (setjmp(out))
		fail_msg("%s: %s", b->text, c->exit_text);
	p = program_new(c, &net, F32);
	u.p = p;
	u.out = &p->kernel[K_GRADIENT];
	declare(p, &u, &k);
	assert_false(lower(&u, b->text, (Loc){ 0 }));
	assert_int_equal(c->errors, 1);
	assert_string_equal(c->diags.v[0].text, b->message);
	ctx_free(c);
}

int
main(void)
{
	enum { N = sizeof cases / sizeof *cases, M = sizeof bads / sizeof *bads };
	struct CMUnitTest tests[N + M];
	int i;

	memset(tests, 0, sizeof tests);
	for (i = 0; i < N; i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = one_case;
		tests[i].initial_state = (void *)&cases[i];
	}
	for (i = 0; i < M; i++) {
		tests[N + i].name = bads[i].message;
		tests[N + i].test_func = one_bad;
		tests[N + i].initial_state = (void *)&bads[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
