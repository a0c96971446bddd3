/* SPDX-License-Identifier: MIT
 * The manual: one page for each command out of the tables of options.h and the
 * texts of pages.c, as text (`bpgen help train`) or as scdoc, which makes man
 * pages of it (`bpgen help --man train`). */
#include <string.h>
#include "manual.h"
#include "options.h"

enum { WIDTH = 79, INDENT = 30 };

typedef struct { const char *name, *text; } Row;

static const Row exit_codes[] = {
	{ "0", "done, or yes" },
	{ "1", "the answer is no: a derivative is wrong, --require is not met" },
	{ "64", "the command line is wrong" },
	{ "65", "the spec, the data or the weights are wrong" },
	{ "66", "an input is missing or cannot be read" },
	{ "69", "a program is missing, or a feature in this build" },
	{ "70", "an error of bpgen itself: please report it" },
	{ "73", "an output cannot be created" },
	{ "74", "an input cannot be read to its end, or an output written" },
	{ "130", "interrupted; train has saved the weights" },
	{ "141", "whoever was to read the output went away" },
};
static const Row environment[] = {
	{ "BPGEN_CC", "the C compiler of --jit=cc; else CC, else cc" },
	{ "TMPDIR", "where that compiler's files go for a moment" },
	{ "NO_COLOR", "if not empty: no colour in messages" },
	{ "TERM", "`dumb`: neither colour nor a line that is written over" },
	{ "LC_ALL", "with LC_CTYPE and LANG: whether the terminal takes UTF-8" },
};
static const Row files[] = {
	{ "NAME.spec", "a network; NAME.c and NAME.h, made of it" },
	{ "NAME.safetensors", "its weights, as train leaves them" },
	{ "NAME.history.csv", "a row for each epoch of each training" },
	{ "FILE.tmp", "a FILE that is being written; renamed once it is whole" },
};
#define COUNT(rows) (sizeof (rows) / sizeof (rows)[0])

static const Page *
page_of(const char *command)
{
	static const Page none = { "", NULL, NULL };
	const Page *p;

	for (p = pages; p->command; p++)
		if (!strcmp(p->command, command))
			return p;
	return &none;
}

/* "-o FILE, --output" */
static const char *
both_forms(Ctx *c, const Option *o)
{
	const char *form = option_form(c, o);

	return o->letter && strcmp(o->letter, "W") ?
		fmt(c, "%s, --%s", form, o->name) : form;
}

/* ------------------------------------------------------------------ text */

/* running text from `column` on, later lines indented */
static void
put_text(Text *t, int indent, size_t column, const char *text)
{
	size_t n;

	for (; *text; text += n + (text[n] == ' ')) {
		n = strcspn(text, " \n");
		if (column > (size_t)indent && column + 1 + n > WIDTH) {
			text_add(t, "\n%*s", indent, "");
			column = (size_t)indent;
		} else if (column > (size_t)indent) {
			text_put(t, " ", 1);
			column++;
		}
		text_put(t, text, n);
		column += n;
		for (; text[n] == '\n'; text++, column = 0)
			text_put(t, "\n", 1);
	}
	text_put(t, "\n", 1);
}

static void
put_row(Text *t, int indent, const char *name, const char *text)
{
	text_add(t, "  %-*s", indent - 2, name);
	if (strlen(name) > (size_t)indent - 3)
		text_add(t, "\n%*s", indent, "");
	put_text(t, indent, (size_t)indent, text);
}

static void
put_rows(Text *t, const char *title, const Row *rows, size_t n)
{
	size_t i;

	text_add(t, "\n%s\n", title);
	for (i = 0; i < n; i++)
		put_row(t, 20, rows[i].name, rows[i].text);
}

void
manual_text(Ctx *c, const char *command, Text *t)
{
	const Command *k = &commands[command_number(command)];
	const Page *page = page_of(command);
	size_t i;

	text_add(t, "Usage: bpgen %s [OPTIONS]%s%s\nbpgen %s: %s\n", command,
	         takes_spec(command) ? " SPEC" : "", k->args, command, k->text);
	if (page->about) {
		text_add(t, "\n");
		put_text(t, 0, 0, page->about);
	}
	if (page->examples)
		text_add(t, "\nExamples\n%s", page->examples);
	text_add(t, "\nOptions\n");
	for (i = 0; i < option_count; i++)
		if (option_fits(&options[i], command))
			put_row(t, INDENT, both_forms(c, &options[i]),
			        options[i].text);
	put_rows(t, "Exit codes", exit_codes, COUNT(exit_codes));
	if (takes_spec(command))
		put_rows(t, "Environment", environment, COUNT(environment));
}

