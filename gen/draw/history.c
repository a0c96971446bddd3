/* SPDX-License-Identifier: MIT
 * Tables with a header in, curves out: of a history the last run; of
 * predictions what was said and what is true. */
#include <math.h>
#include <string.h>
#include "../data/data.h"
#include "curves.h"

typedef struct {                /* of one file */
	Ctx *c;
	const Csv *csv;
	Names wanted;
	int *column;                /* of each that is wanted; -1: none */
	int x_column;               /* -1: rows are counted */
	VEC(double) values;         /* a row: x, then those wanted */
	double *row;
	size_t rows, runs;
	bool forecast;
} Read;

static double
number(const char *text, size_t n)
{
	double v;

	return csv_number(text, n, &v) ? v : NAN;
}

static bool
on_cell(void *u, uint32_t column, const char *text, size_t n)
{
	Read *r = u;
	uint32_t i;

	if ((int)column == r->x_column)
		r->row[0] = number(text, n);
	for (i = 0; i < r->wanted.n; i++)
		if ((int)column == r->column[i])
			r->row[i + 1] = number(text, n);
	return true;
}

static int
find_column(const Names *header, const char *name)
{
	uint32_t i;

	for (i = 0; i < header->n; i++)
		if (!strcmp(header->v[i], name))
			return (int)i;
	return -1;
}

/* no history but what `predict --csv` writes: targets come last, what was said
 * stands before them; a single input, or the row of a series, is the axis */
static void
find_forecast(Read *r)
{
	const Names *header = &r->csv->first;
	uint32_t n = header->n;

	if (n < 2 || strcmp(header->v[n - 1], "target") ||
	    find_column(header, "loss") >= 0 ||
	    find_column(header, "val_loss") >= 0)
		return;
	r->wanted = (Names){ 0 };
	PUSH(r->c, &r->wanted, header->v[n - 2]);
	PUSH(r->c, &r->wanted, header->v[n - 1]);
	r->forecast = true;
}

/* an axis that goes back and forth is none */
static bool
ascends(const Read *r)
{
	size_t wide = r->wanted.n + 1, i;

	for (i = 1; i < r->rows; i++)
		if (r->values.v[i * wide] <= r->values.v[(i - 1) * wide])
			return false;
	return true;
}

static void
finish_forecast(Read *r, Curves *out)
{
	size_t wide = r->wanted.n + 1, i;

	out->forecast = true;
	out->title = r->wanted.v[0];
	out->x_title = r->x_column < 0 ? "row" : r->csv->first.v[r->x_column];
	if (ascends(r))
		return;
	out->x_title = "row";
	for (i = 0; i < r->rows; i++)
		r->values.v[i * wide] = (double)(i + 1);
}

/* training appends: where the epochs begin anew, so does the run */
static bool
on_row(void *u)
{
	Read *r = u;
	size_t wide = r->wanted.n + 1, i;

	if (r->x_column < 0)
		r->row[0] = (double)(r->rows + 1);
	if (!isfinite(r->row[0]))
		return true;
	if (!r->forecast && r->rows &&
	    r->row[0] <= r->values.v[(r->rows - 1) * wide]) {
		r->values.n = 0;
		r->rows = 0;
		r->runs++;
	}
	for (i = 0; i < wide; i++)
		PUSH(r->c, &r->values, r->row[i]);
	r->rows++;
	return true;
}

/* a training that goes on may have written half of a row */
static void
drop_half_row(Bytes *b)
{
	const char *end = memrchr(b->text, '\n', b->len), *p;
	int missing = 0;

	for (p = b->text; end && p < b->text + b->len && *p != '\n'; p++)
		missing += *p == ',';
	for (p = end; p && p < b->text + b->len; p++)
		missing -= *p == ',';
	if (end && end + 1 < b->text + b->len && missing > 0)
		b->len = (size_t)(end + 1 - b->text);
}

static Names
split(Ctx *c, const char *list)
{
	Names out = { 0 };
	size_t n;

	for (; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		PUSH(c, &out, copy(c, list, n));
	}
	return out;
}

