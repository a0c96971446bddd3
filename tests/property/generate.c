/* SPDX-License-Identifier: MIT
 * A seed in, the text of a legal spec out: random graphs with skips, joins and
 * fan-out over every word that can be generated. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "spec.h"

uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t
draw_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((draw(state) >> 32) * n >> 32);
}

double
draw_uniform(uint64_t *state)
{
	return (double)(draw(state) >> 40) * 0x1p-24;
}

void
say(Spec *s, const char *format, ...)
{
	va_list a;
	int n;

	va_start(a, format);
	n = vsnprintf(s->text + s->n, s->cap - s->n, format, a);
	va_end(a);
	s->n += n > 0 && (size_t)n < s->cap - s->n ? (size_t)n : 0;
}

int
below(Spec *s, int n)
{
	return (int)draw_below(&s->state, (uint32_t)n);
}

bool
chance(Spec *s, int percent)
{
	return below(s, 100) < percent;
}

#define PICK(s, list) \
	(list)[below(s, (int)(sizeof(list) / sizeof(list)[0]))]

int
size_of(const Made *v)
{
	int i, n = 1;

	for (i = 0; i < v->rank; i++)
		n *= v->dim[i];
	return n;
}

bool
affordable(const Spec *s, int params, int terms)
{
	return s->params + params <= MOST_PARAMS &&
	       s->terms + terms <= MOST_TERMS;
}

/* words that the spec defines itself: recurrence, guards, an activation
 * without dy */
static const char *const own_words[OWN] = {
	"layer \"elman\" { args = { size \"units\" }, weights = function(s, p) "
	"return { {\"w\", p.units, s.x[2]}, {\"u\", p.units, p.units}, "
	"{\"b\", p.units} } end, shape = function(s, p) return "
	"{ s.x[1], p.units, kind = \"sequence\" } end, formula = "
	"\"scan(t:\\nz[t,j] = sum(k: w[j,k]*x[t,k]) + sum(i: u[j,i]*y[t-1,i]) "
	"+ b[j]\\ny[t,j] = tanh(z[t,j])\\n)\" }\n",
	"layer \"causal\" { weights = function(s, p) return "
	"{ {\"q\", s.x[2]} } end, shape = function(s, p) return s.x end, "
	"formula = \"s[a,b] where b <= a = sum(k: x[a,k]*q[k]*x[b,k])\\n"
	"e[a,b] where b <= a = exp(tanh(s[a,b]))\\n"
	"y[a,k] = sum(b where b <= a: e[a,b]*x[b,k]) / "
	"sum(b where b <= a: e[a,b])\" }\n",
	"activation \"bump\" { args = { number(\"width\", 1.5) }, "
	"y = \"z*z*z/(1 + z^2/width) + max(z, 0.1) + log1p(z^2)\" }\n"
};

/* ------------------------------------------------------------ activations */

static const char *const activations[] = {
	"linear", "sigmoid", "tanh", "relu", "leaky", "elu", "selu", "gelu",
	"softplus", "softsign", "swish", "hard_sigmoid", "gaussian", "sin",
	"softmax", "leaky slope=0.2", "elu alpha=0.7", "step surrogate=sigmoid",
	"sign surrogate=tanh"
};

/* with a blank before it, or nothing; thresholds have a gradient of their own
 * choosing, so they are rare */
const char *
pick_activation(Spec *s)
{
	static char out[40];
	const char *a = PICK(s, activations);

	if (strstr(a, "surrogate") && !chance(s, 15))
		a = "tanh";
	if (chance(s, 15))
		return "";
	if (chance(s, 4)) {
		s->own[2] = true;
		return chance(s, 50) ? " bump" : " bump width=0.7";
	}
	snprintf(out, sizeof out, " %s", a);
	return out;
}

/* ------------------------------------------------------------- one layer */

/* the label of a new value, and where it reads from */
Made *
begin(Spec *s)
{
	Made *v = &s->value[s->values];

	memset(v, 0, sizeof *v);
	if (chance(s, 90)) {
		snprintf(v->name, sizeof v->name, "v%d", s->values);
		say(s, "%s: ", v->name);
	}
	return v;
}

