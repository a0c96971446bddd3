/* SPDX-License-Identifier: MIT
 * Reads the index notation of formulas: text in, lines of trees out. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "middle.h"

enum { MOST_NESTING = 100, MOST_TOKENS = 100000 };
typedef enum { K_END, K_EOL, K_NUM, K_NAME, K_SIGN } TokenKind;
typedef struct {
	TokenKind kind;
	char sign[4];               /* K_SIGN: its characters */
	const char *name;
	double num;
	Loc loc;
} Token;
typedef struct {
	Ctx *c;
	VEC(Token) tokens;
	uint32_t at;
	int depth;
	bool failed;
} Parser;

Ast *
ast_new(Ctx *c, AstKind kind, Loc loc)
{
	Ast *a = mem(c, sizeof *a);

	a->kind = kind;
	a->loc = loc;
	return a;
}

/* ---- tokens */

static size_t
sign_length(const char *s)
{
	static const char *const two[] = { "<=", ">=", "==", "!=", "+=" };
	size_t i;

	if (!strncmp(s, "...", 3))
		return 3;
	for (i = 0; i < sizeof two / sizeof *two; i++)
		if (!strncmp(s, two[i], 2))
			return 2;
	return *s && strchr("+-*/^()[],:<>=?", *s) ? 1 : 0;
}

/* decimal digits only: strtod would obey the locale and take hex */
static double
read_number(const char *s, size_t *len)
{
	double v = 0, scale = 1;
	int e = 0, sign = 1;
	size_t i = 0, k;

	for (; isdigit((unsigned char)s[i]); i++)
		v = v * 10 + (s[i] - '0');
	if (s[i] == '.')
		for (i++; isdigit((unsigned char)s[i]); i++) {
			v = v * 10 + (s[i] - '0');
			scale *= 10;
		}
	k = i;
	if (s[k] == 'e' || s[k] == 'E') {
		k++;
		if (s[k] == '+' || s[k] == '-')
			sign = s[k++] == '-' ? -1 : 1;
		if (isdigit((unsigned char)s[k])) {
			for (; isdigit((unsigned char)s[k]); k++)
				e = e < 1000 ? e * 10 + (s[k] - '0') : e;
			i = k;
		}
	}
	*len = i;
	return sign < 0 ? v / scale / pow(10, e) : v / scale * pow(10, e);
}

static bool
scan_tokens(Parser *q, const char *text, Loc at)
{
	const char *s = text;
	Token t;
	size_t n;

	for (;;) {
		while (*s == ' ' || *s == '\t' || *s == '\r')
			s++;
		if (s[0] == '-' && s[1] == '-')
			while (*s && *s != '\n')
				s++;
		memset(&t, 0, sizeof t);
		t.loc.file = at.file;
		t.loc.at = at.at + (uint32_t)(s - text);
		n = 1;
		if (!*s) {
			t.kind = K_END;
		} else if (*s == '\n' || *s == ';') {
			t.kind = K_EOL;
		} else if (isdigit((unsigned char)*s) ||
		           (*s == '.' && isdigit((unsigned char)s[1]))) {
			t.kind = K_NUM;
			t.num = read_number(s, &n);
		} else if (isalpha((unsigned char)*s) || *s == '_') {
			t.kind = K_NAME;
			while (isalnum((unsigned char)s[n]) || s[n] == '_')
				n++;
			t.name = copy(q->c, s, n);
		} else {
			t.kind = K_SIGN;
			n = sign_length(s);
			if (!n) {
				t.loc.len = 1;
				err(q->c, t.loc, "a formula cannot contain "
				    "'%c'", *s);
				return false;
			}
			memcpy(t.sign, s, n);
		}
		t.loc.len = *s ? (uint32_t)n : 1;
		if (q->tokens.n > MOST_TOKENS) {
			err(q->c, t.loc, "the formula is too long");
			return false;
		}
		PUSH(q->c, &q->tokens, t);
		if (!*s)
			return true;
		s += n;
	}
}

/* ---- helpers */

static Token *
peek(Parser *q)
{
	return &q->tokens.v[q->at];
}

static bool
is(Parser *q, const char *sign)
{
	Token *t = peek(q);

	return t->kind == K_SIGN && !strcmp(t->sign, sign);
}

static bool
got(Parser *q, const char *sign)
{
	if (!is(q, sign))
		return false;
	q->at++;
	return true;
}

static const char *
token_text(Parser *q, Token *t)
{
	char buf[40];

	switch (t->kind) {
	case K_END:
	case K_EOL:
		return "the end of the line";
	case K_NUM:
		return fmt(q->c, "'%s'", number_text(t->num, false, buf));
	case K_NAME:
		return fmt(q->c, "'%s'", t->name);
	case K_SIGN:
		break;
	}
	return fmt(q->c, "'%s'", t->sign);
}

static void
fail(Parser *q, const char *what)
{
	if (!q->failed)
		err(q->c, peek(q)->loc, "%s before %s", what,
		    token_text(q, peek(q)));
	q->failed = true;
}

static void
want(Parser *q, const char *sign)
{
	if (!got(q, sign))
		fail(q, fmt(q->c, "expected '%s'", sign));
}

