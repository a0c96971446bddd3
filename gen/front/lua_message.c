/* SPDX-License-Identifier: MIT
 * What Lua says when something is wrong, as messages with a place, a caret and
 * the name that was meant. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sandbox.h"

static void
consider(Ctx *c, Names *names, const char *name)
{
	if (name && name_char((unsigned char)*name) &&
	    strncmp(name, "bpgen_", 6))
		PUSH(c, names, copy(c, name, strlen(name)));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* locals and upvalues of the innermost Lua function */
static void
names_in_sight(Front *f, Names *names)
{
	lua_State *L = f->L;
	const char *name;
	lua_Debug d;
	int level, i;

	for (level = 0; lua_getstack(L, level, &d); level++) {
		lua_getinfo(L, "l", &d);
		if (d.currentline > 0)
			break;
	}
	if (!lua_getstack(L, level, &d))
		return;
	for (i = 1; (name = lua_getlocal(L, &d, i)) != NULL; i++) {
		lua_pop(L, 1);
		consider(f->c, names, name);
	}
	lua_getinfo(L, "f", &d);
	for (i = 1; (name = lua_getupvalue(L, -1, i)) != NULL; i++) {
		lua_pop(L, 1);
		consider(f->c, names, name);
	}
	lua_pop(L, 1);
}

/* the name in sight that is nearest to an undefined one */
static const char *
nearest_variable(Front *f, const char *word)
{
	lua_State *L = f->L;
	Names names = { 0 };

	names_in_sight(f, &names);
	lua_rawgeti(L, LUA_REGISTRYINDEX, f->spec_env);
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		if (lua_type(L, -1) == LUA_TSTRING)
			consider(f->c, &names, lua_tostring(L, -1));
	}
	lua_pop(L, 1);
	if (names.n) /* Lua's order is another in every run */
		qsort(names.v, names.n, sizeof *names.v, by_text);
	return nearest(word, &names);
}

static const char undefined_text[] = "undefined variable '";

int
sandbox_handler(lua_State *L)
{
	Front *f = front_of(L);
	const char *s, *p, *q;
	char word[64];

	f->error_loc = lua_where(f, 0);
	f->near_name = NULL;
	if (lua_type(L, 1) != LUA_TSTRING)
		return 1;
	s = lua_tostring(L, 1);
	p = strstr(s, undefined_text);
	if (p && (q = strchr(p += sizeof undefined_text - 1, '\'')) != NULL &&
	    (size_t)(q - p) < sizeof word && lua_checkstack(L, 20)) {
		memcpy(word, p, (size_t)(q - p));
		word[q - p] = 0;
		f->near_name = nearest_variable(f, word);
	}
	lua_settop(L, 1);
	return 1;
}

/* --------------------------------------------------------------- messages */
/* `name` as a word of its own in the range, outside of strings and comments */
static bool
find_name(const Ctx *c, Loc in, const char *name, Loc *found)
{
	const char *s = c->sources.v[in.file].text;
	size_t at = in.at, end = in.at + in.len, next, n = strlen(name);
	int kind, before = 0;

	while (at < end) {
		next = lua_token(s, at, end, &kind);
		if (kind == 'n' && next - at == n && !memcmp(s + at, name, n) &&
		    before != '.') {
			*found = (Loc){ in.file, (uint32_t)at, (uint32_t)n };
			return true;
		}
		before = kind;
		at = next;
	}
	return false;
}

static bool
find_text(const Ctx *c, Loc in, const char *text, Loc *found)
{
	const char *s = c->sources.v[in.file].text, *p;
	size_t n = strlen(text);

	p = n ? memmem(s + in.at, in.len, text, n) : NULL;
	if (!p)
		return false;
	*found = (Loc){ in.file, (uint32_t)(p - s), (uint32_t)n };
	return true;
}

/* takes `label:line: ` off the front of *text and gives the line's place */
static bool
strip_place(Front *f, const char **text, Loc *at)
{
	size_t n;
	uint32_t i;
	char *end;
	long line;

	for (i = 0; i < f->chunks.n; i++) {
		n = strlen(f->chunks.v[i].label);
		if (strncmp(*text, f->chunks.v[i].label, n) ||
		    (*text)[n] != ':')
			continue;
		line = strtol(*text + n + 1, &end, 10);
		if (line <= 0 || end[0] != ':' || end[1] != ' ')
			continue;
		*at = line_loc(f->c, f->chunks.v[i].file, (int)line);
		*text = end + 2;
		return true;
	}
	return false;
}

/* the text between the first '...' after `before`, or NULL */
static char *
quoted_after(Ctx *c, const char *text, const char *before)
{
	const char *p = strstr(text, before), *q;

	if (!p)
		return NULL;
	p += strlen(before);
	q = strrchr(p, '\'');
	return q && q > p ? copy(c, p, (size_t)(q - p)) : NULL;
}

