/* SPDX-License-Identifier: MIT
 * `--numbers 0,1;1` or `--numbers row:5`: the text of one sample, or its place in
 * the data -> its inputs and targets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../data/reader.h"
#include "walk.h"

typedef struct {
	Reader r;
	Data d;
	DataOptions o;
	Names fields;
	uint32_t inputs, cuts;      /* of the fields, before the ;; so many ; */
} Given;

static const char blanks[] = ", \t\r\n";

static void
split(Ctx *c, const char *text, Given *g)
{
	size_t n;

	for (;;) {
		text += strspn(text, blanks);
		if (*text == ';') {
			g->cuts++;
			g->inputs = g->fields.n;
			text++;
			continue;
		}
		n = strcspn(text, ", \t\r\n;");
		if (!n)
			return;
		PUSH(c, &g->fields, copy(c, text, n));
		text += n;
	}
}

static int
wrong_count(Given *g)
{
	Text t = { .c = g->r.c };
	uint32_t n = g->fields.n;

	if (g->cuts == 1)
		text_add(&t, "%u before the `;` and %u behind it", g->inputs,
		         n - g->inputs);
	else
		text_add(&t, "%u value%s%s", n, plural(n), g->cuts ? " and more "
		         "than one `;`" : "");
	cli_error("--numbers: %s, not %s", expects(&g->r), t.s);
	if (needs_no_targets(g->r.net))
		cli_help("write the inputs, such as --numbers='0.5,1'");
	else
		cli_help("write the inputs, a `;`, and the targets, such as "
		         "--numbers='0.5,1;0'");
	return EX_USAGE_;
}

static int
number(const char *s, double *v)
{
	char *end;

	*v = strtod(s, &end);
	if (*s && !*end && strspn(s, "0123456789+-.eE") == strlen(s) &&
	    isfinite(*v))
		return 0;
	cli_error("--numbers: '%s' is not a number", s);
	return EX_USAGE_;
}

static int
read_input(Given *g, int i, const char *s, double *v)
{
	int below = ids_below(&g->r, i), rc = number(s, v);

	if (rc || !below || (*v >= 0 && *v < below && *v == floor(*v)))
		return rc;
	cli_error("--numbers: '%s' is no whole number from 0 to %d", s,
	          below - 1);
	return EX_USAGE_;
}

static void
name_classes(const Given *g)
{
	const Names *classes = &g->r.net->classes;
	Text t = { .c = g->r.c };
	uint32_t i;

	for (i = 0; i < classes->n && i < 8; i++)
		text_add(&t, " %s", classes->v[i]);
	cli_help("its classes are%s%s", t.s, i < classes->n ? " ..." : "");
}

/* its name, or else its number */
static int
read_class(Given *g, const Head *h, const char *s, double *v)
{
	const Network *net = g->r.net;
	int most = head_classes(net, h);
	char *end;
	uint32_t i;

	for (i = 0; net->heads.n == 1 && i < net->classes.n; i++)
		if (!strcmp(net->classes.v[i], s)) {
			*v = i;
			return 0;
		}
	*v = strtod(s, &end);
	if (strspn(s, "0123456789") == strlen(s) && *v < most)
		return 0;
	cli_error("--numbers: '%s' is no class of '%s'", s, net->name);
	if (net->heads.n == 1 && net->classes.n)
		name_classes(g);
	else
		cli_help("classes are numbers from 0 to %d", most - 1);
	return EX_USAGE_;
}

static int
read_target(Given *g, int k, const char *s, double *v)
{
	const Head *h = &g->r.net->heads.v[g->r.head_of[k]];
	double low = low_target(h);
	int rc;

	if (g->d.label[g->r.head_of[k]])
		return read_class(g, h, s, v);
	rc = number(s, v);
	if (rc || !head_classifies(g->r.net, h) || (*v >= low && *v <= 1))
		return rc;
	cli_error("--numbers: a target of %s, but %s wants %g to 1", s,
	          h->loss->name, low);
	return EX_USAGE_;
}

/* how many targets are given; -1: a wrong count */
static int
targets_of(const Given *g)
{
	const Network *net = g->r.net;
	uint32_t n = g->fields.n - (uint32_t)net->inputs;
	bool loss = net->heads.n && net->heads.v[0].loss;

	if (g->fields.n < (uint32_t)net->inputs ||
	    g->cuts > 1 || (g->cuts && g->inputs != (uint32_t)net->inputs))
		return -1;
	if (!loss || needs_no_targets(net))
		return n ? -1 : 0;
	return targets_fit_in(net, n) ? (int)n : -1;
}

static int
row_read(Network *net, const Data *d, const char *text, double *x, double *t)
{
	char *end;
	double row = strtod(text, &end);
	bool loss = net->heads.n && net->heads.v[0].loss;
	size_t rows = !d ? 0 : loss ? d->known : d->rows;
	int i;

	if (!d) {
		cli_error("--numbers=row:%s: there is no data", text);
		cli_help("name its file: --data=FILE");
		return EX_USAGE_;
	}
	if (!*text || *end || !(row >= 1) || row != floor(row) ||
	    row > (double)rows) {
		cli_error("--numbers=row:%s: rows of %s are numbers from 1 to %zu",
		          text, d->path, rows);
		return EX_USAGE_;
	}
	for (i = 0; i < net->inputs; i++)
		x[i] = data_input(d, (size_t)row - 1, (size_t)i);
	if (loss)
		data_targets(d, net, (size_t)row - 1, t);
	return 0;
}

int
sample_read(Ctx *c, Network *net, const Data *d, const char *text, double *x,
	double *t)
{
	Given *g = mem(c, sizeof *g);
	int i, n, rc = 0;

	if (!strncmp(text, "row:", 4))
		return row_read(net, d, text + 4, x, t);
	g->r.c = c;
	g->r.net = net;
	g->r.d = &g->d;
	g->r.o = &g->o;
	g->o.ids = input_ids(c, net);
	split(c, text, g);
	n = targets_of(g);
	if (n < 0)
		return wrong_count(g);
	g->d.inputs = net->inputs;
	g->d.stored = n;
	g->d.x = x;
	g->d.t = mem(c, ((size_t)n + 1) * sizeof(double));
	assign_heads(&g->r, (uint32_t)n);
	for (i = 0; i < net->inputs && !rc; i++)
		rc = read_input(g, i, g->fields.v[i], &x[i]);
	for (i = 0; i < n && !rc; i++)
		rc = read_target(g, i, g->fields.v[net->inputs + i], &g->d.t[i]);
	if (!rc && net->heads.n && net->heads.v[0].loss)
		data_targets(&g->d, net, 0, t);
	return rc;
}
