/* SPDX-License-Identifier: MIT
 * Eigen wired by hand.  -DSHAPE etc. as for hand.c; -DFIXED makes every matrix
 * one of fixed size, for small networks; -DLAZY multiplies coefficient by
 * coefficient instead of in blocks; -DROWS=1 stores w[unit][input]. */
#define EIGEN_STACK_ALLOCATION_LIMIT 0
#include <Eigen/Dense>
#include <cmath>
#include "../peer.h"

using namespace Eigen;
static constexpr int shape[] = { SHAPE };
#ifdef FIXED
#define SIZE(n) (n)
#else
#define SIZE(n) Dynamic
#endif
#ifndef ROWS
#define ROWS 0
#endif
#ifdef LAZY
#define TIMES(a, b) (a).lazyProduct(b)
#else
#define TIMES(a, b) (a) * (b)
#endif

template <class D>
static void
activate(Activation f, MatrixBase<D> &a)
{
	if (f == SIGMOID)
		a = (1 + (-a.array()).exp()).inverse().matrix();
	else if (f == TANH)
		a = a.array().tanh().matrix();
	else if (f == RELU)
		a = a.cwiseMax(0.0f);
	else if (f == SOFTMAX)
		for (Index i = 0; i < a.cols(); i++) {
			auto c = a.col(i).array();
			c = (c - c.maxCoeff()).exp();
			c *= 1 / c.sum();
		}
}

template <class D, class A>
static void
differentiate(Activation f, MatrixBase<D> &d, const MatrixBase<A> &a)
{
	if (f == SIGMOID)
		d.array() *= a.array() * (1 - a.array());
	else if (f == TANH)
		d.array() *= 1 - a.array().square();
	else if (f == RELU)
		d.array() *= (a.array() > 0).template cast<float>();
}

