/* SPDX-License-Identifier: MIT
 * A mini-batch cut into slices, gradients summed in the order of the slices.
 *
 * Where a slice begins depends on the network and the size of the mini-batch
 * alone, and every sum has one order, so the bits are the same for any number
 * of threads.  Each thread has a network of its own and makes every update
 * itself: then weights need not travel, gradients alone do. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "threads.h"

enum {
	MOST = 16,                  /* slices, and so threads */
	LINE = 16,                  /* reals that two threads do not share */
	BLOCK = 1024,               /* reals that stay in the nearest cache */
	SPIN = 4000                 /* looks before a thread sleeps */
};
#define EXCHANGE 48.0           /* multiply-adds that it takes to pay for the
                                   way of one weight's gradient */
#define SHARE 1e5               /* multiply-adds below which a thread idles */

typedef struct {
	atomic_uint arrived, round;
	unsigned n, spin;
	pthread_mutex_t lock;
	pthread_cond_t next;
} Barrier;

typedef enum { TRAIN, GRADIENT, MEASURE, FOLLOW, REST, QUIT } Job;
typedef struct { Threads *pool; int number; } Worker;

struct Threads {
	Session desk[MOST];         /* the session for each thread, with a
	                               network of its own but for the first */
	const Network *net;
	Worker worker[MOST];
	pthread_t id[MOST];
	int n, most;                /* threads; slices there is room for */
	double work;                /* of one sample */
	size_t least, chunk;        /* samples of a slice, of a call */
	/* the gradient of each thread's network, as it lies there; of each
	 * slice, in there or in a copy, since a thread may run several */
	void *gradient[MOST], *copy[MOST], *at_slice[MOST];
	size_t reals;
	double loss[MOST];
	size_t right[MOST];
	Barrier barrier;
	atomic_int next;            /* the slice that nobody has taken yet */
	/* what is to be done */
	Job job;
	const Data *data;
	const size_t *order;
	size_t first, count;        /* the mini-batch within that order */
	int slices;
	double *losses;             /* of each row, or NULL */
	void *mean;                 /* where the gradient goes */
};

