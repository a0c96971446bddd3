/* SPDX-License-Identifier: MIT
 * A spec becomes one Lua chunk with the same line numbers, in which each
 * statement is a call with its $ values; the chunk is run. */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <string.h>
#include "front.h"

#define MOST_FILE ((size_t)16 << 20)
#define MOST_INCLUDES 16
#define MOST_FILES 1000

static const char statement_name[] = "bpgen_statement__";
static const char param_name[] = "bpgen_param__";

/* --------------------------------------------------------------- the chunk */
typedef struct {
	Text t;
	const char *s;
	size_t at;                   /* source read so far, to count lines */
} Chunker;

/* newlines until the chunk is on the line of byte `to` of the source */
static void
sync_lines(Chunker *k, size_t to)
{
	for (; k->at < to; k->at++)
		if (k->s[k->at] == '\n')
			text_put(&k->t, "\n", 1);
}

/* Lua as it stands, but with blanks for `# comments` and carriage returns,
 * which Lua would count as lines */
static void
copy_lua(Chunker *k, size_t from, size_t end)
{
	size_t at = from, next, i;
	int kind;

	while (at < end) {
		if (strchr(" \t\n\f\v\r", k->s[at])) {
			text_put(&k->t, k->s[at] == '\r' ? " " : k->s + at, 1);
			at++;
			continue;
		}
		if (k->s[at] == '#' && (at + 1 >= end ||
		    strchr(" \t\r\n", k->s[at + 1]))) {
			while (at < end && k->s[at] != '\n')
				at++;
			continue;
		}
		next = lua_token(k->s, at, end, &kind);
		for (i = at; i < next; i++)
			text_put(&k->t, k->s[i] == '\r' ? " " : k->s + i, 1);
		at = next;
	}
	k->at = end;
}

static void
put_statement(Chunker *k, const Line *line, uint32_t number)
{
	uint32_t i;

	text_add(&k->t, ";%s(%u", statement_name, number);
	for (i = 0; i < line->holes.n; i++) {
		const Hole *h = &line->holes.v[i];

		text_put(&k->t, ",", 1);
		sync_lines(k, h->at);
		text_put(&k->t, "(", 1);
		text_put(&k->t, k->s + h->expr, h->expr_len);
		text_put(&k->t, ")", 1);
	}
	text_put(&k->t, ")", 1);
}

static Text
chunk(Parse *p, const SpecFile *file)
{
	Chunker k = { { p->c, NULL, 0, 0 }, NULL, 0 };
	uint32_t i;

	k.s = p->c->sources.v[file->file].text;
	text_add(&k.t, "local %s,%s=...;", statement_name, param_name);
	for (i = 0; i < file->lines.n; i++) {
		const Line *line = &file->lines.v[i];

		sync_lines(&k, line->at);
		if (line->kind == LINE_PARAM) {
			text_add(&k.t, ";%.*s=%s(%u,", (int)line->word_len,
			         k.s + line->word, param_name, i);
			sync_lines(&k, line->expr);
			copy_lua(&k, line->expr, line->expr_end);
			text_put(&k.t, ")", 1);
		} else if (line->kind == LINE_LUA) {
			copy_lua(&k, line->at, line->end);
		} else if (line->kind == LINE_DEFINITION) {
			text_add(&k.t, ";%s(%u);", statement_name, i);
			copy_lua(&k, line->at, line->end);
		} else {
			put_statement(&k, line, i);
		}
	}
	text_put(&k.t, "\n", 1);
	return k.t;
}

