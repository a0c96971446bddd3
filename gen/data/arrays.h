/* SPDX-License-Identifier: MIT
 * What stands in a safetensors or NPZ file: named arrays of numbers, and notes.
 *
 * A file of weights that bpgen wrote, in either form (the same names):
 *
 *     dense1.w           a weight, in the shape of the formula, row-major
 *     normalize1.mean    constants from the training data
 *     targets/shift, targets/scale             of the targets, likewise
 *     state/dense1.w.m, state/rate             of the optimizer
 *     best/...           the same once more: the best network of a checkpoint
 *     run/...            what else a checkpoint needs to go on
 *
 * and notes, texts by name.  Lists have an entry a line, where a backslash, a
 * control character or a byte that is no UTF-8 is written \xHH:
 *
 *     bpgen       1, the version of all this        net       its name
 *     topology    16 hex digits, NAME_load's hash   seed, epochs, validation
 *     classes     in order of the outputs           columns   of regressions
 *     defines     -D of the run                     crc32     of safetensors,
 *                                                   taken with 00000000 there
 *
 * A file of others needs nothing but the weights. */
#ifndef ARRAYS_H
#define ARRAYS_H
#include "data.h"

#define MOST_WEIGHTS_BYTES ((size_t)2 << 30)
#define NOTES_NAME "__metadata__"   /* of their entry or member */
/* how a safetensors file of ours goes on after the length of its header */
#define HEAD_FIRST "{\"" NOTES_NAME "\":{\"bpgen\":\"1\",\"crc32\":\""

/* NULL, or what is wrong with a damaged file */
const char *notes_read(Ctx *c, const char *json, size_t n, Arrays *to);
/* {"bpgen":"1",...}; checked: with room for a checksum */
void notes_text(Text *t, const Arrays *a, bool checked);
/* values to and from little-endian bytes, a->count of them */
void reals_put(Text *t, const Array *a);
void reals_read(Ctx *c, const unsigned char *p, Array *a);
uint64_t little_endian(const unsigned char *p, int bytes);
void put_little_endian(Text *t, uint64_t v, int bytes);
/* sets the count; false: more values than `most`, or a size below 0 */
bool array_count(Array *a, int64_t most);

/* NULL, or what is wrong; *rc is then 65 or 69 */
const char *safetensors_read(Ctx *c, const char *s, size_t n, Arrays *to,
	int *rc);
void safetensors_write(Text *t, const Arrays *a);
bool is_zip(const char *s, size_t n);
const char *npz_read(Ctx *c, const char *s, size_t n, Arrays *to, int *rc);
const char *npz_write(Text *t, const Arrays *a, int *rc);

#endif
