/* SPDX-License-Identifier: MIT
 * A statement and a random state in, some legal loops for it out: any order of
 * result loops, splits, unrolls and tiles, by scalars or by vectors, for tests
 * of what a plan may do. */
#include "back.h"

enum { MOST_TILE = 64, MOST_UNROLL = 64, MOST_LOOPS = 64, MOST_SAMPLES = 12 };

typedef struct {
	Program *p;
	const Stmt *s;
	int samples;
	uint64_t *state;
	Loop result[MOST_LOOPS], reduced[MOST_LOOPS];
	uint32_t results, reductions;
	int64_t unrolled;
} Draw;

/* splitmix64 */
uint32_t
random_below(uint64_t *state, uint32_t n)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint32_t)(z >> 32) % n;
}

static uint32_t
below(Draw *d, uint32_t n)
{
	return random_below(d->state, n);
}

/* How many samples a kernel takes at a time: often none are, and more than
 * `least` so that the kernel of a mini-batch is made, too. */
int
random_samples(int least, uint64_t *state)
{
	if (random_below(state, 4) == 0)
		return 0;
	if (least > 1 && least <= MOST_SAMPLES && random_below(state, 2))
		return least;
	return 2 + (int)random_below(state, MOST_SAMPLES - 1);
}

static LoopHow
some_how(Draw *d, int32_t count)
{
	if (below(d, 4) || count > 8 || d->unrolled * count > MOST_UNROLL)
		return LOOP_SERIAL;
	d->unrolled *= count;
	return LOOP_UNROLL;
}

/* the loops of one index: whole, or split with a guarded remainder */
static void
index_loops(Draw *d, Index i, Loop *out, uint32_t *n)
{
	int32_t extent = d->p->index.v[i].extent, step;

	if (i == SAMPLE && d->samples > 1)
		out[(*n)++] = (Loop){ .index = i, .count = d->samples,
		                      .step = 1 };
	if (i == SAMPLE || extent == 1 || *n + 2 > MOST_LOOPS)
		return;
	if (extent < 3 || below(d, 2)) {
		out[(*n)++] = (Loop){ .index = i, .count = extent, .step = 1,
		                      .how = some_how(d, extent) };
		return;
	}
	step = 2 + (int32_t)below(d, extent > 8 ? 7 : (uint32_t)extent - 2);
	out[(*n)++] = (Loop){ .index = i, .count = (extent + step - 1) / step,
	                      .step = step };
	out[(*n)++] = (Loop){ .index = i, .count = step, .step = 1,
	                      .guarded = extent % step != 0,
	                      .how = some_how(d, step) };
}

/* any order, but the outer half of a split stays in front of the inner */
static void
shuffle(Draw *d)
{
	uint32_t i, j;
	Loop l;

	for (i = 0; i + 1 < d->results; i++) {
		j = i + below(d, d->results - i);
		l = d->result[i];
		d->result[i] = d->result[j];
		d->result[j] = l;
	}
	for (i = 0; i < d->results; i++)
		for (j = i + 1; j < d->results; j++)
			if (d->result[i].index == d->result[j].index &&
			    d->result[i].step < d->result[j].step) {
				l = d->result[i];
				d->result[i] = d->result[j];
				d->result[j] = l;
			}
}

/* how many of the last result loops may stand inside the reduction */
static uint32_t
tile_loops(Draw *d)
{
	int64_t size = 1;
	uint32_t n = 0;

	if (d->s->red != RED_SUM || d->s->lanes > 1 || !d->reductions)
		return 0;
	while (n < d->results) {
		size *= d->result[d->results - 1 - n].count;
		if (size > MOST_TILE)
			break;
		n++;
	}
	return below(d, n + 1);
}

void
random_loops(Program *p, const Stmt *s, int samples, Schedule *q,
	uint64_t *state)
{
	Draw d = { .p = p, .s = s, .samples = samples, .state = state,
	           .unrolled = 1 };
	uint32_t i, r = 0, inside, before;

	for (i = 0; i < s->nidx; i++)
		index_loops(&d, p->indices.v[s->idx + i], d.result, &d.results);
	for (i = 0; i < s->nridx; i++)
		index_loops(&d, p->indices.v[s->ridx + i], d.reduced,
		            &d.reductions);
	if (!s->scatter)
		shuffle(&d);
	inside = tile_loops(&d);
	before = d.results - inside;
	for (i = 0; i < before; i++)
		PUSH(p->c, &q->loops, d.result[i]);
	if (d.reductions)
		PUSH(p->c, &q->loops, d.reduced[r++]);
	while (r < d.reductions || i < d.results) {
		if (r < d.reductions && (i == d.results || below(&d, 2))) {
			PUSH(p->c, &q->loops, d.reduced[r++]);
			continue;
		}
		if (i + 1 == d.results && r == d.reductions &&
		    d.result[i].how == LOOP_SERIAL &&
		    d.result[i].index != SAMPLE)
			d.result[i].how = LOOP_LANES;
		PUSH(p->c, &q->loops, d.result[i++]);
	}
}

