/* SPDX-License-Identifier: MIT
 * --jit: which compiler makes a network run, and the change from one to the
 * other while it runs. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "compile.h"

/* What decides for `auto`: multiply-adds that TinyCC's code does in a second,
 * seconds that gcc takes for a byte of C at -O1 and at -O3.  Only orders of
 * magnitude matter. */
#define TCC_RATE 2e8
#define QUICK_BYTE 1.2e-5
#define FULL_BYTE 2.5e-5
#define DELAY 0.15              /* a run shorter than this starts no compiler */
#define BETWEEN 0.005           /* looks at the clock and the compiler */

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
say(const Session *s, const char *what, const char *why)
{
	if (!cli_has(s->cli, "verbose") || cli_has(s->cli, "quiet"))
		return;
	cli_note("%s%s%s", what, why ? ": " : "", why ? why : "");
}

static int
how_of(const Session *s)
{
	return !s->net->strict ? CC_CONTRACT : s->how == JIT_CC ? 0 : CC_QUICK;
}

/* whether the optimised build pays for itself */
static bool
pays(const Net *n, int how, double gradients)
{
	double with_tcc = gradients * net_work(n) / TCC_RATE;

	return with_tcc > 2 * (how == CC_QUICK ? QUICK_BYTE : FULL_BYTE) *
		(double)strlen(net_text(n));
}

static Compiler *
start(const Session *s, Net *n)
{
	return compiler_start(s->c, net_text(n), how_of(s));
}

/* 0, or 69 after a message; `may_fail`: no message, and TinyCC can serve */
static int
by_system(Session *s, Net *n, bool may_fail)
{
	const char *why;
	double begun = seconds();
	Jit *j = compiler_finish(start(s, n), &why);

	if (j) {
		net_take(n, j);
		s->by_system = true;
		say(s, fmt(s->c, "compiled by the system's compiler in %.2f s",
		           seconds() - begun), NULL);
		return 0;
	}
	if (may_fail) {
		say(s, "TinyCC compiles, the system's compiler does not", why);
		return EX_UNAVAILABLE_;
	}
	cli_error("--jit=cc: %s", why);
	cli_help("BPGEN_CC or CC names another compiler; `--jit=tcc` needs "
	         "none");
	return EX_UNAVAILABLE_;
}

static int
by_tcc(Session *s, Net *n)
{
	Jit *j = jit(s->c, net_text(n));
	int rc = messages(s->c, s->cli);

	if (j)
		net_take(n, j);
	return rc;
}

/* With `math fast` the compilers differ in their last bits, so there the
 * choice depends on the task alone and never on the clock. */
int
session_net(Session *s, Dtype dtype, bool check, double gradients, Net **net)
{
	PlanOptions how;
	int rc = plan_options(s->cli, s->net, &how);
	Net *n;

	if (rc)
		return rc;
	n = net_write(s->c, s->net, dtype, &how, check);
	rc = messages(s->c, s->cli);
	if (!n || rc)
		return rc ? rc : EX_DATA;
	*net = n;
	if (s->how == JIT_CC)
		return by_system(s, n, false);
	if (s->how == JIT_AUTO && pays(n, how_of(s), gradients) &&
	    !by_system(s, n, true))
		return 0;
	return by_tcc(s, n);
}

/* ------------------------------------------------------- while it runs */

/* BPGEN_CHANGE=7 changes after that many mini-batches whatever the clock says,
 * BPGEN_CHANGE=never not at all: that it makes no difference is tested so */
static void
read_forced(Changeover *o)
{
	const char *said = getenv("BPGEN_CHANGE");
	char *end;
	unsigned long k;

	if (!said || !*said)
		return;
	if (!strcmp(said, "never")) {
		o->over = true;
		return;
	}
	k = strtoul(said, &end, 10);
	if (*end)
		return;
	o->forced = true;
	o->left = k;
}

void
changeover_begin(Changeover *o, Session *s)
{
	*o = (Changeover){.s = s, .stride = 1, .left = 1};
	o->over = s->how != JIT_AUTO || !s->net->strict;
	o->begun = o->looked = seconds();
	if (!o->over)
		read_forced(o);
}

/* The clock and the compiler are asked every few milliseconds, not after every
 * mini-batch, which may take less time than the question. */
static bool
look(Changeover *o)
{
	double now = seconds();

	if (now - o->looked < BETWEEN / 2 && o->stride < 1u << 20)
		o->stride *= 2;
	else if (now - o->looked > BETWEEN * 2 && o->stride > 1)
		o->stride /= 2;
	o->looked = now;
	o->left = o->stride;
	if (!o->compiler && now - o->begun >= DELAY) {
		o->begun = now;
		o->compiler = start(o->s, o->s->jit);
	}
	return o->compiler && compiler_ready(o->compiler);
}

bool
changeover_due(Changeover *o)
{
	if (o->over)
		return false;
	if (o->left) {
		o->left--;
		return false;
	}
	if (!o->forced)
		return look(o);
	o->compiler = start(o->s, o->s->jit);
	return true;
}

void
changeover_take(Changeover *o)
{
	const char *why;
	Jit *j = compiler_finish(o->compiler, &why);

	o->compiler = NULL;
	o->over = true;
	if (j) {
		net_take(o->s->jit, j);
		o->s->by_system = true;
		say(o->s, fmt(o->s->c, "changed over to the system's compiler, "
		              "which took %.2f s", seconds() - o->begun), NULL);
	} else
		say(o->s, "TinyCC goes on, the system's compiler failed", why);
}

void
changeover_end(Changeover *o)
{
	compiler_stop(o->compiler);
	o->compiler = NULL;
	o->over = true;
}
