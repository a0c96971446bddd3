/* SPDX-License-Identifier: MIT
 * A program in, for every statement the loops that run it out; which functions
 * they stand in, and where every tensor lives. */
#include <string.h>
#include "back.h"

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
#define WHOLE_WEIGHT 400        /* up to here a kernel stays in one piece */
#define MOST_STRAIGHT 1000000   /* statements of straight line in a network */
#define HEAVY 4096              /* multiply-adds: worth a text for each machine */
/* Samples that a kernel takes at a time: so many that each weight that is read
 * serves several, but what lies between the layers stays in the cache. */
enum {
	MOST_WORK = 1 << 18,        /* reals of temporaries */
	MOST_SAMPLES = 128, BATCH_FORWARD = 32, FEW_SAMPLES = 4,
	MOST_TOGETHER = 1 << 16     /* by vectors of samples: no workspace */
};

typedef struct {
	Program *p;
	const PlanOptions *o;
	Plan *plan;
	uint64_t state;             /* of random schedules */
	AllGiven given;             /* schedules that somebody wrote */
	int64_t straight;           /* statements so far */
	bool *unrolled;             /* by statement of the kernel at hand */
	bool small[K_ALL];          /* auto: straight line */
	Layout *layout;             /* of what all kernels share */
	bool vectors;
	int samples;                /* of the kernel at hand */
	uint32_t part;
	int64_t weight;             /* of the open part */
	bool whole;                 /* the kernel is one part */
} Planner;

static int64_t
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

/* statistics over the batch tie the samples together: not for these kernels */
static bool
check_batch(Program *p, Kernel k)
{
	const Stmts *list = &p->kernel[k];
	uint32_t i, j;

	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		const Tensor *t = &p->tensors.v[s->target];
		for (j = 0; j < s->nridx; j++) {
			if (p->indices.v[s->ridx + j] != SAMPLE ||
			    t->kind == T_GRAD || t->adjoint)
				continue;
			err(p->c, s->loc, "statistics over the batch cannot be "
			    "generated yet");
			return false;
		}
	}
	return true;
}

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

/* ---- which statements become straight line */

static bool
wants_straight(const Planner *a, Kernel k, const Stmt *s)
{
	const Network *net = a->p->net;
	Unroll u = s->layer >= 0 ? net->layers.v[s->layer].unroll : UNROLL_AUTO;

	if (u == UNROLL_AUTO)
		u = a->o->unroll;
	if (u == UNROLL_AUTO)
		u = net->unroll;
	if (u == UNROLL_AUTO)
		return a->small[k];
	return u == UNROLL_FULL;
}

/* the schedule that somebody wrote for the statement, or NULL */
static const Given *
given_for(const Planner *a, Kernel k, StmtId id)
{
	uint32_t i;

	for (i = 0; i < a->given.n; i++)
		if (a->given.v[i].kernel == k && a->given.v[i].q.stmt == id)
			return &a->given.v[i];
	return NULL;
}

/* a scan is straight line as a whole or not at all */
static void
choose(Planner *a, Kernel k)
{
	const Stmts *list = &a->p->kernel[k];
	uint32_t i, j, end;
	bool all;

	a->unrolled = mem(a->p->c, list->n + 1);
	for (i = 0; i < list->n; i = end) {
		all = true;
		for (end = i; end < list->n && (end == i || (list->v[i].scan &&
		     list->v[end].scan == list->v[i].scan)); end++)
			all &= wants_straight(a, k, &list->v[end]);
		for (j = i; j < end; j++)
			a->unrolled[j] = all && !a->o->random &&
			                 !given_for(a, k, j);
	}
}

static void
choose_auto(Planner *a)
{
	static const Kernel together[] = {
		K_FORWARD, K_LOSS, K_GRADIENT, K_TRAINLOSS
	};
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
	a->small[K_UPDATE] = terms_of(a->p, &a->p->kernel[K_UPDATE]) <=
	                     AUTO_TERMS;
	a->small[K_INIT] = terms_of(a->p, &a->p->kernel[K_INIT]) <= AUTO_TERMS;
}

static int64_t
point_weight(const Program *p, const Stmt *s)
{
	int64_t w = stmt_terms(p, s) / 4;

	return w > 1 ? w : 1;
}

/* how much straight line there will be; too much is refused beforehand */
static int64_t
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

/* ---- how many samples at a time */

static bool
any_straight(Planner *a, Kernel kernel)
{
	const Stmts *list = &a->p->kernel[kernel];
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (wants_straight(a, kernel, &list->v[i]) ||
		    list->v[i].scan)
			return true;
	return false;
}

