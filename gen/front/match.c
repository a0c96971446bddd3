/* SPDX-License-Identifier: MIT
 * Lua's patterns, matched with a count of steps: string.find, match, gmatch
 * and gsub that cannot run for ever.  They behave as Lua's own do. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>
#include "front.h"

#define MOST_CAPTURES 32
#define MOST_DEPTH 200       /* nested calls of match() */
#define LOOK 4096            /* steps between two looks at the limits */
#define OPEN (-1)            /* a capture that is not closed yet */
#define POSITION (-2)        /* the capture `()` */

typedef struct {
	Ctx *c;
	lua_State *L;
	const char *s, *s_end;       /* subject */
	const char *p_end;           /* end of the pattern */
	int depth, captures;
	uint32_t steps;
	struct { const char *at; ptrdiff_t len; } capture[MOST_CAPTURES];
} Match;

static const char *match(Match *m, const char *s, const char *p);

static void
step(Match *m)
{
	if (++m->steps < LOOK)
		return;
	m->steps = 0;
	sandbox_charge(m->c, LOOK);
}

/* ASCII whatever the locale: the result must not depend on it */
static bool
in_class(int ch, int class)
{
	int lower = class | 32;
	bool upper_letter = ch >= 'A' && ch <= 'Z';
	bool lower_letter = ch >= 'a' && ch <= 'z';
	bool digit = ch >= '0' && ch <= '9', yes;

	switch (lower) {
	case 'a': yes = upper_letter || lower_letter; break;
	case 'c': yes = ch < 32 || ch == 127; break;
	case 'd': yes = digit; break;
	case 'g': yes = ch > 32 && ch < 127; break;
	case 'l': yes = lower_letter; break;
	case 'p':
		yes = ch > 32 && ch < 127 && !upper_letter && !lower_letter &&
		      !digit;
		break;
	case 's': yes = ch == ' ' || (ch >= 9 && ch <= 13); break;
	case 'u': yes = upper_letter; break;
	case 'w': yes = upper_letter || lower_letter || digit; break;
	case 'x':
		yes = digit || ((ch | 32) >= 'a' && (ch | 32) <= 'f');
		break;
	default: return class == ch;
	}
	return class == lower ? yes : !yes;
}

/* the end of the single-character class that begins at p */
static const char *
class_end(Match *m, const char *p)
{
	if (*p++ == '%') {
		if (p == m->p_end)
			luaL_error(m->L, "malformed pattern (ends with '%%')");
		return p + 1;
	}
	if (p[-1] != '[')
		return p;
	if (p < m->p_end && *p == '^')
		p++;
	do { /* the first ] stands for itself */
		if (p == m->p_end)
			luaL_error(m->L, "malformed pattern (missing ']')");
		if (*p++ == '%') {
			if (p == m->p_end)
				luaL_error(m->L,
				           "malformed pattern (missing ']')");
			p++;
		}
	} while (p == m->p_end || *p != ']');
	return p + 1;
}

/* is ch in the set from p, its '[', to last, its ']'? */
static bool
in_set(Match *m, int ch, const char *p, const char *last)
{
	bool yes = true;

	if (*++p == '^') {
		yes = false;
		p++;
	}
	for (; p < last; p++) {
		step(m);
		if (*p == '%') {
			p++;
			if (in_class(ch, (unsigned char)*p))
				return yes;
		} else if (p[1] == '-' && p + 2 < last) {
			if ((unsigned char)*p <= ch &&
			    ch <= (unsigned char)p[2])
				return yes;
			p += 2;
		} else if ((unsigned char)*p == ch) {
			return yes;
		}
	}
	return !yes;
}

static bool
single(Match *m, const char *s, const char *p, const char *end)
{
	int ch;

	if (s >= m->s_end)
		return false;
	ch = (unsigned char)*s;
	switch (*p) {
	case '.': return true;
	case '%': return in_class(ch, (unsigned char)p[1]);
	case '[': return in_set(m, ch, p, end - 1);
	default: return (unsigned char)*p == ch;
	}
}

static const char *
balanced(Match *m, const char *s, const char *p)
{
	int depth = 1;

	if (p + 1 >= m->p_end)
		luaL_error(m->L,
		           "malformed pattern (missing arguments to '%%b')");
	if (s >= m->s_end || *s != *p)
		return NULL;
	while (++s < m->s_end) {
		step(m);
		if (*s == p[1]) {
			if (--depth == 0)
				return s + 1;
		} else if (*s == *p) {
			depth++;
		}
	}
	return NULL;
}

