/* SPDX-License-Identifier: MIT
 * `bpgen predict`: weights and rows in; the outputs for every row out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "session.h"

enum { SHOWN_INPUTS = 8, SHOWN_OUTPUTS = 32 };

typedef struct {
	const char *title, *text;
	int width;
	bool word;                  /* no number, for JSON */
	char digits[40];            /* where text may stand */
} Cell;
typedef struct {
	Session *s;
	bool csv, json, inputs, targets; /* csv: all digits, all columns */
	int places;                 /* each has a class; 0: no classes */
	VEC(Cell) cells;            /* of one row; titles and widths stay */
	uint32_t at;
	Text out;
} Predict;

/* The next cell of the row.  The first row makes the cells and their titles,
 * `title` or, from 1 on, title and number; nothing is allocated after it. */
static Cell *
next_cell(Predict *p, const char *title, int number)
{
	Cell new = {.title = title};

	if (p->at == p->cells.n) {
		if (number)
			new.title = fmt(p->s->c, "%s%d", title, number);
		PUSH(p->s->c, &p->cells, new);
	}
	return &p->cells.v[p->at++];
}

static void
input_number(const Predict *p, Cell *k, double v)
{
	k->text = k->digits;
	if (p->csv)
		k->text = number_text(v, true, k->digits);
	else if (v == floor(v) && fabs(v) < 1e6)
		snprintf(k->digits, sizeof k->digits, "%.0f", v + 0.0);
	else
		snprintf(k->digits, sizeof k->digits, "%.5g", v);
}

static void
output_number(const Predict *p, Cell *k, double v)
{
	k->text = k->digits;
	if (p->csv)
		k->text = number_text(v, p->s->net->dtype == F32, k->digits);
	else
		snprintf(k->digits, sizeof k->digits, !isfinite(v) ||
		         fabs(v) >= 1000 || (v != 0 && fabs(v) < 5e-4) ?
		         "%.4g" : "%.3f", v);
}

static void
class_name(const Predict *p, Cell *cell, int k)
{
	const Network *net = p->s->net;

	cell->text = cell->digits;
	cell->word = k < (int)net->classes.n;
	if (cell->word)
		cell->text = net->classes.v[k];
	else
		snprintf(cell->digits, sizeof cell->digits, "%d", k);
}

/* classes are many where a sequence or a map has them */
static bool
is_shown(const Predict *p, int place)
{
	return place < p->places && (p->csv || place < SHOWN_OUTPUTS);
}

/* the class and how sure the network is of it, where outputs are shares */
static void
class_cell(Predict *p)
{
	const Network *net = p->s->net;
	int k = output_class(net, p->s->y, 0), j;
	double y = 0, sum = 0;
	bool shares = low_target(net->heads.v) == 0;

	for (j = 0; j < net->outputs; j++) {
		y = real_get(net->dtype, p->s->y, (size_t)j);
		sum += y;
		shares = shares && y >= 0 && y <= 1;
	}
	class_name(p, next_cell(p, "class", 0), k);
	if (net->outputs > 1) {
		y = real_get(net->dtype, p->s->y, (size_t)k);
		shares = shares && fabs(sum - 1) < 1e-3;
	} else if (shares && !k)
		y = 1 - y;
	output_number(p, next_cell(p, shares ? "probability" : "output", 0), y);
}

static void
class_cells(Predict *p)
{
	int j;

	for (j = 0; is_shown(p, j); j++)
		class_name(p, next_cell(p, "class", j + 1),
		           output_class(p->s->net, p->s->y, j));
	if (j < p->places)
		next_cell(p, "...", 0)->text = "";
}

static void
output_cells(Predict *p)
{
	const Network *net = p->s->net;
	Cell *k;
	int j;

	for (j = 0; j < net->outputs; j++) {
		if (!p->csv && j == SHOWN_OUTPUTS) {
			next_cell(p, "...", 0)->text = "";
			break;
		}
		k = j < (int)net->columns.n ?
			next_cell(p, net->columns.v[j], 0) :
			next_cell(p, "y", net->outputs == 1 ? 0 : j + 1);
		output_number(p, k, real_get(net->dtype, p->s->y, (size_t)j));
	}
}

static void
target_cells(Predict *p, size_t row)
{
	const Data *d = p->s->data;
	Cell *k;
	int j;

	if (p->places && row < d->known) {
		for (j = 0; is_shown(p, j); j++)
			class_name(p, next_cell(p, "target", p->places == 1 ? 0 :
			           j + 1), data_class(d, p->s->net, row, j));
		return;
	}
	for (j = 0; j < d->stored && (p->csv || j < SHOWN_OUTPUTS); j++) {
		k = next_cell(p, "target", d->stored == 1 ? 0 : j + 1);
		k->text = "";
		if (row < d->known)
			input_number(p, k, d->t[row * d->t_step + (size_t)j]);
	}
}

