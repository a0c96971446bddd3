/* SPDX-License-Identifier: MIT
 * Every check is fed something broken, which it must notice, and the same thing
 * sound, which it must pass. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "property.h"

#define REST "loss half_sse\noptimizer sgd rate=0.1\nbatch 3\nseed 3\n"
#define SMALL "input 3\ndense 4 tanh\ndense 2 sin\n" REST
/* 100 terms for 3 results: 16 partial sums */
#define LONG "input 100\ndense 3\n" REST
#define CELL "input 2 steps=4\ngru 3\nlstm 3 last\ndense 2\n" REST
#define MAP "input 2x6x6\nconv 2 3x3 tanh\nflatten\n" REST
/* products with 0 are -0 for negative weights */
#define ZERO "input 4\ndense 3 bias=off\n" REST
#define OWN(dy) "activation \"mine\" { y = \"tanh(z)\", dy = \"" dy "\" }\n" \
	"input 3\ndense 4 mine\ndense 2 sin\n" REST
#define FAST(activation, rate) "input 3\ndense 4 " activation "\n" \
	"dense 2 sin\nloss half_sse\noptimizer sgd rate=" rate "\n" \
	"batch 3\nseed 3\nmath fast\n"
#define CLOSED(delta) "loss \"mine\" { C = \"-sum(i: t[i]*log(y[i]))\", " \
	"with = { softmax = { C = \"-sum(i: t[i]*log(y[i]))\", delta = \"" delta \
	"\" } } }\ninput 3\ndense 4 softmax\nloss mine\n" \
	"optimizer sgd rate=0.1\nseed 3\n"

typedef const char *Check(Case *k, Run *r);

/* ----------------------------------------------------------- what is broken */

static const char *
numeric(Case *k, Run *r)
{
	return check_numeric(k, r);
}

/* an oracle for another network of the same size */
static const char *
other_oracle(Case *k, Run *r)
{
	static const char text[] = "input 3\ndense 4 softsign\ndense 2 sin\n"
		REST;
	Case *other = case_new(k->c, text, k->seed, k->totals);

	return check_near(k, r, run_new(other, F64, UNROLL_NONE, 0, true));
}

static const char *
own_oracle(Case *k, Run *r)
{
	return check_near(k, r, r);
}

/* math fast: near the oracle of another network of the same size, or not */
static const char *
fast(Case *k, Run *r, const char *text)
{
	Case *other = case_new(k->c, text, k->seed, k->totals);

	return check_fast(k, r, run_new(other, F64, UNROLL_NONE, 0, true),
	                  1e-8);
}

static const char *
fast_same(Case *k, Run *r)
{
	return fast(k, r, FAST("tanh", "0.1"));
}

/* each of these is noticed by one more part of the check */
static const char *
fast_output(Case *k, Run *r)
{
	return fast(k, r, FAST("softsign", "0.1"));
}

static const char *
fast_gradient(Case *k, Run *r)
{
	return fast(k, r, OWN("1.0001*(1 - y*y)") "math fast\n");
}

static const char *
fast_step(Case *k, Run *r)
{
	return fast(k, r, FAST("tanh", "0.1001"));
}

static const char *
bits(Case *k, Run *r)
{
	return check_bits(k, r, model_new(r), true);
}

/* one accumulator instead of 16 */
static const char *
one_lane(Case *k, Run *r)
{
	Program *p = net_program(r->n);
	uint32_t i, j;

	for (i = 0; i < K_COUNT; i++)
		for (j = 0; j < p->kernel[i].n; j++)
			p->kernel[i].v[j].lanes = 1;
	return bits(k, r);
}

/* the two innermost indices of every sum change places */
static const char *
other_order(Case *k, Run *r)
{
	Program *p = net_program(r->n);
	uint32_t i, j;
	Index *x, keep;

	for (i = 0; i < K_COUNT; i++)
		for (j = 0; j < p->kernel[i].n; j++) {
			const Stmt *s = &p->kernel[i].v[j];
			if (s->nridx < 2)
				continue;
			x = &p->indices.v[s->ridx + s->nridx - 2];
			keep = x[0];
			x[0] = x[1];
			x[1] = keep;
		}
	return bits(k, r);
}