void
say_from(Spec *s, int in)
{
	if (in != s->values - 1 || (s->value[in].name[0] && chance(s, 20)))
		say(s, " from %s", s->value[in].name);
	s->value[in].used = true;
}

void
say_options(Spec *s, Has weights)
{
	/* filters cannot always be orthogonal: the last one is not for them */
	static const char *const inits[] = {
		"xavier", "he", "lecun", "normal", "uniform", "orthogonal"
	};

	s->windows |= weights == WINDOW_WEIGHTS;
	if (weights && chance(s, 15))
		say(s, " init=%s", inits[below(s, weights == WEIGHTS ? 6 : 5)]);
	if (weights && s->decays && chance(s, 10))
		say(s, " l2=%s", chance(s, 50) ? "0" : "0.03");
	if (weights && s->decays && chance(s, 6))
		say(s, " l1=0.02");
	if (weights && chance(s, 8))
		say(s, " frozen");
	if (chance(s, 15))
		say(s, " unroll=%s", chance(s, 50) ? "full" : "none");
}

static void
shape(Made *v, ShapeKind kind, int rank, int a, int b, int c)
{
	v->kind = kind;
	v->rank = rank;
	v->dim[0] = a;
	v->dim[1] = b;
	v->dim[2] = c;
}

/* an earlier dense layer of the same sizes, or NULL */
static const char *
sharer(Spec *s, ShapeKind kind, int in, int out, bool bias)
{
	int i;

	for (i = 0; i < s->shareds; i++)
		if (s->shared[i].in == in && s->shared[i].out == out &&
		    s->shared[i].kind == kind && s->shared[i].bias == bias)
			return s->shared[i].name;
	return NULL;
}

static bool
dense(Spec *s, int in, int units)
{
	static const int sizes[] = { 1, 2, 2, 3, 3, 4, 5, 5, 7, 8, 17, 20, 33 };
	const Made *x = &s->value[in];
	int width = x->dim[x->rank - 1], steps = size_of(x) / width;
	bool bias = chance(s, 85);
	const char *share;
	Made *v;

	if (!units) {
		units = PICK(s, sizes);
		if (s->shareds && chance(s, 25)) /* to find a pair */
			units = s->shared[s->shareds - 1].out;
	}
	if ((x->kind != VECTOR && x->kind != SEQUENCE) ||
	    !affordable(s, units * (width + 1), steps * units * width))
		return false;
	v = begin(s);
	share = sharer(s, x->kind, width, units, bias);
	say(s, "dense %d%s", units, pick_activation(s));
	if (!bias)
		say(s, " bias=off");
	if (share && chance(s, 60)) {
		say(s, " share=%s", share);
	} else {
		say_options(s, WEIGHTS);
		if (v->name[0]) {
			snprintf(s->shared[s->shareds].name, 16, "%s", v->name);
			s->shared[s->shareds].kind = x->kind;
			s->shared[s->shareds].in = width;
			s->shared[s->shareds].out = units;
			s->shared[s->shareds++].bias = bias;
		}
	}
	say_from(s, in);
	say(s, "\n");
	s->params += units * (width + 1);
	s->terms += steps * units * width;
	if (x->kind == VECTOR)
		shape(v, VECTOR, 1, units, 0, 0);
	else
		shape(v, SEQUENCE, 2, steps, units, 0);
	s->values++;
	return true;
}

/* windows: how many fit, 0 if none */
static int
fit(int n, int size, int stride, int pad, bool same)
{
	int room = n + (same ? size - 1 : 2 * pad);

	return room < size ? 0 : (room - size) / stride + 1;
}

