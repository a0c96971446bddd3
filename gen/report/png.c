/* SPDX-License-Identifier: MIT
 * Pixels in, a PNG out that is small as its images are: nothing is packed. */
#include <string.h>
#include "report.h"

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const char *
data_uri(Ctx *c, const char *type, const void *data, size_t n)
{
	const unsigned char *p = data;
	Text t = {.c = c};
	char four[4];
	size_t i, k, have;
	uint32_t v;

	text_add(&t, "data:%s;base64,", type);
	for (i = 0; i < n; i += 3) {
		have = n - i < 3 ? n - i : 3;
		for (v = 0, k = 0; k < 3; k++)
			v = v << 8 | (k < have ? p[i + k] : 0);
		for (k = 0; k < 4; k++)
			four[k] = k > have ? '=' : digits[v >> (18 - 6 * k) & 63];
		text_put(&t, four, 4);
	}
	return t.s;
}

static void
put32(Text *t, uint32_t v)
{
	char b[4] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};

	text_put(t, b, 4);
}

static void
put_chunk(Text *t, const char *type, const void *p, size_t n)
{
	uint32_t crc = crc32_of(crc32_of(0, type, 4), p, n);

	put32(t, (uint32_t)n);
	text_put(t, type, 4);
	text_put(t, p, n);
	put32(t, crc);
}

/* the rows, each behind the number of its filter: none */
static void
put_rows(Text *t, const Image *i)
{
	int y;

	for (y = 0; y < i->height; y++) {
		text_put(t, "", 1);
		text_put(t, (const char *)i->pixels + y * i->width,
		         (size_t)i->width);
	}
}

/* zlib's format, of blocks that are stored as they are */
static void
put_stored(Text *t, const unsigned char *p, size_t n)
{
	uint32_t a = 1, b = 0;
	size_t i, part;

	text_put(t, "\x78\x01", 2);
	for (i = 0; i < n; i += part) {
		part = n - i < 65535 ? n - i : 65535;
		char head[5] = {(char)(i + part == n), (char)part,
			(char)(part >> 8), (char)~part, (char)(~part >> 8)};

		text_put(t, head, 5);
		text_put(t, (const char *)p + i, part);
	}
	for (i = 0; i < n; i++) {
		a = (a + p[i]) % 65521;
		b = (b + a) % 65521;
	}
	put32(t, b << 16 | a);
}

const char *
png_uri(Ctx *c, const Image *i)
{
	Text file = {.c = c}, head = {.c = c}, rows = {.c = c}, data = {.c = c};

	put32(&head, (uint32_t)i->width);
	put32(&head, (uint32_t)i->height);
	text_put(&head, "\x08\x03\0\0", 5); /* 8 bits, a palette */
	put_rows(&rows, i);
	put_stored(&data, (const unsigned char *)rows.s, rows.n);
	text_put(&file, "\x89PNG\r\n\x1a\n", 8);
	put_chunk(&file, "IHDR", head.s, head.n);
	put_chunk(&file, "PLTE", i->palette, (size_t)i->colours * 3);
	put_chunk(&file, "IDAT", data.s, data.n);
	put_chunk(&file, "IEND", "", 0);
	return data_uri(c, "image/png", file.s, file.n);
}
