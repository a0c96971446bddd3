/* SPDX-License-Identifier: MIT
 * How long each stage takes from a spec to the first gradient: the median of
 * several runs in one process, each from the bytes of the spec on. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../../gen/front/front.h"
#include "../../gen/tool/tool.h"

enum { RUNS = 15, STAGES = 6 };
static const char *const stage_names[STAGES] = {
	"front", "middle", "plan", "emit", "jit", "gradient"
};
typedef struct {
	const char *name, *text;
	Unroll unroll;
} Work;
typedef struct { double ms[STAGES]; size_t lines, bytes; } Timing;

static const Work works[] = {
	{ "2-2-1", "input 2\ndense 2 sigmoid\ndense 1 sigmoid\nloss half_sse\n",
	  UNROLL_AUTO },
	{ "4-8-3", "input 4\ndense 8 tanh\ndense 3 softmax\n"
	  "loss cross_entropy\n", UNROLL_AUTO },
	{ "256-30-10", "input 256\ndense 30 sigmoid\ndense 10 softmax\n"
	  "loss cross_entropy\n", UNROLL_AUTO },
	{ "256-30-10 full", "input 256\ndense 30 sigmoid\ndense 10 softmax\n"
	  "loss cross_entropy\n", UNROLL_FULL },
	{ "784-2048-2048-10", "input 784\ndense 2048 relu\ndense 2048 relu\n"
	  "dense 10 softmax\nloss cross_entropy\n", UNROLL_AUTO },
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
first_gradient(Jit *j, const Network *net, const Plan *p)
{
	void (*init)(void *, uint64_t);
	float (*gradient)(void *, const float *, const float *);
	void *f = jit_symbol(j, "net_init"), *g = jit_symbol(j, "net_gradient");
	float *x = calloc((size_t)net->inputs, sizeof *x);
	float *t = calloc((size_t)net->targets, sizeof *t);
	void *state = malloc((size_t)p->bytes);

	memcpy(&init, &f, sizeof init);
	memcpy(&gradient, &g, sizeof gradient);
	if (!x || !t || !state)
		abort();
	init(state, 1);
	gradient(state, x, t);
	free(x);
	free(t);
	free(state);
}

static void
once(const Work *w, Timing *r)
{
	Ctx *c = ctx_new();
	PlanOptions po = { .unroll = w->unroll };
	EmitOptions eo = { .prefix = "net", .for_jit = true };
	Text text = { .c = c }, head = { .c = c };
	Network *net;
	Program *p;
	Plan *pl;
	Jit *j;
	double at[STAGES + 1];
	jmp_buf out;
	int i;

	c->exit = &out;
	if (setjmp(out)) {
		fprintf(stderr, "%s: %s\n", w->name, c->exit_text);
		exit(1);
	}
	at[0] = now();
	net = front_text(c, w->name, w->text, strlen(w->text));
	at[1] = now();
	p = net ? build(c, net, F32) : NULL;
	at[2] = now();
	if (!p) {
		diag_print(c, stderr, false);
		exit(1);
	}
	pl = plan(p, &po);
	at[3] = now();
	emit(p, pl, &eo, &text, &head);
	at[4] = now();
	j = jit(c, text.s);
	at[5] = now();
	first_gradient(j, net, pl);
	at[6] = now();
	for (i = 0; i < STAGES; i++)
		r->ms[i] = at[i + 1] - at[i];
	r->bytes = text.n;
	for (r->lines = 0, i = 0; (size_t)i < text.n; i++)
		r->lines += text.s[i] == '\n';
	jit_free(j);
	ctx_free(c);
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const Timing *t, int stage)
{
	double v[RUNS];
	int i, k;

	for (i = 0; i < RUNS; i++) {
		v[i] = stage < STAGES ? t[i].ms[stage] : 0;
		for (k = 0; stage == STAGES && k < STAGES; k++)
			v[i] += t[i].ms[k];
	}
	qsort(v, RUNS, sizeof *v, ascending);
	return v[RUNS / 2];
}

int
main(void)
{
	Timing t[RUNS];
	size_t i;
	int k;

	printf("from a spec to the first gradient, ms (median of %d)\n", RUNS);
	printf("  %-18s", "network");
	for (k = 0; k < STAGES; k++)
		printf("%9s", stage_names[k]);
	printf("%9s%9s%13s\n", "all", "lines", "lines/s");
	for (i = 0; i < sizeof works / sizeof *works; i++) {
		for (k = 0; k < RUNS; k++)
			once(&works[i], &t[k]);
		printf("  %-18s", works[i].name);
		for (k = 0; k <= STAGES; k++)
			printf("%9.3f", median(t, k));
		printf("%9zu%13.0f\n", t[0].lines,
		       (double)t[0].lines / (median(t, 0) + median(t, 1) +
		       median(t, 2) + median(t, 3)) * 1e3);
	}
	return 0;
}
