/* SPDX-License-Identifier: MIT
 * `bpgen gen`: a spec in; C, header and the rule for make out. */
#include <string.h>
#include <sys/stat.h>
#include "session.h"

typedef struct {
	Ctx *c;
	const Cli *cli;
	Network *net;
	Names deps;
	const char *prefix;
	const double *trained;
	Output out[3];             /* C, header, rule for make */
	int outs;
	bool own_header;
} Job;

static bool
is_stdout(const char *path)
{
	return !path || !strcmp(path, "-");
}

/* net.c -> net.h, anything else gets the ending added */
static const char *
with_ending(Ctx *c, const char *path, const char *ending)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	size_t n = strlen(path);

	if (dot && (!slash || dot > slash + 1) && dot != path &&
	    strspn(dot + 1, "cChxp+") == strlen(dot + 1))
		n = (size_t)(dot - path);
	return fmt(c, "%.*s%s", (int)n, path, ending);
}

static const char *
file_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
add_output(Job *j, const char *path, bool marked)
{
	j->out[j->outs++] = (Output){ .path = path, .marked = marked };
}

/* `-o /dev/null` and its like are one text, as stdout is */
static bool
regular(const char *path)
{
	struct stat st;

	return !is_stdout(path) && (stat(path, &st) || S_ISREG(st.st_mode));
}

static int
rule_name(Job *j, const char *c_path, const char **path)
{
	const Cli *cli = j->cli;

	*path = cli_get(cli, "depfile");
	if (*path || (!cli_has(cli, "MD") && !cli_has(cli, "MMD"))) {
		if (*path || (!cli_has(cli, "MT") && !cli_has(cli, "MP")))
			return 0;
		cli_error("-MT and -MP need -MD or -MF FILE");
		return EX_USAGE_;
	}
	if (is_stdout(c_path)) {
		cli_error("-MD needs -MF FILE where the C goes to standard "
		          "output");
		return EX_USAGE_;
	}
	*path = with_ending(j->c, c_path, ".d");
	return 0;
}

/* which files there will be; nothing is written yet */
static int
name_outputs(Job *j)
{
	const char *c_path = cli_get(j->cli, "output");
	const char *h_path = cli_get(j->cli, "header"), *rule;
	int rc;

	rc = rule_name(j, c_path, &rule);
	if (rc)
		return rc;
	add_output(j, c_path ? c_path : "-", true);
	if (!h_path && regular(c_path))
		h_path = with_ending(j->c, c_path, ".h");
	if (h_path) {
		add_output(j, h_path, true);
		j->own_header = true;
	}
	if (rule)
		add_output(j, rule, false);
	return outputs_check(j->c, j->out, j->outs, cli_has(j->cli, "force"),
	                     &j->deps);
}

static int
choose_api(const Cli *cli, Network *net)
{
	const char *list = cli_get(cli, "api"), *p;
	size_t n;

	if (!list)
		return 0;
	net->api_forward = net->api_train = false;
	net->api_gradient = net->api_input_gradient = false;
	net->api_step = net->api_step_asked = false;
	for (p = list; *p; p += n + (p[n] != 0)) {
		n = strcspn(p, ", ");
		if (n == 7 && !strncmp(p, "forward", n))
			net->api_forward = true;
		else if (n == 5 && !strncmp(p, "train", n))
			net->api_train = true;
		else if (n == 8 && !strncmp(p, "gradient", n))
			net->api_gradient = true;
		else if (n == 14 && !strncmp(p, "input_gradient", n))
			net->api_input_gradient = true;
		else if (n == 4 && !strncmp(p, "step", n))
			net->api_step = net->api_step_asked = true;
		else if (n) {
			cli_error("--api: '%.*s' is none of forward, train, "
			          "gradient, input_gradient, step", (int)n, p);
			return EX_USAGE_;
		}
	}
	if (net->api_forward || net->api_train || net->api_gradient ||
	    net->api_input_gradient || net->api_step)
		return 0;
	cli_error("--api: the list is empty");
	return EX_USAGE_;
}

static int
choose_prefix(Job *j)
{
	const char *prefix = cli_get(j->cli, "prefix");

	if (prefix && !identifier_ok(prefix)) {
		cli_error("--prefix=%s: a C name of at most 60 letters, digits "
		          "and _ is needed, which starts with a letter and is "
		          "not bp", prefix);
		return EX_USAGE_;
	}
	j->prefix = prefix ? prefix : identifier(j->c, j->net->name);
	return 0;
}

/* -w: trained weights, and what was learnt from the data beside them */
static int
read_weights(Job *j)
{
	const char *path = cli_get(j->cli, "weights");
	Weights *w;
	int rc;

	if (!path)
		return 0;
	w = weights_read(j->c, path, &rc);
	if (!w || !weights_apply(j->c, j->net, w)) {
		messages(j->c, j->cli);
		return w || !rc ? EX_DATA : rc;
	}
	PUSH(j->c, &j->deps, path);
	j->trained = w->params;
	return 0;
}

static void
warn_constants(Ctx *c, const Network *net)
{
	const char *where = "give the training data with `--data FILE` or the "
		"weights with `-w FILE`";
	const Layer *l;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		l = &net->layers.v[i];
		if (!l->rec || !l->rec->constants.n || l->constants_known ||
		    l->dead)
			continue;
		warn(c, l->loc, "normalize", "the constants of '%s' are not "
		     "known: they are 0 and 1", l->name);
		help(c, "%s", where);
	}
	if (net->targets_scale && !net->t_constants_known) {
		warn(c, (Loc){ 0 }, "normalize", "the scale of the targets is "
		     "not known: it is 1");
		help(c, "%s", where);
	}
}

