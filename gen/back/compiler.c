/* SPDX-License-Identifier: MIT
 * C text in, a library of it out, by the system's compiler in a process of its
 * own.
 *
 * Its files stand in a fresh folder of their own and are gone as soon as the
 * library is loaded, or when anything fails: also when the program ends or a
 * signal ends it.  No shell sees any of the names. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../bpgen.h"

enum { PATH = 512, WORDS = 64, LINES = 3 };

extern char **environ;

static const char *const file_names[] = { "net.c", "net.so", "messages" };
enum { SOURCE, LIBRARY, MESSAGES, FILES };

/* what a signal's handler must find: the one compiler that runs */
static struct {
	volatile sig_atomic_t pid;      /* of it and its process group; 0: none */
	volatile sig_atomic_t files;    /* there are some */
	char folder[PATH], file[FILES][PATH + 16];
} running;

static const int caught[] = { SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM };
enum { CAUGHT = sizeof caught / sizeof caught[0] };

struct Compiler {
	Ctx *c;
	char *words;                    /* of the command, cut apart */
	const char *name;
	int how;                        /* CC_CONTRACT, CC_QUICK */
	bool plain;                     /* the flags that all have */
	bool over;
	int status;                     /* of waitpid */
	const char *why;                /* it has failed */
	struct sigaction old[CAUGHT];
	bool mine[CAUGHT];
};

