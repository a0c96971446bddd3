/* SPDX-License-Identifier: MIT
 * The runs of a sweep in; a table of them, or JSON, out. */
#include <math.h>
#include <string.h>
#include "json.h"
#include "runs.h"

static int
column_width(const Axis *a)
{
	size_t width = strlen(a->name), i;

	for (i = 0; i < a->values.n; i++)
		if (strlen(a->values.v[i]) > width)
			width = strlen(a->values.v[i]);
	return (int)width;
}

static void
print_heads(const Sweep *w)
{
	uint32_t i;

	for (i = 0; i < w->axes.n; i++)
		fprintf(w->out, "%*s  ", column_width(&w->axes.v[i]),
		        w->axes.v[i].name);
	fprintf(w->out, "epochs %10s%s%s %9s\n", "loss", w->held ?
	        "   val_loss" : "", w->classifies ? "  accuracy" : "", "time");
}

static void
print_run(const Sweep *w, int run)
{
	const Run *r = &w->runs[run];
	const Epoch *e = &r->is.now;
	char buf[40];
	uint32_t i;

	for (i = 0; i < w->axes.n; i++)
		fprintf(w->out, "%*s  ", column_width(&w->axes.v[i]),
		        value_in(w, run, i));
	if (!r->good) {
		fprintf(w->out, "%6s %10s\n", "-", r->rc == EX_INTERRUPTED ||
		        !r->over ? "stopped" : "failed");
		return;
	}
	fprintf(w->out, "%6zu %10s", r->is.epochs, loss_text(buf, e->loss));
	if (w->held)
		fprintf(w->out, " %10s", loss_text(buf, e->val_loss));
	if (w->classifies)
		fprintf(w->out, " %8.1f%%", 100 * (w->held ? e->val_accuracy :
		        e->accuracy));
	fprintf(w->out, " %7.2f s%s\n", r->is.seconds, run == w->best ?
	        "  best" : "");
}

/* over the seeds of each setting */
static void
print_means(const Sweep *w)
{
	const Axis *seeds = &w->axes.v[w->axes.n - 1];
	int per = (int)seeds->values.n, i, k, n;
	double sum, square, mean;
	char buf[2][40];
	uint32_t a;

	if (!cli_has(w->cli, "seeds") || per < 2)
		return;
	for (i = 0; i < w->n; i += per) {
		sum = square = 0;
		for (k = n = 0; k < per; k++)
			if (w->runs[i + k].good && isfinite(score(w, i + k))) {
				sum += score(w, i + k);
				n++;
			}
		mean = sum / n;
		for (k = 0; k < per; k++)
			if (w->runs[i + k].good && isfinite(score(w, i + k)))
				square += pow(score(w, i + k) - mean, 2);
		if (n < 2)
			continue;
		for (a = 0; a + 1 < w->axes.n; a++)
			fprintf(w->out, "%s=%s, ", w->axes.v[a].name,
			        value_in(w, i, a));
		fprintf(w->out, "%d seeds: %s %s, deviation %s\n", n, w->held ?
		        "val_loss" : "loss", loss_text(buf[0], mean),
		        loss_text(buf[1], sqrt(square / (n - 1))));
	}
}

void
print_runs(const Sweep *w)
{
	int i;

	print_heads(w);
	for (i = 0; i < w->n; i++)
		print_run(w, i);
	print_means(w);
}

static void
json_run(const Sweep *w, Text *t, int run)
{
	const Run *r = &w->runs[run];
	const Epoch *e = &r->is.now;
	uint32_t i;

	json_line(t);
	json_open(t, NULL, '{');
	json_open(t, "settings", '{');
	for (i = 0; i < w->axes.n; i++)
		json_text(t, w->axes.v[i].name, value_in(w, run, i));
	json_close(t, '}');
	json_flag(t, "good", r->good);
	json_whole(t, "epochs", r->good ? r->is.epochs : 0);
	json_number(t, "seconds", r->good ? r->is.seconds : NAN);
	json_number(t, "loss", r->good ? e->loss : NAN);
	json_number(t, "val_loss", r->good ? e->val_loss : NAN);
	json_number(t, "accuracy", r->good ? e->accuracy : NAN);
	json_number(t, "val_accuracy", r->good ? e->val_accuracy : NAN);
	json_close(t, '}');
}

void
print_runs_json(const Sweep *w)
{
	Text t = { .c = w->c };
	int i;

	json_open(&t, NULL, '{');
	json_open(&t, "runs", '[');
	for (i = 0; i < w->n; i++)
		json_run(w, &t, i);
	json_close(&t, ']');
	if (w->best < 0)
		json_text(&t, "best", NULL);
	else
		json_whole(&t, "best", (uint64_t)w->best);
	json_text(&t, "weights", w->best < 0 ? NULL : w->weights);
	json_text(&t, "history", w->best < 0 ? NULL : w->history);
	json_close(&t, '}');
	fprintf(w->out, "%s\n", t.s);
}
