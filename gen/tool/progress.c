/* SPDX-License-Identifier: MIT
 * What a run of training prints, and its history file. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>
#include "train.h"

#define HISTORY "epoch,seconds,rate,loss,val_loss,accuracy,val_accuracy," \
	"gradnorm\n"

double
train_seconds(const Train *r)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - r->started;
}

void
curve_add(Curve *c, double v)
{
	size_t i;

	if (!c->stride)
		c->stride = 1;
	if (c->count++ % c->stride)
		return;
	if (c->n == CURVE) {
		for (i = 0; i < CURVE / 2; i++)
			c->v[i] = c->v[2 * i];
		c->n = CURVE / 2;
		c->stride *= 2;
		if ((c->count - 1) % c->stride)
			return;
	}
	c->v[c->n++] = v;
}

/* ------------------------------------------------------------ the picture */

/* 256-30-10: the input and every layer with weights, of a chain */
static const char *
chain(Train *r)
{
	const Network *net = r->s->net;
	Text t = {r->s->c, NULL, 0, 0};
	uint32_t i, shown = 0;

	text_add(&t, "%d", net->inputs);
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (l->dead || l->in.n > 1)
			return fmt(r->s->c, "%u layers", net->layers.n - 1);
		if (!l->weights.n)
			continue;
		text_add(&t, "-%s", shape_text(r->s->c, &l->out));
		shown++;
	}
	return shown && shown <= 8 && net->heads.n == 1 ? t.s :
		fmt(r->s->c, "%u layers", net->layers.n - 1);
}

void
print_header(Train *r)
{
	Ctx *c = r->s->c;
	const Network *net = r->s->net;
	bool classes = class_places(net) && r->s->data->label[0];
	int targets = r->s->data->stored;
	const char *row = r->s->data->series ? "window" : "row";

	if (r->quiet)
		return;
	fprintf(r->out, "%s: %s, %s parameter%s; ", net->name, chain(r),
	        grouped(c, net->params), plural(net->params));
	if (r->held)
		fprintf(r->out, "%s %s%s to train, %s to validate",
		        grouped(c, (int64_t)r->train), row,
		        plural((int64_t)r->train),
		        grouped(c, (int64_t)r->held));
	else if (!targets)
		fprintf(r->out, "%s %s%s from %s (%d input%s, which are the "
		        "targets); no validation data",
		        grouped(c, (int64_t)r->train), row,
		        plural((int64_t)r->train), file_name(r->s->data->path),
		        net->inputs, plural(net->inputs));
	else
		fprintf(r->out, "%s %s%s from %s (%d input%s, %d %s%s); no "
		        "validation data", grouped(c, (int64_t)r->train), row,
		        plural((int64_t)r->train), file_name(r->s->data->path),
		        net->inputs, plural(net->inputs), targets,
		        classes ? "class" : "target", targets == 1 ? "" :
		        classes ? "es" : "s");
	if (r->held && r->val == r->s->data && !r->s->data->series)
		fprintf(r->out, " (seed %llu)", (unsigned long long)net->seed);
	fputc('\n', r->out);
}

bool
shows_gradnorm(const Train *r)
{
	return !r->held && !class_places(r->s->net);
}

/* at most about 20 lines in steps of 1, 2 or 5; -v: every epoch */
static size_t
step(const Train *r)
{
	static const size_t factor[] = {1, 2, 5};
	double lines = (double)r->s->net->epochs / 20;
	size_t ten = 1, i;

	if (r->verbose)
		return 1;
	for (i = 0; (double)(ten * factor[i]) < lines; ) {
		i = (i + 1) % 3;
		if (!i)
			ten *= 10;
	}
	return ten * factor[i];
}

bool
epoch_is_due(const Train *r)
{
	return r->epoch == r->first_epoch + 1 || r->epoch % step(r) == 0;
}

const char *
loss_text(char buf[40], double v)
{
	const char *format = fabs(v) >= 1e4 || (v != 0 && fabs(v) < 9.995e-4) ?
		"%.3g" : fabs(v) >= 100 ? "%.1f" : "%.5f";

	if (isnan(v))
		return "-";
	snprintf(buf, 40, format, v);
	return buf;
}

