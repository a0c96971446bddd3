/* SPDX-License-Identifier: MIT
 * A text becomes a series of numbers, one a character: the input is a window of
 * it, the target is what comes next.  Its characters are the classes. */
#include <stdlib.h>
#include <string.h>
#include "reader.h"

#define MOST_CHARACTERS 0x110000u

typedef struct {
	Reader *r;
	uint32_t source;
	int *class;                 /* per character; -1: none */
	uint32_t *found, n;         /* different characters, in order */
} Letters;

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

bool
is_text(const Reader *r)
{
	const char *path = r->file.path;

	return has_ids(r) && (ends_with(path, ".txt") ||
	                      ends_with(path, ".txt.gz"));
}

int
utf8_decode(const unsigned char *s, size_t n, uint32_t *ch)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int bytes = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 :
		*s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0, i;

	if (!bytes || (size_t)bytes > n)
		return 0;
	*ch = bytes == 1 ? *s : *s & (0x7fu >> bytes);
	for (i = 1; i < bytes; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*ch = *ch << 6 | (s[i] & 0x3fu);
	}
	if (*ch < least[bytes] || *ch >= MOST_CHARACTERS ||
	    (*ch >= 0xd800 && *ch < 0xe000))
		return 0;
	return bytes;
}

/* as it is called: itself, but for those that print nothing */
static const char *
name_of(Ctx *c, const char *s, int bytes)
{
	switch (*s) {
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	case ' ': return "space";
	}
	if ((unsigned char)*s < 32 || *s == 127)
		return fmt(c, "\\x%02x", (unsigned char)*s);
	return copy(c, s, (size_t)bytes);
}

