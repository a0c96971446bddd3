/* SPDX-License-Identifier: MIT
 * `bpgen check`: is the emitted gradient the derivative of the emitted loss?
 *
 * The f64 build of the same plan runs at a random point.  A right derivative
 * differs from a central difference by c*h^2 and by rounding, so its error
 * falls with h (order 2) until rounding is reached; a wrong one stays. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

#define MOST_PARAMS 20000       /* times samples, that are all taken */
#define PER_BLOCK 1000
#define MOST_SAMPLES 5          /* of a mini-batch that is coupled */
#define WORK 1e9                /* multiply-adds that a sample may cost */

/* the first three stand in the table; the others decide where curvature or a
 * kink leaves these useless */
const double widths[ALL_STEPS] = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7};

/* ------------------------------------------------------------- the point */

/* Both builds must be able to take the point, so every number is a float.
 * Drawn weights are moved a little: constant ones (biases) too. */
static void
choose_point(Check *k)
{
	const Weights *given = k->s->weights;
	const Data *d = k->s->data;
	uint64_t state = k->s->net->seed + 1;
	size_t i;

	net_init(k->net, k->s->net->seed);
	net_get_params(k->net, k->w);
	for (i = 0; i < k->params; i++)
		k->w[i] = given ? given->params[i] :
			k->w[i] + 0.2 * random_uniform(&state) - 0.1;
	if (d && d->known) {
		i = (size_t)(random_uniform(&state) * (double)(d->known - k->samples +
		                                        1));
		data_gather(d, k->s->net, F64, NULL, i, k->samples, k->x, k->t);
	} else
		random_rows(k->s->c, k->s->net, k->samples, k->x, k->t);
	for (i = 0; i < k->params; i++)
		k->w[i] = (double)(float)k->w[i];
	for (i = 0; i < k->inputs * k->samples; i++)
		k->x[i] = (double)(float)k->x[i];
	for (i = 0; i < k->targets * k->samples; i++)
		k->t[i] = (double)(float)k->t[i];
}

/* --------------------------------------------------------------- blocks */

static bool
has_surrogate(const Layer *l)
{
	uint32_t i;

	for (i = 0; l->rec && i < l->rec->params.n; i++)
		if (l->args[i].act && l->args[i].act->surrogate)
			return true;
	return false;
}

/* everything that feeds this layer learns through its derivative */
static void
mark_surrogates(const Network *net, bool *mark)
{
	uint32_t i, j;

	for (i = net->layers.n; i-- > 0; ) {
		const Layer *l = &net->layers.v[i];

		mark[i] = mark[i] || has_surrogate(l);
		for (j = 0; mark[i] && j < l->in.n; j++)
			mark[l->in.v[j]] = true;
	}
}

/* one block, or, where some inputs are ids and have no derivative, one for each
 * of the other input layers */
static void
list_inputs(Check *k, const char *why_not)
{
	const Network *net = k->s->net;
	const int32_t *ids = input_ids(k->s->c, net);
	Block b = {.name = "x", .input = true, .count = k->inputs,
		.shape = {VECTOR, 1, {(int32_t)k->inputs}},
		.why_not = why_not};
	bool some = false;
	size_t i, n;
	uint32_t l;

	for (i = 0; i < k->inputs; i++)
		some = some || ids[i];
	if (!some)
		PUSH(k->s->c, &k->blocks, b);
	for (i = 0, l = 0; some && l < net->layers.n; l++) {
		const Layer *in = &net->layers.v[l];

		n = in->rec ? 0 : (size_t)shape_size(&in->out);
		b.name = fmt(k->s->c, "%s.x", in->name);
		b.shape = in->out;
		b.place = i;
		b.count = n;
		if (n && !ids[i])
			PUSH(k->s->c, &k->blocks, b);
		i += n;
	}
}

/* the gradient of inputs is that of a sample alone */
bool
checks_inputs(const Check *k)
{
	return k->program->input_grads.n && !k->program->coupled;
}

