/* SPDX-License-Identifier: MIT
 * The items of a statement matched to the arguments that a record declares. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "front.h"

/* what other tools call it */
static const struct { const char *theirs, *ours; } synonyms[] = {
	{ "lr", "rate" }, { "learning_rate", "rate" }, { "eta", "rate" },
	{ "step_size", "rate" }, { "mu", "momentum" },
	{ "beta_1", "beta1" }, { "beta_2", "beta2" }, { "rho", "decay" },
	{ "epsilon", "eps" }, { "weight_decay", "decay" },
	{ "weight_decay", "l2" }, { "padding", "pad" },
	{ "strides", "stride" }, { "use_bias", "bias" },
	{ "kernel_initializer", "init" }, { "initializer", "init" },
	{ "kernel_regularizer", "l2" }, { "negative_slope", "slope" },
	{ "input_dim", "vocab" }, { "num_embeddings", "vocab" },
	{ "std", "deviation" }, { "trainable", "frozen" },
};
/* options that every layer has */
static const char *const common[] = {
	"init", "l1", "l2", "frozen", "unroll", "share"
};

static bool
positional(const Param *p)
{
	return p->kind == ARG_SIZE || p->kind == ARG_FRACTION ||
	       p->kind == ARG_WINDOW || p->kind == ARG_DIMS ||
	       p->kind == ARG_WORD || p->kind == ARG_ACTIVATION;
}

