/* SPDX-License-Identifier: MIT
 * `bpgen train --json`: how a run ended. */
#include <string.h>
#include "json.h"
#include "train.h"

void
print_train_json(const Train *r)
{
	const Network *net = r->s->net;
	const Epoch *e = &r->now;
	const char *line, *end;
	Text t = { .c = r->s->c };

	json_open(&t, NULL, '{');
	json_text(&t, "net", net->name);
	json_text(&t, "data", r->s->data->path);
	json_whole(&t, "params", (uint64_t)net->params);
	json_whole(&t, "rows", r->train);
	json_whole(&t, "validation_rows", r->held);
	json_whole(&t, "seed", net->seed);
	json_whole(&t, "epochs", r->epoch);
	json_whole(&t, "kept_epoch", kept_epoch(r));
	json_text(&t, "stopped", r->interrupted ? "interrupted" :
	          !r->stopped ? "epochs" : r->stopped->kind == STOP_PATIENCE ?
	          "patience" : quantity_name(r->stopped->kind));
	json_number(&t, "seconds", e->seconds);
	json_number(&t, "loss", e->loss);
	json_number(&t, "val_loss", e->val_loss);
	json_number(&t, "accuracy", e->accuracy);
	json_number(&t, "val_accuracy", e->val_accuracy);
	json_text(&t, "weights", r->weights_path);
	json_text(&t, "history", r->history_path);
	if (r->report_path)
		json_text(&t, "report", r->report_path);
	json_open(&t, "summary", '[');
	for (line = r->summary; (end = strchr(line, '\n')); line = end + 1)
		json_text(&t, NULL, fmt(t.c, "%.*s", (int)(end - line), line));
	json_close(&t, ']');
	json_close(&t, '}');
	fprintf(r->out, "%s\n", t.s);
}
