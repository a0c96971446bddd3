/* SPDX-License-Identifier: MIT
 * Source text to lines: each is Lua, a definition, a parameter or a statement
 * cut into words.  Decided by the text alone; words are looked up later. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "front.h"

typedef struct {
	Ctx *c;
	uint32_t file;
	const char *s;
	size_t at, end;
	IsStatement *is;
	void *u;
} Lexer;

static Loc
loc(const Lexer *x, size_t at, size_t len)
{
	return (Loc){ x->file, (uint32_t)at, (uint32_t)len };
}

static bool
letter(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool
digit(int ch)
{
	return ch >= '0' && ch <= '9';
}

bool
name_char(int ch)
{
	return letter(ch) || digit(ch);
}

static bool
blank(int ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\f' || ch == '\v';
}

/* ------------------------------------------------------------ Lua's tokens */
/* level of a long bracket `[==[` at `at`, or -1 */
static int
long_level(const char *s, size_t at, size_t end)
{
	int level = 0;

	if (at >= end || s[at] != '[')
		return -1;
	for (at++; at < end && s[at] == '='; at++)
		level++;
	return at < end && s[at] == '[' ? level : -1;
}

static size_t
long_end(const char *s, size_t at, size_t end, int level, int *kind)
{
	size_t i = at + (size_t)level + 2, k;

	for (; i < end; i++) {
		if (s[i] != ']')
			continue;
		for (k = i + 1; k < end && s[k] == '='; k++)
			;
		if (k < end && s[k] == ']' && k - i - 1 == (size_t)level)
			return k + 1;
		i = k - 1;
	}
	*kind = 'u';
	return end;
}

static size_t
quoted_end(const char *s, size_t at, size_t end, int *kind)
{
	size_t i = at + 1;

	while (i < end && s[i] != s[at] && s[i] != '\n') {
		if (s[i] == '\\' && i + 1 < end) {
			/* \z skips blanks, lines too */
			if (s[++i] == 'z')
				while (i + 1 < end && (blank(s[i + 1]) ||
				       s[i + 1] == '\n'))
					i++;
			else if (s[i] == '\r' && i + 1 < end &&
			         s[i + 1] == '\n')
				i++;
		}
		i++;
	}
	if (i < end && s[i] == s[at])
		return i + 1;
	*kind = 'u';
	return i < end ? i : end;
}

size_t
lua_token(const char *s, size_t at, size_t end, int *kind)
{
	static const char *const pairs[] = {
		"==", "~=", "<=", ">=", "//", "::", "..", "<<", ">>"
	};
	size_t i = at;
	int level;

	*kind = (unsigned char)s[at];
	if (letter(s[at])) {
		*kind = 'n';
		while (i < end && name_char(s[i]))
			i++;
		return i;
	}
	if (digit(s[at]) || (s[at] == '.' && at + 1 < end && digit(s[at + 1]))) {
		*kind = '0';
		while (i < end && (name_char(s[i]) || s[i] == '.' ||
		       ((s[i] == '+' || s[i] == '-') && strchr("eEpP", s[i - 1]))))
			i++;
		return i;
	}
	if (s[at] == '"' || s[at] == '\'') {
		*kind = 's';
		return quoted_end(s, at, end, kind);
	}
	if ((level = long_level(s, at, end)) >= 0) {
		*kind = 's';
		return long_end(s, at, end, level, kind);
	}
	if (at + 1 < end && s[at] == '-' && s[at + 1] == '-') {
		*kind = 'c';
		level = long_level(s, at + 2, end);
		if (level >= 0)
			return long_end(s, at + 2, end, level, kind);
		while (i < end && s[i] != '\n')
			i++;
		return i;
	}
	for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (at + 1 < end && !memcmp(s + at, pairs[i], 2)) {
			*kind = '2';
			return at + 2;
		}
	}
	return at + 1;
}

