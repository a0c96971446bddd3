/* SPDX-License-Identifier: MIT
 * Shapes in, SVG out. */
#include <string.h>
#include "draw.h"

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* what XML has no character for is left out */
void
xml_put(Text *t, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&': text_add(t, "&amp;"); break;
		case '<': text_add(t, "&lt;"); break;
		case '>': text_add(t, "&gt;"); break;
		case '"': text_add(t, "&quot;"); break;
		default:
			if ((unsigned char)*s >= 32)
				text_put(t, s, 1);
		}
	}
}

void
svg_begin(Text *t, double width, double height, const char *title)
{
	text_add(t, XML "<!-- " DRAWN_BY " -->\n"
	         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" "
	         "height=\"%g\" viewBox=\"0 0 %g %g\">\n<title>", width, height,
	         width, height);
	xml_put(t, title);
	text_add(t, "</title>\n<rect width=\"100%%\" height=\"100%%\" "
	         "fill=\"#fff\"/>\n");
}

void
svg_end(Text *t)
{
	text_add(t, "</svg>\n");
}

void
svg_line(Text *t, const char *style, double x0, double y0, double x1, double y1)
{
	text_add(t, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" "
	         "y2=\"%.2f\"/>\n", style, x0, y0, x1, y1);
}

void
svg_circle(Text *t, const char *style, double x, double y, double r)
{
	text_add(t, "<circle class=\"%s\" cx=\"%.2f\" cy=\"%.2f\" "
	         "r=\"%.2f\"/>\n", style, x, y, r);
}

void
svg_text(Text *t, const char *style, const char *anchor, double x, double y,
	const char *s)
{
	text_add(t, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.2f\" "
	         "y=\"%.2f\">", style, anchor, x, y);
	xml_put(t, s);
	text_add(t, "</text>\n");
}

const char *
svg_marked(Ctx *c, const char *svg, size_t *len)
{
	const char *line = !strncmp(svg, "<?xml", 5) ? strchr(svg, '\n') : NULL;
	size_t head = line ? (size_t)(line + 1 - svg) : 0;
	Text t = { .c = c };

	text_put(&t, svg, head);
	text_add(&t, "<!-- " DRAWN_BY " -->\n");
	text_put(&t, svg + head, *len - head);
	*len = t.n;
	return t.s;
}
