/* SPDX-License-Identifier: MIT
 * The conditions under which a term exists in; bounds of the loop that they are
 * about, or an if around the term, out. */
#include "back.h"

/* l >= 0, or l > 0, with what is negative on the other side: j + 2 >= k */
static void
put_compared(Emit *e, const Linear *l, const char *up_first,
	const char *down_first)
{
	Linear up = { .k = l->k > 0 ? l->k : 0 };
	Linear down = { .k = l->k < 0 ? -l->k : 0 };
	int i;

	for (i = 0; i < l->n; i++) {
		Linear *side = l->t[i].c > 0 ? &up : &down;
		side->t[side->n] = l->t[i];
		side->t[side->n++].c = l->t[i].c > 0 ? l->t[i].c : -l->t[i].c;
	}
	if (up.n) {
		put_linear(e, &up, P_ADD);
		put(e, up_first);
		put_linear(e, &down, P_ADD);
	} else {
		put_linear(e, &down, P_ADD);
		put(e, down_first);
		put_linear(e, &up, P_ADD);
	}
}

static bool
is_held(const Emit *e, uint32_t guard)
{
	return guard < 64 && e->held >> guard & 1;
}

/* false: some guard never holds here, nothing was written */
bool
put_guards(Emit *e, const Stmt *s, Open *o, bool *opened)
{
	uint32_t i;
	int64_t v;
	bool first = true;
	Linear l;

	*opened = false;
	for (i = 0; i < s->nguard; i++)
		if (aff_value(e, e->p->guards.v[s->guard + i], &v) && v < 0)
			return false;
	for (i = 0; i < s->nguard; i++) {
		if (is_held(e, i) || aff_value(e, e->p->guards.v[s->guard + i],
		    &v))
			continue;
		if (first)
			line_open(e);
		put(e, first ? "if (" : " && ");
		l = linear(e, e->p->guards.v[s->guard + i]);
		put_compared(e, &l, " >= ", " <= ");
		first = false;
	}
	if (!first) {
		put(e, ")");
		*o = body_open(e, e->line);
		*opened = true;
	}
	return true;
}

/* ---- bounds */

/* does the loop alone run through its index, one by one? */
static bool
is_plain(const Stmt *s, const Schedule *q, uint32_t depth, const Program *p)
{
	const Loop *l = &q->loops.v[depth];
	uint32_t k;

	for (k = 0; k < q->loops.n; k++)
		if (k != depth && q->loops.v[k].index == l->index)
			return false;
	return l->how == LOOP_SERIAL && l->step == 1 && !l->first &&
	       !l->guarded && !l->vectors && l->index != SAMPLE &&
	       !loop_is_result(p, s, l);
}

/* what the index is compared with; false: it is not known outside of the loop */
static bool
is_known(Emit *e, AffId guard, const Schedule *q, uint32_t depth, Linear *rest)
{
	uint32_t k;

	for (k = depth + 1; k < q->loops.n; k++)
		if (aff_coef(e->p, guard, q->loops.v[k].index))
			return false;
	*rest = linear(e, guard); /* the index itself is 0 as yet */
	return rest->n > 0 && !rest->vectors;
}

/* The loop to be opened at this depth, through terms, gets bounds: at most one
 * on each side.  Conditions that hold so are not asked again; the others are.
 * What was held before, to be set again behind the loop. */
uint64_t
bounds_begin(Emit *e, const Stmt *s, const Schedule *q, uint32_t depth)
{
	const Index own = q->loops.v[depth].index;
	const uint64_t before = e->held;
	Linear rest;
	uint32_t i;

	e->bounded_below = e->bounded_above = false;
	if (!s->nguard || !is_plain(s, q, depth, e->p))
		return before;
	for (i = 0; i < s->nguard && i < 64; i++) {
		AffId g = e->p->guards.v[s->guard + i];
		int32_t c = aff_coef(e->p, g, own), k;
		bool *taken = c > 0 ? &e->bounded_below : &e->bounded_above;
		if ((c != 1 && c != -1) || *taken ||
		    !is_known(e, g, q, depth, &rest))
			continue;
		*taken = true;
		e->held |= 1ull << i;
		for (k = 0; c > 0 && k < rest.n; k++)
			rest.t[k].c = -rest.t[k].c;
		rest.k = c > 0 ? -rest.k : rest.k;
		*(c > 0 ? &e->below : &e->above) = rest;
	}
	return before;
}

/* r > 7 ? r - 7 : 0 */
void
put_from(Emit *e)
{
	if (!e->bounded_below) {
		put(e, "0");
		return;
	}
	e->bounded_below = false;
	put_compared(e, &e->below, " > ", " < ");
	put(e, " ? ");
	put_linear(e, &e->below, P_COND);
	put(e, " : 0");
}

/* && u <= r */
void
put_to(Emit *e, const char *variable)
{
	if (!e->bounded_above)
		return;
	e->bounded_above = false;
	put(e, fmt(e->c, " && %s <= ", variable));
	put_linear(e, &e->above, P_ADD);
}
