/* SPDX-License-Identifier: MIT
 * A network compiled in memory: program, plan, C, functions by type. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define BP_TYPES_ONLY
#include "../../runtime/bp.h"
#include "tool.h"

#define PREFIX "net"

/* the functions of contract.md, once for each type */
#define FUNCTIONS(X, R) \
	X(void, init, (void *, uint64_t)) \
	X(void, forward, (void *, const R *, R *)) \
	X(R, loss, (void *, const R *, const R *)) \
	X(R, gradient, (void *, const R *, const R *)) \
	X(R, train, (void *, const R *, const R *, size_t)) \
	X(void, zero_gradient, (void *)) \
	X(void, update, (void *)) \
	X(void, set_rate, (void *, R)) \
	X(R, schedule, (size_t)) \
	X(void, get_params, (const void *, R *)) \
	X(void, set_params, (void *, const R *)) \
	X(void, get_gradient, (const void *, R *)) \
	X(void, get_input_gradient, (const void *, R *)) \
	X(size_t, save, (const void *, void *, size_t)) \
	X(int, load, (void *, const void *, size_t)) \
	X(void, get_stats, (const void *, R *)) \
	X(void, set_stats, (void *, const R *)) \
	X(R, training_loss, (void *, const R *, const R *, int)) \
	X(uint32_t, switches, (void *, const R *, const R *, int)) \
	X(R, gradient_batch, (void *, const R *, const R *, size_t)) \
	X(R *, gradient_at, (void *, size_t, size_t *))
#define MEMBER(result, name, args) result (*name) args;
typedef struct { FUNCTIONS(MEMBER, float) } SingleTable;
typedef struct { FUNCTIONS(MEMBER, double) } DoubleTable;

typedef union { SingleTable f; DoubleTable d; } Functions;

struct Net {
	Program *program;
	Plan *plan;
	Text text;
	Jit *jit;                   /* NULL: not compiled yet, or a twin */
	void *state;
	size_t bytes;
	Dtype dtype;
	Functions *fn;              /* one for all twins */
};

