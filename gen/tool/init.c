/* SPDX-License-Identifier: MIT
 * `bpgen init xor`: the name of a starter in; its spec and data, which are built
 * in, as files out. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "house.h"

enum { MOST_DATA = 2, WIDTH = 10 };

/* The files are those under specs/, under the starter's name in place of the
 * net's. */
typedef struct {
	const char *name, *net, *text;
	const char *data[MOST_DATA]; /* to learn from; to test with, or NULL */
	const char *source;          /* of the data */
	const char *options;         /* of the first training */
} Starter;

static const Starter starters[] = {
	{ "xor", "xor", "2-2-1, sigmoid, as in the lecture", { "xor.csv" },
	  NULL, "" },
	{ "sine", "sine", "1-12-12-1, tanh: a curve", { "sine.csv" }, NULL, "" },
	{ "iris", "iris", "4-8-3: which flower is it?", { "iris.csv" },
	  "Fisher 1936, by way of UCI, CC BY 4.0", "" },
	{ "digits", "digits8x8", "64-32-10: handwritten digits of 8x8 pixels",
	  { "digits8x8_train.csv", "digits8x8_test.csv" },
	  "Alpaydin and Kaynak, UCI, CC BY 4.0", "" },
	{ "sunspots", "sunspots", "a convolution that forecasts a series",
	  { "sunspots_yearly.csv" }, "NOAA, public domain", " --validation 0.2" },
};
enum { STARTERS = sizeof starters / sizeof starters[0] };

/* `text` with the starter's name for the net's */
static const char *
renamed(Ctx *c, const Starter *s, const char *text)
{
	Text t = { .c = c };
	const char *at;

	for (; (at = strstr(text, s->net)) != NULL; text = at + strlen(s->net)) {
		text_put(&t, text, (size_t)(at - text));
		text_add(&t, "%s", s->name);
	}
	text_add(&t, "%s", text);
	return t.s;
}

/* "demo/" of the folder DIR, which is made where there is none */
static int
open_folder(Ctx *c, const Cli *cli, const char **folder, bool *made)
{
	const char *path = cli->args.n > 1 ? cli->args.v[1] : ".";
	struct stat st;

	*folder = strcmp(path, ".") ? fmt(c, "%s/", path) : "";
	*made = false;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return 0;
	*made = !mkdir(path, 0777);
	if (*made)
		return 0;
	cli_error("cannot make the folder %s: %s", path, strerror(errno));
	return EX_CANTCREAT_;
}

static Output
output_of(Ctx *c, const Starter *s, const char *folder, const char *file)
{
	Output o = { .new_only = true };

	o.path = fmt(c, "%s%s", folder, renamed(c, s, strrchr(file, '/') + 1));
	o.text = template_text(c, file, &o.len);
	if (!o.text)
		die(c, EX_SOFTWARE_, "%s is not built in", file);
	return o;
}

static int
list_outputs(Ctx *c, const Starter *s, const char *folder, Output *o)
{
	int n = 0, i;

	o[n] = output_of(c, s, folder, fmt(c, "specs/%s.spec", s->net));
	o[n].text = renamed(c, s, o[n].text);
	o[n].len = strlen(o[n].text);
	n++;
	for (i = 0; i < MOST_DATA && s->data[i]; i++)
		o[n++] = output_of(c, s, folder, fmt(c, "specs/data/%s",
		                                     s->data[i]));
	return n;
}

/* rows below the header */
static const char *
about(Ctx *c, const Starter *s, const Output *o)
{
	int64_t lines = -1;
	const char *at;

	for (at = o->text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	return fmt(c, "%lld rows%s%s", (long long)lines, s->source ? "; " : "",
	           s->source ? s->source : "");
}

/* 'my net.spec', as a shell takes it */
static const char *
shell_word(Ctx *c, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ_-./+,:@%";
	Text t = { .c = c };

	if (s[strspn(s, plain)] == 0)
		return s;
	text_add(&t, "'");
	for (; *s; s++)
		text_add(&t, *s == '\'' ? "'\\''" : "%c", *s);
	text_add(&t, "'");
	return t.s;
}

static void
print_written(Ctx *c, const Starter *s, const Output *o, int n)
{
	int i, wide = 0, k;

	for (i = 0; i < n; i++) {
		k = (int)strlen(o[i].path);
		wide = k > wide ? k : wide;
	}
	for (i = 0; i < n; i++)
		printf("wrote %-*s  (%s)\n", wide, o[i].path, i ?
		       about(c, s, &o[i]) : s->text);
	printf("next: bpgen train %s %s%s\n", shell_word(c, o[0].path),
	       shell_word(c, o[1].path), s->options);
	if (n > 2)
		printf("then: bpgen eval %s %s\n", shell_word(c, o[0].path),
		       shell_word(c, o[2].path));
}

static int
start(Ctx *c, const Cli *cli, const Starter *s)
{
	Output o[1 + MOST_DATA];
	const char *folder;
	Names none = { 0 };
	bool made;
	int n, rc = open_folder(c, cli, &folder, &made);

	if (rc)
		return rc;
	n = list_outputs(c, s, folder, o);
	rc = outputs_check(c, o, n, cli_has(cli, "force"), &none);
	if (!rc)
		rc = outputs_write(c, o, n);
	if (!rc && !cli_has(cli, "quiet"))
		print_written(c, s, o, n);
	if (rc && made)
		rmdir(folder);
	return rc;
}

static int
list_starters(void)
{
	int i;

	printf("`bpgen init STARTER [DIR]` writes a spec and what it learns "
	       "from:\n\n");
	for (i = 0; i < STARTERS; i++)
		printf("  %-*s %s\n", WIDTH, starters[i].name, starters[i].text);
	return 0;
}

Names
starter_names(Ctx *c)
{
	Names names = { 0 };
	int i;

	for (i = 0; i < STARTERS; i++)
		PUSH(c, &names, starters[i].name);
	return names;
}

int
cmd_init(Ctx *c, const Cli *cli)
{
	Names names = starter_names(c);
	const char *word, *near;
	int i;

	if (!cli->args.n)
		return list_starters();
	word = cli->args.v[0];
	for (i = 0; i < STARTERS; i++)
		if (!strcmp(word, starters[i].name))
			return start(c, cli, &starters[i]);
	near = nearest(word, &names);
	if (near)
		cli_error("no starter '%s'; a starter with a similar name "
		          "exists: %s", word, near);
	else
		cli_error("no starter '%s' (`bpgen init` lists them)", word);
	return EX_USAGE_;
}
