/* SPDX-License-Identifier: MIT
 * Constructors of the IR: affine forms, expressions, tensors, statements.
 * Forms and expressions are interned: equal numbers mean equal trees. */
#include <string.h>
#include "../bpgen.h"

Index
ir_index(Program *p, const char *name, int32_t extent)
{
	IndexInfo info = { name, extent };

	PUSH(p->c, &p->index, info);
	return p->index.n - 1;
}

/* ---- interning: open addressing over the numbers of a table, 0 = free */

static void
grow(Program *p, uint32_t **table, uint32_t *size, uint32_t used,
	uint32_t (*hash)(const Program *, uint32_t))
{
	uint32_t n = *size ? *size * 2 : 256, *t, i, h;

	t = mem(p->c, n * sizeof *t);
	for (i = 0; i < used; i++) {
		for (h = hash(p, i) & (n - 1); t[h]; h = (h + 1) & (n - 1))
			;
		t[h] = i + 1;
	}
	*table = t;
	*size = n;
}

static uint32_t
mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t
aff_hash(const Program *p, uint32_t id)
{
	const Aff *a = &p->affs.v[id];
	uint32_t h = mix(17, (uint32_t)a->k), i;

	for (i = 0; i < a->n; i++) {
		h = mix(h, p->terms.v[a->term + i].i);
		h = mix(h, (uint32_t)p->terms.v[a->term + i].c);
	}
	return h;
}

static bool
aff_same(const Program *p, const Aff *a, const Aff *b)
{
	uint32_t i;

	if (a->k != b->k || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		const Term *s = &p->terms.v[a->term + i];
		const Term *t = &p->terms.v[b->term + i];
		if (s->i != t->i || s->c != t->c)
			return false;
	}
	return true;
}

/* takes ascending terms without zeros */
static AffId
aff_intern(Program *p, const Term *terms, uint32_t n, int32_t k)
{
	Aff a = { p->terms.n, n, k };
	uint32_t i, h;

	if (p->affs.n * 2 >= p->aff_hash_n)
		grow(p, &p->aff_hash, &p->aff_hash_n, p->affs.n, aff_hash);
	for (i = 0; i < n; i++)
		PUSH(p->c, &p->terms, terms[i]);
	PUSH(p->c, &p->affs, a);
	h = aff_hash(p, p->affs.n - 1) & (p->aff_hash_n - 1);
	for (; p->aff_hash[h]; h = (h + 1) & (p->aff_hash_n - 1)) {
		if (aff_same(p, &a, &p->affs.v[p->aff_hash[h] - 1])) {
			p->affs.n--;
			p->terms.n = a.term;
			return p->aff_hash[h] - 1;
		}
	}
	p->aff_hash[h] = p->affs.n;
	return p->affs.n - 1;
}

AffId
aff_const(Program *p, int32_t k)
{
	return aff_intern(p, NULL, 0, k);
}

AffId
aff_var(Program *p, Index i)
{
	Term t = { i, 1 };

	return aff_intern(p, &t, 1, 0);
}

enum { MOST_TERMS = 64 };

/* a + m*b */
static AffId
combine(Program *p, AffId a, AffId b, int32_t m)
{
	Aff x = p->affs.v[a], y = p->affs.v[b];
	Term out[MOST_TERMS];
	uint32_t i = 0, j = 0, n = 0;

	if (x.n + y.n > MOST_TERMS)
		die(p->c, EX_SOFTWARE_, "an affine form of %u terms", x.n + y.n);
	while (i < x.n || j < y.n) {
		Term s = i < x.n ? p->terms.v[x.term + i] : (Term){ ~0u, 0 };
		Term t = j < y.n ? p->terms.v[y.term + j] : (Term){ ~0u, 0 };
		Term r = s.i <= t.i ? s : (Term){ t.i, t.c * m };
		if (s.i == t.i)
			r.c += t.c * m;
		i += s.i <= t.i;
		j += t.i <= s.i;
		if (r.c)
			out[n++] = r;
	}
	return aff_intern(p, out, n, x.k + m * y.k);
}

AffId
aff_add(Program *p, AffId a, AffId b)
{
	return combine(p, a, b, 1);
}

AffId
aff_addk(Program *p, AffId a, int32_t k)
{
	return combine(p, a, aff_const(p, k), 1);
}

AffId
aff_mul(Program *p, AffId a, int32_t k)
{
	return combine(p, aff_const(p, 0), a, k);
}

AffId
aff_subst(Program *p, AffId a, const Index *from, const AffId *to, int n)
{
	Aff x = p->affs.v[a];
	AffId r = aff_const(p, x.k), part;
	uint32_t i;
	int q;

	for (i = 0; i < x.n; i++) {
		Term t = p->terms.v[x.term + i];
		for (q = 0; q < n && from[q] != t.i; q++)
			;
		part = q < n ? to[q] : aff_var(p, t.i);
		r = combine(p, r, part, t.c);
	}
	return r;
}

int32_t
aff_coef(const Program *p, AffId a, Index i)
{
	const Aff *x = &p->affs.v[a];
	uint32_t q;

	for (q = 0; q < x->n; q++)
		if (p->terms.v[x->term + q].i == i)
			return p->terms.v[x->term + q].c;
	return 0;
}