static Ast *expression(Parser *q);
static Ast *comparison(Parser *q);
static Ast *sum_of(Parser *q);

static Ast *
node(Parser *q, AstKind kind, Loc loc, Ast *a, Ast *b)
{
	Ast *x = ast_new(q->c, kind, loc);

	x->a = a;
	x->b = b;
	return x;
}

/* ---- the grammar, from the leaves up */

static Ast *
argument(Parser *q)
{
	Loc at = peek(q)->loc;

	if (got(q, "..."))
		return ast_new(q->c, A_PACK, at);
	return expression(q);
}

static void
arguments(Parser *q, Ast *x, const char *close)
{
	while (!q->failed && !is(q, close)) {
		Ast *a = argument(q);
		PUSH(q->c, &x->args, a);
		if (!got(q, ","))
			break;
	}
	want(q, close);
}

/* the size after NAME <: a number or a name; false: neither */
static bool
size_of(Parser *q, Binder *b)
{
	Token *r = peek(q);

	if (r->kind != K_NAME && r->kind != K_NUM)
		return false;
	b->range = ast_new(q->c, r->kind == K_NUM ? A_NUM : A_NAME, r->loc);
	b->range->num = r->num;
	b->range->name = r->name;
	q->at++;
	return true;
}

/* NAME or ... [< size] {, ...} then : or where; a look ahead decides */
static bool
binders(Parser *q, Ast *x)
{
	uint32_t start = q->at;

	for (;;) {
		Token *t = peek(q);
		Binder b = { t->name, NULL, t->loc };
		if (t->kind == K_NAME)
			q->at++;
		else if (got(q, "..."))
			b.name = "...";
		else
			break;
		if (got(q, "<") && !size_of(q, &b))
			break;
		PUSH(q->c, &x->binders, b);
		if (got(q, ","))
			continue;
		if (is(q, ":") || (peek(q)->kind == K_NAME &&
		                   !strcmp(peek(q)->name, "where")))
			return true;
		break;
	}
	x->binders.n = 0;
	q->at = start;
	return false;
}

static bool
at_where(Parser *q)
{
	Token *t = peek(q);

	if (t->kind != K_NAME || strcmp(t->name, "where"))
		return false;
	q->at++;
	return true;
}

static Ast *
atom(Parser *q)
{
	Token *t = peek(q);
	Ast *x;

	if (t->kind == K_NUM) {
		q->at++;
		x = ast_new(q->c, A_NUM, t->loc);
		x->num = t->num;
		return x;
	}
	if (got(q, "(")) {
		x = expression(q);
		want(q, ")");
		return x;
	}
	x = ast_new(q->c, A_NAME, t->loc);
	if (t->kind != K_NAME) {
		fail(q, "expected a value");
		return x;
	}
	q->at++;
	x->name = t->name;
	if (got(q, "[")) {
		x->subscripted = true;
		arguments(q, x, "]");
		return x;
	}
	if (!got(q, "("))
		return x;
	x->kind = A_CALL;
	if ((!strcmp(t->name, "sum") || !strcmp(t->name, "max") ||
	     !strcmp(t->name, "mean")) && binders(q, x)) {
		x->kind = A_RED;
		if (at_where(q))
			do {
				Ast *g = comparison(q);
				PUSH(q->c, &x->guards, g);
			} while (got(q, ","));
		want(q, ":");
		x->a = expression(q);
		want(q, ")");
		return x;
	}
	arguments(q, x, ")");
	return x;
}

static Ast *
unary(Parser *q)
{
	Loc at = peek(q)->loc;
	Ast *a;

	if (++q->depth > MOST_NESTING) {
		fail(q, "the formula is nested too deeply");
		q->depth--;
		return ast_new(q->c, A_NUM, at);
	}
	if (got(q, "-")) {
		a = node(q, A_NEG, at, unary(q), NULL);
	} else {
		a = atom(q);
		at = peek(q)->loc;
		if (got(q, "^"))
			a = node(q, A_POW, at, a, unary(q));
	}
	q->depth--;
	return a;
}

static Ast *
product(Parser *q)
{
	Ast *a = unary(q);

	while (!q->failed && (is(q, "*") || is(q, "/"))) {
		Loc at = peek(q)->loc;
		AstKind k = is(q, "*") ? A_MUL : A_DIV;
		q->at++;
		a = node(q, k, at, a, unary(q));
	}
	return a;
}

static Ast *
sum_of(Parser *q)
{
	Ast *a = product(q);

	while (!q->failed && (is(q, "+") || is(q, "-"))) {
		Loc at = peek(q)->loc;
		AstKind k = is(q, "+") ? A_ADD : A_SUB;
		q->at++;
		a = node(q, k, at, a, product(q));
	}
	return a;
}

static Ast *
comparison(Parser *q)
{
	static const struct { const char *sign; AstKind kind; bool swap; } t[] = {
		{ "<", A_LT, false }, { "<=", A_LE, false }, { ">", A_LT, true },
		{ ">=", A_LE, true }, { "==", A_EQ, false }, { "!=", A_NE, false }
	};
	Ast *a = sum_of(q), *b;
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		Loc at = peek(q)->loc;
		if (!got(q, t[i].sign))
			continue;
		b = sum_of(q);
		return t[i].swap ? node(q, t[i].kind, at, b, a)
		                 : node(q, t[i].kind, at, a, b);
	}
	return a;
}

