/* SPDX-License-Identifier: MIT
 * `bpgen eval`: weights and rows in; loss, accuracy, confusion matrix out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "tally.h"

enum { MOST_CLASSES = 24, NAME_WIDTH = 16 };

/* s cut to `width` characters and padded on the left */
static void
put_right(const char *s, int width)
{
	int n = characters(s);

	printf("%*s", n < width ? width - n : 0, "");
	for (; *s && (width > 0 || ((unsigned char)*s & 0xc0) == 0x80); s++) {
		if (((unsigned char)*s & 0xc0) != 0x80)
			width--;
		putchar(*s);
	}
}

static void
print_matrix(const Tally *e, int n, int wide)
{
	const Network *net = e->s->net;
	size_t hits, all, k;
	char buf[24];
	int i, j;

	printf("%*s", NAME_WIDTH < wide + 2 ? NAME_WIDTH : wide + 2, "");
	for (j = 0; j < n; j++) {
		putchar(' ');
		put_right(class_name(net, j, buf), wide < 3 ? 3 : wide);
	}
	printf("   recall\n");
	for (i = 0; i < n; i++) {
		put_right(class_name(net, i, buf), wide + 2);
		for (all = 0, j = 0; j < n; j++) {
			k = e->table[i * n + j];
			all += k;
			if (k)
				printf(" %*zu", wide < 3 ? 3 : wide, k);
			else
				printf(" %*s", wide < 3 ? 3 : wide, ".");
		}
		hits = e->table[i * n + i];
		if (all)
			printf("   %5.1f%%\n", 100 * (double)hits / (double)all);
		else
			printf("   %6s\n", "-");
	}
	put_right("prec", wide + 2);
	for (j = 0; j < n; j++) {
		for (all = 0, i = 0; i < n; i++)
			all += e->table[i * n + j];
		if (all)
			printf(" %*.0f", wide < 3 ? 3 : wide, 100 *
			       (double)e->table[j * n + j] / (double)all);
		else
			printf(" %*s", wide < 3 ? 3 : wide, "-");
	}
	putchar('\n');
}

/* too many for a table: each class with what it is taken for most often */
static void
print_list(const Tally *e, int n)
{
	const Network *net = e->s->net;
	size_t all;
	char buf[24];
	int i, j, worst;

	printf("%*s      rows   recall   most often taken for\n", NAME_WIDTH,
	       "class");
	for (i = 0; i < n; i++) {
		for (all = 0, worst = -1, j = 0; j < n; j++) {
			all += e->table[i * n + j];
			if (j != i && e->table[i * n + j] && (worst < 0 ||
			    e->table[i * n + j] > e->table[i * n + worst]))
				worst = j;
		}
		if (!all)
			continue;
		put_right(class_name(net, i, buf), NAME_WIDTH);
		printf(" %9zu   %5.1f%%   ", all,
		       100 * (double)e->table[i * n + i] / (double)all);
		if (worst < 0)
			printf("-\n");
		else
			printf("%s (%zu)\n", class_name(net, worst, buf),
			       e->table[i * n + worst]);
	}
}

static void
print_classes(const Tally *e)
{
	const Network *net = e->s->net;
	int n = class_count(net), i, wide = 3, w, places = class_places(net);
	char buf[24];

	printf("%s row%s", grouped(e->s->c, (int64_t)e->n), plural((int64_t)e->n));
	if (places > 1)
		printf(" of %d classes", places);
	printf(", %s right: %.1f %%, loss %.4g\n",
	       grouped(e->s->c, (int64_t)e->right),
	       100 * (double)e->right / places / (double)e->n, e->loss);
	for (i = 0; i < n; i++) {
		w = characters(class_name(net, i, buf));
		wide = w > wide ? w : wide;
	}
	if (n > MOST_CLASSES || n * (wide + 1) > 160)
		print_list(e, n);
	else
		print_matrix(e, n, wide);
}

static void
print_values(const Tally *e)
{
	char buf[24];
	int j, n = e->s->net->outputs == e->s->net->targets ?
		e->s->net->targets : 0;

	printf("%s row%s, loss %.6g\n", grouped(e->s->c, (int64_t)e->n),
	       plural((int64_t)e->n), e->loss);
	if (n)
		printf("%*s       RMSE        MAE      R^2   RMSE of the mean\n",
		       NAME_WIDTH, "target");
	for (j = 0; j < n && j < 100; j++) {
		put_right(value_name(e, j, buf), NAME_WIDTH);
		printf(" %10.5g %10.5g", sqrt(e->square[j]), e->absolute[j]);
		if (isnan(r_squared(e, j)))
			printf(" %8s", "-");
		else
			printf(" %8.4f", r_squared(e, j));
		printf("   %10.5g\n", sqrt(e->variance[j]));
	}
	if (n > 100)
		printf("%*s\n", NAME_WIDTH, "...");
}

