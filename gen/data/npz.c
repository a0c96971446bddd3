/* SPDX-License-Identifier: MIT
 * Named arrays as numpy's NPZ, both ways: a zip of NPY files, each an array.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_MINIZIP
#include <unzip.h>
#include <zip.h>
#endif
#include "arrays.h"
#include "reader.h"

bool
is_zip(const char *s, size_t n)
{
	return n >= 4 && (!memcmp(s, "PK\3\4", 4) || !memcmp(s, "PK\5\6", 4));
}

#ifdef HAVE_MINIZIP
/* ---------------------------------------------------------- zip in memory
 * minizip reads and writes by functions of its user: here those of stdio, on
 * a stream over memory. */
typedef struct {
	const char *in;             /* to be read, or NULL: */
	char *out;                  /* written; of malloc */
	size_t n;
} Memory;

static voidpf ZCALLBACK
memory_open(voidpf opaque, const void *name, int mode)
{
	Memory *m = opaque;

	(void)name, (void)mode;
	return m->in ? fmemopen((void *)(uintptr_t)m->in, m->n, "rb") :
		open_memstream(&m->out, &m->n);
}

static uLong ZCALLBACK
memory_read(voidpf opaque, voidpf f, void *p, uLong n)
{
	(void)opaque;
	return (uLong)fread(p, 1, n, f);
}

static uLong ZCALLBACK
memory_write(voidpf opaque, voidpf f, const void *p, uLong n)
{
	(void)opaque;
	return (uLong)fwrite(p, 1, n, f);
}

static ZPOS64_T ZCALLBACK
memory_tell(voidpf opaque, voidpf f)
{
	(void)opaque;
	return (ZPOS64_T)ftello(f);
}

static long ZCALLBACK
memory_seek(voidpf opaque, voidpf f, ZPOS64_T to, int origin)
{
	int from = origin == ZLIB_FILEFUNC_SEEK_CUR ? SEEK_CUR :
		origin == ZLIB_FILEFUNC_SEEK_END ? SEEK_END : SEEK_SET;

	(void)opaque;
	return fseeko(f, (off_t)to, from);
}

static int ZCALLBACK
memory_close(voidpf opaque, voidpf f)
{
	(void)opaque;
	return fclose(f);
}

static int ZCALLBACK
memory_error(voidpf opaque, voidpf f)
{
	(void)opaque;
	return ferror(f);
}

static zlib_filefunc64_def
functions(Memory *m)
{
	return (zlib_filefunc64_def){memory_open, memory_read, memory_write,
		memory_tell, memory_seek, memory_close, memory_error, m};
}

/* -------------------------------------------------------------- writing */

static void
put_npy(Text *t, const char *descr, const Shape *s)
{
	Text head = {t->c, NULL, 0, 0};
	int i;

	text_add(&head, "{'descr': '%s', 'fortran_order': False, 'shape': (",
	         descr);
	for (i = 0; i < s->rank; i++)
		text_add(&head, i ? " %d," : "%d,", (int)s->dim[i]);
	text_put(&head, "), }", 4);
	while ((10 + head.n + 1) % 64)
		text_put(&head, " ", 1);
	text_put(&head, "\n", 1);
	text_put(t, "\x93NUMPY\1\0", 8);
	put_little_endian(t, head.n, 2);
	text_put(t, head.s, head.n);
}

static bool
put_member(zipFile z, Ctx *c, const char *name, const Text *npy)
{
	/* the day that numpy writes: no two runs differ */
	zip_fileinfo info = {.dosDate = 1 << 21 | 1 << 16};
	bool good;

	if (zipOpenNewFileInZip64(z, fmt(c, "%s.npy", name), &info, NULL, 0,
	                          NULL, 0, NULL, 0, 0, 0))
		return false;
	good = !zipWriteInFileInZip(z, npy->s, (unsigned)npy->n);
	return !zipCloseFileInZip(z) && good;
}

static bool
put_all(zipFile z, Ctx *c, const Arrays *a)
{
	Text notes = {c, NULL, 0, 0};
	Shape size = {VECTOR, 1, {0}};
	uint32_t i;

	notes_text(&notes, a, false);
	size.dim[0] = (int32_t)notes.n;
	for (i = 0; i <= a->v.n; i++) {
		const Array *one = i ? &a->v.v[i - 1] : NULL;
		Text npy = {c, NULL, 0, 0};

		put_npy(&npy, !one ? "|u1" : one->dtype == F32 ? "<f4" : "<f8",
		        one ? &one->shape : &size);
		if (one)
			reals_put(&npy, one);
		else
			text_put(&npy, notes.s, notes.n);
		if (!put_member(z, c, one ? one->name : NOTES_NAME, &npy))
			return false;
	}
	return true;
}