static void
list_blocks(Check *k)
{
	const Program *p = k->program;
	const Network *net = k->s->net;
	bool *mark = mem(k->s->c, net->layers.n + 1), any = false;
	uint32_t i;

	mark_surrogates(net, mark);
	for (i = 0; i < p->weights.n; i++) {
		const Tensor *t = &p->tensors.v[p->weights.v[i]];
		Block b = {.name = t->name, .shape = t->shape,
			.place = (size_t)t->place,
			.count = (size_t)shape_size(&t->shape)};

		if (t->layer >= 0 && net->layers.v[t->layer].frozen)
			b.why_not = "frozen";
		else if (t->layer >= 0 && mark[t->layer])
			b.why_not = "surrogate";
		PUSH(k->s->c, &k->blocks, b);
	}
	for (i = 0; i < net->layers.n; i++)
		any = any || (mark[i] && !net->layers.v[i].rec);
	if (checks_inputs(k))
		list_inputs(k, any ? "surrogate" : NULL);
}

/* ------------------------------------------------------------ differences */

/* the loss that NAME_gradient returns, or NAME_gradient_batch where samples are
 * coupled, here; the zeroed gradient holds the masks of dropout still */
static double
loss_at(Check *k, bool with_gradient)
{
	net_set_params(k->net, k->w);
	if (!with_gradient)
		return net_training_loss(k->net, k->x, k->t, (int)k->samples);
	net_zero_gradient(k->net);
	return k->program->coupled ?
		net_gradient_batch(k->net, k->x, k->t, k->samples) :
		net_gradient(k->net, k->x, k->t);
}

static double *
entry(Check *k, const Block *b, size_t i)
{
	return (b->input ? k->x : k->w) + b->place + i;
}

/* What rounding does to the loss: the second difference over a step that is
 * too small for curvature. */
static void
measure_noise(Check *k)
{
	uint64_t state = k->s->net->seed + 2;
	double old, up, down, most = 0;
	size_t i, tries;

	for (tries = 0; tries < 24; tries++) {
		bool in = k->inputs && tries % 4 == 3;
		size_t n = in ? k->inputs : k->params;
		double *v = in ? k->x : k->w;

		if (!n)
			continue;
		i = (size_t)(random_uniform(&state) * (double)n);
		old = v[i];
		v[i] = old + 1e-8;
		up = loss_at(k, false);
		v[i] = old - 1e-8;
		down = loss_at(k, false);
		v[i] = old;
		up = fabs(up + down - 2 * k->loss);
		/* a kink right here is no rounding */
		if (isfinite(up) && up < 1e-10 * fmax(1, fabs(k->loss)))
			most = fmax(most, up);
	}
	k->noise = 8 * most + 16 * DBL_EPSILON * fabs(k->loss) + 1e-300;
}

static uint32_t
switches(const Check *k)
{
	return net_switches(k->net, k->x, k->t, (int)k->samples);
}

/* NAN where a kink lies between */
static double
difference(Check *k, double *v, double h)
{
	double old = *v, up, down, wide;
	bool kink = false;

	*v = old + h;
	wide = *v;
	up = loss_at(k, false);
	if (k->program->has_kinks)
		kink = switches(k) != k->switches;
	*v = old - h;
	wide -= *v;
	down = loss_at(k, false);
	if (k->program->has_kinks && !kink)
		kink = switches(k) != k->switches;
	*v = old;
	return kink || !isfinite(up) || !isfinite(down) ? NAN :
		(up - down) / wide;
}

typedef struct {
	double analytic, best, error; /* the estimate that fits best */
	bool right, usable;
} Verdict;

/* does an estimate with this much rounding in it confirm the derivative? */
static void
judge(Verdict *v, double numeric, double rounding, bool trust_rounding)
{
	double e = fabs(v->analytic - numeric);

	if (isnan(numeric))
		return;
	if (!v->usable || e < v->error) {
		v->best = numeric;
		v->error = e;
	}
	v->usable = true;
	if (e <= 1e-5 * (fabs(v->analytic) + fabs(numeric)) ||
	    (trust_rounding && e <= rounding))
		v->right = true;
}

/* a central difference and, from two of them, Richardson's extrapolation:
 * without the term in h^2, which hides small errors */
