/* SPDX-License-Identifier: MIT
 * The words that exist: built-in records, read when first used, and those that
 * a spec defines. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"

const char *const record_kinds[REC_KINDS] = {
	"activation", "layer", "loss", "optimizer", "init"
};
static const char *const folders[REC_KINDS] = {
	"activations", "layers", "losses", "optimizers", "inits"
};

bool
is_name(const char *s)
{
	size_t i;

	if (!s || !(isalpha((unsigned char)*s) || *s == '_'))
		return false;
	for (i = 1; s[i]; i++)
		if (!(isalnum((unsigned char)s[i]) || s[i] == '_'))
			return false;
	return i <= LONGEST_NAME;
}

lua_State *
record_lua(Ctx *c)
{
	if (!c->front || !c->front->L)
		if (!sandbox_open(c))
			return NULL;
	if (!c->front->records && !record_open(c))
		return NULL;
	return c->front->L;
}

/* ---- definitions: activation "name" {...} and its kin */

static Loc
name_place(Ctx *c, Loc line, const char *name)
{
	const Source *s = &c->sources.v[line.file];
	const char *quoted, *found;
	size_t at = line.at;
	int k;

	for (k = 0; line.file && k < 2; k++) {
		quoted = fmt(c, k ? "'%s'" : "\"%s\"", name);
		found = strstr(s->text + at, quoted);
		if (found && (!line.len ||
		              (size_t)(found - s->text) < at + line.len))
			return (Loc){ line.file, (uint32_t)(found - s->text),
			              (uint32_t)strlen(quoted) };
	}
	return line;
}

static Loc
definition_place(Ctx *c, const char *name)
{
	struct Records *r = c->front->records;

	if (r->loading)
		return name_place(c, (Loc){ r->loading_file, 0, 0 }, name);
	return name_place(c, sandbox_where(c, 0), name);
}

static Record *
known(Ctx *c, RecordKind kind, const char *name)
{
	struct Records *r = c->front ? c->front->records : NULL;
	uint32_t i;

	for (i = r ? r->list[kind].n : 0; i-- > 0;)
		if (!strcmp(r->list[kind].v[i]->name, name))
			return r->list[kind].v[i];
	return NULL;
}

static void
enter(Ctx *c, Record *rec)
{
	struct Records *r = c->front->records;
	Record *old = known(c, rec->kind, rec->name);
	const char *taken = rec->builtin ? NULL :
	                    word_taken(c, rec->kind, rec->name);
	const char *path = fmt(c, "%s/%s.lua", folders[rec->kind], rec->name);
	size_t len;

	if (taken) {
		err(c, rec->loc, "'%s' is %s and cannot be a new %s", rec->name,
		    taken, record_kinds[rec->kind]);
		return;
	}
	if (!rec->builtin && old && !old->builtin) {
		err(c, rec->loc, "%s '%s' is defined twice",
		    record_kinds[rec->kind], rec->name);
		note(c, old->loc, "the first definition");
		return;
	}
	if (!rec->builtin && (old || template_text(c, path, &len)))
		warn(c, rec->loc, "replaced", "this replaces the built-in %s "
		     "'%s'", record_kinds[rec->kind], rec->name);
	PUSH(c, &r->list[rec->kind], rec);
	if (!rec->builtin)
		r->names[rec->kind] = NULL;
}

/* upvalues: Ctx, kind, name; the argument is the table */
static int
define(lua_State *L)
{
	Ctx *c = lua_touserdata(L, lua_upvalueindex(1));
	RecordKind kind = (RecordKind)lua_tointeger(L, lua_upvalueindex(2));
	const char *name = lua_tostring(L, lua_upvalueindex(3));
	Record *rec = mem(c, sizeof *rec);

	rec->kind = kind;
	rec->name = copy(c, name, strlen(name));
	rec->loc = definition_place(c, name);
	rec->builtin = c->front->records->loading != NULL;
	rec->ref = LUA_NOREF;
	if (lua_gettop(L) < 1 || !lua_istable(L, 1)) {
		err(c, rec->loc, "%s '%s' needs a table that defines it",
		    record_kinds[kind], name);
		return 0;
	}
	lua_settop(L, 1);
	if (!record_read(c, L, rec))
		return 0;
	lua_settop(L, 1);
	rec->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	enter(c, rec);
	return 0;
}

/* layer "name": a function that takes the table */
static int
begin(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	if (!is_name(name))
		return luaL_error(L, "a name must be letters, digits and _, at "
		                  "most %d of them", LONGEST_NAME);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushvalue(L, lua_upvalueindex(2));
	lua_pushstring(L, name);
	lua_pushcclosure(L, define, 3);
	return 1;
}

