/* SPDX-License-Identifier: MIT
 * A planned program in, the text of its C file and header out. */
#include <string.h>
#include "skeleton.h"

static const char *
file_name(Ctx *c, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || !strcmp(path, "-"))
		return "standard input";
	return slash ? slash + 1 : fmt(c, "%s", path);
}

static void
kernels(Skeleton *k)
{
	static const Kernel all[] = {
		K_INIT, K_FORWARD, K_FORWARDS, K_LOSS, K_GRADIENT, K_GRADIENTS,
		K_TRAINLOSS, K_UPDATE, K_AHEAD, K_ONLINE, K_STEP, K_STREAM,
		K_RESET
	};
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		if (k->plan->kernel[all[i]].used)
			k->text[all[i]] = emit_kernel(k->e, all[i], false);
	if (k->check)
		k->switches = emit_kernel(k->e, K_TRAINLOSS, true);
}

static void
need(Skeleton *k, Names *names, const char *name)
{
	const char *full = fmt(k->c, "%s%s", name, k->e->suffix);

	PUSH(k->c, names, full);
}

static void
parts(Skeleton *k)
{
	Names names = { 0 }, header = { 0 };
	const char *const always[] = { "types", "codes", "info" };
	size_t i;
	int f;

	for (i = 0; i < 3; i++)
		PUSH(k->c, &header, always[i]);
	for (i = 0; i < 3; i++)
		PUSH(k->c, &names, always[i]);
	PUSH(k->c, &names, "base");
	PUSH(k->c, &names, "bytes");
	PUSH(k->c, &names, "crc32");
	if (k->real_bytes == 8)
		PUSH(k->c, &names, "bytes64");
	for (f = 0; f < FN_COUNT; f++)
		if (k->e->fn[f])
			need(k, &names, fn_name((Fn)f));
	for (f = 0; f < FN_COUNT; f++)
		if (k->e->vector_fn[f])
			PUSH(k->c, &names, fmt(k->c, "%s%s", fn_name((Fn)f),
			     k->e->of_vector));
	if (k->e->use_vectors)
		PUSH(k->c, &names, k->e->of_vector + 1);
	if (k->p->net->schedule.kind == 'c' && k->update)
		need(k, &names, "cos");
	if (k->e->use_bits)
		need(k, &names, "bits");
	if (k->e->use_random) {
		PUSH(k->c, &names, "random");
		need(k, &names, "uniform");
	}
	k->types = runtime_parts(k->c, &header, NULL);
	k->runtime = runtime_parts(k->c, &names, k->o->own_header ? &header :
	                           NULL);
}

/* literals that are not finite need bits: printed before parts are chosen */
static void
look_at_constants(Skeleton *k)
{
	TensorId t;
	int64_t i;

	for (t = 1; t < k->p->tensors.n; t++) {
		const Tensor *x = &k->p->tensors.v[t];
		for (i = 0; k->e->table[t] && i < tensor_size(x); i++)
			if (x->values[i] - x->values[i] != 0)
				literal_text(k->e, x->values[i]);
		if (x->kind == T_STATE || x->kind == T_NET)
			literal_text(k->e, x->fill);
	}
}

/* Needs a plan for this program; h_text is written with own_header alone. */
void
emit(Program *p, const Plan *plan, const EmitOptions *o, Text *c_text,
	Text *h_text)
{
	Skeleton k = { .p = p, .c = p->c, .plan = plan, .o = o };
	Text declarations = { .c = p->c };

	k.e = emit_new(p, plan, o->prefix);
	k.training = wants_training(p);
	k.update = wants(p, K_UPDATE);
	k.input_gradient = k.training && p->net->api_input_gradient &&
	                   p->input_grads.n > 0;
	k.check = o->check && plan->kernel[K_TRAINLOSS].used;
	k.real_bytes = p->dtype == F32 ? 4 : 8;
	k.spec = file_name(p->c, p->net->path);
	/* a step of about the cube root of the precision; a power of two */
	k.e->prec_step = literal_text(k.e, p->dtype == F32 ? 0x1p-7 : 0x1p-17);
	k.e->prec_noise = literal_text(k.e, p->dtype == F32 ? 0x1p-20 :
	                               0x1p-48);
	kernels(&k);
	look_at_constants(&k);
	parts(&k);
	template_run(p->c, "c/declare.c", skeleton_push, &k, &declarations);
	k.declarations = declarations.n ? declarations.s : "";
	if (declarations.n) /* the template ends the line itself */
		declarations.s[declarations.n - 1] = 0;
	template_run(p->c, "c/net.c", skeleton_push, &k, c_text);
	if (o->own_header && h_text)
		template_run(p->c, "c/net.h", skeleton_push, &k, h_text);
}
