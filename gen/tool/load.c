/* SPDX-License-Identifier: MIT
 * The command line in, the network of its spec out, or messages. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../front/front.h"
#include "house.h"

/* before the front opens it: the file must be there and be a file */
static int
check_file(const char *path)
{
	struct stat st;
	int fd;

	if (!strcmp(path, "-"))
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		cli_error("cannot read %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return EX_NOINPUT_;
	}
	close(fd);
	if (S_ISDIR(st.st_mode)) {
		cli_error("cannot read %s: it is a directory", path);
		return EX_NOINPUT_;
	}
	return 0;
}

static void
apply_options(const Cli *cli, Network *net)
{
	const char *dtype = cli_get(cli, "dtype");
	const char *unroll = cli_get(cli, "unroll");

	if (dtype)
		net->dtype = strcmp(dtype, "f64") ? F32 : F64;
	if (unroll)
		net->unroll = !strcmp(unroll, "full") ? UNROLL_FULL :
			!strcmp(unroll, "none") ? UNROLL_NONE : UNROLL_AUTO;
}

/* what has been said is not said again by the next pass */
int
messages(Ctx *c, const Cli *cli)
{
	int rc = c->errors ? EX_DATA : 0;

	if (c->diags.n)
		diag_print(c, stderr, cli_color(cli));
	c->diags.n = 0;
	c->errors = c->warnings = 0;
	return rc;
}

Network *
load_quiet(Ctx *c, const Cli *cli, int *rc)
{
	Network *net;

	*rc = check_file(cli->spec);
	if (*rc)
		return NULL;
	net = front(c, cli->spec);
	if (net && !c->errors) {
		apply_options(cli, net);
		return net;
	}
	messages(c, cli);
	*rc = c->exit_code ? c->exit_code : EX_DATA;
	c->exit_code = 0;
	return NULL;
}

const char *
load_expanded(Ctx *c, const Cli *cli, int *rc)
{
	const Network *net;

	*rc = check_file(cli->spec);
	if (*rc)
		return NULL;
	net = front(c, cli->spec);
	if (net && !c->errors) {
		messages(c, cli);
		return net->expanded;
	}
	/* "not yet" alone: a net that can be written out all the same */
	if (front_expanded(c))
		return front_expanded(c);
	messages(c, cli);
	*rc = c->exit_code ? c->exit_code : EX_DATA;
	c->exit_code = 0;
	return NULL;
}

Network *
load_network(Ctx *c, const Cli *cli, int *rc)
{
	Network *net = load_quiet(c, cli, rc);

	if (!net)
		return NULL;
	*rc = messages(c, cli);
	return *rc ? NULL : net;
}

static bool
plan_option(const Cli *cli, PlanOptions *o)
{
	const char *text = cli_get(cli, "plan");
	uint64_t seed = 0;

	if (!text || !*text)
		return true;
	if (strncmp(text, "random:", 7)) {
		o->file = text;
		return true;
	}
	if (!text[7] || strlen(text) > 7 + 18 ||
	    strspn(text + 7, "0123456789") != strlen(text + 7))
		return false;
	for (text += 7; *text; text++)
		seed = seed * 10 + (uint64_t)(*text - '0');
	o->random = seed;
	return seed != 0;
}

int
plan_options(const Cli *cli, const Network *net, PlanOptions *o)
{
	*o = (PlanOptions){ .unroll = net->unroll };
	if (plan_option(cli, o))
		return 0;
	cli_error("--plan=%s: write --plan=FILE, or --plan=random:SEED with "
	          "a whole number above 0", cli_get(cli, "plan"));
	return EX_USAGE_;
}