/* conv, depthwise, maxpool, avgpool over a map, a matrix or a sequence */
static bool
window(Spec *s, int in)
{
	static const char *const words[] = {
		"conv", "conv", "conv", "depthwise", "maxpool", "avgpool"
	};
	const char *word = PICK(s, words);
	const Made *x = &s->value[in];
	bool conv = !strcmp(word, "conv"), depth = !strcmp(word, "depthwise");
	bool seq = x->kind == SEQUENCE, pool = !conv && !depth;
	int channels = x->kind == MAP ? x->dim[0] : seq ? x->dim[1] : 1;
	int h = 1 + below(s, 3), w = seq || chance(s, 60) ? h : 1 + below(s, 3);
	int stride = chance(s, 60) ? (pool ? 0 : 1) : 1 + below(s, 3);
	int pad = chance(s, 30) ? below(s, h < w ? h : w) : 0;
	bool same = chance(s, 25);
	int filters = depth ? channels * (1 + below(s, 2)) : 1 + below(s, 4);
	int groups = 1, rows, columns, size;
	Made *v;

	if (x->kind == VECTOR)
		return false;
	rows = fit(x->dim[seq ? 0 : x->rank - 2], h, stride ? stride : h, pad,
	           same);
	columns = seq ? 1 : fit(x->dim[x->rank - 1], w, stride ? stride : w,
	                        pad, same);
	if (conv && channels % 2 == 0 && filters % 2 == 0 && chance(s, 40))
		groups = 2;
	size = pool ? 0 : filters * (depth ? 1 : channels / groups) * h *
	       (seq ? 1 : w);
	if (!rows || !columns ||
	    !affordable(s, size + filters, (pool ? h * w * channels : size) *
	                rows * columns))
		return false;
	v = begin(s);
	say(s, "%s", word);
	if (!pool)
		say(s, " %d", filters);
	if (seq || (h == w && chance(s, 50)))
		say(s, " %d", h);
	else
		say(s, " %dx%d", h, w);
	if (!pool)
		say(s, "%s", pick_activation(s));
	if (pool ? stride > 0 : stride > 1)
		say(s, " stride=%d", stride);
	if (same)
		say(s, " pad=same");
	else if (pad)
		say(s, " pad=%d", pad);
	if (groups > 1)
		say(s, " groups=%d", groups);
	if (!pool && chance(s, 15))
		say(s, " bias=off");
	say_options(s, pool ? NO_WEIGHTS : WINDOW_WEIGHTS);
	say_from(s, in);
	say(s, "\n");
	s->params += size + (pool ? 0 : filters);
	s->terms += (pool ? h * w * channels : size) * rows * columns;
	if (pool)
		filters = channels;
	if (seq)
		shape(v, SEQUENCE, 2, rows, filters, 0);
	else if (pool && x->kind == MATRIX)
		shape(v, MATRIX, 2, rows, columns, 0);
	else
		shape(v, MAP, 3, filters, rows, columns);
	s->values++;
	return true;
}

/* layers that keep the shape */
static bool
plain(Spec *s, int in)
{
	const Made *x = &s->value[in];
	int what = below(s, 5), features = x->kind == MAP ? size_of(x) :
	           x->dim[x->rank - 1];
	Made *v;

	if (what == 4 && x->kind == MATRIX)
		what = 1;
	if (what % 4 == 0 && !affordable(s, 2 * features, 4 * size_of(x)))
		return false;
	v = begin(s);
	if (what % 4 == 0) {
		say(s, "%s%s", what ? "batchnorm" : "layernorm",
		    pick_activation(s));
		if (chance(s, 50))
			say(s, " eps=0.01");
		say_options(s, NO_WEIGHTS);
		s->params += 2 * features;
	} else if (what == 1) {
		say(s, "dropout 0.%d", 1 + below(s, 6));
	} else {
		const char *a = pick_activation(s);
		a = *a ? a : " relu";
		say(s, "%s", what == 2 && !strchr(a + 1, ' ') ? a + 1 : "act");
		if (what != 2 || strchr(a + 1, ' '))
			say(s, "%s", a);
		say_options(s, NO_WEIGHTS);
	}
	say_from(s, in);
	say(s, "\n");
	s->terms += 4 * size_of(x);
	shape(v, x->kind, x->rank, x->dim[0], x->dim[1], x->dim[2]);
	s->values++;
	return true;
}

