/* SPDX-License-Identifier: MIT
 * Tensors and indices -> the symbols of the lecture: w_jk, z_j, a_j, delta_j
 * with the number of the layer above. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"

void
letters_begin(Derivation *d)
{
	d->letters.n = 0;
	while (d->letters.n < d->p->index.n)
		PUSH(d->c, &d->letters, NULL);
	d->letters.v[SAMPLE] = "n";
}

static bool
is_taken(const Derivation *d, char x)
{
	uint32_t i;

	for (i = 0; i < d->letters.n; i++)
		if (d->letters.v[i] && *d->letters.v[i] == x)
			return true;
	return false;
}

Math *
letter(Derivation *d, Index i)
{
	static const char others[] = "kjilmpqrsuvfgh";
	const char *name = d->p->index.v[i].name, *s = others;
	char own = (char)tolower((unsigned char)*name);

	while (d->letters.n < d->p->index.n)
		PUSH(d->c, &d->letters, NULL);
	if (!d->letters.v[i]) {
		if (isalpha((unsigned char)own) && own != 'e' &&
		    !is_taken(d, own))
			d->letters.v[i] = copy(d->c, &own, 1);
		while (!d->letters.v[i] && *s && is_taken(d, *s))
			s++;
		if (!d->letters.v[i])
			d->letters.v[i] = *s ? copy(d->c, s, 1) : name;
	}
	return m_name(d->c, d->letters.v[i]);
}

AffId
placed(Derivation *d, AffId a, const Places *at)
{
	return at->n ? aff_subst(d->p, a, at->from, at->to, at->n) : a;
}

Math *
affine(Derivation *d, AffId id, const Places *at)
{
	Aff a = d->p->affs.v[placed(d, id, at)];
	Math *row = m_new(d->c, M_ROW, NULL);
	int32_t k = a.k;
	uint32_t i, pass;

	/* what is added first */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < a.n; i++) {
			Term t = d->p->terms.v[a.term + i];
			int32_t size = t.c < 0 ? -t.c : t.c;

			if ((t.c < 0) != (pass == 1))
				continue;
			if (pass && k > 0 && !row->parts.n) {
				m_push(d->c, row, m_number(d->c, k));
				k = 0;
			}
			if (pass || row->parts.n)
				m_push(d->c, row, m_new(d->c, M_SIGN,
				       pass ? "-" : "+"));
			if (size > 1)
				m_push(d->c, row, m_number(d->c, size));
			m_push(d->c, row, letter(d, t.i));
		}
	if (k && row->parts.n) {
		m_push(d->c, row, m_new(d->c, M_SIGN, k < 0 ? "-" : "+"));
		k = k < 0 ? -k : k;
	}
	if (k || !row->parts.n)
		m_push(d->c, row, m_number(d->c, k));
	return row->parts.n == 1 ? row->parts.v[0] : row;
}

Math *
layer_mark(Derivation *d, int layer)
{
	if (layer < 0)
		return NULL;
	return m_fence(d->c, "(", m_new(d->c, M_NUMBER, fmt(d->c, "%d",
	               d->net->layers.v[layer].number)));
}

