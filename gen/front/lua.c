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
#include "front.h"

#define MOST_BYTES ((size_t)256 << 20)
#define MOST_STEPS 100000000u
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

/* line `line` of a source from its first word to its end */
static Loc
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

/* needs no memory: it may be asked from the allocator */
static Loc
where(Front *f, int level)
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
	return where(c->front, level);
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
	f->limit_loc = where(f, 0);
	lua_sethook(f->L, hook, LUA_MASKCOUNT, 1);
}

static bool
late(Front *f)
{
	return f->depth > 0 && f->spent + (now() - f->began) > MOST_SECONDS;
}

static Front *
front_of(lua_State *L)
{
	return *(Front **)lua_getextraspace(L);
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
			f->limit_loc = where(f, 0);
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

/* --------------------------------------------------- functions in order */
/* numbers, then strings, then booleans; nothing else has an order that is the
 * same in every run */
static int
rank_of(lua_State *L, int at)
{
	switch (lua_type(L, at)) {
	case LUA_TNUMBER: return 0;
	case LUA_TSTRING: return 1;
	case LUA_TBOOLEAN: return 2;
	default:
		return luaL_error(L, "the keys of this table have no order "
		    "(a %s is one)", luaL_typename(L, at));
	}
}

static bool
key_less(lua_State *L, int a, int b)
{
	int ra = rank_of(L, a), rb = rank_of(L, b), order;
	const char *s, *t;
	size_t ls, lt;

	if (ra != rb)
		return ra < rb;
	if (ra == 0)
		return lua_compare(L, a, b, LUA_OPLT);
	if (ra == 2)
		return !lua_toboolean(L, a) && lua_toboolean(L, b);
	s = lua_tolstring(L, a, &ls);
	t = lua_tolstring(L, b, &lt);
	order = memcmp(s, t, ls < lt ? ls : lt);
	return order < 0 || (order == 0 && ls < lt);
}

/* next(t, key): the least key above; slow, but usually asked once */
static int
l_next(lua_State *L)
{
	Front *f = front_of(L);
	bool from, found = false;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	from = !lua_isnil(L, 2);
	lua_pushnil(L);              /* 3: the best so far */
	lua_pushnil(L);              /* 4: the key of the walk */
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		sandbox_charge(f->c, 1);
		rank_of(L, 4);
		if ((!from || key_less(L, 2, 4)) &&
		    (!found || key_less(L, 4, 3))) {
			lua_pushvalue(L, 4);
			lua_replace(L, 3);
			found = true;
		}
	}
	if (!found) {
		lua_pushnil(L);
		return 1;
	}
	lua_settop(L, 3);
	lua_pushvalue(L, 3);
	lua_gettable(L, 1);
	return 2;
}

/* heap sort of t[1..n] at stack index t */
static void
sift(lua_State *L, int t, lua_Integer i, lua_Integer n)
{
	lua_Integer child;

	for (; (child = 2 * i) <= n; i = child) {
		lua_rawgeti(L, t, child);
		if (child < n) {
			lua_rawgeti(L, t, child + 1);
			if (key_less(L, -2, -1)) {
				child++;
				lua_remove(L, -2);
			} else {
				lua_pop(L, 1);
			}
		}
		lua_rawgeti(L, t, i);
		if (!key_less(L, -1, -2)) {
			lua_pop(L, 2);
			return;
		}
		lua_rawseti(L, t, child);
		lua_rawseti(L, t, i);
	}
}

static void
sort_keys(lua_State *L, int t, lua_Integer n)
{
	Front *f = front_of(L);
	lua_Integer i;

	for (i = n / 2; i >= 1; i--)
		sift(L, t, i, n);
	for (i = n; i > 1; i--) {
		lua_rawgeti(L, t, 1);
		lua_rawgeti(L, t, i);
		lua_rawseti(L, t, 1);
		lua_rawseti(L, t, i);
		sift(L, t, 1, i - 1);
		sandbox_charge(f->c, 8);
	}
}

/* upvalues: keys, position; the table is the first argument */
static int
pairs_step(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));

	luaL_checktype(L, 1, LUA_TTABLE);
	for (;;) {
		lua_rawgeti(L, lua_upvalueindex(1), ++i);
		lua_pushinteger(L, i);
		lua_replace(L, lua_upvalueindex(2));
		if (lua_isnil(L, -1))
			return 1;
		lua_pushvalue(L, -1);
		lua_rawget(L, 1);
		if (!lua_isnil(L, -1)) /* gone since */
			return 2;
		lua_pop(L, 2);
	}
}

