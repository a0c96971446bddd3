/* SPDX-License-Identifier: MIT
 * Shapes and uses of tensors in, how their elements lie in memory out. */
#include "back.h"

/* Weights lie in panels, as wide as the vectors that a tile holds side by side:
 * what it reads in turn is one stream.  A block is the widest vector. */
enum { BLOCK = 16 };

int32_t
layout_round(int32_t n)
{
	return (n + BLOCK - 1) / BLOCK * BLOCK;
}

Layout
layout_plain(const Tensor *t)
{
	int rank = t->shape.rank;
	int32_t last = rank ? t->shape.dim[rank - 1] : 1;

	return (Layout){ rank ? rank - 1 : 0, last, last, 0 };
}

Layout
layout_panels(const Tensor *t, int lane)
{
	Layout l = { lane, layout_round(t->shape.dim[lane]), 0, 0 };

	l.panel = t->shape.rank == 1 && !t->batch ? l.padded :
	          cost_panel(l.padded);
	return l;
}

/* Slices that lie so many reals apart begin in a few sets of a cache of 4 KB a way
 * or more, where they would drive each other out. */
enum { SAME_SETS = 256 };

/* the dimension fastest, or the samples side by side */
Layout
layout_along(const Tensor *t, int lane, int samples)
{
	int32_t n = lane < 0 ? samples : t->shape.dim[lane];
	Layout l = { lane, layout_round(n), layout_round(n), 0 };
	int64_t stride[MAX_RANK];

	if (lane >= 0 && lane + 1 == t->shape.rank)
		return layout_plain(t);
	layout_strides(t, &l, stride);
	if (lane == ABREAST && t->shape.rank > 1 && stride[0] % SAME_SETS == 0)
		l.skew = BLOCK;
	return l;
}

/* any width of panels: what a random plan may choose */
static Layout
random_panels(const Tensor *t, int lane, uint64_t *state)
{
	Layout l = { lane, layout_round(t->shape.dim[lane]), 0, 0 };
	int32_t blocks = 1 + (int32_t)random_below(state, 4);

	l.panel = blocks * BLOCK;
	if (blocks == 4 || l.panel >= l.padded)
		l.panel = l.padded;
	l.padded = (l.padded + l.panel - 1) / l.panel * l.panel;
	return l;
}

/* reals of one sample, padding counted */
int64_t
layout_size(const Tensor *t, const Layout *l)
{
	int64_t n = t->shape.rank && l->lane != ABREAST ? l->padded : 1;
	int i;

	for (i = 0; i < t->shape.rank; i++)
		if (i != l->lane)
			n *= t->shape.dim[i];
	return n;
}

/* what steps of the dimensions are worth within a panel */
void
layout_strides(const Tensor *t, const Layout *l, int64_t *stride)
{
	int64_t s = l->panel;
	int i;

	for (i = t->shape.rank; i-- > 0;) {
		if (i == l->lane) {
			stride[i] = 1;
			continue;
		}
		s += i ? 0 : l->skew;
		stride[i] = s;
		s *= t->shape.dim[i];
	}
}

/* what a sample is worth within a panel */
int64_t
layout_sample_stride(const Tensor *t, const Layout *l)
{
	if (!t->shape.rank || l->lane == ABREAST)
		return 1;
	return layout_size(t, l) / l->padded * l->panel;
}

bool
layout_integers(const Tensor *t, const Layout *l)
{
	return t->kind == T_INT && l->lane != ABREAST;
}

/* reals of so many samples */
int64_t
layout_room(const Tensor *t, const Layout *l, int samples)
{
	if (l->lane == ABREAST)
		return layout_size(t, l) * l->padded +
		       (t->shape.rank ? t->shape.dim[0] : 1) * l->skew;
	return layout_size(t, l) * (t->batch ? samples : 1);
}

/* What a panel's first lane is worth for each of its lanes: panel p of width w
 * begins at p*w*others; the samples of a batch are among them. */
int64_t
layout_panel_stride(const Tensor *t, const Layout *l, int samples)
{
	if (l->panel == l->padded)
		return 1;
	return layout_size(t, l) / l->padded * (t->batch ? samples : 1);
}

int64_t
layout_flat(const Tensor *t, const Layout *l, const int64_t *at)
{
	int64_t stride[MAX_RANK], flat = 0, panel;
	int i;

	layout_strides(t, l, stride);
	for (i = 0; i < t->shape.rank; i++)
		if (i != l->lane)
			flat += stride[i] * at[i];
	if (!t->shape.rank)
		return 0;
	panel = at[l->lane] / l->panel * l->panel;
	return flat + panel * layout_panel_stride(t, l, 1) +
	       at[l->lane] - panel;
}

/* ---- weights: the dimension along which most of the work has vectors */