static Verdict
test_entry(Check *k, Block *b, size_t i)
{
	double *at = entry(k, b, i), n[ALL_STEPS], r;
	Verdict v = {.analytic = b->input ? k->input_gradient[b->place + i] :
		k->gradient[b->place + i]};
	int j;

	if (!isfinite(v.analytic))
		return (Verdict){v.analytic, NAN, INFINITY, false, true};
	for (j = 0; j < ALL_STEPS && (j < STEPS || !v.right); j++) {
		n[j] = difference(k, at, widths[j]);
		r = k->noise / widths[j];
		judge(&v, n[j], r, j < STEPS);
		if (j && !isnan(n[j]) && !isnan(n[j - 1]))
			judge(&v, (100 * n[j] - n[j - 1]) / 99, 2 * r,
			      j < STEPS);
		if (j >= STEPS)
			continue;
		k->differences++;
		if (isnan(n[j]))
			k->skipped[j]++;
		else
			b->error[j] = fmax(b->error[j],
			                   fabs(v.analytic - n[j]));
	}
	if (isnan(n[0]) || isnan(n[1]) || isnan(n[2]))
		return v;
	for (j = 0; j < STEPS; j++)
		b->common[j] = fmax(b->common[j], fabs(v.analytic - n[j]));
	return v;
}

static void
count_entry(Block *b, size_t i, const Verdict *v)
{
	double size = fabs(v->analytic) + fabs(v->best), ratio;

	b->tested++;
	if (!v->usable) {
		b->unusable++;
		return;
	}
	b->relative = fmax(b->relative, v->error / fmax(fmax(size, b->scale),
	                   DBL_MIN));
	if (v->right)
		return;
	b->wrong++;
	if (b->wrong == 1 || v->error > b->worst_size) {
		b->worst = i;
		b->worst_size = v->error;
		b->worst_analytic = v->analytic;
		b->worst_numeric = v->best;
	}
	if (v->best == 0)
		return;
	ratio = v->analytic / v->best;
	b->ratio_low = b->ratios ? fmin(b->ratio_low, ratio) : ratio;
	b->ratio_high = b->ratios ? fmax(b->ratio_high, ratio) : ratio;
	b->ratio_sum += ratio;
	b->ratios++;
}

/* multiply-adds of one loss */
static double
cost(const Check *k)
{
	const Stmts *s = &k->program->kernel[K_TRAINLOSS];
	double sum = (double)k->params;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		sum += (double)stmt_points(k->program, &s->v[i]) *
			(double)stmt_terms(k->program, &s->v[i]);
	return sum * (double)k->samples;
}

static size_t
sample_size(const Check *k, const Block *b)
{
	double most = k->work / (cost(k) * 2 * STEPS * (double)k->blocks.n);
	size_t n = most > PER_BLOCK ? PER_BLOCK : most < 2 ? 2 : (size_t)most;

	return k->all || b->count < n ? b->count : n;
}

static void
test_block(Check *k, Block *b)
{
	size_t n = sample_size(k, b), i, *which;
	Verdict v;

	if (b->why_not)
		return;
	for (i = 0; i < b->count; i++)
		b->scale = fmax(b->scale, fabs(b->input ? k->input_gradient[b->place + i] :
		                               k->gradient[b->place + i]));
	which = malloc((b->count + 1) * sizeof *which);
	if (!which)
		die(k->s->c, EX_SOFTWARE_, "out of memory");
	for (i = 0; i < b->count; i++)
		which[i] = i;
	if (n < b->count)
		rows_shuffle(which, b->count, k->s->net->seed, b->place);
	for (i = 0; i < n; i++) {
		v = test_entry(k, b, which[i]);
		count_entry(b, which[i], &v);
	}
	free(which);
}

/* -------------------------------------------------------------- the command */

static void *
reals(Check *k, size_t n)
{
	return mem(k->s->c, (n + 1) * sizeof(double));
}

/* losses that all differences take; a loss costs more than its parameters, so
 * where WORK is the limit this is one too */
static double
evaluations(const Check *k)
{
	double entries = (double)(k->params + k->inputs), most;

	most = k->all ? entries : fmin(entries, k->work /
	                               (2 * STEPS * (double)k->params));
	return 2 * STEPS * most;
}

/* a few of a mini-batch, as many as there are */
static size_t
samples_of(const Check *k)
{
	const Data *d = k->s->data;
	size_t n = (size_t)k->s->net->batch;

	if (!k->program->coupled)
		return 1;
	n = n < MOST_SAMPLES ? n : MOST_SAMPLES;
	return d && d->known && d->known < n ? d->known : n;
}

