/* SPDX-License-Identifier: MIT
 * What the files that write a tile share. */
#ifndef TILE_H
#define TILE_H
#include "back.h"

typedef struct {
	Emit *e;
	const Schedule *all;        /* of the group; the first one leads */
	uint32_t n, depth;          /* loops that are open */
	int32_t rows, columns;
	const Loop *row;            /* NULL: one row */
	Bound row0;                 /* of the first row */
	uint32_t named;             /* reads that had variables before */
	const char *sum;            /* of the leader's accumulators */
	const char *arg;            /* of the places of the largest */
	const char *value;          /* of what is to be stored, if it has one */
	int sums, part;             /* partial sums; the one whose turn it is */
	bool begun;                 /* they start at what is added to them next */
} Tile;

enum { MOST_ROWS = 16 };

/* ---- turn.c: a copy from rows to columns */
bool tile_turns(const Tile *t);
void tile_turn(Tile *t);

/* ---- tile.c: places of the tile, and names of what is read at them */
typedef struct { Index row, lane; Bound was_row, was_lane; } Spot;
Spot tile_go(Tile *t, const Schedule *q, const Bound *rows, int32_t r,
	int32_t c);
void tile_leave(Tile *t, Spot s);
const Stmt *tile_stmt(const Tile *t, uint32_t i);
const Loop *tile_row(const Schedule *q);
const char *tile_place(const Tile *t, int32_t r, int32_t c);
bool tile_holds(const Tile *t, const Stmt *s);  /* in variables alone */
bool tile_writes(const Tile *t, TensorId written);
bool tile_reads(const Tile *t, uint32_t from, TensorId read);
/* whole: stores need no zeros in lanes beyond the end */
void tile_name(Tile *t, const Expr *x, bool whole, uint32_t *count);
void tile_names(Tile *t, const Bound *rows, bool apart);
bool tile_named(const Emit *e, const char *name);

/* ---- tile_sum.c */
void tile_sum(Tile *t, const Bound *rows);
void tile_across(Tile *t, const Bound *rows);
void put_total(Tile *t, int32_t r, int32_t c);

/* ---- tile_zero.c */
bool tile_keeps(const Emit *e, TensorId target);
bool tile_vanishes(Emit *e, ExprId id);
bool tile_masks(const Tile *t, const Expr *read);

/* ---- tile_feed.c */
bool fed_first(const Tile *t, uint32_t depth);
void fed_begin(Tile *t);
void fed_term(Tile *t, uint32_t i, int32_t r, int32_t c);
void fed_end(Tile *t);

/* ---- tile_end.c: the statements from `first` on */
void tile_store(Tile *t, const Stmt *s, uint32_t i, int32_t r, int32_t c);
void tile_end(Tile *t, const Bound *rows, uint32_t first);
void tile_fetch(Tile *t, const Bound *rows); /* in front of the sum */

#endif