static bool
own(Spec *s, int in)
{
	const Made *x = &s->value[in];
	bool elman = chance(s, 50);
	int units = 1 + below(s, 4), width = x->dim[1], steps = x->dim[0];
	Made *v;

	if (x->kind != SEQUENCE ||
	    !affordable(s, units * (width + units + 1), 4 * size_of(x) *
	                (units > steps ? units : steps)))
		return false;
	v = begin(s);
	if (elman)
		say(s, "elman %d", units);
	else
		say(s, "causal");
	say_options(s, WINDOW_WEIGHTS);
	say_from(s, in);
	say(s, "\n");
	s->own[elman ? 0 : 1] = true;
	s->params += units * (width + units + 1);
	s->terms += 4 * size_of(x) * (units > steps ? units : steps);
	shape(v, SEQUENCE, 2, steps, elman ? units : width, 0);
	s->values++;
	return true;
}

/* cells along a sequence, forwards and backwards, all steps or the last */
static bool
recurrent(Spec *s, int in)
{
	static const char *const words[] = { "rnn", "lstm", "gru" };
	static const int gates[] = { 1, 4, 3 }, sizes[] = { 1, 2, 3, 3, 5, 9, 17 };
	const Made *x = &s->value[in];
	int what = below(s, 3), units = PICK(s, sizes);
	int steps = x->dim[0], width = x->dim[1], rows = gates[what] * units;
	bool last = chance(s, 40);
	const char *act = what == 0 && chance(s, 40) ? pick_activation(s) : "";
	Made *v;

	if (x->kind != SEQUENCE ||
	    !affordable(s, rows * (width + units + 2),
	                rows * (width + units) * steps))
		return false;
	if (strstr(act, "softmax")) /* not within a step */
		act = " relu";
	v = begin(s);
	say(s, "%s %d%s%s%s", words[what], units, last ? " last" : "",
	    chance(s, s->stream ? 5 : 35) ? " reverse" : "", act);
	say_options(s, WEIGHTS);
	say_from(s, in);
	say(s, "\n");
	s->params += rows * (width + units + 2);
	s->terms += rows * (width + units) * steps;
	if (last)
		shape(v, VECTOR, 1, units, 0, 0);
	else
		shape(v, SEQUENCE, 2, steps, units, 0);
	s->values++;
	return true;
}

static bool
to_vector(Spec *s, int in)
{
	const Made *x = &s->value[in];
	bool pool = (x->kind == MAP || x->kind == SEQUENCE) && chance(s, 50);
	Made *v = begin(s);

	if (pool)
		say(s, "globalpool %s", chance(s, 50) ? "avg" : "max");
	else
		say(s, "flatten");
	say_from(s, in);
	say(s, "\n");
	s->terms += size_of(x);
	shape(v, VECTOR, 1, !pool ? size_of(x) : x->kind == MAP ? x->dim[0] :
	      x->dim[1], 0, 0);
	s->values++;
	return true;
}

/* can b be joined to a? */
static bool
fits(const Made *a, const Made *b, bool concat)
{
	int i;

	if (a->kind != b->kind)
		return false;
	for (i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i] &&
		    !(concat && i == (a->kind == SEQUENCE ? 1 : 0)))
			return false;
	return true;
}

static void
join_name(Spec *s, int i)
{
	s->value[i].used = true;
	if (i == s->values - 1 && (!s->value[i].name[0] || chance(s, 50)))
		say(s, " prev");
	else
		say(s, " %s", s->value[i].name);
}

static bool
join(Spec *s, int in, bool concat)
{
	int many = 2 + (chance(s, 25) ? 1 : 0), i, k, n = 1;
	int list[3] = { in, 0, 0 }, width;
	const Made *x = &s->value[in];
	int axis = x->kind == SEQUENCE ? 1 : 0;
	Made *v;

	if (x->kind == MATRIX && concat)
		return false;
	for (k = 0; k < 12 && n < many; k++) {
		i = below(s, s->values);
		if ((s->value[i].name[0] || i == s->values - 1) &&
		    fits(x, &s->value[i], concat))
			list[n++] = i;
	}
	if (n < 2)
		return false;
	v = begin(s);
	say(s, "%s", concat ? "concat" : chance(s, 60) ? "add" : "mul");
	for (width = 0, i = 0; i < n; i++) {
		join_name(s, list[i]);
		width += s->value[list[i]].dim[axis];
	}
	say(s, "%s", chance(s, 40) ? pick_activation(s) : "");
	say_options(s, NO_WEIGHTS);
	say(s, "\n");
	shape(v, x->kind, x->rank, x->dim[0], x->dim[1], x->dim[2]);
	if (concat)
		v->dim[axis] = width;
	s->terms += size_of(v) * n;
	s->values++;
	return true;
}

