/* SPDX-License-Identifier: MIT
 * A run whose loss is no number any more: what grew, and what to try. */
#include <math.h>
#include <string.h>
#include "train.h"

/* The block with the largest weight before all became nothing: the epoch runs
 * again from its start, which is exact as training is deterministic. */
static const char *
grown_block(Train *r)
{
	Session *s = r->s;
	const Weights *w = weights_new(s->c, s->net);
	double largest = 0, v;
	const char *name = NULL;
	size_t at = 0, n, k;
	uint32_t b;
	size_t i;

	memcpy(net_state(s->jit), r->epoch_start, net_bytes(s->jit));
	if (r->threads)
		threads_follow(r->threads);
	order_rows(r);
	for (; at < r->train; at += n) {
		n = batch_rows(r, at);
		if (!isfinite(train_batch(r, at, n)))
			break;
		net_get_kept(s->jit, r->params);
		for (b = 0, k = 0; b < w->blocks.n; b++)
			for (i = 0; i < w->blocks.v[b].count; i++, k++) {
				v = fabs(real_get(s->net->dtype, r->params, k));
				if (v > largest && isfinite(v)) {
					largest = v;
					name = w->blocks.v[b].name;
				}
			}
	}
	return name && largest > 10 ?
		fmt(s->c, "\n%s grew to %.2g", name, largest) : "";
}

static double
largest_input(const Train *r)
{
	const Data *d = r->s->data;
	size_t i, j;
	double most = 0;

	for (i = 0; i < d->rows; i++)
		for (j = 0; j < (size_t)d->inputs; j++)
			most = fmax(most, fabs(data_input(d, i, j)));
	return most;
}

bool
inputs_want_scaling(const Train *r, double *largest)
{
	const Network *net = r->s->net;
	uint32_t i;

	*largest = largest_input(r);
	for (i = 0; i < net->layers.n; i++)
		if (net->layers.v[i].rec &&
		    net->layers.v[i].rec->constants.n)
			return false;
	return *largest > 50;
}

static const char *
when(const Train *r)
{
	Ctx *c = r->s->c;

	return r->updates ? fmt(c, "after %s update%s (epoch %zu)",
	                        grouped(c, (int64_t)r->updates),
	                        plural((int64_t)r->updates), r->epoch + 1) :
	       "before the first update";
}

int
report_divergence(Train *r)
{
	Session *s = r->s;
	const Network *net = s->net;
	const char *where = r->updates ? grown_block(r) : "";
	char buf[40];
	double most;

	whole_file_error(s->c, net->path, "loss is %s %s%s",
	                 isnan(r->now.loss) ? "not a number" : "infinite",
	                 when(r), where);
	if (inputs_want_scaling(r, &most))
		help(s->c, "inputs reach %s: add `normalize zscore` after "
		     "`input`", short_number(buf, most));
	else if (!r->updates)
		help(s->c, "no rate is at fault: a formula of the network, or "
		     "what its weights are drawn from, gives no number for "
		     "these rows");
	else if (net->rate > 0)
		help(s->c, "the learning rate %s is probably too large; "
		     "try `--rate %s`", fmt(s->c, "%.6g", net->rate),
		     short_number(buf, net->rate / 10));
	return messages(s->c, s->cli);
}
