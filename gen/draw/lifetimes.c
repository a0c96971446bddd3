/* SPDX-License-Identifier: MIT
 * The workspace of a kernel: time across, addresses up, a box for each value. */
#include <string.h>
#include "curves.h"

enum {
	LEFT = 84, TOP = 44, HIGH = 380, BOTTOM = 96, RIGHT = 24,
	NARROW = 520, WIDE = 1400, NEST = 26,
	LETTER = 12                 /* of the names within */
};

static const char style[] = "<style>\n"
	"text { font: 12px sans-serif; fill: #333 }\n"
	".title { font-size: 15px }\n"
	".axis, .edge { stroke: #333; stroke-width: 1 }\n"
	".edge { stroke: #ddd }\n"
	".name { fill: #fff }\n"
	".values { fill: " BLUE " }\n"
	".derivatives { fill: " ORANGE " }\n"
	"rect.forward { fill: " BLUE "; stroke: #fff }\n"
	"rect.backward { fill: " ORANGE "; stroke: #fff }\n"
	"</style>\n";

typedef struct {
	Ctx *c;
	const Lifetimes *l;
	Text *t;
	double width, letter;       /* of the chart; of a letter of 12 px */
} Map;

static double
x_of(const Map *m, uint32_t nest)
{
	return LEFT + m->width * nest / m->l->nests.n;
}

static double
y_of(const Map *m, double byte)
{
	return TOP + HIGH * (1 - byte / (double)m->l->bytes);
}

static void
put_legend(Map *m)
{
	double right = LEFT + m->width;
	uint32_t i;

	for (i = 0; i < m->l->all.n && !m->l->all.v[i].backward; i++)
		;
	if (i == m->l->all.n)
		return;
	svg_text(m->t, "derivatives", "end", right, 24, "derivatives");
	svg_text(m->t, "values", "end", right - m->letter * 13, 24, "values");
}

static void
put_addresses(Map *m)
{
	Marks marks = marks_of(0, (double)m->l->bytes, false, 6);
	int i;

	for (i = 0; i < marks.n; i++) {
		double y = y_of(m, marks.at[i]);

		svg_line(m->t, "edge", LEFT - 4, y, LEFT + m->width, y);
		svg_text(m->t, "mark", "end", LEFT - 8, y + 4,
		         grouped(m->c, (int64_t)marks.at[i]));
	}
	svg_line(m->t, "axis", LEFT, TOP, LEFT, TOP + HIGH);
	svg_line(m->t, "axis", LEFT, TOP + HIGH, LEFT + m->width, TOP + HIGH);
}

/* neighbours of one layer have one name, unless it would meet the one before */
static void
put_layers(Map *m)
{
	const Names *nests = &m->l->nests;
	double x, before = 0;
	uint32_t from, to;

	for (from = 0; from < nests->n; from = to) {
		for (to = from + 1; to < nests->n &&
		     !strcmp(nests->v[to], nests->v[from]); to++)
			;
		if (from)
			svg_line(m->t, "edge", x_of(m, from), TOP, x_of(m, from),
			         TOP + HIGH + 6);
		x = (x_of(m, from) + x_of(m, to)) / 2;
		if (x < before + LETTER)
			continue;
		text_add(m->t, "<text class=\"layer\" text-anchor=\"end\" "
		         "transform=\"translate(%.2f %d) rotate(-40)\">", x + 4,
		         TOP + HIGH + 16);
		xml_put(m->t, nests->v[from]);
		text_add(m->t, "</text>\n");
		before = x;
	}
}

static void
put_value(Map *m, const Lifetime *v)
{
	double x = x_of(m, v->first), y = y_of(m, (double)(v->offset + v->bytes));
	double wide = x_of(m, v->last + 1) - x;
	double high = y_of(m, (double)v->offset) - y;
	size_t letters = strlen(v->name);

	text_add(m->t, "<g><rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" "
	         "width=\"%.2f\" height=\"%.2f\"/>", v->backward ? "backward" :
	         "forward", x, y, wide, high < 0.5 ? 0.5 : high);
	text_add(m->t, "<title>");
	xml_put(m->t, v->name);
	text_add(m->t, ": %s bytes from %s on</title>", grouped(m->c, v->bytes),
	         grouped(m->c, v->offset));
	if (high > LETTER && wide > m->letter * ((double)letters + 1))
		svg_text(m->t, "name", "middle", x + wide / 2,
		         y + high / 2 + 4, v->name);
	text_add(m->t, "</g>\n");
}

void
lifetimes_svg(Ctx *c, const Lifetimes *l, const char *title, Text *t)
{
	Map m = { .c = c, .l = l, .t = t, .width = NEST * l->nests.n,
		.letter = 0.58 * LETTER };
	uint32_t i;

	m.width = m.width < NARROW ? NARROW : m.width > WIDE ? WIDE : m.width;
	svg_begin(t, LEFT + m.width + RIGHT, TOP + HIGH + BOTTOM, title);
	text_add(t, "%s", style);
	svg_text(t, "title", "start", LEFT, 24, title);
	put_legend(&m);
	put_addresses(&m);
	put_layers(&m);
	for (i = 0; i < l->all.n; i++)
		put_value(&m, &l->all.v[i]);
	svg_end(t);
}
