/* SPDX-License-Identifier: MIT
 * A text table becomes cells, by libcsv (RFC 4180, strict). */
#include <csv.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "data.h"

#define MOST_COLUMNS (1u << 22)
#define MOST_CELL ((size_t)1 << 20)
#define CHUNK 65536

static int
blank(unsigned char ch)
{
	return ch == ' ' || ch == '\t';
}

bool
csv_number(const char *text, size_t n, double *value)
{
	char *end;

	if (!n || n > 300 || strspn(text, "+-.0123456789eE") != n)
		return false;
	*value = strtod(text, &end);
	return end == text + n && isfinite(*value);
}

bool
csv_is_missing(const char *text, size_t n)
{
	static const char *const words[] = {
		"nan", "na", "n/a", "null", "none", "inf", "infinity", "?", "-", ""
	};
	size_t i;

	if (n && (*text == '+' || *text == '-') && n > 1)
		text++;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

/* ------------------------------------------------------------ the parser */

typedef struct {
	Csv *csv;
	const CsvSink *sink;
	size_t record;
	uint32_t column;
	bool stop, failed, wide;
} Run;

/* a cell that never ends must not cost time or memory */
static void *
grow(void *p, size_t size)
{
	return size > MOST_CELL ? NULL : realloc(p, size);
}

static bool
start(Csv *csv, struct csv_parser *p)
{
	unsigned char options = CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL;

	if (csv_init(p, options)) {
		die(csv->c, EX_SOFTWARE_, "libcsv does not start");
		return false;
	}
	csv_set_delim(p, (unsigned char)csv->delimiter);
	csv_set_blk_size(p, 4096);
	csv_set_space_func(p, blank);
	csv_set_realloc_func(p, grow);
	return true;
}

static void
on_cell(void *text, size_t n, void *u)
{
	Run *run = u;
	Csv *csv = run->csv;

	if (run->stop)
		return;
	if (csv->delimiter == ' ' && !n)
		return; /* several blanks are one, those at the end none */
	if (run->record == 0 && csv->header) {
		run->column++;
		return;
	}
	if (run->column >= csv->columns)
		run->wide = true;
	else if (!run->sink->cell(run->sink->u, run->column, text, n))
		run->stop = true;
	run->column++;
}

static void
wrong_count(Run *run)
{
	Csv *csv = run->csv;
	Ctx *c = csv->c;

	err(c, csv_place(csv, run->record, 0),
	    "%u column%s, but the first line has %u", run->column,
	    run->column == 1 ? "" : "s", csv->columns);
	c->diags.v[c->diags.n - 1].place = 'l';
	run->stop = run->failed = true;
}

static void
on_row(int ch, void *u)
{
	Run *run = u;

	(void)ch;
	if (run->stop)
		return;
	if (run->csv->delimiter == ' ' && !run->column)
		return; /* a line of blanks */
	if (run->column != run->csv->columns)
		wrong_count(run);
	else if (!(run->record == 0 && run->csv->header) &&
	         !run->sink->row(run->sink->u))
		run->stop = true;
	run->record++;
	run->column = 0;
}

/* why the parser stopped at this byte */
static void
parse_error(Csv *csv, struct csv_parser *p, size_t at)
{
	Loc loc = {csv->source, (uint32_t)at, 1};

	if (csv_error(p) != CSV_EPARSE) {
		err(csv->c, loc, "a cell of more than 1 MB");
		csv->c->diags.v[csv->c->diags.n - 1].place = 'l';
		return;
	}
	err(csv->c, loc, "a quote inside a cell");
	help(csv->c, "write \"\" for a quote, and quotes around the whole cell");
}

/* the quote that is still open at the end: the last one, but for pairs */
static size_t
open_quote(const Csv *csv, size_t from)
{
	size_t i, at = from;
	bool open = false;

	for (i = from; i < csv->len; i++)
		if (csv->text[i] == '"') {
			open = !open;
			if (open)
				at = i;
		}
	return at;
}

static void
open_end(Csv *csv, size_t from)
{
	Loc loc = {csv->source, (uint32_t)open_quote(csv, from), 1};

	err(csv->c, loc, "this quoted cell does not end");
}

bool
csv_rows(Csv *csv, const CsvSink *sink)
{
	Run run = {csv, sink, 0, 0, false, false, false};
	struct csv_parser p;
	size_t at, n, done;

	if (!start(csv, &p))
		return false;
	for (at = 0; at < csv->len && !run.stop; at += n) {
		n = csv->len - at < CHUNK ? csv->len - at : CHUNK;
		done = csv_parse(&p, csv->text + at, n, on_cell, on_row, &run);
		if (done == n)
			continue;
		parse_error(csv, &p, at + done);
		run.stop = run.failed = true;
	}
	if (!run.stop && csv_fini(&p, on_cell, on_row, &run)) {
		open_end(csv, csv_place(csv, run.record, run.column).at);
		run.stop = run.failed = true;
	}
	csv_free(&p);
	return !run.stop;
}

/* --------------------------------------------------------- where is a cell */

typedef struct { uint32_t cells, rows; bool blanks; } Count;

static void
count_cell(void *text, size_t n, void *u)
{
	Count *k = u;

	(void)text;
	if (n || !k->blanks)
		k->cells++;
}

static void
count_row(int ch, void *u)
{
	Count *k = u;

	(void)ch;
	if (!k->blanks || k->cells)
		k->rows++;
	k->cells = 0;
}

static Loc
trimmed(const Csv *csv, size_t from, size_t to)
{
	const char *s = csv->text;

	while (from < to && isspace((unsigned char)s[from]))
		from++;
	while (to > from && isspace((unsigned char)s[to - 1]))
		to--;
	return (Loc){csv->source, (uint32_t)from, (uint32_t)(to - from)};
}

/* One byte at a time through the same parser: the byte that ends a cell is
 * the one after which the callback came. */
Loc
csv_place(Csv *csv, size_t record, uint32_t column)
{
	Count k = {0, 0, csv->delimiter == ' '};
	uint32_t cells, rows;
	struct csv_parser p;
	size_t at, from = 0;

	if (!start(csv, &p))
		return (Loc){csv->source, 0, 0};
	for (at = 0; at < csv->len; at++) {
		cells = k.cells;
		rows = k.rows;
		if (csv_parse(&p, csv->text + at, 1, count_cell, count_row, &k)
		    != 1)
			break;
		if (k.cells == cells && k.rows == rows)
			continue;
		if (rows == record && (cells == column || k.rows > rows))
			break;
		from = at + 1;
	}
	csv_free(&p);
	return trimmed(csv, from, at);
}

/* ------------------------------------------------------------- first look */

typedef struct {
	Ctx *c;
	Names *now, first, second;
	bool blanks, done, wide;
} Sniff;

static void
sniff_cell(void *text, size_t n, void *u)
{
	Sniff *s = u;

	if (s->done || (s->blanks && !n))
		return;
	if (s->now->n >= MOST_COLUMNS)
		s->wide = true;
	else
		PUSH(s->c, s->now, copy(s->c, text, n));
}

static void
sniff_row(int ch, void *u)
{
	Sniff *s = u;

	(void)ch;
	if (!s->now->n)
		return;
	if (s->now == &s->second)
		s->done = true;
	s->now = &s->second;
}

/* false after err() */
static bool
sniff(Csv *csv, Sniff *s)
{
	struct csv_parser p;
	size_t at, n, done;
	bool ok = true;

	memset(s, 0, sizeof *s);
	s->c = csv->c;
	s->now = &s->first;
	s->blanks = csv->delimiter == ' ';
	if (!start(csv, &p))
		return false;
	for (at = 0; at < csv->len && !s->done && ok; at += n) {
		n = csv->len - at < 512 ? csv->len - at : 512;
		done = csv_parse(&p, csv->text + at, n, sniff_cell, sniff_row,
		                 s);
		if (done != n && !s->done) {
			parse_error(csv, &p, at + done);
			ok = false;
		}
	}
	if (ok && !s->done && csv_fini(&p, sniff_cell, sniff_row, s)) {
		open_end(csv, 0);
		ok = false;
	}
	csv_free(&p);
	return ok;
}

/* counts outside quotes in the first line that is not empty */
static char
delimiter_of(const char *s, size_t n)
{
	size_t count[128] = {0}, i = 0;
	bool quoted = false;

	while (i < n && isspace((unsigned char)s[i]))
		i++;
	for (; i < n && (quoted || (s[i] != '\n' && s[i] != '\r')); i++) {
		if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && (signed char)s[i] >= 0)
			count[(unsigned char)s[i]]++;
	}
	if (count[';'] && count[';'] >= count['\t'])
		return ';';
	if (count['\t'] && count['\t'] >= count[','])
		return '\t';
	if (count[','])
		return ',';
	return count[' '] ? ' ' : ',';
}

