/* SPDX-License-Identifier: MIT
 * A spec, its data and weights in; a network that runs, and measures of it. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "session.h"

void
whole_file_error(Ctx *c, const char *path, const char *format, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	err(c, (Loc){source_add(c, path, "", 0), 0, 0}, "%s", line);
	c->diags.v[c->diags.n - 1].place = 'f';
}

const char *
grouped(Ctx *c, int64_t n)
{
	char *digits = fmt(c, "%lld", (long long)(n < 0 ? -n : n));
	size_t len = strlen(digits), i;
	Text t = {c, NULL, 0, 0};

	if (n < 0)
		text_put(&t, "-", 1);
	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text_put(&t, ",", 1);
		text_put(&t, digits + i, 1);
	}
	return t.s;
}

const char *
short_number(char buf[40], double v)
{
	snprintf(buf, 40, "%.6g", v);
	return buf;
}

const char *
plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool
unicode_terminal(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *v = NULL;
	int i;

	for (i = 0; i < 3 && !(v && *v); i++)
		v = getenv(names[i]);
	return v && (strstr(v, "UTF-8") || strstr(v, "utf8") ||
	             strstr(v, "utf-8") || strstr(v, "UTF8"));
}

int
whole_option(const Cli *cli, const char *option, double most, double *v)
{
	int rc;

	if (!cli_get(cli, option))
		return 0;
	rc = cli_number(cli, option, v);
	if (rc)
		return rc;
	if (*v == floor(*v) && *v >= 0 && *v <= most)
		return 0;
	cli_error("--%s: '%s' is not a whole number from 0 to %.0f", option,
	          cli_get(cli, option), most);
	return EX_USAGE_;
}

/* a seed may have 64 bits, more than a double holds */
static int
read_seed(const Cli *cli, Network *net)
{
	const char *s = cli_get(cli, "seed");
	uint64_t v = 0;

	if (!s)
		return 0;
	if (!*s || strlen(s) > 19 || strspn(s, "0123456789") != strlen(s)) {
		cli_error("--seed: '%s' is not a whole number", s);
		return EX_USAGE_;
	}
	for (; *s; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	net->seed = v;
	return 0;
}

static JitHow
how_to_compile(const Cli *cli)
{
	const char *how = cli_get(cli, "jit");

	return !how || !strcmp(how, "auto") ? JIT_AUTO :
		!strcmp(how, "tcc") ? JIT_TCC : JIT_CC;
}

int
session_open(Session *s, Ctx *c, const Cli *cli, bool needs_loss)
{
	int rc;

	s->c = c;
	s->cli = cli;
	s->how = how_to_compile(cli);
	s->net = load_network(c, cli, &rc);
	if (!s->net)
		return rc;
	rc = read_seed(cli, s->net);
	if (rc || !needs_loss)
		return rc;
	if (s->net->heads.n && s->net->heads.v[0].loss)
		return 0;
	whole_file_error(c, s->net->path, "'%s' needs a `loss`", cli->command);
	help(c, "add a line such as `loss mse` or `loss cross_entropy`");
	return messages(c, cli);
}

static int
header_option(const Cli *cli, int *header)
{
	const char *v = cli_get(cli, "header");

	*header = -1;
	if (!v)
		return 0;
	if (strcmp(v, "yes") && strcmp(v, "no")) {
		cli_error("--header=%s: the value must be yes or no", v);
		return EX_USAGE_;
	}
	*header = !strcmp(v, "yes");
	return 0;
}

int
session_data(Session *s, const char *path, bool need_targets)
{
	DataOptions o = {
		.columns = cli_get(s->cli, "columns"),
		.target = cli_get(s->cli, "target"),
		/* a second file has labels of its own */
		.labels = path ? NULL : cli_get(s->cli, "labels"),
		.header = -1, .need_targets = need_targets
	};
	int rc = header_option(s->cli, &o.header), said;

	if (rc)
		return rc;
	if (!path && s->cli->args.n)
		path = s->cli->args.v[0];
	if (!path) {
		cli_error("%s needs data: bpgen %s %s DATA.csv",
		          s->cli->command, s->cli->command, s->net->path);
		return EX_USAGE_;
	}
	o.ids = input_ids(s->c, s->net);
	if (messages(s->c, s->cli))
		return EX_DATA;
	s->data = data_read(s->c, s->net, path, &o, &rc);
	said = messages(s->c, s->cli);
	return rc ? rc : said;
}

int
session_weights(Session *s, bool wanted)
{
	const char *path = cli_get(s->cli, "weights");
	struct stat st;
	int rc = 0;

	if (!path && !wanted)
		return 0;
	if (!path) {
		path = fmt(s->c, "%s.safetensors", s->net->name);
		if (stat(path, &st)) {
			cli_error("%s needs weights: there is no %s here",
			          s->cli->command, path);
			cli_help("`bpgen train %s DATA.csv` makes it; "
			         "-w FILE names another", s->net->path);
			return EX_NOINPUT_;
		}
	}
	s->weights = weights_read(s->c, path, &rc);
	if (s->weights && !weights_apply(s->c, s->net, s->weights))
		rc = EX_DATA;
	if (messages(s->c, s->cli) && !rc)
		rc = EX_DATA;
	return rc;
}

/* where an input layer's values begin in x */
static int64_t
input_offset(const Network *net, int layer)
{
	int64_t at = 0;
	int i;

	for (i = 0; i < layer; i++)
		if (!net->layers.v[i].rec)
			at += shape_size(&net->layers.v[i].out);
	return at;
}

static int
fit_layers(Session *s, const ColumnStats *columns)
{
	Network *net = s->net;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		Layer *l = &net->layers.v[i];

		if (!l->rec || !l->rec->constants.n || l->dead)
			continue;
		if (!record_fit(s->c, l, columns +
		                input_offset(net, l->in.v[0])))
			return EX_DATA;
		l->constants_known = true;
	}
	return 0;
}

