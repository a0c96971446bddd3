/* SPDX-License-Identifier: MIT
 * The settings of a spec: one row of a table a word, one function a form. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "front.h"

#define CHUNK_OF_ALL 32      /* `batch all` is accumulated in such pieces */

typedef void Take(Parse *p, Statement *st);
typedef struct { const char *name; Take *take; bool repeats; } Row;
static const Row *row_of(const char *word);

static const Loc nowhere = { 0, 0, 0 };

Setting *
setting_find(Parse *p, const char *name)
{
	uint32_t i;

	for (i = 0; i < p->settings.n; i++)
		if (!strcmp(p->settings.v[i].name, name))
			return &p->settings.v[i];
	return NULL;
}

/* ---------------------------------------------------------------- values */
static Item *
first_value(Parse *p, Statement *st, const char *what)
{
	Item *item = args_positional(st);

	if (!item && !st->bad)
		err(p->c, st->word.loc, "%s needs %s", st->word.text, what);
	return item && item->value.kind != TK_OTHER ? item : NULL;
}

/* which of the words stands there, or -1 after err() */
static int
one_of(Parse *p, const Token *t, const char *what, const char *const *words)
{
	Names names = { 0 };
	Text list = { p->c, NULL, 0, 0 };
	int i;

	if (t->kind == TK_OTHER)
		return -1;
	for (i = 0; words[i]; i++) {
		if (t->kind != TK_OP && !strcmp(words[i], t->text))
			return i;
		PUSH(p->c, &names, words[i]);
		text_add(&list, i ? ", %s" : "%s", words[i]);
	}
	err(p->c, t->loc, "%s must be %s%s, but is %s", what,
	    i > 1 ? "one of " : "", list.s, t->text);
	if (t->kind == TK_WORD)
		args_suggest(p->c, t->text, &names, "a word");
	return -1;
}

static int
one_word(Parse *p, Statement *st, const char *const *words)
{
	Item *item = first_value(p, st, "a word");

	return item ? one_of(p, &item->value, fmt(p->c, "'%s'", st->word.text),
	                     words) : -1;
}

static bool
whole(Parse *p, Statement *st, double most, double *value)
{
	Item *item = first_value(p, st, "a whole number");

	return item && args_whole(p->c, &item->value,
	    fmt(p->c, "'%s'", st->word.text), 1, most, value);
}

/* a number of at least 0 in an option or as the only value */
static bool
positive(Parse *p, const Token *t, const char *what, bool zero, double *value)
{
	double v;

	if (!args_number(p->c, t, fmt(p->c, "'%s'", what), &v))
		return false;
	if (v < 0 || (v == 0 && !zero)) {
		err(p->c, t->loc, "'%s' must be %s 0, but is %s", what,
		    zero ? "at least" : "above", t->text);
		return false;
	}
	*value = v;
	return true;
}

/* ---------------------------------------------------- losses, optimizers */
static const struct { const char *theirs, *ours; } aliases[] = {
	{ "crossentropy", "cross_entropy" }, { "nll", "cross_entropy" },
	{ "categorical_crossentropy", "cross_entropy" },
	{ "CrossEntropyLoss", "cross_entropy" }, { "softmax", "cross_entropy" },
	{ "binary_crossentropy", "bce" }, { "BCELoss", "bce" },
	{ "binary_cross_entropy", "bce" }, { "logloss", "bce" },
	{ "MSELoss", "mse" }, { "l2", "mse" }, { "l1", "mae" },
	{ "mean_squared_error", "mse" }, { "rmse", "mse" },
	{ "kl_divergence", "kl" }, { "logcosh", "log_cosh" },
	{ "SGD", "sgd" }, { "Adam", "adam" }, { "AdamW", "adamw" },
	{ "RMSprop", "rmsprop" }, { "gd", "sgd" },
	{ "momentum", "sgd momentum=0.9" },
	{ "nesterov", "sgd momentum=0.9 nesterov" },
	{ "glorot", "xavier" }, { "kaiming", "he" }, { "zeros", "zero" },
	{ "gaussian", "normal" },
};

