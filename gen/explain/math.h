/* SPDX-License-Identifier: MIT
 * Mathematics as a tree, and pages of it: one tree, a writer for each form. */
#ifndef MATH_TREE_H
#define MATH_TREE_H
#include "../bpgen.h"

typedef enum {
	M_NUMBER,                   /* text as printf has it */
	M_NAME,                     /* one letter, a word, or a Greek letter */
	M_SIGN,                     /* an operator, a key of signs[] */
	M_ROW,                      /* parts */
	M_SCRIPT,                   /* a with b below and c above, either NULL */
	M_FRACTION,                 /* a over b */
	M_ROOT,                     /* of a */
	M_FENCE,                    /* a in brackets: text ( [ | or floor */
	M_BIG,                      /* text sum, max, argmax; a below it, of b */
	M_CASES,                    /* parts: value, condition, .. and the rest */
	M_WORDS                     /* plain text */
} MathKind;
typedef struct Math Math;
struct Math {
	MathKind kind;
	const char *text;
	bool bold;                  /* a name: of a vector or a matrix */
	Math *a, *b, *c;
	VEC(Math *) parts;
};

Math *m_new(Ctx *c, MathKind kind, const char *text);
Math *m_number(Ctx *c, double v);
Math *m_name(Ctx *c, const char *text);
Math *m_words(Ctx *c, const char *text);
Math *m_script(Ctx *c, Math *base, Math *below, Math *above);
Math *m_fraction(Ctx *c, Math *a, Math *b);
Math *m_fence(Ctx *c, const char *how, Math *a);
Math *m_big(Ctx *c, const char *how, Math *below, Math *of);
Math *m_call(Ctx *c, const char *name, Math *of);
/* NULL parts are left out; signs within rows by their key */
Math *m_row(Ctx *c, Math *a, const char *sign, Math *b);
void m_push(Ctx *c, Math *row, Math *part);
bool m_is_sum(const Math *m);   /* a + b, -a: needs brackets in a product */
bool m_is_open(const Math *m);  /* what follows would be read as part of it */
bool m_begins_with_number(const Math *m);

/* what every form says a word or sign by */
typedef struct { const char *key, *plain, *latex; } Glyph;
const Glyph *m_glyph(const char *key); /* NULL: none */
/* UTF-8; `?` for what LaTeX does not know with its usual fonts */
void latex_text(Text *out, const char *s);
void html_text(Text *out, const char *s);

void math_latex(const Math *m, Text *out);
void math_mathml(const Math *m, Text *out);
void math_plain(const Math *m, Text *out);

/* left = right, and further values of the same, each after its own sign */
typedef struct { Math *left; VEC(Math *) right; const char *sign; } Equation;
typedef VEC(Equation) Equations;
typedef VEC(Math *) Cells;
/* numbers begin a line of their own, their value stands behind them */
bool breaks(const Equation *e, uint32_t right);
void latex_lines(const Equations *e, Text *out);

typedef struct Page Page;
typedef struct {
	const char *name, *ending;
	void (*begin)(Page *p, const char *title);
	void (*heading)(Page *p, int level, const char *text);
	void (*prose)(Page *p, const char *text);
	void (*equations)(Page *p, const Equations *e);
	void (*table)(Page *p, const Cells *cells, uint32_t columns);
	void (*end)(Page *p);
} Form;
struct Page { Ctx *c; Text out; const Form *form; };
extern const Form *const forms[]; /* NULL ends them */

#endif
