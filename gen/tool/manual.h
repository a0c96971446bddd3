/* SPDX-License-Identifier: MIT
 * The manual of the commands: its texts, and how they become pages. */
#ifndef MANUAL_H
#define MANUAL_H
#include "house.h"

/* Paragraphs (an empty line between two, `code`) and lines of examples; a
 * command without a row here has what options.h says of it. */
typedef struct { const char *command, *about, *examples; } Page;
extern const Page pages[];         /* ends with a command NULL */

void manual_text(Ctx *c, const char *command, Text *t);
/* command NULL: bpgen(1) */
void manual_scdoc(Ctx *c, const char *command, Text *t);

#endif
