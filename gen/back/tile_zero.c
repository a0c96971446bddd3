/* SPDX-License-Identifier: MIT
 * Lanes beyond the end of a tensor: what is kept from call to call has zeros
 * there.  Where the operands have them too, a store need not put them there. */
#include <string.h>
#include "tile.h"

/* must a store of the target keep such zeros? */
bool
tile_keeps(const Emit *e, TensorId target)
{
	return e->k->store[target].how == ST_FIELD && e->lane != SAMPLE &&
	       e->p->index.v[e->lane].extent % layout_round(1) != 0;
}

static bool
read_vanishes(Emit *e, const Expr *x)
{
	Text text = { .c = e->c }, *out = e->out;
	uint32_t i;

	e->out = &text;
	put_read_text(e, x->tensor, &e->p->subs.v[x->sub], x->nsub);
	e->out = out;
	for (i = 0; i < e->named.n; i++)
		if (!strcmp(e->named.v[i].text, text.s))
			return e->named.v[i].zero;
	/* behind a part lies what is not zero */
	return e->k->store[x->tensor].how == ST_FIELD &&
	       !ends_early(e, x->tensor, &e->p->subs.v[x->sub], true);
}

static bool
function_vanishes(const Expr *x)
{
	return x->fn == FN_LOG1P || x->fn == FN_TANH || x->fn == FN_SQRT ||
	       x->fn == FN_ABS || x->fn == FN_SIGN || x->fn == FN_ERF ||
	       x->fn == FN_SIN || x->fn == FN_FLOOR;
}

/* a divisor that is no zero there: some number is added to it */
static bool
divides(const Emit *e, ExprId id)
{
	const Expr *x = &e->p->exprs.v[id];

	if (!along_lane(e, id))
		return true;
	return x->op == E_ADD &&
	       (e->p->exprs.v[x->a].op == E_NUM ||
	        e->p->exprs.v[x->b].op == E_NUM);
}

/* is the vector zero there, NaN and infinity aside? */
bool
tile_vanishes(Emit *e, ExprId id)
{
	const Expr *x = &e->p->exprs.v[id];

	if (!along_lane(e, id))
		return x->op == E_NUM && x->num == 0;
	switch (x->op) {
	case E_READ:
		return e->k->store[x->tensor].how != ST_LOCAL &&
		       read_vanishes(e, x);
	case E_MUL:
		return tile_vanishes(e, x->a) || tile_vanishes(e, x->b);
	case E_ADD: case E_SUB:
		return tile_vanishes(e, x->a) && tile_vanishes(e, x->b);
	case E_DIV:
		return tile_vanishes(e, x->a) && divides(e, x->b);
	case E_NEG: case E_STOP:
		return tile_vanishes(e, x->a);
	case E_SEL:
		return tile_vanishes(e, x->b) && tile_vanishes(e, x->c);
	case E_FN:
		return function_vanishes(x) && tile_vanishes(e, x->a);
	default:
		return false;
	}
}

/* Vectors that are loaded in front of a loop get zeros once, where stores in
 * the loop would have to put them. */
bool
tile_masks(const Tile *t, const Expr *read)
{
	const Emit *e = t->e;
	uint32_t i;

	if (e->k->store[read->tensor].how != ST_WORK ||
	    ends_early(e, read->tensor, &e->p->subs.v[read->sub], false))
		return false;
	for (i = 0; i < t->n; i++)
		if (tile_keeps(e, tile_stmt(t, i)->target))
			return true;
	return false;
}
