/* SPDX-License-Identifier: MIT
 * The one table of commands and the one table of options: parsing, help and the
 * candidates for misspelt words all come from here. */
#ifndef OPTIONS_H
#define OPTIONS_H
#include "tool.h"

/* name, most plain arguments after the spec, those arguments, what it does;
 * only those of DO_NET take a spec */
#define COMMANDS(X) \
	X(gen, 0, "", "generate C (the default)") \
	X(check, 0, "", "compare with finite differences") \
	X(train, 1, " DATA", "learn from CSV or IDX") \
	X(eval, 1, " DATA", "loss, accuracy, confusion table") \
	X(predict, 1, " DATA", "outputs for every row") \
	X(draw, 1, " [DATA]", "the net, or its weights") \
	X(plot, UINT32_MAX, " FILE.csv ...", "curves of a training") \
	X(bench, 0, "", "time the emitted C") \
	X(info, 0, "", "parameters, work, memory") \
	X(expand, 0, "", "the spec, written out") \
	X(explain, 0, "", "the derivation, on paper") \
	X(init, 2, " [STARTER [DIR]]", "a starter: spec and data") \
	X(completion, 1, " bash|zsh|fish", "for bash, zsh and fish") \
	X(help, UINT32_MAX, " [WORD]", "COMMAND, WORD or TOPIC")

#define NUMBER_OF(name, most, args, text) NUMBER_##name,
enum { COMMANDS(NUMBER_OF) COMMAND_COUNT };
#undef NUMBER_OF
#define BIT_OF(name, most, args, text) DO_##name = 1 << NUMBER_##name,
enum { COMMANDS(BIT_OF) DO_ALL = (1 << COMMAND_COUNT) - 1 };
#undef BIT_OF
#define DO_NET (DO_ALL & ~(DO_plot | DO_init | DO_completion | DO_help))
#define DO_CODE (DO_NET & ~(DO_expand | DO_draw)) /* make C of it */
#define DO_DATA (DO_train | DO_eval | DO_predict)
#define DO_RUN (DO_DATA | DO_check)

/* long name, short name, value (?: only after `=`, or none; HOW:a|b|c is shown as
 * HOW and must be one of these words, as a|b|c must), whether it may repeat,
 * commands that take it, group in `bpgen --help`, what it does */
