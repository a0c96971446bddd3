/* SPDX-License-Identifier: MIT
 * A network back to text, flat and with all defaults, and the number that says
 * whether two networks have the same weights and state. */
#include <lua.h>
#include <math.h>
#include <string.h>
#include "front.h"

/* ----------------------------------------------------------------- words */
static void
put_number(Text *out, double v)
{
	char buf[40];

	if (v == floor(v) && fabs(v) < 1e15)
		text_add(out, "%.0f", v);
	else
		text_add(out, "%s", number_text(v, false, buf));
}

/* a name as it must be written to be read again */
static void
put_name(Ctx *c, Text *out, const char *name, bool word_only)
{
	Token t = { .kind = TK_WORD, .text = name };
	const char *s;

	token_classify(c, &t);
	if (t.kind == TK_WORD || (!word_only && t.kind != TK_OTHER)) {
		text_add(out, " %s", name);
		return;
	}
	if (!strpbrk(name, "\"$")) {
		text_add(out, " \"%s\"", name);
		return;
	}
	text_add(out, " \"$('");
	for (s = name; *s; s++)
		text_add(out, *s == '\'' || *s == '\\' ? "\\%c" : "%c", *s);
	text_add(out, "')\"");
}

/* ---------------------------------------------------- definitions, values */
static void
put_string(Text *out, const char *s, size_t n)
{
	size_t i;

	text_put(out, "\"", 1);
	for (i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch < 32 || ch == '"' || ch == '\\' || ch == 127)
			text_add(out, "\\%03d", ch);
		else
			text_put(out, s + i, 1);
	}
	text_put(out, "\"", 1);
}