const char *
npz_write(Text *t, const Arrays *a, int *rc)
{
	Memory m = {0};
	zlib_filefunc64_def f = functions(&m);
	zipFile z = zipOpen2_64("", APPEND_STATUS_CREATE, NULL, &f);
	bool good = z && put_all(z, t->c, a);

	if (z && zipClose(z, NULL))
		good = false;
	*rc = EX_SOFTWARE_;
	if (good)
		text_put(t, m.out, m.n);
	free(m.out);
	return good ? NULL : "out of memory";
}

/* -------------------------------------------------------------- reading */

#define BAD_LIST "the file is damaged (a list of members that makes no sense)"

typedef struct {
	Ctx *c;
	Arrays *to;
	unzFile zip;
	const char *name;           /* of this member, for messages */
	unsigned char *p;           /* its bytes */
	size_t n;
} Npz;

typedef struct { char order, kind; int bytes; bool fortran; Shape shape; } Npy;

static const char *
damaged(Npz *z, const char *what)
{
	return fmt(z->c, "the file is damaged ('%s' %s)", shown(z->c, z->name),
	           what);
}

/* behind `'key':` in a literal of Python, as numpy writes it */
static const char *
value_of(const char *head, const char *key)
{
	const char *at = strstr(head, key);

	if (!at)
		return NULL;
	at += strlen(key);
	return at + strspn(at, " ");
}

static bool
shape_of(const char *s, Shape *shape)
{
	char *end;
	long dim;

	if (!s || *s++ != '(')
		return false;
	for (shape->rank = 0; *s != ')'; shape->rank++) {
		s += strspn(s, " ");
		if (*s == ')')
			break;
		if (*s < '0' || *s > '9' || shape->rank == MAX_RANK)
			return false;
		dim = strtol(s, &end, 10);
		if (dim > INT32_MAX)
			return false;
		shape->dim[shape->rank] = (int32_t)dim;
		s = end + (*end == ',');
		if (*end != ',' && *end != ')')
			return false;
	}
	return true;
}

static bool
header(const char *text, Npy *h)
{
	const char *descr = value_of(text, "'descr':");
	const char *fortran = value_of(text, "'fortran_order':");

	if (!descr || !fortran || *descr++ != '\'')
		return false;
	h->order = *descr && strchr("<>|=", *descr) ? *descr++ : '=';
	h->kind = *descr ? *descr++ : 0;
	h->bytes = (int)strtol(descr, NULL, 10);
	h->fortran = !strncmp(fortran, "True", 4);
	return shape_of(value_of(text, "'shape':"), &h->shape);
}

/* the bytes of a member -> its head; *at is where its values begin */
static bool
npy_head(Npz *z, Npy *h, size_t *at)
{
	int wide = z->n > 6 && z->p[6] > 1 ? 4 : 2;
	uint64_t size;

	if (z->n < 12 || memcmp(z->p, "\x93NUMPY", 6) || !z->p[6] ||
	    z->p[6] > 3)
		return false;
	size = little_endian(z->p + 8, wide);
	if (size > z->n - 8 - (size_t)wide)
		return false;
	*at = 8 + (size_t)wide + (size_t)size;
	return header(copy(z->c, (char *)z->p + 8 + wide, (size_t)size), h);
}

static void
swap_bytes(unsigned char *p, size_t count, int bytes)
{
	unsigned char b;
	size_t i;
	int k;

	for (i = 0; i < count; i++, p += bytes)
		for (k = 0; k < bytes / 2; k++) {
			b = p[k];
			p[k] = p[bytes - 1 - k];
			p[bytes - 1 - k] = b;
		}
}

/* from the first index fastest to the last index fastest */
static void
transpose(Ctx *c, Array *a)
{
	double *v = mem(c, a->count * sizeof *v + 1);
	size_t i, at, rest, stride;
	int d;

	for (i = 0; i < a->count; i++) {
		at = 0;
		rest = i;
		stride = a->count;
		for (d = 0; d < a->shape.rank; d++) {
			size_t dim = (size_t)a->shape.dim[d];

			stride /= dim;
			at += rest % dim * stride;
			rest /= dim;
		}
		v[at] = a->v[i];
	}
	a->v = v;
}

