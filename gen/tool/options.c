/* SPDX-License-Identifier: MIT
 * The command line in, a checked Cli out; every rule comes from options.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "options.h"

#define OPTION_ROW(name, letter, value, repeats, commands, group, text) \
	{ name, letter, value, repeats, commands, group, text },
const Option options[] = { OPTIONS(OPTION_ROW) };
const size_t option_count = sizeof options / sizeof options[0];
#define COMMAND_ROW(name, most, args, text) { #name, most, args, text },
const Command commands[] = { COMMANDS(COMMAND_ROW) };

enum { OPTION_COUNT = sizeof options / sizeof options[0] };
struct Values { Names all[OPTION_COUNT]; }; /* rows of one name share the first */

/* of --diagnostics; set before anything can go wrong */
static char form = 'g';

static void
message(DiagKind kind, const char *format, va_list ap)
{
	char line[2048];

	fflush(stdout);
	vsnprintf(line, sizeof line, format, ap);
	diag_line(stderr, form, kind, line);
}

void
cli_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message(DIAG_ERROR, format, ap);
	va_end(ap);
}

void
cli_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message(DIAG_NOTE, format, ap);
	va_end(ap);
}

void
cli_help(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message(DIAG_HELP, format, ap);
	va_end(ap);
}

/* the first row of that name; the commands that take the name may differ */
static int
row_of(const char *name)
{
	size_t i;

	for (i = 0; i < option_count; i++)
		if (!strcmp(options[i].name, name))
			return (int)i;
	return -1;
}

/* the row of that name which suits the command, as far as it is known */
static int
row_for(const char *name, const char *command)
{
	size_t i;

	for (i = 0; command && i < option_count; i++)
		if (!strcmp(options[i].name, name) &&
		    option_fits(&options[i], command))
			return (int)i;
	return row_of(name);
}

static int
row_of_letter(const char *letter, size_t n)
{
	size_t i;

	for (i = 0; i < option_count; i++)
		if (options[i].letter && strlen(options[i].letter) == n &&
		    !strncmp(options[i].letter, letter, n))
			return (int)i;
	return -1;
}

const Names *
cli_all(const Cli *cli, const char *option)
{
	const struct Values *values = cli->values;
	int row;

	while (*option == '-')
		option++;
	row = row_of(option);
	if (row < 0)
		row = row_of_letter(option, strlen(option));
	if (row < 0)
		return NULL;
	return &values->all[row_of(options[row].name)];
}

const char *
cli_get(const Cli *cli, const char *option)
{
	const Names *all = cli_all(cli, option);

	return all && all->n ? all->v[all->n - 1] : NULL;
}

void
cli_set(Ctx *c, const Cli *cli, const char *option, const char *value)
{
	struct Values *values = cli->values;
	Names one = { 0 };

	if (value)
		PUSH(c, &one, value);
	values->all[row_of(option)] = one;
}

bool
cli_has(const Cli *cli, const char *option)
{
	const Names *all = cli_all(cli, option);

	return all && all->n;
}

int
cli_number(const Cli *cli, const char *option, double *value)
{
	const char *text = cli_get(cli, option);
	char *end;
	double x;

	if (!text)
		return 0;
	x = strtod(text, &end);
	if (end == text || *end || !isfinite(x) ||
	    strspn(text, "+-.0123456789eE") != strlen(text)) {
		cli_error("--%s: '%s' is not a number", option, text);
		return EX_USAGE_;
	}
	*value = x;
	return 0;
}

bool
cli_color(const Cli *cli)
{
	const char *when = cli_get(cli, "color"), *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when && strcmp(when, "auto"))
		return !strcmp(when, "always");
	return isatty(2) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

