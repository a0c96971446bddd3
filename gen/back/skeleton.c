/* SPDX-License-Identifier: MIT
 * What the templates of templates/c may name: a program, its plan and the text
 * of its kernels in, a Lua table out. */
#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <string.h>
#include "skeleton.h"

/* with fewer samples a vector of them takes longer than one after the other */
enum { FEW_LANES = 4 };

static void
set(lua_State *L, const char *key, const char *value)
{
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

static void
set_int(lua_State *L, const char *key, int64_t value)
{
	lua_pushinteger(L, value);
	lua_setfield(L, -2, key);
}

static void
set_bool(lua_State *L, const char *key, bool value)
{
	lua_pushboolean(L, value);
	lua_setfield(L, -2, key);
}

/* appends the table on top to the list below it */
static void
append(lua_State *L)
{
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static int64_t
count_of(const Program *p, TensorId t)
{
	return tensor_size(&p->tensors.v[t]);
}

static const char *
quoted(Ctx *c, const char *s)
{
	Text t = { .c = c };

	text_put(&t, "\"", 1);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\' || *s == '?' ||
		    (unsigned char)*s < 32 || (unsigned char)*s > 126)
			text_add(&t, "\\%03o", (unsigned char)*s);
		else
			text_put(&t, s, 1);
	}
	text_put(&t, "\"", 1);
	return t.s;
}

/* ---- fields of the struct */

/* Loops over the elements of a field, one over neighbouring dimensions that lie
 * alike: `at` is their place in canonical order, `in` that in the struct. */
static void
element_loops(lua_State *L, Skeleton *k, TensorId id)
{
	static const char names[] = "ijklmpqr";
	const Tensor *t = &k->p->tensors.v[id];
	const Layout *l = &k->plan->kernel[0].layout[id];
	int64_t strides[MAX_RANK], stride = 1, panels;
	int64_t plain = count_of(k->p, id);
	Text at = { .c = k->c }, in = { .c = k->c };
	int d, end, n = 0, rank = t->shape.rank;

	lua_newtable(L);
	lua_newtable(L);
	if (l->padded == layout_plain(t).padded && l->lane == rank - 1 &&
	    l->panel == l->padded)
		rank = 1;
	if (rank < 2) {
		lua_pushstring(L, fmt(k->c, "for (int i = 0; i < %lld; i++)",
		               (long long)count_of(k->p, id)));
		append(L);
		lua_setfield(L, -2, "loops");
		set(L, "element", "i");
		set(L, "inside", "i");
		return;
	}
	layout_strides(t, l, strides);
	panels = layout_panel_stride(t, l, 1);
	for (d = 0; d < rank; d = end) {
		char v = names[n++];
		int64_t extent = t->shape.dim[d];
		for (end = d + 1; d != l->lane && end < rank &&
		     end != l->lane; end++)
			extent *= t->shape.dim[end];
		lua_pushstring(L, fmt(k->c, "for (int %c = 0; %c < %lld; "
		               "%c++)", v, v, (long long)extent, v));
		append(L);
		plain /= extent;
		stride = d == l->lane ? 1 : strides[end - 1];
		text_add(&at, "%s%s%c", d ? " + " : "", plain > 1 ?
		         fmt(k->c, "%lld*", (long long)plain) : "", v);
		text_add(&in, "%s", d ? " + " : "");
		if (d == l->lane && l->panel < l->padded)
			text_add(&in, "%lld*(%c - %c%%%d) + %c%%%d",
			         (long long)panels, v, v, l->panel, v,
			         l->panel);
		else if (stride > 1)
			text_add(&in, "%lld*%c", (long long)stride, v);
		else
			text_add(&in, "%c", v);
	}
	lua_setfield(L, -2, "loops");
	set(L, "element", at.s);
	set(L, "inside", in.s);
}

static int64_t
room_of(Skeleton *k, TensorId id)
{
	return layout_size(&k->p->tensors.v[id],
	                   &k->plan->kernel[0].layout[id]);
}

