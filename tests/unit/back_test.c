/* SPDX-License-Identifier: MIT
 * The text of emitted C: parentheses, names, templates, sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <lua.h>
#include "../../gen/back/back.h"

static Ctx *
context(jmp_buf *out)
{
	Ctx *c = ctx_new();

	assert_non_null(c);
	c->exit = out;
	return c;
}

/* the program of a spec given as text; NULL after errors */
static Program *
program_of(Ctx *c, const char *spec)
{
	/* the network keeps it */
	char *path = copy(c, "/tmp/bpgen_back_XXXXXX", 22);
	int fd = mkstemp(path);
	Network *net;
	Program *p;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, spec, strlen(spec)), strlen(spec));
	close(fd);
	net = front(c, path);
	unlink(path);
	if (!net || c->errors)
		return NULL;
	p = build(c, net, F32);
	return c->errors ? NULL : p;
}

/* the C of a spec given as text; NULL after errors */
static const char *
c_of(Ctx *c, const char *spec, Unroll unroll, uint64_t random)
{
	PlanOptions how = { .unroll = unroll, .random = random };
	EmitOptions o = { .prefix = "net" };
	Text text = { .c = c }, header = { .c = c };
	Program *p = program_of(c, spec);
	Plan *pl = p ? plan(p, &how) : NULL;

	if (!pl)
		return NULL;
	emit(p, pl, &o, &text, &header);
	return text.s;
}

/* the right side of a1_0 for an activation */
static const char *
activation(Ctx *c, const char *y)
{
	const char *text = c_of(c, fmt(c, "activation \"own\" { y = \"%s\" }\n"
		"input 1\ndense 1 own\n", y), UNROLL_FULL, 0), *at, *end;

	assert_non_null(text);
	at = strstr(text, "a1_0 = ");
	assert_non_null(at);
	at += strlen("a1_0 = ");
	end = strchr(at, ';');
	return copy(c, at, (size_t)(end - at));
}

static void
parentheses(void **state)
{
	static const char *const cases[][2] = {
		{ "(z + 1) + z", "z1_0 + 1.0f + z1_0" },
		{ "z + (1 + z)", "z1_0 + (1.0f + z1_0)" },
		{ "z - (1 - z)", "z1_0 - (1.0f - z1_0)" },
		{ "z*(z*3)", "z1_0*(z1_0*3.0f)" },
		{ "z*z*3", "z1_0*z1_0*3.0f" },
		{ "z/(z/3)", "z1_0/(z1_0/3.0f)" },
		{ "(z + 1)*(z - 1)", "(z1_0 + 1.0f)*(z1_0 - 1.0f)" },
		{ "-(z*3)", "-(z1_0*3.0f)" },
		{ "z*-3", "z1_0*(-3.0f)" },
		{ "0 - z", "net_minus(z1_0)" },
		{ "z > 0 ? z : 0.5*z",
		  "0.0f < z1_0 ? z1_0 : 0.5f*z1_0" },
	};
	jmp_buf out;
	volatile size_t i;           /* kept across a longjmp */

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		Ctx *c = context(&out);
		if (setjmp(out))
			fail_msg("%s", c->exit_text);
		assert_string_equal(activation(c, cases[i][0]), cases[i][1]);
		ctx_free(c);
	}
}

