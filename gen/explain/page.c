/* SPDX-License-Identifier: MIT
 * A derivation -> its page: layers, forward pass, loss, deltas, gradients. */
#include <string.h>
#include "../middle/middle.h"
#include "explain.h"

/* with so few values every equation is written for each of them */
enum { MOST_SPELLED = 48, MOST_SPELLED_TERMS = 8 };

const char *
plain_text(Ctx *c, const Equation *e)
{
	Text t = { .c = c };
	uint32_t i;

	math_plain(e->left, &t);
	for (i = 0; i < e->right.n; i++) {
		text_add(&t, "%s", e->sign);
		math_plain(e->right.v[i], &t);
	}
	return t.s;
}

void
put_equation(Page *page, Equation e, Equations *all)
{
	PUSH(page->c, all, e);
}

void
flush_equations(Page *page, Equations *all)
{
	if (all->n)
		page->form->equations(page, all);
	all->n = all->cap = 0;
	all->v = NULL;
}

static void
prose(Explain *x, const char *text)
{
	x->page->form->prose(x->page, text);
}

static void
heading(Explain *x, int level, const char *text)
{
	x->page->form->heading(x->page, level, text);
}

/* ------------------------------------------------------------- statements */

static bool
is_gradient(const Program *p, const Stmt *s)
{
	const Tensor *t = &p->tensors.v[s->target];

	return t->kind == T_GRAD || (t->adjoint && t->of &&
	       p->tensors.v[t->of].kind == T_WEIGHT);
}

/* the parts of the samples are added up: part and sum have one symbol */
static bool
adds_parts(const Program *p, const Stmt *s)
{
	const Expr *e = &p->exprs.v[s->expr];

	return p->tensors.v[s->target].kind == T_GRAD && e->op == E_READ &&
		p->tensors.v[e->tensor].adjoint &&
		p->tensors.v[e->tensor].of == p->tensors.v[s->target].of;
}

bool
is_shown(const Derivation *d, const Stmt *s)
{
	return !d->of[s->target].how && !adds_parts(d->p, s);
}

static void
scan_begins(Explain *x, const Derivation *d, uint32_t scan)
{
	const Scan *g = &d->p->scans.v[scan];
	int last = g->n - 1;

	flush_equations(x->page, &x->all);
	if (scan)
		prose(x, fmt(x->c, "Step by step, %s = %d, ..., %d:",
		      d->p->index.v[g->t].name, g->reverse ? last : 0,
		      g->reverse ? 0 : last));
	else
		prose(x, "Then, for all steps:");
}

static void
put_statement(Explain *x, Derivation *d, const Stmt *s)
{
	Equation e;

	if (x->small || !matrix_form(d, s, &e))
		e = equation_of(d, s);
	put_equation(x->page, e, &x->all);
}

static bool
is_said(Explain *x, const Equation *e)
{
	const char *text = plain_text(x->c, e);
	uint32_t i;

	for (i = 0; i < x->said.n; i++)
		if (!strcmp(x->said.v[i], text))
			return true;
	PUSH(x->c, &x->said, text);
	return false;
}

/* f(z) and f'(z) of an activation that has not been there yet */
static void
put_activation(Explain *x, Derivation *d, TensorId t)
{
	const char *name = d->of[t].act;
	Equation e = { .sign = "=" }, slope = { .sign = "=" };
	Text itself = { .c = x->c }, text = { .c = x->c };
	TensorId i;

	e.left = m_call(x->c, name, m_name(x->c, "z"));
	PUSH(x->c, &e.right, activation_of(d, t));
	math_plain(e.left, &itself);
	math_plain(e.right.v[0], &text);
	if (strcmp(itself.s, text.s) && !is_said(x, &e))
		put_equation(x->page, e, &x->all);
	for (i = 1; i < d->p->tensors.n; i++) {
		if (!d->of[i].slope || activation_tensor(d, i) != t)
			continue;
		slope.left = m_call(x->c, fmt(x->c, "%s'", name),
		                    m_name(x->c, "z"));
		PUSH(x->c, &slope.right, slope_of(d, i));
		if (!is_said(x, &slope))
			put_equation(x->page, slope, &x->all);
		break;
	}
}

