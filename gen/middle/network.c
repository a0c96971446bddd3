/* SPDX-License-Identifier: MIT
 * Network -> forward statements: every layer's formula, outputs and losses,
 * once for inference and once for training; where a formula sums over the
 * samples of a mini-batch, once more for the training of a sample alone. */
#include <string.h>
#include "network.h"

Program *
program_new(Ctx *c, const Network *net, Dtype dtype)
{
	Program *p = mem(c, sizeof *p);
	Expr none = { 0 };
	Tensor t = { 0 };
	Scan g = { 0 };

	p->c = c;
	p->net = net;
	p->dtype = dtype;
	p->middle = mem(c, sizeof *p->middle);
	ir_index(p, "n", 1);
	PUSH(c, &p->exprs, none);
	PUSH(c, &p->tensors, t);
	PUSH(c, &p->scans, g);
	return p;
}

static TensorId
owned(const Builder *b, int layer, const char *name)
{
	uint32_t i;

	for (i = 0; i < b->weights.n; i++) {
		struct Owned o = b->weights.v[i];
		if (o.layer == layer && !strcmp(b->net->layers.v[layer]
		    .weights.v[o.weight].name, name))
			return o.t;
	}
	return 0;
}

static void
declare_weights(Builder *b)
{
	int64_t place = 0;
	uint32_t i, k;

	for (i = 0; i < b->net->layers.n; i++) {
		const Layer *l = &b->net->layers.v[i];
		for (k = 0; k < l->weights.n && !l->dead; k++) {
			const Weight *w = &l->weights.v[k];
			struct Owned o = { (int)i, k, 0 };
			Tensor t = { .kind = T_WEIGHT, .base = w->name,
			             .shape = w->shape, .layer = (int)i,
			             .place = place, .decay = w->decay,
			             .loc = l->loc };
			if (w->tied >= 0) {
				o.t = owned(b, w->tied, w->name);
				PUSH(b->c, &b->weights, o);
				continue;
			}
			t.name = fmt(b->c, "%s.%s", l->name, w->name);
			o.t = ir_tensor(b->p, t);
			place += shape_size(&w->shape);
			PUSH(b->c, &b->weights, o);
			PUSH(b->c, &b->p->weights, o.t);
			PUSH(b->c, &b->p->grads, 0);
		}
	}
}

static void
declare_statistics(Builder *b)
{
	int64_t place = 0;
	uint32_t i, k;

	for (i = 0; i < b->net->layers.n; i++) {
		const Layer *l = &b->net->layers.v[i];
		for (k = 0; k < l->statistics.n && !l->dead; k++) {
			const Weight *w = &l->statistics.v[k];
			struct Owned o = { (int)i, k, 0 };
			Tensor t = { .kind = T_STATISTIC, .base = w->name,
			             .shape = w->shape, .layer = (int)i,
			             .place = place, .fill = w->fill,
			             .loc = l->loc };
			t.name = fmt(b->c, "%s.%s", l->name, w->name);
			o.t = ir_tensor(b->p, t);
			place += shape_size(&w->shape);
			PUSH(b->c, &b->statistics, o);
			PUSH(b->c, &b->p->statistics, o.t);
		}
	}
}

static void
declare_inputs(Builder *b)
{
	int64_t place = 0;
	uint32_t i, k;

	for (i = 0; i < b->net->layers.n; i++) {
		const Layer *l = &b->net->layers.v[i];
		Tensor t = { .kind = T_INPUT, .base = "x", .shape = l->out,
		             .batch = true, .layer = (int)i, .place = place,
		             .loc = l->loc };
		if (!l->rec) {
			t.name = fmt(b->c, "%s.x", l->name);
			b->input[i] = ir_tensor(b->p, t);
			place += shape_size(&l->out);
		}
		for (k = 0; l->rec && k < l->rec->constants.n; k++) {
			struct Owned o = { (int)i, k, 0 };
			const Layer *in = &b->net->layers.v[l->in.v[0]];
			Tensor q = { .kind = T_CONST, .shape = in->out,
			             .base = l->rec->constants.v[k],
			             .layer = (int)i, .loc = l->loc };
			q.name = fmt(b->c, "%s.%s", l->name, q.base);
			q.values = l->constants[k];
			o.t = ir_tensor(b->p, q);
			PUSH(b->c, &b->tables, o);
		}
	}
}

