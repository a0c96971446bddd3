/* SPDX-License-Identifier: MIT
 * What vectors of one type do, included once for each: R the real, LANES of a
 * vector, ID(name) the name of its function, ONE(name) that of the scalar one,
 * BITS of a real as a WORD, and X(name) for what is defined here. */

typedef ID(bp) X(vector);

static int
X(alike)(R a, R b)
{
	return BITS(a) == BITS(b) || (a != a && b != b);
}

static R
X(special)(int i)
{
	const R s[] = {
		(R)0.0, (R)-0.0, (R)1.5, (R)-3.25, (R)INFINITY, -(R)INFINITY,
		(R)NAN, (R)1e-30, (R)7, (R)-1e30, (R)0.1
	};

	return s[i % (int)(sizeof s/sizeof *s)];
}

/* lanes from p on, in a vector of its own */
static X(vector)
X(vector_of)(const R *p)
{
	return ID(bp_load)(p);
}

static void
X(expect)(const char *what, int rest, X(vector) v, const R *want)
{
	R lane[LANES];
	int i;

	ID(bp_store)(lane, v);
	for (i = 0; i < LANES; i++) {
		verdict(X(alike)(lane[i], want[i]), what, NAME, rest, i);
		verdict(X(alike)(lane[i], ID(bp_lane)(v, i)), "lane", NAME,
		        rest, i);
	}
}

/* The end of the last real that may be touched is edge, from + 0 the first. */
static void
X(rests)(R *from, R *edge, int rest)
{
	R want[LANES], other[LANES + 2], *p;
	int i, k = rest < 0 ? 0 : rest < LANES ? rest : LANES;
	X(vector) v;

	p = edge - k;
	for (i = 0; i < LANES; i++)
		want[i] = i < k ? (p[i] = X(special)(i + rest)) : (R)0;
	/* what was stored before is loaded */
	X(expect)("load_rest", rest, ID(bp_load_rest)(p, rest), want);
	for (i = 0; i < k; i++)
		want[i] = from[i] = X(special)(2*i + rest);
	X(expect)("load_rest", rest, ID(bp_load_rest)(from, rest), want);
	for (i = 0; i < LANES; i++)
		other[i] = X(special)(i + 1);
	v = X(vector_of)(other);
	for (i = 0; i < LANES; i++)
		want[i] = i < rest ? other[i] : (R)0;
	X(expect)("keep", rest, ID(bp_keep)(v, rest), want);
	for (i = 0; i < LANES; i++)
		want[i] = i < rest ? other[i] : (R)-0.0;
	X(expect)("addend", rest, ID(bp_addend)(v, rest), want);
	ID(bp_store_rest)(p, v, rest);
	for (i = 0; i < k; i++)
		verdict(X(alike)(p[i], other[i]), "store_rest", NAME, rest, i);
	for (i = 0; i < LANES + 2; i++)
		other[i] = (R)42;
	ID(bp_store_rest)(other + 1, v, rest);
	for (i = 0; i < LANES + 2; i++)
		verdict(X(alike)(other[i], i > 0 && i <= k ?
		        X(special)(i) : (R)42), "store_rest beyond", NAME, rest,
		        i);
}

/* with rest known when it is compiled */
static void
X(constant_rests)(R *from, R *edge)
{
#define REST(n) X(rests)(from, edge, n);
	REST(-9) REST(-1) REST(0) REST(1) REST(2) REST(3) REST(4) REST(5) REST(6) REST(7) REST(8)
	REST(9) REST(10) REST(11) REST(12) REST(13) REST(14) REST(15) REST(16)
	REST(17)
#undef REST
}

static void
X(strides)(R *from, R *edge, int rest, int stride)
{
	int i, k = rest < LANES ? rest : LANES, at = (k - 1)*stride;
	R want[LANES], *p = stride < 0 ? from - at : edge - 1 - at;
	X(vector) v;

	for (i = 0; i < k; i++)
		p[i*stride] = X(special)(i + rest);
	for (i = 0; i < LANES; i++)
		want[i] = stride ? X(special)((i < k ? i : 0) + rest) : *p;
	v = ID(bp_gather)(p, stride, rest);
	X(expect)("gather", rest, v, want);
	for (i = 0; i < k; i++)
		p[i*stride] = (R)42;
	if (stride)
		p[stride < 0 ? 1 : -1] = (R)43;
	ID(bp_scatter)(p, stride, v, rest);
	for (i = 0; i < k && stride; i++)
		verdict(X(alike)(p[i*stride], want[i]), "scatter", NAME, rest,
		        i);
	verdict(!stride || p[stride < 0 ? 1 : -1] == (R)43, "scatter beyond",
	        NAME, rest, stride);
}