static size_t
skip_blanks(const Lexer *x, size_t at)
{
	while (at < x->end && blank(x->s[at]))
		at++;
	return at;
}

static size_t
line_end(const Lexer *x, size_t at)
{
	const char *p = memchr(x->s + at, '\n', x->end - at);

	return p ? (size_t)(p - x->s) : x->end;
}

static bool
is_word(const Lexer *x, size_t at, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(x->s + at, word, len);
}

static bool
is_any(const Lexer *x, size_t at, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (is_word(x, at, len, *words))
			return true;
	return false;
}

static bool
is_statement(const Lexer *x, size_t at, size_t len)
{
	return x->is && len < 64 &&
	       x->is(x->u, copy(x->c, x->s + at, len));
}

/* ------------------------------------------------------------- Lua lines */
static const char *const lua_words[] = {
	"for", "while", "repeat", "until", "if", "elseif", "else", "end", "do",
	"local", "function", "return", "break", "goto", "then", NULL
};
static const char *const definition_words[] = {
	"activation", "layer", "loss", "optimizer", "init", NULL
};

bool
is_lua_word(const char *word)
{
	size_t i;

	for (i = 0; lua_words[i]; i++)
		if (!strcmp(word, lua_words[i]))
			return true;
	return false;
}

typedef struct {
	size_t open;                 /* innermost bracket that is open */
	int depth;
	size_t first, last;          /* bytes of the code without comments */
	bool comma;                  /* the last token is one */
	size_t opener;               /* of `for x do dense 3`: the do */
	bool has_do, has_then;
} LuaScan;

/* `then dense 3`: a statement cannot stand inside a line of Lua */
static bool
statement_inside(Lexer *x, size_t at, size_t len, size_t next)
{
	int ch;

	next = skip_blanks(x, next);
	ch = next < x->end ? x->s[next] : '\n';
	if (!(name_char(ch) || ch == '$' || ch == '"') ||
	    !is_statement(x, at, len))
		return false;
	err(x->c, loc(x, at, len), "the statement '%.*s' inside a line of Lua",
	    (int)len, x->s + at);
	help(x->c, "a statement stands on a line of its own");
	return true;
}

/* one token of a Lua line at x->at; false after err() */
static bool
lua_step(Lexer *x, LuaScan *scan)
{
	const char *s = x->s;
	size_t at = x->at, next;
	bool after = scan->opener != 0;
	int kind;

	next = lua_token(s, at, x->end, &kind);
	scan->opener = 0;
	if (kind == 'u') {
		err(x->c, loc(x, at, 2), s[at] == '-' ?
		    "this comment is never closed" :
		    "this string is never closed");
		return false;
	}
	if (kind == '$') {
		err(x->c, loc(x, at, 1), "'$' does not stand in a line of Lua");
		help(x->c, "in Lua the name alone is the value");
		return false;
	}
	x->at = next;
	if (kind == 'c')
		return true;
	if (kind == 'n') {
		if (is_word(x, at, next - at, "do")) {
			scan->has_do = true;
			scan->opener = at + 1;
		} else if (is_word(x, at, next - at, "then")) {
			scan->has_then = true;
			scan->opener = at + 1;
		} else if (is_word(x, at, next - at, "else")) {
			scan->opener = at + 1;
		} else if (after && scan->depth == 0 &&
		           statement_inside(x, at, next - at, next)) {
			return false;
		}
	}
	if (strchr("([{", kind) && kind) {
		if (scan->depth++ == 0)
			scan->open = at;
	} else if (strchr(")]}", kind) && kind && scan->depth > 0) {
		scan->depth--;
	}
	scan->comma = kind == ',';
	scan->last = next;
	return true;
}

/* runs to the end of the Lua that begins at x->at: the end of a line where no
 * bracket is open and no comma stands last */