static bool
takes_all(const Check *k)
{
	return cli_has(k->s->cli, "all") ||
	       k->params * k->samples <= k->most;
}

static int
compile(Check *k)
{
	Session *s = k->s;
	int rc;

	k->params = (size_t)s->net->params;
	k->inputs = (size_t)s->net->inputs;
	k->targets = (size_t)s->net->targets;
	k->samples = 1;
	k->all = takes_all(k);
	rc = session_net(s, F64, true, evaluations(k), &k->net);
	if (rc)
		return rc;
	k->program = net_program(k->net);
	k->samples = samples_of(k);
	k->all = takes_all(k);
	k->w = reals(k, k->params);
	k->x = reals(k, k->inputs * k->samples);
	k->t = reals(k, k->targets * k->samples);
	k->gradient = reals(k, k->params);
	k->input_gradient = reals(k, k->inputs);
	return 0;
}

/* the gradient, and that the two ways to the loss agree to the bit */
static int
evaluate(Check *k)
{
	double again;

	k->loss = loss_at(k, true);
	net_get_gradient(k->net, k->gradient);
	if (k->program->input_grads.n)
		net_get_input_gradient(k->net, k->input_gradient);
	net_zero_gradient(k->net);
	again = loss_at(k, false);
	if (k->program->has_kinks)
		k->switches = switches(k);
	if (!isfinite(k->loss)) {
		k->why = fmt(k->s->c, "the loss at the chosen point is %s",
		             isnan(k->loss) ? "not a number" : "infinite");
		return EX_NO;
	}
	/* math fast may add in another order where gradients are kept */
	if (k->s->net->strict ? memcmp(&again, &k->loss, sizeof again) != 0 :
	    fabs(again - k->loss) > 1e-12 * (1 + fabs(again))) {
		k->why = fmt(k->s->c, "NAME_gradient returns %.17g, "
		             "NAME_training_loss %.17g: please report", k->loss,
		             again);
		return EX_NO;
	}
	return 0;
}

static int
prepare(Check *k)
{
	Session *s = k->s;
	const char *path = cli_get(s->cli, "data");
	int rc = session_weights(s, false);

	if (!rc && path)
		rc = session_data(s, path, true);
	if (!rc && path && !s->weights)
		rc = session_fit(s, NULL, s->data->rows);
	return rc;
}

int
check_compare(Check *k)
{
	uint32_t i;
	int rc = compile(k);

	if (rc)
		return rc;
	choose_point(k);
	rc = evaluate(k);
	if (rc)
		return rc;
	list_blocks(k);
	measure_noise(k);
	for (i = 0; i < k->blocks.n; i++)
		test_block(k, &k->blocks.v[i]);
	net_set_params(k->net, k->w);
	return 0;
}

static int
verdict(Check *k)
{
	uint32_t i, wrong = 0, compared = 0;

	for (i = 0; i < k->blocks.n; i++) {
		wrong += k->blocks.v[i].wrong > 0;
		compared += !k->blocks.v[i].why_not;
	}
	if (wrong)
		check_say(k, "%u of %u block%s wrong\n", wrong, k->blocks.n,
		          plural(k->blocks.n));
	if (wrong || k->failures)
		return EX_NO;
	check_say(k, compared ? "the derivatives are right\n" : "there is "
	          "nothing to compare\n");
	return 0;
}

static int
check(Check *k)
{
	int rc = check_compare(k);

	if (k->why)
		check_say(k, "%s: %s\n", k->s->net->name, k->why);
	if (rc)
		return rc;
	if (!k->json) {
		print_table(k);
		print_skipped(k);
	}
	check_overrides(k);
	check_oracle(k);
	check_single(k);
	rc = messages(k->s->c, k->s->cli);
	return rc ? rc : verdict(k);
}

int
cmd_check(Ctx *c, const Cli *cli)
{
	Session s = {0};
	Check k = {.s = &s, .most = MOST_PARAMS, .work = WORK,
		.json = cli_has(cli, "json"), .said = {.c = c}};
	int rc = session_open(&s, c, cli, true);

	if (!rc)
		rc = prepare(&k);
	if (!rc) {
		rc = check(&k);
		if (k.json && (!rc || rc == EX_NO))
			print_check_json(&k, !rc);
	}
	net_free(k.net);
	session_close(&s);
	return rc;
}
