/* SPDX-License-Identifier: MIT
 * --format and the ending of a file's name in, the sort of picture out; and the
 * picture into its file. */
#include <string.h>
#include "formats.h"

/* how such files begin that carry no line of bpgen's */
static const struct { const char *format, *begins; } binary[] = {
	{ "png", "\x89PNG" }, { "pdf", "%PDF" }, { "ppm", "P6" },
	{ "pgm", "P5" }
};

static bool
is_word(const char *list, const char *word)
{
	size_t n;

	for (; *list; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (strlen(word) == n && !strncmp(list, word, n))
			return true;
	}
	return false;
}

int
picture_format(Ctx *c, const Cli *cli, Picture *p, const char *formats)
{
	const char *path = cli_get(cli, "output"), *dot;
	const char *format = cli_get(cli, "format");

	p->path = path ? path : "-";
	dot = strrchr(file_name(p->path), '.');
	p->format = format ? format : !strcmp(p->path, "-") ?
		copy(c, formats, strcspn(formats, " ")) : dot ? dot + 1 : "";
	if (is_word(formats, p->format))
		return 0;
	if (format)
		cli_error("--format=%s: the value must be one of %s here",
		          format, formats);
	else
		cli_error("-o %s: the name must end in one of %s here, or "
		          "--format say which", p->path, formats);
	return EX_USAGE_;
}

int
picture_check(Ctx *c, const Cli *cli, Picture *p, const Names *inputs)
{
	size_t i;

	p->file = (Output){ .path = p->path, .marked = true };
	for (i = 0; i < sizeof binary / sizeof *binary; i++)
		if (!strcmp(binary[i].format, p->format))
			p->file.begins = binary[i].begins;
	return outputs_check(c, &p->file, 1, cli_has(cli, "force"), inputs);
}

int
picture_write(Ctx *c, Picture *p)
{
	p->file.text = p->text;
	p->file.len = p->len;
	return outputs_write(c, &p->file, 1);
}