/* counts and checks; every different character is noted */
static bool
look_through(Letters *l, size_t *count)
{
	Ctx *c = l->r->c;
	const Bytes *b = &l->r->file;
	size_t at;
	uint32_t ch = 0;
	int bytes;

	for (at = 0, *count = 0; at < b->len; at += (size_t)bytes, ++*count) {
		bytes = utf8_decode((const unsigned char *)b->text + at,
		               b->len - at, &ch);
		if (!bytes || !ch) {
			err(c, (Loc){l->source, (uint32_t)at, 1}, bytes ?
			    "a zero byte in a text" : "this is no UTF-8");
			c->diags.v[c->diags.n - 1].place = 'l';
			return false;
		}
		if (l->class[ch] < 0) {
			l->class[ch] = 0;
			l->found[l->n++] = ch;
		}
	}
	return true;
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const char *
encoded(Ctx *c, uint32_t ch)
{
	char s[4];
	int n = 0;

	if (ch < 0x80) {
		s[n++] = (char)ch;
	} else if (ch < 0x800) {
		s[n++] = (char)(0xc0 | ch >> 6);
	} else {
		if (ch < 0x10000) {
			s[n++] = (char)(0xe0 | ch >> 12);
		} else {
			s[n++] = (char)(0xf0 | ch >> 18);
			s[n++] = (char)(0x80 | (ch >> 12 & 0x3f));
		}
		s[n++] = (char)(0x80 | (ch >> 6 & 0x3f));
	}
	if (ch >= 0x80)
		s[n++] = (char)(0x80 | (ch & 0x3f));
	return name_of(c, s, n);
}

/* more characters than the network has numbers or outputs for */
static bool
too_many(Letters *l, int most)
{
	Ctx *c = l->r->c;

	err(c, (Loc){l->source, 0, 0}, "%u different characters, but '%s' has "
	    "%d", l->n, l->r->net->name, most);
	c->diags.v[c->diags.n - 1].place = 'f';
	help(c, "write `vocab=%u`, and `dense %u softmax` at the end", l->n, l->n);
	return false;
}

/* The names of the classes: those of the network, or else the characters that
 * were found, in the order of Unicode. */
static bool
give_classes(Letters *l)
{
	Reader *r = l->r;
	int most = class_count(r->net);
	const char *name;
	uint32_t i;

	qsort(l->found, l->n, sizeof *l->found, by_value);
	if (ids_below(r, 0) < most)
		most = ids_below(r, 0);
	if (!r->labels.fixed && (int)l->n > most)
		return too_many(l, most);
	for (i = 0; i < l->n; i++) {
		name = encoded(r->c, l->found[i]);
		l->class[l->found[i]] = r->labels.fixed ?
			label_named(r, name, strlen(name)) :
			label_class(r, name, strlen(name));
	}
	for (i = (uint32_t)r->net->classes.n; !r->labels.fixed &&
	     i < (uint32_t)class_count(r->net); i++)
		PUSH(r->c, &r->net->classes, i < l->n ?
		     encoded(r->c, l->found[i]) : fmt(r->c, "(unused %u)", i));
	return true;
}

static bool
unknown_character(Letters *l, size_t at, int bytes)
{
	Reader *r = l->r;

	err(r->c, (Loc){l->source, (uint32_t)at, (uint32_t)bytes},
	    "'%s' has no character like this one", r->net->name);
	if (r->net->classes_loc.file)
		note(r->c, r->net->classes_loc, "the classes are listed here");
	return false;
}

static bool
put_numbers(Letters *l)
{
	Reader *r = l->r;
	const char *s = r->file.text;
	size_t at, i;
	uint32_t ch = 0;
	int bytes;

	for (at = 0, i = 0; at < r->file.len; at += (size_t)bytes, i++) {
		bytes = utf8_decode((const unsigned char *)s + at,
		               r->file.len - at, &ch);
		if (l->class[ch] < 0 || l->class[ch] >= ids_below(r, 0))
			return unknown_character(l, at, bytes);
		r->d->x[i] = r->d->t[i] = l->class[ch];
	}
	return true;
}

static bool
classes_fit(Reader *r, const Window *w, int *rc)
{
	if (class_count(r->net) && w->features == 1 && w->targets == 1)
		return true;
	bytes_error(r->c, &r->file, rc, EX_DATA, fmt(r->c, "a text is for a "
	            "network that tells the next character, but %s",
	            expects(r)));
	help(r->c, "end with `dense N softmax` and `loss cross_entropy`, N the "
	     "number of different characters");
	return false;
}

static bool
read_letters(Letters *l, const Window *w)
{
	Reader *r = l->r;
	Data *d = r->d;
	size_t count;

	if (!look_through(l, &count))
		return false;
	d->series = true;
	d->rows = d->known = count;
	d->x_step = d->t_step = 1;
	d->stored = w->each ? w->steps : 1;
	assign_heads(r, (uint32_t)d->stored);
	labels_start(r);
	PUSH(r->c, &d->names, "character");
	PUSH(r->c, &d->target_names, "character");
	d->x = malloc((count + 1) * sizeof *d->x);
	d->t = malloc((count + 1) * sizeof *d->t);
	if (!d->x || !d->t)
		die(r->c, EX_SOFTWARE_, "out of memory while reading %s",
		    d->path);
	return give_classes(l) && put_numbers(l) && series_windows(r);
}

bool
text_read(Reader *r, int *rc)
{
	Letters l = {.r = r};
	Window w;
	bool good;

	if (!window_of(r->net, &w))
		w.features = 0;
	if (!classes_fit(r, &w, rc))
		return false;
	l.source = r->file.source = source_add(r->c, r->file.path,
	                                       r->file.text, r->file.len);
	r->c->sources.v[l.source].data = true;
	l.found = malloc(MOST_CHARACTERS * sizeof *l.found);
	l.class = malloc(MOST_CHARACTERS * sizeof *l.class);
	if (!l.found || !l.class)
		die(r->c, EX_SOFTWARE_, "out of memory");
	memset(l.class, 0xff, MOST_CHARACTERS * sizeof *l.class);
	good = read_letters(&l, &w);
	free(l.found);
	free(l.class);
	if (!good)
		*rc = EX_DATA;
	return good;
}
