/* SPDX-License-Identifier: MIT
 * A program with two networks in it: trains one, copies weights, saves. */
#include <stdio.h>
#include <string.h>
#include "one.h"
#include "two.h"

static one_net net, again;
static two_net other;

int
main(void)
{
	static const one_real x[4 * ONE_INPUTS] = { 0, 0, 0, 1, 1, 0, 1, 1 };
	static const one_real t[4 * ONE_TARGETS] = { 0, 1, 1, 0 };
	static unsigned char blob[ONE_BYTES + 4096];
	two_real y2[TWO_OUTPUTS], x2[TWO_INPUTS] = { 0.5f, -0.5f };
	one_real y[ONE_OUTPUTS], z[ONE_OUTPUTS], first, loss = 0;
	size_t len;
	int i;

	one_init(&net, 1);
	two_init(&other, 1);
	first = one_train(&net, x, t, 4);
	for (i = 0; i < 5000; i++)
		loss = one_train(&net, x, t, 4);
	if (!(loss < first)) {
		printf("the loss did not fall: %g, then %g\n", (double)first,
		       (double)loss);
		return 1;
	}
	len = one_save(&net, blob, sizeof blob);
	if (!len || one_load(&again, blob, len) != BP_OK) {
		puts("what was saved does not load");
		return 1;
	}
	one_forward(&net, x, y);
	one_forward(&again, x, z);
	two_forward(&other, x2, y2);
	if (memcmp(y, z, sizeof y)) {
		puts("the loaded network differs");
		return 1;
	}
	blob[len / 2] ^= 1;
	if (one_load(&again, blob, len) != BP_CORRUPT) {
		puts("a broken blob was taken");
		return 1;
	}
	puts("fine");
	return 0;
}