static void
weights(lua_State *L, Skeleton *k)
{
	Program *p = k->p;
	uint32_t i;

	lua_newtable(L);
	for (i = 0; i < p->weights.n; i++) {
		TensorId w = p->weights.v[i];
		const Tensor *t = &p->tensors.v[w];
		TensorId g = i < p->grads.n ? p->grads.v[i] : 0;
		element_loops(L, k, w);
		set(L, "field", cname(k->e->names, w));
		set_int(L, "count", count_of(p, w));
		set_int(L, "room", room_of(k, w));
		set(L, "plus", t->place ? fmt(k->c, " + %lld",
		    (long long)t->place) : "");
		set(L, "at", t->place ? fmt(k->c, "%lld + ",
		    (long long)t->place) : "");
		if (g && k->training)
			set(L, "grad", cname(k->e->names, g));
		append(L);
	}
	lua_setfield(L, -2, "weights");
}

/* running statistics in canonical order */
static void
statistics(lua_State *L, Skeleton *k)
{
	uint32_t i;

	lua_newtable(L);
	for (i = 0; i < k->p->statistics.n; i++) {
		TensorId id = k->p->statistics.v[i];
		int64_t place = k->p->tensors.v[id].place;
		element_loops(L, k, id);
		set(L, "field", cname(k->e->names, id));
		set(L, "at", place ? fmt(k->c, "%lld + ", (long long)place) :
		    "");
		append(L);
	}
	lua_setfield(L, -2, "statistics");
	set_int(L, "stats", k->p->net->stats);
}

static void
state(lua_State *L, Skeleton *k, TensorId id)
{
	const Tensor *t = &k->p->tensors.v[id];

	lua_newtable(L);
	set(L, "field", cname(k->e->names, id));
	set_int(L, "count", room_of(k, id));
	set_bool(L, "scalar", t->kind == T_NET && !t->shape.rank);
	set(L, "fill", literal_text(k->e, t->fill));
	append(L);
}

static void
states(lua_State *L, Skeleton *k)
{
	uint32_t i;

	lua_newtable(L);
	for (i = 0; i < k->p->statistics.n; i++)
		state(L, k, k->p->statistics.v[i]);
	for (i = 0; k->update && i < k->p->states.n; i++)
		state(L, k, k->p->states.v[i]);
	for (i = 0; k->update && i < k->p->net_states.n; i++)
		state(L, k, k->p->net_states.v[i]);
	lua_setfield(L, -2, "states");
}

static void
saved(lua_State *L, Skeleton *k, TensorId id, int64_t *total)
{
	const Tensor *t = &k->p->tensors.v[id];
	bool scalar = t->kind == T_NET && !t->shape.rank;

	element_loops(L, k, id);
	set(L, "field", cname(k->e->names, id));
	set_bool(L, "scalar", scalar);
	set_int(L, "count", count_of(k->p, id));
	set_int(L, "room", room_of(k, id));
	*total += count_of(k->p, id);
	append(L);
}

void
saved_tensors(Ctx *c, const Program *p, TensorIds *out)
{
	uint32_t i;

	for (i = 0; i < p->weights.n; i++)
		PUSH(c, out, p->weights.v[i]);
	for (i = 0; i < p->statistics.n; i++)
		PUSH(c, out, p->statistics.v[i]);
	for (i = 0; wants(p, K_UPDATE) && i < p->states.n; i++)
		PUSH(c, out, p->states.v[i]);
	for (i = 0; wants(p, K_UPDATE) && i < p->net_states.n; i++)
		PUSH(c, out, p->net_states.v[i]);
}

static void
saved_fields(lua_State *L, Skeleton *k)
{
	Program *p = k->p;
	TensorIds kept = { 0 };
	int64_t total = 0;
	uint32_t i;

	lua_newtable(L);
	saved_tensors(k->c, p, &kept);
	for (i = 0; i < kept.n; i++)
		saved(L, k, kept.v[i], &total);
	for (i = 0; k->training && i < p->grads.n; i++)
		if (p->grads.v[i])
			saved(L, k, p->grads.v[i], &total);
	lua_setfield(L, -2, "saved_fields");
	set_int(L, "saved", SAVED_HEAD + total * k->real_bytes + 4);
}

/* one line of the struct: float w1[4], b1[2]; then a comment */
typedef struct { Text line; const char *comment; } FieldLine;

static void
end_line(lua_State *L, Skeleton *k, FieldLine *f)
{
	if (!f->line.n)
		return;
	lua_pushstring(L, fmt(k->c, "%s;%s%s%s", f->line.s,
	               f->comment ? " /* " : "", f->comment ? f->comment : "",
	               f->comment ? " */" : ""));
	append(L);
	f->line.n = 0;
}

