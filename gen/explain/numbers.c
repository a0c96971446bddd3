/* SPDX-License-Identifier: MIT
 * The values of one sample as tables, or in the equations of a small network. */
#include <string.h>
#include "explain.h"

/* of an axis, of a tensor: beyond them dots */
enum { MOST_COLUMNS = 8, MOST_ROWS = 8 };

typedef struct {
	Explain *x;
	Derivation *d;
	Cells cells;
	uint32_t values;            /* columns of values */
	bool dots;                  /* and one of dots */
} Table;

static int32_t
row_length(const Tensor *t)
{
	return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

static void
widen(Table *b, TensorId t)
{
	int32_t n = row_length(&b->d->p->tensors.v[t]);

	b->dots |= n > MOST_COLUMNS;
	n = n > MOST_COLUMNS ? MOST_COLUMNS : n;
	b->values = (uint32_t)n > b->values ? (uint32_t)n : b->values;
}

static void
put_cell(Table *b, Math *m)
{
	PUSH(b->x->c, &b->cells, m);
}

/* w_2k: the row that a cell begins, k is the column */
static Math *
row_name(Table *b, TensorId id, int64_t row)
{
	const Tensor *t = &b->d->p->tensors.v[id];
	Ctx *c = b->x->c;
	int32_t at[MAX_RANK];
	bool commas = false;
	Math *below = m_new(c, M_ROW, NULL);
	int i;

	for (i = t->shape.rank - 1; i-- > 0;) {
		at[i] = (int32_t)(row % t->shape.dim[i]) - (i ? 0 : t->off);
		row /= t->shape.dim[i];
		commas |= at[i] < 0 || at[i] > 9;
	}
	for (i = 0; i + 1 < t->shape.rank; i++) {
		m_push(c, below, m_number(c, at[i]));
		if (commas)
			m_push(c, below, m_new(c, M_SIGN, ","));
	}
	if (t->shape.rank)
		m_push(c, below, m_name(c, "k"));
	return symbol(b->d, id, t->shape.rank ? below : NULL);
}

static void
put_row(Table *b, TensorId id, const double *v, int64_t row)
{
	int32_t n = row_length(&b->d->p->tensors.v[id]), k;
	Ctx *c = b->x->c;

	put_cell(b, row_name(b, id, row));
	for (k = 0; k < (int32_t)b->values; k++)
		put_cell(b, k < n ? m_number(c, v[row * n + k]) :
		         m_words(c, ""));
	if (b->dots)
		put_cell(b, n > MOST_COLUMNS ? m_name(c, "dots") :
		         m_words(c, ""));
}

static void
put_tensor(Table *b, TensorId id, Oracle *o)
{
	const Tensor *t = &b->d->p->tensors.v[id];
	int64_t n = shape_size(&t->shape) / row_length(t), row;
	uint32_t k;

	for (row = 0; row < n && row < MOST_ROWS; row++)
		put_row(b, id, oracle_values(o, id), row);
	if (row == n)
		return;
	put_cell(b, m_name(b->x->c, "dots"));
	for (k = 0; k < b->values + b->dots; k++)
		put_cell(b, m_words(b->x->c, ""));
}

static void
put_table(Explain *x, Derivation *d, const char *title,
	const TensorIds *list, Oracle *o)
{
	Table b = { .x = x, .d = d };
	uint32_t i;

	if (!list->n)
		return;
	for (i = 0; i < list->n; i++)
		widen(&b, list->v[i]);
	put_cell(&b, m_words(x->c, "k ="));
	for (i = 0; i < b.values; i++)
		put_cell(&b, m_words(x->c, fmt(x->c, "%u", i)));
	if (b.dots)
		put_cell(&b, m_words(x->c, ""));
	for (i = 0; i < list->n; i++)
		put_tensor(&b, list->v[i], o);
	x->page->form->heading(x->page, 3, title);
	x->page->form->table(x->page, &b.cells, 1 + b.values + b.dots);
}

static void
add_once(Ctx *c, TensorIds *list, TensorId t)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i] == t)
			return;
	PUSH(c, list, t);
}

static void
put_section(Explain *x, const char *title,
	bool (*fits)(const Program *, const Stmt *))
{
	TensorIds list = { 0 };
	uint32_t i;

	for (i = 0; i < x->d->list->n; i++) {
		const Stmt *s = &x->d->list->v[i];
		if (fits(x->p, s) && is_shown(x->d, s))
			add_once(x->c, &list, s->target);
	}
	put_table(x, x->d, title, &list, x->walk->trained ? x->walk->trained :
	          x->walk->outputs);
}

static bool
is_read(const Derivation *d, TensorId t)
{
	return d->of[t].read > 0;
}

static void
put_given(Explain *x)
{
	TensorIds sample = { 0 }, weights = { 0 };
	TensorKind k;
	TensorId t;

	for (t = 1; t < x->p->tensors.n; t++) {
		k = x->p->tensors.v[t].kind;
		if (!is_read(x->d, t) || x->p->tensors.v[t].adjoint)
			continue;
		if (k == T_INPUT || k == T_TARGET)
			PUSH(x->c, &sample, t);
		else if (k == T_WEIGHT || k == T_STATISTIC || k == T_CONST)
			PUSH(x->c, &weights, t);
	}
	put_table(x, x->d, "The sample", &sample, x->walk->outputs);
	put_table(x, x->d, "Weights and constants", &weights,
	          x->walk->outputs);
}

static void
put_outputs(Explain *x)
{
	Derivation *d = derivation_new(x->c, x->p, &x->p->kernel[K_FORWARD],
	                               false);
	TensorIds list = { 0 };
	uint32_t i;

	for (i = 0; i < d->list->n; i++)
		if (x->p->tensors.v[d->list->v[i].target].kind == T_OUTPUT)
			add_once(x->c, &list, d->list->v[i].target);
	put_table(x, d, "Outputs in use", &list, x->walk->outputs);
}

static void
put_new_weights(Explain *x)
{
	TensorIds list = { 0 };
	uint32_t i;

	for (i = 0; i < x->p->weights.n; i++)
		if (x->p->grads.v[i])
			PUSH(x->c, &list, x->p->weights.v[i]);
	put_table(x, x->d, "New weights", &list, x->walk->trained);
}

void
put_numbers(Explain *x)
{
	const Form *form = x->page->form;

	form->heading(x->page, 2, "One sample with its numbers");
	form->prose(x->page, x->p->coupled ?
		"A sample alone: it is normalized by the running statistics." :
		"Outputs, loss, gradients and new weights are those of the "
		"emitted C; the sample is a mini-batch of its own (N = 1).");
	put_given(x);
	if (x->small) {
		form->heading(x->page, 3, "Every step");
		put_spelled(x);
		return;
	}
	put_section(x, "Forward pass", is_forward);
	put_outputs(x);
	put_section(x, "Loss", is_loss);
	put_section(x, "Backward pass", is_adjoint);
	put_section(x, "Gradients", is_weight_gradient);
	if (x->walk->trained)
		put_new_weights(x);
}
