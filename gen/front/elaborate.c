/* SPDX-License-Identifier: MIT
 * One statement into the network: inputs, layers, and what they read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "front.h"

/* what other tools begin a line with */
static const struct { const char *word, *text; } habits[] = {
	{ "learning_rate", "the learning rate belongs to the optimizer: "
	  "`optimizer sgd rate=0.1`" },
	{ "lr", "the learning rate belongs to the optimizer: `optimizer sgd "
	  "rate=0.1`" },
	{ "rate", "the learning rate belongs to the optimizer: `optimizer sgd "
	  "rate=0.1`" },
	{ "momentum", "momentum belongs to the optimizer: `optimizer sgd "
	  "rate=0.1 momentum=0.9`" },
	{ "activation", "the activation stands at the end of its layer: "
	  "`dense 30 relu`; on a line of its own it is its bare word, `relu`" },
	{ "weight_decay", "weights decay with `l2 1e-4`" },
	{ "regularizer", "weights decay with `l2 1e-4`" },
	{ "batch_size", "write `batch 32`" }, { "batchsize", "write `batch 32`" },
	{ "minibatch", "write `batch 32`" },
	{ "iterations", "write `epochs 100`" },
	{ "steps", "write `epochs 100`, or `input 3 steps=24` for sequences" },
	{ "early_stopping", "write `stop patience=10 on=val_loss`" },
	{ "scheduler", "write `schedule step every=5 factor=0.5`" },
	{ "linear_layer", "a fully connected layer is `dense 30`" },
	{ "fc", "a fully connected layer is `dense 30`" },
	{ "Linear", "a fully connected layer is `dense 30`" },
	{ "Dense", "a fully connected layer is `dense 30`" },
	{ "fully_connected", "a fully connected layer is `dense 30`" },
	{ "hidden", "a fully connected layer is `dense 30`" },
	{ "conv2d", "write `conv 6 5x5 tanh`" },
	{ "Conv2D", "write `conv 6 5x5 tanh`" },
	{ "conv1d", "write `conv 6 5`: the window of a sequence has one size" },
	{ "maxpool2d", "write `maxpool 2x2`" },
	{ "pool", "write `maxpool 2x2` or `avgpool 2x2`" },
	{ "bidirectional", "write `a: lstm 16 from x`, `b: lstm 16 reverse from "
	  "x` and `concat a b`" },
	{ "LSTM", "write `lstm 16`" }, { "GRU", "write `gru 16`" },
	{ "RNN", "write `rnn 16`" },
	{ "residual", "write `add prev NAME`" },
	{ "skip", "write `add prev NAME`" },
	{ "deconv", "a transposed convolution is `convtranspose 6 4x4 stride=2`" },
	{ "upconv", "a transposed convolution is `convtranspose 6 4x4 stride=2`" },
	{ "conv2dtranspose", "a transposed convolution is `convtranspose 6 4x4 "
	  "stride=2`" },
	{ "instancenorm", "write `groupnorm` with as many groups as channels" },
	{ "permute", "`transpose` swaps rows and columns" },
	{ "view", "write `reshape 3x4x5`" }, { "chunk", "write `split 3 part=1`" },
	{ "pixelshuffle", "write `convtranspose 6 2x2 stride=2` or `upsample 2`" },
	{ "interpolate", "write `upsample 2` or `upsample 2 bilinear`" },
	{ "criterion", "write `loss mse`" }, { "cost", "write `loss mse`" },
	{ "metrics", "accuracy is measured by `bpgen eval`" },
	{ "compile", "the network is complete as it stands" },
	{ "name", "write `net NAME`" }, { "model", "write `net NAME`" },
	{ "adam", "write `optimizer adam`" }, { "sgd", "write `optimizer sgd`" },
	{ "embedding", "write `embed 16 vocab=1000`" },
	{ "frozen", "`frozen` stands at the end of a layer" },
	{ "surrogate", "`surrogate=` follows its activation: `dense 1 step "
	  "surrogate=sigmoid`" },
	{ "mse", "write `loss mse`" }, { "cross_entropy", "write `loss "
	  "cross_entropy`" },
	{ "then", "`then` stands at the end of the line of its `if`" },
};
static const char *const reserved[] = { "prev", "from", "last" };

