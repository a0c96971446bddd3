/* SPDX-License-Identifier: MIT
 * libFuzzer target (`make fuzz FUZZ=weights`): any bytes as a file of weights
 * give arrays, which written and read again are the same, or a message. */
#include <stdlib.h>
#include <string.h>
#include "../../gen/data/arrays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
read_bytes(Ctx *c, const char *s, size_t n, Arrays *to)
{
	int rc;

	return (is_zip(s, n) ? npz_read : safetensors_read)(c, s, n, to, &rc);
}

static void
compare(const Arrays *a, const Arrays *b)
{
	const Array *one;
	uint32_t i;

	if (a->v.n != b->v.n)
		abort();
	for (i = 0; i < a->v.n; i++) {
		one = array_find(b, a->v.v[i].name);
		if (!one || one->count != a->v.v[i].count ||
		    memcmp(&one->shape, &a->v.v[i].shape, sizeof one->shape))
			abort();
	}
}

static void
again(Ctx *c, Arrays *a)
{
	Text t[2] = {{c, NULL, 0, 0}, {c, NULL, 0, 0}};
	Arrays b[2] = {{0}, {0}};
	int i, rc;

	a->notes.n = 0; /* those of the format would stand there twice */
	safetensors_write(&t[0], a);
	if (npz_write(&t[1], a, &rc))
		abort();
	for (i = 0; i < 2; i++) {
		if (read_bytes(c, t[i].s, t[i].n, &b[i]))
			abort();
		compare(a, &b[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Ctx *c = ctx_new();
	Arrays a = {0};
	jmp_buf out;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	c->exit = &out;
	if (setjmp(out) == 0) {
		if (!read_bytes(c, text, size, &a))
			again(c, &a);
	} else if (!strstr(c->exit_text, "memory")) {
		abort();
	}
	ctx_free(c);
	free(text);
	return 0;
}
