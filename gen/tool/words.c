/* SPDX-License-Identifier: MIT
 * `bpgen help dense`: a word of the vocabulary as its record says it, with the
 * backward pass that follows from its formula; and lists of all words. */
#include <math.h>
#include <string.h>
#include "../front/front.h"
#include "tool.h"

static const char *const kind_names[REC_KINDS] = {
	"activation", "layer", "loss", "optimizer", "init"
};
static const char *const topic_names[REC_KINDS] = {
	"activations", "layers", "losses", "optimizers", "inits"
};

/* ---- small pieces */

static const char *
plain_number(Ctx *c, double x)
{
	char buf[40];

	return x == floor(x) && fabs(x) < 1e15 ? fmt(c, "%.0f", x) :
	       copy(c, number_text(x, false, buf), strlen(number_text(x, false,
	            buf)));
}

/* each line of text behind `margin` */
static void
block(Text *out, const char *margin, const char *text)
{
	const char *end;

	while (text && *text) {
		end = text + strcspn(text, "\n");
		if (end > text)
			text_add(out, "%s%.*s\n", margin, (int)(end - text),
			         text);
		text = *end ? end + 1 : end;
	}
}

/* one formula behind its left side, later lines below */
static void
equation(Text *out, const char *left, const char *text)
{
	text_add(out, "  %s = ", left);
	for (; *text; text++)
		if (*text == '\n')
			text_add(out, "\n      ");
		else if (*text != '\t')
			text_put(out, text, 1);
	text_add(out, "\n");
}

static bool
is_positional(const Param *p)
{
	return p->kind == ARG_SIZE || p->kind == ARG_FRACTION ||
	       p->kind == ARG_WINDOW || p->kind == ARG_DIMS ||
	       p->kind == ARG_WORD || p->kind == ARG_FLAG || p->kind == ARG_ACTIVATION;
}

static const char *
choices(Ctx *c, const Param *p)
{
	Text t = { c, NULL, 0, 0 };
	uint32_t i;

	for (i = 0; i < p->words.n; i++)
		text_add(&t, "%s%s", i ? "|" : "", p->words.v[i]);
	if (p->whole_too)
		text_add(&t, "|N");
	return t.s ? t.s : "";
}

static const char *
default_text(Ctx *c, const Param *p)
{
	if (p->kind == ARG_SWITCH)
		return p->value != 0 ? "on" : "off";
	if (p->kind == ARG_ACTIVATION)
		return p->words.n ? p->words.v[0] : "linear";
	if (p->kind == ARG_WORD || isnan(p->value))
		return p->words.n ? p->words.v[0] : "";
	return plain_number(c, p->value);
}

/* `dense UNITS [ACT] [bias=on]` */
static void
usage(Ctx *c, const Record *rec, Text *out)
{
	static const char *const before[REC_KINDS] = {
		"dense N ", "", "loss ", "optimizer ", "init "
	};
	uint32_t i;

	text_add(out, "  %s%s", before[rec->kind], rec->name);
	if (rec->kind == REC_LAYER && (rec->variadic || rec->inputs.n > 1))
		text_add(out, rec->variadic ? " A B ..." : "");
	for (i = 0; i < rec->params.n; i++) {
		const Param *p = &rec->params.v[i];
		const char *text;
		if (!is_positional(p))
			text = fmt(c, "%s=%s", p->name, p->optional ?
			           default_text(c, p) : "X");
		else if (p->kind == ARG_WORD)
			text = choices(c, p);
		else if (p->kind == ARG_FLAG)
			text = p->name;
		else if (p->kind == ARG_WINDOW)
			text = "KxK";
		else if (p->kind == ARG_DIMS)
			text = "NxN";
		else if (p->kind == ARG_ACTIVATION)
			text = "activation";
		else
			text = p->name;
		text_add(out, p->optional ? " [%s]" : " %s", text);
	}
	if (rec->kind == REC_LAYER && !rec->variadic && rec->inputs.n > 1)
		text_add(out, " from A B");
	text_add(out, "\n");
}