static bool
is_condition(const Ast *a)
{
	return a->kind >= A_LT && a->kind <= A_NE;
}

static Ast *
expression(Parser *q)
{
	Loc at = peek(q)->loc;
	Ast *a, *x;

	if (++q->depth > MOST_NESTING) {
		fail(q, "the formula is nested too deeply");
		q->depth--;
		return ast_new(q->c, A_NUM, at);
	}
	a = comparison(q);
	at = peek(q)->loc;
	if (got(q, "?")) {
		if (!is_condition(a))
			fail(q, "expected a comparison before '?', not a value");
		x = node(q, A_SEL, at, a, expression(q));
		want(q, ":");
		x->c = expression(q);
		a = x;
	} else if (is_condition(a)) {
		fail(q, "a comparison needs `? value : value`");
	}
	q->depth--;
	return a;
}

static void
guards_of(Parser *q, Line *l)
{
	if (at_where(q))
		do {
			Ast *g = comparison(q);
			PUSH(q->c, &l->guards, g);
		} while (got(q, ","));
}

/* a subscript of the left side: as everywhere, or an index with its size */
static void
left_subscript(Parser *q, Line *l)
{
	Token *t = peek(q);
	Binder b = { t->name, NULL, t->loc };
	Ast *a;

	if (t->kind == K_NAME && !strcmp(t[1].sign, "<")) {
		a = ast_new(q->c, A_NAME, t->loc);
		a->name = t->name;
		q->at += 2;
		if (!size_of(q, &b))
			fail(q, "expected the size of the index");
		PUSH(q->c, &l->sizes, b);
	} else {
		a = argument(q);
	}
	PUSH(q->c, &l->subs, a);
}

static void
left_side(Parser *q, Line *l)
{
	if (peek(q)->kind != K_NAME) {
		fail(q, "expected a name on the left");
		return;
	}
	l->name = peek(q)->name;
	q->at++;
	if (got(q, "[")) {
		l->subscripted = true;
		while (!q->failed && !is(q, "]")) {
			left_subscript(q, l);
			if (!got(q, ","))
				break;
		}
		want(q, "]");
	}
	guards_of(q, l);
	if (got(q, "+="))
		l->add = true;
	else
		want(q, "=");
}

static bool
one_line(Parser *q, Line *l)
{
	Token *t = peek(q);

	l->loc = t->loc;
	if (got(q, ")")) {
		l->kind = LINE_END;
	} else if (t->kind == K_NAME && !strcmp(t->name, "scan") &&
	           !strcmp(q->tokens.v[q->at + 1].sign, "(")) {
		l->kind = LINE_SCAN;
		q->at += 2;
		l->name = peek(q)->name;
		if (peek(q)->kind != K_NAME)
			fail(q, "expected the index of the scan");
		else
			q->at++;
		want(q, ":");
	} else {
		left_side(q, l);
		if (!q->failed)
			l->expr = expression(q);
	}
	if (!q->failed && peek(q)->kind != K_EOL && peek(q)->kind != K_END)
		fail(q, "expected the end of the line");
	return !q->failed;
}

static Loc
source_of(Ctx *c, const char *text, Loc at, const char *name)
{
	if (!at.file)
		at = (Loc){ source_add(c, name, text, strlen(text)), 0, 0 };
	return at;
}

bool
parse_formula(Ctx *c, const char *text, Loc at, const char *name, Lines *out)
{
	Parser q = { .c = c };
	bool inside = false;
	Line l;

	if (!scan_tokens(&q, text, source_of(c, text, at, name)))
		return false;
	while (peek(&q)->kind != K_END) {
		if (peek(&q)->kind == K_EOL) {
			q.at++;
			continue;
		}
		memset(&l, 0, sizeof l);
		if (!one_line(&q, &l))
			return false;
		if (l.kind == LINE_SCAN ? inside : l.kind == LINE_END && !inside) {
			err(c, l.loc, inside ? "a scan cannot stand in a scan" :
			    "')' closes nothing");
			return false;
		}
		if (l.kind != LINE_SET)
			inside = l.kind == LINE_SCAN;
		PUSH(c, out, l);
	}
	if (inside) {
		err(c, peek(&q)->loc, "the scan is not closed");
		help(c, "a line `)` ends it");
		return false;
	}
	return true;
}

Ast *
parse_expr(Ctx *c, const char *text, Loc at, const char *name)
{
	Parser q = { .c = c };
	Ast *a;

	if (!scan_tokens(&q, text, source_of(c, text, at, name)))
		return NULL;
	while (peek(&q)->kind == K_EOL)
		q.at++;
	a = expression(&q);
	while (!q.failed && peek(&q)->kind == K_EOL)
		q.at++;
	if (!q.failed && peek(&q)->kind != K_END)
		fail(&q, "expected the end of the formula");
	return q.failed ? NULL : a;
}