static void
barrier_wait(Barrier *b)
{
	unsigned round = atomic_load(&b->round), i;

	if (b->n == 1)
		return;
	if (atomic_fetch_add(&b->arrived, 1) + 1 == b->n) {
		atomic_store(&b->arrived, 0);
		pthread_mutex_lock(&b->lock);
		atomic_fetch_add(&b->round, 1);
		pthread_cond_broadcast(&b->next);
		pthread_mutex_unlock(&b->lock);
		return;
	}
	for (i = 0; i < b->spin; i++)
		if (atomic_load_explicit(&b->round, memory_order_acquire) !=
		    round)
			return;
	pthread_mutex_lock(&b->lock);
	while (atomic_load(&b->round) == round)
		pthread_cond_wait(&b->next, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

/* ------------------------------------------------------------- one thread */

static size_t
slice_start(const Threads *p, int slice)
{
	return p->count * (size_t)slice / (size_t)p->slices;
}

/* Needs a zeroed gradient unless `held`, the slice before it of this thread,
 * is still in there. */
static void
run_slice(Threads *p, int k, int slice, int held)
{
	const Session *s = &p->desk[k];
	size_t at = slice_start(p, slice), end = slice_start(p, slice + 1), n;
	size_t reals;
	double loss = 0;

	if (held >= 0) {
		p->at_slice[held] = memcpy(p->copy[held], p->gradient[k],
			p->reals * net_real(s->jit));
		net_zero_gradient(s->jit);
	}
	p->at_slice[slice] = p->gradient[k];
	/* masks of dropout go by the samples before */
	net_gradient_at(s->jit, at, &reals);
	for (; at < end; at += n) {
		n = end - at < p->chunk ? end - at : p->chunk;
		data_gather(p->data, s->net, s->net->dtype, p->order,
		            p->first + at, n, s->x, s->t);
		loss += (double)n * net_gradient_batch(s->jit, s->x, s->t, n);
	}
	p->loss[slice] = loss;
}

static void
measure_slice(Threads *p, int k, int slice)
{
	size_t i, end = slice_start(p, slice + 1);

	for (i = slice_start(p, slice); i < end; i++)
		p->right[k] += (size_t)measure_row(&p->desk[k], p->data,
			p->order ? p->order[i] : i,
			p->losses ? &p->losses[i] : NULL);
}

/* sums of the slices, in their order, into the network of every thread */
static void
add_single(Threads *p, size_t from, size_t n)
{
	float sum[BLOCK];
	size_t i;
	int j;

	memcpy(sum, (const float *)p->at_slice[0] + from, n * sizeof *sum);
	for (j = 1; j < p->slices; j++) {
		const float *more = (const float *)p->at_slice[j] + from;

		for (i = 0; i < n; i++)
			sum[i] += more[i];
	}
	for (j = 0; j < p->n; j++)
		memcpy((float *)p->gradient[j] + from, sum, n * sizeof *sum);
}

static void
add_double(Threads *p, size_t from, size_t n)
{
	double sum[BLOCK];
	size_t i;
	int j;

	memcpy(sum, (const double *)p->at_slice[0] + from, n * sizeof *sum);
	for (j = 1; j < p->slices; j++) {
		const double *more = (const double *)p->at_slice[j] + from;

		for (i = 0; i < n; i++)
			sum[i] += more[i];
	}
	for (j = 0; j < p->n; j++)
		memcpy((double *)p->gradient[j] + from, sum, n * sizeof *sum);
}

/* this thread's part, which no other one reads or writes */
static void
add_slices(Threads *p, int k)
{
	size_t lines = (p->reals + LINE - 1) / LINE, n;
	size_t from = lines * (size_t)k / (size_t)p->n * LINE;
	size_t end = lines * (size_t)(k + 1) / (size_t)p->n * LINE;

	end = end < p->reals ? end : p->reals;
	for (; from < end; from += n) {
		n = end - from < BLOCK ? end - from : BLOCK;
		if (p->net->dtype == F32)
			add_single(p, from, n);
		else
			add_double(p, from, n);
	}
}

static void
run_share(Threads *p, int k)
{
	Net *net = p->desk[k].jit;
	/* after the last barrier the first thread writes down the next job */
	const Job job = p->job;
	const size_t count = p->count;
	size_t reals;
	int slice, held = -1;

	while ((slice = atomic_fetch_add(&p->next, 1)) < p->slices) {
		if (job == MEASURE)
			measure_slice(p, k, slice);
		else
			run_slice(p, k, slice, held);
		held = slice;
	}
	barrier_wait(&p->barrier);
	if (job == MEASURE)
		return;
	add_slices(p, k);
	barrier_wait(&p->barrier);
	net_gradient_at(net, count, &reals);
	if (job == TRAIN) {
		net_update(net);
		return;
	}
	if (!k)
		net_get_gradient(net, p->mean);
	net_zero_gradient(net);
}

static void
follow(Threads *p, int k)
{
	if (k)
		memcpy(net_state(p->desk[k].jit), net_state(p->desk[0].jit),
		       net_bytes(p->desk[0].jit));
	barrier_wait(&p->barrier);
}

static void *
work(void *opaque)
{
	const Worker *w = opaque;
	Threads *p = w->pool;

	pthread_mutex_lock(&p->barrier.lock); /* until all are there */
	pthread_mutex_unlock(&p->barrier.lock);
	for (;;) {
		barrier_wait(&p->barrier);
		switch (p->job) {
		case TRAIN: case GRADIENT: case MEASURE:
			run_share(p, w->number);
			break;
		case FOLLOW: follow(p, w->number); break;
		case REST: barrier_wait(&p->barrier); break;
		case QUIT: return NULL;
		}
	}
}

/* -------------------------------------------------------------- all of them */

static void
begin(Threads *p, Job job)
{
	p->job = job;
	atomic_store(&p->next, 0);
	barrier_wait(&p->barrier);
}

void
threads_follow(Threads *p)
{
	begin(p, FOLLOW);
	follow(p, 0);
}

void
threads_rest(Threads *p)
{
	begin(p, REST);
	barrier_wait(&p->barrier);
}

static int
count_slices(const Threads *p, size_t rows)
{
	size_t n = rows / p->least;

	return n < 1 ? 1 : n > MOST ? MOST : (int)n;
}

static double
run_slices(Threads *p, Job job, const Data *d, const size_t *order, size_t at,
	size_t n)
{
	double loss = 0;
	int i;

	p->data = d;
	p->order = order;
	p->first = at;
	p->count = n;
	p->slices = count_slices(p, n);
	p->slices = p->slices < p->most ? p->slices : p->most;
	begin(p, job);
	run_share(p, 0);
	for (i = 0; i < p->slices; i++)
		loss += p->loss[i];
	return loss / (double)n;
}

double
threads_batch(Threads *p, const Data *d, const size_t *order, size_t at,
	size_t n)
{
	return run_slices(p, TRAIN, d, order, at, n);
}

void
threads_gradient(Threads *p, const Data *d, const size_t *rows, size_t n,
	void *mean)
{
	p->mean = mean;
	run_slices(p, GRADIENT, d, rows, 0, n);
}

void
threads_measure(Threads *p, const Data *d, const size_t *rows, size_t n,
	bool with_loss, Measure *m)
{
	double sum = 0;
	size_t i;
	int k;

	p->losses = with_loss ? malloc((n + 1) * sizeof *p->losses) : NULL;
	if (p->n == 1 || (double)n * p->work < SHARE ||
	    (with_loss && !p->losses)) {
		free(p->losses);
		measure(&p->desk[0], d, rows, n, with_loss, m);
		return;
	}
	p->data = d;
	p->order = rows;
	p->count = n;
	p->slices = MOST;
	memset(p->right, 0, sizeof p->right);
	begin(p, MEASURE);
	run_share(p, 0);
	*m = (Measure){n, 0, NAN, NAN};
	for (k = 0; k < p->n; k++)
		m->right += p->right[k];
	for (i = 0; with_loss && i < n; i++)
		sum += p->losses[i];
	if (n && with_loss)
		m->loss = sum / (double)n;
	m->accuracy = accuracy(p->net, m);
	free(p->losses);
}

/* A slice must hold so many samples that its gradient is worth the way; more
 * threads than slices or than there is work for stay away. */
static void
choose(Threads *p, int threads, size_t rows)
{
	double least, share;

	p->work = net_work(p->desk[0].jit);
	least = EXCHANGE * (double)p->net->params / p->work;
	p->least = least < 4 ? 4 : least > 64 ? 64 : (size_t)least;
	p->most = count_slices(p, rows);
	share = (double)rows * p->work / SHARE;
	p->n = threads < p->most ? threads : p->most;
	if (share < p->n)
		p->n = share < 1 ? 1 : (int)share;
}

static void *
room(Threads *p, size_t reals)
{
	size_t bytes = (reals * net_real(p->desk[0].jit) + 127) / 64 * 64;
	void *v = aligned_alloc(64, bytes);

	if (!v)
		die(p->desk[0].c, EX_SOFTWARE_, "out of memory");
	return v;
}

static void
furnish(Threads *p, int k, const Session *s, Net *net)
{
	Session *desk = &p->desk[k];

	*desk = *s;
	desk->jit = net;
	desk->x = room(p, p->chunk * (size_t)p->net->inputs);
	desk->t = room(p, p->chunk * (size_t)p->net->targets);
	desk->y = room(p, (size_t)p->net->outputs);
	p->gradient[k] = net_gradient_at(net, 0, &p->reals);
}

/* a thread that cannot be had does without: the bits stay.  Signals are for
 * the first one. */
static void
launch(Threads *p)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t all, old;
	int k, wanted = p->n;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&p->barrier.lock);
	for (k = 1; k < wanted; k++) {
		p->worker[k] = (Worker){p, k};
		if (pthread_create(&p->id[k], NULL, work, &p->worker[k]))
			break;
	}
	p->n = k;
	p->barrier.n = (unsigned)k;
	p->barrier.spin = k > processors ? 0 : SPIN;
	pthread_mutex_unlock(&p->barrier.lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

Threads *
threads_new(Session *s, int threads, size_t rows)
{
	Threads *p = mem(s->c, sizeof *p);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t largest, batch = s->net->batch > 1 ? (size_t)s->net->batch : 1;
	int k;

	/* of bpgen's own templates; others (--templates) may lack it */
	if (!net_symbol(s->jit, "gradient_at"))
		die(s->c, EX_UNAVAILABLE_, "--threads: the templates write no "
		    "NAME_gradient_at");
	p->net = s->net;
	p->desk[0] = *s;
	if (!threads)
		threads = processors > 0 ? (int)processors : 1;
	choose(p, threads, rows);
	largest = rows / (size_t)p->most + 1;
	p->chunk = largest < batch ? largest : batch;
	for (k = 0; k < p->n; k++)
		furnish(p, k, s, k ? net_twin(s->jit) : s->jit);
	for (k = 0; k < p->most; k++)
		p->copy[k] = room(p, p->reals);
	pthread_mutex_init(&p->barrier.lock, NULL);
	pthread_cond_init(&p->barrier.next, NULL);
	launch(p);
	return p;
}

void
threads_free(Threads *p)
{
	int k;

	if (!p)
		return;
	begin(p, QUIT);
	for (k = 1; k < p->n; k++)
		pthread_join(p->id[k], NULL);
	for (k = 0; k < MOST && p->desk[k].jit; k++) {
		if (k)
			net_free(p->desk[k].jit);
		free(p->desk[k].x);
		free(p->desk[k].t);
		free(p->desk[k].y);
	}
	for (k = 0; k < p->most; k++)
		free(p->copy[k]);
	pthread_mutex_destroy(&p->barrier.lock);
	pthread_cond_destroy(&p->barrier.next);
}