/* -------------------------------------------------------- values in words */
/* the text of a $ value at stack place `at`; NULL after err() */
static const char *
value_text(Ctx *c, lua_State *L, int at, Loc hole)
{
	const char *s, *name;
	char buf[40];
	size_t len, i;
	lua_Number v;
	int n = (int)hole.len;

	name = c->sources.v[hole.file].text + hole.at;
	switch (lua_type(L, at)) {
	case LUA_TSTRING:
		s = lua_tolstring(L, at, &len);
		for (i = 0; i < len && (unsigned char)s[i] >= 32; i++)
			;
		if (i == len && len <= LONGEST_WORD)
			return copy(c, s, len);
		if (i < len)
			err(c, hole, "'%.*s' has a control character", n, name);
		else
			err(c, hole, "'%.*s' is longer than %d characters", n,
			    name, LONGEST_WORD);
		return NULL;
	case LUA_TNUMBER:
		if (lua_isinteger(L, at))
			return fmt(c, "%lld", (long long)lua_tointeger(L, at));
		v = lua_tonumber(L, at);
		if (!isfinite(v)) {
			err(c, hole, "'%.*s' is not a finite number", n, name);
			return NULL;
		}
		if (v == floor(v) && fabs(v) < 1e15)
			return fmt(c, "%.0f", v == 0 ? 0.0 : v);
		return fmt(c, "%s", number_text(v, false, buf));
	case LUA_TBOOLEAN:
		return lua_toboolean(L, at) ? "on" : "off";
	case LUA_TNIL: case LUA_TNONE:
		err(c, hole, "'%.*s' has no value", n, name);
		return NULL;
	default:
		err(c, hole, "'%.*s' is a %s, which is neither text nor number",
		    n, name, luaL_typename(L, at));
		return NULL;
	}
}

/* one word with its values put in; false after err() */
static bool
token(Parse *p, lua_State *L, uint32_t file, const Line *line, const Raw *raw,
	Token *t)
{
	const char *s = p->c->sources.v[file].text, *value;
	size_t at = raw->loc.at, end = at + raw->loc.len;
	Text text = { p->c, NULL, 0, 0 };
	uint32_t i;
	Loc loc;

	*t = (Token){ .kind = raw->kind, .loc = raw->loc, .glued = raw->glued };
	if (raw->kind == TK_STRING) {
		at++;
		end--;
	}
	text_put(&text, "", 0);
	for (i = raw->hole; i < raw->hole + raw->holes; i++) {
		const Hole *h = &line->holes.v[i];

		loc = (Loc){ file, h->at, h->len };
		value = value_text(p->c, L, (int)i + 2, loc);
		if (!value)
			return false;
		text_put(&text, s + at, h->at - at);
		text_add(&text, "%s", value);
		at = h->at + h->len;
		t->lua = true;
		if (memchr(s + h->at, '/', h->len) &&
		    !memmem(s + h->at, h->len, "//", 2))
			t->divides = true;
	}
	text_put(&text, s + at, end > at ? end - at : 0);
	if (text.n > LONGEST_WORD) {
		err(p->c, raw->loc, "a word of more than %d characters",
		    LONGEST_WORD);
		return false;
	}
	t->text = text.s;
	token_classify(p->c, t);
	return true;
}

/* ----------------------------------------------------------- where it runs */
/* the variables of the loops that run a statement, outermost first */
static const char *
loop_variables(Ctx *c, lua_State *L)
{
	const char *name, *before, *text = NULL, *frame, *value;
	lua_Debug d;
	int level, i;

	for (level = 0; lua_getstack(L, level, &d); level++) {
		before = "";
		frame = NULL;
		for (i = 1; (name = lua_getlocal(L, &d, i)) != NULL; i++) {
			if (*name != '(' && *before == '(' &&
			    !strcmp(before, "(for state)") &&
			    (lua_isnumber(L, -1) || lua_isstring(L, -1))) {
				lua_pushvalue(L, -1);
				value = lua_tostring(L, -1);
				if (!strcmp(name, "_"))
					name = before;
				else
					frame = frame ? fmt(c, "%s, %s = %.60s",
					    frame, name, value) :
					    fmt(c, "%s = %.60s", name, value);
				lua_pop(L, 1);
			}
			lua_pop(L, 1);
			before = name;
		}
		if (frame)
			text = text ? fmt(c, "%s, %s", frame, text) : frame;
	}
	return text;
}