static const char *
read_array(Npz *z, const char *name)
{
	Array a = {.name = name};
	Npy h = {0};
	size_t at;

	if (!npy_head(z, &h, &at))
		return damaged(z, "is no array");
	if (!strcmp(name, NOTES_NAME))
		return notes_read(z->c, (char *)z->p + at, z->n - at, z->to);
	if (h.kind != 'f' || (h.bytes != 4 && h.bytes != 8))
		return fmt(z->c, "'%s' holds numbers of type %c%d; bpgen reads "
		           "f4 and f8", shown(z->c, name), h.kind > 32 &&
		           h.kind < 127 ? h.kind : '?', h.bytes);
	a.shape = h.shape;
	a.dtype = h.bytes == 4 ? F32 : F64;
	if (!array_count(&a, INT32_MAX) ||
	    a.count * (size_t)h.bytes != z->n - at)
		return damaged(z, "has another size than its shape");
	if (h.order == '>')
		swap_bytes(z->p + at, a.count, h.bytes);
	reals_read(z->c, z->p + at, &a);
	if (h.fortran)
		transpose(z->c, &a);
	PUSH(z->c, &z->to->v, a);
	return NULL;
}

/* of the member at hand, into z->p; false: that cannot be */
static bool
unpack(Npz *z, const unz_file_info64 *info)
{
	size_t got, left;
	int n = 0;

	/* deflate makes nothing smaller than this */
	if (info->uncompressed_size / 1032 > info->compressed_size ||
	    info->uncompressed_size > MOST_WEIGHTS_BYTES ||
	    unzOpenCurrentFile(z->zip))
		return false;
	z->n = (size_t)info->uncompressed_size;
	z->p = mem(z->c, z->n + 1);
	for (got = 0; got < z->n; got += (size_t)n) {
		left = z->n - got;
		n = unzReadCurrentFile(z->zip, z->p + got, left < 1 << 30 ?
		                       (unsigned)left : 1 << 30);
		if (n <= 0)
			break;
	}
	return !unzCloseCurrentFile(z->zip) && got == z->n;
}

static bool
is_utf8(const char *s)
{
	size_t left = strlen(s);
	uint32_t ch;
	int n;

	for (; left; s += n, left -= (size_t)n) {
		n = utf8_decode((const unsigned char *)s, left, &ch);
		if (!n)
			return false;
	}
	return true;
}

static const char *
read_member(Npz *z)
{
	unz_file_info64 info;
	char name[1024];
	size_t n;
	uint32_t i;

	if (unzGetCurrentFileInfo64(z->zip, &info, name, sizeof name, NULL, 0,
	                            NULL, 0) ||
	    info.size_filename >= sizeof name || !is_utf8(name))
		return BAD_LIST;
	n = strlen(name);
	z->name = copy(z->c, name, n);
	if (n < 5 || strcmp(name + n - 4, ".npy"))
		return fmt(z->c, "'%s' in it is no NPY file%s",
		           shown(z->c, name), strstr(name, "data.pkl") ?
		           ": PyTorch's own format is not read, safetensors "
		           "and numpy.savez are" : "");
	if (!unpack(z, &info))
		return damaged(z, "cannot be unpacked");
	name[n - 4] = 0;
	for (i = 0; i < z->to->v.n; i++)
		if (!strcmp(z->to->v.v[i].name, name))
			return damaged(z, "is there twice");
	return read_array(z, copy(z->c, name, n - 4));
}

/* minizip is content with less than the whole of the last record */
static bool
is_whole(unzFile zip, const char *s, size_t n)
{
	unz_global_info64 info;

	return zip && !unzGetGlobalInfo64(zip, &info) &&
		n >= 22 + info.size_comment &&
		!memcmp(s + n - 22 - info.size_comment, "PK\5\6", 4);
}

const char *
npz_read(Ctx *c, const char *s, size_t n, Arrays *to, int *rc)
{
	Memory m = {s, NULL, n};
	zlib_filefunc64_def f = functions(&m);
	Npz z = {.c = c, .to = to, .zip = unzOpen2_64("", &f)};
	const char *why = NULL;
	int more;

	*rc = EX_DATA;
	if (!is_whole(z.zip, s, n))
		why = "the file is cut off: a zip without its list of members";
	for (more = why ? 0 : unzGoToFirstFile(z.zip); !more && !why;
	     more = unzGoToNextFile(z.zip))
		why = read_member(&z);
	if (!why && more != UNZ_END_OF_LIST_OF_FILE)
		why = BAD_LIST;
	if (z.zip)
		unzClose(z.zip);
	return why;
}
#else
#define NO_ZIP "this build has no NPZ support (rebuild with libminizip-dev " \
	"and libjansson-dev)"
const char *
npz_read(Ctx *c, const char *s, size_t n, Arrays *to, int *rc)
{
	(void)c, (void)s, (void)n, (void)to;
	*rc = EX_UNAVAILABLE_;
	return NO_ZIP;
}

const char *
npz_write(Text *t, const Arrays *a, int *rc)
{
	(void)t, (void)a;
	*rc = EX_UNAVAILABLE_;
	return NO_ZIP;
}
#endif
