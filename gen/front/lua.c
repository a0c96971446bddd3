/* SPDX-License-Identifier: MIT
 * The sandbox: Lua without files, loading or clocks, in order and under limits
 * that hold whatever a spec tries. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sandbox.h"

#define MOST_SECONDS 10.0
#define HOOK_STEPS 200
#define LOOK_STEPS 5000              /* between looks at the clock */
#define LOOK_BYTES ((size_t)4 << 20) /* asked for between looks at the clock */

static const char limit_bytes[] = "Lua needs more than 256 MB of memory";
static const char limit_steps[] = "Lua takes more than 100 million steps";
static const char limit_seconds[] = "Lua takes more than 10 seconds";

/* of the processor: a busy machine must not make a spec fail */
static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --------------------------------------------------------------- places */
static uint32_t
chunk_file(const Front *f, const char *source)
{
	uint32_t i;

	if (*source == '=')
		source++;
	for (i = 0; i < f->chunks.n; i++)
		if (!strcmp(f->chunks.v[i].label, source))
			return f->chunks.v[i].file;
	return 0;
}

Loc
line_loc(const Ctx *c, uint32_t file, int line)
{
	const Source *s = &c->sources.v[file];
	size_t at = 0, end;
	const char *p;

	for (; line > 1; line--) {
		p = memchr(s->text + at, '\n', s->len - at);
		if (!p)
			break;
		at = (size_t)(p - s->text) + 1;
	}
	while (at < s->len && strchr(" \t\r", s->text[at]) && s->text[at])
		at++;
	p = memchr(s->text + at, '\n', s->len - at);
	end = p ? (size_t)(p - s->text) : s->len;
	while (end > at && strchr(" \t\r", s->text[end - 1]) && s->text[end - 1])
		end--;
	return (Loc){ file, (uint32_t)at, (uint32_t)(end - at) };
}

Loc
lua_where(Front *f, int level)
{
	Loc nowhere = { 0, 0, 0 };
	lua_Debug d;
	uint32_t file;
	int i;

	for (i = 0; lua_getstack(f->L, i, &d); i++) {
		lua_getinfo(f->L, "Sl", &d);
		if (d.currentline <= 0 || level-- > 0)
			continue;
		file = chunk_file(f, d.source);
		if (file)
			return line_loc(f->c, file, d.currentline);
	}
	return nowhere;
}

Loc
sandbox_where(Ctx *c, int level)
{
	return lua_where(c->front, level);
}

/* --------------------------------------------------------------- limits */
static void hook(lua_State *L, lua_Debug *d);

/* From here on every step raises an error, so that pcall catches it in vain. */
static void
exhausted(Front *f, const char *limit)
{
	if (f->limit)
		return;
	f->limit = limit;
	f->limit_loc = lua_where(f, 0);
	lua_sethook(f->L, hook, LUA_MASKCOUNT, 1);
}

static bool
late(Front *f)
{
	return f->depth > 0 && f->spent + (now() - f->began) > MOST_SECONDS;
}

static void
check(Front *f)
{
	if (f->steps > MOST_STEPS) {
		exhausted(f, limit_steps);
	} else if (f->steps >= f->next_look) {
		f->next_look = f->steps + LOOK_STEPS;
		if (late(f))
			exhausted(f, limit_seconds);
	}
	if (f->limit)
		luaL_error(f->L, "%s", f->limit);
}

static void
hook(lua_State *L, lua_Debug *d)
{
	Front *f = front_of(L);

	(void)d;
	f->steps += HOOK_STEPS;
	if (f->c->exit_text)
		luaL_error(L, "%s", f->c->exit_text);
	check(f);
}

void
sandbox_charge(Ctx *c, uint64_t steps)
{
	Front *f = c->front;

	if (steps > MOST_STEPS) /* enough, and no overflow */
		steps = MOST_STEPS + 1;
	f->steps += steps;
	if (steps > LOOK_STEPS / 10) /* what comes now may take long */
		f->next_look = 0;
	check(f);
}

static void *
allocate(void *u, void *p, size_t old, size_t size)
{
	Front *f = u;
	void *q;

	if (!p)
		old = 0;
	if (size == 0) {
		f->bytes -= old;
		free(p);
		return NULL;
	}
	if (size > old && f->bytes + (size - old) > MOST_BYTES) {
		/* Lua collects garbage and asks again before it gives up */
		if (f->L)
			f->limit_loc = lua_where(f, 0);
		return NULL;
	}
	f->bytes_since += size;
	if (f->bytes_since > LOOK_BYTES) {
		f->bytes_since = 0;
		if (f->L && late(f)) {
			exhausted(f, limit_seconds);
			if (size > old)
				return NULL;
		}
	}
	q = realloc(p, size);
	if (q)
		f->bytes += size - old;
	return q;
}

/* __index of the globals: a name that nobody has given a value */
static int
undefined(lua_State *L)
{
	if (lua_type(L, 2) != LUA_TSTRING)
		return 0;
	return luaL_error(L, "undefined variable '%s'", lua_tostring(L, 2));
}

