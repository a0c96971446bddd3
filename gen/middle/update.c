/* SPDX-License-Identifier: MIT
 * Gradients -> new weights: mean over the samples, clipping, l2 and l1, then
 * the optimizer's rule for every weight; and the random start of the weights.
 * These statements work element by element: bare names are whole tensors. */
#include <string.h>
#include "middle.h"

static TensorId
scalar(Program *p, const char *name, TensorKind kind, double fill_value)
{
	Tensor t = { .kind = kind, .name = name, .base = name, .layer = -1,
	             .fill = fill_value };

	return ir_tensor(p, t);
}

static double
argument(const Record *rec, const Arg *args, const char *name)
{
	uint32_t i;

	for (i = 0; i < rec->params.n; i++)
		if (!strcmp(rec->params.v[i].name, name))
			return args[i].num;
	return 0;
}

/* the arguments of the optimizer; the rate can change at run time */
static void
optimizer_values(Program *p, Use *u, TensorId rate)
{
	const Record *r = p->net->optimizer;
	uint32_t i;

	for (i = 0; i < r->params.n; i++) {
		if (rate && !strcmp(r->params.v[i].name, "rate"))
			use_bind(u, "rate", rate);
		else
			use_value(u, r->params.v[i].name,
			          p->net->opt_args[i].num);
	}
}

static Use
update_use(Program *p, int layer, const char *prefix)
{
	Use u = { .p = p, .out = &p->kernel[K_UPDATE], .layer = layer,
	          .prefix = prefix, .update = true, .phase = PH_UPDATE,
	          .what = fmt(p->c, "optimizer %s", p->net->optimizer->name) };

	return u;
}

/* the norm of the mean gradient over all parameters, as a factor */
static TensorId
clip_factor(Program *p)
{
	Use u = update_use(p, -1, "clip.");
	Text sum = { .c = p->c };
	uint32_t i, n = 0;

	text_add(&sum, "norm = sqrt(");
	for (i = 0; i < p->weights.n; i++) {
		const char *d = fmt(p->c, "d%u", i), *s = fmt(p->c, "s%u", i);
		if (!p->grads.v[i])
			continue;
		use_bind(&u, d, p->grads.v[i]);
		if (!lower(&u, fmt(p->c, "%s = sum(...: (%s[...]/count)^2)", s,
		                   d), (Loc){ 0 }))
			return 0;
		text_add(&sum, "%s%s", n++ ? " + " : "", s);
	}
	if (!n)
		return 0;
	use_value(&u, "most", p->net->clip_norm);
	text_add(&sum, ")\nfactor = norm > most ? most/norm : 1\n");
	return lower(&u, sum.s, (Loc){ 0 }) ? use_find(&u, "factor") : 0;
}

/* the mean, clipped, plus l2*w and l1*sign(w) on what decays: as text */
static const char *
gradient_text(Program *p, Use *u, const Tensor *w)
{
	const Network *net = p->net;
	const Layer *l = &net->layers.v[w->layer];
	double l2 = l->l2 >= 0 ? l->l2 : net->l2;
	double l1 = l->l1 >= 0 ? l->l1 : net->l1;
	Text t = { .c = p->c };
	bool decay = w->decay && !net->optimizer->no_l2;

	text_add(&t, "d/count");
	if (net->clip_norm > 0) {
		t.n = 0;
		text_add(&t, "d/count*factor");
	}
	if (net->clip_value > 0) {
		const char *old = copy(p->c, t.s, t.n);
		use_value(u, "most", net->clip_value);
		t.n = 0;
		text_add(&t, "clamp(%s, -most, most)", old);
	}
	if (decay && l2 > 0) {
		use_value(u, "l2", l2);
		text_add(&t, " + l2*w");
	}
	if (decay && l1 > 0) {
		use_value(u, "l1", l1);
		text_add(&t, " + l1*sign(w)");
	}
	return t.s;
}

static bool
declare_state(Program *p, Use *u, TensorId w)
{
	const Record *r = p->net->optimizer;
	uint32_t i;

	for (i = 0; i < r->state.n; i++) {
		const StateDecl *s = &r->state.v[i];
		Tensor t = p->tensors.v[w];
		TensorId id;
		t.kind = T_STATE;
		t.base = s->name;
		t.of = w;
		t.fill = s->arg ? argument(r, p->net->opt_args, s->arg)
		                : s->value;
		t.name = fmt(p->c, "%s.%s", p->tensors.v[w].name, s->name);
		id = ir_tensor(p, t);
		PUSH(p->c, &p->states, id);
		use_bind(u, s->name, id);
	}
	return true;
}