/* --------------------------------------------------------------- the parts */

static void
one_input(Spec *s, bool label)
{
	static const int widths[] = { 1, 2, 3, 3, 4, 5, 7, 17, 33, 70, 100 };
	Made *v = &s->value[s->values];
	int how = below(s, 10), a, b, c;

	memset(v, 0, sizeof *v);
	if (label) {
		snprintf(v->name, sizeof v->name, "in%d", s->values);
		say(s, "%s: ", v->name);
	}
	a = 1 + below(s, 3);
	b = 2 + below(s, 5);
	c = 2 + below(s, 5);
	how = s->stream ? 5 : how;
	if (how < 5) {
		a = PICK(s, widths);
		shape(v, VECTOR, 1, a, 0, 0);
		say(s, "input %d\n", a);
	} else if (how < 7) {
		b = s->stream && s->inputs ? s->value[0].dim[0] :
		    chance(s, 10) ? 1 : b;
		shape(v, SEQUENCE, 2, b, a, 0);
		say(s, "input %d steps=%d\n", a, b);
	} else if (how < 8) {
		shape(v, MATRIX, 2, b, c, 0);
		say(s, "input %dx%d\n", b, c);
	} else {
		shape(v, MAP, 3, a, b, c);
		say(s, "input %dx%dx%d\n", a, b, c);
	}
	s->values++;
	s->inputs++;
	if (v->kind == VECTOR && chance(s, 15)) {
		static const char *const how2[] = { "zscore", "minmax", "scale" };
		Made *y = begin(s);
		say(s, "normalize %s", PICK(s, how2));
		say_from(s, s->values - 1);
		say(s, "\n");
		shape(y, VECTOR, 1, v->dim[0], 0, 0);
		s->values++;
	}
}

static void
layer(Spec *s)
{
	/* what leaves a sequence a sequence: dense, plain, joins */
	static const int keep_steps[] = { 0, 5, 7, 8 };
	int tries, in;

	for (tries = 0; tries < 20; tries++) {
		in = chance(s, 60) ? s->values - 1 : below(s, s->values);
		if (!s->value[in].name[0] && in != s->values - 1)
			continue;
		if (s->stream && chance(s, 40)) {
			if (recurrent(s, in))
				return;
			continue;
		}
		switch (s->stream ? PICK(s, keep_steps) : below(s, 15)) {
		case 0: case 1: case 2:
			if (dense(s, in, 0))
				return;
			break;
		case 3: case 4:
			if (window(s, in))
				return;
			break;
		case 5: case 6:
			if (plain(s, in))
				return;
			break;
		case 7:
			if (join(s, in, true))
				return;
			break;
		case 8:
			if (join(s, in, false))
				return;
			break;
		case 9: case 10: case 11: case 12:
			if (any_word(s, in))
				return;
			break;
		default:
			if (s->value[in].kind == SEQUENCE && chance(s, 70) ?
			    recurrent(s, in) : chance(s, 60) ? own(s, in) :
			    s->value[in].kind != VECTOR && to_vector(s, in))
				return;
		}
	}
}