static void
fill_row(Predict *p, size_t row)
{
	Session *s = p->s;
	const Data *d = s->data;
	Cell *k;
	int j;

	p->at = 0;
	session_row(s, d, row);
	net_forward(s->jit, s->x, s->y);
	/* of a series: which of its rows the first output stands for */
	if (d->series) {
		k = next_cell(p, "row", 0);
		k->text = k->digits;
		snprintf(k->digits, sizeof k->digits, "%zu",
		         row + d->before + 1);
	}
	for (j = 0; p->inputs && j < d->inputs; j++)
		input_number(p, next_cell(p, d->names.v[j], 0),
		             data_input(d, row, (size_t)j));
	if (p->places == 1)
		class_cell(p);
	else if (p->places)
		class_cells(p);
	else
		output_cells(p);
	if (p->targets)
		target_cells(p, row);
}

static void
put_csv(Text *t, const char *s)
{
	bool quote = strpbrk(s, ",\"\r\n;") != NULL;

	if (!quote) {
		text_put(t, s, strlen(s));
		return;
	}
	text_put(t, "\"", 1);
	for (; *s; s++)
		text_put(t, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	text_put(t, "\"", 1);
}

static void
put_row(Predict *p, bool titles)
{
	uint32_t i;

	for (i = 0; i < p->at; i++) {
		Cell *k = &p->cells.v[i];
		const char *s = titles ? k->title : k->text;

		if (p->csv) {
			if (i)
				text_put(&p->out, ",", 1);
			put_csv(&p->out, s);
			continue;
		}
		text_add(&p->out, "%*s", k->width > characters(s) ?
		         k->width - characters(s) : 0, "");
		text_add(&p->out, " %s", s);
	}
	text_put(&p->out, "\n", 1);
}

/* a number as it is, but for those that JSON has not */
static void
put_value(Text *t, const Cell *k)
{
	bool number = !k->word && *k->text && !strpbrk(k->text, "in");

	if (number)
		json_raw(t, k->text);
	else
		json_text(t, NULL, k->word ? k->text : NULL);
}

static void
json_row(Predict *p)
{
	uint32_t i;

	json_line(&p->out);
	json_open(&p->out, NULL, '[');
	for (i = 0; i < p->at; i++)
		put_value(&p->out, &p->cells.v[i]);
	json_close(&p->out, ']');
}

/* rows are arrays, in the order of the columns */
static void
json_begin(Predict *p)
{
	uint32_t i;

	json_open(&p->out, NULL, '{');
	json_text(&p->out, "net", p->s->net->name);
	json_open(&p->out, "columns", '[');
	for (i = 0; i < p->at; i++)
		json_text(&p->out, NULL, p->cells.v[i].title);
	json_close(&p->out, ']');
	json_line(&p->out);
	json_open(&p->out, "rows", '[');
}

/* at most one screen of rows decides how wide the columns are */
static void
find_widths(Predict *p)
{
	size_t row, n = p->s->data->rows;
	uint32_t i;
	int w;

	for (row = 0; row < n && row < 200; row++) {
		fill_row(p, row);
		for (i = 0; i < p->at; i++) {
			Cell *k = &p->cells.v[i];

			w = 1 + characters(k->text);
			k->width = w > k->width ? w : k->width;
			w = 1 + characters(k->title);
			k->width = w > k->width ? w : k->width;
		}
	}
}

static int
write_out(Predict *p, const char *path)
{
	const char *why = NULL;
	int rc;

	if (!path || !strcmp(path, "-")) {
		fwrite(p->out.s, 1, p->out.n, stdout);
		p->out.n = 0;
		return 0;
	}
	rc = write_file(p->s->c, path, p->out.s, p->out.n, &why);
	if (rc && rc != EX_GONE)
		cli_error("cannot write %s: %s", path, why);
	return rc;
}

static bool
ends_with(const char *path, const char *end)
{
	size_t n = path ? strlen(path) : 0;

	return n > strlen(end) && !strcmp(path + n - strlen(end), end);
}

static int
predict(Predict *p)
{
	Session *s = p->s;
	const char *path = cli_get(s->cli, "output");
	size_t row;
	int rc = session_weights(s, true);

	if (!rc)
		rc = session_data(s, NULL, false);
	if (!rc)
		rc = session_compile(s, (double)s->data->rows / 3);
	if (rc)
		return rc;
	p->json = cli_has(s->cli, "json") || ends_with(path, ".json");
	p->csv = p->json || cli_has(s->cli, "csv") || ends_with(path, ".csv");
	p->places = class_places(s->net);
	p->inputs = s->net->inputs <= SHOWN_INPUTS && !s->data->series;
	p->targets = s->data->stored > 0;
	p->out.c = s->c;
	find_widths(p);
	if (p->json)
		json_begin(p);
	else
		put_row(p, true);
	for (row = 0; row < s->data->rows && !rc; row++) {
		fill_row(p, row);
		if (p->json)
			json_row(p);
		else
			put_row(p, false);
		if (p->out.n > 65536 && !path && !p->json)
			rc = write_out(p, path);
	}
	if (p->json)
		text_add(&p->out, "]}\n");
	return rc ? rc : write_out(p, path);
}

int
cmd_predict(Ctx *c, const Cli *cli)
{
	Session s = {0};
	Predict p = {.s = &s};
	int rc = session_open(&s, c, cli, false);

	if (!rc)
		rc = predict(&p);
	session_close(&s);
	return rc;
}
