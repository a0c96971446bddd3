/* SPDX-License-Identifier: MIT
 * `bpgen completion bash`: the tables of commands and options as functions of
 * a shell, and how it asks them, which stands in templates/shell. */
#include <string.h>
#include "options.h"
#include "house.h"

static const char *const shells[] = { "bash", "zsh", "fish" };
enum { SHELLS = sizeof shells / sizeof shells[0] };

static const char *
joined(Ctx *c, Names names)
{
	Text t = { .c = c };
	uint32_t i;

	for (i = 0; i < names.n; i++)
		text_add(&t, "%s%s", i ? " " : "", names.v[i]);
	return t.s ? t.s : "";
}

/* what may be written for a value: words, or FILE, DIR, or nothing known */
static const char *
value_words(Ctx *c, const Option *o)
{
	Text t = { .c = c };
	const char *words = option_words(o);
	size_t n;

	if (!strcmp(o->name, "warn"))
		return fmt(c, "error %s", joined(c, warning_names(c)));
	for (; words && *words; words += n + (words[n] == '|')) {
		n = strcspn(words, "|");
		text_add(&t, "%s%.*s", t.n ? " " : "", (int)n, words);
	}
	if (t.n)
		return t.s;
	words = o->value + (*o->value == '?');
	return !strcmp(words, "FILE") || !strcmp(words, "DIR") ? words : "";
}

/* ' as every shell takes it within '...' */
static void
put_quoted(Text *t, const char *s)
{
	text_put(t, "'", 1);
	for (; *s; s++)
		if (*s == '\'')
			text_add(t, "'\\''");
		else
			text_put(t, s, 1);
	text_put(t, "'", 1);
}

/* what may stand for the plain argument of that number of a command */
static const char *
plain_words(Ctx *c, int command, uint32_t number)
{
	const char *name = commands[command].name;
	bool spec = takes_spec(name);

	if (number >= (uint64_t)commands[command].most + spec)
		return "";
	if (spec && !number)
		return "SPEC";
	if (!strcmp(name, "help"))
		return joined(c, help_words(c));
	if (!strcmp(name, "init"))
		return number ? "DIR" : joined(c, starter_names(c));
	if (!strcmp(name, "completion"))
		return "bash zsh fish"; /* shells[] */
	return "FILE";
}

/* ------------------------------------------------------------ bash and zsh */

static void
put_options(Ctx *c, Text *t, bool described)
{
	const char *between;
	size_t i;
	int k;

	text_add(t, "\n_bpgen_options()\n{\n\tcase $1 in\n");
	for (k = 0; k < COMMAND_COUNT; k++) {
		text_add(t, "\t%s) printf '%%s\\n'", commands[k].name);
		between = " \\\n\t\t";
		for (i = 0; i < option_count; i++) {
			const Option *o = &options[i];

			if (!option_fits(o, commands[k].name))
				continue;
			text_add(t, "%s", between);
			put_quoted(t, described ? fmt(c, "--%s:%s", o->name,
			           o->text) : fmt(c, "--%s", o->name));
			if (o->letter) {
				text_add(t, " ");
				put_quoted(t, described ? fmt(c, "-%s:%s",
				           o->letter, o->text) :
				           fmt(c, "-%s", o->letter));
			}
		}
		text_add(t, " ;;\n");
	}
	text_add(t, "\tesac\n}\n");
}

/* the commands of one row of options as the pattern of a `case` */
static void
put_pattern(Text *t, const Option *o)
{
	const char *between = "", *name;
	int k;

	for (k = 0; k < COMMAND_COUNT; k++) {
		name = commands[k].name;
		if (!option_fits(o, name))
			continue;
		if (*o->value != '?') {
			text_add(t, "%s%s:--%s", between, name, o->name);
			between = " | ";
		}
		text_add(t, "%s%s:--%s=", between, name, o->name);
		between = " | ";
		if (o->letter)
			text_add(t, " | %s:-%s", name, o->letter);
	}
}

/* of a command's option; fails where a value is not the next word */
static void
put_values(Ctx *c, Text *t)
{
	size_t i;

	text_add(t, "\n_bpgen_value()\n{\n\tcase $1:$2 in\n");
	for (i = 0; i < option_count; i++) {
		if (!options[i].value)
			continue;
		text_add(t, "\t");
		put_pattern(t, &options[i]);
		text_add(t, ") echo ");
		put_quoted(t, value_words(c, &options[i]));
		text_add(t, " ;;\n");
	}
	text_add(t, "\t*) return 1 ;;\n\tesac\n}\n");
}

