/* SPDX-License-Identifier: MIT
 * `bpgen expand`: a spec in, the same net flat, without Lua, out. */
#include <string.h>
#include "house.h"

int
cmd_expand(Ctx *c, const Cli *cli)
{
	const char *path = cli_get(cli, "output");
	Output o = { .path = path ? path : "-", .marked = true };
	Names inputs = { 0 };
	int rc;

	o.text = load_expanded(c, cli, &rc);
	if (!o.text)
		return rc;
	PUSH(c, &inputs, cli->spec);
	o.len = strlen(o.text);
	rc = outputs_check(c, &o, 1, cli_has(cli, "force"), &inputs);
	return rc ? rc : outputs_write(c, &o, 1);
}