/* the object that activation "name" gives, called with its table */
static int
activation_call(lua_State *L)
{
	Param *p = *(Param **)luaL_checkudata(L, 1, ACTIVATION);

	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushinteger(L, REC_ACTIVATION);
	lua_pushstring(L, p->name);
	lua_pushcclosure(L, define, 3);
	lua_replace(L, 1);
	lua_call(L, lua_gettop(L) - 1, 0);
	return 0;
}

/* shared "window": what templates/shared/window.lua returns, once */
static int
shared(lua_State *L)
{
	Ctx *c = lua_touserdata(L, lua_upvalueindex(1));
	const char *name = luaL_checkstring(L, 1), *path, *text;
	size_t len;

	lua_settop(L, 1);
	if (lua_getfield(L, lua_upvalueindex(2), name) != LUA_TNIL)
		return 1;
	path = is_name(name) ? fmt(c, "shared/%s.lua", name) : NULL;
	text = path ? template_text(c, path, &len) : NULL;
	if (!text)
		return luaL_error(L, "there is no shared '%s'", name);
	if (!sandbox_load(c, text, len, source_add(c, fmt(c, "templates/%s",
	                  path), text, len), true))
		return luaL_error(L, "shared '%s' cannot be read", name);
	lua_call(L, 0, 1);
	lua_pushvalue(L, -1);
	lua_setfield(L, lua_upvalueindex(2), name);
	return 1;
}

bool
record_open(Ctx *c)
{
	lua_State *L = c->front->L;
	RecordKind k;

	if (!c->front->records)
		c->front->records = mem(c, sizeof *c->front->records);
	for (k = REC_LAYER; k < REC_KINDS; k++) {
		lua_pushlightuserdata(L, c);
		lua_pushinteger(L, k);
		lua_pushcclosure(L, begin, 2);
		sandbox_set(c, record_kinds[k]);
	}
	define_open(c);
	luaL_newmetatable(L, ACTIVATION);
	lua_pushlightuserdata(L, c);
	lua_pushcclosure(L, activation_call, 1);
	lua_setfield(L, -2, "__call");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
	lua_rawgeti(L, LUA_REGISTRYINDEX, c->front->record_env);
	lua_pushlightuserdata(L, c);
	lua_newtable(L);
	lua_pushcclosure(L, shared, 2);
	lua_setfield(L, -2, "shared");
	lua_pop(L, 1);
	return true;
}

/* ---- finding */

static void
load_builtin(Ctx *c, const char *path, const char *text, size_t len)
{
	struct Records *r = c->front->records;
	const char *before = r->loading;
	uint32_t before_file = r->loading_file;
	uint32_t file = source_add(c, fmt(c, "templates/%s", path), text, len);

	r->loading = path;
	r->loading_file = file;
	if (sandbox_load(c, text, len, file, true) && sandbox_call(c, 0, 0))
		sandbox_error(c, (Loc){ file, 0, 0 });
	r->loading = before;
	r->loading_file = before_file;
}

const Record *
record_find(Ctx *c, RecordKind kind, const char *name)
{
	const Record *rec = known(c, kind, name);
	const char *path, *text;
	size_t len;
	int errors = c->errors;

	if (rec || !is_name(name))
		return rec;
	path = fmt(c, "%s/%s.lua", folders[kind], name);
	text = template_text(c, path, &len);
	if (!text || !record_lua(c))
		return NULL;
	/* a file that asks for itself */
	if (c->front->records->loading &&
	    !strcmp(c->front->records->loading, path))
		return NULL;
	load_builtin(c, path, text, len);
	rec = known(c, kind, name);
	if (!rec && c->errors == errors)
		err(c, (Loc){ 0 }, "templates/%s does not define %s \"%s\"",
		    path, record_kinds[kind], name);
	return rec;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const Names *
record_names(Ctx *c, RecordKind kind)
{
	Names files, *all;
	struct Records *r;
	uint32_t i, n = 0;
	size_t len;

	if (!record_lua(c))
		return mem(c, sizeof *all);
	r = c->front->records;
	if (r->names[kind])
		return r->names[kind];
	all = r->names[kind] = mem(c, sizeof *all);
	files = template_list(c, folders[kind]);
	for (i = 0; i < files.n; i++) {
		len = strlen(files.v[i]);
		if (len > 4 && !strcmp(files.v[i] + len - 4, ".lua"))
			PUSH(c, all, copy(c, files.v[i], len - 4));
	}
	for (i = 0; i < r->list[kind].n; i++)
		PUSH(c, all, r->list[kind].v[i]->name);
	if (all->n)
		qsort(all->v, all->n, sizeof *all->v, by_text);
	for (i = 0; i < all->n; i++)
		if (!i || strcmp(all->v[i], all->v[n - 1]))
			all->v[n++] = all->v[i];
	all->n = n;
	return all;
}