void
bind_args(Use *u, const Record *rec, const Arg *args)
{
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		const Arg *a = &args[i];
		switch (rec->params.v[i].kind) {
		case ARG_ACTIVATION:
			u->act.name = rec->params.v[i].name;
			u->act.act = a->act;
			break;
		case ARG_NUMBER: case ARG_WHOLE: case ARG_SWITCH: case ARG_SIZE:
		case ARG_FRACTION: case ARG_FLAG:
			use_value(u, rec->params.v[i].name, a->num);
			break;
		case ARG_CHOICE: case ARG_WINDOW: case ARG_DIMS: case ARG_WORD:
			break;
		}
	}
}

static void
bind_layer(Builder *b, int i, Use *u)
{
	const Layer *l = &b->net->layers.v[i];
	const Record *r = l->rec;
	uint32_t k;

	for (k = 0; k < l->in.n; k++) {
		const char *name = r->variadic ? fmt(b->c, "x%u", k + 1) :
		                   k < r->inputs.n ? r->inputs.v[k] : "x";
		use_bind(u, name, b->y[l->in.v[k]]);
	}
	for (k = 0; k < l->weights.n; k++)
		use_bind(u, l->weights.v[k].name,
		         owned(b, i, l->weights.v[k].name));
	for (k = 0; k < b->tables.n; k++)
		if (b->tables.v[k].layer == i)
			use_bind(u, r->constants.v[b->tables.v[k].weight],
			         b->tables.v[k].t);
	bind_args(u, r, l->args);
	for (k = 0; k < l->values.n; k++)
		use_value(u, l->values.v[k].name, l->values.v[k].value);
	for (k = 0; k < l->shapes.n; k++)
		PUSH(b->c, &u->shapes, l->shapes.v[k]);
	PUSH(b->c, &u->shapes, ((NamedShape){ "y", l->out }));
}

static void
bind_statistics(Builder *b, int i, Use *u)
{
	uint32_t k;

	for (k = 0; k < b->statistics.n; k++)
		if (b->statistics.v[k].layer == i)
			use_bind(u, b->net->layers.v[i].statistics.v[b->
			         statistics.v[k].weight].name,
			         b->statistics.v[k].t);
}

/* A frozen layer with statistics is the same function in training. */
static const char *
text_of(const Builder *b, int i)
{
	const Layer *l = &b->net->layers.v[i];
	bool infer = b->mode == INFER || (b->mode == ALONE && b->couples[i]) ||
	             (l->frozen && l->statistics.n);

	return infer && l->infer ? l->infer : l->formula;
}

bool
couples(const Builder *b, uint32_t first)
{
	const Program *p = b->p;
	uint32_t i;

	for (i = first; i < b->out->n; i++) {
		const Stmt *s = &b->out->v[i];
		if (s->nridx && p->indices.v[s->ridx] == SAMPLE)
			return true;
	}
	return false;
}

static bool
settle_coupling(Builder *b, int i, const char *text, uint32_t first)
{
	const Layer *l = &b->net->layers.v[i];

	if (!couples(b, first))
		return true;
	if (b->mode == TOGETHER && l->infer && text == l->formula) {
		b->couples[i] = b->p->coupled = true;
		return true;
	}
	err(b->c, l->rec->loc, "'%s' sums over the samples of a mini-batch, but "
	    "%s", l->rec->name, l->infer ? "in inference a sample is alone" :
	    "says nothing of a sample that is alone");
	help(b->c, "give it an `infer` that reads `statistics` which the "
	     "formula keeps");
	note(b->c, l->word_loc, "in layer '%s'", l->name);
	return false;
}

static bool
reads_below(const Builder *b, uint32_t at)
{
	const TensorId t = b->out->v[at].target;
	uint32_t i, k;

	for (i = at + 1; i < b->out->n; i++) {
		Reads reads = { 0 };
		expr_reads(b->p, b->out->v[i].expr, true, &reads);
		for (k = 0; k < reads.n; k++)
			if (b->p->exprs.v[reads.v[k]].tensor == t)
				return true;
	}
	return false;
}

