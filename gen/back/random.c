/* SPDX-License-Identifier: MIT
 * A statement and a random state in, some legal loops for it out: any order of
 * result loops, splits, unrolls and tiles, for tests of what a plan may do. */
#include "back.h"

enum { MOST_TILE = 64, MOST_UNROLL = 64, MOST_LOOPS = 64 };

typedef struct {
	Program *p;
	const Stmt *s;
	uint64_t *state;
	Loop result[MOST_LOOPS], reduced[MOST_LOOPS];
	uint32_t results, reductions;
	int64_t unrolled;
} Draw;

/* splitmix64 */
static uint32_t
below(Draw *d, uint32_t n)
{
	uint64_t z = *d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint32_t)(z >> 32) % n;
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
random_loops(Program *p, const Stmt *s, Schedule *q, uint64_t *state)
{
	Draw d = { .p = p, .s = s, .state = state, .unrolled = 1 };
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
		    d.result[i].how == LOOP_SERIAL)
			d.result[i].how = LOOP_LANES;
		PUSH(p->c, &q->loops, d.result[i++]);
	}
}