static bool
lua_scan(Lexer *x, LuaScan *scan)
{
	const char *s = x->s;

	*scan = (LuaScan){ .first = x->at, .last = x->at };
	for (;;) {
		x->at = skip_blanks(x, x->at);
		if (x->at >= x->end)
			break;
		if (s[x->at] == '\n') {
			if (scan->depth == 0 && !scan->comma)
				break;
			scan->opener = 0;
			x->at++;
			continue;
		}
		if (s[x->at] == '#' && (x->at + 1 >= x->end ||
		    blank(s[x->at + 1]) || s[x->at + 1] == '\n')) {
			x->at = line_end(x, x->at);
			continue;
		}
		if (!lua_step(x, scan))
			return false;
	}
	if (scan->depth > 0) {
		err(x->c, loc(x, scan->open, 1), "this '%c' is never closed",
		    s[scan->open]);
		return false;
	}
	return true;
}

/* does the next line of code begin with `word`? */
static bool
next_line_is(const Lexer *x, const char *word)
{
	size_t at = x->at, n = strlen(word);

	while (at < x->end) {
		at = skip_blanks(x, at);
		if (at < x->end && x->s[at] == '#')
			at = line_end(x, at);
		if (at < x->end && x->s[at] != '\n')
			break;
		at++;
	}
	return at + n <= x->end && !memcmp(x->s + at, word, n) &&
	       (at + n == x->end || !name_char(x->s[at + n]));
}

/* `for i = 1, 3` without its do */
static bool
block_opened(Lexer *x, const LuaScan *scan, size_t word_len)
{
	const char *need = NULL;
	size_t at = scan->first, last;

	if (is_word(x, at, word_len, "for") || is_word(x, at, word_len, "while"))
		need = scan->has_do ? NULL : "do";
	if (is_word(x, at, word_len, "if") || is_word(x, at, word_len, "elseif"))
		need = scan->has_then ? NULL : "then";
	if (!need || next_line_is(x, need))
		return true;
	for (last = x->at; last > at && blank(x->s[last - 1]); last--)
		;
	err(x->c, loc(x, last - 1, 1), "'%s' is missing at the end of this line",
	    need);
	if (scan->last - at < 200 && !memchr(x->s + at, '\n', scan->last - at))
		help(x->c, "write `%.*s %s`", (int)(scan->last - at), x->s + at,
		     need);
	return false;
}

/* `name`, `a.b`, `a[i]` from `at`: its end, or 0; *plain: a name alone */
static size_t
target_end(const Lexer *x, size_t at, bool *plain)
{
	size_t next;
	int kind, depth;

	if (at >= x->end || !letter(x->s[at]))
		return 0;
	at = lua_token(x->s, at, x->end, &kind);
	*plain = true;
	for (;;) {
		next = skip_blanks(x, at);
		if (next >= x->end)
			return at;
		if (x->s[next] == '.' && next + 1 < x->end &&
		    letter(x->s[next + 1])) {
			at = lua_token(x->s, next + 1, x->end, &kind);
		} else if (x->s[next] == '[') {
			depth = 0;
			do {
				next = skip_blanks(x, next);
				if (next >= x->end || x->s[next] == '\n')
					return 0;
				next = lua_token(x->s, next, x->end, &kind);
				depth += (kind == '[') - (kind == ']');
			} while (depth > 0);
			at = next;
		} else {
			return at;
		}
		*plain = false;
	}
}

typedef enum { FORM_OTHER, FORM_ASSIGN, FORM_CALL } Form;

/* `a, b = ...` or `a.b(...)` */
static Form
lua_form(const Lexer *x, size_t at, bool *plain)
{
	bool one = true, ignored;
	size_t end = target_end(x, at, plain), next;

	if (!end)
		return FORM_OTHER;
	for (;;) {
		next = skip_blanks(x, end);
		if (next >= x->end)
			return FORM_OTHER;
		if (x->s[next] == '=')
			return next + 1 < x->end && x->s[next + 1] == '=' ?
			       FORM_OTHER : FORM_ASSIGN;
		if (x->s[next] == '(' && one)
			return FORM_CALL;
		if (x->s[next] != ',')
			return FORM_OTHER;
		one = *plain = false;
		end = target_end(x, skip_blanks(x, next + 1), &ignored);
		if (!end)
			return FORM_OTHER;
	}
}

