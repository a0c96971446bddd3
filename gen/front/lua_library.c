/* SPDX-License-Identifier: MIT
 * What the sandbox lets a spec call: Lua's own functions without addresses,
 * chance and surprises of order, each with its cost counted. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "sandbox.h"

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

void
library_push(Front *f)
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
