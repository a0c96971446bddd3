/* SPDX-License-Identifier: MIT
 * `bpgen bench`: how long the emitted C takes for a sample. */
#include <stdlib.h>
#include <time.h>
#include "info.h"
#include "json.h"

#define ROUND 0.03              /* seconds */
enum { ROUNDS = 6, TASKS = 4, MOST_ROWS = 4096 };

typedef void Batch(void *, const void *, void *, size_t);

typedef struct {
	Session *s;
	Info info;
	Net *net;
	Batch *forward_batch;       /* of net, where it has one */
	size_t rows;                /* of a mini-batch */
	void *x, *y, *t;            /* of as many */
	Text json;
	bool begun;                 /* the table has its heading */
} Bench;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------------- the tasks */

static void
forward_batch(Bench *b)
{
	b->forward_batch(net_state(b->net), b->x, b->y, b->rows);
}

static void
forward(Bench *b)
{
	net_forward(b->net, b->x, b->y);
}

static void
gradient(Bench *b)
{
	net_gradient(b->net, b->x, b->t);
}

static void
train(Bench *b)
{
	net_train(b->net, b->x, b->t, b->rows);
}

typedef struct {
	const char *name, *title, *symbol; /* symbol: the C may lack it */
	void (*run)(Bench *b);
	bool batch;                 /* of b->rows samples */
} Task;
static const Task tasks[TASKS] = {
	{ "forward", "a sample, forward", "forward", forward, false },
	{ "gradient", "a sample, gradient", "gradient", gradient, false },
	{ "forward_batch", "mini-batch, forward", "forward_batch",
	  forward_batch, true },
	{ "train", "mini-batch, training", "train", train, true },
};

static double
operations(const Bench *b, const Task *task)
{
	const Info *f = &b->info;

	return task->run == train ? (double)f->step_flops +
		(double)f->update_flops / (double)b->rows :
		(double)(task->run == gradient ? f->step_flops :
		         f->forward_flops);
}

/* seconds a call: the least of some rounds, after one to warm up */
static double
measure_task(Bench *b, const Task *task)
{
	double begin, least = 0, one;
	size_t calls = 1, i;
	int round;

	for (round = 0; round <= ROUNDS; round++) {
		begin = now();
		for (i = 0; i < calls; i++)
			task->run(b);
		one = (now() - begin) / (double)calls;
		if (!round) {
			while (one * (double)calls < ROUND && calls < 1e7) {
				calls *= 2;
				begin = now();
				for (i = 0; i < calls; i++)
					task->run(b);
				one = (now() - begin) / (double)calls;
			}
			least = one;
		}
		least = one < least ? one : least;
	}
	return least / (double)(task->batch ? b->rows : 1);
}

/* ------------------------------------------------------------- the report */

static void
print_task(Bench *b, const Task *task, const char *compiler, double seconds)
{
	double work = operations(b, task), gflops = work / seconds * 1e-9;
	char ns[40];

	if (cli_has(b->s->cli, "json")) {
		json_line(&b->json);
		json_open(&b->json, NULL, '{');
		json_text(&b->json, "what", task->name);
		json_text(&b->json, "compiler", compiler);
		json_number(&b->json, "ns", seconds * 1e9);
		json_number(&b->json, "rate", 1 / seconds);
		json_number(&b->json, "operations", work);
		json_number(&b->json, "gflops", gflops);
		json_close(&b->json, '}');
		return;
	}
	if (!b->begun)
		printf("  %-22s %-8s %12s %14s %9s\n", "what", "compiler",
		       "ns/sample", "samples/s", "GFLOP/s");
	b->begun = true;
	snprintf(ns, sizeof ns, "%.*f", seconds < 1e-7 ? 2 : seconds < 1e-5 ?
	         1 : 0, seconds * 1e9);
	printf("  %-22s %-8s %12s %14s %9.3f\n", task->title, compiler, ns,
	       grouped(b->s->c, (int64_t)(1 / seconds)), gflops);
	fflush(stdout);
}

