/* SPDX-License-Identifier: MIT
 * Tables, rows and files of weights, with good and with damaged input. */
#include <math.h>
#include "world.h"

static Data *
table(World *w, const char *text)
{
	return rows(w, text, strlen(text),
	            (DataOptions){.header = -1, .need_targets = true});
}

static void
test_shapes_of_text(void **state)
{
	static const char *const same[] = {
		"a,b,y\n1,2,3\n4,5,6\n", "1,2,3\n4,5,6\n", "1;2;3\r\n4;5;6\r\n",
		"1\t2\t3\n4\t5\t6", "1 2 3 \n 4   5 6 \n",
		"\xef\xbb\xbf" "a,b,y\n1,2,3\n4,5,6\n",
		"\"a\",\"b\",\"y\"\n\"1\",2,3\n\n\n4, 5 ,6\n\n", "1,2,3\r4,5,6\r"
	};
	World *w = world(2, 1, false);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof same / sizeof *same; i++) {
		Data *d = table(w, same[i]);

		assert_non_null(d);
		assert_int_equal(d->rows, 2);
		assert_true(d->x[0] == 1 && d->x[1] == 2 && d->t[0] == 3);
		assert_true(d->x[2] == 4 && d->x[3] == 5 && d->t[1] == 6);
	}
	end(w);
}

static void
test_columns(void **state)
{
	World *w = world(2, 1, false);
	const char *text = "id,p,q,price\n7,1,2,3\n8,4,5,6\n";
	DataOptions o = {"2-3", "4", -1, true, NULL, NULL};

	(void)state;
	assert_null(table(w, text));
	says(w, "4 columns, but 'toy' takes 2 inputs and 1 target", 1, 1);
	assert_string_equal(w->c->diags.v[1].text, "leave columns out with "
	                    "`--columns 2-3 --target 4`");
	assert_non_null(rows(w, text, strlen(text), o));
	assert_true(w->d->x[0] == 1 && w->d->t[1] == 6);
	o = (DataOptions){"q,p", "price", -1, true, NULL, NULL};
	assert_non_null(rows(w, text, strlen(text), o));
	assert_true(w->d->x[0] == 2 && w->d->x[1] == 1);
	o = (DataOptions){NULL, "price", -1, true, NULL, NULL};
	assert_null(rows(w, text, strlen(text), o));
	o = (DataOptions){"p,q", NULL, -1, false, NULL, NULL};
	assert_non_null(rows(w, text, strlen(text), o));
	assert_int_equal(w->d->stored, 0);
	o = (DataOptions){"pp", NULL, -1, true, NULL, NULL};
	assert_null(rows(w, text, strlen(text), o));
	assert_int_equal(w->rc, EX_USAGE_);
	o = (DataOptions){"2,2", "4", -1, true, NULL, NULL};
	assert_null(rows(w, text, strlen(text), o));
	o = (DataOptions){"1-4294967299", "4", -1, true, NULL, NULL};
	assert_null(rows(w, text, strlen(text), o));
	end(w);
}

