/* SPDX-License-Identifier: MIT
 * The files that a run of training leaves and goes on from: weights, and
 * checkpoints, which hold the run as well. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "state.h"
#include "train.h"

/* numbers of a run, by their names in a checkpoint; NAN is left out */
#define NUMBERS(X) \
	X("loss", now.loss) X("val_loss", now.val_loss) \
	X("accuracy", now.accuracy) X("val_accuracy", now.val_accuracy) \
	X("gradnorm", now.gradnorm) X("seconds", now.seconds) \
	X("best_value", best_value) X("best_loss", best_loss) X("best_val", best_val)
#define COUNTS(X) \
	X("best_epoch", best_epoch) X("best_val_epoch", best_val_epoch) \
	X("first_epoch", first_epoch) X("updates", updates) \
	X("curve_count", curve.count) X("curve_stride", curve.stride)

/* ----------------------------------------------------------------- names */

/* NAME.safetensors -> NAME.history.csv beside it */
const char *
history_name(Ctx *c, const char *weights)
{
	const char *slash = strrchr(weights, '/'), *dot = strrchr(weights, '.');
	size_t n = dot && dot > weights && (!slash || dot > slash + 1) ?
		(size_t)(dot - weights) : strlen(weights);

	return fmt(c, "%.*s.history.csv", (int)n, weights);
}

void
name_files(Train *r)
{
	Session *s = r->s;
	const char *path = cli_get(s->cli, "output");

	if (!path)
		path = cli_get(s->cli, "weights");
	if (!path)
		path = fmt(s->c, "%s.safetensors", s->net->name);
	r->weights_path = path;
	r->checkpoint = cli_get(s->cli, "checkpoint");
	if (!strcmp(path, "-") || !strncmp(path, "/dev/", 5))
		path = s->net->name;
	r->history_path = history_name(s->c, path);
}

static bool
same_file(const char *a, const char *b)
{
	char *x = realpath(a, NULL), *y = realpath(b, NULL);
	bool same = x && y && !strcmp(x, y);

	free(x);
	free(y);
	return same;
}

/* a table or a spec must not be overwritten by weights */
static int
check_output(Train *r, const char *path)
{
	struct stat st;

	if (!strcmp(path, "-") || !strncmp(path, "/dev/", 5))
		return 0;
	if (same_file(path, r->s->net->path) ||
	    same_file(path, r->s->data->path)) {
		cli_error("%s is an input, it cannot be the output too", path);
		return EX_CANTCREAT_;
	}
	if (stat(path, &st))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		cli_error("cannot write %s: it is a directory", path);
		return EX_CANTCREAT_;
	}
	if (is_weights_of_bpgen(path) || cli_has(r->s->cli, "force"))
		return 0;
	cli_error("%s exists and is no file of weights by bpgen (use --force)",
	          path);
	return EX_CANTCREAT_;
}

int
check_outputs(Train *r)
{
	const char *path = r->checkpoint;
	int rc = check_output(r, r->weights_path);

	if (rc || !path)
		return rc;
	if (!strcmp(path, "-") || !strncmp(path, "/dev/", 5)) {
		cli_error("--checkpoint: %s cannot be replaced by a new file",
		          path);
		return EX_USAGE_;
	}
	if (!strcmp(path, r->weights_path) ||
	    same_file(path, r->weights_path)) {
		cli_error("--checkpoint: %s is for the weights; a checkpoint "
		          "needs a file of its own", path);
		return EX_USAGE_;
	}
	return check_output(r, path);
}

/* -------------------------------------------------------------- resuming */

/* what the run was told that this command line leaves open */
int
resume_read(Train *r)
{
	Session *s = r->s;
	const char *path = cli_get(s->cli, "resume");
	int rc;

	if (!path)
		return 0;
	s->weights = weights_read(s->c, path, &rc);
	if (s->weights && !weights_apply(s->c, s->net, s->weights))
		rc = EX_DATA;
	if (messages(s->c, s->cli) && !rc)
		rc = EX_DATA;
	if (!rc && !cli_get(s->cli, "seed") &&
	    note_find(&s->weights->all, "seed"))
		s->net->seed = s->weights->seed;
	return rc;
}

static int
too_many_epochs(const Train *r)
{
	if ((int64_t)r->epoch < r->s->net->epochs)
		return 0;
	cli_error("%s has %zu epochs behind it, the limit is %lld",
	          r->s->weights->path, r->epoch, (long long)r->s->net->epochs);
	cli_help("raise it: `--epochs %zu`", 2 * r->epoch);
	return EX_USAGE_;
}

