/* SPDX-License-Identifier: MIT
 * Tensors in, C identifiers out: the names of the lecture notes, all distinct.
 *
 * An element of tensor z1 is called z1_0_2.  This is injective because no name
 * made here ends in _DIGITS and no two are equal: the digits at the end of an
 * identifier give the element, the rest the tensor. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "back.h"

struct CNames {
	const char **name;          /* by tensor */
	const char **table;         /* all of them, open addressing */
	uint32_t size, used;
	const char **global;        /* the table without temporaries */
	uint32_t global_size, global_used;
};

/* words that stand in the skeleton, and those of C and C++ */
static const char *const reserved[] = {
	"n", "x", "t", "y", "p", "s", "i", "h", "w", "g", "count", "hash", "work",
	"iwork", "seed_low", "seed_high", "step", "samples", "total", "real",
	"alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand",
	"bitor", "bool", "break", "case", "catch", "char", "char16_t",
	"char32_t", "class", "compl", "const", "const_cast", "constexpr",
	"continue", "decltype", "default", "delete", "do", "double",
	"dynamic_cast", "else", "enum", "explicit", "export", "extern",
	"false", "float", "for", "friend", "goto", "if", "inline", "int",
	"int32_t", "int64_t", "long", "mutable", "namespace", "new",
	"noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq",
	"private", "protected", "public", "register", "reinterpret_cast",
	"restrict", "return", "short", "signed", "size_t", "sizeof", "static",
	"static_assert", "static_cast", "struct", "switch", "template",
	"this", "thread_local", "throw", "true", "try", "typedef", "typeid",
	"typename", "typeof", "uint32_t", "uint64_t", "uint8_t", "union",
	"unsigned", "using", "virtual", "void", "volatile", "wchar_t",
	"while", "xor", "xor_eq", "NULL", "EOF", "errno", "linux", "unix",
	"i386", "INFINITY", "NAN", "main"
};

/* helper variables are numbered: sum3, sub12 */
static const char *const helpers[] = {
	"acc", "pad", "best", "arg", "sub", "part", "lane", "value", "outcome",
	"bp"
};

static uint32_t
slot(const CNames *n, const char *word)
{
	uint32_t h = (uint32_t)fnv1a(FNV_START, word, strlen(word));

	for (h &= n->size - 1; n->table[h]; h = (h + 1) & (n->size - 1))
		if (!strcmp(n->table[h], word))
			break;
	return h;
}

bool
cname_taken(const CNames *n, const char *word)
{
	return n->table[slot(n, word)] != NULL;
}

static void
take(Ctx *c, CNames *n, const char *word)
{
	const char **old = n->table;
	uint32_t i, size = n->size;

	if (n->used * 2 >= n->size) {
		n->size = size ? size * 2 : 1024;
		n->table = mem(c, n->size * sizeof *n->table);
		for (i = 0; i < size; i++)
			if (old[i])
				n->table[slot(n, old[i])] = old[i];
	}
	n->table[slot(n, word)] = word;
	n->used++;
}

static bool
is_helper(const char *s)
{
	size_t i, k;

	for (i = 0; i < sizeof helpers / sizeof helpers[0]; i++) {
		k = strlen(helpers[i]);
		if (!strncmp(s, helpers[i], k) &&
		    strspn(s + k, "0123456789") == strlen(s + k))
			return true;
	}
	return !strncmp(s, "bp_", 3) || !strncmp(s, "BP_", 3);
}

/* ends in _DIGITS: would read as an element of another tensor */
static bool
is_element(const char *s)
{
	size_t k = strlen(s), d = k;

	while (d && isdigit((unsigned char)s[d - 1]))
		d--;
	return d < k && d && s[d - 1] == '_';
}

/* letters, digits and single _ inside, a letter in front */
static char *
clean(Ctx *c, const char *s)
{
	char *r = mem(c, strlen(s) + 3), *q = r;

	if (!isalpha((unsigned char)*s))
		*q++ = 'v';
	for (; *s; s++) {
		if (isalnum((unsigned char)*s))
			*q++ = *s;
		else if (q > r && q[-1] != '_')
			*q++ = '_';
	}
	while (q > r && q[-1] == '_')
		*--q = 0;
	*q = 0;
	return *r ? r : copy(c, "v", 1);
}

static const char *
numbered(Ctx *c, const char *stem, int number)
{
	size_t n = strlen(stem);

	if (number < 0)
		return stem;
	if (n && isdigit((unsigned char)stem[n - 1]))
		return fmt(c, "%s_l%d", stem, number);
	return fmt(c, "%s%d", stem, number);
}

static const char *
stem_of(Program *p, const Tensor *t)
{
	const char *s = clean(p->c, t->base ? t->base : t->name);

	if (t->layer >= 0 && !strcmp(s, "y"))
		return "a";
	return s;
}

static int
layer_number(const Program *p, int layer)
{
	return layer < 0 ? -1 : p->net->layers.v[layer].number;
}

