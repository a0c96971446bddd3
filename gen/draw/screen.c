/* SPDX-License-Identifier: MIT
 * Curves in; a chart of characters for a terminal out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "curves.h"

enum { ROWS = 18, AXIS = 10 };  /* rows of the chart, columns left of it */

typedef struct {
	const Curves *p;
	int width;
	unsigned char *cell;        /* 0: empty; 255: best; else 1 + curve */
} Screen;

static int
column_of(const Screen *s, double x)
{
	return (int)lround((s->width - 1) * axis_share(x, s->p->x0, s->p->x1,
	                                              false));
}

static int
row_of(const Screen *s, double y)
{
	return (int)lround((ROWS - 1) * (1 - axis_share(y, s->p->y0, s->p->y1,
	                                               s->p->log)));
}

/* what was drawn first stays */
static void
dot(Screen *s, int row, int column, int what)
{
	unsigned char *at = &s->cell[row * s->width + column];

	if (!*at || *at == 255)
		*at = (unsigned char)what;
}

/* what lies between two rows: half of it in the column before */
static void
join(Screen *s, int row0, int column0, int row1, int column1, int what)
{
	int step = row1 > row0 ? 1 : -1, row;

	for (row = row0; column1 > column0 && row != row1; row += step)
		dot(s, row, abs(row - row0) <= abs(row1 - row) ? column0 :
		    column1, what);
}

static void
draw_curve(Screen *s, uint32_t at)
{
	const Series *k = &s->p->curves.v[at];
	int last = -1, last_column = 0, row, column;
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (!isfinite(k->y[i])) {
			last = -1;
			continue;
		}
		column = column_of(s, k->x[i]);
		row = row_of(s, k->y[i]);
		if (last >= 0)
			join(s, last, last_column, row, column, (int)at + 1);
		dot(s, row, column, (int)at + 1);
		last = row;
		last_column = column;
	}
}

static void
draw_best(Screen *s)
{
	int row;

	for (row = 0; isfinite(s->p->best) && row < ROWS; row++)
		s->cell[row * s->width + column_of(s, s->p->best)] = 255;
}

/* "#0072B2" -> 38;2;0;114;178 */
static void
put_colored(Text *t, const char *color, const char *s)
{
	unsigned r, g, b;

	if (color && sscanf(color, "#%2x%2x%2x", &r, &g, &b) == 3)
		text_add(t, "\033[38;2;%u;%u;%um%s\033[0m", r, g, b, s);
	else
		text_add(t, "%s", s);
}

static const char *
glyph(int at, bool unicode)
{
	static const char *const fine[] = { "●", "○", "◆", "◇", "▲", "△" };
	static const char *const plain[] = { "*", "o", "+", "x", "#", "@" };

	return unicode ? fine[at % 6] : plain[at % 6];
}

static void
put_row(const Screen *s, int row, bool unicode, bool color, Text *t)
{
	int i, at, end = s->width;

	while (end && !s->cell[row * s->width + end - 1])
		end--;
	for (i = 0; i < end; i++) {
		at = s->cell[row * s->width + i];
		if (!at)
			text_add(t, " ");
		else if (at == 255)
			text_add(t, unicode ? "┊" : ":");
		else
			put_colored(t, color ? curve_color(s->p,
			            &s->p->curves.v[at - 1]) : NULL,
			            glyph(at - 1, unicode));
	}
	text_add(t, "\n");
}

static void
put_rows(Ctx *c, const Screen *s, bool unicode, bool color, Text *t)
{
	Marks y = marks_of(s->p->y0, s->p->y1, s->p->log, 5);
	const char *label;
	int row, i;

	for (row = 0; row < ROWS; row++) {
		for (label = NULL, i = 0; i < y.n; i++)
			if (row_of(s, y.at[i]) == row)
				label = mark_text(c, y.at[i]);
		text_add(t, "%*s %s", AXIS - 2, label ? label : "", unicode ?
		         label ? "┤" : "│" : label ? "+" : "|");
		put_row(s, row, unicode, color, t);
	}
}

static void
put_below(Ctx *c, const Screen *s, bool unicode, Text *t)
{
	Marks x = marks_of(s->p->x0, s->p->x1, false, s->width / 12);
	char *line = mem(c, (size_t)s->width + 24);
	int i, n, at, free = 0;

	text_add(t, "%*s%s", AXIS - 1, "", unicode ? "└" : "+");
	for (i = 0; i < s->width; i++)
		text_add(t, unicode ? "─" : "-");
	memset(line, ' ', (size_t)s->width + 20);
	for (i = 0; i < x.n; i++) {
		const char *label = mark_text(c, x.at[i]);

		n = (int)strlen(label);
		at = column_of(s, x.at[i]) - n / 2;
		at = at < 0 ? 0 : at + n > s->width ? s->width - n : at;
		if (at < free)
			continue;
		memcpy(line + at, label, (size_t)n);
		free = at + n + 2;
	}
	for (n = s->width + 20; n && line[n - 1] == ' '; n--)
		;
	line[n] = 0;
	text_add(t, "\n%*s%s\n", AXIS, "", line);
}

static void
put_legend(const Screen *s, bool unicode, bool color, Text *t)
{
	uint32_t i;

	text_add(t, "%*s", AXIS, "");
	for (i = 0; i < s->p->curves.n; i++) {
		put_colored(t, color ? curve_color(s->p, &s->p->curves.v[i]) :
		            NULL, glyph((int)i, unicode));
		text_add(t, " %s   ", s->p->curves.v[i].name);
	}
	if (isfinite(s->p->best))
		text_add(t, "%s best: epoch %.0f, %.4g", unicode ? "┊" : ":",
		         s->p->best, s->p->best_y);
	while (t->n && t->s[t->n - 1] == ' ')
		t->s[--t->n] = 0;
	text_add(t, "\n");
}

void
curves_screen(Ctx *c, const Curves *p, bool unicode, bool color, int width,
	Text *t)
{
	Screen s = { p, width - AXIS < 20 ? 20 : width - AXIS, NULL };
	uint32_t i;

	s.cell = mem(c, (size_t)s.width * ROWS);
	draw_best(&s);
	for (i = 0; i < p->curves.n && i < 254; i++)
		draw_curve(&s, i);
	text_add(t, "%*s\n", AXIS - 1, p->title);
	put_rows(c, &s, unicode, color, t);
	put_below(c, &s, unicode, t);
	put_legend(&s, unicode, color, t);
}