static int64_t
temporaries(const Program *p, Kernel kernel)
{
	const Stmts *list = &p->kernel[kernel];
	int64_t n = 0;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const Tensor *t = &p->tensors.v[list->v[i].target];
		if (t->batch && (t->kind == T_TEMP || t->kind == T_INT))
			n += tensor_size(t);
	}
	return n;
}

/* does a comparison of integers stand in the expression? */
static bool
compares_integers(const Program *p, ExprId root, bool *seen)
{
	const Expr *x = &p->exprs.v[root];

	if (!root || seen[root])
		return false;
	seen[root] = true;
	return x->op == E_IEQ || compares_integers(p, x->a, seen) ||
	       compares_integers(p, x->b, seen) ||
	       compares_integers(p, x->c, seen);
}

/* Straight line whose values are vectors of samples: nothing in it may depend
 * on the sample in a way that vectors do not have. */
static bool
may_go_by_samples(Planner *a, Kernel kernel)
{
	const Program *p = a->p;
	const Stmts *list = &p->kernel[kernel];
	const Accesses *acc = accesses(a->p, list);
	bool *seen = mem(p->c, p->exprs.n + 1);
	uint32_t i;

	if (p->net->lanes < 2 || a->o->random || a->o->file)
		return false;
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (!wants_straight(a, kernel, s) || s->red == RED_ARGMAX ||
		    (s->add && p->tensors.v[s->target].kind == T_TEMP) ||
		    compares_integers(p, s->expr, seen))
			return false;
	}
	for (i = 0; i < acc->all.n; i++) {
		TensorId t = acc->all.v[i].tensor;
		if (acc->indirect[t] || p->tensors.v[t].kind == T_INT ||
		    (p->tensors.v[t].kind == T_RAND && p->tensors.v[t].batch))
			return false;
	}
	a->unrolled = mem(p->c, list->n + 1);
	memset(a->unrolled, true, list->n);
	return straight_weight(a, kernel, false) <= WHOLE_WEIGHT;
}

/* what samples_of() gives in a random plan */
static int
random_several(Planner *a, Kernel kernel, int batch)
{
	const Stmts *list = &a->p->kernel[kernel];
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i].scan)
			return 0;
	if (kernel == K_GRADIENTS && a->p->input_grads.n)
		return 0;
	return kernel == K_STEP ? batch : random_samples(batch, &a->state);
}

/* 0: the kernel is not made, 1: it works on a single sample */
static int
samples_of(Planner *a, Kernel kernel)
{
	const Program *p = a->p;
	int batch = p->net->batch > 0 ? p->net->batch : 1;
	int64_t most, each;

	if (kernel < K_COUNT)
		return 1;
	if (!p->kernel[kernel].n || (kernel == K_STEP && p->net->batch_all))
		return 0;
	if (kernel == K_STEP && batch == 1)
		return 1;
	if (kernel == K_GRADIENTS && p->input_grads.n)
		return 0;
	if (a->o->random)
		return random_several(a, kernel, batch);
	if (may_go_by_samples(a, kernel)) {
		if (kernel == K_FORWARDS)
			batch = MOST_TOGETHER;
		a->plan->kernel[kernel].by_samples = batch >= FEW_SAMPLES;
		return batch >= FEW_SAMPLES ? batch : 0;
	}
	if (any_straight(a, kernel) || !a->vectors)
		return 0;
	each = temporaries(p, kernel) + 1;
	most = MOST_WORK / each;
	if (kernel == K_FORWARDS)
		batch = BATCH_FORWARD;
	if (batch > most)
		batch = (int)most;
	if (batch > MOST_SAMPLES)
		batch = MOST_SAMPLES;
	if (kernel == K_STEP && batch < p->net->batch)
		return 0;
	return batch < FEW_SAMPLES ? 0 : batch;
}

/* ---- schedules */

static void
add_loop(Planner *a, Schedule *q, Index i, int32_t first, int32_t count,
	LoopHow how)
{
	Loop l = { .index = i, .first = first, .count = count, .step = 1,
	           .how = how };

	PUSH(a->p->c, &q->loops, l);
}

static void
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

static void
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

static void
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
static void
check_drawn(Planner *a, Vectors *v, const Stmt *s, const Schedule *q)
{
	const char *why = a->o->random && !s->scan ? schedule_wrong(v, s, q) :
	                  NULL;

	if (why)
		die(a->p->c, EX_SOFTWARE_, "a random plan: %s", why);
}