static const char *
longest(Match *m, const char *s, const char *p, const char *end)
{
	ptrdiff_t i = 0;
	const char *r;

	while (single(m, s + i, p, end)) {
		step(m);
		i++;
	}
	for (; i >= 0; i--)
		if ((r = match(m, s + i, end + 1)) != NULL)
			return r;
	return NULL;
}

static const char *
shortest(Match *m, const char *s, const char *p, const char *end)
{
	const char *r;

	for (;; s++) {
		if ((r = match(m, s, end + 1)) != NULL)
			return r;
		if (!single(m, s, p, end))
			return NULL;
	}
}

static const char *
open_capture(Match *m, const char *s, const char *p, ptrdiff_t what)
{
	const char *r;

	if (m->captures >= MOST_CAPTURES)
		luaL_error(m->L, "too many captures");
	m->capture[m->captures].at = s;
	m->capture[m->captures].len = what;
	m->captures++;
	if ((r = match(m, s, p)) == NULL)
		m->captures--;
	return r;
}

static const char *
close_capture(Match *m, const char *s, const char *p)
{
	const char *r;
	int i = m->captures;

	do {
		if (i-- == 0)
			luaL_error(m->L, "invalid pattern capture");
	} while (m->capture[i].len != OPEN);
	m->capture[i].len = s - m->capture[i].at;
	if ((r = match(m, s, p)) == NULL)
		m->capture[i].len = OPEN;
	return r;
}

static const char *
back_reference(Match *m, const char *s, int digit)
{
	int i = digit - '1';
	size_t len, k;

	if (i < 0 || i >= m->captures || m->capture[i].len == OPEN)
		luaL_error(m->L, "invalid capture index %%%d", i + 1);
	if (m->capture[i].len < 0)
		return NULL;
	len = (size_t)m->capture[i].len;
	if ((size_t)(m->s_end - s) < len)
		return NULL;
	for (k = 0; k < len; k++) {
		step(m);
		if (m->capture[i].at[k] != s[k])
			return NULL;
	}
	return s + len;
}

static bool
at_frontier(Match *m, const char *s, const char *p, const char *end)
{
	int before = s == m->s ? 0 : (unsigned char)s[-1];
	int after = s == m->s_end ? 0 : (unsigned char)*s;

	return !in_set(m, before, p, end - 1) && in_set(m, after, p, end - 1);
}

/* a class and what follows it; *done: s is the result */
static const char *
repeated(Match *m, const char *s, const char **p, bool *done)
{
	const char *end = class_end(m, *p), *r;
	int how = end < m->p_end ? *end : 0;
	bool here;

	*done = true;
	if (how == '*')
		return longest(m, s, *p, end);
	if (how == '-')
		return shortest(m, s, *p, end);
	here = single(m, s, *p, end);
	if (how == '+')
		return here ? longest(m, s + 1, *p, end) : NULL;
	if (how == '?') {
		if (here && (r = match(m, s + 1, end + 1)) != NULL)
			return r;
		end++;
	} else if (here) {
		s++;
	} else {
		return NULL;
	}
	*done = false;
	*p = end;
	return s;
}

/* `%b`, `%f`, `%1` at *p; *done: s is the result; NULL and not done: none */
static const char *
special(Match *m, const char *s, const char **p, bool *done)
{
	const char *q = *p + 2, *end;

	*done = false;
	switch ((*p)[1]) {
	case 'b':
		s = balanced(m, s, q);
		*p = q + 2;
		break;
	case 'f':
		if (q >= m->p_end || *q != '[')
			luaL_error(m->L,
			           "missing '[' after '%%f' in pattern");
		end = class_end(m, q);
		if (!at_frontier(m, s, q, end))
			s = NULL;
		*p = end;
		break;
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		s = back_reference(m, s, (unsigned char)(*p)[1]);
		*p = q;
		break;
	default:
		return repeated(m, s, p, done);
	}
	*done = s == NULL;
	return s;
}