/* statements from..to of one layer */
static void
put_group(Explain *x, Derivation *d, uint32_t from, uint32_t to,
	bool (*fits)(const Program *, const Stmt *))
{
	uint32_t i, scan = 0;

	for (i = from; i < to; i++) {
		const Stmt *s = &d->list->v[i];

		if (!is_shown(d, s) || !fits(d->p, s))
			continue;
		if (s->scan != scan)
			scan_begins(x, d, scan = s->scan);
		put_statement(x, d, s);
	}
	flush_equations(x->page, &x->all);
	for (i = from; i < to; i++)
		if (d->of[d->list->v[i].target].act &&
		    fits(d->p, &d->list->v[i]))
			put_activation(x, d, d->list->v[i].target);
	if (x->all.n)
		prose(x, "where");
	flush_equations(x->page, &x->all);
}

static const char *
layer_title(Explain *x, int layer)
{
	const Layer *l = layer < 0 ? NULL : &x->net->layers.v[layer];
	const char *act = "";
	uint32_t i;

	if (!l)
		return "Loss";
	for (i = 0; l->rec && i < l->rec->params.n; i++)
		if (l->rec->params.v[i].kind == ARG_ACTIVATION &&
		    l->args[i].act)
			act = fmt(x->c, " %s", l->args[i].act->rec->name);
	return fmt(x->c, "Layer %d: %s%s", l->number, l->rec ? l->rec->name :
	           "input", act);
}

static int
layer_of(const Derivation *d, const Stmt *s)
{
	int layer = delta_of_loss(d, s->target);

	return layer < 0 ? s->layer : layer;
}

static uint32_t
group_end(const Stmts *list, uint32_t from,
	bool (*fits)(const Program *, const Stmt *), const Program *p)
{
	uint32_t to = from;

	while (to < list->n && (!fits(p, &list->v[to]) ||
	       list->v[to].layer == list->v[from].layer))
		to++;
	return to;
}

static uint32_t
first_shown(const Derivation *d, uint32_t from, uint32_t to,
	bool (*fits)(const Program *, const Stmt *))
{
	while (from < to && !(fits(d->p, &d->list->v[from]) &&
	       is_shown(d, &d->list->v[from])))
		from++;
	return from;
}

static void
put_layers(Explain *x, Derivation *d,
	bool (*fits)(const Program *, const Stmt *), bool titles)
{
	const Stmts *list = d->list;
	uint32_t i, to, first;

	for (i = 0; i < list->n; i = to) {
		to = i + 1;
		if (!fits(d->p, &list->v[i]))
			continue;
		to = group_end(list, i, fits, d->p);
		first = first_shown(d, i, to, fits);
		if (first == to)
			continue;
		if (titles)
			heading(x, 3, layer_title(x, layer_of(d,
			        &list->v[first])));
		put_group(x, d, i, to, fits);
	}
}

/* --------------------------------------------------------------- sections */

bool
is_forward(const Program *p, const Stmt *s)
{
	return s->phase == PH_FORWARD &&
		p->tensors.v[s->target].kind != T_OUTPUT;
}

static bool
is_output(const Program *p, const Stmt *s)
{
	return s->phase == PH_FORWARD &&
		p->tensors.v[s->target].kind == T_OUTPUT;
}

bool
is_loss(const Program *p, const Stmt *s)
{
	(void)p;
	return s->phase == PH_LOSS;
}

bool
is_adjoint(const Program *p, const Stmt *s)
{
	return s->phase == PH_BACKWARD && !is_gradient(p, s);
}

bool
is_weight_gradient(const Program *p, const Stmt *s)
{
	return s->phase == PH_BACKWARD && is_gradient(p, s);
}

static bool
has(const Derivation *d, bool (*fits)(const Program *, const Stmt *))
{
	return first_shown(d, 0, d->list->n, fits) < d->list->n;
}

static void
put_layer_table(Explain *x)
{
	static const char *const titles[] = {
		"layer", "name", "word", "output", "weights"
	};
	Cells cells = { 0 };
	uint32_t i, k;

	for (i = 0; i < 5; i++)
		PUSH(x->c, &cells, m_words(x->c, titles[i]));
	for (i = 0; i < x->net->layers.n; i++) {
		const Layer *l = &x->net->layers.v[i];
		Text w = { .c = x->c };

		if (l->dead)
			continue;
		text_put(&w, "", 0);
		for (k = 0; k < l->weights.n; k++)
			text_add(&w, "%s%s %s", k ? ", " : "",
			         l->weights.v[k].name,
			         shape_text(x->c, &l->weights.v[k].shape));
		PUSH(x->c, &cells, layer_mark(x->d, (int)i));
		PUSH(x->c, &cells, m_words(x->c, l->name));
		PUSH(x->c, &cells, m_words(x->c, strchr(layer_title(x, (int)i),
			':') + 2));
		PUSH(x->c, &cells, m_words(x->c, shape_text(x->c, &l->out)));
		PUSH(x->c, &cells, m_words(x->c, w.s));
	}
	x->page->form->table(x->page, &cells, 5);
}

