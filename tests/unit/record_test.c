/* SPDX-License-Identifier: MIT
 * The vocabulary: every record loads, shapes and messages of layers, constants
 * from data, broken records. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../gen/front/front.h"

typedef struct { Ctx *c; jmp_buf exit; } Fixture;

static int
set_up(void **state)
{
	Fixture *f = calloc(1, sizeof *f);

	f->c = ctx_new();
	f->c->exit = &f->exit;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	Fixture *f = *state;

	ctx_free(f->c);
	free(f);
	return 0;
}

#define START(state) Ctx *c = ((Fixture *)*(state))->c; \
	if (setjmp(((Fixture *)*(state))->exit)) \
		fail_msg("%s", c->exit_text)

/* a spec that must give this message */
static void
refuses(Ctx *c, const char *spec, const char *message)
{
	uint32_t i;

	c->errors = c->warnings = 0;
	c->diags.n = 0;
	assert_null(front_text(c, "test.spec", spec, strlen(spec)));
	for (i = 0; i < c->diags.n; i++)
		if (strstr(c->diags.v[i].text, message))
			return;
	diag_print(c, stderr, false);
	fail_msg("no message '%s'", message);
}

static Network *
accepts(Ctx *c, const char *spec)
{
	Network *net;

	c->errors = c->warnings = 0;
	c->diags.n = 0;
	net = front_text(c, "test.spec", spec, strlen(spec));
	if (!net)
		diag_print(c, stderr, false);
	assert_non_null(net);
	return net;
}

static void
all_records_load(void **state)
{
	START(state);
	uint32_t i, n = 0;
	int k;

	for (k = 0; k < REC_KINDS; k++) {
		const Names *names = record_names(c, (RecordKind)k);
		for (i = 0; i < names->n; i++, n++) {
			const Record *r = record_find(c, (RecordKind)k,
			                              names->v[i]);
			if (!r)
				diag_print(c, stderr, false);
			assert_non_null(r);
			assert_string_equal(r->name, names->v[i]);
			assert_non_null(r->doc);
			assert_true(r->builtin);
		}
	}
	assert_true(n >= 60);
	assert_int_equal(c->errors, 0);
}

static void
shapes(void **state)
{
	static const struct { const char *lines, *shape; } cases[] = {
		{ "input 5\ndense 3\n", "3" },
		{ "input 5 steps=7\ndense 3 tanh\n", "7x3" },
		{ "input 2x6x5\nconv 4 3x3 relu\n", "4x4x3" },
		{ "input 2x6x5\nconv 4 3x3 pad=same\n", "4x6x5" },
		{ "input 2x6x5\nconv 4 2x2 pad=same stride=2\n", "4x3x3" },
		{ "input 2x6x5\ndepthwise 4 3x3\n", "4x4x3" },
		{ "input 2x6x4\nmaxpool 2x2\n", "2x3x2" },
		{ "input 2x6x4\navgpool 3x3 stride=1 pad=1\n", "2x6x4" },
		{ "input 2x6x4\nglobalpool avg\n", "2" },
		{ "input 2x6x4\nflatten\n", "48" },
		{ "input 2x6x4\nlayernorm relu\n", "2x6x4" },
		{ "a: input 3\nb: input 4\nconcat a b\n", "7" },
		{ "a: input 3\nb: dense 3\nadd a b relu\n", "3" },
		{ "layer \"twice\" { formula = \"y[...] = 2*x[...]\" }\n"
		  "input 5 steps=2\ntwice\n", "2x5" },
		{ "layer \"slide\" { args = { size \"units\" },\n"
		  "weights = function(s, p) return {{\"w\", p.units, 3}} end,\n"
		  "formula = \"y[t,o] = sum(u: w[o,u] * x[2*t+u])\" }\n"
		  "input 9\nslide 2\n", "4x2" },
	};
	START(state);
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		Network *net = accepts(c, cases[i].lines);
		Layer *l = &net->layers.v[net->layers.n - 1];
		assert_string_equal(shape_text(c, &l->out), cases[i].shape);
	}
}

