/* SPDX-License-Identifier: MIT
 * libFuzzer target (`make fuzz`): any bytes as a spec give a network or
 * messages. */
#include <stdlib.h>
#include <string.h>
#include "../../gen/front/front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* what was expanded must give the same text and network again */
static void
again(const Network *net)
{
	Ctx *c = ctx_new();
	Network *second;
	jmp_buf out;

	c->exit = &out;
	if (setjmp(out) == 0) {
		second = front_text(c, "fuzz.spec", net->expanded,
		                    strlen(net->expanded));
		if (!second) {
			diag_print(c, stderr, false);
			fputs(net->expanded, stderr);
			abort();
		}
		if (strcmp(second->expanded, net->expanded) ||
		    second->topology != net->topology)
			abort();
	}
	ctx_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Ctx *c = ctx_new();
	FILE *null = fopen("/dev/null", "w");
	Network *net;
	jmp_buf out;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	c->exit = &out;
	if (setjmp(out) == 0) {
		sandbox_open(c);
		record_open(c);
		/* the limits hold, but a fuzzer has no time to meet them */
		c->front->steps = 99000000;
		c->front->bytes = (size_t)200 << 20;
		net = front_text(c, "fuzz.spec", text, size);
		diag_print(c, null, false);
		/* definitions may read what expand leaves out */
		if (net && !memmem(text, size, "{", 1))
			again(net);
	} else if (c->exit_code == EX_SOFTWARE_ && !strstr(c->exit_text,
	           "memory")) {
		abort();
	}
	ctx_free(c);
	fclose(null);
	free(text);
	return 0;
}