/* what nothing reads yet goes into one vector, mostly: else it is dead */
static void
gather(Spec *s)
{
	int i, n = 0, before = s->values, list[MOST];
	Made *v;

	for (i = 0; i < before; i++) {
		if (s->value[i].used || (!s->value[i].name[0] && i < before - 1)
		    || s->values > MOST - 8 || chance(s, 8))
			continue;
		list[n++] = i;
		if (s->value[i].kind == VECTOR)
			continue;
		/* only what has a name can be read from later on */
		if (!s->value[i].name[0] && s->values != i + 1) {
			n--;
			continue;
		}
		v = &s->value[s->values];
		memset(v, 0, sizeof *v);
		snprintf(v->name, sizeof v->name, "v%d", s->values);
		say(s, "%s: flatten", v->name);
		say_from(s, i);
		say(s, "\n");
		shape(v, VECTOR, 1, size_of(&s->value[i]), 0, 0);
		list[n - 1] = s->values++;
	}
	for (i = 0; i + 1 < n; i++) /* a nameless one must be the line before */
		if (!s->value[list[i]].name[0] && list[i] != s->values - 1)
			list[i--] = list[--n];
	if (n > 0 && !s->value[list[n - 1]].name[0] &&
	    list[n - 1] != s->values - 1)
		n--;
	if (n < 2)
		return;
	v = &s->value[s->values];
	memset(v, 0, sizeof *v);
	snprintf(v->name, sizeof v->name, "v%d", s->values);
	say(s, "%s: concat", v->name);
	shape(v, VECTOR, 1, 0, 0, 0);
	for (i = 0; i < n; i++) {
		join_name(s, list[i]);
		v->dim[0] += size_of(&s->value[list[i]]);
	}
	say(s, "\n");
	s->values++;
}

/* ------------------------------------------------------- the end: the loss */

typedef struct { const char *loss, *act; int least, index; } Ending;
static const Ending endings[] = {
	{ "half_sse", NULL, 1, 1 }, { "sse", NULL, 1, 1 },
	{ "mse", NULL, 1, 1 }, { "mae", NULL, 1, 0 },
	{ "huber", NULL, 1, 0 }, { "huber delta=0.3", NULL, 1, 0 },
	{ "log_cosh", NULL, 1, 0 }, { "hinge", "linear", 1, 0 },
	{ "bce", "sigmoid", 1, 0 }, { "cross_entropy", "softmax", 2, 1 },
	{ "cross_entropy", "softmax", 2, 1 }, { "kl", "softmax", 2, 0 }
};
static const char *const last_acts[] = {
	"linear", "linear", "tanh", "sigmoid", "softplus", "sin"
};

/* a last layer for this loss; false where nothing fits */
static bool
ending(Spec *s, const Ending *e, bool named)
{
	static const int units[] = { 2, 2, 3, 5, 17 };
	int in = s->values - 1, width, many, steps;
	const Made *x;
	Made *v;

	while (in > 0 && (s->value[in].kind != VECTOR &&
	       s->value[in].kind != SEQUENCE))
		in--;
	x = &s->value[in];
	if (x->kind != VECTOR && x->kind != SEQUENCE) {
		in = s->values - 1;
		to_vector(s, in);
		in++;
		x = &s->value[in];
	}
	if (!x->name[0] && in != s->values - 1)
		return false;
	width = x->dim[x->rank - 1];
	steps = size_of(x) / width;
	many = PICK(s, units);
	if (many * width > 700)
		many = e->least > 1 ? 2 : 1;
	else if (e->least == 1 && chance(s, 25))
		many = 1;
	v = &s->value[s->values];
	memset(v, 0, sizeof *v);
	if (named) {
		snprintf(v->name, sizeof v->name, "v%d", s->values);
		say(s, "%s: ", v->name);
	}
	say(s, "dense %d %s", many, e->act ? e->act : PICK(s, last_acts));
	say_options(s, WEIGHTS);
	say_from(s, in);
	say(s, "\n");
	s->params += many * (width + 1);
	shape(v, x->kind, x->rank, x->rank > 1 ? steps : many, many, 0);
	s->values++;
	return true;
}

