/* SPDX-License-Identifier: MIT
 * One layer of the network from its record: checks the inputs, then asks the
 * record for weights, shapes, numbers and the formula for these very shapes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"

enum { MOST_WEIGHTS = 64, MOST_SHAPES = 4096 };

/* ---- inputs */

static const char *
kind_text(Ctx *c, const Shape *s, bool single)
{
	static const char *const kinds[] = {
		[VECTOR] = "vector", [MATRIX] = "matrix",
		[MAP] = "feature map", [SEQUENCE] = "sequence"
	};

	return fmt(c, "a %s%s of %s", single ? "single " : "", kinds[s->kind],
	           shape_text(c, s));
}

static int
kind_of(const char *word)
{
	return !strcmp(word, "vector") ? VECTOR : !strcmp(word, "map") ? MAP :
	       !strcmp(word, "matrix") ? MATRIX : SEQUENCE;
}

/* the flag that a layer was given, as `last` */
static const char *
flag_given(const Layer *l)
{
	uint32_t i;

	for (i = 0; l->rec && i < l->rec->params.n; i++)
		if (l->rec->params.v[i].kind == ARG_FLAG && l->args &&
		    l->args[i].num != 0)
			return l->rec->params.v[i].name;
	return NULL;
}

static void
kind_help(Ctx *c, const Network *net, const Layer *from, int want)
{
	const Shape *s = &from->out;
	bool had = from->in.n &&
		net->layers.v[from->in.v[0]].out.kind == SEQUENCE;

	if (want == VECTOR) {
		help(c, "put a `flatten` line in between; it makes a vector of "
		     "%lld", (long long)shape_size(s));
	} else if (want == SEQUENCE && s->kind == VECTOR && had &&
	           flag_given(from)) {
		help(c, "an earlier `%s` has already cut the sequence down to "
		     "one step", flag_given(from));
	} else if (want == SEQUENCE && had) {
		help(c, "'%s' has already joined the steps of the sequence",
		     from->name);
	} else if (want == SEQUENCE && s->rank == 1 && !from->rec) {
		help(c, "a sequence of 24 steps is written `input %lld "
		     "steps=24`", (long long)shape_size(s));
	} else if (want == MAP && s->rank == 1 && !from->rec) {
		help(c, "a map is written channels x height x width, as in "
		     "`input 1x28x28`");
	}
}

static bool
kinds_fit(Ctx *c, lua_State *L, const Network *net, const Layer *l)
{
	Names takes = { 0 };
	const Layer *from;
	uint32_t i, k;

	lua_rawgeti(L, LUA_REGISTRYINDEX, l->rec->ref);
	if (lua_getfield(L, -1, "takes") == LUA_TTABLE)
		for (i = 1; i <= lua_rawlen(L, -1) && i <= 4; i++) {
			lua_rawgeti(L, -1, i);
			if (lua_type(L, -1) == LUA_TSTRING)
				PUSH(c, &takes, copy(c, lua_tostring(L, -1),
				                     lua_rawlen(L, -1)));
			lua_pop(L, 1);
		}
	lua_pop(L, 2);
	for (i = 0; takes.n && i < l->in.n; i++) {
		from = &net->layers.v[l->in.v[i]];
		for (k = 0; k < takes.n; k++)
			if (kind_of(takes.v[k]) == (int)from->out.kind)
				break;
		if (k < takes.n)
			continue;
		err(c, l->word_loc, "'%s' needs a %s, but its input is %s",
		    l->rec->name, !strcmp(takes.v[0], "map") ? "feature map" :
		    takes.v[0], kind_text(c, &from->out,
		    kind_of(takes.v[0]) == SEQUENCE && from->out.rank == 1));
		note(c, from->word_loc, "'%s' makes %s", from->name,
		     shape_text(c, &from->out));
		kind_help(c, net, from, kind_of(takes.v[0]));
		return false;
	}
	return true;
}

static bool
count_fits(Ctx *c, const Layer *l)
{
	Text names = { c, NULL, 0, 0 };
	uint32_t i;

	if (l->rec->variadic ? l->in.n > 0 : l->in.n == l->rec->inputs.n)
		return true;
	if (l->rec->variadic) {
		err(c, l->word_loc, "'%s' needs the names of its inputs",
		    l->rec->name);
		return false;
	}
	for (i = 0; i < l->rec->inputs.n; i++)
		text_add(&names, "%s%s", i ? ", " : "", l->rec->inputs.v[i]);
	err(c, l->word_loc, "'%s' needs %u input%s (%s), but got %u",
	    l->rec->name, l->rec->inputs.n, l->rec->inputs.n == 1 ? "" : "s",
	    names.s, l->in.n);
	if (l->rec->inputs.n > 1)
		help(c, "write `%s ... from A B`, in this order", l->rec->name);
	return false;
}

