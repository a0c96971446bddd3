/* SPDX-License-Identifier: MIT
 * Templates in, text out: lines that start with @ are Lua, ${expr} in the
 * others inserts a value, all else stands for itself. */
#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>
#include "back.h"

typedef struct {
	Ctx *c;
	const char *path;
	int (*push)(void *L, void *u);
	void *u;
	Text *out;
	size_t line;                /* where the last line of out begins */
	Text source;                /* the template as a Lua chunk */
} Run;

enum { WIDTH = 80, TAB = 8 };

/* ---- template -> Lua: one line for one line, so that messages fit */

static void
quote(Text *t, const char *s, size_t n)
{
	size_t i;

	text_put(t, "\"", 1);
	for (i = 0; i < n; i++) {
		if (s[i] == '"' || s[i] == '\\')
			text_put(t, "\\", 1);
		if (s[i] == '\n')
			text_put(t, "\\n", 2);
		else
			text_put(t, s + i, 1);
	}
	text_put(t, "\"", 1);
}

static void
text_line(Text *t, const char *s, size_t n)
{
	const char *end = s + n, *open, *close;
	size_t len;

	while (s < end) {
		for (open = s; open + 1 < end; open++)
			if (open[0] == '$' && open[1] == '{')
				break;
		close = open + 1 < end ? memchr(open, '}',
		        (size_t)(end - open)) : NULL;
		len = close ? (size_t)(open - s) : (size_t)(end - s);
		text_put(t, "put(", 4);
		quote(t, s, len);
		text_put(t, ") ", 2);
		if (!close)
			break;
		text_put(t, "put(", 4);
		text_put(t, open + 2, (size_t)(close - open - 2));
		text_put(t, ") ", 2);
		s = close + 1;
	}
}

static void
translate(Text *t, const char *s, size_t n)
{
	const char *end = s + n, *eol;

	for (; s < end; s = eol) {
		eol = memchr(s, '\n', (size_t)(end - s));
		eol = eol ? eol + 1 : end;
		if (*s == '@')
			text_put(t, s + 1, (size_t)(eol - s - 1));
		else {
			text_line(t, s, (size_t)(eol - s));
			text_put(t, "\n", 1);
		}
	}
}

/* ---- running it */

/* The head of a function goes on in another line where it gets too wide: the
 * names in it are the user's, so the template cannot know. */
static void
fold(Text *t, size_t line)
{
	size_t width = WIDTH, at, i;

	while (t->n - line > width + 1) { /* its end of line included */
		for (at = 0, i = 1; line + i < t->n && (i < width || !at); i++)
			if (t->s[line + i - 1] == ',' && t->s[line + i] == ' ')
				at = line + i;
		if (!at)
			break;
		text_put(t, "\n", 1);
		memmove(t->s + at + 2, t->s + at + 1, t->n - at - 2);
		memcpy(t->s + at, "\n\t", 2);
		line = at + 1;
		width = WIDTH - TAB + 1;
	}
}

static int
put_value(lua_State *L)
{
	Run *r = lua_touserdata(L, lua_upvalueindex(1));
	const char *s;
	size_t n;

	if (!lua_isstring(L, 1))
		return luaL_error(L, "${} of a %s value", luaL_typename(L, 1));
	s = lua_tolstring(L, 1, &n);
	text_put(r->out, s, n);
	if (!n || s[n - 1] != '\n')
		return 0;
	if (isalpha((unsigned char)r->out->s[r->line]) &&
	    !memchr(r->out->s + r->line, '\n', r->out->n - r->line - 1))
		fold(r->out, r->line);
	r->line = r->out->n;
	return 0;
}

static int
run(lua_State *L)
{
	static const luaL_Reg libs[] = {
		{ "_G", luaopen_base }, { LUA_STRLIBNAME, luaopen_string },
		{ LUA_TABLIBNAME, luaopen_table }, { NULL, NULL }
	};
	Run *r = lua_touserdata(L, 1);
	const luaL_Reg *lib;

	for (lib = libs; lib->name; lib++) {
		luaL_requiref(L, lib->name, lib->func, 1);
		lua_pop(L, 1);
	}
	if (luaL_loadbufferx(L, r->source.s, r->source.n, fmt(r->c, "@%s",
	    r->path), "t") != LUA_OK)
		return lua_error(L);
	r->push(L, r->u);            /* a table: what the template may name */
	lua_createtable(L, 0, 1);
	lua_pushglobaltable(L);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pushlightuserdata(L, r);
	lua_pushcclosure(L, put_value, 1);
	lua_setfield(L, -2, "put");
	lua_setupvalue(L, -2, 1);
	lua_call(L, 0, 0);
	return 0;
}

static Ctx *
ctx_of(lua_State *L)
{
	return *(Ctx **)lua_getextraspace(L);
}

/* die() while a template runs: out of Lua first */
static void
leave(void *L)
{
	luaL_error(L, "%s", ctx_of(L)->exit_text);
}

void
template_run(Ctx *c, const char *path, int (*push)(void *L, void *u), void *u,
	Text *out)
{
	Run r = { c, path, push, u, out, 0, { .c = c } };
	void *before = c->L, (*leave_before)(void *) = c->leave_lua;
	lua_State *L;
	const char *text, *why = NULL;
	size_t n;
	int status;

	text = template_text(c, path, &n);
	if (!text)
		die(c, EX_SOFTWARE_, "the template %s is missing", path);
	translate(&r.source, text, n);
	text_put(&r.source, "", 0);
	L = luaL_newstate();
	if (!L)
		die(c, EX_SOFTWARE_, "out of memory");
	*(Ctx **)lua_getextraspace(L) = c;
	c->L = L;
	c->leave_lua = leave;
	lua_pushcfunction(L, run);
	lua_pushlightuserdata(L, &r);
	status = lua_pcall(L, 1, 0, 0);
	c->L = before;
	c->leave_lua = leave_before;
	if (status != LUA_OK && !c->exit_text) {
		why = lua_tostring(L, -1);
		why = fmt(c, "%s", why ? why : "an error without a message");
	}
	lua_close(L);
	if (status == LUA_OK)
		return;
	if (c->exit_text || !c->opt.templates_dir) /* ours */
		die(c, c->exit_code ? c->exit_code : EX_SOFTWARE_,
		    "template %s", why ? why : c->exit_text);
	err(c, (Loc){ 0 }, "template %s", why);
}
