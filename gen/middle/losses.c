/* SPDX-License-Identifier: MIT
 * Layers -> outputs and losses, as statements behind those of the layers. */
#include <string.h>
#include "network.h"

static Shape
target_shape(const Network *net, const Head *h)
{
	Shape s = net->layers.v[h->layer].out;
	int k;

	if (!h->index)
		return s;
	if (s.kind == MAP)
		for (k = 0; k + 1 < s.rank; k++)
			s.dim[k] = s.dim[k + 1];
	s.rank--;
	return s;
}

/* constants that are not known yet are neutral */
static TensorId
table(Builder *b, const char *name, const Shape *shape, const double *values,
	double neutral)
{
	Tensor t = { .kind = T_CONST, .name = name, .base = name, .layer = -1,
	             .shape = *shape };
	int64_t i, n = shape_size(shape);

	t.values = mem(b->c, (size_t)n * sizeof *t.values);
	for (i = 0; i < n; i++)
		t.values[i] = values ? values[i] : neutral;
	return ir_tensor(b->p, t);
}

static void
bind_scaling(Builder *b, Use *u, const Shape *shape, int64_t place)
{
	const Network *net = b->net;

	use_bind(u, "scale", table(b, "t_scale", shape, net->t_scale ?
	                           net->t_scale + place : NULL, 1));
	use_bind(u, "shift", table(b, "t_shift", shape, net->t_shift ?
	                           net->t_shift + place : NULL, 0));
}

bool
output(Builder *b, uint32_t h, int64_t place)
{
	const Head *head = &b->net->heads.v[h];
	const Network *net = b->net;
	Use u = { .p = b->p, .out = b->out, .layer = -1, .prefix = "",
	          .phase = PH_FORWARD, .what = "the output" };
	Tensor t = { .kind = T_OUTPUT, .base = "y", .layer = -1, .batch = true,
	             .shape = net->layers.v[head->layer].out, .place = place };

	t.name = net->heads.n > 1 ? fmt(b->c, "y%u", h + 1) : "y";
	b->outputs[h] = ir_tensor(b->p, t);
	use_bind(&u, "y", b->outputs[h]);
	use_bind(&u, "a", b->y[head->layer]);
	if (!net->targets_scale)
		return lower(&u, "y[...] = a[...]", (Loc){ 0 });
	bind_scaling(b, &u, &t.shape, place);
	return lower(&u, "y[...] = a[...]*scale[...] + shift[...]",
	             (Loc){ 0 });
}

static TensorId
target(Builder *b, uint32_t h, int64_t place)
{
	const Network *net = b->net;
	const Head *head = &net->heads.v[h];
	Tensor t = { .kind = T_TARGET, .base = "t", .layer = -1, .batch = true,
	             .shape = target_shape(net, head), .place = place };
	Use u = { .p = b->p, .out = b->out, .layer = -1, .prefix = "",
	          .phase = PH_LOSS, .what = "the targets" };
	TensorId raw;

	t.name = net->heads.n > 1 ? fmt(b->c, "t%u", h + 1) : "t";
	raw = ir_tensor(b->p, t);
	if (!net->targets_scale)
		return raw;
	use_bind(&u, "t", raw);
	bind_scaling(b, &u, &t.shape, place);
	lower(&u, "ts[...] = (t[...] - shift[...])/scale[...]", (Loc){ 0 });
	return use_find(&u, "ts");
}

/* a loss is written for one vector; leading axes (the places of a map) are
 * a pack around its index */
static void
widen(Ctx *c, Ast *a, bool last, bool index)
{
	Ast *pack;
	uint32_t i;

	if (!a)
		return;
	if (a->kind == A_NAME && ((a->subscripted && a->args.n == 1 &&
	    (!strcmp(a->name, "y") || !strcmp(a->name, "z") ||
	     !strcmp(a->name, "t") || !strcmp(a->name, "delta"))) ||
	    (index && !a->subscripted && !strcmp(a->name, "t")))) {
		pack = ast_new(c, A_PACK, a->loc);
		a->subscripted = true;
		PUSH(c, &a->args, pack);
		if (!last && a->args.n == 2) {
			a->args.v[1] = a->args.v[0];
			a->args.v[0] = pack;
		}
		return;
	}
	for (i = 0; i < a->args.n; i++)
		widen(c, a->args.v[i], last, index);
	widen(c, a->a, last, index);
	widen(c, a->b, last, index);
	widen(c, a->c, last, index);
}

