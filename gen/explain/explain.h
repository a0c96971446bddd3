/* SPDX-License-Identifier: MIT
 * What the files of `bpgen explain` share: a program whose statements are
 * written as the lecture writes them. */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include "math.h"
#include "walk.h"

/* What stands for an index while a statement is written: another one, or a
 * number; indices that are not listed stand for themselves. */
enum { MOST_INDICES = 4 * MAX_RANK };
typedef struct { Index from[MOST_INDICES]; AffId to[MOST_INDICES]; int n; }
	Places;

typedef enum { NOT_INLINE, INLINE_SUM, INLINE_ADJOINT } Inline;
typedef struct {
	const Stmt *by;             /* what computes it, where that is one */
	uint32_t computed, read;    /* by so many statements */
	Inline how;                 /* written where it is read */
	const char *letter;         /* for a name that the splitting made up */
	const char *act;            /* its statement is this activation .. */
	ExprId act_read;            /* .. of this value */
	ExprId slope;               /* an adjoint: the activation's derivative .. */
	ExprId seed;                /* .. times this */
} Shown;

typedef struct {
	Ctx *c;
	const Network *net;
	Program *p;
	const Stmts *list;
	bool samples;               /* the samples of a mini-batch are coupled:
	                               their index is shown */
	Shown *of;                  /* per tensor */
	VEC(const char *) letters;  /* per index, of this statement; NULL: none yet */
	bool generic;               /* the update of any weight: no indices */
	bool whole;                 /* vectors and matrices: bold, no indices but
	                               the step of a scan */
	bool one;                   /* a mini-batch is one sample: N = 1 */
	bool spelled;               /* sums are written out */
	Oracle *values;             /* numbers in place of names, or NULL */
	ExprId in;                  /* within a slope: this read is plain `z`, .. */
	TensorId out;               /* .. and this tensor the activation of it */
	bool choices, pads, draws;  /* there are such, which want a word */
} Derivation;

/* derivation.c: which statements are written into others; activations */
Derivation *derivation_new(Ctx *c, Program *p, const Stmts *list, bool samples);
/* values on the way that this statement alone reads are written into it */
void inline_values(Derivation *d, const Stmt *reader);
/* of what its adjoint is: the activation of z, by that of z; 0: none */
TensorId activation_tensor(const Derivation *d, TensorId dz);

/* symbols.c */
Math *symbol(Derivation *d, TensorId t, Math *below);
bool is_delta(const Derivation *d, TensorId of);
int delta_of_loss(const Derivation *d, TensorId t);
/* one letter for every index, the first ones first */
void letters_begin(Derivation *d);
Math *letter(Derivation *d, Index i);
Math *affine(Derivation *d, AffId a, const Places *at);
AffId placed(Derivation *d, AffId a, const Places *at);
Math *layer_mark(Derivation *d, int layer); /* (2), or NULL */

/* formula.c */
enum { SUM, PRODUCT };          /* the level: what needs no brackets */
Math *formula_of(Derivation *d, ExprId e, const Places *at, int level);
Math *sum_of(Derivation *d, const Stmt *s, const Places *at);
Math *product_of(Derivation *d, Math *a, Math *b);
Math *bracket(Derivation *d, Math *m, bool when);
Math *subscripts_of(Derivation *d, TensorId id, uint32_t sub, uint32_t n,
	const Places *at);
void add_guards(Derivation *d, const Stmt *s, const Places *at, Math *row);
bool guards_hold(Derivation *d, const Stmt *s, const Places *at);
/* of d->values; false: not one of its own */
bool read_value(Derivation *d, const Expr *read, const Places *at, double *v);

/* statement.c */
/* the right side of a statement, with its sum or maximum */
Math *right_side(Derivation *d, const Stmt *s, const Places *at);
Math *left_side_of(Derivation *d, const Stmt *s, const Places *at);
Equation equation_of(Derivation *d, const Stmt *s);
/* for each point of a statement an equation; with an interpreter, which has
 * run what stands before: the names, the numbers, the value */
void spell_out(Derivation *d, Kernel k, uint32_t at, Oracle *o, Equations *out);
/* f(z) and f'(z), from the statement that computes it and its adjoint */
Math *slope_of(Derivation *d, TensorId t);
Math *activation_of(Derivation *d, TensorId t);

/* matrix.c: vectors and matrices in place of indices; false: no such form */
bool matrix_form(Derivation *d, const Stmt *s, Equation *out);

/* update.c: K_UPDATE, a rule for all weights that have the same */
void explain_update(Page *page, Program *p);
Derivation *update_derivation(Program *p);

/* page.c */
typedef struct {
	Ctx *c;
	Network *net;
	Program *p;
	Page *page;
	Derivation *d;              /* of training, or of inference alone */
	Equations all;              /* that are to be written next */
	Names said;                 /* f(z) = .. that are there already */
	bool small;
	Walk *walk;                 /* one sample with its numbers, or NULL */
} Explain;

void put_page(Explain *x);
void put_spelled(Explain *x);
bool is_small(const Derivation *d); /* few values: all indices written out */
bool is_shown(const Derivation *d, const Stmt *s);
bool is_forward(const Program *p, const Stmt *s);
bool is_loss(const Program *p, const Stmt *s);
bool is_adjoint(const Program *p, const Stmt *s);
bool is_weight_gradient(const Program *p, const Stmt *s);
void put_equation(Page *page, Equation e, Equations *all);
void flush_equations(Page *page, Equations *all);
const char *plain_text(Ctx *c, const Equation *e);

/* numbers.c: the values of one sample */
void put_numbers(Explain *x);

#endif
