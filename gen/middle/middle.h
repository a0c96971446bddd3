/* SPDX-License-Identifier: MIT
 * What the files of the middle share: the syntax tree of formulas, the
 * instantiation of records, the placing of adjoints. */
#ifndef MIDDLE_H
#define MIDDLE_H
#include "../bpgen.h"

/* ---- notation.c: text of a formula -> lines of trees */
typedef enum {
	A_NUM, A_NAME, A_CALL, A_RED, A_ADD, A_SUB, A_MUL, A_DIV, A_POW, A_NEG,
	A_LT, A_LE, A_EQ, A_NE, A_SEL, A_PACK,
	/* after resolving (lower.c) */
	A_READ, A_IDX, A_ACT, A_RAND, A_EXPR
} AstKind;
typedef struct Ast Ast;
typedef struct { const char *name; Ast *range; Loc loc; } Binder;
struct Ast {
	AstKind kind;
	Loc loc;
	double num;
	const char *name;           /* NAME, CALL, RED: sum max mean */
	Ast *a, *b, *c;             /* operands; RED: a is the body */
	VEC(Ast *) args;            /* CALL; subscripts of NAME */
	bool subscripted;
	VEC(Binder) binders;        /* RED */
	VEC(Ast *) guards;          /* RED: comparisons */
	/* resolved */
	TensorId tensor;
	Sub subs[MAX_RANK + 2];
	int nsubs;
	AffId aff;
	Indices bound;
	Guards where;
	const Act *act;
	ExprId expr;
};
typedef struct {
	enum { LINE_SET, LINE_SCAN, LINE_END } kind;
	Loc loc;
	const char *name;           /* target, or the index of a scan */
	VEC(Ast *) subs;
	VEC(Binder) sizes;          /* of indices on the left: y[j<3] */
	bool subscripted, add;
	VEC(Ast *) guards;
	Ast *expr;
} Line;
typedef VEC(Line) Lines;
/* at: place of text's first byte; nowhere: text becomes a source called name */
bool parse_formula(Ctx *c, const char *text, Loc at, const char *name,
	Lines *out);                 /* false after err() */
Ast *parse_expr(Ctx *c, const char *text, Loc at, const char *name);
Ast *ast_new(Ctx *c, AstKind kind, Loc loc);

/* ---- lower.c: lines -> statements, for one record as used */
typedef struct { const char *name; TensorId tensor; } Bind;
typedef struct {
	Program *p;
	Stmts *out;
	const char *prefix;         /* of new tensors: "dense1." */
	VEC(Bind) binds;
	uint32_t given;             /* the first of them are only read */
	VEC(Value) values;
	struct { const char *name; const Act *act; } act; /* name NULL: none */
	VEC(NamedShape) shapes;
	const char *pad;
	bool update;                /* bare names mean whole tensors, no batch */
	int layer;
	Phase phase;
	uint32_t rand_key;          /* site of the next random tensor */
	const char *what;           /* "layer 'dense1'", for messages */
	TensorId act_z;             /* found: y = act(z) over whole tensors */
} Use;
bool lower(Use *u, const char *text, Loc at);  /* false after err() */
bool lower_lines(Use *u, Lines *lines);
TensorId use_find(const Use *u, const char *name); /* 0: none */
void use_bind(Use *u, const char *name, TensorId t);
void use_value(Use *u, const char *name, double v);
Use use_copy(const Use *u);     /* its own lists from here on */

/* ---- place.c: where an adjoint (or a forward +=) goes
 * tgt[subs] += e over iters, as statements whose left sides are injective and
 * inside; else one scatter.  Drafts are appended to out. */
typedef VEC(StmtDraft) Drafts;
void place(Program *p, TensorId tgt, const Sub *subs, int nsubs,
	const Indices *iters, const Guards *guards, ExprId e, Drafts *out);
bool injective(const Program *p, const StmtDraft *d);
void fill(Program *p, TensorId t, double value, Stmts *out, const Stmt *like);
int tensor_dims(const Program *p, TensorId t, int64_t dims[MAX_RANK + 2]);
int64_t box_size(const Program *p, const Indices *idx); /* n counts 1 */
bool has_index(const Indices *v, Index i);
void aff_indices(const Program *p, AffId a, Indices *out); /* appends new ones */
void expr_indices(Program *p, ExprId e, Indices *out);
void guard_add(Program *p, Guards *g, AffId a); /* unless it always holds */
typedef VEC(ExprId) Reads;
/* distinct reads of e in order of first occurrence; into: stop() too */
void expr_reads(Program *p, ExprId e, bool into_stop, Reads *out);
bool stmt_draft(Program *p, const Stmt *s, StmtDraft *d); /* back to a draft */

/* ---- algebra.c: scalar expressions; the rules that keep bits */
ExprId mul(Program *p, ExprId a, ExprId b);
ExprId add(Program *p, ExprId a, ExprId b);  /* 0 as "nothing yet" */
ExprId tidy(Program *p, ExprId e);           /* folds constants, 1*x, --x */
ExprId replace(Program *p, ExprId e, ExprId old, ExprId new);
typedef struct { ExprId read, value; } Adjoint;
typedef VEC(Adjoint) Adjoints;
/* whether e as a tree has fewer nodes than *room; powers of powers share what
 * they multiply and grow beyond all bounds when they are written out */
bool tree_fits(const Program *p, ExprId e, int32_t *room);
void back(Program *p, ExprId e, ExprId seed, Adjoints *out);
ExprId derivative(Program *p, ExprId e, ExprId read); /* 0: none */

/* ---- single.c and ahead.c */
void single(Program *p, Stmts *list, uint32_t from);
void ahead(Program *p);         /* K_STEP of a sample -> K_AHEAD, K_ONLINE */

/* ---- network.c and grad.c */
typedef struct {                /* a closed form: d z += d C * delta */
	TensorId C, z, delta;
	Stmts stmts;                /* that compute delta */
	uint32_t first, last;       /* the statements of C, not to be derived */
} ClosedForm;
typedef VEC(ClosedForm) ClosedForms;
struct Middle {                 /* what formula() leaves for grad() */
	ClosedForms closed[K_COUNT];
};
bool share(Program *p, Stmts *list, TensorId loss); /* true: something changed */
bool hoist(Program *p, Stmts *list);
void set_first(Program *p, Stmts *list);
void stopped(Program *p, Stmts *list);
bool kinks(const Program *p, const Stmts *list);
void compact(Stmts *list);      /* without those whose target is none */
void prune(Program *p, Stmts *list, const Indices *roots);

#endif