static bool
contains(const Names *names, const char *name)
{
	uint32_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

static const Record *
find_quietly(Ctx *c, RecordKind kind, const char *name)
{
	if (!contains(record_names(c, kind), name))
		return NULL;
	return record_find(c, kind, name);
}

/* a word that no definition can give another meaning */
const char *
word_taken(Ctx *c, RecordKind kind, const char *word)
{
	size_t i;

	if (kind != REC_LAYER && kind != REC_ACTIVATION)
		return NULL;
	for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (!strcmp(word, reserved[i]))
			return "a word of the language";
	if (is_lua_word(word))
		return "a word of Lua";
	if (!strcmp(word, "input") || !strcmp(word, "include") ||
	    !strcmp(word, "param") || is_setting(word))
		return "a statement";
	if (kind == REC_LAYER && contains(record_names(c, REC_ACTIVATION), word))
		return "an activation";
	if (kind == REC_ACTIVATION && contains(record_names(c, REC_LAYER), word))
		return "a layer";
	return NULL;
}

bool
word_exists(Parse *p, const char *word)
{
	return !strcmp(word, "input") || !strcmp(word, "include") ||
	       !strcmp(word, "param") || is_setting(word) ||
	       contains(record_names(p->c, REC_LAYER), word);
}

const Names *
statement_words(Parse *p)
{
	const Names *layers = record_names(p->c, REC_LAYER);
	const Names *acts = record_names(p->c, REC_ACTIVATION);
	Names *all = mem(p->c, sizeof *all);
	uint32_t i;

	PUSH(p->c, all, "input");
	PUSH(p->c, all, "include");
	PUSH(p->c, all, "param");
	for (i = 0; i < layers->n; i++)
		PUSH(p->c, all, layers->v[i]);
	setting_names(p->c, all);
	for (i = 0; i < acts->n; i++)
		PUSH(p->c, all, acts->v[i]);
	return all;
}

void
not_yet(Parse *p, Loc at, const char *text)
{
	if (p->not_yet_text)
		return;
	p->not_yet = at;
	p->not_yet_text = text;
}

/* ---------------------------------------------------------------- names */
static int
layer_named(const Parse *p, const char *name)
{
	int i;

	for (i = (int)p->net->layers.n - 1; i >= 0; i--)
		if (!strcmp(p->net->layers.v[i].name, name))
			return i;
	return -1;
}

int
layer_find(Parse *p, const Token *t)
{
	Ctx *c = p->c;
	Names names = { 0 };
	uint32_t i;
	int found = -1;

	if (t->kind == TK_OTHER)
		return -1;
	if (!strcmp(t->text, "prev") && p->net->layers.n)
		return (int)p->net->layers.n - 1;
	if (t->kind == TK_WORD)
		found = layer_named(p, t->text);
	if (found >= 0)
		return found;
	err(c, t->loc, "no layer is called '%s' at this point", t->text);
	for (i = 0; i < p->net->layers.n; i++)
		PUSH(c, &names, p->net->layers.v[i].name);
	args_suggest(c, t->text, &names, "a layer");
	return -1;
}

/* is the label free, and no word that would be read otherwise? */
static bool
label_ok(Parse *p, const Token *t)
{
	Ctx *c = p->c;
	const char *what = NULL;
	size_t i;
	int other;

	for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (!strcmp(t->text, reserved[i]))
			what = "a word of the language";
	if (word_exists(p, t->text))
		what = "a statement";
	else if (find_quietly(c, REC_ACTIVATION, t->text))
		what = "an activation";
	if (what) {
		err(c, t->loc, "'%s' cannot be a label: it is %s", t->text,
		    what);
		return false;
	}
	other = layer_named(p, t->text);
	if (other < 0)
		return true;
	if (p->net->layers.v[other].labelled)
		err(c, t->loc, "the label '%s' is used twice", t->text);
	else
		err(c, t->loc, "'%s' is the automatic name of another line",
		    t->text);
	note(c, p->net->layers.v[other].word_loc, "the other one");
	return false;
}

/* the automatic name of the next layer, or its label */
static void
name_layer(Parse *p, Layer *l, const Statement *st, const char *word)
{
	int other;

	l->number = (int)p->net->layers.n;
	/* a bad label too, unless taken: others may name it in peace */
	if (st->label.text && (label_ok(p, &st->label) ||
	    layer_named(p, st->label.text) < 0)) {
		l->name = st->label.text;
		l->labelled = true;
		return;
	}
	l->name = fmt(p->c, "%s%d", word, l->number);
	other = layer_named(p, l->name);
	if (other >= 0 && !st->label.text) {
		err(p->c, p->net->layers.v[other].loc, "'%s' is the automatic "
		    "name of another line", l->name);
		note(p->c, l->word_loc, "of this one");
	}
}

/* ------------------------------------------------------------- layers */
static Layer
layer_new(const Statement *st, const Record *rec)
{
	Layer l = { .rec = rec, .loc = st->loc, .word_loc = st->word.loc };

	l.l1 = l.l2 = -1;
	return l;
}

static void
layer_push(Parse *p, const Layer *l, const LayerInfo *info)
{
	PUSH(p->c, &p->net->layers, *l);
	PUSH(p->c, &p->info, *info);
	p->prev_broken = info->broken;
}

/* 0 ... 2^31 - 1 values, or an error at `at` */
static bool
size_ok(Parse *p, const Shape *s, Loc at, const char *what)
{
	int64_t size = 1;
	int i;

	for (i = 0; i < s->rank; i++) {
		if (s->dim[i] < 1) {
			err(p->c, at, "%s has a size of %d", what,
			    (int)s->dim[i]);
			return false;
		}
		size *= s->dim[i];
		if (size > INT32_MAX) {
			err(p->c, at, "%s has more than 2^31-1 values", what);
			return false;
		}
	}
	return true;
}

static bool
input_shape(Parse *p, Statement *st, Shape *shape)
{
	static const ShapeKind kinds[] = { VECTOR, VECTOR, MATRIX, MAP };
	Ctx *c = p->c;
	Item *steps = args_option(c, st, "steps"), *item = args_positional(st);
	double v = 0;
	int i;

	if (!item || (item->value.kind != TK_NUMBER &&
	    item->value.kind != TK_DIMS)) {
		if (!st->bad)
			err(c, item ? item->value.loc : st->word.loc, "input "
			    "needs a shape, like 4, 16x16 or 1x28x28");
		return false;
	}
	if (item->value.kind == TK_NUMBER) {
		if (!args_whole(c, &item->value, "the number of inputs", 1,
		    INT32_MAX, &v))
			return false;
		shape->dim[0] = (int32_t)v;
		shape->rank = 1;
	} else {
		shape->rank = item->value.rank;
		for (i = 0; i < shape->rank; i++)
			shape->dim[i] = item->value.dim[i];
	}
	if (shape->rank > 3 || (steps && shape->rank > 1)) {
		err(c, item->value.loc, steps ? "an input with steps= has one "
		    "size, but this is %s" : "an input has at most three "
		    "sizes, but this is %s", item->value.text);
		return false;
	}
	shape->kind = kinds[shape->rank];
	if (!steps)
		return size_ok(p, shape, item->value.loc, "the input");
	if (!args_whole(c, &steps->value, "the number of steps", 1, INT32_MAX,
	    &v))
		return false;
	*shape = (Shape){ SEQUENCE, 2, { (int32_t)v, shape->dim[0] } };
	return size_ok(p, shape, steps->value.loc, "the input");
}

static void
input(Parse *p, Statement *st)
{
	Layer l = layer_new(st, NULL);
	LayerInfo info = { .share = -1, .label_loc = st->label.loc };
	Names options = { 0 };

	PUSH(p->c, &options, "steps");
	if (st->from.n)
		err(p->c, st->from_loc, "an input reads no other layer");
	info.broken = !input_shape(p, st, &l.out);
	if (!info.broken)
		args_rest(p->c, st, "input", NULL, &options);
	name_layer(p, &l, st, "input");
	if (p->net->inputs + shape_size(&l.out) * !info.broken > INT32_MAX) {
		err(p->c, st->word.loc, "the inputs have more than 2^31-1 "
		    "values");
		info.broken = true;
	}
	if (!info.broken)
		p->net->inputs += (int)shape_size(&l.out);
	layer_push(p, &l, &info);
}

/* ---- options that every layer has */
static bool
penalty(Parse *p, Statement *st, const char *name, double *value, Loc *at)
{
	Item *item = args_option(p->c, st, name);

	if (!item)
		return true;
	if (!args_number(p->c, &item->value, fmt(p->c, "'%s'", name), value))
		return false;
	if (*value < 0) {
		err(p->c, item->value.loc, "'%s' must not be negative, but is "
		    "%s", name, item->value.text);
		*value = -1;
		return false;
	}
	*at = item->name.loc;
	return true;
}

static void
take_unroll(Parse *p, Statement *st, Layer *l)
{
	static const char *const words[] = { "auto", "full", "none" };
	static const Unroll values[] = {
		UNROLL_AUTO, UNROLL_FULL, UNROLL_NONE
	};
	Item *item = args_option(p->c, st, "unroll");
	size_t i;

	l->unroll = UNROLL_AUTO;
	if (!item || item->value.kind == TK_OTHER)
		return;
	for (i = 0; i < 3; i++) {
		if (!strcmp(item->value.text, words[i])) {
			l->unroll = values[i];
			return;
		}
	}
	err(p->c, item->value.loc, "'unroll' must be one of auto, full, none, "
	    "but is %s", item->value.text);
}

static void
take_frozen(Ctx *c, Statement *st, Layer *l)
{
	uint32_t i;

	for (i = 0; i < st->items.n; i++) {
		Item *item = &st->items.v[i];

		if (!item->used && !item->name.text &&
		    item->value.kind == TK_WORD &&
		    !strcmp(item->value.text, "frozen")) {
			if (l->frozen)
				err(c, item->value.loc, "'frozen' is given twice");
			item->used = true;
			l->frozen = true;
		}
	}
}

/* the init of one layer: a word, or a list `xavier,normal` */
static bool
take_init(Parse *p, Statement *st, LayerInfo *info, const Record **rec,
	Arg **args)
{
	Item *item = args_option(p->c, st, "init"), more;
	Statement inner = { 0 };
	Text text = { p->c, NULL, 0, 0 };
	uint32_t i;

	*rec = NULL;
	if (!item || item->value.kind == TK_OTHER)
		return true;
	inner.word = item->name;
	inner.loc = item->value.loc;
	text_add(&text, "%s", item->value.text);
	for (i = 0; i < item->more.n; i++) {
		more = (Item){ .value = item->more.v[i] };
		PUSH(p->c, &inner.items, more);
		text_add(&text, ",%s", item->more.v[i].text);
	}
	*rec = init_take(p, &inner, item->value, args);
	info->init_text = text.s;
	return *rec != NULL;
}

/* how shared weights begin, shrink and learn is said where they are */
static bool
nothing_of_its_own(Parse *p, const Statement *st, int source)
{
	static const char *const theirs[] = { "init", "l1", "l2", "frozen" };
	const Layer *from = &p->net->layers.v[source];
	uint32_t i;
	size_t k;

	for (i = 0; i < st->items.n; i++) {
		const Item *item = &st->items.v[i];
		const Token *word = item->name.text ? &item->name : &item->value;

		for (k = 0; k < sizeof theirs / sizeof *theirs; k++) {
			if (strcmp(word->text, theirs[k]))
				continue;
			err(p->c, word->loc, "'%s' is no option of a layer that "
			    "shares weights", theirs[k]);
			note(p->c, from->word_loc, "it belongs here, where the "
			     "weights are");
			return false;
		}
	}
	return true;
}

static bool
take_share(Parse *p, Statement *st, LayerInfo *info)
{
	Item *item = args_option(p->c, st, "share");

	info->share = -1;
	if (!item)
		return true;
	info->share = layer_find(p, &item->value);
	return info->share >= 0 && nothing_of_its_own(p, st, info->share);
}

/* ---- inputs of a layer */
static bool
is_activation(Parse *p, const Token *t)
{
	return t->kind == TK_WORD && strcmp(t->text, "prev") &&
	       layer_named(p, t->text) < 0 &&
	       find_quietly(p->c, REC_ACTIVATION, t->text);
}

static bool
add_input(Parse *p, Layer *l, const Token *t)
{
	int i = layer_find(p, t);

	if (i < 0)
		return false;
	PUSH(p->c, &l->in, i);
	PUSH(p->c, &l->in_loc, t->loc);
	return true;
}

/* `add A B relu`: names as far as the first activation */
static bool
named_inputs(Parse *p, Statement *st, Layer *l)
{
	bool ok = true;
	uint32_t i;

	for (i = 0; i < st->items.n; i++) {
		Item *item = &st->items.v[i];

		if (item->used || item->name.text)
			continue;
		if (item->value.kind != TK_WORD ||
		    is_activation(p, &item->value))
			break;
		item->used = true;
		ok &= add_input(p, l, &item->value);
	}
	return ok;
}

static bool
count_inputs(Parse *p, const Statement *st, const Layer *l)
{
	const Record *rec = l->rec;
	uint32_t want = rec->variadic ? 0 : rec->inputs.n;

	if (rec->variadic && l->in.n < 2) {
		err(p->c, st->word.loc, "%s needs the names of at least two "
		    "layers", rec->name);
		help(p->c, "`prev` is the line before: `%s prev NAME`",
		     rec->name);
		return false;
	}
	if (!rec->variadic && l->in.n != want) {
		err(p->c, st->from.n ? st->from_loc : st->word.loc,
		    "%s reads %u layer%s, but %u %s named", rec->name, want,
		    want == 1 ? "" : "s", l->in.n, l->in.n == 1 ? "is" : "are");
		if (want == 1)
			help(p->c, "`concat A B` joins several layers");
		else
			help(p->c, "write `%s ... from A B`", rec->name);
		return false;
	}
	return true;
}

static bool
take_inputs(Parse *p, Statement *st, Layer *l)
{
	bool ok = true;
	uint32_t i;

	if (p->net->layers.n == 0) {
		if (!p->prev_broken) {
			err(p->c, st->word.loc, "'%s' has no input", l->rec->name);
			help(p->c, "the first line of a network is `input` and "
			     "its size");
		}
		return false;
	}
	for (i = 0; i < st->from.n; i++)
		ok &= add_input(p, l, &st->from.v[i]);
	if (l->rec->variadic)
		ok &= named_inputs(p, st, l);
	else if (l->rec->inputs.n <= 1 && st->from.n == 0) {
		PUSH(p->c, &l->in, (int)p->net->layers.n - 1);
		PUSH(p->c, &l->in_loc, ((Loc){ 0, 0, 0 }));
		if (p->prev_broken)
			return false;
	}
	if (!ok || !count_inputs(p, st, l))
		return false;
	for (i = 0; i < l->in.n; i++)
		if (p->info.v[l->in.v[i]].broken)
			ok = false;
	return ok;
}

/* ---- what came out of the record */
static bool
same_weights(const Layer *a, const Layer *b)
{
	uint32_t i;
	int k;

	if (a->weights.n != b->weights.n)
		return false;
	for (i = 0; i < a->weights.n; i++) {
		const Weight *v = &a->weights.v[i], *w = &b->weights.v[i];

		if (strcmp(v->name, w->name) || v->shape.rank != w->shape.rank)
			return false;
		for (k = 0; k < v->shape.rank; k++)
			if (v->shape.dim[k] != w->shape.dim[k])
				return false;
	}
	return true;
}

static bool
tie(Parse *p, Layer *l, int source)
{
	const Layer *from = &p->net->layers.v[source];
	uint32_t i;

	if (p->info.v[source].broken)
		return false;
	if (from->rec != l->rec || !same_weights(from, l)) {
		err(p->c, l->word_loc, "'%s' cannot share the weights of '%s'",
		    l->rec->name, from->name);
		note(p->c, from->word_loc, "its weights are others");
		return false;
	}
	for (i = 0; i < l->weights.n; i++)
		l->weights.v[i].tied = from->weights.v[i].tied >= 0 ?
		                       from->weights.v[i].tied : source;
	return true;
}

static bool
weights_ok(Parse *p, Layer *l, const Record *init, Arg *init_args)
{
	uint32_t i;

	for (i = 0; i < l->weights.n; i++) {
		Weight *w = &l->weights.v[i];

		w->tied = -1;
		if (!w->init && isnan(w->fill) && init) {
			w->init = record_init(p->c, init, init_args, w,
			                      l->word_loc);
			w->init_args = init_args;
			w->fill = 0;
			if (!w->init)
				return false;
		}
		if (!size_ok(p, &w->shape, l->word_loc,
		    fmt(p->c, "the weight '%s'", w->name)))
			return false;
		p->weights += shape_size(&w->shape);
		if (p->weights > INT32_MAX) {
			err(p->c, l->word_loc, "the network has more than "
			    "2^31-1 weights");
			return false;
		}
	}
	return true;
}

/* normalize takes its constants from the columns of the data */
static bool
constants_ok(Parse *p, const Layer *l)
{
	const Layer *in = &p->net->layers.v[l->in.v[0]];

	if (l->rec->constants.n == 0 || !in->rec)
		return true;
	err(p->c, l->word_loc, "'%s' stands directly after an input only",
	    l->rec->name);
	note(p->c, in->word_loc, "'%s' is no input", in->name);
	help(p->c, "its constants are those of the data; between layers use "
	     "`layernorm` or `batchnorm`");
	return false;
}

static const Names *
layer_options(Ctx *c, const Record *rec)
{
	Names *names = mem(c, sizeof *names);
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		if (rec->params.v[i].kind != ARG_SIZE)
			continue;
		PUSH(c, names, "init");
		PUSH(c, names, "l2");
		break;
	}
	return names;
}