/* -------------------------------------------------------------- statements */
static bool
hole(Lexer *x, Line *line)
{
	const char *s = x->s;
	size_t at = x->at, i = at + 1;
	Hole h = { .at = (uint32_t)at };
	int kind, depth = 0;

	if (i < x->end && letter(s[i])) {
		i = lua_token(s, i, x->end, &kind);
		h.expr = (uint32_t)at + 1;
		h.expr_len = (uint32_t)(i - h.expr);
	} else if (i < x->end && s[i] == '(') {
		do {
			i = skip_blanks(x, i);
			if (i >= x->end || s[i] == '\n') {
				err(x->c, loc(x, at, 2),
				    "this '$(' is never closed");
				return false;
			}
			i = lua_token(s, i, x->end, &kind);
			if (kind == 'u' || kind == 'c') {
				err(x->c, loc(x, at, 2),
				    "this '$(' is never closed");
				return false;
			}
			depth += (kind == '(') - (kind == ')');
		} while (depth > 0);
		h.expr = (uint32_t)at + 2;
		h.expr_len = (uint32_t)(i - 1 - h.expr);
		if (skip_blanks(x, h.expr) >= i - 1) {
			err(x->c, loc(x, at, i - at), "'$()' has no value");
			return false;
		}
	} else {
		err(x->c, loc(x, at, 1),
		    "'$' must be followed by a name or by (expression)");
		return false;
	}
	h.len = (uint32_t)(i - at);
	PUSH(x->c, &line->holes, h);
	x->at = i;
	return true;
}

static bool
word_stops(const Lexer *x, size_t at)
{
	int ch = x->s[at];

	return blank(ch) || ch == '\n' || strchr("#\"=:<>", ch) != NULL;
}

static bool
quoted(Lexer *x, Line *line, Raw *raw)
{
	size_t start = x->at++;

	raw->kind = TK_STRING;
	while (x->at < x->end && x->s[x->at] != '"' && x->s[x->at] != '\n') {
		if (x->s[x->at] == '$') {
			if (!hole(x, line))
				return false;
		} else {
			x->at++;
		}
	}
	if (x->at >= x->end || x->s[x->at] != '"') {
		err(x->c, loc(x, start, 1), "this string is never closed");
		return false;
	}
	x->at++;
	return true;
}

/* one word, string or operator of a statement; false after err() */
static bool
raw_next(Lexer *x, Line *line, bool glued)
{
	Raw raw = { .kind = TK_WORD, .glued = glued, .hole = line->holes.n };
	size_t start = x->at;
	int ch = x->s[start];

	if (ch == '"') {
		if (!quoted(x, line, &raw))
			return false;
	} else if (strchr("=:<>", ch)) {
		raw.kind = TK_OP;
		x->at++;
		if (ch != ':' && x->at < x->end && x->s[x->at] == '=')
			x->at++;
	} else {
		if (x->at + 1 < x->end && ch == '-' && x->s[x->at + 1] == '-') {
			err(x->c, loc(x, x->at, 2),
			    "'--' begins no comment in a statement");
			fix(x->c, "#");
			return false;
		}
		while (x->at < x->end && !word_stops(x, x->at)) {
			if (x->s[x->at] != '$')
				x->at++;
			else if (!hole(x, line))
				return false;
		}
	}
	raw.holes = line->holes.n - raw.hole;
	raw.loc = loc(x, start, x->at - start);
	PUSH(x->c, &line->raws, raw);
	return true;
}

/* a comma at the end of a physical line goes on with the next */
static bool
drop_comma(Lexer *x, Line *line)
{
	Raw *last = line->raws.n ? &line->raws.v[line->raws.n - 1] : NULL;

	if (!last || last->kind != TK_WORD ||
	    x->s[last->loc.at + last->loc.len - 1] != ',')
		return false;
	if (--last->loc.len == 0)
		line->raws.n--;
	return true;
}

