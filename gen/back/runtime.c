/* SPDX-License-Identifier: MIT
 * Names of parts of runtime/bp.h in, the text of those and of what they need
 * out, in the order of the file. */
#include <string.h>
#include "back.h"

typedef struct {
	const char *name, *needs, *text; /* not ended by zeros */
	size_t name_n, needs_n, text_n;
	bool wanted;
} Part;
typedef VEC(Part) Parts;

static const char *
line_end(const char *s, const char *end)
{
	const char *eol = memchr(s, '\n', (size_t)(end - s));

	return eol ? eol + 1 : end;
}

static bool
begins(const char *s, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - s) >= n && !memcmp(s, word, n);
}

static void
find_parts(Ctx *c, const char *s, size_t n, Parts *out)
{
	const char *end = s + n, *eol, *colon;
	Part p = { 0 };

	for (; s < end; s = eol) {
		eol = line_end(s, end);
		if (begins(s, eol, "/* part ")) {
			p = (Part){ .name = s + 8, .text = eol };
			colon = memchr(s, ':', (size_t)(eol - s));
			if (!colon)
				continue;
			p.name_n = (size_t)(colon - p.name);
			p.needs = strstr(colon, "needs") + 5;
			p.needs_n = (size_t)(strstr(colon, "*/") - p.needs);
		} else if (begins(s, eol, "/* end ") && p.text) {
			p.text_n = (size_t)(s - p.text);
			PUSH(c, out, p);
			p.text = NULL;
		}
	}
}

static void
want(Ctx *c, Parts *parts, const char *name, size_t n)
{
	uint32_t i;
	size_t at, k;
	Part *p;

	for (i = 0; i < parts->n; i++) {
		p = &parts->v[i];
		if (p->name_n != n || memcmp(p->name, name, n))
			continue;
		if (p->wanted)
			return;
		p->wanted = true;
		for (at = 0; at < p->needs_n; at += k) {
			at += strspn(p->needs + at, " ");
			if (at >= p->needs_n)
				break;
			k = strcspn(p->needs + at, " *");
			if (k)
				want(c, parts, p->needs + at, k);
			else
				break;
		}
		return;
	}
	die(c, EX_SOFTWARE_, "the runtime has no part %.*s", (int)n, name);
}

/* names, without those in `but` (which stand in the header) */
const char *
runtime_parts(Ctx *c, const Names *names, const Names *but)
{
	Parts parts = { 0 };
	Text out = { .c = c };
	uint32_t i, k;
	size_t n;
	const char *text = template_text(c, "runtime/bp.h", &n);

	if (!text)
		die(c, EX_SOFTWARE_, "the runtime is missing");
	find_parts(c, text, n, &parts);
	for (i = 0; i < names->n; i++)
		want(c, &parts, names->v[i], strlen(names->v[i]));
	for (i = 0; i < parts.n; i++) {
		Part *p = &parts.v[i];
		for (k = 0; but && k < but->n; k++)
			if (strlen(but->v[k]) == p->name_n &&
			    !memcmp(but->v[k], p->name, p->name_n))
				p->wanted = false;
		if (!p->wanted)
			continue;
		text_put(&out, p->text, p->text_n);
		text_put(&out, "\n", 1);
	}
	if (out.n > 1) /* the template has a line end of its own */
		out.s[out.n -= 2] = 0;
	return out.n ? out.s : "";
}
