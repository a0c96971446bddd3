/* SPDX-License-Identifier: MIT
 * Placing: T[g(i)] += e over a box, rewritten so that every result is written
 * plainly.  Windows become gathers by residues or elimination; what can not be
 * inverted stays a scatter.  The form fixes the order of sums, so it is chosen
 * here, once, and never by a schedule. */
#include <stdlib.h>
#include <string.h>
#include "middle.h"

bool
has_index(const Indices *v, Index i)
{
	uint32_t q;

	for (q = 0; q < v->n; q++)
		if (v->v[q] == i)
			return true;
	return false;
}

static void
index_add(Program *p, Indices *v, Index i)
{
	if (!has_index(v, i))
		PUSH(p->c, v, i);
}

void
aff_indices(const Program *p, AffId a, Indices *out)
{
	Aff x = p->affs.v[a];
	uint32_t i;

	for (i = 0; i < x.n; i++)
		index_add((Program *)p, out, p->terms.v[x.term + i].i);
}

void
expr_indices(Program *p, ExprId e, Indices *out)
{
	Expr x = p->exprs.v[e];
	uint32_t i;

	if (x.op == E_IDX || x.op == E_IEQ)
		aff_indices(p, x.aff, out);
	for (i = 0; i < x.nsub; i++) {
		Sub s = p->subs.v[x.sub + i];
		if (s.indirect)
			expr_indices(p, s.id, out);
		else
			aff_indices(p, s.id, out);
	}
	if (x.a)
		expr_indices(p, x.a, out);
	if (x.b)
		expr_indices(p, x.b, out);
	if (x.c)
		expr_indices(p, x.c, out);
}

void
expr_reads(Program *p, ExprId e, bool into_stop, Reads *out)
{
	Expr x = p->exprs.v[e];
	uint32_t i;

	if (x.op == E_READ || x.op == E_PAD) {
		for (i = 0; i < out->n && out->v[i] != e; i++)
			;
		if (i == out->n)
			PUSH(p->c, out, e);
		for (i = 0; i < x.nsub && into_stop; i++)
			if (p->subs.v[x.sub + i].indirect)
				expr_reads(p, p->subs.v[x.sub + i].id, true,
				           out);
		return;
	}
	if (!into_stop && (x.op == E_STOP || x.op == E_IEQ))
		return;
	if (x.a)
		expr_reads(p, x.a, into_stop, out);
	if (x.b)
		expr_reads(p, x.b, into_stop, out);
	if (x.c)
		expr_reads(p, x.c, into_stop, out);
}

/* the sample's extent counts as 1 here and wherever sizes are compared */
int
tensor_dims(const Program *p, TensorId t, int64_t dims[MAX_RANK + 2])
{
	const Tensor *x = &p->tensors.v[t];
	int n = 0, i;

	if (x->batch)
		dims[n++] = 1;
	for (i = 0; i < x->shape.rank; i++)
		dims[n++] = x->shape.dim[i];
	return n;
}

int64_t
box_size(const Program *p, const Indices *idx)
{
	int64_t r = 1;
	uint32_t i;

	for (i = 0; i < idx->n; i++)
		if (idx->v[i] != SAMPLE)
			r *= p->index.v[idx->v[i]].extent;
	return r;
}

void
guard_add(Program *p, Guards *g, AffId a)
{
	uint32_t i;

	if (aff_lo(p, a) >= 0)
		return;
	for (i = 0; i < g->n; i++)
		if (g->v[i] == a)
			return;
	PUSH(p->c, g, a);
}

/* A subscript like 16*i + 4*r + c with r < 4, c < 4 tells all of its indices:
 * each coefficient is larger than what the smaller ones can reach. */
