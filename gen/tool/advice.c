/* SPDX-License-Identifier: MIT
 * What a run tells of itself when it is over: why it stopped, which weights are
 * kept, and, where it learnt little, what to try. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "train.h"

/* ---------------------------------------------------------- why it stopped */

/* line of a place in the sources */
static size_t
line_of(Ctx *c, Loc loc, const char **name)
{
	const Source *s = &c->sources.v[loc.file];
	size_t i, line = 1;

	*name = s->name;
	for (i = 0; i < loc.at && i < s->len; i++)
		line += s->text[i] == '\n';
	return line;
}

static void
add_stop(const Train *r, Text *t)
{
	const Stop *s = r->stopped;
	const char *name = NULL;
	size_t line = 0;
	char buf[40];

	if (r->interrupted) {
		text_add(t, "stopped: interrupted in epoch %zu", r->epoch + 1);
		return;
	}
	if (!s) {
		text_add(t, "stopped: %zu epoch%s", r->epoch,
		         plural((int64_t)r->epoch));
		return;
	}
	if (s->kind == STOP_PATIENCE)
		text_add(t, "stopped: no better %s for %.0f epoch%s",
		         quantity_name(s->on), s->value,
		         plural((int64_t)s->value));
	else
		text_add(t, "stopped: %s %s %s", quantity_name(s->kind), s->cmp,
		         short_number(buf, s->value));
	if (s->loc.file && s->loc.file < r->s->c->sources.n) {
		line = line_of(r->s->c, s->loc, &name);
		text_add(t, " (%s:%zu)", name, line);
	}
}

/* ------------------------------------------------------ the course of the loss
 * Each answers whether it had something to say; the first one that does is the
 * last one that is asked. */

static size_t
epochs_run(const Train *r)
{
	return r->epoch - r->first_epoch;
}

static bool
missed_a_target(const Train *r)
{
	const Network *net = r->s->net;
	uint32_t i;

	for (i = 0; i < net->stops.n; i++)
		if (net->stops.v[i].kind == STOP_LOSS ||
		    net->stops.v[i].kind == STOP_ACCURACY)
			return true;
	return false;
}

/* units of the smallest hidden layer, 0: there is none */
static int
hidden_units(const Network *net)
{
	int best = 0;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (!l->rec || !l->weights.n || l->dead ||
		    (int)i == net->heads.v[0].layer || l->out.rank != 1)
			continue;
		if (!best || l->out.dim[0] < best)
			best = l->out.dim[0];
	}
	return best;
}

/* Too small a rate: all of the run the loss fell at about the same pace, and yet
 * it is where it was; or it does not move at all. */
static bool
say_slow(const Train *r, Text *t)
{
	const Curve *k = &r->curve;
	double first = k->n ? k->v[0] : 0, fall, least = INFINITY, most = 0;
	double change, low = INFINITY, high = -INFINITY;
	char buf[2][40];
	size_t i;

	if (k->n < 5 || r->s->net->rate <= 0)
		return false;
	for (i = 0; i < 4; i++) {
		fall = k->v[i * (k->n - 1) / 4] - k->v[(i + 1) * (k->n - 1) / 4];
		least = fmin(least, fall);
		most = fmax(most, fall);
	}
	for (i = 0; i < k->n; i++) {
		low = fmin(low, k->v[i]);
		high = fmax(high, k->v[i]);
	}
	change = (first - k->v[k->n - 1]) / fmax(fabs(first), 1e-30);
	if (high - low > 1e-5 * fabs(first) &&
	    (change > 0.05 || least <= 0 || most > 3 * least))
		return false;
	text_add(t, "help: the loss hardly moved (%.2g %%), at the same pace all "
	         "the time: the learning rate %s may be too small, try "
	         "`--rate %s`\n", fabs(100 * change),
	         short_number(buf[0], r->s->net->rate),
	         short_number(buf[1], 10 * r->s->net->rate));
	return true;
}

/* A target was set, the epochs ran out, and the loss no longer moves: in the
 * last nine tenths of them, or, where it came down late, in the last half. */
static bool
is_plateau(const Train *r, double *change, size_t *epochs)
{
	const Curve *k = &r->curve;
	size_t part, from;

	if (r->stopped || epochs_run(r) < 50 || !missed_a_target(r))
		return false;
	for (part = 10; part > 1; part -= 8) {
		from = k->n / part;
		*change = fabs(k->v[from] - r->now.loss) /
			fmax(fabs(k->v[from]), 1e-30);
		*epochs = epochs_run(r) - from * k->stride;
		if (*change <= 0.1)
			return true;
	}
	return false;
}

static bool
say_stuck(const Train *r, Text *t)
{
	int units = hidden_units(r->s->net);
	double change;
	size_t epochs;

	if (!is_plateau(r, &change, &epochs))
		return false;
	text_add(t, "help: this run is stuck; try another seed (--seed %llu)",
	         (unsigned long long)r->s->net->seed + 1);
	if (units)
		text_add(t, " or %d hidden units", units + 1);
	text_add(t, "\n");
	return true;
}

/* no error, but what was learnt is lost again, if anything was learnt */
static bool
say_rose(const Train *r, Text *t)
{
	const Curve *k = &r->curve;
	double rate = r->s->net->rate, low = INFINITY, now = r->now.loss;
	char buf[2][40];
	size_t i, at = 0;

	if (k->n < 3 || rate <= 0)
		return false;
	for (i = 0; i < k->n; i++)
		if (k->v[i] < low) {
			low = k->v[i];
			at = i;
		}
	if (now < low + 0.5 * (k->v[0] - low))
		return false;
	if (now >= k->v[0])
		text_add(t, "help: the loss did not fall");
	else
		text_add(t, "help: the loss rose again, from %s in epoch %zu to "
		         "%s", loss_text(buf[0], low), r->first_epoch + 1 +
		         at * k->stride, loss_text(buf[1], now));
	text_add(t, "; the learning rate %s may be too large, try `--rate %s`\n",
	         short_number(buf[0], rate),
	         short_number(buf[1], rate / 10));
	return true;
}