static void
messages(void **state)
{
	START(state);

	refuses(c, "input 1x28x28\ndense 10\n", "'dense' needs a vector, but "
	        "its input is a feature map of 1x28x28");
	refuses(c, "input 3 steps=4\nlstm 5 last\nlstm 5\n", "'lstm' needs a "
	        "sequence, but its input is a single vector of 5");
	refuses(c, "input 28x28x1\nconv 6 5x5\n", "write `input 1x28x28`");
	refuses(c, "a: input 3\nb: input 4\nadd a b\n",
	        "'add' needs equal shapes, but got 3 and 4");
	refuses(c, "input 4\ndropout 1.5\n",
	        "must be at least 0 and less than 1, but is 1.5");
	refuses(c, "input 4x4x4\nconv 6 3x3 groups=4\n",
	        "groups=4 does not divide 6 filters");
	refuses(c, "input 4\ndense 100000\ndense 100000\n", "more than");
	refuses(c, "input 4\ndense 1\nloss mse\n"
	        "optimizer sgd rate=1 nesterov\n", "nesterov needs a momentum");
}

static void
broken_records(void **state)
{
	START(state);

	refuses(c, "layer \"w0\" { formla = \"y[i] = x[i]\" }\ninput 1\n",
	        "unknown field 'formla'");
	refuses(c, "layer \"w1\" { }\ninput 1\n", "a layer needs a formula");
	refuses(c, "layer \"w2\" { formula = 7 }\ninput 1\n",
	        "must be a text or a function");
	refuses(c, "activation \"w3\" { dy = \"1\" }\ninput 1\n",
	        "an activation needs either");
	refuses(c, "layer \"w4\" { args = { 5 }, formula = \"y[i] = x[i]\" }\n"
	        "input 1\n", "an argument is size");
	refuses(c, "layer \"w5\" { formula = function() return nil + 1 end }\n"
	        "input 1\nw5\n", "attempt to perform arithmetic");
	refuses(c, "layer \"w6\" { formula = function() return {} end }\n"
	        "input 1\nw6\n", "must give a text");
	refuses(c, "layer \"w7\" { weights = function() return {{\"w\", -1}} end,"
	        " formula = \"y[i] = x[i]\" }\ninput 1\nw7\n",
	        "must be a whole number above 0");
	refuses(c, "layer \"w8\" { formula = \"y[i] = q[i]\" }\ninput 1\nw8\n",
	        "the shape of y cannot be worked out");
	refuses(c, "layer \"w9\" { check = function() while true do end end,"
	        " formula = \"y[i] = x[i]\" }\ninput 1\nw9\n", "Lua takes");
}

static void
closed_forms(void **state)
{
	START(state);
	const Record *r = record_find(c, REC_LOSS, "cross_entropy");

	assert_int_equal(r->with.n, 1);
	assert_string_equal(r->with.v[0].left, "softmax");
	assert_non_null(r->with.v[0].index_delta);
	r = record_find(c, REC_OPTIMIZER, "rprop");
	assert_int_equal(r->state.n, 2);
	assert_string_equal(r->state.v[1].arg, "rate");
}

static void
steps_follow_arguments(void **state)
{
	START(state);
	Network *net = accepts(c, "input 2\ndense 1\nloss mse\n"
	                       "optimizer sgd rate=0.1 momentum=0.9\n");

	assert_int_equal(net->optimizer->state.n, 1);
	net = accepts(c, "input 2\ndense 1\nloss mse\noptimizer sgd rate=0.1\n");
	assert_int_equal(net->optimizer->state.n, 0);
	net = accepts(c, "input 2\ndense 1\nloss mse\noptimizer adamw\n");
	assert_non_null(net->optimizer->step_bias);
	assert_true(net->optimizer->no_l2);
}

/* the scale of targets must be what normalize does */
static void
fits_agree(void **state)
{
	START(state);
	ColumnStats s[3] = { { 1, 2, -3, 5 }, { 4, 0, 4, 4 },
	                     { -1, 0.5, -2, 0 } };
	static const char *const how[] = { "zscore", "minmax" };
	double shift[3], scale[3];
	Network *net, t = { .targets = 3, .t_shift = shift, .t_scale = scale };
	int i, k;

	for (k = 0; k < 2; k++) {
		net = accepts(c, fmt(c, "input 3\nnormalize %s\ndense 1\n",
		                     how[k]));
		assert_true(record_fit(c, &net->layers.v[1], s));
		t.targets_scale = how[k][0];
		targets_fit(&t, s);
		for (i = 0; i < 3; i++) {
			assert_true(net->layers.v[1].constants[0][i] ==
			            shift[i]);
			assert_true(net->layers.v[1].constants[1][i] ==
			            scale[i]);
		}
		assert_true(scale[1] == 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(all_records_load), TEST(shapes), TEST(messages),
		TEST(broken_records), TEST(closed_forms),
		TEST(steps_follow_arguments), TEST(fits_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
