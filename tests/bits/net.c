/* SPDX-License-Identifier: MIT
 * Trains the network of NET_C, written with --prefix=net, on random data and
 * prints hashes of its weights on the way: the same from every compiler.  STEPS:
 * how many mini-batches, about. */
#include <stdio.h>
#include <string.h>
#include NET_C

#define SAMPLES (4*NET_BATCH + 1) /* ends in a smaller mini-batch */
#ifndef STEPS
#define STEPS 1000
#endif

static net_net net, copy;
static net_real x[SAMPLES*NET_INPUTS], t[SAMPLES*NET_TARGETS];
static net_real y[NET_OUTPUTS], w[NET_PARAMS];
static unsigned char blob[NET_BYTES + 4096];

/* FNV-1a */
static uint64_t
hash_of(const void *p, size_t n)
{
	const unsigned char *b = (const unsigned char *)p;
	uint64_t hash = 0xcbf29ce484222325u;

	while (n--)
		hash = (hash ^ *b++)*0x100000001b3u;
	return hash;
}

static void
print(const char *what, long step, const void *p, size_t n)
{
	uint64_t hash = hash_of(p, n);

	printf("%s %ld %08lx%08lx\n", what, step, (unsigned long)(hash >> 32),
	       (unsigned long)(hash & 0xffffffffu));
}

/* -1 to 1 in steps of 2^-15, exact in any real */
static net_real
draw(uint32_t *state)
{
	*state = *state*1664525u + 1013904223u;
	return (net_real)((int32_t)(*state >> 16) - 32768)/(net_real)32768;
}

/* what a NaN looks like differs */
static int
diverged(const net_real *p, size_t n)
{
	while (n--)
		if (p[n] != p[n])
			return 1;
	return 0;
}

/* targets: one of the classes, which suits every loss */
static void
samples(void)
{
	uint32_t state = 1;
	size_t i, k;

	for (i = 0; i < SAMPLES*NET_INPUTS; i++)
		x[i] = draw(&state);
	for (i = 0; i < SAMPLES; i++)
		for (k = 0; k < NET_TARGETS; k++)
			t[i*NET_TARGETS + k] =
				(net_real)(k == (i*i + 1) % NET_TARGETS);
}

int
main(void)
{
	net_real loss;
	size_t size;
	long step;

	samples();
	net_init(&net, 7);
	for (step = 0; step < STEPS; step += SAMPLES/NET_BATCH + 1) {
		loss = net_train(&net, x, t, SAMPLES);
		net_get_params(&net, w);
		if (loss != loss || diverged(w, NET_PARAMS)) {
			printf("diverged %ld\n", step);
			return 0;
		}
		if (step % 100 < SAMPLES/NET_BATCH + 1) {
			print("weights", step, w, sizeof w);
			print("loss", step, &loss, sizeof loss);
		}
	}
	net_forward(&net, x, y);
	if (diverged(y, NET_OUTPUTS)) {
		printf("diverged %ld\n", step);
		return 0;
	}
	print("output", step, y, sizeof y);
	size = net_save(&net, blob, sizeof blob);
	print("saved", step, blob, size);
	if (net_load(&copy, blob, size) != BP_OK)
		return 1;
	net_train(&net, x, t, SAMPLES);
	net_train(&copy, x, t, SAMPLES);
	net_get_params(&copy, w);
	print("went on", step, w, sizeof w);
	net_get_params(&net, w);
	print("went on", step, w, sizeof w);
	return 0;
}