/* rounding shows the order */
static void
X(sums)(int seed)
{
	R a[16], want[16], s, t;
	int i, h, rest;
	X(vector) v;

	for (i = 0; i < 16; i++)
		a[i] = want[i] = ((R)(bp_random(1, 0, 0, (uint32_t)seed,
			(uint32_t)i) >> 8) + (R)0.5)/(R)(1 + i*i*i);
	for (h = 8; h; h /= 2)
		for (i = 0; i < h; i++)
			want[i] += want[i + h];
	s = JOIN(a);
	verdict(X(alike)(s, want[0]), "join16", NAME, seed, 0);
	for (i = 0; i < LANES; i++)
		want[i] = a[i];
	v = X(vector_of)(a);
	for (h = LANES/2; h; h /= 2)
		for (i = 0; i < h; i++)
			want[i] += want[i + h];
	verdict(X(alike)(ID(bp_sum)(v), want[0]), "sum", NAME, seed, 0);
	for (rest = 0; rest < LANES + 2; rest++) {
		for (s = (R)0.1, i = 0; i < LANES && i < rest; i++)
			s += a[i];
		t = ID(bp_add_lanes)((R)0.1, v, rest);
		verdict(X(alike)(s, t), "add_lanes", NAME, rest, seed);
	}
}

/* sums of count vectors side by side, and nothing beyond the room for them */
static void
X(many_sums)(int seed)
{
	X(vector) v[16], lost[16];
	R p[32], lane;
	int i, k, count, room;

	for (i = 0; i < 16; i++) {
		R a[LANES];
		for (k = 0; k < LANES; k++)
			a[k] = (R)((seed + 7*i + k*k) % 31)/(R)8;
		v[i] = X(vector_of)(a);
	}
	for (count = 1; count <= 16; count++)
		for (room = count; room <= 16; room += 16 - count ? 16 - count
		     : 1) {
			for (i = 0; i < 32; i++)
				p[i] = (R)99;
			memcpy(lost, v, sizeof v);
			ID(bp_store_sums)(p, lost, count, room);
			for (i = 0; i < 32; i++) {
				lane = i < count ? ID(bp_sum)(v[i]) : (R)99;
				verdict(X(alike)(p[i], lane) ||
				        (i >= count && i < room), "store_sums",
				        NAME, count, i);
			}
		}
}

/* rows become columns: those that there are, and nothing beyond them */
static void
X(turns)(R *edge, int rows, int lanes)
{
	enum { IN = 19, OUT = 21 };
	int r, l, m = rows < 16 ? rows : 16, k = lanes < LANES ? lanes : LANES;
	R to[17*OUT], *from = edge - (k - 1)*IN - m;

	for (l = 0; l < k; l++)
		for (r = 0; r < m; r++)
			from[l*IN + r] = X(special)(7*l + r);
	for (r = 0; r < 17*OUT; r++)
		to[r] = (R)99;
	ID(bp_turn)(to, OUT, from, IN, rows, lanes);
	for (r = 0; r < 17; r++)
		for (l = 0; l < OUT; l++)
			verdict(X(alike)(to[r*OUT + l], r < m && l < k ?
			        from[l*IN + r] : (R)99), "turn", NAME, rows,
			        lanes);
}

/* larger: what bp_larger() gave; the first of all wins over none */
static void
X(places)(X(vector) va, X(vector) vb, const R *a, const R *b, const R *larger)
{
	X(vector) most = ID(bp_splat)((R)9), place = ID(bp_splat)((R)-1);
	R want[LANES];
	int i;

	ID(bp_place)(&most, &place, va, (R)4);
	X(expect)("place", 0, most, a);
	ID(bp_place)(&most, &place, vb, (R)7);
	X(expect)("place", 1, most, larger);
	for (i = 0; i < LANES; i++)
		want[i] = b[i] > a[i] || (b[i] != b[i] && a[i] == a[i]) ? (R)7 :
			(R)4;
	X(expect)("place", 2, place, want);
}

