/* SPDX-License-Identifier: MIT
 * The shape of what a formula writes, from the shapes of what it reads: for
 * records that do not say it themselves.  A light reading of the text; the
 * formula proper is read, and all mistakes in it found, in middle/. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"

enum { MOST_INDICES = 64 };
typedef struct { const char *at; size_t n; } Piece;
typedef struct { Piece name; int64_t extent; } Range;
typedef struct {
	Ctx *c;
	const Layer *l;
	NamedShapes known;
	Range ranges[MOST_INDICES];
	int nranges;
	Shape pack;                 /* what `...` stands for in this line */
	bool has_pack;
} Infer;

static bool
same(Piece a, const char *s)
{
	return strlen(s) == a.n && !memcmp(a.at, s, a.n);
}

static Piece
trim(Piece p)
{
	while (p.n && isspace((unsigned char)*p.at))
		p.at++, p.n--;
	while (p.n && isspace((unsigned char)p.at[p.n - 1]))
		p.n--;
	return p;
}

static size_t
name_length(const char *s, size_t n)
{
	size_t i = 0;

	if (n && (isalpha((unsigned char)*s) || *s == '_'))
		while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '_'))
			i++;
	return i;
}

static bool
is_index(Piece p)
{
	return p.n && name_length(p.at, p.n) == p.n;
}

static Shape *
shape_of(const Infer *x, Piece name)
{
	uint32_t i;

	for (i = x->known.n; i-- > 0;)
		if (same(name, x->known.v[i].name))
			return &x->known.v[i].shape;
	return NULL;
}

/* the parts between commas of what follows `[`; their number, and the end */
static int
all_subscripts(const char *s, size_t n, Piece out[MAX_RANK + 2], size_t *end)
{
	size_t i, from = 0;
	int depth = 0, count = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == '[' || s[i] == '(') {
			depth++;
		} else if (depth && (s[i] == ']' || s[i] == ')')) {
			depth--;
		} else if (!depth && (s[i] == ',' || s[i] == ']')) {
			if (count == MAX_RANK + 2)
				return -1;
			out[count++] = trim((Piece){ s + from, i - from });
			from = i + 1;
			if (s[i] == ']') {
				*end = i + 1;
				return count;
			}
		}
	}
	return -1;
}

/* the same without `n`, the sample, which no shape counts */
static int
subscripts(const char *s, size_t n, Piece out[MAX_RANK + 2], size_t *end)
{
	int count = all_subscripts(s, n, out, end);

	if (count < 1 || !same(out[0], "n"))
		return count;
	memmove(out, out + 1, (size_t)--count * sizeof *out);
	return count;
}

static int64_t
range_of(const Infer *x, Piece name)
{
	int i;

	for (i = 0; i < x->nranges; i++)
		if (x->ranges[i].name.n == name.n &&
		    !memcmp(x->ranges[i].name.at, name.at, name.n))
			return x->ranges[i].extent;
	return 0;
}

static void
set_range(Infer *x, Piece name, int64_t extent)
{
	if (!range_of(x, name) && x->nranges < MOST_INDICES)
		x->ranges[x->nranges++] = (Range){ name, extent };
}

static bool
value_of(const Infer *x, Piece name, double *v)
{
	char *end, buf[40];
	uint32_t i;

	for (i = 0; i < x->l->values.n; i++)
		if (same(name, x->l->values.v[i].name)) {
			*v = x->l->values.v[i].value;
			return true;
		}
	if (!name.n || name.n >= sizeof buf || !isdigit((unsigned char)*name.at))
		return false;
	memcpy(buf, name.at, name.n);
	buf[name.n] = 0;
	*v = strtod(buf, &end);
	return !*end;
}

/* k0 + sum of coefficients times ranges; one index may be without a range:
 * *open with its coefficient.  false: not that simple */
