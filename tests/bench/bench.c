/* SPDX-License-Identifier: MIT
 * bench [-r ROUNDS] [-d DATA] WORK... REFERENCE.so NAME=FILE.so...: measures
 * the contestants of one work, each in turn in every round, on the same samples
 * from the same weights, and compares what they learnt with REFERENCE, bpgen's
 * C in double (`-`: no comparison).  WORK is one line of works.txt.  Prints,
 * separated by tabs: work, contestant, median and least ns a sample, flop a
 * sample, how far off the result is, and what that means.  -d writes samples
 * and weights to a file for contestants in other languages.  Exit status 1:
 * some result is wrong. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "peer.h"

enum { MAX_PEERS = 24, MAX_ROUNDS = 101, JUDGED = 128, SIDES = 2 };
enum { TRAIN, INFER };
#define SLICE 4e-3          /* seconds, at least */
#define TOLERANCE 1e-3      /* of what training has gained */
#define TOLERANCE_OUT 1e-4  /* of an output; about 1 is its unit */

typedef struct {
	const char *name;
	const Peer *peer;
	void *net;
	size_t slice[SIDES];    /* samples in one */
	double ns[SIDES][MAX_ROUNDS];
	double error[SIDES];
} Contestant;
typedef struct {
	Work work;
	const char *name[SIDES];
	double flop[SIDES];
	int inputs, outputs, params;
	size_t samples, checked;
	int steps;                  /* of a sample that inference is given */
	float *x, *t, *y, *w, *learnt;
	double start, reference;    /* loss before and after training */
	float *right;               /* outputs of the first samples */
	const Peer *ref;
	void *ref_net;
	double (*judge)(void *, const float *, const float *, const float *,
		size_t);
} Bench;

static void
fail(const char *what, const char *name)
{
	fprintf(stderr, "bench: %s: %s\n", what, name);
	exit(2);
}

static float *
floats(size_t n)
{
	size_t bytes = (n * sizeof(float) + 127) / 64 * 64;
	float *p = aligned_alloc(64, bytes);

	if (!p)
		fail("no memory", "samples");
	memset(p, 0, bytes);
	return p;
}

/* of this process, threads added up: what others run meanwhile is not counted,
 * what a contestant spreads over cores is */
static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static Activation
activation(const char *name)
{
	static const char *const names[] = {
		"linear", "sigmoid", "tanh", "relu", "softmax"
	};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return (Activation)i;
	fail("unknown activation", name);
	return LINEAR;
}

/* multiplications and additions alone: forward, weight gradients, deltas of
 * all layers but the first, and the update, which at batch 1 is the gradient */
static void
count_flop(Bench *b)
{
	const Work *w = &b->work;
	double macs = 0, below = 0, update;
	int i;

	b->steps = 1;
	for (i = 0; i < w->layers; i++) {
		double m = (double)w->width[i] * w->width[i + 1];
		macs += m;
		below += i ? m : 0;
	}
	if (!strcmp(w->shape, "lenet")) {   /* 2 convolutions, 3 dense */
		macs = 24*24*6*25 + 8*8*16*150 + 256*120 + 120*84 + 84*10;
		below = macs - 24*24*6*25;
	} else if (!strcmp(w->shape, "lstm")) { /* 32 steps of 1 input */
		macs = 32*4*16*(1 + 16) + 16;
		below = 31*4*16*16 + 16;
		b->steps = 32;
	}
	update = w->adam ? 12 : w->batch > 1 ? 2 : 0;
	b->flop[TRAIN] = 4 * macs + 2 * below +
		update * b->params / (double)w->batch;
	b->flop[INFER] = 2 * macs / b->steps;
}

/* the fields of a line of works.txt */
static void
read_work(Bench *b, char **field)
{
	Work *w = &b->work;
	const char *s = field[2];
	char *end;

	b->name[TRAIN] = w->name = field[0];
	b->name[INFER] = field[1];
	w->shape = field[2];
	for (w->layers = -1; *s >= '0' && *s <= '9'; s = *end ? end + 1 : end) {
		if (++w->layers > MAX_LAYERS)
			fail("too many layers", field[2]);
		w->width[w->layers] = (int)strtol(s, &end, 10);
	}
	if (w->layers < 0)
		w->layers = 0;
	w->hidden = activation(field[3]);
	w->output = activation(field[4]);
	w->adam = !strcmp(field[5], "adam");
	w->rate = strtof(field[6], NULL);
	w->batch = (size_t)strtoul(field[7], NULL, 10);
	if (!w->batch)
		fail("no batch", field[7]);
}

static void *
load(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!object)
		fail(path, dlerror());
	return object;
}

/* sizes from the work itself, where nothing is compared */
static void
no_reference(Bench *b)
{
	if (!b->work.layers)
		fail(b->work.shape, "needs a reference");
	b->inputs = b->work.width[0];
	b->outputs = b->work.width[b->work.layers];
	b->params = work_params(&b->work);
}

