/* SPDX-License-Identifier: MIT
 * bpgen: the command line in, an exit code out.  The locale stays "C". */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tool/house.h"
#include "tool/options.h"

static int (*const run[])(Ctx *, const Cli *) = {
#define RUN(name, most, args, text) cmd_##name,
	COMMANDS(RUN)
};

/* `bpgen word`: word is no command, so it must be a file */
static int
check_word(Ctx *c, const Cli *cli)
{
	const char *word = cli->spec, *near;
	Names names = command_names(c);
	struct stat st;

	if (!strcmp(word, "-") || !stat(word, &st) || errno != ENOENT)
		return 0;
	near = nearest(word, &names);
	if (near)
		cli_error("'%s' is neither a command nor a file; a command with "
		          "a similar name exists: %s", word, near);
	else
		cli_error("'%s' is neither a command nor a file", word);
	return strpbrk(word, "./") ? EX_NOINPUT_ : EX_USAGE_;
}

/* a spec that is piped in needs no `-`; anything else that is not there does */
static int
check_stdin(Cli *cli)
{
	struct stat st;

	if (!fstat(0, &st) && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))) {
		cli->spec = "-";
		return 0;
	}
	help_short(stderr);
	return EX_USAGE_;
}

static int
command(Ctx *c, Cli *cli)
{
	int rc = 0;

	if (cli_has(cli, "version"))
		return print_version(c);
	if (cli_has(cli, "help"))
		return cli->implied ? print_help(c) :
			print_command_help(c, cli->command);
	if (takes_spec(cli->command)) {
		if (!cli->spec)
			rc = check_stdin(cli);
		else if (cli->implied)
			rc = check_word(c, cli);
	}
	return rc ? rc : run[command_number(cli->command)](c, cli);
}

/* what die() left behind */
static int
died(const Ctx *c)
{
	if (c->exit_code == EX_SOFTWARE_) {
		cli_error("internal error: %s", c->exit_text);
		cli_help("please report with the output of `bpgen --version`");
	} else {
		cli_error("%s", c->exit_text);
	}
	return c->exit_code;
}

/* what was printed must have arrived: 141 is a reader that went away */
static int
close_stdout(int rc)
{
	if (!fflush(stdout) && !ferror(stdout))
		return rc;
	if (errno == EPIPE)
		return EX_GONE;
	cli_error("cannot write to standard output: %s", strerror(errno));
	return rc ? rc : EX_IOERR_;
}

static int
guarded(Ctx *c, int argc, char **argv)
{
	Cli cli = { 0 };
	jmp_buf exit;
	int rc;

	c->exit = &exit;
	if (setjmp(exit))
		return died(c);
	rc = options_read(c, &cli, argc, argv);
	return rc ? rc : command(c, &cli);
}

/* A file must not get the number of a stream that the caller closed: messages
 * would end up in it.  These three still fail when used the wrong way round. */
static void
occupy_streams(void)
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			return;
}

int
main(int argc, char **argv)
{
	Ctx *c = ctx_new();
	int rc;

	occupy_streams();
	if (!c) {
		cli_error("out of memory");
		return EX_SOFTWARE_;
	}
	rc = close_stdout(guarded(c, argc, argv));
	ctx_free(c);
	return rc;
}
