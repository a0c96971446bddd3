/* SPDX-License-Identifier: MIT
 * A plan in, what runs how in words out: for every kernel its statements, the
 * tile of each, what is computed on it, and estimates of work and traffic. */
#include "back.h"

typedef struct {
	const Program *p;
	const KernelPlan *k;
	const Stmts *list;
	const Accesses *a;
	Text *out;
	int64_t real;               /* bytes */
	double work, bytes;         /* of the kernel */
} Explain;

/* "12,345" */
static const char *
count_text(Ctx *c, double n)
{
	char digits[40];
	Text t = { .c = c };
	int i, len = snprintf(digits, sizeof digits, "%.0f", n);

	for (i = 0; i < len; i++)
		text_add(&t, "%s%c", i && (len - i) % 3 == 0 ? "," : "",
		         digits[i]);
	return t.s;
}

static const char *
bytes_text(Ctx *c, double n)
{
	return n < 1024 ? fmt(c, "%.0f bytes", n) : n < 1024 * 1024 ?
	       fmt(c, "%.1f KB", n / 1024) : fmt(c, "%.1f MB", n / 1048576);
}

static int32_t
extent(const Explain *x, Index i)
{
	return i == SAMPLE ? x->k->samples : x->p->index.v[i].extent;
}

static double
product(const Explain *x, uint32_t from, uint32_t n)
{
	double r = 1;
	uint32_t i;

	for (i = 0; i < n; i++)
		r *= extent(x, x->p->indices.v[from + i]);
	return r;
}

static bool
moves_with(const Explain *x, const Access *a, Index i)
{
	uint32_t k;

	for (k = 0; k < a->nsub; k++) {
		Sub s = x->p->subs.v[a->sub + k];
		if (s.indirect || aff_coef(x->p, s.id, i))
			return true;
	}
	return false;
}

static const Loop *
rows_of(const Schedule *q)
{
	const Loop *l = q->tile && q->loops.n > 1 ?
	                &q->loops.v[q->loops.n - 2] : NULL;

	return l && l->how == LOOP_UNROLL ? l : NULL;
}

/* ---- estimates */

/* reals that a statement reads and writes, each tensor once */
static double
touched(const Explain *x, StmtId id)
{
	double n = 0;
	uint32_t i, k;

	for (i = x->a->first[id]; i < x->a->first[id + 1]; i++) {
		const Access *a = &x->a->all.v[i];
		const Tensor *t = &x->p->tensors.v[a->tensor];
		for (k = x->a->first[id]; k < i; k++)
			if (x->a->all.v[k].tensor == a->tensor)
				break;
		if (k < i || t->kind == T_RAND ||
		    x->k->store[a->tensor].how == ST_LOCAL)
			continue;
		n += (double)layout_room(t, &x->k->layout[a->tensor],
		                         x->k->samples);
	}
	return n;
}

/* Loads while the terms are added: an operand serves all rows or vectors of
 * the tile that it does not move with. */
static void
loads(const Explain *x, const Schedule *q, double terms, double *vector,
	double *scalar)
{
	const Loop *row = rows_of(q);
	int32_t columns = q->tile ? q->loops.v[q->loops.n - 1].count : 1;
	double serves, lanes = q->tile ? layout_round(1) : 1;
	uint32_t i;

	*vector = *scalar = 0;
	if (q->tile)                /* of the last vector some lanes are padding */
		terms *= (double)layout_round(extent(x, q->lane)) /
		         extent(x, q->lane);
	for (i = x->a->first[q->stmt]; i < x->a->first[q->stmt + 1]; i++) {
		const Access *a = &x->a->all.v[i];
		bool along = q->tile && moves_with(x, a, q->lane);
		if (a->write || x->k->store[a->tensor].how == ST_LOCAL)
			continue;
		serves = row && !moves_with(x, a, row->index) ? row->count : 1;
		if (q->tile && !along)
			serves *= columns;
		*(along ? vector : scalar) += terms / lanes / serves;
	}
}

/* ---- words */

static void
put_reduction(const Explain *x, const Stmt *s)
{
	static const char *const what[] = {
		"", "sum of", "largest of", "place of the largest of"
	};
	double terms = product(x, s->ridx, s->nridx);
	double points = product(x, s->idx, s->nidx);

	if (s->red != RED_NONE && terms > 1)
		text_add(x->out, "%s %s terms, ", what[s->red],
		         count_text(x->p->c, terms));
	text_add(x->out, "%s value%s\n", count_text(x->p->c, points),
	         points > 1 ? "s" : "");
}

static void
put_tile(const Explain *x, const Schedule *q)
{
	const Stmt *s = &x->list->v[q->stmt];
	const Loop *row = rows_of(q);
	const char *lane = index_text(x->p, s, q->lane);
	int32_t columns = q->loops.v[q->loops.n - 1].count;
	const Layout *l = &x->k->layout[s->target];
	uint32_t i;
	bool beside;

	text_add(x->out, "%20stile: ", "");
	beside = row && row->index == q->lane;
	if (beside)
		text_add(x->out, "%d panels of %d x ", row->count, row->step);
	else if (row)
		text_add(x->out, row->clamped && row->count == TURNED &&
		         x->p->exprs.v[s->expr].op == E_READ ?
		         "blocks of %d (%s) are turned, " : "%d rows (%s) x ",
		         row->count,
		         index_text(x->p, s, row->index));
	text_add(x->out, "%d vector%s along %s", columns, columns > 1 ? "s" :
	         "", lane);
	if (q->across)
		text_add(x->out, ", lanes joined at the end");
	if (q->sums > 1)
		text_add(x->out, ", %d partial sums each", q->sums);
	for (i = 0; i < q->loops.n && !beside; i++)
		if (q->loops.v[i].index == q->lane && q->loops.v[i].step > 1)
			text_add(x->out, ", panels of %d", q->loops.v[i].step);
	if (q->registers)
		text_add(x->out, ", where there are %d registers",
		         q->registers);
	if (l->panel < l->padded)
		text_add(x->out, ", lies in panels of %d", l->panel);
	text_add(x->out, "\n");
}