static void
loops(Planner *a, KernelPlan *k, const Stmts *list, StmtId from, StmtId to)
{
	uint32_t scan = list->v[from].scan;
	const Scan *sc = &a->p->scans.v[scan];
	Vectors v = { .p = a->p, .layout = k->layout, .samples = a->samples };
	StmtId i;

	into_part(a, 4 * (to - from));
	for (i = from; i < to; i++) {
		const Stmt *s = &list->v[i];
		Schedule q = { .stmt = i, .part = a->part, .fused = i > from };
		if (scan)
			add_loop(a, &q, sc->t, 0, sc->n, LOOP_SERIAL);
		if (a->o->random) {
			random_loops(a->p, s, a->samples, &q, &a->state);
			check_drawn(a, &v, s, &q);
		} else {
			box_loops(a, &q, s->idx, s->nidx, LOOP_SERIAL);
			box_loops(a, &q, s->ridx, s->nridx, LOOP_SERIAL);
			if (s->lanes > 1)
				split_lanes(a, s, &q);
		}
		PUSH(a->p->c, &k->schedules, q);
	}
}

/* what follows on a tile whose schedule is the last, but no more statements
 * than `most`; how many with its own */
static uint32_t
followers(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from, uint32_t most)
{
	uint32_t first = k->schedules.n - 1, n;
	Schedule q;

	for (n = 1; n < most && from + n < list->n &&
	     !a->unrolled[from + n]; n++) {
		q = (Schedule){ .stmt = from + n, .part = a->part };
		if (!tile_follows(v, list, acc, &k->schedules.v[first], n,
		                  from + n, &q))
			break;
		PUSH(a->p->c, &k->schedules, q);
	}
	return n;
}

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
	    !g && vectors > (double)(stmt_points(a->p, s) * stmt_terms(a->p, s))))
		return 0;
	into_part(a, 4);
	q.part = rest.part = a->part;
	across(v, s, &q, false);
	PUSH(a->p->c, &k->schedules, q);
	if (across(v, s, &rest, true))
		PUSH(a->p->c, &k->schedules, rest);
	return 1;
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
static uint32_t
as_written(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, const Given *g)
{
	Kernel kernel = (Kernel)(k - a->plan->kernel);
	const StmtId from = g->q.stmt;
	Schedule q = g->q, rest = { .stmt = from };
	const char *why = schedule_wrong(v, &list->v[from], &q);
	uint32_t n = 1;

	if (why) {
		err(a->p->c, g->loc, "%s", why);
		return 1;
	}
	into_part(a, 4);
	q.part = rest.part = a->part;
	PUSH(a->p->c, &k->schedules, q);
	if (!q.tile)
		return 1;
	tile_pad(v, list->v[from].target);
	n = followers(a, v, k, list, acc, from,
	              together(a, kernel, from, list->n));
	if (schedule_rest(v, &q, &rest)) {
		PUSH(a->p->c, &k->schedules, rest);
		followers(a, v, k, list, acc, from, n);
	}
	return n;
}

/* what somebody wrote to stand on a tile, but does not */
static void
alone(Planner *a, const Given *g)
{
	err(a->p->c, g->loc, "this cannot be computed on the tile of the "
	    "statement before");
}

static int32_t
rows_held(const Schedule *q)
{
	const Loop *l = q->loops.n > 1 ? &q->loops.v[q->loops.n - 2] : NULL;

	return l && l->how == LOOP_UNROLL ? l->count : 1;
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
	uint32_t first = k->schedules.n, n = 0, i;
	int pass;

	if (a->o->random || a->p->net->lanes * (a->p->dtype == F32 ? 1 : 2) < 16
	    || stmt_points(a->p, s) * stmt_terms(a->p, s) < HEAVY ||
	    given_for(a, (Kernel)(k - a->plan->kernel), from) || !grows(v, s))
		return 0;
	for (pass = 0; pass < 2; pass++) {
		Schedule q = { .stmt = from }, rest = { .stmt = from };
		v->wide = pass == 0;
		tile(v, s, &q);
		if (!pass)
			into_part(a, 8);
		q.part = rest.part = a->part;
		if (v->rest)
			tile_rest(v, s, &q, &rest);
		PUSH(a->p->c, &k->schedules, q);
		n = followers(a, v, k, list, acc, from, together(a,
		              (Kernel)(k - a->plan->kernel), from, list->n));
		if (rest.tile) {
			PUSH(a->p->c, &k->schedules, rest);
			followers(a, v, k, list, acc, from, n);
		}
		for (i = first; i < k->schedules.n; i++)
			k->schedules.v[i].registers = pass ? 16 : 32;
		first = k->schedules.n;
	}
	v->wide = false;
	return n;
}