static bool
tells_all(const Program *p, AffId id, const Indices *idx)
{
	const Aff *a = &p->affs.v[id];
	int64_t reach = 0, least = 0, size, next;
	Term at = { 0 }, t;
	uint32_t k;
	int many;

	for (;;) {
		for (next = INT64_MAX, many = 0, k = 0; k < a->n; k++) {
			t = p->terms.v[a->term + k];
			size = llabs((long long)t.c);
			if (!has_index(idx, t.i) || size <= least ||
			    p->index.v[t.i].extent == 1 || size > next)
				continue;
			many = size == next ? many + 1 : 1;
			next = size;
			at = t;
		}
		if (!many)
			return true;
		if (many > 1 || next <= reach)
			return false;
		reach += next * ((int64_t)p->index.v[at.i].extent - 1);
		least = next;
	}
}

/* each index stands in some subscript that tells all of its indices */
bool
injective(const Program *p, const StmtDraft *d)
{
	uint32_t i;
	int q;

	for (i = 0; i < d->idx.n; i++) {
		bool told = false;
		for (q = 0; q < d->nlhs && !told; q++) {
			Indices own = { 0 };
			if (d->lhs[q].indirect)
				continue;
			aff_indices(p, d->lhs[q].id, &own);
			told = has_index(&own, d->idx.v[i]) &&
			       tells_all(p, d->lhs[q].id, &d->idx);
		}
		if (!told)
			return false;
	}
	return true;
}

void
fill(Program *p, TensorId t, double value, Stmts *out, const Stmt *like)
{
	const Tensor *x = &p->tensors.v[t];
	StmtDraft d = { .target = t, .layer = like->layer,
	                .phase = like->phase, .loc = like->loc };
	int i;

	if (x->batch) {
		d.lhs[d.nlhs++] = sub_aff(aff_var(p, SAMPLE));
		PUSH(p->c, &d.idx, SAMPLE);
	}
	for (i = 0; i < p->tensors.v[t].shape.rank; i++) {
		Index j = ir_index(p, fmt(p->c, "i%d", i),
		                   p->tensors.v[t].shape.dim[i]);
		d.lhs[d.nlhs++] = sub_aff(aff_var(p, j));
		PUSH(p->c, &d.idx, j);
	}
	d.expr = ex_num(p, value);
	PUSH(p->c, out, ir_stmt(p, &d));
}

bool
stmt_draft(Program *p, const Stmt *s, StmtDraft *d)
{
	uint32_t i;

	memset(d, 0, sizeof *d);
	d->target = s->target;
	d->nlhs = (int)s->nlhs;
	memcpy(d->lhs, p->subs.v + s->lhs, s->nlhs * sizeof *d->lhs);
	d->add = s->add;
	d->red = s->red;
	for (i = 0; i < s->nidx; i++)
		PUSH(p->c, &d->idx, p->indices.v[s->idx + i]);
	for (i = 0; i < s->nridx; i++)
		PUSH(p->c, &d->ridx, p->indices.v[s->ridx + i]);
	for (i = 0; i < s->nguard; i++)
		PUSH(p->c, &d->guards, p->guards.v[s->guard + i]);
	d->expr = s->expr;
	d->over_z = s->over_z;
	d->over_dy = s->over_dy;
	d->scatter = s->scatter;
	d->scan = s->scan;
	d->layer = s->layer;
	d->phase = s->phase;
	d->loc = s->loc;
	return true;
}

/* ---- one subscript's ways of being written */

typedef struct {
	AffId lhs;
	Index from[2]; AffId to[2]; int n;  /* substitution */
	Index made[2]; int nmade;           /* new indices */
	AffId guards[4]; int nguards;
} Choice;
typedef VEC(Choice) Choices;

static int64_t
floor_div(int64_t a, int64_t b) /* b > 0 */
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t
ceil_div(int64_t a, int64_t b)
{
	return -floor_div(-a, b);
}

static const char *
derived(Program *p, Index i, const char *suffix)
{
	return fmt(p->c, "%s%s", p->index.v[i].name, suffix);
}