static const char *
meaning(Ctx *c, const Param *p)
{
	switch (p->kind) {
	case ARG_SIZE: return p->what;
	case ARG_WINDOW: return "height x width of the window; N means NxN";
	case ARG_DIMS: return "sizes joined by x: 12, 3x4, 8x4x4";
	case ARG_SWITCH: return "on or off";
	case ARG_FLAG: return "the bare word, or nothing";
	case ARG_WORD: case ARG_CHOICE: return choices(c, p);
	case ARG_ACTIVATION: return "an activation and its arguments";
	case ARG_WHOLE: return "a whole number";
	case ARG_NUMBER: case ARG_FRACTION: break;
	}
	return "a number";
}

static const char *
limits(Ctx *c, const Param *p)
{
	const char *low, *high;

	if (!p->limited)
		return "";
	low = isfinite(p->least) ? fmt(c, "%s %s", p->above ? ">" : ">=",
	                               plain_number(c, p->least)) : NULL;
	high = isfinite(p->most) ? fmt(c, "%s %s", p->below ? "<" : "<=",
	                               plain_number(c, p->most)) : NULL;
	return low && high ? fmt(c, ", %s and %s", low, high) :
	       fmt(c, ", %s", low ? low : high ? high : "finite");
}

static void
arguments(Ctx *c, const Record *rec, Text *out)
{
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		const Param *p = &rec->params.v[i];
		text_add(out, "%s  %-10s  %s%s", i ? "" : "\nArguments\n",
		         p->name, meaning(c, p), limits(c, p));
		if (p->optional && p->kind != ARG_FLAG)
			text_add(out, "; default %s", default_text(c, p));
		text_add(out, "\n");
	}
}

/* ---- a small network that uses the word, to show what follows from it */

typedef struct {
	Ctx *c;
	Network net;
	Layer *layer;
	const char *shown;          /* name of the input of an `act` layer */
} Sample;

static Arg *
sample_args(Ctx *c, const Record *rec)
{
	Arg *args = mem(c, (rec->params.n + 1) * sizeof *args);
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		const Param *p = &rec->params.v[i];
		args[i].param = p;
		args[i].num = args[i].num2 = isnan(p->value) ? 0 : p->value;
		if (p->optional)
			continue;
		if (p->kind == ARG_SIZE)
			args[i].num = 3;
		else if (p->kind == ARG_WINDOW)
			args[i].num = args[i].num2 = 2;
		else if (p->kind == ARG_DIMS)
			args[i].dims = (Shape){ MATRIX, 2, { 2, 2 } };
		else if (p->kind == ARG_WHOLE) /* vocab=4, part=2 */
			args[i].num = p->limited ? p->least + 1 : 4;
		else if (p->kind == ARG_FRACTION || p->kind == ARG_NUMBER)
			args[i].num = 0.5;
		else if (p->words.n)
			args[i].word = p->words.v[0];
	}
	return args;
}

static void
add_input(Sample *s, Shape shape)
{
	Layer l = { .name = fmt(s->c, "input%u", s->net.layers.n),
	            .out = shape, .l1 = -1, .l2 = -1 };

	l.number = (int)s->net.layers.n;
	PUSH(s->c, &s->net.layers, l);
	s->net.inputs += (int)shape_size(&shape);
}

