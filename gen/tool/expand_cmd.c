/* SPDX-License-Identifier: MIT
 * `bpgen expand`: a spec in, the same net flat, without Lua, out. */
#include <string.h>
#include "house.h"

int
cmd_expand(Ctx *c, const Cli *cli)
{
	const char *path = cli_get(cli, "output");
	Output o = { .path = path ? path : "-", .marked = true };
	Network *net;
	int rc;

	net = load_network(c, cli, &rc);
	if (!net)
		return rc;
	o.text = net->expanded;
	o.len = strlen(net->expanded);
	rc = outputs_check(c, &o, 1, cli_has(cli, "force"), &net->deps);
	return rc ? rc : outputs_write(c, &o, 1);
}