/* text as lines, for outputs of any rank */
static bool
loss_lines(Builder *b, Use *u, const Head *h, const char *left,
	const char *text)
{
	const Shape *s = &b->net->layers.v[h->layer].out;
	bool last = s->kind == MAP;
	Lines lines = { 0 };
	Ast *pack;
	Line *l;

	if (!parse_formula(b->c, fmt(b->c, "%s = %s", left, text), (Loc){ 0 },
	                   fmt(b->c, "loss %s", h->loss->name), &lines))
		return false;
	l = &lines.v[0];
	if (s->rank > 1) {
		widen(b->c, l->expr, last, h->index);
		pack = ast_new(b->c, A_PACK, l->loc);
		l->subscripted = true;
		PUSH(b->c, &l->subs, pack);
		if (l->subs.n == 2 && !last) {
			l->subs.v[1] = l->subs.v[0];
			l->subs.v[0] = pack;
		}
	}
	return lower_lines(u, &lines);
}

static const Closed *
closed_form(const Builder *b, const Head *h)
{
	const Layer *l = &b->net->layers.v[h->layer];
	const Act *act = NULL;
	uint32_t i;

	for (i = 0; l->rec && i < l->rec->params.n; i++)
		if (l->rec->params.v[i].kind == ARG_ACTIVATION)
			act = l->args[i].act;
	if (!act || !b->z[h->layer])
		return NULL;
	for (i = 0; i < h->loss->with.n; i++)
		if (!strcmp(h->loss->with.v[i].left, act->rec->name) &&
		    (h->index ? h->loss->with.v[i].index_delta
		              : h->loss->with.v[i].delta))
			return &h->loss->with.v[i];
	return NULL;
}

static bool
loss(Builder *b, uint32_t h, TensorId t)
{
	const Head *head = &b->net->heads.v[h];
	const Closed *with = closed_form(b, head);
	const char *C = head->index ? head->loss->index : head->loss->C;
	bool wide = b->net->layers.v[head->layer].out.rank > 1;
	ClosedForm form = { .first = b->out->n };
	Use u = { .p = b->p, .out = b->out, .layer = -1, .phase = PH_LOSS,
	          .what = "the loss" };
	Use mean, v;

	u.prefix = b->net->heads.n > 1 ? fmt(b->c, "loss%u.", h + 1) : "loss.";
	b->p->at = head->loc;
	use_bind(&u, "y", b->y[head->layer]);
	use_bind(&u, "t", t);
	if (with)
		use_bind(&u, "z", b->z[head->layer]);
	u.given = u.binds.n;
	bind_args(&u, head->loss, head->args);
	if (with && (head->index ? with->index_C : with->C))
		C = head->index ? with->index_C : with->C;
	if (!C) {
		err(b->c, head->loc, "loss %s has no form for target=index",
		    head->loss->name);
		return false;
	}
	v = use_copy(&u);
	if (!loss_lines(b, &u, head, wide ? "c" : "C", C))
		return false;
	if (couples(b, form.first)) {
		err(b->c, head->loc, "loss %s sums over the samples of a "
		    "mini-batch: a loss is that of one sample",
		    head->loss->name);
		return false;
	}
	if (with && b->mode != INFER) {
		form.C = use_find(&u, wide ? "c" : "C");
		form.z = b->z[head->layer];
		form.last = b->out->n;
		v.out = &form.stmts;
		v.phase = PH_BACKWARD;
		if (!loss_lines(b, &v, head, "delta[i]", head->index
		                ? with->index_delta : with->delta))
			return false;
		form.delta = use_find(&v, "delta");
		PUSH(b->c, &b->p->middle->closed[b->kernel], form);
	}
	if (wide) {
		mean = use_copy(&u);
		if (!lower(&mean, "C = mean(...: c[...])", (Loc){ 0 }))
			return false;
		b->C = use_find(&mean, "C");
	} else {
		b->C = use_find(&u, "C");
	}
	return true;
}

/* the weighted sum of all heads */
bool
losses(Builder *b)
{
	Use u = { .p = b->p, .out = b->out, .layer = -1, .phase = PH_LOSS,
	          .prefix = "", .what = "the losses" };
	Text sum = { .c = b->c };
	int64_t place = 0;
	uint32_t h;

	text_add(&sum, "C = ");
	for (h = 0; h < b->net->heads.n; h++) {
		const Head *head = &b->net->heads.v[h];
		TensorId t = target(b, h, place);
		place += head->targets;
		if (!t || !loss(b, h, t))
			return false;
		use_bind(&u, fmt(b->c, "c%u", h), b->C);
		use_value(&u, fmt(b->c, "w%u", h), head->weight);
		text_add(&sum, "%sw%u*c%u", h ? " + " : "", h, h);
	}
	if (b->net->heads.n == 1 && b->net->heads.v[0].weight == 1)
		return true;
	if (!lower(&u, sum.s, (Loc){ 0 }))
		return false;
	b->C = use_find(&u, "C");
	return true;
}
