/* SPDX-License-Identifier: MIT
 * oneDNN 2.6 wired by hand: inner products and convolutions forward (activation
 * fused), backward by data and by weights.  The library chooses how weights lie
 * in memory; the kept ones lie as their gradient does, so that the update is one
 * loop, and are reordered for the other two where those want another layout. */
#include <oneapi/dnnl/dnnl.hpp>
#include <cmath>
#include <unordered_map>
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
	return memory(describe(dims, dims.size() == 1 ? Tag::x :
		dims.size() == 2 ? Tag::nc : Tag::nchw), cpu());
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

/* the weights of a layer, in all places where they are kept */
struct Weights {
	Dims dims, given;           /* here, and as they are given and taken */
	memory w, b, dw, db;        /* kept and updated */
	memory forward, one, back;  /* as the primitives want them */
	std::vector<float> m, v;
	bool own_forward, own_back;

	void keep(const memory::desc &gradient, memory &train,
		const memory &single, const memory::desc &backward)
	{
		w = memory(gradient, cpu());
		dw = memory(gradient, cpu());
		b = plain({ dims[0] });
		db = plain({ dims[0] });
		own_forward = train.get_desc() != gradient;
		own_back = backward != gradient;
		if (!own_forward)
			train = w;
		forward = train;
		one = single;
		back = own_back ? memory(backward, cpu()) : w;
		m.resize(reals(w) + (size_t)dims[0]);
		v.resize(reals(w) + (size_t)dims[0]);
		given = dims;
	}
	/* f(ours, theirs, length) for each row; both are plain */
	template <class F> size_t rows(F f) const
	{
		const size_t units = (size_t)given[0], in = (size_t)given[1];
		size_t length = 1;

		for (size_t i = 2; i < dims.size(); i++)
			length *= (size_t)dims[i];
		for (size_t i = 0; i < units; i++)
			f(i * (size_t)dims[1] * length, i * in * length,
				in * length);
		return units * in * length;
	}
};

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

struct Layer : Weights {
	int units;
	Activation f;
	Forward train, one;
	inner_product_backward_data backward;
	inner_product_backward_weights gradient;
	memory x, x1, d;

	Layer(Activation f, int n, int inputs, int units);
};

Layer::Layer(Activation f, int n, int inputs, int units) : units(units), f(f),
	train(f, n, inputs, units), one(f, 1, inputs, units)
{
	const memory::desc any = describe({ units, inputs }, Tag::any);
	const memory::desc in = describe({ n, inputs }, Tag::nc);
	const memory::desc out = describe({ n, units }, Tag::nc);
	inner_product_backward_data::primitive_desc pb({ in, any, out },
		cpu(), train.desc);
	inner_product_backward_weights::primitive_desc pg({ in, any,
		describe({ units }, Tag::x), out }, cpu(), train.desc);

	backward = inner_product_backward_data(pb);
	gradient = inner_product_backward_weights(pg);
	x = memory(in, cpu(), nullptr);
	x1 = memory(describe({ 1, inputs }, Tag::nc), cpu(), nullptr);
	d = plain({ n, units });
	dims = { units, inputs };
	keep(pg.diff_weights_desc(), train.w, one.w, pb.weights_desc());
}

/* a convolution without padding, relu and the largest of 2x2; images forward
 * for n samples */
struct MapForward {
	convolution_forward::primitive_desc desc;
	pooling_forward::primitive_desc pool_desc;
	convolution_forward run;
	pooling_forward pool;
	memory x, w, a, largest, from;

	MapForward() {}
	MapForward(const memory::desc &in, int n, int channels, int maps,
		int kernel, int out, bool train)
	{
		const prop_kind kind = train ? prop_kind::forward_training :
			prop_kind::forward_inference;
		primitive_attr attr;
		post_ops ops;
		ops.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
		attr.set_post_ops(ops);
		desc = convolution_forward::primitive_desc({ kind,
			algorithm::convolution_direct, in,
			describe({ maps, channels, kernel, kernel }, Tag::any),
			describe({ maps }, Tag::x),
			describe({ n, maps, out, out }, Tag::any),
			{ 1, 1 }, { 0, 0 }, { 0, 0 } }, attr, cpu());
		pool_desc = pooling_forward::primitive_desc({ kind,
			algorithm::pooling_max, desc.dst_desc(),
			describe({ n, maps, out / 2, out / 2 }, Tag::any),
			{ 2, 2 }, { 2, 2 }, { 0, 0 }, { 0, 0 } }, cpu());
		run = convolution_forward(desc);
		pool = pooling_forward(pool_desc);
		x = memory(in, cpu(), nullptr);
		w = memory(desc.weights_desc(), cpu());
		a = memory(desc.dst_desc(), cpu());
		largest = memory(pool_desc.dst_desc(), cpu());
		if (train)
			from = memory(pool_desc.workspace_desc(), cpu());
	}
};

struct Map : Weights {
	MapForward train, one;
	pooling_backward spread;
	convolution_backward_data backward;
	convolution_backward_weights gradient;
	memory d, d_largest;