static void
test_bad_cells(void **state)
{
	World *w = world(2, 1, false);

	(void)state;
	table(w, "a,b,y\n1,2,3\n1,nan,3\n");
	says(w, "'nan' is not a finite number", 3, 3);
	table(w, "1,2,3\n1,,3\n");
	says(w, "an empty cell in column 2", 2, 3);
	table(w, "1,2,3\n1,abc,3\n");
	says(w, "'abc' is not a number", 2, 3);
	table(w, "1;2;3\n1;0,5;3\n");
	says(w, "'0,5' is not a number", 2, 3);
	assert_string_equal(w->c->diags.v[0].fix, "0.5");
	table(w, "1,2,3\n1,1e999,3\n");
	says(w, "too large", 2, 3);
	table(w, "1,2,3\n1,1e39,3\n");
	says(w, "dtype f32", 2, 3);
	table(w, "1,2,3\n1,2\n");
	says(w, "2 columns, but the first line has 3", 2, 1);
	table(w, "1,2,3\n1,2,3,4\n");
	says(w, "4 columns, but the first line has 3", 2, 1);
	table(w, "1,2,3\n1,\"2,3\n");
	says(w, "does not end", 2, 3);
	table(w, "1,2,3\n1,\"2\"x,3\n");
	says(w, "a quote inside", 0, 0);
	table(w, "a,b,y\n");
	says(w, "no rows", 1, 1);
	table(w, "");
	says(w, "empty", 0, 0);
	table(w, "\n\n \n");
	says(w, "empty", 0, 0);
	rows(w, "1,2,3\n\0,2,3\n", 12, (DataOptions){NULL, NULL, -1, true, NULL, NULL});
	says(w, "zero byte", 0, 0);
	rows(w, "\x1f\x8b\x08", 3, (DataOptions){NULL, NULL, -1, true, NULL, NULL});
	says(w, "gzip", 0, 0);
	table(w, "1,nan,3\n1,2,3\n"); /* a damaged first row is no header */
	says(w, "'nan'", 1, 3);
	table(w, "1,2,0x10\n1,2,3\n");
	says(w, "'0x10' is not a number", 1, 5);
	end(w);
}

static void
test_classes(void **state)
{
	World *w = world(1, 3, true);
	double t[3];

	(void)state;
	assert_non_null(table(w, "x,y\n1,2\n2,0\n3,1\n"));
	assert_int_equal(data_class(w->d, w->net, 0, 0), 2);
	assert_string_equal(w->net->classes.v[2], "2");
	data_targets(w->d, w->net, 0, t);
	assert_true(t[0] == 0 && t[1] == 0 && t[2] == 1);
	w->net->classes.n = 0;
	assert_non_null(table(w, "1,dog\n2,cat\n3,eel\n4,cat\n"));
	assert_string_equal(w->net->classes.v[0], "cat");
	assert_int_equal(data_class(w->d, w->net, 0, 0), 1);
	assert_int_equal(data_class(w->d, w->net, 3, 0), 0);
	table(w, "1,dog\n2,cats\n");
	says(w, "unknown class 'cats'", 2, 3);
	assert_string_equal(w->c->diags.v[0].fix, "cat");
	assert_non_null(table(w, "1,0\n2,2\n")); /* numbers of named classes */
	table(w, "1,0\n2,3\n");
	says(w, "unknown class '3'", 2, 3);
	w->net->classes.n = 0;
	assert_non_null(table(w, "1,30\n2,10\n3,20\n"));
	assert_int_equal(data_class(w->d, w->net, 0, 0), 2);
	w->net->classes.n = 0;
	table(w, "1,3\n2,4\n3,5\n4,6\n");
	says(w, "class number 4", 4, 3);
	w->net->classes.n = 0;
	assert_non_null(table(w, "1,0,0,1\n2,1,0,0\n")); /* one-hot */
	assert_int_equal(data_class(w->d, w->net, 0, 0), 2);
	table(w, "1,0,0,2\n");
	says(w, "a target of 2", 1, 7);
	end(w);
}

static void
test_binary(void **state)
{
	World *w = world(1, 1, true);

	(void)state;
	assert_non_null(table(w, "1,0\n2,1\n"));
	assert_true(w->d->t[0] == 0 && w->d->t[1] == 1);
	assert_non_null(table(w, "x,y\n1,yes\n2,no\n"));
	assert_int_equal(data_class(w->d, w->net, 0, 0), 1);
	table(w, "x,y\n1,yes\n2,maybe\n");
	says(w, "unknown class 'maybe'", 3, 3);
	end(w);
}