static bool
statement(Lexer *x, Line *line)
{
	uint32_t before = 0;
	bool glued = false;

	for (;;) {
		if (x->at < x->end && blank(x->s[x->at])) {
			glued = false;
			x->at++;
		} else if (x->at < x->end && x->s[x->at] == '#') {
			x->at = line_end(x, x->at);
		} else if (x->at >= x->end || x->s[x->at] == '\n') {
			if (line->raws.n == before || !drop_comma(x, line) ||
			    x->at >= x->end)
				return true;
			before = line->raws.n;
			glued = false;
			x->at++;
		} else if (raw_next(x, line, glued)) {
			glued = true;
		} else {
			return false;
		}
	}
}

/* -------------------------------------------------------------- one line */
static void
lua_line(Lexer *x, Line *line, size_t word_len)
{
	LuaScan scan;

	line->kind = LINE_LUA;
	line->lua = true;
	if (!lua_scan(x, &scan) || !block_opened(x, &scan, word_len))
		line->kind = LINE_BROKEN;
}

static void
definition(Lexer *x, Line *line, size_t at, size_t len)
{
	LuaScan scan;
	size_t string = skip_blanks(x, at + len), next;
	int kind;

	line->kind = LINE_DEFINITION;
	line->lua = true;
	line->word = (uint32_t)at;
	line->word_len = (uint32_t)len;
	next = skip_blanks(x, lua_token(x->s, string, x->end, &kind));
	if (kind == 's' && (next >= x->end || x->s[next] != '{')) {
		err(x->c, loc(x, at, len), "this definition has no { ... }");
		help(x->c, "to use what is defined write its name without "
		     "quotes");
		line->kind = LINE_BROKEN;
		x->at = line_end(x, at);
	} else if (!lua_scan(x, &scan)) {
		line->kind = LINE_BROKEN;
	}
}

static void
param(Lexer *x, Line *line, size_t at)
{
	LuaScan scan;
	size_t end, equals;
	int kind;

	line->kind = LINE_BROKEN;
	line->lua = true;
	end = at < x->end && letter(x->s[at]) ?
	      lua_token(x->s, at, x->end, &kind) : at;
	equals = skip_blanks(x, end);
	if (end == at || is_any(x, at, end - at, lua_words) ||
	    equals >= x->end || x->s[equals] != '=' ||
	    (equals + 1 < x->end && x->s[equals + 1] == '=')) {
		err(x->c, loc(x, at, end > at ? end - at : 1),
		    "a parameter is written `param NAME = value`");
		x->at = line_end(x, at);
		return;
	}
	line->word = (uint32_t)at;
	line->word_len = (uint32_t)(end - at);
	x->at = skip_blanks(x, equals + 1);
	line->expr = (uint32_t)x->at;
	if (!lua_scan(x, &scan))
		return;
	line->expr_end = (uint32_t)scan.last;
	if (scan.last <= line->expr) {
		err(x->c, loc(x, at, end - at), "the parameter '%.*s' has no "
		    "value", (int)(end - at), x->s + at);
		return;
	}
	line->kind = LINE_PARAM;
}

/* `batch = 32`, where batch is a statement */
static void
assigned_statement(Lexer *x, Line *line, size_t at, size_t len)
{
	size_t eol = line_end(x, at), from, to;
	const char *hash;

	from = skip_blanks(x, skip_blanks(x, at + len) + 1);
	hash = memchr(x->s + from, '#', eol > from ? eol - from : 0);
	to = hash ? (size_t)(hash - x->s) : eol;
	while (to > from && blank(x->s[to - 1]))
		to--;
	err(x->c, loc(x, at, len), "'%.*s' is a statement, not a variable",
	    (int)len, x->s + at);
	if (to > from && to - from < 80)
		help(x->c, "write `%.*s %.*s`", (int)len, x->s + at,
		     (int)(to - from), x->s + from);
	line->kind = LINE_BROKEN;
	x->at = eol;
}