/* the first of these shapes that the layer accepts */
static bool
sample_layer(Sample *s, const Record *rec, const char *act)
{
	static const Shape tries[] = {
		{ VECTOR, 1, { 4 } }, { MAP, 3, { 3, 6, 6 } },
		{ SEQUENCE, 2, { 6, 4 } }, { MATRIX, 2, { 6, 6 } }
	};
	Ctx *c = s->c;
	size_t t, inputs = rec->variadic ? 2 : rec->inputs.n, i;
	uint32_t diags = c->diags.n, k;
	int errors = c->errors, warnings = c->warnings;
	bool good = false;

	for (t = 0; t < sizeof tries / sizeof *tries && !good; t++) {
		Layer l = { .rec = rec, .l1 = -1, .l2 = -1 };
		memset(&s->net, 0, sizeof s->net);
		for (i = 0; i < inputs; i++) {
			add_input(s, tries[t]);
			PUSH(c, &l.in, (int)i);
		}
		l.name = rec->name;
		l.number = (int)inputs;
		l.args = sample_args(c, rec);
		for (k = 0; act && k < rec->params.n; k++)
			if (rec->params.v[k].kind == ARG_ACTIVATION) {
				l.args[k].act = mem(c, sizeof(Act));
				l.args[k].act->rec = record_find(c,
					REC_ACTIVATION, act);
				l.args[k].act->args = sample_args(c,
					l.args[k].act->rec);
			}
		good = record_layer(c, &s->net, &l);
		if (!good) {
			c->diags.n = diags;
			c->errors = errors;
			c->warnings = warnings;
			continue;
		}
		PUSH(c, &s->net.layers, l);
		s->layer = &s->net.layers.v[s->net.layers.n - 1];
	}
	c->warnings = warnings;
	c->diags.n = diags;
	return good;
}

static void
add_loss(Sample *s, const Record *loss)
{
	Head h = { .layer = (int)s->net.layers.n - 1, .weight = 1 };
	uint32_t i;

	h.loss = loss;
	h.args = sample_args(s->c, loss);
	h.outputs = h.targets = (int)shape_size(&s->layer->out);
	PUSH(s->c, &s->net.heads, h);
	s->net.name = "help";
	s->net.outputs = s->net.targets = h.outputs;
	s->net.batch = 1;
	s->net.strict = true;
	s->net.dtype = F64;
	s->net.api_gradient = s->net.api_input_gradient = true;
	for (i = 0; i < s->layer->weights.n; i++) {
		s->layer->weights.v[i].init = NULL;
		s->layer->weights.v[i].fill = 0;
		s->net.params +=
			shape_size(&s->layer->weights.v[i].shape);
	}
}

/* ---- the backward pass as text */

static void
cut(char *s, const char *what, const char *with)
{
	size_t n = strlen(what), m = strlen(with);
	char *p = s;

	while ((p = strstr(p, what)) != NULL) {
		memmove(p + m, p + n, strlen(p + n) + 1);
		memcpy(p, with, m);
		p += m;
	}
}

/* a dumped statement in the lecture's names: no sample, no layer, no box */
static char *
tidy_line(Ctx *c, const Sample *s, const char *line)
{
	char *t = copy(c, line, strcspn(line, "\n")), *box = strstr(t, "   [");
	const Layer *l = s->layer;
	bool bare = l->rec && !strcmp(l->rec->name, "act");
	uint32_t i;

	if (box)
		*box = 0;
	for (i = 0; i < s->net.layers.n - 1; i++) {
		const char *in = bare ? s->shown : l->rec->variadic ?
			fmt(c, "x%u", i + 1) : l->rec->inputs.v[i];
		cut(t, fmt(c, "d.input%u.x", i), fmt(c, "d%s", in));
		cut(t, fmt(c, "input%u.x", i), in);
	}
	cut(t, fmt(c, "d.%s.", l->name), "d");
	cut(t, fmt(c, "part.%s.", l->name), "d");
	cut(t, fmt(c, "%s.", l->name), "");
	cut(t, "d.loss.", "d");
	cut(t, "loss.", "");
	cut(t, "[n,", "[");
	cut(t, "[n]", "");
	cut(t, "sum(n) ", "");
	cut(t, "[e0]", "[i]");
	return t;
}

/* does the backward statement t belong on the page?  loss: those of the loss,
 * else those of the layer; sums of the samples' parts are left out */
static bool
shown(const Program *p, const Stmt *t, bool loss, const char *line)
{
	const Tensor *x = &p->tensors.v[t->target];
	bool of_y = x->adjoint && x->base && !strcmp(x->base, "y");

	if (t->phase != PH_BACKWARD || (x->kind == T_GRAD &&
	    strstr(line, "= sum(n) part.")))
		return false;
	return loss ? t->layer < 0 || of_y : t->layer >= 0 && !of_y;
}

