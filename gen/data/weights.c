/* SPDX-License-Identifier: MIT
 * The file of weights (its format stands in data.h), written and read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "data.h"

#define MAGIC "bpgenw1\n"
#define MOST_BYTES ((size_t)2 << 30)

/* -------------------------------------------------------------- writing */

static void
put_string(Text *t, const char *word, const char *s)
{
	text_add(t, "%s \"", word);
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			text_add(t, "\\%c", *s);
		else if ((unsigned char)*s < 32)
			text_add(t, "\\x%02x", (unsigned char)*s);
		else
			text_put(t, s, 1);
	text_put(t, "\"", 1);
}

static void
put_strings(Text *t, const char *word, const Names *names)
{
	uint32_t i;

	for (i = 0; i < names->n; i++) {
		put_string(t, word, names->v[i]);
		text_put(t, "\n", 1);
	}
}

static void
put_header(Text *t, const Weights *w, size_t size)
{
	char buf[40];
	uint32_t i;
	size_t k;

	text_add(t, MAGIC "size %zu\n", size);
	put_string(t, "net", w->net);
	text_add(t, "\ntopology %016llx\nreal %s\nseed %llu\nvalidation %s\n"
	         "epochs %llu\n", (unsigned long long)w->topology,
	         w->dtype == F32 ? "f32" : "f64", (unsigned long long)w->seed,
	         number_text(w->validation, false, buf),
	         (unsigned long long)w->epochs);
	put_strings(t, "define", &w->defines);
	put_strings(t, "class", &w->classes);
	put_strings(t, "column", &w->columns);
	for (i = 0; i < w->shapes.n; i++) {
		put_string(t, "weight", w->shapes.v[i].name);
		text_add(t, " %s\n", w->shapes.v[i].shape);
	}
	for (i = 0; i < w->constants.n; i++) {
		const WeightConstants *k0 = &w->constants.v[i];

		put_string(t, "constants", k0->name);
		text_add(t, " %zu", k0->n);
		for (k = 0; k < k0->n; k++)
			text_add(t, " %s", number_text(k0->v[k], false, buf));
		text_put(t, "\n", 1);
	}
	for (i = 0; i < w->targets.n; i++) {
		text_add(t, "targets %s",
		         number_text(w->targets.v[i].mean, false, buf));
		text_add(t, " %s\n",
		         number_text(w->targets.v[i].deviation, false, buf));
	}
	text_add(t, "state %zu\nend\n", w->state_bytes);
}

static void
put_le(Text *t, uint64_t v, int bytes)
{
	char b[8];
	int i;

	for (i = 0; i < bytes; i++)
		b[i] = (char)(v >> 8 * i & 255);
	text_put(t, b, (size_t)bytes);
}

static void
put_real(Text *t, Dtype real, double v)
{
	union { float f; uint32_t u; } single = {(float)v};
	union { double d; uint64_t u; } twice = {v};

	if (real == F32)
		put_le(t, single.u, 4);
	else
		put_le(t, twice.u, 8);
}

int
weights_write(Ctx *c, const char *path, const Weights *w, const char **why)
{
	Text t = {c, NULL, 0, 0};
	size_t body = (size_t)w->count * (w->dtype == F32 ? 4 : 8) +
		w->state_bytes + 4, size = 0;
	int64_t i;

	/* the header holds the size, whose digits are part of it */
	do {
		size = t.n + body;
		t.n = 0;
		put_header(&t, w, size);
	} while (t.n + body != size);
	for (i = 0; i < w->count; i++)
		put_real(&t, w->dtype, w->params[i]);
	text_put(&t, (const char *)w->state, w->state_bytes);
	put_le(&t, crc32_of(0, t.s, t.n), 4);
	if (strcmp(path, "-"))
		return write_file(c, path, t.s, t.n, why);
	*why = "cannot write to standard output";
	return fwrite(t.s, 1, t.n, stdout) == t.n ? 0 : EX_IOERR_;
}

