/* SPDX-License-Identifier: MIT
 * Reads the table that defines a word into its Record; everything that cannot
 * be right whatever the shapes is an error here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"

enum { MOST_ARGS = 32 };

/* ---- what stands in `args` */

/* { from = 0, below = 1 } */
static void
read_limits(lua_State *L, int at, Param *p)
{
	static const struct { const char *name; bool least, open; } t[] = {
		{ "from", true, false }, { "above", true, true },
		{ "to", false, false }, { "below", false, true }
	};
	size_t i;

	if (lua_isnoneornil(L, at))
		return;
	luaL_checktype(L, at, LUA_TTABLE);
	p->limited = true;
	p->least = -HUGE_VAL;
	p->most = HUGE_VAL;
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		if (lua_getfield(L, at, t[i].name) != LUA_TNIL) {
			if (lua_type(L, -1) != LUA_TNUMBER)
				luaL_error(L, "'%s' of argument '%s' must be a "
				           "number", t[i].name, p->name);
			*(t[i].least ? &p->least : &p->most) =
				lua_tonumber(L, -1);
			*(t[i].least ? &p->above : &p->below) = t[i].open;
		}
		lua_pop(L, 1);
	}
}

static void
read_words(lua_State *L, Ctx *c, int at, Param *p)
{
	lua_Integer i, n;
	size_t len;
	const char *s;

	luaL_checktype(L, at, LUA_TTABLE);
	n = (lua_Integer)lua_rawlen(L, at);
	for (i = 1; i <= n && i <= MOST_ARGS; i++) {
		lua_rawgeti(L, at, i);
		s = luaL_checklstring(L, -1, &len);
		PUSH(c, &p->words, copy(c, s, len));
		lua_pop(L, 1);
	}
	if (!p->words.n)
		luaL_error(L, "argument '%s' needs at least one word", p->name);
}

/* the default goes to the front */
static void
default_word(lua_State *L, int at, Param *p)
{
	const char *word = luaL_checkstring(L, at), *first;
	uint32_t i;

	for (i = 0; i < p->words.n; i++)
		if (!strcmp(p->words.v[i], word)) {
			first = p->words.v[i];
			memmove(p->words.v + 1, p->words.v,
			        i * sizeof *p->words.v);
			p->words.v[0] = first;
			p->value = NAN;
			return;
		}
	luaL_error(L, "argument '%s' has no word '%s'", p->name, word);
}

static void
read_default(lua_State *L, Ctx *c, Param *p)
{
	int at = p->kind == ARG_WORD || p->kind == ARG_CHOICE ? 3 : 2;

	if (at == 3)
		read_words(L, c, 2, p);
	p->optional = !lua_isnoneornil(L, at);
	switch (p->kind) {
	case ARG_NUMBER: case ARG_WHOLE: case ARG_FRACTION: case ARG_WINDOW:
		if (p->optional)
			p->value = luaL_checknumber(L, at);
		read_limits(L, at + 1, p);
		break;
	case ARG_SWITCH:
		p->value = lua_toboolean(L, at) && (lua_type(L, at) !=
			LUA_TSTRING || strcmp(lua_tostring(L, at), "off"));
		p->optional = true;
		break;
	case ARG_WORD:
		if (p->optional)
			default_word(L, at, p);
		break;
	case ARG_CHOICE:
		if (lua_type(L, at) == LUA_TNUMBER)
			p->value = lua_tonumber(L, at);
		else if (p->optional)
			default_word(L, at, p);
		read_limits(L, at + 1, p);
		p->whole_too = p->limited || lua_type(L, at) == LUA_TNUMBER;
		break;
	case ARG_FLAG:
		p->optional = true;
		break;
	case ARG_ACTIVATION: /* false: none, so that it must be given */
		p->optional = lua_isnone(L, 2) || lua_toboolean(L, 2);
		if (lua_type(L, 2) == LUA_TSTRING)
			PUSH(c, &p->words, copy(c, lua_tostring(L, 2),
			                        lua_rawlen(L, 2)));
		break;
	case ARG_DIMS: case ARG_SIZE: /* the second is what messages call it */
		p->optional = false;
		if (lua_type(L, 2) == LUA_TNUMBER)
			luaL_error(L, "a size has no default: write "
			           "`whole(\"%s\", ...)` for an option", p->name);
		if (lua_type(L, 2) == LUA_TSTRING)
			p->what = copy(c, lua_tostring(L, 2), lua_rawlen(L, 2));
		break;
	}
}

