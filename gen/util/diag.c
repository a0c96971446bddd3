/* SPDX-License-Identifier: MIT
 * Messages: collected with places in sources, printed as a compiler does. */
#include <setjmp.h>
#include <string.h>
#include "../bpgen.h"

#define KEEP 10000   /* messages; what comes after is only counted */
#define WIDEST 120   /* cells of a source line that are shown */

uint32_t
source_add(Ctx *c, const char *name, const char *text, size_t len)
{
	if (c->sources.n == 0)
		PUSH(c, &c->sources, ((Source){ .name = "bpgen", .text = "" }));
	PUSH(c, &c->sources, ((Source){ .name = name, .text = text,
	     .len = len }));
	return c->sources.n - 1;
}

static bool
named(const Names *names, const char *name)
{
	uint32_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

/* once the errors that will be shown are full, nothing more is kept, so that
 * notes never end up under another message */
static bool
full(const Ctx *c)
{
	return c->diags.n >= KEEP ||
	       (c->opt.max_errors > 0 && c->errors > c->opt.max_errors);
}

static void
push(Ctx *c, DiagKind kind, Loc at, const char *name, const char *format,
	va_list ap)
{
	Diag d = { .kind = kind, .loc = at, .name = name };
	Text t = { c, NULL, 0, 0 };
	char line[512];
	va_list again;
	int n;

	if (full(c))
		return;
	va_copy(again, ap);
	n = vsnprintf(line, sizeof line, format, ap);
	if ((size_t)n < sizeof line) {
		text_put(&t, line, (size_t)n);
	} else {
		t.s = mem(c, (size_t)n + 1);
		vsnprintf(t.s, (size_t)n + 1, format, again);
	}
	va_end(again);
	d.text = t.s;
	PUSH(c, &c->diags, d);
}

void
err(Ctx *c, Loc at, const char *format, ...)
{
	va_list ap;

	c->errors++;
	va_start(ap, format);
	push(c, DIAG_ERROR, at, NULL, format, ap);
	va_end(ap);
}

void
warn(Ctx *c, Loc at, const char *name, const char *format, ...)
{
	DiagKind kind = DIAG_WARNING;
	va_list ap;

	if (!named(&c->opt.warn_off, name)) {
		if (c->opt.all_errors || named(&c->opt.warn_error, name)) {
			kind = DIAG_ERROR;
			c->errors++;
		} else {
			c->warnings++;
		}
	}
	va_start(ap, format);
	push(c, kind, at, name, format, ap);
	va_end(ap);
}

void
note(Ctx *c, Loc at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	push(c, DIAG_NOTE, at, NULL, format, ap);
	va_end(ap);
}

void
help(Ctx *c, const char *format, ...)
{
	Loc nowhere = { 0, 0, 0 };
	va_list ap;

	va_start(ap, format);
	push(c, DIAG_HELP, nowhere, NULL, format, ap);
	va_end(ap);
}

void
fix(Ctx *c, const char *text)
{
	uint32_t i = c->diags.n;

	if (full(c))
		return;
	while (i > 0 && c->diags.v[i - 1].kind >= DIAG_NOTE)
		i--;
	if (i > 0)
		c->diags.v[i - 1].fix = text;
}

_Noreturn void
die(Ctx *c, int code, const char *format, ...)
{
	static const char none[] = "bpgen: out of memory\n";
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (!c->exit_text) {
		c->exit_code = code;
		/* the text may be about memory: no arena here */
		snprintf(c->exit_line, sizeof c->exit_line, "%s", line);
		c->exit_text = c->exit_line;
	}
	if (c->L && c->leave_lua)
		c->leave_lua(c->L);
	if (c->exit)
		longjmp(*c->exit, 1);
	fwrite(none, 1, sizeof none - 1, stderr);
	for (;;)
		__builtin_trap();
}

/* ------------------------------------------------------------- printing */
typedef struct {
	FILE *f;
	bool color;
	Ctx *c;
} Printer;
typedef struct { uint32_t code, bytes; } Char;

/* one character; bytes that are no UTF-8 stand for themselves */
static Char
decode(const char *s, size_t n)
{
	const unsigned char *b = (const unsigned char *)s;
	uint32_t code, k, i;

	if (b[0] < 0xc2 || b[0] > 0xf4)
		return (Char){ b[0] < 0x80 ? b[0] : 0xfffd, 1 };
	k = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (k > n)
		return (Char){ 0xfffd, 1 };
	code = b[0] & (0xffu >> (k + 1));
	for (i = 1; i < k; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return (Char){ 0xfffd, 1 };
		code = code << 6 | (b[i] & 0x3f);
	}
	return (Char){ code, k };
}

/* cells on a terminal; 0 for marks that stand over the letter before */
static int
width_of(uint32_t code)
{
	static const struct { uint32_t lo, hi; int width; } ranges[] = {
		{ 0x300, 0x36f, 0 }, { 0x483, 0x489, 0 }, { 0x591, 0x5bd, 0 },
		{ 0x610, 0x61a, 0 }, { 0x64b, 0x65f, 0 }, { 0x1ab0, 0x1aff, 0 },
		{ 0x1dc0, 0x1dff, 0 }, { 0x200b, 0x200d, 0 },
		{ 0x20d0, 0x20ff, 0 }, { 0xfe00, 0xfe0f, 0 },
		{ 0xfe20, 0xfe2f, 0 },
		{ 0x1100, 0x115f, 2 }, { 0x2e80, 0x303e, 2 },
		{ 0x3041, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 },
		{ 0xf900, 0xfaff, 2 }, { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 },
		{ 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 },
		{ 0x20000, 0x3fffd, 2 },
	};
	size_t i;

	for (i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i].lo && code <= ranges[i].hi)
			return ranges[i].width;
	return 1;
}