	Map(const memory::desc &in, const memory::desc &in1, int n,
		int channels, int maps, int kernel, int out);
};

Map::Map(const memory::desc &in, const memory::desc &in1, int n, int channels,
	int maps, int kernel, int out) :
	train(in, n, channels, maps, kernel, out, true),
	one(in1, 1, channels, maps, kernel, out, false)
{
	const Dims one_by_one = { 1, 1 }, none = { 0, 0 };
	const memory::desc any = describe({ maps, channels, kernel, kernel },
		Tag::any);
	const memory::desc a = train.desc.dst_desc();
	const memory::desc largest = train.pool_desc.dst_desc();
	convolution_backward_data::primitive_desc pb({
		algorithm::convolution_direct, in, any, a, one_by_one, none,
		none }, cpu(), train.desc);
	convolution_backward_weights::primitive_desc pg({
		algorithm::convolution_direct, in, any,
		describe({ maps }, Tag::x), a, one_by_one, none, none }, cpu(),
		train.desc);

	spread = pooling_backward({ { algorithm::pooling_max, a, largest,
		{ 2, 2 }, { 2, 2 }, none, none }, cpu(), train.pool_desc });
	backward = convolution_backward_data(pb);
	gradient = convolution_backward_weights(pg);
	d = memory(a, cpu());
	d_largest = memory(largest, cpu());
	dims = { maps, channels, kernel, kernel };
	keep(pg.diff_weights_desc(), train.w, one.w, pb.weights_desc());
}

struct Net {
	Work work;
	size_t inputs, outputs;
	std::vector<Map> maps;
	std::vector<Layer> layers;
	std::vector<Weights *> all;
	memory flat, flat1, d_flat; /* the last maps as the dense layers see them */
	stream s;
	int step;
};

static void
add_dense(Net *p, const int *width, int layers)
{
	const Work &w = p->work;

	for (int l = 0; l < layers; l++)
		p->layers.emplace_back(l < layers - 1 ? w.hidden : w.output,
			(int)w.batch, width[l], width[l + 1]);
}

/* 28x28, 6 maps of 5x5, 16 maps of 5x5, 120-84-10.  The fast kernels take 16
 * maps at a time: ten more, whose weights are and remain zero. */
static void
add_lenet(Net *p)
{
	static const int width[] = { 256, 120, 84, 10 };
	const int n = (int)p->work.batch;

	p->maps.emplace_back(describe({ n, 1, 28, 28 }, Tag::nchw),
		describe({ 1, 1, 28, 28 }, Tag::nchw), n, 1, 16, 5, 24);
	const Map below = p->maps.back();
	p->maps.emplace_back(below.train.largest.get_desc(),
		below.one.largest.get_desc(), n, 16, 16, 5, 8);
	p->maps[0].given[0] = p->maps[1].given[1] = 6;
	p->flat = plain({ n, 16, 4, 4 });
	p->flat1 = plain({ 1, 16, 4, 4 });
	p->d_flat = plain({ n, 16, 4, 4 });
	add_dense(p, width, 3);
}

static void *
open_net(const Work *work)
{
	Net *p;

	if (!work->layers && strcmp(work->shape, "lenet"))
		return NULL;
	p = new Net;
	p->work = *work;
	p->s = stream(cpu());
	if (work->layers)
		add_dense(p, work->width, work->layers);
	else
		add_lenet(p);
	p->inputs = work->layers ? (size_t)work->width[0] : 28 * 28;
	p->outputs = (size_t)p->layers.back().units;
	for (Map &m : p->maps)
		p->all.push_back(&m);
	for (Layer &l : p->layers)
		p->all.push_back(&l);
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
	for (Weights *l : p->all) {
		memory from = plain(l->dims);
		size_t units = (size_t)l->given[0], n;
		std::fill(data(from), data(from) + reals(from), 0.0f);
		std::fill(data(l->b), data(l->b) + reals(l->b), 0.0f);
		n = l->rows([&](size_t ours, size_t theirs, size_t length) {
			memcpy(data(from) + ours, w + theirs,
				length * sizeof *w);
		});
		memcpy(data(l->b), w + n, units * sizeof *w);
		move(p, from, l->w);
		move(p, from, l->one);
		if (l->own_forward)
			move(p, from, l->forward);
		if (l->own_back)
			move(p, from, l->back);
		p->s.wait();
		std::fill(l->m.begin(), l->m.end(), 0.0f);
		std::fill(l->v.begin(), l->v.end(), 0.0f);
		w += n + units;
	}
}

static void
get(void *net, float *w)
{
	Net *p = static_cast<Net *>(net);

	for (Weights *l : p->all) {
		memory to = plain(l->dims);
		size_t units = (size_t)l->given[0], n;
		move(p, l->w, to);
		p->s.wait();
		n = l->rows([&](size_t ours, size_t theirs, size_t length) {
			memcpy(w + theirs, data(to) + ours,
				length * sizeof *w);
		});
		memcpy(w + n, data(l->b), units * sizeof *w);
		w += n + units;
	}
}

