/* SPDX-License-Identifier: MIT
 * The plan of a kernel in, the C functions that compute it out. */
#include <string.h>
#include "back.h"

Emit *
emit_new(Program *p, const Plan *plan, const char *prefix)
{
	Emit *e = mem(p->c, sizeof *e);
	size_t exprs = p->exprs.n + 1;

	e->p = p;
	e->c = p->c;
	e->plan = plan;
	e->prefix = prefix;
	e->names = cnames(p);
	e->real = p->dtype == F32 ? "float" : "double";
	e->suffix = p->dtype == F32 ? "f" : "";
	e->vector = p->dtype == F32 ? "bp_vf" : "bp_v";
	e->of_vector = p->dtype == F32 ? "_vf" : "_v";
	e->lanes = p->dtype == F32 ? "BP_LANES_VF" : "BP_LANES_V";
	e->along = mem(e->c, exprs * sizeof *e->along);
	e->env = mem(e->c, (p->index.n + 1) * sizeof *e->env);
	e->literal = mem(e->c, exprs * sizeof *e->literal);
	e->reads = mem(e->c, exprs * sizeof *e->reads);
	e->hoists = mem(e->c, exprs * sizeof *e->hoists);
	e->sub = mem(e->c, exprs * sizeof *e->sub);
	e->mark = mem(e->c, exprs * sizeof *e->mark);
	e->refs = mem(e->c, exprs * sizeof *e->refs);
	e->size = mem(e->c, exprs * sizeof *e->size);
	e->depth = mem(e->c, exprs * sizeof *e->depth);
	e->table = mem(e->c, p->tensors.n + 1);
	return e;
}

/* what a kernel knows about its tensors begins anew */
static void
forget(Emit *e)
{
	size_t n = e->p->tensors.n + 1;

	e->writers = mem(e->c, n * sizeof *e->writers);
	e->first_write = mem(e->c, n * sizeof *e->first_write);
	e->last_read = mem(e->c, n * sizeof *e->last_read);
	e->needed = mem(e->c, n * sizeof *e->needed);
	e->begun = mem(e->c, n * sizeof *e->begun);
	e->inlined = mem(e->c, n * sizeof *e->inlined);
	e->alias = mem(e->c, n);
	e->number = mem(e->c, n);
	e->loaded = mem(e->c, n * sizeof *e->loaded);
	e->vars.n = 0;
}

/* ---- comments */

static void
args_text(const Record *rec, const Arg *args, Text *out)
{
	uint32_t i;
	char buf[40];

	for (i = 0; args && i < rec->params.n; i++) {
		const Param *q = &rec->params.v[i];
		const Arg *a = &args[i];
		if (q->kind == ARG_ACTIVATION) {
			if (a->act && a->act->rec) {
				text_add(out, " %s", a->act->rec->name);
				args_text(a->act->rec, a->act->args, out);
			}
			continue;
		}
		if (!a->loc.file)
			continue;
		text_put(out, " ", 1);
		if (q->kind == ARG_NUMBER || q->kind == ARG_WHOLE ||
		    q->kind == ARG_SWITCH || q->kind == ARG_CHOICE)
			text_add(out, "%s=", q->name);
		if (q->kind == ARG_WINDOW)
			text_add(out, "%gx%g", a->num, a->num2);
		else if (q->kind == ARG_SWITCH)
			text_add(out, "%s", a->num != 0 ? "on" : "off");
		else if (q->kind == ARG_FLAG)
			text_add(out, "%s", q->name);
		else if (a->word)
			text_add(out, "%s", a->word);
		else if (a->num == (double)(int32_t)a->num)
			text_add(out, "%d", (int)a->num);
		else
			text_add(out, "%s", number_text(a->num, false, buf));
	}
}

const char *
layer_text(Ctx *c, const Layer *l)
{
	Text t = { .c = c };

	if (!l->rec)
		return fmt(c, "input %s", shape_text(c, &l->out));
	text_add(&t, "%s", l->rec->name);
	args_text(l->rec, l->args, &t);
	return t.s;
}

