/* SPDX-License-Identifier: MIT
 * Compares compiled networks with the numbers of PyTorch that stand in a
 * folder, one file a network (tests/torch/reference.py says how they look).
 *
 * torch_test [FOLDER [SEED]]: straight line and loops, or, with a SEED, the
 * random plan of that number; f64 and f32. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "../../gen/front/front.h"
#include "../../gen/tool/tool.h"

enum { SAMPLES = 3, STEPS = 3, MOST_BYTES = 1 << 22 };

typedef struct { const char *name; VEC(double) v; } Row;
typedef VEC(Row) Rows;
typedef struct {
	const char *file;           /* its stem */
	Text spec;
	Rows rows;
} Reference;
typedef struct {
	Ctx *c;
	const Reference *ref;
	const Network *network;
	Net *net;
	Dtype dtype;
	const char *plan;
	double tolerance;
	bool good;
} Run;

/* ---- the file */

static bool
read_numbers(Ctx *c, char *s, Row *row)
{
	char *end;
	double x;

	for (;;) {
		s += strspn(s, " ");
		if (!*s)
			return true;
		x = strtod(s, &end);
		if (end == s || !isfinite(x))
			return false;
		PUSH(c, &row->v, x);
		s = end;
	}
}

static bool
read_reference(Ctx *c, const char *path, Reference *ref)
{
	const char *why;
	char *text, *line, *next;
	size_t len;

	ref->spec.c = c;
	if (read_file(c, path, MOST_BYTES, &text, &len, &why)) {
		printf("%s: %s\n", path, why);
		return false;
	}
	for (line = text; line < text + len; line = next) {
		Row row = { 0 };
		next = line + strcspn(line, "\n");
		*next++ = 0;
		if (*line == '|') {
			text_add(&ref->spec, "%s\n", line + 1);
			continue;
		}
		row.name = line;
		line += strcspn(line, " ");
		if (*line)
			*line++ = 0;
		if (!read_numbers(c, line, &row)) {
			printf("%s: what is `%.40s`?\n", path, line);
			return false;
		}
		PUSH(c, &ref->rows, row);
	}
	return ref->spec.n > 0;
}

/* the k-th row of that name; one without numbers where there is none */
static const Row *
row_of(const Reference *ref, const char *name, int k)
{
	static const Row none = { .name = "" };
	uint32_t i;

	for (i = 0; i < ref->rows.n; i++)
		if (!strcmp(ref->rows.v[i].name, name) && !k--)
			return &ref->rows.v[i];
	return &none;
}

/* ---- numbers in and out of the network's type */

static void *
room(Run *r, size_t n)
{
	return mem(r->c, (n + 1) * sizeof(double));
}

static const void *
packed(Run *r, const Row *row)
{
	void *p = room(r, row->v.n);
	uint32_t i;

	for (i = 0; i < row->v.n; i++) {
		if (r->dtype == F32)
			((float *)p)[i] = (float)row->v.v[i];
		else
			((double *)p)[i] = row->v.v[i];
	}
	return p;
}

static double
number(const Run *r, const void *p, uint32_t i)
{
	return r->dtype == F32 ? (double)((const float *)p)[i]
	                       : ((const double *)p)[i];
}

/* ---- judging */

static void
wrong(Run *r, const char *what, uint32_t i, double is, double should)
{
	if (r->good)
		printf("%s %s %s: %s[%u] is %.17g, torch has %.17g\n",
		       r->ref->file, r->dtype == F32 ? "f32" : "f64", r->plan,
		       what, i, is, should);
	r->good = false;
}

static void
judge(Run *r, const char *what, uint32_t i, double is, double should)
{
	double error = fabs(is - should);

	if (!(error <= r->tolerance * fmax(1, fabs(should))))
		wrong(r, what, i, is, should);
}

static void
judge_row(Run *r, const char *what, const void *p, const Row *should)
{
	uint32_t i;

	for (i = 0; i < should->v.n; i++)
		judge(r, what, i, number(r, p, i), should->v.v[i]);
}

