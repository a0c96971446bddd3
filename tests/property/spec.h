/* SPDX-License-Identifier: MIT
 * What the files of the generator share: the text so far, and what its layers
 * make. */
#ifndef SPEC_H
#define SPEC_H
#include "property.h"

enum { OWN = 3, MOST = 40, MOST_PARAMS = 900, MOST_TERMS = 9000 };
typedef struct {
	char name[16];               /* "": only the line after can read it */
	ShapeKind kind;
	int rank, dim[3];
	bool used;
} Made;
typedef struct {
	uint64_t state;
	char *text;
	size_t n, cap;
	Made value[MOST];
	int values, inputs;
	int params, terms;           /* so far */
	struct { char name[16]; ShapeKind kind; int in, out, steps; bool bias; }
		shared[MOST];        /* dense layers whose weights can be shared */
	int shareds;
	const char *optimizer;
	bool decays;                 /* ... may be given l2 and l1 */
	bool windows;                /* has filters, or weights of rank 3 */
	bool own[OWN];               /* words of its own that it uses */
	bool stream;                 /* a sequence from end to end */
	VEC(const Record *) words;   /* the vocabulary's layers of one input or two */
} Spec;

void say(Spec *s, const char *format, ...);
int below(Spec *s, int n);
bool chance(Spec *s, int percent);
int size_of(const Made *v);
bool affordable(const Spec *s, int params, int terms);
/* the label of a new value */
Made *begin(Spec *s);
/* ` from NAME` where the line before is not meant */
void say_from(Spec *s, int in);
typedef enum { NO_WEIGHTS, WINDOW_WEIGHTS, WEIGHTS } Has;
void say_options(Spec *s, Has weights);
/* with a blank before it, or nothing */
const char *pick_activation(Spec *s);
/* the words that it defines itself, to `to` if that is not NULL; the length */
size_t definitions(const Spec *s, char *to);

/* words.c: all words there are, and a layer of any of them */
void vocabulary(Spec *s, Ctx *c);
bool any_word(Spec *s, int in);

#endif
