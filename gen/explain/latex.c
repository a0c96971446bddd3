/* SPDX-License-Identifier: MIT
 * Mathematics and pages -> LaTeX; the mathematics of Markdown is the same. */
#include <stdlib.h>
#include <string.h>
#include "../tool/house.h"
#include "math.h"

/* what its usual fonts have: ASCII, and letters of Western Europe */
void
latex_text(Text *out, const char *s)
{
	static const struct { char c; const char *latex; } names[] = {
		{ '\\', "backslash" }, { '~', "asciitilde" },
		{ '^', "asciicircum" }, { '<', "less" }, { '>', "greater" },
		{ '|', "bar" }
	};
	size_t i, n = sizeof names / sizeof *names;

	for (; *s; s++) {
		unsigned char u = (unsigned char)*s;

		for (i = 0; i < n && names[i].c != *s; i++)
			;
		if (i < n)
			text_add(out, "\\text%s{}", names[i].latex);
		else if (strchr("#$%&_{}", u))
			text_add(out, "\\%c", u);
		else if (u == 0xc3 && s[1] && !strchr("\x90\x9e\xb0\xbe\x97\xb7",
		         s[1]))
			text_add(out, "\xc3%c", *++s);
		else if (u >= 0xc0 || u < 32)
			text_put(out, "?", 1);
		else if (u < 0x80)
			text_put(out, s, 1);
	}
}

static void
name(const Math *m, Text *out)
{
	const Glyph *g = m_glyph(m->text);

	if (g && m->bold)
		text_add(out, "\\boldsymbol{%s}", g->latex);
	else if (g)
		text_add(out, "%s", g->latex);
	else {
		text_add(out, m->bold ? "\\mathbf{" : m->text[1] ?
		         "\\mathrm{" : "{");
		latex_text(out, m->text);
		text_put(out, "}", 1);
	}
}

static void
sign(const char *key, Text *out)
{
	const Glyph *g = m_glyph(key);

	text_add(out, "%s ", g ? g->latex : key);
}

static void
fence(const Math *m, Text *out)
{
	bool floor = !strcmp(m->text, "floor");

	text_add(out, "\\left%s", floor ? "\\lfloor " : *m->text == '[' ? "[" :
	         *m->text == '|' ? "\\vert " : "(");
	math_latex(m->a, out);
	text_add(out, "\\right%s", floor ? "\\rfloor " : *m->text == '[' ? "]" :
	         *m->text == '|' ? "\\vert " : ")");
}

static void
cases(const Math *m, Text *out)
{
	uint32_t i;

	text_add(out, "\\begin{cases}");
	for (i = 0; i + 1 < m->parts.n; i += 2) {
		math_latex(m->parts.v[i], out);
		text_add(out, " & \\text{if } ");
		math_latex(m->parts.v[i + 1], out);
		text_add(out, " \\\\ ");
	}
	math_latex(m->parts.v[i], out);
	text_add(out, " & \\text{otherwise}\\end{cases}");
}

static void
braced(const char *before, const Math *m, Text *out)
{
	if (!m)
		return;
	text_add(out, "%s{", before);
	math_latex(m, out);
	text_put(out, "}", 1);
}

void
math_latex(const Math *m, Text *out)
{
	uint32_t i;

	switch (m->kind) {
	case M_NUMBER:
		text_add(out, "%s", m->text);
		break;
	case M_NAME:
		name(m, out);
		break;
	case M_SIGN:
		sign(m->text, out);
		break;
	case M_ROW:
		for (i = 0; i < m->parts.n; i++)
			math_latex(m->parts.v[i], out);
		break;
	case M_SCRIPT:
		braced("", m->a, out);
		braced("_", m->b, out);
		braced("^", m->c, out);
		break;
	case M_FRACTION:
		braced("\\frac", m->a, out);
		braced("", m->b, out);
		break;
	case M_ROOT:
		braced("\\sqrt", m->a, out);
		break;
	case M_FENCE:
		fence(m, out);
		break;
	case M_BIG:
		sign(m->text, out);
		braced("_", m->a, out);
		text_put(out, " ", 1);
		math_latex(m->b, out);
		break;
	case M_CASES:
		cases(m, out);
		break;
	case M_WORDS:
		text_add(out, "\\text{");
		latex_text(out, m->text);
		text_put(out, "}", 1);
		break;
	}
}

/* ------------------------------------------------------------- documents */

static void
begin(Page *p, const char *title)
{
	text_add(&p->out, "%% " MARK "\n"
	         "\\documentclass[a4paper]{article}\n"
	         "\\usepackage[utf8]{inputenc}\n"
	         "\\usepackage{amsmath}\n\\usepackage{longtable}\n"
	         "\\usepackage[margin=2cm]{geometry}\n"
	         "\\allowdisplaybreaks\n\\setlength{\\parindent}{0pt}\n"
	         "\\setlength{\\parskip}{1ex}\n"
	         "\\renewcommand{\\arraystretch}{1.3}\n\\begin{document}\n\\title{");
	latex_text(&p->out, title);
	text_add(&p->out, "}\\author{}\\date{}\\maketitle\n");
}

static void
heading(Page *p, int level, const char *text)
{
	text_add(&p->out, level < 3 ? "\n\\section*{" : "\n\\subsection*{");
	latex_text(&p->out, text);
	text_add(&p->out, "}\n");
}

static void
prose(Page *p, const char *text)
{
	text_put(&p->out, "\n", 1);
	latex_text(&p->out, text);
	text_put(&p->out, "\n", 1);
}

/* the lines of an align*, which the mathematics of Markdown has as well */
void
latex_lines(const Equations *e, Text *out)
{
	uint32_t i, k;

	for (i = 0; i < e->n; i++) {
		math_latex(e->v[i].left, out);
		for (k = 0; k < e->v[i].right.n; k++) {
			if (!k || breaks(&e->v[i], k))
				text_add(out, k ? " \\\\\n &" : " &");
			sign(k ? "=" : e->v[i].sign, out);
			math_latex(e->v[i].right.v[k], out);
		}
		text_add(out, i + 1 < e->n ? " \\\\\n" : "\n");
	}
}

static void
equations(Page *p, const Equations *e)
{
	text_add(&p->out, "\n\\begin{align*}\n");
	latex_lines(e, &p->out);
	text_add(&p->out, "\\end{align*}\n");
}

static void
table(Page *p, const Cells *cells, uint32_t columns)
{
	uint32_t i;

	text_add(&p->out, "\n{%s\\begin{longtable}[l]{*{%u}{l}}\n", columns > 8 ?
	         "\\scriptsize\\setlength{\\tabcolsep}{2pt}" : "", columns);
	for (i = 0; i < cells->n; i++) {
		text_put(&p->out, "$", 1);
		math_latex(cells->v[i], &p->out);
		text_put(&p->out, "$", 1);
		if ((i + 1) % columns)
			text_add(&p->out, " & ");
		else
			text_add(&p->out, " \\\\%s\n", i + 1 == columns ?
			         " \\hline" : "");
	}
	text_add(&p->out, "\\end{longtable}}\n");
}

static void
end(Page *p)
{
	text_add(&p->out, "\n\\end{document}\n");
}

const Form latex_form = {
	"latex", ".tex", begin, heading, prose, equations, table, end
};
