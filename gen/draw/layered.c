/* SPDX-License-Identifier: MIT
 * A network in; where its units, lines and labels stand, out. */
#include <math.h>
#include <string.h>
#include "draw.h"

enum {
	MOST = 7, FIRST = 4, LAST = 2, /* units of a column; of a larger one */
	PITCH = 92, MARGIN = 30
};

typedef struct {                /* a column of units */
	const Layer *layer;         /* that makes them */
	const Weight *weight, *bias; /* bias: or NULL */
	int64_t n;
	Names says;                 /* its words, and those of layers without
	                               weights behind it */
	int unit, shown;            /* the first one drawn, how many are */
	double x;
} Column;
typedef VEC(Column) Columns;

typedef struct {
	Ctx *c;
	Layered *out;
	Columns columns;
	VEC(Box) boxes;             /* of the labels placed */
} Place;

/* ------------------------------------------------------ is it layered? */

static const char *
named(Ctx *c, const Layer *l, const char *otherwise)
{
	return l->labelled ? fmt(c, "%s", l->name) : otherwise;
}

/* every output is a weighted sum of every input: w[out, in], perhaps b[out] */
static bool
joins_all(const Layer *l, int64_t in, Column *k)
{
	const Weight *w = l->weights.v;
	int64_t out = shape_size(&l->out);

	*k = (Column){ .layer = l, .weight = w, .n = out };
	if (!l->weights.n || l->weights.n > 2 || l->statistics.n ||
	    w->shape.rank != 2 || w->shape.dim[0] != out ||
	    w->shape.dim[1] != in)
		return false;
	if (l->weights.n == 2)
		k->bias = &w[1];
	return !k->bias || (k->bias->shape.rank == 1 &&
	       k->bias->shape.dim[0] == out);
}

static bool
add_column(Ctx *c, const Network *net, int at, int *before, Columns *columns)
{
	const Layer *l = &net->layers.v[at];
	Column k = { .layer = l, .n = shape_size(&l->out) };
	Column *last = columns->n ? &columns->v[columns->n - 1] : NULL;

	if (!l->rec) {
		if (last)
			return false;
		PUSH(c, &k.says, named(c, l, "input"));
		PUSH(c, &k.says, shape_text(c, &l->out));
	} else if (!last || l->in.n != 1 || l->in.v[0] != *before) {
		return false;
	} else if (!l->weights.n && !l->statistics.n && k.n == last->n) {
		PUSH(c, &last->says, layer_text(c, l));
		*before = at;
		return true;
	} else if (!joins_all(l, last->n, &k)) {
		return false;
	} else {
		PUSH(c, &k.says, named(c, l, fmt(c, "layer %d",
		     (int)columns->n)));
		PUSH(c, &k.says, layer_text(c, l));
	}
	PUSH(c, columns, k);
	*before = at;
	return true;
}

static bool
find_columns(Ctx *c, const Network *net, Columns *columns)
{
	uint32_t i;
	int before = -1;

	for (i = 0; i < net->layers.n; i++)
		if (!net->layers.v[i].dead &&
		    !add_column(c, net, (int)i, &before, columns))
			return false;
	return columns->n > 1 && net->heads.n == 1 &&
		net->heads.v[0].layer == before;
}

/* -------------------------------------------------------------- symbols */

/* written from 0 on, as in the C and in what `explain` prints */
const char *
symbol_indices(Ctx *c, const Symbol *s)
{
	if (!s->j)
		return "";
	if (!s->k)
		return fmt(c, "%lld", (long long)s->j - 1);
	return fmt(c, s->j <= 10 && s->k <= 10 ? "%lld%lld" : "%lld,%lld",
	           (long long)s->j - 1, (long long)s->k - 1);
}

/* of a serif, roughly */
double
symbol_width(Ctx *c, const Symbol *s)
{
	double below = 0.5 * (double)strlen(symbol_indices(c, s));
	double above = s->layer ? 0.66 + (s->layer > 9 ? 1 : 0.5) : 0;

	return LETTERS * ((*s->letter == 'w' ? 0.68 : 0.5) *
	       (double)strlen(s->letter) + SMALL * fmax(below, above));
}

/* ---------------------------------------------------------------- units */

/* the place in its column, of so many, and the number of the i-th shown */
static int64_t
number_of(const Column *k, int i)
{
	return i < FIRST || k->n <= MOST ? i + 1 : k->n - k->shown + i + 1;
}

