/* SPDX-License-Identifier: MIT
 * What the files of front/ share: the sandbox, tokens, arguments, records. */
#ifndef FRONT_H
#define FRONT_H
#include "../bpgen.h"

/* ------------------------------------------------------------ the sandbox
 * lua.c: one Lua state a context, with limits of memory, steps and seconds
 * over all that runs in it.  Two global tables: what a spec sees, and one for
 * the built-in records, which a spec cannot change. */
typedef struct {
	const char *label;           /* how Lua's messages begin */
	uint32_t file;
} Chunk;
typedef struct Front {
	void *L;                     /* lua_State; c->L while it runs */
	Ctx *c;
	int spec_env, record_env;    /* references to the two tables of globals */
	VEC(Chunk) chunks;
	/* limits */
	size_t bytes, bytes_since;   /* in use; asked for since the last look */
	uint64_t steps;              /* VM instructions and their like in C */
	uint64_t next_look;          /* steps at which the clock is read */
	double spent, began;         /* CPU seconds in Lua, all calls together */
	int depth;                   /* nested sandbox_call */
	const char *limit;           /* which limit was met; NULL: none */
	const char *limit_said;      /* ... and has been told */
	Loc limit_loc;
	bool loading;                /* the error is one of syntax */
	/* where the message handler found the last Lua error */
	Loc error_loc;
	const char *near_name;       /* known name like an undefined one */
	const char *expanded;
	struct Records *records;     /* record.c's */
} Front;

/* false after err(); sets c->front; ctx_free() closes it */
bool sandbox_open(Ctx *c);
/* pops a value and makes it the global `name` of both tables */
void sandbox_set(Ctx *c, const char *name);
/* pushes the compiled text of source `file` (line numbers of that source);
 * built_in: with the globals of the records; false after err() */
bool sandbox_load(Ctx *c, const char *text, size_t len, uint32_t file,
	bool built_in);
/* lua_pcall under the limits; 0, or the error value is on the stack */
int sandbox_call(Ctx *c, int nargs, int nresults);
/* pops an error value and says it with err(), at the place in the spec where
 * it happened or else at `at` */
void sandbox_error(Ctx *c, Loc at);
/* the line that the Lua function `level` (0: innermost Lua code) is running;
 * the range starts at its first word */
Loc sandbox_where(Ctx *c, int level);
/* counts work done in C against the limits; may raise a Lua error */
void sandbox_charge(Ctx *c, uint64_t steps);
/* registers string.find, match, gmatch, gsub that count their steps, into the
 * table on top of the stack (match.c) */
void match_open(Ctx *c);

/* ------------------------------------------------------------ record.c */
/* registers the globals activation, layer, loss, optimizer, init, size,
 * number, ... with sandbox_set; called once the sandbox stands */
bool record_open(Ctx *c);
/* record_find and record_names: bpgen.h.
 * record_layer: l has rec, in (resolved), args (one for each rec->params),
 * loc, word_loc; runs the record's functions: fills out, weights, values,
 * shapes, formula, formula_loc, infer, pad, constants (neutral).  A weight
 * that uses the network's `init` setting leaves with init = NULL and fill =
 * NAN; the front replaces these.  False after err(). */
bool record_layer(Ctx *c, Network *net, Layer *l);
/* a copy of an optimizer, loss or init whose texts given by functions of the
 * arguments are worked out; NULL after err() */
const Record *record_special(Ctx *c, const Record *rec, const Arg *args);
/* the same for the init of one weight, whose formula may depend on its shape;
 * `at`: where a message points */
const Record *record_init(Ctx *c, const Record *rec, const Arg *args,
	const Weight *w, Loc at);

