/* SPDX-License-Identifier: MIT
 * Units, lines and labels in; SVG or TikZ out, in the notation of lectures:
 * w_jk^(l) leads from unit k of layer l - 1 to unit j of layer l. */
#include <math.h>
#include <string.h>
#include "draw.h"

/* ------------------------------------------------------------------ SVG */

/* the letter's right upper and lower parts stand above each other */
static void
svg_symbol(Ctx *c, Text *t, const char *style, const Symbol *s)
{
	const char *indices = symbol_indices(c, s);
	double small = LETTERS * SMALL;

	text_add(t, "<text class=\"%s\" x=\"%.2f\" y=\"%.1f\">"
	         "<tspan class=\"m\">", style, -symbol_width(c, s) / 2,
	         LETTERS * 0.3);
	xml_put(t, s->letter);
	text_add(t, "</tspan>");
	if (s->j)
		text_add(t, "<tspan class=\"s\" dy=\"%.1f\">%s</tspan>",
		         LETTERS * 0.25, indices);
	if (s->layer)
		text_add(t, "<tspan class=\"s\" dx=\"%.2f\" dy=\"%.1f\">(%d)"
		         "</tspan>", -0.5 * small * (double)strlen(indices),
		         -LETTERS * 0.64, s->layer);
	text_add(t, "</text>");
}

/* on white, which other lines do not cross */
static void
svg_label(Text *t, const char *style, Box b, const Symbol *s)
{
	text_add(t, "<g transform=\"translate(%.2f %.2f) rotate(%.2f)\">"
	         "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
	         "height=\"%.2f\"/>", b.x, b.y, b.angle * 180 / M_PI, style,
	         -b.w / 2, -b.h / 2, b.w, b.h);
	svg_symbol(t->c, t, style, s);
	text_add(t, "</g>\n");
}

static void
svg_style(Text *t)
{
	text_add(t, "<style>\n"
	         "text { font-family: 'Latin Modern Roman', 'STIX Two Text', "
	         "'Times New Roman', 'Liberation Serif', 'DejaVu Serif', "
	         "serif; "
	         "font-size: %dpx; fill: #222; }\n"
	         ".m { font-style: italic; } .s { font-size: %.2fpx; }\n"
	         "rect.weight, rect.bias { fill: #fff; fill-opacity: 0.85; }\n"
	         ".caption { font-size: %dpx; fill: #555; } "
	         ".first { font-weight: bold; fill: #222; }\n"
	         ".line { stroke: #8a8f98; stroke-width: 1; }\n"
	         "circle { fill: #f5f5f5; stroke: #444; stroke-width: 1.4; }\n"
	         ".input { fill: #e5f1f8; stroke: " BLUE "; } "
	         ".output { fill: #fbeadf; stroke: " ORANGE "; }\n"
	         ".dot { fill: #555; stroke: none; }\n</style>\n", LETTERS,
	         LETTERS * SMALL, CAPTION);
}

static void
svg_lines(const Layered *p, Text *t)
{
	double e[4];
	uint32_t i;

	for (i = 0; i < p->lines.n; i++) {
		line_ends(p, &p->lines.v[i], e);
		svg_line(t, "line", e[0], e[1], e[2], e[3]);
	}
}

static void
svg_labels(const Layered *p, Text *t)
{
	uint32_t i;

	for (i = 0; i < p->lines.n; i++) {
		const Line *l = &p->lines.v[i];

		if (l->name.letter)
			svg_label(t, "weight", label_box(t->c, p, l), &l->name);
	}
}

static void
svg_units(const Layered *p, Text *t)
{
	uint32_t i;

	for (i = 0; i < p->units.n; i++) {
		const Unit *u = &p->units.v[i];

		svg_circle(t, fmt(t->c, "unit %s", u->side), u->x, u->y,
		           p->radius);
		text_add(t, "<g transform=\"translate(%.2f %.2f)\">", u->x,
		         u->y);
		svg_symbol(t->c, t, "name", &u->name);
		text_add(t, "</g>\n");
		if (u->bias.letter)
			svg_label(t, "bias", bias_box(t->c, p, u), &u->bias);
	}
}

static void
svg_rest(const Layered *p, Text *t)
{
	uint32_t i, k;

	for (i = 0; i < p->dots.n; i++)
		for (k = 0; k < 3; k++)
			svg_circle(t, "dot", p->dots.v[i].x, p->dots.v[i].y +
			           10 * ((int)k - 1), 2.2);
	for (i = 0; i < p->captions.n; i++)
		for (k = 0; k < p->captions.v[i].lines.n; k++)
			svg_text(t, k ? "caption" : "caption first", "middle",
			         p->captions.v[i].x, p->captions.v[i].y + k *
			         SPACING, p->captions.v[i].lines.v[k]);
}

