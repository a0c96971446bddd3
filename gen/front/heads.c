/* SPDX-License-Identifier: MIT
 * What a network gives and learns from: outputs and their losses, which layers
 * matter, and whether loss and last activation fit. */
#include <string.h>
#include "front.h"

/* What the values of an activation are, and what a loss wants them to be.
 * Only built-in words are judged. */
typedef enum { ANY, PROBABILITIES, UNIT_INTERVAL, SIGNED, DISTANCE } Range;
static const struct { const char *name; Range range; } activations[] = {
	{ "softmax", PROBABILITIES }, { "sigmoid", UNIT_INTERVAL },
	{ "hard_sigmoid", UNIT_INTERVAL }, { "gaussian", UNIT_INTERVAL },
	{ "step", UNIT_INTERVAL },
}, losses[] = {
	{ "cross_entropy", PROBABILITIES }, { "kl", PROBABILITIES },
	{ "bce", UNIT_INTERVAL }, { "hinge", SIGNED },
	{ "half_sse", DISTANCE }, { "sse", DISTANCE }, { "mse", DISTANCE },
	{ "mae", DISTANCE }, { "huber", DISTANCE }, { "log_cosh", DISTANCE },
};

static Range
range_of_loss(const Record *loss)
{
	size_t i;

	for (i = 0; loss->builtin && i < sizeof losses / sizeof *losses; i++)
		if (!strcmp(losses[i].name, loss->name))
			return losses[i].range;
	return ANY;
}

static Range
range_of_activation(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof activations / sizeof *activations; i++)
		if (!strcmp(activations[i].name, name))
			return activations[i].range;
	return ANY;
}

/* values that belong together: channels of a map, else the last axis */
static int
class_axis(const Shape *s)
{
	if (s->rank == 0)
		return 1;
	return s->kind == MAP ? s->dim[0] : s->dim[s->rank - 1];
}

/* -------------------------------------------------------------- the heads */
static void
add_head(Parse *p, int layer, const Head *like, bool own, Loc at)
{
	Head h = *like;
	const Shape *out = &p->net->layers.v[layer].out;

	if (p->info.v[layer].broken)
		return;
	h.layer = layer;
	h.outputs = h.targets = (int)shape_size(out);
	if (h.index)
		h.targets = h.outputs / class_axis(out);
	if (!h.loss)
		h.loc = at;
	PUSH(p->c, &p->net->heads, h);
	PUSH(p->c, &p->own_loss, own);
}

/* `output A B` and `output A loss=bce weight=0.3` */
static void
output(Parse *p, Statement *st, const Loc **plain)
{
	Head head = p->loss;
	Item *loss, *weight, *item;
	Tokens names = { 0 };
	Names extra = { 0 };
	uint32_t i;
	int layer;

	for (i = 0; i < st->items.n; i++)
		st->items.v[i].used = false;
	loss = args_option(p->c, st, "loss");
	weight = args_option(p->c, st, "weight");
	while ((item = args_positional(st)) != NULL)
		PUSH(p->c, &names, item->value);
	if (names.n == 0 && !st->bad)
		err(p->c, st->word.loc, "output needs the name of a layer");
	if (loss) {
		head = (Head){ .weight = 1 };
		if (!loss_take(p, st, &loss->value, &head))
			p->loss_broken = true;
	} else if (weight) {
		; /* a head of its own, with the loss of all */
	} else if (*plain) {
		err(p->c, st->word.loc, "'output' is set twice");
		note(p->c, **plain, "it was set here");
	} else {
		*plain = &st->word.loc;
	}
	if (weight && args_number(p->c, &weight->value, "'weight'",
	    &head.weight) && head.weight < 0)
		err(p->c, weight->value.loc, "'weight' must not be negative");
	PUSH(p->c, &extra, "loss");
	PUSH(p->c, &extra, "weight");
	args_rest(p->c, st, "output", NULL, &extra);
	for (i = 0; i < names.n; i++) {
		layer = layer_find(p, &names.v[i]);
		if (layer >= 0)
			add_head(p, layer, &head, loss != NULL,
			         names.v[i].loc);
	}
}