/* notes about loops and calls for one message */
static void
place_notes(Ctx *c, lua_State *L, const char *loops)
{
	lua_Debug d;
	const char *what = NULL;
	int level, lua_level = 0, said = 0;

	if (loops)
		note(c, (Loc){ 0, 0, 0 }, "while %s", loops);
	for (level = 0; lua_getstack(L, level, &d) && said < 3; level++) {
		lua_getinfo(L, "Sl", &d);
		if (d.currentline <= 0)
			continue;
		if (what) {
			note(c, sandbox_where(c, lua_level), "%s", what);
			said++;
		}
		what = strcmp(d.what, "main") ? "called here" : "included here";
		lua_level++;
	}
}

/* Appends these notes to every message from `from` on. */
static void
add_notes(Parse *p, lua_State *L, uint32_t from)
{
	Ctx *c = p->c;
	VEC(Diag) old = { 0 };
	const char *loops;
	uint32_t i;

	if (from < p->noted) /* by the statements of an included file */
		from = p->noted;
	p->noted = c->diags.n;
	if (from >= c->diags.n)
		return;
	loops = loop_variables(c, L);
	for (i = from; i < c->diags.n; i++)
		PUSH(c, &old, c->diags.v[i]);
	c->diags.n = from;
	for (i = 0; i < old.n; i++) {
		if (i > 0 && old.v[i].kind < DIAG_NOTE)
			place_notes(c, L, loops);
		PUSH(c, &c->diags, old.v[i]);
	}
	place_notes(c, L, loops);
	p->noted = c->diags.n;
}

/* -------------------------------------------------- what the chunk calls */
/* upvalues of both: Parse, which file; first argument: which line */
static const Line *
line_of(lua_State *L, Parse **p, SpecFile **file)
{
	lua_Integer number = luaL_checkinteger(L, 1);

	*p = lua_touserdata(L, lua_upvalueindex(1));
	*file = &(*p)->files.v[lua_tointeger(L, lua_upvalueindex(2))];
	if (number < 0 || number >= (*file)->lines.n ||
	    lua_gettop(L) > (int)(*file)->lines.v[number].holes.n + 2)
		luaL_error(L, "a name that begins with bpgen_ is not to be "
		           "called");
	return &(*file)->lines.v[number];
}

static bool
statement_tokens(Parse *p, lua_State *L, uint32_t file, const Line *line,
	Statement *st)
{
	Tokens tokens = { 0 };
	Token t;
	uint32_t i;
	bool ok = true;

	for (i = 0; i < line->raws.n; i++) {
		if (token(p, L, file, line, &line->raws.v[i], &t))
			PUSH(p->c, &tokens, t);
		else
			ok = false;
	}
	return ok && tokens.n && statement_parse(p->c, &tokens, st);
}

/* one statement: everything wrong with it is said, and Lua goes on */
static int
run_statement(lua_State *L)
{
	SpecFile *file;
	Parse *p;
	const Line *line = line_of(L, &p, &file);
	uint32_t before = p->c->diags.n, index = (uint32_t)lua_tointeger(L,
		lua_upvalueindex(2));
	int errors = p->c->errors;
	Statement st;
	Loc text;

	sandbox_charge(p->c, 20);
	if (p->stopped)
		return 0;
	if (line->kind == LINE_BROKEN) {
		p->prev_broken = true;
		return 0;
	}
	if (line->kind == LINE_DEFINITION) {
		text = (Loc){ file->file, line->at, line->end - line->at };
		PUSH(p->c, &p->definitions, text);
		return 0;
	}
	if (statement_tokens(p, L, file->file, line, &st))
		elaborate(p, &st);
	else
		p->prev_broken = true;
	add_notes(p, L, before);
	file = &p->files.v[index]; /* an include may have moved it */
	if (p->c->errors == errors)
		file->sound = true;
	else if ((!file->main && !file->sound) || p->c->errors >= MOST_ERRORS)
		p->stopped = true; /* no spec at all: its first error only */
	return 0;
}

/* the -D value of a parameter, pushed; false: there is none */
static bool
defined(Parse *p, lua_State *L, const char *name)
{
	size_t n = strlen(name);
	const Names *d = &p->c->opt.defines;
	const char *value = NULL;
	uint32_t i;

	for (i = 0; i < d->n; i++)
		if (!strncmp(d->v[i], name, n) && d->v[i][n] == '=')
			value = d->v[i] + n + 1; /* the last one counts */
	if (!value)
		return false;
	if (!lua_stringtonumber(L, value))
		lua_pushstring(L, value);
	return true;
}