/* what math fast may write differently, and math strict may not */
static void
relaxed(void **state)
{
	static const char spec[] = "input 2\ndense 2 sigmoid\n"
		"dense 1 sigmoid\nloss half_sse\noptimizer sgd rate=0.1\n"
		"batch 1\nmath %s\n";
	jmp_buf out;
	Ctx *c = context(&out);
	const char *fast, *strict;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	fast = c_of(c, fmt(c, spec, "fast"), UNROLL_FULL, 0);
	strict = c_of(c, fmt(c, spec, "strict"), UNROLL_FULL, 0);
	assert_non_null(fast);
	assert_non_null(strict);
	assert_non_null(strstr(fast, "a1_1 = bp_logisticf(z1_1);"));
	assert_null(strstr(fast, "bp_expf"));
	assert_non_null(strstr(fast, "*(a2_0 - a2_0*a2_0);"));
	assert_non_null(strstr(fast, "z2_0 = b2_0 + w2_0_0*a1_0 + "));
	assert_non_null(strstr(fast, "z2_0 = n->b2[0] + n->w2[0]*a1_0 + "));
	assert_null(strstr(strict, "bp_logistic"));
	assert_non_null(strstr(strict, "*(a2_0*(1.0f - a2_0));"));
	assert_non_null(strstr(strict, "w2_0_1*a1_1 + b2_0;"));
	ctx_free(c);
}

/* z of layer 11 and z1 of layer 1, element 1_0 of z and 0 of z_1, C's words */
static void
names(void **state)
{
	static const char *const bases[] = {
		"z", "z1", "z_1", "z.1", "int", "x", "n", "acc", "acc1", "_",
		"z_", "a-b", "a_b", "y", "a", "sub", "while"
	};
	enum { BASES = sizeof bases / sizeof bases[0] };
	jmp_buf out;
	Ctx *c = context(&out);
	Program *p = mem(c, sizeof *p);
	Network *net = mem(c, sizeof *net);
	KernelPlan k = { .used = true };
	uint32_t i, j;
	size_t n;
	CNames *all;

	(void)state;
	p->c = c;
	p->net = net;
	for (i = 0; i < 12; i++) {
		Layer l = { .name = "l", .number = (int)i };
		PUSH(c, &net->layers, l);
	}
	PUSH(c, &net->heads, ((Head){ .layer = 1 }));
	PUSH(c, &p->tensors, (Tensor){ .name = "" });
	for (i = 0; i < BASES * 13; i++) {
		Tensor t = { .name = bases[i % BASES], .base = bases[i % BASES],
		             .kind = T_TEMP, .layer = (int)(i / BASES) - 1 };
		PUSH(c, &p->tensors, t);
	}
	k.store = mem(c, (p->tensors.n + 1) * sizeof *k.store);
	for (i = 1; i < p->tensors.n; i++)
		k.store[i].how = ST_LOCAL;
	all = cnames(p);
	cnames_kernel(all, p, &k);
	for (i = 1; i < p->tensors.n; i++) {
		const char *s = cname(all, i);
		n = strlen(s);
		while (n && s[n - 1] >= '0' && s[n - 1] <= '9')
			n--;
		if (s[n])
			assert_int_not_equal(s[n - 1], '_');
		assert_null(strstr(s, "__"));
		for (j = 1; j < i; j++)
			assert_string_not_equal(s, cname(all, j));
	}
	ctx_free(c);
}

static int
push_table(void *L, void *u)
{
	(void)u;
	lua_createtable(L, 0, 1);
	lua_pushstring(L, "world");
	lua_setfield(L, -2, "who");
	return 1;
}

static void
templates(void **state)
{
	static const char text[] = "@ for i = 1, 2 do\n"
		"hello ${who} ${i}, $x {} \"\\n\"\n@ end\nend";
	char folder[] = "/tmp/bpgen_back_XXXXXX", path[64];
	jmp_buf out;
	Ctx *c = context(&out);
	Text t = { .c = c };
	FILE *f;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/t.c", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	c->opt.templates_dir = folder;
	template_run(c, "t.c", push_table, NULL, &t);
	assert_string_equal(t.s, "hello world 1, $x {} \"\\n\"\n"
		"hello world 2, $x {} \"\\n\"\nend");
	f = fopen(path, "w");
	fputs("line\n@ error('no')\n", f);
	fclose(f);
	template_run(c, "t.c", push_table, NULL, &t);
	assert_int_equal(c->errors, 1);
	assert_non_null(strstr(c->diags.v[0].text, "t.c:2: no"));
	unlink(path);
	rmdir(folder);
	ctx_free(c);
}

