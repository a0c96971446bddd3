/* SPDX-License-Identifier: MIT
 * Constants from data: columns of the training rows in, the tables of
 * `normalize` and the scale of the targets out. */
#include <math.h>
#include <string.h>
#include "record.h"

typedef struct { Call k; const ColumnStats *columns; } Fit;

static void
push_column(lua_State *L, const ColumnStats *s)
{
	lua_createtable(L, 0, 4);
	lua_pushnumber(L, s->mean);
	lua_setfield(L, -2, "mean");
	lua_pushnumber(L, s->deviation);
	lua_setfield(L, -2, "deviation");
	lua_pushnumber(L, s->min);
	lua_setfield(L, -2, "min");
	lua_pushnumber(L, s->max);
	lua_setfield(L, -2, "max");
}

/* the same feature at every step of a sequence: all its values together */
static ColumnStats
over_steps(const Shape *s, const ColumnStats *columns, int64_t feature)
{
	int64_t steps = s->dim[0], width = s->dim[1], t;
	ColumnStats all = columns[feature], one;
	double squares = 0;

	all.mean = 0;
	for (t = 0; t < steps; t++) {
		one = columns[t * width + feature];
		all.mean += one.mean / (double)steps;
		all.min = fmin(all.min, one.min);
		all.max = fmax(all.max, one.max);
	}
	for (t = 0; t < steps; t++) {
		one = columns[t * width + feature];
		squares += one.deviation * one.deviation +
			(one.mean - all.mean) * (one.mean - all.mean);
	}
	all.deviation = sqrt(squares / (double)steps);
	return all;
}

static int
fit_work(lua_State *L)
{
	Fit *f = lua_touserdata(L, 1);
	Call *k = call_of(L);
	const Shape *s = &k->net->layers.v[k->layer->in.v[0]].out;
	int64_t size = shape_size(s), i;
	ColumnStats column;
	uint32_t q;
	double x;

	lua_rawgeti(L, LUA_REGISTRYINDEX, k->rec->ref);
	lua_getfield(L, -1, "fit");
	for (i = 0; i < size; i++) {
		column = s->kind == SEQUENCE ?
			over_steps(s, f->columns, i % s->dim[1]) : f->columns[i];
		lua_pushvalue(L, -1);
		lua_pushvalue(L, k->p);
		push_column(L, &column);
		lua_call(L, 2, 1);
		luaL_checktype(L, -1, LUA_TTABLE);
		for (q = 0; q < k->rec->constants.n; q++) {
			lua_getfield(L, -1, k->rec->constants.v[q]);
			x = lua_type(L, -1) == LUA_TNUMBER ?
				lua_tonumber(L, -1) : NAN;
			if (!isfinite(x))
				return luaL_error(L, "fit gives no finite "
				                  "'%s'",
				                  k->rec->constants.v[q]);
			k->layer->constants[q][i] = x;
			lua_pop(L, 1);
		}
		lua_pop(L, 1);
	}
	return 0;
}

bool
record_fit(Ctx *c, Layer *l, const ColumnStats *columns)
{
	Fit f = { .k = { .c = c, .rec = l->rec, .args = l->args,
	                 .loc = l->word_loc, .layer = l }, .columns = columns };
	bool good;

	if (!l->rec || !l->rec->constants.n || !record_lua(c))
		return false;
	f.k.net = c->front->records->net;
	good = call_run(&f.k, fit_work);
	l->constants_known = good;
	return good;
}

/* as normalize's zscore and minmax; a constant column is only shifted */
void
targets_fit(Network *net, const ColumnStats *targets)
{
	int i;

	for (i = 0; i < net->targets && net->targets_scale; i++) {
		const ColumnStats *s = &targets[i];
		bool zscore = net->targets_scale == 'z';
		double scale = zscore ? s->deviation : s->max - s->min;
		net->t_shift[i] = zscore ? s->mean : s->min;
		net->t_scale[i] = scale == 0 ? 1 : scale;
	}
	net->t_constants_known = true;
}
