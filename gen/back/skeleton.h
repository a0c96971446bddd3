/* SPDX-License-Identifier: MIT
 * Between emit.c, which collects what a file consists of, and skeleton.c, which
 * hands it to the templates. */
#ifndef SKELETON_H
#define SKELETON_H
#include "back.h"

typedef struct {
	Program *p;
	Ctx *c;
	const Plan *plan;
	const EmitOptions *o;
	Emit *e;
	KernelText text[K_ALL], switches;
	bool training, update, input_gradient, check;
	int64_t real_bytes;
	const char *spec;           /* its name without folders */
	const char *runtime, *types, *declarations;
} Skeleton;

int skeleton_push(void *L, void *u);

#endif
