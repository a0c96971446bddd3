/* SPDX-License-Identifier: MIT
 * Straight line whose values are vectors of samples: the loop around it, what
 * is summed over the samples, what goes out for each of them. */
#include <string.h>
#include "back.h"

bool
sums_samples(const Emit *e, const Stmt *s)
{
	uint32_t i;

	for (i = 0; e->k->by_samples && i < s->nridx; i++)
		if (e->p->indices.v[s->ridx + i] == SAMPLE)
			return true;
	return false;
}

static bool
is_local(const Emit *e, TensorId t)
{
	return e->k->store[t].how == ST_LOCAL;
}

/* math fast: a vector of sums, whose lanes are joined when all samples are in;
 * strict: each vector is added lane after lane */
static bool
keeps_vector(const Emit *e, const Stmt *s)
{
	return !e->p->net->strict && is_local(e, s->target);
}

static void
put_lhs(Emit *e, const Stmt *s)
{
	put_ref(e, s->target, &e->p->subs.v[s->lhs], s->nlhs);
}

/* y[3*s + i] of all samples at hand */
static void
scatter(Emit *e, const Stmt *s)
{
	int64_t at[MAX_RANK + 2];
	const Tensor *x = &e->p->tensors.v[s->target];

	if (!subs_const(e, &e->p->subs.v[s->lhs], s->nlhs, at))
		die(e->c, EX_SOFTWARE_, "%s is not straight line", x->name);
	line_open(e);
	put(e, fmt(e->c, "bp_scatter%s(", e->of_vector));
	put_sample_address(e, s->target, x->place +
	                   flat_of(e, s->target, at, s->nlhs));
	put(e, fmt(e->c, ", %d, ", e->p->net->outputs));
	put_vector(e, s->expr, P_ANY);
	line_close(e, ", rest);");
}

/* dw1 = bp_add_lanes(dw1, delta*x, rest) */
void
sample_sum(Emit *e, const Stmt *s)
{
	bool helpers = hoists_begin(e, s->expr);

	e->use_vectors = true;
	if (!sums_samples(e, s)) {
		scatter(e, s);
	} else {
		line_open(e);
		put_lhs(e, s);
		if (keeps_vector(e, s)) {
			put(e, fmt(e->c, " += bp_keep%s(", e->of_vector));
		} else {
			put(e, fmt(e->c, " = bp_add_lanes%s(", e->of_vector));
			put_lhs(e, s);
			put(e, ", ");
		}
		put_vector(e, s->expr, P_ANY);
		line_close(e, ", rest);");
	}
	if (helpers)
		hoists_end(e, s->expr);
}

/* a name in a list of declarations: dw1_0 = none */
static void
declare(Emit *e, const Stmt *s)
{
	put(e, e->first ? " " : ", ");
	e->first = false;
	put_lhs(e, s);
	put(e, " = none");
}

/* const bp_vf none = bp_splat_vf(-0.0f); bp_vf dw1_0 = none, dw1_1 = none; */
void
sample_sums_begin(Emit *e)
{
	uint32_t i;
	bool any = false;

	e->joined = mem(e->c, (e->p->tensors.n + 1) * sizeof *e->joined);
	for (i = 0; i < e->k->schedules.n; i++) {
		const Schedule *q = &e->k->schedules.v[i];
		const Stmt *s = &e->list->v[q->stmt];
		const char *type = keeps_vector(e, s) ? e->vector : e->real;
		if (!sums_samples(e, s) || !is_local(e, s->target))
			continue;
		e->use_vectors = true;
		if (!any) {
			line_open(e);
			put(e, fmt(e->c, "const %s none = ", type));
			put(e, keeps_vector(e, s) ? fmt(e->c, "bp_splat%s(%s)",
			    e->of_vector, literal_text(e, -0.0)) :
			    literal_text(e, -0.0));
			line_close(e, ";");
		}
		any = true;
		line_open(e);
		put(e, type);
		e->first = true;
		each_point(e, q, s, 0, declare);
		line_close(e, ";");
	}
}

void
samples_begin(Emit *e)
{
	e->lane = SAMPLE;
	e->by_vectors = true;
	e->use_vectors = true;
	line_open(e);
	put(e, fmt(e->c, "for (int s = 0; s < %s; s += %s) {\n",
	    extent_text(e, SAMPLE), e->lanes));
	e->indent++;
	line_open(e);
	put(e, fmt(e->c, "const int rest = %s - s;\n",
	    extent_text(e, SAMPLE)));
}

/* the loss goes to the total; from here on sums are single numbers */
void
samples_end(Emit *e)
{
	TensorId loss = e->p->loss[e->kernel], t;
	Sub subs[MAX_RANK + 2];
	uint32_t n = 0, i;

	if (loss && e->k->store[loss].how == ST_LOCAL) {
		for (n = 0; n <= (uint32_t)e->p->tensors.v[loss].shape.rank; n++)
			subs[n] = sub_aff(aff_const(e->p, 0));
		line_open(e);
		put(e, fmt(e->c, "total = bp_add_lanes%s(total, ",
		    e->of_vector));
		put_ref(e, loss, subs, n);
		line_close(e, ", rest);");
	}
	e->indent--;
	line_open(e);
	put(e, "}\n");
	e->by_vectors = false;
	for (i = 0; i < e->list->n; i++) {
		t = e->list->v[i].target;
		if (sums_samples(e, &e->list->v[i]) &&
		    keeps_vector(e, &e->list->v[i]))
			e->joined[t] = fmt(e->c, "bp_sum%s(", e->of_vector);
	}
}
