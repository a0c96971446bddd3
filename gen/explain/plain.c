/* SPDX-License-Identifier: MIT
 * Mathematics -> a line of text for a terminal, pages -> Markdown: with the
 * mathematics as LaTeX, or as such lines. */
#include <string.h>
#include "../tool/house.h"
#include "math.h"

extern const Form latex_form, html_form;

static bool
is_named(const Math *m, const char *name)
{
	return m->kind == M_NAME && !strcmp(m->text, name);
}

/* dC, f(z) and such read as one thing */
static bool
is_one(const Math *m)
{
	if (m->kind == M_FRACTION || m->kind == M_BIG)
		return false;
	if (m->kind != M_ROW || m->parts.n < 2)
		return true;
	return m->parts.n == 2 && (is_named(m->parts.v[0], "partial") ||
		(m->parts.v[0]->kind == M_NAME &&
		 m->parts.v[1]->kind == M_FENCE));
}

/* in brackets unless it reads as one thing */
static void
one(const Math *m, Text *out)
{
	bool brackets = !is_one(m);

	if (brackets)
		text_put(out, "(", 1);
	math_plain(m, out);
	if (brackets)
		text_put(out, ")", 1);
}

/* without blanks, in brackets if it is more than letters */
static void
below(const Math *m, Text *out)
{
	Text t = { .c = out->c };
	bool brackets;
	size_t i;

	math_plain(m, &t);
	brackets = strcspn(t.s, " ,+(/=^") < t.n;
	text_add(out, brackets ? "_(" : "_");
	for (i = 0; i < t.n; i++)
		if (t.s[i] != ' ')
			text_put(out, t.s + i, 1);
	text_add(out, brackets ? ")" : "");
}

static void
script(const Math *m, Text *out)
{
	const Math *c = m->c;

	math_plain(m->a, out);
	if (m->b)
		below(m->b, out);
	if (!c)
		return;
	if (c->kind == M_SIGN)
		math_plain(c, out);
	else if (c->kind == M_NUMBER && !strcmp(c->text, "2"))
		text_add(out, "\u00b2");
	else if (is_named(c, "T"))
		text_add(out, "\u1d40");
	else if (c->kind == M_ROW && is_named(c->parts.v[c->parts.n - 1], "T")) {
		text_put(out, "^", 1);
		math_plain(c->parts.v[0], out);
		text_add(out, "\u1d40");
	}
	else {
		text_put(out, "^", 1);
		one(c, out);
	}
}

static void
sign(const char *key, Text *out)
{
	const Glyph *g = m_glyph(key);
	const char *s = g ? g->plain : key;
	bool wide = strchr("+=<>", *key) || !strcmp(key, "odot");

	if (!strcmp(key, "-") && out->n && strchr(" ([{", out->s[out->n - 1]))
		wide = false;       /* in front of what it makes negative */
	else if (!strcmp(key, "-"))
		wide = true;
	text_add(out, wide ? " %s " : "%s", s);
}

static void
fence(const Math *m, Text *out)
{
	bool floor = !strcmp(m->text, "floor");

	text_add(out, floor ? "floor(" : "%c", *m->text);
	math_plain(m->a, out);
	text_add(out, "%c", floor ? ')' : *m->text == '[' ? ']' :
	         *m->text == '|' ? '|' : ')');
}

static void
cases(const Math *m, Text *out)
{
	uint32_t i;

	text_add(out, "{ ");
	for (i = 0; i + 1 < m->parts.n; i += 2) {
		math_plain(m->parts.v[i], out);
		text_add(out, " if ");
		math_plain(m->parts.v[i + 1], out);
		text_add(out, "; ");
	}
	math_plain(m->parts.v[i], out);
	text_add(out, " otherwise }");
}

void
math_plain(const Math *m, Text *out)
{
	const Glyph *g;
	uint32_t i;

	switch (m->kind) {
	case M_NUMBER:
	case M_WORDS:
		text_add(out, "%s", m->text);
		break;
	case M_NAME:
		g = m_glyph(m->text);
		text_add(out, "%s", g ? g->plain : m->text);
		break;
	case M_SIGN:
		sign(m->text, out);
		break;
	case M_ROW:
		for (i = 0; i < m->parts.n; i++)
			if (i && m->parts.v[i - 1]->kind == M_FRACTION &&
			    m->parts.v[i]->kind == M_SIGN &&
			    !strcmp(m->parts.v[i]->text, "times"))
				sign("*", out);
			else
				math_plain(m->parts.v[i], out);
		break;
	case M_SCRIPT:
		script(m, out);
		break;
	case M_FRACTION:
		one(m->a, out);
		text_put(out, "/", 1);
		one(m->b, out);
		break;
	case M_ROOT:
		text_add(out, "\u221a(");
		math_plain(m->a, out);
		text_put(out, ")", 1);
		break;
	case M_FENCE:
		fence(m, out);
		break;
	case M_BIG:
		text_add(out, "%s", m_glyph(m->text)->plain);
		if (m->a)
			below(m->a, out);
		text_put(out, " ", 1);
		math_plain(m->b, out);
		break;
	case M_CASES:
		cases(m, out);
		break;
	}
}

