/* SPDX-License-Identifier: MIT
 * `bpgen train`: a spec and rows in; weights and a history out. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sweep.h"

/* Set by the first Ctrl-C; a handler can reach nothing but a static. */
static volatile sig_atomic_t interrupted;

/* the second one ends the program at once, and a compiler at work too */
static void
on_interrupt(int signal_number)
{
	if (interrupted) {
		compiler_abandon();
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	interrupted = 1;
}

static void
catch_interrupt(void)
{
	struct sigaction a, old;

	memset(&a, 0, sizeof a);
	a.sa_handler = on_interrupt;
	sigemptyset(&a.sa_mask);
	interrupted = 0;
	if (!sigaction(SIGINT, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

/* ------------------------------------------------------------ preparation */

static const Param *
rate_param(const Network *net, uint32_t *at)
{
	uint32_t i;

	for (i = 0; net->optimizer && i < net->optimizer->params.n; i++)
		if (!strcmp(net->optimizer->params.v[i].name, "rate")) {
			*at = i;
			return &net->optimizer->params.v[i];
		}
	return NULL;
}

static int
override_settings(const Cli *cli, Network *net)
{
	double rate = net->rate, epochs = (double)net->epochs;
	uint32_t at = 0;
	int rc = cli_number(cli, "rate", &rate);

	if (!rc)
		rc = whole_option(cli, "epochs", 1e15, &epochs);
	if (rc)
		return rc;
	net->epochs = (int64_t)epochs;
	if (!cli_get(cli, "rate"))
		return 0;
	if (rate <= 0) {
		cli_error("--rate: the learning rate must be above 0");
		return EX_USAGE_;
	}
	if (!rate_param(net, &at)) {
		cli_error("--rate: the optimizer %s has no rate",
		          net->optimizer ? net->optimizer->name : "");
		return EX_USAGE_;
	}
	net->rate = rate;
	net->opt_args[at].num = rate;
	return 0;
}

static bool
watches_validation(const Stop *s)
{
	StopKind k = s->kind == STOP_PATIENCE ? s->on : s->kind;

	return k == STOP_VAL_LOSS || k == STOP_VAL_ACCURACY;
}

static bool
watches_accuracy(const Stop *s)
{
	StopKind k = s->kind == STOP_PATIENCE ? s->on : s->kind;

	return k == STOP_ACCURACY || k == STOP_VAL_ACCURACY;
}

static int
validation_fraction(Train *r)
{
	const Session *s = r->s;
	uint32_t i;
	int rc;

	r->fraction = 0;
	for (i = 0; i < s->net->stops.n; i++)
		if (watches_validation(&s->net->stops.v[i]))
			r->fraction = 0.2;
	if (cli_get(s->cli, "validate"))
		r->fraction = 0;
	if (s->weights && s->weights->validation > 0 &&
	    !cli_get(s->cli, "validate"))
		r->fraction = s->weights->validation;
	rc = cli_number(s->cli, "validation", &r->fraction);
	if (rc)
		return rc;
	if (r->fraction >= 0 && r->fraction < 1)
		return 0;
	cli_error("--validation: '%s' is not a fraction from 0 to 1",
	          cli_get(s->cli, "validation"));
	return EX_USAGE_;
}

static int
check_stops(Train *r)
{
	Ctx *c = r->s->c;
	const Network *net = r->s->net;
	uint32_t i;

	for (i = 0; i < net->stops.n; i++) {
		const Stop *s = &net->stops.v[i];

		if (watches_validation(s) && !r->held) {
			err(c, s->loc, "this needs rows to validate with, but "
			    "there are none");
			help(c, r->train < 5 ? "%s has too few rows for a "
			     "fifth of them" : "%s is used up for training; "
			     "leave `--validation 0` out",
			     file_name(r->s->data->path));
		}
		if (watches_accuracy(s) && !class_places(net))
			err(c, s->loc, "there is no accuracy without classes");
	}
	return messages(c, r->s->cli);
}

/* the rows of --validate FILE stand in their own Data */
static int
second_file(Train *r, const char *path)
{
	Session *s = r->s;
	Data *first = s->data;
	int rc;

	if (cli_get(s->cli, "validation") && r->fraction > 0) {
		cli_error("--validate and --validation exclude each other");
		return EX_USAGE_;
	}
	s->data = NULL;
	rc = session_data(s, path, true);
	r->val = s->data;
	s->data = first;
	r->held = rc ? 0 : r->val->rows;
	return rc;
}

static int
split(Train *r)
{
	Session *s = r->s;
	const char *path = cli_get(s->cli, "validate");
	int rc = validation_fraction(r);

	if (rc)
		return rc;
	r->rows = rows_split(s->data, s->net, r->fraction, s->net->seed,
	                     &r->train, &r->held);
	r->order = malloc((r->train + 1) * sizeof *r->order);
	if (!r->rows || !r->order)
		die(s->c, EX_SOFTWARE_, "out of memory");
	r->val = s->data;
	if (path)
		rc = second_file(r, path);
	return rc ? rc : check_stops(r);
}

size_t
batch_rows(const Train *r, size_t at)
{
	const Network *net = r->s->net;
	size_t n = net->batch_all ? r->train : (size_t)net->batch;

	return n < r->train - at ? n : r->train - at;
}

static void
make_room(Train *r)
{
	Session *s = r->s;
	size_t rows = batch_rows(r, 0);

	r->x = malloc(rows * (size_t)s->net->inputs * sizeof(double) + 64);
	r->t = malloc(rows * (size_t)s->net->targets * sizeof(double) + 64);
	r->params = malloc((size_t)(s->net->params + s->net->stats) *
	                   sizeof(double) + 64);
	r->epoch_start = malloc(net_bytes(s->jit) + 64);
	if (!r->x || !r->t || !r->params || !r->epoch_start)
		die(s->c, EX_SOFTWARE_, "out of memory");
}

static void
start_threads(Train *r)
{
	Session *s = r->s;
	double threads = 1;

	if (!cli_has(s->cli, "threads") ||
	    cli_number(s->cli, "threads", &threads))
		return;
	if (net_program(s->jit)->coupled) { /* a slice has statistics of its own */
		warn(s->c, (Loc){0, 0, 0}, "threads", "--threads: statistics "
		     "over a mini-batch need all its samples, one thread works");
		messages(s->c, s->cli);
		return;
	}
	r->threads = threads_new(s, (int)threads, batch_rows(r, 0));
}

static Metric *
metrics(const Train *r, int *n)
{
	Metric *m = mem(r->s->c, 4 * sizeof *m);
	const Epoch *e = &r->now;
	int k = 0;

	m[k++] = (Metric){"loss", r->held ? e->val_loss : e->loss, false};
	if (r->held)
		m[k++] = (Metric){"val_loss", e->val_loss, false};
	if (class_places(r->s->net)) {
		m[k++] = (Metric){"accuracy", r->held ? e->val_accuracy :
			e->accuracy, true};
		if (r->held)
			m[k++] = (Metric){"val_accuracy", e->val_accuracy, true};
	}
	*n = k;
	return m;
}

char
progress_kind(const Cli *cli, FILE *out)
{
	const char *how = cli_get(cli, "progress"), *term = getenv("TERM");

	if (cli_has(cli, "quiet"))
		return 'n';
	if (how && strcmp(how, "auto"))
		return *how;
	return isatty(fileno(out)) && term && strcmp(term, "dumb") ? 'b' : 'p';
}

static int
prepare(Train *r)
{
	Session *s = r->s;
	Metric *m;
	int rc = override_settings(s->cli, s->net), n;

	if (!rc)
		rc = resume_read(r);
	if (!rc)
		rc = session_data(s, NULL, true);
	if (!rc)
		rc = split(r);
	m = metrics(r, &n);
	if (!rc)
		rc = require_names(s->c, s->cli, m, n);
	if (!rc && !s->weights)
		rc = session_fit(s, r->rows, r->train);
	if (!rc)
		rc = session_compile(s, s->net->strict ? 0 :
			(double)r->train * (double)s->net->epochs);
	name_files(r);
	best_begin(r);
	if (!rc)
		rc = resume(r);
	r->report_path = cli_get(s->cli, "report");
	r->out = strcmp(r->weights_path, "-") && (!r->report_path ||
	         strcmp(r->report_path, "-")) ? stdout : stderr;
	r->progress = progress_kind(s->cli, r->out);
	r->quiet = r->quiet || r->progress == 'j';
	if (!rc)
		rc = check_outputs(r);
	if (!rc && r->report_path)
		rc = report_check(r, r->report_path, NULL);
	if (!rc)
		rc = history_open(r);
	if (!rc)
		make_room(r);
	if (!rc)
		rc = checkpoint_begin(r);
	if (!rc)
		start_threads(r);
	return rc;
}

/* ---------------------------------------------------------------- an epoch */

double
train_batch(Train *r, size_t at, size_t n)
{
	const Session *s = r->s;

	if (r->threads)
		return threads_batch(r->threads, s->data, r->order, at, n);
	data_gather(s->data, s->net, s->net->dtype, r->order, at, n, r->x, r->t);
	return net_train(s->jit, r->x, r->t, n);
}

static bool
out_of_time(Train *r)
{
	const Network *net = r->s->net;
	uint32_t i;

	for (i = 0; i < net->stops.n; i++)
		if (net->stops.v[i].kind == STOP_SECONDS &&
		    train_seconds(r) > net->stops.v[i].value) {
			r->stopped = &net->stops.v[i];
			return true;
		}
	return false;
}

void
order_rows(Train *r)
{
	memcpy(r->order, r->rows, r->train * sizeof *r->order);
	if (r->s->net->shuffle)
		rows_shuffle(r->order, r->train, r->s->net->seed, r->epoch);
}

static void
change_over(Train *r)
{
	if (r->threads)
		threads_rest(r->threads);
	changeover_take(&r->change);
}

/* all rows once; false: it did not come to the end */
static bool
run_epoch(Train *r)
{
	Session *s = r->s;
	double loss = 0, one;
	size_t at, n;

	order_rows(r);
	if (s->net->schedule.kind) {
		r->now.rate = net_schedule(s->jit, r->epoch);
		net_set_rate(s->jit, r->now.rate);
	}
	memcpy(r->epoch_start, net_state(s->jit), net_bytes(s->jit));
	if (r->threads)
		threads_follow(r->threads);
	for (at = 0; at < r->train; at += n) {
		if (changeover_due(&r->change))
			change_over(r);
		n = batch_rows(r, at);
		one = train_batch(r, at, n);
		if (!isfinite(one)) {
			r->diverged = true;
			r->now.loss = one;
			return false;
		}
		r->updates++;
		print_live(r, at + n);
		loss += one * (double)n;
		if (interrupted) {
			r->interrupted = true;
			return false;
		}
		if (out_of_time(r) && at + n < r->train)
			return false;
	}
	r->now.loss = loss / (double)r->train;
	r->epoch++;
	return true;
}

/* the mean gradient by mini-batches as they are trained on, which leaves the
 * running statistics as they were */
static void
coupled_gradient(Train *r)
{
	Session *s = r->s;
	void *stats = malloc((size_t)s->net->stats * sizeof(double) + 64);
	size_t at, n;

	if (!stats)
		die(s->c, EX_SOFTWARE_, "out of memory");
	net_get_stats(s->jit, stats);
	for (at = 0; at < r->train; at += n) {
		n = batch_rows(r, at);
		data_gather(s->data, s->net, s->net->dtype, r->rows, at, n,
		            r->x, r->t);
		net_gradient_batch(s->jit, r->x, r->t, n);
	}
	net_set_stats(s->jit, stats);
	free(stats);
}

/* norm of the mean gradient over the rows to learn from */
static double
gradient_norm(Train *r)
{
	Session *s = r->s;
	double sum = 0, g;
	size_t i;
	int64_t k;

	if (net_program(s->jit)->coupled) {
		net_zero_gradient(s->jit);
		coupled_gradient(r);
		net_get_gradient(s->jit, r->params);
		net_zero_gradient(s->jit);
	} else if (r->threads) {
		threads_gradient(r->threads, s->data, r->rows, r->train,
		                 r->params);
	} else {
		net_zero_gradient(s->jit);
		for (i = 0; i < r->train; i++) {
			session_row(s, s->data, r->rows[i]);
			net_gradient(s->jit, s->x, s->t);
		}
		net_get_gradient(s->jit, r->params);
		net_zero_gradient(s->jit);
	}
	for (k = 0; k < s->net->params; k++) {
		g = real_get(s->net->dtype, r->params, (size_t)k);
		sum += g * g;
	}
	return sqrt(sum);
}

static bool
stops_on_gradnorm(const Network *net)
{
	uint32_t i;

	for (i = 0; i < net->stops.n; i++)
		if (net->stops.v[i].kind == STOP_GRADNORM ||
		    (net->stops.v[i].kind == STOP_PATIENCE &&
		     net->stops.v[i].on == STOP_GRADNORM))
			return true;
	return false;
}

static void
measure_rows(Train *r, const Data *d, const size_t *rows, size_t n,
	bool with_loss, Measure *m)
{
	if (r->threads)
		threads_measure(r->threads, d, rows, n, with_loss, m);
	else
		measure(r->s, d, rows, n, with_loss, m);
}

static void
measure_epoch(Train *r)
{
	Session *s = r->s;
	const size_t *held = r->val == s->data ? r->rows + r->train : NULL;
	Measure m;

	r->now.gradnorm = r->now.val_loss = NAN;
	r->now.accuracy = r->now.val_accuracy = NAN;
	if (class_places(s->net)) {
		measure_rows(r, s->data, r->rows, r->train, false, &m);
		r->now.accuracy = m.accuracy;
	}
	if (r->held) {
		measure_rows(r, r->val, held, r->held, true, &m);
		r->now.val_loss = m.loss;
		r->now.val_accuracy = m.accuracy;
		if (isfinite(m.loss) && (!r->best_val_epoch ||
		                         m.loss < r->best_val)) {
			r->best_val = m.loss;
			r->best_val_epoch = r->epoch;
		}
	}
	if (stops_on_gradnorm(s->net) ||
	    (!r->quiet && shows_gradnorm(r) && epoch_is_due(r)))
		r->now.gradnorm = gradient_norm(r);
	r->now.seconds = train_seconds(r);
}

/* ------------------------------------------------------------- when to stop */

static bool
holds(const Stop *s, double v)
{
	if (s->cmp[1] == '=')
		return s->cmp[0] == '<' ? v <= s->value : v >= s->value;
	return s->cmp[0] == '<' ? v < s->value : v > s->value;
}

static bool
finished(Train *r)
{
	const Network *net = r->s->net;
	uint32_t i;

	for (i = 0; i < net->stops.n && !r->stopped; i++) {
		const Stop *s = &net->stops.v[i];

		if (s->kind == STOP_PATIENCE ? best_is_old(r, s) :
		    holds(s, epoch_quantity(&r->now, s->kind)))
			r->stopped = s;
	}
	return r->stopped || (int64_t)r->epoch >= net->epochs;
}

/* ------------------------------------------------------------------ the end */

static int
finite_params(Train *r)
{
	Session *s = r->s;
	int64_t i;

	net_get_kept(s->jit, r->params);
	for (i = 0; i < s->net->params + s->net->stats; i++)
		if (!isfinite(real_get(s->net->dtype, r->params, (size_t)i)))
			break;
	if (i == s->net->params + s->net->stats)
		return 0;
	r->now.loss = NAN;
	if (r->epoch > r->first_epoch)
		r->epoch--; /* the copy is of the start of the last epoch */
	return report_divergence(r);
}

/* of the weights that were kept, where these are of an earlier epoch */
static void
measure_kept(Train *r)
{
	if (!best_is_kept(r))
		return;
	measure_epoch(r);
	r->now.loss = r->best_loss;
}

static void
say_what_was_written(const Train *r)
{
	bool piped = !strcmp(r->weights_path, "-");

	if (r->quiet)
		return;
	fprintf(r->out, "wrote %s, %s", piped ? "standard output" :
	        r->weights_path, r->history_path);
	if (r->report_path && strcmp(r->report_path, "-"))
		fprintf(r->out, ", %s", r->report_path);
	fputc('\n', r->out);
}

static int
finish(Train *r)
{
	Metric *m;
	int rc, n;

	best_restore(r);
	rc = finite_params(r);
	if (!rc)
		rc = save_weights(r);
	if (rc) {
		history_close(r);
		return rc;
	}
	if (!r->quiet || r->report_path || r->json)
		r->summary = summary(r);
	print_summary(r);
	rc = history_close(r);
	if (!rc && (r->report_path || !r->interrupted))
		measure_kept(r);
	if (!rc && r->report_path)
		rc = report_write(r, r->report_path);
	if (rc)
		return rc;
	say_what_was_written(r);
	if (r->json)
		print_train_json(r);
	if (r->interrupted)
		return EX_INTERRUPTED;
	if (r->unsaved)
		return r->unsaved;
	m = metrics(r, &n);
	return require(r->s->c, r->s->cli, m, n);
}

static int
learn(Train *r)
{
	/* a checkpoint may be that of a run that was over */
	bool done = r->s->net->epochs <= (int64_t)r->epoch ||
		(r->resumed && finished(r));

	r->now.rate = r->s->net->rate;
	r->begun_epoch = r->epoch;
	r->started = 0;
	r->started = train_seconds(r) - r->before;
	print_header(r);
	changeover_begin(&r->change, r->s);
	while (!done && run_epoch(r)) {
		measure_epoch(r);
		best_add(r);
		done = finished(r);
		curve_add(&r->curve, r->now.loss);
		history_add(r);
		if (epoch_is_due(r) || done || r->progress == 'j')
			print_epoch(r, done);
		else
			print_live(r, 0);
		checkpoint(r, done);
	}
	if (!done && !r->diverged)
		checkpoint_midway(r);
	if (!r->diverged)
		return finish(r);
	history_close(r);
	return report_divergence(r);
}

static void
release(Train *r)
{
	if (r->val && r->val != r->s->data)
		data_free(r->val);
	if (r->history)
		fclose(r->history);
	free(r->rows);
	free(r->order);
	free(r->x);
	free(r->t);
	free(r->params);
	free(r->epoch_start);
	free(r->best);
	ctx_free(r->scratch);
	changeover_end(&r->change);
	threads_free(r->threads);
	session_close(r->s);
}

static void
tell(const Train *r, Outcome *o)
{
	o->now = r->now;
	o->epochs = kept_epoch(r);
	o->seconds = train_seconds(r);
	o->held = r->held > 0;
	o->classifies = is_classifier(r->s->net);
}

int
train_once(Ctx *c, const Cli *cli, Outcome *o)
{
	Session s = {0};
	Train r = {.s = &s};
	int rc = session_open(&s, c, cli, true);

	r.json = cli_has(cli, "json");
	r.quiet = r.json || cli_has(cli, "quiet");
	r.verbose = cli_has(cli, "verbose");
	r.now = (Epoch){NAN, NAN, NAN, NAN, NAN, NAN, 0};
	if (!rc)
		rc = prepare(&r);
	if (!rc) {
		catch_interrupt();
		rc = learn(&r);
		tell(&r, o);
	}
	if (rc && !r.interrupted && r.history_new)
		remove(r.history_path);
	release(&r);
	return rc;
}

int
cmd_train(Ctx *c, const Cli *cli)
{
	Outcome o;

	return is_sweep(cli) ? sweep(c, cli) : train_once(c, cli, &o);
}
