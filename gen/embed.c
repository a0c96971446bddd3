/* SPDX-License-Identifier: MIT
 * Files in, build/embedded.c out: the vocabulary and the runtime as tables.
 * A program of the build; `templates/` is stripped from the paths, and
 * NAME=PATH gives a file another name. */
#include <stdio.h>
#include <string.h>

static long
put_file(const char *path, int number)
{
	FILE *f = fopen(path, "rb");
	long n = 0;
	int ch;

	if (!f) {
		perror(path);
		return -1;
	}
	printf("static const unsigned char text%d[] = {", number);
	while ((ch = getc(f)) != EOF)
		printf("%s%d,", n++ % 20 ? "" : "\n", ch);
	printf("0\n};\n");
	if (ferror(f)) {
		perror(path);
		n = -1;
	}
	fclose(f);
	return n;
}

static const char *
file_path(const char *word)
{
	const char *equals = strchr(word, '=');

	return equals ? equals + 1 : word;
}

static const char *
short_path(const char *word)
{
	const char *folder = "templates/";

	return strncmp(word, folder, strlen(folder)) ?
		word : word + strlen(folder);
}

int
main(int argc, char **argv)
{
	int i;

	puts("/* made by gen/embed.c */\n#include <stddef.h>\n");
	for (i = 1; i < argc; i++)
		if (put_file(file_path(argv[i]), i) < 0)
			return 1;
	puts("\ntypedef struct { const char *path, *text; size_t len; } Embedded;\n"
	     "extern const Embedded embedded[];\n"
	     "extern const size_t embedded_count;");
	puts("const Embedded embedded[] = {");
	for (i = 1; i < argc; i++)
		printf("\t{ \"%.*s\", (const char *)text%d, sizeof text%d - 1 "
		       "},\n", (int)strcspn(short_path(argv[i]), "="),
		       short_path(argv[i]), i, i);
	printf("\t{ NULL, NULL, 0 }\n};\nconst size_t embedded_count = %d;\n",
	       argc - 1);
	return fflush(stdout) || ferror(stdout);
}