/* Definitions are Lua and may read parameters: these go with them. */
static void
put_params(Parse *p, Text *out)
{
	lua_State *L = p->c->front->L;
	const char *s;
	char buf[40];
	uint32_t i, k;
	size_t n;

	lua_rawgeti(L, LUA_REGISTRYINDEX, p->c->front->spec_env);
	for (i = 0; i < p->params.n; i++) {
		for (k = 0; k < i; k++)
			if (!strcmp(p->params.v[k], p->params.v[i]))
				break;
		lua_pushstring(L, p->params.v[i]);
		lua_rawget(L, -2);
		if (k == i && lua_type(L, -1) == LUA_TNUMBER) {
			text_add(out, "param %s = ", p->params.v[i]);
			if (lua_isinteger(L, -1))
				text_add(out, "%lld\n", (long long)
				         lua_tointeger(L, -1));
			else
				text_add(out, "%s\n", number_text(
				         lua_tonumber(L, -1), false, buf));
		} else if (k == i && lua_type(L, -1) == LUA_TSTRING) {
			s = lua_tolstring(L, -1, &n);
			text_add(out, "param %s = ", p->params.v[i]);
			put_string(out, s, n);
			text_add(out, "\n");
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void
put_definitions(Parse *p, Text *out)
{
	uint32_t i, k;

	if (p->definitions.n == 0)
		return;
	put_params(p, out);
	for (i = 0; i < p->definitions.n; i++) {
		Loc at = p->definitions.v[i];

		for (k = 0; k < i; k++)
			if (p->definitions.v[k].file == at.file &&
			    p->definitions.v[k].at == at.at)
				break;
		if (k < i)
			continue;
		text_put(out, p->c->sources.v[at.file].text + at.at, at.len);
		text_add(out, "\n");
	}
	text_add(out, "\n");
}

/* --------------------------------------------------------------- layers */
/* layers that a line names, which therefore shows its label */
static bool *
named_layers(Parse *p)
{
	const Network *net = p->net;
	bool *named = mem(p->c, net->layers.n + 1);
	uint32_t i, k;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (p->info.v[i].share >= 0)
			named[p->info.v[i].share] = true;
		for (k = 0; k < l->in.n; k++)
			if (l->rec->variadic || l->in.n > 1 ||
			    l->in.v[k] != (int)i - 1)
				named[l->in.v[k]] = true;
	}
	for (i = 0; i < net->heads.n; i++)
		named[net->heads.v[i].layer] = true;
	return named;
}

static void
put_input(const Layer *l, Ctx *c, Text *out)
{
	if (l->out.kind == SEQUENCE)
		text_add(out, "input %d steps=%d", (int)l->out.dim[1],
		         (int)l->out.dim[0]);
	else
		text_add(out, "input %s", shape_text(c, &l->out));
}

static void
put_layer(Parse *p, uint32_t i, Text *out)
{
	static const char *const unrolls[] = { "auto", "full", "none" };
	const Network *net = p->net;
	const Layer *l = &net->layers.v[i];
	const LayerInfo *info = &p->info.v[i];
	uint32_t k;

	text_add(out, "%s", l->rec->name);
	for (k = 0; l->rec->variadic && k < l->in.n; k++)
		text_add(out, " %s", net->layers.v[l->in.v[k]].name);
	args_text(l->rec, l->args, out);
	if (info->init_text)
		text_add(out, " init=%s", info->init_text);
	if (l->l1 >= 0) {
		text_add(out, " l1=");
		put_number(out, l->l1);
	}
	if (l->l2 >= 0) {
		text_add(out, " l2=");
		put_number(out, l->l2);
	}
	if (l->unroll != UNROLL_AUTO)
		text_add(out, " unroll=%s", unrolls[l->unroll]);
	if (info->share >= 0)
		text_add(out, " share=%s", net->layers.v[info->share].name);
	if (info->frozen_given)
		text_add(out, " frozen");
	if (l->rec->variadic || (l->in.n == 1 && l->in.v[0] == (int)i - 1))
		return;
	text_add(out, " from");
	for (k = 0; k < l->in.n; k++)
		text_add(out, " %s", net->layers.v[l->in.v[k]].name);
}

static void
put_layers(Parse *p, Text *out)
{
	const Network *net = p->net;
	bool *named = named_layers(p);
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		if (named[i] || net->layers.v[i].labelled)
			text_add(out, "%s: ", net->layers.v[i].name);
		if (net->layers.v[i].rec)
			put_layer(p, i, out);
		else
			put_input(&net->layers.v[i], p->c, out);
		text_add(out, "\n");
	}
}

/* ------------------------------------------------------------- settings */
static void
put_option(Text *out, const char *name, double v)
{
	text_add(out, " %s=", name);
	put_number(out, v);
}

static void
put_target(const Head *h, Text *out)
{
	if (h->index || h->input)
		text_add(out, " target=%s", h->index ? "index" : "input");
}

static void
put_outputs(Parse *p, Text *out)
{
	const Network *net = p->net;
	uint32_t i = 0;

	while (i < net->heads.n) {
		const Head *h = &net->heads.v[i];
		bool own = p->own_loss.v[i];

		text_add(out, "output %s", net->layers.v[h->layer].name);
		for (i++; !own && i < net->heads.n && !p->own_loss.v[i] &&
		     net->heads.v[i].weight == h->weight; i++)
			text_add(out, " %s",
			    net->layers.v[net->heads.v[i].layer].name);
		if (own) {
			text_add(out, " loss=%s", h->loss->name);
			args_text(h->loss, h->args, out);
			put_target(h, out);
		}
		put_option(out, "weight", h->weight);
		text_add(out, "\n");
	}
}

static void
put_names(Ctx *c, Text *out, const char *what, const Names *names)
{
	uint32_t i;

	if (names->n == 0)
		return;
	text_add(out, "%s", what);
	for (i = 0; i < names->n; i++)
		put_name(c, out, names->v[i], false);
	text_add(out, "\n");
}

static const char *
quantity_name(StopKind kind)
{
	switch (kind) {
	case STOP_LOSS: return "loss";
	case STOP_VAL_LOSS: return "val_loss";
	case STOP_ACCURACY: return "accuracy";
	case STOP_VAL_ACCURACY: return "val_accuracy";
	case STOP_GRADNORM: return "gradnorm";
	case STOP_SECONDS: return "seconds";
	default: return "patience";
	}
}

static void
put_stops(const Network *net, Text *out)
{
	uint32_t i;

	for (i = 0; i < net->stops.n; i++) {
		const Stop *s = &net->stops.v[i];

		if (s->kind == STOP_PATIENCE) {
			text_add(out, "stop");
			put_option(out, "patience", s->value);
			text_add(out, " on=%s", quantity_name(s->on));
		} else {
			text_add(out, "stop %s %s ", quantity_name(s->kind),
			         s->cmp);
			put_number(out, s->value);
		}
		text_add(out, "\n");
	}
}

static void
put_schedule(const Network *net, Text *out)
{
	double a = net->schedule.a, b = net->schedule.b;

	switch (net->schedule.kind) {
	case 's':
		text_add(out, "schedule step");
		put_option(out, "every", a);
		put_option(out, "factor", b);
		break;
	case 'c':
		text_add(out, "schedule cosine");
		break;
	case 'e':
		text_add(out, "schedule exp");
		put_option(out, "factor", a);
		break;
	case 'w':
		text_add(out, "schedule warmup");
		put_option(out, "epochs", a);
		break;
	default:
		return;
	}
	text_add(out, "\n");
}

static void
put_record(Text *out, const char *what, const Record *rec, const Arg *args)
{
	if (!rec)
		return;
	text_add(out, "%s %s", what, rec->name);
	args_text(rec, args, out);
	text_add(out, "\n");
}

static void
put_budget(const Network *net, Text *out)
{
	const struct { const char *name; double v; } rows[] = {
		{ "flash", net->budget.flash }, { "ram", net->budget.ram },
		{ "stack", net->budget.stack }
	};
	size_t i;

	if (!net->budget_loc.file)
		return;
	text_add(out, "budget");
	for (i = 0; i < 3; i++)
		if (rows[i].v > 0)
			put_option(out, rows[i].name, rows[i].v);
	if (net->budget.compile > 0) {
		put_option(out, "compile", net->budget.compile);
		text_add(out, "s");
	}
	text_add(out, "\n");
}

static void
put_learning(Parse *p, Text *out)
{
	const Network *net = p->net;

	if (p->loss.loss) {
		text_add(out, "loss %s", p->loss.loss->name);
		args_text(p->loss.loss, p->loss.args, out);
		put_target(&p->loss, out);
		text_add(out, "\n");
	}
	put_record(out, "optimizer", net->optimizer, net->opt_args);
	put_record(out, "init", p->init, p->init_args);
	if (net->l1 > 0) {
		text_add(out, "l1 ");
		put_number(out, net->l1);
		text_add(out, "\n");
	}
	if (net->l2 > 0) {
		text_add(out, "l2 ");
		put_number(out, net->l2);
		text_add(out, "\n");
	}
	if (net->clip_norm > 0 || net->clip_value > 0) {
		text_add(out, "clip");
		if (net->clip_norm > 0)
			put_option(out, "norm", net->clip_norm);
		if (net->clip_value > 0)
			put_option(out, "value", net->clip_value);
		text_add(out, "\n");
	}
	if (net->batch_all)
		text_add(out, "batch all\n");
	else
		text_add(out, "batch %d\n", net->batch);
	text_add(out, "epochs %lld\n", (long long)net->epochs);
	put_schedule(net, out);
	put_stops(net, out);
	text_add(out, "shuffle %s\n", net->shuffle ? "on" : "off");
	text_add(out, "seed %llu\n", (unsigned long long)net->seed);
}

static void
put_code(Parse *p, Text *out)
{
	static const char *const unrolls[] = { "auto", "full", "none" };
	const Network *net = p->net;

	text_add(out, "dtype %s\nmath %s\nlanes %d\nunroll %s\n",
	         p->dtype_text ? p->dtype_text : "f32",
	         net->strict ? "strict" : "fast", net->lanes,
	         unrolls[net->unroll]);
	if (net->api_forward || net->api_train || net->api_gradient ||
	    net->api_input_gradient || net->api_step_asked)
		text_add(out, "api%s%s%s%s%s\n",
		         net->api_forward ? " forward" : "",
		         net->api_train ? " train" : "",
		         net->api_gradient ? " gradient" : "",
		         net->api_input_gradient ? " input_gradient" : "",
		         net->api_step_asked ? " step" : "");
	put_budget(net, out);
}

void
expand(Parse *p)
{
	Network *net = p->net;
	Text out = { p->c, NULL, 0, 0 };

	text_add(&out, "spec 1\nnet");
	put_name(p->c, &out, net->name, true);
	text_add(&out, "\n\n");
	put_definitions(p, &out);
	put_layers(p, &out);
	text_add(&out, "\n");
	put_outputs(p, &out);
	put_names(p->c, &out, "classes", &net->classes);
	put_names(p->c, &out, "columns", &net->columns);
	if (net->targets_scale)
		text_add(&out, "targets %s\n", net->targets_scale == 'z' ?
		         "zscore" : "minmax");
	if (net->horizon >= 0)
		text_add(&out, "horizon %d\n", net->horizon);
	put_learning(p, &out);
	put_code(p, &out);
	net->expanded = out.s;
	p->c->front->expanded = out.s;
	network_hash(net);
}

/* ------------------------------------------------------------- topology */
static void
hash_text(uint64_t *h, const char *s)
{
	*h = fnv1a(*h, s ? s : "", s ? strlen(s) + 1 : 1);
}

/* byte by byte, so that it is the same on every machine */
static void
hash_bits(uint64_t *h, uint64_t v)
{
	uint8_t b[8];
	int i;

	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	*h = fnv1a(*h, b, 8);
}

static void
hash_number(uint64_t *h, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	hash_bits(h, bits);
}

static void
hash_shape(uint64_t *h, const Shape *s)
{
	int i;

	hash_bits(h, (uint64_t)s->kind);
	hash_bits(h, (uint64_t)s->rank);
	for (i = 0; i < s->rank; i++)
		hash_bits(h, (uint64_t)s->dim[i]);
}

static void
hash_args(uint64_t *h, const Record *rec, const Arg *args)
{
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		hash_text(h, rec->params.v[i].name);
		/* no word: NAN there has many forms */
		hash_number(h, args[i].word ? 0 : args[i].num);
		hash_number(h, args[i].word ? 0 : args[i].num2);
		if (rec->params.v[i].kind != ARG_ACTIVATION) {
			hash_text(h, args[i].word);
		} else if (args[i].act) {
			hash_text(h, args[i].act->rec->name);
			hash_text(h, args[i].act->rec->y);
			hash_text(h, args[i].act->rec->formula);
			hash_args(h, args[i].act->rec, args[i].act->args);
		}
	}
}

