/* SPDX-License-Identifier: MIT
 * Named arrays as a safetensors file, both ways: 8 bytes with the length of a
 * header, the header in JSON, the values.
 * https://huggingface.co/docs/safetensors says what is in the header. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_JANSSON
#include <jansson.h>
#endif
#include "arrays.h"
#include "reader.h"

#define CRC_AT (8 + sizeof HEAD_FIRST - 1)

uint64_t
little_endian(const unsigned char *p, int bytes)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

void
put_little_endian(Text *t, uint64_t v, int bytes)
{
	char b[8];
	int i;

	for (i = 0; i < bytes; i++)
		b[i] = (char)(v >> 8 * i & 255);
	text_put(t, b, (size_t)bytes);
}

void
reals_read(Ctx *c, const unsigned char *p, Array *a)
{
	union { uint32_t u; float f; } single;
	union { uint64_t u; double d; } twice;
	size_t i;

	a->v = mem(c, a->count * sizeof *a->v + 1);
	for (i = 0; i < a->count; i++)
		if (a->dtype == F32) {
			single.u = (uint32_t)little_endian(p + 4 * i, 4);
			a->v[i] = (double)single.f;
		} else {
			twice.u = little_endian(p + 8 * i, 8);
			a->v[i] = twice.d;
		}
}

void
reals_put(Text *t, const Array *a)
{
	size_t i;

	for (i = 0; i < a->count; i++) {
		union { float f; uint32_t u; } single = {(float)a->v[i]};
		union { double d; uint64_t u; } twice = {a->v[i]};

		if (a->dtype == F32)
			put_little_endian(t, single.u, 4);
		else
			put_little_endian(t, twice.u, 8);
	}
}

bool
array_count(Array *a, int64_t most)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < a->shape.rank; i++) {
		if (a->shape.dim[i] < 0 ||
		    (a->shape.dim[i] && n > most / a->shape.dim[i]))
			return false;
		n *= a->shape.dim[i];
	}
	a->count = (size_t)n;
	return n <= most;
}

/* -------------------------------------------------------------- writing */

static void
put_string(Text *t, const char *s)
{
	text_put(t, "\"", 1);
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			text_add(t, "\\%c", *s);
		else if ((unsigned char)*s < 32)
			text_add(t, "\\u%04x", (unsigned char)*s);
		else
			text_put(t, s, 1);
	text_put(t, "\"", 1);
}

void
notes_text(Text *t, const Arrays *a, bool checked)
{
	uint32_t i;

	text_add(t, "{\"bpgen\":\"1\"%s", checked ? ",\"crc32\":\"00000000\"" :
	         "");
	for (i = 0; i < a->notes.n; i++) {
		text_put(t, ",", 1);
		put_string(t, a->notes.v[i].name);
		text_put(t, ":", 1);
		put_string(t, a->notes.v[i].text);
	}
	text_put(t, "}", 1);
}

static void
put_entry(Text *t, const Array *a, size_t *at)
{
	size_t bytes = a->count * (a->dtype == F32 ? 4 : 8);
	int i;

	text_put(t, ",", 1);
	put_string(t, a->name);
	text_add(t, ":{\"dtype\":\"%s\",\"shape\":[", a->dtype == F32 ? "F32" :
	         "F64");
	for (i = 0; i < a->shape.rank; i++)
		text_add(t, i ? ",%d" : "%d", (int)a->shape.dim[i]);
	text_add(t, "],\"data_offsets\":[%zu,%zu]}", *at, *at + bytes);
	*at += bytes;
}

/* doubles first: then every array is aligned */
static void
in_order(Text *t, const Arrays *a, bool values)
{
	size_t at = 0;
	uint32_t i;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < a->v.n; i++) {
			if ((a->v.v[i].dtype == F32) != pass)
				continue;
			if (values)
				reals_put(t, &a->v.v[i]);
			else
				put_entry(t, &a->v.v[i], &at);
		}
}

/* the checksum of the whole file, taken with zeros in its own place */
void
safetensors_write(Text *t, const Arrays *a)
{
	Text head = {t->c, NULL, 0, 0};
	char digits[9];

	text_add(&head, "{\"" NOTES_NAME "\":");
	notes_text(&head, a, true);
	in_order(&head, a, false);
	text_put(&head, "}", 1);
	while (head.n % 8)
		text_put(&head, " ", 1);
	put_little_endian(t, head.n, 8);
	text_put(t, head.s, head.n);
	in_order(t, a, true);
	snprintf(digits, sizeof digits, "%08x", crc32_of(0, t->s, t->n));
	memcpy(t->s + CRC_AT, digits, 8);
}

