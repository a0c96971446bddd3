/* SPDX-License-Identifier: MIT
 * Lines, numbers and affine forms as C text. */
#include <math.h>
#include <string.h>
#include "back.h"

enum { WIDTH = 80, TAB = 8 };

void
put(Emit *e, const char *s)
{
	text_put(e->out, s, strlen(s));
}

void
put_int(Emit *e, int64_t v)
{
	char buf[24], *s = buf + sizeof buf;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--s = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--s = '-';
	text_put(e->out, s, (size_t)(buf + sizeof buf - s));
}

/* ---- lines */

void
line_open(Emit *e)
{
	int i;

	e->line = e->out->n;
	for (i = 0; i < e->indent; i++)
		text_put(e->out, "\t", 1);
}

/* A line breaks before an operator or after = and commas, never within a
 * subscript; where that is outside of more parentheses, it reads better, and
 * between the terms of a sum or the items of a list better than within one. */
static bool
may_break(const char *s, size_t i, size_t n)
{
	if (!i || i + 2 >= n)
		return false;
	if (s[i] == '*' || s[i] == '/')
		return s[i - 1] != ' ' && s[i - 1] != '(' && s[i - 1] != '*' &&
		       s[i + 1] != '*' && s[i + 1] != '/';
	if (s[i] != ' ')
		return false;
	if (s[i - 1] == ',' || s[i - 1] == '=')
		return true;
	return strchr("+-?:&|", s[i + 1]) && s[i + 2] != '=';
}

static size_t
break_at(const char *s, size_t n, size_t width)
{
	size_t i, best = 0;
	int depth = 0, inside = 0, rank, least = 1000;

	for (i = 0; i < n && (i < width || !best); i++) {
		depth += s[i] == '(';
		depth -= s[i] == ')';
		inside += s[i] == '[';
		inside -= s[i] == ']';
		if (inside || !may_break(s, i, n))
			continue;
		rank = 2 * depth + (s[i] != ' ' || s[i - 1] == '=' ||
		       (depth > 0 && s[i - 1] != ','));
		if (rank > least && best > width / 4)
			continue;
		best = i;
		least = rank;
	}
	return best;
}

void
line_wrap(Emit *e)
{
	Text *out = e->out;
	size_t start = e->line, n = out->n - start, width, at;
	size_t indent = (size_t)e->indent;
	char *line, *s;
	int i;

	if (n + indent * (TAB - 1) <= WIDTH)
		return;
	s = line = copy(e->c, out->s + start, n);
	out->n = start;
	width = WIDTH > indent * TAB + 30 ? WIDTH - indent * (TAB - 1) : 40;
	while (n > width) {
		at = break_at(s, n, width);
		if (!at || at + 1 >= n)
			break;
		text_put(out, s, at);
		text_put(out, "\n", 1);
		for (i = 0; i < e->indent; i++)
			text_put(out, "\t", 1);
		text_put(out, "    ", 4);
		at += s[at] == ' ';
		s += at;
		n -= at;
		width = WIDTH > indent * TAB + 34 ?
		        WIDTH - indent * TAB - 4 : 36;
	}
	text_put(out, s, n);
}

void
line_close(Emit *e, const char *end)
{
	put(e, end);
	line_wrap(e);
	text_put(e->out, "\n", 1);
	e->count++;
}

/* ---- numbers */

const char *
literal_text(Emit *e, double v)
{
	char buf[40];
	const char *s;

	if (e->p->dtype == F32)
		v = (double)(float)v;
	if (v != v || isinf(v)) {
		e->use_bits = true;
		return fmt(e->c, "bp_of_bits%s(%s)", e->suffix,
		           e->p->dtype == F32 ?
		           v != v ? "0x7fc00000u" : v < 0 ? "0xff800000u" :
		           "0x7f800000u" :
		           v != v ? "0x7ff8000000000000u" :
		           v < 0 ? "0xfff0000000000000u" :
		           "0x7ff0000000000000u");
	}
	s = number_text(v, e->p->dtype == F32, buf);
	return fmt(e->c, "%s%s", s, e->suffix);
}