static void
hash_layer(uint64_t *h, const Network *net, const Layer *l, const int *place)
{
	const Layer *in;
	uint32_t i;
	int64_t k, n;

	hash_text(h, l->rec ? l->rec->name : "input");
	for (i = 0; i < l->in.n; i++)
		hash_bits(h, (uint64_t)place[l->in.v[i]]);
	hash_shape(h, &l->out);
	if (!l->rec)
		return;
	hash_args(h, l->rec, l->args);
	hash_text(h, l->formula);
	hash_text(h, l->infer);
	for (i = 0; i < l->weights.n; i++) {
		const Weight *w = &l->weights.v[i];

		hash_text(h, w->name);
		hash_shape(h, &w->shape);
		hash_bits(h, w->tied < 0 ? 0 : (uint64_t)place[w->tied] + 1);
	}
	for (i = 0; i < l->statistics.n; i++) {
		hash_text(h, l->statistics.v[i].name);
		hash_shape(h, &l->statistics.v[i].shape);
	}
	hash_bits(h, l->frozen);
	in = l->in.n ? &net->layers.v[l->in.v[0]] : NULL;
	n = in ? shape_size(&in->out) : 0;
	for (i = 0; l->constants && i < l->rec->constants.n; i++)
		for (k = 0; k < n; k++)
			hash_number(h, l->constants[i][k]);
}