static void
begin(Bench *b)
{
	const Network *net = b->s->net;
	const char *type = net->dtype == F32 ? "f32" : "f64";
	Text *t = &b->json;

	t->c = b->s->c;
	json_open(t, NULL, '{');
	json_text(t, "net", net->name);
	json_text(t, "dtype", type);
	json_whole(t, "batch", b->rows);
	json_whole(t, "params", (uint64_t)net->params);
	json_open(t, "runs", '[');
	if (!cli_has(b->s->cli, "json"))
		printf("%s: %s parameter%s, %s, mini-batches of %zu; operations "
		       "a sample: %s forward, %s training\n", net->name,
		       grouped(t->c, net->params), plural(net->params), type,
		       b->rows, grouped(t->c, b->info.forward_flops),
		       grouped(t->c, (int64_t)operations(b, &tasks[TASKS - 1])));
}

/* ------------------------------------------------------------ the command */

static void
make_rows(Bench *b)
{
	Ctx *c = b->s->c;
	const Network *net = b->s->net;
	size_t inputs = b->rows * (size_t)net->inputs, i;
	size_t targets = b->rows * (size_t)net->targets;
	double *x = mem(c, (inputs + 1) * sizeof *x);
	double *t = mem(c, (targets + 1) * sizeof *t);

	random_rows(c, net, b->rows, x, t);
	b->x = mem(c, (inputs + 1) * sizeof *x);
	b->t = mem(c, (targets + 1) * sizeof *t);
	b->y = mem(c, (b->rows * (size_t)net->outputs + 1) * sizeof *x);
	for (i = 0; i < inputs; i++)
		real_set(net->dtype, b->x, i, x[i]);
	for (i = 0; i < targets; i++)
		real_set(net->dtype, b->t, i, t[i]);
}

/* Weights begin afresh for each task and hardly move, so that no number leaves
 * the range where the processor is fast. */
static int
run_compiler(Bench *b, JitHow how)
{
	union { void *object; Batch *function; } symbol = { NULL };
	Session *s = b->s;
	int rc, i;

	s->how = how;
	rc = session_net(s, s->net->dtype, false, 1, &b->net);
	if (!rc)
		symbol.object = net_symbol(b->net, "forward_batch");
	b->forward_batch = symbol.function;
	for (i = 0; i < TASKS && !rc; i++) {
		if (!net_symbol(b->net, tasks[i].symbol))
			continue;
		net_init(b->net, s->net->seed);
		if (tasks[i].run == train && s->net->rate > 0)
			net_set_rate(b->net, 1e-6);
		print_task(b, &tasks[i], how == JIT_TCC ? "tcc" : "cc",
		           measure_task(b, &tasks[i]));
	}
	net_free(b->net);
	b->net = NULL;
	return rc;
}

static int
bench(Bench *b)
{
	Session *s = b->s;
	JitHow asked = s->how;
	PlanOptions how;
	int rc = plan_options(s->cli, s->net, &how);

	if (rc)
		return rc;
	info_of(&b->info, s->c, s->net, &how);
	rc = messages(s->c, s->cli);
	if (rc || !b->info.plan)
		return rc ? rc : EX_DATA;
	b->rows = s->net->batch < MOST_ROWS ? (size_t)s->net->batch : MOST_ROWS;
	make_rows(b);
	begin(b);
	if (asked != JIT_CC)
		rc = run_compiler(b, JIT_TCC);
	if (!rc && asked != JIT_TCC)
		rc = run_compiler(b, JIT_CC);
	json_close(&b->json, ']');
	json_close(&b->json, '}');
	if (!rc && cli_has(s->cli, "json"))
		puts(b->json.s);
	return rc;
}

int
cmd_bench(Ctx *c, const Cli *cli)
{
	Session s = {0};
	Bench b = {.s = &s};
	int rc = session_open(&s, c, cli, false);

	if (!rc)
		rc = bench(&b);
	session_close(&s);
	return rc;
}
