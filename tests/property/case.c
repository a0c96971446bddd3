/* SPDX-License-Identifier: MIT
 * The text of a spec -> a network with constants, weights and samples, and all
 * checks over all its plans. */
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "property.h"

/* ---------------------------------------------------------------- the data */

static double
number(uint64_t *state)
{
	double v = 2 * draw_uniform(state) - 1;

	switch (draw_below(state, 24)) {
	case 0: return 0;
	case 1: return -0.0;
	case 2: return v < 0 ? -1 : 1;
	}
	return (double)(float)v;
}

/* what a loss takes: class numbers, shares, -1 and 1, numbers */
static void
target(const Head *h, double *t, uint64_t *state)
{
	bool shares = h->loss->with.n > 0, sum_to_one;
	double sum = 0;
	int j;

	sum_to_one = shares && strcmp(h->loss->with.v[0].left, "sigmoid");
	for (j = 0; j < h->targets; j++) {
		if (h->index) {
			t[j] = draw_below(state, (uint32_t)(h->outputs /
			                  h->targets));
			continue;
		}
		t[j] = shares ? (double)(float)draw_uniform(state)
		              : number(state);
		if (!strcmp(h->loss->name, "hinge"))
			t[j] = t[j] < 0 ? -1 : 1;
		if (shares && draw_below(state, 5) == 0)
			t[j] = draw_below(state, 2); /* 0 and 1 are special */
		sum += t[j];
	}
	for (j = 0; j < h->targets && sum_to_one && sum > 0 && !h->index; j++)
		t[j] = (double)(float)(t[j] / sum);
}

static void
samples(Case *k, uint64_t *state)
{
	const int32_t *ids = input_ids(k->c, k->net);
	size_t i, n, at;
	uint32_t h;

	for (i = 0; i < k->inputs * SAMPLES; i++) {
		int32_t many = ids[i % k->inputs];
		k->x[i] = number(state);
		/* now and then one that selects nothing */
		if (many && draw_below(state, 8))
			k->x[i] = draw_below(state, (uint32_t)many);
		else if (many)
			k->x[i] = draw_below(state, 2) ? many : -1;
	}
	for (n = 0; n < SAMPLES; n++)
		for (at = 0, h = 0; h < k->net->heads.n; h++) {
			target(&k->net->heads.v[h], k->t + n * k->targets + at,
			       state);
			at += (size_t)k->net->heads.v[h].targets;
		}
}

/* what the data would give to normalize and targets */
static void
constants(Network *net, uint64_t *state)
{
	uint32_t i, j;
	int64_t q;

	for (i = 0; i < net->layers.n; i++) {
		Layer *l = &net->layers.v[i];
		for (j = 0; l->rec && j < l->rec->constants.n; j++)
			for (q = 0; q < shape_size(&net->layers.v[l->in.v[0]]
			     .out); q++)
				l->constants[j][q] = j ? 0.5 + draw_uniform(
					state) : number(state);
		l->constants_known = l->rec && l->rec->constants.n;
	}
	for (i = 0; net->targets_scale && i < (uint32_t)net->targets; i++) {
		net->t_shift[i] = number(state);
		net->t_scale[i] = 0.5 + 2 * draw_uniform(state);
	}
	net->t_constants_known = net->targets_scale != 0;
	network_hash(net);
}

static void
look(Case *k)
{
	const Network *net = k->net;
	uint32_t i, j;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];
		if (!l->rec || l->dead)
			continue;
		k->masks |= !strcmp(l->rec->name, "dropout");
		for (j = 0; j < l->rec->params.n; j++)
			k->surrogate |= l->args[j].act &&
			                l->args[j].act->surrogate;
	}
}

Case *
case_new(Ctx *c, const char *text, uint64_t seed, Totals *totals)
{
	Case *k = mem(c, sizeof *k);
	uint64_t state = seed + 1000;
	size_t i;
	uint32_t h;

	k->c = c;
	k->seed = seed;
	k->totals = totals;
	k->net = front_text(c, "random.spec", text, strlen(text));
	if (!k->net || c->errors)
		return NULL;
	for (h = 0; h < k->net->heads.n; h++)
		if (!k->net->heads.v[h].loss)
			return NULL;
	k->inputs = (size_t)k->net->inputs;
	k->outputs = (size_t)k->net->outputs;
	k->targets = (size_t)k->net->targets;
	k->params = (size_t)k->net->params;
	k->stats = (size_t)k->net->stats;
	k->together = 1;
	k->x = reals(k, k->inputs * SAMPLES);
	k->t = reals(k, k->targets * SAMPLES);
	k->w = reals(k, k->params);
	constants(k->net, &state);
	samples(k, &state);
	look(k);
	for (i = 0; i < k->params; i++)
		k->w[i] = (double)(float)(0.9 * (2 * draw_uniform(&state) - 1));
	return k;
}

/* --------------------------------------------------------------- all checks */

typedef struct { Run *v[MOST_RUNS]; int n; } Runs;

static Run *
add(Runs *runs, Case *k, Dtype dtype, Unroll unroll, uint64_t random,
	bool check)
{
	Run *r = run_new(k, dtype, unroll, random, check);

	if (r)
		runs->v[runs->n++] = r;
	return r;
}