static Metric *
metrics(const Tally *e, int *n)
{
	Metric *m = mem(e->s->c, 4 * sizeof *m);
	const Network *net = e->s->net;
	double square = 0, absolute = 0, r2 = 0;
	int j;

	m[0] = (Metric){"loss", e->loss, false};
	*n = 1;
	if (class_places(net)) {
		m[(*n)++] = (Metric){"accuracy", accuracy(net,
			&(Measure){ .rows = e->n, .right = e->right }), true};
		return m;
	}
	if (net->targets != net->outputs || !net->targets)
		return m;
	for (j = 0; j < net->targets && e->square; j++) {
		square += e->square[j] / net->targets;
		absolute += e->absolute[j] / net->targets;
		r2 += r_squared(e, j) / net->targets;
	}
	m[(*n)++] = (Metric){"rmse", sqrt(square), false};
	m[(*n)++] = (Metric){"mae", absolute, false};
	m[(*n)++] = (Metric){"r2", r2, true};
	return m;
}

static void
json_classes(const Tally *e, Text *t)
{
	const Network *net = e->s->net;
	int n = class_count(net), i, j;
	char buf[24];

	json_whole(t, "right", e->right);
	json_whole(t, "places", (uint64_t)class_places(net));
	json_open(t, "classes", '[');
	for (i = 0; i < n; i++)
		json_text(t, NULL, class_name(net, i, buf));
	json_close(t, ']');
	json_line(t);
	json_open(t, "confusion", '[');
	for (i = 0; i < n; i++) {
		json_line(t);
		json_open(t, NULL, '[');
		for (j = 0; j < n; j++)
			json_whole(t, NULL, e->table[i * n + j]);
		json_close(t, ']');
	}
	json_close(t, ']');
}

static void
json_values(const Tally *e, Text *t)
{
	char buf[24];
	int j;

	json_open(t, "targets", '[');
	for (j = 0; j < e->s->net->targets &&
	     e->s->net->outputs == e->s->net->targets; j++) {
		json_line(t);
		json_open(t, NULL, '{');
		json_text(t, "name", value_name(e, j, buf));
		json_number(t, "rmse", sqrt(e->square[j]));
		json_number(t, "mae", e->absolute[j]);
		json_number(t, "r2", r_squared(e, j));
		json_number(t, "rmse_of_mean", sqrt(e->variance[j]));
		json_close(t, '}');
	}
	json_close(t, ']');
}

static void
print_json(const Tally *e, const Metric *m, int n)
{
	Text t = { .c = e->s->c };
	int i;

	json_open(&t, NULL, '{');
	json_text(&t, "net", e->s->net->name);
	json_text(&t, "data", e->s->data->path);
	json_whole(&t, "rows", e->n);
	for (i = 0; i < n; i++)
		json_number(&t, m[i].name, m[i].value);
	if (e->table)
		json_classes(e, &t);
	else
		json_values(e, &t);
	json_close(&t, '}');
	puts(t.s);
}

/* the rows that training held out, by the same seed and fraction */
static int
held_out(Tally *e, size_t **rows)
{
	Session *s = e->s;
	const char *text = cli_get(s->cli, "validation");
	double fraction = s->weights->validation;
	size_t train;
	int rc;

	if (!cli_has(s->cli, "validation"))
		return 0;
	if (*text) {
		rc = cli_number(s->cli, "validation", &fraction);
		if (rc)
			return rc;
	} else if (fraction <= 0)
		fraction = 0.2;
	if (!cli_get(s->cli, "seed"))
		s->net->seed = s->weights->seed;
	if (fraction <= 0 || fraction >= 1) {
		cli_error("--validation: '%s' is not a fraction from 0 to 1",
		          text);
		return EX_USAGE_;
	}
	*rows = rows_split(s->data, s->net, fraction, s->net->seed, &train,
	                   &e->n);
	if (!*rows)
		die(s->c, EX_SOFTWARE_, "out of memory");
	e->rows = *rows + train;
	if (e->n)
		return 0;
	cli_error("%s has too few rows to hold some out", s->data->path);
	return EX_DATA;
}

static int
evaluate(Tally *e)
{
	Session *s = e->s;
	size_t *rows = NULL;
	Metric *m;
	int rc, n;

	rc = session_weights(s, true);
	if (!rc)
		rc = session_data(s, NULL, true);
	m = metrics(e, &n);
	if (!rc)
		rc = require_names(s->c, s->cli, m, n);
	if (!rc)
		rc = session_compile(s, 2 * (double)s->data->rows / 3);
	if (!rc) {
		e->n = s->data->rows;
		rc = held_out(e, &rows);
	}
	if (!rc) {
		tally(e);
		m = metrics(e, &n);
		if (cli_has(s->cli, "json"))
			print_json(e, m, n);
		else if (class_places(s->net))
			print_classes(e);
		else
			print_values(e);
		rc = require(s->c, s->cli, m, n);
	}
	free(rows);
	return rc;
}

int
cmd_eval(Ctx *c, const Cli *cli)
{
	Session s = {0};
	Tally e = {.s = &s};
	int rc = session_open(&s, c, cli, true);

	if (!rc)
		rc = evaluate(&e);
	session_close(&s);
	return rc;
}