const char *
local_name(Emit *e, const char *stem)
{
	return fmt(e->c, "%s%u", stem, ++e->fresh);
}

/* ---- affine forms over loop variables */

static void
linear_add(Emit *e, Linear *l, int64_t c, int var)
{
	int i;

	for (i = 0; i < l->n && l->t[i].var != var; i++)
		;
	if (i == (int)(sizeof l->t / sizeof l->t[0]))
		die(e->c, EX_SOFTWARE_, "a subscript of too many loops");
	if (i == l->n) {
		l->t[l->n].var = var;
		l->t[l->n++].c = 0;
	}
	l->t[i].c += c;
}

void
linear_aff(Emit *e, Linear *l, AffId id, int64_t scale)
{
	const Aff *a = &e->p->affs.v[id];
	uint32_t i;
	int v;

	l->k += scale * a->k;
	for (i = 0; i < a->n; i++) {
		Term t = e->p->terms.v[a->term + i];
		const Bound *b = &e->env[t.i];
		l->k += scale * t.c * b->k;
		l->vectors += scale * t.c * b->vectors;
		for (v = 0; v < b->vars; v++)
			linear_add(e, l, scale * t.c, b->var[v]);
	}
}

Linear
linear(Emit *e, AffId a)
{
	Linear l = { .k = 0 };

	linear_aff(e, &l, a, 1);
	return l;
}

bool
aff_value(Emit *e, AffId id, int64_t *value)
{
	const Aff *a = &e->p->affs.v[id];
	uint32_t i;

	*value = a->k;
	for (i = 0; i < a->n; i++) {
		Term t = e->p->terms.v[a->term + i];
		const Bound *b = &e->env[t.i];
		if (b->vars || b->vectors)
			return false;
		*value += t.c * b->k;
	}
	return true;
}

static void
put_term(Emit *e, int64_t c, int var)
{
	if (c != 1) {
		put_int(e, c);
		put(e, "*");
	}
	put(e, e->wide ? "(int64_t)" : "");
	put(e, var < 0 ? e->lanes : e->vars.v[var].name);
}

/* so many vectors are a term like others */
static Linear
with_vectors(const Linear *l)
{
	Linear r = *l;

	if (r.vectors) {
		if (r.n == (int)(sizeof r.t / sizeof r.t[0]))
			r.n--;
		r.t[r.n].c = r.vectors;
		r.t[r.n++].var = -1;
	}
	return r;
}

/* positive terms first, the constant before them where there is none */
void
put_linear(Emit *e, const Linear *form, int precedence)
{
	const Linear all = with_vectors(form), *l = &all;
	bool begun = false, parens;
	int i, up = 0, down = 0;

	for (i = 0; i < l->n; i++) {
		up += l->t[i].c > 0;
		down += l->t[i].c < 0;
	}
	parens = precedence > P_ADD && (up + down + (l->k != 0) > 1 ||
	         l->k < 0 || (precedence > P_MUL && up + down == 1));
	put(e, parens ? "(" : "");
	for (i = 0; i < l->n; i++) {
		if (l->t[i].c <= 0)
			continue;
		put(e, begun ? " + " : "");
		put_term(e, l->t[i].c, l->t[i].var);
		begun = true;
	}
	if (!up && (l->k > 0 || !down)) {
		put_int(e, l->k);
		begun = true;
	}
	for (i = 0; i < l->n; i++) {
		if (l->t[i].c >= 0)
			continue;
		put(e, begun ? " - " : "-");
		put_term(e, -l->t[i].c, l->t[i].var);
		begun = true;
	}
	if (l->k < 0 ? up + down > 0 : up && l->k) {
		put(e, l->k < 0 ? " - " : " + ");
		put_int(e, l->k < 0 ? -l->k : l->k);
	}
	put(e, parens ? ")" : "");
}
