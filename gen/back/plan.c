/* SPDX-License-Identifier: MIT
 * A program in, for every statement the loops that run it out; which functions
 * they stand in, and where every tensor lives. */
#include <string.h>
#include "planner.h"

/* what is computed on the way is written before it is read */
static void
check_writers(Program *p, const Stmts *list, const Accesses *a)
{
	bool *written = mem(p->c, p->tensors.n + 1);
	uint32_t i;

	for (i = 0; i < list->n; i++)
		written[list->v[i].target] = true;
	for (i = 0; i < a->all.n; i++) {
		const Tensor *t = &p->tensors.v[a->all.v[i].tensor];
		if ((t->kind == T_TEMP || t->kind == T_INT) &&
		    !written[a->all.v[i].tensor])
			die(p->c, EX_SOFTWARE_, "%s is read but never written",
			    t->name);
	}
}

/* ---- schedules */

void
add_loop(Planner *a, Schedule *q, Index i, int32_t first, int32_t count,
	LoopHow how)
{
	Loop l = { .index = i, .first = first, .count = count, .step = 1,
	           .how = how };

	PUSH(a->p->c, &q->loops, l);
}

void
box_loops(Planner *a, Schedule *q, uint32_t from, uint32_t n, LoopHow how)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		Index x = a->p->indices.v[from + i];
		int32_t count = x == SAMPLE ? a->samples :
		                a->p->index.v[x].extent;
		if (count > 1)
			add_loop(a, q, x, 0, count, how);
	}
}

/* the last reduction loop runs by lanes, so that they are a loop of their own;
 * only where that loop begins at lane 0 each time */
static void
split_lanes(Planner *a, const Stmt *s, Schedule *q)
{
	Loop *l = &q->loops.v[q->loops.n - 1], inner;

	if (!q->loops.n || loop_is_result(a->p, s, l) || l->count <= s->lanes ||
	    (l->count % s->lanes && l->count != stmt_terms(a->p, s)))
		return;
	inner = *l;
	inner.how = LOOP_LANES;
	inner.count = s->lanes;
	inner.guarded = l->count % s->lanes != 0;
	l->step = s->lanes;
	l->count = (l->count + s->lanes - 1) / s->lanes;
	PUSH(a->p->c, &q->loops, inner);
}

/* what is drawn at random and what is refused must not meet */
void
check_drawn(Planner *a, Vectors *v, const Stmt *s, const Schedule *q)
{
	const char *why = a->o->random && !s->scan ? schedule_wrong(v, s, q) :
	                  NULL;

	if (why)
		die(a->p->c, EX_SOFTWARE_, "a random plan: %s", why);
}

/* a statement by scalars, without the loop of its scan */
static void
scalars(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list, StmtId id)
{
	const Stmt *s = &list->v[id];
	Schedule q = { .stmt = id, .part = a->part };

	if (a->o->random) {
		random_loops(a->p, s, a->samples, &q, &a->state);
		check_drawn(a, v, s, &q);
	} else {
		box_loops(a, &q, s->idx, s->nidx, LOOP_SERIAL);
		box_loops(a, &q, s->ridx, s->nridx, LOOP_SERIAL);
		if (s->lanes > 1)
			split_lanes(a, s, &q);
	}
	PUSH(a->p->c, &k->schedules, q);
}

/* The statements of a scan share the loop over its steps, outside of all their
 * own. */
static void
scan(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from, StmtId to, bool vectors)
{
	const Scan *sc = &a->p->scans.v[list->v[from].scan];
	uint32_t first = k->schedules.n, i, n;
	bool whole = a->whole;
	Loop steps = { .index = sc->t, .count = sc->n, .step = 1 };

	into_part(a, 4 * (to - from));
	a->whole = true; /* not cut into functions */
	for (i = from; i < to; i += n) {
		n = vectors ? group(a, v, k, list, acc, i, to) : 0;
		if (n)
			continue;
		scalars(a, v, k, list, i);
		n = 1;
	}
	a->whole = whole;
	for (i = first; i < k->schedules.n; i++) {
		Schedule *q = &k->schedules.v[i];
		PUSH(a->p->c, &q->loops, steps);
		memmove(q->loops.v + 1, q->loops.v,
		        (q->loops.n - 1) * sizeof *q->loops.v);
		q->loops.v[0] = steps;
		q->fused += i > first;
	}
}

/* what somebody wrote to stand on a tile, but does not */
static void
alone(Planner *a, const Given *g)
{
	err(a->p->c, g->loc, "this cannot be computed on the tile of the "
	    "statement before");
}