/* too much straight line is refused, with the layer; loops are not */
static void
sizes(void **state)
{
	static const char big[] = "input 2000\ndense 3000 relu\n";
	jmp_buf out;
	Ctx *c = context(&out);

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	assert_null(c_of(c, big, UNROLL_FULL, 0));
	assert_int_equal(c->errors, 1);
	ctx_free(c);
	c = context(&out);
	assert_non_null(c_of(c, big, UNROLL_AUTO, 0));
	ctx_free(c);
}

/* the same options give the same text; lines fit */
static void
layout(void **state)
{
	static const char spec[] = "net same\ninput 1x8x8\nconv 3 3x3 tanh pad=same\n"
		"flatten\ndense 100 relu\ndense 3 softmax\n"
		"loss cross_entropy\noptimizer adam rate=0.1\n";
	jmp_buf out;
	Ctx *c = context(&out);
	const char *a, *b, *s;
	size_t column = 0, most = 0;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	a = c_of(c, spec, UNROLL_AUTO, 0);
	assert_non_null(a);
	for (s = a; *s; s++) {
		column = *s == '\n' ? 0 : *s == '\t' ? column + 8 : column + 1;
		if (column > most)
			most = column;
	}
	assert_in_range(most, 60, 110);
	/* a wide line breaks between the items of a list, between factors rather
	 * than within them, and in the head of a function only where it must */
	assert_non_null(strstr(a, "net_loss(net_net *n, const net_real *x, "
		"const net_real *t)\n{"));
	assert_non_null(strstr(a, "net_train(net_net *n, const net_real *x, "
		"const net_real *t,\n\tsize_t count);"));
	assert_null(strstr(a, "(1.0f\n"));
	b = c_of(c, "net list\ninput 4\ndense 3\n", UNROLL_FULL, 0);
	assert_non_null(b);
	assert_non_null(strstr(b, "w1_0_2 = n->w1[2],\n"));
	assert_null(strstr(b, " =\n"));
	/* but for the first line, which names the file of the spec */
	b = c_of(c, spec, UNROLL_AUTO, 0);
	assert_non_null(b);
	assert_string_equal(strchr(a, '\n'), strchr(b, '\n'));
	ctx_free(c);
}

/* what the first statement of the forward kernel runs like */
static const char *
schedule_of(Ctx *c, const char *spec, Kernel kernel)
{
	PlanOptions how = { .unroll = UNROLL_NONE };
	Program *p = program_of(c, spec);
	Plan *pl = p ? plan(p, &how) : NULL;
	const Schedule *q;
	Text t = { .c = c };

	assert_non_null(pl);
	q = &pl->kernel[kernel].schedules.v[0];
	schedule_text(p, &p->kernel[kernel].v[q->stmt], q, &t);
	return t.s;
}

/* the dimension of the first weight that is fastest, in so wide panels */
static void
lies(Ctx *c, const char *spec, int lane, int32_t panel)
{
	Program *p = program_of(c, spec);
	Layout l;

	assert_non_null(p);
	l = layouts(p, true, 0)[p->weights.v[0]];
	assert_int_equal(l.lane, lane);
	assert_int_equal(l.panel, panel);
}

/* may the activation be computed on a tile of so many vectors? */
static bool
follows(Ctx *c, const char *activation, int32_t vectors)
{
	Program *p = program_of(c, fmt(c, "input 3\ndense 4 %s\nloss mse\n",
	                               activation));
	const Stmts *list = &p->kernel[K_FORWARD];

	assert_true(list->n > 1); /* the last one gives it out */
	return cost_follows(p, list->v[list->n - 2].expr, vectors);
}