/* ---- shapes */

static ShapeKind
natural_kind(const Layer *l, const Network *net, int rank)
{
	ShapeKind in = l->in.n ? net->layers.v[l->in.v[0]].out.kind : VECTOR;

	if (rank == 1)
		return VECTOR;
	if (rank == 2)
		return in == SEQUENCE ? SEQUENCE : MATRIX;
	return MAP;
}

/* the numbers of the list on top, from place `first` on */
static bool
read_dims(Call *k, lua_Integer first, const char *what, Shape *s)
{
	lua_State *L = k->L;
	lua_Integer i, n = (lua_Integer)lua_rawlen(L, -1), d;
	int64_t size = 1;
	int whole = 1;

	s->rank = 0;
	for (i = first; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		d = lua_type(L, -1) == LUA_TNUMBER ?
			lua_tointegerx(L, -1, &whole) : 0;
		lua_pop(L, 1);
		if (!whole || d < 1 || s->rank == MAX_RANK) {
			record_broken(k, "a dimension of %s must be a whole "
			              "number above 0", what);
			return false;
		}
		if (d > INT32_MAX || size * d > INT32_MAX) {
			err(k->c, k->loc, "'%s' is too large: %s has more than "
			    "%d values", k->rec->name, what, INT32_MAX);
			return false;
		}
		size *= d;
		s->dim[s->rank++] = (int32_t)d;
	}
	return true;
}

/* the table on top, {3, 4, kind = "sequence"} */
static bool
read_shape(Call *k, const char *what, Shape *s)
{
	const char *kind;

	if (!lua_istable(k->L, -1)) {
		record_broken(k, "the shape of %s must be a list of numbers",
		              what);
		return false;
	}
	if (!read_dims(k, 1, what, s))
		return false;
	s->kind = natural_kind(k->layer, k->net, s->rank);
	if (lua_getfield(k->L, -1, "kind") == LUA_TSTRING) {
		kind = lua_tostring(k->L, -1);
		if (!strcmp(kind, "vector") || !strcmp(kind, "map") ||
		    !strcmp(kind, "matrix") || !strcmp(kind, "sequence"))
			s->kind = (ShapeKind)kind_of(kind);
		else
			record_broken(k, "'%s' is no kind of shape", kind);
	}
	lua_pop(k->L, 1);
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* sorted names of the table on top; no other keys */
static bool
named_keys(Call *k, const char *what, Names *names)
{
	lua_State *L = k->L;
	const char *s;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
		if (!is_name(s) || names->n >= MOST_SHAPES) {
			record_broken(k, "%s must be a table of names", what);
			lua_pop(L, 1);
			return false;
		}
		PUSH(k->c, names, copy(k->c, s, strlen(s)));
	}
	if (names->n)
		qsort(names->v, names->n, sizeof *names->v, by_text);
	return true;
}

static void
named_shapes(Call *k)
{
	Layer *l = k->layer;
	Names names = { 0 };
	NamedShape n;
	uint32_t i;

	if (!named_keys(k, "'shape'", &names))
		return;
	for (i = 0; i < names.n; i++) {
		memset(&n, 0, sizeof n);
		n.name = names.v[i];
		lua_getfield(k->L, -1, n.name);
		if (!read_shape(k, fmt(k->c, "'%s'", n.name), &n.shape))
			return;
		lua_pop(k->L, 1);
		if (!strcmp(n.name, "y"))
			l->out = n.shape;
		else
			PUSH(k->c, &l->shapes, n);
	}
}

static void
read_shapes(Call *k)
{
	Shape s = { 0 };

	call_field(k, "shape");
	if (lua_isnil(k->L, -1))
		return;
	if (lua_istable(k->L, -1) && lua_rawlen(k->L, -1) == 0) {
		named_shapes(k);
	} else if (read_shape(k, "the output", &s)) {
		k->layer->out = s;
	}
}

