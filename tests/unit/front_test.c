/* SPDX-License-Identifier: MIT
 * The front's lexer, pattern matcher, sandbox and messages. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../gen/front/front.h"

/* ------------------------------------------------------------------ lexer */
static Line
first_line(Ctx *c, const char *text)
{
	uint32_t file = source_add(c, "t.spec", text, strlen(text));
	Lines lines = lex(c, file, NULL, NULL);

	assert_true(lines.n > 0);
	return lines.v[0];
}

static void
lines_are_classified(void **state)
{
	static const struct { const char *text; LineKind kind; } cases[] = {
		{ "dense 30 relu", LINE_STATEMENT },
		{ "r$(i)a: conv 3 3x3", LINE_STATEMENT },
		{ "for i = 1, 3 do", LINE_LUA },
		{ "forest 3", LINE_STATEMENT },
		{ "end-layer 3", LINE_STATEMENT },
		{ "end--comment", LINE_LUA },
		{ "::again::", LINE_LUA },
		{ "block(\"p\", 4)", LINE_LUA },
		{ "a.b(1)", LINE_LUA },
		{ "a = 3", LINE_LUA }, { "a.b = 3", LINE_LUA },
		{ "a[i] = 3", LINE_LUA }, { "a, b = 3, 4", LINE_LUA },
		{ "a == 3", LINE_STATEMENT },
		{ "stop patience=3", LINE_STATEMENT },
		{ "param n = 3", LINE_PARAM },
		{ "param = 3", LINE_BROKEN },
		{ "layer \"x\" {\n}", LINE_DEFINITION },
		{ "loss \"mse\"", LINE_BROKEN },
		{ "loss mse", LINE_STATEMENT },
		{ "-- dense 3", LINE_LUA },
		{ "x = {", LINE_BROKEN }, { "x = [[", LINE_BROKEN },
		{ "dense \"3", LINE_BROKEN }, { "dense $(3", LINE_BROKEN },
		{ "dense $", LINE_BROKEN }, { "x = $y", LINE_BROKEN },
	};
	Ctx *c = ctx_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		if (first_line(c, cases[i].text).kind != cases[i].kind)
			fail_msg("%s", cases[i].text);
	ctx_free(c);
}

static void
words_are_cut(void **state)
{
	Ctx *c = ctx_new();
	Line l = first_line(c, "a$(f(\")\"))b: dense $k pad=$(1,2)x3 # $x\n");

	(void)state;
	assert_int_equal(l.raws.n, 7);
	assert_int_equal(l.holes.n, 3);
	assert_int_equal(l.raws.v[0].loc.len, 11);
	assert_int_equal(l.holes.v[0].expr_len, 6);
	l = first_line(c, "dense 3, # more\n relu,\r\n pad=1\nloss mse\n");
	assert_int_equal(l.raws.n, 6);
	assert_int_equal(l.raws.v[1].loc.len, 1);
	ctx_free(c);
}

static void
tokens_are_classified(void **state)
{
	static const struct { const char *text; TokenKind kind; } cases[] = {
		{ "relu", TK_WORD }, { "a-b.c_1", TK_WORD }, { "_", TK_WORD },
		{ "3", TK_NUMBER }, { "-3.5e-2", TK_NUMBER }, { ".5", TK_NUMBER },
		{ "+3", TK_NUMBER }, { "8K", TK_NUMBER }, { "20ms", TK_NUMBER },
		{ "3x3", TK_DIMS }, { "1x28x28", TK_DIMS },
		{ "0,01", TK_OTHER }, { "3x", TK_OTHER }, { "x3", TK_WORD },
		{ "1.", TK_OTHER }, { "1e", TK_OTHER }, { "0x10", TK_DIMS },
		{ "inf", TK_WORD }, { "8KB", TK_OTHER }, { "", TK_OTHER },
		{ "-", TK_OTHER }, { "1x2x3x4x5x6x7x8x9", TK_OTHER },
	};
	Ctx *c = ctx_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		Token t = { .kind = TK_WORD, .text = cases[i].text };

		token_classify(c, &t);
		if (t.kind != cases[i].kind)
			fail_msg("%s", cases[i].text);
	}
	ctx_free(c);
}

