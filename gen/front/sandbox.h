/* SPDX-License-Identifier: MIT
 * What the three files of the sandbox share: lua.c, lua_library.c,
 * lua_message.c. */
#ifndef SANDBOX_H
#define SANDBOX_H
#include <lua.h>
#include "front.h"

#define MOST_BYTES ((size_t)256 << 20)
#define MOST_STEPS 100000000u

static inline Front *
front_of(lua_State *L)
{
	return *(Front **)lua_getextraspace(L);
}

/* line `line` of a source, from its first word to its end */
Loc line_loc(const Ctx *c, uint32_t file, int line);
/* the running line of Lua; needs no memory: the allocator asks it */
Loc lua_where(Front *f, int level);
/* pushes a table of globals with libraries of its own (lua_library.c) */
void library_push(Front *f);
/* runs where an error happened, before the stack is gone (lua_message.c) */
int sandbox_handler(lua_State *L);

#endif
