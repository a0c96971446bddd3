/* SPDX-License-Identifier: MIT
 * Between resolve.c (names and ranges of one line) and lower.c (statements). */
#ifndef RESOLVE_H
#define RESOLVE_H
#include "middle.h"

typedef struct { const char *name; Index index; Loc loc; } Scoped;
typedef struct {                /* one line while it is lowered */
	Use *u;
	Program *p;
	Ctx *c;
	VEC(Scoped) scope;          /* innermost last; free indices first */
	Indices pack;               /* what `...` stands for here */
	int pack_rank;
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
int fn_find(const char *name);  /* FN_..., or -1 */

#endif