// a column is a sample; the layers after this one are its `next`
template <int L, bool LAST = L == LAYERS> struct Layer;
template <int L> struct Layer<L, true> {
	void set(const float *) {}
	void get(float *) const {}
};
template <int L> struct Layer<L, false> {
	enum { IN = shape[L], OUT = shape[L + 1] };
	static constexpr bool last = L == LAYERS - 1;
	static constexpr Activation f = last ? OUTPUT : HIDDEN;
	// Eigen wants rows of one column, and a lone row, stored in one way only
	typedef Matrix<float, OUT, IN, IN == 1 ? ColMajor : RowMajor> Canonical;
	typedef Matrix<float, SIZE(OUT), SIZE(IN),
		(IN > 1 && (ROWS || OUT == 1)) ? RowMajor : ColMajor> Weights;
	typedef Matrix<float, SIZE(OUT), 1> Bias;
	typedef Matrix<float, SIZE(OUT), SIZE(BATCH)> Outputs;
	Weights w, m, v, g;
	Bias b, mb, vb;
	Outputs a, d;
	Bias one;
	Layer<L + 1> next;

	Layer() : w(OUT, IN), m(OUT, IN), v(OUT, IN), g(OUT, IN), b(OUT),
		mb(OUT), vb(OUT), a(OUT, BATCH), d(OUT, BATCH), one(OUT) {}
	void set(const float *from)
	{
		w = Map<const Canonical>(from);
		b = Map<const Matrix<float, OUT, 1>>(from + IN * OUT);
		m.setZero();
		v.setZero();
		mb.setZero();
		vb.setZero();
		next.set(from + (IN + 1) * OUT);
	}
	void get(float *to) const
	{
		Map<Canonical> weights(to);
		Map<Matrix<float, OUT, 1>> biases(to + IN * OUT);
		weights = w;
		biases = b;
		next.get(to + (IN + 1) * OUT);
	}
	template <class X> void forward(const X &x)
	{
		a.noalias() = TIMES(w, x);
		a.colwise() += b;
		activate(f, a);
	}
	template <class X> void infer(const X &x, float *y)
	{
		one.noalias() = TIMES(w, x);
		one += b;
		activate(f, one);
		pass(one, y, std::integral_constant<bool, last>());
	}
	void pass(const Bias &from, float *y, std::true_type)
	{
		Map<Matrix<float, OUT, 1>> to(y);
		to = from;
	}
	void pass(const Bias &from, float *y, std::false_type)
	{
		next.infer(from, y);
	}
	template <class W, class M, class G>
	static void adam(W &to, M &m1, M &m2, const G &mean, float rate, int t)
	{
		const float c1 = float(1 / (1 - std::pow(0.9, t)));
		const float c2 = float(1 / (1 - std::pow(0.999, t)));
		m1 = 0.9f * m1 + 0.1f * mean;
		m2.array() = 0.999f * m2.array() +
			(1 - 0.999f) * mean.array().square();
		to.array() -= rate * c1 * m1.array() /
			((m2.array() * c2).sqrt() + 1e-8f);
	}
	template <class X> void update(const X &x, float rate, int t)
	{
		if (ADAM) {
			g.noalias() = TIMES(d, x.transpose());
			g *= 1.0f / BATCH;
			adam(w, m, v, g, rate, t);
			Bias mean = d.rowwise().sum() * (1.0f / BATCH);
			adam(b, mb, vb, mean, rate, t);
			return;
		}
		w.noalias() -= TIMES(rate / BATCH * d, x.transpose());
		b.noalias() -= rate / BATCH * d.rowwise().sum();
	}
	// the whole step from this layer on; d of the layer below is its
	template <class X, class T>
	void step(const X &x, const T &t, float rate, int n)
	{
		forward(x);
		after(t, rate, n, std::integral_constant<bool, last>());
		update(x, rate, n);
	}
	template <class T> void after(const T &t, float, int, std::true_type)
	{
		d = a - t;
		if (f != SOFTMAX)
			differentiate(f, d, a);
	}
	template <class T>
	void after(const T &t, float rate, int n, std::false_type)
	{
		next.forward(a);
		next.after(t, rate, n, std::integral_constant<bool,
			L + 1 == LAYERS - 1>());
		d.noalias() = TIMES(next.w.transpose(), next.d);
		differentiate(f, d, a);
		next.update(a, rate, n);
	}
};

struct Net {
	EIGEN_MAKE_ALIGNED_OPERATOR_NEW
	Layer<0> first;
	float rate;
	int step;
};

static void *
open_net(const Work *work)
{
	Net *p = new Net;

	p->rate = work->rate;
	p->step = 0;
	return p;
}

static void
set(void *net, const float *w)
{
	Net *p = static_cast<Net *>(net);

	p->step = 0;
	p->first.set(w);
}

static void
get(void *net, float *w)
{
	static_cast<Net *>(net)->first.get(w);
}

typedef Map<const Matrix<float, SIZE(shape[0]), SIZE(BATCH)>> Inputs;
typedef Map<const Matrix<float, SIZE(shape[LAYERS]), SIZE(BATCH)>> Targets;

static __attribute__((noinline)) void
step(Net *p, const float *x, const float *t)
{
	p->step++;
	p->first.step(Inputs(x, shape[0], BATCH),
		Targets(t, shape[LAYERS], BATCH), p->rate, p->step);
}

static void
train(void *net, const float *x, const float *t, size_t count)
{
	for (size_t i = 0; i < count; i += BATCH)
		step(static_cast<Net *>(net), x + i * shape[0],
			t + i * shape[LAYERS]);
}

static __attribute__((noinline)) void
infer_one(Net *p, const float *x, float *y)
{
	p->first.infer(Map<const Matrix<float, SIZE(shape[0]), 1>>(x,
		shape[0]), y);
}

static void
infer(void *net, const float *x, float *y, size_t count)
{
	for (size_t i = 0; i < count; i++)
		infer_one(static_cast<Net *>(net), x + i * shape[0],
			y + i * shape[LAYERS]);
}

PEER = { open_net, set, get, train, infer, NULL };