#define OPTIONS(X) \
	X("output", "o", "FILE", 0, DO_gen, "Output", \
	  "write FILE, and the header beside it") \
	X("output", "o", "FILE", 0, DO_train | DO_predict | DO_expand | \
	  DO_draw | DO_plot | DO_explain, 0, "write FILE") \
	X("header", 0, "FILE", 0, DO_gen, "Output", \
	  "the header, if not beside the C file") \
	X("standalone", 0, 0, 0, DO_gen, "Output", \
	  "put the runtime into the file: no bp.h needed") \
	X("prefix", 0, "NAME", 0, DO_gen, "Output", \
	  "names start with NAME_ instead of the net's name") \
	X("weights", "w", "FILE", 0, (DO_gen | DO_RUN | DO_explain | DO_draw) & \
	  ~DO_train, "Output", "trained weights to use") \
	X("weights", "w", "FILE", 0, DO_train, 0, "the weights to write, as -o") \
	X("api", 0, "LIST", 0, DO_gen, "Output", \
	  "forward, train, gradient, input_gradient") \
	X("dtype", 0, "f32|f64", 0, DO_CODE, "Output", \
	  "the type of all numbers") \
	X("unroll", 0, "auto|full|none", 0, DO_CODE, "Output", \
	  "straight line or loops") \
	X("format", 0, "FORMAT:svg|tex|dot|pdf|png|text|ppm|pgm", 0, DO_draw, 0, \
	  "svg, tex (TikZ), dot, pdf or png, where the name of the file does " \
	  "not say it; of weights text, png, ppm or pgm") \
	X("units", 0, "?LAYER", 0, DO_draw, 0, \
	  "the weights of the units of this layer, else of the first one, as " \
	  "images; -w names their file; --weights=LAYER is the same") \
	X("boundary", 0, 0, 0, DO_draw, 0, \
	  "of a network of 2 inputs where it says what; rows of DATA are points") \
	X("shape", 0, "HxW", 0, DO_draw, 0, \
	  "height and width of these, where the input has none") \
	X("format", 0, "text|md|latex|html", 0, DO_explain, 0, \
	  "what is written, where the name of the file (.txt .md .tex .html) " \
	  "does not say it: formulas as text, as LaTeX in Markdown, LaTeX, " \
	  "MathML in a page that needs no network") \
	X("numbers", 0, "X,..;T,..", 0, DO_explain, 0, \
	  "also one sample with all its values: its inputs, a `;`, its targets " \
	  "(numbers, or the name of a class); or row:N of --data") \
	X("format", 0, "FORMAT:text|svg|pdf|png|tex", 0, DO_plot, 0, \
	  "text, svg, pdf, png or tex, where the name of the file does not " \
	  "say it") \
	X("gnuplot", 0, 0, 0, DO_plot, 0, \
	  "print the script for gnuplot that draws the same") \
	X("force", 0, 0, 0, DO_gen | DO_expand | DO_draw | DO_plot | DO_init | \
	  DO_explain | DO_train, \
	  "Output", "overwrite a file that bpgen did not write") \
	X("dump", 0, "STAGE:forward|grad|simplify|order|stream|plan", 0, DO_gen, 0, \
	  "print forward, grad, simplify, order, stream or plan instead of C") \
	X("plan", 0, "FILE", 0, DO_CODE & ~DO_info, 0, \
	  "how some statements run, as --dump=plan prints it; or random:SEED") \
	X("plan", 0, "?FILE", 0, DO_info, 0, \
	  "explain the plan; with FILE or random:SEED that one") \
	X("memory", 0, "?FUNCTION", 0, DO_draw, 0, \
	  "which values of forward, or of this function (train: what NAME_train " \
	  "runs), lie where in the workspace, and when") \
	X("memory", 0, "?FUNCTION", 0, DO_info, 0, \
	  "what lies where in NAME_net, and which values of forward, or of " \
	  "this function (train: what NAME_train runs), share its workspace") \
	X("define", "D", "name=value", 1, DO_NET, "Network", \
	  "set a parameter of the spec") \
	X("include", "I", "DIR", 1, DO_NET, "Network", \
	  "look for included files here too") \
	X("templates", 0, "DIR", 0, DO_ALL, "Network", \
	  "words and C templates that replace the built-in ones") \
	X("write-dependencies", "MD", 0, 0, DO_gen, "Builds", \
	  "also write a rule for make, FILE.d") \
	X("write-user-dependencies", "MMD", 0, 0, DO_gen, "Builds", \
	  "the same") \
	X("depfile", "MF", "FILE", 0, DO_gen, "Builds", \
	  "where the rule for make goes; implies -MD") \
	X("dep-target", "MT", "NAME", 0, DO_gen, "Builds", \
	  "the target of that rule, else the C file") \
	X("dep-phony", "MP", 0, 0, DO_gen, "Builds", \
	  "an empty rule for each dependency but the spec") \
	X("data", 0, "FILE", 0, DO_gen | DO_check | DO_info | DO_explain, "Network", \
	  "CSV that the constants of normalize and targets come from") \
	X("seed", 0, "N", 0, DO_RUN | DO_bench | DO_explain, 0, "replaces the spec's seed") \
	X("seeds", 0, "1..20", 0, DO_train, 0, \
	  "a run with each of these seeds, in parallel, and a table of all; " \
	  "as with -D name=10,20,40 the weights of the best are kept") \
	X("epochs", 0, "N", 0, DO_train, 0, "replaces the spec's limit") \
	X("rate", 0, "X", 0, DO_train, 0, "replaces the learning rate") \
	X("columns", 0, "LIST", 0, DO_DATA | DO_gen | DO_check | DO_explain | \
	  DO_draw, 0, \
	  "columns of the inputs: names or ranges such as 2-5") \
	X("columns", 0, "LIST", 0, DO_plot, 0, \
	  "columns to draw instead of loss,val_loss") \
	X("target", 0, "LIST", 0, DO_DATA | DO_gen | DO_check | DO_explain | \
	  DO_draw, 0, \
	  "columns of the targets") \
	X("labels", 0, "FILE", 0, DO_DATA, 0, \
	  "IDX file of the classes, where its name does not follow from that " \
	  "of the images") \
	X("header", 0, "yes|no", 0, DO_DATA | DO_check | DO_explain | DO_draw, 0, \
	  "whether the first row holds names; found out otherwise") \
	X("validation", 0, "FRACTION", 0, DO_train, 0, \
	  "part of the rows that is held out") \
	X("validation", 0, "?FRACTION", 0, DO_eval, 0, \
	  "only the rows that training held out") \
	X("resume", 0, "FILE", 0, DO_train, 0, \
	  "go on from a checkpoint, or from weights and their optimizer state") \
	X("checkpoint", 0, "FILE", 0, DO_train, 0, \
	  "keep there what --resume needs to go on to the same bits") \
	X("every", 0, "N[s]", 0, DO_train, 0, \
	  "a checkpoint every N epochs, or with an s: seconds (10s)") \
	X("csv", 0, 0, 0, DO_predict, 0, "plain CSV instead of a table") \
	X("validate", 0, "FILE", 0, DO_train, 0, \
	  "rows to validate with, from a file of their own") \
	X("report", 0, "FILE", 0, DO_train, 0, \
	  "write a page about the run: curves, confusion matrix, weights as " \
	  "pictures, gradient check; it opens in a browser, without a network") \
	X("all", 0, 0, 0, DO_check, 0, "every parameter, not a sample") \
	X("require", 0, "WHAT=X", 1, DO_train | DO_eval, 0, \
	  "exit 1 unless, for example, accuracy=0.95 is reached") \
	X("json", 0, 0, 0, DO_info | DO_RUN | DO_bench, "Messages", \
	  "the result for programs (`bpgen help json`)") \
	X("quiet", "q", 0, 0, DO_ALL, "Messages", "no progress, no notes") \
	X("verbose", "v", 0, 0, DO_ALL, "Messages", "more of both") \
	X("jit", 0, "auto|tcc|cc", 0, DO_RUN | DO_bench, 0, \
	  "who compiles the net: TinyCC, built in, at once; or cc (BPGEN_CC " \
	  "and CC name another), whose code is faster. auto: cc where that " \
	  "pays; train starts with TinyCC and changes over. The bits are the " \
	  "same, but not with math fast: there auto decides once, by the size " \
	  "of the task") \
	X("threads", "j", "N", 0, DO_train, 0, \
	  "threads, 0: one a processor. Each mini-batch is cut into the same " \
	  "slices for any N, 1 too, so the result does not depend on N; " \
	  "without the option nothing is cut") \
	X("progress", 0, "HOW:auto|bar|plain|json|none", 0, DO_train, "Messages", \
	  "auto, bar, plain, json or none") \
	X("diagnostics", 0, "gnu|msvc|json", 0, DO_ALL, "Messages", \
	  "the form of errors and warnings") \
	X("color", 0, "auto|always|never", 0, DO_ALL, "Messages", \
	  "colour in messages") \
	X("max-errors", 0, "N", 0, DO_ALL, "Messages", \
	  "show N errors (20), 0: all") \
	X("warn", "W", "[no-]NAME", 1, DO_ALL, "Messages", \
	  "-WNAME, -Wno-NAME, -Werror, -Werror=NAME") \
	X("man", 0, 0, 0, DO_help, 0, \
	  "the source of the man page: scdoc") \
	X("help", "h", 0, 0, DO_ALL, "Messages", "this help") \
	X("version", "V", 0, 0, DO_ALL, "Messages", "version and features")