static const Record *
find_record(Parse *p, RecordKind kind, const char *kind_name, const Token *t)
{
	Ctx *c = p->c;
	const Record *rec = NULL;
	int errors = c->errors;
	size_t i;

	if (t->kind == TK_WORD)
		rec = record_find(c, kind, t->text);
	if (rec || c->errors > errors || t->kind == TK_OTHER)
		return rec;
	err(c, t->loc, "unknown %s '%s'", kind_name, t->text);
	for (i = 0; i < sizeof aliases / sizeof *aliases; i++) {
		if (strcmp(aliases[i].theirs, t->text) ||
		    !record_find(c, kind, fmt(c, "%.*s",
		    (int)strcspn(aliases[i].ours, " "), aliases[i].ours)))
			continue;
		help(c, "write `%s %s`", kind_name, aliases[i].ours);
		return NULL;
	}
	if (nearest(t->text, record_names(c, kind)))
		args_suggest(c, t->text, record_names(c, kind),
		             fmt(c, "%s %s", strchr("aeiou", *kind_name) ?
		             "an" : "a", kind_name));
	else
		help(c, "there are: %s", args_list(c, record_names(c, kind)));
	return NULL;
}

const Record *
init_take(Parse *p, Statement *st, Token word, Arg **args)
{
	const Record *rec = find_record(p, REC_INIT, "init", &word);

	if (!rec || !record_args(p->c, rec, st,
	    fmt(p->c, "init %s", rec->name), word, NULL, args))
		return NULL;
	return record_special(p->c, rec, *args);
}

static void
take_init(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a word");

	if (item)
		p->init = init_take(p, st, item->value, &p->init_args);
}

static void
take_optimizer(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a word");
	const Record *rec;
	Arg *args;

	rec = item ? find_record(p, REC_OPTIMIZER, "optimizer", &item->value) :
	      NULL;
	if (!rec || !record_args(p->c, rec, st, fmt(p->c, "optimizer %s",
	    rec->name), item->value, NULL, &args))
		return;
	p->net->optimizer = record_special(p->c, rec, args);
	p->net->opt_args = args;
}

/* a loss and its options; also of `output A loss=bce delta=2` */
bool
loss_take(Parse *p, Statement *st, const Token *word, Head *head)
{
	const Record *rec = find_record(p, REC_LOSS, "loss", word);
	Item *target = args_option(p->c, st, "target");
	Names extra = { 0 };
	static const char *const words[] = { "index", "input", NULL };
	int which = -1;

	PUSH(p->c, &extra, "target");
	if (rec && target)
		which = one_of(p, &target->value, "'target'", words);
	if (!rec || (target && which < 0))
		return false;
	head->index = which == 0;
	head->input = which == 1;
	head->loc = word->loc;
	if (head->index && !rec->index) {
		err(p->c, target->name.loc, "loss %s has no target=index",
		    rec->name);
		help(p->c, "class numbers as targets go with `loss "
		     "cross_entropy`");
		return false;
	}
	if (!record_args(p->c, rec, st, fmt(p->c, "loss %s", rec->name), *word,
	    &extra, &head->args))
		return false;
	head->loss = record_special(p->c, rec, head->args);
	return head->loss != NULL;
}

static void
take_loss(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a word");

	p->loss_broken = !item || !loss_take(p, st, &item->value, &p->loss);
}

/* ------------------------------------------------------------- the others */
static void
take_net(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a name");

	if (!item)
		return;
	if (item->value.kind != TK_WORD && item->value.kind != TK_STRING)
		err(p->c, item->value.loc, "a network's name begins with a "
		    "letter, but this is %s", item->value.text);
	else
		p->net->name = item->value.text;
}

static void
take_batch(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a number or `all`");
	double v;

	if (!item)
		return;
	if (item->value.kind == TK_WORD && !strcmp(item->value.text, "all")) {
		p->net->batch_all = true;
		p->net->batch = CHUNK_OF_ALL;
	} else if (args_whole(p->c, &item->value, "'batch'", 1, 1 << 24, &v)) {
		p->net->batch = (int)v;
	}
}

