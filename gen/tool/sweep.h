/* SPDX-License-Identifier: MIT
 * Many runs of training, which differ in the seed or in parameters. */
#ifndef SWEEP_H
#define SWEEP_H
#include "train.h"

/* does this command line ask for one: --seeds, or -D name=10,20,40? */
bool is_sweep(const Cli *cli);
/* a table of all runs; the weights of the best one are kept */
int sweep(Ctx *c, const Cli *cli);

#endif
