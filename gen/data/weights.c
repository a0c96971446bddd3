/* SPDX-License-Identifier: MIT
 * What a file of weights means: its arrays and notes to and from a network. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "arrays.h"
#include "reader.h"

/* ---------------------------------------------------------------- arrays */

const Array *
array_find(const Arrays *a, const char *name)
{
	uint32_t i;

	for (i = 0; i < a->v.n; i++)
		if (!strcmp(a->v.v[i].name, name))
			return &a->v.v[i];
	return NULL;
}

const char *
note_find(const Arrays *a, const char *name)
{
	uint32_t i;

	for (i = 0; i < a->notes.n; i++)
		if (!strcmp(a->notes.v[i].name, name))
			return a->notes.v[i].text;
	return NULL;
}

bool
note_whole(const Arrays *a, const char *name, uint64_t *v)
{
	const char *s = note_find(a, name);
	uint64_t digit, x = 0;

	if (!s || !*s)
		return false;
	for (; *s; s++, x = x * 10 + digit) {
		digit = (uint64_t)(unsigned char)*s - '0';
		if (digit > 9 || x > (UINT64_MAX - digit) / 10)
			return false;
	}
	*v = x;
	return true;
}

bool
note_number(const Arrays *a, const char *name, double *v)
{
	const char *s = note_find(a, name);

	return s && csv_number(s, strlen(s), v);
}

void
note_put(Ctx *c, Arrays *a, const char *name, const char *format, ...)
{
	char line[64];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	PUSH(c, &a->notes, ((Note){name, copy(c, line, strlen(line))}));
}

/* an entry a line, and every line is UTF-8 */
static const char *
lines(Ctx *c, const Names *names)
{
	Text t = {c, NULL, 0, 0};
	uint32_t i, ch;

	for (i = 0; i < names->n; i++) {
		const char *s = names->v[i];
		size_t left = strlen(s);
		int n = 1;

		if (i)
			text_put(&t, "\n", 1);
		for (; left; s += n, left -= (size_t)n) {
			n = utf8_decode((const unsigned char *)s, left, &ch);
			if (n && (unsigned char)*s >= 32 && *s != '\\') {
				text_put(&t, s, (size_t)n);
				continue;
			}
			n = 1;
			text_add(&t, "\\x%02x", (unsigned char)*s);
		}
	}
	return t.s;
}

static void
put_lines(Ctx *c, Arrays *a, const char *name, const Names *names)
{
	if (names->n)
		PUSH(c, &a->notes, ((Note){name, lines(c, names)}));
}

static int
hex(char ch)
{
	const char *digits = "0123456789abcdef", *p;

	p = ch ? strchr(digits, ch) : NULL;
	return p ? (int)(p - digits) : -1;
}

static void
read_lines(Ctx *c, const Arrays *a, const char *name, Names *to)
{
	const char *s = note_find(a, name);

	for (; s; s = *s ? s + 1 : NULL) {
		Text t = {c, NULL, 0, 0};

		text_put(&t, "", 0);
		for (; *s && *s != '\n'; s++) {
			char ch = *s;

			if (ch == '\\' && s[1] == 'x' && hex(s[2]) >= 0 &&
			    hex(s[3]) >= 0) {
				ch = (char)(hex(s[2]) * 16 + hex(s[3]));
				s += 3;
			}
			text_put(&t, &ch, 1);
		}
		PUSH(c, to, t.s);
	}
}

/* -------------------------------------------------------------- writing */

bool
is_npz_name(const char *path)
{
	size_t n = strlen(path);

	return n >= 4 && !strcmp(path + n - 4, ".npz");
}