/* ------------------------------------------------------------- documents */

static void
markdown_begin(Page *p, const char *title)
{
	text_add(&p->out, "<!-- " MARK " -->\n# %s\n", title);
}

static void
text_begin(Page *p, const char *title)
{
	text_add(&p->out, "# " MARK ": %s\n", title);
}

static void
heading(Page *p, int level, const char *text)
{
	static const char marks[] = "######";

	text_add(&p->out, "\n%.*s %s\n", level, marks, text);
}

static void
prose(Page *p, const char *text)
{
	text_add(&p->out, "\n%s\n", text);
}

static void
latex_equations(Page *p, const Equations *e)
{
	text_add(&p->out, "\n```math\n\\begin{aligned}\n");
	latex_lines(e, &p->out);
	text_add(&p->out, "\\end{aligned}\n```\n");
}

static void
plain_equations(Page *p, const Equations *e)
{
	uint32_t i, k;

	text_put(&p->out, "\n", 1);
	for (i = 0; i < e->n; i++) {
		text_add(&p->out, "    ");
		math_plain(e->v[i].left, &p->out);
		for (k = 0; k < e->v[i].right.n; k++) {
			if (breaks(&e->v[i], k))
				text_add(&p->out, "\n       ");
			sign(k ? "=" : e->v[i].sign, &p->out);
			math_plain(e->v[i].right.v[k], &p->out);
		}
		text_put(&p->out, "\n", 1);
	}
}

/* a | would end a cell */
static const char *
cell(Page *p, const Math *m, bool latex)
{
	Text t = { .c = p->c }, out = { .c = p->c };
	size_t i;

	if (!latex || m->kind == M_WORDS)
		math_plain(m, &t);
	else {
		text_add(&t, "$`");
		math_latex(m, &t);
		text_add(&t, "`$");
	}
	text_put(&out, "", 0);
	for (i = 0; i < t.n; i++)
		text_add(&out, t.s[i] == '|' ? "\\%c" : "%c", t.s[i]);
	return out.s;
}

static void
ruler(Page *p, int width, bool last)
{
	text_put(&p->out, "|", 1);
	for (width = width > 1 ? width + 2 : 3; width > 0; width--)
		text_put(&p->out, "-", 1);
	text_add(&p->out, last ? "|\n" : "");
}

static void
rows(Page *p, const Cells *cells, uint32_t columns, bool latex)
{
	int *width = mem(p->c, columns * sizeof *width), n;
	const char **text = mem(p->c, cells->n * sizeof *text);
	uint32_t i, k;

	for (i = 0; i < cells->n; i++) {
		text[i] = cell(p, cells->v[i], latex);
		n = characters(text[i]);
		if (!latex && n > width[i % columns])
			width[i % columns] = n;
	}
	text_put(&p->out, "\n", 1);
	for (i = 0; i < cells->n; i++) {
		n = width[i % columns] - characters(text[i]);
		text_add(&p->out, "| %s%*s ", text[i], n > 0 ? n : 0, "");
		if ((i + 1) % columns)
			continue;
		text_add(&p->out, "|\n");
		for (k = 0; i + 1 == columns && k < columns; k++)
			ruler(p, width[k], k + 1 == columns);
	}
}

static void
latex_table(Page *p, const Cells *cells, uint32_t columns)
{
	rows(p, cells, columns, true);
}

static void
plain_table(Page *p, const Cells *cells, uint32_t columns)
{
	rows(p, cells, columns, false);
}

static void
end(Page *p)
{
	(void)p;
}

static const Form markdown_form = {
	"md", ".md", markdown_begin, heading, prose, latex_equations, latex_table, end
};
static const Form text_form = {
	"text", ".txt", text_begin, heading, prose, plain_equations, plain_table, end
};

const Form *const forms[] = {
	&text_form, &markdown_form, &latex_form, &html_form, NULL
};
