/* SPDX-License-Identifier: MIT
 * `bpgen train` with several seeds or values of a parameter: each run is a
 * process of its own, as many at once as there are processors. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "options.h"
#include "runs.h"
#include "sweep.h"

enum { MOST_RUNS = 10000 };

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	if (number != SIGCHLD)
		stop = 1;
}

static const int waiting[] = {SIGINT, SIGTERM, SIGCHLD};

/* these three arrive in wait_for_one() alone: none can come between the look
 * at what there is and the waiting for more */
static void
keep_signals_waiting(Sweep *w)
{
	struct sigaction a;
	sigset_t all;
	size_t i;

	memset(&a, 0, sizeof a);
	a.sa_handler = on_signal;
	sigemptyset(&a.sa_mask);
	sigemptyset(&all);
	for (i = 0; i < sizeof waiting / sizeof *waiting; i++) {
		sigaddset(&all, waiting[i]);
		sigaction(waiting[i], &a, NULL);
	}
	sigprocmask(SIG_BLOCK, &all, &w->mask);
}

static void
signals_of_a_run(const Sweep *w)
{
	size_t i;

	for (i = 0; i < sizeof waiting / sizeof *waiting; i++)
		signal(waiting[i], SIG_DFL);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody would read its results */
#endif
	sigprocmask(SIG_SETMASK, &w->mask, NULL);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------- what is asked for */

/* 10,20,40 or relu,tanh: a text that is no list has other characters */
static bool
is_list(const char *value)
{
	size_t n;

	if (!strchr(value, ','))
		return false;
	for (;; value += n + 1) {
		n = strcspn(value, ",");
		if (!n || strspn(value, "abcdefghijklmnopqrstuvwxyz_"
		                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-") < n)
			return false;
		if (!value[n])
			return true;
	}
}

bool
is_sweep(const Cli *cli)
{
	const Names *defines = cli_all(cli, "define");
	uint32_t i;

	for (i = 0; i < defines->n; i++)
		if (is_list(strchr(defines->v[i], '=') + 1))
			return true;
	return cli_has(cli, "seeds");
}

static bool
seed_number(const char **s, uint64_t *v)
{
	const char *from = *s;

	for (*v = 0; **s >= '0' && **s <= '9' && *s - from < 19; (*s)++)
		*v = *v * 10 + (uint64_t)(**s - '0');
	return *s > from;
}

/* 1..20, or 1,2,5, or both */
static bool
read_seeds(Sweep *w, const char *s, Axis *a)
{
	uint64_t from, to;

	a->name = "seed";
	for (;; s++) {
		if (!seed_number(&s, &from))
			return false;
		to = from;
		if (!strncmp(s, "..", 2)) {
			s += 2;
			if (!seed_number(&s, &to) || to < from)
				return false;
		}
		for (; from <= to && a->values.n <= MOST_RUNS; from++)
			PUSH(w->c, &a->values, fmt(w->c, "%llu",
			     (unsigned long long)from));
		if (*s != ',')
			return !*s;
	}
}

static Axis
read_list(Ctx *c, const char *define)
{
	const char *at = strchr(define, '=') + 1;
	Axis a = {copy(c, define, (size_t)(at - define - 1)), {0}};
	size_t n;

	for (;; at += n + 1) {
		n = strcspn(at, ",");
		PUSH(c, &a.values, copy(c, at, n));
		if (!at[n])
			return a;
	}
}

static int
read_axes(Sweep *w)
{
	const Names *defines = cli_all(w->cli, "define");
	const char *seeds = cli_get(w->cli, "seeds");
	Axis a = {NULL, {0}};
	double runs = 1;
	uint32_t i;

	for (i = 0; i < defines->n; i++) {
		if (!is_list(strchr(defines->v[i], '=') + 1)) {
			PUSH(w->c, &w->constant, defines->v[i]);
			continue;
		}
		PUSH(w->c, &w->axes, read_list(w->c, defines->v[i]));
	}
	if (seeds && !read_seeds(w, seeds, &a)) {
		cli_error("--seeds: '%s' is no list of seeds such as 1..20 or "
		          "1,2,5", seeds);
		return EX_USAGE_;
	}
	if (seeds)
		PUSH(w->c, &w->axes, a);
	for (i = 0; i < w->axes.n; i++)
		runs *= w->axes.v[i].values.n;
	if (runs > MOST_RUNS) {
		cli_error("%.0f runs are too many: at most %d", runs,
		          MOST_RUNS);
		return EX_USAGE_;
	}
	w->n = (int)runs;
	return 0;
}

static int
check_together(const Sweep *w)
{
	static const char *const alone[] = {
		"seed", "resume", "checkpoint", "report"
	};
	const char *path = cli_get(w->cli, "output");
	size_t i;

	for (i = cli_has(w->cli, "seeds") ? 0 : 1;
	     i < sizeof alone / sizeof *alone; i++)
		if (cli_has(w->cli, alone[i])) {
			cli_error("--%s is for one run, but here are %d",
			          alone[i], w->n);
			return EX_USAGE_;
		}
	if (!strcmp(w->cli->spec, "-") ||
	    (w->cli->args.n && !strcmp(w->cli->args.v[0], "-"))) {
		cli_error("standard input can be read once, but here are %d "
		          "runs: name a file", w->n);
		return EX_USAGE_;
	}
	if (path && (!strcmp(path, "-") || !strncmp(path, "/dev/", 5))) {
		cli_error("the weights of the best of %d runs need a file",
		          w->n);
		return EX_USAGE_;
	}
	return 0;
}

/* the value of an axis in a run */
const char *
value_in(const Sweep *w, int run, uint32_t axis)
{
	uint32_t i = w->axes.n;

	while (--i > axis)
		run /= (int)w->axes.v[i].values.n;
	return w->axes.v[axis].values.v[run % (int)w->axes.v[axis].values.n];
}

/* -D and --seed as they are in a run */
static void
set_values(const Sweep *w, int run, Ctx *c)
{
	Names defines = {0};
	uint32_t i;

	for (i = 0; i < w->constant.n; i++)
		PUSH(c, &defines, w->constant.v[i]);
	for (i = 0; i < w->axes.n; i++) {
		const char *value = value_in(w, run, i);

		if (i + 1 == w->axes.n && cli_has(w->cli, "seeds"))
			cli_set(c, w->cli, "seed", value);
		else
			PUSH(c, &defines, fmt(c, "%s=%s", w->axes.v[i].name,
			                      value));
	}
	c->opt.defines = defines;
}

/* the spec must be right before so many processes say that it is not */
static int
look_at_spec(Sweep *w)
{
	Ctx *c = ctx_new();
	const Network *net;
	jmp_buf out;
	int rc;

	if (!c || setjmp(out)) {
		cli_error("%s", c ? c->exit_text : "out of memory");
		rc = EX_SOFTWARE_;
	} else {
		c->exit = &out;
		c->opt = w->c->opt;
		set_values(w, 0, c);
		net = load_network(c, w->cli, &rc);
		if (net)
			w->weights = fmt(w->c, "%s.safetensors", net->name);
	}
	ctx_free(c);
	return rc;
}

static int
name_outputs(Sweep *w)
{
	const char *path = cli_get(w->cli, "output");
	struct stat st;
	char *folder;

	if (!path)
		path = cli_get(w->cli, "weights");
	if (path)
		w->weights = path;
	w->history = history_name(w->c, w->weights);
	if (!stat(w->weights, &st) && !is_weights_of_bpgen(w->weights)) {
		cli_error("%s exists and is no file of weights by bpgen",
		          w->weights);
		return EX_CANTCREAT_;
	}
	if (!stat(w->history, &st) && !is_history(w->history)) {
		cli_error("%s exists and is no history of a training",
		          w->history);
		return EX_CANTCREAT_;
	}
	folder = fmt(w->c, "%s.runs-XXXXXX", w->weights);
	w->folder = mkdtemp(folder);
	if (w->folder)
		return 0;
	cli_error("cannot create a folder beside %s: %s", w->weights,
	          strerror(errno));
	return EX_CANTCREAT_;
}

/* ------------------------------------------------------------- the runs */

static const char *
file_of(const Sweep *w, int run, const char *end)
{
	/* the form of a file of weights follows from its name */
	if (!end)
		end = is_npz_name(w->weights) ? ".npz" : ".safetensors";
	return fmt(w->c, "%s/%d%s", w->folder, run, end);
}

/* in the new process: never returns */
static void
be_run(Sweep *w, int run, int pipe)
{
	const char *errors = file_of(w, run, ".err");
	int null = open("/dev/null", O_WRONLY);
	int err = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	Outcome o = {0};
	int rc;

	signals_of_a_run(w);
	dup2(null, 1);
	dup2(err, 2);
	set_values(w, run, w->c);
	cli_set(w->c, w->cli, "progress", "none");
	cli_set(w->c, w->cli, "output", file_of(w, run, NULL));
	rc = train_once(w->c, w->cli, &o);
	fflush(NULL);
	if (write(pipe, &o, sizeof o) != sizeof o)
		rc = EX_SOFTWARE_;
	_exit(rc);
}

static bool
start(Sweep *w, int run)
{
	Run *r = &w->runs[run];
	int ends[2];

	if (pipe(ends))
		return false;
	fflush(NULL);
	r->pid = fork();
	if (!r->pid) {
		close(ends[0]);
		be_run(w, run, ends[1]);
	}
	close(ends[1]);
	r->pipe = ends[0];
	if (r->pid > 0)
		return true;
	r->pid = 0;
	close(ends[0]);
	return false;
}

/* what the best one is chosen by */
double
score(const Sweep *w, int run)
{
	const Epoch *e = &w->runs[run].is.now;

	return w->held ? e->val_loss : e->loss;
}

static void
run_over(Sweep *w, Run *r, int status)
{
	int run = (int)(r - w->runs);

	r->rc = WIFEXITED(status) ? WEXITSTATUS(status) :
		WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM ?
		EX_INTERRUPTED : EX_SOFTWARE_;
	r->good = read(r->pipe, &r->is, sizeof r->is) == sizeof r->is &&
		(r->rc == 0 || r->rc == EX_NO);
	close(r->pipe);
	r->pid = 0;
	r->over = true;
	w->over++;
	if (!r->good)
		return;
	w->held = r->is.held;
	w->classifies = r->is.classifies;
	/* of equal ones the first, whichever was over first */
	if (isfinite(score(w, run)) &&
	    (w->best < 0 || score(w, run) < score(w, w->best) ||
	     (score(w, run) == score(w, w->best) && run < w->best)))
		w->best = run;
}

static const char *
setting(const Sweep *w, int run)
{
	Text t = {w->c, NULL, 0, 0};
	uint32_t i;

	for (i = 0; i < w->axes.n; i++)
		text_add(&t, "%s%s=%s", i ? ", " : "", w->axes.v[i].name,
		         value_in(w, run, i));
	return t.s;
}

static void
show_progress(Sweep *w)
{
	double left = (now() - w->started) * (w->n - w->over) /
		(w->over ? w->over : 1);
	char buf[40];

	if (w->progress != 'b' || !w->over)
		return;
	fprintf(w->out, "\r\033[K%d of %d runs, about %.0f s left", w->over,
	        w->n, left);
	if (w->best >= 0)
		fprintf(w->out, "; best %s %s (%s)", w->held ? "val_loss" :
		        "loss", short_number(buf, score(w, w->best)),
		        setting(w, w->best));
	fflush(w->out);
}

static void
tell_runs_to_stop(const Sweep *w)
{
	int i;

	for (i = 0; i < w->n; i++)
		if (w->runs[i].pid)
			kill(w->runs[i].pid, SIGINT);
}

static pid_t
wait_for_one(const Sweep *w, int *status)
{
	bool told = false;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, status, WNOHANG);
		if (pid)
			return pid;
		if (stop && !told)
			tell_runs_to_stop(w);
		told = stop;
		sigsuspend(&w->mask);
	}
}

/* as many at once as there are processors, less where each has threads */
static int
at_once(const Sweep *w)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	double threads = 1;

	cli_number(w->cli, "threads", &threads);
	if (cli_has(w->cli, "threads") && threads < 1)
		return 1;
	processors /= (long)threads;
	return processors < 1 ? 1 : (int)processors;
}