/* ----------------------------------------------------------------- scdoc */

/* what scdoc would take for markup; `code` becomes bold */
static void
put_sc(Text *t, const char *s, bool code)
{
	bool first = true; /* of a line: a list, a title, a table */

	for (; *s; first = *s++ == '\n')
		if (code && *s == '`')
			text_put(t, "*", 1);
		else if (strchr("\\*_`", *s) || (first && strchr("-#[|", *s)))
			text_add(t, "\\%c", *s);
		else
			text_put(t, s, 1);
}

static void
put_sc_row(Text *t, const char *name, const char *text)
{
	text_add(t, "*");
	put_sc(t, name, false);
	text_add(t, "*\n\t");
	put_sc(t, text, true);
	text_add(t, "\n\n");
}

static void
put_sc_rows(Text *t, const char *title, const Row *rows, size_t n)
{
	size_t i;

	text_add(t, "# %s\n\n", title);
	for (i = 0; i < n; i++)
		put_sc_row(t, rows[i].name, rows[i].text);
}

static void
put_literal(Text *t, const char *text)
{
	text_add(t, "```\n%s```\n\n", text);
}

static void
put_sc_options(Ctx *c, Text *t, const char *command)
{
	size_t i;

	text_add(t, "# OPTIONS\n\n");
	for (i = 0; i < option_count; i++)
		if (option_fits(&options[i], command))
			put_sc_row(t, both_forms(c, &options[i]),
			           options[i].text);
}

static void
put_sc_page(Ctx *c, Text *t, const char *command)
{
	const Command *k = &commands[command_number(command)];
	const Page *page = page_of(command);

	text_add(t, "bpgen-%s(1) \"bpgen " BPGEN_VERSION "\" \"bpgen\"\n\n"
	         "# NAME\n\nbpgen-%s - ", command, command);
	put_sc(t, k->text, true);
	text_add(t, "\n\n# SYNOPSIS\n\n*bpgen %s* [OPTIONS]%s", command,
	         takes_spec(command) ? " SPEC" : "");
	put_sc(t, k->args, false);
	text_add(t, "\n\n# DESCRIPTION\n\n");
	put_sc(t, page->about ? page->about : k->text, true);
	text_add(t, "\n\n");
	if (page->examples) {
		text_add(t, "# EXAMPLES\n\n");
		put_literal(t, page->examples);
	}
	put_sc_options(c, t, command);
}

/* bpgen(1): all commands, and the options of gen, which needs no name */
static void
put_sc_main(Ctx *c, Text *t)
{
	int i;

	text_add(t, "bpgen(1) \"bpgen " BPGEN_VERSION "\" \"bpgen\"\n\n# NAME\n\n"
	         "bpgen - turns the description of a neural network into C\n\n"
	         "# SYNOPSIS\n\n*bpgen* [COMMAND] [OPTIONS] SPEC "
	         "[ARGS]\n\n# DESCRIPTION\n\n");
	put_sc(t, page_of("gen")->about, true);
	text_add(t, "\n\n*bpgen help spec* tells of the language of specs, "
	         "*bpgen help data* of data, *bpgen help* followed by a word of "
	         "the language of that word.\n\n# COMMANDS\n\n");
	for (i = 0; i < COMMAND_COUNT; i++) {
		text_add(t, "*bpgen-%s*(1)\n\t", commands[i].name);
		put_sc(t, commands[i].text, true);
		text_add(t, "\n\n");
	}
	put_sc_options(c, t, "gen");
}

void
manual_scdoc(Ctx *c, const char *command, Text *t)
{
	if (command)
		put_sc_page(c, t, command);
	else
		put_sc_main(c, t);
	put_sc_rows(t, "EXIT STATUS", exit_codes, COUNT(exit_codes));
	put_sc_rows(t, "ENVIRONMENT", environment, COUNT(environment));
	put_sc_rows(t, "FILES", files, COUNT(files));
	text_add(t, "# SEE ALSO\n\n*bpgen*(1)");
	text_add(t, command && !strcmp(command, "check") ? "" :
	         ", *bpgen-check*(1)");
	text_add(t, command && !strcmp(command, "train") ? "\n" :
	         ", *bpgen-train*(1)\n");
}