/* A header has words where the data has numbers, and no number anywhere; a
 * damaged first row (nan, an empty cell, one bad number) is none. */
static bool
looks_like_header(const Names *a, const Names *b)
{
	uint32_t i, words = 0;
	double v;

	for (i = 0; i < a->n; i++) {
		size_t n = strlen(a->v[i]);

		if (csv_number(a->v[i], n, &v) || csv_is_missing(a->v[i], n))
			return false;
		if (i < b->n && csv_number(b->v[i], strlen(b->v[i]), &v))
			words++;
	}
	return words > 0 || !b->n;
}

/* what a file that is no text is, for the message */
static const char *
foreign(const unsigned char *s, size_t n)
{
	static const struct { const char *bytes; int n; const char *what; }
	known[] = {
		{"PK\3\4", 4, "a zip archive; unpack it first"},
		{"\x93NUMPY", 6, "a NumPy file, which cannot be read yet"},
		{"bpgenw1\n", 8, "a file of weights, not a table"},
		{"\x89PNG", 4, "a picture"}, {"%PDF", 4, "a PDF"},
		{"\xff\xfe", 2, "UTF-16; save it as UTF-8"},
		{"\xfe\xff", 2, "UTF-16; save it as UTF-8"}
	};
	size_t i;

	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (n >= (size_t)known[i].n &&
		    !memcmp(s, known[i].bytes, (size_t)known[i].n))
			return known[i].what;
	if (memchr(s, 0, n))
		return "not a text (it holds a zero byte)";
	return NULL;
}