static void
shape_from_formula(Call *k)
{
	Layer *l = k->layer;
	NamedShapes known = { 0 };
	NamedShape n;
	uint32_t i;

	for (i = 0; i < l->in.n; i++) {
		n.name = k->rec->variadic ? fmt(k->c, "x%u", i + 1) :
			k->rec->inputs.v[i];
		n.shape = k->net->layers.v[l->in.v[i]].out;
		PUSH(k->c, &known, n);
	}
	for (i = 0; i < k->rec->constants.n; i++) {
		n.name = k->rec->constants.v[i];
		n.shape = k->net->layers.v[l->in.v[0]].out;
		PUSH(k->c, &known, n);
	}
	for (i = 0; i < l->weights.n; i++) {
		n.name = l->weights.v[i].name;
		n.shape = l->weights.v[i].shape;
		PUSH(k->c, &known, n);
	}
	for (i = 0; i < l->shapes.n; i++)
		PUSH(k->c, &known, l->shapes.v[i]);
	if (!infer_shape(k->c, l->formula, "y", &known, l, &l->out)) {
		record_broken(k, "the shape of y cannot be worked out");
		help(k->c, "give it: shape = function(s, p) return {...} end");
		return;
	}
	l->out.kind = natural_kind(l, k->net, l->out.rank);
	n.shape = k->net->layers.v[l->in.v[0]].out;
	if (n.shape.rank == l->out.rank && !memcmp(n.shape.dim, l->out.dim,
	    (size_t)l->out.rank * sizeof *l->out.dim))
		l->out.kind = n.shape.kind;
	if (shape_size(&l->out) > INT32_MAX)
		err(k->c, k->loc, "'%s' is too large: the output has more than "
		    "%d values", k->rec->name, INT32_MAX);
}

/* ---- weights */

/* as PyTorch counts: first axis out, second in, the rest is a window */
static void
default_fan(Weight *w)
{
	double window = 1;
	int i;

	for (i = 2; i < w->shape.rank; i++)
		window *= w->shape.dim[i];
	w->fan_out = w->shape.rank > 0 ? w->shape.dim[0] * window : 1;
	w->fan_in = w->shape.rank > 1 ? w->shape.dim[1] * window : w->fan_out;
}

static bool
read_init_of(Call *k, Weight *w)
{
	const Record *init;
	uint32_t i;

	switch (lua_getfield(k->L, -1, "init")) {
	case LUA_TNIL: /* the option or setting `init` decides */
		w->fill = w->shape.rank >= 2 ? NAN : 0;
		break;
	case LUA_TNUMBER:
		w->fill = lua_tonumber(k->L, -1);
		if (!isfinite(w->fill)) {
			record_broken(k, "weight '%s': init must be finite",
			              w->name);
			return false;
		}
		break;
	default:
		init = lua_type(k->L, -1) == LUA_TSTRING ? record_find(k->c,
			REC_INIT, lua_tostring(k->L, -1)) : NULL;
		if (!init) {
			record_broken(k, "weight '%s': init is a number or the "
			              "name of an init", w->name);
			return false;
		}
		w->init_args = mem(k->c, (init->params.n + 1) *
		                   sizeof *w->init_args);
		for (i = 0; i < init->params.n; i++) {
			w->init_args[i].param = &init->params.v[i];
			w->init_args[i].num = init->params.v[i].value;
		}
		w->init = record_init(k->c, init, w->init_args, w, k->loc);
		break;
	}
	lua_pop(k->L, 1);
	return true;
}

static bool
name_taken(const Call *k, const char *name)
{
	uint32_t i;

	for (i = 0; i < k->layer->weights.n; i++)
		if (!strcmp(k->layer->weights.v[i].name, name))
			return true;
	for (i = 0; i < k->layer->statistics.n; i++)
		if (!strcmp(k->layer->statistics.v[i].name, name))
			return true;
	for (i = 0; i < k->rec->inputs.n; i++)
		if (!strcmp(k->rec->inputs.v[i], name))
			return true;
	return !strcmp(name, "y") || !strcmp(name, "n");
}