/* as many sums as hide a latency, as wide panels as they read */
static void
costs(void **state)
{
	static const char wide[] = "input 784\ndense 128 relu\n"
		"dense 10 softmax\nloss cross_entropy\n"
		"optimizer sgd rate=0.1\nbatch 64\n";
	jmp_buf out;
	Ctx *c = context(&out);

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	assert_int_equal(cost_panel(128), 32);
	assert_int_equal(cost_panel(100), 16);
	assert_int_equal(cost_panel(48), 48);
	assert_int_equal(cost_panel(10), 16);
	assert_int_equal(cost_columns(128, 32), 2);
	assert_int_equal(cost_columns(10, 0), 1);
	assert_int_equal(cost_columns(64, 0), 2);
	assert_int_equal(cost_columns(40, 0), 3);
	assert_int_equal(cost_rows(784, 2, true, false), 6);
	assert_int_equal(cost_rows(784, 1, true, false), 12);
	assert_int_equal(cost_rows(64, 2, false, false), 6);
	assert_int_equal(cost_rows(64, 2, true, true), 8);
	assert_int_equal(cost_rows(4, 2, true, false), 4);
	assert_int_equal(cost_rows(1, 2, true, false), 1);
	/* four chains of additions, if there are as many panels; with fewer,
	 * partial sums */
	assert_int_equal(cost_beside(4, 2), 2);
	assert_int_equal(cost_beside(7, 1), 4);
	assert_int_equal(cost_beside(5, 1), 3);
	assert_int_equal(cost_beside(3, 3), 1);
	assert_int_equal(cost_beside(1, 2), 1);
	assert_int_equal(cost_sums(1), 8);
	assert_int_equal(cost_sums(2), 4);
	assert_int_equal(cost_sums(3), 2);
	assert_int_equal(cost_sums(4), 1);
	/* a loop of its own where functions would be written out too often */
	assert_true(follows(c, "relu", 26));
	assert_true(follows(c, "sigmoid", 24));
	assert_true(follows(c, "gelu", 6));
	assert_false(follows(c, "gelu", 26));
	/* 16 lanes for the price of one; 10 of them are still worth it; a read
	 * whose lanes lie apart is not, unless many lanes share the rest */
	assert_true(cost_pays(cost_vectors(1600, 16, 0), 1600));
	assert_true(cost_pays(cost_vectors(1600, 10, 0), 1600));
	assert_false(cost_pays(cost_vectors(1600, 1, 0), 1600));
	assert_true(cost_pays(cost_vectors(1600, 16, 1), 1600));
	assert_false(cost_pays(cost_vectors(1600, 16, 2), 1600));
	assert_false(cost_pays(0, 1600));
	/* lanes of the result, before joined ones, before one by one */
	assert_true(cost_read(1e5, 128, ALONG) < cost_read(1e5, 128, JOINED));
	assert_true(cost_read(1e5, 128, JOINED) < cost_read(1e5, 128, APART));
	lies(c, wide, 0, 32);
	lies(c, "input 1000\ndense 1\nloss mse\noptimizer sgd rate=0.1\n",
	     1, cost_panel(1000));
	lies(c, "input 784\ndense 10 softmax\nloss cross_entropy\n"
	     "optimizer sgd rate=0.1\n", 0, 16);
	assert_string_equal(schedule_of(c, wide, K_FORWARD),
		"j<2*64, j<32*2v, k<784, j<2*32 unroll, j<2 vectors");
	assert_non_null(strstr(schedule_of(c, wide, K_GRADIENTS),
		"clamped unroll, j<2 vectors"));
	assert_null(strstr(schedule_of(c, wide, K_STEP), "clamped"));
	/* strict's 16 partial sums are lanes where the terms lie side by side */
	assert_string_equal(schedule_of(c, "input 100\ndense 1\nloss mse\n",
		K_FORWARD), "k<16*1v, k<7*16, k<1 vectors; sums 16; across");
	ctx_free(c);
}

/* within a step of a scan everything runs by vectors: sums, parts of the gates,
 * what a state is made of, and back again */
