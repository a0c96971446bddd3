/* SPDX-License-Identifier: MIT
 * networks_test [--spec N | --no-broken]: checks random networks, COUNT of
 * them (200) from SEED (1) on; one that fails is made smaller and printed.
 * --spec prints the text of network N alone; --no-broken leaves out the checks
 * that must fail. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "property.h"

enum { TEXT = 16384, WHY = 1200 };

/* a crash must say which network it was; written in a signal handler */
static char current[TEXT + 64];

static void
crashed(int sig)
{
	ssize_t n = write(1, current, strlen(current));

	n += write(1, "FAILED: crash\n0 passed, 1 failed, 0 skipped\n", 44);
	(void)n;
	_exit(sig == SIGALRM ? 124 : 70);
}

static bool
fails(const char *text, uint64_t seed, char *why)
{
	Totals none = { 0 };
	bool refused;

	snprintf(current, sizeof current, "%s", text);
	return !property(text, seed, &none, why, WHY, &refused) && !refused;
}

/* the same failure, whatever numbers and names it tells? */
static bool
alike(const char *a, const char *b)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		i += strspn(a + i, "0123456789.-+e");
		j += strspn(b + j, "0123456789.-+e");
		if (a[i] != b[j] || !a[i] || i > 60)
			return i > 12;
	}
}

/* from..to of text left out */
static bool
without(const char *text, size_t from, size_t to, uint64_t seed,
	const char *first, char *out)
{
	char why[WHY];

	memcpy(out, text, from);
	strcpy(out + from, text + to);
	return fails(out, seed, why) && alike(why, first);
}

/* leaves out lines, then words, as long as it still fails */
static void
shrink(char *text, uint64_t seed, const char *why)
{
	char out[TEXT];
	size_t at, end;
	time_t limit = time(NULL) + 30;
	bool again = true, words;

	while (again && time(NULL) < limit) {
		again = false;
		for (words = false;; words = true) {
			for (at = 0; text[at] && time(NULL) < limit; ) {
				end = at + strcspn(text + at, words ? " \n" :
				                   "\n");
				if (text[end])
					end++;
				if (without(text, at, end, seed, why,
				            out)) {
					strcpy(text, out);
					again = true;
				} else {
					at = end;
				}
			}
			if (words)
				break;
		}
	}
}

static bool
network(uint64_t seed, Totals *totals, long *refusals)
{
	char text[TEXT], why[WHY];
	bool refused;

	generate(seed, text, sizeof text);
	snprintf(current, sizeof current, "network %llu:\n%s",
	         (unsigned long long)seed, text);
	if (property(text, seed, totals, why, sizeof why, &refused))
		return true;
	printf("FAILED network %llu: %s\n", (unsigned long long)seed, why);
	if (refused) {
		printf("%s\n", text);
		++*refusals;
		return false;
	}
	printf("%s\n", text);
	fflush(stdout);
	shrink(text, seed, why);
	if (fails(text, seed, why))
		printf("smaller: %s\n%s\n", why, text);
	fflush(stdout);
	return false;
}

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s && *s ? strtoull(s, NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
	uint64_t seed = setting("SEED", 1), count = setting("COUNT", 200), i;
	char text[TEXT];
	Totals t = { 0 };
	long failed = 0, refusals = 0, passed;
	int unseen, seen = 0;

	if (argc == 3 && !strcmp(argv[1], "--spec")) {
		generate(strtoull(argv[2], NULL, 10), text, sizeof text);
		fputs(text, stdout);
		return 0;
	}
	signal(SIGSEGV, crashed);
	signal(SIGFPE, crashed);
	signal(SIGILL, crashed);
	signal(SIGBUS, crashed);
	signal(SIGABRT, crashed);
	signal(SIGALRM, crashed);
	unseen = argc > 1 && !strcmp(argv[1], "--no-broken") ? 0 :
		broken(&seen);
	for (i = 0; i < count && failed < 10; i++) {
		alarm(120);
		failed += !network(seed + i, &t, &refusals);
	}
	alarm(0);
	printf("ok %ld networks, seeds %llu to %llu: %ld derivatives (%ld at "
	       "kinks skipped, %ld networks with surrogates, %ld too large), "
	       "%ld values, %ld plans step by step, %ld bad blobs\n",
	       t.networks,
	       (unsigned long long)seed, (unsigned long long)(seed + i - 1),
	       t.derivatives, t.kinks, t.surrogates, t.overflows, t.values,
	       t.streams, t.blobs);
	passed = (long)i - failed + seen;
	printf("%ld passed, %ld failed, 0 skipped\n", passed, failed + unseen);
	return failed || unseen;
}
