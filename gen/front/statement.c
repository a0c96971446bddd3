/* SPDX-License-Identifier: MIT
 * The tokens of one statement to label, word and items: values, options,
 * names after `from`. */
#include <string.h>
#include "front.h"

static bool
is_op(const Token *t, const char *text)
{
	return t->kind == TK_OP && !strcmp(t->text, text);
}

static bool
digits_only(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

/* `0,01` or `-3,5` */
static bool
decimal_comma(const char *s)
{
	const char *comma = strchr(s, ',');

	s += *s == '-' || *s == '+';
	return comma && comma > s && digits_only(s, (size_t)(comma - s)) &&
	       digits_only(comma + 1, strspn(comma + 1, "0123456789")) &&
	       strspn(comma + 1, "0123456789eE+-") == strlen(comma + 1);
}

/* `3X3`, `3*3`: dims with another sign between */
static char *
other_cross(Ctx *c, const char *s)
{
	char *t = copy(c, s, strlen(s)), *p;
	bool other = false;

	for (p = t; *p; p++) {
		if ((*p == 'X' || *p == '*') && p > t && p[1]) {
			*p = 'x';
			other = true;
		} else if (!digits_only(p, 1) && *p != 'x') {
			return NULL;
		}
	}
	return other ? t : NULL;
}

/* a token that is neither word nor number nor dims nor string */
static void
bad_token(Ctx *c, const Token *t)
{
	const char *s = t->text;
	char *better, *comma;

	if (!*s) {
		err(c, t->loc, "an empty value");
	} else if (decimal_comma(s)) {
		better = copy(c, s, strlen(s));
		comma = strchr(better, ',');
		*comma = '.';
		err(c, t->loc, "'%s' is not a number", s);
		fix(c, better);
		help(c, "numbers use a decimal point");
	} else if ((better = other_cross(c, s)) != NULL) {
		err(c, t->loc, "'%s' is not a number", s);
		fix(c, better);
		help(c, "sizes are written with an x: `%s`; what is to be "
		     "computed stands in `$( )`", better);
	} else if (strchr(s, ',')) {
		err(c, t->loc, "unexpected ',' in '%s'", s);
		help(c, "values are separated by blanks alone");
	} else if (strchr("+-.0123456789", *s)) {
		err(c, t->loc, "'%s' is not a number", s);
		if (strpbrk(s, "*/+()^"))
			help(c, "what is to be computed stands in `$( )`");
	} else {
		err(c, t->loc, "'%s' is no word", s);
		help(c, "a word has letters, digits, `_`, `.` and `-`; other "
		     "text stands in quotes");
	}
}

/* `xavier,normal` after `=`: a list, where its first part is a word */
static void
split_list(Ctx *c, Item *item)
{
	Token *t = &item->value, part;
	const char *s = t->text, *comma = strchr(s, ',');
	size_t at = 0;

	if (t->kind != TK_OTHER || t->lua || !comma)
		return;
	part = *t;
	part.kind = TK_WORD;
	part.text = copy(c, s, (size_t)(comma - s));
	token_classify(c, &part);
	if (part.kind != TK_WORD || !comma[1])
		return;
	for (;;) {
		part.kind = TK_WORD;
		part.text = copy(c, s + at, comma ? (size_t)(comma - s) - at :
		                 strlen(s + at));
		part.loc = t->loc;
		part.loc.at += (uint32_t)at;
		part.loc.len = (uint32_t)strlen(part.text);
		token_classify(c, &part);
		if (at)
			PUSH(c, &item->more, part);
		else
			item->value = part;
		if (!comma)
			return;
		at = (size_t)(comma - s) + 1;
		comma = strchr(s + at, ',');
	}
}

static void
check_tokens(Ctx *c, Statement *st, const Item *item)
{
	uint32_t i;

	if (item->value.kind == TK_OTHER) {
		bad_token(c, &item->value);
		st->bad = true;
	}
	for (i = 0; i < item->more.n; i++) {
		if (item->more.v[i].kind == TK_OTHER) {
			bad_token(c, &item->more.v[i]);
			st->bad = true;
		}
	}
}

/* `name = value` from token i; what comes after it, or 0 after err() */
static uint32_t
option(Ctx *c, const Tokens *t, uint32_t i, Statement *st)
{
	Item item = { .name = t->v[i] };

	if (t->v[i].kind != TK_WORD) {
		err(c, t->v[i].loc, "an option needs a word before `=`");
		return 0;
	}
	if (i + 2 >= t->n || t->v[i + 2].kind == TK_OP) {
		err(c, t->v[i + 1].loc, "the option '%s' has no value",
		    t->v[i].text);
		return 0;
	}
	item.value = t->v[i + 2];
	split_list(c, &item);
	check_tokens(c, st, &item);
	PUSH(c, &st->items, item);
	return i + 3;
}

static bool
items(Ctx *c, const Tokens *t, uint32_t i, Statement *st)
{
	bool from = false;
	Item item;

	while (i < t->n) {
		if (i + 1 < t->n && is_op(&t->v[i + 1], "=")) {
			if ((i = option(c, t, i, st)) == 0)
				return false;
			continue;
		}
		item = (Item){ .value = t->v[i] };
		if (is_op(&t->v[i], "=") || is_op(&t->v[i], "==") ||
		    is_op(&t->v[i], ":")) {
			err(c, t->v[i].loc, "unexpected '%s'", t->v[i].text);
			return false;
		}
		if (t->v[i].kind == TK_WORD && !t->v[i].lua &&
		    !strcmp(t->v[i].text, "from")) {
			if (from) {
				err(c, t->v[i].loc, "`from` stands here twice");
				return false;
			}
			from = true;
			st->from_loc = t->v[i].loc;
		} else {
			check_tokens(c, st, &item);
			if (from)
				PUSH(c, &st->from, t->v[i]);
			else
				PUSH(c, &st->items, item);
		}
		i++;
	}
	if (from && st->from.n == 0 && !st->bad) {
		err(c, st->from_loc, "`from` needs the name of a layer");
		return false;
	}
	return true;
}

bool
statement_parse(Ctx *c, const Tokens *t, Statement *st)
{
	uint32_t i = 0;

	*st = (Statement){ .loc = t->v[0].loc };
	st->loc.len = t->v[t->n - 1].loc.at + t->v[t->n - 1].loc.len -
	              st->loc.at;
	if (t->n > 1 && is_op(&t->v[1], ":")) {
		st->label = t->v[0];
		if (st->label.kind != TK_WORD) {
			err(c, st->label.loc, "'%s' cannot be a label",
			    st->label.text);
			help(c, "a label begins with a letter");
			return false;
		}
		i = 2;
		if (t->n == 2) {
			err(c, st->label.loc, "the label '%s' has no layer",
			    st->label.text);
			return false;
		}
	}
	st->word = t->v[i];
	if (st->word.kind != TK_WORD) {
		if (st->word.kind == TK_OP)
			err(c, st->word.loc, "unexpected '%s'", st->word.text);
		else
			err(c, st->word.loc, "a line begins with a word, not "
			    "with '%s'", st->word.text);
		if (strchr(st->word.text, '(') && st->label.text)
			help(c, "`%s:` reads as a label; for a method call "
			     "write `local _ = %s:%s`", st->label.text,
			     st->label.text, st->word.text);
		return false;
	}
	return items(c, t, i + 1, st);
}