static const char *
step_by_step(Case *k, Run *r)
{
	const char *why = check_stream(k, r, run_reset);

	return why || k->totals->streams ? why : "no stream";
}

static void
resets_nothing(Run *r)
{
	(void)r;
}

static const char *
no_reset(Case *k, Run *r)
{
	return check_stream(k, r, resets_nothing);
}

/* ---- edited C: a copy of the state under functions of another text */

typedef struct {
	Jit *j;
	void (*zero)(void *);
	void (*forward)(void *, const float *, float *);
	float (*gradient)(void *, const float *, const float *);
	void (*get)(const void *, float *);
} Edited;

static const char *
edit(Ctx *c, const char *text, const char *from, const char *to)
{
	Text t = { .c = c };
	const char *at;

	while ((at = strstr(text, from))) {
		text_put(&t, text, (size_t)(at - text));
		text_put(&t, to, strlen(to));
		text = at + strlen(from);
	}
	text_put(&t, text, strlen(text));
	return t.s;
}

static bool
edited(Case *k, Run *r, const char *from, const char *to, Edited *e)
{
	const char *text = edit(k->c, net_text(r->n), from, to);
	static const char *const names[] = {
		"net_zero_gradient", "net_forward", "net_gradient",
		"net_get_gradient"
	};
	void *symbol[4];
	int i;

	e->j = jit(k->c, text);
	for (i = 0; e->j && i < 4; i++)
		symbol[i] = jit_symbol(e->j, names[i]);
	if (!e->j || (strcmp(from, to) && !strcmp(text, net_text(r->n))))
		return false;
	memcpy(&e->zero, &symbol[0], sizeof symbol[0]);
	memcpy(&e->forward, &symbol[1], sizeof symbol[0]);
	memcpy(&e->gradient, &symbol[2], sizeof symbol[0]);
	memcpy(&e->get, &symbol[3], sizeof symbol[0]);
	return true;
}

/* inputs 0, all weights negative: the C after the edit against the oracle */
static const char *
against_edited(Case *k, Run *r, const char *from, const char *to, bool zeros)
{
	size_t i;
	float *x = mem(k->c, (k->inputs + 1) * sizeof *x);
	float *t = mem(k->c, (k->targets + 1) * sizeof *t);
	float *y = mem(k->c, (k->outputs + k->params + 1) * sizeof *y);
	double *a = reals(k, k->outputs + k->params), *b = reals(k, k->outputs +
		k->params);
	Model *m = model_new(r);
	Edited e;

	for (i = 0; i < k->inputs; i++)
		x[i] = (float)(k->x[i] = zeros ? 0 : k->x[i]);
	for (i = 0; i < k->targets; i++)
		t[i] = (float)k->t[i];
	for (i = 0; i < k->params && zeros; i++)
		k->w[i] = -1 - k->w[i] * k->w[i];
	run_start(r);
	model_init(m);
	model_set(m, k->w);
	model_forward(m, k->x, b);
	model_gradient(m, k->x, k->t);
	model_get_gradient(m, b + k->outputs);
	if (!edited(k, r, from, to, &e))
		return "there was nothing to edit";
	e.zero(net_state(r->n));
	e.forward(net_state(r->n), x, y);
	e.gradient(net_state(r->n), x, t);
	e.get(net_state(r->n), y + k->outputs);
	jit_free(e.j);
	for (i = 0; i < k->outputs + k->params; i++)
		a[i] = (double)y[i];
	return differ(k, "edited C and the oracle", a, b, k->outputs + k->params,
	              0);
}

static const char *
unedited(Case *k, Run *r)
{
	return against_edited(k, r, "net_", "net_", true);
}

