/* SPDX-License-Identifier: MIT
 * Mathematics -> MathML, pages -> HTML that needs nothing else. */
#include <string.h>
#include "../tool/house.h"
#include "math.h"

void
html_text(Text *out, const char *s)
{
	for (; *s; s++)
		if (*s == '&' || *s == '<' || *s == '>' || *s == '"')
			text_add(out, "&#%d;", *s);
		else if ((unsigned char)*s >= 32)
			text_put(out, s, 1);
}

static void
element(const char *tag, const char *s, Text *out)
{
	text_add(out, "<%s>", tag);
	html_text(out, s);
	text_add(out, "</%s>", tag);
}

static void
name(const Math *m, Text *out)
{
	const Glyph *g = m_glyph(m->text);

	if (m->bold)
		text_add(out, "<mi class=\"b\" mathvariant=\"normal\">");
	else
		text_add(out, (g && strcmp(m->text, "euler")) ||
		         !m->text[1] ? "<mi>" :
		         "<mi mathvariant=\"normal\">");
	html_text(out, g ? g->plain : m->text);
	text_add(out, "</mi>");
}

/* U+2062: times that is not seen */
static void
sign(const char *key, Text *out)
{
	const Glyph *g = m_glyph(key);

	if (!strcmp(key, "times"))
		text_add(out, "<mo>\u2062</mo><mspace width=\"0.15em\"/>");
	else if (!strcmp(key, "sum"))
		text_add(out, "<mo>\u2211</mo>");
	else
		element("mo", g ? g->plain : key, out);
}

static void
row(const Math *m, Text *out)
{
	text_add(out, "<mrow>");
	math_mathml(m, out);
	text_add(out, "</mrow>");
}

static void
script(const Math *m, Text *out)
{
	const char *tag = !m->c ? "msub" : !m->b ? "msup" : "msubsup";

	text_add(out, "<%s>", tag);
	row(m->a, out);
	if (m->b)
		row(m->b, out);
	if (m->c)
		row(m->c, out);
	text_add(out, "</%s>", tag);
}

static void
fence(const Math *m, Text *out)
{
	bool floor = !strcmp(m->text, "floor");

	text_add(out, "<mrow><mo>%s</mo>", floor ? "\u230a" :
	         *m->text == '[' ? "[" : *m->text == '|' ? "|" : "(");
	math_mathml(m->a, out);
	text_add(out, "<mo>%s</mo></mrow>", floor ? "\u230b" :
	         *m->text == '[' ? "]" : *m->text == '|' ? "|" : ")");
}

static void
big(const Math *m, Text *out)
{
	text_add(out, "<mrow>");
	if (m->a)
		text_add(out, "<munder>");
	sign(m->text, out);
	if (m->a) {
		row(m->a, out);
		text_add(out, "</munder>");
	}
	text_add(out, "<mspace width=\"0.15em\"/>");
	math_mathml(m->b, out);
	text_add(out, "</mrow>");
}

static void
cases(const Math *m, Text *out)
{
	uint32_t i;

	text_add(out, "<mrow><mo>{</mo><mtable>");
	for (i = 0; i < m->parts.n; i += 2) {
		text_add(out, "<mtr><mtd class=\"l\">");
		math_mathml(m->parts.v[i], out);
		text_add(out, "</mtd><mtd class=\"l\">");
		if (i + 1 < m->parts.n) {
			text_add(out, "<mtext>if\u00a0</mtext>");
			math_mathml(m->parts.v[i + 1], out);
		} else {
			text_add(out, "<mtext>otherwise</mtext>");
		}
		text_add(out, "</mtd></mtr>");
	}
	text_add(out, "</mtable></mrow>");
}

