/* SPDX-License-Identifier: MIT
 * A statement that runs by vectors in, its tile and what is computed on the
 * same tile out; also as somebody wrote it. */
#include "planner.h"

enum { HEAVY = 4096 };          /* multiply-adds: worth a text of its own */
enum { TILE_WEIGHT = 4 };       /* in a part; and 1 for each of its sums */

static int32_t
rows_held(const Schedule *q)
{
	const Loop *l = q->loops.n > 1 ? &q->loops.v[q->loops.n - 2] : NULL;

	return l && l->how == LOOP_UNROLL ? l->count : 1;
}

/* vectors that a tile holds */
static int32_t
vectors_held(const Schedule *q)
{
	const Loop *l = &q->loops.v[q->loops.n - 1];

	return rows_held(q) * (l->vectors > 1 ? l->vectors : 1);
}

/* what follows on a tile whose schedule is the last, but no more statements
 * than `most`; how many with its own */
static uint32_t
followers(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from, uint32_t most)
{
	uint32_t first = k->schedules.n - 1, n;
	int32_t held = vectors_held(&k->schedules.v[first]);
	Kernel kernel = (Kernel)(k - a->plan->kernel);
	Schedule q;

	if (is_turned(v, &list->v[from], &k->schedules.v[first]))
		return 1;
	for (n = 1; n < most && from + n < list->n &&
	     !a->unrolled[from + n]; n++) {
		if (!a->o->random && !given_for(a, kernel, from + n) &&
		    !cost_follows(a->p, list->v[from + n].expr, held))
			break;
		q = (Schedule){ .stmt = from + n, .part = a->part };
		if (!tile_follows(v, list, acc, &k->schedules.v[first], n,
		                  from + n, &q)) {
			q = (Schedule){ .stmt = from + n, .part = a->part };
			if (!tile_feeds(v, list, acc, &k->schedules.v[first],
			                n, from + n, &q))
				break;
		}
		PUSH(a->p->c, &k->schedules, q);
		if (q.fed) /* complete behind the tile alone */
			return n + 1;
	}
	return n;
}

/* Two tiles of one sum: the second would leave out what only the first has. */
static void
check_same(const Planner *a, uint32_t n, uint32_t others)
{
	if (n != others)
		die(a->p->c, EX_SOFTWARE_, "two tiles of one sum have %u and "
		    "%u statements", n, others);
}

/* a tile, that of the rows that remain, and what follows on both */
static uint32_t
with_rest(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, const Schedule *q, const Schedule *rest,
	uint32_t most)
{
	uint32_t n;

	PUSH(a->p->c, &k->schedules, *q);
	n = followers(a, v, k, list, acc, q->stmt, most);
	if (!rest->tile)
		return n;
	PUSH(a->p->c, &k->schedules, *rest);
	check_same(a, followers(a, v, k, list, acc, q->stmt, n), n);
	return n;
}

/* ---- schedules that somebody wrote */

/* the schedule that somebody wrote for the statement, or NULL */
const Given *
given_for(const Planner *a, Kernel k, StmtId id)
{
	uint32_t i;

	for (i = 0; i < a->given.n; i++)
		if (a->given.v[i].kernel == k && a->given.v[i].q.stmt == id)
			return &a->given.v[i];
	return NULL;
}

/* statements from here on that may stand on one tile, as far as was written */
static uint32_t
together(Planner *a, Kernel kernel, StmtId from, uint32_t end)
{
	const Given *g;
	StmtId i;

	for (i = from + 1; i < end; i++) {
		g = given_for(a, kernel, i);
		if (g && !(g->q.tile && g->shares))
			break;
	}
	return i - from;
}

/* Runs the statement as it was written; how many statements that are. */
uint32_t
as_written(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, const Given *g)
{
	Kernel kernel = (Kernel)(k - a->plan->kernel);
	const StmtId from = g->q.stmt;
	Schedule q = g->q, rest = { .stmt = from };
	const char *why = schedule_wrong(v, &list->v[from], &q);

	if (why) {
		err(a->p->c, g->loc, "%s", why);
		return 1;
	}
	into_part(a, 4);
	q.part = rest.part = a->part;
	if (!q.tile) {
		PUSH(a->p->c, &k->schedules, q);
		return 1;
	}
	tile_pad(v, list->v[from].target);
	schedule_rest(v, &q, &rest);
	return with_rest(a, v, k, list, acc, &q, &rest,
	                 together(a, kernel, from, list->n));
}

