/* SPDX-License-Identifier: MIT
 * A plan in; what lies where in NAME_net, and which values of a function share
 * its workspace one after the other, out as text. */
#include <stdlib.h>
#include <string.h>
#include "back.h"

enum { ADDRESSES = 23, WIDTH = 79, CELL = 14 };

typedef struct {
	Program *p;
	Ctx *c;
	const Plan *plan;
	const KernelPlan *k;
	Kernel kernel;
	bool integers;              /* the map of n->iwork */
	int64_t unit;               /* bytes of an element */
	uint32_t nests;             /* loop nests, one after the other */
	int *layer;                 /* by nest: whose it is; -1: none */
	VEC(TensorId) all;          /* what has a place */
	VEC(int64_t) edges;         /* where places begin and end, ascending */
	VEC(uint32_t) columns;      /* nests that differ from the one before */
	Text *out;
} Map;

static const char *
commas(Ctx *c, int64_t n)
{
	return n < 1000 ? fmt(c, "%lld", (long long)n) :
		fmt(c, "%s,%03lld", commas(c, n / 1000), (long long)(n % 1000));
}

/* ---- the fields of NAME_net */

static void
field_line(Map *m, int64_t at, int64_t bytes, const char *name,
	const char *what)
{
	text_add(m->out, "%11s  %11s  %-8s %s\n", commas(m->c, at),
	         commas(m->c, bytes), name, what);
}

static void
put_fields(Map *m, const CNames *names)
{
	int64_t real = m->p->dtype == F32 ? 4 : 8, at = 16, size;
	Fields all = { 0 };
	uint32_t i;

	size = fields(m->p, m->plan, &all);
	text_add(m->out, "NAME_net: %s bytes\n     offset        bytes  "
	         "field\n", commas(m->c, size));
	field_line(m, 0, at, "seed", "and counts of updates and samples");
	for (i = 0; i < all.n; i++) {
		const Field *f = &all.v[i];
		int64_t bytes = (f->count ? f->count : 1) *
			(f->kind == FIELD_INTS ? 4 : real);
		int layer = f->tensor ? m->p->tensors.v[f->tensor].layer : -1;

		if (f->pad)
			field_line(m, at, f->pad * real, "", "unused, to a "
			           "multiple of 64 bytes");
		field_line(m, f->at, bytes, field_name(names, f),
		           f->kind != FIELD_WEIGHT ? field_text(f->kind) :
		           layer < 0 ? "" : layer_text(m->c,
		           &m->p->net->layers.v[layer]));
		at = f->at + bytes;
	}
}

/* ---- who is where when */

static bool
lives(const Map *m, TensorId t, uint32_t nest)
{
	const Store *s = &m->k->store[t];

	return nest >= s->first && nest <= s->last;
}