/* control characters, and those that turn the direction of writing round */
static bool
dangerous(uint32_t code)
{
	return code < 32 || (code >= 127 && code < 160) || code == 0xfffd ||
	       code == 0x200e || code == 0x200f || code == 0x2028 ||
	       code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void
put_char(FILE *f, const char *s, Char ch)
{
	if (dangerous(ch.code))
		fputc('?', f);
	else
		fwrite(s, 1, ch.bytes, f);
}

/* text of a message: whatever a spec brings in cannot drive the terminal */
static void
put_text(FILE *f, const char *s)
{
	size_t n = strlen(s);
	Char ch;

	for (; n; s += ch.bytes, n -= ch.bytes) {
		ch = decode(s, n);
		if (ch.code == '\n')
			fputs("\n  ", f);
		else if (ch.code == '\t')
			fputc(' ', f);
		else
			put_char(f, s, ch);
	}
}

static void
paint(Printer *p, const char *code)
{
	if (p->color)
		fprintf(p->f, "\033[%sm", code);
}

static void
spaces(FILE *f, int n)
{
	while (n-- > 0)
		fputc(' ', f);
}

typedef struct {
	const char *line;            /* first byte */
	size_t len, at, end;         /* of the line; of the range within it */
	uint32_t number, column;     /* from 1; in characters */
	int cell, cells;             /* of the range, on the terminal */
	int total;                   /* cells of the line */
} Place;

static int
advance(Char ch, int cell)
{
	if (ch.code == '\t')
		return cell + 8 - cell % 8;
	return cell + (dangerous(ch.code) ? 1 : width_of(ch.code));
}

static Place
place_of(const Ctx *c, Loc at)
{
	const Source *s = &c->sources.v[at.file];
	size_t from = at.at < s->len ? at.at : s->len, i, start = 0;
	Place p = { .number = 1, .column = 1 };
	const char *eol;
	Char ch;
	int cell = 0;

	for (i = 0; i < from; i++) {
		if (s->text[i] == '\n') {
			p.number++;
			start = i + 1;
		}
	}
	if (start == 0 && s->len >= 3 && !memcmp(s->text, "\xef\xbb\xbf", 3))
		start = 3;
	if (from < start)
		from = start;
	p.line = s->text + start;
	eol = memchr(p.line, '\n', s->len - start);
	p.len = eol ? (size_t)(eol - p.line) : s->len - start;
	if (p.len && p.line[p.len - 1] == '\r')
		p.len--;
	p.at = from - start;
	p.end = p.at + at.len < p.len ? p.at + at.len : p.len;
	for (i = 0; i < p.len; i += ch.bytes) {
		ch = decode(p.line + i, p.len - i);
		if (i == p.at)
			p.cell = cell;
		if (i < p.at)
			p.column++;
		cell = advance(ch, cell);
		if (i >= p.at && i < p.end)
			p.cells = cell - p.cell;
	}
	if (p.at >= p.len)
		p.cell = cell;
	p.total = cell;
	return p;
}

/* the cells [from, to) of the line, with marks where something is left out */
static void
put_line(FILE *f, const Place *p, int from, int to)
{
	size_t i;
	int cell = 0, next;
	Char ch;

	if (from > 0)
		fputs("...", f);
	for (i = 0; i < p->len; i += ch.bytes) {
		ch = decode(p->line + i, p->len - i);
		next = advance(ch, cell);
		if (cell >= from && next <= to) {
			if (ch.code == '\t')
				spaces(f, next - cell);
			else
				put_char(f, p->line + i, ch);
		} else if (next > from && cell < to) {
			spaces(f, (next < to ? next : to) -
			          (cell > from ? cell : from));
		}
		cell = next;
		if (cell >= to)
			break;
	}
	if (to < p->total)
		fputs("...", f);
}

static void
snippet(Printer *p, const Place *at, const Diag *d, const char *color)
{
	int from = 0, to = at->total, cells = at->cells, column = at->cell, i;

	if (at->total > WIDEST) {
		from = at->cell - WIDEST / 3;
		if (from > at->total - WIDEST)
			from = at->total - WIDEST;
		if (from < 0)
			from = 0;
		to = from + WIDEST;
		column = at->cell - from + (from > 0 ? 3 : 0);
		if (cells > to - at->cell)
			cells = to - at->cell;
	}
	fprintf(p->f, "%5u |", at->number);
	if (at->len) {
		fputc(' ', p->f);
		put_line(p->f, at, from, to);
	}
	fputs("\n      | ", p->f);
	spaces(p->f, column);
	paint(p, color);
	fputc('^', p->f);
	for (i = 1; i < cells; i++)
		fputc('~', p->f);
	paint(p, "0");
	fputc('\n', p->f);
	if (d->fix) {
		fputs("      | ", p->f);
		spaces(p->f, column);
		paint(p, "32");
		put_text(p->f, d->fix);
		paint(p, "0");
		fputc('\n', p->f);
	}
}

static const struct { const char *word, *color; } kinds[] = {
	{ "error", "1;31" }, { "warning", "1;35" },
	{ "note", "36" }, { "help", "36" },
};

/* file(line,column): error: text, for editors that know no other form */
static void
print_msvc(Printer *p, const Diag *d)
{
	Place at;

	put_text(p->f, d->loc.file ? p->c->sources.v[d->loc.file].name :
	         "bpgen");
	if (d->loc.file && d->place != 'f') {
		at = place_of(p->c, d->loc);
		fprintf(p->f, d->place ? "(%u)" : "(%u,%u)", at.number,
		        at.column);
	}
	fprintf(p->f, ": %s: ", kinds[d->kind].word);
	put_text(p->f, d->text);
	if (d->name)
		fprintf(p->f, " [-W%s]", d->name);
	fputc('\n', p->f);
}

static void
put_json(FILE *f, const char *s)
{
	size_t n = strlen(s);
	Char ch;

	fputc('"', f);
	for (; n; s += ch.bytes, n -= ch.bytes) {
		ch = decode(s, n);
		if (ch.code == '"' || ch.code == '\\')
			fprintf(f, "\\%c", (int)ch.code);
		else if (ch.code < 0x10000 && dangerous(ch.code))
			fprintf(f, "\\u%04x", ch.code);
		else
			fwrite(s, 1, ch.bytes, f);
	}
	fputc('"', f);
}

/* one object a line; lines and columns count from 1, columns characters */
static void
print_json(Printer *p, const Diag *d)
{
	Place at;

	fprintf(p->f, "{\"kind\": \"%s\"", kinds[d->kind].word);
	if (d->loc.file) {
		fputs(", \"file\": ", p->f);
		put_json(p->f, p->c->sources.v[d->loc.file].name);
	}
	if (d->loc.file && d->place != 'f') {
		at = place_of(p->c, d->loc);
		fprintf(p->f, ", \"line\": %u", at.number);
		if (!d->place)
			fprintf(p->f, ", \"column\": %u", at.column);
	}
	fputs(", \"message\": ", p->f);
	put_json(p->f, d->text);
	if (d->name)
		fprintf(p->f, ", \"option\": \"-W%s\"", d->name);
	if (d->fix) {
		fputs(", \"fix\": ", p->f);
		put_json(p->f, d->fix);
	}
	fputs("}\n", p->f);
}

void
diag_line(FILE *f, char form, DiagKind kind, const char *text)
{
	const char *word = kinds[kind].word;

	if (form == 'j') {
		fprintf(f, "{\"kind\": \"%s\", \"message\": ", word);
		put_json(f, text);
		fputs("}\n", f);
		return;
	}
	fprintf(f, "%s%s: ", form == 'm' || kind != DIAG_HELP ? "bpgen: " : "  ",
	        word);
	put_text(f, text);
	fputc('\n', f);
}

static void
print_one(Printer *p, const Diag *d)
{
	const char *color = kinds[d->kind].color;
	Place at = { .number = 0 };

	if (p->c->opt.diagnostics == 'm') {
		print_msvc(p, d);
		return;
	}
	if (p->c->opt.diagnostics == 'j') {
		print_json(p, d);
		return;
	}

	if (d->loc.file) {
		put_text(p->f, p->c->sources.v[d->loc.file].name);
		if (d->place != 'f') {
			at = place_of(p->c, d->loc);
			fprintf(p->f, ":%u", at.number);
		}
		if (d->place == 0)
			fprintf(p->f, ":%u", at.column);
		fputs(": ", p->f);
	} else {
		fputs(d->kind < DIAG_NOTE ? "bpgen: " : "  ", p->f);
	}
	paint(p, color);
	fprintf(p->f, "%s:", kinds[d->kind].word);
	paint(p, "0");
	fputc(' ', p->f);
	put_text(p->f, d->text);
	if (d->name)
		fprintf(p->f, d->kind == DIAG_ERROR ? " [-Werror=%s]" :
		        " [-W%s]", d->name);
	fputc('\n', p->f);
	if (at.number)
		snippet(p, &at, d, color);
}

/* one error or warning, its notes, then its helps */
static uint32_t
print_group(Printer *p, uint32_t i)
{
	const Diag *v = p->c->diags.v;
	uint32_t n = p->c->diags.n, end = i + 1, k;

	while (end < n && v[end].kind >= DIAG_NOTE)
		end++;
	if (v[i].kind == DIAG_WARNING &&
	    named(&p->c->opt.warn_off, v[i].name))
		return end;
	for (k = i; k < end; k++)
		if (v[k].kind != DIAG_HELP)
			print_one(p, &v[k]);
	for (k = i; k < end; k++)
		if (v[k].kind == DIAG_HELP)
			print_one(p, &v[k]);
	return end;
}

static void
print_count(FILE *f, int errors, int warnings)
{
	if (errors)
		fprintf(f, "%d error%s", errors, errors == 1 ? "" : "s");
	if (errors && warnings)
		fputs(" and ", f);
	if (warnings)
		fprintf(f, "%d warning%s", warnings, warnings == 1 ? "" : "s");
	fputs(" generated.\n", f);
}

void
diag_print(Ctx *c, FILE *f, bool color)
{
	Printer p = { f, color, c };
	bool placed = false; /* data files end without the count */
	uint32_t i;

	for (i = 0; i < c->diags.n; )
		i = print_group(&p, i);
	if (c->opt.diagnostics == 'j')
		return;
	for (i = 0; i < c->diags.n; i++) {
		const Diag *d = &c->diags.v[i];

		if (d->kind < DIAG_NOTE && d->loc.file && !d->place &&
		    !c->sources.v[d->loc.file].data)
			placed = true;
	}
	if (full(c) && c->errors)
		fprintf(f, "bpgen: note: only the first %d errors are shown; "
		        "`--max-errors=0` shows all\n", c->opt.max_errors);
	if (placed && (c->errors || c->warnings))
		print_count(f, c->errors, c->warnings);
}