static void
scan_line(const Program *p, uint32_t id, Text *out)
{
	const Scan *g = &p->scans.v[id];

	if (id)
		text_add(out, "  scan(%s<%d%s:\n", p->index.v[g->t].name, g->n,
		         g->reverse ? ", descending" : "");
	else
		text_add(out, "  )\n");
}

static void
backward(Sample *s, bool loss, Text *out)
{
	Ctx *c = s->c;
	Program *p = build(c, &s->net, F64);
	uint32_t i, scan = 0;
	char *line;

	if (!p || c->errors)
		return;
	for (i = 0; i < p->kernel[K_GRADIENT].n; i++) {
		Stmt *t = &p->kernel[K_GRADIENT].v[i];
		Stmts one = { t, 1, 1 };
		Text text = { c, NULL, 0, 0 };
		dump_stmts(p, &one, &text);
		if (!shown(p, t, loss, text.s))
			continue;
		if (t->scan != scan)
			scan_line(p, scan = t->scan, out);
		line = tidy_line(c, s, t->scan ? strchr(text.s, '\n') + 1 :
		                 text.s);
		/* over the samples of a batch, which is not shown here */
		if (p->tensors.v[t->target].kind == T_GRAD)
			cut(line, " += ", " = ");
		text_add(out, "  %s\n", line);
	}
}

/* ---- one word */

static void
weights(Ctx *c, const Sample *s, Text *out)
{
	const Layer *l = s->layer;
	uint32_t i;

	for (i = 0; i < l->weights.n; i++) {
		const Weight *w = &l->weights.v[i];
		text_add(out, "%s  %-6s %s", i ? "" : "\nWeights, in this order\n",
		         w->name, shape_text(c, &w->shape));
		if (isnan(w->fill) || w->init)
			text_add(out, ", starts by `init`");
		else
			text_add(out, ", starts at %s",
			         plain_number(c, w->fill));
		text_add(out, "%s\n", w->decay ? "" : ", no l2");
	}
	for (i = 0; i < l->statistics.n; i++) {
		const Weight *w = &l->statistics.v[i];
		text_add(out, "%s  %-6s %s, starts at %s\n", i ? "" :
		         "\nRunning statistics\n", w->name,
		         shape_text(c, &w->shape), plain_number(c, w->fill));
	}
}

static void
values(Ctx *c, const Sample *s, Text *out)
{
	const Layer *l = s->layer;
	uint32_t i, k, n = 0;

	for (i = 0; i < l->values.n; i++) {
		for (k = 0; k < l->rec->params.n; k++)
			if (!strcmp(l->rec->params.v[k].name,
			            l->values.v[i].name))
				break;
		if (k == l->rec->params.n)
			text_add(out, "%s%s = %s", n++ ? ", " : "  where ",
			         l->values.v[i].name,
			         plain_number(c, l->values.v[i].value));
	}
	if (n)
		text_add(out, "\n");
}

/* `an input of 4` and the sizes that the sample was given */
static void
example(Ctx *c, const Sample *s, Text *out)
{
	const Layer *l = s->layer;
	uint32_t i;

	text_add(out, "\nExample: input of %s", shape_text(c,
	         &s->net.layers.v[0].out));
	for (i = 0; i < l->rec->params.n; i++) {
		const Param *p = &l->rec->params.v[i];
		if (p->optional)
			continue;
		if (p->kind == ARG_WINDOW)
			text_add(out, ", %s 2x2", p->name);
		else if (p->kind == ARG_DIMS)
			text_add(out, ", %s", shape_text(c, &l->args[i].dims));
		else if (l->args[i].word)
			text_add(out, ", %s", l->args[i].word);
		else
			text_add(out, ", %s %s", p->name,
			         plain_number(c, l->args[i].num));
	}
	text_add(out, "; output %s\n", shape_text(c, &l->out));
}