static void
find_heads(Parse *p)
{
	Network *net = p->net;
	const Loc *plain = NULL;
	uint32_t i;
	bool learns = false;

	for (i = 0; i < p->outputs.n; i++)
		output(p, &p->outputs.v[i].st, &plain);
	if (p->outputs.n == 0 && net->layers.n && !p->prev_broken)
		add_head(p, (int)net->layers.n - 1, &p->loss, false,
		         net->layers.v[net->layers.n - 1].word_loc);
	for (i = 0; i < net->heads.n; i++)
		learns |= net->heads.v[i].loss != NULL;
	for (i = 0; i < net->heads.n; i++) {
		Head *h = &net->heads.v[i];

		if (learns && !h->loss)
			h->targets = 0;
		net->outputs += h->outputs;
		net->targets += h->targets;
		if (!net->layers.v[h->layer].rec)
			err(p->c, net->layers.v[h->layer].word_loc,
			    "an input alone is no network: it has no layers");
	}
}

/* --------------------------------------------------- what depends on what */
static void
find_dead(Parse *p)
{
	Network *net = p->net;
	uint32_t i, k;

	for (i = 0; i < net->layers.n; i++)
		net->layers.v[i].dead = true;
	for (i = 0; i < net->heads.n; i++)
		net->layers.v[net->heads.v[i].layer].dead = false;
	for (i = net->layers.n; i-- > 0; )
		for (k = 0; k < net->layers.v[i].in.n; k++)
			if (!net->layers.v[i].dead)
				net->layers.v[net->layers.v[i].in.v[k]].dead =
					false;
}

/* the ends of dead branches */
static void
warn_dead(Parse *p)
{
	Network *net = p->net;
	bool *read = mem(p->c, net->layers.n + 1);
	uint32_t i, k;

	for (i = 0; i < net->layers.n; i++)
		for (k = 0; k < net->layers.v[i].in.n; k++)
			read[net->layers.v[i].in.v[k]] = true;
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (l->dead && !read[i])
			warn(p->c, l->labelled ? p->info.v[i].label_loc :
			     l->word_loc, "unused-layer", l->rec ?
			     "the output of '%s' is never used" :
			     "the input '%s' is never used", l->name);
	}
}

/* A dead layer owns nothing: the first layer alive that shares its weights
 * takes them over. */
static void
settle_ties(Network *net)
{
	uint32_t i, k, j;

	for (i = 0; i < net->layers.n; i++) {
		Layer *l = &net->layers.v[i];

		for (k = 0; k < l->weights.n && !l->dead; k++) {
			int owner = l->weights.v[k].tied;

			if (owner < 0 || !net->layers.v[owner].dead)
				continue;
			for (j = i + 1; j < net->layers.n; j++)
				if (k < net->layers.v[j].weights.n &&
				    net->layers.v[j].weights.v[k].tied == owner)
					net->layers.v[j].weights.v[k].tied =
						(int)i;
			l->weights.v[k].tied = -1;
		}
	}
}

static void
count_params(Network *net)
{
	uint32_t i, k;

	net->params = net->stats = 0;
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		for (k = 0; k < l->weights.n && !l->dead; k++)
			if (l->weights.v[k].tied < 0)
				net->params += shape_size(
					&l->weights.v[k].shape);
		for (k = 0; k < l->statistics.n && !l->dead; k++)
			net->stats += shape_size(&l->statistics.v[k].shape);
	}
}

/* --------------------------------------------------- loss and activation */
/* The activation that the values of a layer come from: through flatten,
 * dropout and their like.  NULL: none, or nobody can tell. */
static const Arg *
last_activation(const Parse *p, int layer, Loc *at)
{
	const Network *net = p->net;
	const Layer *l;
	uint32_t i;

	for (;;) {
		l = &net->layers.v[layer];
		if (!l->rec || !l->rec->builtin || p->info.v[layer].doubtful)
			return NULL;
		for (i = 0; i < l->rec->params.n; i++) {
			if (l->rec->params.v[i].kind != ARG_ACTIVATION)
				continue;
			*at = l->args[i].loc.file ? l->args[i].loc :
			      l->word_loc;
			return &l->args[i];
		}
		if (l->weights.n || l->in.n != 1)
			return NULL;
		layer = l->in.v[0];
	}
}

