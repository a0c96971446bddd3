/* SPDX-License-Identifier: MIT
 * What standard output can show. */
#ifndef TERMINAL_H
#define TERMINAL_H
#include "../tool/tool.h"

bool terminal_color(const Cli *cli);         /* --color, NO_COLOR, TERM */
int terminal_width(void);                    /* in characters; 80: unknown */

#endif