static void
put_scalar(const Explain *x, const Schedule *q)
{
	const Stmt *s = &x->list->v[q->stmt];
	bool reduces = false;
	double inside = 1;
	uint32_t i;

	if (schedule_straight(q)) {
		text_add(x->out, "%20sstraight line\n", "");
		return;
	}
	for (i = 0; i < q->loops.n; i++) {
		if (!loop_is_result(x->p, s, &q->loops.v[i]))
			reduces = true;
		else if (reduces)
			inside *= q->loops.v[i].count;
	}
	text_add(x->out, "%20sone by one", "");
	if (s->lanes > 1)
		text_add(x->out, ", %d partial sums", s->lanes);
	if (inside > 1)
		text_add(x->out, ", %.0f results at a time", inside);
	text_add(x->out, "\n");
}

/* what shares the tile or loops of schedule q; where that ends */
static uint32_t
put_fused(const Explain *x, uint32_t q)
{
	const Schedule *all = x->k->schedules.v;
	uint32_t end = q + 1, i;

	while (end < x->k->schedules.n && all[end].fused)
		end++;
	if (end == q + 1)
		return end;
	text_add(x->out, "%20s%s", "", all[q].tile ? "on the tile:" :
	         "in the same loops:");
	for (i = q + 1; i < end; i++)
		text_add(x->out, " %s%s", x->p->tensors.v[x->list->v[
		         all[i].stmt].target].name, all[i].fed ?
		         " (added up)" : "");
	text_add(x->out, "\n");
	return end;
}

static void
put_work(Explain *x, uint32_t from, uint32_t end)
{
	double work = 0, bytes = 0, vector = 0, scalar = 0, v, s, terms;
	Ctx *c = x->p->c;
	uint32_t i;

	for (i = from; i < end; i++) {
		const Schedule *q = &x->k->schedules.v[i];
		const Stmt *t = &x->list->v[q->stmt];
		terms = product(x, t->idx, t->nidx) *
		        product(x, t->ridx, t->nridx);
		loads(x, q, terms, &v, &s);
		work += t->red == RED_SUM ? terms : 0;
		vector += v;
		scalar += s;
		bytes += touched(x, q->stmt) * (double)x->real;
	}
	text_add(x->out, "%20s", "");
	if (work > 0)
		text_add(x->out, "%s multiply-adds, ", count_text(c, work));
	if (vector > 0)
		text_add(x->out, "loads: %s of vectors, %s of scalars, ",
		         count_text(c, vector), count_text(c, scalar));
	text_add(x->out, "%s touched\n", bytes_text(c, bytes));
	if (x->k->schedules.v[from].registers == 32)
		return;             /* its twin for 16 counts */
	x->work += work;
	x->bytes += bytes;
}

/* the rows that remain of a tile are no statement of their own */
static bool
is_rest(const Schedule *q)
{
	const Loop *row = rows_of(q);

	return row && row->first;
}

static void
explain_kernel(Explain *x)
{
	uint32_t i, end;

	for (i = 0; i < x->k->schedules.n; i = end) {
		const Schedule *q = &x->k->schedules.v[i];
		const Stmt *s = &x->list->v[q->stmt];
		for (end = i + 1; end < x->k->schedules.n &&
		     x->k->schedules.v[end].fused; end++)
			;
		if (is_rest(q))
			continue;
		text_add(x->out, "  %-17s ", x->p->tensors.v[s->target].name);
		put_reduction(x, s);
		if (q->tile)
			put_tile(x, q);
		else
			put_scalar(x, q);
		put_fused(x, i);
		put_work(x, i, end);
	}
}

void
plan_explain(Program *p, const Plan *plan, Text *out)
{
	Explain x = { .p = p, .out = out, .real = p->dtype == F32 ? 4 : 8 };
	int k;

	text_add(out, "a vector here is %d numbers; the compiler's are 1 to "
	         "%d\n", layout_round(1), layout_round(1));
	for (k = 0; k < K_ALL; k++) {
		x.k = &plan->kernel[k];
		x.list = &p->kernel[k];
		if (!x.k->used)
			continue;
		x.a = accesses(p, x.list);
		x.work = x.bytes = 0;
		text_add(out, "\n%s", kernel_name((Kernel)k));
		if (x.k->samples > 1)
			text_add(out, ", %s%d samples at a time%s",
			         x.k->exact ? "" : "up to ", x.k->samples,
			         x.k->by_samples ? ", in vectors of them" : "");
		text_add(out, "\n");
		explain_kernel(&x);
		text_add(out, "  in all: %s multiply-adds, %s touched, "
		         "workspace %s\n", count_text(p->c, x.work),
		         bytes_text(p->c, x.bytes), bytes_text(p->c,
		         (double)(x.k->work * x.real)));
	}
}