/* --------------------------------------------------------------- patterns */
static const char show[] =
	"local s, p, r = ...\n"
	"local function show(ok, ...)\n"
	"  local o = {tostring(ok)}\n"
	"  for i = 1, ok and select('#', ...) or 0 do\n"
	"    o[#o + 1] = tostring((select(i, ...)))\n"
	"  end\n"
	"  return table.concat(o, '|')\n"
	"end\n"
	"local function all()\n"
	"  local o = {}\n"
	"  for a, b in string.gmatch(s, p) do\n"
	"    o[#o + 1] = tostring(a) .. ',' .. tostring(b)\n"
	"    if #o > 50 then break end\n"
	"  end\n"
	"  return table.concat(o, ';')\n"
	"end\n"
	"return table.concat({show(pcall(string.find, s, p)),\n"
	"  show(pcall(string.find, s, p, -2)),\n"
	"  show(pcall(string.find, s, p, 2, true)),\n"
	"  show(pcall(string.match, s, p, 2)), show(pcall(all)),\n"
	"  show(pcall(string.gsub, s, p, r)),\n"
	"  show(pcall(string.gsub, s, p, {a = 'X', ab = 1, b = false}, 2)),\n"
	"  show(pcall(string.gsub, s, p, function(a, b) return b end))}, '\\n')";

static char *
answer(lua_State *L, const char *s, const char *p, const char *r)
{
	char *copy_of;

	lua_pushvalue(L, 1);
	lua_pushstring(L, s);
	lua_pushstring(L, p);
	lua_pushstring(L, r);
	if (lua_pcall(L, 3, 1, 0))
		fail_msg("%s", lua_tostring(L, -1));
	copy_of = strdup(lua_tostring(L, -1));
	lua_settop(L, 1);
	return copy_of;
}

static void
random_text(char *to, int most, const char *const *parts, int n)
{
	int k = rand() % most;

	*to = 0;
	while (k-- > 0)
		strcat(to, parts[rand() % n]);
}

/* The same as Lua's own matcher on random patterns, wrong ones too. */
static void
patterns_are_those_of_lua(void **state)
{
	static const char *const letters[] = { "a", "b", "c", " ", "1", "(", ")",
		"]", "-", "." };
	static const char *const parts[] = { "a", "b", ".", "%a", "%d", "%s",
		"%W", "[ab]", "[^a]", "[a-c%d]", "[]]", "[^]]", "[a-]", "*", "+",
		"-", "?", "(", ")", "()", "%1", "%2", "%b()", "%f[%a]", "^", "$",
		"%", "[", "c", "%-" , "[%a-z]" };
	static const char *const replacements[] = { "%0", "<%1>", "%%", "x", "%",
		"%2", "" };
	lua_State *theirs = luaL_newstate(), *ours;
	Ctx *c = ctx_new();
	char s[200], p[200], *a, *b;
	const char *r;
	int i;

	(void)state;
	luaL_openlibs(theirs);
	assert_int_equal(luaL_loadstring(theirs, show), 0);
	sandbox_open(c);
	ours = c->front->L;
	lua_settop(ours, 0);
	assert_true(sandbox_load(c, show, strlen(show),
	            source_add(c, "show", show, strlen(show)), false));
	srand(1);
	for (i = 0; i < 20000; i++) {
		random_text(s, 12, letters, 10);
		random_text(p, 7, parts, (int)(sizeof parts / sizeof *parts));
		r = replacements[rand() % 7];
		c->front->steps = 0;
		a = answer(theirs, s, p, r);
		b = answer(ours, s, p, r);
		if (strcmp(a, b))
			fail_msg("'%s' '%s' '%s': Lua\n%s\nours\n%s", s, p, r,
			         a, b);
		free(a);
		free(b);
	}
	lua_close(theirs);
	ctx_free(c);
}

/* ---------------------------------------------------------------- sandbox */
static const char *
run(const char *text, Ctx **keep)
{
	Ctx *c = ctx_new();
	Network *net = front_text(c, "t.spec", text, strlen(text));

	*keep = c;
	return net ? NULL : c->diags.n ? c->diags.v[0].text : "nothing said";
}

