/* SPDX-License-Identifier: MIT
 * C text compiled in memory: what works, what is refused and how. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../gen/tool/tool.h"
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

/* ------------------------------------------------- the system's compiler
 * Each test has a folder of its own as TMPDIR, which must be empty again. */

static char folder[64];

static int
folder_new(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/jit_test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	unsetenv("CC");
	unsetenv("BPGEN_CC");
	return setenv("TMPDIR", folder, 1);
}

static int
entries(void)
{
	DIR *d = opendir(folder);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static int
folder_gone(void **state)
{
	int bad;

	(void)state;
	compiler_abandon(); /* where a test failed half way */
	bad = entries();
	unsetenv("BPGEN_CC");
	unsetenv("TMPDIR");
	return rmdir(folder) || bad;
}

/* a program under that name, outside of the folder that must become empty */
static const char *
script(Ctx *c, const char *text)
{
	char *path = fmt(c, "%s.sh", folder);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
	setenv("BPGEN_CC", path, 1);
	return path;
}

static bool
no_compiler(void)
{
	const char *preload = getenv("LD_PRELOAD");

	/* valgrind knows not every instruction of this machine */
	return system("cc --version >/dev/null 2>&1") != 0 ||
		(preload && strstr(preload, "valgrind"));
}

static const char one[] = "int f(int x) { return x + 1; }\n";

static void
library(void **state)
{
	Ctx *c = ctx_new();
	const char *why = "";
	Jit *j;

	(void)state;
	if (no_compiler())
		skip();
	j = compiler_finish(compiler_start(c, one, false), &why);
	assert_non_null(j);
	assert_null(why);
	assert_int_equal(entries(), 0);
	assert_int_equal(CALL(Int1, j, "f")(41), 42);
	assert_null(jit_symbol(j, "g"));
	jit_free(j);
	ctx_free(c);
}

/* only the user may look into the folder */
static void
private_folder(void **state)
{
	Ctx *c = ctx_new();
	const char *path = script(c, "exec sleep 60");
	Compiler *k = compiler_start(c, one, false);
	DIR *d = opendir(folder);
	struct dirent *e;
	struct stat st;
	int found = 0;

	(void)state;
	unlink(path);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(stat(fmt(c, "%s/%s", folder, e->d_name), &st),
		                 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		found++;
	}
	closedir(d);
	assert_int_equal(found, 1);
	compiler_stop(k);
	ctx_free(c);
}

static void
refused_by(const char *cc, const char *text, const char *message)
{
	Ctx *c = ctx_new();
	const char *why = NULL;

	setenv("BPGEN_CC", cc, 1);
	assert_null(compiler_finish(compiler_start(c, text, false), &why));
	assert_non_null(why);
	if (!strstr(why, message))
		fail_msg("%s", why);
	assert_int_equal(entries(), 0);
	ctx_free(c);
}

static void
failures(void **state)
{
	(void)state;
	refused_by("/nonexistent/cc -O9", one, "/nonexistent/cc cannot be "
	           "started: No such file or directory");
	refused_by("false", one, "false failed with status 1");
	refused_by("true", one, "net.so");
	if (no_compiler())
		return;
	refused_by("cc", "int f(void) { return y; }\n", "cc failed with status "
	           "1\n  | ");
	refused_by("cc", "int f(void) { return y; }\n", "undeclared");
	refused_by("  cc\t-DNO=x ", "#if defined NO\n#error no\n#endif\n",
	           "#error no");
	refused_by("cc", "void g(void); void f(void) { g(); }\n", "g");
}

/* compilers for other machines do not know -march=native */
static void
second_try(void **state)
{
	Ctx *c = ctx_new();
	const char *why, *path;
	Jit *j;

	(void)state;
	if (no_compiler())
		skip();
	path = script(c, "case \" $* \" in *' -march=native '*) echo no >&2; "
	              "exit 2 ;; esac\nexec cc \"$@\"");
	j = compiler_finish(compiler_start(c, one, false), &why);
	unlink(path);
	assert_non_null(j);
	assert_int_equal(CALL(Int1, j, "f")(1), 2);
	jit_free(j);
	ctx_free(c);
}

/* a compiler that takes its time neither stops us nor outlives us */
static void
slow(void **state)
{
	Ctx *c = ctx_new();
	const char *path = script(c, "echo $$ >$TMPDIR.pid\nexec sleep 60");
	char *pid_file = fmt(c, "%s.pid", folder);
	Compiler *k = compiler_start(c, one, false);
	int pid = 0, i;
	FILE *f;

	(void)state;
	for (i = 0; i < 500 && !pid; i++) {
		assert_false(compiler_ready(k));
		usleep(10000);
		f = fopen(pid_file, "r");
		if (f && fscanf(f, "%d", &pid) != 1)
			pid = 0;
		if (f)
			fclose(f);
	}
	unlink(path);
	unlink(pid_file);
	assert_true(pid > 0);
	assert_int_equal(kill(pid, 0), 0);
	compiler_stop(k);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	ctx_free(c);
}

/* what is left when this process ends while the compiler runs: `how` a signal
 * or, if 0, the ordinary way */
static void
ends(const char *command, int how, int status)
{
	Ctx *c = ctx_new();
	const char *path = script(c, command);
	pid_t child = fork();
	int said;

	if (child == 0) {
		compiler_start(c, one, false);
		usleep(10000);
		if (how)
			raise(how);
		exit(5);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &said, 0), child);
	unlink(path);
	assert_int_equal(said, status);
	assert_int_equal(entries(), 0);
	ctx_free(c);
}

