/* SPDX-License-Identifier: MIT
 * The loops of neighbouring statements in; how many outer loops each shares
 * with the one before it out. */
#include "back.h"

enum { MOST_FUSED = 64 };       /* statements in one loop nest */

typedef struct {
	Program *p;
	const Stmts *list;
	KernelPlan *k;
	const Accesses *a;
} Fusing;

/* the subscript is c*i + k with i the index of that loop alone */
static bool
driven_by(const Fusing *f, Sub s, Index i, int32_t *c, int32_t *k)
{
	const Program *p = f->p;
	const Aff *a;
	uint32_t j, n = 0;

	if (s.indirect)
		return false;
	a = &p->affs.v[s.id];
	*k = a->k;
	for (j = 0; j < a->n; j++) {
		Term t = p->terms.v[a->term + j];
		if (is_fixed(p, f->k, t.i))
			continue;
		if (t.i != i || n++)
			return false;
		*c = t.c;
	}
	return n == 1;
}

/* Both accesses stay within the elements of their own trip of the shared
 * loops: every shared loop alone drives the same subscript of both. */
static bool
apart(const Fusing *f, const Access *x, const Schedule *sx, const Access *y,
	const Schedule *sy, uint32_t from, uint32_t depth)
{
	uint32_t l, j;
	int32_t cx = 0, kx, cy = 0, ky;

	for (l = from; l < depth; l++) {
		for (j = 0; j < x->nsub && j < y->nsub; j++)
			if (driven_by(f, f->p->subs.v[x->sub + j],
			              sx->loops.v[l].index, &cx, &kx) &&
			    driven_by(f, f->p->subs.v[y->sub + j],
			              sy->loops.v[l].index, &cy, &ky) &&
			    cx == cy && kx == ky)
				break;
		if (j == x->nsub || j == y->nsub)
			return false;
	}
	return true;
}

static bool
independent(Fusing *f, uint32_t qx, uint32_t qy, uint32_t from, uint32_t depth)
{
	const Schedule *sx = &f->k->schedules.v[qx];
	const Schedule *sy = &f->k->schedules.v[qy];
	uint32_t i, j;

	for (i = f->a->first[sx->stmt]; i < f->a->first[sx->stmt + 1]; i++) {
		const Access *x = &f->a->all.v[i];
		for (j = f->a->first[sy->stmt]; j < f->a->first[sy->stmt + 1];
		     j++) {
			const Access *y = &f->a->all.v[j];
			if (x->tensor != y->tensor || (!x->write && !y->write))
				continue;
			if (!apart(f, x, sx, y, sy, from, depth))
				return false;
		}
	}
	return true;
}

/* Two loops over one index are two over one index there, too: a shared loop
 * stands for one index of each. */
static bool
same_split(const Schedule *x, const Schedule *y, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < at; i++)
		if ((x->loops.v[i].index == x->loops.v[at].index) !=
		    (y->loops.v[i].index == y->loops.v[at].index))
			return false;
	return true;
}

static uint32_t
common_loops(Fusing *f, const Schedule *x, const Schedule *y)
{
	uint32_t n = loops_outer(f->p, &f->list->v[x->stmt], x);
	uint32_t m = loops_outer(f->p, &f->list->v[y->stmt], y), i;

	for (i = 0; i < n && i < m; i++) {
		const Loop *a = &x->loops.v[i], *b = &y->loops.v[i];
		if (a->how != LOOP_SERIAL || b->how != LOOP_SERIAL ||
		    a->count != b->count || a->step != b->step ||
		    (a->index == SAMPLE) != (b->index == SAMPLE) ||
		    a->first != b->first || a->guarded || b->guarded ||
		    !same_split(x, y, i))
			break;
	}
	return i;
}

/* may q share `depth` loops with everything it would then stand beside? */
static bool
legal(Fusing *f, uint32_t q, uint32_t from, uint32_t depth)
{
	uint32_t shared = depth, r;

	for (r = q; r-- > 0 && shared > from;) {
		if (q - r > MOST_FUSED)
			return false;
		if (!independent(f, r, q, from, shared))
			return false;
		if ((uint32_t)f->k->schedules.v[r].fused < shared)
			shared = (uint32_t)f->k->schedules.v[r].fused;
	}
	return true;
}

void
fuse(Program *p, const Stmts *list, KernelPlan *k, const Accesses *a)
{
	Fusing f = { p, list, k, a };
	uint32_t q, depth, from;

	for (q = 1; q < k->schedules.n; q++) {
		Schedule *y = &k->schedules.v[q], *x = y - 1;
		const Stmt *sx = &list->v[x->stmt], *sy = &list->v[y->stmt];
		if (x->tile || y->tile || x->part != y->part ||
		    sx->scan != sy->scan ||
		    sx->layer != sy->layer || sx->phase != sy->phase ||
		    sx->scatter || sy->scatter)
			continue;
		from = (uint32_t)y->fused; /* 1 inside a scan */
		for (depth = common_loops(&f, x, y); depth > from; depth--)
			if (legal(&f, q, from, depth))
				break;
		if (depth > from)
			y->fused = (int)depth;
	}
}