/* the table on top: {"w", 3, 4, init = 1, decay = false, fan = {4, 3}} */
static bool
read_weight(Call *k, WeightList *to)
{
	Weight w = { .tied = -1 };
	lua_State *L = k->L;

	if (lua_istable(L, -1) && lua_rawgeti(L, -1, 1) == LUA_TSTRING) {
		w.name = copy(k->c, lua_tostring(L, -1), lua_rawlen(L, -1));
		lua_pop(L, 1);
	}
	if (!is_name(w.name) || name_taken(k, w.name)) {
		record_broken(k, "a weight is {\"name\", size, ...} with a name "
		              "of its own");
		return false;
	}
	if (!read_dims(k, 2, fmt(k->c, "weight '%s'", w.name), &w.shape))
		return false;
	w.shape.kind = w.shape.rank == 1 ? VECTOR : w.shape.rank == 3 ? MAP :
		MATRIX;
	w.decay = w.shape.rank >= 2;
	if (lua_getfield(L, -1, "decay") != LUA_TNIL)
		w.decay = lua_toboolean(L, -1);
	lua_pop(L, 1);
	default_fan(&w);
	if (lua_getfield(L, -1, "fan") == LUA_TTABLE) {
		lua_rawgeti(L, -1, 1);
		lua_rawgeti(L, -2, 2);
		w.fan_in = lua_tonumber(L, -2);
		w.fan_out = lua_tonumber(L, -1);
		lua_pop(L, 2);
	}
	lua_pop(L, 1);
	if (!(w.fan_in > 0) || !(w.fan_out > 0)) {
		record_broken(k, "weight '%s': fan is {in, out}, both above 0",
		              w.name);
		return false;
	}
	if (!read_init_of(k, &w))
		return false;
	PUSH(k->c, to, w);
	return true;
}

static void
read_list(Call *k, const char *field, WeightList *to)
{
	lua_Integer i, n;

	call_field(k, field);
	if (lua_isnil(k->L, -1))
		return;
	if (!lua_istable(k->L, -1)) {
		record_broken(k, "'%s' must be a list of weights", field);
		return;
	}
	n = (lua_Integer)lua_rawlen(k->L, -1);
	for (i = 1; i <= n; i++) {
		lua_rawgeti(k->L, -1, i);
		if (lua_isnil(k->L, -1)) { /* {"b", ...} or nil, in the middle */
			lua_pop(k->L, 1);
			continue;
		}
		if (i > MOST_WEIGHTS) {
			record_broken(k, "more than %d %s", MOST_WEIGHTS,
			              field);
			return;
		}
		if (!read_weight(k, to))
			return;
		lua_pop(k->L, 1);
	}
}

static void
read_weights(Call *k)
{
	Layer *l = k->layer;
	uint32_t i;

	read_list(k, "weights", &l->weights);
	read_list(k, "statistics", &l->statistics);
	for (i = 0; i < l->statistics.n; i++)
		if (l->statistics.v[i].init)
			record_broken(k, "the statistic '%s' starts at a number",
			              l->statistics.v[i].name);
}

/* ---- numbers and texts */

static void
add_value(Call *k, const char *name, double value)
{
	Value v = { name, value };
	uint32_t i;

	for (i = 0; i < k->layer->values.n; i++)
		if (!strcmp(k->layer->values.v[i].name, name)) {
			k->layer->values.v[i].value = value;
			return;
		}
	PUSH(k->c, &k->layer->values, v);
}

/* what the formula may name: the numeric arguments, then `values` */
static void
read_values(Call *k)
{
	Names names = { 0 };
	uint32_t i;
	double x;

	for (i = 0; i < k->rec->params.n; i++) {
		const Param *p = &k->rec->params.v[i];
		lua_getfield(k->L, k->p, p->name);
		if (lua_type(k->L, -1) == LUA_TNUMBER)
			add_value(k, p->name, lua_tonumber(k->L, -1));
		else if (lua_isboolean(k->L, -1))
			add_value(k, p->name, lua_toboolean(k->L, -1));
		lua_pop(k->L, 1);
	}
	call_field(k, "values");
	if (lua_isnil(k->L, -1))
		return;
	if (!lua_istable(k->L, -1)) {
		record_broken(k, "'values' must be a table of numbers");
		return;
	}
	if (!named_keys(k, "'values'", &names))
		return;
	for (i = 0; i < names.n; i++) {
		lua_getfield(k->L, -1, names.v[i]);
		x = lua_type(k->L, -1) == LUA_TNUMBER ?
			lua_tonumber(k->L, -1) : NAN;
		lua_pop(k->L, 1);
		if (!isfinite(x))
			record_broken(k, "the value '%s' must be a finite "
			              "number", names.v[i]);
		else
			add_value(k, names.v[i], x);
	}
}