static const char *
weight_name(Ctx *c, const Layer *l, const Weight *w)
{
	return fmt(c, "%s.%s", l->name, w->name);
}

Weights *
weights_new(Ctx *c, const Network *net)
{
	Weights *w = mem(c, sizeof *w);
	uint32_t i, j;
	int k;

	w->net = net->name;
	w->topology = net->topology;
	w->dtype = net->dtype;
	w->seed = net->seed;
	w->classes = net->classes;
	w->columns = net->columns;
	w->defines = c->opt.defines;
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		for (j = 0; j < l->weights.n && !l->dead; j++) {
			const Weight *one = &l->weights.v[j];
			WeightShape s = {weight_name(c, l, one),
				one->shape.rank ? shape_text(c, &one->shape) : "1",
				shape_size(&one->shape)};

			if (one->tied >= 0)
				continue;
			PUSH(c, &w->shapes, s);
			w->count += s.count;
		}
		for (j = 0; l->rec && j < l->rec->constants.n && !l->dead; j++) {
			WeightConstants t = {
				fmt(c, "%s.%s", l->name, l->rec->constants.v[j]),
				(size_t)shape_size(&net->layers.v[l->in.v[0]].out),
				l->constants[j]};

			if (l->constants_known)
				PUSH(c, &w->constants, t);
		}
	}
	for (k = 0; net->t_constants_known && k < net->targets; k++) {
		ColumnStats s = {net->t_shift[k], net->t_scale[k], 0, 0};

		PUSH(c, &w->targets, s);
	}
	return w;
}

/* -------------------------------------------------------------- reading */

typedef struct {
	Ctx *c;
	Weights *w;
	const char *at, *end;       /* of the header text */
} Parse;

static bool
skip(Parse *s, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n))
		return false;
	s->at += n;
	return true;
}

static int
hex(char ch)
{
	const char *digits = "0123456789abcdef", *p;

	p = ch ? strchr(digits, ch) : NULL;
	return p ? (int)(p - digits) : -1;
}

static const char *
string(Parse *s)
{
	Text t = {s->c, NULL, 0, 0};
	char ch;

	if (!skip(s, "\""))
		return NULL;
	text_put(&t, "", 0);
	while (s->at < s->end && *s->at != '"' && *s->at != '\n') {
		ch = *s->at++;
		if (ch == '\\' && s->at < s->end) {
			ch = *s->at++;
			if (ch == 'x') {
				if (s->end - s->at < 2 || hex(s->at[0]) < 0 ||
				    hex(s->at[1]) < 0)
					return NULL;
				ch = (char)(hex(s->at[0]) * 16 + hex(s->at[1]));
				s->at += 2;
			}
		}
		text_put(&t, &ch, 1);
	}
	return skip(s, "\"") ? t.s : NULL;
}

/* a word up to the next blank or line end */
static const char *
word(Parse *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at != ' ' && *s->at != '\n')
		s->at++;
	return copy(s->c, from, (size_t)(s->at - from));
}

static bool
number(Parse *s, double *v)
{
	const char *text = word(s);

	return csv_number(text, strlen(text), v);
}

static bool
whole_number(Parse *s, uint64_t *v)
{
	int digits = 0;

	*v = 0;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9' &&
	       ++digits <= 20)
		*v = *v * 10 + (uint64_t)(*s->at++ - '0');
	return digits > 0 && digits <= 20;
}

static bool
shape_line(Parse *s)
{
	WeightShape shape = {string(s), NULL, 1};
	const char *p;
	int64_t dim;

	if (!shape.name || !skip(s, " "))
		return false;
	shape.shape = p = word(s);
	if (!strcmp(p, "scalar"))
		p = "1";
	for (;;) {
		char *stop;

		if (*p < '0' || *p > '9')
			return false;
		dim = strtol(p, &stop, 10);
		if (dim < 1 || dim > INT32_MAX || shape.count > INT32_MAX / dim)
			return false;
		shape.count *= dim;
		if (!*stop)
			break;
		if (*stop != 'x')
			return false;
		p = stop + 1;
	}
	PUSH(s->c, &s->w->shapes, shape);
	s->w->count += shape.count;
	return true;
}