static int
l_pairs(lua_State *L)
{
	Front *f = front_of(L);
	lua_Integer n = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		rank_of(L, -1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, 2, ++n);
		sandbox_charge(f->c, 1);
	}
	sort_keys(L, 2, n);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, pairs_step, 2);
	lua_pushvalue(L, 1);
	return 2;
}

/* --------------------------------------------- functions that are tamed */
static bool
has_address(lua_State *L, int at)
{
	int type = lua_type(L, at);

	return type == LUA_TTABLE || type == LUA_TFUNCTION ||
	       type == LUA_TUSERDATA || type == LUA_TLIGHTUSERDATA;
}

/* no addresses: they change from run to run */
static int
l_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	if (has_address(L, 1))
		lua_pushstring(L, luaL_typename(L, 1));
	else
		luaL_tolstring(L, 1, NULL);
	return 1;
}

static int
l_print(lua_State *L)
{
	Front *f = front_of(L);
	int n = lua_gettop(L), i;
	const char *s;
	size_t len, k;

	for (i = 1; i <= n; i++) {
		lua_pushcfunction(L, l_tostring);
		lua_pushvalue(L, i);
		lua_call(L, 1, 1);
		s = lua_tolstring(L, -1, &len);
		sandbox_charge(f->c, 10 + len / 4);
		if (i > 1)
			fputc('\t', stderr);
		/* what drives a terminal stays out */
		for (k = 0; k < len; k++)
			fputc((unsigned char)s[k] < 32 && s[k] != '\n' &&
			      s[k] != '\t' ? '?' : s[k], stderr);
		lua_pop(L, 1);
	}
	fputc('\n', stderr);
	return 0;
}

static void
rethrow(lua_State *L)
{
	Front *f = front_of(L);

	if (f->c->exit_text)
		luaL_error(L, "%s", f->c->exit_text);
	if (f->limit)
		luaL_error(L, "%s", f->limit);
}

static int
l_pcall(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
	rethrow(L);
	lua_pushboolean(L, status == LUA_OK);
	lua_insert(L, 1);
	return lua_gettop(L);
}

/* The library's own function, upvalue 1, with its arguments after a look at
 * what it will cost. */
static int
forward(lua_State *L)
{
	int n = lua_gettop(L);

	luaL_checkstack(L, 2, NULL);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, n, LUA_MULTRET);
	return lua_gettop(L);
}

static uint64_t
length(lua_State *L, int at)
{
	return (uint64_t)lua_rawlen(L, at);
}

static int
by_length(lua_State *L)
{
	sandbox_charge(front_of(L)->c, 1 + length(L, 1) / 8);
	return forward(L);
}

/* insert and remove shift what follows a place, if one is given */
static int
shifting(lua_State *L, int place)
{
	lua_Integer n = (lua_Integer)length(L, 1), at;

	at = lua_isinteger(L, place) ? lua_tointeger(L, place) : n;
	sandbox_charge(front_of(L)->c,
	               1 + (at >= 0 && at < n ? (uint64_t)(n - at) / 8 : 0));
	return forward(L);
}

static int
t_insert(lua_State *L)
{
	return shifting(L, lua_gettop(L) > 2 ? 2 : 4);
}

static int
t_remove(lua_State *L)
{
	return shifting(L, 2);
}

static int
t_sort(lua_State *L)
{
	uint64_t n = length(L, 1), cost = n;

	for (; n > 1; n /= 2)
		cost += length(L, 1);
	sandbox_charge(front_of(L)->c, 1 + 8 * cost);
	return forward(L);
}

static int
t_move(lua_State *L)
{
	lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);

	if (to >= from)
		sandbox_charge(front_of(L)->c,
		               (uint64_t)to - (uint64_t)from + 1);
	return forward(L);
}

static int
s_rep(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);
	uint64_t len = length(L, 1) + length(L, 3);

	/* what is too large for the memory is refused at once */
	if (n > 0 && len > 0 && (uint64_t)n <= MOST_BYTES / len)
		sandbox_charge(front_of(L)->c, 1 + (uint64_t)n / 8 +
		               (uint64_t)n * len / 16);
	return forward(L);
}

static int
s_format(lua_State *L)
{
	const char *s = luaL_checkstring(L, 1), *p;
	int n = lua_gettop(L), i;

	sandbox_charge(front_of(L)->c, 1 + length(L, 1) / 8);
	for (p = s; (p = strchr(p, '%')) != NULL; p++) {
		for (p++; *p && strchr("-+ #0123456789.", *p); p++)
			;
		if (*p == 'p')
			return luaL_error(L,
			    "'%%p' gives addresses, which change in every run");
		if (!*p)
			break;
	}
	for (i = 2; i <= n; i++) {
		if (has_address(L, i)) {
			lua_pushstring(L, luaL_typename(L, i));
			lua_replace(L, i);
		}
	}
	return forward(L);
}

