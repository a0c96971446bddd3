/* SPDX-License-Identifier: MIT
 * Rows of a table in order of time become windows that overlap: each row begins
 * one, and its target stands `horizon` rows after its last step. */
#include <string.h>
#include "reader.h"

bool
window_of(const Network *net, Window *w)
{
	const Shape *in = NULL, *out = &net->layers.v[net->heads.v[0].layer].out;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		if (net->layers.v[i].rec)
			continue;
		if (in)
			return false;
		in = &net->layers.v[i].out;
	}
	if (!in || (in->kind != SEQUENCE && in->kind != VECTOR))
		return false;
	w->sequence = in->kind == SEQUENCE;
	w->steps = in->dim[0];
	w->features = w->sequence ? in->dim[1] : 1;
	w->each = net->heads.n == 1 && out->kind == SEQUENCE &&
		out->dim[0] == w->steps && label_columns(net) % w->steps == 0;
	w->targets = label_columns(net) / (w->each ? w->steps : 1);
	return true;
}

/* Where the spec has no `horizon`, a table is a series when its rows have the
 * features of one step, or at least by far not those of all. */
bool
is_series(const Network *net, uint32_t columns, bool chosen)
{
	Window w;
	int n = (int)columns;

	if (!window_of(net, &w))
		return false;
	if (net->horizon >= 0)
		return true;
	if (!w.sequence || w.steps < 2)
		return false;
	return n == w.features || (!chosen && n < net->inputs &&
		(n <= w.features + w.targets || n < net->inputs / 2));
}

static bool
too_short(Reader *r, size_t steps, size_t ahead)
{
	Ctx *c = r->c;
	Loc file = {r->csv ? r->csv->source : r->file.source, 0, 0};

	err(c, file, "%zu row%s, but a window has %zu%s",
	    r->d->rows, r->d->rows == 1 ? "" : "s", steps,
	    r->o->need_targets ? fmt(c, ", and its target stands %zu row%s "
	    "later", ahead, ahead == 1 ? "" : "s") : "");
	c->diags.v[c->diags.n - 1].place = 'f';
	return false;
}

bool
series_windows(Reader *r)
{
	Data *d = r->d;
	size_t ahead = needs_no_targets(r->net) ? 0 :
		r->net->horizon < 0 ? 1 : (size_t)r->net->horizon;
	size_t steps = (size_t)d->inputs / d->x_step, windows, t;

	windows = d->rows < steps ? 0 : d->rows - steps + 1;
	d->known = d->known && windows > ahead ? windows - ahead : 0;
	if (!(r->o->need_targets ? d->known : windows))
		return too_short(r, steps, ahead);
	/* targets of all steps begin with that of the first one */
	d->before = ahead + ((size_t)d->stored > d->t_step ? 0 : steps - 1);
	t = d->before < d->rows ? d->rows - d->before : 0;
	memmove(d->t, d->t + (d->rows - t) * d->t_step,
	        t * d->t_step * sizeof *d->t);
	d->rows = r->o->need_targets ? d->known : windows;
	return true;
}
