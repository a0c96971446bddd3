/* SPDX-License-Identifier: MIT
 * What a way to run a statement costs, as vector.c and layout.c compare ways:
 * extents in, vectors of work, rows of a tile and widths of panels out.
 *
 * The unit is one multiply-add of a vector of BLOCK reals.  A term that runs by
 * scalars costs as much: its chain of additions cannot be cut in strict mode.
 * A vector whose elements lie apart comes one by one (GATHER), or, where all is
 * copied, with its neighbours from a block (TURN).  Adding up the
 * lanes of a vector takes as long as JOIN of them.  A line of the cache that is
 * read once costs LINE, so that lanes which are padding cost what they fetch.
 * Which works well is measured, not derived:
 *
 * registers  SSE and AVX2 have 16: a tile of MOST_VECTORS sums, two vectors of
 *            weights and a broadcast fill them; AVX-512 and AArch64 have 32
 *            (`wide`).
 * busy[n]    the part of the multipliers' time that n independent sums use:
 *            a multiply-add has a latency of four cycles, two begin in each.
 * panels     as wide as the vectors that a tile holds side by side. */
#include "back.h"

enum { WIDE_TILE = 26, GATHER = 10, TURN = 4, JOIN = 7, LATENCY = 4 };
#define LINE .5
enum { MOST_FUNCTIONS = 24, LONG_TEXT = 200 };
enum { NEAR = 1 << 19 };         /* bytes */
#define CLEARLY .8              /* of the scalars' cost: worth a change */

static const double busy[MOST_VECTORS + 1] = {
	1, .12, .25, .37, .5, .6, .7, .76, .84, .88, .92, .95, 1
};
/* with 32 registers more sums also load less for each multiply-add */
static const double busy_wide[WIDE_TILE + 1] = {
	1, .12, .25, .37, .5, .6, .7, .76, .82, .85, .88, .91, .93, .94, .95,
	.96, .97, .97, .98, .98, .98, .98, .99, .99, 1, 1, 1
};
#define TEXT .002               /* what a line of text for each sum is worth */
#define AGAIN 2                 /* rows: the rest reads all vectors once more */

/* `points` terms by vectors along an index of that extent, with so many reads
 * whose lanes lie apart */
double
cost_vectors(double points, int32_t extent, int gathers)
{
	return points / extent * layout_round(extent) / layout_round(1) *
	       (1 + GATHER * gathers);
}

/* so many are copied from rows to columns */
double
cost_turned(double points, int32_t extent)
{
	return TURN * cost_vectors(points, extent, 0);
}

bool
cost_pays(double vectors, double points)
{
	return vectors > 0 && vectors < CLEARLY * points;
}

/* sums along an index of that extent whose lanes are joined at their end */
double
cost_joined(double points, int32_t extent)
{
	return cost_vectors(points, extent, 0) + points / extent * JOIN;
}

/* terms that read a weight whose lanes have that extent */
double
cost_read(double points, int32_t extent, LanesOf lanes)
{
	double lines = cost_vectors(points, extent, 0);
	double work = lanes == ALONG ? lines : lanes == APART ? points :
	              cost_joined(points, extent);

	return work + LINE * lines;
}

/* Rows that a tile has beside so many vectors.  Few leave the multipliers
 * idle.  Where their number is known, the rows that remain are a tile of their
 * own; else the last tile is filled up. */
int32_t
cost_rows(int32_t extent, int32_t vectors, bool known, bool wide)
{
	const double *use = wide ? busy_wide : busy;
	int32_t r, rest, best = 1, most = wide ? WIDE_TILE : MOST_VECTORS;
	double time, least = 0;

	for (r = 1; r * vectors <= most && r <= extent && r <= 16; r++) {
		rest = extent % r;
		time = known ? (extent - rest) / use[r * vectors] + rest /
		       use[rest * vectors] + AGAIN * (rest > 0) :
		       (extent + r - 1) / r * r / use[r * vectors];
		time *= wide ? 1 + TEXT * r * vectors : 1;
		if (least == 0 || time <= least) {
			least = time;
			best = r;
		}
	}
	return best;
}

/* The width of the panels that an extent is cut into: two blocks are held at a
 * time, three where they divide better; they divide the padded extent. */
int32_t
cost_panel(int32_t extent)
{
	int32_t block = layout_round(1), blocks = layout_round(extent) / block;

	return blocks % 2 == 0 ? 2 * block : blocks % 3 == 0 ? 3 * block :
	       block;
}

/* Panels that a tile without rows takes at a time, in groups of nearly the same
 * number: four chains of additions are as many as additions and multiplications
 * have time for, and a number is loaded once for all. */
int32_t
cost_beside(int32_t panels, int32_t vectors)
{
	int32_t most = vectors < LATENCY ? LATENCY / vectors : 1;
	int32_t groups = (panels + most - 1) / most;

	return (panels + groups - 1) / groups;
}

/* Partial sums of each of so many chains where the order is free: a power of 2
 * that keeps both multipliers busy.  From four chains on loads take longer. */
int
cost_sums(int32_t chains)
{
	int n = 1;

	while (chains < LATENCY && 2 * n * chains <= 2 * LATENCY)
		n *= 2;
	return n;
}

/* vectors side by side in the tile of a sum; 0: no panel, but as in one */
int32_t
cost_columns(int32_t extent, int32_t panel)
{
	return (panel ? panel : cost_panel(extent)) / layout_round(1);
}

/* functions in an expression, as their text is repeated for each vector; of a
 * long text as many as there may be */
static int
functions(const Program *p, ExprId e, int *longest)
{
	const Expr *x = &p->exprs.v[e];
	int own = 0;

	if (!e)
		return 0;
	if (--*longest < 0)
		return MOST_FUNCTIONS + 1;
	if (x->op == E_FN)
		own = x->fn == FN_ERF ? 2 : x->fn != FN_SQRT &&
			x->fn != FN_ABS && x->fn != FN_SIGN &&
			x->fn != FN_FLOOR;
	own += functions(p, x->a, longest);
	own += own <= MOST_FUNCTIONS ? functions(p, x->b, longest) : 0;
	return own <= MOST_FUNCTIONS ? own + functions(p, x->c, longest) : own;
}

/* Is it worth while to compute this on a tile of so many vectors?  Where its
 * functions take far longer than a second look at the sums in a near cache, a
 * loop of its own is the shorter text. */
bool
cost_follows(const Program *p, ExprId e, int32_t vectors)
{
	int longest = LONG_TEXT;

	return vectors * functions(p, e, &longest) <= MOST_FUNCTIONS;
}

/* With what else a step touches, it has left a cache of 1 MB before its turn
 * comes again. */
bool
cost_is_far(int64_t bytes)
{
	return bytes > NEAR;
}
