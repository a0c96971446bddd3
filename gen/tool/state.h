/* SPDX-License-Identifier: MIT
 * What training needs of a network beside its weights, in a file of weights. */
#ifndef STATE_H
#define STATE_H
#include "../data/data.h"

/* The state of the optimizer and of the random numbers as arrays and notes of
 * `to`, each name behind the prefix; with a prefix the weights as well. */
void state_put(Ctx *c, Net *n, Arrays *to, const char *prefix);
/* false: something is missing or has another shape, and n is as it was */
bool state_take(Ctx *c, Net *n, const Arrays *from, const char *prefix);

#endif
