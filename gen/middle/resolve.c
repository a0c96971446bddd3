/* SPDX-License-Identifier: MIT
 * Resolves one line of a formula: what every name is, which indices there are
 * and how far each of them runs. */
#include <math.h>
#include <string.h>
#include "lowering.h"

void
fail_line(Low *w, Loc at, const char *text)
{
	if (!w->bad)
		err(w->c, at, "%s", text);
	w->bad = true;
}

int
fn_find(const char *name)
{
	int f;

	for (f = 0; f < FN_LOGISTIC; f++)
		if (!strcmp(name, fn_name((Fn)f)))
			return f;
	return -1;
}

const double *
number_named(const Use *u, const char *name)
{
	uint32_t i;

	for (i = u->values.n; i-- > 0;)
		if (!strcmp(u->values.v[i].name, name))
			return &u->values.v[i].value;
	return NULL;
}

/* ---- indices */

static Index
index_of(Low *w, const char *name, Loc at)
{
	uint32_t i;
	Scoped s = { name, 0, at };

	if (w->named_n && !strcmp(name, "n"))
		return SAMPLE;
	for (i = w->scope.n; i-- > 0;)
		if (!strcmp(w->scope.v[i].name, name))
			return w->scope.v[i].index;
	s.index = ir_index(w->p, name, 0);
	/* free in the line: below every binder that is open */
	PUSH(w->c, &w->scope, s);
	memmove(w->scope.v + 1, w->scope.v,
	        (w->scope.n - 1) * sizeof *w->scope.v);
	w->scope.v[0] = s;
	return s.index;
}

static AffId
affine(Low *w, Ast *a)
{
	const double *v;
	AffId x, y;
	int32_t k;

	switch (a->kind) {
	case A_NUM:
		if (a->num != floor(a->num) || fabs(a->num) > 1e9)
			fail_line(w, a->loc, "a subscript must be a whole number");
		return aff_const(w->p, w->bad ? 0 : (int32_t)a->num);
	case A_NAME:
		if (a->subscripted)
			break;
		v = number_named(w->u, a->name);
		if (!v)
			return aff_var(w->p, index_of(w, a->name, a->loc));
		if (*v != floor(*v) || fabs(*v) > 1e9)
			fail_line(w, a->loc, "a subscript must be a whole number");
		return aff_const(w->p, w->bad ? 0 : (int32_t)*v);
	case A_NEG:
		return aff_mul(w->p, affine(w, a->a), -1);
	case A_ADD:
	case A_SUB:
		x = affine(w, a->a);
		y = affine(w, a->b);
		return aff_add(w->p, x, a->kind == A_ADD ? y
		                                         : aff_mul(w->p, y, -1));
	case A_MUL:
		x = affine(w, a->a);
		y = affine(w, a->b);
		if (aff_is_const(w->p, x, &k))
			return aff_mul(w->p, y, k);
		if (aff_is_const(w->p, y, &k))
			return aff_mul(w->p, x, k);
		break;
	default:
		break;
	}
	fail_line(w, a->loc, "a subscript must be an integer combination of indices");
	return aff_const(w->p, 0);
}

/* a < b, a <= b, a == b as forms that must be >= 0 */
static void
guard(Low *w, Ast *g, Guards *out)
{
	AffId d;

	if (g->kind < A_LT || g->kind > A_EQ) {
		fail_line(w, g->loc, "a guard must be a comparison of indices");
		return;
	}
	d = aff_add(w->p, affine(w, g->b), aff_mul(w->p, affine(w, g->a), -1));
	PUSH(w->c, out, g->kind == A_LT ? aff_addk(w->p, d, -1) : d);
	if (g->kind == A_EQ)
		PUSH(w->c, out, aff_mul(w->p, d, -1));
}

/* ---- names */

static int
pack_size(const Low *w, const Ast *a)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < a->args.n; i++)
		n += a->args.v[i]->kind == A_PACK ? w->pack_rank : 1;
	return n;
}

static void resolve(Low *w, Ast *a);

