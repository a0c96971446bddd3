/* SPDX-License-Identifier: MIT
 * Which sort of picture goes where. */
#ifndef FORMATS_H
#define FORMATS_H
#include "draw.h"

typedef struct {
	const char *path;           /* "-": standard output */
	const char *format;         /* svg, png, ... */
	const char *text;
	size_t len;
	Output file;
} Picture;
/* from --format or else the ending of -o, one of these words, of which the
 * first is what standard output gets; 0, or 64 after a message */
int picture_format(Ctx *c, const Cli *cli, Picture *p, const char *formats);
/* may the file be written? */
int picture_check(Ctx *c, const Cli *cli, Picture *p, const Names *inputs);
int picture_write(Ctx *c, Picture *p);

#endif
