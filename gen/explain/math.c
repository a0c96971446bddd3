/* SPDX-License-Identifier: MIT
 * Makes trees of mathematics, and knows how each form calls a sign. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math.h"

static const Glyph glyphs[] = {
	{ "*", "\u00b7", "\\cdot" }, { "times", " ", "\\," },
	{ "odot", "\u2299", "\\odot" }, { "-", "\u2212", "-" },
	{ "<=", "\u2264", "\\le" }, { ">=", "\u2265", "\\ge" },
	{ "<-", "\u2190", "\\leftarrow" }, { "+=", "+=", "\\mathrel{+}=" },
	{ "partial", "\u2202", "\\partial" }, { "sum", "\u03a3", "\\sum" },
	{ "max", "max", "\\max" }, { "argmax", "argmax", "\\arg\\max" },
	{ "dots", "\u2026", "\\dots" }, { "'", "\u2032", "\\prime" },
	{ "euler", "e", "\\mathrm{e}" },
	{ "alpha", "\u03b1", "\\alpha" },
	{ "beta", "\u03b2", "\\beta" },
	{ "gamma", "\u03b3", "\\gamma" }, { "delta", "\u03b4", "\\delta" },
	{ "epsilon", "\u03b5", "\\varepsilon" }, { "eta", "\u03b7", "\\eta" },
	{ "lambda", "\u03bb", "\\lambda" }, { "mu", "\u03bc", "\\mu" },
	{ "sigma", "\u03c3", "\\sigma" }, { "tau", "\u03c4", "\\tau" },
	{ "infinity", "\u221e", "\\infty" }
};

const Glyph *
m_glyph(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof glyphs / sizeof *glyphs; i++)
		if (!strcmp(glyphs[i].key, key))
			return &glyphs[i];
	return NULL;
}

Math *
m_new(Ctx *c, MathKind kind, const char *text)
{
	Math *m = mem(c, sizeof *m);

	m->kind = kind;
	m->text = text;
	return m;
}

Math *
m_name(Ctx *c, const char *text)
{
	return m_new(c, M_NAME, text);
}

Math *
m_words(Ctx *c, const char *text)
{
	return m_new(c, M_WORDS, text);
}

void
m_push(Ctx *c, Math *row, Math *part)
{
	if (part)
		PUSH(c, &row->parts, part);
}

Math *
m_row(Ctx *c, Math *a, const char *sign, Math *b)
{
	Math *row = m_new(c, M_ROW, NULL);

	m_push(c, row, a);
	if (sign)
		m_push(c, row, m_new(c, M_SIGN, sign));
	m_push(c, row, b);
	return row;
}

Math *
m_script(Ctx *c, Math *base, Math *below, Math *above)
{
	Math *m;

	if (!below && !above)
		return base;
	m = m_new(c, M_SCRIPT, NULL);
	m->a = base;
	m->b = below;
	m->c = above;
	return m;
}

/* six digits: what a board has room for */
Math *
m_number(Ctx *c, double v)
{
	char *s = fmt(c, "%.6g", v == 0 ? 0.0 : v), *e = strchr(s, 'e');
	Math *ten, *m;

	if (isnan(v))
		return m_words(c, "nan");
	if (isinf(v))
		return m_row(c, NULL, v < 0 ? "-" : NULL,
		             m_name(c, "infinity"));
	if (!e)
		return m_new(c, M_NUMBER, s);
	*e = 0;
	ten = m_script(c, m_new(c, M_NUMBER, "10"), NULL,
	               m_new(c, M_NUMBER, fmt(c, "%d", atoi(e + 1))));
	m = m_new(c, M_NUMBER, s);
	return strcmp(s, "1") ? m_row(c, m, "*", ten) : ten;
}

Math *
m_fraction(Ctx *c, Math *a, Math *b)
{
	Math *m = m_new(c, M_FRACTION, NULL);

	m->a = a;
	m->b = b;
	return m;
}

Math *
m_fence(Ctx *c, const char *how, Math *a)
{
	Math *m = m_new(c, M_FENCE, how);

	m->a = a;
	return m;
}

Math *
m_big(Ctx *c, const char *how, Math *below, Math *of)
{
	Math *m = m_new(c, M_BIG, how);

	m->a = below;
	m->b = of;
	return m;
}

/* name' is the derivative of name */
Math *
m_call(Ctx *c, const char *name, Math *of)
{
	size_t n = strlen(name);
	Math *base = m_name(c, name);

	if (n && name[n - 1] == '\'')
		base = m_script(c, m_name(c, copy(c, name, n - 1)), NULL,
		                m_new(c, M_SIGN, "'"));
	return m_row(c, base, NULL, m_fence(c, "(", of));
}

bool
m_is_sum(const Math *m)
{
	uint32_t i;

	if (m->kind == M_NUMBER)
		return *m->text == '-';
	for (i = 0; m->kind == M_ROW && i < m->parts.n; i++)
		if (m->parts.v[i]->kind == M_SIGN &&
		    strchr("+-<=", *m->parts.v[i]->text))
			return true;
	return m->kind == M_ROW && m->parts.n && m_is_sum(m->parts.v[0]);
}

bool
m_is_open(const Math *m)
{
	if (m->kind == M_ROW && m->parts.n)
		return m_is_open(m->parts.v[m->parts.n - 1]);
	return m->kind == M_BIG || m->kind == M_CASES;
}

bool
m_begins_with_number(const Math *m)
{
	if (m->kind == M_ROW && m->parts.n)
		return m_begins_with_number(m->parts.v[0]);
	return m->kind == M_SCRIPT ? m_begins_with_number(m->a) :
		m->kind == M_NUMBER;
}

bool
breaks(const Equation *e, uint32_t right)
{
	return right == 1 && e->right.n > 2;
}
