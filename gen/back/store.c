/* SPDX-License-Identifier: MIT
 * The schedules of a kernel in, a place for every tensor out: C variables,
 * fields, arguments, or room in the workspace shared by lifetime. */
#include <string.h>
#include "back.h"

typedef struct {                /* over all schedules that touch a tensor */
	bool seen, straight, scatter, read_first, split;
	uint32_t first, last;       /* schedules */
	uint32_t part0, part1;
	VEC(uint32_t) users;        /* schedules */
} Life;

typedef struct {
	Program *p;
	const Stmts *list;
	KernelPlan *k;
	const Accesses *a;
	Life *life;                 /* by tensor */
	uint32_t *group;            /* by schedule: outermost loop nest */
	uint32_t *tile;             /* by schedule: loop nest, of a scan inner */
	bool vectors;
} Placing;

static void
touch(Placing *s, const Access *a, uint32_t q)
{
	const Schedule *sch = &s->k->schedules.v[q];
	Life *l = &s->life[a->tensor];
	const Stmt *stmt = &s->list->v[sch->stmt];

	if (!l->seen) {
		*l = (Life){ .seen = true, .straight = true, .first = q,
		             .part0 = sch->part, .read_first = !a->write ||
		             stmt->add };
	}
	l->last = q;
	l->part1 = sch->part;
	l->straight &= schedule_straight(sch);
	l->scatter |= a->write && stmt->scatter;
	if (!l->users.n || l->users.v[l->users.n - 1] != q)
		PUSH(s->p->c, &l->users, q);
}

static void
lives(Placing *s)
{
	uint32_t q, i, stmt, group = 0, tile = 0;

	for (q = 0; q < s->k->schedules.n; q++) {
		int fused = s->k->schedules.v[q].fused;
		stmt = s->k->schedules.v[q].stmt;
		group += q > 0 && !fused;
		tile += fused <= (s->list->v[stmt].scan > 0);
		s->group[q] = group;
		s->tile[q] = tile;
		for (i = s->a->first[stmt]; i < s->a->first[stmt + 1]; i++)
			touch(s, &s->a->all.v[i], q);
	}
}

/* the loop of schedule q that alone drives index i; -1: none or several */
static int
loop_of(const Schedule *q, Index i)
{
	uint32_t k;
	int found = -1;

	for (k = 0; k < q->loops.n; k++) {
		if (q->loops.v[k].index != i)
			continue;
		if (found >= 0)
			return -1;
		found = (int)k;
	}
	return found;
}

typedef struct { int loop; int32_t c, k; } Place;

/* a subscript as c * (value of a shared loop) + k; false: something else */
static bool
shared_place(const Placing *w, const Schedule *q, Sub s, uint32_t depth,
	Place *out)
{
	const Program *p = w->p;
	const Aff *a;
	uint32_t i;

	*out = (Place){ -1, 0, 0 };
	if (s.indirect)
		return false;
	a = &p->affs.v[s.id];
	out->k = a->k;
	for (i = 0; i < a->n; i++) {
		Term t = p->terms.v[a->term + i];
		if (is_fixed(p, w->k, t.i))
			continue;
		if (out->loop >= 0)
			return false;
		out->loop = loop_of(q, t.i);
		out->c = t.c;
		if (out->loop < 0 || (uint32_t)out->loop >= depth)
			return false;
	}
	return true;
}

static bool
same_places(Placing *s, TensorId t, uint32_t q, uint32_t depth, Place *at,
	bool *known)
{
	const Schedule *sch = &s->k->schedules.v[q];
	uint32_t i, j;
	Place here;

	for (i = s->a->first[sch->stmt]; i < s->a->first[sch->stmt + 1]; i++) {
		const Access *a = &s->a->all.v[i];
		if (a->tensor != t)
			continue;
		for (j = 0; j < a->nsub; j++) {
			if (!shared_place(s, sch, s->p->subs.v[a->sub + j],
			                  depth, &here))
				return false;
			if (!*known)
				at[j] = here;
			else if (at[j].loop != here.loop || at[j].c != here.c ||
			         at[j].k != here.k)
				return false;
		}
		*known = true;
	}
	return true;
}