static void
field(lua_State *L, Skeleton *k, FieldLine *f, const char *name, int64_t count,
	const char *comment)
{
	if (f->line.n && (f->line.n > 48 || !comment || !f->comment ||
	    strcmp(comment, f->comment)))
		end_line(L, k, f);
	f->comment = comment;
	text_add(&f->line, f->line.n ? ", %s" : "%s ", f->line.n ? name :
	         k->e->real);
	if (f->line.s[f->line.n - 1] == ' ')
		text_add(&f->line, "%s", name);
	if (count)
		text_add(&f->line, "[%lld]", (long long)count);
}

static const char *
layer_comment(Skeleton *k, TensorId t)
{
	int layer = k->p->tensors.v[t].layer;

	return layer < 0 ? NULL : fmt(k->c, "layer %d: %s",
	    k->p->net->layers.v[layer].number,
	    comment_safe(k->c, layer_text(k->c,
	                 &k->p->net->layers.v[layer])));
}

static void
fields_of(lua_State *L, Skeleton *k)
{
	FieldLine line = { { .c = k->c }, NULL };
	FieldKind last = FIELD_WEIGHT;
	Fields all = { 0 };
	uint32_t i, pads = 0;

	fields(k->p, k->plan, &all);
	lua_newtable(L);
	for (i = 0; i < all.n; i++) {
		const Field *f = &all.v[i];
		if (f->kind != last || f->pad)
			end_line(L, k, &line);
		last = f->kind;
		if (f->pad) {
			field(L, k, &line, fmt(k->c, "pad%u", ++pads), f->pad,
			      "to 64 bytes");
			end_line(L, k, &line);
		}
		if (f->kind == FIELD_INTS) {
			lua_pushstring(L, fmt(k->c, "int32_t iwork[%lld];",
			               (long long)f->count));
			append(L);
			continue;
		}
		field(L, k, &line, field_name(k->e->names, f), f->count,
		      f->kind == FIELD_WEIGHT ? layer_comment(k, f->tensor) :
		      field_text(f->kind));
	}
	end_line(L, k, &line);
	lua_setfield(L, -2, "fields");
}

/* ---- kernels */

static const char *
params(Skeleton *k, const Function *f)
{
	Text t = { .c = k->c };

	if (f->n)
		text_add(&t, "%s_net *n", k->o->prefix);
	if (f->x)
		text_add(&t, "%sconst %s_real *x", t.n ? ", " : "",
		         k->o->prefix);
	if (f->next)
		text_add(&t, "%sconst %s_real *next", t.n ? ", " : "",
		         k->o->prefix);
	if (f->t)
		text_add(&t, "%sconst %s_real *t", t.n ? ", " : "",
		         k->o->prefix);
	if (f->y)
		text_add(&t, "%s%s_real *y", t.n ? ", " : "", k->o->prefix);
	if (f->samples)
		text_add(&t, "%sint samples", t.n ? ", " : "");
	if (f->hash)
		text_add(&t, "%suint32_t *hash", t.n ? ", " : "");
	return t.n ? t.s : "void";
}

static void
add_call(Text *t, const char *name, const Function *f)
{
	const char *sep = "";

	text_add(t, "\t%s(", name);
	if (f->n)
		text_add(t, "n"), sep = ", ";
	if (f->x)
		text_add(t, "%sx", sep), sep = ", ";
	if (f->next)
		text_add(t, "%snext", sep), sep = ", ";
	if (f->t)
		text_add(t, "%st", sep), sep = ", ";
	if (f->y)
		text_add(t, "%sy", sep), sep = ", ";
	if (f->samples)
		text_add(t, "%ssamples", sep), sep = ", ";
	if (f->hash)
		text_add(t, "%shash", sep);
	text_add(t, ");\n");
}

/* which arguments contract.md gives the function; unused ones are named */
static void
unused(Text *t, const Function *f, const char *args, int samples)
{
	if (strchr(args, 'n') && !f->n)
		text_add(t, "\t(void)n;\n");
	if (strchr(args, 'x') && !f->x)
		text_add(t, "\t(void)x;\n");
	if (strchr(args, 't') && !f->t)
		text_add(t, "\t(void)t;\n");
	if (strchr(args, 'y') && !f->y)
		text_add(t, "\t(void)y;\n");
	if (samples > 1 && strchr(args, 's') && !f->samples)
		text_add(t, "\t(void)samples;\n");
}

