/* SPDX-License-Identifier: MIT
 * Rows in order of time become windows; the end of them validates. */
#include "world.h"

/* `input FEATURES steps=STEPS`, then so many outputs */
static World *
forecast(int steps, int features, int outputs, bool classifies)
{
	World *w = world(steps * features, outputs, classifies);

	w->net->layers.v[0].out = (Shape){SEQUENCE, 2, {steps, features}};
	return w;
}

static Data *
series(World *w, const char *text, const char *columns, const char *target,
	bool need)
{
	return rows(w, text, strlen(text), (DataOptions){.columns = columns,
	            .target = target, .header = -1, .need_targets = need});
}

static const char ten[] = "t,v\n0,10\n1,11\n2,12\n3,13\n4,14\n5,15\n6,16\n"
	"7,17\n8,18\n9,19\n";

static void
test_windows(void **state)
{
	World *w = forecast(3, 1, 1, false);
	size_t i, j, ahead;
	Data *d;

	(void)state;
	for (ahead = 0; ahead < 4; ahead++) {
		w->net->horizon = (int)ahead;
		d = series(w, ten, NULL, "v", true);
		assert_non_null(d);
		assert_int_equal(d->rows, 8 - ahead);
		for (i = 0; i < d->rows; i++) {
			double t;

			for (j = 0; j < 3; j++)
				assert_true(data_input(d, i, j) ==
				            (double)(10 + i + j));
			data_targets(d, w->net, i, &t);
			assert_true(t == (double)(12 + i + ahead));
		}
	}
	/* to predict with, the windows whose target is not there yet too */
	d = series(w, ten, NULL, "v", false);
	assert_true(d->rows == 8 && d->known == 5);
	end(w);
}

static void
test_features(void **state)
{
	World *w = forecast(2, 2, 1, false);
	double t;
	Data *d;

	(void)state;
	/* all columns are features, the target is one of them */
	d = series(w, ten, NULL, "v", true);
	assert_non_null(d);
	assert_int_equal(d->rows, 8);
	assert_true(data_input(d, 1, 0) == 1 && data_input(d, 1, 1) == 11 &&
	            data_input(d, 1, 2) == 2 && data_input(d, 1, 3) == 12);
	data_targets(d, w->net, 1, &t);
	assert_true(t == 13);
	/* the spec's own name of its output says the same */
	PUSH(w->c, &w->net->columns, "v");
	assert_non_null(series(w, ten, NULL, NULL, true));
	data_targets(w->d, w->net, 1, &t);
	assert_true(t == 13);
	/* inputs first, target last */
	w->net->columns.n = 0;
	d = series(w, "1,2,30\n3,4,31\n5,6,32\n7,8,33\n", NULL, NULL, true);
	assert_non_null(d);
	assert_true(d->rows == 2 && d->x_step == 2);
	data_targets(d, w->net, 0, &t);
	assert_true(t == 32);
	end(w);
}

/* a row that holds all steps is a sequence of its own */
static void
test_sequences(void **state)
{
	World *w = forecast(2, 2, 1, false);
	Data *d = series(w, "1,2,3,4,9\n5,6,7,8,9\n", NULL, NULL, true);

	(void)state;
	assert_non_null(d);
	assert_true(!d->series && d->rows == 2 && data_input(d, 1, 3) == 8);
	w->net->horizon = 1;
	assert_null(series(w, "1,2,3,4,9\n5,6,7,8,9\n", NULL, NULL, true));
	says(w, "5 columns, but a step of 'toy' has 2 features and 1 target", 1,
	     1);
	end(w);
}

/* a target at each step: those of the held-out windows begin after all that
 * was learnt from */
static void
test_each(void **state)
{
	World *w = forecast(3, 1, 3, false);
	size_t train, held, *rows, i;
	double t[3];
	Data *d;

	(void)state;
	w->net->layers.v[1].out = (Shape){SEQUENCE, 2, {3, 1}};
	d = series(w, ten, "v", "v", true);
	assert_non_null(d);
	assert_true(d->rows == 7 && d->stored == 3 && d->t_step == 1);
	for (i = 0; i < d->rows; i++) {
		data_targets(d, w->net, i, t);
		assert_true(t[0] == (double)(11 + i) && t[2] == t[0] + 2);
	}
	rows = rows_split(d, w->net, 0.3, 1, &train, &held);
	assert_true(train == 3 && held == 2 && rows[2] == 2 && rows[3] == 5);
	free(rows);
	end(w);
}

static void
test_split(void **state)
{
	World *w = forecast(3, 1, 1, false);
	Data *d = series(w, ten, "v", "v", true);
	size_t train, held, *rows, i;
	ColumnStats stats[3];

	(void)state;
	assert_non_null(d);
	rows = rows_split(d, w->net, 0.3, 99, &train, &held);
	assert_true(train == 5 && held == 2);
	for (i = 0; i < 7; i++)
		assert_int_equal(rows[i], i);
	/* constants from what comes before the end alone */
	column_stats(d, true, rows, train, stats);
	assert_true(stats[0].min == 10 && stats[2].max == 16);
	column_stats(d, false, rows, train, stats);
	assert_true(stats[0].max == 17);
	free(rows);
	end(w);
}

static void
test_labels(void **state)
{
	World *w = forecast(2, 1, 2, true);
	Data *d;

	(void)state;
	w->net->horizon = 0;
	d = series(w, "1,up\n2,up\n3,down\n4,down\n", NULL, NULL, true);
	assert_non_null(d);
	assert_int_equal(d->rows, 3);
	assert_string_equal(w->net->classes.v[0], "down");
	assert_true(data_class(d, w->net, 0, 0) == 1);
	assert_true(data_class(d, w->net, 1, 0) == 0);
	end(w);
}

static void
test_messages(void **state)
{
	World *w = forecast(3, 1, 1, false);

	(void)state;
	series(w, "1,2\n3,4\n5,6\n", NULL, NULL, true);
	says(w, "3 rows, but a window has 3, and its target stands 1 row later",
	     0, 0);
	assert_non_null(series(w, "1,2\n3,4\n5,6\n", NULL, NULL, false));
	assert_true(w->d->rows == 1 && w->d->known == 0);
	series(w, "1,2\n3,4\n", NULL, NULL, false);
	says(w, "2 rows, but a window has 3", 0, 0);
	series(w, "1,2\n3,\n5,6\n7,8\n", NULL, NULL, true);
	says(w, "an empty cell in column 2", 2, 3);
	w->net->horizon = 1000000;
	series(w, ten, "v", "v", true);
	says(w, "1000000 rows later", 0, 0);
	w->net->horizon = 1;
	series(w, "1,2,3\n", NULL, NULL, true);
	says(w, "3 columns, but a step of 'toy' has 1 feature and 1 target", 1,
	     1);
	assert_string_equal(w->c->diags.v[1].text, "name the target with "
	                    "`--target NAME`, or in the spec with `columns "
	                    "NAME`");
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows), cmocka_unit_test(test_features),
		cmocka_unit_test(test_sequences), cmocka_unit_test(test_each),
		cmocka_unit_test(test_split), cmocka_unit_test(test_labels),
		cmocka_unit_test(test_messages)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
