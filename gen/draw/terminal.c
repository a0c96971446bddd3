/* SPDX-License-Identifier: MIT
 * What standard output can show: colours, and how wide. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "terminal.h"

bool
terminal_color(const Cli *cli)
{
	const char *when = cli_get(cli, "color"), *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when && strcmp(when, "auto"))
		return !strcmp(when, "always");
	return isatty(1) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

int
terminal_width(void)
{
	struct winsize size;

	if (ioctl(1, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 80;
	return size.ws_col < 400 ? size.ws_col : 400;
}