static bool
say_overfit(const Train *r, Text *t)
{
	const Epoch *e = &r->now;

	if (r->patience || !r->held || !r->best_val_epoch ||
	    isnan(e->val_loss) || r->epoch < r->best_val_epoch + 3 ||
	    e->val_loss < r->best_val + 0.05 * fabs(r->best_val))
		return false;
	text_add(t, "note: validation loss rose since epoch %zu (%.3g -> "
	         "%.3g): the net is overfitting; `stop patience=5 on=val_loss`\n",
	         r->best_val_epoch, r->best_val, e->val_loss);
	return true;
}

/* -------------------------------------------------------------- dead units */

enum { MOST_ROWS = 1000 };
#define WORK 2e8                /* multiply-adds that the search may cost */

/* the gradient of some rows, from all over the data, into r->params; how many
 * they are */
static size_t
gradient_of_rows(Train *r)
{
	Session *s = r->s;
	double most = fmin(MOST_ROWS, WORK / (net_work(s->jit) + 1));
	size_t n = r->train < most ? r->train : most < 20 ? 20 : (size_t)most;
	void *state = malloc(net_bytes(s->jit) + 1);
	size_t i;

	if (!state)
		die(s->c, EX_SOFTWARE_, "out of memory");
	n = n > r->train ? r->train : n;
	memcpy(state, net_state(s->jit), net_bytes(s->jit));
	net_zero_gradient(s->jit);
	for (i = 0; i < n; i++) {
		session_row(s, s->data, r->rows[i * r->train / n]);
		net_gradient(s->jit, s->x, s->t);
	}
	net_get_gradient(s->jit, r->params);
	memcpy(net_state(s->jit), state, net_bytes(s->jit));
	free(state);
	return n;
}

/* the activation of a layer that has one which can die */
static const Record *
mortal(const Layer *l)
{
	uint32_t i;

	for (i = 0; l->rec && i < l->rec->params.n; i++)
		if (l->args[i].act && l->args[i].act->rec->y &&
		    strcmp(l->args[i].act->rec->name, "linear") &&
		    !l->args[i].act->rec->needs_surrogate)
			return l->args[i].act->rec;
	return NULL;
}

static bool
all_zero(const Train *r, const Program *p, int layer)
{
	bool any = false;
	uint32_t i;
	int64_t k;

	for (i = 0; i < p->weights.n; i++) {
		const Tensor *w = &p->tensors.v[p->weights.v[i]];

		if (w->layer != layer)
			continue;
		any = true;
		for (k = 0; k < shape_size(&w->shape); k++)
			if (real_get(p->dtype, r->params,
			             (size_t)(w->place + k)) != 0)
				return false;
	}
	return any;
}

/* The last hidden layer through which nothing flows back, for any row: what
 * lies before it is cut off with it. */
static bool
say_dead(Train *r, Text *t)
{
	const Network *net = r->s->net;
	const Program *p = net_program(r->s->jit);
	const Layer *l = NULL;
	char buf[40];
	double most;
	uint32_t i;
	size_t rows;

	if (p->coupled || !(r->now.loss > 0) || net->heads.n != 1 || !r->train)
		return false;
	rows = gradient_of_rows(r);
	for (i = 0; i < net->layers.n; i++)
		if ((int)i != net->heads.v[0].layer && !net->layers.v[i].dead &&
		    !net->layers.v[i].frozen && mortal(&net->layers.v[i]) &&
		    all_zero(r, p, (int)i))
			l = &net->layers.v[i];
	if (!l)
		return false;
	text_add(t, "help: all %s units of %s are dead: their derivative is 0 "
	         "for each of %s row%s, so %s no longer learns; ",
	         mortal(l)->name, l->name, grouped(r->s->c, (int64_t)rows),
	         plural((int64_t)rows), l->name);
	if (inputs_want_scaling(r, &most))
		text_add(t, "inputs reach %s: add `normalize zscore` after "
		         "`input`\n", short_number(buf, most));
	else if (net->rate > 0)
		text_add(t, "train anew with `--rate %s`\n",
		         short_number(buf, net->rate / 10));
	else
		text_add(t, "train anew from another seed\n");
	return true;
}

/* --------------------------------------------------------------- the summary */

/* advice is for a whole run from its beginning that reached no target */
static void
add_advice(Train *r, Text *t)
{
	const Stop *s = r->stopped;
	bool reached = s && s->kind != STOP_PATIENCE && s->kind != STOP_SECONDS;

	if (r->interrupted)
		return;
	if (!reached && !r->first_epoch &&
	    (say_dead(r, t) || say_slow(r, t) || say_stuck(r, t) ||
	     say_rose(r, t)))
		return;
	say_overfit(r, t);
}

const char *
summary(Train *r)
{
	Text t = {r->s->c, NULL, 0, 0};
	double change;
	size_t epochs;
	char buf[40];

	add_stop(r, &t);
	if (!r->interrupted && is_plateau(r, &change, &epochs))
		text_add(&t, "; loss moved by %.0f %% in the last %s",
		         100 * change, grouped(r->s->c, (int64_t)epochs));
	text_add(&t, "\n");
	if (best_is_kept(r) && r->best_epoch != r->epoch)
		text_add(&t, "kept the weights of epoch %zu (%s %s)\n",
		         r->best_epoch, quantity_name(r->best_by),
		         short_number(buf, r->best_value));
	add_advice(r, &t);
	return t.s;
}