static void
take_epochs(Parse *p, Statement *st)
{
	double v;

	if (whole(p, st, 1e15, &v))
		p->net->epochs = (int64_t)v;
}

static void
take_horizon(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a whole number");
	double v;

	if (!item || !args_whole(p->c, &item->value, "'horizon'", 0, 1e6, &v))
		return;
	p->net->horizon = (int)v;
	p->net->horizon_loc = st->word.loc;
}

static void
take_seed(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a whole number");
	const char *s;
	double v;

	if (!item)
		return;
	s = item->value.text;
	if (item->value.kind == TK_NUMBER && strlen(s) < 20 &&
	    strspn(s, "0123456789") == strlen(s))
		p->net->seed = strtoull(s, NULL, 10);
	else if (args_whole(p->c, &item->value, "'seed'", 0, 1e18, &v))
		p->net->seed = (uint64_t)v;
}

static void
take_targets(Parse *p, Statement *st)
{
	static const char *const words[] = { "zscore", "minmax", NULL };
	int i = one_word(p, st, words);

	if (i >= 0)
		p->net->targets_scale = "zm"[i];
}

static void
take_penalty(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "a number");
	double v;

	if (item && positive(p, &item->value, st->word.text, true, &v))
		*(strcmp(st->word.text, "l1") ? &p->net->l2 : &p->net->l1) = v;
}

static void
take_clip(Parse *p, Statement *st)
{
	Item *norm = args_option(p->c, st, "norm");
	Item *value = args_option(p->c, st, "value");

	if (!norm && !value) {
		err(p->c, st->word.loc, "clip needs `norm=` or `value=`");
		return;
	}
	if (norm)
		positive(p, &norm->value, "norm", false, &p->net->clip_norm);
	if (value)
		positive(p, &value->value, "value", false, &p->net->clip_value);
}

static void
take_shuffle(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "on or off");

	if (item)
		args_switch(p->c, &item->value, "'shuffle'", &p->net->shuffle);
}

static void
take_names(Parse *p, Statement *st)
{
	Names *names = strcmp(st->word.text, "classes") ? &p->net->columns :
	               &p->net->classes;
	Item *item = first_value(p, st, "names");
	uint32_t i;

	if (names == &p->net->classes)
		p->net->classes_loc = item ? item->value.loc : st->word.loc;
	for (; item; item = args_positional(st)) {
		if (item->value.kind == TK_OTHER)
			continue;
		if (item->value.kind == TK_OP) {
			err(p->c, item->value.loc, "unexpected '%s'",
			    item->value.text);
			help(p->c, "a name with such characters stands in "
			     "quotes");
			continue;
		}
		for (i = 0; i < names->n; i++)
			if (!strcmp(names->v[i], item->value.text))
				break;
		if (i < names->n)
			err(p->c, item->value.loc, "the name '%s' stands here "
			    "twice", item->value.text);
		PUSH(p->c, names, item->value.text);
	}
}

static void
take_dtype(Parse *p, Statement *st)
{
	static const char *const words[] = {
		"f32", "f64", "f16", "bf16", "q7", "q15", "q31", NULL
	};
	Item *item = first_value(p, st, "a word");
	int i = item ? one_of(p, &item->value, "'dtype'", words) : -1;

	if (i < 0)
		return;
	p->dtype_text = words[i];
	p->net->dtype = i == 1 ? F64 : F32;
	if (i > 1)
		not_yet(p, item->value.loc, fmt(p->c, "'%s' cannot be generated "
		        "yet", words[i]));
}

static void
take_unroll(Parse *p, Statement *st)
{
	static const char *const words[] = { "auto", "full", "none", NULL };
	static const Unroll values[] = {
		UNROLL_AUTO, UNROLL_FULL, UNROLL_NONE
	};
	int i = one_word(p, st, words);

	if (i >= 0)
		p->net->unroll = values[i];
}

static void
take_math(Parse *p, Statement *st)
{
	static const char *const words[] = { "strict", "fast", NULL };
	int i = one_word(p, st, words);

	if (i >= 0)
		p->net->strict = i == 0;
}