static void
kernel(lua_State *L, Skeleton *k, const char *name, const KernelText *text,
	const char *args, bool trace, int samples)
{
	Text body = { .c = k->c };
	Function all = { .n = strstr(args, "+n") != NULL };
	uint32_t i;

	if (!text->parts.n)
		return;
	if (text->result && strstr(text->result, "n->"))
		all.n = true;
	lua_newtable(L);
	lua_newtable(L);
	for (i = 0; i < text->parts.n; i++) {
		const Function *f = &text->parts.v[i];
		const char *part;
		all.n |= f->n;
		all.x |= f->x;
		all.t |= f->t;
		all.y |= f->y;
		all.samples |= f->samples;
		if (text->parts.n == 1)
			break;
		part = fmt(k->c, "%s_%s_%u", k->o->prefix, name, i + 1);
		lua_newtable(L);
		set(L, "name", part);
		set(L, "params", params(k, f));
		set(L, "text", f->text);
		append(L);
	}
	lua_setfield(L, -2, "parts");
	unused(&body, &all, args, samples);
	if (trace)
		text_add(&body, "\tuint32_t outcome = 2166136261u, "
		         "*const hash = &outcome;\n");
	if (body.n)
		text_add(&body, "\n");
	if (text->parts.n == 1)
		text_put(&body, text->parts.v[0].text,
		         strlen(text->parts.v[0].text));
	if (trace && text->result && !strstr(text->result, "n->"))
		text_add(&body, "\t(void)%s;\n", text->result);
	for (i = 0; text->parts.n > 1 && i < text->parts.n; i++)
		add_call(&body, fmt(k->c, "%s_%s_%u", k->o->prefix, name,
		         i + 1), &text->parts.v[i]);
	lua_pushlstring(L, body.n ? body.s : "", body.n);
	lua_setfield(L, -2, "body");
	set(L, "result", text->result ? text->result : literal_text(k->e, 0));
	set_int(L, "samples", samples);
	set_bool(L, "adds", !text->result);
	lua_setfield(L, -2, name);
}

static void
kernels(lua_State *L, Skeleton *k)
{
	/* which arguments the contract gives them; +n: the function uses n */
	static const struct { const char *name, *args; Kernel kernel; } all[] = {
		{ "init", "n", K_INIT }, { "forward", "nxy", K_FORWARD },
		{ "forwards", "nxys", K_FORWARDS }, { "loss", "nxt", K_LOSS },
		{ "gradient", "+nxt", K_GRADIENT },
		{ "gradients", "+nxts", K_GRADIENTS },
		{ "training_loss", "nxts", K_TRAINLOSS },
		{ "update", "n", K_UPDATE }, { "ahead", "nx", K_AHEAD },
		{ "online", "+nxt", K_ONLINE },
		{ "mini_batch", "+nxt", K_STEP }, { "step", "nxy", K_STREAM },
		{ "reset", "n", K_RESET }
	};
	size_t i;

	lua_newtable(L);
	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		kernel(L, k, all[i].name, &k->text[all[i].kernel], all[i].args,
		       false, k->plan->kernel[all[i].kernel].samples);
	kernel(L, k, "switches", &k->switches, "nxts", true,
	       k->plan->kernel[K_TRAINLOSS].samples);
	if (k->plan->kernel[K_FORWARDS].samples) {
		lua_getfield(L, -1, "forwards");
		if (lua_istable(L, -1))
			set_int(L, "few", k->plan->kernel[K_FORWARDS].by_samples
			        ? FEW_LANES : 2);
		lua_pop(L, 1);
	}
	lua_setfield(L, -2, "K");
}

/* ---- tables, info, comments */

static const char *
values_text(Skeleton *k, const double *v, int64_t n)
{
	Text t = { .c = k->c };
	size_t line = 0, len;
	int64_t i;

	for (i = 0; i < n; i++) {
		const char *s = literal_text(k->e, v[i]);
		len = strlen(s);
		if (!line || line + len + 2 > 72) {
			text_put(&t, line ? "\n\t" : "\t", line ? 2 : 1);
			line = 0;
		} else {
			text_put(&t, " ", 1);
		}
		text_put(&t, s, len);
		if (i + 1 < n)
			text_put(&t, ",", 1);
		line += len + 2;
	}
	text_put(&t, "\n", 1);
	return t.s;
}