static void
layer(Parse *p, Statement *st, const Record *rec, const char *word)
{
	Layer l = layer_new(st, rec);
	LayerInfo info = { .share = -1, .label_loc = st->label.loc };
	const Record *init;
	Arg *init_args = NULL;
	Loc at = { 0, 0, 0 };
	int errors = p->c->errors;
	bool ok;

	ok = take_inputs(p, st, &l);
	ok &= take_init(p, st, &info, &init, &init_args);
	ok &= take_share(p, st, &info);
	ok &= penalty(p, st, "l1", &l.l1, &at);
	ok &= penalty(p, st, "l2", &l.l2, &info.l2_loc);
	take_unroll(p, st, &l);
	take_frozen(p->c, st, &l);
	info.frozen_given = l.frozen;
	ok &= record_args(p->c, rec, st, word, st->word,
	                  layer_options(p->c, rec), &l.args);
	name_layer(p, &l, st, rec->name);
	info.broken = !(ok && constants_ok(p, &l) &&
	    record_layer(p->c, p->net, &l) &&
	    size_ok(p, &l.out, l.word_loc, "the output") &&
	    weights_ok(p, &l, init, init_args) &&
	    (info.share < 0 || tie(p, &l, info.share)));
	info.doubtful = p->c->errors > errors;
	layer_push(p, &l, &info);
}

