/* SPDX-License-Identifier: MIT
 * `bpgen info`: layers, parameters, operations, bytes and the plan; with --plan
 * the plan in words. */
#include <stdlib.h>
#include <string.h>
#include "info.h"
#include "json.h"

/* operations of an expression: arithmetic, comparisons, functions */
static int64_t
operations(const Program *p, ExprId id)
{
	const Expr *e = &p->exprs.v[id];
	int64_t n;

	switch (e->op) {
	case E_ADD: case E_SUB: case E_MUL: case E_DIV:
	case E_LT: case E_LE: case E_EQ:
		return 1 + operations(p, e->a) + operations(p, e->b);
	case E_NEG: case E_FN:
		return 1 + operations(p, e->a);
	case E_STOP:
		return operations(p, e->a);
	case E_SEL:
		n = operations(p, e->b);
		if (operations(p, e->c) > n)
			n = operations(p, e->c);
		return 1 + operations(p, e->a) + n;
	case E_NONE: case E_NUM: case E_IDX: case E_CNT: case E_READ:
	case E_PAD: case E_IEQ:
		break;
	}
	return 0;
}

static int64_t
flops(const Program *p, const Stmts *list)
{
	int64_t sum = 0, each;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];

		each = operations(p, s->expr) + (s->red != RED_NONE || s->add);
		sum += each * stmt_points(p, s) * stmt_terms(p, s);
	}
	return sum;
}

/* a sum of products: one multiply-add each term */
static void
count_macs(Info *f)
{
	const Stmts *list = &f->p->kernel[K_FORWARD];
	int64_t n;
	uint32_t i;

	f->macs = mem(f->c, f->net->layers.n * sizeof *f->macs + 8);
	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];

		if (s->red != RED_SUM || f->p->exprs.v[s->expr].op != E_MUL)
			continue;
		n = stmt_points(f->p, s) * stmt_terms(f->p, s);
		f->total_macs += n;
		if (s->layer >= 0)
			f->macs[s->layer] += n;
	}
}

/* how many locals a value in a local needs: loops that run share one */
static int64_t
unrolled(const Schedule *s)
{
	int64_t n = 1;
	uint32_t i;

	for (i = 0; i < s->loops.n; i++)
		if (s->loops.v[i].how != LOOP_SERIAL)
			n *= s->loops.v[i].count;
	return n;
}

/* locals of the largest function of a straight line, and its frame: a guess
 * that counts every local, of which compilers keep many in registers */
static int64_t
stack_bytes(const Info *f, int64_t real)
{
	int64_t most = 0, *part;
	uint32_t i;
	int k;

	for (k = 0; k < K_COUNT; k++) {
		const KernelPlan *kp = &f->plan->kernel[k];

		if (!kp->used || !kp->parts)
			continue;
		part = mem(f->c, kp->parts * sizeof *part);
		for (i = 0; i < kp->schedules.n; i++) {
			const Schedule *s = &kp->schedules.v[i];
			TensorId t = f->p->kernel[k].v[s->stmt].target;

			if (s->part >= kp->parts || !kp->store ||
			    kp->store[t].how != ST_LOCAL)
				continue;
			part[s->part] += real * unrolled(s);
			if (part[s->part] > most)
				most = part[s->part];
		}
	}
	return most + 128;
}

static void
count_bytes(Info *f)
{
	const Program *p = f->p;
	int64_t real = f->net->dtype == F32 ? 4 : 8;
	uint32_t i;

	for (i = 0; i < p->tensors.n; i++) {
		const Tensor *t = &p->tensors.v[i];
		int64_t n = i ? real * shape_size(&t->shape) : 0;

		f->weights += t->kind == T_WEIGHT ? n : 0;
		f->gradient += t->kind == T_GRAD ? n : 0;
		f->state += t->kind == T_STATE || t->kind == T_NET ||
		            t->kind == T_STATISTIC ? n : 0;
	}
	f->work = f->plan->work * real + f->plan->ints * 4;
	f->stack = stack_bytes(f, real);
	f->forward_flops = flops(p, &p->kernel[K_FORWARD]);
	f->step_flops = flops(p, &p->kernel[K_GRADIENT]);
	f->update_flops = flops(p, &p->kernel[K_UPDATE]);
}

