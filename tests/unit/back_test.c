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

/* the C of a spec given as text; NULL after errors */
static const char *
c_of(Ctx *c, const char *spec, Unroll unroll, uint64_t random)
{
	char path[] = "/tmp/bpgen_back_XXXXXX";
	PlanOptions how = { .unroll = unroll, .random = random };
	EmitOptions o = { .prefix = "net" };
	Text text = { .c = c }, header = { .c = c };
	int fd = mkstemp(path);
	Network *net;
	Program *p;
	Plan *pl;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, spec, strlen(spec)), strlen(spec));
	close(fd);
	net = front(c, path);
	unlink(path);
	if (!net || c->errors)
		return NULL;
	p = build(c, net, F32);
	if (!p || c->errors)
		return NULL;
	pl = plan(p, &how);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parentheses), cmocka_unit_test(names),
		cmocka_unit_test(templates), cmocka_unit_test(sizes),
		cmocka_unit_test(layout)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
