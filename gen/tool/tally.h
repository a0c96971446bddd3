/* SPDX-License-Identifier: MIT
 * How outputs and targets agree over some rows: classes or values. */
#ifndef TALLY_H
#define TALLY_H
#include "session.h"

typedef struct {
	Session *s;
	const Data *data;           /* NULL: the session's */
	const size_t *rows;         /* NULL: the first ones */
	size_t n;
	/* what was found */
	double loss;
	size_t right;
	size_t *table;              /* class_count x class_count: [is][said] */
	/* per target, where there are as many outputs: means over the rows */
	double *square, *absolute, *variance;
	/* the caller's, to be told each pair of values, or NULL */
	void (*pair)(void *u, size_t i, int target, double is, double said);
	void *u;
} Tally;

void tally(Tally *e);
double r_squared(const Tally *e, int target); /* NAN: all targets are the same */
const char *class_name(const Network *net, int k, char buf[24]);
/* of a target: from the spec, the header, or y1 */
const char *value_name(const Tally *e, int j, char buf[24]);

#endif