/* the text without its mark, or false after err() */
static bool
take_text(Csv *csv, const Bytes *b, int *rc)
{
	const char *why = foreign((const unsigned char *)b->text, b->len);

	if (why)
		return bytes_error(csv->c, b, rc, EX_DATA,
		                   fmt(csv->c, "this is %s", why));
	csv->text = b->text;
	csv->len = b->len;
	if (csv->len >= 3 && !memcmp(csv->text, "\xef\xbb\xbf", 3)) {
		csv->text += 3;
		csv->len -= 3;
	}
	csv->source = source_add(csv->c, b->path, csv->text, csv->len);
	csv->c->sources.v[csv->source].data = true;
	return true;
}

Csv *
csv_open(Ctx *c, const Bytes *b, int header, int *rc)
{
	Csv *csv = mem(c, sizeof *csv);
	Sniff s;

	csv->c = c;
	*rc = 0;
	if (!take_text(csv, b, rc))
		return NULL;
	csv->delimiter = delimiter_of(csv->text, csv->len);
	if (!sniff(csv, &s)) {
		*rc = EX_DATA;
		return NULL;
	}
	if (!s.first.n || s.wide) {
		bytes_error(c, b, rc, EX_DATA, s.wide ? "a line of more than "
		            "4,194,304 columns" : "the file is empty");
		return NULL;
	}
	csv->first = s.first;
	csv->second = s.second;
	csv->columns = s.first.n;
	csv->forced = header >= 0;
	csv->header = csv->forced ? header > 0 :
		looks_like_header(&s.first, &s.second);
	return csv;
}
