/* SPDX-License-Identifier: MIT
 * Texts in, files out: all of them or none, and never over a stranger's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "house.h"

/* of XML the mark is the second line, in any form of the first */
static bool
has_mark(const Output *o)
{
	static const char *const marks[] = {
		"/* " MARK, "# " MARK, "% " MARK, "// " MARK, "<!-- " MARK
	};
	char start[256] = "", *line = start;
	FILE *f = fopen(o->path, "rb");
	size_t n, i;

	if (!f)
		return false;
	n = fread(start, 1, sizeof start - 1, f);
	fclose(f);
	if (!n || (o->begins && !strncmp(start, o->begins, strlen(o->begins))))
		return true;
	if (!strncmp(start, "<?xml ", 6) && strchr(start, '\n'))
		line = strchr(start, '\n') + 1;
	for (i = 0; i < sizeof marks / sizeof *marks; i++)
		if (!strncmp(line, marks[i], strlen(marks[i])))
			return true;
	return false;
}

static bool
same_file(const struct stat *a, const char *path)
{
	struct stat b;

	return !stat(path, &b) && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static int
check_one(Ctx *c, Output *o, bool force, const Names *inputs)
{
	char *real;
	struct stat st;
	uint32_t i;

	o->real = o->path;
	if (!strcmp(o->path, "-") || stat(o->path, &st))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		cli_error("cannot write %s: it is a directory", o->path);
		return EX_CANTCREAT_;
	}
	o->direct = !S_ISREG(st.st_mode);
	for (i = 0; i < inputs->n && !o->direct; i++) {
		if (same_file(&st, inputs->v[i])) {
			cli_error("%s is an input, it cannot be the output too",
			          o->path);
			return EX_CANTCREAT_;
		}
	}
	if (o->new_only && !force) {
		cli_error("%s exists (use --force)", o->path);
		return EX_CANTCREAT_;
	}
	if (o->marked && !o->direct && !force && !has_mark(o)) {
		cli_error("%s exists and was not written by bpgen (use --force)",
		          o->path);
		return EX_CANTCREAT_;
	}
	real = realpath(o->path, NULL);
	if (real)
		o->real = copy(c, real, strlen(real));
	free(real);
	return 0;
}

int
outputs_check(Ctx *c, Output *o, int n, bool force, const Names *inputs)
{
	int i, k, rc = 0;

	for (i = 0; i < n && !rc; i++) {
		rc = check_one(c, &o[i], force, inputs);
		for (k = 0; k < i && !rc; k++) {
			if (!o[i].direct && !strcmp(o[k].real, o[i].real)) {
				cli_error("%s is named for two outputs",
				          o[i].path);
				rc = EX_CANTCREAT_;
			}
		}
	}
	return rc;
}

static int
failed(const char *what, const char *path)
{
	int code = errno == ENOSPC || errno == EIO || errno == EDQUOT ||
		errno == EFBIG ? EX_IOERR_ : EX_CANTCREAT_;

	if (errno == EPIPE)
		return EX_GONE;
	cli_error("cannot %s %s: %s", what, path, strerror(errno));
	return code;
}

/* flags 0: no regular file; else nothing of it is left after a failure */
static int
write_one(const char *path, const char *shown, const Output *o, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
	const char *p = o->text;
	size_t left = o->len;
	ssize_t n;
	int rc = 0;

	if (fd < 0)
		return failed("create", shown);
	while (left && !rc) {
		n = write(fd, p, left);
		if (n >= 0) {
			p += n;
			left -= (size_t)n;
		} else if (errno != EINTR) {
			rc = failed("write", shown);
		}
	}
	if (close(fd) && !rc)
		rc = failed("write", shown);
	if (rc && flags)
		unlink(path);
	return rc && rc != EX_GONE ? EX_IOERR_ : rc;
}

static int
write_stdout(const Output *o)
{
	if (fwrite(o->text, 1, o->len, stdout) == o->len && !fflush(stdout))
		return 0;
	clearerr(stdout);
	return failed("write to", "standard output") == EX_GONE ? EX_GONE : EX_IOERR_;
}

static const char *
temporary(Ctx *c, const Output *o)
{
	return o->direct || !strcmp(o->path, "-") ? NULL :
		fmt(c, "%s.tmp", o->real);
}

/* after a failure: neither new files nor half of a pair */
static void
undo(Ctx *c, const Output *o, int written, int renamed)
{
	const char *tmp;
	int i;

	for (i = 0; i < written; i++) {
		tmp = temporary(c, &o[i]);
		if (tmp)
			unlink(i < renamed ? o[i].real : tmp);
	}
}

int
outputs_write(Ctx *c, Output *o, int n)
{
	const char *tmp;
	int written, renamed = 0, i, rc = 0;

	for (written = 0; written < n; written++) {
		tmp = temporary(c, &o[written]);
		if (tmp)
			rc = write_one(tmp, o[written].path, &o[written],
			               O_TRUNC | O_NOFOLLOW);
		if (rc)
			break;
	}
	for (i = 0; i < n && !rc; i++) {
		if (!strcmp(o[i].path, "-"))
			rc = write_stdout(&o[i]);
		else if (o[i].direct)
			rc = write_one(o[i].path, o[i].path, &o[i], 0);
	}
	for (; renamed < n && !rc; renamed++) {
		tmp = temporary(c, &o[renamed]);
		if (tmp && rename(tmp, o[renamed].real)) {
			rc = failed("create", o[renamed].path);
			break;
		}
	}
	if (rc)
		undo(c, o, written, renamed);
	return rc;
}
