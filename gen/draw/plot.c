/* SPDX-License-Identifier: MIT
 * `bpgen plot`: histories of trainings in, their curves out: on the terminal,
 * as SVG or TikZ, or what gnuplot makes of them. */
#include <string.h>
#include "curves.h"
#include "terminal.h"

static int
by_gnuplot(Ctx *c, const Curves *p, Picture *out)
{
	static char *const argv[] = { "gnuplot", NULL };
	Text t = { .c = c };
	char *made;
	int rc;

	curves_gnuplot(c, p, out->format, &t);
	rc = program_filter(c, argv, "gnuplot-nox", t.s, t.n, &made, &out->len);
	out->text = made;
	return rc;
}

static int
make(Ctx *c, const Cli *cli, const Curves *p, Picture *out)
{
	Text t = { .c = c };

	if (cli_has(cli, "gnuplot"))
		curves_gnuplot(c, p, cli_get(cli, "format") ?
		               cli_get(cli, "format") : "svg", &t);
	else if (!strcmp(out->format, "text"))
		curves_screen(c, p, unicode_terminal(), terminal_color(cli),
		              terminal_width(), &t);
	else if (!strcmp(out->format, "svg"))
		curves_svg(c, p, &t);
	else if (!strcmp(out->format, "tex"))
		curves_tikz(c, p, &t);
	else
		return by_gnuplot(c, p, out);
	out->text = t.s;
	out->len = t.n;
	return 0;
}

static int
choose(Ctx *c, const Cli *cli, Picture *out)
{
	const char *path = cli_get(cli, "output");

	if (!cli_has(cli, "gnuplot"))
		return picture_format(c, cli, out, "text svg pdf png tex");
	out->path = path ? path : "-";
	out->format = "gp";
	return 0;
}

int
cmd_plot(Ctx *c, const Cli *cli)
{
	Picture out = { .path = "-" };
	Curves p = { .title = "loss" };
	int rc;

	if (!cli->args.n) {
		cli_error("plot needs a history: bpgen plot NAME.history.csv");
		cli_help("`bpgen train` writes it");
		return EX_USAGE_;
	}
	rc = choose(c, cli, &out);
	if (!rc)
		rc = curves_read(c, cli, &p);
	if (!rc)
		rc = picture_check(c, cli, &out, &cli->args);
	if (rc)
		return rc;
	curves_scale(&p);
	rc = make(c, cli, &p, &out);
	return rc ? rc : picture_write(c, &out);
}
