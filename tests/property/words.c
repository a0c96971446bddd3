/* SPDX-License-Identifier: MIT
 * Any word of the vocabulary as a layer: its record says which arguments it
 * takes, and the front whether they fit.  A new word is tried without a line
 * here. */
#include <setjmp.h>
#include <string.h>
#include "../../gen/front/record.h"
#include "spec.h"

enum { MOST_VALUES = 150 };

void
vocabulary(Spec *s, Ctx *c)
{
	const Names *names = record_names(c, REC_LAYER);
	const Record *rec;
	uint32_t i;

	for (i = 0; i < names->n; i++) {
		rec = record_find(c, REC_LAYER, names->v[i]);
		if (rec && !rec->variadic && !rec->constants.n)
			PUSH(c, &s->words, rec);
	}
}

/* a shape of as many values, of one to three axes */
static void
say_dims(Spec *s, int size)
{
	int axes = 1 + below(s, 3), i, n;

	say(s, " ");
	for (i = 1; i < axes; i++) {
		n = 1 + below(s, 4);
		n = size % n ? 1 : n;
		say(s, "%dx", n);
		size /= n;
	}
	say(s, "%d", size);
}

static void
say_whole(Spec *s, const Param *p)
{
	int least = p->limited && p->least > 0 ? (int)p->least : 0;

	say(s, "%d", least + below(s, 4));
}

static void
say_argument(Spec *s, const Param *p, const Made *x)
{
	bool given = !p->optional || chance(s, 30);

	if (p->kind == ARG_ACTIVATION) {
		const char *a = pick_activation(s);
		/* softmax goes along no scan, and a sequence may have one */
		say(s, "%s", x->kind == SEQUENCE && strstr(a, "softmax") ?
		    " tanh" : a);
	} else if (p->kind == ARG_SIZE)
		say(s, " %d", 1 + below(s, 5));
	else if (p->kind == ARG_DIMS)
		say_dims(s, size_of(x));
	else if (p->kind == ARG_WINDOW && x->kind == SEQUENCE)
		say(s, " %d", 1 + below(s, 3));
	else if (p->kind == ARG_WINDOW)
		say(s, " %dx%d", 1 + below(s, 3), 1 + below(s, 3));
	else if (p->kind == ARG_FRACTION)
		say(s, " 0.%d", 1 + below(s, 6));
	else if (given && p->kind == ARG_FLAG)
		say(s, " %s", p->name);
	else if (given && p->kind == ARG_WORD)
		say(s, " %s", p->words.v[below(s, (int)p->words.n)]);
	else if (given && p->kind == ARG_SWITCH)
		say(s, " %s=%s", p->name, p->value != 0 ? "off" : "on");
	else if (given && p->kind == ARG_NUMBER)
		say(s, " %s=%s", p->name, chance(s, 50) ? "0.01" : "0.3");
	else if (given && (p->kind == ARG_WHOLE || p->kind == ARG_CHOICE)) {
		say(s, " %s=", p->name);
		if (p->kind == ARG_CHOICE && p->words.n > 0 &&
		    (!p->whole_too || chance(s, 50)))
			say(s, "%s", p->words.v[below(s, (int)p->words.n)]);
		else
			say_whole(s, p);
	}
}

/* What the front makes of the text so far: the shape of its last layer and how
 * many weights that has; false where it is refused. */
static bool
accepted(Spec *s, Made *v, int *params)
{
	Ctx *c = ctx_new();
	Network *volatile net = NULL;
	const Layer *l;
	jmp_buf out;
	uint32_t i;
	int k;
	bool good = false;

	c->exit = &out;
	if (!setjmp(out)) {
		size_t n = definitions(s, NULL);
		char *text = mem(c, n + s->n + 1);
		definitions(s, text);
		memcpy(text + n, s->text, s->n);
		net = front_text(c, "so_far.spec", text, n + s->n);
	}
	if (net && !c->errors) {
		l = &net->layers.v[net->layers.n - 1];
		for (*params = 0, i = 0; i < l->weights.n; i++)
			*params += (int)shape_size(&l->weights.v[i].shape);
		good = l->out.rank <= 3 && shape_size(&l->out) <= MOST_VALUES;
		for (k = 0; k < 3; k++)
			v->dim[k] = k < l->out.rank ? l->out.dim[k] : 0;
		v->rank = l->out.rank;
		v->kind = l->out.kind;
	}
	ctx_free(c);
	return good;
}

bool
any_word(Spec *s, int in)
{
	const Made *x = &s->value[in];
	const Record *rec = s->words.v[below(s, (int)s->words.n)];
	Spec before = *s;
	int params = 0, other = below(s, s->values);
	uint32_t i;
	Made *v;

	if (rec->inputs.n > 1 && (!x->name[0] || !s->value[other].name[0]))
		return false;
	v = begin(s);
	say(s, "%s", rec->name);
	for (i = 0; i < rec->params.n; i++)
		say_argument(s, &rec->params.v[i], x);
	say_options(s, chance(s, 50) ? WINDOW_WEIGHTS : NO_WEIGHTS);
	if (rec->inputs.n > 1) {
		say(s, " from %s %s", x->name, s->value[other].name);
		s->value[in].used = s->value[other].used = true;
	} else {
		say_from(s, in);
	}
	say(s, "\n");
	if (!accepted(s, v, &params) || !affordable(s, params,
	    (params + 4) * size_of(x) + 8 * size_of(v))) {
		uint64_t state = s->state;
		*s = before;
		s->state = state;
		s->text[s->n] = 0;
		return false;
	}
	s->params += params;
	s->terms += 8 * size_of(v);
	s->values++;
	return true;
}