/* `relu` alone is `act relu` */
static bool
bare_activation(Parse *p, Statement *st)
{
	const Record *act = record_find(p->c, REC_LAYER, "act");
	Statement whole = *st;
	Item item = { .value = st->word };
	uint32_t i;

	if (!act || !find_quietly(p->c, REC_ACTIVATION, st->word.text))
		return false;
	whole.items.n = whole.items.cap = 0;
	whole.items.v = NULL;
	PUSH(p->c, &whole.items, item);
	for (i = 0; i < st->items.n; i++)
		PUSH(p->c, &whole.items, st->items.v[i]);
	layer(p, &whole, act, st->word.text);
	return true;
}

/* ------------------------------------------------------------ statements */
static void
unknown_statement(Parse *p, const Statement *st)
{
	Ctx *c = p->c;
	const char *word = st->word.text;
	Layer l = layer_new(st, NULL);
	LayerInfo info = { .broken = true, .share = -1 };
	size_t i;

	err(c, st->word.loc, "unknown statement '%s'", word);
	for (i = 0; i < sizeof habits / sizeof *habits; i++)
		if (!strcmp(word, habits[i].word))
			break;
	if (i < sizeof habits / sizeof *habits)
		help(c, "%s", habits[i].text);
	else
		args_suggest(c, word, statement_words(p), "a statement");
	p->prev_broken = true;
	if (st->label.text && layer_named(p, st->label.text) < 0) {
		/* its name is known, so that others may read it in peace */
		l.name = st->label.text;
		l.labelled = true;
		l.number = (int)p->net->layers.n;
		layer_push(p, &l, &info);
	}
}

static bool
no_label(Parse *p, const Statement *st)
{
	if (!st->label.text)
		return true;
	err(p->c, st->label.loc, "'%s' is no layer and takes no label",
	    st->word.text);
	return false;
}

void
elaborate(Parse *p, Statement *st)
{
	const char *word = st->word.text;
	const Record *rec;

	if (p->net->layers.n >= MOST_LAYERS) {
		err(p->c, st->word.loc, "more than %d layers", MOST_LAYERS);
		p->stopped = true;
		return;
	}
	if (!strcmp(word, "input")) {
		input(p, st);
	} else if (!strcmp(word, "include")) {
		if (no_label(p, st))
			include(p, st);
	} else if (is_setting(word)) {
		if (no_label(p, st))
			setting_take(p, st);
	} else if ((rec = find_quietly(p->c, REC_LAYER, word)) != NULL) {
		layer(p, st, rec, word);
	} else if (!bare_activation(p, st)) {
		unknown_statement(p, st);
	}
}