static int
run_param(lua_State *L)
{
	SpecFile *file;
	Parse *p;
	const Line *line = line_of(L, &p, &file);
	const char *name = copy(p->c, p->c->sources.v[file->file].text +
	                        line->word, line->word_len);

	if (lua_isnone(L, 2))
		return luaL_error(L, "the parameter '%s' has no value", name);
	lua_settop(L, 2);
	if (!defined(p, L, name))
		lua_pushvalue(L, 2);
	return 1;
}

/* ---------------------------------------------------------------- a file */
static bool
is_word(void *u, const char *word)
{
	return word_exists(u, word);
}

/* the parameters of the text, before it runs */
static void
survey(Parse *p, const SpecFile *file)
{
	const char *s = p->c->sources.v[file->file].text;
	uint32_t i;

	for (i = 0; i < file->lines.n; i++) {
		const Line *line = &file->lines.v[i];

		if (line->kind == LINE_PARAM)
			PUSH(p->c, &p->params,
			     copy(p->c, s + line->word, line->word_len));
	}
}

/* A line of Lua that is broken may leave blocks open: nothing can run. */
static bool
runnable(const SpecFile *file)
{
	uint32_t i;

	for (i = 0; i < file->lines.n; i++)
		if (file->lines.v[i].kind == LINE_BROKEN &&
		    file->lines.v[i].lua)
			return false;
	return true;
}

static void
push_calls(Parse *p, lua_State *L, uint32_t index)
{
	lua_pushlightuserdata(L, p);
	lua_pushinteger(L, index);
	lua_pushcclosure(L, run_statement, 2);
	lua_pushlightuserdata(L, p);
	lua_pushinteger(L, index);
	lua_pushcclosure(L, run_param, 2);
}

/* lexes and runs source `file`; what is wrong has been said */
static void
run_file(Parse *p, uint32_t source, bool is_main)
{
	Ctx *c = p->c;
	SpecFile file = { .file = source, .main = is_main };
	uint32_t index = p->files.n;
	int errors = c->errors;
	Text text;

	file.lines = lex(c, source, is_word, p);
	survey(p, &file);
	PUSH(c, &p->files, file);
	if (!runnable(&file) ||
	    (!is_main && c->errors > errors)) {
		p->stopped = true;
		return;
	}
	text = chunk(p, &file);
	if (!sandbox_load(c, text.s, text.n, source, false)) {
		p->stopped = true;
		return;
	}
	push_calls(p, c->front->L, index);
	if (sandbox_call(c, 2, 0)) {
		if (p->stopped) /* it has been said */
			lua_pop((lua_State *)c->front->L, 1);
		else
			sandbox_error(c, (Loc){ source, 0, 0 });
		p->stopped = true;
	}
}

/* ---------------------------------------------------------------- include */
static const char *
beside(Ctx *c, const char *including, const char *name)
{
	const char *slash = strrchr(including, '/');

	if (*name == '/' || !slash)
		return name;
	return fmt(c, "%.*s/%s", (int)(slash - including), including, name);
}

bool
include(Parse *p, Statement *st)
{
	Ctx *c = p->c;
	Item *item = args_positional(st);
	const char *why = "No such file or directory", *path, *first = NULL;
	char *text;
	size_t len;
	uint32_t i;

	if (!item || (item->value.kind != TK_STRING &&
	    item->value.kind != TK_WORD)) {
		err(c, st->word.loc, "include needs the name of a file in "
		    "quotes");
		return false;
	}
	if (!args_rest(c, st, "include", NULL, NULL))
		return false;
	if (p->include_depth >= MOST_INCLUDES || p->files.n >= MOST_FILES) {
		err(c, st->word.loc, p->files.n >= MOST_FILES ?
		    "more than %d files" : "files include each other more "
		    "than %d deep", p->files.n >= MOST_FILES ? MOST_FILES :
		    MOST_INCLUDES);
		p->stopped = true;
		return false;
	}
	for (i = 0; i <= c->opt.include_dirs.n; i++) {
		path = i ? fmt(c, "%s/%s", c->opt.include_dirs.v[i - 1],
		               item->value.text) :
		       beside(c, c->sources.v[st->word.loc.file].name,
		              item->value.text);
		if (strcmp(path, "-") &&
		    read_file(c, path, MOST_FILE, &text, &len, &why) == 0)
			break;
		if (!first)
			first = why;
	}
	if (i > c->opt.include_dirs.n) {
		err(c, item->value.loc, "cannot read '%s': %s",
		    item->value.text, first);
		p->stopped = true;
		return false;
	}
	PUSH(c, &p->net->deps, path);
	p->include_depth++;
	run_file(p, source_add(c, path, text, len), false);
	p->include_depth--;
	return true;
}