static void
subscripts(Low *w, Ast *a)
{
	uint32_t i, k;

	if (pack_size(w, a) > MAX_RANK + 1) {
		fail_line(w, a->loc, "too many subscripts");
		return;
	}
	for (i = 0; i < a->args.n; i++) {
		Ast *s = a->args.v[i];
		Sub *to = &a->subs[a->nsubs];
		if (s->kind == A_PACK) {
			for (k = 0; k < w->pack.n; k++)
				a->subs[a->nsubs++] =
					sub_aff(aff_var(w->p, w->pack.v[k]));
			continue;
		}
		a->nsubs++;
		if (s->kind == A_NAME && s->subscripted) { /* w[id[t],k] */
			resolve(w, s);
			if (w->bad)
				return;
			to->indirect = true;
			to->id = ex_read(w->p, s->tensor, s->subs, s->nsubs);
		} else {
			*to = sub_aff(affine(w, s));
		}
	}
}

static void
unknown_tensor(Low *w, Ast *a)
{
	Names names = { 0 };
	uint32_t i;
	const char *near;

	for (i = 0; i < w->u->binds.n; i++)
		PUSH(w->c, &names, w->u->binds.v[i].name);
	near = nearest(a->name, &names);
	if (!w->bad) {
		err(w->c, a->loc, "'%s' is read before it is written", a->name);
		if (near) {
			fix(w->c, near);
			help(w->c, "a tensor with a similar name exists");
		}
	}
	w->bad = true;
}

static void
read_of(Low *w, Ast *a)
{
	const Tensor *t;
	int want;

	a->tensor = use_find(w->u, a->name);
	if (!a->tensor) {
		unknown_tensor(w, a);
		return;
	}
	a->kind = A_READ;
	t = &w->p->tensors.v[a->tensor];
	want = t->shape.rank + (w->named_n && t->batch);
	if (a->subscripted)
		subscripts(w, a);
	else if (w->u->update && t->kind != T_NET && t->shape.rank)
		for (uint32_t k = 0; k < w->pack.n; k++)
			a->subs[a->nsubs++] =
				sub_aff(aff_var(w->p, w->pack.v[k]));
	else if (w->named_n && t->batch)
		a->subs[a->nsubs++] = sub_aff(aff_var(w->p, SAMPLE));
	if (!w->bad && a->nsubs != want)
		fail_line(w, a->loc, fmt(w->c, "'%s' has %d subscript%s, not %d",
		     a->name, want, want == 1 ? "" : "s", a->nsubs));
}

static void
name(Low *w, Ast *a)
{
	const double *v = number_named(w->u, a->name);
	TensorId t = use_find(w->u, a->name);
	bool index = false;
	uint32_t i;

	if (a->subscripted) {
		read_of(w, a);
		return;
	}
	for (i = 0; i < w->scope.n && !index; i++)
		index = !strcmp(w->scope.v[i].name, a->name);
	if (index && (v || t))
		fail_line(w, a->loc, fmt(w->c, "'%s' is an index and %s", a->name,
		     v ? "an argument" : "a tensor"));
	if (v) {
		a->kind = A_NUM;
		a->num = *v;
	} else if (t && (w->u->update || !w->p->tensors.v[t].shape.rank)) {
		read_of(w, a);
	} else if (t) {
		fail_line(w, a->loc, fmt(w->c, "'%s' needs subscripts", a->name));
	} else if ((w->u->update || w->named_n) && !index &&
	           !strcmp(a->name, "count")) {
		a->kind = A_EXPR;
		a->expr = ex_count(w->p);
	} else {
		a->kind = A_IDX;
		a->aff = aff_var(w->p, index_of(w, a->name, a->loc));
	}
}

static Index
pack_index(Low *w, uint32_t k)
{
	static const char *const names[] = {
		"i", "j", "k", "l", "m", "p", "q", "r", "s"
	};

	return ir_index(w->p, names[k], 0);
}

/* the size written after an index; 0: none, or an error */
static int32_t
written_size(Low *w, const Binder *b)
{
	const double *v;
	double size;

	if (!b->range)
		return 0;
	v = b->range->kind == A_NUM ? &b->range->num
	                            : number_named(w->u, b->range->name);
	size = v ? *v : 0;
	if (size >= 1 && size <= 1e9 && size == floor(size))
		return (int32_t)size;
	fail_line(w, b->range->loc, "the range of an index must be a whole "
	          "number above 0");
	return 0;
}