static void
schedules(Planner *a, KernelPlan *k, const Stmts *list, const Accesses *acc,
	bool vectors)
{
	Program *p = a->p;
	Vectors v = { .p = p, .list = list, .layout = k->layout,
	              .samples = a->samples, .exact = k->exact, .least = 2 };
	StmtId i, end;
	const Given *g;
	uint32_t n;

	v.seen = mem(p->c, (p->exprs.n + 1) * sizeof *v.seen);
	for (i = 0; i < list->n; i = end) {
		end = scan_end(list, i);
		n = 0;
		g = given_for(a, (Kernel)(k - a->plan->kernel), i);
		if (g && g->q.tile && g->shares)
			alone(a, g);
		else if (g && g->q.tile && !vectors)
			err(p->c, g->loc, "this kernel has no vectors");
		else if (g && !g->q.across)
			n = as_written(a, &v, k, list, acc, g);
		else if (vectors && !a->unrolled[i] && !list->v[i].scan)
			n = group(a, &v, k, list, acc, i, list->n);
		if (n) {
			end = i + n;
		} else if (a->unrolled[i]) {
			straight(a, k, list, i, end);
		} else if (list->v[i].scan) {
			scan(a, &v, k, list, acc, i, end, vectors);
		} else {
			into_part(a, 4);
			scalars(a, &v, k, list, i);
		}
	}
}

/* row-major for what has come since */
static Layout *
layout_copy(Planner *a)
{
	Layout *l = mem(a->p->c, (a->p->tensors.n + 1) * sizeof *l);
	TensorId t;

	memcpy(l, a->layout, a->laid * sizeof *l);
	for (t = a->laid; t < a->p->tensors.n; t++)
		l[t] = layout_plain(&a->p->tensors.v[t]);
	return l;
}

static Vectors
vectors_of(Planner *a, Kernel kernel, const Stmts *list, Layout *layout)
{
	return (Vectors){ .p = a->p, .list = list, .layout = layout,
		.samples = a->plan->kernel[kernel].samples,
		.exact = kernel == K_STEP, .least = 2,
		.seen = mem(a->p->c, (a->p->exprs.n + 1) * sizeof(uint32_t)) };
}

/* what a kernel keeps to itself */
static void
lie(Planner *a, Kernel kernel)
{
	Program *p = a->p;
	const KernelPlan *k = &a->plan->kernel[kernel];
	const Stmts list = p->kernel[kernel];
	Vectors v;

	if (!k->samples || k->by_samples || !wants(p, kernel))
		return;
	v = vectors_of(a, kernel, &list, layout_copy(a));
	abreast(&v, kernel, a->o->random ? &a->state : NULL,
	        &a->lying[kernel]);
}

static bool
plan_kernel(Planner *a, Kernel kernel)
{
	Program *p = a->p;
	KernelPlan *k = &a->plan->kernel[kernel];
	const Stmts *list = &p->kernel[kernel];
	const Accesses *acc;
	int64_t weight, ints;
	uint32_t i;

	k->store = mem(p->c, (p->tensors.n + 1) * sizeof *k->store);
	k->layout = layout_copy(a);
	k->exact = kernel == K_STEP;
	for (i = 0; i < a->lying[kernel].n; i++) {
		Lying l = a->lying[kernel].v[i];
		k->layout[l.tensor] = layout_along(&p->tensors.v[l.tensor],
		                                   l.lane, k->samples);
	}
	a->samples = k->by_samples ? 1 : k->samples;
	if (!k->samples || !wants(p, kernel) ||
	    (kernel == K_TRAINLOSS && !a->o->check))
		return true;
	k->used = true;
	straight_choose(a, kernel);
	if (k->by_samples)
		memset(a->unrolled, true, list->n);
	weight = straight_weight(a, kernel, true);
	if (weight < 0)
		return false;
	a->part = 0;
	a->weight = 0;
	a->whole = k->by_samples || weight <= WHOLE_WEIGHT;
	acc = accesses(p, list);
	check_writers(p, list, acc);
	if (k->by_samples)
		straight_samples(a, k, list);
	else
		schedules(a, k, list, acc, a->vectors &&
		          kernel != K_TRAINLOSS && kernel != K_INIT);
	k->parts = a->part + 1;
	if (!a->o->random || random_below(&a->state, 2))
		fuse(p, list, k, acc);
	store_tensors(p, kernel, k, acc, &ints);
	if (k->work > a->plan->work)
		a->plan->work = k->work;
	if (ints > a->plan->ints)
		a->plan->ints = ints;
	return true;
}

/* ---- notes */

/* the kernel that a note about a layer speaks of */
static Kernel
main_kernel(const Program *p)
{
	return !wants_training(p) ? K_FORWARD : p->coupled ? K_GRADIENTS :
	       K_GRADIENT;
}