static Arrays
together(Ctx *c, const Weights *w)
{
	Arrays a = {0};
	double *at = w->params;
	uint32_t i;

	put_lines(c, &a, "net", &(Names){(const char *[]){w->net}, 1, 1});
	note_put(c, &a, "topology", "%016" PRIx64, w->topology);
	note_put(c, &a, "seed", "%" PRIu64, w->seed);
	note_put(c, &a, "validation", "%.17g", w->validation);
	note_put(c, &a, "epochs", "%" PRIu64, w->epochs);
	put_lines(c, &a, "defines", &w->defines);
	put_lines(c, &a, "classes", &w->classes);
	put_lines(c, &a, "columns", &w->columns);
	for (i = 0; i < w->all.notes.n; i++)
		PUSH(c, &a.notes, w->all.notes.v[i]);
	for (i = 0; i < w->blocks.n; i++) {
		Array block = w->blocks.v[i];

		block.v = at;
		at += block.count;
		PUSH(c, &a.v, block);
	}
	for (i = 0; i < w->all.v.n; i++)
		PUSH(c, &a.v, w->all.v.v[i]);
	return a;
}

int
weights_write(Ctx *c, const char *path, const Weights *w, const char **why)
{
	Text t = {c, NULL, 0, 0};
	Arrays a = together(c, w);
	int rc = 0;

	*why = NULL;
	if (is_npz_name(path))
		*why = npz_write(&t, &a, &rc);
	else
		safetensors_write(&t, &a);
	if (*why)
		return rc;
	if (strcmp(path, "-"))
		return write_file(c, path, t.s, t.n, why);
	if (fwrite(t.s, 1, t.n, stdout) == t.n && !fflush(stdout))
		return 0;
	rc = errno == EPIPE ? EX_GONE : EX_IOERR_;
	*why = fmt(c, "%s", strerror(errno));
	clearerr(stdout); /* it has been said */
	return rc;
}

bool
is_weights_of_bpgen(const char *path)
{
	static const char member[] = NOTES_NAME ".npy";
	char head[64] = "";
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return false;
	n = fread(head, 1, sizeof head, f);
	fclose(f);
	return !n || !memcmp(head + 8, HEAD_FIRST, sizeof HEAD_FIRST - 1) ||
		(is_zip(head, n) && !memcmp(head + 30, member,
		                            sizeof member - 1));
}

static void
add_doubles(Ctx *c, Arrays *a, const char *name, size_t n, const double *v)
{
	Array one = {.name = name, .dtype = F64, .shape = {VECTOR, 1, {0}},
	             .count = n, .v = mem(c, n * sizeof *v + 1)};

	one.shape.dim[0] = (int32_t)n;
	if (n)
		memcpy(one.v, v, n * sizeof *v);
	PUSH(c, &a->v, one);
}

static void
add_blocks(Ctx *c, Weights *w, const Network *net, const Layer *l,
	const WeightList *list)
{
	uint32_t j;

	for (j = 0; j < list->n; j++) {
		const Weight *one = &list->v[j];
		Array block = {.name = fmt(c, "%s.%s", l->name, one->name),
			.dtype = net->dtype, .shape = one->shape,
			.count = (size_t)shape_size(&one->shape)};

		if (one->tied >= 0)
			continue;
		PUSH(c, &w->blocks, block);
		w->count += (int64_t)block.count;
	}
}

static void
add_constants(Ctx *c, Weights *w, const Network *net, const Layer *l)
{
	uint32_t j;

	if (!l->rec || !l->constants_known)
		return;
	for (j = 0; j < l->rec->constants.n; j++)
		add_doubles(c, &w->all,
		            fmt(c, "%s.%s", l->name, l->rec->constants.v[j]),
		            (size_t)shape_size(&net->layers.v[l->in.v[0]].out),
		            l->constants[j]);
}

