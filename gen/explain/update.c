/* SPDX-License-Identifier: MIT
 * The statements of the update -> one rule for all weights that share it. */
#include <string.h>
#include "../middle/middle.h"
#include "explain.h"

/* what is the weight's own: itself, its moments, values on the way */
static bool
belongs(const Program *p, const Stmt *s, TensorId w)
{
	const Tensor *t = &p->tensors.v[s->target], *x = &p->tensors.v[w];
	size_t n = strlen(x->name);

	return s->target == w || (t->kind == T_STATE && t->of == w) ||
		(t->kind == T_TEMP && !strncmp(t->name, x->name, n) &&
		 t->name[n] == '.');
}

static bool
is_of_a_weight(const Program *p, const Stmt *s)
{
	uint32_t i;

	for (i = 0; i < p->weights.n; i++)
		if (belongs(p, s, p->weights.v[i]))
			return true;
	return false;
}

/* rate, powers of beta, the factor of clipping: once for all weights */
static void
common(Page *page, Derivation *d)
{
	const Program *p = d->p;
	Equations all = { 0 };
	uint32_t i;

	for (i = 0; i < p->net_states.n; i++) {
		Equation e = { .sign = "=" };
		e.left = symbol(d, p->net_states.v[i], NULL);
		PUSH(d->c, &e.right, m_number(d->c,
			p->tensors.v[p->net_states.v[i]].fill));
		put_equation(page, e, &all);
	}
	flush_equations(page, &all);
	for (i = 0; i < d->list->n; i++)
		if (!is_of_a_weight(p, &d->list->v[i]) &&
		    !d->of[d->list->v[i].target].how)
			put_equation(page, equation_of(d, &d->list->v[i]),
			             &all);
	if (all.n)
		page->form->prose(page, "Once in every update:");
	flush_equations(page, &all);
}

static void
rule_of(Derivation *d, TensorId w, Equations *rule, Text *text)
{
	uint32_t i;

	for (i = 0; i < d->list->n; i++) {
		Equation e;

		if (!belongs(d->p, &d->list->v[i], w) ||
		    d->of[d->list->v[i].target].how)
			continue;
		e = equation_of(d, &d->list->v[i]);
		PUSH(d->c, rule, e);
		text_add(text, "%s\n", plain_text(d->c, &e));
	}
}

static void
rules(Page *page, Derivation *d)
{
	const Program *p = d->p;
	uint32_t i, k, n;
	Text *text = mem(d->c, (p->weights.n + 1) * sizeof *text);
	bool *done = mem(d->c, p->weights.n + 1);

	for (i = n = 0; i < p->weights.n; i++)
		n += p->grads.v[i] != 0;
	for (i = 0; i < p->weights.n; i++) {
		Equations rule = { 0 }, other = { 0 };
		Text who = { .c = d->c };

		if (!p->grads.v[i] || done[i])
			continue;
		text[i] = (Text){ .c = d->c };
		rule_of(d, p->weights.v[i], &rule, &text[i]);
		text_add(&who, "For every weight w of %s",
		         p->tensors.v[p->weights.v[i]].name);
		for (k = i + 1; k < p->weights.n; k++) {
			if (!p->grads.v[k] || done[k])
				continue;
			text[k] = (Text){ .c = d->c };
			rule_of(d, p->weights.v[k], &other, &text[k]);
			done[k] = rule.n && !strcmp(text[i].s, text[k].s);
			if (done[k])
				text_add(&who, ", %s", p->tensors.v[p->
				         weights.v[k]].name);
		}
		if (!rule.n)
			continue;
		text_add(&who, ":");
		page->form->prose(page, who.s);
		flush_equations(page, &rule);
	}
}

static void
starts(Page *page, const Program *p)
{
	const Record *r = p->net->optimizer;
	Text t = { .c = p->c };
	TensorId first = p->states.n ? p->states.v[0] : 0;
	uint32_t i;

	for (i = 0; i < r->state.n && first; i++) {
		const Tensor *x = &p->tensors.v[first + i];
		text_add(&t, "%s%s begins at %g", i ? ", " : "", x->base,
		         x->fill);
	}
	if (t.n)
		page->form->prose(page, fmt(p->c, "%s.", t.s));
}

/* a value on the way that one statement reads is written there */
Derivation *
update_derivation(Program *p)
{
	Derivation *d = derivation_new(p->c, p, &p->kernel[K_UPDATE], false);
	uint32_t i;

	d->one = p->net->batch == 1 && !p->net->batch_all;
	for (i = 0; i < d->list->n; i++)
		inline_values(d, &d->list->v[i]);
	return d;
}

void
explain_update(Page *page, Program *p)
{
	const Network *net = p->net;
	Derivation *d = update_derivation(p);

	page->form->heading(page, 2, fmt(p->c, "Update (%s)",
	                    net->optimizer->name));
	if (!d->one)
		page->form->prose(page, fmt(p->c, "The gradients are summed "
			"over the N samples of a mini-batch%s.", net->batch_all
			? ", which is all of them" : fmt(p->c, " (N = %d)",
			net->batch)));
	common(page, d);
	if (net->schedule.kind)
		page->form->prose(page, "The schedule of the spec changes the "
		                  "rate from epoch to epoch.");
	d->generic = true;
	starts(page, p);
	rules(page, d);
}
