/* SPDX-License-Identifier: MIT
 * What `bpgen info` counts of a network and its plan. */
#ifndef INFO_H
#define INFO_H
#include "session.h"

typedef struct {
	Ctx *c;
	const Network *net;
	Program *p;
	const Plan *plan;
	int64_t *macs;              /* per layer, one sample, forward */
	int64_t total_macs, forward_flops, step_flops, update_flops;
	int64_t weights, gradient, state, work, stack; /* bytes */
} Info;

/* false: without a plan, after err() */
bool info_of(Info *f, Ctx *c, const Network *net, const PlanOptions *how);
/* the function that --memory names, else the first; NULL after a message */
const char *memory_function(const Info *f, const Cli *cli);
int64_t layer_params(const Layer *l);
/* conv relu; add relu (r1b, r0); dropout 0.2 */
const char *layer_what(Ctx *c, const Network *net, const Layer *l);

#endif