static int
slots(const Column *k)
{
	return k->n <= MOST ? (int)k->n : FIRST + 1 + LAST;
}

static double
unit_y(const Place *p, const Column *k, int i)
{
	double slot = k->n > MOST && i >= FIRST ? i + 1 : i;

	return p->out->height / 2 + (slot - (slots(k) - 1) / 2.0) * PITCH;
}

static void
add_units(Place *p, uint32_t at)
{
	Column *k = &p->columns.v[at];
	const char *side = !at ? "input" : at + 1 == p->columns.n ? "output" :
		"hidden";
	int i;

	k->unit = (int)p->out->units.n;
	k->shown = k->n <= MOST ? (int)k->n : FIRST + LAST;
	for (i = 0; i < k->shown; i++) {
		int64_t j = number_of(k, i);
		Unit u = { .x = k->x, .y = unit_y(p, k, i), .side = side };

		u.name = (Symbol){ at ? "a" : "x", (int)at, j, 0 };
		if (k->bias)
			u.bias = (Symbol){ k->bias->name, (int)at, j, 0 };
		PUSH(p->c, &p->out->units, u);
	}
	if (k->n > MOST)
		PUSH(p->c, &p->out->dots, ((Dots){ k->x, unit_y(p, k, FIRST - 1)
		     + PITCH }));
}

static void
find_radius(Place *p)
{
	Symbol s = { .letter = "a", .layer = 1 };
	double most = 0;
	uint32_t i;

	for (i = 0; i < p->columns.n; i++) {
		s.j = p->columns.v[i].n;
		s.layer = (int)i;
		most = fmax(most, symbol_width(p->c, &s));
	}
	p->out->radius = fmax(20, most / 2 + 5);
}

/* ---------------------------------------------------------------- labels */

void
line_ends(const Layered *p, const Line *l, double end[4])
{
	const Unit *a = &p->units.v[l->from], *b = &p->units.v[l->to];
	double dx = b->x - a->x, dy = b->y - a->y, n = hypot(dx, dy);

	end[0] = a->x + dx / n * p->radius;
	end[1] = a->y + dy / n * p->radius;
	end[2] = b->x - dx / n * p->radius;
	end[3] = b->y - dy / n * p->radius;
}

/* half the extent of a box along a direction */
static double
reach(const Box *b, double x, double y)
{
	double c = cos(b->angle), s = sin(b->angle);

	return fabs(b->w / 2 * (c * x + s * y)) +
	       fabs(b->h / 2 * (c * y - s * x));
}

/* two boxes are apart if they are along a side of one of them */
static bool
apart(const Box *a, const Box *b)
{
	double angle[4] = { a->angle, a->angle + M_PI / 2, b->angle,
		b->angle + M_PI / 2 };
	int i;

	for (i = 0; i < 4; i++) {
		double x = cos(angle[i]), y = sin(angle[i]);

		if (fabs((a->x - b->x) * x + (a->y - b->y) * y) >
		    reach(a, x, y) + reach(b, x, y))
			return true;
	}
	return false;
}

Box
label_box(Ctx *c, const Layered *p, const Line *l)
{
	double e[4], lift = LETTERS * 0.62 + 2;
	Box b = { 0 };

	line_ends(p, l, e);
	b.angle = atan2(e[3] - e[1], e[2] - e[0]);
	b.x = e[0] + l->at * (e[2] - e[0]) + sin(b.angle) * lift;
	b.y = e[1] + l->at * (e[3] - e[1]) - cos(b.angle) * lift;
	b.w = symbol_width(c, &l->name) + 2;
	b.h = LETTERS * 1.2;
	return b;
}

/* as a square, which is enough as labels come beside units at most */
static bool
is_free(const Place *p, const Line *l, const Box *b)
{
	double side = 2 * p->out->radius;
	uint32_t i, column = (uint32_t)l->from;

	for (i = 0; i < p->boxes.n; i++)
		if (!apart(b, &p->boxes.v[i]))
			return false;
	while (column && p->out->units.v[column - 1].x ==
	       p->out->units.v[column].x)
		column--;
	for (i = column; i < p->out->units.n; i++) {
		const Unit *u = &p->out->units.v[i];
		Box around = { u->x, u->y, side, side, 0 };

		if (!apart(b, &around))
			return false;
	}
	return true;
}

static bool
put_label(Place *p, Line *l)
{
	static const double shares[] = { 0.30, 0.22, 0.38, 0.46 };
	int i;

	for (i = 0; i < 4; i++) {
		Box b;

		l->at = shares[i];
		b = label_box(p->c, p->out, l);
		if (is_free(p, l, &b)) {
			PUSH(p->c, &p->boxes, b);
			return true;
		}
	}
	return false;
}

