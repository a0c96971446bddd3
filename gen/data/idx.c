/* SPDX-License-Identifier: MIT
 * IDX, the format of MNIST: 0 0 TYPE RANK, RANK sizes of 32 bits with the
 * highest byte first, then the values, row-major. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "reader.h"

enum { MOST_RANK = 8, UNSIGNED_BYTES = 8 };

typedef struct {
	uint32_t count;
	Shape each;                 /* of one element; rank 0: a number */
	size_t size;                /* bytes of one element */
	const unsigned char *at;
	size_t bytes;               /* with the header */
} Idx;

static const char *
type_name(Ctx *c, int type)
{
	static const struct { int type; const char *name; } types[] = {
		{0x09, "signed bytes"}, {0x0b, "16-bit whole numbers"},
		{0x0c, "32-bit whole numbers"}, {0x0d, "floats"},
		{0x0e, "doubles"}
	};
	size_t i;

	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			return types[i].name;
	return fmt(c, "type 0x%02x", type);
}

bool
is_idx(const Bytes *b)
{
	const char *s = b->text;

	return b->len >= 4 && !s[0] && !s[1] && s[2] > 0 && s[2] < 0x20;
}

static uint32_t
big_endian(const unsigned char *s)
{
	return (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 |
		(uint32_t)s[2] << 8 | s[3];
}

/* 28x28, or 1 for single numbers */
static const char *
each_text(Ctx *c, const Idx *a)
{
	return a->each.rank ? shape_text(c, &a->each) : "1";
}

static bool
whole_error(Reader *r, const Bytes *b, int *rc, const char *text)
{
	return bytes_error(r->c, b, rc, EX_DATA, text);
}

/* the sizes of the header; false after err() */
static bool
read_sizes(Reader *r, const Bytes *b, const unsigned char *s, Idx *a, int *rc)
{
	uint64_t size = 1;
	uint32_t n;
	int k;

	a->count = big_endian(s + 4);
	a->each.kind = MATRIX;
	for (k = 1; k < s[3]; k++) {
		n = big_endian(s + 4 + 4 * k);
		size *= n;
		if (!n || size > INT32_MAX)
			return whole_error(r, b, rc, fmt(r->c, "the IDX header "
			                   "says a size of %u, which cannot be",
			                   n));
		a->each.dim[a->each.rank++] = (int32_t)n;
	}
	a->size = (size_t)size;
	if (!a->count)
		return whole_error(r, b, rc, "there are no rows in this IDX "
		                   "file");
	return true;
}

/* the array that begins at this byte */
static bool
read_array(Reader *r, const Bytes *b, size_t from, Idx *a, int *rc)
{
	const unsigned char *s = (const unsigned char *)b->text + from;
	size_t have = b->len - from, header = 4 + 4 * (size_t)s[3];

	*a = (Idx){0};
	if (s[2] != UNSIGNED_BYTES)
		return whole_error(r, b, rc, fmt(r->c, "this IDX file holds %s; "
		                   "only unsigned bytes can be read",
		                   type_name(r->c, s[2])));
	if (!s[3] || s[3] > MOST_RANK)
		return whole_error(r, b, rc, fmt(r->c, "this IDX file has %d "
		                   "dimensions, not 1 to %d", s[3], MOST_RANK));
	if (have < header)
		return whole_error(r, b, rc, "the file is cut off in its IDX "
		                   "header");
	if (!read_sizes(r, b, s, a, rc))
		return false;
	a->at = s + header;
	if ((have - header) / a->size < a->count)
		return whole_error(r, b, rc, fmt(r->c, "the file is cut off: "
		                   "its header says %u times %s, but there are "
		                   "%zu bytes", a->count, each_text(r->c, a),
		                   have - header));
	a->bytes = header + a->count * a->size;
	return true;
}

/* Is another array to follow?  What follows must be one. */
static bool
at_end(Reader *r, const Bytes *b, size_t at, bool *end, int *rc)
{
	Bytes rest = {.text = b->text + at, .len = b->len - at};

	*end = at == b->len;
	if (*end || is_idx(&rest))
		return true;
	return whole_error(r, b, rc, fmt(r->c, "%zu bytes follow the last row "
	                   "of the IDX header's count", rest.len));
}

/* ---------------------------------------------------------------- inputs */

/* a size of 1 more or less makes no other picture, and a vector has no shape */
static bool
same_shape(const Shape *a, const Shape *b)
{
	int i = 0, j = 0;

	if (b->kind == VECTOR)
		return shape_size(a) == shape_size(b);
	for (;; i++, j++) {
		while (i < a->rank && a->dim[i] == 1)
			i++;
		while (j < b->rank && b->dim[j] == 1)
			j++;
		if (i == a->rank || j == b->rank)
			return i == a->rank && j == b->rank;
		if (a->dim[i] != b->dim[j])
			return false;
	}
}

static bool
check_inputs(Reader *r, const Idx *a, int *rc)
{
	const Network *net = r->net;
	const Shape *in = NULL;
	uint32_t i, size = (uint32_t)a->size;

	for (i = 0; i < net->layers.n; i++)
		if (!net->layers.v[i].rec)
			in = in ? in : &net->layers.v[i].out;
	r->d->pairs = takes_pairs(net, size, true);
	if ((size == (uint32_t)net->inputs || r->d->pairs) && in &&
	    (shape_size(in) != (int64_t)size || same_shape(&a->each, in)))
		return true;
	if (!a->each.rank)
		whole_error(r, &r->file, rc, "these are labels, one byte a row; "
		            "name the file of the inputs");
	else
		whole_error(r, &r->file, rc, fmt(r->c, "images of %s, but the "
		            "input is %s", each_text(r->c, a), in &&
		            shape_size(in) == net->inputs ?
		            shape_text(r->c, in) :
		            fmt(r->c, "%d numbers", net->inputs)));
	return false;
}

/* ---------------------------------------------------------------- labels */

/* the name with one word in its last part for another; NULL: it is not there */
static const char *
replaced(Ctx *c, const char *path, const char *old, const char *new)
{
	const char *slash = strrchr(path, '/');
	const char *at = strstr(slash ? slash : path, old);

	return at ? fmt(c, "%.*s%s%s", (int)(at - path), path, new,
	                at + strlen(old)) : NULL;
}

/* train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte.gz, or without .gz */
static const char *
labels_path(Ctx *c, const char *path)
{
	const char *name = replaced(c, path, "images", "labels"), *other;
	struct stat st;
	size_t n;

	if (!name)
		return NULL;
	other = replaced(c, name, "idx3", "idx1");
	name = other ? other : name;
	if (!stat(name, &st))
		return name;
	n = strlen(name);
	other = n > 3 && !strcmp(name + n - 3, ".gz") ?
		copy(c, name, n - 3) : fmt(c, "%s.gz", name);
	return stat(other, &st) ? name : other;
}

static bool
no_labels(Reader *r, const char *path, int *rc)
{
	whole_error(r, &r->file, rc, path ? fmt(r->c, "there are no labels: %s "
	            "is missing", path) : "there are no labels in this file");
	help(r->c, "name their file with `--labels FILE`");
	*rc = path ? EX_NOINPUT_ : EX_DATA;
	return false;
}

/* *found: there are some; their array must then be as long as that of the
 * inputs */
static bool
find_labels(Reader *r, const Idx *inputs, Bytes *from, Idx *a, bool *found,
	int *rc)
{
	const char *path = r->o->labels;
	struct stat st;
	bool end;

	*found = false;
	*from = r->file;
	if (!at_end(r, from, inputs->bytes, &end, rc))
		return false;
	if (end && !path) {
		path = labels_path(r->c, r->file.path);
		if (!path || stat(path, &st))
			return !r->o->need_targets || no_labels(r, path, rc);
	}
	if (path && !bytes_read(r->c, path, from, rc))
		return false;
	if (path && !is_idx(from))
		return whole_error(r, from, rc, "this is no IDX file");
	*found = true;
	return read_array(r, from, path ? 0 : inputs->bytes, a, rc) &&
		at_end(r, from, (path ? 0 : inputs->bytes) + a->bytes, &end, rc)
		&& (end || whole_error(r, from, rc, "more than inputs and "
		                       "labels in one IDX file"));
}

static bool
check_labels(Reader *r, const Idx *inputs, const Idx *a, const Bytes *from,
	int *rc)
{
	if (a->each.rank)
		return whole_error(r, from, rc, fmt(r->c, "labels of %s; a "
		                   "label is one number", each_text(r->c, a)));
	if (a->count != inputs->count)
		return whole_error(r, from, rc, fmt(r->c, "%u labels, but %s has "
		                   "%u images", a->count, r->file.path,
		                   inputs->count));
	if (label_columns(r->net) == 1)
		return true;
	return whole_error(r, from, rc, fmt(r->c, "1 label a row, but %s",
	                   expects(r)));
}

static bool
class_error(Reader *r, const Bytes *from, size_t row, int value, int *rc)
{
	int n = class_count(r->net);

	whole_error(r, from, rc, fmt(r->c, "label %zu is %d, but '%s' has %d "
	            "classes", row + 1, value, r->net->name, n));
	if (r->net->classes_loc.file)
		note(r->c, r->net->classes_loc, "the classes are listed here");
	return false;
}

static bool
take_labels(Reader *r, const Idx *a, const Bytes *from, int *rc)
{
	Data *d = r->d;
	int class[256], v;
	bool named;
	size_t i;

	d->known = d->rows;
	d->stored = 1;
	d->t_step = 1;
	assign_heads(r, 1);
	named = d->pairs || d->label[0];
	PUSH(r->c, &d->target_names, "label");
	if (d->pairs)
		labels_any(r);
	else
		labels_start(r);
	memset(class, 0xff, sizeof class);
	d->t = malloc(d->rows * sizeof *d->t);
	if (!d->t)
		die(r->c, EX_SOFTWARE_, "out of memory");
	for (i = 0; i < d->rows; i++) {
		v = a->at[i];
		if (named && class[v] < 0) {
			char digits[4];

			class[v] = label_class(r, digits, (size_t)
				snprintf(digits, sizeof digits, "%d", v));
		}
		if (named ? class[v] < 0 : is_classifier(r->net) && v > 1)
			return class_error(r, from, i, v, rc);
		d->t[i] = named ? class[v] : v;
	}
	if (!d->pairs)
		labels_learn(r);
	return true;
}

/* Bytes are pictures from 0 to 1, but for a network that reads numbers of a
 * vocabulary. */
static bool
take_inputs(Reader *r, const Idx *a, int *rc)
{
	Data *d = r->d;
	size_t i, inputs = a->size;

	d->rows = a->count;
	d->x_step = inputs;
	d->bytes = a->at;
	d->divisor = has_ids(r) ? 1 : 255;
	for (i = 0; i < (size_t)d->inputs; i++)
		PUSH(r->c, &d->names, fmt(r->c, "x%zu%s", i % inputs + 1,
		                          i < inputs ? "" : "'"));
	for (i = 0; d->divisor == 1 && i < d->rows * inputs; i++) {
		int below = ids_below(r, (int)(i % inputs));

		if (!below || a->at[i] < below)
			continue;
		return whole_error(r, &r->file, rc, fmt(r->c, "row %zu has the number "
		            "%d, but the largest is %d", i / inputs + 1,
		            a->at[i], below - 1));
	}
	return true;
}

bool
idx_read(Reader *r, int *rc)
{
	Idx inputs, labels;
	Bytes from;
	bool found;

	if (r->o->columns || r->o->target) {
		err(r->c, (Loc){0, 0, 0}, "--columns and --target are for "
		    "tables, but %s is an IDX file", r->file.path);
		*rc = EX_USAGE_;
		return false;
	}
	if (!read_array(r, &r->file, 0, &inputs, rc) ||
	    !check_inputs(r, &inputs, rc) || !take_inputs(r, &inputs, rc))
		return false;
	if (needs_no_targets(r->net)) {
		r->d->known = r->net->targets ? r->d->rows : 0;
		return true;
	}
	if (!find_labels(r, &inputs, &from, &labels, &found, rc) ||
	    (found && (!check_labels(r, &inputs, &labels, &from, rc) ||
	               !take_labels(r, &labels, &from, rc))))
		return false;
	if (!r->d->pairs || pairs_make(r))
		return true;
	*rc = EX_DATA;
	return false;
}