/* Statistics are numbers of all samples, and what reads one in training sees
 * it as it was before. */
static bool
statistics_hold(const Builder *b, int i, uint32_t first)
{
	const Layer *l = &b->net->layers.v[i];
	uint32_t k;

	for (k = first; k < b->out->n; k++) {
		const Stmt *s = &b->out->v[k];
		const Tensor *t = &b->p->tensors.v[s->target];
		if (t->kind != T_STATISTIC ||
		    (!t->batch && !reads_below(b, k)))
			continue;
		if (t->batch) {
			err(b->c, s->loc, "the statistic '%s' is given a value "
			    "of every sample", t->base);
			help(b->c, "sum over the samples first: `mean(n: ...)`");
		} else {
			err(b->c, s->loc, "the statistic '%s' is written here "
			    "and read below", t->base);
			help(b->c, "write it in the last lines: what reads it "
			     "sees it as it was before the mini-batch");
		}
		note(b->c, l->word_loc, "in layer '%s'", l->name);
		return false;
	}
	return true;
}

static bool
layer(Builder *b, int i)
{
	const Layer *l = &b->net->layers.v[i];
	const char *text = text_of(b, i);
	uint32_t first = b->out->n;
	Use u = { .p = b->p, .out = b->out, .layer = i, .pad = l->pad,
	          .phase = PH_FORWARD };
	Loc at = text == l->formula ? l->formula_loc : (Loc){ 0 };
	Ctx *c = b->c;
	Shape made;

	if (!l->rec) {
		b->y[i] = b->input[i];
		return true;
	}
	u.prefix = fmt(c, "%s.", l->name);
	u.what = fmt(c, "layer '%s'", l->name);
	u.rand_key = (uint32_t)l->number * RAND_SITES;
	b->p->at = l->loc;
	bind_layer(b, i, &u);
	if (text == l->infer)
		bind_statistics(b, i, &u);
	u.given = u.binds.n;
	if (text != l->infer) /* these it may write */
		bind_statistics(b, i, &u);
	if (!lower(&u, text, at)) {
		note(c, l->word_loc, "in layer '%s'", l->name);
		return false;
	}
	if (!settle_coupling(b, i, text, first) || !statistics_hold(b, i, first))
		return false;
	b->y[i] = use_find(&u, "y");
	b->z[i] = u.act_z;
	if (!b->y[i]) {
		err(c, l->rec->loc, "the formula of '%s' does not write y",
		    l->rec->name);
		note(c, l->word_loc, "in layer '%s'", l->name);
		return false;
	}
	made = b->p->tensors.v[b->y[i]].shape;
	if (b->p->tensors.v[b->y[i]].off) /* the row before t = 0 */
		made.dim[0]--;
	if (shape_size(&made) != shape_size(&l->out)) {
		err(c, l->rec->loc, "the formula of '%s' makes %s, its shape "
		    "says %s", l->rec->name,
		    shape_text(c, &made), shape_text(c, &l->out));
		note(c, l->word_loc, "in layer '%s'", l->name);
		return false;
	}
	return true;
}

static bool
forward(Builder *b, Mode mode, Stmts *out)
{
	bool infer = mode == INFER;
	uint32_t i;
	int64_t place = 0;

	b->mode = mode;
	b->kernel = mode == TOGETHER ? K_GRADIENTS : K_GRADIENT;
	b->out = out;
	for (i = 0; i < b->net->layers.n; i++)
		if (!b->net->layers.v[i].dead && !layer(b, (int)i))
			return false;
	for (i = 0; infer && i < b->net->heads.n; i++) {
		if (!output(b, i, place))
			return false;
		place += b->net->heads.v[i].outputs;
	}
	return !b->net->heads.v[0].loss || losses(b);
}

static void
select_kernel(Builder *b, Kernel k, const Stmts *all, const Indices *roots)
{
	Stmts *to = &b->p->kernel[k];
	uint32_t i;

	for (i = 0; i < all->n; i++)
		PUSH(b->c, to, all->v[i]);
	prune(b->p, to, roots);
}

