/* SPDX-License-Identifier: MIT
 * The network as it was said, counted and checked; and where it was trained. */
#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "../tool/check.h"
#include "../tool/info.h"
#include "../tool/options.h"
#include "report.h"

enum { MOST_SPEC = 100000, MOST_LAYERS = 200, CHECKED = 2000 };
#define CHECK_WORK 1e8          /* multiply-adds */

/* ---------------------------------------------------------------- the spec */

/* a line of it, tabs as blanks */
static const char *
plain_line(Ctx *c, const char *s, size_t n)
{
	Text t = {.c = c};
	size_t i;

	text_put(&t, "", 0);
	for (i = 0; i < n; i++)
		if (s[i] == '\t')
			text_put(&t, "        ", 8 - t.n % 8);
		else
			text_put(&t, s + i, 1);
	return t.s;
}

static void
add_spec(Page *p)
{
	const Source *s = NULL;
	const char *line, *end, *stop;
	uint32_t i;

	for (i = 1; i < p->c->sources.n && !s; i++)
		if (!strcmp(p->c->sources.v[i].name, p->r->s->net->path))
			s = &p->c->sources.v[i];
	if (!s)
		return;
	stop = s->text + (s->len < MOST_SPEC ? s->len : MOST_SPEC);
	for (line = s->text; line < stop; line = end + 1) {
		end = memchr(line, '\n', (size_t)(stop - line));
		end = end ? end : stop;
		page_row(p, "spec", plain_line(p->c, line, (size_t)(end - line)),
		         NULL);
	}
	if (s->len > MOST_SPEC)
		page_row(p, "spec", "...", NULL);
}

/* the network as lectures draw it, where it is one that they draw */
static void
add_drawing(Page *p)
{
	Layered *picture = layered(p->c, p->r->s->net);
	Text t = {.c = p->c};

	if (!picture)
		return;
	lecture_svg(picture, &t);
	page_text(p, "drawing", data_uri(p->c, "image/svg+xml", t.s, t.n));
}

/* ---------------------------------------------------------- what it costs */

static const char *
count(Ctx *c, int64_t n)
{
	return n ? grouped(c, n) : "-";
}

static void
add_layers(Page *p, const Info *f)
{
	const Network *net = f->net;
	uint32_t i, shown = 0;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (!l->rec)
			continue;
		if (shown++ == MOST_LAYERS) {
			page_row(p, "layers", "...", "", "", "", "", NULL);
			break;
		}
		page_row(p, "layers", l->name, layer_what(p->c, net, l),
		         shape_text(p->c, &l->out), l->dead ? "not used" :
		         count(p->c, layer_params(l)), l->dead ? "-" :
		         count(p->c, f->macs[i]), NULL);
	}
	page_row(p, "layers_total", grouped(p->c, net->params),
	         grouped(p->c, f->total_macs), NULL);
}

static void
add_bytes(Page *p, const char *name, int64_t n, const char *what)
{
	page_row(p, "memory", name, grouped(p->c, n), what, NULL);
}

/* what NAME_train keeps in its workspace, and when */
static void
add_lifetimes(Page *p, const Info *f)
{
	const char *kernel = plan_trains(f->plan);
	Text t = {.c = p->c};
	Lifetimes all;

	if (!kernel || !plan_lifetimes(f->p, f->plan, kernel, &all) ||
	    !all.all.n)
		return;
	lifetimes_svg(p->c, &all, fmt(p->c, "%s_%s: %s bytes of workspace",
	              f->net->name, kernel, grouped(p->c, all.bytes)), &t);
	page_text(p, "lifetimes", data_uri(p->c, "image/svg+xml", t.s, t.n));
}

static void
add_costs(Page *p)
{
	const Network *net = p->r->s->net;
	PlanOptions how;
	Info f;

	if (plan_options(p->r->s->cli, net, &how) ||
	    !info_of(&f, p->c, net, &how))
		return;
	add_layers(p, &f);
	add_bytes(p, "weights", f.weights, fmt(p->c, "%s x %d", grouped(p->c,
	          net->params), net->dtype == F32 ? 4 : 8));
	add_bytes(p, "gradient", f.gradient, "");
	add_bytes(p, "state", f.state, net->optimizer ? net->optimizer->name :
	          "no optimizer");
	add_bytes(p, "workspace", f.work, "");
	add_bytes(p, "NAME_net", f.plan->bytes, "all of these, for training");
	add_bytes(p, "stack", f.stack, "an estimate");
	add_lifetimes(p, &f);
}