/* ---- our own */

/* a sum whose lanes are joined; 0: scalars are better */
static uint32_t
joined(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list, StmtId from)
{
	const Stmt *s = &list->v[from];
	Schedule q = { .stmt = from }, rest = { .stmt = from };
	double vectors = across_cost(v, s);
	const Given *g = given_for(a, (Kernel)(k - a->plan->kernel), from);

	if (g && g->q.across && vectors <= 0)
		err(a->p->c, g->loc, "lanes cannot be joined in this sum");
	if (vectors <= 0 || (a->o->random ? random_below(&a->state, 2) > 0 :
	    !g && vectors > (double)(stmt_points(a->p, s) *
	                             stmt_terms(a->p, s))))
		return 0;
	into_part(a, 4);
	q.part = rest.part = a->part;
	across(v, s, &q, false);
	PUSH(a->p->c, &k->schedules, q);
	if (across(v, s, &rest, true))
		PUSH(a->p->c, &k->schedules, rest);
	tile_pad(v, s->target);
	return 1;
}

/* do more registers make a larger tile? */
static bool
grows(Vectors *v, const Stmt *s)
{
	Schedule narrow = { 0 }, wide = { 0 };
	bool more;

	v->wide = true;
	more = tile(v, s, &wide) && v->rows;
	v->wide = false;
	return more && tile(v, s, &narrow) &&
	       rows_held(&wide) > rows_held(&narrow);
}

/* Where more registers make a larger tile, a heavy sum is written for both. */
static uint32_t
wide_tiles(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from)
{
	const Stmt *s = &list->v[from];
	uint32_t first = k->schedules.n, n[2], i;
	int pass;

	if (a->o->random || s->scan || a->p->net->lanes * (a->p->dtype == F32 ? 1 : 2) < 16
	    || stmt_points(a->p, s) * stmt_terms(a->p, s) < HEAVY ||
	    given_for(a, (Kernel)(k - a->plan->kernel), from) || !grows(v, s))
		return 0;
	for (pass = 0; pass < 2; pass++) {
		Schedule q = { .stmt = from }, rest = { .stmt = from };
		v->wide = pass == 0;
		tile(v, s, &q);
		if (!pass)
			into_part(a, 2*(TILE_WEIGHT + vectors_held(&q)));
		q.part = rest.part = a->part;
		if (v->rest)
			tile_rest(v, s, &q, &rest);
		n[pass] = with_rest(a, v, k, list, acc, &q, &rest, pass ? n[0] :
		                    together(a, (Kernel)(k - a->plan->kernel),
		                             from, list->n));
		for (i = first; i < k->schedules.n; i++)
			k->schedules.v[i].registers = pass ? 16 : 32;
		first = k->schedules.n;
	}
	v->wide = false;
	check_same(a, n[1], n[0]);
	return n[0];
}

/* A tile and what follows on it before `end`; how many statements, 0: not by
 * vectors. */
uint32_t
group(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from, StmtId end)
{
	Schedule q = { .stmt = from }, rest = { .stmt = from }, parts;
	uint32_t n = wide_tiles(a, v, k, list, acc, from), most = end - from;
	uint32_t first;
	bool some;

	if (n)
		return n;
	if (a->o->random)
		some = random_tile(v, &list->v[from], &q, &rest, &a->state);
	else
		some = tile(v, &list->v[from], &q);
	if (!some)
		return joined(a, v, k, list, from);
	check_drawn(a, v, &list->v[from], &q);
	if (a->o->random)
		most = 1 + random_below(&a->state, most < 5 ? most : 5);
	else
		most = together(a, (Kernel)(k - a->plan->kernel), from, end);
	into_part(a, TILE_WEIGHT + vectors_held(&q));
	q.part = rest.part = a->part;
	if (v->rest && !a->o->random)
		tile_rest(v, &list->v[from], &q, &rest);
	first = k->schedules.n;
	n = with_rest(a, v, k, list, acc, &q, &rest, most);
	if (!k->schedules.v[first + n - 1].fed || a->o->random ||
	    a->p->net->strict || !tile_split(v, &q, &parts, &rest))
		return n;
	k->schedules.n = first;
	return with_rest(a, v, k, list, acc, &parts, &rest, n);
}