/* text from a spec must not end the comment */
const char *
comment_safe(Ctx *c, const char *s)
{
	char *r = copy(c, s, strlen(s)), *q;

	for (q = r; *q; q++)
		if (*q == '*' || *q == '\\' || *q == '?' ||
		    (unsigned char)*q < 32)
			*q = '.';
	return r;
}

static const char *
block_comment(Emit *e, const Stmt *s)
{
	Program *p = e->p;
	const char *of = s->layer >= 0 ? fmt(e->c, "layer %d",
		p->net->layers.v[s->layer].number) : NULL;
	const Record *loss = p->net->heads.v[0].loss;

	switch (s->phase) {
	case PH_FORWARD:
		return of ? fmt(e->c, "%s: %s", of, layer_text(e->c,
		       &p->net->layers.v[s->layer])) : NULL;
	case PH_LOSS:
		return loss ? fmt(e->c, "loss: %s", loss->name) : "loss";
	case PH_BACKWARD:
		return of ? fmt(e->c, "%s, backward", of) : "loss, backward";
	case PH_UPDATE:
	case PH_INIT:
		break;
	}
	return of;
}

/* ---- functions */

/* const float w1_0 = n->w1[0], w1_1 = n->w1[1]; a line for each tensor */
static void
put_loads(Emit *e)
{
	uint32_t i, j;

	for (i = 0; i < e->loads.n; i++) {
		TensorId t = e->loads.v[i].tensor;
		bool first = true;
		if (!t)
			continue;
		line_open(e);
		put(e, "const ");
		put(e, of_samples(e, t) ? e->vector : e->real);
		put(e, " ");
		for (j = i; j < e->loads.n; j++) {
			if (e->loads.v[j].tensor != t)
				continue;
			put(e, first ? "" : ", ");
			put_load_of(e, t, e->loads.v[j].flat);
			e->loads.v[j].tensor = 0;
			first = false;
		}
		line_close(e, ";");
	}
	e->loads.n = 0;
}

/* schedules from..to of one block: comment, loads, then what was written */
static void
block(Emit *e, uint32_t from, uint32_t to, Text *out)
{
	const Stmt *s = &e->list->v[e->k->schedules.v[from].stmt];
	const char *comment = block_comment(e, s);
	Text body = { .c = e->c };

	e->out = &body;
	emit_nest(e, from, to, 0);
	e->out = out;
	if (!body.n)
		return;
	if (!out->n || !comment || !e->comment || strcmp(comment, e->comment)) {
		if (out->n)
			text_put(out, "\n", 1);
		if (comment)
			text_add(out, "%s/* %s */\n", e->indent > 1 ? "\t\t" :
			         "\t", comment_safe(e->c, comment));
	}
	e->comment = comment;
	put_loads(e);
	text_put(out, body.s, body.n);
}

static bool
same_block(const Emit *e, uint32_t a, uint32_t b)
{
	const Schedule *q = &e->k->schedules.v[b];
	const Stmt *x = &e->list->v[e->k->schedules.v[a].stmt];
	const Stmt *y = &e->list->v[q->stmt];

	if (e->k->schedules.v[a].part != q->part)
		return false;
	return q->fused || (x->layer == y->layer && x->phase == y->phase);
}

static void
put_aliases(Emit *e, Text *out)
{
	TensorId t;

	for (t = 1; t < e->p->tensors.n; t++) {
		bool integer = layout_integers(&e->p->tensors.v[t],
		                               &e->k->layout[t]);
		if (e->number[t])
			text_add(out, "\tconst %s %s = n->%s;\n", e->real,
			         cname(e->names, t), cname(e->names, t));
		if (!e->alias[t])
			continue;
		text_add(out, "\t%s *const %s = n->%s", integer ? "int32_t" :
		         e->real, cname(e->names, t),
		         integer ? "iwork" : "work");
		if (e->k->store[t].offset)
			text_add(out, " + %lld",
			         (long long)e->k->store[t].offset);
		text_put(out, ";\n", 2);
	}
	if (e->use_count)
		text_add(out, "\tconst %s count = (%s)%s;\n", e->real, e->real,
		         e->kernel == K_UPDATE ? "n->samples" : "samples");
}