int64_t
layer_params(const Layer *l)
{
	int64_t n = 0;
	uint32_t i;

	for (i = 0; i < l->weights.n; i++)
		if (l->weights.v[i].tied < 0)
			n += shape_size(&l->weights.v[i].shape);
	return n;
}

/* conv relu; add relu (r1b, r0); dropout 0.2 */
const char *
layer_what(Ctx *c, const Network *net, const Layer *l)
{
	Text t = {c, NULL, 0, 0};
	uint32_t i;

	text_add(&t, "%s", l->rec ? l->rec->name : "input");
	for (i = 0; l->rec && i < l->rec->params.n; i++) {
		const Arg *a = &l->args[i];

		if (a->act && strcmp(a->act->rec->name, "linear"))
			text_add(&t, " %s", a->act->rec->name);
		else if (l->rec->params.v[i].kind == ARG_FRACTION)
			text_add(&t, " %g", a->num);
		else if (l->rec->params.v[i].kind == ARG_WORD && a->word)
			text_add(&t, " %s", a->word);
	}
	for (i = 0; l->in.n > 1 && i < l->in.n && i < 8; i++)
		text_add(&t, "%s%s", i ? ", " : " (",
		         net->layers.v[l->in.v[i]].name);
	if (l->in.n > 1)
		text_add(&t, l->in.n > 8 ? ", ...)" : ")");
	return t.s;
}

static const char *
count(Ctx *c, int64_t n)
{
	return n ? grouped(c, n) : "-";
}

static void
print_layers(const Info *f)
{
	const Network *net = f->net;
	uint32_t i;

	printf("  %-12s %-22s %-14s %10s %12s\n", "layer", "what", "output",
	       "params", "MACs");
	for (i = 0; i < net->layers.n; i++) {
		const Layer *l = &net->layers.v[i];

		if (!l->rec)
			continue;
		printf("  %-12s %-22s %-14s", l->name, layer_what(f->c, net, l),
		       shape_text(f->c, &l->out));
		if (l->dead)
			printf(" %10s %12s   not used\n", "-", "-");
		else
			printf(" %10s %12s%s\n", count(f->c, layer_params(l)),
			       count(f->c, f->macs[i]),
			       l->frozen && l->weights.n ? "   frozen" : "");
	}
	printf("  %-50s %10s %12s\n", "total", grouped(f->c, net->params),
	       grouped(f->c, f->total_macs));
}

static void
print_bytes(const Info *f)
{
	const Network *net = f->net;
	const char *type = net->dtype == F32 ? "f32" : "f64";

	printf("\nforward        %s multiply-adds a sample\n",
	       grouped(f->c, f->total_macs));
	if (net->heads.n && net->heads.v[0].loss)
		printf("training step  %s operations a sample, %s for the "
		       "update\n", grouped(f->c, f->step_flops),
		       grouped(f->c, f->update_flops));
	printf("weights        %s bytes (%s x %d, %s)\n",
	       grouped(f->c, f->weights), grouped(f->c, net->params),
	       net->dtype == F32 ? 4 : 8, type);
	printf("gradient       %s bytes\n", grouped(f->c, f->gradient));
	printf("state          %s bytes (%s)\n", grouped(f->c, f->state),
	       net->optimizer ? net->optimizer->name : "no optimizer");
	printf("workspace      %s bytes\n", grouped(f->c, f->work));
	printf("NAME_net       %s bytes in all\n",
	       grouped(f->c, f->plan->bytes));
	printf("stack          ~%s bytes\n", grouped(f->c, f->stack));
}

static void
print_plan(const Info *f)
{
	uint32_t i;

	if (!f->plan->notes.n)
		return;
	printf("\nplan\n");
	for (i = 0; i < f->plan->notes.n; i++)
		printf("  %s\n", f->plan->notes.v[i]);
}

static void
add_layer(const Info *f, uint32_t i, Text *t)
{
	const Layer *l = &f->net->layers.v[i];

	json_line(t);
	json_open(t, NULL, '{');
	json_text(t, "name", l->name);
	json_text(t, "what", layer_what(f->c, f->net, l));
	json_text(t, "output", shape_text(f->c, &l->out));
	json_whole(t, "params", l->dead ? 0 : (uint64_t)layer_params(l));
	json_whole(t, "macs", (uint64_t)f->macs[i]);
	json_close(t, '}');
}

