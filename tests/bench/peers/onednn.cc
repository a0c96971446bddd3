/* SPDX-License-Identifier: MIT
 * oneDNN 2.6 wired by hand: inner products forward (activation fused), backward
 * by data and by weights.  The library chooses how weights lie in memory; the
 * kept ones lie as their gradient does, so that the update is one loop, and are
 * reordered for the other two where those want another layout. */
#include <oneapi/dnnl/dnnl.hpp>
#include <cmath>
#include <vector>
#define restrict __restrict
#include "../steps.h"

using namespace dnnl;
typedef memory::dims Dims;
typedef memory::format_tag Tag;
static const memory::data_type F32 = memory::data_type::f32;

static engine &
cpu()
{
	static engine e(engine::kind::cpu, 0);
	return e;
}

static memory::desc
describe(const Dims &dims, Tag tag)
{
	return memory::desc(dims, F32, tag);
}

static memory
plain(const Dims &dims)
{
	return memory(describe(dims, dims.size() == 1 ? Tag::x : Tag::nc),
		cpu());
}

static float *
data(const memory &m)
{
	return static_cast<float *>(m.get_data_handle());
}

static size_t
reals(const memory &m)
{
	return m.get_desc().get_size() / sizeof(float);
}

/* the forward product of one layer for n samples */
struct Forward {
	inner_product_forward::primitive_desc desc;
	inner_product_forward run;
	memory w, a;

	Forward() {}
	Forward(Activation f, int n, int inputs, int units)
	{
		primitive_attr attr;
		post_ops ops;
		if (f == RELU)
			ops.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
		else if (f == TANH)
			ops.append_eltwise(1, algorithm::eltwise_tanh, 0, 0);
		else if (f == SIGMOID)
			ops.append_eltwise(1, algorithm::eltwise_logistic, 0,
				0);
		attr.set_post_ops(ops);
		desc = inner_product_forward::primitive_desc({
			prop_kind::forward_training,
			describe({ n, inputs }, Tag::nc),
			describe({ units, inputs }, Tag::any),
			describe({ units }, Tag::x),
			describe({ n, units }, Tag::nc) }, attr, cpu());
		run = inner_product_forward(desc);
		w = memory(desc.weights_desc(), cpu());
		a = plain({ n, units });
	}
};

struct Layer {
	int inputs, units;
	Activation f;
	Forward train, one;
	inner_product_backward_data back;
	inner_product_backward_weights gradient;
	memory b, x, x1, d, w, w_back, dw, db;
	std::vector<float> m, v;
	bool own_forward, own_back;

	Layer(Activation f, int n, int inputs, int units);
};

Layer::Layer(Activation f, int n, int inputs, int units) :
	inputs(inputs), units(units), f(f), train(f, n, inputs, units),
	one(f, 1, inputs, units)
{
	const memory::desc any = describe({ units, inputs }, Tag::any);
	const memory::desc in = describe({ n, inputs }, Tag::nc);
	const memory::desc out = describe({ n, units }, Tag::nc);
	inner_product_backward_data::primitive_desc pb({ in, any, out },
		cpu(), train.desc);
	inner_product_backward_weights::primitive_desc pg({ in, any,
		describe({ units }, Tag::x), out }, cpu(), train.desc);

	back = inner_product_backward_data(pb);
	gradient = inner_product_backward_weights(pg);
	b = plain({ units });
	db = plain({ units });
	x = memory(in, cpu(), nullptr);
	x1 = memory(describe({ 1, inputs }, Tag::nc), cpu(), nullptr);
	d = plain({ n, units });
	dw = memory(pg.diff_weights_desc(), cpu());
	w = memory(pg.diff_weights_desc(), cpu());
	own_forward = train.desc.weights_desc() != w.get_desc();
	own_back = pb.weights_desc() != w.get_desc();
	w_back = own_back ? memory(pb.weights_desc(), cpu()) : w;
	if (!own_forward)
		train.w = w;
	m.resize(reals(w) + (size_t)units);
	v.resize(reals(w) + (size_t)units);
}

struct Net {
	Work work;
	std::vector<Layer> layers;
	stream s;
	int step;
};

static void *
open_net(const Work *work)
{
	Net *p;

	if (!work->layers)
		return NULL;
	p = new Net;
	p->work = *work;
	p->s = stream(cpu());
	for (int l = 0; l < work->layers; l++)
		p->layers.emplace_back(l < work->layers - 1 ? work->hidden :
			work->output, (int)work->batch, work->width[l],
			work->width[l + 1]);
	return p;
}

static void
move(Net *p, const memory &from, const memory &to)
{
	reorder(from, to).execute(p->s, const_cast<memory &>(from),
		const_cast<memory &>(to));
}

