/* SPDX-License-Identifier: MIT
 * `bpgen draw`: a spec in, a picture of the network out. */
#include <string.h>
#include <unistd.h>
#include "../tool/info.h"
#include "../tool/options.h"
#include "boundary.h"

typedef struct {
	Ctx *c;
	const Cli *cli;
	const Network *net;
	const Layered *units;       /* NULL: boxes */
	Picture *out;
} Draw;

/* SVG to anything, by librsvg */
static int
convert(Draw *d, const char *svg, size_t n)
{
	char *const argv[] = { "rsvg-convert", "-f", (char *)d->out->format,
		"-d", "192", "-p", "192", NULL };
	char *out;
	int rc = program_filter(d->c, argv, "librsvg2-bin", svg, n, &out,
	                        &d->out->len);

	d->out->text = out;
	return rc;
}

static int
take(Draw *d, const Text *t)
{
	const char *format = d->out->format;

	if (strcmp(format, "svg") && strcmp(format, "tex"))
		return convert(d, t->s, t->n);
	d->out->text = t->s;
	d->out->len = t->n;
	return 0;
}

static int
draw_units(Draw *d)
{
	Text t = { .c = d->c };

	if (!strcmp(d->out->format, "tex"))
		lecture_tikz(d->units, &t);
	else
		lecture_svg(d->units, &t);
	return take(d, &t);
}

static int
draw_boxes(Draw *d)
{
	const char *format = d->out->format;
	char *const argv[] = { "dot", fmt(d->c, "-T%s", format),
		"-Gdpi=192", NULL };
	char *const plain[] = { "dot", fmt(d->c, "-T%s", format), NULL };
	Text t = { .c = d->c };
	char *out;
	int rc;

	network_dot(d->c, d->net, &t);
	d->out->text = t.s;
	d->out->len = t.n;
	if (!strcmp(format, "dot"))
		return 0;
	rc = program_filter(d->c, strcmp(format, "png") ? plain : argv,
	                    "graphviz", t.s, t.n, &out, &d->out->len);
	if (rc)
		return rc;
	d->out->text = strcmp(format, "svg") ? out :
		svg_marked(d->c, out, &d->out->len);
	return 0;
}

static int
draw_memory(Draw *d)
{
	const char *kernel;
	Text t = { .c = d->c };
	PlanOptions how;
	Lifetimes all;
	Info f;
	int rc = picture_format(d->c, d->cli, d->out, "svg pdf png");

	if (!rc)
		rc = picture_check(d->c, d->cli, d->out, &d->net->deps);
	if (!rc)
		rc = plan_options(d->cli, d->net, &how);
	if (rc)
		return rc;
	info_of(&f, d->c, d->net, &how);
	rc = messages(d->c, d->cli);
	if (rc || !f.plan)
		return rc ? rc : EX_DATA;
	kernel = memory_function(&f, d->cli);
	if (!kernel)
		return EX_USAGE_;
	if (!plan_lifetimes(f.p, f.plan, kernel, &all) || !all.all.n) {
		cli_error("%s_%s has no workspace: its values are local "
		          "variables", d->net->name, kernel);
		return EX_DATA;
	}
	lifetimes_svg(d->c, &all, fmt(d->c, "%s_%s: %s bytes of workspace",
	              d->net->name, kernel, grouped(d->c, all.bytes)), &t);
	rc = take(d, &t);
	return rc ? rc : picture_write(d->c, d->out);
}

static int
draw_network(Draw *d)
{
	int rc;

	d->units = layered(d->c, d->net);
	rc = picture_format(d->c, d->cli, d->out, d->units ?
	                    "svg tex dot pdf png" : "dot svg pdf png");
	if (rc == EX_USAGE_ && !d->units)
		cli_help("a network that is no chain of fully joined layers is "
		         "drawn as boxes, by Graphviz");
	if (!rc)
		rc = picture_check(d->c, d->cli, d->out, &d->net->deps);
	if (rc)
		return rc;
	rc = d->units && strcmp(d->out->format, "dot") ? draw_units(d) :
		draw_boxes(d);
	return rc ? rc : picture_write(d->c, d->out);
}

/* options that ask for nothing, or for two pictures, say so */
static int
check(const Cli *cli)
{
	const char *weights = cli_get(cli, "weights");
	bool units = cli_has(cli, "units"), plane = cli_has(cli, "boundary");
	bool memory = cli_has(cli, "memory");

	if (units + plane + memory > 1)
		cli_error("%s and %s are two pictures", units ? "--units" :
		          "--boundary", memory ? "--memory" : "--boundary");
	else if (cli->args.n && !plane)
		cli_error("draw takes data only with --boundary");
	else if (weights && !units && !plane)
		cli_error("-w %s: weights are drawn by --units or --boundary",
		          weights);
	else
		return 0;
	return EX_USAGE_;
}

/* `--weights dense1` is `--units=dense1`, unless there is a file of this name;
 * one that was named before is that of the weights */
static bool
names_layer(const Draw *d)
{
	const Names *all = cli_all(d->cli, "weights");
	const char *last = all && all->n ? all->v[all->n - 1] : NULL;
	uint32_t i;

	if (!last || cli_has(d->cli, "memory") || !access(last, F_OK))
		return false;
	for (i = 0; i < d->net->layers.n; i++)
		if (!strcmp(d->net->layers.v[i].name, last))
			break;
	if (i == d->net->layers.n)
		return false;
	cli_set(d->c, d->cli, "units", last);
	cli_set(d->c, d->cli, "weights", all->n > 1 ? all->v[all->n - 2] : NULL);
	return true;
}

int
cmd_draw(Ctx *c, const Cli *cli)
{
	Picture out = { .path = "-" };
	Draw d = { .c = c, .cli = cli, .out = &out };
	int rc;

	if (cli_has(cli, "units") || cli_has(cli, "boundary")) {
		rc = check(cli);
		return rc ? rc : cli_has(cli, "units") ?
			draw_weights(c, cli) : draw_boundary(c, cli);
	}
	d.net = load_network(c, cli, &rc);
	if (d.net && names_layer(&d))
		return draw_weights(c, cli);
	if (d.net)
		rc = check(cli);
	if (!d.net || rc)
		return rc;
	return cli_has(cli, "memory") ? draw_memory(&d) : draw_network(&d);
}