static void
binders_of(Low *w, Ast *a)
{
	uint32_t i, k, added = 0;
	Indices outer = w->pack;

	for (i = 0; i < a->binders.n; i++) {
		Binder *b = &a->binders.v[i];
		if (!strcmp(b->name, "...")) {
			w->pack = (Indices){ 0 };
			for (k = 0; k < (uint32_t)w->pack_rank; k++) {
				Index e = pack_index(w, k);
				PUSH(w->c, &w->pack, e);
				PUSH(w->c, &a->bound, e);
			}
			continue;
		}
		if (w->named_n && !strcmp(b->name, "n")) {
			PUSH(w->c, &a->bound, SAMPLE);
			continue;
		}
		if (number_named(w->u, b->name)) {
			fail_line(w, b->loc, fmt(w->c, "'%s' is an argument and "
			     "cannot be an index too", b->name));
			return;
		}
		Scoped s = { b->name, 0, b->loc };
		s.index = ir_index(w->p, b->name, written_size(w, b));
		if (w->bad)
			return;
		if (b->range)
			PUSH(w->c, &w->sized, s.index);
		PUSH(w->c, &w->scope, s);
		PUSH(w->c, &a->bound, s.index);
		added++;
	}
	for (i = 0; i < a->guards.n; i++)
		guard(w, a->guards.v[i], &a->where);
	resolve(w, a->a);
	/* free indices found inside went to the bottom: the top is ours */
	w->scope.n -= added;
	w->pack = outer;
}

static Ast *
ast_num(Low *w, double v, Loc at)
{
	Ast *a = ast_new(w->c, A_NUM, at);

	a->num = v;
	return a;
}

static Ast *
ast_call(Low *w, const char *fn, Ast *x)
{
	Ast *a = ast_new(w->c, A_CALL, x->loc);

	a->name = fn;
	PUSH(w->c, &a->args, x);
	return a;
}

static Ast *
ast_op(Low *w, AstKind k, Ast *x, Ast *y)
{
	Ast *a = ast_new(w->c, k, x->loc);

	a->a = x;
	a->b = y;
	return a;
}

static Ast *
random_read(Low *w, const Ast *call)
{
	Ast *a = ast_new(w->c, A_RAND, call->loc);
	Tensor t = { .kind = T_RAND, .batch = !w->u->update, .base = "rand",
	             .layer = w->u->layer, .key = w->u->rand_key++ };

	a->args.v = call->args.v;
	a->args.n = call->args.n;
	subscripts(w, a);
	t.name = fmt(w->c, "%srand%u", w->u->prefix, t.key);
	t.shape.rank = a->nsubs;
	a->tensor = ir_tensor(w->p, t);
	return a;
}

/* Box and Muller 1958: two uniform draws make a normal one */
static void
normal(Low *w, Ast *a)
{
	Ast *r1 = random_read(w, a), *r2 = random_read(w, a), *x, *y;

	x = ast_op(w, A_SUB, ast_num(w, 1, a->loc), r1);
	x = ast_op(w, A_MUL, ast_num(w, -2, a->loc), ast_call(w, "log", x));
	x = ast_call(w, "sqrt", x);
	y = ast_op(w, A_MUL, ast_num(w, 6.283185307179586, a->loc), r2);
	y = ast_call(w, "cos", y);
	*a = *ast_op(w, A_MUL, x, y);
}

static const Act *
act_named(Low *w, const char *called, Loc at)
{
	const Record *r;
	Act *act;
	uint32_t i;

	if (w->u->act.name && !strcmp(called, w->u->act.name))
		return w->u->act.act;
	r = record_find(w->c, REC_ACTIVATION, called);
	if (!r)
		return NULL;
	act = mem(w->c, sizeof *act);
	act->rec = r;
	act->loc = at;
	act->args = mem(w->c, (r->params.n + 1) * sizeof *act->args);
	for (i = 0; i < r->params.n; i++) {
		act->args[i].param = &r->params.v[i];
		act->args[i].num = r->params.v[i].value;
	}
	return act;
}

static void
arity(Low *w, const Ast *a, uint32_t n)
{
	if (a->args.n != n)
		fail_line(w, a->loc, fmt(w->c, "%s takes %u value%s, not %u",
		     a->name, n, n == 1 ? "" : "s", a->args.n));
}