static bool
same_shape(const Shape *a, const Shape *b)
{
	int i;

	for (i = 0; i < a->rank && a->rank == b->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return a->rank == b->rank;
}

static bool
has_adjoint_of(const Derivation *d, TensorId of)
{
	TensorId i;

	for (i = 1; i < d->p->tensors.n; i++)
		if (d->p->tensors.v[i].adjoint && d->of[i].computed &&
		    d->p->tensors.v[i].of == of)
			return true;
	return false;
}

/* the adjoint of z; where z is the layer's output as well, y stands for both */
bool
is_delta(const Derivation *d, TensorId of)
{
	const Tensor *t = &d->p->tensors.v[of], *z;
	bool found = false;
	TensorId i;

	if (t->layer < 0 || t->kind != T_TEMP || d->of[of].letter)
		return false;
	if (!strcmp(t->base, "z"))
		return true;
	if (strcmp(t->base, "y") || d->of[of].computed)
		return false;
	for (i = 1; i < d->p->tensors.n; i++) {
		z = &d->p->tensors.v[i];
		if (z->layer != t->layer || z->adjoint || !d->of[i].computed)
			continue;
		if (d->of[i].act || (!strcmp(z->base, "z") &&
		    has_adjoint_of(d, i)))
			return false;
		found |= !strcmp(z->base, "z") && !d->of[i].letter &&
			same_shape(&z->shape, &t->shape);
	}
	return found;
}

/* the derivative by z that a loss gives at once: its layer, else -1 */
int
delta_of_loss(const Derivation *d, TensorId id)
{
	const Tensor *t = &d->p->tensors.v[id];
	uint32_t head = 0;
	TensorId i;
	int layer;

	if (t->layer >= 0 || strcmp(t->base, "delta"))
		return -1;
	if (isdigit((unsigned char)t->name[4])) /* loss2.delta */
		head = (uint32_t)atoi(t->name + 4) - 1;
	layer = d->net->heads.v[head].layer;
	for (i = 1; i < d->p->tensors.n; i++)
		if (d->of[i].computed && d->p->tensors.v[i].adjoint &&
		    d->p->tensors.v[i].layer == layer &&
		    is_delta(d, d->p->tensors.v[i].of))
			return -1;
	return layer;
}

static uint32_t
inputs(const Derivation *d)
{
	uint32_t i, n = 0;

	for (i = 0; i < d->net->layers.n; i++)
		n += !d->net->layers.v[i].rec;
	return n;
}

/* p1 and t2 end in a number: that stands below */
static Math *
named(Derivation *d, const char *name, Math *below, Math *above, bool bold)
{
	size_t n = strlen(name), k = n;
	Math *base, *digits;

	while (k && isdigit((unsigned char)name[k - 1]))
		k--;
	base = m_name(d->c, k && k < n ? copy(d->c, name, k) : name);
	base->bold = bold;
	if (k && k < n) {
		digits = m_new(d->c, M_NUMBER, name + k);
		below = below ? m_row(d->c, digits, ",", below) : digits;
	}
	return m_script(d->c, base, below, above);
}

static bool
has_named(const Derivation *d, int layer, const char *base)
{
	TensorId i;

	for (i = 1; i < d->p->tensors.n; i++)
		if (d->p->tensors.v[i].layer == layer && d->of[i].computed &&
		    !d->p->tensors.v[i].adjoint &&
		    !strcmp(d->p->tensors.v[i].base, base))
			return true;
	return false;
}

static const char *
stem(const Derivation *d, TensorId id)
{
	const Tensor *t = &d->p->tensors.v[id];

	if (d->of[id].letter)
		return d->of[id].letter;
	if (t->kind == T_TARGET || t->kind == T_OUTPUT)
		return t->name;     /* t, or t2 of a head */
	if (t->kind == T_NET && !strcmp(t->base, "rate"))
		return "eta";
	if (t->layer < 0 && !strcmp(t->base, "delta") &&
	    delta_of_loss(d, id) < 0)
		return "r";         /* the layer's own one is another */
	if (t->kind == T_WEIGHT && d->generic)
		return "w";
	if (t->layer >= 0 && !strcmp(t->base, "y") &&
	    !has_named(d, t->layer, "a"))
		return "a";
	return t->base;
}

/* capital for a matrix: W */
static const char *
capital(Derivation *d, const char *s)
{
	char *t = copy(d->c, s, strlen(s));

	if (!m_glyph(s))
		*t = (char)toupper((unsigned char)*t);
	return t;
}

/* C and c of one of several losses: C_2 */
static Math *
of_head(Derivation *d, TensorId id, Math *below)
{
	const Tensor *t = &d->p->tensors.v[id];
	Math *head;
	size_t n;

	if (t->layer >= 0 || strncmp(t->name, "loss", 4))
		return below;
	n = strspn(t->name + 4, "0123456789");
	if (!n || t->name[4 + n] != '.')
		return below;
	head = m_new(d->c, M_NUMBER, copy(d->c, t->name + 4, n));
	return below ? m_row(d->c, head, ",", below) : head;
}

static Math *
whole(Derivation *d, TensorId id, Math *below, Math *above)
{
	const Tensor *t = &d->p->tensors.v[id];
	bool bold = d->whole && t->shape.rank > 0;
	const char *s = stem(d, id);

	return named(d, bold && t->shape.rank - !!below > 1 ? capital(d, s) : s,
	             below, above, bold);
}

/* m of dense1.w, and what the update computes for it: m_w */
static Math *
of_weight(Derivation *d, TensorId id, Math *below)
{
	const Tensor *t = &d->p->tensors.v[id];
	const char *dot = strchr(t->name, '.'), *end = strrchr(t->name, '.');
	Math *name;

	if (d->generic || t->adjoint || t->layer < 0 || dot == end ||
	    (t->kind != T_STATE && t->kind != T_TEMP))
		return below;
	name = m_name(d->c, copy(d->c, dot + 1, (size_t)(end - dot - 1)));
	return below ? m_row(d->c, name, ",", below) : name;
}

Math *
symbol(Derivation *d, TensorId id, Math *below)
{
	const Tensor *t = &d->p->tensors.v[id];
	Math *above = d->generic ? NULL : layer_mark(d, t->layer), *of;

	if (t->kind == T_INT)       /* where the maximum is */
		return m_script(d->c, m_name(d->c, "arg"), below, above);
	if (delta_of_loss(d, id) >= 0)
		above = layer_mark(d, delta_of_loss(d, id));
	else
		below = of_head(d, id, of_weight(d, id, below));
	if ((t->adjoint || t->kind == T_GRAD) && t->of) {
		if (is_delta(d, t->of)) {
			of = m_name(d->c, "delta");
			of->bold = d->whole && t->shape.rank > 0;
			return m_script(d->c, of, below, above);
		}
		of = symbol(d, t->of, below);
		return m_fraction(d->c, m_row(d->c, m_name(d->c, "partial"),
			NULL, m_name(d->c, "C")), m_row(d->c,
			m_name(d->c, "partial"), NULL, of));
	}
	if (t->kind == T_INPUT && inputs(d) == 1)
		above = NULL;
	return whole(d, id, below, above);
}
