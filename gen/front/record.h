/* SPDX-License-Identifier: MIT
 * What the files record*.c share: the words known so far, and how the Lua
 * functions of a record are called. */
#ifndef RECORD_H
#define RECORD_H
#include <lua.h>
#include <lauxlib.h>
#include "front.h"

#define ARGUMENT "bpgen.argument"    /* metatable of size "units" and the like */
#define ACTIVATION "bpgen.activation"/* ... and of activation "name" */

enum { LONGEST_TEXT = 1 << 16, LONGEST_NAME = 60 };

/* a record in use: what its functions are given, where messages point */
typedef struct {
	Ctx *c;
	lua_State *L;
	const Record *rec;
	const Arg *args;
	Loc loc;
	Network *net;                /* layers alone */
	Layer *layer;
	int s, p;                    /* stack places of shapes and arguments */
} Call;

struct Records {
	VEC(Record *) list[REC_KINDS];
	Names *names[REC_KINDS];     /* NULL: to be worked out */
	const char *loading;         /* file of templates that runs, or NULL */
	uint32_t loading_file;
	Call *call;                  /* whose function runs, for warning{} */
	Network *net;                /* of the last layer, for record_fit */
};

/* ---- record.c */
extern const char *const record_kinds[REC_KINDS];   /* "activation", ... */
lua_State *record_lua(Ctx *c);       /* opens the sandbox if there is none */
bool is_name(const char *s);         /* letters, digits, _; not too long */

/* ---- record_define.c: a table that defines a word -> Record */
void define_open(Ctx *c);            /* size, number, ..., problem, warning */
/* table on top of the stack; false after err() */
bool record_read(Ctx *c, lua_State *L, Record *rec);
Loc field_place(Ctx *c, const Record *rec, const char *field);
Loc text_place(Ctx *c, const Record *rec, const char *field, const char *text);

/* ---- record_call.c: functions of a record, run in safety */
/* what problem{} raises once it has said what is wrong */
extern const char record_said;
void say_problem(Call *k, lua_State *L); /* its table is on top */
/* runs work(L) with the Call as light userdata; says what went wrong */
bool call_run(Call *k, lua_CFunction work);
Call *call_of(lua_State *L);         /* in work: the Call; pushes s and p */
/* pushes a field, or what it returns where it is a function */
void call_field(Call *k, const char *field);
void push_shape(lua_State *L, Ctx *c, const Shape *s, const Layer *from);
void push_args(lua_State *L, const Record *rec, const Arg *args);
/* text of a field that may be a function; NULL where there is none */
const char *call_text(Call *k, const char *field);
/* reads {{"v", 0}, {"d", "rate"}} from the top of the stack */
bool read_states(Ctx *c, lua_State *L, const Record *rec, const char *field,
	Record *to);
bool ranges_hold(Ctx *c, const Record *rec, const Arg *args);
void record_broken(Call *k, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- record_shape.c */
typedef VEC(NamedShape) NamedShapes;
/* the shape of `left` from the formula and the shapes of what it reads */
bool infer_shape(Ctx *c, const char *formula, const char *left,
	const NamedShapes *known, const Layer *l, Shape *out);

#endif
