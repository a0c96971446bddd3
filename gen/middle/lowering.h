/* SPDX-License-Identifier: MIT
 * What lowers one line of a formula: resolve.c (names and ranges), value.c
 * (expressions), finish.c (statements), lower.c (lines and scans). */
#ifndef LOWERING_H
#define LOWERING_H
#include "middle.h"

typedef struct { const char *name; Index index; Loc loc; } Scoped;
typedef struct {                /* one line while it is lowered */
	Use *u;
	Program *p;
	Ctx *c;
	VEC(Scoped) scope;          /* innermost last; free indices first */
	Indices pack;               /* what `...` stands for here */
	int pack_rank;
	Indices left;               /* of the left side, in its order */
	Indices sized;              /* their ranges are written: j<3 */
	bool named_n;               /* the record writes the sample index itself */
	uint32_t scan;              /* 0: not inside one */
	Index scan_t;
	const char *scan_name;
	bool bad;                   /* an error was reported */
} Low;
/* names, indices, ranges: annotates the trees; subs of the left side to lhs */
bool resolve_line(Low *w, Line *l, TensorId target, const Shape *shape,
	Sub *lhs, int *nlhs, Guards *guards);
/* the dims that subscripts of t see: without the row before t = 0 */
int seen_dims(const Low *w, TensorId t, int64_t dims[MAX_RANK + 2]);
const double *number_named(const Use *u, const char *name); /* or NULL */
int fn_find(const char *name);  /* FN_..., or -1 */

void fail_line(Low *w, Loc at, const char *text); /* the first error alone */

void tree_limit(Low *w, ExprId e, Loc at); /* an error where e is too large */

typedef struct {
	Low *w;
	StmtDraft d;                /* left side and reads without sample index */
} Finish;
void finish(Low *w, Finish *f); /* appends the statement */

typedef struct {                /* a reduction, ready to become a statement */
	Red red;
	Indices ridx;
	Guards guards;
	ExprId body;
} Reduction;
/* the divisor of a mean, else 0 */
ExprId reduction(Low *w, Ast *a, const Guards *guards, Reduction *r);
/* a statement of its own for r; the read of its result */
ExprId split_off(Low *w, const Reduction *r, const char *base,
	const Guards *guards, Loc at);
ExprId value(Low *w, Ast *a, const Guards *guards);
/* the argument of an activation as a read of a tensor */
ExprId argument(Low *w, Ast *a, const Guards *guards);
/* y of z; *dy: the declared derivative, 0 where the derived one serves */
ExprId activation(Low *w, const Act *act, ExprId z, ExprId y, ExprId *dy);

#endif
