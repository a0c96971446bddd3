/* SPDX-License-Identifier: MIT
 * A file in, rows of numbers out. */
#include <stdlib.h>
#include "reader.h"

Data *
data_read(Ctx *c, Network *net, const char *path, const DataOptions *o, int *rc)
{
	Data *d = mem(c, sizeof *d);
	Reader r = {.c = c, .net = net, .d = d, .o = o};

	d->path = path;
	d->inputs = net->inputs;
	r.f32 = net->dtype == F32;
	r.csv = csv_open(c, path, o->header, rc);
	if (!r.csv)
		return NULL;
	if (columns_choose(&r) && table_read(&r))
		return d;
	*rc = r.usage ? EX_USAGE_ : EX_DATA;
	data_free(d);
	return NULL;
}

void
data_free(Data *d)
{
	if (!d)
		return;
	free(d->x);
	free(d->t);
	d->x = d->t = NULL;
}