static const char *
percent(char buf[40], double v)
{
	if (isnan(v))
		return "-";
	snprintf(buf, 40, "%.1f%%", 100 * v);
	return buf;
}

/* the logarithm of the loss in eight heights */
static void
sparkline(FILE *f, const Curve *c)
{
	size_t i, wide = c->n < 30 ? c->n : 30;
	double v[30], low = INFINITY, high = -INFINITY;
	int height;

	for (i = 0; i < wide; i++) {
		v[i] = log(fmax(c->v[wide < 2 ? 0 :
		           i * (c->n - 1) / (wide - 1)], 1e-30));
		low = fmin(low, v[i]);
		high = fmax(high, v[i]);
	}
	fputs("   ", f);
	for (i = 0; i < wide; i++) {
		height = high > low ?
			(int)(7.999 * (v[i] - low) / (high - low)) : 0;
		if (unicode_terminal())
			fprintf(f, "\xe2\x96%c", 0x81 + height);
		else
			fputc("_.,-=+*#"[height], f);
	}
}

static void
epoch_line(Train *r)
{
	bool classes = class_places(r->s->net) > 0, norm = shows_gradnorm(r);
	const Epoch *e = &r->now;
	char buf[40];

	if (!r->printed)
		fprintf(r->out, " epoch %10s%s%s%s %9s\n", "loss",
		        r->held ? "   val_loss" : "",
		        classes ? "  accuracy" : "",
		        norm ? "     |grad|" : "", "time");
	r->printed = r->epoch;
	fprintf(r->out, "%6zu %10s", r->epoch, loss_text(buf, e->loss));
	if (r->held)
		fprintf(r->out, " %10s", loss_text(buf, e->val_loss));
	if (classes)
		fprintf(r->out, " %9s", percent(buf, r->held ?
		        e->val_accuracy : e->accuracy));
	if (norm)
		fprintf(r->out, " %10s", loss_text(buf, e->gradnorm));
	fprintf(r->out, " %7.2f s", e->seconds);
	r->printed_at = e->seconds;
}

static void
member(FILE *f, const char *name, double v)
{
	if (isfinite(v))
		fprintf(f, ", \"%s\": %.9g", name, v);
}

static void
epoch_json(const Train *r)
{
	const Epoch *e = &r->now;

	fprintf(r->out, "{\"epoch\": %zu", r->epoch);
	member(r->out, "seconds", e->seconds);
	member(r->out, "rate", e->rate);
	member(r->out, "loss", e->loss);
	member(r->out, "val_loss", e->val_loss);
	member(r->out, "accuracy", e->accuracy);
	member(r->out, "val_accuracy", e->val_accuracy);
	member(r->out, "gradnorm", e->gradnorm);
	fputs("}\n", r->out);
	fflush(r->out);
}

/* on a terminal the epochs between the lines that stay, ten a second */
void
print_live(Train *r)
{
	if (r->progress != 'b' || r->quiet ||
	    r->now.seconds < r->printed_at + 0.1)
		return;
	epoch_line(r);
	fputc('\r', r->out);
	fflush(r->out);
}

void
print_epoch(Train *r, bool last)
{
	if (r->progress == 'j')
		epoch_json(r);
	if (r->quiet || r->progress == 'n')
		return;
	epoch_line(r);
	if (last && r->curve.n > 2)
		sparkline(r->out, &r->curve);
	fputc('\n', r->out);
	fflush(r->out);
}

/* ------------------------------------------------------------ the summary */

static const char *
stop_name(StopKind k)
{
	static const char *const names[] = {
		[STOP_LOSS] = "loss", [STOP_VAL_LOSS] = "val_loss",
		[STOP_ACCURACY] = "accuracy",
		[STOP_VAL_ACCURACY] = "val_accuracy",
		[STOP_GRADNORM] = "gradnorm", [STOP_SECONDS] = "seconds",
		[STOP_PATIENCE] = "patience"
	};

	return names[k];
}