/* the maps of n samples; what the dense layers see */
static const float *
forward_maps(Net *p, MapForward Map::*how, const memory &flat, const float *x)
{
	memory *below = NULL;

	for (Map &m : p->maps) {
		MapForward &f = m.*how;
		std::unordered_map<int, memory> pool = {
			{ DNNL_ARG_SRC, f.a }, { DNNL_ARG_DST, f.largest } };
		if (below)
			f.x = *below;
		else
			f.x.set_data_handle(const_cast<float *>(x));
		f.run.execute(p->s, { { DNNL_ARG_SRC, f.x },
			{ DNNL_ARG_WEIGHTS, f.w }, { DNNL_ARG_BIAS, m.b },
			{ DNNL_ARG_DST, f.a } });
		if (f.from)
			pool.insert({ DNNL_ARG_WORKSPACE, f.from });
		f.pool.execute(p->s, pool);
		below = &f.largest;
	}
	if (!below)
		return x;
	move(p, *below, flat);
	return data(flat);
}

static void
forward(Net *p, Forward Layer::*how, memory Layer::*in, const float *x, int n)
{
	for (Layer &l : p->layers) {
		Forward &f = l.*how;
		(l.*in).set_data_handle(const_cast<float *>(x));
		f.run.execute(p->s, { { DNNL_ARG_SRC, l.*in },
			{ DNNL_ARG_WEIGHTS, f.w }, { DNNL_ARG_BIAS, l.b },
			{ DNNL_ARG_DST, f.a } });
		x = data(f.a);
		if (l.f == SOFTMAX)
			activate(SOFTMAX, data(f.a), NULL, l.units, n);
	}
}

template <class L> static void
update(Net *p, L &l, const memory &x)
{
	int n = (int)reals(l.w), units = (int)l.dims[0];
	float *w = data(l.w), *b = data(l.b), *g = data(l.dw);
	float *gb = data(l.db), rate = p->work.rate;
	int i;

	l.gradient.execute(p->s, { { DNNL_ARG_SRC, x },
		{ DNNL_ARG_DIFF_DST, l.d }, { DNNL_ARG_DIFF_WEIGHTS, l.dw },
		{ DNNL_ARG_DIFF_BIAS, l.db } });
	if (p->work.adam) {
		adam(w, g, l.m.data(), l.v.data(), rate, p->step, n);
		adam(b, gb, l.m.data() + n, l.v.data() + n, rate, p->step,
			units);
	} else {
		for (i = 0; i < n; i++)
			w[i] -= rate * g[i];
		for (i = 0; i < units; i++)
			b[i] -= rate * gb[i];
	}
	if (l.own_forward)
		move(p, l.w, l.forward);
}

template <class L> static void
back(Net *p, L &l, const memory &below)
{
	if (l.own_back)
		move(p, l.w, l.back);
	l.backward.execute(p->s, { { DNNL_ARG_DIFF_DST, l.d },
		{ DNNL_ARG_WEIGHTS, l.back }, { DNNL_ARG_DIFF_SRC, below } });
}

static void
back_maps(Net *p)
{
	if (p->maps.size())
		move(p, p->d_flat, p->maps.back().d_largest);
	for (size_t k = p->maps.size(); k--;) {
		Map &m = p->maps[k];
		m.spread.execute(p->s, { { DNNL_ARG_DIFF_DST, m.d_largest },
			{ DNNL_ARG_WORKSPACE, m.train.from },
			{ DNNL_ARG_DIFF_SRC, m.d } });
		differentiate(RELU, data(m.d), data(m.train.a),
			(int)reals(m.d));
		if (k)
			back(p, m, p->maps[k - 1].d_largest);
		update(p, m, m.train.x);
	}
}

static void
step(Net *p, const float *x, const float *t)
{
	const int n = (int)p->work.batch;
	Layer &last = p->layers.back();
	float *d = data(last.d);
	int i;

	p->step++;
	forward(p, &Layer::train, &Layer::x, forward_maps(p, &Map::train,
		p->flat, x), n);
	last_delta(p->work.output, d, data(last.train.a), t, n * last.units);
	/* the products sum over the samples */
	for (i = 0; i < n * last.units; i++)
		d[i] *= 1.0f / (float)n;
	for (size_t l = p->layers.size(); l--;) {
		Layer &at = p->layers[l];
		if (l) {
			Layer &below = p->layers[l - 1];
			back(p, at, below.d);
			differentiate(below.f, data(below.d),
				data(below.train.a), n * below.units);
		} else if (p->maps.size()) {
			back(p, at, p->d_flat);
		}
		update(p, at, at.x);
	}
	back_maps(p);
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	Net *p = static_cast<Net *>(net);

	for (size_t i = 0; i < count; i += p->work.batch)
		step(p, x + i * p->inputs, t + i * p->outputs);
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	Net *p = static_cast<Net *>(net);

	for (; count; count--, x += p->inputs, y += p->outputs) {
		forward(p, &Layer::one, &Layer::x1, forward_maps(p, &Map::one,
			p->flat1, x), 1);
		memcpy(y, data(p->layers.back().one.a), p->outputs * sizeof *y);
	}
}

PEER = { open_net, set, get, train, infer, NULL };
