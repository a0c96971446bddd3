/* SPDX-License-Identifier: MIT
 * What the files that make a plan share. */
#ifndef PLANNER_H
#define PLANNER_H
#include "back.h"

#define WHOLE_WEIGHT 400        /* up to here a kernel stays in one piece */

typedef struct {
	Program *p;
	const PlanOptions *o;
	Plan *plan;
	uint64_t state;             /* of random schedules */
	AllGiven given;             /* schedules that somebody wrote */
	int64_t straight;           /* statements so far */
	bool *unrolled;             /* by statement of the kernel at hand */
	bool small[K_ALL];          /* auto: straight line */
	Layout *layout;             /* of what all kernels share */
	uint32_t laid;              /* so many tensors */
	bool vectors;
	bool online;                /* batch 1: sums may go ahead */
	AllLying lying[K_ALL];      /* what a kernel keeps to itself */
	int samples;                /* of the kernel at hand */
	uint32_t part;
	int64_t weight;             /* of the open part */
	bool whole;                 /* the kernel is one part */
} Planner;

/* ---- plan.c */
void add_loop(Planner *a, Schedule *q, Index i, int32_t first, int32_t count,
	LoopHow how);
void box_loops(Planner *a, Schedule *q, uint32_t from, uint32_t n, LoopHow how);
void check_drawn(Planner *a, Vectors *v, const Stmt *s, const Schedule *q);

/* ---- straight.c */
int64_t repeats(const Program *p, const Stmt *s);
bool wants_straight(const Planner *a, Kernel k, const Stmt *s);
void straight_auto(Planner *a);
void straight_choose(Planner *a, Kernel k);
int64_t straight_weight(Planner *a, Kernel k, bool counted);
StmtId scan_end(const Stmts *list, StmtId i);
void into_part(Planner *a, int64_t weight);
void straight(Planner *a, KernelPlan *k, const Stmts *list, StmtId from,
	StmtId to);
void straight_samples(Planner *a, KernelPlan *k, const Stmts *list);

/* ---- several.c */
int several(Planner *a, Kernel kernel);

/* ---- group.c */
const Given *given_for(const Planner *a, Kernel k, StmtId id);
uint32_t as_written(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, const Given *g);
uint32_t group(Planner *a, Vectors *v, KernelPlan *k, const Stmts *list,
	const Accesses *acc, StmtId from, StmtId end);

#endif
