/* SPDX-License-Identifier: MIT
 * Holds a program against the invariants of the IR, after every stage. */
#include <string.h>
#include "middle.h"

enum { MOST_GUARDS = 4 }; /* that one proof takes */

static void
broken(Program *p, const char *stage, Kernel k, const Stmt *s,
	const char *what)
{
	Text t = { .c = p->c };
	Stmts one = { 0 };

	PUSH(p->c, &one, *s);
	dump_stmts(p, &one, &t);
	die(p->c, EX_SOFTWARE_, "after %s, kernel %d: %s in %s", stage, k,
	    what, t.s);
}

/* a >= 0 wherever the guards hold: by its interval, or by that of a less a
 * multiple of a guard, so that an index of the guard goes away */
static bool
inside(Program *p, AffId a, const StmtDraft *d, int guards)
{
	uint32_t i, k;

	if (aff_lo(p, a) >= 0)
		return true;
	for (i = 0; i < d->guards.n && guards; i++) {
		Aff g = p->affs.v[d->guards.v[i]];
		for (k = 0; k < g.n; k++) {
			Term t = p->terms.v[g.term + k];
			int32_t m = aff_coef(p, a, t.i) / t.c;
			if (m > 0 && inside(p, aff_add(p, a, aff_mul(p,
			    d->guards.v[i], -m)), d, guards - 1))
				return true;
		}
	}
	return false;
}

static void
statement(Program *p, const char *stage, Kernel k, const Stmt *s)
{
	StmtDraft d;
	Reads reads = { 0 };
	int64_t dims[MAX_RANK + 2];
	uint32_t i, q;
	int n = tensor_dims(p, s->target, dims);

	stmt_draft(p, s, &d);
	if (n != d.nlhs)
		broken(p, stage, k, s, "a wrong number of subscripts");
	if (!d.scatter && !injective(p, &d))
		broken(p, stage, k, s, "a left side that is not injective");
	if (d.scatter && (!d.add || d.ridx.n))
		broken(p, stage, k, s, "a scatter that sets or reduces");
	if (has_index(&d.ridx, SAMPLE) && d.ridx.n > 1)
		broken(p, stage, k, s, "a sum over n and others");
	for (q = 0; q < (uint32_t)n && !d.scatter; q++)
		if (aff_lo(p, d.lhs[q].id) < 0 ||
		    aff_hi(p, d.lhs[q].id) >= dims[q])
			broken(p, stage, k, s, "a left side outside");
	expr_reads(p, s->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		const Expr *x = &p->exprs.v[reads.v[i]];
		if (p->tensors.v[x->tensor].kind == T_RAND)
			continue;
		n = tensor_dims(p, x->tensor, dims);
		if ((uint32_t)n != x->nsub)
			broken(p, stage, k, s, "a read with wrong subscripts");
		for (q = 0; q < x->nsub && x->op == E_READ; q++) {
			AffId a = p->subs.v[x->sub + q].id;
			if (p->subs.v[x->sub + q].indirect)
				continue;
			if (!inside(p, a, &d, MOST_GUARDS) ||
			    !inside(p, aff_addk(p, aff_mul(p, a, -1),
			    (int32_t)dims[q] - 1), &d, MOST_GUARDS))
				broken(p, stage, k, s, "a read outside");
		}
	}
}

static void
order_of_writes(Program *p, const char *stage, Kernel k)
{
	Stmts *list = &p->kernel[k];
	int64_t *size = mem(p->c, p->tensors.n * sizeof *size);
	uint32_t i, q;

	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (!s->add)
			size[s->target] += stmt_points(p, s) *
				(s->scan ? p->scans.v[s->scan].n : 1);
	}
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		const Tensor *t = &p->tensors.v[s->target];
		int64_t dims[MAX_RANK + 2], all = 1;
		int n = tensor_dims(p, s->target, dims);
		for (q = 0; q < (uint32_t)n; q++)
			all *= dims[q];
		if ((t->kind == T_TEMP || t->kind == T_INT) &&
		    size[s->target] != all)
			broken(p, stage, k, s, "a tensor partly or twice "
			       "written");
	}
}

void
check_ir(Program *p, const char *stage)
{
	uint32_t i;
	int k;

	for (k = 0; k < K_COUNT; k++) {
		for (i = 0; i < p->kernel[k].n; i++)
			statement(p, stage, (Kernel)k, &p->kernel[k].v[i]);
		if (k != K_UPDATE && k != K_INIT && k != K_RESET)
			order_of_writes(p, stage, (Kernel)k);
	}
}

Program *
build(Ctx *c, const Network *net, Dtype dtype)
{
	Program *p = program_new(c, net, dtype);

	formula(p);
	if (c->errors)
		return NULL;
	grad(p);
	update(p);
	if (c->errors)
		return NULL;
	check_ir(p, "grad");
	simplify(p);
	check_ir(p, "simplify");
	order(p);
	if (!net->strict)
		relax(p);
	mini_batch(p);
	stream(p);
	check_ir(p, "stream");
	return p;
}
