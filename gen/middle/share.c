/* SPDX-License-Identifier: MIT
 * Common results: what is computed twice is computed once.  Two statements
 * that differ in the names of indices alone become one, and a costly value
 * that stands in a tensor already is read from there.  No bit changes. */
#include <string.h>
#include "middle.h"

typedef struct {
	Program *p;
	Stmts *list;
	uint32_t *writers;          /* per tensor: statements */
	TensorId loss;
	Indices canon;              /* by position and extent */
	VEC(uint32_t) *by;          /* per tensor: who reads it, or once did */
} Share;

typedef struct {                /* a statement up to names of indices */
	ExprId expr;
	Guards guards;
	AffId lhs[MAX_RANK + 2];
	Indices box;
} Key;

static Index
canonical(Share *w, uint32_t position, int32_t extent)
{
	Program *p = w->p;
	const char *name = fmt(p->c, "#%u", position);
	uint32_t i;

	for (i = 0; i < w->canon.n; i++) {
		const IndexInfo *x = &p->index.v[w->canon.v[i]];
		if (x->extent == extent && !strcmp(x->name, name))
			return w->canon.v[i];
	}
	PUSH(p->c, &w->canon, ir_index(p, name, extent));
	return w->canon.v[w->canon.n - 1];
}

static Key
key_of(Share *w, const Stmt *s)
{
	Program *p = w->p;
	Key k = { 0 };
	StmtDraft d;
	Indices from = { 0 };
	VEC(AffId) to = { 0 };
	uint32_t i;

	stmt_draft(p, s, &d);
	for (i = 0; i < d.idx.n + d.ridx.n; i++) {
		Index x = i < d.idx.n ? d.idx.v[i] : d.ridx.v[i - d.idx.n];
		Index c = x;
		if (x != SAMPLE) {
			c = canonical(w, i, p->index.v[x].extent);
			PUSH(p->c, &from, x);
			PUSH(p->c, &to, aff_var(p, c));
		}
		PUSH(p->c, &k.box, c);
	}
	k.expr = ex_subst(p, d.expr, from.v, to.v, (int)from.n);
	for (i = 0; i < d.guards.n; i++)
		PUSH(p->c, &k.guards, aff_subst(p, d.guards.v[i], from.v, to.v,
		                                (int)from.n));
	for (i = 0; i < (uint32_t)d.nlhs; i++)
		k.lhs[i] = aff_subst(p, d.lhs[i].id, from.v, to.v,
		                     (int)from.n);
	return k;
}

static bool
same(const Stmt *s, const Key *a, const Stmt *t, const Key *b)
{
	return s->red == t->red && s->nidx == t->nidx && s->nlhs == t->nlhs &&
	       s->nridx == t->nridx && s->nguard == t->nguard &&
	       a->expr == b->expr &&
	       !memcmp(a->box.v, b->box.v, a->box.n * sizeof *a->box.v) &&
	       (!s->nguard || !memcmp(a->guards.v, b->guards.v,
	                              s->nguard * sizeof *a->guards.v)) &&
	       !memcmp(a->lhs, b->lhs, s->nlhs * sizeof *a->lhs);
}

static bool
may_share(const Share *w, const Stmt *s)
{
	const Tensor *t = &w->p->tensors.v[s->target];

	return t->kind == T_TEMP && !t->off && !s->add && !s->scatter &&
	       !s->scan && w->writers[s->target] == 1;
}

typedef struct { TensorId from, to; } Rename;

static ExprId
rename_read(Program *p, ExprId e, void *u)
{
	const Rename *r = u;
	const Expr *x = &p->exprs.v[e];

	if ((x->op != E_READ && x->op != E_PAD) || x->tensor != r->from)
		return e;
	return x->op == E_READ
	       ? ex_read(p, r->to, p->subs.v + x->sub, (int)x->nsub)
	       : ex_pad(p, r->to, p->subs.v + x->sub, (int)x->nsub);
}

/* who reads what, in the order of the list */
static void
readers(Share *w)
{
	Program *p = w->p;
	uint32_t i, k;

	w->by = mem(p->c, p->tensors.n * sizeof *w->by);
	for (i = 0; i < w->list->n; i++) {
		Reads reads = { 0 };
		expr_reads(p, w->list->v[i].expr, true, &reads);
		for (k = 0; k < reads.n; k++)
			PUSH(p->c, &w->by[p->exprs.v[reads.v[k]].tensor], i);
	}
}

static void
rename_all(Share *w, TensorId from, TensorId to)
{
	Rename r = { from, to };
	uint32_t i, k;

	for (i = 0; i < w->by[from].n; i++) {
		k = w->by[from].v[i];
		w->list->v[k].expr = ex_map(w->p, w->list->v[k].expr,
		                            rename_read, &r);
		PUSH(w->p->c, &w->by[to], k);
	}
}