static bool
affine(const Infer *x, Piece s, int64_t *most, Piece *open, int64_t *coef)
{
	size_t i = 0, n;
	double v, factor;
	Piece index;
	int sign = 1;

	*most = 0;
	open->n = 0;
	while (i < s.n) {
		factor = 1;
		index.n = 0;
		for (;;) {
			while (i < s.n && s.at[i] == ' ')
				i++;
			n = name_length(s.at + i, s.n - i);
			if (!n)
				while (i + n < s.n &&
				       isdigit((unsigned char)s.at[i + n]))
					n++;
			if (!n)
				return false;
			if (value_of(x, (Piece){ s.at + i, n }, &v))
				factor *= v;
			else if (index.n)
				return false;
			else
				index = (Piece){ s.at + i, n };
			i += n;
			while (i < s.n && s.at[i] == ' ')
				i++;
			if (i == s.n || s.at[i] != '*')
				break;
			i++;
		}
		if (factor != floor(factor) || fabs(factor) > 1e9)
			return false;
		if (!index.n)
			*most += sign * (int64_t)factor;
		else if (range_of(x, index))
			*most += sign * factor > 0 ? sign * (int64_t)factor *
				(range_of(x, index) - 1) : 0;
		else if (open->n)
			return false;
		else
			*open = index, *coef = sign * (int64_t)factor;
		if (i == s.n)
			return true;
		if (s.at[i] != '+' && s.at[i] != '-')
			return false;
		sign = s.at[i++] == '-' ? -1 : 1;
	}
	return false;
}

/* a read of known shape: plain indices get ranges; second round: the largest
 * range with which a window stays inside */
static void
one_read(Infer *x, const Shape *s, const Piece *subs, int n, bool windows)
{
	int i, d = 0, packs = 0, rank, k;
	int64_t most, coef = 0;
	Piece open;

	for (i = 0; i < n; i++)
		packs += same(subs[i], "...");
	rank = s->rank - (n - packs);
	if (packs > 1 || rank < 0 || (!packs && rank))
		return;
	for (i = 0; i < n; i++) {
		if (same(subs[i], "...")) {
			if (!x->has_pack) {
				x->has_pack = true;
				x->pack.rank = rank;
				for (k = 0; k < rank; k++)
					x->pack.dim[k] = s->dim[d + k];
			}
			d += rank;
			continue;
		}
		if (!windows && is_index(subs[i])) {
			double v;
			if (!value_of(x, subs[i], &v))
				set_range(x, subs[i], s->dim[d]);
		} else if (windows && affine(x, subs[i], &most, &open, &coef) &&
		           open.n && coef > 0 && s->dim[d] - 1 - most >= 0) {
			set_range(x, open, (s->dim[d] - 1 - most) / coef + 1);
		}
		d++;
	}
}

static void
scan_reads(Infer *x, Piece e, bool windows)
{
	Piece subs[MAX_RANK + 2], name;
	size_t i, n, end;
	double v;
	int count;

	for (i = 0; i < e.n; i += n ? n : 1) {
		if (isdigit((unsigned char)e.at[i])) { /* 1e5 is no name */
			for (n = 1; i + n < e.n && (isalnum((unsigned char)
			     e.at[i + n]) || e.at[i + n] == '.'); n++)
				;
			continue;
		}
		n = name_length(e.at + i, e.n - i);
		if (!n)
			continue;
		name = (Piece){ e.at + i, n };
		if (i + n < e.n && e.at[i + n] == '[') {
			count = subscripts(e.at + i + n + 1, e.n - i - n - 1,
			                   subs, &end);
			if (count >= 0 && shape_of(x, name))
				one_read(x, shape_of(x, name), subs, count,
				         windows);
			n++;
		} else if (i + n < e.n && e.at[i + n] == '<' && !windows) {
			/* u<3 of a binder: only where a name or number ends it */
			size_t q = i + n + 1, m = name_length(e.at + q, e.n - q);
			while (!m && q + m < e.n &&
			       isdigit((unsigned char)e.at[q + m]))
				for (m = 1; q + m < e.n && isdigit(
				     (unsigned char)e.at[q + m]); m++)
					;
			if (m && q + m < e.n && strchr(",: w", e.at[q + m]) &&
			    value_of(x, (Piece){ e.at + q, m }, &v) && v >= 1 &&
			    v < 2e9)
				set_range(x, name, (int64_t)v);
		}
	}
}