static bool
take_curve(Curve *k, const Array *a)
{
	if (!a || a->count > CURVE || !k->stride ||
	    (k->count + k->stride - 1) / k->stride != a->count)
		return false;
	k->n = a->count;
	if (k->n)
		memcpy(k->v, a->v, k->n * sizeof *k->v);
	return true;
}

/* the best network is taken through the one that runs */
static bool
take_best(Train *r, const Arrays *all)
{
	Net *n = r->s->jit;
	size_t bytes = net_bytes(n);
	void *now;
	bool good;

	if (!note_find(all, "best/state/step"))
		return true;
	now = malloc(bytes + 1);
	r->best = malloc(bytes + 1);
	if (!now || !r->best)
		die(r->s->c, EX_SOFTWARE_, "out of memory");
	memcpy(now, net_state(n), bytes);
	good = state_take(r->s->c, n, all, "best/");
	memcpy(r->best, net_state(n), bytes);
	memcpy(net_state(n), now, bytes);
	free(now);
	return good;
}

/* best by another quantity, where `stop` was changed, is no best here */
static void
forget_another_best(Train *r, const Arrays *all)
{
	const char *by = note_find(all, "run/best_by");

	if (!r->best || (by && !strcmp(by, quantity_name(r->best_by))))
		return;
	free(r->best);
	r->best = NULL;
	r->best_epoch = 0;
}

static int
take_run(Train *r)
{
	const Arrays *all = &r->s->weights->all;
	uint64_t rows[2] = {0, 0}, n;

	note_whole(all, "run/train", &rows[0]);
	note_whole(all, "run/held", &rows[1]);
	if (rows[0] != r->train || rows[1] != r->held) {
		whole_file_error(r->s->c, r->s->weights->path,
		                 "this run learns from %" PRIu64 " rows and "
		                 "validates with %" PRIu64 ", here are %zu "
		                 "and %zu", rows[0], rows[1], r->train,
		                 r->held);
		return messages(r->s->c, r->s->cli);
	}
#define TAKE(name, field) note_number(all, "run/" name, &r->field);
	NUMBERS(TAKE)
#undef TAKE
#define TAKE(name, field) \
	if (note_whole(all, "run/" name, &n)) \
		r->field = (size_t)n;
	COUNTS(TAKE)
#undef TAKE
	note_whole(all, "run/history", &r->history_bytes);
	note_whole(all, "run/history_crc", &r->history_crc);
	r->before = r->now.seconds;
	r->resumed = true;
	if (take_curve(&r->curve, array_find(all, "run/curve")) &&
	    take_best(r, all)) {
		forget_another_best(r, all);
		return 0;
	}
	whole_file_error(r->s->c, r->s->weights->path,
	                 "the file is damaged (parts of the run are missing)");
	return messages(r->s->c, r->s->cli);
}

/* weights, state of the optimizer, random state, epochs so far */
int
resume(Train *r)
{
	Session *s = r->s;
	const Weights *w = s->weights;
	const Array *rate;
	bool checkpoint = w && note_find(&w->all, "run/train");
	int rc = 0;

	if (!w)
		return 0;
	r->epoch = r->first_epoch = (size_t)w->epochs;
	if (checkpoint)
		rc = take_run(r);
	if (rc)
		return rc;
	if (!state_take(s->c, s->jit, &w->all, "")) {
		warn(s->c, (Loc){0, 0, 0}, "resume", "%s: the state of the "
		     "optimizer does not fit, it starts afresh", w->path);
		messages(s->c, s->cli);
	}
	rate = array_find(&w->all, "state/rate");
	if (cli_get(s->cli, "rate"))
		net_set_rate(s->jit, s->net->rate);
	else if (rate && rate->count == 1)
		s->net->rate = rate->v[0];
	return checkpoint ? 0 : too_many_epochs(r);
}

/* --------------------------------------------------------------- writing */

static Weights *
weights_of(Train *r, Ctx *c)
{
	Session *s = r->s;
	Weights *w = weights_new(c, s->net);
	int64_t i;

	w->validation = r->fraction;
	w->params = mem(c, (size_t)w->count * sizeof *w->params + 1);
	for (i = 0; i < w->count; i++)
		w->params[i] = real_get(s->net->dtype, r->params, (size_t)i);
	state_put(c, s->jit, &w->all, "");
	return w;
}

int
save_weights(Train *r)
{
	Ctx *c = r->s->c;
	Weights *w = weights_of(r, c);
	const char *why = NULL;
	int rc;

	w->epochs = kept_epoch(r);
	rc = weights_write(c, r->weights_path, w, &why);
	if (rc && rc != EX_GONE)
		cli_error("cannot write %s: %s", strcmp(r->weights_path, "-") ?
		          r->weights_path : "to standard output", why);
	return rc;
}

