/* SPDX-License-Identifier: MIT
 * Which TinyCC this is: libtcc says so only to the C that it compiles. */
#include "house.h"

static const char probe[] =
	"int bp_tcc_version(void) { return __TINYC__ + 0; }\n";

/* 927 for 0.9.27; 0 where nothing can be compiled */
static int
ask(Ctx *c)
{
	union { void *object; int (*function)(void); } version;
	jmp_buf inner;
	Jit *j;
	int n;

	c->exit = &inner;
	if (setjmp(inner))
		return 0;
	j = jit(c, probe);
	if (!j)
		return 0;
	version.object = jit_symbol(j, "bp_tcc_version");
	n = version.object ? version.function() : 0;
	jit_free(j);
	return n;
}

const char *
tcc_name(Ctx *c)
{
	jmp_buf *outer = c->exit;
	int n = ask(c);

	c->exit = outer;
	if (!n)
		return "TinyCC (cannot compile for this machine)";
	return fmt(c, "TinyCC %d.%d.%d", n / 10000, n / 100 % 100, n % 100);
}