static void
called_statement(Lexer *x, Line *line, size_t at, size_t len)
{
	err(x->c, loc(x, at, len), "'%.*s' is a statement, not a function",
	    (int)len, x->s + at);
	help(x->c, "a statement has no brackets and no commas: `dense 30 relu`");
	line->kind = LINE_BROKEN;
	x->at = line_end(x, at);
}

static bool
begins_string(const Lexer *x, size_t at)
{
	return at < x->end && (x->s[at] == '"' || x->s[at] == '\'' ||
	       long_level(x->s, at, x->end) >= 0);
}

/* a name of Lua that is only the beginning of a word: `end-layer`, `for$(i)` */
static bool
goes_on(const Lexer *x, size_t at)
{
	int ch = at < x->end ? x->s[at] : '\n';

	if (ch == '-')
		return !(at + 1 < x->end && x->s[at + 1] == '-');
	return ch == '.' || ch == '$';
}

static void
classify(Lexer *x, Line *line)
{
	size_t at = x->at, end, next;
	bool plain = false;
	int kind;
	Form form;

	end = lua_token(x->s, at, x->end, &kind);
	next = skip_blanks(x, end);
	if (kind == '2' && x->s[at] == ':') {
		lua_line(x, line, 0);
		return;
	}
	if (kind == 'n' && !goes_on(x, end)) {
		if (is_any(x, at, end - at, lua_words)) {
			lua_line(x, line, end - at);
			return;
		}
		if (begins_string(x, next) &&
		    is_any(x, at, end - at, definition_words)) {
			definition(x, line, at, end - at);
			return;
		}
		if (is_word(x, at, end - at, "param") && next < x->end &&
		    x->s[next] != ':') {
			param(x, line, next);
			return;
		}
	}
	form = kind == 'n' ? lua_form(x, at, &plain) : FORM_OTHER;
	if (form != FORM_OTHER && plain && is_statement(x, at, end - at)) {
		if (form == FORM_ASSIGN)
			assigned_statement(x, line, at, end - at);
		else
			called_statement(x, line, at, end - at);
	} else if (form != FORM_OTHER) {
		lua_line(x, line, 0);
	} else {
		line->kind = LINE_STATEMENT;
		if (!statement(x, line)) {
			line->kind = LINE_BROKEN;
			x->at = line_end(x, x->at);
		}
	}
}

static Line
lex_line(Lexer *x)
{
	Line line = { .kind = LINE_BLANK };
	size_t at = skip_blanks(x, x->at);

	line.at = (uint32_t)at;
	x->at = at;
	if (at < x->end && x->s[at] == '#') {
		x->at = line_end(x, at);
	} else if (at + 1 < x->end && x->s[at] == '-' && x->s[at + 1] == '-') {
		lua_line(x, &line, 0);
	} else if (at < x->end && x->s[at] != '\n') {
		classify(x, &line);
	}
	line.end = (uint32_t)x->at;
	/* whatever follows on the line is part of it */
	x->at = line_end(x, x->at) + 1;
	return line;
}

/* ---------------------------------------------------------------- the file */
/* the first byte that is no part of valid UTF-8, or a NUL */
static bool
sound_bytes(Lexer *x)
{
	const unsigned char *b = (const unsigned char *)x->s;
	size_t i, k, n;
	uint32_t code, least;

	for (i = x->at; i < x->end; i += n) {
		n = b[i] < 0x80 ? 1 : b[i] < 0xc2 ? 0 : b[i] < 0xe0 ? 2 :
		    b[i] < 0xf0 ? 3 : b[i] < 0xf5 ? 4 : 0;
		if (b[i] == 0) {
			err(x->c, loc(x, i, 1), "a NUL byte in the text");
			return false;
		}
		code = n > 1 ? b[i] & (0xffu >> (n + 1)) : b[i];
		for (k = 1; k < n; k++) {
			if (i + k >= x->end || (b[i + k] & 0xc0) != 0x80)
				break;
			code = code << 6 | (b[i + k] & 0x3f);
		}
		least = n == 4 ? 0x10000 : n == 3 ? 0x800 : 0;
		if (n == 0 || k < n || code < least || code > 0x10ffff ||
		    (code >= 0xd800 && code < 0xe000)) {
			err(x->c, loc(x, i, 1), "invalid UTF-8");
			help(x->c, "save the file as UTF-8");
			return false;
		}
	}
	return true;
}

