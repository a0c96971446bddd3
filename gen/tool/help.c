/* SPDX-License-Identifier: MIT
 * `bpgen --help`, `bpgen help WORD`, `bpgen --version`: tables in, text out. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "house.h"
#include "manual.h"
#include "options.h"

#ifndef BPGEN_LUA
#define BPGEN_LUA "5.4"
#endif
#ifdef HAVE_ZLIB
#define GZIP " +gzip"
#else
#define GZIP " -gzip"
#endif
#ifdef HAVE_JANSSON
#define WEIGHTS " +safetensors"
#else
#define WEIGHTS " -safetensors"
#endif
#ifdef HAVE_MINIZIP
#define NPZ " +npz"
#else
#define NPZ " -npz"
#endif
#ifdef HAVE_PNG
#define PNG " +png"
#else
#define PNG " -png"
#endif
#define WIDTH 79

/* statements that are no layers: word, form, what it says */
#define SETTINGS(X) \
	X("net", "net NAME", \
	  "the name of the network and of everything in its C; without it the\n" \
	  "name of the file serves") \
	X("input", "input 4 | HxW | CxHxW | F steps=N", \
	  "what comes in: values, a matrix, a map of channels x height x width,\n" \
	  "or a sequence of N steps of F features. Several inputs have labels\n" \
	  "and are read by `from`; x holds them one after the other") \
	X("param", "param NAME = EXPRESSION", \
	  "a parameter, used as $NAME or $(expression); `-D NAME=value` replaces\n" \
	  "its value from the command line") \
	X("include", "include \"FILE\"", \
	  "reads another spec at this place; looked for beside this file, then\n" \
	  "in the folders of -I") \
	X("loss", "loss NAME [target=index|input]", \
	  "what training makes small; `bpgen help losses` lists them with their\n" \
	  "formulas. target=index: a target is one class number, not one-hot;\n" \
	  "target=input: what goes in is to come out (an autoencoder)") \
	X("optimizer", "optimizer NAME rate=X ...", \
	  "how weights follow the gradient; `bpgen help optimizers`") \
	X("init", "init NAME", \
	  "how weights begin; `bpgen help inits`. A layer's own init= wins") \
	X("batch", "batch 1 | N | all", \
	  "samples of one update: online, mini-batch, everything") \
	X("epochs", "epochs N", "passes over the training data, at most") \
	X("stop", "stop loss < X", \
	  "ends training early; several lines mean any of them. Quantities:\n" \
	  "accuracy gradnorm loss seconds val_accuracy val_loss; or\n" \
	  "stop patience=N on=val_loss") \
	X("schedule", "schedule step every=N factor=X | cosine | exp factor=X | " \
	  "warmup epochs=N", \
	  "how the learning rate changes from epoch to epoch") \
	X("targets", "targets zscore | minmax", \
	  "regression targets are scaled for training; NAME_forward gives them\n" \
	  "in their own units") \
	X("horizon", "horizon N", \
	  "the rows of a table are steps of a series: the input is a window of\n" \
	  "them, the target stands N rows after its last one (default 1 where\n" \
	  "the table has one step a row); `bpgen help data`") \
	X("classes", "classes NAME ...", "the names of the outputs, in order") \
	X("columns", "columns NAME ...", "the names of regression outputs") \
	X("output", "output LAYER ... | output LAYER loss=NAME weight=X", \
	  "layers whose values are outputs, if not the last line alone; with a\n" \
	  "loss a head of its own, which may repeat. The loss of the network is\n" \
	  "the sum of theirs, each times its weight (default 1)") \
	X("l1", "l1 X", "adds X*sign(w) to the gradient of weights, not of biases") \
	X("l2", "l2 X", "adds X*w to the gradient of weights, not of biases") \
	X("clip", "clip norm=X | clip value=X", \
	  "limits the gradient: its length, or each of its values") \
	X("seed", "seed N", "of initial weights, shuffling and dropout") \
	X("shuffle", "shuffle on | off", "new order of the rows in each epoch") \
	X("dtype", "dtype f32 | f64", "float or double") \
	X("math", "math strict | fast", \
	  "strict: the same bits with every compiler and every plan") \
	X("lanes", "lanes 1 | 4 | 8 | 16", \
	  "the width of vectors that the C is laid out for; 1: none, the least\n" \
	  "memory") \
	X("unroll", "unroll auto | full | none", \
	  "straight line or loops; also an option of each layer") \
	X("budget", "budget flash=8K ram=1K stack=256 compile=2s", \
	  "limits that the C must keep") \
	X("api", "api WORD ...", \
	  "what is emitted: forward train gradient input_gradient step; `step`\n" \
	  "is NAME_step, one step of a sequence at a time") \
	X("from", "LAYER ... from NAME", \
	  "reads the named layer instead of the line before") \
	X("prev", "add prev NAME ...", \
	  "the line before, among names") \
	X("share", "LAYER ... share=NAME", \
	  "uses the weights of the named layer, which has the same word and\n" \
	  "shapes; they get the gradients of both. How they begin, shrink and\n" \
	  "whether they learn is said at the layer that they belong to") \
	X("frozen", "LAYER ... frozen", \
	  "the weights of this layer do not learn: no gradient, no update") \
	X("last", "rnn N last", \
	  "only the state after the last step goes on") \
	X("reverse", "rnn N reverse", \
	  "reads the sequence from its end; beside the same without `reverse`,\n" \
	  "joined by `concat`, both directions")