static bool
sizes(Run *r)
{
	const Network *net = r->network;
	const struct { const char *name; int64_t n; int rows; } t[] = {
		{ "x", net->inputs, SAMPLES }, { "t", net->targets, SAMPLES },
		{ "y", net->outputs, SAMPLES }, { "g", net->params, SAMPLES },
		{ "w", net->params, 1 }, { "mean", net->params, 1 },
		{ "after", net->params, 1 }, { "loss", SAMPLES, 1 },
		{ "train", STEPS, 1 }, { "s", net->stats, 1 },
		{ "stats", net->stats, 1 }
	};
	size_t i;
	int k;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		for (k = 0; k < t[i].rows; k++)
			if (row_of(r->ref, t[i].name, k)->v.n != t[i].n) {
				printf("%s: %s has %u numbers, bpgen says "
				       "%lld\n", r->ref->file, t[i].name,
				       row_of(r->ref, t[i].name, k)->v.n,
				       (long long)t[i].n);
				return false;
			}
	return true;
}

/* ---- what is compared */

static void
start(Run *r)
{
	const Row *w = row_of(r->ref, "w", 0);
	void *back;
	uint32_t i;

	net_init(r->net, 1);
	net_set_params(r->net, packed(r, w));
	net_set_stats(r->net, packed(r, row_of(r->ref, "s", 0)));
	back = room(r, w->v.n);
	net_get_params(r->net, back);
	for (i = 0; i < w->v.n; i++)
		if (number(r, back, i) != w->v.v[i])
			wrong(r, "w", i, number(r, back, i), w->v.v[i]);
}

static double
add_gradient(Run *r, int k)
{
	return net_gradient(r->net, packed(r, row_of(r->ref, "x", k)),
	                    packed(r, row_of(r->ref, "t", k)));
}

static void
judge_gradient(Run *r, const char *what, const Row *should)
{
	void *g = room(r, should->v.n);

	net_get_gradient(r->net, g);
	judge_row(r, what, g, should);
}

/* x or t of all samples, one after the other */
static const void *
joined(Run *r, const char *name)
{
	Row all = { .name = name };
	uint32_t k, i;

	for (k = 0; k < SAMPLES; k++) {
		const Row *row = row_of(r->ref, name, (int)k);
		for (i = 0; i < row->v.n; i++)
			PUSH(r->c, &all.v, row->v.v[i]);
	}
	return packed(r, &all);
}

/* one by one, or at once where their statistics are used */
static void
add_all(Run *r)
{
	int k;

	if (net_program(r->net)->coupled)
		net_gradient_batch(r->net, joined(r, "x"), joined(r, "t"),
		                   SAMPLES);
	else
		for (k = 0; k < SAMPLES; k++)
			add_gradient(r, k);
}

static void
samples(Run *r)
{
	const Row *loss = row_of(r->ref, "loss", 0);
	uint32_t k;

	for (k = 0; k < SAMPLES; k++) {
		const Row *y = row_of(r->ref, "y", (int)k);
		const void *x = packed(r, row_of(r->ref, "x", (int)k));
		const void *t = packed(r, row_of(r->ref, "t", (int)k));
		void *out = room(r, y->v.n);
		net_forward(r->net, x, out);
		judge_row(r, "y", out, y);
		judge(r, "loss", k, net_loss(r->net, x, t), loss->v.v[k]);
		net_zero_gradient(r->net);
		judge(r, "gradient's loss", k, add_gradient(r, (int)k),
		      loss->v.v[k]);
		judge_gradient(r, "gradient", row_of(r->ref, "g", (int)k));
	}
	net_zero_gradient(r->net);
	add_all(r);
	judge_gradient(r, "mean", row_of(r->ref, "mean", 0));
}

static void
judge_after(Run *r, const char *what)
{
	const Row *after = row_of(r->ref, "after", 0);
	const Row *stats = row_of(r->ref, "stats", 0);
	void *w = room(r, after->v.n);

	net_get_params(r->net, w);
	judge_row(r, what, w, after);
	w = room(r, stats->v.n);
	net_get_stats(r->net, w);
	judge_row(r, "statistics", w, stats);
}