/* --data: the constants of normalize and targets; a warning without them */
static int
read_data(Job *j)
{
	Session s = { .c = j->c, .cli = j->cli, .net = j->net };
	DataOptions o = {
		.columns = cli_get(j->cli, "columns"),
		.target = cli_get(j->cli, "target"),
		.header = -1,
		.need_targets = j->net->targets_scale != 0,
	};
	const char *path = cli_get(j->cli, "data");
	int rc = 0;

	if (path && !j->trained) {
		o.ids = input_ids(j->c, j->net);
		if (messages(j->c, j->cli))
			return EX_DATA;
		s.data = data_read(j->c, j->net, path, &o, &rc);
		if (!s.data) {
			messages(j->c, j->cli);
			return rc ? rc : EX_DATA;
		}
		rc = session_fit(&s, NULL, s.data->rows);
		session_close(&s);
		PUSH(j->c, &j->deps, path);
	}
	if (!rc)
		warn_constants(j->c, j->net);
	return rc;
}

/* --dump=STAGE: the statements after that pass, for developers */
static int
dump(Job *j, const char *stage)
{
	static const struct { const char *name; void (*pass)(Program *); } way[] = {
		{ "forward", formula }, { "grad", grad },
		{ "simplify", simplify }, { "order", order },
		{ "stream", stream }
	};
	static const char *const kernels[K_COUNT] = {
		"forward", "loss", "gradient", "training loss", "update", "init",
		"step", "reset", "gradient of a mini-batch"
	};
	Program *p = program_new(j->c, j->net, j->net->dtype);
	Text t = { .c = j->c };
	size_t i;
	int k;

	for (i = 0; i < sizeof way / sizeof way[0]; i++) {
		way[i].pass(p);
		if (j->c->errors || !strcmp(stage, way[i].name))
			break;
	}
	if (j->c->errors)
		return messages(j->c, j->cli);
	for (k = 0; k < (p->coupled ? K_COUNT : K_GRADIENTS); k++) {
		text_add(&t, "# %s\n", kernels[k]);
		dump_stmts(p, &p->kernel[k], &t);
	}
	j->out[0] = (Output){ .path = "-", .text = t.s, .len = t.n };
	return outputs_write(j->c, j->out, 1);
}

static int
dump_plan(Job *j, const Program *p, const Plan *plan)
{
	Text t = { .c = j->c };

	plan_dump(p, plan, &t);
	text_put(&t, "", 0);
	j->out[0] = (Output){ .path = "-", .text = t.s, .len = t.n };
	return outputs_write(j->c, j->out, 1);
}

static int
write_all(Job *j, const Text *c_text, const Text *h_text)
{
	const char *target = cli_get(j->cli, "dep-target"), *own;
	Output *o = &j->out[0];

	o->text = c_text->s;
	o->len = c_text->n;
	if (j->own_header) {
		o++;
		o->text = h_text->s;
		o->len = h_text->n;
	}
	if (++o < j->out + j->outs) {
		own = is_stdout(j->out[0].path) ?
			fmt(j->c, "%s.c", j->net->name) : j->out[0].path;
		o->text = depfile_text(j->c, target ? target : own, target,
		                       &j->deps, cli_has(j->cli, "MP"));
		o->len = strlen(o->text);
	}
	return outputs_write(j->c, j->out, j->outs);
}

static void
print_notes(const Job *j, const Plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->notes.n && cli_has(j->cli, "verbose"); i++)
		cli_note("%s: %s", j->net->path, plan->notes.v[i]);
}

/* the list of passes from the network to its C */
static int
compile(Job *j, const PlanOptions *options)
{
	Ctx *c = j->c;
	Text c_text = { .c = c }, h_text = { .c = c };
	EmitOptions how = {
		.prefix = j->prefix,
		.standalone = cli_has(j->cli, "standalone"),
		.own_header = j->own_header,
		.header_name = j->own_header ? file_of(j->out[1].path) : NULL,
		.trained = j->trained,
	};
	Program *p = build(c, j->net, j->net->dtype);
	Plan *way = p && !c->errors ? plan(p, options) : NULL;
	int rc;

	if (way && !c->errors)
		check_budget(c, j->net, way, options);
	if (way && !c->errors && cli_has(j->cli, "dump"))
		return dump_plan(j, p, way);
	if (way && !c->errors)
		emit(p, way, &how, &c_text, &h_text);
	rc = messages(c, j->cli);
	if (rc || !way)
		return rc ? rc : EX_DATA;
	print_notes(j, way);
	return write_all(j, &c_text, &h_text);
}

int
cmd_gen(Ctx *c, const Cli *cli)
{
	const char *stage = cli_get(cli, "dump");
	Job j = { .c = c, .cli = cli };
	PlanOptions options;
	int rc;

	j.net = load_quiet(c, cli, &rc);
	if (!j.net)
		return rc;
	j.deps = j.net->deps;
	rc = choose_prefix(&j);
	if (!rc)
		rc = choose_api(cli, j.net);
	if (!rc)
		rc = plan_options(cli, j.net, &options);
	if (!rc)
		rc = read_weights(&j);
	if (!rc)
		rc = read_data(&j);
	if (!rc)
		rc = name_outputs(&j);
	if (rc)
		return rc;
	if (stage && strcmp(stage, "plan"))
		return dump(&j, stage);
	return compile(&j, &options);
}