/* Async-signal-safe. */
void
compiler_abandon(void)
{
	int pid = running.pid, i, keep = errno;

	running.pid = 0;
	if (pid > 0) {
		kill(-pid, SIGTERM);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (running.files) {
		for (i = 0; i < FILES; i++)
			unlink(running.file[i]);
		rmdir(running.folder);
	}
	running.files = 0;
	errno = keep;
}

static void
on_signal(int number)
{
	compiler_abandon();
	signal(number, SIG_DFL);
	raise(number);
}

/* only where nobody else cares: who does calls compiler_abandon() */
static void
catch_signals(Compiler *k)
{
	struct sigaction a;
	int i;

	memset(&a, 0, sizeof a);
	a.sa_handler = on_signal;
	sigemptyset(&a.sa_mask);
	for (i = 0; i < CAUGHT; i++) {
		k->mine[i] = !sigaction(caught[i], NULL, &k->old[i]) &&
			k->old[i].sa_handler == SIG_DFL &&
			!sigaction(caught[i], &a, NULL);
	}
}

/* unless somebody else has taken it over meanwhile */
static void
release_signals(Compiler *k)
{
	struct sigaction now;
	int i;

	for (i = 0; i < CAUGHT; i++)
		if (k->mine[i] && !sigaction(caught[i], NULL, &now) &&
		    now.sa_handler == on_signal)
			sigaction(caught[i], &k->old[i], NULL);
}

static const char *
make_folder(Compiler *k)
{
	const char *tmp = getenv("TMPDIR");
	int i;

	if (!tmp || !*tmp)
		tmp = "/tmp";
	if (strlen(tmp) + 16 > PATH)
		return "the name in TMPDIR is too long";
	snprintf(running.folder, PATH, "%s/bpgen-XXXXXX", tmp);
	if (!mkdtemp(running.folder))
		return fmt(k->c, "cannot make a folder in %s: %s", tmp,
		           strerror(errno));
	for (i = 0; i < FILES; i++)
		snprintf(running.file[i], PATH + 16, "%s/%s", running.folder,
		         file_names[i]);
	running.files = 1;
	return NULL;
}

static const char *
write_source(Compiler *k, const char *text)
{
	FILE *f = fopen(running.file[SOURCE], "wxe");
	bool good = f && fputs(text, f) != EOF;

	if (f && fclose(f))
		good = false;
	return good ? NULL : fmt(k->c, "cannot write %s: %s",
		running.file[SOURCE], strerror(errno));
}

const char *
compiler_name(void)
{
	const char *said = getenv("BPGEN_CC");

	if (!said || !said[strspn(said, " \t")])
		said = getenv("CC");
	if (!said || !said[strspn(said, " \t")])
		said = "cc";
	return said;
}

/* at blanks: `ccache gcc` is a compiler too */
static int
command(Compiler *k, char **argv)
{
	const char *said = compiler_name();
	char *word, *rest;
	int n = 0;

	k->words = copy(k->c, said, strlen(said));
	for (word = strtok_r(k->words, " \t", &rest); word && n < WORDS / 2;
	     word = strtok_r(NULL, " \t", &rest))
		argv[n++] = word;
	k->name = argv[0];
	return n;
}

static void
spawn(Compiler *k)
{
	/* the rounding of each operation is the text's business: bp.h says so
	 * too, but a compiler that knows no pragmas must also be told */
	static const char *const full[] = {
		"-O3", "-march=native", "-fno-semantic-interposition", NULL
	}, *const quick[] = { "-O1", "-march=native", NULL },
	   *const plain[] = { "-O2", NULL };
	const char *const *flag = k->plain ? plain : k->how & CC_QUICK ? quick :
		full;
	char *argv[WORDS];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t set;
	pid_t pid;
	int n = command(k, argv), rc, i;

	for (; *flag; flag++)
		argv[n++] = (char *)(uintptr_t)*flag;
	if (!(k->how & CC_CONTRACT))
		argv[n++] = "-ffp-contract=off";
	argv[n++] = "-fPIC";
	argv[n++] = "-shared";
	argv[n++] = "-w";
	argv[n++] = "-o";
	argv[n++] = running.file[LIBRARY];
	argv[n++] = running.file[SOURCE];
	argv[n] = NULL;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, running.file[MESSAGES],
		O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	posix_spawnattr_init(&how);
	sigemptyset(&set);
	for (i = 0; i < CAUGHT; i++)
		sigaddset(&set, caught[i]);
	posix_spawnattr_setsigdefault(&how, &set);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(&pid, argv[0], &files, &how, argv, environ);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	if (rc)
		k->why = fmt(k->c, "%s cannot be started: %s", k->name,
		             strerror(rc));
	else
		running.pid = pid;
}

/* its first lines, since the first error counts */
static const char *
messages(Compiler *k)
{
	Text t = { k->c, NULL, 0, 0 };
	char line[400];
	FILE *f = fopen(running.file[MESSAGES], "re");
	int i;

	text_put(&t, "", 0);
	for (i = 0; f && i < LINES && fgets(line, sizeof line, f); i++) {
		line[strcspn(line, "\n")] = 0;
		text_add(&t, "\n  | %s", line);
	}
	if (f)
		fclose(f);
	return t.s;
}

static void
judge(Compiler *k)
{
	if (WIFEXITED(k->status) && !WEXITSTATUS(k->status))
		return;
	if (WIFSIGNALED(k->status))
		k->why = fmt(k->c, "%s was ended by signal %d%s", k->name,
		             WTERMSIG(k->status), messages(k));
	else
		k->why = fmt(k->c, "%s failed with status %d%s", k->name,
		             WEXITSTATUS(k->status), messages(k));
}

/* true: the process is over; a compiler that does not know the machine or the
 * flags gets a second try without them */
static bool
poll_process(Compiler *k, int options)
{
	pid_t pid = running.pid, got;

	if (k->over || k->why || !pid)
		return true;
	do
		got = waitpid(pid, &k->status, options);
	while (got < 0 && errno == EINTR && running.pid);
	if (!got)
		return false;
	if (got < 0) /* SIGCHLD is ignored: only the library tells */
		k->status = 0;
	running.pid = 0;
	judge(k);
	if (k->why && !k->plain && WIFEXITED(k->status)) {
		k->why = NULL;
		k->plain = true;
		spawn(k);
		return k->why != NULL;
	}
	k->over = true;
	return true;
}

Compiler *
compiler_start(Ctx *c, const char *c_text, int how)
{
	static bool registered;
	Compiler *k = mem(c, sizeof *k);

	k->c = c;
	k->how = how;
	if (running.pid || running.files)
		die(c, EX_SOFTWARE_, "two compilers at once");
	if (!registered)
		registered = !atexit(compiler_abandon);
	catch_signals(k);
	k->why = make_folder(k);
	if (!k->why)
		k->why = write_source(k, c_text);
	if (!k->why)
		spawn(k);
	return k;
}

bool
compiler_ready(Compiler *k)
{
	return poll_process(k, WNOHANG);
}

void
compiler_stop(Compiler *k)
{
	if (!k)
		return;
	compiler_abandon();
	release_signals(k);
}

Jit *
compiler_finish(Compiler *k, const char **why)
{
	Jit *j = NULL;

	while (!poll_process(k, 0))
		;
	if (!k->why && !k->over)
		k->why = "interrupted";
	if (!k->why)
		j = jit_open(k->c, running.file[LIBRARY], &k->why);
	compiler_stop(k);
	*why = k->why;
	return j;
}