static void
call(Low *w, Ast *a)
{
	static const struct { const char *name; uint32_t n; } plain[] = {
		{ "min", 2 }, { "max", 2 }, { "clamp", 3 }, { "stop", 1 }
	};
	uint32_t i;
	bool known = false;

	if (!strcmp(a->name, "rand")) {
		Ast *r = random_read(w, a);
		*a = *r;
		return;
	}
	if (!strcmp(a->name, "randn")) {
		normal(w, a);
		if (!w->bad) {
			resolve(w, a->a);
			resolve(w, a->b);
		}
		return;
	}
	if (!strcmp(a->name, "gather") && a->args.n >= 2 &&
	    a->args.v[0]->kind == A_NAME) {
		a->kind = A_NAME;
		a->name = a->args.v[0]->name;
		a->args.v++;
		a->args.n--;
		a->subscripted = true;
		read_of(w, a);
		return;
	}
	if (fn_find(a->name) >= 0) {
		arity(w, a, 1);
		known = true;
	}
	for (i = 0; i < sizeof plain / sizeof *plain && !known; i++)
		if (!strcmp(a->name, plain[i].name)) {
			arity(w, a, plain[i].n);
			known = true;
		}
	if (!known && (!w->u->act.name || strcmp(a->name, w->u->act.name)) &&
	    !record_find(w->c, REC_ACTIVATION, a->name)) {
		fail_line(w, a->loc, fmt(w->c, "unknown function '%s'", a->name));
		help(w->c, "functions are exp log log1p tanh cosh sqrt abs min "
		     "max clamp sign erf sin cos floor stop rand, and every "
		     "activation");
		return;
	}
	if (!known) {
		arity(w, a, 1);
		a->kind = A_ACT;
		a->act = act_named(w, a->name, a->loc);
	}
	for (i = 0; i < a->args.n && !w->bad; i++)
		resolve(w, a->args.v[i]);
}

static void
resolve(Low *w, Ast *a)
{
	if (w->bad || !a)
		return;
	switch (a->kind) {
	case A_NAME:
		name(w, a);
		return;
	case A_RED:
		binders_of(w, a);
		return;
	case A_CALL:
		call(w, a);
		return;
	case A_PACK:
		fail_line(w, a->loc, "`...` can stand in subscripts alone");
		return;
	default:
		resolve(w, a->a);
		resolve(w, a->b);
		resolve(w, a->c);
		return;
	}
}

/* ---- ranges */

int
seen_dims(const Low *w, TensorId t, int64_t dims[MAX_RANK + 2])
{
	const Tensor *x = &w->p->tensors.v[t];
	int n = 0, i;

	if (w->named_n && x->batch)
		dims[n++] = 1;
	for (i = 0; i < x->shape.rank; i++)
		dims[n++] = x->shape.dim[i] - (i == 0 ? x->off : 0);
	return n;
}

static void
unify(Low *w, Index i, int64_t n, Ast *a)
{
	IndexInfo *x = &w->p->index.v[i];

	if (i == SAMPLE)
		return;
	if (!x->extent)
		x->extent = (int32_t)n;
	/* who writes a size means it: a part of what is read */
	if (x->extent != n && !(x->extent < n && has_index(&w->sized, i)))
		fail_line(w, a->loc, fmt(w->c, "index '%s' runs over %d elsewhere, "
		     "but over %lld in '%s'", x->name, x->extent, (long long)n,
		     w->p->tensors.v[a->tensor].name));
}

typedef enum { PLAIN, WINDOWS } Round;

static void
range_of_read(Low *w, Ast *a, Round round)
{
	int64_t dims[MAX_RANK + 2], hi;
	int q, nd = seen_dims(w, a->tensor, dims);
	Index i;

	for (q = 0; q < a->nsubs && q < nd; q++) {
		Indices all = { 0 };
		uint32_t k, open = 0;
		AffId rest;
		int32_t coef;
		if (a->subs[q].indirect)
			continue;
		if (round == PLAIN) {
			if (aff_is_var(w->p, a->subs[q].id, &i))
				unify(w, i, dims[q], a);
			continue;
		}
		aff_indices(w->p, a->subs[q].id, &all);
		for (k = 0; k < all.n; k++)
			if (all.v[k] != SAMPLE &&
			    !w->p->index.v[all.v[k]].extent) {
				open++;
				i = all.v[k];
			}
		if (open != 1)
			continue;
		coef = aff_coef(w->p, a->subs[q].id, i);
		if (coef <= 0)
			continue;
		rest = aff_add(w->p, a->subs[q].id,
		               aff_mul(w->p, aff_var(w->p, i), -coef));
		hi = dims[q] - 1 - aff_hi(w->p, rest);
		if (hi < 0) {
			fail_line(w, a->loc, fmt(w->c, "the window is larger than "
			     "'%s'", w->p->tensors.v[a->tensor].name));
			return;
		}
		w->p->index.v[i].extent = (int32_t)(hi / coef + 1);
	}
}