static void
tables(lua_State *L, Skeleton *k)
{
	TensorId t;

	lua_newtable(L);
	for (t = 1; t < k->p->tensors.n; t++) {
		if (!k->e->table[t])
			continue;
		lua_newtable(L);
		set(L, "name", cname(k->e->names, t));
		set_int(L, "count", count_of(k->p, t));
		set(L, "values", values_text(k, k->p->tensors.v[t].values,
		    count_of(k->p, t)));
		append(L);
	}
	lua_setfield(L, -2, "tables");
}

static void
info(lua_State *L, Skeleton *k)
{
	Program *p = k->p;
	uint32_t i;
	int d;

	lua_newtable(L);
	for (i = 0; i < p->weights.n; i++) {
		const Tensor *t = &p->tensors.v[p->weights.v[i]];
		Text dims = { .c = k->c };
		for (d = 0; d < t->shape.rank; d++)
			text_add(&dims, "%s%d", d ? ", " : "",
			         t->shape.dim[d]);
		for (; d < MAX_RANK; d++)
			text_add(&dims, "%s0", d ? ", " : "");
		lua_newtable(L);
		set(L, "name", quoted(k->c, t->name));
		set_int(L, "rank", t->shape.rank);
		set(L, "dims", dims.s);
		set_int(L, "offset", t->place);
		set_int(L, "count", count_of(p, p->weights.v[i]));
		append(L);
	}
	lua_setfield(L, -2, "info");
}

/* the rest of a note "dense1: loops" about the layer of that name */
static const char *
note_of(const Plan *plan, const char *name)
{
	size_t n = strlen(name);
	uint32_t i;

	for (i = 0; i < plan->notes.n; i++)
		if (!strncmp(plan->notes.v[i], name, n) &&
		    plan->notes.v[i][n] == ':')
			return plan->notes.v[i] + n + 2;
	return "";
}

static int64_t
layer_weights(const Layer *l)
{
	int64_t n = 0;
	uint32_t i;

	for (i = 0; i < l->weights.n; i++)
		if (l->weights.v[i].tied < 0)
			n += shape_size(&l->weights.v[i].shape);
	return n;
}

static void
overview(lua_State *L, Skeleton *k)
{
	const Network *net = k->p->net;
	uint32_t i;

	lua_newtable(L);
	lua_pushstring(L, "");
	append(L);
	lua_pushstring(L, fmt(k->c, "  %-5s %-28s %-12s %8s  %s", "layer", "",
	               "output", "weights", "plan"));
	append(L);
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];
		int64_t n = layer_weights(l);
		if (l->dead)
			continue;
		lua_pushstring(L, comment_safe(k->c, fmt(k->c,
			"  %-5d %-28s %-12s %8s  %s", l->number,
			layer_text(k->c, l), shape_text(k->c, &l->out),
			n ? fmt(k->c, "%lld", (long long)n) : "",
			note_of(k->plan, l->name))));
		append(L);
	}
	lua_pushstring(L, "");
	append(L);
	lua_pushstring(L, fmt(k->c, "%lld parameters; %s_net takes %lld bytes",
	               (long long)net->params, k->o->prefix,
	               (long long)k->plan->bytes));
	append(L);
	lua_setfield(L, -2, "overview");
}

/* ---- operations */

static uint64_t
operations(const Program *p, uint64_t *memo, ExprId root)
{
	const Expr *x = &p->exprs.v[root];
	uint64_t n;

	if (!root || x->op == E_NUM || x->op == E_READ || x->op == E_PAD ||
	    x->op == E_IDX || x->op == E_CNT)
		return 0;
	if (memo[root])
		return memo[root] - 1;
	n = x->op != E_STOP;
	n += operations(p, memo, x->a) + operations(p, memo, x->b) +
	     operations(p, memo, x->c);
	memo[root] = n < 1u << 30 ? n + 1 : 1u << 30;
	return memo[root] - 1;
}

