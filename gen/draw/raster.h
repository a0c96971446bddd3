/* SPDX-License-Identifier: MIT
 * Pictures of pixels. */
#ifndef RASTER_H
#define RASTER_H
#include "formats.h"

typedef struct { int w, h; unsigned char *rgb; } Raster; /* rows from above */
Raster raster_new(Ctx *c, int w, int h, unsigned char grey);
void raster_set(Raster *r, int x, int y, const unsigned char rgb[3]);
/* -1 blue, 0 white, 1 orange */
void raster_mix(double v, unsigned char rgb[3]);
/* png, ppm or pgm into p; 0, or 69 after a message */
int raster_encode(Ctx *c, const Raster *r, Picture *p);
/* two rows of pixels a line of the terminal */
void raster_halves(const Raster *r, Text *t);

/* ---- receptive.c: the weights of a layer's units as images */
int draw_weights(Ctx *c, const Cli *cli);

#endif
