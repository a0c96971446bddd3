/* SPDX-License-Identifier: MIT
 * A file of data into memory, unpacked where gzip has packed it. */
#include <string.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#include "data.h"

#define MOST_BYTES ((size_t)1 << 30)

/* about the file as a whole */
bool
bytes_error(Ctx *c, const Bytes *b, int *rc, int code, const char *text)
{
	uint32_t source = b->source;

	if (!source)
		source = source_add(c, strcmp(b->path, "-") ? b->path :
		                    "standard input", "", 0);
	err(c, (Loc){source, 0, 0}, "%s", text);
	c->diags.v[c->diags.n - 1].place = 'f';
	*rc = code;
	return false;
}

static bool
is_gzip(const char *s, size_t n)
{
	return n >= 2 && !memcmp(s, "\x1f\x8b", 2);
}

#ifdef HAVE_ZLIB
/* Unpacks all members, into `out` or, where that is NULL, into nowhere; *size
 * is what came out.  NULL, or what is wrong. */
static const char *
unpack(const Bytes *b, char *out, size_t *size)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)b->text,
	              .avail_in = (uInt)b->len};
	Bytef nowhere[1 << 16];
	const char *wrong = NULL;
	int how;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return "packed by gzip, and there is no memory to unpack it";
	for (*size = 0; !wrong;) {
		z.next_out = out ? (Bytef *)out + *size : nowhere;
		z.avail_out = sizeof nowhere;
		how = inflate(&z, Z_NO_FLUSH);
		*size += sizeof nowhere - z.avail_out;
		if (*size > MOST_BYTES)
			wrong = "packed by gzip and unpacks to more than 1 GB";
		else if (how == Z_STREAM_END && !z.avail_in)
			break;
		else if (how == Z_STREAM_END)
			how = is_gzip((char *)z.next_in, z.avail_in) ?
				inflateReset(&z) : Z_DATA_ERROR;
		if (how == Z_BUF_ERROR && !z.avail_in)
			wrong = "packed by gzip and cut off";
		else if (how != Z_OK && !wrong)
			wrong = "packed by gzip and damaged";
	}
	inflateEnd(&z);
	return wrong;
}

/* twice: memory only once it is known how much, and that all is well */
static bool
unpacked(Ctx *c, Bytes *b, int *rc)
{
	size_t size;
	const char *wrong = unpack(b, NULL, &size);
	char *text;

	if (wrong)
		return bytes_error(c, b, rc, EX_DATA, fmt(c, "this is %s",
		                   wrong));
	text = mem(c, size + (1 << 16) + 1);
	unpack(b, text, &size);
	text[size] = 0;
	b->text = text;
	b->len = size;
	return true;
}
#else
static bool
unpacked(Ctx *c, Bytes *b, int *rc)
{
	return bytes_error(c, b, rc, EX_UNAVAILABLE_, "this is packed by gzip, "
	                   "but this build cannot unpack it (rebuild with "
	                   "zlib1g-dev)");
}
#endif

bool
bytes_read(Ctx *c, const char *path, Bytes *b, int *rc)
{
	const char *why = NULL;
	char *text;

	*b = (Bytes){.path = path};
	*rc = read_file(c, path, MOST_BYTES, &text, &b->len, &why);
	if (*rc)
		return bytes_error(c, b, rc, *rc, why ?
		                   fmt(c, "cannot be read: %s", why) :
		                   "cannot be read");
	b->text = text;
	return !is_gzip(text, b->len) || unpacked(c, b, rc);
}