static void
layer_page(Ctx *c, const Record *rec, Text *out)
{
	Sample s = { .c = c };
	bool acts = false;
	uint32_t i;

	for (i = 0; i < rec->params.n; i++)
		acts |= rec->params.v[i].kind == ARG_ACTIVATION;
	if (!sample_layer(&s, rec, acts ? "sigmoid" : NULL))
		return;
	example(c, &s, out);
	weights(c, &s, out);
	text_add(out, "\nFormula\n");
	block(out, "  ", s.layer->formula);
	values(c, &s, out);
	if (s.layer->infer) {
		text_add(out, s.layer->statistics.n ?
		         "outside of training, or where a sample is alone\n" :
		         "outside of training\n");
		block(out, "  ", s.layer->infer);
	}
	add_loss(&s, record_find(c, REC_LOSS, "half_sse"));
	text_add(out, "\nBackward%s, derived%s; dy is dC/dy\n",
	         s.layer->statistics.n ? " of a sample that is alone" : "",
	         acts ? " (act = sigmoid)" : "");
	backward(&s, false, out);
}

static void
activation_page(Ctx *c, const Record *rec, Text *out)
{
	Sample s = { .c = c, .shown = "z" };
	const Record *act = record_find(c, REC_LAYER, "act");

	text_add(out, "\nFormula\n");
	if (rec->y)
		equation(out, "y", rec->y);
	if (!act || !sample_layer(&s, act, rec->name))
		return;
	if (!rec->y)
		block(out, "  ", s.layer->args[0].act->rec->formula);
	if (rec->dy) {
		text_add(out, "\nDerivative\n");
		equation(out, "dy/dz", rec->dy);
		return;
	}
	if (rec->needs_surrogate) {
		text_add(out, "\nIts derivative is 0: it trains with "
		         "`%s surrogate=sigmoid` alone.\n", rec->name);
		return;
	}
	add_loss(&s, record_find(c, REC_LOSS, "half_sse"));
	text_add(out, "\nBackward, derived; dy is dC/dy\n");
	backward(&s, false, out);
}

static void
loss_page(Ctx *c, const Record *rec, Text *out)
{
	Sample s = { .c = c, .shown = "y" };
	const Record *act = record_find(c, REC_LAYER, "act");
	uint32_t i;

	text_add(out, "\nFormula for one sample; y outputs, t targets\n");
	equation(out, "C", rec->C);
	if (rec->index) {
		text_add(out, "with target=index, t the number of the class\n");
		equation(out, "C", rec->index);
	}
	if (act && sample_layer(&s, act, "linear")) {
		add_loss(&s, rec);
		text_add(out, "\nBackward, derived; dy is dC/dy\n");
		backward(&s, true, out);
	}
	for (i = 0; i < rec->with.n; i++) {
		const Closed *x = &rec->with.v[i];
		text_add(out, "\nAfter %s, where y follows from z\n", x->left);
		equation(out, "C", x->C);
		equation(out, "delta[i]", x->delta);
		if (!x->index_C)
			continue;
		text_add(out, "with target=index\n");
		equation(out, "C", x->index_C);
		equation(out, "delta[i]", x->index_delta);
	}
}

static void
states(Ctx *c, const Record *rec, Text *out)
{
	uint32_t i;

	for (i = 0; i < rec->state.n; i++) {
		const StateDecl *s = &rec->state.v[i];
		text_add(out, "  %s  one per weight, starts at %s\n", s->name,
		         s->arg ? s->arg : plain_number(c, s->value));
	}
	for (i = 0; i < rec->net_state.n; i++) {
		const StateDecl *s = &rec->net_state.v[i];
		text_add(out, "  %s  one per network, starts at %s\n", s->name,
		         s->arg ? s->arg : plain_number(c, s->value));
	}
}

/* the rule with the flags and the numbers that default to 0 tried one by one:
 * sgd has three */