/* ------------------------------------------------------------ lex.c */
bool is_lua_word(const char *word); /* that begins or joins a Lua line */
typedef enum {
	TK_WORD, TK_NUMBER, TK_DIMS, TK_STRING,
	TK_OP,                       /* = : < > <= >= == */
	TK_OTHER                     /* none of these: 0,01 */
} TokenKind;
typedef struct {
	TokenKind kind;
	Loc loc;
	const char *text;            /* after $ values stand in it */
	double num;                  /* TK_NUMBER, without its suffix */
	const char *suffix;          /* "", "K", "M", "s", "ms" */
	int rank;                    /* TK_DIMS */
	int32_t dim[MAX_RANK];
	bool glued;                  /* no blank before it */
	bool lua;                    /* has a $ value */
	bool divides;                /* ... and that has a `/` */
} Token;
typedef VEC(Token) Tokens;
typedef struct {                 /* a $name or $(expr) within a word */
	uint32_t at, len;            /* of the whole, with the $ */
	uint32_t expr, expr_len;
} Hole;
typedef struct {                 /* a word as written, before its values */
	TokenKind kind;              /* TK_WORD (any text), TK_STRING, TK_OP */
	Loc loc;
	bool glued;
	uint32_t hole, holes;        /* into the line's holes */
} Raw;
typedef enum {
	LINE_BLANK, LINE_STATEMENT, LINE_LUA, LINE_DEFINITION, LINE_PARAM,
	LINE_BROKEN                  /* a message has been said */
} LineKind;
typedef struct {
	LineKind kind;
	bool lua;                    /* Lua: where broken, nothing can run */
	uint32_t at, end;            /* bytes of the source, all its lines */
	uint32_t word, word_len;     /* param: its name; definition: its word */
	uint32_t expr;               /* param: where its expression begins */
	uint32_t expr_end;
	VEC(Raw) raws;
	VEC(Hole) holes;
} Line;
typedef VEC(Line) Lines;
/* is `word` the first word of a statement? asked for `word(` and `word =` */
typedef bool IsStatement(void *u, const char *word);
enum { LONGEST_WORD = 1000, MOST_LAYERS = 10000, MOST_ERRORS = 1000 };
Lines lex(Ctx *c, uint32_t file, IsStatement *is, void *u);
/* fills kind, num, dim of a token from its text */
void token_classify(Ctx *c, Token *t);
bool name_char(int ch);              /* of a Lua name */
/* end of the Lua token at `at`; *kind: 'n'ame, '0' number, 's'tring,
 * 'c'omment, 'u'nfinished string or long bracket, else the character */
size_t lua_token(const char *s, size_t at, size_t end, int *kind);

/* ------------------------------------------------------------ args.c */
/* the items of one statement after its first word */
typedef struct {
	Token name;                  /* option: NAME=value; else text NULL */
	Token value;
	Tokens more;                 /* option values after the first */
	bool used;
} Item;
typedef VEC(Item) Items;
typedef struct {
	Token label;                 /* text NULL: none */
	Token word;
	Items items;
	Tokens from;
	Loc from_loc, loc;           /* loc: from the first word to the last */
	bool bad;                    /* a message about a value has been said */
} Statement;
/* tokens -> items; false after err() */
bool statement_parse(Ctx *c, const Tokens *tokens, Statement *st);
/* Matches the unused items to rec->params and marks them used: positional
 * kinds in order, NAME=value options, flags.  What is left over is an error,
 * said with `what` ("dense", "optimizer adam") and the text so far; `first`
 * is the word that named rec.  extra: option names that the caller takes.
 * Always gives one Arg a param; false after err() where a required one is
 * missing or has no sound value. */
bool record_args(Ctx *c, const Record *rec, Statement *st, const char *what,
	Token first, const Names *extra, Arg **args);
/* an activation by name with the options that follow; NULL after err() */
Act *args_activation(Ctx *c, Token word, Statement *st);
/* NAME=value among the items: marks it used; NULL: none */
Item *args_option(Ctx *c, Statement *st, const char *name);
/* the next unused item without a name, marked used; NULL: none */
Item *args_positional(Statement *st);
/* messages about every item that nobody used; true: there was none */
bool args_rest(Ctx *c, Statement *st, const char *what, const Record *rec,
	const Names *extra);
