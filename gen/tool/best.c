/* SPDX-License-Identifier: MIT
 * The best network of a run: that of the epoch whose `patience` quantity, or
 * else validation loss, was best.  Its weights are what is written, unless the
 * run ended as it reached a target: then those that reached it are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "train.h"

double
epoch_quantity(const Epoch *e, StopKind k)
{
	switch (k) {
	case STOP_LOSS: return e->loss;
	case STOP_VAL_LOSS: return e->val_loss;
	case STOP_ACCURACY: return e->accuracy;
	case STOP_VAL_ACCURACY: return e->val_accuracy;
	case STOP_GRADNORM: return e->gradnorm;
	case STOP_SECONDS: return e->seconds;
	case STOP_PATIENCE: break;
	}
	return NAN;
}

const char *
quantity_name(StopKind k)
{
	static const char *const names[] = {
		[STOP_LOSS] = "loss", [STOP_VAL_LOSS] = "val_loss",
		[STOP_ACCURACY] = "accuracy",
		[STOP_VAL_ACCURACY] = "val_accuracy",
		[STOP_GRADNORM] = "gradnorm", [STOP_SECONDS] = "seconds",
		[STOP_PATIENCE] = "patience"
	};

	return names[k];
}

void
best_begin(Train *r)
{
	const Network *net = r->s->net;
	uint32_t i;

	for (i = net->stops.n; i-- > 0;)
		if (net->stops.v[i].kind == STOP_PATIENCE)
			r->patience = &net->stops.v[i];
	r->best_by = r->patience ? r->patience->on : STOP_VAL_LOSS;
}

static bool
is_better(const Train *r, double v)
{
	bool more = r->best_by == STOP_ACCURACY ||
		r->best_by == STOP_VAL_ACCURACY;

	if (!isfinite(v))
		return false;
	return !r->best || (more ? v > r->best_value : v < r->best_value);
}

void
best_add(Train *r)
{
	size_t bytes = net_bytes(r->s->jit);
	double v = epoch_quantity(&r->now, r->best_by);

	if (!is_better(r, v))
		return;
	if (!r->best)
		r->best = malloc(bytes + 1);
	if (!r->best)
		die(r->s->c, EX_SOFTWARE_, "out of memory");
	memcpy(r->best, net_state(r->s->jit), bytes);
	r->best_value = v;
	r->best_loss = r->now.loss;
	r->best_epoch = r->epoch;
}

bool
best_is_old(const Train *r, const Stop *patience)
{
	size_t since = r->best ? r->best_epoch : r->first_epoch;

	return patience == r->patience && /* one is enough; the first */
	       (double)(r->epoch - since) >= patience->value;
}

bool
best_is_kept(const Train *r)
{
	const Stop *s = r->stopped;

	return r->best && (!s || s->kind == STOP_PATIENCE ||
	                   s->kind == STOP_SECONDS);
}

size_t
kept_epoch(const Train *r)
{
	return best_is_kept(r) ? r->best_epoch : r->epoch;
}

void
best_restore(Train *r)
{
	if (!best_is_kept(r))
		return;
	memcpy(net_state(r->s->jit), r->best, net_bytes(r->s->jit));
	if (r->threads)
		threads_follow(r->threads);
}
