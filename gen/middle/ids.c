/* SPDX-License-Identifier: MIT
 * Network -> which of its inputs are numbers of something (a word, a place in a
 * table): those that a formula writes as a subscript. */
#include "middle.h"

/* the inputs that one subscript reads select among `many` */
static void
mark(const Program *p, ExprId inner, int32_t many, int32_t *ids)
{
	const Expr *x = &p->exprs.v[inner];
	const Tensor *t = &p->tensors.v[x->tensor];
	int64_t i, n = shape_size(&t->shape);

	if (t->kind != T_INPUT)
		return;
	for (i = 0; i < n; i++)
		if (!ids[t->place + i] || many < ids[t->place + i])
			ids[t->place + i] = many;
}

int32_t *
input_ids(Ctx *c, const Network *net)
{
	int32_t *ids = mem(c, ((size_t)net->inputs + 1) * sizeof *ids);
	Program *p = program_new(c, net, F64);
	uint32_t i, q;

	formula(p);
	for (i = 1; i < p->exprs.n && !c->errors; i++) {
		const Expr *x = &p->exprs.v[i];
		int64_t dims[MAX_RANK + 2];
		if (x->op != E_READ && x->op != E_PAD)
			continue;
		tensor_dims(p, x->tensor, dims);
		for (q = 0; q < x->nsub; q++)
			if (p->subs.v[x->sub + q].indirect)
				mark(p, p->subs.v[x->sub + q].id,
				     (int32_t)dims[q], ids);
	}
	return ids;
}
