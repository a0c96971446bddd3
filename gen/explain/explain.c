/* SPDX-License-Identifier: MIT
 * `bpgen explain`: a spec in; its forward pass, deltas, gradients and update as
 * the lecture writes them out, from the statements that become C. */
#include <string.h>
#include "explain.h"

static const Form *
form_named(const char *name, const char *path)
{
	size_t n = path ? strlen(path) : 0, k;
	uint32_t i;

	for (i = 0; forms[i]; i++) {
		k = strlen(forms[i]->ending);
		if (name ? !strcmp(forms[i]->name, name) : n > k &&
		    !strcmp(path + n - k, forms[i]->ending))
			return forms[i];
	}
	return forms[0];
}

static int
write_page(Explain *x, const Cli *cli)
{
	const char *path = cli_get(cli, "output");
	Output o = { .path = path ? path : "-", .marked = true };
	Names inputs = { 0 };
	int rc;

	o.text = x->page->out.s;
	o.len = x->page->out.n;
	PUSH(x->c, &inputs, cli->spec);
	rc = outputs_check(x->c, &o, 1, cli_has(cli, "force"), &inputs);
	return rc ? rc : outputs_write(x->c, &o, 1);
}

/* the constants of normalize and targets, where no weights bring them */
static int
fit(Session *s, const char *path)
{
	int rc = session_data(s, path, true);

	return rc || s->weights ? rc : session_fit(s, NULL, s->data->rows);
}

static int
explain(Explain *x, Session *s)
{
	const Cli *cli = s->cli;
	const char *numbers = cli_get(cli, "numbers");
	Kernel k;
	int rc;

	x->net = s->net;
	x->page->form = form_named(cli_get(cli, "format"),
	                           cli_get(cli, "output"));
	x->p = build(x->c, s->net, s->net->dtype);
	rc = messages(x->c, cli);
	if (rc || !x->p)
		return rc ? rc : EX_DATA;
	/* a sample that is walked through is alone */
	k = x->p->coupled && !numbers ? K_GRADIENTS :
		x->p->loss[K_GRADIENT] ? K_GRADIENT : K_FORWARD;
	x->d = derivation_new(x->c, x->p, &x->p->kernel[k], k == K_GRADIENTS);
	x->small = is_small(x->d);
	if (numbers) {
		x->walk = mem(x->c, sizeof *x->walk);
		rc = walk(s, x->p, numbers, x->small, x->walk);
	}
	if (rc)
		return rc;
	put_page(x);
	return write_page(x, cli);
}

int
cmd_explain(Ctx *c, const Cli *cli)
{
	Page page = { .c = c, .out = { .c = c } };
	Explain x = { .c = c, .page = &page };
	Session s = { 0 };
	int rc = session_open(&s, c, cli, false);

	if (!rc)
		rc = session_weights(&s, false);
	if (!rc && cli_get(cli, "data"))
		rc = fit(&s, cli_get(cli, "data"));
	if (!rc)
		rc = explain(&x, &s);
	session_close(&s);
	return rc;
}