/* ---- by vectors */

enum { MOST_PLACES = 24, MOST_SUMS = 48, MOST_ROWS = 12 };

typedef struct {
	Vectors *v;
	const Stmt *s;
	Schedule *q;
	uint64_t *state;
	Index lane, row;
	bool rowed, clamped;
	int32_t panel, columns, rows, step;
	Loop outer[MOST_LOOPS];
	uint32_t n;
} Drawn;

static bool
some_lane(Drawn *d)
{
	const Program *p = d->v->p;
	uint32_t i, n = 0;
	int gathers;
	Index may[MAX_RANK + 2];

	for (i = 0; i < d->s->nidx && n < MAX_RANK + 2; i++) {
		Index x = p->indices.v[d->s->idx + i];
		if (tile_along(d->v, d->s, x, &gathers))
			may[n++] = x;
	}
	if (!n)
		return false;
	d->lane = may[random_below(d->state, n)];
	return tile_along(d->v, d->s, d->lane, &gathers);
}

/* Vectors side by side divide what the loop over them runs through, the last
 * panel as well: there is no room behind it.  Lanes that lie apart are not read
 * where a whole vector is beyond the end. */
static void
some_columns(Drawn *d)
{
	int32_t block = layout_round(1), extent = tile_extent(d->v, d->lane);
	int32_t blocks = layout_round(extent) / block, width = blocks;
	int gathers;

	if (blocks > 1 && d->lane != SAMPLE && random_below(d->state, 2))
		width = 1 + (int32_t)random_below(d->state,
		                                  (uint32_t)blocks - 1);
	d->panel = width < blocks ? width * block : 0;
	d->columns = 1 + (int32_t)random_below(d->state, 4);
	while (width % d->columns || blocks % width % d->columns)
		d->columns--;
	tile_along(d->v, d->s, d->lane, &gathers);
	if (gathers && tile_ragged(d->v, d->lane))
		d->columns = 1;
}

/* partial sums: those that the order of the sum has, or any in math fast */
static void
some_sums(Drawn *d)
{
	const Program *p = d->v->p;
	const Stmt *s = d->s;

	d->q->sums = 1;
	if (s->red != RED_SUM || !tile_reductions(d->v, s))
		return;
	if (p->net->strict)
		d->q->sums = s->lanes;
	else if (p->indices.v[s->ridx + s->nridx - 1] != SAMPLE)
		d->q->sums = 1 << random_below(d->state, 5);
}

/* panels side by side, as rows */
static bool
some_panels(Drawn *d, int32_t most)
{
	int32_t extent = tile_extent(d->v, d->lane), panels;
	int gathers;

	tile_along(d->v, d->s, d->lane, &gathers);
	if (!d->panel || layout_round(extent) % d->panel ||
	    (gathers && tile_ragged(d->v, d->lane)))
		return false;
	panels = layout_round(extent) / d->panel;
	most = most < panels ? most : panels;
	most = most < MOST_ROWS ? most : MOST_ROWS;
	d->row = d->lane;
	d->rows = 2 + (int32_t)random_below(d->state, (uint32_t)most - 1);
	d->step = d->panel;
	d->rowed = true;
	return true;
}

static void
some_rows(Drawn *d)
{
	const Program *p = d->v->p;
	uint32_t i, n = 0;
	Index may[MAX_RANK + 2];
	int32_t most;

	d->rows = d->step = 1;
	if (d->columns == 1 && turns(d->v, d->s, d->lane, &d->row) &&
	    random_below(d->state, 2)) {
		d->rows = TURNED;
		d->rowed = d->clamped = true;
		return;
	}
	for (i = 0; i < d->s->nidx && n < MAX_RANK + 2; i++) {
		Index x = p->indices.v[d->s->idx + i];
		if (x != d->lane && tile_extent(d->v, x) > 1)
			may[n++] = x;
	}
	most = MOST_PLACES / d->columns;
	if (most * d->columns * d->q->sums > MOST_SUMS)
		most = MOST_SUMS / d->columns / d->q->sums;
	if (most > 1 && random_below(d->state, 2) && some_panels(d, most))
		return;
	if (!n || most < 2 || random_below(d->state, 3) == 0)
		return;
	d->row = may[random_below(d->state, n)];
	if (most > tile_extent(d->v, d->row))
		most = tile_extent(d->v, d->row);
	if (most > MOST_ROWS)
		most = MOST_ROWS;
	d->rows = 2 + (int32_t)random_below(d->state, (uint32_t)most - 1);
	d->rowed = true;
	d->clamped = tile_varies(d->v, d->row) ||
	             random_below(d->state, 3) == 0;
}

