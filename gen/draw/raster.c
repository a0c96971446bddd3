/* SPDX-License-Identifier: MIT
 * Pixels in; PNG, PPM, PGM or coloured half-blocks out. */
#include <math.h>
#include <string.h>
#ifdef HAVE_PNG
#include <png.h>
#endif
#include "raster.h"

Raster
raster_new(Ctx *c, int w, int h, unsigned char grey)
{
	Raster r = { w, h, mem(c, (size_t)w * (size_t)h * 3) };

	memset(r.rgb, grey, (size_t)w * (size_t)h * 3);
	return r;
}

void
raster_set(Raster *r, int x, int y, const unsigned char rgb[3])
{
	memcpy(r->rgb + ((size_t)y * (size_t)r->w + (size_t)x) * 3, rgb, 3);
}

void
raster_mix(double v, unsigned char rgb[3])
{
	static const unsigned char ends[2][3] = {
		{ 0x00, 0x72, 0xB2 }, { 0xD5, 0x5E, 0x00 } /* BLUE, ORANGE */
	};
	const unsigned char *end = ends[v > 0];
	double share = fmin(fabs(v), 1);
	int i;

	for (i = 0; i < 3; i++)
		rgb[i] = (unsigned char)lround(255 + share * (end[i] - 255));
}

/* ---------------------------------------------------------------- files */

static int
encode_png(Ctx *c, const Raster *r, Picture *p)
{
#ifdef HAVE_PNG
	png_image image = { .version = PNG_IMAGE_VERSION };
	png_alloc_size_t n;
	char *out;

	image.width = (png_uint_32)r->w;
	image.height = (png_uint_32)r->h;
	image.format = PNG_FORMAT_RGB;
	n = PNG_IMAGE_PNG_SIZE_MAX(image);
	out = mem(c, n);
	if (!png_image_write_to_memory(&image, out, &n, 0, r->rgb, 0, NULL))
		die(c, EX_SOFTWARE_, "libpng: %s", image.message);
	p->text = out;
	p->len = n;
	return 0;
#else
	(void)c, (void)r, (void)p;
	cli_error("this build has no PNG support (rebuild with libpng-dev)");
	cli_help("a name that ends in .ppm or .pgm needs no library");
	return EX_UNAVAILABLE_;
#endif
}

/* grey: blue is dark, orange is bright, white between them */
static unsigned char
grey_of(const unsigned char *rgb)
{
	int warm = rgb[0] - rgb[2];

	return (unsigned char)(warm < 0 ? 128 + warm * 128 / 178 :
	                       128 + warm * 127 / 213);
}

static int
encode_pnm(Ctx *c, const Raster *r, bool grey, Picture *p)
{
	size_t n = (size_t)r->w * (size_t)r->h, i;
	Text t = { .c = c };
	char one;

	text_add(&t, "P%d\n# " DRAWN_BY "\n%d %d\n255\n", grey ? 5 : 6, r->w,
	         r->h);
	for (i = 0; i < n && grey; i++) {
		one = (char)grey_of(r->rgb + 3 * i);
		text_put(&t, &one, 1);
	}
	if (!grey)
		text_put(&t, (char *)r->rgb, n * 3);
	p->text = t.s;
	p->len = t.n;
	return 0;
}

int
raster_encode(Ctx *c, const Raster *r, Picture *p)
{
	return !strcmp(p->format, "png") ? encode_png(c, r, p) :
		encode_pnm(c, r, !strcmp(p->format, "pgm"), p);
}

/* ------------------------------------------------------------- terminal */

void
raster_halves(const Raster *r, Text *t)
{
	const unsigned char *a, *b;
	int x, y;

	for (y = 0; y < r->h; y += 2) {
		for (x = 0; x < r->w; x++) {
			a = r->rgb + ((size_t)y * (size_t)r->w + (size_t)x) * 3;
			b = y + 1 < r->h ? a + (size_t)r->w * 3 : a;
			text_add(t, "\033[38;2;%d;%d;%d;48;2;%d;%d;%dm▀", a[0],
			         a[1], a[2], b[0], b[1], b[2]);
		}
		text_add(t, "\033[0m\n");
	}
}