static void
scans(void **state)
{
	static const Kernel kernels[] = { K_FORWARD, K_STREAM, K_GRADIENT };
	PlanOptions how = { .unroll = UNROLL_NONE };
	jmp_buf out;
	Ctx *c = context(&out);
	Program *p;
	Plan *pl;
	uint32_t i, k, tiles, turned, nests;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	p = program_of(c, "input 3 steps=6\nlstm 20 last\ndense 2\nloss mse\n"
	               "optimizer sgd rate=0.1\nmath fast\n");
	pl = p ? plan(p, &how) : NULL;
	assert_non_null(pl);
	for (k = 0; k < 3; k++) {
		const KernelPlan *of = &pl->kernel[kernels[k]];
		nests = 0;
		for (turned = tiles = i = 0; i < of->schedules.n; i++) {
			const Schedule *q = &of->schedules.v[i];
			const Stmt *s = &p->kernel[kernels[k]].v[q->stmt];
			assert_true(q->tile || !s->scan);
			tiles += q->tile;
			nests += s->scan && q->fused <= 1;
			/* once, not in each step */
			turned += !s->scan && !strcmp("lstm1.u.turned",
			          p->tensors.v[s->target].name);
		}
		assert_true(tiles >= 10);
		assert_int_equal(turned, kernels[k] == K_GRADIENT);
		/* the sums over a state and what their rows leave; the gates */
		assert_int_equal(nests, kernels[k] == K_GRADIENT ? 5 :
		                        kernels[k] == K_FORWARD ? 3 : 0);
	}
	ctx_free(c);
}

/* a mini-batch of sequences is one kernel, even where its samples fill no
 * vectors, and each statement of a step runs by vectors of samples, or of
 * results */
static void
scans_of_samples(void **state)
{
	static const Kernel kernels[] = { K_FORWARDS, K_GRADIENTS, K_STEP };
	PlanOptions how = { .unroll = UNROLL_NONE };
	jmp_buf out;
	Ctx *c = context(&out);
	Program *p;
	Plan *pl;
	uint32_t i, k, steps, abreast, held;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	p = program_of(c, "input 3 steps=6\nlstm 5\ngru 7 last reverse\n"
	               "dense 2\nloss mse\noptimizer sgd rate=0.1\n"
	               "batch 20\nmath fast\n");
	pl = p ? plan(p, &how) : NULL;
	assert_non_null(pl);
	for (k = 0; k < 3; k++) {
		const KernelPlan *of = &pl->kernel[kernels[k]];
		assert_int_equal(of->samples, k ? 20 : 32);
		held = 0;
		for (steps = abreast = i = 0; i < of->schedules.n; i++) {
			const Schedule *q = &of->schedules.v[i];
			const Stmt *s = &p->kernel[kernels[k]].v[q->stmt];
			assert_true(q->tile || !s->scan);
			/* of two vectors a product loads one for all rows */
			held += q->lane == SAMPLE && !s->scan && p->exprs.v[
			        s->expr].op == E_MUL && s->nidx == 3 &&
			        q->loops.v[q->loops.n - 2].how == LOOP_UNROLL;
			steps += s->scan > 0;
			abreast += s->scan && q->lane == SAMPLE;
		}
		assert_true(steps >= 15 && abreast == steps);
		assert_true(held >= (k ? 3 : 0));
	}
	ctx_free(c);
}

/* what is added to for the first time is set: of the deltas of a scan the one
 * row remains that nothing writes before it is read */