static const char *
layer_words(Ctx *c, const Parse *p, const Head *h)
{
	if (h->layer == (int)p->net->layers.n - 1)
		return "the last layer";
	return fmt(c, "'%s'", p->net->layers.v[h->layer].name);
}

static void
needs_probabilities(Parse *p, const Head *h, const char *act, Loc at)
{
	Ctx *c = p->c;

	err(c, h->loc, "%s needs probabilities, but %s is %s", h->loss->name,
	    layer_words(c, p, h), act);
	note(c, at, "%s", layer_words(c, p, h));
	if (h->outputs == 1)
		help(c, "for one yes/no output write `loss bce`");
	else
		help(c, "end with `dense %d softmax`; for several yes/no "
		     "outputs write `loss bce`", h->outputs);
}

static void
loss_match(Parse *p, const Head *h, Loc at, const char *act, const char *text,
	const char *advice)
{
	warn(p->c, h->loc, "loss-match", "%s", text);
	note(p->c, at, "%s is here", act);
	help(p->c, "%s", advice);
}

static void
check_fit(Parse *p, const Head *h)
{
	Loc at = p->net->layers.v[h->layer].word_loc;
	const Arg *arg = last_activation(p, h->layer, &at);
	const char *act = arg && arg->act ? arg->act->rec->name : "linear";
	Range want = range_of_loss(h->loss), have = range_of_activation(act);

	if (!arg || (arg->act && !arg->act->rec->builtin) || want == ANY)
		return;
	if (want == PROBABILITIES && have != PROBABILITIES)
		needs_probabilities(p, h, act, at);
	if (want == UNIT_INTERVAL && have == ANY) {
		err(p->c, h->loc, "%s needs values between 0 and 1, but %s is "
		    "%s", h->loss->name, layer_words(p->c, p, h), act);
		note(p->c, at, "%s", layer_words(p->c, p, h));
		help(p->c, "end with `dense %d sigmoid`", h->outputs);
	}
	if (have == PROBABILITIES && h->outputs == 1)
		loss_match(p, h, at, act, "softmax of one value is always 1",
		           "for one yes/no output write `sigmoid` and `loss "
		           "bce`");
	else if (have == PROBABILITIES && want != PROBABILITIES)
		loss_match(p, h, at, act, fmt(p->c, "%s with %s learns slowly",
		           act, h->loss->name), "use `loss cross_entropy`");
	if (have == UNIT_INTERVAL && want == SIGNED)
		loss_match(p, h, at, act, fmt(p->c, "%s looks for values "
		           "beyond -1 and 1, which %s never gives",
		           h->loss->name, act),
		           "end with a linear layer, or use `loss bce`");
}

/* an activation whose derivative is zero everywhere stops all learning */
static void
check_zero_gradient(Parse *p)
{
	const Network *net = p->net;
	uint32_t i, k;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		for (k = 0; l->rec && !l->dead && k < l->rec->params.n; k++) {
			const Act *act = l->args[k].act;

			if (!act || !act->rec->needs_surrogate ||
			    act->surrogate)
				continue;
			warn(p->c, act->loc, "zero-gradient", "the derivative "
			     "of %s is zero: nothing learns through it",
			     act->rec->name);
			help(p->c, "`%s surrogate=sigmoid` learns through "
			     "another derivative", act->rec->name);
		}
	}
}

/* ---------------------------------------------------------------- counts */
static void
check_classes(Parse *p)
{
	const Network *net = p->net;
	const Setting *s = setting_find(p, "classes");
	uint32_t i;
	int values = 0;

	if (!s || s->broken || net->classes.n == 0 || net->heads.n == 0)
		return;
	for (i = 0; i < net->heads.n; i++) {
		values = class_axis(
			&net->layers.v[net->heads.v[i].layer].out);
		if ((uint32_t)values == net->classes.n ||
		    (values == 1 && net->classes.n == 2))
			return;
	}
	err(p->c, s->st.word.loc, "%u class%s, but %s has %d output%s",
	    net->classes.n, net->classes.n == 1 ? "" : "es",
	    layer_words(p->c, p, &net->heads.v[0]), values,
	    values == 1 ? "" : "s");
	note(p->c, net->layers.v[net->heads.v[0].layer].word_loc, "%s",
	     layer_words(p->c, p, &net->heads.v[0]));
}

