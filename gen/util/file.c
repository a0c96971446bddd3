/* SPDX-License-Identifier: MIT
 * Whole files in and out; what is written appears at once or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../bpgen.h"

static int
refuse(Ctx *c, const char **why, int code, const char *text)
{
	*why = copy(c, text, strlen(text));
	return code;
}

/* reads to the end in pieces that double; one byte more than max is enough to
 * know that there is too much */
static int
slurp(Ctx *c, int fd, size_t max, char **text, size_t *len, const char **why)
{
	size_t cap = 1 << 14, n = 0;
	char *buf = mem(c, cap + 1), *more;
	ssize_t got;

	for (;;) {
		got = read(fd, buf + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse(c, why, EX_NOINPUT_, strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max) {
			*why = fmt(c, "larger than %zu %s", max >> 20 ?
			           max >> 20 : max, max >> 20 ? "MB" : "bytes");
			return EX_DATA;
		}
		if (n == cap) {
			more = mem(c, 2 * cap + 1);
			memcpy(more, buf, n);
			buf = more;
			cap *= 2;
		}
	}
	buf[n] = 0;
	*text = buf;
	*len = n;
	return 0;
}

int
read_file(Ctx *c, const char *path, size_t max, char **text, size_t *len,
	const char **why)
{
	struct stat st;
	int fd, rc;

	if (!strcmp(path, "-"))
		return slurp(c, 0, max, text, len, why);
	/* opening a fifo that nobody writes to must not wait for ever */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(c, why, EX_NOINPUT_, strerror(errno));
	if (fstat(fd, &st) < 0) {
		rc = refuse(c, why, EX_NOINPUT_, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		rc = refuse(c, why, EX_NOINPUT_, "is a directory");
	} else if (!S_ISREG(st.st_mode)) {
		rc = refuse(c, why, EX_NOINPUT_, "is no regular file");
	} else {
		rc = slurp(c, fd, max, text, len, why);
	}
	close(fd);
	return rc;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t put;

	while (n) {
		put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/* the new name itself must outlive a power cut; where a folder cannot be
 * synchronised there is nothing to be done */
static void
sync_folder(Ctx *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = !slash ? "." : slash == path ? "/" :
		copy(c, path, (size_t)(slash - path));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* a reader that went away is nobody's mistake */
static int
write_code(int error)
{
	return error == EPIPE ? EX_GONE : EX_IOERR_;
}

int
write_file(Ctx *c, const char *path, const void *p, size_t n,
	const char **why)
{
	const char *tmp = fmt(c, "%s.tmp", path);
	struct stat st;
	int fd, failed;

	if (!strcmp(path, "-")) {
		if (write_all(1, p, n) == 0)
			return 0;
		return refuse(c, why, write_code(errno), strerror(errno));
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		/* /dev/null, a pipe: nothing to rename onto */
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return refuse(c, why, EX_CANTCREAT_, strerror(errno));
		failed = write_all(fd, p, n) < 0 ? errno : 0;
		close(fd);
		return failed ? refuse(c, why, write_code(failed),
		                       strerror(failed)) : 0;
	}
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return refuse(c, why, EX_CANTCREAT_, strerror(errno));
	failed = write_all(fd, p, n) < 0 ? errno : 0;
	if (!failed && fsync(fd) < 0)
		failed = errno;
	if (close(fd) < 0 && !failed)
		failed = errno;
	if (!failed && rename(tmp, path) < 0)
		failed = errno;
	if (!failed) {
		sync_folder(c, path);
		return 0;
	}
	unlink(tmp);
	return refuse(c, why, EX_IOERR_, strerror(failed));
}
