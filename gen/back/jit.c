/* SPDX-License-Identifier: MIT
 * C text -> functions in memory, by TinyCC; or those of a library.
 *
 * No file is read or written: the text is complete in itself, and of the host
 * it may call the four functions that compilers put in by themselves.  Pages
 * are writable while TinyCC fills them and executable afterwards, never both
 * once the caller has them, so the text must not write to statics.  One thing
 * cannot be caught: without memory TinyCC itself ends the process. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <libtcc.h>
#include "../bpgen.h"

#define MESSAGE 512

typedef struct { const char *name; const void *at; } Symbol;
struct Jit {
	void *pages;            /* NULL: the state holds the code */
	size_t size;
	TCCState *state;        /* NULL unless it holds the code */
	void *library;          /* NULL unless that does */
	Symbol *symbols;        /* sorted by name */
	size_t n;
	char *names;            /* what they point into */
};

/* TinyCC's first error, or else a warning.  It holds a lock while it reports,
 * so nothing in the callback may fail or jump. */
typedef struct { char text[MESSAGE]; } First;

static void
on_message(void *opaque, const char *message)
{
	First *first = opaque;

	if (first->text[0] && !strstr(first->text, "warning: "))
		return;
	strncpy(first->text, message, MESSAGE - 1);
	first->text[MESSAGE - 1] = 0;
}

/* `<string>:12: error: ...` -> 12; 0 where there is no number */
static long
line_of(const char *message)
{
	const char *p = strchr(message, ':');
	long n = p ? strtol(p + 1, NULL, 10) : 0;

	return n > 0 ? n : 0;
}

static const char *
line_text(Ctx *c, const char *text, long line)
{
	const char *end;
	size_t n;

	while (--line > 0 && text) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	if (!text)
		return "";
	text += strspn(text, " \t");
	end = strchr(text, '\n');
	n = end ? (size_t)(end - text) : strlen(text);
	return copy(c, text, n < 160 ? n : 160);
}

static void
refused(Ctx *c, const First *first, const char *text)
{
	Loc nowhere = { 0, 0, 0 };
	long line = line_of(first->text);

	err(c, nowhere, "internal error: TinyCC refuses the generated C: %s",
	    first->text[0] ? first->text : "no reason given");
	if (line)
		note(c, nowhere, "line %ld of it: %s", line,
		     line_text(c, text, line));
	help(c, "please report this with the spec and the output of "
	     "bpgen --version");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const Symbol *)a)->name, ((const Symbol *)b)->name);
}

#ifndef HAVE_TCC_RELOCATE_ONE_ARG
typedef struct { Jit *j; size_t n, bytes; } Listing;

static void
count_symbol(void *opaque, const char *name, const void *at)
{
	Listing *l = opaque;

	(void)at;
	l->n++;
	l->bytes += strlen(name) + 1;
}

static void
keep_symbol(void *opaque, const char *name, const void *at)
{
	Listing *l = opaque;
	size_t size = strlen(name) + 1;
	char *to = l->j->names + l->bytes;

	memcpy(to, name, size);
	l->j->symbols[l->n].name = to;
	l->j->symbols[l->n++].at = at;
	l->bytes += size;
}

/* the table outlives the state: 0, or -1 without memory */
static int
keep_symbols(Jit *j, TCCState *s)
{
	Listing l = { j, 0, 0 };

	tcc_list_symbols(s, &l, count_symbol);
	j->names = malloc(l.bytes + 1);
	j->symbols = malloc((l.n + 1)*sizeof *j->symbols);
	if (!j->names || !j->symbols)
		return -1;
	l.n = l.bytes = 0;
	tcc_list_symbols(s, &l, keep_symbol);
	j->n = l.n;
	qsort(j->symbols, j->n, sizeof *j->symbols, by_name);
	return 0;
}

static void *
pages_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* TinyCC makes its pages executable with a call of its own and ends the whole
 * process where the system forbids that: so try it first on a page */
static bool
allowed(size_t page)
{
	void *p = pages_new(page);
	bool yes;

	if (!p)
		return false;
	yes = !mprotect(p, page, PROT_READ | PROT_WRITE | PROT_EXEC) &&
	      !mprotect(p, page, PROT_READ | PROT_EXEC);
	munmap(p, page);
	return yes;
}