/* a = s*r + u + k split by its residue mod s: constant trip counts */
static void
residues(Program *p, AffId sub, int64_t size, Index u, Index r, Choices *out)
{
	int64_t st = aff_coef(p, sub, r), k = p->affs.v[sub].k, e, M, lo, hi;
	int64_t U = p->index.v[u].extent, R = p->index.v[r].extent;

	for (e = 0; e < st; e++) {
		Choice c = { 0 };
		Index q, m;
		AffId rr;
		M = ceil_div(U - e, st);
		if (M <= 0)
			continue;
		lo = ceil_div(-(k + e), st);
		lo = lo < 0 ? 0 : lo;
		hi = floor_div(size - 1 - k - e, st) + 1;
		hi = hi < R + M - 1 ? hi : R + M - 1;
		if (hi <= lo)
			continue;
		q = ir_index(p, derived(p, r, "_q"), (int32_t)(hi - lo));
		m = ir_index(p, derived(p, u, "_m"), (int32_t)M);
		rr = aff_addk(p, aff_add(p, aff_var(p, q),
		              aff_mul(p, aff_var(p, m), -1)), (int32_t)lo);
		c.lhs = aff_addk(p, aff_mul(p, aff_var(p, q), (int32_t)st),
		                 (int32_t)(st * lo + e + k));
		c.from[0] = u;
		c.to[0] = aff_addk(p, aff_mul(p, aff_var(p, m), (int32_t)st),
		                   (int32_t)e);
		c.from[1] = r;
		c.to[1] = rr;
		c.n = 2;
		c.made[0] = q;
		c.made[1] = m;
		c.nmade = 2;
		c.guards[0] = rr;
		c.guards[1] = aff_addk(p, aff_mul(p, rr, -1), (int32_t)R - 1);
		c.nguards = 2;
		PUSH(p->c, out, c);
	}
}

/* u = c * (a - rest) for the index u with coefficient c = 1 or -1 */
static void
eliminate(Program *p, AffId sub, int64_t size, Index u, Choices *out)
{
	int32_t k = aff_coef(p, sub, u);
	Choice c = { 0 };
	Index a = ir_index(p, derived(p, u, "_a"), (int32_t)size);
	AffId rest, uu;

	rest = aff_add(p, sub, aff_mul(p, aff_var(p, u), -k));
	uu = aff_mul(p, aff_add(p, aff_var(p, a), aff_mul(p, rest, -1)), k);
	c.lhs = aff_var(p, a);
	c.from[0] = u;
	c.to[0] = uu;
	c.n = 1;
	c.made[0] = a;
	c.nmade = 1;
	c.guards[0] = uu;
	c.guards[1] = aff_addk(p, aff_mul(p, uu, -1),
	                       p->index.v[u].extent - 1);
	c.nguards = 2;
	PUSH(p->c, out, c);
}

typedef struct {
	Program *p;
	const Sub *subs;
	int nsubs;
	const int64_t *dims;
	const Indices *iters;
	Indices plain;              /* alone in some subscript */
} Windows;

static bool
elsewhere(const Windows *w, Index i, int but)
{
	int q;

	for (q = 0; q < w->nsubs; q++)
		if (q != but && aff_coef(w->p, w->subs[q].id, i))
			return true;
	return false;
}

/* one index, c*i + k: clip the box of i so that the subscript stays inside;
 * false: only a scatter will do */
static bool
clip(Windows *w, int q, Index i, Choices *out)
{
	Program *p = w->p;
	AffId sub = w->subs[q].id;
	int64_t k = p->affs.v[sub].k, c = aff_coef(p, sub, i), lo, hi;
	int64_t size = w->dims[q], ext = p->index.v[i].extent;
	Choice ch = { .lhs = sub };
	Index j;

	if (i == SAMPLE) {
		PUSH(p->c, out, ch);
		return true;
	}
	if (c > 0) {
		lo = ceil_div(-k, c);
		hi = floor_div(size - 1 - k, c) + 1;
	} else {
		lo = ceil_div(k - (size - 1), -c);
		hi = floor_div(k, -c) + 1;
	}
	lo = lo < 0 ? 0 : lo;
	hi = hi < ext ? hi : ext;
	if (lo == 0 && hi == ext) {
		PUSH(p->c, out, ch);
		return true;
	}
	if (elsewhere(w, i, q))
		return false;
	if (hi <= lo)
		return true;        /* nothing left: no choice, no statement */
	j = ir_index(p, derived(p, i, "_c"), (int32_t)(hi - lo));
	ch.from[0] = i;
	ch.to[0] = aff_addk(p, aff_var(p, j), (int32_t)lo);
	ch.n = 1;
	ch.lhs = aff_subst(p, sub, ch.from, ch.to, 1);
	ch.made[0] = j;
	ch.nmade = 1;
	PUSH(p->c, out, ch);
	return true;
}