/* size "units", number("rate", 0.1), ...; upvalues: Ctx, kind */
static int
argument(lua_State *L)
{
	Ctx *c = lua_touserdata(L, lua_upvalueindex(1));
	ArgKind kind = (ArgKind)lua_tointeger(L, lua_upvalueindex(2));
	const char *name = luaL_checkstring(L, 1);
	Param *p = mem(c, sizeof *p), **box;

	if (!is_name(name))
		return luaL_error(L, "an argument needs a name of letters, "
		                  "digits and _");
	p->kind = kind;
	p->name = copy(c, name, strlen(name));
	p->what = fmt(c, kind == ARG_SIZE ? "the number of %s" : "'%s'", name);
	read_default(L, c, p);
	box = lua_newuserdatauv(L, sizeof *box, 0);
	*box = p;
	luaL_setmetatable(L, kind == ARG_ACTIVATION ? ACTIVATION : ARGUMENT);
	return 1;
}

/* ---- problem{} and warning{} */

/* upvalue: Ctx.  Says it at once; the error that follows only ends the call. */
static int
problem(lua_State *L)
{
	Ctx *c = lua_touserdata(L, lua_upvalueindex(1));
	Call *k = c->front->records->call;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (!k) {
		lua_getfield(L, 1, "say");
		return luaL_error(L, "%s", luaL_tolstring(L, -1, NULL));
	}
	say_problem(k, L);
	lua_pushlightuserdata(L, (void *)&record_said);
	return lua_error(L);
}

static int
warning(lua_State *L)
{
	Ctx *c = lua_touserdata(L, lua_upvalueindex(1));
	Call *k = c->front->records->call;
	const char *name, *say, *at;
	Loc loc;
	uint32_t i;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_getfield(L, 1, "name");
	lua_getfield(L, 1, "say");
	lua_getfield(L, 1, "at");
	lua_getfield(L, 1, "help");
	name = luaL_checkstring(L, 2);
	say = luaL_checkstring(L, 3);
	at = lua_tostring(L, 4);
	if (!k)
		return 0;
	loc = k->loc;
	for (i = 0; at && i < k->rec->params.n; i++)
		if (!strcmp(k->rec->params.v[i].name, at) &&
		    k->args[i].loc.file)
			loc = k->args[i].loc;
	warn(c, loc, copy(c, name, strlen(name)), "%s", say);
	if (lua_isstring(L, 5))
		help(c, "%s", lua_tostring(L, 5));
	return 0;
}

void
define_open(Ctx *c)
{
	static const struct { const char *name; ArgKind kind; } kinds[] = {
		{ "number", ARG_NUMBER }, { "whole", ARG_WHOLE },
		{ "switch", ARG_SWITCH }, { "choice", ARG_CHOICE },
		{ "size", ARG_SIZE }, { "fraction", ARG_FRACTION },
		{ "window", ARG_WINDOW }, { "dims", ARG_DIMS },
		{ "word", ARG_WORD },
		{ "flag", ARG_FLAG }, { "activation", ARG_ACTIVATION }
	};
	lua_State *L = c->front->L;
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		lua_pushlightuserdata(L, c);
		lua_pushinteger(L, kinds[i].kind);
		lua_pushcclosure(L, argument, 2);
		sandbox_set(c, kinds[i].name);
	}
	lua_pushlightuserdata(L, c);
	lua_pushcclosure(L, problem, 1);
	sandbox_set(c, "problem");
	lua_pushlightuserdata(L, c);
	lua_pushcclosure(L, warning, 1);
	sandbox_set(c, "warning");
	luaL_newmetatable(L, ARGUMENT);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

/* ---- places within a definition */

/* of the name of a field at the outer level of the table */
Loc
field_place(Ctx *c, const Record *rec, const char *field)
{
	const Source *s;
	size_t at, end, n = strlen(field);
	int depth = 0, kind;

	if (!rec->loc.file)
		return rec->loc;
	s = &c->sources.v[rec->loc.file];
	for (at = rec->loc.at + rec->loc.len; at < s->len; at = end) {
		if (strchr(" \t\r\n", s->text[at])) {
			end = at + 1;
			continue;
		}
		end = lua_token(s->text, at, s->len, &kind);
		if (end <= at)
			break;
		if (kind == '{' || kind == '(')
			depth++;
		else if ((kind == '}' || kind == ')') && --depth <= 0)
			break;
		else if (kind == 'n' && depth == 1 && end - at == n &&
		         !memcmp(s->text + at, field, n))
			return (Loc){ rec->loc.file, (uint32_t)at, (uint32_t)n };
	}
	return rec->loc;
}