static void
undefined_variable(Front *f, Loc at, const char *name)
{
	Ctx *c = f->c;
	Loc word = at;

	find_name(c, at, name, &word);
	err(c, word, "undefined variable '%s'", name);
	if (f->near_name) {
		fix(c, f->near_name);
		help(c, "a variable with a similar name exists");
	} else if (!strcmp(name, "Dense") || !strcmp(name, "Conv2D") ||
	           !strcmp(name, "model") || !strcmp(name, "nn") ||
	           !strcmp(name, "Linear") || !strcmp(name, "Sequential")) {
		help(c, "a layer is a line: `dense 30 relu`");
	} else if (!strcmp(name, "io") || !strcmp(name, "os") ||
	           !strcmp(name, "require") || !strcmp(name, "load") ||
	           !strcmp(name, "debug") || !strcmp(name, "dofile") ||
	           !strcmp(name, "loadfile") || !strcmp(name, "package")) {
		help(c, "a spec reaches no files, no clock and no other code; "
		     "`include \"FILE\"` reads another spec");
	}
}

/* Lua met a statement in the middle of something: the line before `at` */
static void
incomplete(Ctx *c, Loc at)
{
	const char *s = c->sources.v[at.file].text;
	uint32_t end = at.at;

	while (end > 0 && strchr(" \t\r\n", s[end - 1]))
		end--;
	at.at = end > 0 ? end - 1 : 0;
	at.len = 1;
	err(c, at, "this line of Lua is not complete");
	help(c, "Lua goes on to the next line inside of brackets alone, or "
	     "after a comma");
}

/* `... expected (to close 'for' at line 4) near <eof>` */
static void
syntax_error(Front *f, Loc at, const char *text)
{
	Ctx *c = f->c;
	const char *near = strstr(text, " near "), *open;
	char *token = quoted_after(c, text, " near '");
	Loc word = at;
	char name[16];
	int line;

	if (token && !strncmp(text, "<eof> expected", 14)) {
		if (find_text(c, at, token, &word))
			err(c, word, "this '%s' closes nothing", token);
		else
			err(c, at, "nothing may follow `return` in its block");
		return;
	}
	if (token && !strcmp(token, ";") && !find_text(c, at, token, &word)) {
		incomplete(c, at); /* the `;` stands before each statement */
		return;
	}
	open = strstr(text, "(to close '");
	if (open && sscanf(open, "(to close '%15[^']' at line %d)", name,
	    &line) == 2) {
		word = line_loc(c, at.file, line);
		find_text(c, word, name, &word);
		err(c, word, "this '%s' has no %.*s", name,
		    (int)strcspn(text, " "), text);
		if (token)
			note(c, at, "it is missing before this line at the "
			     "latest");
		return;
	}
	if (token && !strncmp(token, "bpgen_", 6))
		token = NULL;
	if (token)
		find_text(c, at, token, &word);
	if (near && strstr(near, "<eof>"))
		err(c, word, "%.*s at the end of the file",
		    (int)(near - text), text);
	else if (near && !token)
		err(c, word, "%.*s", (int)(near - text), text);
	else
		err(c, word, "%s", text);
}

/* a message of Lua's at the line; its caret goes under the name it is about */
static void
lua_message(Front *f, Loc at, const char *text)
{
	static const char *const kinds[] = {
		"(global '", "(local '", "(upvalue '", "(field '", "(method '",
		"(constant '", NULL
	};
	const char *tail;
	char *name = NULL;
	Loc word = at;
	int i, line;

	if ((name = quoted_after(f->c, text, undefined_text)) != NULL) {
		undefined_variable(f, at, name);
		return;
	}
	if (f->loading && strstr(text, " near ")) {
		syntax_error(f, at, text);
		return;
	}
	/* `break outside a loop at line 3`: that is its place */
	tail = f->loading ? strstr(text, " at line ") : NULL;
	if (tail && sscanf(tail, " at line %d", &line) == 1) {
		word = line_loc(f->c, at.file, line);
		err(f->c, word, "%.*s", (int)(tail - text), text);
		return;
	}
	for (i = 0; kinds[i] && !name; i++)
		name = quoted_after(f->c, text, kinds[i]);
	if (name && at.file && !find_name(f->c, at, name, &word))
		find_text(f->c, at, name, &word);
	err(f->c, word, "%s", text);
}

void
sandbox_error(Ctx *c, Loc at)
{
	Front *f = c->front;
	const char *text;

	if (f->limit) {
		if (f->limit != f->limit_said)
			err(c, f->limit_loc.file ? f->limit_loc : at, "%s",
			    f->limit);
		f->limit_said = f->limit;
	} else {
		if (f->error_loc.file)
			at = f->error_loc;
		text = lua_type(f->L, -1) == LUA_TSTRING ?
		       lua_tostring(f->L, -1) : "an error that is no text";
		text = copy(c, text, strnlen(text, 2000));
		strip_place(f, &text, &at);
		lua_message(f, at, text);
	}
	lua_pop(f->L, 1);
}