static void
load_reference(Bench *b, const char *path)
{
	void *object, *judge;
	const int *sizes;

	if (!strcmp(path, "-")) {
		no_reference(b);
		return;
	}
	object = load(path);
	judge = dlsym(object, "judge");
	sizes = dlsym(object, "judge_sizes");
	b->ref = dlsym(object, "peer");
	if (!b->ref || !judge || !sizes)
		fail(path, "is no reference");
	memcpy(&b->judge, &judge, sizeof judge);
	b->inputs = sizes[0];
	b->outputs = sizes[1];
	b->params = sizes[2];
	if (b->work.layers && b->params != work_params(&b->work))
		fail(path, "has other weights");
	b->ref_net = b->ref->open(&b->work);
	if (!b->ref_net)
		fail(path, "no memory");
}

/* uniform in -1..1, the same everywhere (splitmix64) */
static float
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (float)((double)(z >> 11) * 0x1p-52 - 1);
}

/* the class is the largest of sums over every outputs-th input, so that there
 * is something to learn; a lone output says whether the sum is positive */
static void
target(const float *x, float *t, int inputs, int outputs)
{
	float best = -INFINITY;
	int i, k, class = 0;

	for (k = 0; k < outputs; k++) {
		float sum = 0;
		for (i = k; i < inputs; i += outputs)
			sum += x[i];
		if (sum > best) {
			best = sum;
			class = k;
		}
		t[k] = 0;
	}
	if (outputs > 1)
		t[class] = 1;
	else
		t[0] = best > 0;
}

static void
make_samples(Bench *b)
{
	uint64_t state = 1;
	size_t i;

	b->samples = b->inputs >= 100 ? 1024 : 4096;
	b->x = floats(b->samples * (size_t)b->inputs);
	b->t = floats(b->samples * (size_t)b->outputs);
	b->y = floats(b->samples * (size_t)b->outputs);
	b->w = floats((size_t)b->params);
	b->learnt = floats((size_t)b->params);
	for (i = 0; i < b->samples * (size_t)b->inputs; i++)
		b->x[i] = draw(&state);
	for (i = 0; i < b->samples; i++)
		target(b->x + i * (size_t)b->inputs,
			b->t + i * (size_t)b->outputs, b->inputs, b->outputs);
	if (b->ref)
		b->ref->get(b->ref_net, b->w);
	else
		for (i = 0; i < (size_t)b->params; i++)
			b->w[i] = draw(&state) / sqrtf((float)b->inputs);
	b->checked = (size_t)(3e8 / b->flop[TRAIN]) / b->work.batch *
		b->work.batch;
	if (b->checked > b->samples)
		b->checked = b->samples;
	if (b->checked < 4 * b->work.batch)
		b->checked = 4 * b->work.batch;
}

static double
loss_of(const Bench *b, const float *w)
{
	return b->judge(b->ref_net, w, b->x, b->t, JUDGED);
}

static void
make_reference(Bench *b)
{
	b->right = floats(JUDGED * (size_t)b->outputs);
	b->start = loss_of(b, b->w);
	b->ref->set(b->ref_net, b->w);
	b->ref->infer(b->ref_net, b->x, b->right, JUDGED);
	b->ref->train(b->ref_net, b->x, b->t, b->checked);
	b->ref->get(b->ref_net, b->learnt);
	b->reference = loss_of(b, b->learnt);
	if (!(b->reference < 0.999 * b->start))
		fail(b->work.name, "nothing was learnt, nothing is proved");
}

static void
judge_contestant(Bench *b, Contestant *c)
{
	const Peer *p = c->peer;
	size_t i, n = JUDGED * (size_t)b->outputs;
	double worst = 0;

	p->set(c->net, b->w);
	if (p->infer) {
		p->infer(c->net, b->x, b->y, JUDGED);
		for (i = 0; i < n; i++) {
			double e = fabs((double)b->y[i] - b->right[i]);
			if (!(e <= worst))
				worst = e;
		}
		c->error[INFER] = worst;
	}
	if (!p->train)
		return;
	p->train(c->net, b->x, b->t, b->checked);
	p->get(c->net, b->learnt);
	c->error[TRAIN] = (loss_of(b, b->learnt) - b->reference) /
		(b->start - b->reference);
}

/* count samples, going round the table */
static double
run(Bench *b, Contestant *c, int side, size_t count)
{
	double from;
	size_t n, done;

	c->peer->set(c->net, b->w);
	if (side == TRAIN)
		c->peer->train(c->net, b->x, b->t, b->work.batch);
	else
		c->peer->infer(c->net, b->x, b->y, 1);
	from = now();
	for (done = 0; done < count; done += n) {
		n = count - done < b->samples ? count - done : b->samples;
		if (side == TRAIN)
			c->peer->train(c->net, b->x, b->t, n);
		else
			c->peer->infer(c->net, b->x, b->y, n);
	}
	return now() - from;
}

static int
takes_part(const Bench *b, const Contestant *c, int side)
{
	return b->name[side][0] != '-' &&
		(side == TRAIN ? !!c->peer->train : !!c->peer->infer);
}

