/* SPDX-License-Identifier: MIT
 * One sample through the network: every value on the way. */
#ifndef WALK_H
#define WALK_H
#include "../tool/session.h"

typedef struct {
	Oracle *outputs;            /* after a forward pass alone */
	Oracle *trained;            /* after gradients and new weights */
	Oracle *start;              /* nothing has run yet; NULL: not wanted */
	double *x, *t;
} Walk;

/* text -> inputs and targets; d: of --data, or NULL; 0 or 64 after a message */
int sample_read(Ctx *c, Network *net, const Data *d, const char *text, double *x,
	double *t);
/* The interpreter's values, once they are those of the compiled C: outputs,
 * loss, gradients, new weights.  0, or an exit code after messages. */
int walk(Session *s, Program *p, const char *text, bool stepwise, Walk *out);

#endif