int
command_number(const char *name)
{
	int i;

	for (i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return i;
	return -1;
}

bool
takes_spec(const char *command)
{
	return (unsigned)DO_NET >> command_number(command) & 1;
}

Names
command_names(Ctx *c)
{
	Names names = { 0 };
	int i;

	for (i = 0; i < COMMAND_COUNT; i++)
		PUSH(c, &names, commands[i].name);
	return names;
}

bool
option_fits(const Option *o, const char *command)
{
	int number = command_number(command);

	return number >= 0 && (o->commands >> number & 1);
}

const char *
option_words(const Option *o)
{
	const char *colon = o->value ? strchr(o->value, ':') : NULL;
	const char *words = colon ? colon + 1 : o->value;

	return words && strchr(words, '|') ? words : NULL;
}

const char *
option_form(Ctx *c, const Option *o)
{
	const char *value = o->value ?
		copy(c, o->value, strcspn(o->value, ":")) : "";

	if (o->letter && !strcmp(o->letter, "W"))
		return fmt(c, "-W%s", value);
	if (*value == '?')
		return fmt(c, "--%s[=%s]", o->name, value + 1);
	if (o->letter)
		return fmt(c, "-%s%s%s", o->letter, *value ? " " : "", value);
	return fmt(c, "--%s%s%s", o->name, *value ? "=" : "", value);
}

/* "--force" as it was meant, for messages */
static const char *
spelling(Ctx *c, int row, bool letter)
{
	return letter ? fmt(c, "-%s", options[row].letter) :
		fmt(c, "--%s", options[row].name);
}

typedef struct {
	Ctx *c;
	struct Values *values;
	Names plain;
	int argc, at;
	char **argv;
} Reader;

static int
take(Reader *r, int row, bool letter, const char *value)
{
	const Option *o = &options[row];

	if (o->value && *o->value != '?' && !value) {
		if (r->at + 1 >= r->argc) {
			cli_error("option '%s' needs a value: %s",
			          spelling(r->c, row, letter),
			          option_form(r->c, o));
			return EX_USAGE_;
		}
		value = r->argv[++r->at];
	}
	if (!o->value && value) {
		cli_error("option '%s' takes no value",
		          spelling(r->c, row, letter));
		return EX_USAGE_;
	}
	PUSH(r->c, &r->values->all[row_of(o->name)], value ? value : "");
	return 0;
}

static int
unknown(Reader *r, const char *word)
{
	Names names = { 0 };
	const char *near;
	size_t i;

	for (i = 0; i < option_count; i++)
		PUSH(r->c, &names, fmt(r->c, "--%s", options[i].name));
	near = nearest(word, &names);
	if (!near && word[1] != '-')
		near = nearest(fmt(r->c, "-%s", word), &names);
	if (near)
		cli_error("unknown option '%s'; an option with a similar name "
		          "exists: %s", word, near);
	else
		cli_error("unknown option '%s' (`bpgen --help` lists them)",
		          word);
	return EX_USAGE_;
}

static int
read_long(Reader *r, const char *arg)
{
	const char *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
	const char *word = copy(r->c, arg, n);
	int row = row_for(word + 2, r->plain.n ? r->plain.v[0] : NULL);

	if (row < 0)
		return unknown(r, word);
	return take(r, row, false, equals ? equals + 1 : NULL);
}

/* -o FILE, -oFILE, -qv, -MD, -MF FILE, -MFFILE */
static int
read_short(Reader *r, const char *arg)
{
	size_t n;
	int row, rc;

	for (n = strlen(arg + 1) < 3 ? strlen(arg + 1) : 3; n > 1; n--) {
		row = row_of_letter(arg + 1, n);
		if (row >= 0 && (!arg[1 + n] || options[row].value))
			return take(r, row, true, arg[1 + n] ? arg + 1 + n : NULL);
	}
	for (arg++; *arg; arg++) {
		row = row_of_letter(arg, 1);
		if (row < 0)
			return unknown(r, fmt(r->c, "-%s", arg));
		if (options[row].value)
			return take(r, row, true, arg[1] ? arg + 1 : NULL);
		rc = take(r, row, true, NULL);
		if (rc)
			return rc;
	}
	return 0;
}

static int
read_all(Reader *r)
{
	const char *arg;
	int rc = 0;

	for (r->at = 1; r->at < r->argc && !rc; r->at++) {
		arg = r->argv[r->at];
		if (!strcmp(arg, "--")) {
			while (++r->at < r->argc)
				PUSH(r->c, &r->plain, r->argv[r->at]);
			break;
		}
		if (!strncmp(arg, "--", 2))
			rc = read_long(r, arg);
		else if (arg[0] == '-' && arg[1])
			rc = read_short(r, arg);
		else
			PUSH(r->c, &r->plain, arg);
	}
	return rc;
}

/* the commands that take an option of that name: "train and eval" */
static const char *
commands_of(Ctx *c, const char *option)
{
	unsigned all = 0;
	const char *text = "", *between = "";
	size_t i;
	int k;

	for (i = 0; i < option_count; i++)
		if (!strcmp(options[i].name, option))
			all |= options[i].commands;
	for (k = COMMAND_COUNT; k-- > 0;) {
		if (!(all >> k & 1))
			continue;
		text = fmt(c, "`%s`%s%s", commands[k].name, between, text);
		between = *between ? ", " : " and ";
	}
	return text;
}

/* every option that was given must suit the command */
static int
check_options(Ctx *c, const Cli *cli, const struct Values *values)
{
	size_t i, k;
	bool fits;

	for (i = 0; i < option_count; i++) {
		if (!values->all[i].n)
			continue;
		fits = false;
		for (k = i; k < option_count; k++)
			fits |= !strcmp(options[k].name, options[i].name) &&
				option_fits(&options[k], cli->command);
		if (!fits) {
			cli_error("'%s' has no option '--%s' (`bpgen help %s` "
			          "lists its options)", cli->command,
			          options[i].name, cli->command);
			cli_help("--%s is an option of %s", options[i].name,
			         commands_of(c, options[i].name));
			return EX_USAGE_;
		}
	}
	return 0;
}

static int
one_of(const Cli *cli, const Option *o)
{
	const char *value = cli_get(cli, o->name), *words = option_words(o), *at;
	size_t n;

	if (!value || !words || !option_fits(o, cli->command))
		return 0;
	for (at = words; *at; at += n + (at[n] != 0)) {
		n = strcspn(at, "|");
		if (strlen(value) == n && !strncmp(at, value, n))
			return 0;
	}
	cli_error("--%s=%s: the value must be one of %s", o->name, value, words);
	return EX_USAGE_;
}

static const struct { const char *name, *text; } warnings[] = {
#define WARNING_ROW(name, text) { name, text },
	WARNINGS(WARNING_ROW)
};
enum { WARNING_COUNT = sizeof warnings / sizeof warnings[0] };

Names
warning_names(Ctx *c)
{
	Names names = { 0 };
	int i;

	for (i = 0; i < WARNING_COUNT; i++)
		PUSH(c, &names, warnings[i].name);
	return names;
}

void
put_warnings(Text *t)
{
	int i;

	for (i = 0; i < WARNING_COUNT; i++)
		text_add(t, "  %-14s %s\n", warnings[i].name, warnings[i].text);
}

static int
check_warning(Ctx *c, const char *name)
{
	Names names = warning_names(c);
	const char *near;
	uint32_t i;

	for (i = 0; i < names.n; i++)
		if (!strcmp(name, names.v[i]))
			return 0;
	near = nearest(name, &names);
	if (near)
		cli_error("-W%s: unknown warning; a warning with a similar name "
		          "exists: %s", name, near);
	else
		cli_error("-W%s: unknown warning (`bpgen help warnings` lists "
		          "them)", name);
	return EX_USAGE_;
}

static void
forget(Names *names, const char *name)
{
	uint32_t i, n = 0;

	for (i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name))
			names->v[n++] = names->v[i];
	names->n = n;
}

