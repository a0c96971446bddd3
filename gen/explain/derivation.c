/* SPDX-License-Identifier: MIT
 * Statements -> how a derivation shows them: sums that the splitting of a
 * formula made up go back to where they are read, f(z) and f'(z) get names. */
#include <ctype.h>
#include <string.h>
#include "../middle/middle.h"
#include "explain.h"

/* sum_7, root_241: of the splitting, not of a formula */
static bool
is_made_up(const Tensor *t)
{
	size_t n = strlen(t->name), k = strlen(t->base);

	if (t->kind != T_TEMP || t->adjoint)
		return false;
	while (n && isdigit((unsigned char)t->name[n - 1]))
		n--;
	return t->name[n] && n > k && t->name[n - 1] == '_' &&
		!strncmp(t->name + n - 1 - k, t->base, k) &&
		(n - 1 == k || t->name[n - 2 - k] == '.');
}

static void
count(Derivation *d)
{
	uint32_t i, k;

	for (i = 0; i < d->list->n; i++) {
		const Stmt *s = &d->list->v[i];
		Reads reads = { 0 };

		d->of[s->target].computed++;
		d->of[s->target].by = s;
		expr_reads(d->p, s->expr, true, &reads);
		for (k = 0; k < reads.n; k++)
			d->of[d->p->exprs.v[reads.v[k]].tensor].read++;
	}
}

/* every read of t in s is a plain place, and all are the same */
static ExprId
only_read(const Derivation *d, const Stmt *s, TensorId t)
{
	Reads reads = { 0 };
	ExprId found = 0;
	uint32_t i, k;

	expr_reads(d->p, s->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		const Expr *e = &d->p->exprs.v[reads.v[i]];

		if (e->tensor != t)
			continue;
		if (found || e->op != E_READ)
			return 0;
		found = reads.v[i];
		for (k = 0; k < e->nsub; k++)
			if (d->p->subs.v[e->sub + k].indirect)
				return 0;
	}
	return found;
}

/* how often; 2 is many */
static int
occurrences(const Program *p, ExprId id, ExprId read)
{
	const Expr *e = &p->exprs.v[id];
	int n;

	if (id == read)
		return 1;
	if (e->op == E_READ || e->op == E_PAD || e->op == E_NONE)
		return 0;
	n = occurrences(p, e->a, read);
	if (n < 2)
		n += occurrences(p, e->b, read);
	return n < 2 ? n + occurrences(p, e->c, read) : n;
}

static bool
is_read_once(const Derivation *d, const Stmt *reader, TensorId t)
{
	ExprId read = only_read(d, reader, t);
	int32_t room = 2000;

	return read && tree_fits(d->p, reader->expr, &room) &&
		occurrences(d->p, reader->expr, read) == 1;
}

static bool
can_inline(const Derivation *d, TensorId t, const Stmt *reader)
{
	const Shown *x = &d->of[t];
	const Stmt *s = x->by;

	return x->computed == 1 && x->read == 1 && !s->add && !s->scatter &&
		s->red != RED_ARGMAX && s->scan == reader->scan &&
		(s->red || !s->nguard) && plain_left(d->p, s) &&
		!d->p->tensors.v[t].off && is_read_once(d, reader, t);
}

static bool
has_adjoint(const Derivation *d, TensorId t)
{
	TensorId i;

	for (i = 1; i < d->p->tensors.n; i++)
		if (d->p->tensors.v[i].adjoint && d->p->tensors.v[i].of == t &&
		    d->of[i].computed)
			return true;
	return false;
}

static void
inline_sums(Derivation *d)
{
	uint32_t i, k;

	for (i = 0; i < d->list->n; i++) {
		const Stmt *s = &d->list->v[i];
		Reads reads = { 0 };

		expr_reads(d->p, s->expr, true, &reads);
		for (k = 0; k < reads.n; k++) {
			TensorId t = d->p->exprs.v[reads.v[k]].tensor;
			if (is_made_up(&d->p->tensors.v[t]) &&
			    can_inline(d, t, s) && !has_adjoint(d, t))
				d->of[t].how = INLINE_SUM;
		}
	}
}

void
inline_values(Derivation *d, const Stmt *reader)
{
	Reads reads = { 0 };
	uint32_t k;

	expr_reads(d->p, reader->expr, true, &reads);
	for (k = 0; k < reads.n; k++) {
		TensorId t = d->p->exprs.v[reads.v[k]].tensor;
		if (d->p->tensors.v[t].kind == T_TEMP &&
		    d->of[t].by && !d->of[t].by->red && can_inline(d, t, reader))
			d->of[t].how = INLINE_SUM;
	}
}