/* as many samples as fill a slice */
static void
calibrate(Bench *b, Contestant *c, int side)
{
	size_t n = side == TRAIN ? b->work.batch : 1;

	while (run(b, c, side, n) < SLICE)
		n *= 2;
	c->slice[side] = n;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(Bench *b, Contestant *c, int count, int rounds)
{
	int i, k, side;

	for (i = 0; i < count; i++)
		for (side = 0; side < SIDES; side++)
			if (takes_part(b, &c[i], side))
				calibrate(b, &c[i], side);
	for (k = 0; k < rounds; k++)
		for (i = 0; i < count; i++)
			for (side = 0; side < SIDES; side++)
				if (takes_part(b, &c[i], side))
					c[i].ns[side][k] = 1e9 * run(b, &c[i],
						side, c[i].slice[side]) /
						(double)c[i].slice[side] /
						(side == INFER ? b->steps : 1);
	for (i = 0; i < count; i++)
		for (side = 0; side < SIDES; side++)
			qsort(c[i].ns[side], (size_t)rounds, sizeof(double),
				ascending);
}

static const char *
verdict(const Bench *b, const Contestant *c, int side)
{
	double limit = side == TRAIN ? TOLERANCE : TOLERANCE_OUT;

	if (!b->ref)
		return "not compared";
	if (c->peer->differs && c->peer->differs(&b->work))
		return c->peer->differs(&b->work);
	return fabs(c->error[side]) <= limit ? "agrees" : "WRONG";
}

static int
report(const Bench *b, const Contestant *c, int count, int rounds)
{
	int i, side, wrong = 0;

	for (side = 0; side < SIDES; side++)
		for (i = 0; i < count; i++) {
			const double *ns = c[i].ns[side];
			if (!takes_part(b, &c[i], side))
				continue;
			printf("%s\t%s\t%.4g\t%.4g\t%.0f\t%.1e\t%s\n",
				b->name[side], c[i].name, ns[rounds / 2],
				ns[0], b->flop[side], c[i].error[side],
				verdict(b, &c[i], side));
			wrong |= !strcmp(verdict(b, &c[i], side), "WRONG");
		}
	return wrong;
}

static void
write_data(const Bench *b, const char *path)
{
	const int32_t head[] = {
		b->inputs, b->outputs, b->params, (int32_t)b->samples,
		(int32_t)b->checked, JUDGED
	};
	const double losses[] = {
		b->start, b->reference, b->flop[TRAIN], b->flop[INFER]
	};
	FILE *f = fopen(path, "wb");

	if (!f)
		fail("cannot write", path);
	fwrite(head, sizeof head, 1, f);
	fwrite(losses, sizeof losses, 1, f);
	fwrite(b->w, sizeof(float), (size_t)b->params, f);
	fwrite(b->x, sizeof(float), b->samples * (size_t)b->inputs, f);
	fwrite(b->t, sizeof(float), b->samples * (size_t)b->outputs, f);
	fwrite(b->right, sizeof(float), JUDGED * (size_t)b->outputs, f);
	if (fclose(f))
		fail("cannot write", path);
}

static int
load_contestants(Bench *b, Contestant *c, char **argv, int argc)
{
	int i, count = 0;

	for (i = 0; i < argc && count < MAX_PEERS; i++) {
		char *path = strchr(argv[i], '=');
		Contestant *one = &c[count];

		if (!path)
			fail("not NAME=FILE", argv[i]);
		*path++ = 0;
		one->name = argv[i];
		one->peer = dlsym(load(path), "peer");
		if (!one->peer)
			fail(path, "has no peer");
		one->net = one->peer->open(&b->work);
		if (one->net)
			count++;
		else
			fprintf(stderr, "skipped %s: cannot do %s\n",
				one->name, b->work.name);
	}
	return count;
}

int
main(int argc, char **argv)
{
	static Contestant c[MAX_PEERS];
	static Bench b;
	const char *data = NULL;
	int i, option, count, rounds = 9;

	while ((option = getopt(argc, argv, "+r:d:")) != -1) {
		if (option == 'r')
			rounds = atoi(optarg);
		else if (option == 'd')
			data = optarg;
		else
			return 2;
	}
	if (argc - optind < 9 || rounds < 1 || rounds > MAX_ROUNDS)
		fail("usage", "bench [-r N] [-d FILE] WORK... REFERENCE "
			"NAME=FILE...");
	read_work(&b, argv + optind);
	load_reference(&b, argv[optind + 8]);
	count_flop(&b);
	make_samples(&b);
	if (b.ref)
		make_reference(&b);
	if (data)
		write_data(&b, data);
	count = load_contestants(&b, c, argv + optind + 9, argc - optind - 9);
	for (i = 0; i < count && b.ref; i++)
		judge_contestant(&b, &c[i]);
	measure(&b, c, count, rounds);
	return report(&b, c, count, rounds);
}