/* those that were asked for must be there; of loss and val_loss one */
static bool
find_columns(Read *r, const char *path, bool asked)
{
	const Names *header = &r->csv->first;
	bool any = false, all = true;
	uint32_t i;

	r->column = mem(r->c, (r->wanted.n + 1) * sizeof *r->column);
	r->row = mem(r->c, (r->wanted.n + 1) * sizeof *r->row);
	r->x_column = r->forecast ? header->n == 3 ? 0 : -1 :
		find_column(header, "epoch");
	for (i = 0; i < r->wanted.n; i++) {
		r->column[i] = find_column(header, r->wanted.v[i]);
		any |= r->column[i] >= 0;
		if (r->column[i] >= 0 || !asked)
			continue;
		all = false;
		whole_file_error(r->c, path, "there is no column '%s'",
		                 r->wanted.v[i]);
		if (nearest(r->wanted.v[i], header))
			help(r->c, "a column with a similar name exists: %s",
			     nearest(r->wanted.v[i], header));
	}
	if (asked ? all && r->wanted.n : any)
		return true;
	if (!asked)
		whole_file_error(r->c, path, "there is no column 'loss' or "
		                 "'val_loss'");
	help(r->c, "the first line must name the columns; --columns=NAME,NAME "
	     "draws others");
	return false;
}

static bool
has_number(const Series *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (isfinite(k->y[i]))
			return true;
	return false;
}

static const char *
curve_name(Ctx *c, const char *column, const char *path, bool several)
{
	const char *name = !strcmp(column, "loss") ? "training" :
		!strcmp(column, "val_loss") ? "validation" : column;
	const char *file = file_name(path), *end = strstr(file, ".history.csv");

	if (!several)
		return name;
	return fmt(c, "%s, %s", copy(c, file, end ? (size_t)(end - file) :
	           strlen(file)), name);
}

static void
add_curves(const Read *r, const char *path, int file, bool several, Curves *out)
{
	size_t wide = r->wanted.n + 1, row;
	uint32_t i;

	for (i = 0; i < r->wanted.n; i++) {
		Series k = { .file = file, .n = r->rows };

		if (r->column[i] < 0)
			continue;
		k.name = curve_name(r->c, r->wanted.v[i], path, several);
		k.held = !strncmp(r->wanted.v[i], "val_", 4);
		k.x = mem(r->c, (k.n + 1) * sizeof *k.x);
		k.y = mem(r->c, (k.n + 1) * sizeof *k.y);
		for (row = 0; row < k.n; row++) {
			k.x[row] = r->values.v[row * wide];
			k.y[row] = r->values.v[row * wide + i + 1];
		}
		if (has_number(&k))
			PUSH(r->c, &out->curves, k);
	}
}

static int
read_one(Ctx *c, const Cli *cli, const char *path, int file, Curves *out)
{
	const char *columns = cli_get(cli, "columns");
	Read r = { .c = c, .wanted = split(c, columns ? columns :
	                                   "loss,val_loss"), .runs = 1 };
	CsvSink sink = { &r, on_cell, on_row };
	uint32_t before = out->curves.n;
	Bytes b;
	int rc = 0;

	if (!bytes_read(c, path, &b, &rc))
		return rc;
	drop_half_row(&b);
	r.csv = csv_open(c, &b, 1, &rc);
	if (r.csv && !columns)
		find_forecast(&r);
	if (!r.csv || !find_columns(&r, path, columns != NULL) ||
	    !csv_rows((Csv *)r.csv, &sink))
		return rc ? rc : EX_DATA;
	if (r.forecast)
		finish_forecast(&r, out);
	if (r.runs > 1 && !cli_has(cli, "quiet"))
		cli_note("%s holds %zu runs; the last one is drawn", path,
		         r.runs);
	add_curves(&r, path, file, cli->args.n > 1, out);
	if (out->curves.n > before)
		return 0;
	whole_file_error(c, path, "there is no number to draw in column '%s'",
	                 r.wanted.v[0]);
	return EX_DATA;
}

int
curves_read(Ctx *c, const Cli *cli, Curves *out)
{
	const char *columns = cli_get(cli, "columns");
	uint32_t i;
	int rc = 0, said;

	out->title = columns ? copy(c, columns, strcspn(columns, ",")) : "loss";
	if (!strncmp(out->title, "val_", 4))
		out->title += 4;
	out->x_title = "epoch";
	out->best_is_most = strstr(out->title, "accuracy") != NULL;
	out->files = (int)cli->args.n;
	for (i = 0; i < cli->args.n && !rc; i++)
		rc = read_one(c, cli, cli->args.v[i], (int)i, out);
	said = messages(c, cli);
	return rc ? rc : said;
}