static void
test_split(void **state)
{
	World *w = world(1, 3, true);
	Text t = {w->c, NULL, 0, 0};
	size_t train, other, out, i, *a, *b, *k, held[3] = {0};
	bool seen[101] = {false};

	(void)state;
	for (i = 0; i < 101; i++)
		text_add(&t, "%zu,%zu\n", i, i < 50 ? (size_t)0 : i < 80 ? 1 : 2);
	assert_non_null(table(w, t.s));
	a = rows_split(w->d, w->net, 0.2, 7, &train, &out);
	b = rows_split(w->d, w->net, 0.2, 7, &other, &out);
	k = rows_split(w->d, w->net, 0.2, 8, &other, &out);
	assert_true(train == 81 && out == 20);
	assert_memory_equal(a, b, 101 * sizeof *a);
	assert_memory_not_equal(a, k, 101 * sizeof *a);
	for (i = 0; i < 101; i++)
		seen[a[i]] = true;
	for (i = 0; i < 101; i++)
		assert_true(seen[i]);
	for (i = train; i < 101; i++)
		held[data_class(w->d, w->net, a[i], 0)]++;
	assert_true(held[0] == 10 && held[1] == 6 && held[2] == 4);
	free(a);
	free(b);
	free(k);
	end(w);
}

/* two inputs of 2 values; rows of 2 values and a class */
static World *
pairing(void)
{
	World *w = world(4, 1, true);
	Layer second = {.name = "input1", .out = {VECTOR, 1, {2}}};

	w->net->layers.v[0].out.dim[0] = 2;
	PUSH(w->c, &w->net->layers, second);
	return w;
}

static void
test_pairs(void **state)
{
	World *w = pairing();
	Text t = {w->c, NULL, 0, 0};
	bool used[60] = {false};
	size_t train, held, i, *rows;
	const char *name[] = {"a", "b", "c"};
	double v;

	(void)state;
	for (i = 0; i < 60; i++)
		text_add(&t, "%zu,%zu,%s\n", i, i % 3, name[i % 3]);
	assert_non_null(table(w, t.s));
	assert_int_equal(w->d->samples, 60);
	assert_true(w->d->rows > 100);
	for (i = 0; i < w->d->rows; i++) {
		bool same = data_input(w->d, i, 1) == data_input(w->d, i, 3);
		assert_true(data_input(w->d, i, 0) != data_input(w->d, i, 2));
		data_targets(w->d, w->net, i, &v);
		assert_true(v == same);
	}
	rows = rows_split(w->d, w->net, 0.25, 7, &train, &held);
	assert_true(train > 70 && held > 20);
	for (i = 0; i < train; i++)
		used[w->d->pair[rows[i]].a] = used[w->d->pair[rows[i]].b] = true;
	for (i = train; i < train + held; i++) {
		assert_false(used[w->d->pair[rows[i]].a]);
		assert_false(used[w->d->pair[rows[i]].b]);
	}
	free(rows);
	/* rows that are pairs already are taken as they are */
	assert_non_null(table(w, "1,2,3,4,1\n5,6,7,8,0\n"));
	assert_true(!w->d->pair && w->d->rows == 2);
	table(w, "1,2,a\n");
	says(w, "1 row makes no pair", 0, 0);
	table(w, "1,2,a\n3,4,\n");
	says(w, "an empty cell", 2, 5);
	table(w, "1,a\n3,4\n");
	says(w, "2 columns, but 'toy' takes 4 inputs and 1", 0, 0);
	end(w);
}

static void
array_put(World *w, Arrays *to, const char *name, double value)
{
	Array a = {.name = name, .dtype = F64, .shape = {VECTOR, 1, {1}},
	           .count = 1};

	a.v = mem(w->c, sizeof *a.v);
	*a.v = value;
	PUSH(w->c, &to->v, a);
}

static Weights *
save(World *w)
{
	Weights *out = weights_new(w->c, w->net);
	const char *why;
	int64_t i;

	out->params = mem(w->c, (size_t)out->count * sizeof(double));
	for (i = 0; i < out->count; i++)
		out->params[i] = (double)(float)(0.1 * (double)i - 0.3);
	array_put(w, &out->all, "state/clock", 0.1);
	note_put(w->c, &out->all, "run/epoch", "%d", 17);
	out->validation = 0.2;
	out->epochs = UINT64_MAX;
	assert_int_equal(weights_write(w->c, w->path, out, &why), 0);
	return out;
}

