/* SPDX-License-Identifier: MIT
 * Calls the Lua functions of a record: shapes and arguments go in, tables and
 * texts come out, and what they raise becomes a message. */
#include <math.h>
#include <string.h>
#include "record.h"

static const char *const shape_kinds[] = {
	[VECTOR] = "vector", [MATRIX] = "matrix", [MAP] = "map",
	[SEQUENCE] = "sequence"
};

/* ---- what a function is given */

void
push_shape(lua_State *L, Ctx *c, const Shape *s, const Layer *from)
{
	int i;

	lua_createtable(L, s->rank, 6);
	for (i = 0; i < s->rank; i++) {
		lua_pushinteger(L, s->dim[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_pushinteger(L, (lua_Integer)shape_size(s));
	lua_setfield(L, -2, "size");
	lua_pushinteger(L, s->rank);
	lua_setfield(L, -2, "rank");
	lua_pushstring(L, shape_kinds[s->kind]);
	lua_setfield(L, -2, "kind");
	lua_pushstring(L, shape_text(c, s));
	lua_setfield(L, -2, "text");
	if (!from)
		return;
	lua_pushstring(L, from->name);
	lua_setfield(L, -2, "name");
	lua_pushstring(L, from->rec ? from->rec->name : "input");
	lua_setfield(L, -2, "word");
}

static void
push_number(lua_State *L, double x)
{
	if (x == floor(x) && fabs(x) < 1e15)
		lua_pushinteger(L, (lua_Integer)x);
	else
		lua_pushnumber(L, x);
}

static void
push_arg(lua_State *L, const Param *p, const Arg *a)
{
	bool given = a && (a->loc.file || a->word);
	double x = a ? a->num : p->value;
	int i;

	switch (p->kind) {
	case ARG_SWITCH:
	case ARG_FLAG:
		lua_pushboolean(L, x != 0);
		break;
	case ARG_WINDOW:
		lua_createtable(L, 2, 0);
		push_number(L, x);
		lua_rawseti(L, -2, 1);
		push_number(L, a && a->num2 > 0 ? a->num2 : x);
		lua_rawseti(L, -2, 2);
		break;
	case ARG_DIMS:
		lua_createtable(L, MAX_RANK, 0);
		for (i = 0; a && i < a->dims.rank; i++) {
			lua_pushinteger(L, a->dims.dim[i]);
			lua_rawseti(L, -2, i + 1);
		}
		break;
	case ARG_WORD:
	case ARG_CHOICE:
		if (given && a->word)
			lua_pushstring(L, a->word);
		else if (given)
			push_number(L, x);
		else if (isnan(p->value) || p->kind == ARG_WORD)
			lua_pushstring(L, p->words.v[0]);
		else
			push_number(L, p->value);
		break;
	case ARG_ACTIVATION:
		lua_pushstring(L, a && a->act ? a->act->rec->name :
		               p->words.n && !given ? p->words.v[0] : "linear");
		break;
	case ARG_NUMBER: case ARG_WHOLE: case ARG_SIZE: case ARG_FRACTION:
		push_number(L, x);
		break;
	}
}

void
push_args(lua_State *L, const Record *rec, const Arg *args)
{
	uint32_t i;

	lua_createtable(L, 0, (int)rec->params.n);
	for (i = 0; i < rec->params.n; i++) {
		push_arg(L, &rec->params.v[i], args ? &args[i] : NULL);
		lua_setfield(L, -2, rec->params.v[i].name);
	}
}

static void
push_shapes(Call *k)
{
	const Layer *l = k->layer, *from;
	uint32_t i;

	lua_newtable(k->L);
	for (i = 0; l && i < l->in.n; i++) {
		from = &k->net->layers.v[l->in.v[i]];
		push_shape(k->L, k->c, &from->out, from);
		lua_pushvalue(k->L, -1);
		lua_rawseti(k->L, -3, (lua_Integer)i + 1);
		lua_setfield(k->L, -2, k->rec->variadic ?
		             fmt(k->c, "x%u", i + 1) : k->rec->inputs.v[i]);
	}
}

Call *
call_of(lua_State *L)
{
	Call *k = lua_touserdata(L, 1);

	luaL_checkstack(L, 30, NULL);
	push_shapes(k);
	k->s = lua_gettop(L);
	push_args(L, k->rec, k->args);
	k->p = lua_gettop(L);
	return k;
}

/* ---- calling */

void
call_field(Call *k, const char *field)
{
	lua_State *L = k->L;
	int n = 0;

	lua_rawgeti(L, LUA_REGISTRYINDEX, k->rec->ref);
	lua_getfield(L, -1, field);
	lua_remove(L, -2);
	if (!lua_isfunction(L, -1))
		return;
	if (k->rec->kind == REC_LAYER || !strcmp(field, "formula")) {
		lua_pushvalue(L, k->s);
		n++;
	}
	lua_pushvalue(L, k->p);
	lua_call(L, n + 1, 1);
}

void
record_broken(Call *k, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	err(k->c, k->rec->loc, "%s '%s': %s", record_kinds[k->rec->kind],
	    k->rec->name, text);
	if (k->loc.file)
		note(k->c, k->loc, "used here");
}

const char *
call_text(Call *k, const char *field)
{
	const char *s = NULL;
	size_t len;

	call_field(k, field);
	if (lua_type(k->L, -1) == LUA_TSTRING) {
		s = lua_tolstring(k->L, -1, &len);
		if (len > LONGEST_TEXT || strlen(s) != len) {
			record_broken(k, "'%s' is too long or no text", field);
			s = "";
		}
		s = copy(k->c, s, strlen(s));
	} else if (!lua_isnil(k->L, -1)) {
		record_broken(k, "'%s' must give a text, not a %s", field,
		              luaL_typename(k->L, -1));
		s = "";
	}
	lua_pop(k->L, 1);
	return s;
}

/* ---- what went wrong */

static void
input_note(Call *k, lua_Integer i)
{
	const Layer *from;

	if (!k->layer || i < 1 || i > (lua_Integer)k->layer->in.n)
		return;
	from = &k->net->layers.v[k->layer->in.v[i - 1]];
	note(k->c, from->word_loc, "'%s' makes %s", from->name,
	     shape_text(k->c, &from->out));
}

/* the notes on the inputs, each layer once */
static void
input_notes(Call *k, lua_State *L)
{
	lua_Integer i, j, n, a, b;
	bool again;

	if (lua_getfield(L, -1, "input") == LUA_TNUMBER)
		input_note(k, lua_tointeger(L, -1));
	lua_pop(L, 1);
	if (lua_getfield(L, -1, "inputs") == LUA_TTABLE) {
		n = (lua_Integer)lua_rawlen(L, -1);
		for (i = 1; i <= n && i <= 20; i++) {
			lua_rawgeti(L, -1, i);
			a = lua_tointeger(L, -1);
			lua_pop(L, 1);
			again = false;
			for (j = 1; j < i && k->layer; j++) {
				lua_rawgeti(L, -1, j);
				b = lua_tointeger(L, -1);
				lua_pop(L, 1);
				again |= a >= 1 && a <= (lua_Integer)
				         k->layer->in.n && b >= 1 && b < a &&
				         k->layer->in.v[a - 1] ==
				         k->layer->in.v[b - 1];
			}
			if (!again)
				input_note(k, a);
		}
	}
	lua_pop(L, 1);
}

static const char *
string_field(lua_State *L, Ctx *c, const char *field)
{
	const char *s = NULL;

	if (lua_getfield(L, -1, field) == LUA_TSTRING)
		s = copy(c, lua_tostring(L, -1), lua_rawlen(L, -1));
	lua_pop(L, 1);
	return s;
}

const char record_said;

void
say_problem(Call *k, lua_State *L)
{
	const char *say = string_field(L, k->c, "say");
	const char *at = string_field(L, k->c, "at"), *more;
	Loc loc = k->loc;
	uint32_t i;

	for (i = 0; at && k->args && i < k->rec->params.n; i++)
		if (!strcmp(k->rec->params.v[i].name, at) &&
		    k->args[i].loc.file)
			loc = k->args[i].loc;
	err(k->c, loc, "%s", say ? say : "this cannot be");
	input_notes(k, L);
	more = string_field(L, k->c, "note");
	if (more)
		note(k->c, (Loc){ 0 }, "%s", more);
	more = string_field(L, k->c, "help");
	if (more)
		help(k->c, "%s", more);
}

bool
call_run(Call *k, lua_CFunction work)
{
	Ctx *c = k->c;
	int errors = c->errors;
	lua_State *L = record_lua(c);
	Call *outer;

	if (!L)
		return false;
	luaL_checkstack(L, 10, NULL);
	k->L = L;
	outer = c->front->records->call;
	c->front->records->call = k;
	lua_pushcfunction(L, work);
	lua_pushlightuserdata(L, k);
	if (sandbox_call(c, 1, 0)) {
		if (lua_touserdata(L, -1) == &record_said) {
			lua_pop(L, 1);
		} else {
			sandbox_error(c, k->rec->loc);
			if (k->loc.file)
				note(c, k->loc, "used here");
		}
	}
	c->front->records->call = outer;
	return c->errors == errors;
}

/* ---- optimizers, losses, inits */

bool
read_states(Ctx *c, lua_State *L, const Record *rec, const char *field,
	Record *to)
{
	bool net = !strcmp(field, "net_state");
	lua_Integer i, n = (lua_Integer)lua_rawlen(L, -1);
	StateDecl d;
	uint32_t k;

	for (i = 1; i <= n; i++) {
		memset(&d, 0, sizeof d);
		lua_rawgeti(L, -1, i);
		if (lua_istable(L, -1) && i <= 16) {
			if (lua_rawgeti(L, -1, 1) == LUA_TSTRING)
				d.name = copy(c, lua_tostring(L, -1),
				              lua_rawlen(L, -1));
			if (lua_rawgeti(L, -2, 2) == LUA_TSTRING)
				d.arg = copy(c, lua_tostring(L, -1),
				             lua_rawlen(L, -1));
			else
				d.value = lua_tonumber(L, -1);
			lua_pop(L, 2);
		}
		lua_pop(L, 1);
		for (k = 0; d.arg && k < rec->params.n; k++)
			if (!strcmp(rec->params.v[k].name, d.arg))
				break;
		if (!is_name(d.name) || !isfinite(d.value) ||
		    (d.arg && k == rec->params.n)) {
			err(c, field_place(c, rec, field), "'%s' of optimizer "
			    "'%s' is a list of {\"name\", value}, the value a "
			    "number or the name of an argument", field,
			    rec->name);
			return false;
		}
		if (net)
			PUSH(c, &to->net_state, d);
		else
			PUSH(c, &to->state, d);
	}
	return true;
}

/* "at least 0 and less than 1" */
static const char *
range_text(Ctx *c, const Param *p)
{
	char a[40], b[40];
	const char *low = isfinite(p->least) ? fmt(c, p->above ?
		"greater than %s" : "at least %s",
		p->least == floor(p->least) ? fmt(c, "%.0f", p->least) :
		number_text(p->least, false, a)) : NULL;
	const char *high = isfinite(p->most) ? fmt(c, p->below ?
		"less than %s" : "at most %s",
		p->most == floor(p->most) ? fmt(c, "%.0f", p->most) :
		number_text(p->most, false, b)) : NULL;

	return low && high ? fmt(c, "%s and %s", low, high) :
	       low ? low : high ? high : "finite";
}

bool
ranges_hold(Ctx *c, const Record *rec, const Arg *args)
{
	bool good = true;
	char buf[40];
	uint32_t i;

	for (i = 0; args && i < rec->params.n; i++) {
		const Param *p = &rec->params.v[i];
		double x = args[i].num;
		if (!p->limited || !args[i].loc.file || args[i].word)
			continue;
		if (x >= p->least && x <= p->most &&
		    !(p->above && x == p->least) &&
		    !(p->below && x == p->most))
			continue;
		err(c, args[i].loc, "%s must be %s, but is %s", p->what,
		    range_text(c, p), x == floor(x) && fabs(x) < 1e15 ?
		    fmt(c, "%.0f", x) : number_text(x, false, buf));
		good = false;
	}
	return good;
}

typedef struct { Call k; Record *to; const Weight *weight; } Special;

static int
step_work(lua_State *L)
{
	Special *x = lua_touserdata(L, 1);
	Call *k = call_of(L);
	const char *texts[2];
	int i;

	call_field(k, "state");
	if (lua_istable(L, -1) && !x->to->state.n)
		read_states(k->c, L, k->rec, "state", x->to);
	call_field(k, "net_state");
	if (lua_istable(L, -1) && !x->to->net_state.n)
		read_states(k->c, L, k->rec, "net_state", x->to);
	lua_rawgeti(L, LUA_REGISTRYINDEX, k->rec->ref);
	if (lua_getfield(L, -1, "step") != LUA_TFUNCTION)
		return 0;
	for (i = 0; i < 2; i++) {
		lua_pushvalue(L, -1);
		lua_pushvalue(L, k->p);
		lua_newtable(L);
		lua_pushboolean(L, !i);
		lua_setfield(L, -2, "decay");
		lua_call(L, 2, 1);
		if (lua_type(L, -1) != LUA_TSTRING) {
			record_broken(k, "'step' must give a text, not a %s",
			              luaL_typename(L, -1));
			return 0;
		}
		texts[i] = copy(k->c, lua_tostring(L, -1), lua_rawlen(L, -1));
		lua_pop(L, 1);
	}
	x->to->step = texts[0];
	if (strcmp(texts[0], texts[1]))
		x->to->step_bias = texts[1];
	return 0;
}

static int
special_work(lua_State *L)
{
	Special *x = lua_touserdata(L, 1);
	Call *k = call_of(L);

	call_field(k, "check");
	if (k->rec->kind == REC_OPTIMIZER)
		return step_work(L);
	if (k->rec->kind != REC_INIT)
		return 0;
	if (!x->to->w)
		x->to->w = call_text(k, "w");
	if (x->weight && !x->to->formula) {
		lua_newtable(L);
		push_shape(L, k->c, &x->weight->shape, NULL);
		lua_setfield(L, -2, "w");
		k->s = lua_gettop(L);
		x->to->formula = call_text(k, "formula");
	}
	return 0;
}

static const Record *
special(Ctx *c, const Record *rec, const Arg *args, const Weight *w, Loc at)
{
	Special x = { .k = { .c = c, .rec = rec, .args = args, .loc = at } };
	uint32_t i;

	if (!ranges_hold(c, rec, args))
		return NULL;
	for (i = 0; args && !x.k.loc.file && i < rec->params.n; i++)
		x.k.loc = args[i].loc;
	x.to = mem(c, sizeof *x.to);
	*x.to = *rec;
	x.weight = w;
	if (rec->ref == LUA_NOREF)
		return x.to;
	return call_run(&x.k, special_work) ? x.to : NULL;
}

const Record *
record_special(Ctx *c, const Record *rec, const Arg *args)
{
	return special(c, rec, args, NULL, (Loc){ 0 });
}

const Record *
record_init(Ctx *c, const Record *rec, const Arg *args, const Weight *w, Loc at)
{
	return special(c, rec, args, w, at);
}
