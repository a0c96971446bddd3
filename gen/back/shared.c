/* SPDX-License-Identifier: MIT
 * An expression in; which of its parts get variables of their own, and what its
 * text reads, out. */
#include "back.h"

/* what stands twice and costs something, what is nested deep (TinyCC takes some
 * 200 open parentheses), what is long */
enum { SHARED_SIZE = 8, DEEP = 24, LONG = 120 };

typedef VEC(ExprId) Ids;

static void
reach(Emit *e, ExprId root, Ids *all)
{
	Ids todo = { 0 };
	ExprId kids[3 + MAX_RANK + 2], id;
	uint32_t i, n;

	e->stamp++;
	e->mark[root] = e->stamp;
	PUSH(e->c, &todo, root);
	while (todo.n) {
		const Expr *x;
		id = todo.v[--todo.n];
		PUSH(e->c, all, id);
		e->refs[id] = 0;
		x = &e->p->exprs.v[id];
		kids[0] = x->a;
		kids[1] = x->b;
		kids[2] = x->c;
		for (i = 0, n = 3; i < x->nsub; i++)
			if (e->p->subs.v[x->sub + i].indirect)
				kids[n++] = e->p->subs.v[x->sub + i].id;
		for (i = 0; i < n; i++) {
			if (!kids[i] || e->mark[kids[i]] == e->stamp)
				continue;
			e->mark[kids[i]] = e->stamp;
			PUSH(e->c, &todo, kids[i]);
		}
	}
}

static void
sort_ids(Ids *a)
{
	uint32_t gap, i, j;
	ExprId v;

	for (gap = a->n / 2; gap; gap /= 2) {
		for (i = gap; i < a->n; i++) {
			v = a->v[i];
			for (j = i; j >= gap && a->v[j - gap] > v; j -= gap)
				a->v[j] = a->v[j - gap];
			a->v[j] = v;
		}
	}
}

static bool
may_hoist(const Emit *e, const Expr *x)
{
	if (x->op == E_READ || x->op == E_PAD) /* no integers */
		return e->p->tensors.v[x->tensor].kind == T_RAND;
	return x->op >= E_ADD && !is_condition(x->op) && x->op != E_STOP;
}

/* operands have smaller numbers than what is made of them */
static Hoists
find_hoists(Emit *e, ExprId root)
{
	Ids all = { 0 }, found = { 0 };
	uint32_t i, k;

	reach(e, root, &all);
	sort_ids(&all);
	for (i = 0; i < all.n; i++) {
		const Expr *x = &e->p->exprs.v[all.v[i]];
		ExprId kid[3] = { x->a, x->b, x->c };
		for (k = 0; k < 3; k++)
			if (kid[k])
				e->refs[kid[k]]++;
	}
	for (i = 0; i < all.n; i++) {
		ExprId id = all.v[i];
		const Expr *x = &e->p->exprs.v[id];
		ExprId kid[3] = { x->a, x->b, x->c };
		bool costly = x->op == E_FN ||
		              e->p->tensors.v[x->tensor].kind == T_RAND;
		bool shared = e->refs[id] > 1;
		e->size[id] = 1;
		e->depth[id] = 1;
		for (k = 0; k < 3; k++) {
			if (!kid[k])
				continue;
			e->size[id] += e->size[kid[k]];
			if (e->depth[kid[k]] >= e->depth[id])
				e->depth[id] = e->depth[kid[k]] + 1;
		}
		if (id == root || !may_hoist(e, x))
			continue;
		if ((shared && (costly || e->size[id] >= SHARED_SIZE)) ||
		    e->depth[id] > DEEP || e->size[id] > LONG) {
			PUSH(e->c, &found, id);
			e->size[id] = e->depth[id] = 1;
		}
	}
	return (Hoists){ found.v, found.n };
}

/* what the text of an expression reads, and how often it stands there */
const Reads *
reads_of(Emit *e, ExprId root)
{
	const Hoists *h = hoists_of(e, root);
	Ids all = { 0 };
	Reads *r;
	uint32_t i, k;

	if (e->reads[root])
		return e->reads[root];
	r = mem(e->c, sizeof *r);
	reach(e, root, &all);
	sort_ids(&all);
	r->v = mem(e->c, (all.n + 1) * sizeof *r->v);
	r->times = mem(e->c, all.n + 1);
	for (i = 0; i < h->n; i++)   /* written once, whoever uses it */
		e->mark[h->v[i]] = 0;
	e->refs[root] = 1;
	for (i = all.n; i-- > 0;) {
		ExprId id = all.v[i];
		const Expr *x = &e->p->exprs.v[id];
		ExprId kid[3] = { x->a, x->b, x->c };
		uint32_t times = e->mark[id] ? e->refs[id] : 1;
		for (k = 0; k < 3; k++)
			if (kid[k] && (e->refs[kid[k]] += times) > 2)
				e->refs[kid[k]] = 2;
		if (x->op == E_READ || x->op == E_PAD) {
			const Sub *subs = &e->p->subs.v[x->sub];
			for (k = 0; k < x->nsub; k++)
				if (subs[k].indirect)
					e->refs[subs[k].id] = 2;
			r->times[r->n] = (uint8_t)times;
			r->v[r->n++] = id;
		}
	}
	e->reads[root] = r;
	return r;
}

const Hoists *
hoists_of(Emit *e, ExprId root)
{
	if (!e->hoists[root]) {
		e->hoists[root] = mem(e->c, sizeof(Hoists));
		*e->hoists[root] = find_hoists(e, root);
	}
	return e->hoists[root];
}

bool
hoists_begin(Emit *e, ExprId root)
{
	const Hoists *h = hoists_of(e, root);
	const char *name;
	uint32_t i;

	for (i = 0; i < h->n; i++) {
		name = local_name(e, "sub");
		line_open(e);
		put(e, "const ");
		put(e, along_lane(e, h->v[i]) ? e->vector : e->real);
		put(e, " ");
		put(e, name);
		put(e, " = ");
		put_expr(e, h->v[i], P_ANY);
		line_close(e, ";");
		e->sub[h->v[i]] = name;
	}
	return h->n > 0;
}

void
hoists_end(Emit *e, ExprId root)
{
	const Hoists *h = hoists_of(e, root);
	uint32_t i;

	for (i = 0; i < h->n; i++)
		e->sub[h->v[i]] = NULL;
}