/* Is one element alive at a time?  Then a C variable in the innermost loop
 * that all users share holds it. */
static bool
is_scalar(Placing *s, TensorId t, bool returned)
{
	const Life *l = &s->life[t];
	uint32_t depth, q, i;
	Place at[MAX_RANK + 2];
	bool known = false;

	if (l->scatter || l->read_first || l->part0 != l->part1 ||
	    s->a->indirect[t] || (l->users.n < 2 && !returned))
		return false;
	depth = returned ? 0 : UINT32_MAX;
	for (q = l->first + 1; q <= l->last; q++)
		if ((uint32_t)s->k->schedules.v[q].fused < depth)
			depth = (uint32_t)s->k->schedules.v[q].fused;
	for (i = 0; i < depth; i++)
		if (s->k->schedules.v[l->first].loops.v[i].how == LOOP_UNROLL)
			return false;
	for (i = 0; i < l->users.n; i++)
		if (s->k->schedules.v[l->users.v[i]].tile && depth)
			return false;
	for (i = 0; i < l->users.n; i++) {
		const Schedule *sch = &s->k->schedules.v[l->users.v[i]];
		const Stmt *stmt = &s->list->v[sch->stmt];
		if (!same_places(s, t, l->users.v[i], depth, at, &known))
			return false;
		if (stmt->target != t)
			continue;
		for (q = depth; q < sch->loops.n; q++)
			if (loop_is_result(s->p, stmt, &sch->loops.v[q]))
				return false;
	}
	return true;
}

/* between the statements of one tile, one of which writes it: two have a part
 * each, and a variable is all of it */
static bool
stays_in_tile(Placing *s, TensorId t)
{
	const Life *l = &s->life[t];
	uint32_t i, q, written = UINT32_MAX;
	const Stmt *stmt, *writer = NULL;
	bool read = false;

	if (s->p->tensors.v[t].kind != T_TEMP || l->users.n < 2 ||
	    l->scatter || l->read_first || s->p->tensors.v[t].off)
		return false;
	for (i = 0; i < l->users.n; i++) {
		q = l->users.v[i];
		if (!s->k->schedules.v[q].tile)
			return false;
		stmt = &s->list->v[s->k->schedules.v[q].stmt];
		read |= stmt->target != t;
		if (stmt->target == t && !stmt->add) {
			if (writer && writer != stmt)
				return false;
			writer = stmt;
			written = s->tile[q];
		} else if (s->tile[q] != written)
			return false;
	}
	return read;
}

static StoreHow
place_of(Placing *s, Kernel kernel, TensorId t)
{
	switch (s->p->tensors.v[t].kind) {
	case T_INPUT:
	case T_TARGET:
	case T_NEXT:
		return ST_ARG;
	case T_WEIGHT: case T_GRAD: case T_STATE: case T_NET: case T_CARRY:
	case T_STREAM: case T_STATISTIC:
		return ST_FIELD;
	case T_CONST:
		return ST_TABLE;
	case T_RAND:
		return ST_NONE;
	case T_OUTPUT:
		if (is_input_gradient(s->p, t))
			return ST_FIELD;
		if (kernel == K_FORWARD || kernel == K_FORWARDS ||
		    kernel == K_STREAM)
			return ST_ARG;
		break;
	case T_TEMP:
	case T_INT:
		break;
	}
	return ST_WORK;
}

/* ---- the workspace */

/* whole lines of the cache where anything runs by vectors */
static int64_t
room_of(const Placing *s, TensorId t)
{
	const Tensor *x = &s->p->tensors.v[t];
	int64_t n = layout_room(x, &s->k->layout[t], s->k->samples);

	return s->vectors ? (n + 15) / 16 * 16 : n;
}

typedef VEC(TensorId) Tensors;