static const struct { const char *word, *form, *text; } settings[] = {
#define SETTING_ROW(word, form, text) { word, form, text },
	SETTINGS(SETTING_ROW)
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

static const char *const topics[] = {
	"spec", "data", "json", "warnings", "activations", "layers", "losses", "optimizers", "inits"
};
enum { TOPIC_COUNT = sizeof topics / sizeof topics[0] };

void
help_short(FILE *f)
{
	fputs("Usage: bpgen [COMMAND] [OPTIONS] SPEC [ARGS]\n"
	      "  for example  bpgen xor.spec -o xor.c  or  bpgen - < xor.spec\n"
	      "`bpgen --help` lists commands and options\n", f);
}

/* words side by side, never wider than a terminal */
static void
put_wrapped(Text *t, int indent, size_t *column, const char *word)
{
	if (*column > (size_t)indent && *column + 2 + strlen(word) > WIDTH) {
		text_add(t, "\n%*s", indent, "");
		*column = (size_t)indent;
	} else if (*column > (size_t)indent) {
		text_put(t, "  ", 2);
		*column += 2;
	}
	text_put(t, word, strlen(word));
	*column += strlen(word);
}

static void
put_group(Ctx *c, Text *t, const char *group)
{
	size_t column = 12, i;

	text_add(t, "%-12s", group);
	for (i = 0; i < option_count; i++)
		if (options[i].group && !strcmp(options[i].group, group))
			put_wrapped(t, 12, &column, option_form(c, &options[i]));
	text_add(t, "\n");
}

static int
put(const Text *t)
{
	if (t->n)
		fwrite(t->s, 1, t->n, stdout);
	return 0;
}

static void
widen(int *width, const char *s)
{
	int n = (int)strlen(s);

	*width = n > *width ? n : *width;
}

/* in two columns */
static void
put_commands(Text *t)
{
	enum { HALF = (COMMAND_COUNT + 1) / 2, REST = COMMAND_COUNT - HALF };
	const Command *k = commands;
	int left = 0, text = 0, right = 0, i;

	for (i = 0; i < HALF; i++) {
		widen(&left, k[i].name);
		widen(&text, k[i].text);
	}
	for (; i < COMMAND_COUNT; i++)
		widen(&right, k[i].name);
	for (i = 0; i < HALF; i++, k++)
		if (i < REST)
			text_add(t, "  %-*s  %-*s  %-*s  %s\n", left, k->name,
			         text, k->text, right, k[HALF].name,
			         k[HALF].text);
		else
			text_add(t, "  %-*s  %s\n", left, k->name, k->text);
}

int
print_help(Ctx *c)
{
	static const char *const groups[] = {
		"Output", "Network", "Builds", "Messages"
	};
	Text t = { .c = c };
	size_t i;

	text_add(&t,
		"Usage: bpgen [COMMAND] [OPTIONS] SPEC [ARGS]\n"
		"Turns the description of a network into C: forward, "
		"backpropagation, update.\n\n"
		"  bpgen init xor                   write xor.spec and xor.csv "
		"to play with\n"
		"  bpgen xor.spec > xor.c           generate C\n"
		"  bpgen check xor.spec             are the derivatives right?\n"
		"  bpgen train xor.spec xor.csv     learn, using the built-in "
		"compiler\n\n");
	put_commands(&t);
	text_add(&t, "\n");
	for (i = 0; i < sizeof groups / sizeof groups[0]; i++)
		put_group(c, &t, groups[i]);
	text_add(&t, "bpgen help spec   the language      "
	         "bpgen help layers   all layers with formulas\n");
	return put(&t);
}

int
print_command_help(Ctx *c, const char *command)
{
	Text t = { .c = c };

	manual_text(c, command, &t);
	return put(&t);
}

/* `bpgen help --man [COMMAND]` */
static int
print_scdoc(Ctx *c, const Names *words)
{
	const char *command = words->n ? words->v[0] : NULL;
	Text t = { .c = c };

	if (words->n > 1 || (command && command_number(command) < 0)) {
		cli_error("--man: write one command, or none");
		return EX_USAGE_;
	}
	manual_scdoc(c, command, &t);
	return put(&t);
}

/* features: + in this build, - not */
int
print_version(Ctx *c)
{
	size_t n;

	printf("bpgen %s\n"
	       "features: +csv +idx" GZIP WEIGHTS NPZ PNG " +jit %cuplot\n"
	       "Lua %s, %s\n"
	       "MIT licence; the C that bpgen writes carries no conditions\n",
	       BPGEN_VERSION, template_text(c, "report/uplot.js", &n) ? '+' :
	       '-', BPGEN_LUA, tcc_name(c));
	return 0;
}

static bool
help_setting(Text *t, const char *word)
{
	int i;

	for (i = 0; i < SETTING_COUNT; i++) {
		if (strcmp(settings[i].word, word))
			continue;
		text_add(t, "%s\n\n%s\n", settings[i].form, settings[i].text);
		return true;
	}
	return false;
}

static bool
help_topic(Ctx *c, Text *t, const char *word)
{
	size_t column = 0;
	int i;

	if (!strcmp(word, "data")) {
		text_add(t, "%s", data_page);
		return true;
	}
	if (!strcmp(word, "json")) {
		text_add(t, "%s", json_page);
		return true;
	}
	if (!strcmp(word, "warnings")) {
		text_add(t, "%s", warnings_page);
		put_warnings(t);
		return true;
	}
	if (strcmp(word, "spec") && strcmp(word, "language"))
		return false;
	text_add(t, "%s\nSettings (`bpgen help NAME` tells more):\n  ",
	         spec_page);
	for (i = 0; i < SETTING_COUNT; i++)
		put_wrapped(t, 2, &column, settings[i].word);
	text_add(t, "\n\nWords: `bpgen help layers`, `activations`, `losses`, "
	         "`optimizers`, `inits`\n");
	(void)c;
	return true;
}

Names
help_words(Ctx *c)
{
	Names names = command_names(c);
	const Names *words;
	uint32_t i;
	int k;

	for (k = 0; k < SETTING_COUNT; k++)
		PUSH(c, &names, settings[k].word);
	for (k = 0; k < TOPIC_COUNT; k++)
		PUSH(c, &names, topics[k]);
	for (k = 0; k < REC_KINDS; k++) {
		words = record_names(c, (RecordKind)k);
		for (i = 0; words && i < words->n; i++)
			PUSH(c, &names, words->v[i]);
	}
	return names;
}

static int
unknown_word(Ctx *c, const char *word)
{
	Names names = help_words(c);
	const char *near = nearest(word, &names);

	if (near)
		cli_error("no help for '%s'; a word with a similar name exists: "
		          "%s", word, near);
	else
		cli_error("no help for '%s' (`bpgen help spec` lists the words)",
		          word);
	return EX_USAGE_;
}

int
cmd_help(Ctx *c, const Cli *cli)
{
	Text t = { .c = c };
	const char *word;
	uint32_t i;

	if (cli_has(cli, "man"))
		return print_scdoc(c, &cli->args);
	if (!cli->args.n)
		return print_help(c);
	for (i = 0; i < cli->args.n; i++) {
		word = cli->args.v[i];
		if (command_number(word) >= 0) {
			put(&t);
			t.n = 0;
			print_command_help(c, word);
		} else if (!help_topic(c, &t, word) && !help_setting(&t, word) &&
		           help_word(c, word, &t)) {
			return unknown_word(c, word);
		}
	}
	return put(&t);
}
