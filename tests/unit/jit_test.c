/* SPDX-License-Identifier: MIT
 * C text compiled in memory: what works, what is refused and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../gen/bpgen.h"
#include "../../runtime/bp.h"

typedef float Float1(float);
typedef double Double1(double);
typedef int Int1(int);

/* symbols are data pointers, functions are not */
#define CALL(type, j, name) ((type *)(uintptr_t)jit_symbol(j, name))

static const Diag *
first_error(const Ctx *c)
{
	uint32_t i;

	for (i = 0; i < c->diags.n; i++)
		if (c->diags.v[i].kind == DIAG_ERROR)
			return &c->diags.v[i];
	return NULL;
}

static void
functions(void **state)
{
	Ctx *c = ctx_new();
	Jit *j = jit(c, "static int hidden(int x) { return x + 1; }\n"
	             "const int table[3] = { 5, 6, 7 };\n"
	             "int f(int i) { return hidden(table[i]); }\n"
	             "double g(double x) { return x*0.5; }\n");

	(void)state;
	assert_non_null(j);
	assert_int_equal(c->errors, 0);
	assert_int_equal(CALL(Int1, j, "f")(2), 8);
	assert_true(CALL(Double1, j, "g")(3) == 1.5);
	assert_int_equal(((const int *)jit_symbol(j, "table"))[1], 6);
	assert_null(jit_symbol(j, "hidden"));
	assert_null(jit_symbol(j, "nothing"));
	assert_null(jit_symbol(j, ""));
	jit_free(j);
	jit_free(NULL);
	ctx_free(c);
}

/* what compilers call by themselves */
static void
copies(void **state)
{
	Ctx *c = ctx_new();
	Jit *j = jit(c, "struct S { int a[40]; };\n"
	             "int f(int x) { struct S s = { { 1, 2 } }, t;\n"
	             "	t = s; return t.a[1] + t.a[39] + x; }\n");

	(void)state;
	assert_non_null(j);
	assert_int_equal(CALL(Int1, j, "f")(40), 42);
	jit_free(j);
	ctx_free(c);
}

static void
empty(void **state)
{
	Ctx *c = ctx_new();
	Jit *j = jit(c, "");

	(void)state;
	assert_non_null(j);
	assert_null(jit_symbol(j, "f"));
	jit_free(j);
	ctx_free(c);
}

static void
refuse(const char *text, const char *message, const char *line)
{
	Ctx *c = ctx_new();
	const Diag *d;

	assert_null(jit(c, text));
	assert_int_equal(c->errors, 1);
	d = first_error(c);
	assert_non_null(d);
	assert_non_null(strstr(d->text, "internal error"));
	assert_non_null(strstr(d->text, message));
	if (line) {
		assert_int_equal(d[1].kind, DIAG_NOTE);
		assert_non_null(strstr(d[1].text, line));
	}
	ctx_free(c);
}

static void
refusals(void **state)
{
	static char deep[4096];

	(void)state;
	refuse("int f(void) { return 1; }\n\tint g(void) { return y; }\n",
	       "'y' undeclared", "line 2 of it: int g(void) { return y; }");
	refuse("int f(void) {", "", NULL);
	refuse("int g(int); int f(int x) { return g(x); }", "undefined symbol",
	       NULL);
	refuse("int f(int x) { return printf(\"\"); }", "undefined symbol", NULL);
	refuse("#include <stdio.h>\n", "stdio.h", "#include <stdio.h>");
	refuse("#error no\n", "no", "line 1");
	refuse("\x01\xff\xfe", "", NULL);
	strcpy(deep, "int f(int x) { return ");
	memset(deep + strlen(deep), '(', 1500);
	refuse(deep, "", NULL);
	deep[0] = 0;
	while (strlen(deep) < 3000)
		strcat(deep, "1+(");
	refuse(deep, "", NULL);
	/* and after all that */
	functions(state);
}

