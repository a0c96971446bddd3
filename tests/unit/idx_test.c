/* SPDX-License-Identifier: MIT
 * IDX arrays and what gzip has packed, good and damaged. */
#include "world.h"
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

/* two pictures of 1x2, then their labels */
static const char pictures[] =
	"\0\0\x08\3" "\0\0\0\2" "\0\0\0\1" "\0\0\0\2" "\0\xff\x33\x66"
	"\0\0\x08\1" "\0\0\0\2" "\2\0";
enum { PICTURES = 20, BOTH = 30 };

static Data *
bytes(World *w, const char *text, size_t n)
{
	return rows(w, text, n, (DataOptions){.header = -1,
	            .need_targets = true});
}

static void
test_arrays(void **state)
{
	World *w = world(2, 3, true);
	Data *d = bytes(w, pictures, BOTH);

	(void)state;
	assert_non_null(d);
	assert_int_equal(d->rows, 2);
	assert_true(data_input(d, 0, 0) == 0 && data_input(d, 0, 1) == 1);
	assert_true(data_input(d, 1, 0) == 0.2 && data_input(d, 1, 1) == 0.4);
	assert_int_equal(data_class(d, w->net, 0, 0), 2);
	assert_int_equal(data_class(d, w->net, 1, 0), 0);
	assert_int_equal(w->net->classes.n, 3);
	assert_string_equal(w->net->classes.v[2], "2");
	end(w);
}

/* every prefix of a file, and every byte of its headers turned round, gives
 * rows or a message, never anything else */
static void
test_damage(void **state)
{
	World *w = world(2, 3, true);
	char text[BOTH];
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < BOTH; i++)
		assert_true(!bytes(w, pictures, i) && w->rc == EX_DATA);
	for (i = 0; i < BOTH; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, pictures, BOTH);
			text[i] = (char)(text[i] ^ 1 << bit);
			w->net->classes.n = 0;
			if (!bytes(w, text, BOTH))
				assert_true(w->rc == EX_DATA &&
				            w->c->diags.n > 0);
		}
	end(w);
}

static void
test_messages(void **state)
{
	World *w = world(2, 3, true);
	char text[BOTH + 1];

	(void)state;
	bytes(w, pictures, PICTURES);
	says(w, "there are no labels in this file", 0, 0);
	bytes(w, pictures, PICTURES - 1);
	says(w, "says 2 times 1x2, but there are 3 bytes", 0, 0);
	memcpy(text, pictures, BOTH);
	text[2] = 0x0d;
	bytes(w, text, BOTH);
	says(w, "holds floats; only unsigned bytes", 0, 0);
	memcpy(text, pictures, BOTH);
	text[BOTH - 2] = 3;
	PUSH(w->c, &w->net->classes, "0");
	PUSH(w->c, &w->net->classes, "1");
	PUSH(w->c, &w->net->classes, "2");
	bytes(w, text, BOTH);
	says(w, "label 1 is 3, but 'toy' has 3 classes", 0, 0);
	memcpy(text, pictures, BOTH);
	text[PICTURES + 7] = 1;
	bytes(w, text, BOTH - 1);
	says(w, "1 labels, but ", 0, 0);
	memcpy(text, pictures, BOTH);
	text[BOTH] = 7;
	bytes(w, text, BOTH + 1);
	says(w, "1 bytes follow the last row", 0, 0);
	memcpy(text, "\0\0\x08\4\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	       "\xff\xff\xff\xff", 20);
	bytes(w, text, 20);
	says(w, "says a size of 4294967295", 0, 0);
	bytes(w, pictures + PICTURES, BOTH - PICTURES);
	says(w, "these are labels", 0, 0);
	w->net->inputs = 4;
	w->net->layers.v[0].out = (Shape){MATRIX, 2, {2, 2}};
	bytes(w, pictures, BOTH);
	says(w, "images of 1x2, but the input is 2x2", 0, 0);
	end(w);
}

#ifdef HAVE_ZLIB
/* one member of gzip */
static size_t
packed(const char *text, size_t n, char *out, size_t cap)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)n,
	              .next_out = (Bytef *)out, .avail_out = (uInt)cap};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9,
	                              Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

static void
test_gzip(void **state)
{
	World *w = world(2, 3, true);
	char text[512], turned[512];
	size_t n, i;

	(void)state;
	n = packed(pictures, BOTH, text, sizeof text);
	assert_non_null(bytes(w, text, n));
	assert_int_equal(w->d->rows, 2);
	/* two members, as cat makes them */
	n = packed(pictures, PICTURES, text, sizeof text);
	n += packed(pictures + PICTURES, BOTH - PICTURES, text + n,
	            sizeof text - n);
	assert_non_null(bytes(w, text, n));
	assert_int_equal(data_class(w->d, w->net, 0, 0), 2);
	for (i = 2; i < n; i++)
		assert_true(!bytes(w, text, i) && w->rc == EX_DATA);
	for (i = 2; i < n; i++) {
		memcpy(turned, text, n);
		turned[i] = (char)~turned[i];
		if (!bytes(w, turned, n))
			assert_true(w->rc == EX_DATA && w->c->diags.n > 0);
	}
	bytes(w, text, n - 1);
	says(w, "packed by gzip and cut off", 0, 0);
	text[n] = 'x';
	bytes(w, text, n + 1);
	says(w, "packed by gzip and damaged", 0, 0);
	n = packed("1,2,0\n3,4,1\n", 12, text, sizeof text);
	assert_non_null(bytes(w, text, n));
	assert_int_equal(w->d->rows, 2);
	end(w);
}

/* more than 1 GB of nothing in 1 MB: refused, and without taking the memory */
static void
test_bomb(void **state)
{
	World *w = world(2, 3, true);
	enum { PART = 1 << 25, PARTS = 33 };
	char *zeros = calloc(1, PART), *bomb = malloc(PARTS << 16);
	size_t used = w->c->used, n = packed(zeros, PART, bomb, 1 << 16);
	int i;

	(void)state;
	for (i = 1; i < PARTS; i++)
		memcpy(bomb + (size_t)i * n, bomb, n);
	bytes(w, bomb, n * PARTS);
	free(zeros);
	free(bomb);
	says(w, "unpacks to more than 1 GB", 0, 0);
	assert_true(w->c->used - used < 32 << 20);
	end(w);
}
#else
static void
test_gzip(void **state)
{
	World *w = world(2, 3, true);

	(void)state;
	bytes(w, "\x1f\x8b\x08\0", 4);
	says(w, "this build cannot unpack it", 0, 0);
	assert_int_equal(w->rc, EX_UNAVAILABLE_);
	end(w);
}

static void
test_bomb(void **state)
{
	(void)state;
	skip();
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrays), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_messages), cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_bomb)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