int
session_fit(Session *s, const size_t *rows, size_t n)
{
	Network *net = s->net;
	const Data *d = s->data;
	ColumnStats *columns = mem(s->c, (size_t)(net->inputs + net->targets) *
	                           sizeof *columns);
	bool inputs;
	int rc;

	column_stats(d, true, rows, n, columns);
	rc = fit_layers(s, columns);
	inputs = net->heads.n == 1 && net->heads.v->input;
	if (!rc && net->targets_scale &&
	    (inputs || d->stored == net->targets)) {
		target_room(s->c, net);
		column_stats(d, inputs, rows, n, columns);
		targets_fit(net, columns);
	}
	network_hash(net);
	if (messages(s->c, s->cli))
		rc = EX_DATA;
	return rc;
}

int
session_compile(Session *s, double gradients)
{
	Network *net = s->net;
	int rc = session_net(s, net->dtype, false, gradients, &s->jit);
	size_t real = sizeof(double), i;
	void *w;

	if (rc)
		return rc;
	s->x = mem(s->c, real * (size_t)net->inputs + 64);
	s->y = mem(s->c, real * (size_t)net->outputs + 64);
	s->t = mem(s->c, real * (size_t)net->targets + 64);
	net_init(s->jit, net->seed);
	if (!s->weights)
		return 0;
	w = mem(s->c, real * (size_t)s->weights->count + 64);
	for (i = 0; i < (size_t)s->weights->count; i++)
		real_set(net->dtype, w, i, s->weights->params[i]);
	net_set_kept(s->jit, w);
	return 0;
}

void
session_close(Session *s)
{
	net_free(s->jit);
	data_free(s->data);
	s->jit = NULL;
	s->data = NULL;
}

/* ------------------------------------------------------------- measuring */

double
real_get(Dtype real, const void *v, size_t i)
{
	return real == F32 ? (double)((const float *)v)[i] :
		((const double *)v)[i];
}