/* the last one about a name wins */
static int
read_warnings(Ctx *c, const Cli *cli)
{
	const Names *all = cli_all(cli, "warn");
	const char *w, *name;
	uint32_t i;

	for (i = 0; i < all->n; i++) {
		w = all->v[i];
		name = !strncmp(w, "no-error=", 9) ? w + 9 :
			!strncmp(w, "no-", 3) ? w + 3 :
			!strncmp(w, "error=", 6) ? w + 6 : w;
		if (!strcmp(name, "error")) {
			c->opt.all_errors = name == w;
			continue;
		}
		if (check_warning(c, name))
			return EX_USAGE_;
		forget(name == w + 9 ? &c->opt.warn_error : &c->opt.warn_off,
		       name);
		if (name == w + 3)
			PUSH(c, &c->opt.warn_off, name);
		else if (name == w + 6)
			PUSH(c, &c->opt.warn_error, name);
	}
	return 0;
}

/* a folder of words that is not there would be no folder at all */
static int
check_templates(const Cli *cli)
{
	const char *path = cli_get(cli, "templates");
	struct stat st;

	if (!path || (!stat(path, &st) && S_ISDIR(st.st_mode)))
		return 0;
	cli_error("--templates: cannot read %s: %s", path,
	          strerror(stat(path, &st) ? errno : ENOTDIR));
	return EX_NOINPUT_;
}

