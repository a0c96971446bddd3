/* SPDX-License-Identifier: MIT
 * A plan in, the fields of NAME_net out, in order, with their sizes. */
#include "back.h"

enum { HEADER = 16, LINE = 64 }; /* bytes of seed, step, samples; of the cache */

typedef struct {
	const Program *p;
	const Plan *plan;
	Fields *out;
	int64_t at, unit;           /* bytes so far, of a real */
} Lay;

/* where the kernels run by vectors, arrays begin with a line of the cache */
static void
field(Lay *l, FieldKind kind, TensorId t, int64_t count, bool scalar)
{
	Field f = { .kind = kind, .tensor = t, .count = scalar ? 0 : count };

	if (l->plan->vectors && !scalar && kind != FIELD_INTS)
		f.pad = (LINE - l->at % LINE) % LINE / l->unit;
	f.at = l->at + f.pad * l->unit;
	l->at = f.at + count * (kind == FIELD_INTS ? 4 : l->unit);
	PUSH(l->p->c, l->out, f);
}

static void
tensor(Lay *l, TensorId t, FieldKind kind)
{
	const Tensor *x = &l->p->tensors.v[t];

	if (t)
		field(l, kind, t, layout_size(x, &l->plan->kernel[0].layout[t]),
		      x->kind == T_NET && !x->shape.rank);
}

static void
net_states(Lay *l, bool scalars)
{
	const Program *p = l->p;
	uint32_t i;

	for (i = 0; wants(p, K_UPDATE) && i < p->net_states.n; i++) {
		TensorId t = p->net_states.v[i];
		if (!p->tensors.v[t].shape.rank == scalars)
			tensor(l, t, FIELD_STATE);
	}
}

const char *
field_name(const CNames *names, const Field *f)
{
	return f->kind == FIELD_INPUT_GRADIENT ? "dx" :
		f->kind == FIELD_WORK ? "work" :
		f->kind == FIELD_INTS ? "iwork" : cname(names, f->tensor);
}

const char *
field_text(FieldKind kind)
{
	static const char *const texts[] = {
		[FIELD_GRADIENT] = "accumulated gradient",
		[FIELD_STATISTIC] = "running statistics",
		[FIELD_STATE] = "optimizer",
		[FIELD_STREAM] = "what one step leaves to the next",
		[FIELD_INPUT_GRADIENT] = "of the last sample",
		[FIELD_CARRY] = "sums for the sample to come",
		[FIELD_WORK] = "within one call",
		[FIELD_INTS] = "within one call"
	};

	return texts[kind];
}

/* returns sizeof(NAME_net) */
int64_t
fields(const Program *p, const Plan *plan, Fields *out)
{
	Lay l = { p, plan, out, HEADER, p->dtype == F32 ? 4 : 8 };
	uint32_t i;

	if (plan->vectors)
		net_states(&l, true);
	for (i = 0; i < p->weights.n; i++)
		tensor(&l, p->weights.v[i], FIELD_WEIGHT);
	for (i = 0; i < p->statistics.n; i++)
		tensor(&l, p->statistics.v[i], FIELD_STATISTIC);
	for (i = 0; wants_training(p) && i < p->grads.n; i++)
		tensor(&l, p->grads.v[i], FIELD_GRADIENT);
	for (i = 0; wants(p, K_UPDATE) && i < p->states.n; i++)
		tensor(&l, p->states.v[i], FIELD_STATE);
	if (!plan->vectors)
		net_states(&l, true);
	net_states(&l, false);
	for (i = 1; plan->kernel[K_ONLINE].used && i < p->tensors.n; i++)
		if (p->tensors.v[i].kind == T_CARRY)
			tensor(&l, i, FIELD_CARRY);
	for (i = 0; wants(p, K_STREAM) && i < p->carried.n; i++)
		tensor(&l, p->carried.v[i], FIELD_STREAM);
	if (p->input_grads.n && wants_training(p))
		field(&l, FIELD_INPUT_GRADIENT, 0, p->net->inputs, false);
	if (plan->work)
		field(&l, FIELD_WORK, 0, plan->work, false);
	if (plan->ints)
		field(&l, FIELD_INTS, 0, plan->ints, false);
	return l.at;
}