static int
set_up(lua_State *L)
{
	Front *f = lua_touserdata(L, 1);
	int i;

	luaL_requiref(L, "_G", luaopen_base, 1);
	lua_pop(L, 1);
	for (i = 0; i < 2; i++) {
		library_push(f);
		lua_newtable(L);
		lua_pushcfunction(L, undefined);
		lua_setfield(L, -2, "__index");
		lua_setmetatable(L, -2);
		*(i ? &f->record_env : &f->spec_env) =
		    luaL_ref(L, LUA_REGISTRYINDEX);
	}
	/* methods of strings: the tamed ones, out of reach of a spec */
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_rawgeti(L, LUA_REGISTRYINDEX, f->record_env);
	lua_getfield(L, -1, "string");
	lua_setfield(L, -3, "__index");
	return 0;
}

static int
panic(lua_State *L)
{
	Front *f = front_of(L);

	f->c->L = NULL;
	die(f->c, EX_SOFTWARE_, "Lua: %s", lua_isstring(L, -1) ?
	    lua_tostring(L, -1) : "an error outside of any call");
}

/* die() while Lua runs: an error that no pcall of a spec can hold */
static void
leave(void *L)
{
	Front *f = front_of(L);

	lua_sethook(L, hook, LUA_MASKCOUNT, 1);
	luaL_error(L, "%s", f->c->exit_text);
}

static void
sandbox_close(Ctx *c)
{
	lua_close(c->front->L);
	c->front->L = NULL;
	c->L = NULL;
}

bool
sandbox_open(Ctx *c)
{
	Front *f = mem(c, sizeof *f);

	f->c = c;
	f->L = lua_newstate(allocate, f);
	if (!f->L)
		die(c, EX_SOFTWARE_, "out of memory");
	*(Front **)lua_getextraspace(f->L) = f;
	lua_atpanic(f->L, panic);
	c->front = f;
	c->leave_lua = leave;
	c->close = sandbox_close;
	lua_sethook(f->L, hook, LUA_MASKCOUNT, HOOK_STEPS);
	lua_pushcfunction(f->L, set_up);
	lua_pushlightuserdata(f->L, f);
	if (sandbox_call(c, 1, 0) != LUA_OK)
		die(c, EX_SOFTWARE_, "Lua: %s", lua_tostring(f->L, -1));
	return true;
}

void
sandbox_set(Ctx *c, const char *name)
{
	lua_State *L = c->front->L;
	int i;

	for (i = 0; i < 2; i++) {
		lua_rawgeti(L, LUA_REGISTRYINDEX,
		            i ? c->front->record_env : c->front->spec_env);
		lua_pushstring(L, name);
		lua_pushvalue(L, -3);
		lua_rawset(L, -3);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* --------------------------------------------------------------- calling */
/* how messages of Lua about this source begin */
static const char *
chunk_label(Front *f, uint32_t file)
{
	const char *name = f->c->sources.v[file].name, *slash;
	char *label;
	uint32_t i;
	Chunk chunk;

	for (i = 0; i < f->chunks.n; i++)
		if (f->chunks.v[i].file == file)
			return f->chunks.v[i].label;
	slash = strrchr(name, '/');
	if (slash && slash[1])
		name = slash + 1;
	label = fmt(f->c, "%.40s", name);
	for (i = 0; label[i]; i++)
		if ((unsigned char)label[i] < 32)
			label[i] = '?';
	if (chunk_file(f, label))
		label = fmt(f->c, "%s#%u", label, file);
	chunk = (Chunk){ label, file };
	PUSH(f->c, &f->chunks, chunk);
	return label;
}

bool
sandbox_load(Ctx *c, const char *text, size_t len, uint32_t file,
	bool built_in)
{
	Front *f = c->front;
	lua_State *L = f->L;
	const char *name = fmt(c, "=%s", chunk_label(f, file));
	Loc top = { file, 0, 0 };
	int status;

	if (!lua_checkstack(L, 4))
		die(c, EX_SOFTWARE_, "out of memory");
	f->error_loc = (Loc){ 0, 0, 0 };
	status = luaL_loadbufferx(L, text, len, name, "t");
	if (status != LUA_OK) {
		f->loading = true;
		sandbox_error(c, top);
		f->loading = false;
		return false;
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, built_in ? f->record_env :
	            f->spec_env);
	lua_setupvalue(L, -2, 1);
	return true;
}

int
sandbox_call(Ctx *c, int nargs, int nresults)
{
	Front *f = c->front;
	lua_State *L = f->L;
	void *before = c->L;
	int at = lua_gettop(L) - nargs, status;

	if (f->depth++ == 0)
		f->began = now();
	c->L = L;
	lua_pushcfunction(L, sandbox_handler);
	lua_insert(L, at);
	status = lua_pcall(L, nargs, nresults, at);
	lua_remove(L, at);
	c->L = before;
	if (--f->depth == 0)
		f->spent += now() - f->began;
	if (status == LUA_OK)
		return status;
	if (c->exit_text) { /* die() passed through */
		if (before)
			luaL_error(L, "%s", c->exit_text);
		longjmp(*c->exit, 1);
	}
	if (status == LUA_ERRMEM && !f->limit) {
		f->limit = limit_bytes;
	}
	return status;
}