/* each at the lowest address that is free as long as it lives; where they end */
static int64_t
place(Placing *s, const Tensors *order)
{
	Store *all = s->k->store, *x;
	Tensors placed = { 0 };     /* by address */
	uint32_t i, k;
	int64_t end = 0;

	for (i = 0; i < order->n; i++) {
		x = &all[order->v[i]];
		x->offset = 0;
		for (k = 0; k < placed.n; k++) {
			const Store *y = &all[placed.v[k]];
			if (y->last < x->first || x->last < y->first ||
			    y->offset + y->room <= x->offset)
				continue;
			if (y->offset >= x->offset + x->room)
				break;
			x->offset = y->offset + y->room;
		}
		PUSH(s->p->c, &placed, order->v[i]);
		for (k = placed.n - 1; k > 0 && all[placed.v[k - 1]].offset >
		     x->offset; k--)
			placed.v[k] = placed.v[k - 1];
		placed.v[k] = order->v[i];
		if (x->offset + x->room > end)
			end = x->offset + x->room;
	}
	return end;
}

/* the larger ones first; a stable order */
static Tensors
by_size(Ctx *c, const Store *all, const Tensors *order)
{
	Tensors out = { 0 };
	uint32_t i, k;

	for (i = 0; i < order->n; i++) {
		PUSH(c, &out, order->v[i]);
		for (k = i; k > 0 && all[out.v[k - 1]].room <
		     all[order->v[i]].room; k--)
			out.v[k] = out.v[k - 1];
		out.v[k] = order->v[i];
	}
	return out;
}

/* Tensors of one sort (reals or integers) in the order of their schedules, which
 * keeps neighbours in time together (LeNet-5 trains 5 % faster so), or by size
 * where that saves an eighth. */
static int64_t
arrange(Placing *s, bool integers, TensorId kept)
{
	Tensors order = { 0 }, sorted;
	uint32_t q, k, stmt;
	int64_t end, least;

	for (q = 0; q < s->k->schedules.n; q++) {
		stmt = s->k->schedules.v[q].stmt;
		for (k = s->a->first[stmt]; k < s->a->first[stmt + 1]; k++) {
			TensorId t = s->a->all.v[k].tensor;
			Store *x = &s->k->store[t];
			if (x->how != ST_WORK || s->life[t].first != q ||
			    x->offset >= 0 ||
			    layout_integers(&s->p->tensors.v[t],
			                    &s->k->layout[t]) != integers)
				continue;
			x->offset = 0;
			x->room = room_of(s, t);
			x->first = s->group[s->life[t].first];
			x->last = t == kept ? UINT32_MAX :
				s->group[s->life[t].last];
			PUSH(s->p->c, &order, t);
		}
	}
	sorted = by_size(s->p->c, s->k->store, &order);
	end = place(s, &order);
	least = place(s, &sorted);
	return least <= end - end / 8 ? least : place(s, &order);
}

void
store_tensors(Program *p, Kernel kernel, KernelPlan *k, const Accesses *a,
	int64_t *ints)
{
	Placing s = { p, &p->kernel[kernel], k, a, NULL, NULL, NULL, false };
	uint32_t q;
	TensorId t, loss = p->loss[kernel];

	s.life = mem(p->c, (p->tensors.n + 1) * sizeof *s.life);
	s.group = mem(p->c, (k->schedules.n + 1) * sizeof *s.group);
	s.tile = mem(p->c, (k->schedules.n + 1) * sizeof *s.tile);
	k->store = mem(p->c, (p->tensors.n + 1) * sizeof *k->store);
	lives(&s);
	for (q = 0; q < k->schedules.n; q++)
		s.vectors |= k->schedules.v[q].tile;
	for (t = 1; t < p->tensors.n; t++) {
		Life *l = &s.life[t];
		Store *place = &k->store[t];
		if (!l->seen)
			continue;
		place->how = place_of(&s, kernel, t);
		if (place->how != ST_WORK)
			continue;
		place->offset = -1;
		if (t == loss && (k->parts > 1 ||
		    (k->samples > 1 && !k->by_samples)))
			continue;
		if (l->straight && l->part0 == l->part1 && !a->indirect[t])
			*place = (Store){ .how = ST_LOCAL, .offset = LOCAL_ELEMENTS };
		else if (stays_in_tile(&s, t))
			*place = (Store){ .how = ST_LOCAL, .offset = LOCAL_TILE };
		else if (is_scalar(&s, t, t == loss))
			*place = (Store){ .how = ST_LOCAL, .offset = LOCAL_SCALAR };
	}
	k->work = arrange(&s, false, loss);
	*ints = arrange(&s, true, 0);
}