static const char *
from_plus_zero(Case *k, Run *r)
{
	return against_edited(k, r, "-0.0f", "0.0f", true);
}

static const char *
unedited_lanes(Case *k, Run *r)
{
	return against_edited(k, r, "net_", "net_", false);
}

/* 16 partial sums joined from the left to the right, not as a tree */
static const char *
left_to_right(Case *k, Run *r)
{
	return against_edited(k, r, "for (int h = 8; h; h /= 2)",
	                      "for (int h = 1; h < 16; h++)", false);
}

/* ---- batches */

static const char *
batch(Case *k, Run *r)
{
	return check_batch(k, r);
}

static const char *
other_batch(Case *k, Run *r)
{
	k->net->batch++;
	return check_batch(k, r);
}

/* masks differ from sample to sample, and the check is not told */
static const char *
hidden_masks(Case *k, Run *r)
{
	k->masks = false;
	return check_batch(k, r);
}

/* ---- states */

static const char *
state(Case *k, Run *r)
{
	return check_state(k, r, net_load);
}

static int
loads_nothing(Net *n, const void *buf, size_t len)
{
	void *keep = malloc(net_bytes(n));
	int rc;

	if (!keep)
		return 9;
	memcpy(keep, net_state(n), net_bytes(n));
	rc = net_load(n, buf, len);
	memcpy(net_state(n), keep, net_bytes(n));
	free(keep);
	return rc;
}

static int
loads_anything(Net *n, const void *buf, size_t len)
{
	net_load(n, buf, len);
	return 0;
}

static int
touches(Net *n, const void *buf, size_t len)
{
	int rc = net_load(n, buf, len);

	if (rc)
		((unsigned char *)net_state(n))[net_bytes(n) / 2] ^= 1;
	return rc;
}

static int
one_code(Net *n, const void *buf, size_t len)
{
	return net_load(n, buf, len) ? 2 : 0;
}

static const char *
without_effect(Case *k, Run *r)
{
	return check_state(k, r, loads_nothing);
}

static const char *
accepts_all(Case *k, Run *r)
{
	return check_state(k, r, loads_anything);
}

static const char *
touched(Case *k, Run *r)
{
	return check_state(k, r, touches);
}

static const char *
wrong_code(Case *k, Run *r)
{
	return check_state(k, r, one_code);
}

/* a network that differs in one activation: same sizes, other meaning */
static const char *
foreign(Case *k, Run *r)
{
	static const char text[] = "input 3\ndense 4 relu\ndense 2 sin\n" REST;
	Case *other = case_new(k->c, text, k->seed, k->totals);
	Run *b = run_new(other, F32, UNROLL_NONE, 0, true);

	run_start(b);
	return check_foreign(k, r, b, net_load);
}

static const char *
not_foreign(Case *k, Run *r)
{
	run_start(r);
	return check_foreign(k, r, r, net_load);
}

/* ---- sizes and texts */

static const char *
bytes(Case *k, Run *r)
{
	return check_bytes(k, r, net_plan(r->n)->bytes);
}

static const char *
one_byte_less(Case *k, Run *r)
{
	return check_bytes(k, r, net_plan(r->n)->bytes - 1);
}

static const char *
text_once(Case *k, Run *r)
{
	return check_text(k, net_text(r->n), net_text(r->n));
}

static const char *
one_letter(Case *k, Run *r)
{
	return check_text(k, net_text(r->n), edit(k->c, net_text(r->n),
	                  "return", "Return"));
}

/* -------------------------------------------------------------- all of them */

typedef struct {
	const char *name, *spec;
	Dtype dtype;
	Check *check;
	bool sound;                  /* must pass: else must be noticed */
} Broken;

