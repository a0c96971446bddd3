/* SPDX-License-Identifier: MIT
 * What a network takes and wants to learn: inputs, classes, targets. */
#include <string.h>
#include "reader.h"

/* losses of probabilities have closed forms; softmax gives them to any loss */
static bool
takes_shares(const Network *net, const Head *h)
{
	const Layer *l = &net->layers.v[h->layer];
	uint32_t i;

	if (h->loss && h->loss->with.n)
		return true;
	for (i = 0; l->rec && l->args && i < l->rec->params.n; i++)
		if (l->args[i].act &&
		    !strcmp(l->args[i].act->rec->name, "softmax"))
			return true;
	return false;
}

static int
classes_of(const Network *net, const Head *h)
{
	const Shape *s = &net->layers.v[h->layer].out;

	return s->rank < 2 ? h->outputs : s->kind == MAP ? s->dim[0] :
		s->dim[s->rank - 1];
}

int
positions(const Network *net, const Head *h)
{
	return h->outputs / classes_of(net, h);
}

int
class_places(const Network *net)
{
	const Head *h = net->heads.v;

	return net->heads.n == 1 && head_classifies(net, h) ?
	       positions(net, h) : 0;
}

bool
is_classifier(const Network *net)
{
	return class_places(net) == 1;
}

int
head_classes(const Network *net, const Head *h)
{
	int n = classes_of(net, h);

	return n == 1 ? 2 : n;
}

int
class_count(const Network *net)
{
	return class_places(net) ? head_classes(net, net->heads.v) : 0;
}

size_t
class_at(const Network *net, const Head *h, int place, int k)
{
	bool map = net->layers.v[h->layer].out.kind == MAP;

	return (size_t)(map ? k * positions(net, h) + place :
	                place * classes_of(net, h) + k);
}

/* hinge wants -1 and +1 */
double
low_target(const Head *h)
{
	return h->loss && !strcmp(h->loss->name, "hinge") ? -1 : 0;
}

bool
head_classifies(const Network *net, const Head *h)
{
	return h->loss && !h->input && (h->index || takes_shares(net, h) ||
	       (net->heads.n == 1 && net->classes.n));
}

/* columns of targets, where classes are given by their labels */
static int
stored_of(const Network *net, const Head *h)
{
	return h->input ? 0 : head_classifies(net, h) ? positions(net, h) :
		h->targets;
}

bool
needs_no_targets(const Network *net)
{
	return label_columns(net) == 0;
}

int
label_columns(const Network *net)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < net->heads.n; i++)
		n += stored_of(net, &net->heads.v[i]);
	return n;
}

const char *
expects(Reader *r)
{
	const Network *net = r->net;
	int few = label_columns(net);
	bool classes = class_places(net) > 0;
	const char *in = fmt(r->c, "'%s' takes %d input%s", net->name,
	                     net->inputs, net->inputs == 1 ? "" : "s");

	if (!few)
		return in;
	in = fmt(r->c, "%s and %d %s%s", in, few, classes ? "class" : "target",
	         few == 1 ? "" : classes ? "es" : "s");
	if (few == net->targets)
		return in;
	return fmt(r->c, "%s (or %d %s targets)", in, net->targets,
	           classes ? "one-hot" : "separate");
}

bool
targets_fit_in(const Network *net, uint32_t n)
{
	return (int)n == label_columns(net) || (int)n == net->targets;
}

void
assign_heads(Reader *r, uint32_t columns)
{
	const Network *net = r->net;
	bool labels = (int)columns == label_columns(net);
	uint32_t i, k = 0;
	int j, wide;

	r->d->label = mem(r->c, net->heads.n * sizeof(bool));
	r->head_of = mem(r->c, (columns + 1) * sizeof(int));
	for (i = 0; i < net->heads.n; i++) {
		const Head *h = &net->heads.v[i];

		r->d->label[i] = labels && head_classifies(net, h) &&
			(h->outputs > 1 || h->index || net->classes.n);
		wide = labels ? stored_of(net, h) : h->targets;
		for (j = 0; j < wide && k < columns; j++)
			r->head_of[k++] = (int)i;
	}
}

int
ids_below(const Reader *r, int input)
{
	return r->o->ids ? r->o->ids[input] : 0;
}

bool
has_ids(const Reader *r)
{
	int i;

	for (i = 0; i < r->net->inputs; i++)
		if (ids_below(r, i))
			return true;
	return false;
}