/* the training loss changes nothing */
static void
select_training_loss(Builder *b, const Stmts *train, const Indices *C)
{
	Stmts all = { 0 };
	uint32_t i;

	for (i = 0; i < train->n; i++)
		if (b->p->tensors.v[train->v[i].target].kind != T_STATISTIC)
			PUSH(b->c, &all, train->v[i]);
	select_kernel(b, K_TRAINLOSS, &all, C);
}

/* Training: one list for a sample alone and for several, unless some formula
 * sums over the samples. */
static void
training(Builder *b)
{
	Program *p = b->p;
	Stmts together = { 0 }, alone = { 0 };
	Indices C = { 0 };

	if (!forward(b, TOGETHER, &together))
		return;
	PUSH(p->c, &C, b->C);
	p->loss[K_TRAINLOSS] = p->loss[K_GRADIENT] = b->C;
	select_training_loss(b, &together, &C);
	p->kernel[K_GRADIENT] = together;
	p->middle->closed[K_GRADIENT] = p->middle->closed[K_GRADIENTS];
	if (!p->coupled)
		return;
	p->loss[K_GRADIENTS] = b->C;
	p->kernel[K_GRADIENTS] = together;
	p->middle->closed[K_GRADIENT].n = 0;
	p->middle->closed[K_GRADIENT].cap = 0;
	if (!forward(b, ALONE, &alone))
		return;
	p->loss[K_GRADIENT] = b->C;
	p->kernel[K_GRADIENT] = alone;
}

/* needs a resolved network; fills K_FORWARD, K_LOSS, K_TRAINLOSS and the
 * forward half of K_GRADIENT and K_GRADIENTS, weights, statistics */
void
formula(Program *p)
{
	Builder b = { .p = p, .c = p->c, .net = p->net };
	Stmts infer = { 0 };
	Indices y = { 0 }, C = { 0 };
	uint32_t i, n = p->net->layers.n;

	if (p->net->heads.n > MOST_HEADS) {
		err(p->c, p->net->heads.v[MOST_HEADS].loc,
		    "more than %d outputs", MOST_HEADS);
		return;
	}
	b.input = mem(p->c, n * sizeof *b.input);
	b.y = mem(p->c, n * sizeof *b.y);
	b.z = mem(p->c, n * sizeof *b.z);
	b.couples = mem(p->c, n + 1);
	declare_weights(&b);
	declare_statistics(&b);
	declare_inputs(&b);
	if (!forward(&b, INFER, &infer))
		return;
	for (i = 0; i < p->net->heads.n; i++)
		PUSH(p->c, &y, b.outputs[i]);
	select_kernel(&b, K_FORWARD, &infer, &y);
	if (!p->net->heads.v[0].loss)
		return;
	PUSH(p->c, &C, b.C);
	p->loss[K_LOSS] = b.C;
	select_kernel(&b, K_LOSS, &infer, &C);
	training(&b);
}

/* what outlives the kernel */
static bool
is_kept(const Program *p, TensorId t)
{
	TensorKind k = p->tensors.v[t].kind;

	return k != T_TEMP && k != T_INT && k != T_OUTPUT;
}

/* what no root depends on goes; works backwards, scans to a fixpoint */
void
prune(Program *p, Stmts *list, const Indices *roots)
{
	bool *need = mem(p->c, p->tensors.n + 1), again = true;
	uint32_t i, k, n = 0;

	for (i = 0; i < roots->n; i++)
		need[roots->v[i]] = true;
	while (again) {
		again = false;
		for (i = list->n; i-- > 0;) {
			const Stmt *s = &list->v[i];
			Reads reads = { 0 };
			if (!need[s->target] && !is_kept(p, s->target))
				continue;
			expr_reads(p, s->expr, true, &reads);
			for (k = 0; k < reads.n; k++) {
				TensorId t = p->exprs.v[reads.v[k]].tensor;
				again |= !need[t];
				need[t] = true;
			}
		}
	}
	for (i = 0; i < list->n; i++)
		if (need[list->v[i].target] || is_kept(p, list->v[i].target))
			list->v[n++] = list->v[i];
	list->n = n;
}