static bool
choices(Windows *w, int q, Choices *out)
{
	Program *p = w->p;
	AffId sub = w->subs[q].id;
	Indices all = { 0 }, mine = { 0 }, open = { 0 };
	Index u = SAMPLE, r = SAMPLE;
	uint32_t i;
	int64_t trips = 1;
	bool found = false;

	aff_indices(p, sub, &all);
	for (i = 0; i < all.n; i++)
		if (has_index(w->iters, all.v[i])) {
			PUSH(p->c, &mine, all.v[i]);
			if (!has_index(&w->plain, all.v[i]))
				PUSH(p->c, &open, all.v[i]);
		}
	if (mine.n == 1 && all.n == 1)
		return clip(w, q, mine.v[0], out);
	if (mine.n <= 1 || !open.n) {
		PUSH(p->c, out, ((Choice){ .lhs = sub }));
		return true;
	}
	for (i = 0; i < open.n; i++)
		if (elsewhere(w, open.v[i], q))
			return false;
	/* digits of one number, as in flatten: one term for every place */
	if (open.n == all.n && tells_all(p, sub, &all) && aff_lo(p, sub) >= 0 &&
	    aff_hi(p, sub) < w->dims[q]) {
		PUSH(p->c, out, ((Choice){ .lhs = sub }));
		return true;
	}
	/* the free index with coefficient +-1 and the largest extent, the last
	   of equals */
	for (i = 0; i < open.n; i++) {
		int32_t k = aff_coef(p, sub, open.v[i]);
		if ((k == 1 || k == -1) && (!found ||
		    p->index.v[open.v[i]].extent >= p->index.v[u].extent)) {
			u = open.v[i];
			found = true;
		}
	}
	if (!found)
		return false;
	for (i = 0; i < open.n; i++)
		if (open.v[i] != u) {
			r = open.v[i];
			trips *= p->index.v[r].extent;
		}
	if (open.n == 2 && all.n == 2 && aff_coef(p, sub, u) == 1 &&
	    aff_coef(p, sub, r) > 1 &&
	    ceil_div(p->index.v[u].extent, aff_coef(p, sub, r)) <= trips)
		residues(p, sub, w->dims[q], u, r, out);
	else
		eliminate(p, sub, w->dims[q], u, out);
	return true;
}

/* ---- the product of the choices */

typedef struct {
	TensorId target;
	const Indices *iters;
	const Guards *guards;
	ExprId e;
	Choices *choice;
} Product;

