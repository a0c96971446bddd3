/* SPDX-License-Identifier: MIT
 * Whole numbers of a vocabulary, and texts as series of them. */
#include "world.h"

static int32_t ids[3];

/* a network that reads `steps` numbers below `vocab` */
static World *
reader(int steps, int vocab, int outputs)
{
	World *w = world(steps, outputs, true);
	int i;

	for (i = 0; i < steps; i++)
		ids[i] = vocab;
	strcpy(w->path + strlen(w->path), ".txt");
	return w;
}

static Data *
text(World *w, const char *s)
{
	return rows(w, s, strlen(s), (DataOptions){.header = -1,
	            .need_targets = true, .ids = ids});
}

static void
test_next(void **state)
{
	World *w = reader(3, 6, 6);
	static const char *const names[] = {"\\n", "space", "a", "b", "\xc3\xa4",
	                                    "(unused 5)"};
	Data *d = text(w, "ab \xc3\xa4\nba");
	size_t i;

	(void)state;
	assert_non_null(d);
	assert_true(d->series && d->rows == 4 && w->net->classes.n == 6);
	for (i = 0; i < 6; i++)
		assert_string_equal(w->net->classes.v[i], names[i]);
	assert_true(data_input(d, 0, 0) == 2 && data_input(d, 0, 1) == 3 &&
	            data_input(d, 0, 2) == 1);
	assert_int_equal(data_class(d, w->net, 0, 0), 4);
	assert_int_equal(data_class(d, w->net, 3, 0), 2);
	/* the same numbers for another text, and no new characters */
	d = text(w, "aaab");
	assert_non_null(d);
	assert_int_equal(data_class(d, w->net, 0, 0), 3);
	assert_null(text(w, "aaa\naa5a"));
	says(w, "'toy' has no character like this one", 2, 3);
	end(w);
}

/* the next character at every step: one-hot targets, step after step */
static void
test_each(void **state)
{
	World *w = reader(2, 3, 6);
	double t[6];
	Data *d;

	(void)state;
	w->net->layers.v[1].out = (Shape){SEQUENCE, 2, {2, 3}};
	d = text(w, "abcab");
	assert_non_null(d);
	assert_true(d->rows == 3 && d->stored == 2);
	assert_true(class_count(w->net) == 3 && class_places(w->net) == 2);
	assert_true(!is_classifier(w->net));
	assert_int_equal(data_class(d, w->net, 0, 1), 2);
	data_targets(d, w->net, 1, t); /* after bc: c a */
	assert_true(!t[0] && !t[1] && t[2] == 1 && t[3] == 1 && !t[4] && !t[5]);
	end(w);
}

static void
test_damaged(void **state)
{
	static const char *const wrong[] = {
		"\xff", "ab\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xe2\x82"
	};
	World *w = reader(2, 3, 3);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		text(w, wrong[i]);
		says(w, "this is no UTF-8", 0, 0);
	}
	rows(w, "a\0b", 3, (DataOptions){.header = -1, .need_targets = true,
	     .ids = ids});
	says(w, "a zero byte in a text", 1, 2);
	text(w, "abcd");
	says(w, "4 different characters, but 'toy' has 3", 0, 0);
	assert_string_equal(w->c->diags.v[1].text, "write `vocab=4`, and `dense "
	                    "4 softmax` at the end");
	text(w, "ab");
	says(w, "2 rows, but a window has 2", 0, 0);
	text(w, "");
	says(w, "0 rows, but a window has 2", 0, 0);
	end(w);
}

static void
test_numbers(void **state)
{
	World *w = reader(2, 3, 3);

	(void)state;
	w->path[strlen(w->path) - 4] = 0;
	assert_non_null(text(w, "0,2,1\n1,1,0\n"));
	text(w, "0,2,1\n1,3,0\n");
	says(w, "'3' is no whole number from 0 to 2", 2, 3);
	text(w, "0,2,1\n0.5,1,0\n");
	says(w, "'0.5' is no whole number from 0 to 2", 2, 1);
	text(w, "0,-1,1\n");
	says(w, "'-1' is no whole number", 1, 3);
	assert_non_null(rows(w, "\0\0\x08\2\0\0\0\1\0\0\0\2\2\1"
	                     "\0\0\x08\1\0\0\0\1\1", 23, (DataOptions){
	                     .header = -1, .need_targets = true, .ids = ids}));
	assert_true(data_input(w->d, 0, 0) == 2 && data_input(w->d, 0, 1) == 1);
	rows(w, "\0\0\x08\2\0\0\0\1\0\0\0\2\2\3\0\0\x08\1\0\0\0\1\1", 23,
	     (DataOptions){.header = -1, .need_targets = true, .ids = ids});
	says(w, "row 1 has the number 3, but the largest is 2", 0, 0);
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next), cmocka_unit_test(test_each),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_numbers)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
