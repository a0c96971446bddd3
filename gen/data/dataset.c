/* SPDX-License-Identifier: MIT
 * A file in, rows of numbers out. */
#include <stdlib.h>
#include "reader.h"

static bool
read_table(Reader *r, int *rc)
{
	r->csv = csv_open(r->c, &r->file, r->o->header, rc);
	if (!r->csv)
		return false;
	if (columns_choose(r) && table_read(r))
		return true;
	*rc = r->usage ? EX_USAGE_ : EX_DATA;
	return false;
}

Data *
data_read(Ctx *c, Network *net, const char *path, const DataOptions *o, int *rc)
{
	Data *d = mem(c, sizeof *d);
	Reader r = {.c = c, .net = net, .d = d, .o = o};

	d->path = path;
	d->inputs = net->inputs;
	r.f32 = net->dtype == F32;
	if (!bytes_read(c, path, &r.file, rc))
		return NULL;
	if (o->labels && !is_idx(&r.file)) {
		bytes_error(c, &r.file, rc, EX_USAGE_, "--labels is for images, "
		            "and this is no IDX file");
		help(c, "the classes are a column here: `--target NAME`");
		return NULL;
	}
	if (is_idx(&r.file) ? idx_read(&r, rc) : is_text(&r) ?
	    text_read(&r, rc) : read_table(&r, rc))
		return d;
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
	free(d->pair);
	d->x = d->t = NULL;
	d->pair = NULL;
}
