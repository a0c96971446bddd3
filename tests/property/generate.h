/* SPDX-License-Identifier: MIT
 * A seed in, the text of a legal spec out: the same text for the same seed. */
#ifndef GENERATE_H
#define GENERATE_H
#include <stddef.h>
#include <stdint.h>

uint64_t draw(uint64_t *state);              /* 64 mixed bits */
uint32_t draw_below(uint64_t *state, uint32_t n);
double draw_uniform(uint64_t *state);        /* [0,1), multiples of 2^-24 */
/* writes at most cap bytes with a 0; returns the length */
size_t generate(uint64_t seed, char *text, size_t cap);

#endif