/* straight line on vectors of samples: within their loop? */
static bool
in_samples(const Emit *e, uint32_t q)
{
	const Stmt *s = &e->list->v[e->k->schedules.v[q].stmt];

	return sums_samples(e, s) || e->p->tensors.v[s->target].batch;
}

static Function
function(Emit *e, uint32_t from, uint32_t to)
{
	Text body = { .c = e->c }, all = { .c = e->c };
	Function f = { 0 };
	uint32_t i, end;

	e->use_n = e->use_x = e->use_next = e->use_t = e->use_y = false;
	e->use_count = e->use_hash = e->use_samples = false;
	memset(e->alias, 0, e->p->tensors.n + 1);
	memset(e->number, 0, e->p->tensors.n + 1);
	memset(e->loaded, 0, (e->p->tensors.n + 1) * sizeof *e->loaded);
	e->fresh = 0;
	e->indent = 1;
	e->joined = NULL;
	e->out = &body;
	if (e->k->by_samples)
		sample_sums_begin(e);
	for (i = from; i < to; i = end) {
		bool inside = e->k->by_samples && in_samples(e, i);
		for (end = i + 1; end < to && same_block(e, i, end) &&
		     (!e->k->by_samples || in_samples(e, end) == inside); end++)
			;
		e->out = &body;
		if (inside && (i == from || !in_samples(e, i - 1)))
			samples_begin(e);
		block(e, i, end, &body);
		e->out = &body;
		if (inside && (end == to || !in_samples(e, end)))
			samples_end(e);
	}
	put_aliases(e, &all);
	if (all.n && body.n)
		text_put(&all, "\n", 1);
	if (body.n)
		text_put(&all, body.s, body.n);
	f.text = all.n ? all.s : "";
	f.n = e->use_n;
	f.x = e->use_x;
	f.next = e->use_next;
	f.t = e->use_t;
	f.y = e->use_y;
	f.hash = e->use_hash;
	f.samples = e->use_samples;
	return f;
}

/* the loss as the caller gets it */
static const char *
result_text(Emit *e, TensorId loss)
{
	Text t = { .c = e->c };
	Sub subs[MAX_RANK + 2];
	uint32_t n = 0, i;
	const Tensor *x = &e->p->tensors.v[loss];

	if (x->batch)
		subs[n++] = sub_aff(aff_const(e->p, 0));
	for (i = 0; i < (uint32_t)x->shape.rank; i++)
		subs[n++] = sub_aff(aff_const(e->p, 0));
	e->out = &t;
	if (e->k->store[loss].how == ST_WORK && e->k->samples > 1)
		text_add(&t, "n->work[%lld + s]",
		         (long long)e->k->store[loss].offset);
	else if (e->k->store[loss].how == ST_WORK)
		text_add(&t, "n->work[%lld]",
		         (long long)e->k->store[loss].offset);
	else if (e->k->store[loss].how == ST_NONE)
		text_add(&t, "%s", literal_text(e, 0));
	else
		put_ref(e, loss, subs, n);
	return t.s;
}

KernelText
emit_kernel(Emit *e, Kernel kernel, bool trace)
{
	KernelText r = { 0 };
	const KernelPlan *k = &e->plan->kernel[kernel];
	Function f;
	uint32_t i, end;

	e->k = k;
	e->kernel = kernel;
	e->list = &e->p->kernel[kernel];
	e->trace = trace;
	e->load_locals = k->parts == 1;
	for (i = 0; i < k->schedules.n; i++)
		e->load_locals &= schedule_straight(&k->schedules.v[i]);
	forget(e);
	cnames_kernel(e->names, e->p, k);
	e->net_numbers = e->plan->vectors;
	straight_analysis(e);
	for (i = 0; i < k->schedules.n || !r.parts.n; i = end) {
		for (end = i; end < k->schedules.n && k->schedules.v[end].part
		     == k->schedules.v[i].part; end++)
			;
		f = function(e, i, end);
		PUSH(e->c, &r.parts, f);
		if (!k->schedules.n)
			break;
	}
	if (e->p->loss[kernel] && kernel != K_FORWARD &&
	    kernel != K_FORWARDS && !k->by_samples)
		r.result = result_text(e, e->p->loss[kernel]);
	return r;
}