/* multiply-adds: terms of sums; flops: every operation and addition */
static uint64_t
work_of(const Program *p, Kernel kernel, bool flops)
{
	uint64_t *memo = mem(p->c, (p->exprs.n + 1) * sizeof *memo);
	uint64_t n = 0, terms, each;
	uint32_t i;

	for (i = 0; i < p->kernel[kernel].n; i++) {
		const Stmt *s = &p->kernel[kernel].v[i];
		terms = (uint64_t)(stmt_points(p, s) * stmt_terms(p, s));
		if (s->scan)
			terms *= (uint64_t)p->scans.v[s->scan].n;
		each = operations(p, memo, s->expr) + (s->add || s->nridx);
		if (flops)
			n += terms * each;
		else if (stmt_terms(p, s) > 1 && s->red == RED_SUM)
			n += terms;
	}
	return n;
}

/* ---- what the file as a whole is like */

static const char *
last_activation(const Layer *l)
{
	uint32_t i;

	for (i = 0; l->rec && i < l->rec->params.n; i++)
		if (l->rec->params.v[i].kind == ARG_ACTIVATION &&
		    l->args[i].act && l->args[i].act->rec)
			return l->args[i].act->rec->name;
	return "";
}

/* "argmax", or what a single output is compared with; NULL: no classifier */
static const char *
class_rule(Skeleton *k)
{
	const Network *net = k->p->net;
	const Head *h = &net->heads.v[0];
	const char *loss = h->loss ? h->loss->name : "";
	const char *act = last_activation(&net->layers.v[h->layer]);
	bool many = !strcmp(act, "softmax") || !strcmp(loss, "cross_entropy");
	bool two = !strcmp(act, "sigmoid") || !strcmp(act, "hard_sigmoid") ||
	           !strcmp(act, "step") || !strcmp(loss, "bce");

	if (!many && !two && !net->classes.n && strcmp(loss, "hinge"))
		return NULL;
	if (net->outputs > 1)
		return many || net->classes.n ? "argmax" : NULL;
	return literal_text(k->e, two ? .5 : 0);
}

static void
schedule(lua_State *L, Skeleton *k)
{
	const Network *net = k->p->net;
	char kind[2] = { net->schedule.kind, 0 };
	double a = net->schedule.a, b = net->schedule.b;
	double epochs = kind[0] == 'c' ? (double)net->epochs : a;

	if (!(epochs >= 1))
		epochs = 1;
	if (epochs > 2147483647)
		epochs = 2147483647;
	lua_newtable(L);
	set(L, "kind", kind);
	set(L, "rate", literal_text(k->e, net->rate));
	set(L, "factor", literal_text(k->e, kind[0] == 'e' ? a : b));
	set_int(L, "every", a >= 1 && a < 2147483647 ? (int64_t)a : 1);
	set_int(L, "epochs", (int64_t)epochs);
	set(L, "pi", literal_text(k->e, 3.14159265358979323846));
	lua_setfield(L, -2, "schedule");
}

static void
uses(lua_State *L, const Emit *e)
{
	lua_newtable(L);
	set_bool(L, "random", e->use_random);
	set_bool(L, "minus", e->use_minus);
	set_bool(L, "minus_vector", e->use_minus_vector);
	set_bool(L, "least", e->use_least);
	set_bool(L, "larger", e->use_larger);
	set_bool(L, "within", e->use_within);
	set_bool(L, "trace", e->use_trace);
	set_bool(L, "abs", e->seen_fn[FN_ABS]);
	set_bool(L, "sign", e->seen_fn[FN_SIGN]);
	set_bool(L, "floor", e->seen_fn[FN_FLOOR]);
	lua_setfield(L, -2, "use");
}

static const char *
rate_field(Skeleton *k)
{
	uint32_t i;

	for (i = 0; i < k->p->net_states.n; i++)
		if (!strcmp(k->p->tensors.v[k->p->net_states.v[i]].base,
		            "rate"))
			return cname(k->e->names, k->p->net_states.v[i]);
	return NULL;
}

static const char *
upper(Ctx *c, const char *s)
{
	char *r = copy(c, s, strlen(s)), *q;

	for (q = r; *q; q++)
		*q = (char)toupper((unsigned char)*q);
	return r;
}