/* what the statement costs with the weight's dimension `lane` fastest */
static double
cost(const Program *p, const Stmt *s, const Expr *read, int lane)
{
	double points = (double)(stmt_points(p, s) * stmt_terms(p, s));
	int32_t extent = p->tensors.v[read->tensor].shape.dim[lane];
	Sub at = p->subs.v[read->sub + (uint32_t)lane];
	bool along = false;
	uint32_t k;
	Index i;

	for (k = 0; k < s->nidx; k++)
		along |= !at.indirect && aff_is_var(p, at.id, &i) &&
		         p->indices.v[s->idx + k] == i;
	return cost_read(points, extent, along ? ALONG :
	                 !p->net->strict && s->nridx == 1 ? JOINED : APART);
}

typedef struct { const Stmt *s; const Expr *read; } Reader;
typedef struct { VEC(Reader) all; } Readers;

/* who reads which weight, by tensor */
static Readers *
readers(const Program *p)
{
	static const Kernel kernels[] = { K_FORWARD, K_GRADIENT };
	Readers *r = mem(p->c, (p->tensors.n + 1) * sizeof *r);
	const Stmts *list;
	uint32_t i, k, e;

	for (k = 0; k < 2; k++) {
		list = &p->kernel[kernels[k]];
		for (i = 0; i < list->n; i++) {
			const Expr *x = &p->exprs.v[list->v[i].expr];
			ExprId kid[3] = { list->v[i].expr, x->a, x->b };
			for (e = 0; e < 3; e++) {
				const Expr *y = &p->exprs.v[kid[e]];
				Reader one = { &list->v[i], y };
				if (kid[e] && y->op == E_READ)
					PUSH(p->c, &r[y->tensor].all, one);
			}
		}
	}
	return r;
}

static double
all_costs(const Program *p, const Readers *r, int lane)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < r->all.n; i++)
		sum += cost(p, r->all.v[i].s, r->all.v[i].read, lane);
	return sum;
}

static Layout
of_weight(const Program *p, TensorId w, const Readers *r, uint64_t random)
{
	const Tensor *t = &p->tensors.v[w];
	uint64_t state = random + w;
	int lane, best = 0;

	if (!t->shape.rank)
		return layout_plain(t);
	if (random) {
		lane = (int)random_below(&state, (uint32_t)t->shape.rank);
		return random_panels(t, lane, &state);
	}
	for (lane = 1; lane < t->shape.rank; lane++)
		if (all_costs(p, r, lane) < all_costs(p, r, best))
			best = lane;
	return layout_panels(t, best);
}

static bool
same_shape(const Tensor *a, const Tensor *b)
{
	int i;

	for (i = 0; i < a->shape.rank && i < b->shape.rank; i++)
		if (a->shape.dim[i] != b->shape.dim[i])
			return false;
	return a->shape.rank == b->shape.rank;
}

/* what a rule computes on the way lies as what it is computed from */
static void
adopt(const Program *p, const Stmt *s, Layout *l)
{
	const Tensor *t = &p->tensors.v[s->target];
	ExprId e = s->expr;

	if (s->phase != PH_UPDATE || t->kind != T_TEMP || s->nridx)
		return;
	while (p->exprs.v[e].a && p->exprs.v[e].op != E_READ)
		e = p->exprs.v[e].op == E_MUL && p->exprs.v[p->exprs.v[e].a].op
		    == E_NUM ? p->exprs.v[e].b : p->exprs.v[e].a;
	if (p->exprs.v[e].op == E_READ &&
	    same_shape(t, &p->tensors.v[p->exprs.v[e].tensor]))
		l[s->target] = l[p->exprs.v[e].tensor];
}

/* Weights in panels where `vectors`, and what belongs to a weight like it;
 * everything else row-major.  The same `random` gives the same layouts. */
Layout *
layouts(const Program *p, bool vectors, uint64_t random)
{
	Layout *l = mem(p->c, (p->tensors.n + 1) * sizeof *l);
	const Readers *r = readers(p);
	TensorId t;
	uint32_t i;
	int k;

	for (t = 1; t < p->tensors.n; t++) {
		const Tensor *x = &p->tensors.v[t];
		l[t] = layout_plain(x);
		if (!vectors)
			continue;
		if (x->kind == T_WEIGHT)
			l[t] = of_weight(p, t, &r[t], random);
		else if (x->kind == T_CARRY && x->shape.rank)
			l[t] = layout_panels(x, x->shape.rank - 1);
		else if (x->of && p->tensors.v[x->of].kind == T_WEIGHT &&
		         same_shape(x, &p->tensors.v[x->of]))
			l[t] = l[x->of];
	}
	for (k = K_UPDATE; k <= K_STEP && vectors; k += K_STEP - K_UPDATE)
		for (i = 0; i < p->kernel[k].n; i++)
			adopt(p, &p->kernel[k].v[i], l);
	return l;
}