static void
ranges(Low *w, Ast *a, Round round)
{
	uint32_t i;

	if (!a || w->bad)
		return;
	if (a->kind == A_READ)
		range_of_read(w, a, round);
	for (i = 0; i < a->args.n && a->kind != A_RAND; i++)
		ranges(w, a->args.v[i], round);
	ranges(w, a->a, round);
	ranges(w, a->b, round);
	ranges(w, a->c, round);
}

static void
used(Low *w, const Ast *a, Indices *out)
{
	uint32_t i;
	int q;

	if (!a)
		return;
	for (q = 0; q < a->nsubs; q++)
		if (!a->subs[q].indirect)
			aff_indices(w->p, a->subs[q].id, out);
	if (a->kind == A_IDX)
		aff_indices(w->p, a->aff, out);
	for (i = 0; i < a->bound.n; i++)
		if (!has_index(out, a->bound.v[i]))
			PUSH(w->c, out, a->bound.v[i]);
	for (i = 0; i < a->args.n && a->kind != A_RAND; i++)
		used(w, a->args.v[i], out);
	used(w, a->a, out);
	used(w, a->b, out);
	used(w, a->c, out);
}

/* every index has a range; what no sum binds stands on the left */
static void
ranges_known(Low *w, const Line *l, const Sub *lhs, int nlhs)
{
	Indices left = { 0 };
	uint32_t i;
	int q;

	for (q = 0; q < nlhs; q++)
		aff_indices(w->p, lhs[q].id, &left);
	for (i = 0; i < w->scope.n && !w->bad; i++) {
		const Scoped *s = &w->scope.v[i];
		if (w->scan && s->index == w->scan_t)
			continue;
		if (!has_index(&left, s->index)) {
			fail_line(w, s->loc, fmt(w->c, "index '%s' is neither bound "
			     "by a sum nor on the left side", s->name));
			help(w->c, "write `sum(%s: ...)`, or define '%s' first",
			     s->name, s->name);
		}
	}
	used(w, l->expr, &left);
	for (i = 0; i < left.n && !w->bad; i++) {
		Index x = left.v[i];
		Loc at = l->loc;
		uint32_t k;
		if (x == SAMPLE || w->p->index.v[x].extent ||
		    (w->scan && x == w->scan_t))
			continue;
		for (k = 0; k < w->scope.n; k++)
			if (w->scope.v[k].index == x)
				at = w->scope.v[k].loc;
		fail_line(w, at, fmt(w->c, "index '%s' has no range",
		     w->p->index.v[x].name));
		help(w->c, "give it one: `%s<3`", w->p->index.v[x].name);
	}
}

static bool
mentions_pack(const Low *w, const Ast *a, int *rank)
{
	uint32_t i, packs = 0;
	const Tensor *t;
	TensorId id;

	if (!a)
		return false;
	if (a->kind == A_NAME && (id = use_find(w->u, a->name)) != 0) {
		t = &w->p->tensors.v[id];
		for (i = 0; i < a->args.n; i++)
			packs += a->args.v[i]->kind == A_PACK;
		*rank = t->shape.rank + (w->named_n && t->batch);
		if (packs) {
			*rank -= (int)a->args.n - 1;
			return true;
		}
		if (w->u->update && !a->subscripted && t->kind != T_NET &&
		    t->shape.rank)
			return true;
	}
	for (i = 0; i < a->args.n; i++)
		if (mentions_pack(w, a->args.v[i], rank))
			return true;
	for (i = 0; i < a->guards.n; i++)
		if (mentions_pack(w, a->guards.v[i], rank))
			return true;
	return mentions_pack(w, a->a, rank) || mentions_pack(w, a->b, rank) ||
	       mentions_pack(w, a->c, rank);
}

/* no pack stands outside of a reduction over it: `s = sum(...: d^2)` is one
 * number although `d` is a whole tensor */