/* of a text that stands in the source as it is; nowhere if it does not */
Loc
text_place(Ctx *c, const Record *rec, const char *field, const char *text)
{
	Loc from = field_place(c, rec, field);
	const Source *s;
	const char *found;
	size_t n = strlen(text);

	if (!from.file || !n || (from.at == rec->loc.at))
		return (Loc){ 0 };
	s = &c->sources.v[from.file];
	found = memmem(s->text + from.at, s->len - from.at, text, n);
	if (!found)
		return (Loc){ 0 };
	return (Loc){ from.file, (uint32_t)(found - s->text), (uint32_t)n };
}

/* ---- fields */

enum {
	ACT = 1 << REC_ACTIVATION, LAYER = 1 << REC_LAYER, LOSS = 1 << REC_LOSS,
	OPT = 1 << REC_OPTIMIZER, INIT = 1 << REC_INIT,
	ALL = ACT | LAYER | LOSS | OPT | INIT
};
enum { TEXT = 1, FUNCTION = 2, TABLE = 4, SWITCH = 8 };
static const struct { const char *name; int kinds, types; } fields[] = {
	{ "doc", ALL, TEXT }, { "args", ALL, TABLE }, { "check", ALL, FUNCTION },
	{ "inputs", LAYER, TABLE }, { "takes", LAYER, TABLE },
	{ "weights", LAYER, TABLE | FUNCTION },
	{ "statistics", LAYER, TABLE | FUNCTION },
	{ "shape", LAYER, TABLE | FUNCTION },
	{ "values", LAYER, TABLE | FUNCTION },
	{ "formula", LAYER | ACT | INIT, TEXT | FUNCTION },
	{ "infer", LAYER, TEXT | FUNCTION }, { "pad", LAYER, TEXT },
	{ "constants", LAYER, TABLE }, { "fit", LAYER, FUNCTION },
	{ "y", ACT, TEXT }, { "dy", ACT, TEXT }, { "kinks", ACT, TABLE },
	{ "surrogate", ACT, SWITCH },
	{ "C", LOSS, TEXT }, { "index", LOSS, TEXT }, { "with", LOSS, TABLE },
	{ "state", OPT, TABLE | FUNCTION },
	{ "net_state", OPT, TABLE | FUNCTION },
	{ "step", OPT, TEXT | FUNCTION }, { "no_l2", OPT, SWITCH },
	{ "w", INIT, TEXT | FUNCTION }
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static void
unknown_field(Ctx *c, const Record *rec, const char *name)
{
	Names names = { 0 };
	const char *near;
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (fields[i].kinds & 1 << rec->kind)
			PUSH(c, &names, fields[i].name);
	err(c, field_place(c, rec, name), "%s '%s' has an unknown field '%s'",
	    record_kinds[rec->kind], rec->name, name);
	near = nearest(name, &names);
	if (near) {
		fix(c, near);
		help(c, "a field with a similar name exists");
	}
}

static bool
type_fits(lua_State *L, int types)
{
	switch (lua_type(L, -1)) {
	case LUA_TSTRING: return types & TEXT;
	case LUA_TFUNCTION: return types & FUNCTION;
	case LUA_TTABLE: return types & TABLE;
	case LUA_TBOOLEAN: return types & SWITCH;
	default: return false;
	}
}

static const char *
types_text(int types)
{
	return types == TEXT ? "a text" : types == FUNCTION ? "a function" :
	       types == TABLE ? "a table" : types == SWITCH ? "true or false" :
	       types == (TEXT | FUNCTION) ? "a text or a function" :
	       "a table or a function";
}

static bool
check_field(Ctx *c, lua_State *L, const Record *rec, const char *name)
{
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (!strcmp(fields[i].name, name) &&
		    fields[i].kinds & 1 << rec->kind)
			break;
	if (i == FIELD_COUNT) {
		unknown_field(c, rec, name);
		return false;
	}
	if (!type_fits(L, fields[i].types)) {
		err(c, field_place(c, rec, name), "'%s' of %s '%s' must be %s, "
		    "not a %s", name, record_kinds[rec->kind], rec->name,
		    types_text(fields[i].types), luaL_typename(L, -1));
		return false;
	}
	if (lua_type(L, -1) == LUA_TSTRING &&
	    (lua_rawlen(L, -1) > LONGEST_TEXT ||
	     strlen(lua_tostring(L, -1)) != lua_rawlen(L, -1))) {
		err(c, field_place(c, rec, name), "'%s' of %s '%s' is too long "
		    "or no text", name, record_kinds[rec->kind], rec->name);
		return false;
	}
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* names of the fields of the table on top, sorted: Lua's order changes from
 * run to run */
static Names
keys(Ctx *c, lua_State *L)
{
	Names names = { 0 };
	size_t len;
	const char *s;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		if (lua_type(L, -1) == LUA_TSTRING) {
			s = lua_tolstring(L, -1, &len);
			PUSH(c, &names, copy(c, s, len));
		} else {
			PUSH(c, &names, "[...]");
		}
	}
	if (names.n)
		qsort(names.v, names.n, sizeof *names.v, by_text);
	return names;
}

static bool
check_fields(Ctx *c, lua_State *L, const Record *rec)
{
	Names names = keys(c, L);
	bool good = true;
	uint32_t i;

	for (i = 0; i < names.n; i++) {
		lua_getfield(L, -1, names.v[i]);
		good &= check_field(c, L, rec, names.v[i]);
		lua_pop(L, 1);
	}
	return good;
}

static const char *
text(Ctx *c, lua_State *L, const char *field)
{
	const char *s = NULL;

	if (lua_getfield(L, -1, field) == LUA_TSTRING)
		s = copy(c, lua_tostring(L, -1), lua_rawlen(L, -1));
	lua_pop(L, 1);
	return s;
}

static bool
flag(lua_State *L, const char *field)
{
	bool b;

	lua_getfield(L, -1, field);
	b = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return b;
}

static bool
bad(Ctx *c, const Record *rec, const char *field, const char *say)
{
	err(c, field_place(c, rec, field), "%s '%s': %s",
	    record_kinds[rec->kind], rec->name, say);
	return false;
}

static bool
read_args(Ctx *c, lua_State *L, Record *rec)
{
	lua_Integer i, n;
	Param *p, **box;
	uint32_t k;

	if (lua_getfield(L, -1, "args") != LUA_TTABLE) {
		lua_pop(L, 1);
		return true;
	}
	n = (lua_Integer)lua_rawlen(L, -1);
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		box = luaL_testudata(L, -1, ARGUMENT);
		if (!box)
			box = luaL_testudata(L, -1, ACTIVATION);
		lua_pop(L, 1);
		if (!box || i > MOST_ARGS)
			return bad(c, rec, "args", box ? "too many arguments" :
			           "an argument is size, number, whole, switch, "
			           "choice, fraction, window, word, flag or "
			           "activation with a name");
		p = *box;
		for (k = 0; k < rec->params.n; k++)
			if (!strcmp(rec->params.v[k].name, p->name))
				return bad(c, rec, "args", fmt(c, "two arguments "
				           "are called '%s'", p->name));
		if (!strcmp(p->name, "n"))
			return bad(c, rec, "args", "'n' is the sample and "
			           "cannot be an argument");
		PUSH(c, &rec->params, *p);
	}
	lua_pop(L, 1);
	return true;
}