/* line of a place in the sources */
static size_t
line_of(Ctx *c, Loc loc, const char **name)
{
	const Source *s = &c->sources.v[loc.file];
	size_t i, line = 1;

	*name = s->name;
	for (i = 0; i < loc.at && i < s->len; i++)
		line += s->text[i] == '\n';
	return line;
}

static void
print_stop(Train *r)
{
	const Stop *s = r->stopped;
	const char *name = NULL;
	size_t line = 0;
	char buf[40];

	if (r->interrupted) {
		fprintf(r->out, "stopped: interrupted in epoch %zu",
		        r->epoch + 1);
		return;
	}
	if (!s) {
		fprintf(r->out, "stopped: %zu epoch%s", r->epoch,
		        plural((int64_t)r->epoch));
		return;
	}
	if (s->loc.file && s->loc.file < r->s->c->sources.n)
		line = line_of(r->s->c, s->loc, &name);
	if (s->kind == STOP_PATIENCE)
		fprintf(r->out, "stopped: no better %s for %.0f epoch%s",
		        stop_name(s->on), s->value, plural((int64_t)s->value));
	else
		fprintf(r->out, "stopped: %s %s %s", stop_name(s->kind), s->cmp,
		        short_number(buf, s->value));
	if (line)
		fprintf(r->out, " (%s:%zu)", name, line);
}

static bool
missed_a_target(const Train *r)
{
	const Network *net = r->s->net;
	uint32_t i;

	for (i = 0; i < net->stops.n; i++)
		if (net->stops.v[i].kind == STOP_LOSS ||
		    net->stops.v[i].kind == STOP_ACCURACY)
			return true;
	return false;
}

/* units of the smallest hidden layer, 0: there is none */
static int
hidden_units(const Network *net)
{
	int best = 0;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (!l->rec || !l->weights.n || l->dead ||
		    (int)i == net->heads.v[0].layer || l->out.rank != 1)
			continue;
		if (!best || l->out.dim[0] < best)
			best = l->out.dim[0];
	}
	return best;
}

/* a target was set, the epochs ran out, and the loss no longer moves */
static void
print_plateau(Train *r)
{
	const Curve *k = &r->curve;
	size_t from = k->n / 10, run = r->epoch - r->first_epoch;
	int units = hidden_units(r->s->net);
	double old, change;

	if (r->stopped || r->interrupted || run < 50 || !missed_a_target(r))
		return;
	old = k->v[from];
	change = fabs(old - r->now.loss) / fmax(old, 1e-30);
	if (change > 0.1)
		return;
	fprintf(r->out, "; loss moved by %.0f %% in the last %s", 100 * change,
	        grouped(r->s->c, (int64_t)(run - from * k->stride)));
	fprintf(r->out, "\nhelp: this run is stuck; try another seed "
	        "(--seed %llu)", (unsigned long long)r->s->net->seed + 1);
	if (units)
		fprintf(r->out, " or %d hidden units", units + 1);
}

static void
print_overfit(Train *r)
{
	const Epoch *e = &r->now;

	if (r->patience || !r->held || !r->best_val_epoch || r->interrupted ||
	    isnan(e->val_loss) || r->epoch < r->best_val_epoch + 3 ||
	    e->val_loss < 1.05 * r->best_val)
		return;
	fprintf(r->out, "note: validation loss rose since epoch %zu (%.3g -> "
	        "%.3g): the net is overfitting; `stop patience=5 on=val_loss`\n",
	        r->best_val_epoch, r->best_val, e->val_loss);
}

/* no error, but nothing was learnt either */
static void
print_no_progress(Train *r)
{
	const Network *net = r->s->net;
	char buf[40];

	if (r->stopped || r->interrupted || r->curve.n < 3 || net->rate <= 0 ||
	    r->now.loss < r->curve.v[0])
		return;
	fprintf(r->out, "help: the loss did not fall; the learning rate %s",
	        short_number(buf, net->rate));
	fprintf(r->out, " may be too large, try `--rate %s`\n",
	        short_number(buf, net->rate / 10));
}