static void
put_introduction(Explain *x)
{
	put_layer_table(x);
	prose(x, "The number above a symbol is that of its layer; indices "
	      "count from 0, as in the C.");
	if (!x->net->strict)
		prose(x, "With math fast the C may add in another order.");
	if (x->d->samples)
		prose(x, "A layer takes statistics over the N samples of a "
		      "mini-batch: n is the number of the sample.");
}

static bool
is_other_in_use(const Program *p, const Stmt *s)
{
	const Layer *l = s->layer < 0 ? NULL : &p->net->layers.v[s->layer];

	return l && l->infer && !(l->frozen && l->statistics.n) &&
		is_forward(p, s);
}

/* what differs in use from training, and what comes out */
static void
put_use(Explain *x)
{
	Derivation *d = derivation_new(x->c, x->p, &x->p->kernel[K_FORWARD],
	                               false);
	uint32_t i;

	if (x->p->loss[K_GRADIENT] && has(d, is_other_in_use)) {
		heading(x, 2, "Forward pass outside of training");
		put_layers(x, d, is_other_in_use, true);
	}
	for (i = 0; i < d->list->n; i++)
		if (is_output(x->p, &d->list->v[i]))
			put_statement(x, d, &d->list->v[i]);
	if (x->all.n)
		heading(x, 3, "Output");
	flush_equations(x->page, &x->all);
}

bool
is_small(const Derivation *d)
{
	int64_t points = 0;
	uint32_t i;

	for (i = 0; i < d->list->n; i++) {
		const Stmt *s = &d->list->v[i];

		points += is_shown(d, s) ? stmt_points(d->p, s) : 0;
		if (s->scan || stmt_terms(d->p, s) > MOST_SPELLED_TERMS ||
		    points > MOST_SPELLED)
			return false;
	}
	return !d->samples;
}

static void
spell_list(Explain *x, Derivation *d, Kernel k, Oracle *o)
{
	uint32_t i;

	for (i = 0; i < d->list->n; i++)
		if (is_shown(d, &d->list->v[i]))
			spell_out(d, k, i, o, &x->all);
		else if (o)
			oracle_part(o, k, i, i + 1);
	flush_equations(x->page, &x->all);
}

/* with numbers if a sample was walked through */
void
put_spelled(Explain *x)
{
	Oracle *o = x->walk ? x->walk->start : NULL;

	if (!o)
		heading(x, 2, "Every index written out");
	spell_list(x, x->d, x->p->loss[K_GRADIENT] ? K_GRADIENT : K_FORWARD, o);
	if (x->p->kernel[K_UPDATE].n)
		spell_list(x, update_derivation(x->p), K_UPDATE, o);
}

static void
put_backward(Explain *x)
{
	if (has(x->d, is_adjoint)) {
		heading(x, 2, "Backward pass");
		prose(x, "\u03b4 is the derivative of C by z, from the output "
		      "layer back to the first.");
		put_layers(x, x->d, is_adjoint, true);
	}
	if (has(x->d, is_weight_gradient)) {
		heading(x, 2, "Gradients");
		put_layers(x, x->d, is_weight_gradient, true);
	}
	if (x->p->kernel[K_UPDATE].n)
		explain_update(x->page, x->p);
}

static void
put_notation(Explain *x)
{
	const Derivation *d = x->d;

	if (d->choices)
		prose(x, "[c] is 1 where c holds, and 0 elsewhere.");
	if (d->pads)
		prose(x, "What is read outside of its array is 0.");
	if (d->draws)
		prose(x, "rand is drawn for every sample, between 0 and 1.");
}

void
put_page(Explain *x)
{
	const Form *form = x->page->form;

	form->begin(x->page, fmt(x->c, "%s: forward, backward, update",
	                         x->net->name));
	put_introduction(x);
	heading(x, 2, "Forward pass");
	put_layers(x, x->d, is_forward, true);
	put_use(x);
	if (has(x->d, is_loss)) {
		heading(x, 2, "Loss");
		put_layers(x, x->d, is_loss, false);
	}
	put_backward(x);
	put_notation(x);
	if (x->walk)
		put_numbers(x);
	else if (x->small)
		put_spelled(x);
	form->end(x->page);
}