/* ISO C has no cast from an object pointer to a function: copy the bits */
#define LOOK_UP(result, name, args) \
	symbol = jit_symbol(n->jit, PREFIX "_" #name); \
	memcpy(&table->name, &symbol, sizeof symbol);

static void
look_up(Net *n)
{
	void *symbol;

	if (n->dtype == F32) {
		SingleTable *table = &n->fn->f;
		FUNCTIONS(LOOK_UP, float)
	} else {
		DoubleTable *table = &n->fn->d;
		FUNCTIONS(LOOK_UP, double)
	}
}

static void
allocate(Ctx *c, Net *n)
{
	n->bytes = (size_t)n->plan->bytes;
	n->state = aligned_alloc(64, (n->bytes + 63) / 64 * 64 + 64);
	if (!n->state) {
		jit_free(n->jit);
		die(c, EX_SOFTWARE_, "out of memory: the network needs %zu "
		    "bytes", n->bytes);
	}
	memset(n->state, 0, n->bytes);
}

/* The tools use every function whatever `api` says; what is emitted for the
 * user does not change by that. */
/* what never fits is refused before anything is compiled */
static bool
fits(Ctx *c, const Network *net, const Plan *plan)
{
	double there = (double)sysconf(_SC_PHYS_PAGES) *
	               (double)sysconf(_SC_PAGESIZE);

	if (there <= 0 || (double)plan->bytes <= there)
		return true;
	err(c, (Loc){0}, "'%s' needs %.1f GB of memory, and this machine has %.1f",
	    net->name, (double)plan->bytes / 1e9, there / 1e9);
	help(c, "smaller layers or a smaller `batch` need less");
	return false;
}

Net *
net_write(Ctx *c, const Network *net, Dtype dtype, const PlanOptions *options,
	bool check)
{
	Net *n = mem(c, sizeof *n);
	Network *all = mem(c, sizeof *all);
	PlanOptions how = *options;
	EmitOptions e = {.prefix = PREFIX, .standalone = true, .for_jit = true,
	                 .check = check};
	Text header = {c, NULL, 0, 0};

	*all = *net;
	all->dtype = dtype;
	all->api_forward = true;
	all->api_train = all->api_gradient = net->heads.v[0].loss != NULL;
	all->api_input_gradient = check && all->api_gradient;
	all->api_step = check;
	how.check = check;
	n->dtype = dtype;
	n->text.c = c;
	n->fn = mem(c, sizeof *n->fn);
	n->program = build(c, all, dtype);
	if (!n->program || c->errors)
		return NULL;
	n->plan = plan(n->program, &how);
	if (!n->plan || c->errors || !fits(c, all, n->plan))
		return NULL;
	emit(n->program, n->plan, &e, &n->text, &header);
	return c->errors ? NULL : n;
}

static bool
same_tensor(const bp_tensor_info *a, const bp_tensor_info *b)
{
	return !strcmp(a->name, b->name) && a->rank == b->rank &&
		!memcmp(a->dims, b->dims, sizeof a->dims) &&
		a->offset == b->offset && a->count == b->count;
}

/* two builds of one text must agree about what a NAME_net is */
static bool
same_info(const bp_info *a, const bp_info *b)
{
	uint32_t i;

	if (!a || !b || strcmp(a->name, b->name) || a->inputs != b->inputs ||
	    a->outputs != b->outputs || a->targets != b->targets ||
	    a->params != b->params || a->batch != b->batch ||
	    a->real_bytes != b->real_bytes || a->bytes != b->bytes ||
	    a->topology != b->topology || a->tensors != b->tensors)
		return false;
	for (i = 0; i < a->tensors; i++)
		if (!same_tensor(&a->tensor[i], &b->tensor[i]))
			return false;
	return true;
}

void
net_take(Net *n, Jit *j)
{
	Ctx *c = n->program->c;
	const bp_info *now = jit_symbol(j, PREFIX "_info");

	if (!now || now->bytes != (uint64_t)n->plan->bytes ||
	    (n->jit && !same_info(jit_symbol(n->jit, PREFIX "_info"), now))) {
		jit_free(j);
		die(c, EX_SOFTWARE_, "two compilers lay out the same C "
		    "differently");
	}
	jit_free(n->jit);
	n->jit = j;
	look_up(n);
	if (!n->state)
		allocate(c, n);
}

Net *
net_new(Ctx *c, const Network *net, Dtype dtype, const PlanOptions *options,
	bool check)
{
	Net *n = net_write(c, net, dtype, options, check);
	Jit *j = n ? jit(c, n->text.s) : NULL;

	if (!j || c->errors)
		return NULL;
	net_take(n, j);
	return n;
}

Net *
net_twin(const Net *n)
{
	Net *twin = mem(n->program->c, sizeof *twin);

	*twin = *n;
	twin->jit = NULL;
	allocate(n->program->c, twin);
	return twin;
}

double
net_work(const Net *n)
{
	const Program *p = n->program;
	const Stmts *s = &p->kernel[K_GRADIENT];
	double sum = (double)p->net->params, each;
	uint32_t i;

	if (!s->n)
		s = &p->kernel[K_FORWARD];
	for (i = 0; i < s->n; i++) {
		each = (double)stmt_points(p, &s->v[i]) *
			(double)stmt_terms(p, &s->v[i]);
		sum += s->v[i].scan ? each * p->scans.v[s->v[i].scan].n : each;
	}
	return sum;
}

void
net_free(Net *n)
{
	if (!n)
		return;
	jit_free(n->jit);
	free(n->state);
	n->jit = NULL;
	n->state = NULL;
}

void *
net_state(Net *n)
{
	return n->state;
}

size_t
net_bytes(const Net *n)
{
	return n->bytes;
}

size_t
net_real(const Net *n)
{
	return n->dtype == F32 ? sizeof(float) : sizeof(double);
}

const char *
net_text(const Net *n)
{
	return n->text.s;
}

void *
net_symbol(Net *n, const char *name)
{
	return jit_symbol(n->jit, fmt(n->program->c, PREFIX "_%s", name));
}

const Plan *
net_plan(const Net *n)
{
	return n->plan;
}

Program *
net_program(Net *n)
{
	return n->program;
}

/* calls the member of the table of this network's type */
#define CALL(n, name, ...) \
	do { \
		if ((n)->dtype == F32) \
			(n)->fn->f.name(__VA_ARGS__); \
		else \
			(n)->fn->d.name(__VA_ARGS__); \
	} while (0)
#define VALUE(n, name, ...) \
	((n)->dtype == F32 ? (double)(n)->fn->f.name(__VA_ARGS__) : \
	 (double)(n)->fn->d.name(__VA_ARGS__))

void
net_init(Net *n, uint64_t seed)
{
	CALL(n, init, n->state, seed);
}

void
net_forward(Net *n, const void *x, void *y)
{
	CALL(n, forward, n->state, x, y);
}

double
net_loss(Net *n, const void *x, const void *t)
{
	return VALUE(n, loss, n->state, x, t);
}

double
net_gradient(Net *n, const void *x, const void *t)
{
	return VALUE(n, gradient, n->state, x, t);
}

double
net_train(Net *n, const void *x, const void *t, size_t count)
{
	return VALUE(n, train, n->state, x, t, count);
}

double
net_gradient_batch(Net *n, const void *x, const void *t, size_t count)
{
	return VALUE(n, gradient_batch, n->state, x, t, count);
}

void *
net_gradient_at(Net *n, size_t samples, size_t *reals)
{
	if (n->dtype == F32)
		return n->fn->f.gradient_at(n->state, samples, reals);
	return n->fn->d.gradient_at(n->state, samples, reals);
}

void
net_zero_gradient(Net *n)
{
	CALL(n, zero_gradient, n->state);
}

void
net_update(Net *n)
{
	CALL(n, update, n->state);
}

void
net_set_rate(Net *n, double rate)
{
	if (n->dtype == F32)
		n->fn->f.set_rate(n->state, (float)rate);
	else
		n->fn->d.set_rate(n->state, rate);
}

double
net_schedule(Net *n, size_t epoch)
{
	return VALUE(n, schedule, epoch);
}

void
net_get_params(Net *n, void *w)
{
	CALL(n, get_params, n->state, w);
}

void
net_set_params(Net *n, const void *w)
{
	CALL(n, set_params, n->state, w);
}

void
net_get_gradient(Net *n, void *g)
{
	CALL(n, get_gradient, n->state, g);
}

void
net_get_input_gradient(Net *n, void *gx)
{
	CALL(n, get_input_gradient, n->state, gx);
}

size_t
net_save(Net *n, void *buf, size_t cap)
{
	return n->dtype == F32 ? n->fn->f.save(n->state, buf, cap) :
		n->fn->d.save(n->state, buf, cap);
}

int
net_load(Net *n, const void *buf, size_t len)
{
	return n->dtype == F32 ? n->fn->f.load(n->state, buf, len) :
		n->fn->d.load(n->state, buf, len);
}

double
net_training_loss(Net *n, const void *x, const void *t, int samples)
{
	return VALUE(n, training_loss, n->state, x, t, samples);
}

uint32_t
net_switches(Net *n, const void *x, const void *t, int samples)
{
	return n->dtype == F32 ? n->fn->f.switches(n->state, x, t, samples) :
		n->fn->d.switches(n->state, x, t, samples);
}

void
net_get_stats(Net *n, void *s)
{
	if (n->program->net->stats)
		CALL(n, get_stats, n->state, s);
}

void
net_set_stats(Net *n, const void *s)
{
	if (n->program->net->stats)
		CALL(n, set_stats, n->state, s);
}

void
net_get_kept(Net *n, void *v)
{
	net_get_params(n, v);
	net_get_stats(n, (char *)v + (size_t)n->program->net->params *
	              net_real(n));
}

void
net_set_kept(Net *n, const void *v)
{
	net_set_params(n, v);
	net_set_stats(n, (const char *)v + (size_t)n->program->net->params *
	              net_real(n));
}