/* a tile and what follows on it; how many statements, 0: not by vectors */
static uint32_t
tiles(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from)
{
	Schedule q = { .stmt = from }, rest = { .stmt = from };
	uint32_t n = wide_tiles(a, v, k, list, acc, from), most = list->n;
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
		most = 1 + random_below(&a->state, 5);
	else
		most = together(a, (Kernel)(k - a->plan->kernel), from, most);
	into_part(a, 4);
	q.part = rest.part = a->part;
	if (v->rest && !a->o->random)
		tile_rest(v, &list->v[from], &q, &rest);
	PUSH(a->p->c, &k->schedules, q);
	n = followers(a, v, k, list, acc, from, most);
	if (rest.tile) {
		PUSH(a->p->c, &k->schedules, rest);
		if (followers(a, v, k, list, acc, from, n) != n)
			die(a->p->c, EX_SOFTWARE_, "the rest of a tile has "
			    "other statements");
	}
	return n;
}

/* statements of a scan stay together */
static StmtId
scan_end(const Stmts *list, StmtId i)
{
	StmtId end = i + 1;

	while (end < list->n && list->v[i].scan &&
	       list->v[end].scan == list->v[i].scan)
		end++;
	return end;
}

static void
schedules(Planner *a, KernelPlan *k, const Stmts *list, const Accesses *acc,
	bool vectors)
{
	Program *p = a->p;
	Vectors v = { .p = p, .list = list, .layout = k->layout, .samples = a->samples,
	              .least = 2 };
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
			n = tiles(a, &v, k, list, acc, i);
		if (n)
			end = i + n;
		else if (a->unrolled[i])
			straight(a, k, list, i, end);
		else
			loops(a, k, list, i, end);
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
static void
by_samples(Planner *a, KernelPlan *k, const Stmts *list)
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

static Layout *
layout_copy(Planner *a)
{
	Layout *l = mem(a->p->c, (a->p->tensors.n + 1) * sizeof *l);

	memcpy(l, a->layout, a->p->tensors.n * sizeof *l);
	return l;
}

static bool
plan_kernel(Planner *a, Kernel kernel)
{
	Program *p = a->p;
	KernelPlan *k = &a->plan->kernel[kernel];
	const Stmts *list = &p->kernel[kernel];
	const Accesses *acc;
	int64_t weight, ints;

	k->store = mem(p->c, (p->tensors.n + 1) * sizeof *k->store);
	k->layout = layout_copy(a);
	k->samples = samples_of(a, kernel);
	a->samples = k->by_samples ? 1 : k->samples;
	if (!k->samples || !wants(p, kernel) ||
	    (kernel == K_TRAINLOSS && !a->o->check))
		return true;
	k->used = true;
	if (!check_batch(p, kernel))
		return false;
	choose(a, kernel);
	if (k->by_samples)
		memset(a->unrolled, true, list->n);
	weight = straight_weight(a, kernel, true);
	if (weight < 0)
		return false;
	a->part = 0;
	a->weight = 0;
	a->whole = weight <= WHOLE_WEIGHT;
	acc = accesses(p, list);
	check_writers(p, list, acc);
	if (k->by_samples)
		by_samples(a, k, list);
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
	return wants_training(p) ? K_GRADIENT : K_FORWARD;
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

	choose(a, kernel);
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

/* the kernels over several samples may read turned weights */
static void
lay_out(Planner *a)
{
	static const Kernel several[] = { K_FORWARDS, K_GRADIENTS, K_STEP };
	Turned turned = { 0 };
	uint32_t i;

	a->layout = layouts(a->p, a->vectors, a->o->random);
	for (i = 0; i < 3 && a->vectors; i++)
		if ((several[i] != K_STEP || a->p->net->batch > 1) &&
		    (!a->o->random || random_below(&a->state, 2)))
			pack(a->p, several[i], a->layout, &turned);
	if (!turned.n)
		return;
	a->layout = layouts(a->p, a->vectors, a->o->random);
	for (i = 0; i < turned.n; i++)
		a->layout[turned.v[i].tensor] = layout_panels(
			&a->p->tensors.v[turned.v[i].tensor],
			turned.v[i].lane);
}

/* Needs the program after order(); NULL after err(). */
Plan *
plan(Program *p, const PlanOptions *o)
{
	Planner a = { .p = p, .o = o, .state = o->random };
	Fields all = { 0 };
	int k;

	a.plan = mem(p->c, sizeof *a.plan);
	choose_auto(&a);
	a.vectors = p->net->lanes > 1 && (o->random ?
	            random_below(&a.state, 4) > 0 : o->file || has_loops(&a));
	a.plan->vectors = a.vectors;
	lay_out(&a);
	if (o->file && !schedules_read(p, o->file, &a.given))
		return NULL;
	for (k = 0; k < K_ALL; k++)
		if (!plan_kernel(&a, (Kernel)k))
			return NULL;
	if (o->file && p->c->errors)
		return NULL;
	notes(&a);
	a.plan->ints += p->dtype == F64 && a.plan->ints % 2; /* no padding */
	a.plan->bytes = fields(p, a.plan, &all);
	return a.plan;
}
