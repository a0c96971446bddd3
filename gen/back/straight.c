/* SPDX-License-Identifier: MIT
 * Statements in; which of them become straight line, and the boxes of single
 * points that they are cut into, out. */
#include "planner.h"

/* The rule for --unroll=auto: what runs together (forward, loss and gradient;
 * update; init) becomes straight line if no kernel has more multiply-adds.
 * Measured: 4-10-3 is 3.5 times faster than loops under TinyCC, 1.3 times under
 * gcc -O2; at a few hundred more gcc's loops win, and its compile time is 10
 * times shorter. */
#define AUTO_TERMS 400
/* With math fast a single sample goes by vectors of outputs sooner: 4-10-3 is
 * 1.6 times faster so, 2-2-1 is slower (gcc -O3). */
#define FAST_TERMS 60
/* C functions of straight line are cut at about this many statements, a sum
 * counting one for every four terms; gcc's time grows faster than the text */
#define PART_WEIGHT 256
#define MOST_STRAIGHT 1000000   /* statements of straight line in a network */

int64_t
repeats(const Program *p, const Stmt *s)
{
	return s->scan ? p->scans.v[s->scan].n : 1;
}

static int64_t
terms_of(const Program *p, const Stmts *list)
{
	int64_t n = 0;
	uint32_t i;

	for (i = 0; i < list->n; i++)
		n += stmt_points(p, &list->v[i]) * stmt_terms(p, &list->v[i]) *
		     repeats(p, &list->v[i]);
	return n;
}

bool
wants_straight(const Planner *a, Kernel k, const Stmt *s)
{
	const Network *net = a->p->net;
	Unroll u = s->layer >= 0 ? net->layers.v[s->layer].unroll : UNROLL_AUTO;

	if (in_phases(a->p, k) && net->batch > 1)
		return false;
	if (u == UNROLL_AUTO)
		u = a->o->unroll;
	if (u == UNROLL_AUTO)
		u = net->unroll;
	if (u == UNROLL_AUTO)
		return a->small[k];
	return u == UNROLL_FULL;
}

/* statements of a scan stay together */
StmtId
scan_end(const Stmts *list, StmtId i)
{
	StmtId end = i + 1;

	while (end < list->n && list->v[i].scan &&
	       list->v[end].scan == list->v[i].scan)
		end++;
	return end;
}

/* a scan is straight line as a whole or not at all */
void
straight_choose(Planner *a, Kernel k)
{
	const Stmts *list = &a->p->kernel[k];
	uint32_t i, j, end;
	bool all;

	a->unrolled = mem(a->p->c, list->n + 1);
	for (i = 0; i < list->n; i = end) {
		all = true;
		end = scan_end(list, i);
		for (j = i; j < end; j++)
			all &= wants_straight(a, k, &list->v[j]);
		for (j = i; j < end; j++)
			a->unrolled[j] = all && !a->o->random &&
			                 !given_for(a, k, j);
	}
}

void
straight_auto(Planner *a)
{
	static const Kernel together[] = {
		K_FORWARD, K_LOSS, K_GRADIENT, K_TRAINLOSS
	};
	static const Kernel alone[] = { K_UPDATE, K_INIT, K_STREAM, K_RESET };
	const Network *net = a->p->net;
	int64_t most = 0, n, limit = AUTO_TERMS;
	size_t i;

	if (!net->strict && net->lanes > 1)
		limit = FAST_TERMS;
	for (i = 0; i < sizeof together / sizeof together[0]; i++)
		if (wants(a->p, together[i])) {
			n = terms_of(a->p, &a->p->kernel[together[i]]);
			most = n > most ? n : most;
		}
	for (i = 0; i < sizeof together / sizeof together[0]; i++)
		a->small[together[i]] = most <= limit;
	a->small[K_FORWARDS] = a->small[K_GRADIENTS] = most <= AUTO_TERMS;
	a->small[K_STEP] = most <= (net->batch > 1 ? AUTO_TERMS : limit);
	for (i = 0; i < sizeof alone / sizeof alone[0]; i++)
		a->small[alone[i]] = terms_of(a->p, &a->p->kernel[alone[i]]) <=
		                     AUTO_TERMS;
}

static int64_t
point_weight(const Program *p, const Stmt *s)
{
	int64_t w = stmt_terms(p, s) / 4;

	return w > 1 ? w : 1;
}