static void
optimizer_page(Ctx *c, const Record *rec, Text *out)
{
	Arg *args = sample_args(c, rec);
	const Record *r = record_special(c, rec, args), *last = NULL;
	uint32_t i;

	text_add(out, "\nRule; g is the mean gradient of weight w%s\n",
	         rec->no_l2 ? " (l2 is not added)" : " plus l2*w");
	for (i = 0; r && i <= rec->params.n; i++) {
		if (!last || strcmp(last->step, r->step)) {
			if (last)
				text_add(out, "with %s\n",
				         rec->params.v[i - 1].name);
			block(out, "  ", r->step);
			states(c, r, out);
			if (r->step_bias) {
				text_add(out, "for biases, gains and offsets\n");
				block(out, "  ", r->step_bias);
			}
			last = r;
		}
		if (i == rec->params.n)
			break;
		if (rec->params.v[i].kind == ARG_FLAG)
			args[i].num = 1;
		else if (rec->params.v[i].optional && args[i].num == 0)
			args[i].num = 0.5;
		r = record_special(c, rec, args);
	}
}

static void
init_page(Ctx *c, const Record *rec, Text *out)
{
	Arg *args = sample_args(c, rec);
	Weight w = { .name = "w", .shape = { MATRIX, 2, { 3, 4 } },
	             .fan_in = 4, .fan_out = 3 };
	const Record *r = record_init(c, rec, args, &w, (Loc){ 0 });
	const Param *p;
	uint32_t i, k;

	text_add(out, "\nFormula; rand is uniform in [0, 1), randn normal\n");
	if (r && r->w)
		equation(out, "w", r->w);
	else if (r)
		block(out, "  ", r->formula);
	for (i = 0; r && r->w && i < rec->params.n; i++) {
		p = &rec->params.v[i];
		for (k = 1; p->kind == ARG_WORD && k < p->words.n; k++) {
			args[i].word = p->words.v[k];
			r = record_init(c, rec, args, &w, (Loc){ 0 });
			if (!r)
				return;
			text_add(out, "with %s\n", p->words.v[k]);
			equation(out, "w", r->w);
		}
	}
}

static void
page(Ctx *c, const Record *rec, Text *out)
{
	text_add(out, "%s (%s)%s%s\n\n", rec->name, kind_names[rec->kind],
	         rec->doc ? ": " : "", rec->doc ? rec->doc : "");
	usage(c, rec, out);
	arguments(c, rec, out);
	switch (rec->kind) {
	case REC_LAYER: layer_page(c, rec, out); break;
	case REC_ACTIVATION: activation_page(c, rec, out); break;
	case REC_LOSS: loss_page(c, rec, out); break;
	case REC_OPTIMIZER: optimizer_page(c, rec, out); break;
	case REC_INIT: init_page(c, rec, out); break;
	case REC_KINDS: break;
	}
}

static void
list(Ctx *c, RecordKind kind, Text *out)
{
	const Names *names = record_names(c, kind);
	const Record *rec;
	uint32_t i;

	for (i = 0; i < names->n; i++) {
		rec = record_find(c, kind, names->v[i]);
		text_add(out, "  %-13s %s\n", names->v[i],
		         rec && rec->doc ? rec->doc : "");
	}
	text_add(out, "\n`bpgen help %s` shows its formula; one file of "
	         "templates/%s defines each.\n", names->n ? names->v[0] :
	         "WORD", topic_names[kind]);
}

int
help_word(Ctx *c, const char *word, Text *out)
{
	const Record *rec;
	int k, found = -1;

	for (k = 0; k < REC_KINDS; k++)
		if (!strcmp(word, topic_names[k])) {
			list(c, (RecordKind)k, out);
			return 0;
		}
	for (k = 0; k < REC_KINDS; k++) {
		rec = record_find(c, (RecordKind)k, word);
		if (!rec)
			continue;
		if (!found)
			text_add(out, "\n");
		page(c, rec, out);
		found = 0;
	}
	return found;
}
