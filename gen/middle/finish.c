/* SPDX-License-Identifier: MIT
 * Finishes one statement of a formula: guards reads that may fall outside,
 * adds the sample index and the row before t = 0, places a forward +=. */
#include <string.h>
#include "lowering.h"

/* lo >= 0 everywhere, or implied by one guard g: lo - g >= 0 */
static bool
implied(Program *p, AffId lo, const Guards *g)
{
	uint32_t i;

	if (aff_lo(p, lo) >= 0)
		return true;
	for (i = 0; i < g->n; i++)
		if (aff_lo(p, aff_add(p, lo, aff_mul(p, g->v[i], -1))) >= 0)
			return true;
	return false;
}

static bool
is_factor(const Program *p, ExprId e, ExprId read)
{
	const Expr *x = &p->exprs.v[e];

	return e == read || (x->op == E_NEG && is_factor(p, x->a, read)) ||
	       (x->op == E_MUL && (is_factor(p, x->a, read) ||
	                           is_factor(p, x->b, read)));
}

/* the state before t = 0 may be read at t - 1 */
static bool
row_before(const Low *w, const Expr *x, int q)
{
	const Tensor *t = &w->p->tensors.v[x->tensor];
	AffId before;

	if (!t->off || !w->scan || q != (w->named_n ? 1 : 0))
		return false;
	before = aff_addk(w->p, aff_var(w->p, w->scan_t), -1);
	return w->p->subs.v[x->sub + (uint32_t)q].id == before;
}

static void
bounds(Low *w, StmtDraft *d)
{
	Program *p = w->p;
	Reads reads = { 0 };
	uint32_t i;

	expr_reads(p, d->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		Expr x = p->exprs.v[reads.v[i]];
		int64_t dims[MAX_RANK + 2];
		Guards out = { 0 };
		uint32_t q;
		if (p->tensors.v[x.tensor].kind == T_RAND)
			continue;
		seen_dims(w, x.tensor, dims);
		for (q = 0; q < x.nsub; q++) {
			Sub s = p->subs.v[x.sub + q];
			AffId up;
			if (s.indirect || row_before(w, &x, (int)q))
				continue;
			up = aff_addk(p, aff_mul(p, s.id, -1),
			              (int32_t)dims[q] - 1);
			if (!implied(p, s.id, &d->guards))
				PUSH(p->c, &out, s.id);
			if (!implied(p, up, &d->guards))
				PUSH(p->c, &out, up);
		}
		if (!out.n)
			continue;
		if (!w->u->pad) {
			fail_line(w, x.loc, fmt(w->c, "'%s' can be read outside its "
			     "%s here", p->tensors.v[x.tensor].name,
			     shape_text(w->c, &p->tensors.v[x.tensor].shape)));
			help(w->c, "say `pad = \"zero\"` in the record, or keep "
			     "the index inside with `where`");
			return;
		}
		if (!strcmp(w->u->pad, "skip") ||
		    (d->red == RED_SUM && is_factor(p, d->expr, reads.v[i]))) {
			for (q = 0; q < out.n; q++)
				PUSH(p->c, &d->guards, out.v[q]);
		} else {
			d->expr = replace(p, d->expr, reads.v[i],
				ex_pad(p, x.tensor, &p->subs.v[x.sub],
				       (int)x.nsub));
		}
	}
}

static void
random_shapes(Low *w, ExprId e)
{
	Reads reads = { 0 };
	uint32_t i, q;

	expr_reads(w->p, e, true, &reads);
	for (i = 0; i < reads.n; i++) {
		Expr x = w->p->exprs.v[reads.v[i]];
		Tensor *t = &w->p->tensors.v[x.tensor];
		if (t->kind != T_RAND)
			continue;
		t->shape.rank = (int)x.nsub;
		for (q = 0; q < x.nsub; q++)
			t->shape.dim[q] = (int32_t)aff_hi(w->p,
				w->p->subs.v[x.sub + q].id) + 1;
	}
}