/* -------------------------------------------------------------- reading */

#ifdef HAVE_JANSSON
#define MOST_HEADER ((uint64_t)100 << 20) /* as the format's own reader says */

typedef struct { size_t from, to; uint32_t array; } Extent;
typedef struct {
	Ctx *c;
	Arrays *to;
	VEC(Extent) extents;
	const unsigned char *values;
	size_t size;                /* of the values, in bytes */
} Reading;

static const char *
notes_of(Ctx *c, json_t *notes, Arrays *to)
{
	const char *key, *text;
	json_t *value;

	if (!json_is_object(notes))
		return "the file is damaged (" NOTES_NAME " is no object)";
	json_object_foreach(notes, key, value) {
		text = json_string_value(value);
		if (!text)
			return fmt(c, "the file is damaged (the note '%s' is "
			           "no text)", shown(c, key));
		PUSH(c, &to->notes, ((Note){copy(c, key, strlen(key)),
		                            copy(c, text, strlen(text))}));
	}
	return NULL;
}

/* parsed, or NULL with what is wrong */
static json_t *
parse(Ctx *c, const char *s, size_t n, const char **why)
{
	json_error_t e;
	json_t *root = json_loadb(s, n, JSON_REJECT_DUPLICATES, &e);

	if (!root)
		*why = fmt(c, "the file is damaged (its header is no JSON: %s, "
		           "byte %d)", shown(c, e.text), e.position);
	return root;
}

const char *
notes_read(Ctx *c, const char *json, size_t n, Arrays *to)
{
	const char *why = NULL;
	json_t *root = parse(c, json, n, &why);

	if (root)
		why = notes_of(c, root, to);
	json_decref(root);
	return why;
}

static const char *
shape_of(Reading *r, json_t *dims, Array *a)
{
	const char *wrong = fmt(r->c, "the shape of '%s' makes no sense",
	                        a->name);
	json_int_t dim;
	size_t i;

	if (!json_is_array(dims) || json_array_size(dims) > MAX_RANK)
		return wrong;
	a->shape.rank = (int)json_array_size(dims);
	for (i = 0; i < json_array_size(dims); i++) {
		dim = json_integer_value(json_array_get(dims, i));
		if (!json_is_integer(json_array_get(dims, i)) || dim < 0 ||
		    dim > INT32_MAX)
			return wrong;
		a->shape.dim[i] = (int32_t)dim;
	}
	return array_count(a, INT32_MAX) ? NULL : wrong;
}

static const char *
dtype_of(Reading *r, json_t *dtype, Array *a)
{
	const char *name = json_string_value(dtype);

	if (!name)
		return fmt(r->c, "'%s' has no dtype", a->name);
	if (strcmp(name, "F32") && strcmp(name, "F64"))
		return fmt(r->c, "'%s' holds numbers of type %s; bpgen reads "
		           "F32 and F64", a->name, shown(r->c, name));
	a->dtype = name[1] == '3' ? F32 : F64;
	return NULL;
}

static const char *
entry(Reading *r, const char *name, json_t *value)
{
	Array a = {.name = shown(r->c, name)};
	json_t *offsets = json_object_get(value, "data_offsets");
	json_t *from = json_array_get(offsets, 0);
	json_t *to = json_array_get(offsets, 1);
	const char *why = dtype_of(r, json_object_get(value, "dtype"), &a);
	json_int_t first, last;

	if (!why)
		why = shape_of(r, json_object_get(value, "shape"), &a);
	if (why)
		return why;
	first = json_integer_value(from);
	last = json_integer_value(to);
	if (json_array_size(offsets) != 2 || !json_is_integer(from) ||
	    !json_is_integer(to) || first < 0 || last < first)
		return fmt(r->c, "the file is damaged ('%s' has no place)",
		           a.name);
	if ((uint64_t)last > r->size)
		return fmt(r->c, "the file is cut off: '%s' ends at byte %lld "
		           "of %zu", a.name, (long long)last, r->size);
	if ((size_t)(last - first) != a.count * (a.dtype == F32 ? 4 : 8))
		return fmt(r->c, "the file is damaged (the size of '%s' does "
		           "not fit its shape)", a.name);
	a.name = copy(r->c, name, strlen(name));
	PUSH(r->c, &r->to->v, a);
	PUSH(r->c, &r->extents, ((Extent){(size_t)first, (size_t)last,
	                                  r->to->v.n - 1}));
	return NULL;
}