/* as the build can read it: safetensors first, NPZ with `npz` */
static World *
world_of_weights(bool npz)
{
	World *w = world(3, 2, true);

#ifndef HAVE_JANSSON
	end(w);
	skip();
#elif !defined HAVE_MINIZIP
	if (npz) {
		end(w);
		skip();
	}
#endif
	unlink(w->path);
	if (npz)
		strcat(w->path, ".npz");
	return w;
}

static void
round_trip(bool npz)
{
	static const char *const names[] = {
		"a \"quoted\" \\ name", "\xc3\xa4", "\xe4\n\\x41", ""
	};
	World *w = world_of_weights(npz);
	Weights *out, *in;
	uint64_t epoch;
	size_t i;
	int rc;

	for (i = 0; i < 4; i++)
		PUSH(w->c, &w->net->classes, names[i]);
	out = save(w);
	in = weights_read(w->c, w->path, &rc);
	assert_non_null(in);
	assert_true(weights_apply(w->c, w->net, in));
	assert_int_equal(in->count, 8);
	assert_memory_equal(in->params, out->params, 8 * sizeof(double));
	assert_int_equal(in->classes.n, 4);
	for (i = 0; i < 4; i++)
		assert_string_equal(in->classes.v[i], names[i]);
	assert_true(in->validation == 0.2 && in->epochs == UINT64_MAX);
	assert_true(array_find(&in->all, "state/clock")->v[0] == 0.1);
	assert_true(note_whole(&in->all, "run/epoch", &epoch) && epoch == 17);
	w->net->layers.v[1].weights.v[0].shape.dim[1] = 4;
	assert_false(weights_apply(w->c, w->net, in));
	assert_non_null(strstr(w->c->diags.v[0].text, "file 2x3"));
	assert_non_null(strstr(w->c->diags.v[0].text, "spec 2x4"));
	end(w);
}

/* Any byte that is changed and any length that is cut is noticed, or changes
 * nothing: a zip has bytes that nobody reads, and the first note says whether
 * there is a checksum. */
static void
damage(bool npz)
{
	World *w = world_of_weights(npz);
	size_t n, i, accepted = 0;
	const char *why;
	char *text, *bad;
	Weights *out = save(w), *in;
	int rc;

	assert_int_equal(read_file(w->c, w->path, 1 << 20, &text, &n, &why), 0);
	for (i = 0; i < 2 * n; i++) {
		bad = copy(w->c, text, n);
		if (i < n)
			bad[i] ^= (char)(1 << i % 8);
		assert_int_equal(write_file(w->c, w->path, bad,
		                 i < n ? n : i - n, &why), 0);
		in = weights_read(w->c, w->path, &rc);
		assert_int_equal(rc, in ? 0 : EX_DATA);
		if (!in || !weights_apply(w->c, w->net, in))
			continue;
		assert_true(i < n);
		assert_memory_equal(in->params, out->params,
		                    8 * sizeof(double));
		accepted++;
	}
	assert_true(accepted < n / 3);
	assert_null(weights_read(w->c, "/nonexistent/file", &rc));
	assert_int_equal(rc, EX_NOINPUT_);
	end(w);
}

static void
test_safetensors(void **state)
{
	(void)state;
	round_trip(false);
}

static void
test_npz(void **state)
{
	(void)state;
	round_trip(true);
}

static void
test_damaged_safetensors(void **state)
{
	(void)state;
	damage(false);
}

static void
test_damaged_npz(void **state)
{
	(void)state;
	damage(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes_of_text),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_bad_cells),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_safetensors),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_npz),
		cmocka_unit_test(test_damaged_safetensors),
		cmocka_unit_test(test_damaged_npz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