static void
X(choices)(int seed)
{
	R a[LANES], b[LANES], want[LANES];
	X(vector) va, vb;
	int i;

	for (i = 0; i < LANES; i++) {
		a[i] = X(special)((int)(bp_random(2, 0, 0, (uint32_t)seed,
			(uint32_t)i) >> 8));
		b[i] = X(special)((int)(bp_random(3, 0, 0, (uint32_t)seed,
			(uint32_t)i) >> 8));
	}
	va = X(vector_of)(a);
	vb = X(vector_of)(b);
	for (i = 0; i < LANES; i++)
		want[i] = a[i] < b[i] ? a[i] : b[i];
	X(expect)("select", 0, ID(bp_select)(va < vb, va, vb), want);
	for (i = 0; i < LANES; i++)
		want[i] = a[i] != b[i] ? b[i] : a[i];
	X(expect)("select", 1, ID(bp_select)(va != vb, vb, va), want);
	for (i = 0; i < LANES; i++)
		want[i] = a[i] > (R)0 ? a[i] : (R)0;
	X(expect)("select", 2, ID(bp_select)(va > (R)0, va,
		ID(bp_splat)((R)0)), want);
	for (i = 0; i < LANES; i++)
		want[i] = b[i] > a[i] || (b[i] != b[i] && a[i] == a[i]) ? b[i] :
			a[i];
	X(expect)("larger", 0, ID(bp_larger)(va, vb), want);
	X(places)(va, vb, a, b, want);
	for (i = 0; i < LANES; i++)
		want[i] = a[0];
	X(expect)("splat", 0, ID(bp_splat)(a[0]), want);
}

static void
X(operations)(void)
{
	R *from, *edge;
	int rest, stride, seed;

	pages((void **)&from, (void **)&edge);
	for (rest = -2*LANES; rest < LANES + 3; rest++) {
		X(rests)(from, edge, rest);
		for (stride = -3; rest > 0 && stride < 6; stride++)
			X(strides)(from, edge, rest, stride);
	}
	X(constant_rests)(from, edge);
	for (rest = 1; rest < 19; rest++)
		for (stride = 1; stride < LANES + 3; stride++)
			X(turns)(edge, rest, stride);
	for (seed = 0; seed < 200; seed++) {
		X(sums)(seed);
		X(choices)(seed);
		X(many_sums)(seed);
	}
}

/* n results of a vector function over n arguments, and of the scalar one */
#define FUNCTION(f) \
static void \
X(f##_many)(const R *x, R *y, size_t n) \
{ \
	size_t i; \
\
	for (i = 0; i < n; i += LANES) \
		ID(bp_store)(y + i, ID(bp_##f)(ID(bp_load)(x + i))); \
} \
\
static void \
X(f##_each)(const R *x, R *y, size_t n) \
{ \
	size_t i; \
\
	for (i = 0; i < n; i++) \
		y[i] = ONE(bp_##f)(x[i]); \
}
FUNCTION(exp) FUNCTION(log) FUNCTION(log1p) FUNCTION(tanh) FUNCTION(cosh)
FUNCTION(erf) FUNCTION(sqrt) FUNCTION(abs) FUNCTION(sign) FUNCTION(floor)
FUNCTION(sin) FUNCTION(cos) FUNCTION(logistic)
#undef FUNCTION

typedef struct {
	const char *name;
	void (*many)(const R *, R *, size_t), (*each)(const R *, R *, size_t);
} X(function);
static const X(function) X(functions)[] = {
#define FUNCTION(f) { #f, X(f##_many), X(f##_each) }
	FUNCTION(exp), FUNCTION(log), FUNCTION(log1p), FUNCTION(tanh),
	FUNCTION(cosh), FUNCTION(erf), FUNCTION(logistic), FUNCTION(sqrt),
	FUNCTION(abs), FUNCTION(sign), FUNCTION(floor), FUNCTION(sin),
	FUNCTION(cos)
#undef FUNCTION
};