/* the neutral constants of a record that takes some from data */
static void
make_constants(Call *k)
{
	Layer *l = k->layer;
	int64_t size = shape_size(&k->net->layers.v[l->in.v[0]].out), j;
	uint32_t i, n = k->rec->constants.n;
	double x;

	if (!n)
		return;
	l->constants = mem(k->c, n * sizeof *l->constants);
	lua_rawgeti(k->L, LUA_REGISTRYINDEX, k->rec->ref);
	lua_getfield(k->L, -1, "constants");
	for (i = 0; i < n; i++) {
		x = 0;
		if (lua_rawgeti(k->L, -1, (lua_Integer)i + 1) == LUA_TTABLE) {
			lua_rawgeti(k->L, -1, 2);
			x = lua_tonumber(k->L, -1);
			lua_pop(k->L, 1);
		}
		lua_pop(k->L, 1);
		l->constants[i] = mem(k->c, (size_t)size *
		                      sizeof *l->constants[i]);
		for (j = 0; j < size; j++)
			l->constants[i][j] = x;
	}
	lua_pop(k->L, 2);
}

/* ---- activations among the arguments */

typedef struct { Call k; Act *act; const Shape *shape; } ActCall;

static int
act_work(lua_State *L)
{
	ActCall *a = lua_touserdata(L, 1);
	Call *k = call_of(L);
	Record *rec;

	call_field(k, "check");
	lua_pop(L, 1);
	if (a->act->rec->y || a->act->rec->formula)
		return 0;
	lua_newtable(L);
	push_shape(L, k->c, a->shape, NULL);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "x");
	lua_setfield(L, -2, "z");
	k->s = lua_gettop(L);
	rec = mem(k->c, sizeof *rec);
	*rec = *a->act->rec;
	rec->formula = call_text(k, "formula");
	a->act->rec = rec;
	return 0;
}

bool
record_act(Ctx *c, Act *act, const Shape *shape)
{
	ActCall a = { .k = { .c = c, .rec = act->rec, .args = act->args,
	                     .loc = act->loc }, .act = act, .shape = shape };

	return ranges_hold(c, act->rec, act->args) &&
	       (act->rec->ref == LUA_NOREF || call_run(&a.k, act_work));
}

static Act *
default_act(Ctx *c, const char *name)
{
	const Record *rec = record_find(c, REC_ACTIVATION, name);
	Act *act;
	uint32_t i;

	if (!rec)
		return NULL;
	act = mem(c, sizeof *act);
	act->rec = rec;
	act->args = mem(c, (rec->params.n + 1) * sizeof *act->args);
	for (i = 0; i < rec->params.n; i++) {
		act->args[i].param = &rec->params.v[i];
		act->args[i].num = rec->params.v[i].value;
	}
	return act;
}

static bool
resolve_acts(Ctx *c, Layer *l)
{
	uint32_t i;
	Arg *a;

	for (i = 0; i < l->rec->params.n; i++) {
		a = &l->args[i];
		if (l->rec->params.v[i].kind != ARG_ACTIVATION)
			continue;
		/* a given `linear` is no act, but has its word */
		if (!a->act && !a->word && l->rec->params.v[i].words.n)
			a->act = default_act(c, l->rec->params.v[i].words.v[0]);
		if (a->act && !record_act(c, a->act, &l->out))
			return false;
	}
	return true;
}

/* ---- the whole layer */

static void
read_formula(Call *k)
{
	Layer *l = k->layer;

	l->formula = call_text(k, "formula");
	if (l->formula)
		l->formula_loc = text_place(k->c, k->rec, "formula",
		                            l->formula);
	l->infer = call_text(k, "infer");
	l->pad = k->rec->pad;
	if (!l->formula)
		record_broken(k, "there is no formula for these shapes");
}

static int
layer_work(lua_State *L)
{
	Call *k = call_of(L);
	Ctx *c = k->c;
	int errors = c->errors;

	if (!kinds_fit(c, L, k->net, k->layer))
		return 0;
	call_field(k, "check");
	read_weights(k);
	if (c->errors > errors)
		return 0;
	lua_settop(L, k->p);
	read_shapes(k);
	if (c->errors > errors)
		return 0;
	lua_settop(L, k->p);
	read_values(k);
	lua_settop(L, k->p);
	read_formula(k);
	if (c->errors > errors)
		return 0;
	if (!k->layer->out.rank && k->layer->formula)
		shape_from_formula(k);
	if (!k->layer->out.rank && c->errors == errors)
		record_broken(k, "the shape of y is not known");
	if (c->errors == errors)
		make_constants(k);
	return 0;
}

bool
record_layer(Ctx *c, Network *net, Layer *l)
{
	Call k = { .c = c, .rec = l->rec, .args = l->args, .loc = l->word_loc,
	           .net = net, .layer = l };
	bool good;

	if (!record_lua(c) || !count_fits(c, l))
		return false;
	c->front->records->net = net;
	good = ranges_hold(c, l->rec, l->args) && call_run(&k, layer_work);
	return good && resolve_acts(c, l);
}