Box
bias_box(Ctx *c, const Layered *p, const Unit *u)
{
	return (Box){ u->x, u->y + p->radius + BELOW,
		symbol_width(c, &u->bias) + 2, LETTERS * 1.2, 0 };
}

static void
add_lines(Place *p, uint32_t at, bool all)
{
	const Column *from = &p->columns.v[at - 1], *to = &p->columns.v[at];
	int i, j;

	for (i = 0; i < from->shown; i++) {
		for (j = 0; j < to->shown; j++) {
			Line l = { .from = from->unit + i, .to = to->unit + j };

			if (all || (!i && !j))
				l.name = (Symbol){ to->weight->name, (int)at,
					number_of(to, j), number_of(from, i) };
			PUSH(p->c, &p->out->lines, l);
		}
	}
}

/* every line between two columns has its label, or only the first one has */
static bool
label_lines(Place *p, uint32_t at)
{
	const Column *from = &p->columns.v[at - 1], *to = &p->columns.v[at];
	uint32_t lines = p->out->lines.n, i;
	bool all = from->n <= MOST && to->n <= MOST;

	add_lines(p, at, all);
	for (i = lines; i < p->out->lines.n; i++) {
		Line *l = &p->out->lines.v[i];

		if (!l->name.letter || put_label(p, l))
			continue;
		if (!all) {
			l->name.letter = NULL;
			continue;
		}
		p->out->lines.n = lines;
		return false;
	}
	return true;
}

static void
label_one(Place *p, uint32_t at)
{
	uint32_t first = p->out->lines.n;

	add_lines(p, at, false);
	if (!put_label(p, &p->out->lines.v[first]))
		p->out->lines.v[first].name.letter = NULL;
}

static void
place_column(Place *p, uint32_t at, double gap)
{
	const Column *from = &p->columns.v[at - 1];
	uint32_t i;

	p->columns.v[at].x = from->x + gap;
	add_units(p, at);
	p->boxes.n = 0;
	for (i = (uint32_t)from->unit; i < p->out->units.n; i++)
		if (p->out->units.v[i].bias.letter)
			PUSH(p->c, &p->boxes, bias_box(p->c, p->out,
			     &p->out->units.v[i]));
}

/* farther from the column before, until there is room for the labels */
static void
join_column(Place *p, uint32_t at)
{
	const Column *from = &p->columns.v[at - 1], *to = &p->columns.v[at];
	uint32_t units = p->out->units.n, dots = p->out->dots.n;
	int64_t most = from->n > to->n ? from->n : to->n;
	double gap = most > MOST ? 210 : 150 + 30 * (double)most, wide;

	for (wide = 1; wide < 1.6; wide += 0.25) {
		place_column(p, at, gap * wide);
		if (label_lines(p, at))
			return;
		p->out->units.n = units;
		p->out->dots.n = dots;
	}
	place_column(p, at, 210);
	label_one(p, at);
}

/* ------------------------------------------------------------- captions */

static void
add_captions(Place *p, double y)
{
	uint32_t i;

	for (i = 0; i < p->columns.n; i++)
		PUSH(p->c, &p->out->captions, ((Caption){ p->columns.v[i].x, y,
		     p->columns.v[i].says }));
}

Layered *
layered(Ctx *c, const Network *net)
{
	Place p = { .c = c };
	uint32_t i, most = 0, text = 0;
	double edge;

	if (!find_columns(c, net, &p.columns))
		return NULL;
	p.out = mem(c, sizeof *p.out);
	p.out->title = net->name;
	find_radius(&p);
	for (i = 0; i < p.columns.n; i++) {
		const Column *k = &p.columns.v[i];

		most = (uint32_t)slots(k) > most ? (uint32_t)slots(k) : most;
		text = k->says.n > text ? k->says.n : text;
	}
	p.out->height = 2 * MARGIN + 2 * p.out->radius + (most - 1) * PITCH;
	edge = MARGIN + fmax(p.out->radius, 60);
	p.columns.v[0].x = edge;
	add_units(&p, 0);
	for (i = 1; i < p.columns.n; i++)
		join_column(&p, i);
	p.out->width = p.columns.v[i - 1].x + edge;
	add_captions(&p, p.out->height + SPACING);
	p.out->height += (text + 1) * SPACING;
	return p.out;
}