/* no page of the code is writable */
static void
protection(void **state)
{
	Ctx *c = ctx_new();
	Jit *j = jit(c, "int f(int x) { return x; }");
	uintptr_t at, from, to;
	char line[512], mode[8];
	int found = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	(void)state;
	if (!f) {
		jit_free(j);
		ctx_free(c);
		skip();
	}
	at = (uintptr_t)jit_symbol(j, "f");
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3)
			continue;
		if (at >= from && at < to) {
			assert_string_equal(mode, "r-xp");
			found++;
		}
	}
	fclose(f);
	assert_int_equal(found, 1);
	jit_free(j);
	ctx_free(c);
}

/* where nothing may become executable: a message and 69, not the end of the
 * process; tried in a child, since there is no way back */
static int
forbidden(void)
{
	enum { SET_MDWE = 65, MDWE_REFUSE_EXEC_GAIN = 1 };
	Ctx *c = ctx_new();
	jmp_buf way_out;

	if (prctl(SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		return 99;
	c->exit = &way_out;
	if (setjmp(way_out))
		return c->exit_code == EX_UNAVAILABLE_ && c->exit_text &&
		       strstr(c->exit_text, "executable") ? 0 : 3;
	jit(c, "int f(int x) { return x; }");
	return 4;
}

static void
system_forbids(void **state)
{
	const char *preload = getenv("LD_PRELOAD");
	pid_t child;
	int status;

	(void)state;
	if (preload && strstr(preload, "valgrind"))
		skip(); /* which compiles too */
	child = fork();
	if (child == 0)
		_exit(forbidden());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 99)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
many(void **state)
{
	Ctx *c = ctx_new();
	char text[80];
	Jit *old = NULL, *j;
	int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "int f(int x) { return x + %d; }", i);
		j = jit(c, text);
		assert_non_null(j);
		assert_int_equal(CALL(Int1, j, "f")(1), i + 1);
		if (old)
			assert_int_equal(CALL(Int1, old, "f")(1), i);
		jit_free(old);
		old = j;
	}
	jit_free(old);
	ctx_free(c);
}

/* the runtime under TinyCC without a libc, to the bit */
static void
runtime(void **state)
{
	Ctx *c = ctx_new();
	Text t = { c, NULL, 0, 0 };
	size_t len;
	const char *header = template_text(c, "runtime/bp.h", &len);
	Float1 *f;
	Double1 *g;
	uint32_t i, u;
	double x;
	Jit *j;

	(void)state;
	assert_non_null(header);
	text_add(&t, "#define BP_NO_LIBC\n%s\n"
	         "float f(float x) { return bp_tanhf(x) + bp_sqrtf(bp_expf(x))"
	         " + bp_logf(bp_absf(x)) + bp_erff(x) + bp_sinf(x); }\n"
	         "double g(double x) { return bp_tanh(x) + bp_sqrt(bp_exp(x))"
	         " + bp_log(bp_abs(x)) + bp_erf(x) + bp_cos(x); }\n", header);
	j = jit(c, t.s);
	assert_non_null(j);
	f = CALL(Float1, j, "f");
	g = CALL(Double1, j, "g");
	for (i = 0; i < 20000; i++) {
		u = bp_random(7, 0, 0, 0, i);
		x = bp_uniform(u)*40 - 20;
		assert_int_equal(bp_bitsf(f((float)x)), bp_bitsf(
			bp_tanhf((float)x) + bp_sqrtf(bp_expf((float)x)) +
			bp_logf(bp_absf((float)x)) + bp_erff((float)x) +
			bp_sinf((float)x)));
		assert_true(bp_bits(g(x)) == bp_bits(bp_tanh(x) +
			bp_sqrt(bp_exp(x)) + bp_log(bp_abs(x)) + bp_erf(x) +
			bp_cos(x)));
	}
	jit_free(j);
	ctx_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions), cmocka_unit_test(copies),
		cmocka_unit_test(empty), cmocka_unit_test(refusals),
		cmocka_unit_test(protection), cmocka_unit_test(system_forbids),
		cmocka_unit_test(many), cmocka_unit_test(runtime)
	};

	return cmocka_run_group_tests_name("jit", tests, NULL, NULL);
}