/* the dims that a left side writes; false: not known */
static bool
left_shape(const Infer *x, const Piece *subs, int n, Shape *out)
{
	int i, k;
	int64_t most, extent, coef = 0;
	Piece open;

	out->rank = 0;
	for (i = 0; i < n; i++) {
		if (same(subs[i], "...")) {
			for (k = 0; k < x->pack.rank; k++)
				if (out->rank < MAX_RANK)
					out->dim[out->rank++] = x->pack.dim[k];
			continue;
		}
		if (!affine(x, subs[i], &most, &open, &coef) || open.n)
			return false;
		extent = most + 1;
		if (extent < 1 || extent > INT32_MAX || out->rank == MAX_RANK)
			return false;
		out->dim[out->rank++] = (int32_t)extent;
	}
	return true;
}

static void
remember(Infer *x, Piece name, const Shape *s)
{
	Shape *old = shape_of(x, name);
	int i;

	if (!old) {
		NamedShape n = { copy(x->c, name.at, name.n), *s };
		PUSH(x->c, &x->known, n);
		return;
	}
	/* another part of the same tensor */
	for (i = 0; i < s->rank && i < old->rank; i++)
		if (s->dim[i] > old->dim[i])
			old->dim[i] = s->dim[i];
}

static void
one_line(Infer *x, Piece line, const char *left)
{
	Piece subs[MAX_RANK + 2], name, e;
	size_t end = 0, n;
	int count = 0;
	Shape s = { 0 };
	size_t eq;

	line = trim(line);
	n = name_length(line.at, line.n);
	if (!n)
		return;
	name = (Piece){ line.at, n };
	while (n < line.n && line.at[n] == ' ')
		n++;
	if (n < line.n && line.at[n] == '[') {
		count = subscripts(line.at + n + 1, line.n - n - 1, subs, &end);
		if (count < 0)
			return;
		n += 1 + end;
	}
	/* not the <= of a guard before it */
	for (eq = n; eq < line.n; eq++)
		if (line.at[eq] == '=' && !strchr("<>=!", line.at[eq - 1]) &&
		    !(eq + 1 < line.n && line.at[eq + 1] == '='))
			break;
	if (eq >= line.n)
		return;
	e = (Piece){ line.at + eq + 1, line.n - eq - 1 };
	x->nranges = 0;
	x->has_pack = false;
	x->pack.rank = 0;
	scan_reads(x, e, false);
	scan_reads(x, e, true);
	if (!left_shape(x, subs, count, &s))
		return;
	/* what is known before the formula stays as it is */
	if (!shape_of(x, name) || same(name, left))
		remember(x, name, &s);
}

bool
infer_shape(Ctx *c, const char *formula, const char *left,
	const NamedShapes *known, const Layer *l, Shape *out)
{
	Infer x = { .c = c, .l = l };
	const char *s = formula, *end;
	Piece line;
	const Shape *found;
	uint32_t i;

	for (i = 0; i < known->n; i++)
		PUSH(c, &x.known, known->v[i]);
	while (*s) {
		end = s + strcspn(s, "\n;");
		line = (Piece){ s, (size_t)(end - s) };
		for (i = 0; i + 1 < line.n; i++)
			if (line.at[i] == '-' && line.at[i + 1] == '-')
				line.n = i;
		one_line(&x, line, left);
		s = *end ? end + 1 : end;
	}
	found = shape_of(&x, (Piece){ left, strlen(left) });
	if (!found || found->rank < 1)
		return false;
	*out = *found;
	return true;
}