static bool
named(const Param *p)
{
	return !positional(p) && p->kind != ARG_FLAG;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *
args_list(Ctx *c, const Names *names)
{
	Names sorted = { 0 };
	Text t = { c, NULL, 0, 0 };
	uint32_t i;

	for (i = 0; i < names->n; i++)
		PUSH(c, &sorted, names->v[i]);
	if (sorted.n)
		qsort(sorted.v, sorted.n, sizeof *sorted.v, by_text);
	text_put(&t, "", 0);
	for (i = 0; i < sorted.n; i++)
		text_add(&t, i ? ", %s" : "%s", sorted.v[i]);
	return t.s;
}

void
args_suggest(Ctx *c, const char *word, const Names *names, const char *kind)
{
	const char *near = nearest(word, names);

	if (near) {
		fix(c, near);
		help(c, "%s with a similar name exists", kind);
	}
}

/* ------------------------------------------------------------- plain values */
static const char *
token_text(const Token *t)
{
	return t->kind == TK_STRING ? "a string" : t->text;
}

bool
args_number(Ctx *c, const Token *t, const char *what, double *value)
{
	if (t->kind == TK_OTHER)
		return false; /* has been said */
	if (t->kind != TK_NUMBER) {
		err(c, t->loc, "%s must be a number, but is %s", what,
		    token_text(t));
		return false;
	}
	if (*t->suffix) {
		err(c, t->loc, "%s has no unit, but is %s", what, t->text);
		return false;
	}
	if (!isfinite(t->num)) {
		err(c, t->loc, "%s must be finite, but is %s", what, t->text);
		return false;
	}
	*value = t->num;
	return true;
}

bool
args_whole(Ctx *c, const Token *t, const char *what, double least,
	double most, double *value)
{
	char buf[40];

	if (t->kind == TK_OTHER)
		return false;
	if (t->kind != TK_NUMBER || *t->suffix || t->num != floor(t->num)) {
		err(c, t->loc, "%s must be a whole number, but is %s", what,
		    token_text(t));
		if (t->divides)
			help(c, "Lua's `/` always divides exactly; use `//` "
			     "for integer division");
		return false;
	}
	if (t->num < least || t->num > most) {
		snprintf(buf, sizeof buf, "%.0f", t->num < least ? least : most);
		err(c, t->loc, "%s must be at %s %s, but is %s", what,
		    t->num < least ? "least" : "most", buf, t->text);
		return false;
	}
	*value = t->num;
	return true;
}

bool
args_switch(Ctx *c, const Token *t, const char *what, bool *value)
{
	if (t->kind == TK_OTHER)
		return false;
	if (t->kind == TK_WORD && !strcmp(t->text, "on")) {
		*value = true;
	} else if (t->kind == TK_WORD && !strcmp(t->text, "off")) {
		*value = false;
	} else {
		err(c, t->loc, "%s must be on or off, but is %s", what,
		    token_text(t));
		return false;
	}
	return true;
}

/* one of the words of p, for choice and word */
static bool
word_of(Ctx *c, const Token *t, const Param *p, Arg *a)
{
	uint32_t i;

	for (i = 0; i < p->words.n; i++) {
		if (t->kind == TK_WORD && !strcmp(t->text, p->words.v[i])) {
			a->word = p->words.v[i];
			a->num = NAN;
			return true;
		}
	}
	if (t->kind == TK_OTHER)
		return false;
	err(c, t->loc, "%s must be %s%s, but is %s", p->what,
	    p->words.n > 1 ? "one of " : "", args_list(c, &p->words),
	    token_text(t));
	if (t->kind == TK_WORD)
		args_suggest(c, t->text, &p->words, "a word");
	return false;
}

static bool
window(Ctx *c, const Token *t, const Param *p, Arg *a)
{
	if (t->kind == TK_DIMS && t->rank == 2) {
		a->num = t->dim[0];
		a->num2 = t->dim[1];
		if (a->num < 1 || a->num2 < 1) {
			err(c, t->loc, "a window must be at least 1x1, but is "
			    "%s", t->text);
			return false;
		}
	} else if (t->kind == TK_NUMBER) {
		if (!args_whole(c, t, p->what, 1, INT32_MAX, &a->num))
			return false;
		a->num2 = a->num;
	} else {
		if (t->kind != TK_OTHER)
			err(c, t->loc, "a window is one or two sizes, like "
			    "5x5, but this is %s", token_text(t));
		return false;
	}
	a->word = t->text;
	return true;
}

static bool
dims(Ctx *c, const Token *t, const Param *p, Arg *a)
{
	double v;
	int i;

	if (t->kind == TK_NUMBER) {
		if (!args_whole(c, t, p->what, 1, INT32_MAX, &v))
			return false;
		a->dims.rank = 1;
		a->dims.dim[0] = (int32_t)v;
	} else if (t->kind == TK_DIMS) {
		a->dims.rank = t->rank;
		for (i = 0; i < t->rank; i++) {
			a->dims.dim[i] = t->dim[i];
			if (t->dim[i] < 1) {
				err(c, t->loc, "a size must be at least 1, but "
				    "this is %s", t->text);
				return false;
			}
		}
	} else {
		if (t->kind != TK_OTHER)
			err(c, t->loc, "a shape is sizes like 16x8x8, but this "
			    "is %s", token_text(t));
		return false;
	}
	a->word = t->text;
	return true;
}

static bool
whole_of(Ctx *c, const Token *t, const Param *p, Arg *a)
{
	double least = p->limited ? fmax(p->least, 0) : 0;
	double most = p->limited ? fmin(p->most, INT32_MAX) : INT32_MAX;

	return args_whole(c, t, p->what, least, most, &a->num);
}

/* the value of an argument that is no activation and no flag */
static bool
value(Ctx *c, const Token *t, const Param *p, Arg *a)
{
	bool on = false;

	a->loc = t->loc;
	a->word = NULL;
	switch (p->kind) {
	case ARG_NUMBER: case ARG_FRACTION:
		return args_number(c, t, p->what, &a->num);
	case ARG_WHOLE:
		return whole_of(c, t, p, a);
	case ARG_SIZE:
		return args_whole(c, t, p->what, 1, INT32_MAX, &a->num);
	case ARG_SWITCH:
		if (!args_switch(c, t, p->what, &on))
			return false;
		a->num = on;
		return true;
	case ARG_CHOICE:
		if (p->whole_too && t->kind == TK_NUMBER)
			return whole_of(c, t, p, a);
		return word_of(c, t, p, a);
	case ARG_WORD:
		return word_of(c, t, p, a);
	case ARG_WINDOW:
		return window(c, t, p, a);
	case ARG_DIMS:
		return dims(c, t, p, a);
	default:
		return false;
	}
}

/* ------------------------------------------------------------- activations */
static Act *
act_new(Ctx *c, const Record *rec, Loc at)
{
	Act *act = mem(c, sizeof *act);

	act->rec = rec;
	act->loc = at;
	return act;
}

static bool
is_linear(const Record *rec)
{
	return rec->builtin && !strcmp(rec->name, "linear");
}

static bool match(Ctx *c, const Record *rec, Statement *st, const char *what,
	Token first, bool inside, Arg **args);

static const Record *
activation_find(Ctx *c, const Token *word)
{
	const Record *rec = NULL;
	int errors = c->errors;

	if (word->kind == TK_WORD)
		rec = record_find(c, REC_ACTIVATION, word->text);
	if (!rec && c->errors == errors) {
		err(c, word->loc, "unknown activation '%s'", word->text);
		args_suggest(c, word->text, record_names(c, REC_ACTIVATION),
		             "an activation");
	}
	return rec;
}

static bool
surrogate(Ctx *c, Act *act, Statement *st)
{
	Item *item = args_option(c, st, "surrogate");
	const Record *rec;
	Act *other;
	Statement none = { 0 };

	if (!item)
		return true;
	rec = activation_find(c, &item->value);
	if (!rec)
		return false;
	if (rec->needs_surrogate || rec->formula) {
		err(c, item->value.loc, "%s cannot stand in for %s",
		    rec->name, act->rec->name);
		help(c, "take one with a derivative, as in `surrogate=sigmoid`");
		return false;
	}
	other = act_new(c, rec, item->value.loc);
	if (!match(c, rec, &none, rec->name, item->value, true, &other->args))
		return false;
	act->surrogate = other;
	return true;
}

Act *
args_activation(Ctx *c, Token word, Statement *st)
{
	const Record *rec = activation_find(c, &word);
	Act *act;

	if (!rec)
		return NULL;
	act = act_new(c, rec, word.loc);
	if (!match(c, rec, st, fmt(c, "activation %s", rec->name), word, true,
	           &act->args))
		return NULL;
	if (rec->needs_surrogate && !surrogate(c, act, st))
		return NULL;
	return act;
}

/* ---------------------------------------------------------------- matching */
Item *
args_option(Ctx *c, Statement *st, const char *name)
{
	Item *found = NULL;
	uint32_t i;

	for (i = 0; i < st->items.n; i++) {
		Item *item = &st->items.v[i];

		if (item->used || !item->name.text ||
		    strcmp(item->name.text, name))
			continue;
		item->used = true;
		if (found) {
			err(c, item->name.loc, "'%s' is given twice", name);
			note(c, found->name.loc, "it was given here");
		} else {
			found = item;
		}
	}
	return found;
}

Item *
args_positional(Statement *st)
{
	uint32_t i;

	for (i = 0; i < st->items.n; i++) {
		if (!st->items.v[i].used && !st->items.v[i].name.text) {
			st->items.v[i].used = true;
			return &st->items.v[i];
		}
	}
	return NULL;
}

/* the default of every argument */
static bool
defaults(Ctx *c, const Record *rec, Arg *args)
{
	const Record *act;
	Statement none = { 0 };
	Token word = { 0 };
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		const Param *p = &rec->params.v[i];

		args[i].param = p;
		args[i].num = args[i].num2 = p->value;
		if (p->optional && p->words.n && isnan(p->value))
			args[i].word = p->words.v[0];
		if (p->kind != ARG_ACTIVATION || !p->words.n)
			continue;
		args[i].word = p->words.v[0];
		act = record_find(c, REC_ACTIVATION, p->words.v[0]);
		if (!act)
			return false;
		if (is_linear(act))
			continue;
		args[i].act = act_new(c, act, rec->loc);
		if (!match(c, act, &none, act->name, word, true,
		           &args[i].act->args))
			return false;
	}
	return true;
}