static int64_t
bound(const Program *p, AffId a, int sign)
{
	const Aff *x = &p->affs.v[a];
	int64_t r = x->k, v;
	uint32_t q;

	for (q = 0; q < x->n; q++) {
		Term t = p->terms.v[x->term + q];
		if (t.i == SAMPLE)
			continue;
		v = (int64_t)t.c * (p->index.v[t.i].extent - 1);
		if (v * sign > 0)
			r += v;
	}
	return r;
}

int64_t
aff_lo(const Program *p, AffId a)
{
	return bound(p, a, -1);
}

int64_t
aff_hi(const Program *p, AffId a)
{
	return bound(p, a, 1);
}

bool
aff_is_const(const Program *p, AffId a, int32_t *k)
{
	*k = p->affs.v[a].k;
	return p->affs.v[a].n == 0;
}

bool
aff_is_var(const Program *p, AffId a, Index *i)
{
	const Aff *x = &p->affs.v[a];

	if (x->n != 1 || x->k || p->terms.v[x->term].c != 1)
		return false;
	*i = p->terms.v[x->term].i;
	return true;
}

TensorId
ir_tensor(Program *p, Tensor t)
{
	if (!t.loc.file)
		t.loc = p->at;
	PUSH(p->c, &p->tensors, t);
	return p->tensors.n - 1;
}

/* ---- expressions */

static uint32_t
expr_hash(const Program *p, uint32_t id)
{
	const Expr *e = &p->exprs.v[id];
	uint32_t h = mix((uint32_t)e->op, (uint32_t)e->fn), i, w[2];

	memcpy(w, &e->num, sizeof w);
	h = mix(mix(mix(h, e->a), e->b), e->c);
	h = mix(mix(h, w[0]), w[1]);
	h = mix(mix(mix(h, e->aff), e->tensor), e->nsub);
	for (i = 0; i < e->nsub; i++)
		h = mix(h, p->subs.v[e->sub + i].id * 2 +
		        p->subs.v[e->sub + i].indirect);
	return h;
}

static bool
expr_same(const Program *p, const Expr *a, const Expr *b)
{
	uint32_t i;

	if (a->op != b->op || a->fn != b->fn || a->a != b->a || a->b != b->b ||
	    a->c != b->c || memcmp(&a->num, &b->num, sizeof a->num) ||
	    a->aff != b->aff || a->tensor != b->tensor || a->nsub != b->nsub)
		return false;
	for (i = 0; i < a->nsub; i++) {
		const Sub *s = &p->subs.v[a->sub + i], *t = &p->subs.v[b->sub + i];
		if (s->indirect != t->indirect || s->id != t->id)
			return false;
	}
	return true;
}

static ExprId
intern(Program *p, Expr e, const Sub *subs)
{
	uint32_t i, h;

	if (p->exprs.n * 2 >= p->expr_hash_n)
		grow(p, &p->expr_hash, &p->expr_hash_n, p->exprs.n, expr_hash);
	e.sub = p->subs.n;
	e.loc = p->at;
	for (i = 0; i < e.nsub; i++)
		PUSH(p->c, &p->subs, subs[i]);
	PUSH(p->c, &p->exprs, e);
	h = expr_hash(p, p->exprs.n - 1) & (p->expr_hash_n - 1);
	for (; p->expr_hash[h]; h = (h + 1) & (p->expr_hash_n - 1)) {
		if (expr_same(p, &e, &p->exprs.v[p->expr_hash[h] - 1])) {
			p->exprs.n--;
			p->subs.n = e.sub;
			return p->expr_hash[h] - 1;
		}
	}
	p->expr_hash[h] = p->exprs.n;
	return p->exprs.n - 1;
}

Sub
sub_aff(AffId a)
{
	Sub s = { false, a };

	return s;
}

ExprId
ex_num(Program *p, double v)
{
	return intern(p, (Expr){ .op = E_NUM, .num = v }, NULL);
}

ExprId
ex_idx(Program *p, AffId a)
{
	return intern(p, (Expr){ .op = E_IDX, .aff = a }, NULL);
}

ExprId
ex_count(Program *p)
{
	return intern(p, (Expr){ .op = E_CNT }, NULL);
}

ExprId
ex_read(Program *p, TensorId t, const Sub *subs, int n)
{
	Expr e = { .op = E_READ, .tensor = t, .nsub = (uint32_t)n };
	Sub own[MAX_RANK + 2];

	if (n) /* subs may be NULL */
		memcpy(own, subs, (size_t)n * sizeof *own);
	return intern(p, e, own);
}

ExprId
ex_pad(Program *p, TensorId t, const Sub *subs, int n)
{
	Expr e = { .op = E_PAD, .tensor = t, .nsub = (uint32_t)n };
	Sub own[MAX_RANK + 2];

	memcpy(own, subs, (size_t)n * sizeof *own);
	return intern(p, e, own);
}

ExprId
ex_bin(Program *p, Op op, ExprId a, ExprId b)
{
	return intern(p, (Expr){ .op = op, .a = a, .b = b }, NULL);
}