static const char *
match(Match *m, const char *s, const char *p)
{
	bool done = false;

	if (m->depth++ >= MOST_DEPTH)
		luaL_error(m->L, "pattern too complex");
	while (!done && p < m->p_end) {
		step(m);
		if (*p == '(') {
			if (p + 1 < m->p_end && p[1] == ')')
				s = open_capture(m, s, p + 2, POSITION);
			else
				s = open_capture(m, s, p + 1, OPEN);
			done = true;
		} else if (*p == ')') {
			s = close_capture(m, s, p + 1);
			done = true;
		} else if (*p == '$' && p + 1 == m->p_end) {
			s = s == m->s_end ? s : NULL;
			done = true;
		} else if (*p == '%' && p + 1 < m->p_end) {
			s = special(m, s, &p, &done);
		} else {
			s = repeated(m, s, &p, &done);
		}
	}
	m->depth--;
	return s;
}

/* ---------------------------------------------------------------- captures */
static void
push_capture(Match *m, int i, const char *s, const char *e)
{
	if (i >= m->captures) {
		if (i != 0)
			luaL_error(m->L, "invalid capture index %%%d", i + 1);
		lua_pushlstring(m->L, s, (size_t)(e - s));
	} else if (m->capture[i].len == OPEN) {
		luaL_error(m->L, "unfinished capture");
	} else if (m->capture[i].len == POSITION) {
		lua_pushinteger(m->L, m->capture[i].at - m->s + 1);
	} else {
		lua_pushlstring(m->L, m->capture[i].at,
		                (size_t)m->capture[i].len);
	}
}

/* all of them; the whole match where there are none and `whole` is set */
static int
push_captures(Match *m, const char *s, const char *e, bool whole)
{
	int n = m->captures == 0 && whole ? 1 : m->captures, i;

	luaL_checkstack(m->L, n, "too many captures");
	for (i = 0; i < n; i++)
		push_capture(m, i, s, e);
	return n;
}

static Ctx *
context(lua_State *L)
{
	return lua_touserdata(L, lua_upvalueindex(1));
}

static void
start(Match *m, lua_State *L, const char *s, size_t len, const char *p,
	size_t p_len)
{
	m->c = context(L);
	m->L = L;
	m->s = s;
	m->s_end = s + len;
	m->p_end = p + p_len;
	m->steps = 0;
	sandbox_charge(m->c, 1);
}

static const char *
attempt(Match *m, const char *s, const char *p)
{
	m->depth = m->captures = 0;
	return match(m, s, p);
}

/* Lua's start position, possibly from the end, as an offset from 0 */
static size_t
offset(lua_Integer i, size_t len)
{
	if (i > 0)
		return (size_t)i - 1;
	if (i == 0 || i < -(lua_Integer)len)
		return 0;
	return len - (size_t)-i;
}

/* Lua's find takes such patterns as plain text, `)` among them */
static bool
is_plain(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] && strchr("^$*+?.([%-", p[i]))
			return false;
	return true;
}

static const char *
find_plain(Match *m, const char *s, const char *p, size_t p_len)
{
	size_t i;

	for (; (size_t)(m->s_end - s) >= p_len; s++) {
		step(m);
		for (i = 0; i < p_len && s[i] == p[i]; i++)
			step(m);
		if (i == p_len)
			return s;
	}
	return NULL;
}

static int
find_or_match(lua_State *L, bool find)
{
	size_t len, p_len, from;
	const char *s = luaL_checklstring(L, 1, &len), *at, *e;
	const char *p = luaL_checklstring(L, 2, &p_len);
	bool anchor;
	Match m;

	from = offset(luaL_optinteger(L, 3, 1), len);
	if (from > len) {
		lua_pushnil(L);
		return 1;
	}
	start(&m, L, s, len, p, p_len);
	if (find && (lua_toboolean(L, 4) || is_plain(p, p_len))) {
		at = find_plain(&m, s + from, p, p_len);
		if (!at) {
			lua_pushnil(L);
			return 1;
		}
		lua_pushinteger(L, at - s + 1);
		lua_pushinteger(L, at - s + (lua_Integer)p_len);
		return 2;
	}
	anchor = p_len > 0 && *p == '^';
	for (at = s + from; at <= m.s_end; at++) {
		e = attempt(&m, at, p + anchor);
		if (e && find) {
			lua_pushinteger(L, at - s + 1);
			lua_pushinteger(L, e - s);
			return 2 + push_captures(&m, at, e, false);
		}
		if (e)
			return push_captures(&m, at, e, true);
		if (anchor)
			break;
	}
	lua_pushnil(L);
	return 1;
}

static int
l_find(lua_State *L)
{
	return find_or_match(L, true);
}