static bool
take_options(Ctx *c, const Record *rec, Statement *st, Arg *args)
{
	bool ok = true;
	Item *item;
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		if (!named(&rec->params.v[i]))
			continue;
		item = args_option(c, st, rec->params.v[i].name);
		if (!item)
			continue;
		if (item->more.n && item->more.v[0].kind != TK_OTHER) {
			err(c, item->more.v[0].loc, "'%s' takes one value",
			    item->name.text);
			ok = false;
		}
		if (!value(c, &item->value, &rec->params.v[i], &args[i]))
			ok = false;
	}
	return ok;
}

static bool
take_flag(Ctx *c, const Record *rec, Item *item, Arg *args)
{
	uint32_t i;

	for (i = 0; i < rec->params.n; i++) {
		if (rec->params.v[i].kind != ARG_FLAG ||
		    item->value.kind != TK_WORD ||
		    strcmp(rec->params.v[i].name, item->value.text))
			continue;
		if (args[i].loc.file)
			err(c, item->value.loc, "'%s' is given twice",
			    item->value.text);
		args[i].num = 1;
		args[i].loc = item->value.loc;
		item->used = true;
		return true;
	}
	return false;
}

/* can a token of this kind be meant for p? */
static bool
meant_for(const Token *t, const Param *p)
{
	uint32_t i;

	switch (p->kind) {
	case ARG_SIZE: case ARG_FRACTION: case ARG_WINDOW: case ARG_DIMS:
		return t->kind == TK_NUMBER || t->kind == TK_DIMS ||
		       t->kind == TK_OTHER;
	case ARG_WORD:
		for (i = 0; i < p->words.n; i++)
			if (!strcmp(p->words.v[i], t->text))
				return true;
		return t->kind == TK_WORD && !p->optional;
	case ARG_ACTIVATION:
		return t->kind == TK_WORD;
	default:
		return false;
	}
}