static void
take_lanes(Parse *p, Statement *st)
{
	static const char *const words[] = { "1", "4", "8", "16", NULL };
	static const int values[] = { 1, 4, 8, 16 };
	int i = one_word(p, st, words);

	if (i >= 0)
		p->net->lanes = values[i];
}

static void
take_spec(Parse *p, Statement *st)
{
	Item *item = first_value(p, st, "the version of the language, 1");

	if (item && (item->value.kind != TK_NUMBER || item->value.num != 1 ||
	    *item->value.suffix)) {
		err(p->c, item->value.loc, "a spec of version %s",
		    item->value.text);
		help(p->c, "this bpgen reads version 1");
	}
}

static void
take_api(Parse *p, Statement *st)
{
	static const char *const words[] = {
		"forward", "train", "gradient", "input_gradient", "step", NULL
	};
	Network *net = p->net;
	bool *const flags[] = {
		&net->api_forward, &net->api_train, &net->api_gradient,
		&net->api_input_gradient, &net->api_step
	};
	Item *item = first_value(p, st, "words");
	int i;

	for (; item; item = args_positional(st)) {
		i = one_of(p, &item->value, "'api'", words);
		if (i >= 0)
			*flags[i] = true;
	}
	net->api_step_asked = net->api_step;
}

/* ---- schedule: step, cosine, exp, warmup */
static bool
needed(Parse *p, Statement *st, const char *name, bool is_whole, double *v)
{
	Item *item = args_option(p->c, st, name);

	if (!item) {
		err(p->c, st->word.loc, "this schedule needs `%s=`", name);
		return false;
	}
	if (is_whole)
		return args_whole(p->c, &item->value, fmt(p->c, "'%s'", name),
		                  1, 1e9, v);
	return positive(p, &item->value, name, false, v);
}

static void
take_schedule(Parse *p, Statement *st)
{
	static const char *const words[] = {
		"step", "cosine", "exp", "warmup", NULL
	};
	Network *net = p->net;
	int i = one_word(p, st, words);
	bool ok = i >= 0;

	if (i == 0) { /* both, so that both are said */
		ok = needed(p, st, "every", true, &net->schedule.a);
		ok = needed(p, st, "factor", false, &net->schedule.b) && ok;
	} else if (i == 2)
		ok = needed(p, st, "factor", false, &net->schedule.a);
	else if (i == 3)
		ok = needed(p, st, "epochs", true, &net->schedule.a);
	if (ok)
		net->schedule.kind = "scew"[i];
}

/* ---- stop */
static const char *const quantities[] = {
	"loss", "val_loss", "accuracy", "val_accuracy", "gradnorm", "seconds",
	NULL
};
static const StopKind quantity_kinds[] = {
	STOP_LOSS, STOP_VAL_LOSS, STOP_ACCURACY, STOP_VAL_ACCURACY,
	STOP_GRADNORM, STOP_SECONDS
};

/* its place in the table, or -1 after err() */
static int
quantity(Parse *p, const Token *t)
{
	Names names = { 0 };
	const char *near;
	int i;

	for (i = 0; quantities[i]; i++) {
		if (!strcmp(quantities[i], t->text))
			return i;
		PUSH(p->c, &names, quantities[i]);
	}
	if (t->kind == TK_OTHER)
		return -1;
	err(p->c, t->loc, "unknown quantity '%s'", t->text);
	near = nearest(t->text, &names);
	/* also what is cut short: grad */
	for (i = 0; !near && t->kind == TK_WORD && quantities[i]; i++)
		if (!strncmp(quantities[i], t->text, strlen(t->text)))
			near = quantities[i];
	if (near)
		fix(p->c, near);
	help(p->c, "stop looks at: %s", args_list(p->c, &names));
	return -1;
}

static void
stop_patience(Parse *p, Statement *st, const Item *item)
{
	Stop s = { .kind = STOP_PATIENCE, .on = STOP_VAL_LOSS, .loc = st->loc };
	Item *on = args_option(p->c, st, "on");
	int q = on ? quantity(p, &on->value) : 1;

	if (!args_whole(p->c, &item->value, "'patience'", 1, 1e9, &s.value) ||
	    q < 0)
		return;
	if (quantity_kinds[q] == STOP_SECONDS) {
		err(p->c, on->value.loc, "seconds never get better");
		return;
	}
	s.on = quantity_kinds[q];
	PUSH(p->c, &p->net->stops, s);
}