static void
losses(Spec *s)
{
	const Ending *e[3];
	char names[3][16];
	int i, n = chance(s, 20) ? 2 : 1;

	for (i = 0; i < n; i++) {
		e[i] = &PICK(s, endings);
		if (!ending(s, e[i], n > 1)) {
			e[0] = &PICK(s, endings);
			n = ending(s, e[0], false) ? 1 : 0;
			break;
		}
		memcpy(names[i], s->value[s->values - 1].name, 16);
	}
	if (n == 0) {                /* the last value as it is */
		say(s, "loss mse\n");
		return;
	}
	for (i = 0; i < n; i++) {
		const char *index = e[i]->index && chance(s, 30) ?
		                    " target=index" : "";
		if (n == 1)
			say(s, "loss %s%s\n", e[i]->loss, index);
		if (n == 1 && !e[i]->act && !*index && chance(s, 15))
			say(s, "targets %s\n", chance(s, 50) ? "zscore" :
			    "minmax");
		if (n > 1)
			say(s, "output %s loss=%s%s weight=%s\n", names[i],
			    e[i]->loss, index, i ? "0.3" : "1.5");
	}
}

/* adamw decays by itself and takes no l2 or l1 */
static void
choose_optimizer(Spec *s)
{
	static const char *const optimizers[] = {
		"sgd rate=0.1", "sgd", "sgd rate=0.05 momentum=0.9",
		"sgd rate=0.05 momentum=0.8 nesterov", "adam",
		"adam rate=0.01 beta1=0.8 beta2=0.99", "adamw rate=0.01",
		"adamw rate=0.01 decay=0.1", "rmsprop rate=0.01",
		"adagrad rate=0.05", "rprop", "rprop rate=0.02 up=1.1 down=0.4"
	};

	s->optimizer = PICK(s, optimizers);
	s->decays = !strstr(s->optimizer, "adamw");
}

static void
settings(Spec *s)
{
	static const char *const inits[] = {
		"xavier", "xavier normal", "he", "he normal", "lecun",
		"lecun normal", "uniform range=0.7", "normal std=0.4",
		"constant value=0.1", "orthogonal"
	};

	say(s, "optimizer %s\n", s->optimizer);
	if (chance(s, 60))
		say(s, "batch %d\n", 1 + below(s, 5));
	else if (chance(s, 20))
		say(s, "batch all\n");
	if (s->decays && chance(s, 30))
		say(s, "l2 0.02\n");
	if (s->decays && chance(s, 15))
		say(s, "l1 0.01\n");
	if (chance(s, 20))
		say(s, "clip norm=%s\n", chance(s, 50) ? "0.3" : "5");
	else if (chance(s, 12))
		say(s, "clip value=0.1\n");
	if (chance(s, 60))
		say(s, "init %s\n", inits[below(s, s->windows ? 9 : 10)]);
	if (chance(s, 10))
		say(s, "unroll %s\n", chance(s, 50) ? "full" : "none");
	say(s, "seed %d\n", below(s, 1000));
	if (chance(s, 30))
		say(s, "dtype f64\n");
}

size_t
definitions(const Spec *s, char *to)
{
	size_t n = 0, len;
	int i;

	for (i = 0; i < OWN; i++) {
		len = s->own[i] ? strlen(own_words[i]) : 0;
		if (to)
			memcpy(to + n, own_words[i], len);
		n += len;
	}
	return n;
}

/* the definitions that it uses go to the front */
static void
define(Spec *s)
{
	size_t n = definitions(s, NULL);

	if (s->n + n >= s->cap)
		return;
	memmove(s->text + n, s->text, s->n + 1);
	definitions(s, s->text);
	s->n += n;
}

size_t
generate(uint64_t seed, char *text, size_t cap)
{
	Ctx *c = ctx_new();
	Spec s;
	int i, n;

	memset(&s, 0, sizeof s);
	s.state = seed * 0x2545f4914f6cdd1du + 1;
	s.text = text;
	s.cap = cap;
	draw(&s.state);
	text[0] = 0;
	vocabulary(&s, c);
	choose_optimizer(&s);
	s.stream = chance(&s, 8);
	n = chance(&s, 20) ? 2 + below(&s, 2) : 1;
	for (i = 0; i < n; i++)
		one_input(&s, n > 1 || chance(&s, 60));
	n = 1 + below(&s, 9);
	for (i = 0; i < n; i++)
		layer(&s);
	if (!s.stream && chance(&s, 80))
		gather(&s);
	losses(&s);
	settings(&s);
	define(&s);
	ctx_free(c);
	return s.n;
}
