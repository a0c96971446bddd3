/* SPDX-License-Identifier: MIT
 * The change from TinyCC's build of a network to the optimised one. */
#ifndef COMPILE_H
#define COMPILE_H
#include "session.h"

typedef struct {
	Session *s;
	Compiler *compiler;         /* at work, or NULL */
	bool over, forced;
	size_t left, stride;        /* mini-batches until the next look */
	double begun, looked;
} Changeover;

void changeover_begin(Changeover *o, Session *s);
/* between two mini-batches; true: nobody may run the network now, and
 * changeover_take() follows */
bool changeover_due(Changeover *o);
void changeover_take(Changeover *o);
void changeover_end(Changeover *o);

#endif