static void
set(void *net, const float *w)
{
	Net *p = static_cast<Net *>(net);

	p->step = 0;
	for (Layer &l : p->layers) {
		memory from = plain({ l.units, l.inputs });
		size_t n = (size_t)l.inputs * (size_t)l.units;
		memcpy(data(from), w, n * sizeof *w);
		memcpy(data(l.b), w + n, (size_t)l.units * sizeof *w);
		move(p, from, l.w);
		move(p, from, l.one.w);
		if (l.own_forward)
			move(p, from, l.train.w);
		if (l.own_back)
			move(p, from, l.w_back);
		p->s.wait();
		std::fill(l.m.begin(), l.m.end(), 0.0f);
		std::fill(l.v.begin(), l.v.end(), 0.0f);
		w += n + (size_t)l.units;
	}
}

static void
get(void *net, float *w)
{
	Net *p = static_cast<Net *>(net);

	for (Layer &l : p->layers) {
		memory to = plain({ l.units, l.inputs });
		size_t n = (size_t)l.inputs * (size_t)l.units;
		move(p, l.w, to);
		p->s.wait();
		memcpy(w, data(to), n * sizeof *w);
		memcpy(w + n, data(l.b), (size_t)l.units * sizeof *w);
		w += n + (size_t)l.units;
	}
}

static void
forward(Net *p, Forward Layer::*how, memory Layer::*in, const float *x, int n)
{
	const float *from = x;

	for (Layer &l : p->layers) {
		Forward &f = l.*how;
		(l.*in).set_data_handle(const_cast<float *>(from));
		f.run.execute(p->s, { { DNNL_ARG_SRC, l.*in },
			{ DNNL_ARG_WEIGHTS, f.w }, { DNNL_ARG_BIAS, l.b },
			{ DNNL_ARG_DST, f.a } });
		from = data(f.a);
		if (l.f == SOFTMAX)
			activate(SOFTMAX, data(f.a), NULL, l.units, n);
	}
}

static void
update(Net *p, Layer &l)
{
	int n = (int)reals(l.w);
	float *w = data(l.w), *b = data(l.b), *g = data(l.dw);
	float *gb = data(l.db), rate = p->work.rate;
	int i;

	l.gradient.execute(p->s, { { DNNL_ARG_SRC, l.x },
		{ DNNL_ARG_DIFF_DST, l.d }, { DNNL_ARG_DIFF_WEIGHTS, l.dw },
		{ DNNL_ARG_DIFF_BIAS, l.db } });
	if (p->work.adam) {
		adam(w, g, l.m.data(), l.v.data(), rate, p->step, n);
		adam(b, gb, l.m.data() + n, l.v.data() + n, rate, p->step,
			l.units);
	} else {
		for (i = 0; i < n; i++)
			w[i] -= rate * g[i];
		for (i = 0; i < l.units; i++)
			b[i] -= rate * gb[i];
	}
	if (l.own_forward)
		move(p, l.w, l.train.w);
}

static void
step(Net *p, const float *x, const float *t)
{
	const int n = (int)p->work.batch;
	Layer &last = p->layers.back();
	float *d = data(last.d);
	int i;

	p->step++;
	forward(p, &Layer::train, &Layer::x, x, n);
	last_delta(p->work.output, d, data(last.train.a), t, n * last.units);
	/* the products sum over the samples */
	for (i = 0; i < n * last.units; i++)
		d[i] *= 1.0f / (float)n;
	for (size_t l = p->layers.size(); l--;) {
		Layer &at = p->layers[l];
		if (l) {
			Layer &below = p->layers[l - 1];
			if (at.own_back)
				move(p, at.w, at.w_back);
			at.back.execute(p->s, { { DNNL_ARG_DIFF_DST, at.d },
				{ DNNL_ARG_WEIGHTS, at.w_back },
				{ DNNL_ARG_DIFF_SRC, below.d } });
			differentiate(below.f, data(below.d),
				data(below.train.a), n * below.units);
		}
		update(p, at);
	}
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	Net *p = static_cast<Net *>(net);
	size_t inputs = (size_t)p->work.width[0];
	size_t outputs = (size_t)p->work.width[p->work.layers];

	for (size_t i = 0; i < count; i += p->work.batch)
		step(p, x + i * inputs, t + i * outputs);
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	Net *p = static_cast<Net *>(net);
	size_t inputs = (size_t)p->work.width[0];
	size_t outputs = (size_t)p->work.width[p->work.layers];

	for (; count; count--, x += inputs, y += outputs) {
		forward(p, &Layer::one, &Layer::x1, x, 1);
		memcpy(y, data(p->layers.back().one.a), outputs * sizeof *y);
	}
}

PEER = { open_net, set, get, train, infer, NULL };