static uint32_t
count_kind(const Program *p, TensorKind kind)
{
	uint32_t i, n = 0;

	for (i = 1; i < p->tensors.n; i++)
		n += p->tensors.v[i].kind == kind && !p->tensors.v[i].of;
	return n;
}

static const char *
wish(Program *p, const Tensor *t)
{
	const Tensor *of = &p->tensors.v[t->of];
	const char *stem;
	int number = layer_number(p, t->layer);

	switch (t->kind) {
	case T_INPUT:
	case T_TARGET:
	case T_OUTPUT:
		if (t->kind != T_INPUT && !t->adjoint) /* t, or t2 of a head */
			return clean(p->c, t->name);
		stem = t->adjoint ? "dx" : "x";
		if (count_kind(p, T_INPUT) > 1)
			return numbered(p->c, stem, number);
		return stem;
	case T_NEXT:
		return "next";
	case T_STATE:
		return fmt(p->c, "%s_%s", clean(p->c, t->base),
		           numbered(p->c, stem_of(p, of),
		                    layer_number(p, of->layer)));
	case T_GRAD:
		return fmt(p->c, "d%s", numbered(p->c, stem_of(p, of),
		           layer_number(p, of->layer)));
	case T_STREAM:
		return fmt(p->c, "last_%s", numbered(p->c, stem_of(p, t),
		           number));
	case T_WEIGHT: case T_NET: case T_TEMP: case T_INT: case T_CONST:
	case T_RAND: case T_CARRY: case T_STATISTIC:
		break;
	}
	if (t->adjoint && t->of) {
		stem = stem_of(p, of);
		stem = !strcmp(stem, "z") ? "delta" : fmt(p->c, "d%s", stem);
		return numbered(p->c, stem, layer_number(p, of->layer));
	}
	stem = stem_of(p, t);
	if (number < 0 && !strcmp(stem, "delta")) /* of a loss: its layer's */
		number = layer_number(p, p->net->heads.v[0].layer);
	return numbered(p->c, stem, number);
}

static bool
is_global(const Tensor *t)
{
	return t->kind != T_TEMP && t->kind != T_INT && t->kind != T_RAND;
}

static void
name_tensor(Program *p, CNames *n, TensorId id)
{
	const Tensor *t = &p->tensors.v[id];
	const char *s, *base;
	uint32_t tail;
	TensorId twin;

	base = s = wish(p, t);
	/* the same of one step */
	if ((t->kind == T_INPUT || t->kind == T_OUTPUT) && !t->adjoint &&
	    t->of) {
		n->name[id] = n->name[t->of];
		return;
	}
	/* inference and training have targets of their own, but not two names */
	for (twin = 1; t->kind == T_TARGET && twin < id; twin++)
		if (p->tensors.v[twin].kind == T_TARGET &&
		    p->tensors.v[twin].place == t->place) {
			n->name[id] = n->name[twin];
			return;
		}
	/* arguments: x itself is taken, its elements are not */
	if ((t->kind == T_INPUT || t->kind == T_TARGET ||
	     t->kind == T_OUTPUT) && strlen(s) == 1) {
		n->name[id] = s;
		return;
	}
	if (is_element(s) || is_helper(s))
		base = s = fmt(p->c, "%sv", s);
	for (tail = 0; cname_taken(n, s); tail++)
		s = tail < 25 ? fmt(p->c, "%s%c", base, 'b' + (int)tail) :
		    fmt(p->c, "%sv%ub", base, tail);
	if (is_element(s) || is_helper(s))
		die(p->c, EX_SOFTWARE_, "the C name %s is ambiguous", s);
	take(p->c, n, s);
	n->name[id] = s;
}

/* what a kernel keeps to itself is named for each kernel anew: all call the
 * activation of layer 1 a1 */
void
cnames_kernel(CNames *n, Program *p, const KernelPlan *k)
{
	TensorId t;

	n->used = n->global_used;
	n->table = mem(p->c, n->global_size * sizeof *n->table);
	n->size = n->global_size;
	memcpy(n->table, n->global, n->size * sizeof *n->table);
	for (t = 1; t < p->tensors.n; t++)
		if (!is_global(&p->tensors.v[t]) && k->store[t].how != ST_NONE)
			name_tensor(p, n, t);
}

CNames *
cnames(Program *p)
{
	CNames *n = mem(p->c, sizeof *n);
	TensorId t;
	size_t k;

	n->name = mem(p->c, (p->tensors.n + 1) * sizeof *n->name);
	for (k = 0; k < sizeof reserved / sizeof reserved[0]; k++)
		take(p->c, n, reserved[k]);
	for (t = 1; t < p->tensors.n; t++)
		if (is_global(&p->tensors.v[t]))
			name_tensor(p, n, t);
	n->global = n->table;
	n->global_size = n->size;
	n->global_used = n->used;
	return n;
}

const char *
cname(const CNames *n, TensorId t)
{
	return n->name[t];
}