static bool
packs_bound(const Low *w, const Ast *a)
{
	uint32_t i;
	int rank = 0;

	if (!a || !mentions_pack(w, a, &rank))
		return true;
	for (i = 0; a->kind == A_RED && i < a->binders.n; i++)
		if (!strcmp(a->binders.v[i].name, "..."))
			return true;
	for (i = 0; i < a->args.n; i++)
		if (!packs_bound(w, a->args.v[i]))
			return false;
	return a->kind != A_NAME && packs_bound(w, a->a) &&
	       packs_bound(w, a->b) && packs_bound(w, a->c);
}

static int
rank_of_pack(const Low *w, const Line *l, TensorId target, const Shape *shape)
{
	int rank = 0, named = (int)l->subs.n - 1;

	if (mentions_pack(w, l->expr, &rank))
		return rank;
	if (shape)
		return shape->rank - (l->subscripted ? named : 0);
	if (target)
		return w->p->tensors.v[target].shape.rank -
		       (l->subscripted ? named : 0);
	return 0;
}

bool
resolve_line(Low *w, Line *l, TensorId target, const Shape *shape, Sub *lhs,
	int *nlhs, Guards *guards)
{
	Ast left = { .kind = A_NAME, .loc = l->loc, .name = l->name };
	uint32_t i;
	int64_t dims[MAX_RANK + 2];
	int k, nd = 0, rank = 0;
	bool whole;
	Index x;

	w->pack_rank = rank_of_pack(w, l, target, shape);
	whole = !mentions_pack(w, l->expr, &rank) || !packs_bound(w, l->expr);
	if (w->pack_rank < 0 || w->pack_rank > MAX_RANK) {
		fail_line(w, l->loc, "`...` has nothing to stand for");
		return false;
	}
	for (k = 0; k < w->pack_rank; k++) {
		Index e = pack_index(w, (uint32_t)k);
		PUSH(w->c, &w->pack, e);
	}
	for (i = 0; i < l->subs.n; i++)
		PUSH(w->c, &left.args, l->subs.v[i]);
	subscripts(w, &left);
	if (w->u->update && !l->subscripted && whole &&
	    !(target && w->p->tensors.v[target].kind == T_NET))
		for (i = 0; i < w->pack.n; i++)
			left.subs[left.nsubs++] =
				sub_aff(aff_var(w->p, w->pack.v[i]));
	w->sized = (Indices){ 0 };
	for (i = 0; i < l->sizes.n && !w->bad; i++) {
		const Binder *b = &l->sizes.v[i];
		x = index_of(w, b->name, b->loc);
		if (x == SAMPLE || (w->scan && x == w->scan_t) ||
		    has_index(&w->sized, x))
			fail_line(w, b->loc, fmt(w->c, "index '%s' has a range "
			     "already", b->name));
		else
			w->p->index.v[x].extent = written_size(w, b);
		PUSH(w->c, &w->sized, x);
	}
	for (i = 0; i < l->guards.n; i++)
		guard(w, l->guards.v[i], guards);
	resolve(w, l->expr);
	*nlhs = left.nsubs;
	memcpy(lhs, left.subs, sizeof left.subs);
	if (w->bad)
		return false;
	w->left = (Indices){ 0 };
	for (k = 0; k < *nlhs; k++)
		if (lhs[k].indirect)
			fail_line(w, l->loc, "a left side cannot be indirect");
		else
			aff_indices(w->p, lhs[k].id, &w->left);
	ranges(w, l->expr, PLAIN);
	if (shape) {
		if (w->named_n && *nlhs == shape->rank + 1)
			dims[nd++] = 1;
		for (k = 0; k < shape->rank; k++)
			dims[nd++] = shape->dim[k];
	} else if (target) {
		nd = seen_dims(w, target, dims);
	}
	if ((shape || target) && nd != *nlhs && !w->bad)
		fail_line(w, l->loc, fmt(w->c, "'%s' has %d subscript%s, not %d",
		     l->name, nd, nd == 1 ? "" : "s", *nlhs));
	/* a part of the left side may be written: only where no read decided */
	for (k = 0; k < nd && k < *nlhs && !w->bad; k++)
		if (aff_is_var(w->p, lhs[k].id, &x) && x != SAMPLE &&
		    !w->p->index.v[x].extent)
			w->p->index.v[x].extent = (int32_t)dims[k];
	ranges(w, l->expr, WINDOWS);
	if (!w->bad)
		ranges_known(w, l, lhs, *nlhs);
	return !w->bad;
}
