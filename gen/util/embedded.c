/* SPDX-License-Identifier: MIT
 * The texts that are built into the executable, by path; --templates DIR
 * replaces them file by file. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "../bpgen.h"

#define LARGEST ((size_t)16 << 20)

/* made by gen/embed.c, sorted by path */
typedef struct { const char *path, *text; size_t len; } Embedded;
extern const Embedded embedded[];
extern const size_t embedded_count;

static const char *
override(Ctx *c, const char *path, size_t *len)
{
	const char *full, *why;
	struct stat st;
	char *text;

	if (!c->opt.templates_dir)
		return NULL;
	full = fmt(c, "%s/%s", c->opt.templates_dir, path);
	if (stat(full, &st) || !S_ISREG(st.st_mode))
		return NULL;
	if (read_file(c, full, LARGEST, &text, len, &why)) {
		err(c, (Loc){ 0 }, "%s: %s", full, why);
		return NULL;
	}
	return text;
}

const char *
template_text(Ctx *c, const char *path, size_t *len)
{
	const char *text = override(c, path, len);
	size_t i;

	if (text)
		return text;
	for (i = 0; i < embedded_count; i++) {
		if (!strcmp(embedded[i].path, path)) {
			*len = embedded[i].len;
			return embedded[i].text;
		}
	}
	return NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
list_folder(Ctx *c, const char *folder, Names *names)
{
	const char *path;
	struct dirent *e;
	DIR *d;

	if (!c->opt.templates_dir)
		return;
	path = fmt(c, "%s/%s", c->opt.templates_dir, folder);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			PUSH(c, names, copy(c, e->d_name, strlen(e->d_name)));
	if (d)
		closedir(d);
}

/* names of the files of one folder, sorted */
Names
template_list(Ctx *c, const char *folder)
{
	Names names = { 0 };
	size_t i, n = strlen(folder);
	uint32_t k, kept = 0;

	for (i = 0; i < embedded_count; i++)
		if (!strncmp(embedded[i].path, folder, n) &&
		    embedded[i].path[n] == '/')
			PUSH(c, &names, embedded[i].path + n + 1);
	list_folder(c, folder, &names);
	if (names.n)
		qsort(names.v, names.n, sizeof *names.v, by_text);
	for (k = 0; k < names.n; k++)
		if (!k || strcmp(names.v[k], names.v[kept - 1]))
			names.v[kept++] = names.v[k];
	names.n = kept;
	return names;
}