static void
outer_loop(Drawn *d, Loop l)
{
	if (d->n < MOST_LOOPS)
		d->outer[d->n++] = l;
}

/* a loop over an index, or two with a guarded remainder */
static void
box_loops(Drawn *d, Index i, bool split)
{
	int32_t extent = tile_extent(d->v, i), step;

	if (extent < 2)
		return;
	if (i == SAMPLE || extent < 3 || !split || random_below(d->state, 3)) {
		outer_loop(d, (Loop){ .index = i, .count = extent, .step = 1 });
		return;
	}
	step = 2 + (int32_t)random_below(d->state, (uint32_t)extent - 2);
	outer_loop(d, (Loop){ .index = i, .step = step,
	    .count = (extent + step - 1) / step });
	outer_loop(d, (Loop){ .index = i, .count = step, .step = 1,
	    .guarded = extent % step != 0 });
}

static void
result_loops(Drawn *d)
{
	const Program *p = d->v->p;
	int32_t extent = tile_extent(d->v, d->lane), rows;
	int32_t panels = d->panel ? (extent + d->panel - 1) / d->panel : 0;
	bool beside = d->rowed && d->row == d->lane;
	uint32_t i;

	if (d->panel)
		outer_loop(d, (Loop){ .index = d->lane, .step = d->panel *
		    (beside ? d->rows : 1), .count = panels /
		    (beside ? d->rows : 1) });
	outer_loop(d, (Loop){ .index = d->lane, .step = 1,
	    .vectors = d->columns, .count = d->panel ? d->panel : extent,
	    .guarded = d->panel && extent % d->panel && !beside });
	for (i = 0; i < d->s->nidx; i++) {
		Index x = p->indices.v[d->s->idx + i];
		if (x == d->lane)
			continue;
		if (!d->rowed || x != d->row) {
			box_loops(d, x, true);
			continue;
		}
		rows = tile_extent(d->v, x);
		outer_loop(d, (Loop){ .index = x, .step = d->rows,
		    .count = (rows + (d->clamped ? d->rows - 1 : 0)) /
		             d->rows });
	}
}

/* any order, but the outer loop of an index stays outside its inner one */
static void
mix(Drawn *d)
{
	uint32_t i, j;
	Loop l;

	for (i = 0; i + 1 < d->n; i++) {
		j = i + random_below(d->state, d->n - i);
		l = d->outer[i];
		d->outer[i] = d->outer[j];
		d->outer[j] = l;
	}
	for (i = 0; i < d->n; i++)
		for (j = i + 1; j < d->n; j++)
			if (d->outer[i].index == d->outer[j].index &&
			    d->outer[i].step < d->outer[j].step) {
				l = d->outer[i];
				d->outer[i] = d->outer[j];
				d->outer[j] = l;
			}
}

/* in the one order; splits keep partial sums in turn */
static void
reduced_loops(Drawn *d)
{
	const Program *p = d->v->p;
	uint32_t i;

	for (i = 0; i < d->s->nridx; i++)
		box_loops(d, p->indices.v[d->s->ridx + i], d->q->sums == 1);
}

static void
finish(Drawn *d, Schedule *q)
{
	Ctx *c = d->v->p->c;
	uint32_t i;

	q->tile = true;
	q->lane = d->lane;
	for (i = 0; i < d->n; i++)
		PUSH(c, &q->loops, d->outer[i]);
	if (d->rowed)
		PUSH(c, &q->loops, ((Loop){ .index = d->row, .step = d->step,
		    .how = LOOP_UNROLL, .clamped = d->clamped,
		    .count = d->rows }));
	PUSH(c, &q->loops, ((Loop){ .index = d->lane, .step = 1,
	    .how = LOOP_VECTORS, .count = d->columns }));
}

/* Any tile of the statement; `rest` holds what its rows leave, if anything.
 * False: none, or scalars this time. */
bool
random_tile(Vectors *v, const Stmt *s, Schedule *q, Schedule *rest,
	uint64_t *state)
{
	Drawn d = { .v = v, .s = s, .q = q, .state = state };

	if (random_below(state, 6) == 0 || !some_lane(&d))
		return false;
	some_columns(&d);
	some_sums(&d);
	some_rows(&d);
	result_loops(&d);
	mix(&d);
	reduced_loops(&d);
	finish(&d, q);
	schedule_rest(v, q, rest);
	tile_pad(v, s->target);
	return true;
}