static void
set_first(void **state)
{
	static const struct { const char *cell, *filled, *set, *added; } all[] = {
		{ "lstm 4 last", "d.lstm1.c[n,6,i1] = -0.0",
		  "d.lstm1.h[n,t,i] = sum", "d.lstm1.c[n,t+1,j] +=" },
		{ "rnn 4", "d.rnn1.h[n,0,i1] = -0.0",
		  "d.rnn1.h[n,t+1,j] =", "d.rnn1.h[n,t,i] += sum" },
		{ "rnn 4 reverse", "d.rnn1.h[n,0,i1] = -0.0",
		  "d.rnn1.h[n,-t+6,j] =", "d.rnn1.h[n,t,i] += sum" }
	};
	jmp_buf out;
	Ctx *c = context(&out);
	const char *at;
	Program *p;
	size_t i, fills;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		Text t = { .c = c };
		p = program_of(c, fmt(c, "input 3 steps=6\n%s\ndense 2\n"
		               "loss mse\noptimizer sgd rate=0.1\n",
		               all[i].cell));
		assert_non_null(p);
		dump_stmts(p, &p->kernel[K_GRADIENT], &t);
		assert_non_null(strstr(t.s, all[i].filled));
		assert_non_null(strstr(t.s, all[i].set));
		assert_non_null(strstr(t.s, all[i].added));
		for (fills = 0, at = t.s; (at = strstr(at, "= -0.0")); at++)
			fills++;
		assert_int_equal(fills, 1);
	}
	ctx_free(c);
}

/* differences must not step over a kink; what the largest is subtracted for has
 * none, nor what a class number chooses */
static void
kinked(void **state)
{
	static const struct { const char *spec; bool kinks; } all[] = {
		{ "input 3\ndense 2 tanh\nloss mse\n", false },
		{ "input 3\ndense 2 relu\nloss mse\n", true },
		{ "input 3\ndense 2 softmax\nloss cross_entropy\n", false },
		{ "input 3\ndense 4 softmax\nloss cross_entropy "
		  "target=index\n", false },
		{ "input 2 steps=4\nattention\nloss mse\n", false },
		{ "input 1x4x4\nmaxpool 2x2\nflatten\ndense 2 softmax\n"
		  "loss cross_entropy\n", true },
		{ "input 3\ndense 2 tanh\nloss mae\n", true }
	};
	jmp_buf out;
	Ctx *c = context(&out);
	Program *p;
	size_t i;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		p = program_of(c, all[i].spec);
		assert_non_null(p);
		if (p->has_kinks != all[i].kinks)
			fail_msg("%s", all[i].spec);
	}
	ctx_free(c);
}

/* batch 1: the rule takes the sums of the sample to come along, unless
 * something behind it still reads those of the sample at hand */
static void
ahead(void **state)
{
	static const char settings[] = "loss half_sse\n"
		"optimizer sgd rate=0.1\nmath fast\n";
	jmp_buf out;
	Ctx *c = context(&out);
	const char *text;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	text = c_of(c, fmt(c, "input 256\nnormalize zscore\ndense 30 tanh\n"
		"dense 10\n%s", settings), UNROLL_AUTO, 0);
	assert_non_null(strstr(text, "net_online("));
	text = c_of(c, fmt(c, "input 256\ndense 30 tanh\ndense 10\n%s",
		settings), UNROLL_AUTO, 0);
	assert_non_null(strstr(text, "net_ahead("));
	assert_non_null(strstr(text, "net_online("));
	assert_null(strstr(text, "net_mini_batch("));
	assert_non_null(strstr(text, "next[k + 3]"));
	text = c_of(c, fmt(c, "input 256\ndense 30 tanh\ndense 10\nbatch 2\n"
		"%s", settings), UNROLL_AUTO, 0);
	assert_null(strstr(text, "net_online("));
	text = c_of(c, fmt(c, "input 256\ndense 30 bias=off\ndense 10\n%s",
		settings), UNROLL_AUTO, 0);
	assert_null(strstr(text, "net_online("));
	ctx_free(c);
}