/* `word` is not among `names`: fix and help, or the list of all */
void args_suggest(Ctx *c, const char *word, const Names *names,
	const char *kind);
/* bad value messages shared with settings; false after err() */
bool args_number(Ctx *c, const Token *t, const char *what, double *value);
bool args_whole(Ctx *c, const Token *t, const char *what, double least,
	double most, double *value);
bool args_switch(Ctx *c, const Token *t, const char *what, bool *value);
/* the same text that would give these arguments again */
void args_text(const Record *rec, const Arg *args, Text *out);
/* "a, b, c" in order of the alphabet */
const char *args_list(Ctx *c, const Names *names);

/* ------------------------------------------------------------ the network
 * parse.c turns files into Lua and runs them; elaborate.c takes each
 * statement into the network; settings.c the settings; heads.c outputs,
 * losses, dead layers; expand.c the flat text and the topology. */
typedef struct {
	const char *name;            /* of the setting */
	Statement st;
	bool broken;                 /* a message was said */
} Setting;
typedef struct {
	uint32_t file;
	Lines lines;
	bool main;                   /* the spec itself, not an include */
	bool sound;                  /* a statement of it went well */
} SpecFile;
typedef struct {                 /* what the front alone knows of a layer */
	bool broken;                 /* a message was said, its shape unknown */
	bool doubtful;               /* a message was said */
	const char *init_text;       /* option init= as expand writes it */
	Loc l2_loc, label_loc;
	int share;                   /* layer of share=, or -1 */
	bool frozen_given;
} LayerInfo;
typedef struct Parse {
	Ctx *c;
	Network *net;
	const char *path;            /* of the spec */
	VEC(SpecFile) files;
	VEC(Setting) settings;
	VEC(Setting) outputs;
	Names params;                /* of all files read */
	VEC(Loc) definitions;        /* text of each that ran */
	VEC(LayerInfo) info;         /* one for each net->layers */
	bool prev_broken;            /* the line before made no layer */
	bool stopped;                /* Lua failed: the rest means nothing */
	int include_depth;
	uint32_t noted;              /* messages that have their notes */
	Loc not_yet;                 /* first thing that cannot be generated */
	const char *not_yet_text;
	const Record *init;          /* of the setting, with its arguments */
	Arg *init_args;
	Head loss;                   /* of the setting */
	bool loss_broken;
	VEC(bool) own_loss;          /* per head: named by `output A loss=` */
	const char *dtype_text;
	int64_t weights;             /* scalars so far */
} Parse;

Network *front_text(Ctx *c, const char *name, const char *text, size_t len);
/* the text of `bpgen expand`, also where the front says "not yet" alone */
const char *front_expanded(Ctx *c);
/* counts again what decides the meaning of weights and state, with the
 * constants that are known by now */
void network_hash(Network *net);

bool include(Parse *p, Statement *st);
bool word_exists(Parse *p, const char *word); /* as a statement's first word */
const Names *statement_words(Parse *p);
void elaborate(Parse *p, Statement *st);
int layer_find(Parse *p, const Token *t);  /* or -1 after err() */
/* what else it is, so that no record can have that name; NULL: nothing */
const char *word_taken(Ctx *c, RecordKind kind, const char *word);
bool is_setting(const char *word);
void setting_names(Ctx *c, Names *names);
void setting_take(Parse *p, Statement *st);
void settings_begin(Parse *p);       /* what holds where nothing is said */
void settings_apply(Parse *p);       /* what depends on several of them */
/* a loss with its options and target=index into *head; false after err() */
bool loss_take(Parse *p, Statement *st, const Token *word, Head *head);
/* the init of a layer or of the network from words; NULL after err() */
const Record *init_take(Parse *p, Statement *st, Token word, Arg **args);
/* what cannot be generated yet: the last error, where nothing else is wrong */
void not_yet(Parse *p, Loc at, const char *text);
void heads(Parse *p);
void expand(Parse *p);
Setting *setting_find(Parse *p, const char *name);

#endif