/* what stays gets a letter that its layer has not used */
static void
give_letters(Derivation *d)
{
	static const char letters[] = "uvqsphfcdlijkmo";
	TensorId t, o;
	const char *s;

	for (t = 1; t < d->p->tensors.n; t++) {
		const Tensor *x = &d->p->tensors.v[t];

		if (!is_made_up(x) || !d->of[t].computed ||
		    d->of[t].how == INLINE_SUM)
			continue;
		for (s = letters; *s; s++) {
			for (o = 1; o < d->p->tensors.n; o++) {
				const Tensor *y = &d->p->tensors.v[o];
				const char *name = d->of[o].letter ?
					d->of[o].letter : y->base;
				if (y->layer == x->layer && !y->adjoint &&
				    !name[1] && *name == *s)
					break;
			}
			if (o == d->p->tensors.n)
				break;
		}
		d->of[t].letter = *s ? copy(d->c, s, 1) : x->base;
	}
}

/* the activation that a layer was given, if one formula in z */
static const Act *
act_of_layer(const Network *net, int layer)
{
	const Layer *l = layer < 0 ? NULL : &net->layers.v[layer];
	uint32_t i;

	for (i = 0; l && l->rec && i < l->rec->params.n; i++)
		if (l->rec->params.v[i].kind == ARG_ACTIVATION)
			return l->args[i].act && l->args[i].act->rec->y ?
				l->args[i].act : NULL;
	return NULL;
}

static void
find_activations(Derivation *d)
{
	uint32_t i;

	for (i = 0; i < d->list->n; i++) {
		const Stmt *s = &d->list->v[i];
		const Act *act = act_of_layer(d->net, s->layer);
		const Tensor *t = &d->p->tensors.v[s->target];
		Reads reads = { 0 };
		const Expr *e;

		if (!act || t->adjoint || s->red || s->nguard || s->add ||
		    d->of[s->target].computed != 1 || t->layer != s->layer)
			continue;
		expr_reads(d->p, s->expr, true, &reads);
		if (reads.n != 1 || reads.v[0] == s->expr)
			continue;
		e = &d->p->exprs.v[reads.v[0]];
		if (strcmp(d->p->tensors.v[e->tensor].base, "z") ||
		    d->p->tensors.v[e->tensor].layer != s->layer)
			continue;
		d->of[s->target].act = act->rec->name;
		d->of[s->target].act_read = reads.v[0];
	}
}

/* y of this layer's activation of z, by the adjoint of z */
TensorId
activation_tensor(const Derivation *d, TensorId dz)
{
	TensorId t, z = d->p->tensors.v[dz].of;

	for (t = 1; z && t < d->p->tensors.n; t++)
		if (d->of[t].act && d->p->exprs.v[d->of[t].act_read].tensor ==
		    z)
			return t;
	return 0;
}

/* dz = dy * f'(z): the statement is linear in the one adjoint that it reads, so
 * f'(z) is what remains where that is 1 */
static void
find_slope(Derivation *d, const Stmt *s)
{
	const Tensor *x = &d->p->tensors.v[s->target];
	TensorId z = x->of, y = z ? activation_tensor(d, s->target) : 0;
	Reads reads = { 0 };
	ExprId seed = 0;
	uint32_t i;

	if (!y || x->kind != T_TEMP || s->red || s->add || s->nguard ||
	    d->of[s->target].computed != 1)
		return;
	expr_reads(d->p, s->expr, true, &reads);
	for (i = 0; i < reads.n; i++) {
		const Expr *e = &d->p->exprs.v[reads.v[i]];

		if (e->tensor == z || e->tensor == y)
			continue;
		if (seed || !d->p->tensors.v[e->tensor].adjoint)
			return;
		seed = reads.v[i];
	}
	if (!seed || seed == s->expr)
		return;
	d->of[s->target].slope = tidy(d->p, replace(d->p, s->expr, seed,
	                              ex_num(d->p, 1)));
	d->of[s->target].seed = seed;
	z = d->p->exprs.v[seed].tensor;
	if (d->p->tensors.v[z].kind == T_TEMP && can_inline(d, z, s))
		d->of[z].how = INLINE_ADJOINT;
}

Derivation *
derivation_new(Ctx *c, Program *p, const Stmts *list, bool samples)
{
	Derivation *d = mem(c, sizeof *d);
	uint32_t i;

	d->c = c;
	d->net = p->net;
	d->p = p;
	d->list = list;
	d->samples = samples;
	d->of = mem(c, (p->tensors.n + 1) * sizeof *d->of);
	count(d);
	inline_sums(d);
	give_letters(d);
	find_activations(d);
	for (i = 0; i < list->n; i++)
		find_slope(d, &list->v[i]);
	return d;
}