/* a list of names; with_value: or of {"name", number} */
static bool
read_names(Ctx *c, lua_State *L, const Record *rec, const char *field,
	Names *out, bool with_value)
{
	lua_Integer i, n;
	const char *s;

	if (lua_getfield(L, -1, field) != LUA_TTABLE) {
		lua_pop(L, 1);
		return true;
	}
	n = (lua_Integer)lua_rawlen(L, -1);
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		if (with_value && lua_istable(L, -1)) {
			lua_rawgeti(L, -1, 1);
			lua_remove(L, -2);
		}
		s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
		if (!s || (strcmp(s, "...") && !is_name(s)) || i > MOST_ARGS)
			return bad(c, rec, field, fmt(c, "'%s' is a list of "
			           "names", field));
		PUSH(c, out, copy(c, s, strlen(s)));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return true;
}

static bool
read_takes(Ctx *c, lua_State *L, const Record *rec)
{
	Names takes = { 0 };
	uint32_t i;

	if (!read_names(c, L, rec, "takes", &takes, false))
		return false;
	for (i = 0; i < takes.n; i++)
		if (strcmp(takes.v[i], "vector") && strcmp(takes.v[i], "map") &&
		    strcmp(takes.v[i], "sequence") &&
		    strcmp(takes.v[i], "matrix"))
			return bad(c, rec, "takes", "an input is a vector, a "
			           "sequence, a matrix or a map");
	return true;
}

static bool
read_layer(Ctx *c, lua_State *L, Record *rec)
{
	rec->formula = text(c, L, "formula");
	rec->infer = text(c, L, "infer");
	rec->pad = text(c, L, "pad");
	if (rec->pad && strcmp(rec->pad, "zero") && strcmp(rec->pad, "skip"))
		return bad(c, rec, "pad", "'pad' is \"zero\" or \"skip\"");
	if (!read_names(c, L, rec, "inputs", &rec->inputs, false) ||
	    !read_names(c, L, rec, "constants", &rec->constants, true) ||
	    !read_takes(c, L, rec))
		return false;
	if (!rec->inputs.n)
		PUSH(c, &rec->inputs, "x");
	rec->variadic = !strcmp(rec->inputs.v[0], "...");
	if (rec->constants.n && (rec->variadic || rec->inputs.n > 1))
		return bad(c, rec, "constants", "tables from data need a single "
		           "input");
	lua_getfield(L, -1, "formula");
	if (lua_isnil(L, -1))
		return bad(c, rec, "formula", "a layer needs a formula");
	lua_pop(L, 1);
	return true;
}