static TensorId
at_address(const Map *m, int64_t at, uint32_t nest)
{
	uint32_t i;

	for (i = 0; i < m->all.n; i++) {
		const Store *s = &m->k->store[m->all.v[i]];

		if (at >= s->offset && at < s->offset + s->room &&
		    lives(m, m->all.v[i], nest))
			return m->all.v[i];
	}
	return 0;
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
find_places(Map *m)
{
	uint32_t i, n = 0;
	TensorId t;

	for (t = 1; t < m->p->tensors.n; t++) {
		const Store *s = &m->k->store[t];

		if (s->how != ST_WORK || !s->room || m->integers !=
		    layout_integers(&m->p->tensors.v[t], &m->k->layout[t]))
			continue;
		PUSH(m->c, &m->all, t);
		PUSH(m->c, &m->edges, s->offset);
		PUSH(m->c, &m->edges, s->offset + s->room);
	}
	if (m->edges.n)
		qsort(m->edges.v, m->edges.n, sizeof *m->edges.v, ascending);
	for (i = 0; i < m->edges.n; i++)
		if (!n || m->edges.v[i] != m->edges.v[n - 1])
			m->edges.v[n++] = m->edges.v[i];
	m->edges.n = n;
}

/* as store.c counts them */
static void
find_nests(Map *m)
{
	const Stmts *list = &m->p->kernel[m->kernel];
	uint32_t q;

	m->layer = mem(m->c, (m->k->schedules.n + 1) * sizeof *m->layer);
	m->nests = 0;
	for (q = 0; q < m->k->schedules.n; q++)
		if (!q || !m->k->schedules.v[q].fused)
			m->layer[m->nests++] = list->v[m->k->schedules.v[q]
				.stmt].layer;
}

static bool
like_before(const Map *m, uint32_t nest)
{
	uint32_t i;

	if (m->layer[nest] != m->layer[nest - 1])
		return false;
	for (i = 0; i < m->all.n; i++)
		if (lives(m, m->all.v[i], nest) !=
		    lives(m, m->all.v[i], nest - 1))
			return false;
	return true;
}

/* ---- the chart */

/* a layer's own result bears its name */
static const char *
cell_text(const Map *m, TensorId t)
{
	const Tensor *x = &m->p->tensors.v[t];

	if (!t)
		return ".";
	return x->layer >= 0 && !x->adjoint && !strcmp(x->base, "y") ?
		m->p->net->layers.v[x->layer].name : x->name;
}

static const char *
column_text(const Map *m, uint32_t nest)
{
	return m->layer[nest] < 0 ? "loss" :
		m->p->net->layers.v[m->layer[nest]].name;
}

static int
column_width(const Map *m, uint32_t nest)
{
	size_t wide = strlen(column_text(m, nest)), n;
	uint32_t i;

	for (i = 0; i < m->all.n; i++) {
		n = strlen(cell_text(m, m->all.v[i]));
		if (lives(m, m->all.v[i], nest) && n > wide)
			wide = n;
	}
	return wide > CELL ? CELL : (int)wide;
}

static void
put_cell(const Map *m, int width, const char *s, bool last)
{
	if (last)
		text_add(m->out, "  %.*s\n", width, s);
	else
		text_add(m->out, "  %-*.*s", width, width, s);
}

typedef struct { uint32_t from, to; int width[WIDTH]; } Block; /* of columns */

static bool
same_row(const Map *m, const Block *b, int64_t x, int64_t y)
{
	uint32_t k;

	for (k = b->from; k < b->to; k++)
		if (at_address(m, x, m->columns.v[k]) !=
		    at_address(m, y, m->columns.v[k]))
			return false;
	return true;
}

static void
put_row(const Map *m, const Block *b, int64_t low, int64_t high)
{
	bool any = false;
	uint32_t k;

	for (k = b->from; k < b->to && !any; k++)
		any = at_address(m, low, m->columns.v[k]) != 0;
	if (!any)
		return;
	text_add(m->out, "%10s - %10s", commas(m->c, low * m->unit),
	         commas(m->c, high * m->unit - 1));
	for (k = b->from; k < b->to; k++)
		put_cell(m, b->width[k - b->from], cell_text(m, at_address(m,
		         low, m->columns.v[k])), k + 1 == b->to);
}

/* neighbours that hold the same are one row */
static void
put_block(const Map *m, const Block *b)
{
	uint32_t i, k, end;

	text_add(m->out, "\n%-*s", ADDRESSES, "              bytes");
	for (k = b->from; k < b->to; k++)
		put_cell(m, b->width[k - b->from],
		         column_text(m, m->columns.v[k]), k + 1 == b->to);
	for (i = m->edges.n - 1; i > 0; i = end) {
		for (end = i - 1; end > 0 && same_row(m, b,
		     m->edges.v[end - 1], m->edges.v[i - 1]); end--)
			;
		put_row(m, b, m->edges.v[end], m->edges.v[i]);
	}
}

static void
put_chart(Map *m)
{
	Block b = { 0, 0, { 0 } };
	uint32_t i, used;
	int width;

	for (i = 0; i < m->nests; i++)
		if (!i || !like_before(m, i))
			PUSH(m->c, &m->columns, i);
	for (; b.from < m->columns.n; b.from = b.to) {
		used = ADDRESSES;
		for (b.to = b.from; b.to < m->columns.n; b.to++) {
			width = column_width(m, m->columns.v[b.to]);
			used += 2 + (uint32_t)width;
			if (used > WIDTH && b.to > b.from)
				break;
			b.width[b.to - b.from] = width;
		}
		put_block(m, &b);
	}
}

static void
put_peak(Map *m)
{
	int64_t most = 0, sum;
	uint32_t nest, i, when = 0;

	for (nest = 0; nest < m->nests; nest++) {
		for (sum = 0, i = 0; i < m->all.n; i++)
			if (lives(m, m->all.v[i], nest))
				sum += m->k->store[m->all.v[i]].room;
		if (sum > most)
			when = nest;
		most = sum > most ? sum : most;
	}
	text_add(m->out, "peak: %s bytes while %s is computed\n",
	         commas(m->c, most * m->unit), column_text(m, when));
}

static void
put_map(Map *m, bool integers)
{
	int64_t all = 0;
	uint32_t i;

	m->integers = integers;
	m->unit = integers || m->p->dtype == F32 ? 4 : 8;
	m->all.n = m->edges.n = m->columns.n = 0;
	find_places(m);
	if (!m->all.n) {
		if (!integers)
			text_add(m->out, "\n%s: no workspace, its values are "
			         "local variables\n", kernel_name(m->kernel));
		return;
	}
	for (i = 0; i < m->all.n; i++)
		all += m->k->store[m->all.v[i]].room;
	text_add(m->out, "\n%s: %s bytes of %s; %s if nothing shared a place\n",
	         kernel_name(m->kernel), commas(m->c, m->unit *
	         m->edges.v[m->edges.n - 1]), integers ? "iwork" : "work",
	         commas(m->c, all * m->unit));
	put_chart(m);
	put_peak(m);
}

/* false: the plan has no kernel of this name */
static bool
map_of(Map *m, const char *kernel)
{
	int k;

	for (k = 0; k < K_ALL; k++)
		if (m->plan->kernel[k].used && kernel_name((Kernel)k) &&
		    !strcmp(kernel_name((Kernel)k), kernel))
			break;
	if (k == K_ALL)
		return false;
	m->kernel = (Kernel)k;
	m->k = &m->plan->kernel[k];
	find_nests(m);
	return true;
}

bool
plan_memory(Program *p, const Plan *plan, const char *kernel, Text *out)
{
	Map m = { .p = p, .c = p->c, .plan = plan, .out = out };

	if (!map_of(&m, kernel))
		return false;
	put_fields(&m, cnames(p));
	put_map(&m, false);
	put_map(&m, true);
	return true;
}

bool
plan_lifetimes(Program *p, const Plan *plan, const char *kernel, Lifetimes *out)
{
	Map m = { .p = p, .c = p->c, .plan = plan,
		.unit = p->dtype == F32 ? 4 : 8 };
	uint32_t i;

	*out = (Lifetimes){ .bytes = 0 };
	if (!map_of(&m, kernel))
		return false;
	find_places(&m);
	for (i = 0; i < m.nests; i++)
		PUSH(m.c, &out->nests, column_text(&m, i));
	for (i = 0; i < m.all.n; i++) {
		const Store *s = &m.k->store[m.all.v[i]];
		Lifetime one = { cell_text(&m, m.all.v[i]), s->offset * m.unit,
			s->room * m.unit, s->first,
			s->last < m.nests ? s->last : m.nests - 1,
			p->tensors.v[m.all.v[i]].adjoint };

		PUSH(m.c, &out->all, one);
	}
	if (m.edges.n)
		out->bytes = m.unit * m.edges.v[m.edges.n - 1];
	return true;
}

Names
plan_kernels(Ctx *c, const Plan *plan)
{
	Names names = { 0 };
	int k;

	for (k = 0; k < K_ALL; k++)
		if (plan->kernel[k].used && plan->kernel[k].store)
			PUSH(c, &names, kernel_name((Kernel)k));
	return names;
}

const char *
plan_trains(const Plan *plan)
{
	static const Kernel order[] = { K_STEP, K_GRADIENTS, K_GRADIENT };
	int i;

	for (i = 0; i < 3; i++)
		if (plan->kernel[order[i]].used && plan->kernel[order[i]].store)
			return kernel_name(order[i]);
	return NULL;
}
