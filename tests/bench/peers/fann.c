/* SPDX-License-Identifier: MIT
 * FANN 2.2, floats: one sample at a time for batch 1 (FANN_TRAIN_INCREMENTAL),
 * else an epoch of one mini-batch (FANN_TRAIN_BATCH).  It has no relu, softmax
 * or cross-entropy: sigmoids stand in, and its result is another one. */
#include <fann.h>
#include "../steps.h"

typedef struct {
	Work work;
	struct fann *net;
	struct fann_train_data *data;
} Net;

static enum fann_activationfunc_enum
function(Activation f)
{
	return f == LINEAR ? FANN_LINEAR : f == TANH ? FANN_SIGMOID_SYMMETRIC :
		FANN_SIGMOID;
}

static const char *
differs(const Work *work)
{
	if (work->output == SOFTMAX)
		return work->hidden == RELU ? "differs (sigmoids)" :
			"differs (sigmoid outputs)";
	return NULL;
}

static void *
open_net(const Work *work)
{
	Net *p = calloc(1, sizeof *p);
	unsigned width[MAX_LAYERS + 1];
	int i;

	if (!p || !work->layers || work->adam)
		return NULL;
	p->work = *work;
	for (i = 0; i <= work->layers; i++)
		width[i] = (unsigned)work->width[i];
	p->net = fann_create_standard_array((unsigned)work->layers + 1, width);
	if (work->layers > 1)
		fann_set_activation_function_hidden(p->net,
			function(work->hidden));
	fann_set_activation_function_output(p->net, function(work->output));
	/* tanh(s x) and 1/(1 + exp(-2 s x)) */
	if (work->layers > 1)
		fann_set_activation_steepness_hidden(p->net,
			work->hidden == TANH ? 1 : 0.5f);
	fann_set_activation_steepness_output(p->net,
		work->output == LINEAR ? 1 : 0.5f);
	fann_set_train_error_function(p->net, FANN_ERRORFUNC_LINEAR);
	fann_set_training_algorithm(p->net, work->batch == 1 ?
		FANN_TRAIN_INCREMENTAL : FANN_TRAIN_BATCH);
	fann_set_learning_rate(p->net, work->rate);
	fann_set_learning_momentum(p->net, 0);
	p->data = fann_create_train((unsigned)work->batch, width[0],
		width[work->layers]);
	return p;
}

/* FANN keeps the weights of a unit together, its bias last */
static void
move(Net *p, float *w, int out)
{
	float *to = p->net->weights;
	int i, j, l;

	for (l = 0; l < p->work.layers; l++) {
		int inputs = p->work.width[l], units = p->work.width[l + 1];
		float *b = w + inputs * units;
		for (j = 0; j < units; j++, to += inputs + 1) {
			for (i = 0; i < inputs; i++)
				*(out ? &w[j * inputs + i] : &to[i]) =
					*(out ? &to[i] : &w[j * inputs + i]);
			*(out ? &b[j] : &to[inputs]) =
				*(out ? &to[inputs] : &b[j]);
		}
		w = b + units;
	}
}

static void
set(void *net, const float *w)
{
	move(net, (float *)(size_t)w, 0);
}

static void
get(void *net, float *w)
{
	move(net, w, 1);
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	Net *p = net;
	size_t inputs = (size_t)p->work.width[0], n = p->work.batch, i, k;
	size_t outputs = (size_t)p->work.width[p->work.layers];

	for (i = 0; i < count; i += n) {
		float *xs = (float *)(size_t)x + i * inputs;
		float *ts = (float *)(size_t)t + i * outputs;
		if (n == 1) {
			fann_train(p->net, xs, ts);
			continue;
		}
		for (k = 0; k < n; k++) {
			p->data->input[k] = xs + k * inputs;
			p->data->output[k] = ts + k * outputs;
		}
		fann_train_epoch(p->net, p->data);
	}
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	Net *p = net;
	size_t inputs = (size_t)p->work.width[0], i;
	size_t outputs = (size_t)p->work.width[p->work.layers];

	for (i = 0; i < count; i++)
		memcpy(y + i * outputs,
			fann_run(p->net, (float *)(size_t)x + i * inputs),
			outputs * sizeof *y);
}

PEER = { open_net, set, get, train, infer, differs };