static bool
read_activation(Ctx *c, lua_State *L, Record *rec)
{
	bool block;

	rec->y = text(c, L, "y");
	rec->dy = text(c, L, "dy");
	rec->formula = text(c, L, "formula");
	rec->needs_surrogate = flag(L, "surrogate");
	block = lua_getfield(L, -1, "formula") != LUA_TNIL;
	lua_pop(L, 1);
	if (block == (rec->y != NULL))
		return bad(c, rec, block ? "formula" : "y", "an activation "
		           "needs either `y`, of one z, or a `formula`");
	if (rec->dy && !rec->y)
		return bad(c, rec, "dy", "`dy` belongs to `y`");
	return true;
}

static bool
read_closed(Ctx *c, lua_State *L, Record *rec)
{
	Names lefts;
	uint32_t i;
	Closed x;

	if (lua_getfield(L, -1, "with") != LUA_TTABLE) {
		lua_pop(L, 1);
		return true;
	}
	lefts = keys(c, L);
	for (i = 0; i < lefts.n; i++) {
		memset(&x, 0, sizeof x);
		x.left = lefts.v[i];
		if (lua_getfield(L, -1, x.left) != LUA_TTABLE)
			return bad(c, rec, "with", "a closed form is a table "
			           "with C and delta");
		x.C = text(c, L, "C");
		x.delta = text(c, L, "delta");
		if (lua_getfield(L, -1, "index") == LUA_TTABLE) {
			x.index_C = text(c, L, "C");
			x.index_delta = text(c, L, "delta");
		}
		lua_pop(L, 2);
		if (!x.C || !x.delta || !x.index_C != !x.index_delta)
			return bad(c, rec, "with", "a closed form needs both C "
			           "and delta");
		PUSH(c, &rec->with, x);
	}
	lua_pop(L, 1);
	return true;
}

static bool
read_loss(Ctx *c, lua_State *L, Record *rec)
{
	rec->C = text(c, L, "C");
	rec->index = text(c, L, "index");
	if (!rec->C)
		return bad(c, rec, "C", "a loss needs C, its formula");
	return read_closed(c, L, rec);
}

static bool
read_optimizer(Ctx *c, lua_State *L, Record *rec)
{
	bool step;

	rec->step = text(c, L, "step");
	rec->no_l2 = flag(L, "no_l2");
	step = lua_getfield(L, -1, "step") != LUA_TNIL;
	lua_pop(L, 1);
	if (!step)
		return bad(c, rec, "step", "an optimizer needs a step, its "
		           "rule");
	lua_getfield(L, -1, "state");
	if (lua_istable(L, -1) && !read_states(c, L, rec, "state", rec))
		return false;
	lua_pop(L, 1);
	lua_getfield(L, -1, "net_state");
	if (lua_istable(L, -1) && !read_states(c, L, rec, "net_state", rec))
		return false;
	lua_pop(L, 1);
	return true;
}

static bool
read_init(Ctx *c, lua_State *L, Record *rec)
{
	bool w, block;

	rec->w = text(c, L, "w");
	rec->formula = text(c, L, "formula");
	w = lua_getfield(L, -1, "w") != LUA_TNIL;
	block = lua_getfield(L, -2, "formula") != LUA_TNIL;
	lua_pop(L, 2);
	if (w == block)
		return bad(c, rec, "w", "an init needs either `w`, of one "
		           "element, or a `formula`");
	return true;
}

bool
record_read(Ctx *c, lua_State *L, Record *rec)
{
	luaL_checkstack(L, 20, NULL);
	if (!check_fields(c, L, rec) || !read_args(c, L, rec))
		return false;
	rec->doc = text(c, L, "doc");
	switch (rec->kind) {
	case REC_LAYER: return read_layer(c, L, rec);
	case REC_ACTIVATION: return read_activation(c, L, rec);
	case REC_LOSS: return read_loss(c, L, rec);
	case REC_OPTIMIZER: return read_optimizer(c, L, rec);
	case REC_INIT: return read_init(c, L, rec);
	case REC_KINDS: break;
	}
	return false;
}
