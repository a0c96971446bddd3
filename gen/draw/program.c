/* SPDX-License-Identifier: MIT
 * Text in, through a program of the system, what it prints out. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "draw.h"

enum { NOT_FOUND = 127 };

/* files rather than pipes: neither side waits for the other */
static _Noreturn void
child(char *const argv[], FILE *in, FILE *out)
{
	if (dup2(fileno(in), 0) < 0 || dup2(fileno(out), 1) < 0)
		_exit(NOT_FOUND - 1);
	execvp(argv[0], argv);
	_exit(errno == ENOENT ? NOT_FOUND : NOT_FOUND - 1);
}

static int
run(char *const argv[], FILE *in, FILE *out)
{
	int status = 0;
	pid_t id = fork();

	if (!id)
		child(argv, in, out);
	if (id < 0)
		return NOT_FOUND - 1;
	while (waitpid(id, &status, 0) < 0)
		if (errno != EINTR)
			return NOT_FOUND - 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_FOUND - 1;
}

static bool
slurp(Ctx *c, FILE *f, char **out, size_t *len)
{
	long n;

	if (fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0)
		return false;
	rewind(f);
	*out = mem(c, (size_t)n + 1);
	*len = fread(*out, 1, (size_t)n, f);
	return *len == (size_t)n && n > 0;
}

static int
through(Ctx *c, char *const argv[], const char *package, FILE *in, FILE *out,
	char **text, size_t *len)
{
	int status = run(argv, in, out);

	if (!status && slurp(c, out, text, len))
		return 0;
	if (status == NOT_FOUND) {
		cli_error("there is no program `%s` here", argv[0]);
		cli_help("install it, for example: sudo apt-get install %s",
		         package);
	} else {
		cli_error("`%s` failed", argv[0]);
	}
	return EX_UNAVAILABLE_;
}

int
program_filter(Ctx *c, char *const argv[], const char *package, const char *in,
	size_t n, char **out, size_t *len)
{
	FILE *from = tmpfile(), *to = tmpfile();
	int rc = EX_IOERR_;

	fflush(NULL);
	if (from && to && fwrite(in, 1, n, from) == n && !fflush(from) &&
	    !fseek(from, 0, SEEK_SET))
		rc = through(c, argv, package, from, to, out, len);
	else
		cli_error("cannot write a temporary file: %s", strerror(errno));
	if (from)
		fclose(from);
	if (to)
		fclose(to);
	return rc;
}