void
lecture_svg(const Layered *p, Text *t)
{
	svg_begin(t, p->width, p->height, p->title);
	svg_style(t);
	svg_lines(p, t);
	svg_units(p, t);
	svg_labels(p, t);
	svg_rest(p, t);
	svg_end(t);
}

/* ----------------------------------------------------------------- TikZ */

static void
tex_symbol(Text *t, const Symbol *s)
{
	text_add(t, strlen(s->letter) > 1 ? "$\\mathit{" : "$");
	tex_put(t, s->letter);
	text_add(t, strlen(s->letter) > 1 ? "}" : "");
	if (s->j)
		text_add(t, "_{%s}", symbol_indices(t->c, s));
	if (s->layer)
		text_add(t, "^{(%d)}", s->layer);
	text_add(t, "$");
}

static void
tex_units(const Layered *p, Text *t)
{
	uint32_t i;

	for (i = 0; i < p->units.n; i++) {
		const Unit *u = &p->units.v[i];

		text_add(t, "\\node[%s] (u%u) at (%.2f,%.2f) {", u->side, i,
		         u->x, u->y);
		tex_symbol(t, &u->name);
		text_add(t, "};\n");
	}
	for (i = 0; i < p->dots.n; i++)
		text_add(t, "\\node at (%.2f,%.2f) {$\\vdots$};\n",
		         p->dots.v[i].x, p->dots.v[i].y);
}

static void
tex_lines(const Layered *p, Text *t)
{
	uint32_t i;

	for (i = 0; i < p->lines.n; i++)
		text_add(t, "\\draw[line] (u%d) -- (u%d);\n",
		         p->lines.v[i].from, p->lines.v[i].to);
}

static void
tex_labels(const Layered *p, Text *t)
{
	uint32_t i;

	for (i = 0; i < p->lines.n; i++) {
		const Line *l = &p->lines.v[i];
		Box b;

		if (!l->name.letter)
			continue;
		b = label_box(t->c, p, l);
		text_add(t, "\\node[weight, rotate=%.2f] at (%.2f,%.2f) {",
		         -b.angle * 180 / M_PI, b.x, b.y);
		tex_symbol(t, &l->name);
		text_add(t, "};\n");
	}
	for (i = 0; i < p->units.n; i++) {
		const Unit *u = &p->units.v[i];
		Box b;

		if (!u->bias.letter)
			continue;
		b = bias_box(t->c, p, u);
		text_add(t, "\\node[bias] at (%.2f,%.2f) {", b.x, b.y);
		tex_symbol(t, &u->bias);
		text_add(t, "};\n");
	}
}

static void
tex_captions(const Layered *p, Text *t)
{
	uint32_t i, k;

	for (i = 0; i < p->captions.n; i++) {
		const Caption *one = &p->captions.v[i];

		for (k = 0; k < one->lines.n; k++) {
			text_add(t, "\\node[caption] at (%.2f,%.2f) {%s",
			         one->x, one->y - 4 + k * SPACING,
			         k ? "" : "\\bfseries ");
			tex_put(t, one->lines.v[k]);
			text_add(t, "};\n");
		}
	}
}

void
lecture_tikz(const Layered *p, Text *t)
{
	tex_begin(t, p->width, p->height);
	text_add(t, "\\tikzset{unit/.style={circle, draw=black!75, "
	         "fill=black!4, inner sep=0pt, minimum size=%.1fbp},\n"
	         "\tinput/.style={unit, draw=" TEX_BLUE ", "
	         "fill=" TEX_BLUE "!10},\n\thidden/.style={unit},\n"
	         "\toutput/.style={unit, draw=" TEX_ORANGE ", "
	         "fill=" TEX_ORANGE "!12},\n\tline/.style={draw=black!45},\n"
	         "\tweight/.style={inner sep=0.5pt, font=\\footnotesize},\n"
	         "\tbias/.style={font=\\footnotesize},\n"
	         "\tcaption/.style={font=\\footnotesize, text=black!70}}\n",
	         p->radius * 1.5);
	tex_units(p, t);
	tex_lines(p, t);
	tex_labels(p, t);
	tex_captions(p, t);
	tex_end(t);
}