void
real_set(Dtype real, void *v, size_t i, double x)
{
	if (real == F32)
		((float *)v)[i] = (float)x;
	else
		((double *)v)[i] = x;
}

int
output_class(const Network *net, const void *y, int place)
{
	const Head *h = net->heads.v;
	int k, best = 0, n = h->outputs / positions(net, h);

	if (n == 1)
		return real_get(net->dtype, y, (size_t)place) >
			(low_target(h) + 1) / 2;
	for (k = 1; k < n; k++)
		if (real_get(net->dtype, y, class_at(net, h, place, k)) >
		    real_get(net->dtype, y, class_at(net, h, place, best)))
			best = k;
	return best;
}

void
session_row(Session *s, const Data *d, size_t row)
{
	data_gather(d, s->net, s->net->dtype, NULL, row, 1, s->x,
	            row < d->known ? s->t : NULL);
}

int
measure_row(Session *s, const Data *d, size_t row, double *loss)
{
	int places = class_places(s->net), right = 0, i;

	session_row(s, d, row);
	if (loss)
		*loss = net_loss(s->jit, s->x, s->t);
	if (!places)
		return 0;
	net_forward(s->jit, s->x, s->y);
	for (i = 0; i < places; i++)
		right += output_class(s->net, s->y, i) ==
		         data_class(d, s->net, row, i);
	return right;
}

double
accuracy(const Network *net, const Measure *m)
{
	int places = class_places(net);

	return m->rows && places ?
	       (double)m->right / places / (double)m->rows : NAN;
}

void
measure(Session *s, const Data *d, const size_t *rows, size_t n,
	bool with_loss, Measure *m)
{
	double sum = 0, loss;
	size_t i;

	*m = (Measure){n, 0, NAN, NAN};
	for (i = 0; i < n; i++) {
		m->right += (size_t)measure_row(s, d, rows ? rows[i] : i,
		                                with_loss ? &loss : NULL);
		if (with_loss)
			sum += loss;
	}
	if (n && with_loss)
		m->loss = sum / (double)n;
	m->accuracy = accuracy(s->net, m);
}

/* --------------------------------------------------------------- require */

static int
find_metric(Ctx *c, const char *text, const Metric *m, int n, double *want)
{
	size_t len = strcspn(text, "=");
	const char *name = copy(c, text, len), *near, *value = text + len;
	Names names = {0};
	int i;

	for (i = 0; i < n; i++) {
		PUSH(c, &names, m[i].name);
		if (strcmp(m[i].name, name))
			continue;
		if (*value && csv_number(value + 1, strlen(value + 1), want))
			return i;
		cli_error("--require %s: write --require %s=NUMBER", text, name);
		return -1;
	}
	near = nearest(name, &names);
	cli_error("--require %s: nothing called '%s' is measured here%s%s",
	          text, name, near ? "; a similar name exists: " : "",
	          near ? near : "");
	return -1;
}

int
require_names(Ctx *c, const Cli *cli, const Metric *m, int n)
{
	const Names *all = cli_all(cli, "require");
	double want;
	uint32_t i;

	for (i = 0; all && i < all->n; i++)
		if (find_metric(c, all->v[i], m, n, &want) < 0)
			return EX_USAGE_;
	return 0;
}

int
require(Ctx *c, const Cli *cli, const Metric *m, int n)
{
	const Names *all = cli_all(cli, "require");
	double want;
	uint32_t i;
	int k, rc = 0;

	for (i = 0; all && i < all->n; i++) {
		k = find_metric(c, all->v[i], m, n, &want);
		if (k < 0)
			return EX_USAGE_;
		if (m[k].more_is_better ? m[k].value >= want :
		    m[k].value <= want)
			continue;
		cli_note("%s is %.6g, but %s %.6g is required", m[k].name,
		         m[k].value, m[k].more_is_better ? "at least" :
		         "at most", want);
		rc = EX_NO;
	}
	return rc;
}