/* the gradients of the samples, then an update */
static void
steps_by_gradient(Run *r)
{
	int step;

	start(r);
	for (step = 0; step < STEPS; step++) {
		add_all(r);
		net_update(r->net);
	}
	judge_after(r, "after update");
}

static void
steps_by_train(Run *r)
{
	const Row *loss = row_of(r->ref, "train", 0);
	const void *x = joined(r, "x"), *t = joined(r, "t");
	uint32_t step;

	start(r);
	for (step = 0; step < STEPS; step++)
		judge(r, "train's loss", step,
		      net_train(r->net, x, t, SAMPLES), loss->v.v[step]);
	judge_after(r, "after train");
}

static bool
compiled(Run *r, const PlanOptions *plan)
{
	r->network = front_text(r->c, r->ref->file, r->ref->spec.s,
	                        r->ref->spec.n);
	if (!r->network || r->c->errors || !sizes(r))
		return false;
	r->net = net_new(r->c, r->network, r->dtype, plan, false);
	return r->net && !r->c->errors;
}

/* r lives outside, so that it is whole when die() comes back here */
static bool
guarded(Run *r, const PlanOptions *plan)
{
	jmp_buf out;

	r->c->exit = &out;
	if (setjmp(out)) {
		printf("%s %s: %s\n", r->ref->file, r->plan, r->c->exit_text);
		return false;
	}
	if (!compiled(r, plan)) {
		diag_print(r->c, stdout, false);
		return false;
	}
	start(r);
	samples(r);
	steps_by_gradient(r);
	steps_by_train(r);
	return r->good;
}

static bool
run(const Reference *ref, Dtype dtype, const PlanOptions *plan,
	const char *name)
{
	Run r = { .ref = ref, .dtype = dtype, .plan = name, .good = true,
	          .tolerance = dtype == F32 ? 1e-5 : 1e-10 };
	bool good;

	r.c = ctx_new();
	if (!r.c)
		return false;
	good = guarded(&r, plan);
	net_free(r.net);
	ctx_free(r.c);
	return good;
}

static bool
all_runs(const Reference *ref, uint64_t seed)
{
	static const struct { const char *name; Unroll unroll; } t[] = {
		{ "straight line", UNROLL_FULL }, { "loops", UNROLL_NONE }
	};
	PlanOptions random = { .random = seed };
	bool good = true;
	Dtype d;
	size_t i;

	for (d = F32; d <= F64; d++) {
		for (i = 0; !seed && i < sizeof t / sizeof *t; i++) {
			PlanOptions plan = { .unroll = t[i].unroll };
			good &= run(ref, d, &plan, t[i].name);
		}
		if (seed)
			good &= run(ref, d, &random, "random plan");
	}
	return good;
}

/* ---- the folder */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Names
files(Ctx *c, const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	Names names = { 0 };

	if (!d) {
		printf("cannot read %s: %s\n", folder, strerror(errno));
		return names;
	}
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);
		if (n > 4 && !strcmp(e->d_name + n - 4, ".txt"))
			PUSH(c, &names, copy(c, e->d_name, n - 4));
	}
	closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof *names.v, by_name);
	return names;
}

static int
compare(Ctx *c, const char *folder, uint64_t seed)
{
	Names names = files(c, folder);
	int passed = 0, failed = 0;
	uint32_t i;

	for (i = 0; i < names.n; i++) {
		Reference ref = { .file = names.v[i] };
		const char *path = fmt(c, "%s/%s.txt", folder, ref.file);
		bool good = read_reference(c, path, &ref) &&
			all_runs(&ref, seed);
		printf("%s %s\n", good ? "ok" : "FAILED", ref.file);
		fflush(stdout);
		passed += good;
		failed += !good;
	}
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed || !passed;
}

int
main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "tests/torch/reference";
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	Ctx *c = ctx_new();
	jmp_buf out;
	int rc;

	if (!c)
		return 1;
	c->exit = &out;
	if (setjmp(out)) {
		printf("%s\n", c->exit_text);
		return 1;
	}
	rc = compare(c, folder, seed);
	ctx_free(c);
	return rc;
}