static int
m_randomseed(lua_State *L)
{
	if (lua_isnone(L, 1))
		return luaL_error(L, "math.randomseed needs a seed: what is "
		    "generated must be the same in every run");
	lua_settop(L, 2);
	if (lua_isnil(L, 2)) {
		lua_pop(L, 1);
		lua_pushinteger(L, 0);
	}
	return forward(L);
}

/* --------------------------------------------------------------- opening */
typedef struct { const char *name; lua_CFunction f; } Tame;

static void
tame(lua_State *L, const Tame *t)
{
	for (; t->name; t++) {
		lua_getfield(L, -1, t->name);
		lua_pushcclosure(L, t->f, 1);
		lua_setfield(L, -2, t->name);
	}
}

static void
forget(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_pushnil(L);
		lua_setfield(L, -2, *names);
	}
}

/* pushes a table of globals with libraries of its own */
static void
push_globals(Front *f)
{
	static const Tame table[] = {
		{ "concat", by_length }, { "unpack", by_length },
		{ "insert", t_insert }, { "remove", t_remove },
		{ "sort", t_sort }, { "move", t_move }, { NULL, NULL }
	}, string[] = {
		{ "rep", s_rep }, { "format", s_format },
		{ "lower", by_length }, { "upper", by_length },
		{ "reverse", by_length }, { NULL, NULL }
	}, utf8[] = {
		{ "len", by_length }, { "offset", by_length },
		{ NULL, NULL }
	}, math[] = {
		{ "randomseed", m_randomseed }, { NULL, NULL }
	};
	static const char *const dump[] = { "dump", NULL };
	static const char *const keep[] = {
		"ipairs", "tonumber", "select", "type", "error", "assert", NULL
	};
	static const luaL_Reg own[] = {
		{ "pairs", l_pairs }, { "next", l_next },
		{ "tostring", l_tostring }, { "print", l_print },
		{ "pcall", l_pcall }, { NULL, NULL }
	};
	lua_State *L = f->L;
	int i;

	lua_newtable(L);
	lua_pushglobaltable(L);
	for (i = 0; keep[i]; i++) {
		lua_getfield(L, -1, keep[i]);
		lua_setfield(L, -3, keep[i]);
	}
	lua_pop(L, 1);
	luaL_setfuncs(L, own, 0);
	luaopen_string(L);
	tame(L, string);
	match_open(f->c);
	forget(L, dump);
	lua_setfield(L, -2, "string");
	luaopen_table(L);
	tame(L, table);
	lua_setfield(L, -2, "table");
	luaopen_utf8(L);
	tame(L, utf8);
	lua_setfield(L, -2, "utf8");
	luaopen_math(L);
	tame(L, math);
	lua_getfield(L, -1, "randomseed");
	lua_pushinteger(L, 1);
	lua_call(L, 1, 0);
	lua_setfield(L, -2, "math");
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
		push_globals(f);
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
	lua_sethook(f->L, hook, LUA_MASKCOUNT, HOOK_STEPS);
	lua_pushcfunction(f->L, set_up);
	lua_pushlightuserdata(f->L, f);
	if (sandbox_call(c, 1, 0) != LUA_OK)
		die(c, EX_SOFTWARE_, "Lua: %s", lua_tostring(f->L, -1));
	return true;
}

void
sandbox_close(Ctx *c)
{
	Front *f = c->front;

	if (!f || !f->L)
		return;
	lua_close(f->L);
	f->L = NULL;
	c->L = NULL;
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

/* runs where the error happened, before the stack is gone */
static int
handler(lua_State *L)
{
	Front *f = front_of(L);
	const char *s, *p, *q;
	char word[64];

	f->error_loc = where(f, 0);
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
		sandbox_error(c, top);
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
	lua_pushcfunction(L, handler);
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
		find_text(c, at, token, &word);
		err(c, word, "this '%s' closes nothing", token);
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
	char *name = NULL;
	Loc word = at;
	int i, line;

	if ((name = quoted_after(f->c, text, undefined_text)) != NULL) {
		undefined_variable(f, at, name);
		return;
	}
	if (strstr(text, " near ")) {
		syntax_error(f, at, text);
		return;
	}
	if (sscanf(text, "no visible label '%*[^']' for <goto> at line %d",
	    &line) == 1)
		word = at = line_loc(f->c, at.file, line);
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