Weights *
weights_new(Ctx *c, const Network *net)
{
	Weights *w = mem(c, sizeof *w);
	uint32_t i;

	w->net = net->name;
	w->topology = net->topology;
	w->seed = net->seed;
	w->classes = net->classes;
	w->columns = net->columns;
	w->defines = c->opt.defines;
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (l->dead)
			continue;
		add_blocks(c, w, net, l, &l->weights);
		add_constants(c, w, net, l);
	}
	for (i = 0; i < net->layers.n; i++)
		if (!net->layers.v[i].dead)
			add_blocks(c, w, net, &net->layers.v[i],
			           &net->layers.v[i].statistics);
	if (net->t_constants_known) {
		add_doubles(c, &w->all, "targets/shift", (size_t)net->targets,
		            net->t_shift);
		add_doubles(c, &w->all, "targets/scale", (size_t)net->targets,
		            net->t_scale);
	}
	return w;
}

/* -------------------------------------------------------------- reading */

/* what is not a weight or constant has a slash in its name */
static bool
is_plain(const Array *a)
{
	return !strchr(a->name, '/');
}

static const char *
parse(Ctx *c, Weights *w, const char *text, size_t n, int *rc)
{
	const char *why = (is_zip(text, n) ? npz_read : safetensors_read)
		(c, text, n, &w->all, rc);
	const Arrays *a = &w->all;
	const char *topology;
	Names net = {0};
	uint32_t i;
	size_t k;

	if (why)
		return why;
	*rc = EX_DATA;
	for (i = 0; i < a->v.n; i++)
		for (k = 0; k < a->v.v[i].count && is_plain(&a->v.v[i]); k++)
			if (!isfinite(a->v.v[i].v[k]))
				return fmt(c, "'%s' holds values that are not "
				           "numbers", shown(c, a->v.v[i].name));
	read_lines(c, a, "net", &net);
	w->net = net.n ? net.v[0] : NULL;
	topology = note_find(a, "topology");
	w->topology = topology ? strtoull(topology, NULL, 16) : 0;
	note_whole(a, "seed", &w->seed);
	note_whole(a, "epochs", &w->epochs);
	if (!note_number(a, "validation", &w->validation) ||
	    !(w->validation >= 0 && w->validation < 1))
		w->validation = 0;
	read_lines(c, a, "defines", &w->defines);
	read_lines(c, a, "classes", &w->classes);
	read_lines(c, a, "columns", &w->columns);
	return NULL;
}

static void
file_error(Ctx *c, const char *path, const char *text)
{
	err(c, (Loc){source_add(c, strcmp(path, "-") ? path : "standard input",
	    "", 0), 0, 0}, "%s", text);
	c->diags.v[c->diags.n - 1].place = 'f';
}

Weights *
weights_read(Ctx *c, const char *path, int *rc)
{
	Weights *w = mem(c, sizeof *w);
	const char *why = NULL;
	char *text;
	size_t n;

	w->path = path;
	*rc = read_file(c, path, MOST_WEIGHTS_BYTES, &text, &n, &why);
	if (*rc)
		why = fmt(c, "cannot be read: %s", why ? why : "unknown");
	else
		why = parse(c, w, text, n, rc);
	if (!why) {
		*rc = 0;
		return w;
	}
	file_error(c, path, why);
	return NULL;
}

/* ------------------------------------------------------------- applying */

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

static const Array *
block_find(const Weights *w, const char *name)
{
	uint32_t i;

	for (i = 0; i < w->blocks.n; i++)
		if (!strcmp(w->blocks.v[i].name, name))
			return &w->blocks.v[i];
	return NULL;
}

static bool
is_constant(const Network *net, const char *name)
{
	uint32_t i, j;
	size_t n;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		n = strlen(l->name);
		if (!l->rec || strncmp(name, l->name, n) || name[n] != '.')
			continue;
		for (j = 0; j < l->rec->constants.n; j++)
			if (!strcmp(name + n + 1, l->rec->constants.v[j]))
				return true;
	}
	return false;
}

static bool
same_shape(const Shape *a, const Shape *b)
{
	return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank *
	                                     sizeof *a->dim);
}

