/* SPDX-License-Identifier: MIT
 * A statement that only copies, from rows to columns, in; whether blocks of it
 * are turned in registers, and the call that does so, out.  Lanes that lie apart
 * would be read one by one. */
#include "tile.h"

static bool
is_array(const Program *p, TensorId t)
{
	switch (p->tensors.v[t].kind) {
	case T_INT: case T_RAND: case T_CONST: case T_NET:
		return false;
	default:
		return true;
	}
}

/* b[i,j] = a[j,i]: vectors of b run along the lane, those of a along the row */
bool
turns(const Vectors *v, const Stmt *s, Index lane, Index *row)
{
	const Program *p = v->p;
	const Expr *x = &p->exprs.v[s->expr];
	uint32_t i;

	if (x->op != E_READ || s->red != RED_NONE || s->nridx || s->nguard ||
	    s->add || s->scatter || s->scan ||
	    !is_array(p, x->tensor) || !is_array(p, s->target) ||
	    tile_moves(v, x->tensor, x->sub, x->nsub, lane) != -1 ||
	    tile_moves(v, s->target, s->lhs, s->nlhs, lane) != 1)
		return false;
	for (i = 0; i < s->nidx; i++) {
		Index r = p->indices.v[s->idx + i];
		if (r == lane || tile_extent(v, r) < 2 ||
		    tile_moves(v, x->tensor, x->sub, x->nsub, r) != 1 ||
		    tile_moves(v, s->target, s->lhs, s->nlhs, r) != -1)
			continue;
		*row = r;
		return true;
	}
	return false;
}

/* may it be turned by vectors along any index? */
bool
may_turn(const Vectors *v, const Stmt *s)
{
	Index row;
	uint32_t i;

	for (i = 0; i < s->nidx; i++)
		if (turns(v, s, v->p->indices.v[s->idx + i], &row))
			return true;
	return false;
}

bool
is_turned(const Vectors *v, const Stmt *s, const Schedule *q)
{
	const Loop *l = tile_row(q);
	Index row;

	return l && l->clamped && l->count == TURNED &&
	       turns(v, s, q->lane, &row) && row == l->index;
}

/* what a step of the index is worth in the tensor */
static int64_t
stride_along(Emit *e, Index i, TensorId t, const Sub *subs, uint32_t n)
{
	Index was = e->lane;
	int64_t stride;

	e->lane = i;
	stride = lane_stride(e, t, subs, n);
	e->lane = was;
	return stride;
}

/* the tile that turns() has asked for, and nothing follows on it */
bool
tile_turns(const Tile *t)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	const Expr *x = &e->p->exprs.v[s->expr];
	const Sub *from = &e->p->subs.v[x->sub], *to = &e->p->subs.v[s->lhs];

	return t->n == 1 && t->row && t->row->clamped && t->columns == 1 &&
	       t->row->index != e->lane && t->row->count == TURNED &&
	       x->op == E_READ && s->red == RED_NONE && !s->nridx &&
	       e->k->store[x->tensor].how != ST_LOCAL &&
	       e->k->store[s->target].how != ST_LOCAL &&
	       lane_stride(e, s->target, to, s->nlhs) == 1 &&
	       stride_along(e, t->row->index, x->tensor, from, x->nsub) == 1;
}

static void
put_rows(Emit *e, Index row)
{
	Index was = e->lane;

	e->lane = row;
	if (lanes_end(e))
		put_rest(e);
	else
		put_int(e, TURNED);
	e->lane = was;
}

/* bp_turn_vf(wt + j + 32*k, 32, w + k + 48*j, 48, 100 - k, 10 - j); */
void
tile_turn(Tile *t)
{
	Emit *e = t->e;
	const Stmt *s = tile_stmt(t, 0);
	const Expr *x = &e->p->exprs.v[s->expr];
	const Sub *from = &e->p->subs.v[x->sub], *to = &e->p->subs.v[s->lhs];
	const Index row = t->row->index;

	line_open(e);
	put(e, fmt(e->c, "bp_turn%s(", e->of_vector));
	put_address(e, s->target, to, s->nlhs);
	put(e, ", ");
	put_int(e, stride_along(e, row, s->target, to, s->nlhs));
	put(e, ", ");
	put_address(e, x->tensor, from, x->nsub);
	put(e, ", ");
	put_int(e, lane_stride(e, x->tensor, from, x->nsub));
	put(e, ", ");
	put_rows(e, row);
	put(e, ", ");
	put_rest(e);
	line_close(e, ");");
}