static const Broken cases[] = {
	{ "a right dy", OWN("1 - y*y"), F64, numeric, true },
	{ "a wrong dy", OWN("1 - y"), F64, numeric, false },
	{ "a dy with a factor", OWN("1.001*(1 - y*y)"), F64, numeric, false },
	{ "a dy of 0", OWN("0*y"), F64, numeric, false },
	{ "a right closed form", CLOSED("y[i]*sum(k: t[k]) - t[i]"), F64,
	  numeric, true },
	{ "a wrong closed form", CLOSED("2*(y[i]*sum(k: t[k]) - t[i])"), F64,
	  numeric, false },
	{ "the oracle", SMALL, F64, own_oracle, true },
	{ "the oracle of another network", SMALL, F64, other_oracle, false },
	{ "math fast", FAST("tanh", "0.1"), F64, fast_same, true },
	{ "math fast of another network", FAST("tanh", "0.1"), F64,
	  fast_output, false },
	{ "math fast with a wrong dy", FAST("tanh", "0.1"), F64,
	  fast_gradient, false },
	{ "math fast with another rate", FAST("tanh", "0.1"), F64,
	  fast_step, false },
	{ "bits", LONG, F32, bits, true },
	{ "one accumulator for 16", LONG, F32, one_lane, false },
	{ "bits of a map", MAP, F32, bits, true },
	{ "another order of sums", MAP, F32, other_order, false },
	{ "sums from -0", ZERO, F32, unedited, true },
	{ "sums from +0", ZERO, F32, from_plus_zero, false },
	{ "lanes joined as a tree", LONG "lanes 1\n", F32, unedited_lanes, true },
	{ "lanes joined left to right", LONG "lanes 1\n", F32, left_to_right,
	  false },
	{ "batches", SMALL, F32, batch, true },
	{ "batches of another size", SMALL, F32, other_batch, false },
	{ "batches with masks", "input 9\ndropout 0.5\ndense 2\n" REST, F32,
	  batch, true },
	{ "batches with hidden masks", "input 9\ndropout 0.5\ndense 2\n" REST,
	  F32, hidden_masks, false },
	{ "states", SMALL, F32, state, true },
	{ "a load without effect", SMALL, F32, without_effect, false },
	{ "a load that takes anything", SMALL, F32, accepts_all, false },
	{ "a load that touches what it refuses", SMALL, F32, touched, false },
	{ "a stream", CELL, F32, step_by_step, true },
	{ "a stream that begins with a state", CELL, F32, no_reset, false },
	{ "a load with one code for all", SMALL, F32, wrong_code, false },
	{ "a state of another network", SMALL, F32, foreign, true },
	{ "a state of its own", SMALL, F32, not_foreign, false },
	{ "sizeof", SMALL, F32, bytes, true },
	{ "sizeof and one byte less", SMALL, F32, one_byte_less, false },
	{ "a text and itself", SMALL, F32, text_once, true },
	{ "a text with another letter", SMALL, F32, one_letter, false }
};

static bool
one(const Broken *b)
{
	Ctx *c = ctx_new();
	jmp_buf out;
	Totals none = { 0 };
	Case *k;
	Run *volatile r = NULL;
	const char *volatile why = NULL;
	bool good;

	c->exit = &out;
	if (setjmp(out)) {
		why = fmt(c, "died: %s", c->exit_text);
		good = false;
	} else {
		k = case_new(c, b->spec, 5, &none);
		r = k ? run_new(k, b->dtype, UNROLL_NONE, 0, true) : NULL;
		why = r ? b->check(k, r) : "no network";
		good = r && (b->sound ? !why : why &&
		       strcmp(why, "there was nothing to edit"));
	}
	if (good)
		printf("ok %s: %s\n", b->name, b->sound ? "passes" : "noticed");
	else
		printf("FAILED %s: %s (%s)\n", b->name, why ? why : "not noticed",
		       c->diags.n ? c->diags.v[0].text : "");
	if (r)
		net_free(r->n);
	ctx_free(c);
	return good;
}

int
broken(int *passed)
{
	int failed = 0;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (one(&cases[i]))
			++*passed;
		else
			failed++;
	}
	return failed;
}