/* place: for the number of each layer among those that are not dead */
static uint64_t
hash_all(const Network *net, int *place)
{
	uint64_t h = FNV_START;
	uint32_t i;
	int live = 0;

	for (i = 0; i < net->layers.n; i++)
		place[i] = net->layers.v[i].dead ? -1 : live++;
	for (i = 0; i < net->layers.n; i++)
		if (!net->layers.v[i].dead)
			hash_layer(&h, net, &net->layers.v[i], place);
	for (i = 0; i < net->heads.n; i++)
		hash_bits(&h, (uint64_t)place[net->heads.v[i].layer]);
	if (net->optimizer) {
		hash_text(&h, net->optimizer->name);
		for (i = 0; i < net->optimizer->state.n; i++)
			hash_text(&h, net->optimizer->state.v[i].name);
		for (i = 0; i < net->optimizer->net_state.n; i++)
			hash_text(&h, net->optimizer->net_state.v[i].name);
	}
	for (i = 0; net->t_shift && i < (uint32_t)net->targets; i++) {
		hash_number(&h, net->t_shift[i]);
		hash_number(&h, net->t_scale[i]);
	}
	return h;
}

void
network_hash(Network *net)
{
	int place[MOST_LAYERS + 1];

	if (net->layers.n <= sizeof place / sizeof *place)
		net->topology = hash_all(net, place);
}