static void
limits_hold(void **state)
{
	static const char *const steps[] = {
		"while true do end", "pcall(function() while true do end end)\n"
		"while true do pcall(error) end",
		"local s = (\"a\"):rep(40)\n"
		"local _ = s:find((\"a?\"):rep(40) .. (\"a\"):rep(40))",
		"table.move({}, 1, 1e15, 2)",
		"local t = {} for i = 1, 3e6 do t[i] = i end table.sort(t)",
	}, *const bytes[] = {
		"local _ = (\"x\"):rep(1e9)",
		"local t = {} while true do t[#t + 1] = {} end",
		"local s = \"x\" while true do s = s .. s end",
	}, *const names[] = {
		"io", "os", "require", "load", "loadfile", "dofile", "debug",
		"package", "collectgarbage", "rawset", "rawget", "setmetatable",
		"getmetatable", "coroutine", "_G", "xpcall", "warn"
	};
	const char *said;
	char text[80];
	Ctx *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof steps / sizeof *steps; i++) {
		said = run(steps[i], &c);
		assert_string_equal(said,
		                    "Lua takes more than 100 million steps");
		ctx_free(c);
	}
	for (i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		said = run(bytes[i], &c);
		assert_string_equal(said,
		                    "Lua needs more than 256 MB of memory");
		ctx_free(c);
	}
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(text, sizeof text, "local _ = %s", names[i]);
		said = run(text, &c);
		assert_non_null(strstr(said, "undefined variable"));
		ctx_free(c);
	}
	said = run("local _ = string.dump", &c);
	assert_string_equal(said, "the spec has no layers");
	ctx_free(c);
}

static const char net_text[] =
	"input 2\ndense 2 tanh\ndense 1\nloss mse\n";

static void
a_spec_cannot_change_what_words_mean(void **state)
{
	static const char spoilt[] =
		"string.format = nil\ntable.concat = nil\nsize = 3\n"
		"math.sqrt = nil\nnumber = print\n";
	Text t = { NULL, NULL, 0, 0 };
	Network *net;
	Ctx *c = ctx_new();

	(void)state;
	t.c = c;
	text_add(&t, "%s%s", spoilt, net_text);
	net = front_text(c, "t.spec", t.s, t.n);
	assert_non_null(net);
	assert_int_equal(net->params, 9);
	ctx_free(c);
}

/* ---------------------------------------------------------------- network */
static void
the_topology_is_that_of_weights_and_state(void **state)
{
	static const struct { const char *text; bool same; } cases[] = {
		{ "input 2\nh: dense 2 tanh\ndense 1\nloss mae\nseed 4\n", true },
		{ "input 2\ndense 2 tanh\ndense 1\nloss mse\noptimizer sgd "
		  "rate=7\n", true },
		{ "input 2\ndense 2 relu\ndense 1\nloss mse\n", false },
		{ "input 2\ndense 3 tanh\ndense 1\nloss mse\n", false },
		{ "input 2\ndense 2 tanh\ndense 1\nloss mse\noptimizer adam\n",
		  false },
		{ "input 2\ndense 2 tanh\ndense 1\nloss mse\noptimizer sgd "
		  "momentum=0.5\n", false },
	};
	Network *first, *net;
	Ctx *c = ctx_new(), *d;
	size_t i;

	(void)state;
	first = front_text(c, "t.spec", net_text, sizeof net_text - 1);
	assert_non_null(first);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		d = ctx_new();
		net = front_text(d, "t.spec", cases[i].text,
		                 strlen(cases[i].text));
		assert_non_null(net);
		if ((net->topology == first->topology) != cases[i].same)
			fail_msg("%s", cases[i].text);
		ctx_free(d);
	}
	ctx_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_classified),
		cmocka_unit_test(words_are_cut),
		cmocka_unit_test(tokens_are_classified),
		cmocka_unit_test(patterns_are_those_of_lua),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_spec_cannot_change_what_words_mean),
		cmocka_unit_test(the_topology_is_that_of_weights_and_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