static int
l_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* upvalues: context, subject, pattern, offset to go on, end of the last match */
static int
gmatch_step(lua_State *L)
{
	size_t len, p_len;
	const char *s = lua_tolstring(L, lua_upvalueindex(2), &len), *e;
	const char *p = lua_tolstring(L, lua_upvalueindex(3), &p_len);
	size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(4));
	lua_Integer last = lua_tointeger(L, lua_upvalueindex(5));
	Match m;

	start(&m, L, s, len, p, p_len);
	for (; at <= len; at++) {
		e = attempt(&m, s + at, p);
		if (!e || e - s == last)
			continue;
		lua_pushinteger(L, e - s);
		lua_copy(L, -1, lua_upvalueindex(4));
		lua_replace(L, lua_upvalueindex(5));
		return push_captures(&m, s + at, e, true);
	}
	return 0;
}

static int
l_gmatch(lua_State *L)
{
	size_t len, from;

	luaL_checklstring(L, 1, &len);
	luaL_checkstring(L, 2);
	from = offset(luaL_optinteger(L, 3, 1), len);
	lua_settop(L, 2);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_pushinteger(L, (lua_Integer)(from > len ? len + 1 : from));
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, gmatch_step, 5);
	return 1;
}

/* the replacement string: %0 the match, %1 captures, %% */
static void
add_string(Match *m, luaL_Buffer *b, const char *s, const char *e)
{
	size_t len, i;
	const char *r = lua_tolstring(m->L, 3, &len);

	for (i = 0; i < len; i++) {
		step(m);
		if (r[i] != '%') {
			luaL_addchar(b, r[i]);
			continue;
		}
		i++;
		if (i < len && r[i] == '%') {
			luaL_addchar(b, '%');
		} else if (i < len && r[i] == '0') {
			luaL_addlstring(b, s, (size_t)(e - s));
		} else if (i < len && r[i] >= '1' && r[i] <= '9') {
			push_capture(m, r[i] - '1', s, e);
			luaL_tolstring(m->L, -1, NULL);
			lua_remove(m->L, -2);
			luaL_addvalue(b);
		} else {
			luaL_error(m->L,
			    "invalid use of '%%' in replacement string");
		}
	}
}

/* by table or function; false, nil: the match stays */
static void
add_value(Match *m, luaL_Buffer *b, const char *s, const char *e, int kind)
{
	lua_State *L = m->L;

	if (kind == LUA_TFUNCTION) {
		lua_pushvalue(L, 3);
		lua_call(L, push_captures(m, s, e, true), 1);
	} else {
		push_capture(m, 0, s, e);
		lua_gettable(L, 3);
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		luaL_addlstring(b, s, (size_t)(e - s));
	} else if (!lua_isstring(L, -1)) {
		luaL_error(L, "invalid replacement value (a %s)",
		           luaL_typename(L, -1));
	} else {
		luaL_addvalue(b);
	}
}

static int
l_gsub(lua_State *L)
{
	size_t len, p_len;
	const char *s = luaL_checklstring(L, 1, &len), *e, *last = NULL;
	const char *p = luaL_checklstring(L, 2, &p_len);
	int kind = lua_type(L, 3);
	lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)len + 1), n = 0;
	bool anchor = p_len > 0 && *p == '^';
	luaL_Buffer b;
	Match m;

	luaL_argexpected(L, kind == LUA_TNUMBER || kind == LUA_TSTRING ||
	    kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
	    "string/function/table");
	if (kind == LUA_TNUMBER)
		lua_tostring(L, 3);
	start(&m, L, s, len, p, p_len);
	luaL_buffinit(L, &b);
	while (n < most) {
		e = attempt(&m, s, p + anchor);
		if (e && e != last) {
			n++;
			if (kind == LUA_TFUNCTION || kind == LUA_TTABLE)
				add_value(&m, &b, s, e, kind);
			else
				add_string(&m, &b, s, e);
			s = last = e;
		} else if (s < m.s_end) {
			luaL_addchar(&b, *s++);
		} else {
			break;
		}
		if (anchor)
			break;
	}
	luaL_addlstring(&b, s, (size_t)(m.s_end - s));
	luaL_pushresult(&b);
	lua_pushinteger(L, n);
	return 2;
}

void
match_open(Ctx *c)
{
	static const luaL_Reg functions[] = {
		{ "find", l_find }, { "match", l_match },
		{ "gmatch", l_gmatch }, { "gsub", l_gsub }, { NULL, NULL }
	};

	lua_pushlightuserdata(c->front->L, c);
	luaL_setfuncs(c->front->L, functions, 1);
}