/* any plan that is drawn is a plan that may be given */
static void
drawn(void **state)
{
	static const char spec[] = "input 20\ndense 33 tanh\ndense 5 sigmoid\n"
		"loss half_sse\noptimizer adam rate=0.5\nbatch 6\n";
	PlanOptions how = { .unroll = UNROLL_NONE };
	jmp_buf out;
	Ctx *c = context(&out);
	uint32_t i, tiles = 0, rows = 0, gathers = 0;
	Program *p;
	Plan *pl;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	for (how.random = 1; how.random < 80; how.random++) {
		p = program_of(c, spec);
		pl = plan(p, &how);     /* dies if legal.c refuses a schedule */
		assert_non_null(pl);
		for (i = 0; i < pl->kernel[K_FORWARD].schedules.n; i++) {
			const Schedule *q = &pl->kernel[K_FORWARD]
				.schedules.v[i];
			tiles += q->tile;
			if (!q->tile || q->loops.n < 2 || q->loops.v[
			    q->loops.n - 2].how != LOOP_UNROLL)
				continue;
			rows++;
			/* one sample has no second result index */
			assert_int_equal(q->loops.v[q->loops.n - 2].index,
				q->lane);
		}
		gathers += pl->kernel[K_FORWARD].layout[p->weights.v[0]].lane;
	}
	assert_in_range(tiles, 80, 800);
	assert_in_range(gathers, 10, 70);
	assert_in_range(rows, 10, 100);
	ctx_free(c);
}

/* what has windows runs by vectors of samples from end to end, and a matrix
 * product keeps the vectors of its results for the gradient of its weights */
static void
samples_abreast(void **state)
{
	static const char spec[] = "input 1x12x12\nconv 3 3x3 relu pad=1\n"
		"maxpool 2x2\nconv 4 3x3 tanh\navgpool 2x2\nflatten\n"
		"dense 40 relu\ndense 5 softmax\nloss cross_entropy\n"
		"optimizer sgd rate=0.1\nbatch 32\nmath fast\n";
	PlanOptions how = { .unroll = UNROLL_NONE };
	jmp_buf out;
	Ctx *c = context(&out);
	uint32_t i, abreast = 0, results = 0;
	const KernelPlan *k;
	Program *p;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	p = program_of(c, spec);
	k = &plan(p, &how)->kernel[K_GRADIENTS];
	assert_int_equal(k->samples, 32);
	for (i = 0; i < k->schedules.n; i++) {
		const Schedule *q = &k->schedules.v[i];
		const Stmt *s = &p->kernel[K_GRADIENTS].v[q->stmt];
		const Tensor *t = &p->tensors.v[s->target];
		if (t->batch && stmt_points(p, s) * stmt_terms(p, s) > 16)
			assert_true(q->tile);
		abreast += q->lane == SAMPLE && k->layout[s->target].lane ==
		           ABREAST;
		results += q->tile && q->lane != SAMPLE && t->kind == T_GRAD;
	}
	assert_in_range(abreast, 20, 80);
	assert_in_range(results, 1, 6);
	ctx_free(c);
}

/* the plan of a mini-batch's step; free *c when it has been looked at */
static const KernelPlan *
step_of(const char *spec, Unroll unroll, Ctx **c)
{
	PlanOptions how = { .unroll = unroll };
	jmp_buf out;

	*c = context(&out);
	if (setjmp(out))
		fail_msg("%s", (*c)->exit_text);
	return &plan(program_of(*c, spec), &how)->kernel[K_STEP];
}

/* vectors of samples are one loop, which is not cut into functions */
static void
one_loop(void **state)
{
	uint32_t w, o, some = 0;
	const KernelPlan *k;
	char spec[200];
	Ctx *c;

	(void)state;
	for (w = 2; w < 11; w++)
		for (o = 2; o < 16; o += 4) {
			snprintf(spec, sizeof spec, "input %u\ndense %u relu\n"
			         "dense %u softmax\nloss cross_entropy\n"
			         "optimizer sgd rate=0.1\nbatch 32\nmath fast\n",
			         w, w, o);
			k = step_of(spec, UNROLL_AUTO, &c);
			some += k->by_samples;
			assert_true(!k->by_samples || k->parts == 1);
			ctx_free(c);
		}
	assert_in_range(some, 5, 36);
}

