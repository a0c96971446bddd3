/* SPDX-License-Identifier: MIT
 * JSON, one value after the other: a name within an object, NULL in an array. */
#ifndef JSON_H
#define JSON_H
#include "../bpgen.h"

void json_open(Text *t, const char *name, char bracket);  /* { or [ */
void json_close(Text *t, char bracket);                   /* } or ] */
void json_text(Text *t, const char *name, const char *s); /* NULL: null */
void json_number(Text *t, const char *name, double v);    /* inf, nan: null */
void json_whole(Text *t, const char *name, uint64_t v);
void json_raw(Text *t, const char *number);               /* in an array */
void json_flag(Text *t, const char *name, bool v);
/* a line of its own for what comes next */
void json_line(Text *t);

#endif