static void
take_stop(Parse *p, Statement *st)
{
	Item *patience = args_option(p->c, st, "patience"), *what, *op, *value;
	Stop s = { .loc = st->loc };
	int q;

	if (patience) {
		stop_patience(p, st, patience);
		return;
	}
	what = args_positional(st);
	if (!what || what->value.kind == TK_OP) {
		err(p->c, st->word.loc, "stop needs a condition");
		help(p->c, "`stop loss < 1e-3` or `stop patience=10 "
		     "on=val_loss`");
		return;
	}
	op = args_positional(st);
	value = args_positional(st);
	q = quantity(p, &what->value);
	if (q < 0)
		return;
	if (!op || op->value.kind != TK_OP || !value) {
		err(p->c, op ? op->value.loc : what->value.loc, "a condition is "
		    "a quantity, < or >, and a number");
		return;
	}
	if (!args_number(p->c, &value->value, fmt(p->c, "the limit of %s",
	    quantities[q]), &s.value))
		return;
	s.kind = quantity_kinds[q];
	snprintf(s.cmp, sizeof s.cmp, "%s", op->value.text);
	PUSH(p->c, &p->net->stops, s);
}

/* ---- budget */
static void
amount(Parse *p, Statement *st, const char *name, bool time, double *to)
{
	static const struct { const char *suffix; double factor; bool time; }
	units[] = {
		{ "", 1, false }, { "K", 1024, false }, { "M", 1048576, false },
		{ "", 1, true }, { "s", 1, true }, { "ms", 1e-3, true }
	};
	Item *item = args_option(p->c, st, name);
	const Token *t = item ? &item->value : NULL;
	size_t i;

	if (!t || t->kind == TK_OTHER)
		return;
	for (i = 0; i < sizeof units / sizeof *units; i++) {
		if (t->kind == TK_NUMBER && t->num > 0 && isfinite(t->num) &&
		    units[i].time == time &&
		    !strcmp(units[i].suffix, t->suffix)) {
			*to = t->num * units[i].factor;
			return;
		}
	}
	err(p->c, t->loc, "'%s' must be a %s, like %s, but is %s", name,
	    time ? "time" : "size", time ? "2s" : "8K", t->text);
}

static void
take_budget(Parse *p, Statement *st)
{
	Network *net = p->net;

	if (st->items.n == 0)
		err(p->c, st->word.loc, "budget needs flash=, ram=, stack= or "
		    "compile=");
	amount(p, st, "flash", false, &net->budget.flash);
	amount(p, st, "ram", false, &net->budget.ram);
	amount(p, st, "stack", false, &net->budget.stack);
	amount(p, st, "compile", true, &net->budget.compile);
	net->budget_loc = st->word.loc;
}

/* outputs name layers: they wait until all are there */
static void
take_output(Parse *p, Statement *st)
{
	Setting s = { .name = "output", .st = *st };
	uint32_t i;

	PUSH(p->c, &p->outputs, s);
	for (i = 0; i < st->items.n; i++)
		st->items.v[i].used = true;
}

/* ------------------------------------------------------------ the table */
static const Row rows[] = {
	{ "net", take_net, false }, { "loss", take_loss, false },
	{ "optimizer", take_optimizer, false }, { "batch", take_batch, false },
	{ "targets", take_targets, false }, { "epochs", take_epochs, false },
	{ "stop", take_stop, true }, { "schedule", take_schedule, false },
	{ "init", take_init, false }, { "l1", take_penalty, false },
	{ "l2", take_penalty, false }, { "clip", take_clip, false },
	{ "shuffle", take_shuffle, false }, { "seed", take_seed, false },
	{ "dtype", take_dtype, false }, { "classes", take_names, false },
	{ "columns", take_names, false }, { "output", take_output, true },
	{ "api", take_api, false }, { "unroll", take_unroll, false },
	{ "math", take_math, false }, { "lanes", take_lanes, false },
	{ "horizon", take_horizon, false },
	{ "budget", take_budget, false }, { "spec", take_spec, false },
};