/* few results of many terms: lanes are joined; weights of many: turned */
static void
batches(void **state)
{
	static const char *const spec[] = {
		"input 1000\ndense 1\nloss half_sse\n"
		"optimizer sgd rate=0.1\nbatch 32\nmath fast\n",
		"input 90\ndense 80 tanh\ndense 70\nloss half_sse\n"
		"optimizer sgd rate=0.1\nbatch 32\nmath fast\n"
	};
	uint32_t i, k, across[2] = { 0 }, turned[2] = { 0 };
	const KernelPlan *step;
	char small[200];
	Ctx *c;

	(void)state;
	for (i = 0; i < 2; i++) {
		step = step_of(spec[i], UNROLL_NONE, &c);
		for (k = 0; k < step->schedules.n; k++) {
			const Schedule *q = &step->schedules.v[k];
			const Loop *l = &q->loops.v[q->loops.n - 1];
			across[i] += q->across && q->lane != SAMPLE;
			turned[i] += q->tile && q->loops.n > 1 &&
			             l[-1].clamped && l[-1].count == TURNED;
		}
		ctx_free(c);
	}
	assert_int_equal(across[0], 1);
	assert_int_equal(turned[0], 0);
	assert_int_equal(across[1], 0);
	assert_int_equal(turned[1], 1);
	/* gradient and rule in one, from straight line to loops */
	for (k = 1; k <= 40; k++) {
		snprintf(small, sizeof small, "input %u\ndense %u relu\n"
		         "dense 10 softmax\nloss cross_entropy\n"
		         "optimizer sgd rate=0.01\nbatch 32\nmath fast\n", k, k);
		step = step_of(small, UNROLL_AUTO, &c);
		assert_int_equal(step->samples, 32);
		ctx_free(c);
	}
}

/* how many values of this kind a kernel writes, and how many of them in a loop
 * that begins before them */
static void
written(const Program *p, const Plan *pl, Kernel k, TensorKind kind,
	uint32_t *all, uint32_t *beside)
{
	const KernelPlan *plan = &pl->kernel[k];
	uint32_t i;

	for (*all = *beside = i = 0; i < plan->schedules.n; i++) {
		const Schedule *q = &plan->schedules.v[i];
		const Stmt *s = &p->kernel[k].v[q->stmt];

		if (p->tensors.v[s->target].kind != kind)
			continue;
		++*all;
		*beside += q->tile && q->fused > 0;
	}
}

/* the same element is read before and written behind: a weight that decays is
 * updated where its velocity is, a state goes on where it was used */
static void
written_back(void **state)
{
	static const char spec[] = "input 3 steps=9\nlstm 16 last\ndense 40 tanh\n"
		"dense 2\nloss mse\noptimizer sgd rate=0.1 momentum=0.9\n"
		"l2 1e-4\n";
	PlanOptions how = { .unroll = UNROLL_NONE };
	uint32_t all, beside;
	jmp_buf out;
	Ctx *c = context(&out);
	Program *p;
	Plan *pl;

	(void)state;
	if (setjmp(out))
		fail_msg("%s", c->exit_text);
	p = program_of(c, spec);
	pl = plan(p, &how);
	written(p, pl, K_UPDATE, T_WEIGHT, &all, &beside);
	assert_int_equal(all, 7);
	assert_int_equal(beside, 7);
	written(p, pl, K_STREAM, T_STREAM, &all, &beside);
	assert_int_equal(all, 2);
	assert_int_equal(beside, 2);
	ctx_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parentheses), cmocka_unit_test(names),
		cmocka_unit_test(templates), cmocka_unit_test(sizes),
		cmocka_unit_test(layout), cmocka_unit_test(costs),
		cmocka_unit_test(ahead), cmocka_unit_test(drawn),
		cmocka_unit_test(relaxed), cmocka_unit_test(samples_abreast),
		cmocka_unit_test(scans), cmocka_unit_test(scans_of_samples),
		cmocka_unit_test(batches), cmocka_unit_test(one_loop),
		cmocka_unit_test(kinked), cmocka_unit_test(set_first),
		cmocka_unit_test(written_back)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