static void
sizes(lua_State *L, Skeleton *k)
{
	const Network *net = k->p->net;

	set_int(L, "inputs", net->inputs);
	set_int(L, "outputs", net->outputs);
	set_int(L, "step_inputs", k->p->stream_inputs);
	set_int(L, "step_outputs", k->p->stream_outputs);
	set_int(L, "targets", net->targets);
	set_int(L, "params", net->params);
	set_int(L, "batch", net->batch > 0 ? net->batch : 1);
	set_int(L, "bytes", k->plan->bytes);
	set_int(L, "bits", k->real_bytes * 8);
	set_int(L, "multiply_adds", (int64_t)work_of(k->p, K_FORWARD, false));
	set_int(L, "flops", (int64_t)(work_of(k->p, K_GRADIENT, true) +
	        work_of(k->p, K_UPDATE, true)));
	set(L, "topology", fmt(k->c, "0x%016llx",
	    (unsigned long long)net->topology));
}

static void
switches(lua_State *L, Skeleton *k)
{
	const Network *net = k->p->net;
	bool any = false;
	uint32_t i;

	for (i = 0; i < k->p->grads.n; i++)
		any |= k->p->grads.v[i] != 0;
	set_bool(L, "own_header", k->o->own_header);
	set_bool(L, "standalone", k->o->standalone || k->o->for_jit);
	set_bool(L, "jit", k->o->for_jit);
	set_bool(L, "check", k->check);
	set_bool(L, "training", k->training);
	set_bool(L, "input_gradient", k->input_gradient);
	set_bool(L, "any_gradient", any && k->training);
	set_bool(L, "batch_all", net->batch_all);
	set_bool(L, "fast", !net->strict);
	set_bool(L, "coupled", k->p->coupled);
	if (net->lanes != (net->dtype == F32 ? 16 : 8) && k->e->use_vectors)
		set_int(L, "max_lanes", net->lanes);
	lua_newtable(L);
	set_bool(L, "forward", net->api_forward);
	set_bool(L, "train", k->update);
	set_bool(L, "gradient", net->api_gradient && k->training);
	set_bool(L, "input_gradient", k->input_gradient);
	set_bool(L, "step", wants(k->p, K_STREAM));
	lua_setfield(L, -2, "api");
}

static bool
carries_state(const Program *p)
{
	const Stmts *list = &p->kernel[K_FORWARD];
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i].scan)
			return true;
	return false;
}

static void
texts(lua_State *L, Skeleton *k)
{
	const Network *net = k->p->net;
	const char *name = upper(k->c, k->o->prefix);

	set(L, "version", BPGEN_VERSION);
	set(L, "spec", comment_safe(k->c, k->spec));
	set(L, "name", k->o->prefix);
	set(L, "NAME", name);
	set(L, "guard", fmt(k->c, "%s_NET_H", name));
	set(L, "real", k->e->real);
	set(L, "f", k->e->suffix);
	set(L, "vector", k->e->vector);
	set(L, "of_vector", k->e->of_vector);
	set(L, "quoted", quoted(k->c, net->name));
	set(L, "title", comment_safe(k->c, fmt(k->c, "%s, %s", net->name,
	    net->strict ? "the same bits everywhere (math strict)" :
	    "math fast")));
	set(L, "header", k->o->header_name ? k->o->header_name : "net.h");
	if (net->api_step && k->p->no_stream && carries_state(k->p))
		set(L, "no_step", comment_safe(k->c, k->p->no_stream));
	set(L, "has_rate", rate_field(k));
	set(L, "class", class_rule(k));
	set(L, "runtime", k->runtime);
	set(L, "types", k->types);
	set(L, "declarations", k->declarations);
	set(L, "trained", k->o->trained ? values_text(k, k->o->trained,
	    net->params) : NULL);
	set(L, "trained_stats", k->o->trained ? values_text(k, k->o->trained +
	    net->params, net->stats) : NULL);
	lua_newtable(L);
	set(L, "step", k->e->prec_step);
	set(L, "noise", k->e->prec_noise);
	lua_setfield(L, -2, "selfcheck");
}

/* pushes one table; u is a Skeleton */
int
skeleton_push(void *state_, void *u)
{
	lua_State *L = state_;
	Skeleton *k = u;

	luaL_checkstack(L, 20, NULL);
	lua_newtable(L);
	texts(L, k);
	switches(L, k);
	sizes(L, k);
	weights(L, k);
	statistics(L, k);
	states(L, k);
	saved_fields(L, k);
	fields_of(L, k);
	kernels(L, k);
	tables(L, k);
	info(L, k);
	overview(L, k);
	schedule(L, k);
	uses(L, k->e);
	return 1;
}
