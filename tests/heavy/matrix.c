/* SPDX-License-Identifier: MIT
 * Trains the network of net.h and prints hashes of all that it gets: the same
 * text under every compiler.  C99 and C++11.  An argument: at most that many
 * steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

#define SAMPLES 8
#define FLOPS 1e8               /* that training may cost */

static net_net net;
static net_real x[SAMPLES * NET_INPUTS], t[SAMPLES * NET_TARGETS];
static net_real w[NET_PARAMS + 1], y[NET_OUTPUTS];
static unsigned char blob[NET_BYTES + 256];

static uint32_t
draw(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* any NaN is like any other */
static uint64_t
hash(uint64_t h, const net_real *v, size_t n)
{
	const unsigned char *p;
	net_real q;
	size_t i, k;

	for (i = 0; i < n; i++) {
		q = v[i] != v[i] ? (net_real)12345 : v[i];
		p = (const unsigned char *)&q;
		for (k = 0; k < sizeof q; k++)
			h = (h ^ p[k]) * 0x100000001b3u;
	}
	return h;
}

static void
show(const char *what, long step, const net_real *v, size_t n)
{
	uint64_t h = hash(0xcbf29ce484222325u, v, n);

	printf("%s after %ld steps: %08lx%08lx\n", what, step,
	       (unsigned long)(h >> 32), (unsigned long)(h & 0xffffffffu));
}

/* targets 0 and 1 suit every loss: shares, classes, numbers */
static void
samples(void)
{
	uint32_t state = 1;
	int i;

	for (i = 0; i < SAMPLES * NET_INPUTS; i++)
		x[i] = (net_real)(int32_t)draw(&state) / (net_real)8388608 - 1;
	for (i = 0; i < SAMPLES * NET_TARGETS; i++)
		t[i] = (net_real)(int32_t)(draw(&state) >> 20 & 1);
}

static long
most_steps(int argc, char **argv)
{
	double flops = (double)net_info.flops * 2 + 1;
	long n = flops * 1000 > FLOPS ? (long)(FLOPS / flops) + 2 : 1000;
	long limit = argc > 1 ? atol(argv[1]) : n;

	return limit < n ? limit : n;
}

int
main(int argc, char **argv)
{
	long step, steps = most_steps(argc, argv);
	net_real loss = 0, losses = 0;
	size_t count, len;

	samples();
	net_init(&net, 42);
	net_get_params(&net, w);
	show("weights", 0, w, NET_PARAMS);
	for (step = 1; step <= steps; step++) {
		count = 1 + (size_t)(step % 3);
		loss = net_train(&net, x + (size_t)(step % 5) * NET_INPUTS,
		                 t + (size_t)(step % 5) * NET_TARGETS, count);
		losses += loss;
		if (step % 250 && step != steps)
			continue;
		net_get_params(&net, w);
		show("weights", step, w, NET_PARAMS);
		show("losses", step, &losses, 1);
	}
	net_forward(&net, x, y);
	show("outputs", steps, y, NET_OUTPUTS);
	loss = net_loss(&net, x, t);
	show("loss", steps, &loss, 1);
	net_gradient(&net, x, t);
	net_get_gradient(&net, w);
	show("gradient", steps, w, NET_PARAMS);
	len = net_save(&net, blob, sizeof blob);
	net_init(&net, 1);
	if (!len || net_load(&net, blob, len) != BP_OK)
		return 1;
	net_get_gradient(&net, w);
	show("loaded gradient", steps, w, NET_PARAMS);
	return 0;
}