static void
print_json(const Info *f)
{
	const Network *net = f->net;
	Text t = {.c = f->c};
	uint32_t i;

	json_open(&t, NULL, '{');
	json_text(&t, "net", net->name);
	json_line(&t);
	json_whole(&t, "inputs", (uint64_t)net->inputs);
	json_whole(&t, "outputs", (uint64_t)net->outputs);
	json_whole(&t, "targets", (uint64_t)net->targets);
	json_whole(&t, "params", (uint64_t)net->params);
	json_whole(&t, "macs", (uint64_t)f->total_macs);
	json_line(&t);
	json_open(&t, "layers", '[');
	for (i = 0; i < net->layers.n; i++)
		add_layer(f, i, &t);
	json_close(&t, ']');
	json_line(&t);
	json_whole(&t, "sample_operations", (uint64_t)f->step_flops);
	json_whole(&t, "update_operations", (uint64_t)f->update_flops);
	json_line(&t);
	json_whole(&t, "weights_bytes", (uint64_t)f->weights);
	json_whole(&t, "gradient_bytes", (uint64_t)f->gradient);
	json_whole(&t, "state_bytes", (uint64_t)f->state);
	json_whole(&t, "work_bytes", (uint64_t)f->work);
	json_whole(&t, "net_bytes", (uint64_t)f->plan->bytes);
	json_whole(&t, "stack_bytes", (uint64_t)f->stack);
	json_line(&t);
	json_open(&t, "plan", '[');
	for (i = 0; i < f->plan->notes.n; i++) {
		json_line(&t);
		json_text(&t, NULL, f->plan->notes.v[i]);
	}
	json_close(&t, ']');
	json_close(&t, '}');
	printf("%s\n", t.s);
}

bool
info_of(Info *f, Ctx *c, const Network *net, const PlanOptions *how)
{
	*f = (Info){.c = c, .net = net};
	f->p = build(c, net, net->dtype);
	if (f->p && !c->errors)
		f->plan = plan(f->p, how);
	if (!f->plan)
		return false;
	count_macs(f);
	count_bytes(f);
	return true;
}

const char *
memory_function(const Info *f, const Cli *cli)
{
	const char *kernel = cli_get(cli, "memory"), *near, *between = "";
	Names all = plan_kernels(f->c, f->plan);
	Text list = {.c = f->c};
	uint32_t i;

	if (!*kernel)
		return all.n ? all.v[0] : ""; /* forward, if there is one */
	for (i = 0; i < all.n; i++, between = ", ") {
		if (!strcmp(all.v[i], kernel))
			return kernel;
		text_add(&list, "%s%s", between, all.v[i]);
	}
	if (!strcmp(kernel, "train") && plan_trains(f->plan))
		return plan_trains(f->plan);
	near = nearest(kernel, &all);
	cli_error("--memory=%s: the C has no such function%s%s", kernel,
	          near ? "; one with a similar name exists: " : "",
	          near ? near : "");
	cli_help("write one of %s", list.s);
	return NULL;
}

static int
print_memory(const Info *f, const Cli *cli)
{
	const char *kernel = memory_function(f, cli);
	Text text = {.c = f->c};

	if (!kernel)
		return EX_USAGE_;
	plan_memory(f->p, f->plan, kernel, &text);
	fputs(text.s, stdout);
	return 0;
}

int
cmd_info(Ctx *c, const Cli *cli)
{
	Session s = {0};
	PlanOptions how;
	Info f;
	Text text = {.c = c};
	int rc = session_open(&s, c, cli, false);

	if (!rc)
		rc = plan_options(cli, s.net, &how);
	if (rc)
		return rc;
	info_of(&f, c, s.net, &how);
	rc = messages(c, cli);
	if (rc || !f.plan)
		return rc ? rc : EX_DATA;
	if (cli_has(cli, "json")) {
		print_json(&f);
		return 0;
	}
	if (cli_has(cli, "memory"))
		return print_memory(&f, cli);
	if (cli_has(cli, "plan")) {
		plan_explain(f.p, f.plan, &text);
		fputs(text.s, stdout);
		return 0;
	}
	print_layers(&f);
	print_bytes(&f);
	print_plan(&f);
	return 0;
}