static void
early_ends(void **state)
{
	(void)state;
	ends("exec sleep 60", 0, 5 << 8);
	ends("exec sleep 60", SIGTERM, SIGTERM);
	ends("exec sleep 60", SIGINT, SIGINT);
	ends("sleep 60; exit 0", SIGHUP, SIGHUP);
	ends("exec sleep 60", SIGPIPE, SIGPIPE);
	if (!no_compiler())
		ends("exec cc \"$@\"", SIGTERM, SIGTERM);
}

/* who handles signals himself keeps his handlers */
static volatile sig_atomic_t handled;

static void
on_signal(int number)
{
	handled = number;
}

static void
handlers(void **state)
{
	Ctx *c = ctx_new();
	const char *path = script(c, "exec sleep 60");
	struct sigaction mine, now;
	Compiler *k;

	(void)state;
	memset(&mine, 0, sizeof mine);
	mine.sa_handler = on_signal;
	sigaction(SIGTERM, &mine, NULL);
	k = compiler_start(c, one, false);
	raise(SIGTERM);
	assert_int_equal(handled, SIGTERM);
	compiler_stop(k);
	unlink(path);
	sigaction(SIGTERM, NULL, &now);
	assert_true(now.sa_handler == on_signal);
	sigaction(SIGINT, NULL, &now);
	assert_true(now.sa_handler == SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	ctx_free(c);
}

/* one network, three builds: the same bits and one state for all of them */
static void
three_builds(void **state)
{
	static const char text[] = "net n\ninput 5\ndense 7 tanh\ndropout 0.3\n"
		"dense 3 softmax\nloss cross_entropy\noptimizer adam\nbatch 4\n";
	static const float x[20] = { 1, .5f, -.25f, 2, 0, -1, .125f },
		t[12] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 1 };
	static const char *const compilers[] = { "gcc", "clang", "cc" };
	Ctx *c = ctx_new();
	char *path = fmt(c, "%s.spec", folder);
	const char *why;
	PlanOptions how = { 0 };
	Net *n[2];
	size_t i;
	Jit *j;

	(void)state;
	if (no_compiler())
		skip();
	assert_int_equal(write_file(c, path, text, strlen(text), &why), 0);
	for (i = 0; i < 2; i++) {
		n[i] = net_new(c, front(c, path), F32, &how, false);
		assert_non_null(n[i]);
		net_init(n[i], 7);
	}
	unlink(path);
	for (i = 0; i < 12; i++) {
		setenv("BPGEN_CC", compilers[i % 3], 1);
		j = i % 4 ? NULL : compiler_finish(compiler_start(c,
			net_text(n[0]), false), &why);
		if (j)
			net_take(n[0], j);
		assert_true(net_train(n[0], x, t, 4) ==
		            net_train(n[1], x, t, 4));
		assert_memory_equal(net_state(n[0]), net_state(n[1]),
		                    net_bytes(n[0]));
	}
	net_free(n[0]);
	net_free(n[1]);
	ctx_free(c);
}

/* the functions of another network are not taken */
static void
foreign_build(void **state)
{
	static const char *const texts[] = {
		"net n\ninput 5\ndense 7 tanh\ndense 3\nloss mse\n",
		"net n\ninput 5\ndense 7 tanh\ndense 4\nloss mse\n"
	};
	Ctx *c = ctx_new();
	char *path = fmt(c, "%s.spec", folder);
	const char *why;
	PlanOptions how = { 0 };
	jmp_buf way_out;
	Net *n[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		write_file(c, path, texts[i], strlen(texts[i]), &why);
		n[i] = net_new(c, front(c, path), F32, &how, false);
		assert_non_null(n[i]);
	}
	unlink(path);
	c->exit = &way_out;
	if (!setjmp(way_out)) {
		net_take(n[0], jit(c, net_text(n[1])));
		fail_msg("taken");
	}
	assert_int_equal(c->exit_code, EX_SOFTWARE_);
	assert_non_null(strstr(c->exit_text, "lay out the same C"));
	net_free(n[0]);
	net_free(n[1]);
	ctx_free(c);
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, folder_new, folder_gone)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions), cmocka_unit_test(copies),
		cmocka_unit_test(empty), cmocka_unit_test(refusals),
		cmocka_unit_test(protection), cmocka_unit_test(system_forbids),
		cmocka_unit_test(many), cmocka_unit_test(runtime),
		WITH_FOLDER(library), WITH_FOLDER(private_folder),
		WITH_FOLDER(failures), WITH_FOLDER(second_try),
		WITH_FOLDER(slow), WITH_FOLDER(early_ends),
		WITH_FOLDER(handlers), WITH_FOLDER(three_builds),
		WITH_FOLDER(foreign_build)
	};

	return cmocka_run_group_tests_name("jit", tests, NULL, NULL);
}
