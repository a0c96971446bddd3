/* SPDX-License-Identifier: MIT
 * What a picture in TikZ begins and ends with. */
#include <string.h>
#include "draw.h"

void
tex_put(Text *t, const char *s)
{
	for (; *s; s++) {
		if (strchr("{}$&#_%", *s))
			text_add(t, "\\%c", *s);
		else if (strchr("\\^~", *s))
			text_add(t, "\\char%d{}", *s);
		else
			text_put(t, s, 1);
	}
}

/* nothing but TikZ is needed: the page has the size of the picture, whose unit
 * is that of SVG and whose y grows downwards as there */
void
tex_begin(Text *t, double width, double height)
{
	text_add(t, "%% " DRAWN_BY "\n\\documentclass{article}\n"
	         "\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n"
	         "\\usepackage[paperwidth=%.1fbp,paperheight=%.1fbp,margin=0pt]"
	         "{geometry}\n\\usepackage{tikz}\n\\pagestyle{empty}\n"
	         "\\parindent=0pt\n\\topskip=0pt\n\\begin{document}%%\n"
	         "\\begin{tikzpicture}[x=0.75bp, y=-0.75bp]\n"
	         "\\useasboundingbox (0,0) rectangle (%.1f,%.1f);\n",
	         width * 0.75 + 1, height * 0.75 + 1, width, height);
	tex_color(t, BLUE);
	tex_color(t, ORANGE);
}

/* "#0072B2" is called c0072B2 from now on */
void
tex_color(Text *t, const char *color)
{
	text_add(t, "\\definecolor{c%s}{HTML}{%s}\n", color + 1, color + 1);
}

void
tex_end(Text *t)
{
	text_add(t, "\\end{tikzpicture}%%\n\\end{document}\n");
}