void
print_summary(Train *r)
{
	char buf[40];

	if (r->quiet)
		return;
	if (r->progress == 'b')
		fputs("\r\033[K", r->out); /* of a line written over */
	print_stop(r);
	print_plateau(r);
	fputc('\n', r->out);
	if (r->best && r->best_epoch != r->epoch)
		fprintf(r->out, "kept the weights of epoch %zu (%s %s)\n",
		        r->best_epoch, stop_name(r->patience->on),
		        short_number(buf, r->best_value));
	print_overfit(r);
	print_no_progress(r);
}

/* ------------------------------------------------------------ the history */

static int
cannot(Train *r, const char *what)
{
	cli_error("cannot %s %s: %s", what, r->history_path, strerror(errno));
	return EX_CANTCREAT_;
}

bool
is_history(const char *path)
{
	char line[sizeof HISTORY] = "";
	FILE *f = fopen(path, "r");
	bool good = f && (!fgets(line, sizeof line, f) ||
	                  !strcmp(line, HISTORY));

	if (f)
		fclose(f);
	return good;
}

/* of what stands before a place, as far as that tells one history from another;
 * false: it is shorter */
static bool
end_crc(FILE *f, uint64_t at, uint64_t *crc)
{
	char end[256];
	size_t n = at < sizeof end ? (size_t)at : sizeof end;

	if (at > LONG_MAX || fseek(f, (long)(at - n), SEEK_SET) ||
	    fread(end, 1, n, f) != n)
		return false;
	*crc = crc32_of(0, end, n);
	return true;
}

/* The rows behind a checkpoint are of epochs that come again.  Another history
 * is left as it is. */
static int
cut_history(Train *r)
{
	uint64_t crc;

	if (!r->history_bytes ||
	    !end_crc(r->history, r->history_bytes, &crc) ||
	    crc != r->history_crc)
		return 0;
	return ftruncate(fileno(r->history), (off_t)r->history_bytes) ?
		cannot(r, "shorten") : 0;
}

void
history_sync(Train *r)
{
	long at = -1;

	r->history_bytes = 0;
	if (!fflush(r->history) && !fsync(fileno(r->history)) &&
	    !fseek(r->history, 0, SEEK_END))
		at = ftell(r->history);
	if (at > 0 && end_crc(r->history, (uint64_t)at, &r->history_crc))
		r->history_bytes = (uint64_t)at;
}

/* appends; a file that is no history is left alone */
int
history_open(Train *r)
{
	char line[sizeof HISTORY] = "";
	struct stat st;

	if (!stat(r->history_path, &st) && !S_ISREG(st.st_mode)) {
		cli_error("cannot write %s: it is no regular file",
		          r->history_path);
		return EX_CANTCREAT_;
	}
	r->history = fopen(r->history_path, "a+");
	if (!r->history)
		return cannot(r, "create");
	rewind(r->history);
	if (!fgets(line, sizeof line, r->history)) {
		fputs(HISTORY, r->history);
		return 0;
	}
	if (!strcmp(line, HISTORY))
		return cut_history(r);
	fclose(r->history);
	r->history = NULL;
	cli_error("%s exists and is no history of a training", r->history_path);
	return EX_CANTCREAT_;
}

static void
field(FILE *f, double v, const char *format)
{
	fputc(',', f);
	if (isfinite(v))
		fprintf(f, format, v);
}

void
history_add(Train *r)
{
	const Epoch *e = &r->now;
	FILE *f = r->history;

	fprintf(f, "%zu", r->epoch);
	field(f, e->seconds, "%.3f");
	field(f, e->rate, "%.7g");
	field(f, e->loss, "%.9g");
	field(f, e->val_loss, "%.9g");
	field(f, e->accuracy, "%.6g");
	field(f, e->val_accuracy, "%.6g");
	field(f, e->gradnorm, "%.9g");
	fputc('\n', f);
}

int
history_close(Train *r)
{
	bool bad;

	if (!r->history)
		return 0;
	bad = ferror(r->history) != 0;
	bad = fclose(r->history) || bad;
	r->history = NULL;
	if (!bad)
		return 0;
	cannot(r, "write");
	return EX_IOERR_;
}
