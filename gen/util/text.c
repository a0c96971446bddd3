/* SPDX-License-Identifier: MIT
 * Text: growing buffers, numbers, distances between words, checksums. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../bpgen.h"

char *
fmt(Ctx *c, const char *format, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	p = mem(c, (size_t)n + 1);
	va_start(ap, format);
	vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return p;
}

static void
room(Text *t, size_t n)
{
	char *s;
	size_t cap = t->cap ? t->cap : 256;

	if (t->n + n + 1 <= t->cap)
		return;
	while (cap < t->n + n + 1)
		cap *= 2;
	s = mem(t->c, cap);
	if (t->n)
		memcpy(s, t->s, t->n);
	t->s = s;
	t->cap = cap;
}

void
text_put(Text *t, const char *s, size_t n)
{
	room(t, n);
	if (n)
		memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = 0;
}

void
text_add(Text *t, const char *format, ...)
{
	va_list ap;
	char line[512];
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if ((size_t)n < sizeof line) {
		text_put(t, line, (size_t)n);
		return;
	}
	room(t, (size_t)n);
	va_start(ap, format);
	vsnprintf(t->s + t->n, (size_t)n + 1, format, ap);
	va_end(ap);
	t->n += (size_t)n;
}

/* snprintf and strtod obey a host's locale: its comma is put right by hand */
static double
read_back(const char *s, bool f32)
{
	return f32 ? (double)strtof(s, NULL) : strtod(s, NULL);
}

const char *
number_text(double x, bool f32, char buf[40])
{
	int digits, most = f32 ? 9 : 17;
	char *p;

	if (x != x)
		return "nan";
	if (isinf(x))
		return x < 0 ? "-inf" : "inf";
	for (digits = 1; digits <= most; digits++) {
		snprintf(buf, 40, "%.*g", digits, x);
		if (read_back(buf, f32) == x)
			break;
	}
	/* 40, not 4e+01; 1e-5, not 1e-05 */
	if (fabs(x) >= 1 && fabs(x) < 1e9 && strchr(buf, 'e'))
		snprintf(buf, 40, "%.0f", x);
	p = strchr(buf, 'e');
	if (p && p[2] == '0')
		memmove(p + 2, p + 3, strlen(p + 3) + 1);
	for (p = buf; *p; p++)
		if (!strchr("+-0123456789e", *p))
			*p = '.';
	if (!strpbrk(buf, ".e"))
		strcat(buf, ".0");
	return buf;
}

static int
min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* optimal string alignment: insert, delete, replace, swap neighbours */
static int
distance(const char *a, const char *b)
{
	enum { MOST = 48 };
	int d[MOST + 1][MOST + 1], i, j, cost;
	int la = (int)strlen(a), lb = (int)strlen(b);

	if (la > MOST || lb > MOST)
		return MOST;
	for (i = 0; i <= la; i++)
		d[i][0] = i;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++) {
		for (j = 1; j <= lb; j++) {
			cost = a[i - 1] != b[j - 1];
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
			               d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

const char *
nearest(const char *word, const Names *names)
{
	int most = (int)strlen(word) / 3, d, best = 1 << 20;
	const char *found = NULL;
	uint32_t i;

	if (most < 1)
		most = 1;
	for (i = 0; i < names->n; i++) {
		d = distance(word, names->v[i]);
		if (d <= most && d < best && strcmp(word, names->v[i])) {
			best = d;
			found = names->v[i];
		}
	}
	return found;
}

uint32_t
crc32_of(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *b = p;
	int k;

	crc = ~crc;
	while (n--) {
		crc ^= *b++;
		for (k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

uint64_t
fnv1a(uint64_t hash, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		hash = (hash ^ *b++) * 0x100000001b3u;
	return hash;
}

int
characters(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}