Lines
lex(Ctx *c, uint32_t file, IsStatement *is, void *u)
{
	const Source *source = &c->sources.v[file];
	Lexer x = { c, file, source->text, 0, source->len, is, u };
	Lines lines = { 0 };
	Line line;

	if (x.end >= 3 && !memcmp(x.s, "\xef\xbb\xbf", 3))
		x.at = 3;
	if (!sound_bytes(&x)) {
		line = (Line){ .kind = LINE_BROKEN, .lua = true };
		PUSH(c, &lines, line);
		return lines;
	}
	while (x.at < x.end) {
		line = lex_line(&x);
		if (line.kind != LINE_BLANK)
			PUSH(c, &lines, line);
	}
	return lines;
}

/* ------------------------------------------------------------------ tokens */
static bool
classify_dims(Token *t)
{
	const char *s = t->text;
	int rank = 0;
	int64_t v;

	while (rank < MAX_RANK) {
		if (!digit(*s))
			return false;
		for (v = 0; digit(*s); s++)
			v = v > INT32_MAX ? v : v * 10 + (*s - '0');
		t->dim[rank++] = v > INT32_MAX ? INT32_MAX : (int32_t)v;
		if (!*s)
			break;
		if (*s++ != 'x')
			return false;
	}
	t->rank = rank;
	return *s == 0 && rank >= 2;
}

/* strtod with a point whatever the host's locale says */
static double
number_of(char *s)
{
	char *point = strchr(s, '.');

	if (point)
		*point = *localeconv()->decimal_point;
	return strtod(s, NULL);
}

/* digits with a point and an exponent, and nothing else strtod would take */
static bool
classify_number(Token *t)
{
	static const char *const suffixes[] = { "", "K", "M", "s", "ms" };
	const char *s = t->text, *start;
	char buf[80];
	int digits = 0;
	size_t i;

	s += *s == '+' || *s == '-';
	for (; digit(*s); s++)
		digits++;
	if (*s == '.')
		for (s++; digit(*s); s++)
			digits++;
	if (!digits || s[-1] == '.')
		return false;
	if ((*s == 'e' || *s == 'E') && (digit(s[1]) ||
	    ((s[1] == '+' || s[1] == '-') && digit(s[2]))))
		for (s += 2; digit(*s); s++)
			;
	start = t->text + (*t->text == '+');
	if ((size_t)(s - start) >= sizeof buf)
		return false;
	memcpy(buf, start, (size_t)(s - start));
	buf[s - start] = 0;
	for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (!strcmp(s, suffixes[i])) {
			t->suffix = suffixes[i];
			t->num = number_of(buf);
			return true;
		}
	}
	return false;
}

void
token_classify(Ctx *c, Token *t)
{
	const char *s = t->text;

	(void)c;
	t->suffix = "";
	if (t->kind == TK_STRING || t->kind == TK_OP)
		return;
	t->kind = TK_OTHER;
	if (letter(*s)) {
		for (s++; name_char(*s) || *s == '.' || *s == '-'; s++)
			;
		if (!*s)
			t->kind = TK_WORD;
	} else if (classify_number(t)) {
		t->kind = TK_NUMBER;
	} else if (classify_dims(t)) {
		t->kind = TK_DIMS;
	}
}