void
math_mathml(const Math *m, Text *out)
{
	uint32_t i;

	switch (m->kind) {
	case M_NUMBER:
		if (*m->text == '-')
			sign("-", out);
		element("mn", m->text + (*m->text == '-'), out);
		break;
	case M_NAME:
		name(m, out);
		break;
	case M_SIGN:
		sign(m->text, out);
		break;
	case M_ROW:
		text_add(out, "<mrow>");
		for (i = 0; i < m->parts.n; i++)
			math_mathml(m->parts.v[i], out);
		text_add(out, "</mrow>");
		break;
	case M_SCRIPT:
		script(m, out);
		break;
	case M_FRACTION:
		text_add(out, "<mfrac>");
		row(m->a, out);
		row(m->b, out);
		text_add(out, "</mfrac>");
		break;
	case M_ROOT:
		text_add(out, "<msqrt>");
		row(m->a, out);
		text_add(out, "</msqrt>");
		break;
	case M_FENCE:
		fence(m, out);
		break;
	case M_BIG:
		big(m, out);
		break;
	case M_CASES:
		cases(m, out);
		break;
	case M_WORDS:
		element("mtext", m->text, out);
		break;
	}
}

/* ------------------------------------------------------------- documents */

static const char style[] =
	"body{font-family:sans-serif;max-width:60em;margin:2em auto;"
	"padding:0 1em}\n"
	"div{margin:.6em 0 .6em 1em;overflow-x:auto}\n"
	"math{font-size:1.15em}\n"
	"mtd{padding:.35em .15em;text-align:left}\n"
	"mtd.r{text-align:right}\n"
	"mi.b{font-weight:bold}\n"
	"table{border-collapse:collapse;margin:.6em 1em}\n"
	"td,th{padding:.2em .7em;text-align:left;border-bottom:1px solid #ccc}\n";

static void
begin(Page *p, const char *title)
{
	text_add(&p->out, "<!-- " MARK " -->\n<!DOCTYPE html>\n"
	         "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
	         "<head>\n<meta charset=\"utf-8\"/>\n<title>");
	html_text(&p->out, title);
	text_add(&p->out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>",
	         style);
	html_text(&p->out, title);
	text_add(&p->out, "</h1>\n");
}

static void
heading(Page *p, int level, const char *text)
{
	text_add(&p->out, "<h%d>", level);
	html_text(&p->out, text);
	text_add(&p->out, "</h%d>\n", level);
}

static void
prose(Page *p, const char *text)
{
	element("p", text, &p->out);
	text_put(&p->out, "\n", 1);
}

#define MATHML "<math xmlns=\"http://www.w3.org/1998/Math/MathML\""

static void
equations(Page *p, const Equations *e)
{
	uint32_t i, k;

	text_add(&p->out, "<div>" MATHML "><mtable displaystyle=\"true\">\n");
	for (i = 0; i < e->n; i++) {
		text_add(&p->out, "<mtr><mtd class=\"r\">");
		math_mathml(e->v[i].left, &p->out);
		text_add(&p->out, "</mtd><mtd><mrow>");
		for (k = 0; k < e->v[i].right.n; k++) {
			if (breaks(&e->v[i], k))
				text_add(&p->out, "</mrow></mtd></mtr>\n<mtr>"
				         "<mtd></mtd><mtd><mrow>");
			sign(k ? "=" : e->v[i].sign, &p->out);
			math_mathml(e->v[i].right.v[k], &p->out);
		}
		text_add(&p->out, "</mrow></mtd></mtr>\n");
	}
	text_add(&p->out, "</mtable></math></div>\n");
}

static void
table(Page *p, const Cells *cells, uint32_t columns)
{
	uint32_t i;
	const char *tag;

	text_add(&p->out, "<table>\n");
	for (i = 0; i < cells->n; i++) {
		tag = i < columns ? "th" : "td";
		text_add(&p->out, i % columns ? "<%s>" : "<tr><%s>", tag);
		if (cells->v[i]->kind == M_WORDS)
			html_text(&p->out, cells->v[i]->text);
		else {
			text_add(&p->out, MATHML ">");
			math_mathml(cells->v[i], &p->out);
			text_add(&p->out, "</math>");
		}
		text_add(&p->out, (i + 1) % columns ? "</%s>" : "</%s></tr>\n",
		         tag);
	}
	text_add(&p->out, "</table>\n");
}

static void
end(Page *p)
{
	text_add(&p->out, "</body>\n</html>\n");
}

const Form html_form = {
	"html", ".html", begin, heading, prose, equations, table, end
};