/* how much straight line there will be; too much is refused beforehand */
int64_t
straight_weight(Planner *a, Kernel k, bool counted)
{
	const Stmts *list = &a->p->kernel[k];
	int64_t sum = 0, w;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (!a->unrolled[i]) {
			sum += 4;
			continue;
		}
		w = stmt_points(a->p, s) * point_weight(a->p, s) *
		    repeats(a->p, s);
		sum += w;
		a->straight += counted ? w : 0;
		if (a->straight <= MOST_STRAIGHT)
			continue;
		err(a->p->c, s->layer >= 0 ?
		    a->p->net->layers.v[s->layer].loc : s->loc,
		    "straight line code of more than %d statements",
		    MOST_STRAIGHT);
		help(a->p->c, "leave out `unroll` for large layers");
		return -1;
	}
	return sum;
}

/* ---- boxes */

void
into_part(Planner *a, int64_t weight)
{
	if (!a->whole && a->weight && a->weight + weight > PART_WEIGHT) {
		a->part++;
		a->weight = 0;
	}
	a->weight += weight;
}

/* the box of a statement, cut along its outer indices until it fits a part;
 * `fixed` holds the values of the indices before `depth` */
static void
straight_box(Planner *a, KernelPlan *k, StmtId id, const Stmt *s,
	const Schedule *outer, uint32_t depth, int64_t weight)
{
	Schedule q;
	Index x;
	int32_t v, many, extent;
	uint32_t i;

	while (depth < s->nidx &&
	       (a->p->indices.v[s->idx + depth] == SAMPLE ||
	        a->p->index.v[a->p->indices.v[s->idx + depth]].extent == 1))
		depth++;
	if (a->whole || weight <= PART_WEIGHT || depth == s->nidx) {
		q = (Schedule){ .stmt = id };
		for (i = 0; i < outer->loops.n; i++)
			PUSH(a->p->c, &q.loops, outer->loops.v[i]);
		box_loops(a, &q, s->idx + depth, s->nidx - depth, LOOP_UNROLL);
		box_loops(a, &q, s->ridx, s->nridx, LOOP_UNROLL);
		into_part(a, weight);
		q.part = a->part;
		PUSH(a->p->c, &k->schedules, q);
		return;
	}
	x = a->p->indices.v[s->idx + depth];
	extent = a->p->index.v[x].extent;
	weight /= extent;
	many = weight < PART_WEIGHT ? (int32_t)(PART_WEIGHT / weight) : 1;
	for (v = 0; v < extent; v += many) {
		if (many > extent - v)
			many = extent - v;
		q = (Schedule){ .stmt = id };
		for (i = 0; i < outer->loops.n; i++)
			PUSH(a->p->c, &q.loops, outer->loops.v[i]);
		add_loop(a, &q, x, v, many, LOOP_UNROLL);
		if (many == 1) {
			straight_box(a, k, id, s, &q, depth + 1, weight);
			continue;
		}
		box_loops(a, &q, s->idx + depth + 1, s->nidx - depth - 1,
		          LOOP_UNROLL);
		box_loops(a, &q, s->ridx, s->nridx, LOOP_UNROLL);
		into_part(a, weight * many);
		q.part = a->part;
		PUSH(a->p->c, &k->schedules, q);
	}
}

void
straight(Planner *a, KernelPlan *k, const Stmts *list, StmtId from, StmtId to)
{
	uint32_t scan = list->v[from].scan;
	const Scan *sc = &a->p->scans.v[scan];
	int32_t t, n = scan ? sc->n : 1;
	Schedule outer;
	StmtId i;

	for (t = 0; t < n; t++) {
		outer = (Schedule){ .stmt = from };
		if (scan)
			add_loop(a, &outer, sc->t,
			         sc->reverse ? n - 1 - t : t, 1, LOOP_UNROLL);
		for (i = from; i < to; i++)
			straight_box(a, k, i, &list->v[i], &outer, 0,
			             point_weight(a->p, &list->v[i]) *
			             stmt_points(a->p, &list->v[i]));
	}
}

static bool
has_samples(const Program *p, const Stmt *s)
{
	uint32_t i;

	for (i = 0; i < s->nridx; i++)
		if (p->indices.v[s->ridx + i] == SAMPLE)
			return true;
	return p->tensors.v[s->target].batch;
}

/* 0: before the loop over the samples, 1: in it, 2: after it */
static int
when(const Program *p, const Stmt *s)
{
	return has_samples(p, s) ? 1 : s->phase < PH_UPDATE ? 0 : 2;
}

/* The order of the list lets a gradient come before what reads it, and before
 * the weights that it reads are written. */
void
straight_samples(Planner *a, KernelPlan *k, const Stmts *list)
{
	StmtId i, end;
	int now;

	for (now = 0; now < 3; now++)
		for (i = 0; i < list->n; i = end) {
			end = scan_end(list, i);
			if (when(a->p, &list->v[i]) == now)
				straight(a, k, list, i, end);
		}
}