static bool
is_net_state(const Record *r, const char *name)
{
	uint32_t i;

	for (i = 0; i < r->net_state.n; i++)
		if (!strcmp(r->net_state.v[i].name, name))
			return true;
	return false;
}

/* the rule for one weight; lines that write a value of the network run once,
 * with the first weight */
static bool
rule(Program *p, Use *u, bool decay, bool first)
{
	const Record *r = p->net->optimizer;
	const char *text = !decay && r->step_bias ? r->step_bias : r->step;
	Lines all = { 0 }, mine = { 0 };
	uint32_t i;

	if (!parse_formula(p->c, text, (Loc){ 0 }, u->what, &all))
		return false;
	for (i = 0; i < all.n; i++)
		if (first || !is_net_state(r, all.v[i].name))
			PUSH(p->c, &mine, all.v[i]);
	return lower_lines(u, &mine);
}

static void
one_weight(Program *p, uint32_t i, bool first, TensorId rate,
	TensorId factor)
{
	TensorId w = p->weights.v[i];
	const Tensor *t = &p->tensors.v[w];
	const Network *net = p->net;
	const Record *r = net->optimizer;
	Use u = update_use(p, t->layer, fmt(p->c, "%s.", t->name));
	uint32_t k;
	bool decay = t->decay;

	use_bind(&u, "w", w);
	use_bind(&u, "d", p->grads.v[i]);
	if (factor)
		use_bind(&u, "factor", factor);
	if (!lower(&u, fmt(p->c, "g = %s", gradient_text(p, &u, t)),
	           (Loc){ 0 }))
		return;
	for (k = 0; k < p->net_states.n; k++)
		use_bind(&u, p->tensors.v[p->net_states.v[k]].base,
		         p->net_states.v[k]);
	declare_state(p, &u, w);
	optimizer_values(p, &u, rate);
	if (!rule(p, &u, decay, first))
		note(p->c, r->loc, "in optimizer '%s'", r->name);
}

/* ---- the start of the weights */

static void
start(Program *p, uint32_t i)
{
	TensorId w = p->weights.v[i];
	const Tensor *t = &p->tensors.v[w];
	const Layer *l = &p->net->layers.v[t->layer];
	const Weight *x = NULL;
	Use u = { .p = p, .out = &p->kernel[K_INIT], .layer = t->layer,
	          .prefix = fmt(p->c, "%s.", t->name), .update = true,
	          .phase = PH_INIT, .rand_key = 0x40000000u + i * 64 };
	Stmt like = { .layer = t->layer, .phase = PH_INIT, .loc = l->loc };
	uint32_t k;

	for (k = 0; k < l->weights.n; k++)
		if (!strcmp(l->weights.v[k].name, t->base))
			x = &l->weights.v[k];
	if (!x->init || (!x->init->w && !x->init->formula)) {
		fill(p, w, x->fill, u.out, &like);
		return;
	}
	u.what = fmt(p->c, "init %s", x->init->name);
	use_bind(&u, "w", w);
	use_value(&u, "fan_in", x->fan_in);
	use_value(&u, "fan_out", x->fan_out);
	for (k = 0; k < x->init->params.n; k++)
		use_value(&u, x->init->params.v[k].name, x->init_args[k].num);
	if (!lower(&u, x->init->formula ? x->init->formula :
	           fmt(p->c, "w = %s", x->init->w), (Loc){ 0 }))
		note(p->c, l->word_loc, "in layer '%s'", l->name);
}

/* needs grads; fills K_UPDATE, K_INIT, states, net_states */
void
update(Program *p)
{
	const Record *r = p->net->optimizer;
	TensorId rate = 0, factor = 0;
	uint32_t i;
	bool first = true;

	for (i = 0; i < p->weights.n; i++)
		start(p, i);
	if (!p->loss[K_GRADIENT] || !r)
		return;
	for (i = 0; i < r->params.n; i++)
		if (!strcmp(r->params.v[i].name, "rate"))
			rate = scalar(p, "rate", T_NET, p->net->rate);
	if (rate)
		PUSH(p->c, &p->net_states, rate);
	for (i = 0; i < r->net_state.n; i++) {
		const StateDecl *s = &r->net_state.v[i];
		TensorId t = scalar(p, s->name, T_NET, s->arg ?
			argument(r, p->net->opt_args, s->arg) : s->value);
		PUSH(p->c, &p->net_states, t);
	}
	if (p->net->clip_norm > 0)
		factor = clip_factor(p);
	for (i = 0; i < p->weights.n && !p->c->errors; i++) {
		if (!p->grads.v[i])
			continue;
		one_weight(p, i, first, rate, factor);
		first = false;
	}
}