/* places the compiled code; 0, 1 after a message of TinyCC, or an exit code */
static int
place(Jit *j, TCCState **s, const char **why)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int size = tcc_relocate(*s, NULL);

	if (size < 0)
		return 1;
	if (!allowed(page)) {
		*why = "this system does not allow memory to become executable "
		       "(SELinux execmem, MemoryDenyWriteExecute or the like); "
		       "bpgen compiles its own C in memory to check and train";
		return EX_UNAVAILABLE_;
	}
	*why = "no memory for the compiled code";
	j->size = ((size_t)size + page)/page*page;
	j->pages = pages_new(j->size);
	if (!j->pages)
		return EX_SOFTWARE_;
	if (tcc_relocate(*s, j->pages) < 0)
		return 1;
	if (mprotect(j->pages, j->size, PROT_READ | PROT_EXEC))
		return EX_SOFTWARE_;
	return keep_symbols(j, *s) ? EX_SOFTWARE_ : 0;
}

#else /* a later libtcc: the state owns its pages and protects them itself */

static int
place(Jit *j, TCCState **s, const char **why)
{
	*why = "";
	if (tcc_relocate(*s) < 0)
		return 1;
	j->state = *s;
	*s = NULL;
	return 0;
}
#endif

static TCCState *
state_new(First *first)
{
	const struct { const char *name; uintptr_t at; } host[] = {
		{ "memcpy", (uintptr_t)memcpy }, { "memmove", (uintptr_t)memmove },
		{ "memset", (uintptr_t)memset }, { "memcmp", (uintptr_t)memcmp }
	};
	TCCState *s = tcc_new();
	size_t i;

	if (!s)
		return NULL;
	tcc_set_error_func(s, first, on_message);
	/* before the output type: no library is looked for */
	tcc_set_options(s, "-nostdlib -nostdinc");
	tcc_set_output_type(s, TCC_OUTPUT_MEMORY);
	for (i = 0; i < sizeof host/sizeof *host; i++)
		tcc_add_symbol(s, host[i].name, (const void *)host[i].at);
	return s;
}

void *
jit_symbol(Jit *j, const char *name)
{
	Symbol key = { name, NULL }, *found;

	if (j->state)
		return tcc_get_symbol(j->state, name);
	if (j->library)
		return dlsym(j->library, name);
	if (!j->n)
		return NULL;
	found = bsearch(&key, j->symbols, j->n, sizeof key, by_name);
	/* the API hands out const pointers, and functions are none */
	return found ? (void *)(uintptr_t)found->at : NULL;
}

void
jit_free(Jit *j)
{
	if (!j)
		return;
	if (j->pages)
		munmap(j->pages, j->size);
	if (j->state)
		tcc_delete(j->state);
	if (j->library)
		dlclose(j->library);
	free(j->symbols);
	free(j->names);
	free(j);
}

Jit *
jit_open(Ctx *c, const char *path, const char **why)
{
	Jit *j = calloc(1, sizeof *j);
	const char *said;

	*why = j ? NULL : "out of memory";
	if (!j)
		return NULL;
	j->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (j->library)
		return j;
	said = dlerror();
	*why = copy(c, said ? said : path, strlen(said ? said : path));
	free(j);
	return NULL;
}

/* Needs: C without includes.  One compile at a time (TinyCC's parser has
 * globals behind a lock); the functions may run in any number of threads. */
Jit *
jit(Ctx *c, const char *c_text)
{
	Jit *j = calloc(1, sizeof *j);
	First first = { "" };
	TCCState *s = j ? state_new(&first) : NULL;
	const char *why = "out of memory";
	int rc = EX_SOFTWARE_;

	if (s)
		rc = tcc_compile_string(s, c_text) ? 1 : place(j, &s, &why);
	if (s)
		tcc_delete(s);
	if (!rc)
		return j;
	jit_free(j);
	if (rc != 1)
		die(c, rc, "%s", why);
	refused(c, &first, c_text);
	return NULL;
}
