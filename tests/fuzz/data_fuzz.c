/* SPDX-License-Identifier: MIT
 * libFuzzer target (`make fuzz FUZZ=data`): any bytes as a file of data give
 * rows that can be gathered, or a message; the first byte chooses a network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../gen/data/data.h"
#include "../../gen/front/front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const specs[] = {
	"input 4\ndense 3 softmax\nloss cross_entropy\n",
	"input 4\ndense 3 softmax\nloss cross_entropy\nclasses a b c\n",
	"input 2\nnormalize zscore\ndense 2\ntargets zscore\nloss mse\n",
	"input 1x2x2\nflatten\ndense 2 softmax\nloss cross_entropy\n",
	"input 1 steps=6\nrnn 3 last\ndense 1\nhorizon 2\nloss mse\n",
	"input 5\nembed 4 vocab=20\nflatten\ndense 9 softmax\nloss kl\n"
};
enum { SPECS = sizeof specs / sizeof *specs };
static Ctx *owners[SPECS]; /* for good */
static Network *networks[SPECS];
static const int32_t *ids[SPECS];

static void
read_specs(void)
{
	Ctx *c;
	jmp_buf out;
	size_t i;

	for (i = 0; i < SPECS; i++) {
		c = owners[i] = ctx_new();
		c->exit = &out;
		if (setjmp(out))
			abort();
		sandbox_open(c);
		record_open(c);
		networks[i] = front_text(c, "fuzz.spec", specs[i],
		                         strlen(specs[i]));
		if (networks[i] && !c->errors)
			ids[i] = input_ids(c, networks[i]);
		if (!ids[i]) {
			diag_print(c, stderr, false);
			abort();
		}
	}
}

static void
gather(const Data *d, const Network *net)
{
	double *x = malloc((size_t)net->inputs * sizeof *x + 1);
	double *t = malloc((size_t)net->targets * sizeof *t + 1);
	size_t i;
	int k;

	for (i = 0; i < d->known && i < 100; i++) {
		data_gather(d, net, F64, NULL, i, 1, x, d->stored ? t : NULL);
		for (k = 0; k < net->inputs; k++)
			if (!isfinite(x[k]))
				abort();
		for (k = 0; d->stored && k < net->targets; k++)
			if (!isfinite(t[k]))
				abort();
	}
	free(x);
	free(t);
}

static void
read_data(Ctx *c, Network *net, const int32_t *net_ids, const uint8_t *bytes,
	size_t size)
{
	DataOptions o = {.header = -1, .need_targets = true, .ids = net_ids};
	int fd = memfd_create("fuzz", 0), rc = 0;
	char path[40];
	Data *d;

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	d = data_read(c, net, path, &o, &rc);
	close(fd);
	if (d)
		gather(d, net);
	else if (!rc || !c->diags.n)
		abort();
	data_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Network net;
	Ctx *c;
	jmp_buf out;
	size_t which;

	if (!size)
		return 0;
	if (!networks[0])
		read_specs();
	which = *data % SPECS;
	c = ctx_new();
	net = *networks[which]; /* a reader fills in the classes */
	c->exit = &out;
	if (setjmp(out) == 0) {
		PUSH(c, &c->sources, ((Source){.name = "", .text = ""}));
		read_data(c, &net, ids[which], data + 1, size - 1);
	} else if (!strstr(c->exit_text, "memory")) {
		abort();
	}
	ctx_free(c);
	return 0;
}
