/* SPDX-License-Identifier: MIT
 * What the manual says of each command, and examples. */
#include "manual.h"

#define DATA "DATA is a table (CSV), an IDX file, a text, or `-` for standard " \
	"input; gzip is unpacked. `bpgen help data` tells how columns become " \
	"inputs and targets."
#define SPEC "SPEC is a file, or `-` for standard input; `bpgen help spec` tells " \
	"of its language."
#define WEIGHTS "Weights come from -w FILE, else from NAME.safetensors, which " \
	"train has left."

const Page pages[] = {
	{ "gen",
	  "Writes C for exactly the network that SPEC describes: forward pass, "
	  "backpropagation, update. With -o FILE.c its header is written as "
	  "FILE.h; without, both go to standard output as one. The C allocates "
	  "nothing and needs bp.h alone, or with --standalone nothing.\n\n"
	  SPEC " Outputs are written together or not at all, never over a file "
	  "that bpgen has not written, unless --force says so.",
	  "  bpgen xor.spec -o xor.c\n"
	  "  bpgen xor.spec -w xor.safetensors --standalone -o xor.c\n"
	  "  bpgen net.spec -D hidden=50 -o net.c -MD -MP\n" },
	{ "check",
	  "Compares the gradient that the emitted C computes with central "
	  "differences of its loss, in f64, at a random point or with --data at "
	  "one from there. An error that falls a hundredfold when the step falls "
	  "tenfold (order 2) is that of the differences; a wrong derivative does "
	  "not shrink. Then the C is compared with an interpreter of the "
	  "formulas, and f32 with f64.",
	  "  bpgen check xor.spec\n"
	  "  bpgen check digits.spec --all\n" },
	{ "train",
	  "Compiles the network in memory, learns from the rows of DATA, and "
	  "writes the weights to NAME.safetensors (-o FILE, or FILE.npz) and a "
	  "row for each epoch to NAME.history.csv. The same spec, seed and data "
	  "give the same bits.\n\n"
	  DATA " --validation=0.2 holds rows out.\n\n"
	  "Ctrl-C ends after the running mini-batch and saves; a second one ends "
	  "at once.",
	  "  bpgen train xor.spec xor.csv\n"
	  "  bpgen train net.spec rows.csv --validation 0.2 --epochs 50 -j 0\n"
	  "  bpgen train net.spec rows.csv -D hidden=10,20,40 --seeds 1..5\n"
	  "  bpgen train net.spec rows.csv --checkpoint long.checkpoint\n"
	  "  bpgen train net.spec rows.csv --resume long.checkpoint\n" },
	{ "eval",
	  "Loss over the rows of DATA and, where there are classes, accuracy and "
	  "a table of what was taken for what; else errors and R^2 of each "
	  "target. " WEIGHTS "\n\n" DATA,
	  "  bpgen eval digits.spec test.csv\n"
	  "  bpgen eval digits.spec digits.csv --validation\n"
	  "  bpgen eval digits.spec test.csv --require accuracy=0.95\n" },
	{ "predict",
	  "The outputs, or the class and how sure the network is of it, for "
	  "every row of DATA, which may lack the targets. " WEIGHTS "\n\n" DATA,
	  "  bpgen predict iris.spec iris.csv\n"
	  "  bpgen predict iris.spec new.csv -o classes.csv\n" },
	{ "bench",
	  "Times what the emitted C does with made-up rows, compiled by TinyCC "
	  "and by cc (or one of them: --jit): a sample alone, forward and its "
	  "gradient; and samples in mini-batches, forward and training. The least "
	  "of several rounds counts. Operations are those of the formulas, as "
	  "info counts them.",
	  "  bpgen bench digits.spec\n"
	  "  BPGEN_CC=clang bpgen bench digits.spec --jit=cc --json\n" },
	{ "info",
	  "Layers, their shapes and parameters, multiply-adds of a sample, bytes "
	  "of weights and workspace. --plan tells how each statement runs: "
	  "vectors, tiles, loops.",
	  "  bpgen info lenet.spec\n"
	  "  bpgen info lenet.spec --plan\n" },
	{ "expand",
	  "Prints the spec as it was understood: no loops, no parameters, every "
	  "default written out.",
	  "  bpgen expand net.spec -D hidden=50\n" },
	{ "draw",
	  "Writes a picture of the network as SVG, TikZ, DOT, PDF or PNG, as the "
	  "name of the FILE of -o or --format says; with --units the weights of a "
	  "layer as images, with --boundary where a network of two inputs says "
	  "what.",
	  "  bpgen draw xor.spec -o xor.svg\n"
	  "  bpgen draw digits.spec --units --shape=8x8\n"
	  "  bpgen draw xor.spec xor.csv --boundary\n"
	  "  bpgen draw lenet.spec --memory=gradient -o memory.svg\n" },
	{ "plot",
	  "Draws what train has written to NAME.history.csv: on the terminal, or "
	  "into a file by -o. Several histories share one picture.",
	  "  bpgen plot xor.history.csv\n"
	  "  bpgen plot one.history.csv two.history.csv -o loss.svg\n" },
	{ "explain",
	  "Derives backpropagation for exactly this network, formula by formula, "
	  "in the letters of a lecture.",
	  "  bpgen explain xor.spec\n" },
	{ "init",
	  "Writes a spec and the data that it learns from into DIR, or here; "
	  "without STARTER it lists them. Existing files stay, and then nothing "
	  "is written, unless --force says so.",
	  "  bpgen init xor\n"
	  "  bpgen init digits demo\n" },
	{ "completion",
	  "Prints what makes a shell complete commands, options and words. `make "
	  "install` puts it where the shells look for it; otherwise bash needs, "
	  "in ~/.bashrc, the line of the example.",
	  "  source <(bpgen completion bash)\n" },
	{ "help",
	  "The manual page of a command; the formula of a layer, activation, loss, "
	  "optimizer or initialisation; what a setting does; or a topic: `spec`, "
	  "`data`, `json`, `warnings`, `layers`, `activations`, `losses`, "
	  "`optimizers`, `inits`.",
	  "  bpgen help train\n"
	  "  bpgen help dense cross_entropy\n"
	  "  bpgen help --man train | scdoc >bpgen-train.1\n" },
	{ 0 }
};