static bool
constants_line(Parse *s)
{
	WeightConstants k = {string(s), 0, NULL};
	uint64_t n;
	size_t i;

	if (!k.name || !skip(s, " ") || !whole_number(s, &n) ||
	    n > (uint64_t)(s->end - s->at)) /* two bytes each at least */
		return false;
	k.n = (size_t)n;
	k.v = mem(s->c, k.n * sizeof *k.v + 1);
	for (i = 0; i < k.n; i++)
		if (!skip(s, " ") || !number(s, &k.v[i]))
			return false;
	PUSH(s->c, &s->w->constants, k);
	return true;
}

static bool
target_line(Parse *s)
{
	ColumnStats t = {0, 0, 0, 0};

	if (!number(s, &t.mean) || !skip(s, " ") || !number(s, &t.deviation) ||
	    t.deviation == 0)
		return false;
	PUSH(s->c, &s->w->targets, t);
	return true;
}

static bool
name_line(Parse *s, Names *to)
{
	const char *name = string(s);

	if (name)
		PUSH(s->c, to, name);
	return name != NULL;
}

static bool
topology(Parse *s)
{
	int i;

	for (i = 0; i < 16; i++, s->at++) {
		if (s->at >= s->end || hex(*s->at) < 0)
			return false;
		s->w->topology = s->w->topology << 4 | (uint64_t)hex(*s->at);
	}
	return true;
}

static bool
header_line(Parse *s)
{
	Weights *w = s->w;
	uint64_t n;
	bool ok;

	if (skip(s, "net "))
		ok = (w->net = string(s)) != NULL;
	else if (skip(s, "topology "))
		ok = topology(s);
	else if (skip(s, "real f"))
		ok = skip(s, "32") || (skip(s, "64") && (w->dtype = F64));
	else if (skip(s, "seed "))
		ok = whole_number(s, &w->seed);
	else if (skip(s, "validation "))
		ok = number(s, &w->validation) && w->validation >= 0 &&
			w->validation < 1;
	else if (skip(s, "epochs "))
		ok = whole_number(s, &w->epochs);
	else if (skip(s, "define "))
		ok = name_line(s, &w->defines);
	else if (skip(s, "class "))
		ok = name_line(s, &w->classes);
	else if (skip(s, "column "))
		ok = name_line(s, &w->columns);
	else if (skip(s, "weight "))
		ok = shape_line(s);
	else if (skip(s, "constants "))
		ok = constants_line(s);
	else if (skip(s, "targets "))
		ok = target_line(s);
	else {
		ok = skip(s, "state ") && whole_number(s, &n) &&
			n < MOST_BYTES;
		w->state_bytes = ok ? (size_t)n : 0;
	}
	return ok && skip(s, "\n");
}

static double
real_at(const unsigned char *p, Dtype real)
{
	union { uint32_t u; float f; } single = {0};
	union { uint64_t u; double d; } twice = {0};
	int i;

	if (real == F32) {
		for (i = 0; i < 4; i++)
			single.u |= (uint32_t)p[i] << 8 * i;
		return (double)single.f;
	}
	for (i = 0; i < 8; i++)
		twice.u |= (uint64_t)p[i] << 8 * i;
	return twice.d;
}

/* NULL, or what is wrong with the bytes as a whole */
static const char *
envelope(Parse *s, const char *text, size_t n)
{
	size_t magic = strlen(MAGIC);
	const unsigned char *tail;
	uint32_t crc;
	uint64_t size;

	if (n < magic || memcmp(text, MAGIC, magic))
		return "this is no file of weights written by bpgen";
	s->at = text + magic;
	s->end = text + n;
	if (!skip(s, "size ") || !whole_number(s, &size) || !skip(s, "\n"))
		return "the file is damaged (its head cannot be read)";
	if (n < size)
		return fmt(s->c, "the file is cut off: %zu of %llu bytes", n,
		           (unsigned long long)size);
	if (n > size || n < 4)
		return "the file is damaged (bytes after its end)";
	tail = (const unsigned char *)text + n - 4;
	crc = tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 |
		(uint32_t)tail[3] << 24;
	if (crc != crc32_of(0, text, n - 4))
		return "the file is damaged (its checksum does not match)";
	s->end -= 4;
	return NULL;
}