static void
notes(Planner *a)
{
	Program *p = a->p;
	Kernel kernel = main_kernel(p);
	const Stmts *list = &p->kernel[kernel];
	int64_t *weight = mem(p->c, (p->net->layers.n + 1) * sizeof *weight);
	bool *some = mem(p->c, p->net->layers.n + 1);
	uint32_t i;

	straight_choose(a, kernel);
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (s->layer < 0)
			continue;
		some[s->layer] = true;
		if (a->unrolled[i])
			weight[s->layer] += stmt_points(p, s) * repeats(p, s);
	}
	for (i = 0; i < p->net->layers.n; i++) {
		const char *name = p->net->layers.v[i].name;
		const char *text;
		if (!some[i])
			continue;
		if (weight[i])
			text = fmt(p->c, "%s: straight line (%lld statements)",
			           name, (long long)weight[i]);
		else
			text = fmt(p->c, "%s: loops", name);
		PUSH(p->c, &a->plan->notes, text);
	}
}

static bool
has_loops(Planner *a)
{
	const Stmts *list = &a->p->kernel[main_kernel(a->p)];
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (!wants_straight(a, main_kernel(a->p), &list->v[i]))
			return true;
	return false;
}

/* where several samples or steps share them, weights may be turned */
static void
turn(Planner *a, Turned *turned)
{
	static const Kernel kernels[] = { K_FORWARDS, K_GRADIENTS, K_STEP,
		K_GRADIENT };
	Vectors v;
	uint32_t i;
	bool one;

	for (i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
		one = kernels[i] == K_GRADIENT ||
		      (kernels[i] == K_STEP && a->p->net->batch <= 1);
		if (!a->vectors || a->plan->kernel[kernels[i]].by_samples ||
		    (a->o->random && !random_below(&a->state, 2)))
			continue;
		v = vectors_of(a, kernels[i], NULL, a->layout);
		pack(&v, kernels[i], one, turned);
	}
}

static void
lay_out(Planner *a)
{
	static const Kernel all[] = { K_FORWARD, K_LOSS, K_GRADIENT, K_FORWARDS,
		K_GRADIENTS, K_STEP };
	Turned turned = { 0 };
	uint32_t i;

	a->layout = layouts(a->p, a->vectors, a->o->random);
	turn(a, &turned);
	a->layout = layouts(a->p, a->vectors, a->o->random);
	a->laid = a->p->tensors.n;
	for (i = 0; i < turned.n; i++)
		a->layout[turned.v[i].tensor] = layout_panels(
			&a->p->tensors.v[turned.v[i].tensor],
			turned.v[i].lane);
	for (i = 0; i < sizeof all / sizeof all[0] && a->vectors; i++)
		lie(a, all[i]);
}

/* does a rule take sums of the sample to come along? */
static bool
any_fed(const Planner *a)
{
	const KernelPlan *k = &a->plan->kernel[K_ONLINE];
	uint32_t i;

	for (i = 0; i < k->schedules.n; i++)
		if (k->schedules.v[i].fed)
			return true;
	return false;
}

/* Needs the program after order(); NULL after err(). */
Plan *
plan(Program *p, const PlanOptions *o)
{
	Planner a = { .p = p, .o = o, .state = o->random };
	Fields all = { 0 };
	int k;

	a.plan = mem(p->c, sizeof *a.plan);
	straight_auto(&a);
	a.vectors = p->net->lanes > 1 && (o->random ?
	            random_below(&a.state, 4) > 0 : o->file || has_loops(&a));
	a.plan->vectors = a.vectors;
	a.online = p->kernel[K_ONLINE].n && a.vectors && !a.small[K_STEP] &&
	           (!o->random || random_below(&a.state, 2));
	for (k = 0; k < K_ALL; k++)
		a.plan->kernel[k].samples = several(&a, (Kernel)k);
	lay_out(&a);
	if (o->file && !schedules_read(p, o->file, &a.given))
		return NULL;
	for (k = 0; k < K_ALL; k++) {
		if (!plan_kernel(&a, (Kernel)k))
			return NULL;
		if (k == K_ONLINE && !o->random && !any_fed(&a))
			a.plan->kernel[K_AHEAD].used =
				a.plan->kernel[K_ONLINE].used = false;
		if (k == K_ONLINE && a.plan->kernel[k].used)
			a.plan->kernel[K_STEP].samples = 0;
	}
	if (o->file && p->c->errors)
		return NULL;
	notes(&a);
	a.plan->ints += p->dtype == F64 && a.plan->ints % 2; /* no padding */
	a.plan->bytes = fields(p, a.plan, &all);
	return a.plan;
}