ExprId
ex_neg(Program *p, ExprId a)
{
	return intern(p, (Expr){ .op = E_NEG, .a = a }, NULL);
}

ExprId
ex_sel(Program *p, ExprId cond, ExprId a, ExprId b)
{
	return intern(p, (Expr){ .op = E_SEL, .a = cond, .b = a, .c = b }, NULL);
}

ExprId
ex_fn(Program *p, Fn fn, ExprId a)
{
	return intern(p, (Expr){ .op = E_FN, .fn = fn, .a = a }, NULL);
}

ExprId
ex_stop(Program *p, ExprId a)
{
	return intern(p, (Expr){ .op = E_STOP, .a = a }, NULL);
}

ExprId
ex_ieq(Program *p, ExprId read, AffId a)
{
	return intern(p, (Expr){ .op = E_IEQ, .a = read, .aff = a }, NULL);
}

/* f sees every node after its operands were rebuilt and may replace it */
ExprId
ex_map(Program *p, ExprId e, ExprId (*f)(Program *, ExprId, void *), void *u)
{
	Expr x = p->exprs.v[e];
	Sub subs[MAX_RANK + 2];
	Loc at = p->at;
	uint32_t i;

	p->at = x.loc;
	if (x.a)
		x.a = ex_map(p, x.a, f, u);
	if (x.b)
		x.b = ex_map(p, x.b, f, u);
	if (x.c)
		x.c = ex_map(p, x.c, f, u);
	for (i = 0; i < x.nsub; i++) {
		subs[i] = p->subs.v[x.sub + i];
		if (subs[i].indirect)
			subs[i].id = ex_map(p, subs[i].id, f, u);
	}
	e = f(p, intern(p, x, subs), u);
	p->at = at;
	return e;
}

typedef struct { const Index *from; const AffId *to; int n; } Renaming;

static ExprId
rename_one(Program *p, ExprId e, void *u)
{
	Renaming *r = u;
	Expr x = p->exprs.v[e];
	Sub subs[MAX_RANK + 2];
	uint32_t i;

	if (x.op == E_IDX || x.op == E_IEQ)
		x.aff = aff_subst(p, x.aff, r->from, r->to, r->n);
	for (i = 0; i < x.nsub; i++) {
		subs[i] = p->subs.v[x.sub + i];
		if (!subs[i].indirect)
			subs[i].id = aff_subst(p, subs[i].id, r->from, r->to,
			                       r->n);
	}
	return intern(p, x, subs);
}

ExprId
ex_subst(Program *p, ExprId e, const Index *from, const AffId *to, int n)
{
	Renaming r = { from, to, n };

	return n ? ex_map(p, e, rename_one, &r) : e;
}

/* ---- statements */

Stmt
ir_stmt(Program *p, const StmtDraft *d)
{
	Stmt s = {
		.target = d->target, .lhs = p->subs.n, .nlhs = (uint32_t)d->nlhs,
		.add = d->add, .red = d->red, .idx = p->indices.n,
		.nidx = d->idx.n, .nridx = d->ridx.n, .guard = p->guards.n,
		.nguard = d->guards.n, .expr = d->expr, .over_z = d->over_z,
		.over_dy = d->over_dy, .scatter = d->scatter, .lanes = 1,
		.scan = d->scan, .layer = d->layer, .phase = d->phase,
		.loc = d->loc
	};
	uint32_t i;

	for (i = 0; i < s.nlhs; i++)
		PUSH(p->c, &p->subs, d->lhs[i]);
	for (i = 0; i < s.nidx; i++)
		PUSH(p->c, &p->indices, d->idx.v[i]);
	s.ridx = p->indices.n;
	for (i = 0; i < s.nridx; i++)
		PUSH(p->c, &p->indices, d->ridx.v[i]);
	for (i = 0; i < s.nguard; i++)
		PUSH(p->c, &p->guards, d->guards.v[i]);
	return s;
}

static int64_t
points(const Program *p, uint32_t from, uint32_t n)
{
	int64_t r = 1;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (p->indices.v[from + i] != SAMPLE)
			r *= p->index.v[p->indices.v[from + i]].extent;
	return r;
}

bool
is_input_gradient(const Program *p, TensorId t)
{
	uint32_t i;

	for (i = 0; i < p->input_grads.n; i++)
		if (p->input_grads.v[i] == t)
			return true;
	return false;
}

int64_t
stmt_points(const Program *p, const Stmt *s)
{
	return points(p, s->idx, s->nidx);
}

int64_t
stmt_terms(const Program *p, const Stmt *s)
{
	return points(p, s->ridx, s->nridx);
}

double
stmts_terms(const Program *p, const Stmts *list)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < list->n; i++)
		sum += (double)stmt_points(p, &list->v[i]) *
			(double)stmt_terms(p, &list->v[i]);
	return sum;
}

const char *
fn_name(Fn f)
{
	static const char *const names[FN_COUNT] = {
		"exp", "log", "log1p", "tanh", "cosh", "sqrt", "abs", "sign",
		"erf", "sin", "cos", "floor", "logistic"
	};

	return names[f];
}