static void
put_best(Train *r, Ctx *c, Arrays *all)
{
	Net *n = r->s->jit;
	size_t bytes = net_bytes(n);
	void *now;

	if (!r->best)
		return;
	now = mem(c, bytes);
	memcpy(now, net_state(n), bytes);
	note_put(c, all, "run/best_by", "%s", quantity_name(r->best_by));
	memcpy(net_state(n), r->best, bytes);
	state_put(c, n, all, "best/");
	memcpy(net_state(n), now, bytes);
}

static void
put_run(Train *r, Ctx *c, Arrays *all)
{
	Array curve = {.name = "run/curve", .dtype = F64,
		.shape = {VECTOR, 1, {(int32_t)r->curve.n}},
		.count = r->curve.n, .v = r->curve.v};

	note_put(c, all, "run/train", "%zu", r->train);
	note_put(c, all, "run/held", "%zu", r->held);
	history_sync(r);
	note_put(c, all, "run/history", "%" PRIu64, r->history_bytes);
	note_put(c, all, "run/history_crc", "%" PRIu64, r->history_crc);
#define PUT(name, field) \
	if (isfinite(r->field)) \
		note_put(c, all, "run/" name, "%.17g", r->field);
	NUMBERS(PUT)
#undef PUT
#define PUT(name, field) note_put(c, all, "run/" name, "%zu", r->field);
	COUNTS(PUT)
#undef PUT
	PUSH(c, &all->v, curve);
	put_best(r, c, all);
}

/* 0, or an exit code after a message; the file before is then still there */
static int
write_checkpoint(Train *r)
{
	jmp_buf out;
	Ctx *c = r->scratch = ctx_new();
	const char *why;
	Weights *w;
	int rc;

	if (!c || setjmp(out)) {
		why = "out of memory";
		rc = EX_SOFTWARE_;
	} else {
		c->exit = &out;
		c->opt = r->s->c->opt;
		net_get_kept(r->s->jit, r->params);
		w = weights_of(r, c);
		w->epochs = r->epoch;
		put_run(r, c, &w->all);
		rc = weights_write(c, r->checkpoint, w, &why);
	}
	if (rc && !r->unsaved) /* once, not every ten seconds */
		cli_error("cannot write %s: %s", r->checkpoint, why);
	ctx_free(c);
	r->scratch = NULL;
	r->saved_epoch = r->epoch;
	r->saved_at = train_seconds(r);
	return rc;
}

static int
read_interval(Train *r)
{
	const char *text = cli_get(r->s->cli, "every");
	char *end;
	double v;

	r->every_seconds = 10;
	if (!text)
		return 0;
	if (!r->checkpoint) {
		cli_error("--every is for checkpoints: name their file with "
		          "--checkpoint FILE");
		return EX_USAGE_;
	}
	v = strtod(text, &end);
	if (strspn(text, "0123456789.") == strlen(text) - (*end == 's') &&
	    v > 0 && v <= 1e9 && ((!*end && v == floor(v)) ||
	                          !strcmp(end, "s"))) {
		r->every = *end ? 0 : (size_t)v;
		r->every_seconds = v;
		return 0;
	}
	cli_error("--every: '%s' is neither a number of epochs, such as 10, "
	          "nor of seconds, such as 60s", text);
	return EX_USAGE_;
}

/* the first one at once: whether it can be written is known before the work */
int
checkpoint_begin(Train *r)
{
	int rc = read_interval(r);

	if (!rc && r->checkpoint)
		rc = write_checkpoint(r);
	r->saved_at = r->before;
	return rc;
}

/* training goes on without; if the last one fails the exit code tells */
static void
save(Train *r)
{
	r->unsaved = write_checkpoint(r);
}

void
checkpoint(Train *r, bool last)
{
	bool due = r->every ? r->epoch - r->saved_epoch >= r->every :
		train_seconds(r) - r->saved_at >= r->every_seconds;

	if (r->checkpoint && (due || last))
		save(r);
}

void
checkpoint_midway(Train *r)
{
	Net *n = r->s->jit;
	void *now;

	if (!r->checkpoint || r->saved_epoch == r->epoch)
		return;
	now = malloc(net_bytes(n) + 1);
	if (!now)
		return;
	memcpy(now, net_state(n), net_bytes(n));
	memcpy(net_state(n), r->epoch_start, net_bytes(n));
	save(r);
	memcpy(net_state(n), now, net_bytes(n));
	free(now);
}