/* ------------------------------------------------------------------- front */
static void
check_defines(Parse *p)
{
	const Names *d = &p->c->opt.defines;
	const char *equals, *name, *near;
	uint32_t i, k;

	for (i = 0; i < d->n; i++) {
		equals = strchr(d->v[i], '=');
		name = copy(p->c, d->v[i], equals ? (size_t)(equals - d->v[i]) :
		            strlen(d->v[i]));
		for (k = 0; k < p->params.n; k++)
			if (!strcmp(p->params.v[k], name))
				break;
		if (k < p->params.n && equals)
			continue;
		p->c->exit_code = EX_USAGE_;
		near = nearest(name, &p->params);
		if (k < p->params.n)
			err(p->c, (Loc){ 0, 0, 0 }, "-D %s: no value; write "
			    "`-D %s=VALUE`", name, name);
		else if (near)
			err(p->c, (Loc){ 0, 0, 0 }, "-D %s: %s has no "
			    "parameter '%s'; a parameter with a similar name "
			    "exists: %s", name, p->path, name, near);
		else
			err(p->c, (Loc){ 0, 0, 0 }, "-D %s: %s has no "
			    "parameter '%s'%s%s", name, p->path, name,
			    p->params.n ? "; there are: " : "",
			    args_list(p->c, &p->params));
		if (k == p->params.n && !p->params.n && *name)
			help(p->c, "a line `param %s = VALUE` in the spec makes "
			     "one, and `$%s` stands for it", name, name);
	}
}

static const char *
stem(Ctx *c, const char *path)
{
	const char *base = strrchr(path, '/'), *dot;

	base = base ? base + 1 : path;
	if (!strcmp(base, "-") || !*base)
		return "net";
	dot = strrchr(base, '.');
	if (!dot || dot == base)
		return base;
	return copy(c, base, (size_t)(dot - base));
}

Network *
front_text(Ctx *c, const char *name, const char *text, size_t len)
{
	Parse *p = mem(c, sizeof *p);
	uint32_t file = source_add(c, name, text, len);

	p->c = c;
	p->path = name;
	p->net = mem(c, sizeof *p->net);
	p->net->path = name;
	p->net->name = stem(c, name);
	PUSH(c, &p->net->deps, name);
	if (len > MOST_FILE) {
		err(c, (Loc){ 0, 0, 0 }, "%s is larger than 16 MB", name);
		return NULL;
	}
	if (!c->front && (!sandbox_open(c) || !record_open(c)))
		return NULL;
	settings_begin(p);
	run_file(p, file, true);
	check_defines(p);
	if (!p->stopped) {
		settings_apply(p);
		heads(p);
	}
	if (c->errors == 0)
		expand(p);
	if (c->errors == 0 && p->not_yet_text)
		err(c, p->not_yet, "%s", p->not_yet_text);
	return c->errors ? NULL : p->net;
}

Network *
front(Ctx *c, const char *path)
{
	const char *why;
	char *text;
	size_t len;
	int rc = read_file(c, path, MOST_FILE, &text, &len, &why);

	if (rc) {
		err(c, (Loc){ 0, 0, 0 }, rc == EX_DATA ? "%s is %s" :
		    "cannot read %s: %s", path, why);
		c->exit_code = rc;
		return NULL;
	}
	return front_text(c, path, text, len);
}

const char *
front_expanded(Ctx *c)
{
	return c->front ? c->front->expanded : NULL;
}