static bool
take_positional(Ctx *c, Statement *st, const Param *p, Item *item, Arg *a)
{
	Token word = item->value;

	item->used = true;
	if (p->kind != ARG_ACTIVATION)
		return value(c, &item->value, p, a);
	a->loc = word.loc;
	a->word = word.text;
	a->act = args_activation(c, word, st);
	if (a->act && is_linear(a->act->rec))
		a->act = NULL;
	/* an unknown activation leaves shapes known: go on as with linear */
	return true;
}

static void
missing(Ctx *c, const char *what, const Param *p, const Token *first)
{
	err(c, first->loc, "%s needs %s", what, p->kind == ARG_WINDOW ?
	    "a window, like 5x5" : p->kind == ARG_DIMS ?
	    "a shape, like 16x8x8" : p->kind == ARG_FRACTION ?
	    "a fraction, like 0.2" : p->kind == ARG_ACTIVATION ?
	    "an activation" : p->what);
	if (p->kind == ARG_WORD || p->kind == ARG_CHOICE)
		help(c, "one of: %s", args_list(c, &p->words));
	else if (named(p))
		help(c, "write `%s=` and its value", p->name);
}

/* inside: another record's word, which takes no positional values of its own
 * before the other has had its share */
static bool
match(Ctx *c, const Record *rec, Statement *st, const char *what, Token first,
	bool inside, Arg **out)
{
	Arg *args = mem(c, (rec->params.n + 1) * sizeof *args);
	uint32_t i, k = 0, n = rec->params.n;
	bool ok, quiet = st->bad;

	*out = args;
	ok = defaults(c, rec, args) && take_options(c, rec, st, args);
	for (i = 0; i < st->items.n; i++) {
		Item *item = &st->items.v[i];

		if (item->used || item->name.text || item->value.kind == TK_OP ||
		    take_flag(c, rec, item, args) || inside)
			continue;
		while (k < n && !(positional(&rec->params.v[k]) &&
		       meant_for(&item->value, &rec->params.v[k])))
			k++;
		if (k == n)
			break;
		if (!take_positional(c, st, &rec->params.v[k], item, &args[k]))
			ok = false;
		k++;
	}
	for (i = 0; i < n; i++) {
		if (rec->params.v[i].optional || args[i].loc.file)
			continue;
		if (!quiet)
			missing(c, what, &rec->params.v[i], &first);
		ok = false;
	}
	return ok;
}