static int
by_place(const void *x, const void *y)
{
	const Extent *a = x, *b = y;

	return a->from != b->from ? (a->from > b->from) - (a->from < b->from) :
		(a->to > b->to) - (a->to < b->to);
}

static const char *
named(Reading *r, uint32_t extent)
{
	return shown(r->c, r->to->v.v[r->extents.v[extent].array].name);
}

/* one after another, from the first byte to the last */
static const char *
cover(Reading *r)
{
	size_t at = 0;
	uint32_t i;

	if (r->extents.n)
		qsort(r->extents.v, r->extents.n, sizeof *r->extents.v,
		      by_place);
	for (i = 0; i < r->extents.n; at = r->extents.v[i++].to) {
		if (r->extents.v[i].from < at)
			return fmt(r->c, "the file is damaged ('%s' and '%s' "
			           "overlap)", named(r, i - 1), named(r, i));
		if (r->extents.v[i].from > at)
			return fmt(r->c, "the file is damaged (a gap before "
			           "'%s')", named(r, i));
	}
	return at == r->size ? NULL :
		"the file is damaged (bytes after its end)";
}

/* only once it is known that they take no more room than the file */
static void
values(Reading *r)
{
	const Extent *e;
	uint32_t i;

	for (i = 0; i < r->extents.n; i++) {
		e = &r->extents.v[i];
		reals_read(r->c, r->values + e->from, &r->to->v.v[e->array]);
	}
}

static const char *
entries(Reading *r, json_t *root)
{
	const char *key, *why = NULL;
	json_t *value;

	if (!json_is_object(root))
		return "the file is damaged (its header is no object)";
	json_object_foreach(root, key, value) {
		why = strcmp(key, NOTES_NAME) ? entry(r, key, value) :
			notes_of(r->c, value, r->to);
		if (why)
			return why;
	}
	why = cover(r);
	if (!why)
		values(r);
	return why;
}

/* of a file of ours */
static bool
checksum_fits(const char *s, size_t n)
{
	char digits[9];
	uint32_t crc;

	if (n < CRC_AT + 8 || memcmp(s + 8, HEAD_FIRST, sizeof HEAD_FIRST - 1))
		return true;
	crc = crc32_of(crc32_of(0, s, CRC_AT), "00000000", 8);
	crc = crc32_of(crc, s + CRC_AT + 8, n - CRC_AT - 8);
	snprintf(digits, sizeof digits, "%08x", crc);
	return !memcmp(digits, s + CRC_AT, 8);
}

const char *
safetensors_read(Ctx *c, const char *s, size_t n, Arrays *to, int *rc)
{
	uint64_t head = n < 9 ? 0 : little_endian((const unsigned char *)s, 8);
	Reading r = {.c = c, .to = to};
	const char *why = NULL;
	json_t *root;

	*rc = EX_DATA;
	if (n < 9 || s[8] != '{')
		return "this is no file of weights (safetensors or NPZ)";
	if (head > MOST_HEADER)
		return fmt(c, "the file is damaged (a header of %llu bytes)",
		           (unsigned long long)head);
	if (head > n - 8)
		return fmt(c, "the file is cut off: %zu bytes, its header "
		           "alone takes %llu", n, (unsigned long long)head + 8);
	r.values = (const unsigned char *)s + 8 + head;
	r.size = n - 8 - (size_t)head;
	root = parse(c, s + 8, (size_t)head, &why);
	if (root)
		why = entries(&r, root);
	json_decref(root);
	if (!why && !checksum_fits(s, n))
		why = "the file is damaged (its checksum does not match)";
	return why;
}
#else
#define NO_JSON "this build cannot read weights (rebuild with libjansson-dev)"
const char *
notes_read(Ctx *c, const char *json, size_t n, Arrays *to)
{
	(void)c, (void)json, (void)n, (void)to;
	return NO_JSON;
}

const char *
safetensors_read(Ctx *c, const char *s, size_t n, Arrays *to, int *rc)
{
	(void)c, (void)s, (void)n, (void)to;
	*rc = EX_UNAVAILABLE_;
	return NO_JSON;
}
#endif