static const char *
doubles(Case *k, Runs *runs)
{
	Run *loops = add(runs, k, F64, UNROLL_NONE, 0, true);
	Run *line = add(runs, k, F64, UNROLL_FULL, 0, true);
	Run *any = add(runs, k, F64, UNROLL_AUTO, k->seed * 7 + 3, false);
	const char *why;

	if (!loops || !line || !any)
		return "no C for f64";
	why = check_numeric(k, loops);
	if (!why)
		why = check_near(k, loops, loops);
	if (!why)
		why = check_near(k, line, loops);
	if (!why)
		why = check_same(k, loops, line);
	if (!why)
		why = check_same(k, loops, any);
	if (!why)
		why = check_stream(k, loops, run_reset);
	return why ? why : check_stream(k, line, run_reset);
}

static const char *
floats(Case *k, Runs *runs)
{
	static const Unroll how[] = { UNROLL_NONE, UNROLL_FULL, UNROLL_AUTO };
	const char *why = NULL;
	Model *m = NULL;
	Run *r;
	int i;

	for (i = 0; i < 6 && !why; i++) {
		r = i < 3 ? add(runs, k, F32, how[i], 0, i != 1) :
			add(runs, k, F32, UNROLL_AUTO, k->seed * 31 + (uint64_t)i,
			    i == 3);
		if (!r)
			return "no C for f32";
		if (!m)
			m = model_new(r);
		why = check_bits(k, r, m, true);
		if (!why)
			why = check_stream(k, r, run_reset);
		if (!why && i < 2)
			why = check_batch(k, r);
		if (!why && i == 0)
			why = check_calls(k, r);
		if (!why && i < 2)
			why = check_bytes(k, r, net_plan(r->n)->bytes);
		if (!why && i == 0)
			why = check_state(k, r, net_load);
	}
	return why;
}

/* Any order of a sum: near in double; in float where no kink can make another
 * number of a rounding. */
static const char *
fast(Case *k, Runs *runs)
{
	Run *line, *any, *many, *single;
	const char *why = "no C for math fast";

	k->net->strict = false;
	line = add(runs, k, F64, UNROLL_AUTO, 0, false);
	any = add(runs, k, F64, UNROLL_NONE, 0, false);
	many = add(runs, k, F64, UNROLL_AUTO, k->seed * 13 + 5, false);
	single = add(runs, k, F32, UNROLL_AUTO, k->seed * 13 + 6, false);
	if (line && any && many && single) {
		why = check_fast(k, line, line, 1e-8);
		if (!why)
			why = check_fast(k, any, line, 1e-8);
		if (!why)
			why = check_fast(k, many, line, 1e-8);
		if (!why && !net_program(runs->v[0]->n)->has_kinks)
			why = check_fast(k, single, line, 1e-3);
	}
	k->net->strict = true;
	return why;
}

static const char *
twice(Case *k, const char *spec, const Run *r)
{
	jmp_buf out;
	Ctx *c = ctx_new();
	Case *again;
	Run *other;
	const char *why = "the second time there is no C";

	c->exit = &out;
	if (setjmp(out)) {
		why = fmt(k->c, "the second time: %s", c->exit_text);
		ctx_free(c);
		return why;
	}
	again = case_new(c, spec, k->seed, k->totals);
	other = again ? run_new(again, F32, UNROLL_NONE, 0, true) : NULL;
	if (other) {
		why = check_text(again, net_text(r->n), net_text(other->n));
		why = why ? copy(k->c, why, strlen(why)) : NULL;
		net_free(other->n);
	}
	ctx_free(c);
	return why;
}

static const char *
all(Case *k, const char *spec, Runs *runs)
{
	const char *why = doubles(k, runs);

	if (!why)
		why = floats(k, runs);
	if (!why)
		why = check_foreign(k, runs->v[3], runs->v[0], net_load);
	if (!why)
		why = twice(k, spec, runs->v[3]);
	return why ? why : fast(k, runs);
}

bool
property(const char *text, uint64_t seed, Totals *totals, char *why, size_t cap,
	bool *refused)
{
	Ctx *c = ctx_new();
	jmp_buf out;
	Case *volatile k = NULL;
	Runs *runs = mem(c, sizeof *runs);
	const char *volatile wrong = NULL;
	int i;

	c->exit = &out;
	*refused = false;
	totals->networks++;
	if (setjmp(out)) {
		wrong = fmt(c, "died: %s", c->exit_text);
	} else {
		k = case_new(c, text, seed, totals);
		*refused = !k;
		wrong = k ? all(k, text, runs) : "the spec is refused";
	}
	snprintf(why, cap, "%s", wrong ? wrong : "");
	for (i = 0; i < (int)c->diags.n; i++)
		if (c->diags.v[i].kind == DIAG_ERROR) {
			snprintf(why + strlen(why), cap - strlen(why), " (%s)",
			         c->diags.v[i].text);
			break;
		}
	for (i = 0; i < runs->n; i++)
		net_free(runs->v[i]->n);
	ctx_free(c);
	return !wrong;
}