/* a twin goes: its target is none until the list is compacted */
static bool
twins(Share *w)
{
	Program *p = w->p;
	uint32_t n = w->list->n, size = 16, i, h, k = 0;
	Key *keys = mem(p->c, (n + 1) * sizeof *keys);
	uint32_t *table;            /* open addressing, statement + 1 */
	bool any = false;

	while (size < 2 * n)
		size *= 2;
	table = mem(p->c, size * sizeof *table);
	for (i = 0; i < n; i++) {
		Stmt *s = &w->list->v[i];
		uint64_t hash;
		if (!may_share(w, s))
			continue;
		keys[i] = key_of(w, s);
		hash = fnv1a(FNV_START, &keys[i].expr, sizeof keys[i].expr);
		hash = fnv1a(hash, keys[i].lhs, s->nlhs * sizeof *keys[i].lhs);
		for (h = (uint32_t)hash & (size - 1); table[h];
		     h = (h + 1) & (size - 1)) {
			k = table[h] - 1;
			if (same(&w->list->v[k], &keys[k], s, &keys[i]))
				break;
		}
		if (!table[h]) {
			table[h] = i + 1;
		} else if (s->target != w->loss) {
			rename_all(w, s->target, w->list->v[k].target);
			w->list->v[k].stopped &= s->stopped;
			s->target = 0;
			any = true;
		}
	}
	return any;
}

/* ---- values that stand in a tensor already */

static bool
costly(const Program *p, ExprId e)
{
	const Expr *x = &p->exprs.v[e];

	if (x->op == E_DIV || (x->op == E_FN && x->fn != FN_ABS &&
	    x->fn != FN_SIGN && x->fn != FN_FLOOR))
		return true;
	return (x->a && costly(p, x->a)) || (x->b && costly(p, x->b)) ||
	       (x->c && costly(p, x->c));
}

static bool
contains(const Program *p, ExprId e, ExprId part)
{
	const Expr *x = &p->exprs.v[e];

	return e == part || (x->a && contains(p, x->a, part)) ||
	       (x->b && contains(p, x->b, part)) ||
	       (x->c && contains(p, x->c, part));
}

/* the read in e whose subscripts are exactly the indices of the box */
static ExprId
anchor(Program *p, const StmtDraft *d)
{
	Reads reads = { 0 };
	uint32_t i, q, plain;
	Index x;

	expr_reads(p, d->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		const Expr *e = &p->exprs.v[reads.v[i]];
		Indices seen = { 0 };
		for (q = plain = 0; q < e->nsub; q++)
			if (!p->subs.v[e->sub + q].indirect &&
			    aff_is_var(p, p->subs.v[e->sub + q].id, &x) &&
			    has_index(&d->idx, x) && !has_index(&seen, x)) {
				PUSH(p->c, &seen, x);
				plain++;
			}
		if (plain == e->nsub && plain == d->idx.n)
			return reads.v[i];
	}
	return 0;
}

/* the value of `from` at the subscripts of `read`, where s uses it */
static bool
reuse_at(Program *p, const StmtDraft *from, ExprId anchor_read, Stmt *s,
	ExprId read)
{
	const Expr *a = &p->exprs.v[anchor_read], *r = &p->exprs.v[read];
	Index x[MAX_RANK + 2];
	AffId to[MAX_RANK + 2];
	Sub subs[MAX_RANK + 2];
	ExprId value;
	uint32_t q, nsub = a->nsub;
	int k;

	if (r->op != E_READ || r->tensor != a->tensor)
		return false;
	for (q = 0; q < nsub; q++) {
		if (p->subs.v[r->sub + q].indirect)
			return false;
		aff_is_var(p, p->subs.v[a->sub + q].id, &x[q]);
		to[q] = p->subs.v[r->sub + q].id;
	}
	value = ex_subst(p, from->expr, x, to, (int)nsub);
	if (!contains(p, s->expr, value))
		return false;
	for (k = 0; k < from->nlhs; k++)
		subs[k] = sub_aff(aff_subst(p, from->lhs[k].id, x, to,
		                            (int)nsub));
	s->expr = replace(p, s->expr, value, ex_read(p, from->target, subs,
	                                             from->nlhs));
	return true;
}

static bool
reuse(Share *w)
{
	Program *p = w->p;
	bool any = false;
	uint32_t i, k, q, n;

	for (i = 0; i < w->list->n; i++) {
		StmtDraft d;
		ExprId read;
		TensorId t;
		if (!may_share(w, &w->list->v[i]) || w->list->v[i].red ||
		    w->list->v[i].nguard || !costly(p, w->list->v[i].expr))
			continue;
		stmt_draft(p, &w->list->v[i], &d);
		read = anchor(p, &d);
		t = read ? p->exprs.v[read].tensor : 0;
		for (n = 0; read && n < w->by[t].n; n++) {
			Stmt *s = &w->list->v[k = w->by[t].v[n]];
			Reads reads = { 0 };
			/* a guarded value may lie outside there */
			if (k <= i || !s->target || s->nguard)
				continue;
			expr_reads(p, s->expr, true, &reads);
			for (q = 0; q < reads.n; q++)
				if (reuse_at(p, &d, read, s, reads.v[q])) {
					PUSH(p->c, &w->by[d.target], k);
					any = true;
				}
		}
	}
	return any;
}

/* for kernels that read only what they do not overwrite */
bool
share(Program *p, Stmts *list, TensorId loss)
{
	Share w = { .p = p, .list = list, .loss = loss };
	uint32_t i;
	bool any;

	w.writers = mem(p->c, p->tensors.n * sizeof *w.writers);
	for (i = 0; i < list->n; i++)
		w.writers[list->v[i].target]++;
	readers(&w);
	any = twins(&w);
	any |= reuse(&w);
	compact(list);
	return any;
}