static void
emit_one(Windows *w, const Product *g, const Choice *const *pick, Drafts *out)
{
	Program *p = w->p;
	StmtDraft d = { .target = g->target, .add = true };
	Index from[2 * (MAX_RANK + 2)];
	AffId to[2 * (MAX_RANK + 2)];
	Indices names = { 0 }, left = { 0 };
	int n = 0, q, k;
	uint32_t i, j;

	for (q = 0; q < w->nsubs; q++) {
		d.lhs[q] = sub_aff(pick[q]->lhs);
		aff_indices(p, pick[q]->lhs, &left);
		for (k = 0; k < pick[q]->n; k++, n++) {
			from[n] = pick[q]->from[k];
			to[n] = pick[q]->to[k];
		}
	}
	d.nlhs = w->nsubs;
	/* loops in their old order, replaced ones in place */
	for (i = 0; i < g->iters->n; i++) {
		Indices by = { 0 };
		for (k = 0; k < n && from[k] != g->iters->v[i]; k++)
			;
		if (k == n)
			PUSH(p->c, &by, g->iters->v[i]);
		else
			aff_indices(p, to[k], &by);
		for (j = 0; j < by.n; j++) {
			bool made = k == n;
			int m;
			for (q = 0; q < w->nsubs && !made; q++)
				for (m = 0; m < pick[q]->nmade; m++)
					made |= pick[q]->made[m] == by.v[j];
			if (made || has_index(g->iters, by.v[j]))
				index_add(p, &names, by.v[j]);
		}
	}
	for (k = 0; k < n; k++) /* a replaced index is no loop any more */
		for (i = 0; i < names.n; i++)
			if (names.v[i] == from[k]) {
				memmove(names.v + i, names.v + i + 1,
				        (names.n - i - 1) * sizeof *names.v);
				names.n--;
			}
	for (i = 0; i < left.n; i++)
		if (has_index(&names, left.v[i]))
			PUSH(p->c, &d.idx, left.v[i]);
	for (i = 0; i < names.n; i++)
		if (!has_index(&d.idx, names.v[i]))
			PUSH(p->c, &d.ridx, names.v[i]);
	d.red = d.ridx.n ? RED_SUM : RED_NONE;
	for (i = 0; i < g->guards->n; i++)
		guard_add(p, &d.guards,
		          aff_subst(p, g->guards->v[i], from, to, n));
	for (q = 0; q < w->nsubs; q++)
		for (k = 0; k < pick[q]->nguards; k++)
			guard_add(p, &d.guards,
			          aff_subst(p, pick[q]->guards[k], from, to,
			                    n));
	d.expr = ex_subst(p, g->e, from, to, n);
	PUSH(p->c, out, d);
}

static void
multiply(Windows *w, const Product *g, const Choice **pick, int q, Drafts *out)
{
	uint32_t i;

	if (q == w->nsubs) {
		emit_one(w, g, pick, out);
		return;
	}
	for (i = 0; i < g->choice[q].n; i++) {
		pick[q] = &g->choice[q].v[i];
		multiply(w, g, pick, q + 1, out);
	}
}

static void
scatter(Windows *w, const Product *g, Drafts *out)
{
	Program *p = w->p;
	StmtDraft d = { .target = g->target, .add = true, .scatter = true,
	                .expr = g->e, .nlhs = w->nsubs };
	uint32_t i;
	int q;

	memcpy(d.lhs, w->subs, (size_t)w->nsubs * sizeof *d.lhs);
	for (i = 0; i < g->iters->n; i++)
		PUSH(p->c, &d.idx, g->iters->v[i]);
	for (i = 0; i < g->guards->n; i++)
		guard_add(p, &d.guards, g->guards->v[i]);
	for (q = 0; q < w->nsubs; q++) {
		AffId a = w->subs[q].id;
		if (w->subs[q].indirect)
			continue;
		guard_add(p, &d.guards, a);
		guard_add(p, &d.guards, aff_addk(p,
		          aff_mul(p, a, -1), (int32_t)w->dims[q] - 1));
	}
	PUSH(p->c, out, d);
}

void
place(Program *p, TensorId tgt, const Sub *subs, int nsubs,
	const Indices *iters, const Guards *guards, ExprId e, Drafts *out)
{
	int64_t dims[MAX_RANK + 2];
	Choices choice[MAX_RANK + 2];
	const Choice *pick[MAX_RANK + 2];
	Windows w = { p, subs, nsubs, dims, iters, { 0 } };
	Product g = { tgt, iters, guards, e, choice };
	bool plain = true;
	int q;

	tensor_dims(p, tgt, dims);
	memset(choice, 0, sizeof choice);
	for (q = 0; q < nsubs && plain; q++) {
		Indices own = { 0 }, mine = { 0 };
		uint32_t i;
		plain = !subs[q].indirect;
		if (!plain)
			break;
		aff_indices(p, subs[q].id, &own);
		for (i = 0; i < own.n; i++)
			if (has_index(iters, own.v[i]))
				PUSH(p->c, &mine, own.v[i]);
		if (mine.n == 1)
			index_add(p, &w.plain, mine.v[0]);
	}
	for (q = 0; q < nsubs && plain; q++)
		plain = choices(&w, q, &choice[q]);
	if (!plain)
		scatter(&w, &g, out);
	else
		multiply(&w, &g, pick, 0, out);
}
