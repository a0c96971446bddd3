/* SPDX-License-Identifier: MIT
 * A small network and a file of its own: what the tests of data start from. */
#ifndef WORLD_H
#define WORLD_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "data/data.h"

typedef struct {
	Ctx *c;
	Network *net;
	Record dense, loss;
	Data *d;
	int rc;
	jmp_buf exit;
	char path[64];
} World;

static World *
world(int inputs, int outputs, bool classifies)
{
	World *w = calloc(1, sizeof *w);
	Layer input = {.name = "input0", .out = {VECTOR, 1, {inputs}}};
	Layer dense = {.name = "dense1", .out = {VECTOR, 1, {outputs}}};
	Weight weight = {.name = "w", .tied = -1,
		.shape = {MATRIX, 2, {outputs, inputs}}};
	Weight bias = {.name = "b", .tied = -1, .shape = {VECTOR, 1, {outputs}}};
	Head head = {.layer = 1, .outputs = outputs, .targets = outputs};
	Closed closed = {.left = outputs > 1 ? "softmax" : "sigmoid"};

	w->c = ctx_new();
	w->c->exit = &w->exit;
	PUSH(w->c, &w->c->sources, ((Source){.name = "", .text = ""}));
	w->net = mem(w->c, sizeof *w->net);
	w->net->name = "toy";
	w->net->path = "toy.spec";
	w->net->inputs = inputs;
	w->net->outputs = w->net->targets = outputs;
	w->net->params = outputs * (inputs + 1);
	w->net->batch = 1;
	w->net->horizon = -1;
	w->dense.name = "dense";
	w->loss.name = classifies ? "cross_entropy" : "mse";
	if (classifies)
		PUSH(w->c, &w->loss.with, closed);
	head.loss = &w->loss;
	dense.rec = &w->dense;
	PUSH(w->c, &dense.in, 0);
	PUSH(w->c, &dense.weights, weight);
	PUSH(w->c, &dense.weights, bias);
	PUSH(w->c, &w->net->layers, input);
	PUSH(w->c, &w->net->layers, dense);
	PUSH(w->c, &w->net->heads, head);
	strcpy(w->path, "/tmp/bpgen_data_XXXXXX");
	close(mkstemp(w->path));
	return w;
}

static void
end(World *w)
{
	data_free(w->d);
	unlink(w->path);
	ctx_free(w->c);
	free(w);
}

static Data *
rows(World *w, const char *text, size_t n, DataOptions o)
{
	FILE *f = fopen(w->path, "wb");

	fwrite(text, 1, n, f);
	fclose(f);
	data_free(w->d);
	w->c->diags.n = 0;
	w->c->errors = 0;
	w->d = NULL;
	w->d = data_read(w->c, w->net, w->path, &o, &w->rc);
	return w->d;
}

/* the first message holds `text`, at line:column where these are not 0 */
static void
says(World *w, const char *text, unsigned line, unsigned column)
{
	const Diag *d = w->c->diags.v;
	const Source *s;
	unsigned i, at_line = 1, at_column = 1;

	assert_null(w->d);
	assert_int_not_equal(w->rc, 0);
	assert_true(w->c->diags.n > 0);
	if (!strstr(d->text, text))
		fail_msg("'%s' has no '%s'", d->text, text);
	if (!line)
		return;
	s = &w->c->sources.v[d->loc.file];
	for (i = 0; i < d->loc.at; i++) {
		at_column++;
		if (s->text[i] == '\n') {
			at_line++;
			at_column = 1;
		}
	}
	assert_int_equal(at_line, line);
	assert_int_equal(at_column, column);
}

#endif