static const Row *
row_of(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].name, word))
			return &rows[i];
	return NULL;
}

bool
is_setting(const char *word)
{
	return row_of(word) != NULL;
}

void
setting_names(Ctx *c, Names *names)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		PUSH(c, names, rows[i].name);
}

void
setting_take(Parse *p, Statement *st)
{
	const Row *row = row_of(st->word.text);
	const Setting *first = setting_find(p, row->name);
	Setting s = { .name = row->name, .st = *st };
	uint32_t number = p->settings.n;
	int errors = p->c->errors;

	if (first && !row->repeats) {
		err(p->c, st->word.loc, "'%s' is set twice", row->name);
		note(p->c, first->st.word.loc, "it was set here");
		return;
	}
	PUSH(p->c, &p->settings, s);
	if (st->from.n)
		err(p->c, st->from_loc, "'%s' reads no layer", row->name);
	row->take(p, st);
	if (p->c->errors == errors)
		args_rest(p->c, st, row->name, NULL, NULL);
	p->settings.v[number].broken = st->bad || p->c->errors > errors;
}

/* ---------------------------------------------------------------- the end */
void
settings_begin(Parse *p)
{
	Network *net = p->net;

	net->batch = 1;
	net->epochs = 100;
	net->horizon = -1;
	net->seed = 1;
	net->shuffle = net->strict = true;
	p->loss.weight = 1;
}

/* an optimizer or init with nothing said but its name */
static const Record *
default_record(Parse *p, RecordKind kind, const char *name, Arg **args)
{
	const Record *rec = record_find(p->c, kind, name);
	Statement none = { 0 };
	Token word = { .text = name };

	if (!rec || !record_args(p->c, rec, &none, name, word, NULL, args))
		return NULL;
	return record_special(p->c, rec, *args);
}

static void
default_settings(Parse *p)
{
	Network *net = p->net;
	uint32_t i;

	if (!net->optimizer && !setting_find(p, "optimizer"))
		net->optimizer = default_record(p, REC_OPTIMIZER, "sgd",
		                                &net->opt_args);
	if (!p->init && !setting_find(p, "init"))
		p->init = default_record(p, REC_INIT, "xavier", &p->init_args);
	if (!net->lanes)
		net->lanes = net->dtype == F64 ? 8 : 16;
	if (!setting_find(p, "api"))
		net->api_forward = net->api_train = net->api_gradient =
			net->api_step = true;
	for (i = 0; net->optimizer && i < net->optimizer->params.n; i++)
		if (!strcmp(net->opt_args[i].param->name, "rate"))
			net->rate = net->opt_args[i].num;
}

/* an optimizer that decays weights itself has no use for l2 */
static void
check_l2(Parse *p)
{
	const Network *net = p->net;
	Setting *s = setting_find(p, "l2");
	Loc at = s && net->l2 > 0 ? s->st.word.loc : nowhere;
	uint32_t i;

	if (!net->optimizer || !net->optimizer->no_l2)
		return;
	for (i = 0; !at.file && i < net->layers.n; i++)
		if (net->layers.v[i].l2 > 0)
			at = p->info.v[i].l2_loc;
	if (!at.file)
		return;
	err(p->c, at, "optimizer %s has a decay of its own and takes no l2",
	    net->optimizer->name);
	help(p->c, "write `optimizer %s decay=0.01`, or take another "
	     "optimizer", net->optimizer->name);
}

void
settings_apply(Parse *p)
{
	uint32_t i, k;

	default_settings(p);
	check_l2(p);
	for (i = 0; i < p->net->layers.n; i++) {
		Layer *l = &p->net->layers.v[i];

		for (k = 0; k < l->weights.n; k++) {
			Weight *w = &l->weights.v[k];

			if (w->init || !isnan(w->fill))
				continue;
			w->fill = 0;
			if (!p->init)
				continue;
			w->init = record_init(p->c, p->init, p->init_args, w,
			                      l->word_loc);
			w->init_args = p->init_args;
		}
	}
}