static int
fill(Ctx *c, const Cli *cli)
{
	const Names *defines = cli_all(cli, "define");
	double most = c->opt.max_errors, threads = 1;
	uint32_t i;
	size_t k;
	int rc = 0;

	for (k = 0; k < option_count && !rc; k++)
		rc = one_of(cli, &options[k]);
	if (!rc)
		rc = cli_number(cli, "max-errors", &most);
	if (!rc)
		rc = cli_number(cli, "threads", &threads);
	if (rc)
		return rc;
	if (!(threads >= 0 && threads <= 4096 && threads == floor(threads))) {
		cli_error("-j %s: a whole number from 0 to 4096 is needed",
		          cli_get(cli, "threads"));
		return EX_USAGE_;
	}
	c->opt.diagnostics = form;
	if (!(most >= 0 && most <= 1e6)) {
		cli_error("--max-errors: a number from 0 (all) to 1000000 is "
		          "needed");
		return EX_USAGE_;
	}
	for (i = 0; i < defines->n; i++) {
		if (!strchr(defines->v[i], '=')) {
			cli_error("-D %s: write -D name=value", defines->v[i]);
			return EX_USAGE_;
		}
	}
	c->opt.defines = *defines;
	c->opt.include_dirs = *cli_all(cli, "include");
	c->opt.templates_dir = cli_get(cli, "templates");
	c->opt.max_errors = (int)most;
	rc = check_templates(cli);
	return rc ? rc : read_warnings(c, cli);
}

/* `bpgen trian net.spec x.csv --epochs 5`: main.c says that trian is neither
 * a command nor a file, which comes before any complaint about the rest */
static bool
no_such_file(const Cli *cli)
{
	return cli->implied && cli->spec && strcmp(cli->spec, "-") &&
		access(cli->spec, F_OK);
}

/* the first plain argument is a command, else the spec of `gen` */
static int
place(Reader *r, Cli *cli)
{
	uint32_t at = 0, most;
	const char *before;

	cli->command = "gen";
	if (r->plain.n && command_number(r->plain.v[0]) >= 0)
		cli->command = r->plain.v[at++];
	else
		cli->implied = true;
	if (at < r->plain.n && takes_spec(cli->command))
		cli->spec = r->plain.v[at++];
	for (; at < r->plain.n; at++)
		PUSH(r->c, &cli->args, r->plain.v[at]);
	most = commands[command_number(cli->command)].most;
	if (cli->args.n > most && !no_such_file(cli)) {
		before = most ? cli->args.v[most - 1] : cli->spec;
		cli_error("unexpected argument '%s' after '%s'",
		          cli->args.v[most], before ? before : cli->command);
		return EX_USAGE_;
	}
	return 0;
}

/* the last --diagnostics, as misspelt options are told of in its form, too */
static void
find_form(int argc, char **argv)
{
	static const char name[] = "--diagnostics";
	const char *value;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (strncmp(argv[i], name, sizeof name - 1))
			continue;
		value = argv[i] + sizeof name - 1;
		value = *value == '=' ? value + 1 : !*value && i + 1 < argc ?
			argv[i + 1] : "";
		if (!strcmp(value, "gnu") || !strcmp(value, "msvc") ||
		    !strcmp(value, "json"))
			form = *value;
	}
}

/* standard input gives what it has once */
static int
check_dashes(const Cli *cli)
{
	static const char *const inputs[] = {
		"weights", "data", "validate", "labels", "resume", "plan"
	};
	bool trains = !strcmp(cli->command, "train"); /* -w is an output */
	const char *path;
	int n = cli->spec && !strcmp(cli->spec, "-");
	uint32_t i;

	for (i = 0; i < cli->args.n; i++)
		n += !strcmp(cli->args.v[i], "-");
	for (i = trains; i < sizeof inputs / sizeof inputs[0]; i++) {
		path = cli_get(cli, inputs[i]);
		n += path && !strcmp(path, "-");
	}
	if (n < 2)
		return 0;
	cli_error("standard input can be read once, but `-` stands for %d "
	          "files", n);
	return EX_USAGE_;
}

int
options_read(Ctx *c, Cli *cli, int argc, char **argv)
{
	Reader r = { .c = c, .argc = argc, .argv = argv };
	int rc;

	find_form(argc, argv);
	r.values = mem(c, sizeof *r.values);
	cli->program = argc ? argv[0] : "bpgen";
	cli->values = r.values;
	rc = read_all(&r);
	if (!rc)
		rc = place(&r, cli);
	if (!rc && !no_such_file(cli))
		rc = check_options(c, cli, r.values);
	if (!rc)
		rc = fill(c, cli);
	return rc ? rc : check_dashes(cli);
}