/* names of warnings, as warn() takes them; what is wrong */
#define WARNINGS(X) \
	X("budget", "a limit of `budget` is not checked") \
	X("forward-only", "there is no loss, so nothing can be trained") \
	X("inexact-pool", "windows of a pool leave a part of the map out") \
	X("loss-match", "loss and last activation do not belong together") \
	X("normalize", "constants that come from data are not known yet") \
	X("replaced", "a word of the spec takes the place of a built-in one") \
	X("resume", "weights go on, the state of their optimizer does not") \
	X("statistics", "mini-batches too small for statistics over samples") \
	X("threads", "threads that cannot share the mini-batches") \
	X("unused-layer", "no output depends on a layer") \
	X("weights", "weights of another spec whose shapes agree") \
	X("zero-gradient", "a derivative is zero everywhere on the way")

typedef struct {
	const char *name, *letter, *value;
	bool repeats;
	unsigned commands;
	const char *group, *text;
} Option;
typedef struct { const char *name; uint32_t most; const char *args, *text; }
	Command;
extern const Option options[];
extern const Command commands[];
extern const size_t option_count;

/* in place of what was given, if anything; NULL: nothing was */
void cli_set(Ctx *c, const Cli *cli, const char *option, const char *value);
/* argv -> cli, c->opt; 0, or 64 after a message */
int options_read(Ctx *c, Cli *cli, int argc, char **argv);
/* whether a command takes an option */
bool option_fits(const Option *o, const char *command);
/* "-o FILE", "--prefix=NAME" */
const char *option_form(Ctx *c, const Option *o);
/* "a|b|c" where a value must be one of these words, else NULL */
const char *option_words(const Option *o);
Names command_names(Ctx *c);
Names warning_names(Ctx *c);
void put_warnings(Text *t); /* names and texts, a line each */
int command_number(const char *name); /* -1: none */
bool takes_spec(const char *command);

#endif