static void
check_columns(Parse *p)
{
	const Network *net = p->net;
	const Setting *s = setting_find(p, "columns");
	const Layer *l;

	if (!s || s->broken || net->columns.n == 0 || net->heads.n == 0 ||
	    (int)net->columns.n == net->outputs)
		return;
	l = &net->layers.v[net->heads.v[0].layer];
	err(p->c, s->st.word.loc, "%u column%s, but the network has %d "
	    "output%s", net->columns.n, net->columns.n == 1 ? "" : "s",
	    net->outputs, net->outputs == 1 ? "" : "s");
	note(p->c, l->word_loc, "%s", layer_words(p->c, p, &net->heads.v[0]));
}

/* target=input: as many outputs as there are inputs */
static void
check_inputs(Parse *p, const Head *h)
{
	const Layer *l = &p->net->layers.v[h->layer];

	if (!h->loss || !h->input || h->outputs == p->net->inputs)
		return;
	err(p->c, h->loc, "target=input needs as many outputs as inputs, but "
	    "there are %d and %d", h->outputs, p->net->inputs);
	note(p->c, l->word_loc, "%s", layer_words(p->c, p, h));
}

static void
check_targets(Parse *p)
{
	Network *net = p->net;
	const Setting *s = setting_find(p, "targets");
	int k, n = net->targets > net->outputs ? net->targets : net->outputs;
	uint32_t i;

	for (i = 0; s && net->targets_scale && i < net->heads.n; i++) {
		const Head *h = &net->heads.v[i];

		if (!h->loss || (!h->index && (range_of_loss(h->loss) == ANY ||
		    range_of_loss(h->loss) == DISTANCE)))
			continue;
		err(p->c, s->st.word.loc, "targets are scaled for regression "
		    "alone, but the loss is %s", h->loss->name);
		note(p->c, h->loc, "the loss");
		return;
	}
	if (!net->targets_scale)
		return;
	/* neutral until the data or the weights tell */
	net->t_shift = mem(p->c, (size_t)n * sizeof *net->t_shift);
	net->t_scale = mem(p->c, (size_t)n * sizeof *net->t_scale);
	for (k = 0; k < n; k++)
		net->t_scale[k] = 1;
}

static bool
learns(const Network *net)
{
	uint32_t i;

	for (i = 0; i < net->heads.n; i++)
		if (net->heads.v[i].loss)
			return true;
	return false;
}

/* statistics that a layer takes over a mini-batch, of which there is none */
static void
check_statistics(Parse *p)
{
	const Network *net = p->net;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];
		if (!l->statistics.n || l->dead || l->frozen ||
		    (net->batch > 1 && !net->batch_all))
			continue;
		warn(p->c, l->word_loc, "statistics", net->batch_all ?
		     "`batch all` goes by parts of %d samples: each has "
		     "statistics of its own" : "with `batch %d` the statistics "
		     "are those of one sample", net->batch);
		help(p->c, "write for instance `batch 32`");
	}
}

static void
check_all(Parse *p)
{
	Network *net = p->net;
	uint32_t i;

	for (i = 0; i < net->heads.n; i++)
		if (net->heads.v[i].loss)
			check_fit(p, &net->heads.v[i]);
	for (i = 0; i < net->heads.n; i++)
		check_inputs(p, &net->heads.v[i]);
	check_targets(p);
	check_classes(p);
	check_columns(p);
	if (p->c->errors)
		return;
	if (learns(net)) {
		check_zero_gradient(p);
		check_statistics(p);
	} else {
		warn(p->c, net->layers.v[net->heads.v[0].layer].word_loc,
		     "forward-only", "there is no loss: only the forward pass "
		     "is generated");
		net->api_train = net->api_gradient = false;
		net->api_input_gradient = false;
	}
	warn_dead(p);
}

void
heads(Parse *p)
{
	Network *net = p->net;

	if (net->layers.n == 0 && p->c->errors == 0)
		err(p->c, (Loc){ p->files.v[0].file, 0, 0 },
		    "the spec has no layers");
	find_heads(p);
	if (net->heads.n == 0)
		return;
	find_dead(p);
	settle_ties(net);
	count_params(net);
	check_all(p);
}