/* ----------------------------------------------------------- what is left */
static void
option_names(Ctx *c, const Record *rec, const Names *extra, Names *names)
{
	uint32_t i;

	for (i = 0; rec && i < rec->params.n; i++)
		if (named(&rec->params.v[i]))
			PUSH(c, names, rec->params.v[i].name);
	for (i = 0; extra && i < extra->n; i++)
		PUSH(c, names, extra->v[i]);
}

static bool
contains(const Names *names, const char *name)
{
	uint32_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

static const Param *
param_named(const Record *rec, const char *name)
{
	uint32_t i;

	for (i = 0; rec && i < rec->params.n; i++)
		if (!strcmp(rec->params.v[i].name, name))
			return &rec->params.v[i];
	return NULL;
}

static void
unknown_option(Ctx *c, const Item *item, const char *what, const Record *rec,
	const Names *extra)
{
	const char *name = item->name.text, *near;
	const Param *p = param_named(rec, name);
	Names names = { 0 }, all = { 0 };
	size_t i;

	option_names(c, rec, extra, &names);
	option_names(c, rec, extra, &all);
	if (rec && rec->kind == REC_LAYER)
		for (i = 0; i < sizeof common / sizeof *common; i++)
			PUSH(c, &all, common[i]);
	err(c, item->name.loc, "%s has no option '%s'", what, name);
	for (i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
		if (strcmp(synonyms[i].theirs, name) ||
		    !contains(&all, synonyms[i].ours))
			continue;
		fix(c, synonyms[i].ours);
		help(c, "the option is called `%s`", synonyms[i].ours);
		return;
	}
	near = nearest(name, &all);
	if (p || (rec && rec->kind == REC_LAYER && !strcmp(name, "activation")))
		help(c, "it is written without a name: `%s %s`", what,
		     item->value.text);
	else if (near)
		args_suggest(c, name, &all, "an option");
	else if (names.n)
		help(c, "options of %s: %s", rec ? rec->name : what,
		     args_list(c, &names));
}

/* the statement up to an item, as read */
static const char *
text_before(Ctx *c, const Statement *st, const Item *item)
{
	Text t = { c, NULL, 0, 0 };
	const Item *i;

	text_add(&t, "%s", st->word.text);
	for (i = st->items.v; i < item; i++) {
		if (i->name.text)
			text_add(&t, " %s=%s", i->name.text, i->value.text);
		else
			text_add(&t, " %s", i->value.text);
	}
	return t.s;
}

static const char *
form(Ctx *c, const Record *rec, const char *word)
{
	Text t = { c, NULL, 0, 0 };
	const char *name;
	uint32_t i;

	text_add(&t, rec->variadic ? "%s A B" : "%s", word);
	for (i = 0; i < rec->params.n; i++) {
		const Param *p = &rec->params.v[i];

		if (named(p))
			continue;
		name = p->kind == ARG_WINDOW ? "KxK" :
		       p->kind == ARG_DIMS ? "NxN" :
		       p->kind == ARG_ACTIVATION ? "ACTIVATION" : p->name;
		text_add(&t, p->optional ? " [%s]" : " %s", name);
	}
	return t.s;
}

static void
unexpected(Ctx *c, const Statement *st, const Item *item, const Record *rec)
{
	uint32_t sizes = 0, i;

	err(c, item->value.loc, "unexpected '%s' after '%s'", item->value.text,
	    text_before(c, st, item));
	if (!rec)
		return;
	for (i = 0; i < rec->params.n; i++)
		sizes += rec->params.v[i].kind == ARG_SIZE;
	if (rec->kind == REC_LAYER && sizes == 1 &&
	    item->value.kind == TK_NUMBER)
		help(c, "`%s` has one size; its input size is known from the "
		     "layer before", rec->name);
	else if (rec->kind == REC_LAYER)
		help(c, "the form is `%s`", form(c, rec, rec->name));
	else
		help(c, "the form is `%s`", form(c, rec, fmt(c, "%s %s",
		     st->word.text, rec->name)));
}

/* a word that may be a flag or an activation, misspelt */
static bool
misspelt(Ctx *c, const Item *item, const Record *rec)
{
	Names flags = { 0 };
	const char *near;
	uint32_t i;

	for (i = 0; rec && i < rec->params.n; i++)
		if (rec->params.v[i].kind == ARG_FLAG)
			PUSH(c, &flags, rec->params.v[i].name);
	near = item->value.kind == TK_WORD ?
	       nearest(item->value.text, &flags) : NULL;
	if (!near)
		return false;
	err(c, item->value.loc, "unknown word '%s'", item->value.text);
	fix(c, near);
	help(c, "a word with a similar name exists");
	return true;
}

bool
args_rest(Ctx *c, Statement *st, const char *what, const Record *rec,
	const Names *extra)
{
	bool none = true;
	uint32_t i;

	for (i = 0; i < st->items.n; i++) {
		Item *item = &st->items.v[i];

		if (item->used)
			continue;
		item->used = true;
		if (item->name.text) {
			none = false;
			unknown_option(c, item, what, rec, extra);
		} else if (item->value.kind != TK_OTHER) {
			if (none && !misspelt(c, item, rec))
				unexpected(c, st, item, rec);
			none = false;
		}
	}
	return none;
}

bool
record_args(Ctx *c, const Record *rec, Statement *st, const char *what,
	Token first, const Names *extra, Arg **args)
{
	bool ok = match(c, rec, st, what, first, false, args);

	if (ok)
		args_rest(c, st, what, rec, extra);
	return ok;
}

/* ------------------------------------------------------------- and back */
static void
put_number(Text *out, double v)
{
	char buf[40];

	if (v == floor(v) && fabs(v) < 1e15)
		text_add(out, "%.0f", v);
	else
		text_add(out, "%s", number_text(v, false, buf));
}

static void
put_act(const Arg *a, Text *out)
{
	if (!a->act) {
		text_add(out, " linear");
		return;
	}
	text_add(out, " %s", a->act->rec->name);
	args_text(a->act->rec, a->act->args, out);
	if (a->act->surrogate) {
		text_add(out, " surrogate=%s", a->act->surrogate->rec->name);
	}
}

static void
put_arg(const Arg *a, Text *out)
{
	const Param *p = a->param;

	switch (p->kind) {
	case ARG_SIZE: case ARG_FRACTION:
		text_add(out, " ");
		put_number(out, a->num);
		break;
	case ARG_WINDOW: case ARG_DIMS:
		text_add(out, " ");
		if (a->word)
			text_add(out, "%s", a->word);
		else
			put_number(out, a->num);
		break;
	case ARG_WORD:
		text_add(out, " %s", a->word);
		break;
	case ARG_ACTIVATION:
		put_act(a, out);
		break;
	case ARG_FLAG:
		if (a->num != 0)
			text_add(out, " %s", p->name);
		break;
	case ARG_SWITCH:
		text_add(out, " %s=%s", p->name, a->num != 0 ? "on" : "off");
		break;
	case ARG_NUMBER: case ARG_WHOLE: case ARG_CHOICE:
		text_add(out, " %s=", p->name);
		if (a->word)
			text_add(out, "%s", a->word);
		else
			put_number(out, a->num);
		break;
	}
}

void
args_text(const Record *rec, const Arg *args, Text *out)
{
	uint32_t i;
	int pass;

	/* an activation's options must not be taken for the layer's */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < rec->params.n; i++)
			if (named(&rec->params.v[i]) == (pass == 1))
				put_arg(&args[i], out);
}