/* one line of the message */
static void
add_difference(Text *t, const char *name, const Array *file, const Array *spec)
{
	const Array *both[] = {file, spec};
	const char *text[2];
	int i;

	for (i = 0; i < 2; i++)
		text[i] = !both[i] ? "-" : !both[i]->shape.rank ? "scalar" :
			shape_text(t->c, &both[i]->shape);
	text_add(t, "\n%-10s file %-8s spec %s", shown(t->c, name), text[0],
	         text[1]);
}

/* every weight that differs, both shapes shown */
static bool
compare(Ctx *c, const Network *net, const Weights *w, const Weights *want)
{
	Text t = {c, NULL, 0, 0};
	uint32_t i, wrong = 0;

	for (i = 0; i < want->blocks.n + w->all.v.n; i++) {
		bool ours = i < want->blocks.n;
		const Array *b = ours ? &want->blocks.v[i] : NULL;
		const Array *a = ours ? array_find(&w->all, b->name) :
			&w->all.v.v[i - want->blocks.n];

		if (ours ? a && same_shape(&a->shape, &b->shape) :
		    !is_plain(a) || block_find(want, a->name) ||
		    is_constant(net, a->name))
			continue;
		if (++wrong <= 8)
			add_difference(&t, ours ? b->name : a->name, a, b);
	}
	if (wrong > 8)
		text_add(&t, "\nand %u more", wrong - 8);
	if (!wrong)
		return true;
	file_error(c, w->path, fmt(c, "weights do not fit %s%s", net->path,
	                           t.s));
	help_defines(c, w);
	return false;
}

static bool
layer_constants(Ctx *c, const Network *net, Layer *l, const Weights *w,
	bool set)
{
	size_t n = (size_t)shape_size(&net->layers.v[l->in.v[0]].out);
	const Array *k;
	uint32_t j;

	for (j = 0; j < l->rec->constants.n; j++) {
		k = array_find(&w->all, fmt(c, "%s.%s", l->name,
		                            l->rec->constants.v[j]));
		if (!k || k->count != n) {
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
	const Array *shift = array_find(&w->all, "targets/shift");
	const Array *scale = array_find(&w->all, "targets/scale");
	size_t n = (size_t)net->targets, k;
	bool good = shift && scale && shift->count == n && scale->count == n;

	if (!net->targets_scale)
		return true;
	for (k = 0; k < n && good; k++)
		good = isfinite(shift->v[k]) && isfinite(scale->v[k]) &&
			scale->v[k] != 0;
	if (!good) {
		file_error(c, w->path,
		           "the file has no constants for `targets`");
		return false;
	}
	target_room(c, net);
	memcpy(net->t_shift, shift->v, n * sizeof *shift->v);
	memcpy(net->t_scale, scale->v, n * sizeof *scale->v);
	net->t_constants_known = true;
	return true;
}

static void
take_params(Ctx *c, Weights *w, const Weights *want)
{
	const Array *a;
	double *at;
	uint32_t i;

	w->count = want->count;
	w->params = at = mem(c, (size_t)w->count * sizeof *at + 1);
	w->blocks.n = 0;
	for (i = 0; i < want->blocks.n; i++) {
		a = array_find(&w->all, want->blocks.v[i].name);
		PUSH(c, &w->blocks, *a);
		memcpy(at, a->v, a->count * sizeof *at);
		at += a->count;
	}
}

bool
weights_apply(Ctx *c, Network *net, Weights *w)
{
	const Weights *want = weights_new(c, net);

	if (!compare(c, net, w, want) || !all_constants(c, net, w, false) ||
	    !target_constants(c, net, w))
		return false;
	all_constants(c, net, w, true);
	take_params(c, w, want);
	if (!net->classes.n && (int)w->classes.n == class_count(net))
		net->classes = w->classes;
	network_hash(net);
	if (w->topology && net->topology != w->topology)
		warn(c, (Loc){0, 0, 0}, "weights", "%s was made from another "
		     "form of %s: the shapes agree, the rest may not",
		     w->path, net->path);
	return true;
}