static int
run_all(Sweep *w)
{
	int running = 0, next = 0, most = at_once(w), i, status;
	pid_t pid;

	while (running || (next < w->n && !stop)) {
		while (running < most && next < w->n && !stop) {
			if (!start(w, next)) {
				cli_error("cannot start a run: %s",
				          strerror(errno));
				stop = 1;
				break;
			}
			next++;
			running++;
		}
		pid = running ? wait_for_one(w, &status) : 0;
		for (i = 0; i < w->n && pid > 0; i++)
			if (w->runs[i].pid == pid) {
				run_over(w, &w->runs[i], status);
				running--;
			}
		show_progress(w);
	}
	if (w->progress == 'b')
		fputs("\r\033[K", w->out);
	return stop ? EX_INTERRUPTED : 0;
}

/* ------------------------------------------------------------- the end */

/* what a run said on its standard error */
static void
repeat_errors(const Sweep *w, int run)
{
	const char *why;
	char *text;
	size_t n;

	fflush(w->out);
	if (read_file(w->c, file_of(w, run, ".err"), 1 << 20, &text, &n, &why))
		return;
	fprintf(stderr, "of the run with %s:\n", setting(w, run));
	fwrite(text, 1, n, stderr);
}

static int
append_history(const Sweep *w)
{
	const char *why, *rows;
	char *text;
	size_t n;
	FILE *f;
	bool bad;

	if (read_file(w->c, file_of(w, w->best, ".history.csv"), SIZE_MAX / 4,
	              &text, &n, &why))
		return EX_IOERR_;
	f = fopen(w->history, "a");
	if (f && !fseek(f, 0, SEEK_END)) {
		rows = ftell(f) > 0 ? strchr(text, '\n') + 1 : text;
		fputs(rows, f);
		bad = ferror(f) != 0;
		if (!fclose(f) && !bad)
			return 0;
	}
	cli_error("cannot write %s: %s", w->history, strerror(errno));
	return EX_IOERR_;
}

