/* SPDX-License-Identifier: MIT
 * What the pictures share: colours, SVG, programs that convert. */
#ifndef DRAW_H
#define DRAW_H
#include "../tool/house.h"
#include "../tool/session.h"

/* told apart by the colour-blind too (Okabe and Ito 2008) */
#define BLUE "#0072B2"
#define ORANGE "#D55E00"
#define DRAWN_BY MARK " " BPGEN_VERSION

/* ---- svg.c */
void svg_begin(Text *t, double width, double height, const char *title);
void svg_end(Text *t);
void svg_line(Text *t, const char *style, double x0, double y0, double x1,
	double y1);
void svg_circle(Text *t, const char *style, double x, double y, double r);
/* anchor: start, middle or end */
void svg_text(Text *t, const char *style, const char *anchor, double x,
	double y, const char *s);
/* user text in SVG and HTML */
void xml_put(Text *t, const char *s);
/* the same with bpgen's mark, which a program that drew it does not know */
const char *svg_marked(Ctx *c, const char *svg, size_t *len);

/* ---- tex.c */
#define TEX_BLUE "c0072B2"
#define TEX_ORANGE "cD55E00"
void tex_begin(Text *t, double width, double height);
void tex_color(Text *t, const char *color);
void tex_put(Text *t, const char *s); /* user text */
void tex_end(Text *t);

/* ---- program.c: text through a program; 0, or an exit code after messages */
int program_filter(Ctx *c, char *const argv[], const char *package,
	const char *in, size_t n, char **out, size_t *len);

/* ---- layered.c: layers of units, each joined to all of the next */
typedef struct {                /* w_jk^(l); 0: has no such part */
	const char *letter;
	int layer;
	int64_t j, k;
} Symbol;
typedef struct {
	double x, y;
	Symbol name, bias;          /* letter NULL: has none */
	const char *side;           /* input, hidden, output */
} Unit;
typedef struct {
	int from, to;               /* units */
	Symbol name;                /* letter NULL: this line has no label */
	double at;                  /* where, as a share of its length */
} Line;
typedef struct { double x, y; Names lines; } Caption;
typedef struct { double x, y; } Dots; /* stand for the units left out */
typedef struct {
	const char *title;
	double width, height, radius;
	VEC(Unit) units;
	VEC(Line) lines;
	VEC(Caption) captions;
	VEC(Dots) dots;
} Layered;
/* NULL: the network is something else */
Layered *layered(Ctx *c, const Network *net);
/* where a line leaves the circles it joins */
void line_ends(const Layered *p, const Line *l, double end[4]);
typedef struct { double x, y, w, h, angle; } Box; /* its centre */
Box label_box(Ctx *c, const Layered *p, const Line *l);
Box bias_box(Ctx *c, const Layered *p, const Unit *u);
double symbol_width(Ctx *c, const Symbol *s);
const char *symbol_indices(Ctx *c, const Symbol *s); /* 11; 10,3; "" */
/* sizes of letters, of a caption's lines; how far a bias is below its unit */
enum { LETTERS = 14, CAPTION = 13, SPACING = 18, BELOW = 15 };
#define SMALL 0.68              /* of what stands above or below */

/* ---- lecture.c: as lecture notes have it */
void lecture_svg(const Layered *p, Text *t);
void lecture_tikz(const Layered *p, Text *t);

/* ---- lifetimes.c: which values of a kernel lie where in n->work, and when */
void lifetimes_svg(Ctx *c, const Lifetimes *l, const char *title, Text *t);

/* ---- dot.c: boxes for layers, shapes on what joins them */
void network_dot(Ctx *c, const Network *net, Text *t);

#endif
