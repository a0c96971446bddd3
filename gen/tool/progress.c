/* SPDX-License-Identifier: MIT
 * What a run of training prints. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include "train.h"

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
const char *
net_outline(const Train *r)
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
	const char *row = r->s->data->series ? "window" :
		r->s->data->pairs ? "pair" : "row";

	if (r->quiet)
		return;
	fprintf(r->out, "%s: %s, %s parameter%s; ", net->name, net_outline(r),
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
	if (r->held && r->val == r->s->data && !r->s->data->series &&
	    !r->s->data->pairs)
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
sparkline(FILE *f, const Curve *c, size_t most)
{
	size_t i, wide = c->n < most ? c->n : most;
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

/* eighths of a character where the terminal has them */
static void
bar(FILE *f, double part, int width)
{
	int eighths = (int)(8 * width * fmin(fmax(part, 0), 1)), i, here;

	fputs(unicode_terminal() ? "\xe2\x96\x95" : "[", f);
	for (i = 0; i < width; i++, eighths -= 8) {
		here = eighths < 0 ? 0 : eighths > 8 ? 8 : eighths;
		if (!unicode_terminal())
			fputc(here > 3 ? '#' : '.', f);
		else if (here)
			fprintf(f, "\xe2\x96%c", 0x90 - here);
		else
			fputc(' ', f);
	}
	fputs(unicode_terminal() ? "\xe2\x96\x8f" : "]", f);
}

/* 950, 12.3k, 4.56M */
static const char *
thousands(char buf[40], double v)
{
	double by = v >= 1e6 ? 1e6 : v >= 1e4 ? 1e3 : 1;

	snprintf(buf, 40, v >= 1e4 ? "%.3g%s" : "%.0f%s", v / by,
	         by > 1e3 ? "M" : by > 1 ? "k" : "");
	return buf;
}

/* 1:05:09, 5:09, 9 s */
static const char *
duration(char buf[40], double seconds)
{
	long s = seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000;

	if (s >= 3600)
		snprintf(buf, 40, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60,
		         s % 60);
	else if (s >= 60)
		snprintf(buf, 40, "%ld:%02ld", s / 60, s % 60);
	else
		snprintf(buf, 40, "%ld s", s);
	return buf;
}

/* of the terminal; 80 where it does not say */
static int
columns(FILE *f)
{
	struct winsize w;

	return !ioctl(fileno(f), TIOCGWINSZ, &w) && w.ws_col ? w.ws_col : 80;
}

/* what stands behind the bar */
static void
live_text(const Train *r, char *to, size_t room, double part, double rate)
{
	const Epoch *e = &r->now;
	bool classes = is_classifier(r->s->net) && isfinite(e->accuracy);
	char speed[40], loss[40], share[40], left[40];
	double epochs = (double)r->s->net->epochs;

	snprintf(to, room, " %s rows/s%s%s%s%s%s%s",
	         thousands(speed, rate * (double)r->train),
	         !isfinite(e->loss) ? "" : r->held ? "  val_loss " : "  loss ",
	         !isfinite(e->loss) ? "" : loss_text(loss, r->held ?
	         e->val_loss : e->loss), classes ? "  " : "", classes ?
	         percent(share, r->held ? e->val_accuracy : e->accuracy) : "",
	         rate > 0 ? "  " : "", rate > 0 ? duration(left, (epochs -
	         part) / rate) : "");
	if (rate > 0)
		strncat(to, " left", room - strlen(to) - 1);
}

/* On a terminal, ten times a second: the line that is written over, up to the
 * limit of epochs, which the run may not need.  `row` rows of this epoch are
 * done; loss and accuracy are those of the last whole one.  A line that is
 * wider than the terminal could not be written over. */
void
print_live(Train *r, size_t row)
{
	enum { BAR = 12, SPARK = 10 };
	double seconds, part, rate;
	char text[200], epoch[24];
	int left;

	if (r->progress != 'b' || r->quiet)
		return;
	seconds = train_seconds(r);
	if (seconds < r->shown_at + 0.1)
		return;
	r->shown_at = seconds;
	part = (double)r->epoch + (double)row / (double)r->train;
	rate = (part - (double)r->begun_epoch) /
		fmax(seconds - r->before, 1e-9);
	live_text(r, text, sizeof text, part, rate);
	left = columns(r->out) - 1;
	left -= snprintf(epoch, sizeof epoch, "%6zu ", r->epoch + 1);
	fprintf(r->out, "\r\033[K%.*s", left < 0 ? 0 : 23, epoch);
	if (left >= BAR + 2) {
		bar(r->out, part / (double)r->s->net->epochs, BAR);
		left -= BAR + 2;
	}
	left -= fprintf(r->out, "%.*s", left < 0 ? 0 : left, text);
	if (r->curve.n > 2 && left >= SPARK + 3)
		sparkline(r->out, &r->curve, SPARK);
	fflush(r->out);
}

void
print_epoch(Train *r, bool last)
{
	if (r->progress == 'j')
		epoch_json(r);
	if (r->quiet || r->progress == 'n')
		return;
	if (r->progress == 'b')
		fputs("\r\033[K", r->out); /* of the line written over */
	epoch_line(r);
	if (last && r->curve.n > 2)
		sparkline(r->out, &r->curve, 30);
	fputc('\n', r->out);
	fflush(r->out);
}

void
print_summary(Train *r)
{
	if (r->quiet)
		return;
	if (r->progress == 'b')
		fputs("\r\033[K", r->out);
	fputs(r->summary, r->out);
}