static int
keep_best(Sweep *w)
{
	int rc;

	if (rename(file_of(w, w->best, NULL), w->weights)) {
		cli_error("cannot create %s: %s", w->weights, strerror(errno));
		return EX_CANTCREAT_;
	}
	rc = append_history(w);
	if (!rc && !cli_has(w->cli, "quiet") && !cli_has(w->cli, "json"))
		fprintf(w->out, "kept the best, %s\nwrote %s, %s\n",
		        setting(w, w->best), w->weights, w->history);
	return rc;
}

static int
conclude(Sweep *w, int rc)
{
	int i, bad = -1, kept;

	for (i = w->n; i-- > 0;)
		if (w->runs[i].over && !w->runs[i].good &&
		    w->runs[i].rc != EX_INTERRUPTED)
			bad = i;
	if (cli_has(w->cli, "json"))
		print_runs_json(w);
	else if (!cli_has(w->cli, "quiet") && w->best >= 0)
		print_runs(w);
	if (bad >= 0)
		repeat_errors(w, bad);
	if (w->best < 0)
		return rc ? rc : bad >= 0 ? w->runs[bad].rc : EX_DATA;
	kept = keep_best(w);
	if (kept || rc)
		return kept ? kept : rc;
	if (w->runs[w->best].rc)
		repeat_errors(w, w->best);
	return w->runs[w->best].rc;
}

static void
remove_folder(const Sweep *w)
{
	static const char *const ends[] = {
		".safetensors", ".safetensors.tmp", ".npz", ".npz.tmp",
		".history.csv", ".err"
	};
	size_t k;
	int i;

	for (i = 0; i < w->n; i++)
		for (k = 0; k < sizeof ends / sizeof *ends; k++)
			unlink(file_of(w, i, ends[k]));
	rmdir(w->folder);
}

int
sweep(Ctx *c, const Cli *cli)
{
	Sweep w = {.c = c, .cli = cli, .out = stdout, .best = -1};
	int rc = read_axes(&w);

	if (!rc)
		rc = check_together(&w);
	if (!rc)
		rc = look_at_spec(&w);
	if (rc)
		return rc;
	keep_signals_waiting(&w);
	rc = name_outputs(&w);
	if (rc)
		return rc;
	w.runs = mem(c, (size_t)w.n * sizeof *w.runs);
	w.progress = cli_has(cli, "json") ? 'n' : progress_kind(cli, w.out);
	w.started = now();
	rc = conclude(&w, run_all(&w));
	remove_folder(&w);
	return rc;
}