static void
put_plain(Ctx *c, Text *t)
{
	const char *words;
	uint32_t n;
	int k;

	text_add(t, "\n_bpgen_commands()\n{\n\techo ");
	put_quoted(t, joined(c, command_names(c)));
	text_add(t, "\n}\n\n_bpgen_plain()\n{\n\tcase $1:$2 in\n");
	for (k = 0; k < COMMAND_COUNT; k++) {
		if (commands[k].most == UINT32_MAX)
			text_add(t, "\t%s:*) echo '%s' ;;\n", commands[k].name,
			         plain_words(c, k, 0));
		else
			for (n = 0; *(words = plain_words(c, k, n)); n++)
				text_add(t, "\t%s:%u) echo '%s' ;;\n",
				         commands[k].name, n, words);
	}
	text_add(t, "\tesac\n}\n");
}

/* ------------------------------------------------------------------- fish */

static void
put_fish(Ctx *c, Text *t)
{
	const char *words;
	size_t i;
	int k;

	for (k = 0; k < COMMAND_COUNT; k++) {
		text_add(t, "complete -c bpgen -n __fish_use_subcommand -a %s "
		         "-d ", commands[k].name);
		put_quoted(t, commands[k].text);
		words = plain_words(c, k, 0);
		text_add(t, "\n");
		if (*words == 'S')
			continue; /* files are offered anyway */
		text_add(t, "complete -c bpgen -f -n "
		         "'__fish_seen_subcommand_from %s' -a '%s'\n",
		         commands[k].name, words);
	}
	for (i = 0; i < option_count; i++) {
		const Option *o = &options[i];

		text_add(t, "complete -c bpgen -n '__fish_seen_subcommand_from");
		for (k = 0; k < COMMAND_COUNT; k++)
			if (option_fits(o, commands[k].name))
				text_add(t, " %s", commands[k].name);
		if (o->commands & DO_gen) { /* which needs no name */
			text_add(t, "; or not __fish_seen_subcommand_from");
			for (k = 0; k < COMMAND_COUNT; k++)
				text_add(t, " %s", commands[k].name);
		}
		text_add(t, "' -l %s", o->name);
		if (o->letter)
			text_add(t, strlen(o->letter) == 1 ? " -s %s" : " -o %s",
			         o->letter);
		words = o->value ? value_words(c, o) : "";
		if (o->value && *o->value != '?')
			text_add(t, !strcmp(words, "FILE") ? " -r -F" : " -x");
		if (!strcmp(words, "DIR"))
			text_add(t, " -a '(__fish_complete_directories)'");
		else if (*words && strcmp(words, "FILE"))
			text_add(t, " -a '%s'", words);
		text_add(t, " -d ");
		put_quoted(t, o->text);
		text_add(t, "\n");
	}
}

/* ------------------------------------------------------------ the command */

static int
print_completion(Ctx *c, const char *shell)
{
	const char *rest;
	Text t = { .c = c };
	size_t n = 0;

	if (!strcmp(shell, "zsh"))
		text_add(&t, "#compdef bpgen\n");
	text_add(&t, "# Made by `bpgen completion ");
	text_put(&t, shell, strlen(shell));
	text_add(&t, "`\n");
	if (!strcmp(shell, "fish")) {
		put_fish(c, &t);
	} else {
		put_plain(c, &t);
		put_options(c, &t, !strcmp(shell, "zsh"));
		put_values(c, &t);
		rest = template_text(c, fmt(c, "shell/complete.%s", shell), &n);
		text_put(&t, rest ? rest : "", n);
	}
	fwrite(t.s, 1, t.n, stdout);
	return 0;
}

int
cmd_completion(Ctx *c, const Cli *cli)
{
	const char *shell = cli->args.n ? cli->args.v[0] : "";
	int i;

	for (i = 0; i < SHELLS; i++)
		if (!strcmp(shell, shells[i]))
			return print_completion(c, shell);
	if (cli->args.n)
		cli_error("no completion for '%s'", shell);
	else
		cli_error("a shell is missing");
	cli_help("the shells are bash, zsh and fish: `bpgen completion bash`");
	return EX_USAGE_;
}