static const char *
parse(Parse *s, const char *text, size_t n)
{
	const char *why = envelope(s, text, n);
	Weights *w = s->w;
	size_t real, left;
	int64_t i;

	if (why)
		return why;
	while (!skip(s, "end\n"))
		if (!header_line(s))
			return "the file is damaged (its head cannot be read)";
	real = w->dtype == F32 ? 4 : 8;
	left = (size_t)(s->end - s->at);
	if (!w->net || w->count > INT32_MAX ||
	    left != (size_t)w->count * real + w->state_bytes)
		return "the file is damaged (its parts do not add up)";
	w->params = mem(s->c, (size_t)w->count * sizeof *w->params + 1);
	for (i = 0; i < w->count; i++, s->at += real) {
		w->params[i] = real_at((const unsigned char *)s->at, w->dtype);
		if (!isfinite(w->params[i]))
			return "the file holds weights that are not numbers";
	}
	w->state = (const unsigned char *)s->at;
	return NULL;
}

static void
file_error(Ctx *c, const char *path, const char *text)
{
	err(c, (Loc){source_add(c, path, "", 0), 0, 0}, "%s", text);
	c->diags.v[c->diags.n - 1].place = 'f';
}

Weights *
weights_read(Ctx *c, const char *path, int *rc)
{
	Weights *w = mem(c, sizeof *w);
	Parse s = {c, w, NULL, NULL};
	const char *why = NULL;
	char *text;
	size_t n;

	*rc = read_file(c, path, MOST_BYTES, &text, &n, &why);
	if (!*rc) {
		why = parse(&s, text, n);
		*rc = why ? EX_DATA : 0;
	}
	w->path = path;
	if (!*rc)
		return w;
	file_error(c, path, why ? why : "cannot be read");
	return NULL;
}

/* ------------------------------------------------------------- applying */

static const WeightShape *
shape_find(const Weights *w, const char *name)
{
	uint32_t i;

	for (i = 0; i < w->shapes.n; i++)
		if (!strcmp(w->shapes.v[i].name, name))
			return &w->shapes.v[i];
	return NULL;
}

static const char *
define_value(const Names *defines, const char *name, size_t n)
{
	uint32_t i;

	for (i = defines->n; i > 0; i--)
		if (!strncmp(defines->v[i - 1], name, n) &&
		    defines->v[i - 1][n] == '=')
			return defines->v[i - 1] + n + 1;
	return NULL;
}

/* which -D would make the spec the one of the file */
static void
help_defines(Ctx *c, const Weights *w)
{
	const Names *now = &c->opt.defines;
	const char *d, *here;
	uint32_t i;
	size_t n;

	for (i = 0; i < w->defines.n; i++) {
		d = w->defines.v[i];
		n = strcspn(d, "=");
		here = define_value(now, d, n);
		if (here && d[n] && !strcmp(here, d + n + 1))
			continue;
		help(c, "the file was made with %s; add `-D %s`", d, d);
		return;
	}
	for (i = 0; i < now->n; i++) {
		d = now->v[i];
		n = strcspn(d, "=");
		if (define_value(&w->defines, d, n))
			continue;
		help(c, "the file was made without `-D %s`; leave it out", d);
		return;
	}
}