/* -------------------------------------------------------- the derivatives */

static void
add_block(Page *p, const Check *k, const Block *b)
{
	double order = block_order(k, b);
	bool compared = !b->why_not && b->tested > b->unusable;
	Names row = {0};
	int i;

	row_put(p, &row, b->name);
	row_put(p, &row, grouped(p->c, (int64_t)b->count));
	for (i = 0; i < STEPS; i++)
		row_put(p, &row, compared ? fmt(p->c, "%.1e", b->error[i]) :
		        "-");
	row_put(p, &row, compared && isfinite(order) ? fmt(p->c, "%.1f", order) :
	        "-");
	row_put(p, &row, compared ? fmt(p->c, "%.1e", b->relative) : "-");
	row_put(p, &row, b->why_not ? b->why_not : !compared ? "skipped" :
	        b->wrong ? "WRONG" : "ok");
	page_add(p, "check", &row);
}

/* at a point drawn as `bpgen check` draws it, with a row of the data */
static void
add_check(Page *p)
{
	Session s = *p->r->s;
	Check k = {.s = &s, .most = CHECKED, .work = CHECK_WORK};
	uint32_t i, wrong = 0;
	int rc;

	s.weights = NULL;
	if (s.how == JIT_AUTO)
		s.how = JIT_TCC; /* it compiles at once */
	rc = check_compare(&k);
	for (i = 0; i < k.blocks.n && !rc && i < MOST_LAYERS; i++) {
		add_block(p, &k, &k.blocks.v[i]);
		wrong += k.blocks.v[i].wrong > 0;
	}
	if (!rc)
		page_text(p, "check_says", wrong ? "some derivatives are wrong" :
		          "the derivatives are right");
	else if (k.why)
		page_text(p, "check_says", k.why);
	net_free(k.net);
}

void
report_network(Page *p)
{
	add_spec(p);
	add_drawing(p);
	add_costs(p);
	add_check(p);
}

/* ----------------------------------------------------------------- the run */

/* "model name : ..." of the first processor; "" */
static const char *
processor(Ctx *c)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	const char *found = "";
	char line[256];

	while (f && !*found && fgets(line, sizeof line, f))
		if (!strncmp(line, "model name", 10) && strstr(line, ": "))
			found = fmt(c, "%.*s", (int)strcspn(strstr(line, ": ") +
			            2, "\n"), strstr(line, ": ") + 2);
	if (f)
		fclose(f);
	return found;
}

static void
add_environment(Page *p)
{
	const Session *s = p->r->s;
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	struct utsname u;

	page_row(p, "environment", "bpgen", BPGEN_VERSION
#ifdef __VERSION__
	         ", built by " 
#ifdef __clang__
	         __VERSION__
#else
	         "gcc " __VERSION__
#endif
#endif
	         , NULL);
	page_row(p, "environment", "the net was compiled by", s->by_system ?
	         compiler_name() : tcc_name(p->c), NULL);
	page_row(p, "environment", "Lua", BPGEN_LUA, NULL);
	if (!uname(&u))
		page_row(p, "environment", "machine", fmt(p->c, "%s %s, %s",
		         u.sysname, u.release, u.machine), NULL);
	page_row(p, "environment", "processor", fmt(p->c, "%ld x %s", n,
	         processor(p->c)), NULL);
}

static void
add_options(Page *p)
{
	const Cli *cli = p->r->s->cli;
	const Names *all;
	size_t i, k;
	uint32_t v;

	for (i = 0; i < option_count; i++) {
		for (k = 0; k < i; k++)
			if (!strcmp(options[k].name, options[i].name))
				break;
		all = k < i ? NULL : cli_all(cli, options[i].name);
		for (v = 0; all && v < all->n; v++)
			page_row(p, "options", fmt(p->c, "--%s", options[i].name),
			         all->v[v], NULL);
	}
}

void
report_run(Page *p)
{
	const Train *r = p->r;

	page_row(p, "environment", "data", fmt(p->c, "%s, %s rows", r->s->data->path,
	         grouped(p->c, (int64_t)r->s->data->rows)), NULL);
	page_row(p, "environment", "seed", fmt(p->c, "%llu",
	         (unsigned long long)r->s->net->seed), NULL);
	page_row(p, "environment", "weights", r->weights_path, NULL);
	page_row(p, "environment", "history", r->history_path, NULL);
	add_environment(p);
	add_options(p);
}
