/* SPDX-License-Identifier: MIT
 * The history of a run: a table with a row for each epoch. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "train.h"

#define HISTORY "epoch,seconds,rate,loss,val_loss,accuracy,val_accuracy," \
	"gradnorm\n"

static int
cannot(Train *r, const char *what)
{
	cli_error("cannot %s %s: %s", what, r->history_path, strerror(errno));
	return EX_CANTCREAT_;
}

bool
is_history(const char *path)
{
	char line[sizeof HISTORY] = "";
	FILE *f = fopen(path, "r");
	bool good = f && (!fgets(line, sizeof line, f) ||
	                  !strcmp(line, HISTORY));

	if (f)
		fclose(f);
	return good;
}

/* of what stands before a place, as far as that tells one history from another;
 * false: it is shorter */
static bool
end_crc(FILE *f, uint64_t at, uint64_t *crc)
{
	char end[256];
	size_t n = at < sizeof end ? (size_t)at : sizeof end;

	if (at > LONG_MAX || fseek(f, (long)(at - n), SEEK_SET) ||
	    fread(end, 1, n, f) != n)
		return false;
	*crc = crc32_of(0, end, n);
	return true;
}

/* The rows behind a checkpoint are of epochs that come again.  Another history
 * is left as it is. */
static int
cut_history(Train *r)
{
	uint64_t crc;

	if (!r->history_bytes ||
	    !end_crc(r->history, r->history_bytes, &crc) ||
	    crc != r->history_crc)
		return 0;
	return ftruncate(fileno(r->history), (off_t)r->history_bytes) ?
		cannot(r, "shorten") : 0;
}

void
history_sync(Train *r)
{
	long at = -1;

	r->history_bytes = 0;
	if (!fflush(r->history) && !fsync(fileno(r->history)) &&
	    !fseek(r->history, 0, SEEK_END))
		at = ftell(r->history);
	if (at > 0 && end_crc(r->history, (uint64_t)at, &r->history_crc))
		r->history_bytes = (uint64_t)at;
}

/* appends; a file that is no history is left alone */
int
history_open(Train *r)
{
	char line[sizeof HISTORY] = "";
	struct stat st;

	if (!stat(r->history_path, &st) && !S_ISREG(st.st_mode)) {
		cli_error("cannot write %s: it is no regular file",
		          r->history_path);
		return EX_CANTCREAT_;
	}
	r->history = fopen(r->history_path, "a+");
	if (!r->history)
		return cannot(r, "create");
	rewind(r->history);
	if (!fgets(line, sizeof line, r->history)) {
		fputs(HISTORY, r->history);
		r->history_new = true;
		return 0;
	}
	if (!strcmp(line, HISTORY))
		return cut_history(r);
	fclose(r->history);
	r->history = NULL;
	cli_error("%s exists and is no history of a training", r->history_path);
	return EX_CANTCREAT_;
}

static void
field(FILE *f, double v, const char *format)
{
	fputc(',', f);
	if (isfinite(v))
		fprintf(f, format, v);
}

void
history_add(Train *r)
{
	const Epoch *e = &r->now;
	FILE *f = r->history;

	r->history_new = false;
	fprintf(f, "%zu", r->epoch);
	field(f, e->seconds, "%.3f");
	field(f, e->rate, "%.7g");
	field(f, e->loss, "%.9g");
	field(f, e->val_loss, "%.9g");
	field(f, e->accuracy, "%.6g");
	field(f, e->val_accuracy, "%.6g");
	field(f, e->gradnorm, "%.9g");
	fputc('\n', f);
}

int
history_close(Train *r)
{
	bool bad;

	if (!r->history)
		return 0;
	bad = ferror(r->history) != 0;
	bad = fclose(r->history) || bad;
	r->history = NULL;
	if (!bad)
		return 0;
	cannot(r, "write");
	return EX_IOERR_;
}