/* sample index in front, rows shifted by the state before t = 0 */
static ExprId
address(Program *p, ExprId e, void *u)
{
	Low *w = ((Finish *)u)->w;
	Expr x = p->exprs.v[e];
	Sub subs[MAX_RANK + 2];
	const Tensor *t;
	uint32_t i, n = 0, b = w->named_n ? 1 : 0;

	if (x.op != E_READ && x.op != E_PAD)
		return e;
	t = &p->tensors.v[x.tensor];
	if (t->batch && !w->named_n)
		subs[n++] = sub_aff(aff_var(p, SAMPLE));
	for (i = 0; i < x.nsub; i++) {
		subs[n] = p->subs.v[x.sub + i];
		if (t->off && i == b)
			subs[n].id = aff_addk(p, subs[n].id, 1);
		n++;
	}
	return x.op == E_READ ? ex_read(p, x.tensor, subs, (int)n)
	                      : ex_pad(p, x.tensor, subs, (int)n);
}

static bool
any_batch(Low *w, ExprId e)
{
	Reads reads = { 0 };
	uint32_t i;

	if (e)
		expr_reads(w->p, e, true, &reads);
	for (i = 0; i < reads.n; i++)
		if (w->p->tensors.v[w->p->exprs.v[reads.v[i]].tensor].batch)
			return true;
	return false;
}

static void
left_side(Low *w, StmtDraft *d)
{
	Program *p = w->p;
	Tensor *t = &p->tensors.v[d->target];
	uint32_t b = w->named_n ? 1 : 0;
	int q;
	Indices all = { 0 };

	if (t->off)
		d->lhs[b].id = aff_addk(p, d->lhs[b].id, 1);
	if (t->batch && !w->named_n) {
		memmove(d->lhs + 1, d->lhs, (size_t)d->nlhs * sizeof *d->lhs);
		d->lhs[0] = sub_aff(aff_var(p, SAMPLE));
		d->nlhs++;
	}
	for (q = 0; q < d->nlhs; q++)
		aff_indices(p, d->lhs[q].id, &all);
	d->idx.n = 0;
	for (uint32_t i = 0; i < all.n; i++)
		if (!w->scan || all.v[i] != w->scan_t)
			PUSH(p->c, &d->idx, all.v[i]);
}

void
finish(Low *w, Finish *f)
{
	Program *p = w->p;
	StmtDraft *d = &f->d;
	Tensor *t = &p->tensors.v[d->target];
	Guards kept = { 0 };
	Drafts made = { 0 };
	bool batch;
	uint32_t i;

	tree_limit(w, d->expr, d->loc);
	if (w->bad)
		return;
	random_shapes(w, d->expr);
	bounds(w, d);
	if (w->bad)
		return;
	for (i = 0; i < d->guards.n; i++)
		guard_add(p, &kept, d->guards.v[i]);
	d->guards = kept;
	batch = !w->u->update && any_batch(w, d->expr);
	if (!w->named_n && !w->u->update)
		t->batch |= batch;
	d->expr = ex_map(p, d->expr, address, f);
	if (d->over_z) {
		d->over_z = ex_map(p, d->over_z, address, f);
		d->over_dy = ex_map(p, d->over_dy, address, f);
	}
	left_side(w, d);
	d->scan = w->scan;
	d->layer = w->u->layer;
	d->phase = w->u->phase;
	if (!d->add || w->u->update) {
		d->add = false;
		PUSH(p->c, w->u->out, ir_stmt(p, d));
		return;
	}
	place(p, d->target, d->lhs, d->nlhs, &d->idx, &d->guards, d->expr,
	      &made);
	for (i = 0; i < w->u->out->n; i++)
		if (w->u->out->v[i].target == d->target)
			break;
	if (i == w->u->out->n) {
		Stmt like = { .layer = d->layer, .phase = d->phase,
		              .loc = d->loc };
		fill(p, d->target, -0.0, w->u->out, &like);
	}
	for (i = 0; i < made.n; i++) {
		made.v[i].layer = d->layer;
		made.v[i].phase = d->phase;
		made.v[i].loc = d->loc;
		made.v[i].scan = d->scan;
		PUSH(p->c, w->u->out, ir_stmt(p, &made.v[i]));
	}
}

