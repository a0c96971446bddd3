/* SPDX-License-Identifier: MIT
 * Memory of a context: blocks that are freed together; and the way out. */
#include <stdlib.h>
#include <string.h>
#include "../bpgen.h"

#define BLOCK (1u << 16)
#define LIMIT ((size_t)4 << 30)

struct Block {
	struct Block *next;
	size_t size, used;
	_Alignas(16) char data[];
};

Ctx *
ctx_new(void)
{
	Ctx *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->opt.max_errors = 20;
	return c;
}

void
ctx_free(Ctx *c)
{
	struct Block *b, *next;

	if (!c)
		return;
	if (c->close)
		c->close(c);
	for (b = c->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(c);
}

void *
mem(Ctx *c, size_t size)
{
	struct Block *b = c->blocks;
	size_t want;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (!b || b->size - b->used < size) {
		want = size > BLOCK / 4 ? size : BLOCK;
		if (c->used + want > LIMIT)
			die(c, EX_SOFTWARE_, "out of memory: 4 GB are used up");
		b = calloc(1, sizeof *b + want);
		if (!b)
			die(c, EX_SOFTWARE_, "out of memory");
		b->size = want;
		c->used += want;
		/* a large block goes second, the open one stays in front */
		if (c->blocks && want == size) {
			b->next = c->blocks->next;
			c->blocks->next = b;
		} else {
			b->next = c->blocks;
			c->blocks = b;
		}
	}
	p = b->data + b->used;
	b->used += size;
	return p;
}

char *
copy(Ctx *c, const char *s, size_t n)
{
	char *p = mem(c, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

void *
vec_grow(Ctx *c, void *v, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 8;
	void *p;

	if (want < *cap)
		die(c, EX_SOFTWARE_, "a table has more than 2^31 entries");
	p = mem(c, want * size);
	if (n)
		memcpy(p, v, n * size);
	*cap = want;
	return p;
}