/* every weight that differs, both shapes shown */
static bool
compare(Ctx *c, const Network *net, const Weights *w, const Weights *want)
{
	Text t = {c, NULL, 0, 0};
	const WeightShape *a, *b;
	uint32_t i, wrong = 0;

	for (i = 0; i < want->shapes.n + w->shapes.n; i++) {
		bool ours = i < want->shapes.n;
		const char *name = ours ? want->shapes.v[i].name :
			w->shapes.v[i - want->shapes.n].name;

		a = shape_find(w, name);
		b = shape_find(want, name);
		if ((!ours && b) || (a && b && !strcmp(a->shape, b->shape)))
			continue;
		if (++wrong <= 8)
			text_add(&t, "\n%-10s file %-8s spec %s", name,
			         a ? a->shape : "-", b ? b->shape : "-");
	}
	if (wrong > 8)
		text_add(&t, "\nand %u more", wrong - 8);
	for (i = 0; !wrong && i < w->shapes.n; i++)
		if (strcmp(w->shapes.v[i].name, want->shapes.v[i].name)) {
			wrong++;
			text_add(&t, "\ntheir order differs");
		}
	if (!wrong)
		return true;
	file_error(c, w->path, fmt(c, "weights do not fit %s%s", net->path,
	                           t.s));
	help_defines(c, w);
	return false;
}

static const WeightConstants *
constants_find(const Weights *w, const char *layer, const char *name)
{
	size_t n = strlen(layer);
	uint32_t i;

	for (i = 0; i < w->constants.n; i++)
		if (!strncmp(w->constants.v[i].name, layer, n) &&
		    w->constants.v[i].name[n] == '.' &&
		    !strcmp(w->constants.v[i].name + n + 1, name))
			return &w->constants.v[i];
	return NULL;
}

static bool
layer_constants(Ctx *c, const Network *net, Layer *l, const Weights *w,
	bool set)
{
	size_t n = (size_t)shape_size(&net->layers.v[l->in.v[0]].out);
	const WeightConstants *k;
	uint32_t j;

	for (j = 0; j < l->rec->constants.n; j++) {
		k = constants_find(w, l->name, l->rec->constants.v[j]);
		if (!k || k->n != n) {
			file_error(c, w->path, fmt(c, "the file has no "
			           "constants for '%s'", l->name));
			return false;
		}
		if (set)
			memcpy(l->constants[j], k->v, n * sizeof *k->v);
	}
	l->constants_known = l->constants_known || set;
	return true;
}

static bool
all_constants(Ctx *c, Network *net, const Weights *w, bool set)
{
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		Layer *l = &net->layers.v[i];

		if (l->rec && l->rec->constants.n && !l->dead &&
		    !layer_constants(c, net, l, w, set))
			return false;
	}
	return true;
}

void
target_room(Ctx *c, Network *net)
{
	int k;

	if (net->t_shift && net->t_scale)
		return;
	net->t_shift = mem(c, (size_t)net->targets * sizeof *net->t_shift);
	net->t_scale = mem(c, (size_t)net->targets * sizeof *net->t_scale);
	for (k = 0; k < net->targets; k++)
		net->t_scale[k] = 1;
}

static bool
target_constants(Ctx *c, Network *net, const Weights *w)
{
	int k;

	if (!net->targets_scale)
		return true;
	if ((int)w->targets.n != net->targets) {
		file_error(c, w->path, "the file has no constants for `targets`");
		return false;
	}
	target_room(c, net);
	for (k = 0; k < net->targets; k++) {
		net->t_shift[k] = w->targets.v[k].mean;
		net->t_scale[k] = w->targets.v[k].deviation;
	}
	net->t_constants_known = true;
	return true;
}

bool
weights_apply(Ctx *c, Network *net, const Weights *w)
{
	const Weights *want = weights_new(c, net);

	if (!compare(c, net, w, want) || !all_constants(c, net, w, false) ||
	    !target_constants(c, net, w))
		return false;
	all_constants(c, net, w, true);
	if (!net->classes.n && (int)w->classes.n == class_count(net))
		net->classes = w->classes;
	network_hash(net);
	if (net->topology != w->topology)
		warn(c, (Loc){0, 0, 0}, "weights", "%s was made from another "
		     "form of %s: the shapes agree, the rest may not",
		     w->path, net->path);
	return true;
}
