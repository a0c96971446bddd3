/* SPDX-License-Identifier: MIT
 * A run of training that is over in, a page of HTML that needs nothing else
 * out. */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

/* ------------------------------------------------------------ what it holds */

void
page_text(Page *p, const char *name, const char *html)
{
	PUSH(p->c, &p->texts, ((Note){name, html}));
}

void
row_put_html(Page *p, Names *row, const char *html)
{
	PUSH(p->c, row, html);
}

void
row_put(Page *p, Names *row, const char *text)
{
	Text t = {.c = p->c};

	text_put(&t, "", 0);
	xml_put(&t, text);
	row_put_html(p, row, t.s);
}

void
page_add(Page *p, const char *table, const Names *row)
{
	uint32_t i;

	for (i = 0; i < p->tables.n; i++)
		if (!strcmp(p->tables.v[i].name, table))
			break;
	if (i == p->tables.n)
		PUSH(p->c, &p->tables, ((Table){table, {0}}));
	PUSH(p->c, &p->tables.v[i].rows, *row);
}

void
page_row(Page *p, const char *table, ...)
{
	Names row = {0};
	const char *cell;
	va_list ap;

	va_start(ap, table);
	while ((cell = va_arg(ap, const char *)) != NULL)
		row_put(p, &row, cell);
	va_end(ap);
	page_add(p, table, &row);
}

/* -------------------------------------------------------- to the template */

static void
push_row(lua_State *L, const Names *row)
{
	uint32_t i;

	lua_createtable(L, (int)row->n, 0);
	for (i = 0; i < row->n; i++) {
		lua_pushstring(L, row->v[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

/* texts by their names, tables too: lists of rows, which are lists of cells */
static int
push(void *state, void *u)
{
	lua_State *L = state;
	const Page *p = u;
	uint32_t i, k;

	luaL_checkstack(L, 8, NULL);
	lua_createtable(L, 0, (int)(p->texts.n + p->tables.n));
	for (i = 0; i < p->texts.n; i++) {
		lua_pushstring(L, p->texts.v[i].text);
		lua_setfield(L, -2, p->texts.v[i].name);
	}
	for (i = 0; i < p->tables.n; i++) {
		const Table *t = &p->tables.v[i];

		lua_createtable(L, (int)t->rows.n, 0);
		for (k = 0; k < t->rows.n; k++) {
			push_row(L, &t->rows.v[k]);
			lua_rawseti(L, -2, (lua_Integer)k + 1);
		}
		lua_setfield(L, -2, t->name);
	}
	return 1;
}

/* -------------------------------------------------------- the first lines */

/* note: and help: stand out */
static void
add_summary(Page *p)
{
	const char *line = p->r->summary, *end;

	for (; line && *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		page_row(p, "summary", !strncmp(line, "help:", 5) ? "help" :
		         !strncmp(line, "note:", 5) ? "note" : "plain",
		         copy(p->c, line, (size_t)(end - line)), NULL);
	}
}

static void
add_tiles(Page *p)
{
	const Train *r = p->r;
	const Network *net = r->s->net;
	const Epoch *e = &r->now;
	const char *rows = r->s->data->series ? "windows" : "rows";
	char buf[40];

	page_row(p, "tiles", r->held ? "validation loss" : "loss",
	         loss_text(buf, r->held ? e->val_loss : e->loss), r->held ?
	         fmt(p->c, "training %s", loss_text((char[40]){0}, e->loss)) :
	         "on the rows it learnt from", NULL);
	if (class_places(net))
		page_row(p, "tiles", r->held ? "validation accuracy" :
		         "accuracy", fmt(p->c, "%.1f %%", 100 * (r->held ?
		         e->val_accuracy : e->accuracy)), r->held ?
		         fmt(p->c, "training %.1f %%", 100 * e->accuracy) :
		         "on the rows it learnt from", NULL);
	page_row(p, "tiles", "epoch", grouped(p->c, (int64_t)kept_epoch(r)),
	         fmt(p->c, "of %s, in %.3g s", grouped(p->c,
	         (int64_t)r->epoch), train_seconds(r)), NULL);
	page_row(p, "tiles", "parameters", grouped(p->c, net->params),
	         net->dtype == F32 ? "f32" : "f64", NULL);
	page_row(p, "tiles", rows, grouped(p->c, (int64_t)r->train), r->held ?
	         fmt(p->c, "and %s to validate with", grouped(p->c,
	         (int64_t)r->held)) : "none to validate with", NULL);
}

/* a script or a licence of uPlot, where this build has it; "" */
static void
add_file(Page *p, const char *name, const char *path)
{
	size_t n;
	const char *text = template_text(p->c, path, &n);

	page_text(p, name, text ? copy(p->c, text, n) : "");
}

int
report_write(Train *r, const char *path)
{
	Page p = {.r = r, .c = r->s->c, .plots = {.c = r->s->c}};
	Output o;
	Text html = {.c = r->s->c}, name = {.c = r->s->c};
	int rc;

	xml_put(&name, r->s->net->name);
	page_text(&p, "mark", "<!-- " DRAWN_BY " -->");
	page_text(&p, "name", name.s);
	page_text(&p, "version", BPGEN_VERSION);
	page_row(&p, "lead", net_outline(r), file_name(r->s->net->path),
	         file_name(r->s->data->path), NULL);
	add_summary(&p);
	add_tiles(&p);
	report_curves(&p);
	report_agreement(&p);
	report_weights(&p);
	report_network(&p);
	report_run(&p);
	text_put(&p.plots, "", 0);
	page_text(&p, "plots", p.plots.s);
	add_file(&p, "style", "report/page.css");
	add_file(&p, "script", "report/page.js");
	add_file(&p, "uplot", "report/uplot.js");
	add_file(&p, "uplot_style", "report/uplot.css");
	add_file(&p, "uplot_licence", "report/uplot.licence");
	template_run(p.c, "report/page.html", push, &p, &html);
	rc = messages(p.c, r->s->cli);
	if (rc)
		return rc;
	rc = report_check(r, path, &o);
	o.text = html.s;
	o.len = html.n;
	return rc ? rc : outputs_write(p.c, &o, 1);
}

int
report_check(const Train *r, const char *path, Output *o)
{
	Names inputs = {0};
	Output mine;

	if (!o)
		o = &mine;
	*o = (Output){.path = path, .marked = true};
	if (!strcmp(path, "-") && !strcmp(r->weights_path, "-")) {
		cli_error("--report and -o cannot both be standard output");
		return EX_USAGE_;
	}
	PUSH(r->s->c, &inputs, r->s->net->path);
	PUSH(r->s->c, &inputs, r->s->data->path);
	PUSH(r->s->c, &inputs, r->weights_path);
	PUSH(r->s->c, &inputs, r->history_path);
	return outputs_check(r->s->c, o, 1, cli_has(r->s->cli, "force"),
	                     &inputs);
}
