/* SPDX-License-Identifier: MIT
 * What C written by bpgen needs: types, exact-to-the-bit mathematics, random
 * numbers, bytes.  C99 or C++11, no library, no memory, no written statics.
 *
 * The file is a row of parts, each between a line `part NAME: needs OTHERS`
 * and a line `end NAME`, in order of dependence; `bpgen --standalone` copies
 * those that a network uses.  Functions without suffix are double, those with
 * an f are float.
 *
 * Every function gives the same bits under every compiler at every level of
 * optimisation: they consist of single IEEE operations (+ - * / and compares,
 * round to nearest, subnormals kept), operations on integers and
 * reinterpretation of bits.  Which NaN a NaN is may differ.  Errors
 * are stated at each function in ulp (units in the last place): for float the
 * largest over all arguments of the middle range and a dense sample of the
 * others, for double over 20 million.
 *
 * Define BP_TYPES_ONLY for the types alone (what headers need), BP_NO_LIBC
 * where there is no <stdint.h>. */

/* part types: needs */
#ifndef BP_PART_TYPES
#define BP_PART_TYPES
/* fixed-width integers and size_t */
#ifdef BP_NO_LIBC
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#ifdef __SIZE_TYPE__
typedef __SIZE_TYPE__ size_t;
#else
typedef unsigned long size_t;
#endif
#else
#include <stddef.h>
#include <stdint.h>
#endif
#if defined __GNUC__ || defined __TINYC__
#define BP_INLINE static inline __attribute__((unused))
#else
#define BP_INLINE static inline
#endif
#if defined __cplusplus && (defined __GNUC__ || defined _MSC_VER)
#define BP_RESTRICT __restrict
#elif defined __cplusplus
#define BP_RESTRICT
#else
#define BP_RESTRICT restrict
#endif
#endif
/* end types */

/* part codes: needs */
#ifndef BP_PART_CODES
#define BP_PART_CODES
/* what NAME_load returns; on any but BP_OK the network is untouched */
enum {
	BP_OK = 0,
	BP_TRUNCATED = 1, /* shorter than a state of this network */
	BP_CORRUPT = 2,   /* not a state, or its CRC-32 is wrong */
	BP_VERSION = 3,   /* written by another version of the format */
	BP_TOPOLOGY = 4   /* the state of another network */
};
#endif
/* end codes */

/* part info: needs types */
#ifndef BP_PART_INFO
#define BP_PART_INFO
/* what NAME_info tells about a network, for tools */
typedef struct bp_tensor_info {
	const char *name;        /* "dense1.w" */
	uint32_t rank;           /* of dims those that count */
	uint32_t dims[8];        /* slowest first */
	uint32_t offset, count;  /* within the parameters in canonical order */
} bp_tensor_info;
typedef struct bp_info {
	const char *name;        /* of the network */
	uint32_t inputs, outputs, targets; /* scalars of one sample */
	uint32_t params;         /* weights and biases, all in all */
	uint32_t batch;          /* largest mini-batch of NAME_train */
	uint32_t real_bytes;     /* 4 float, 8 double */
	uint64_t bytes;          /* sizeof(NAME_net) */
	uint64_t multiply_adds;  /* of NAME_forward */
	uint64_t flops;          /* of a training step on one sample */
	uint64_t topology;       /* a hash of the structure, as in saved states */
	uint32_t tensors;        /* entries of the table */
	const bp_tensor_info *tensor; /* the parameters in canonical order */
} bp_info;
#endif
/* end info */

#ifndef BP_TYPES_ONLY

/* part base: needs types */
#ifndef BP_PART_BASE
#define BP_PART_BASE
/* One rounding for each operation: no fused multiply-add that the source does
 * not spell out, no excess precision, no rearranging.  What clang hides from
 * the source, -ffp-contract=fast and -funsafe-math-optimizations, cannot be
 * undone or refused here.
 *
 * gcc 12 at -O3 with AVX2 or AVX-512 makes a masked load of a[i] in a loop of
 * `c ? a[i] : 0` and may move it before the stores to a (-O1 does not): without
 * its conversion of branches there are no masked loads. */
#if defined __FAST_MATH__ || defined __ASSOCIATIVE_MATH__ || \
	defined __RECIPROCAL_MATH__ || defined __NO_SIGNED_ZEROS__ || \
	defined _M_FP_FAST || \
	(defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__)
#error "this C needs IEEE arithmetic: compile it without -ffast-math, -Ofast and their parts"
#endif
#if defined __FLT_EVAL_METHOD__ && \
	__FLT_EVAL_METHOD__ != 0 && __FLT_EVAL_METHOD__ != 16
#error "this C needs float and double without excess precision: add -msse2 -mfpmath=sse on x86, leave out -std=c99 on s390x"
#endif
#if defined __TINYC__ && defined __i386__
#error "this C needs float and double without excess precision: use a 64-bit TinyCC"
#endif
#if defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__
#pragma GCC optimize ("fp-contract=off", "no-fast-math")
#pragma GCC optimize ("no-tree-loop-if-convert")
#elif defined _MSC_VER
#pragma fp_contract (off)
#endif
#endif
/* end base */

/* part bitsf: needs base */
#ifndef BP_PART_BITSF
#define BP_PART_BITSF
/* a float's bits and back */
BP_INLINE uint32_t
bp_bitsf(float x)
{
	union { float f; uint32_t u; } v;

	v.f = x;
	return v.u;
}

BP_INLINE float
bp_of_bitsf(uint32_t u)
{
	union { float f; uint32_t u; } v;

	v.u = u;
	return v.f;
}
#endif
/* end bitsf */

/* part bits: needs base */
#ifndef BP_PART_BITS
#define BP_PART_BITS
/* a double's bits and back */
typedef char bp_double_has_64_bits[sizeof(double) == 8 ? 1 : -1];

BP_INLINE uint64_t
bp_bits(double x)
{
	union { double f; uint64_t u; } v;

	v.f = x;
	return v.u;
}

BP_INLINE double
bp_of_bits(uint64_t u)
{
	union { double f; uint64_t u; } v;

	v.u = u;
	return v.f;
}
#endif
/* end bits */

/* part absf: needs bitsf */
#ifndef BP_PART_ABSF
#define BP_PART_ABSF
BP_INLINE float
bp_absf(float x)
{
	return bp_of_bitsf(bp_bitsf(x) & 0x7fffffffu);
}
#endif
/* end absf */

/* part abs: needs bits */
#ifndef BP_PART_ABS
#define BP_PART_ABS
BP_INLINE double
bp_abs(double x)
{
	return bp_of_bits(bp_bits(x) & 0x7fffffffffffffffu);
}
#endif
/* end abs */

/* part signf: needs base */
#ifndef BP_PART_SIGNF
#define BP_PART_SIGNF
/* -1, 1, or x itself where it is a zero or NaN */
BP_INLINE float
bp_signf(float x)
{
	float s = x < 0.0f ? -1.0f : x;

	return x > 0.0f ? 1.0f : s;
}
#endif
/* end signf */

/* part sign: needs base */
#ifndef BP_PART_SIGN
#define BP_PART_SIGN
BP_INLINE double
bp_sign(double x)
{
	double s = x < 0.0 ? -1.0 : x;

	return x > 0.0 ? 1.0 : s;
}
#endif
/* end sign */

/* part floorf: needs bitsf */
#ifndef BP_PART_FLOORF
#define BP_PART_FLOORF
/* Exact.  Adding 2^23 and taking it away rounds to a whole number. */
BP_INLINE float
bp_floorf(float x)
{
	uint32_t sign = bp_bitsf(x) & 0x80000000u;
	float a = bp_of_bitsf(bp_bitsf(x) & 0x7fffffffu);
	float y = (a + 8388608.0f) - 8388608.0f;

	y = bp_of_bitsf(bp_bitsf(y) | sign);
	y = y > x ? y - 1.0f : y;
	return a < 8388608.0f ? y : x;
}
#endif
/* end floorf */

/* part floor: needs bits */
#ifndef BP_PART_FLOOR
#define BP_PART_FLOOR
BP_INLINE double
bp_floor(double x)
{
	uint64_t sign = bp_bits(x) & 0x8000000000000000u;
	double a = bp_of_bits(bp_bits(x) & 0x7fffffffffffffffu);
	double y = (a + 4503599627370496.0) - 4503599627370496.0;

	y = bp_of_bits(bp_bits(y) | sign);
	y = y > x ? y - 1.0 : y;
	return a < 4503599627370496.0 ? y : x;
}
#endif
/* end floor */

/* part sqrtf: needs bitsf */
#ifndef BP_PART_SQRTF
#define BP_PART_SQRTF
/* Correctly rounded, so that an instruction and the loop agree.  The loop finds
 * one bit of the root a turn (fdlibm, e_sqrt.c); r holds x - q^2, scaled. */
BP_INLINE float
bp_sqrtf(float x)
{
#if !defined BP_SOFT_SQRT && defined __GNUC__ && defined __x86_64__
	float y;

#ifdef __AVX__
	__asm__("vsqrtss {%1, %1, %0|%0, %1, %1}" : "=x"(y) : "x"(x));
#else
	__asm__("sqrtss {%1, %0|%0, %1}" : "=x"(y) : "x"(x));
#endif
	return y;
#elif !defined BP_SOFT_SQRT && defined __GNUC__ && defined __aarch64__
	float y;

	__asm__("fsqrt %s0, %s1" : "=w"(y) : "w"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __TINYC__ && defined __x86_64__
	/* movss (%rax),%xmm0; sqrtss %xmm0,%xmm0; movss %xmm0,(%rax) */
	__asm__ volatile(".byte 0xf3,0x0f,0x10,0x00,0xf3,0x0f,0x51,0xc0,"
		"0xf3,0x0f,0x11,0x00" : : "a"(&x) : "memory");
	return x;
#else
	uint32_t u = bp_bitsf(x), m, q = 0, s = 0, t, bit;
	int32_t e;

	if ((u & 0x7fffffffu) == 0 || u == 0x7f800000u || x != x)
		return x;
	if (u & 0x80000000u)
		return bp_of_bitsf(0x7fc00000u);
	e = (int32_t)(u >> 23);
	m = u & 0x7fffffu;
	if (e == 0) {
		for (e = 1; !(m & 0x800000u); e--)
			m += m;
	}
	m |= 0x800000u;
	e -= 127;
	if (e & 1) {
		m += m;
		e--;
	}
	m += m;
	for (bit = 0x1000000u; bit; bit >>= 1) {
		t = s + bit;
		if (t <= m) {
			s = t + bit;
			m -= t;
			q += bit;
		}
		m += m;
	}
	if (m)
		q += q & 1;
	return bp_of_bitsf((q >> 1) + (uint32_t)(e / 2 + 126) * 0x800000u);
#endif
}
#endif
/* end sqrtf */

/* part sqrt: needs bits */
#ifndef BP_PART_SQRT
#define BP_PART_SQRT
BP_INLINE double
bp_sqrt(double x)
{
#if !defined BP_SOFT_SQRT && defined __GNUC__ && defined __x86_64__
	double y;

#ifdef __AVX__
	__asm__("vsqrtsd {%1, %1, %0|%0, %1, %1}" : "=x"(y) : "x"(x));
#else
	__asm__("sqrtsd {%1, %0|%0, %1}" : "=x"(y) : "x"(x));
#endif
	return y;
#elif !defined BP_SOFT_SQRT && defined __GNUC__ && defined __aarch64__
	double y;

	__asm__("fsqrt %d0, %d1" : "=w"(y) : "w"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __TINYC__ && defined __x86_64__
	/* movsd (%rax),%xmm0; sqrtsd %xmm0,%xmm0; movsd %xmm0,(%rax) */
	__asm__ volatile(".byte 0xf2,0x0f,0x10,0x00,0xf2,0x0f,0x51,0xc0,"
		"0xf2,0x0f,0x11,0x00" : : "a"(&x) : "memory");
	return x;
#else
	uint64_t u = bp_bits(x), m, q = 0, s = 0, t, bit;
	int32_t e;

	if ((u & 0x7fffffffffffffffu) == 0 || u == 0x7ff0000000000000u ||
	    x != x)
		return x;
	if (u & 0x8000000000000000u)
		return bp_of_bits(0x7ff8000000000000u);
	e = (int32_t)(u >> 52);
	m = u & 0xfffffffffffffu;
	if (e == 0) {
		for (e = 1; !(m & 0x10000000000000u); e--)
			m += m;
	}
	m |= 0x10000000000000u;
	e -= 1023;
	if (e & 1) {
		m += m;
		e--;
	}
	m += m;
	for (bit = 0x20000000000000u; bit; bit >>= 1) {
		t = s + bit;
		if (t <= m) {
			s = t + bit;
			m -= t;
			q += bit;
		}
		m += m;
	}
	if (m)
		q += q & 1;
	return bp_of_bits((q >> 1) +
		(uint64_t)(uint32_t)(e / 2 + 1022) * 0x10000000000000u);
#endif
}
#endif
/* end sqrt */

/* part expf: needs bitsf */
#ifndef BP_PART_EXPF
#define BP_PART_EXPF
/* e^x * 2^shift, shift in -1..1.  x = n ln 2 + r, |r| <= ln 2 / 2, with ln 2 in
 * two pieces (Cody & Waite 1980); e^r = 1 + r + r^2 q(r), q a minimax
 * polynomial (Remez); 2^n as two factors, so that subnormal results round
 * once.  Adding 1.5 * 2^23 leaves the rounded n in the low bits. */
BP_INLINE float
bp_expf_shifted(float x, int32_t shift)
{
	float t, n, high, low, r, rest, q, y;
	uint32_t e, half;

	x = x > 90.0f ? 90.0f : x;
	x = x < -105.0f ? -105.0f : x;
	t = x*1.44269504f + 12582912.0f;
	n = t - 12582912.0f;
	high = x - n*0.693359375f;
	low = n*-2.12194440e-4f;
	r = high - low;
	rest = (high - r) - low;
	q = 1.39507822549e-3f;
	q = q*r + 8.36907283533e-3f;
	q = q*r + 4.16662013907e-2f;
	q = q*r + 1.66665173122e-1f;
	q = q*r + 5.00000009663e-1f;
	y = 1.0f + (r + (r*r*q + rest));
	e = bp_bitsf(t) - 0x4b400000u + 254u + (uint32_t)shift;
	half = e >> 1;
	y = y*bp_of_bitsf(half << 23);
	return y*bp_of_bitsf((e - half) << 23);
}

/* error < 0.93 ulp */
BP_INLINE float
bp_expf(float x)
{
	return bp_expf_shifted(x, 0);
}
#endif
/* end expf */

/* part exp: needs bits */
#ifndef BP_PART_EXP
#define BP_PART_EXP
/* As bp_expf_shifted. */
BP_INLINE double
bp_exp_shifted(double x, int32_t shift)
{
	double t, n, high, low, r, rest, q, y;
	uint32_t e, half;

	x = x > 711.0 ? 711.0 : x;
	x = x < -746.0 ? -746.0 : x;
	t = x*1.4426950408889634 + 6755399441055744.0;
	n = t - 6755399441055744.0;
	high = x - n*6.93147180369123816490e-01;
	low = n*1.90821492927058770002e-10;
	r = high - low;
	rest = (high - r) - low;
	q = 2.5118180327877832606e-8;
	q = q*r + 2.7631655711166291686e-7;
	q = q*r + 2.7557215318536494384e-6;
	q = q*r + 2.4801488954460164775e-5;
	q = q*r + 1.9841269918448654249e-4;
	q = q*r + 1.3888888947900164698e-3;
	q = q*r + 8.333333333306737261e-3;
	q = q*r + 4.1666666666512350006e-2;
	q = q*r + 1.6666666666666699706e-1;
	q = q*r + 5.0000000000000130652e-1;
	y = 1.0 + (r + (r*r*q + rest));
	e = (uint32_t)(bp_bits(t) & 0xffffffffu) + 2046u + (uint32_t)shift;
	half = e >> 1;
	y = y*bp_of_bits((uint64_t)half << 52);
	return y*bp_of_bits((uint64_t)(e - half) << 52);
}

/* error < 0.95 ulp */
BP_INLINE double
bp_exp(double x)
{
	return bp_exp_shifted(x, 0);
}
#endif
/* end exp */

/* part logf: needs bitsf */
#ifndef BP_PART_LOGF
#define BP_PART_LOGF
/* log(1 + f) + k ln 2 + c for 1 + f in sqrt(1/2)..sqrt(2) and a small c:
 * with s = f / (2 + f), log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)) (fdlibm,
 * e_logf.c). */
BP_INLINE float
bp_logf_reduced(float f, float k, float c)
{
	float s = f/(2.0f + f), z = s*s, w = z*z, h = 0.5f*f*f, r;

	r = w*(0.40000972152f + w*0.24279078841f);
	r = z*(0.66666662693f + w*0.28498786688f) + r;
	r = s*(h + r) + (k*9.0580006145e-06f + c);
	return ((r - h) + f) + k*6.9313812256e-01f;
}

/* error < 0.84 ulp */
BP_INLINE float
bp_logf(float x)
{
	int small = bp_bitsf(x) < 0x00800000u;
	float a = small ? x*33554432.0f : x, k, y;
	uint32_t u = bp_bitsf(a) + (0x3f800000u - 0x3f3504f3u);

	k = (float)((int32_t)(u >> 23) - (small ? 127 + 25 : 127));
	a = bp_of_bitsf((u & 0x007fffffu) + 0x3f3504f3u);
	y = bp_logf_reduced(a - 1.0f, k, 0.0f);
	y = x < 0.0f ? bp_of_bitsf(0x7fc00000u) : y;
	y = x == 0.0f ? bp_of_bitsf(0xff800000u) : y;
	return x < bp_of_bitsf(0x7f800000u) ? y : x;
}
#endif
/* end logf */

/* part log: needs bits */
#ifndef BP_PART_LOG
#define BP_PART_LOG
/* As bp_logf_reduced (fdlibm, e_log.c). */
BP_INLINE double
bp_log_reduced(double f, double k, double c)
{
	double s = f/(2.0 + f), z = s*s, w = z*z, h = 0.5*f*f, p, q;

	p = 2.222219843214978396e-01 + w*1.531383769920937332e-01;
	p = w*(3.999999999940941908e-01 + w*p);
	q = 1.818357216161805012e-01 + w*1.479819860511658591e-01;
	q = 2.857142874366239149e-01 + w*q;
	q = z*(6.666666666666735130e-01 + w*q);
	p = s*(h + (q + p)) + (k*1.90821492927058770002e-10 + c);
	return ((p - h) + f) + k*6.93147180369123816490e-01;
}

/* error < 0.85 ulp */
BP_INLINE double
bp_log(double x)
{
	int small = bp_bits(x) < 0x0010000000000000u;
	double a = small ? x*18014398509481984.0 : x, k, y;
	uint64_t u = bp_bits(a) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);

	k = (double)((int32_t)(u >> 52) - (small ? 1023 + 54 : 1023));
	a = bp_of_bits((u & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
	y = bp_log_reduced(a - 1.0, k, 0.0);
	y = x < 0.0 ? bp_of_bits(0x7ff8000000000000u) : y;
	y = x == 0.0 ? bp_of_bits(0xfff0000000000000u) : y;
	return x < bp_of_bits(0x7ff0000000000000u) ? y : x;
}
#endif
/* end log */

/* part log1pf: needs logf */
#ifndef BP_PART_LOG1PF
#define BP_PART_LOG1PF
/* log(1 + x).  u = 1 + x rounded; what was rounded away, over u, is added to
 * log u (fdlibm, s_log1pf.c).  Error < 0.84 ulp. */
BP_INLINE float
bp_log1pf(float x)
{
	float u = 1.0f + x, c, f, k, y;
	uint32_t b = bp_bitsf(u) + (0x3f800000u - 0x3f3504f3u);
	int32_t e = (int32_t)(b >> 23) - 127;

	c = u > 2.0f ? 1.0f - (u - x) : x - (u - 1.0f);
	c = e < 25 ? c/u : 0.0f;
	f = bp_of_bitsf((b & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
	k = (float)e;
	c = e == 0 ? 0.0f : c;
	f = e == 0 ? x : f;
	y = bp_logf_reduced(f, k, c);
	y = u < 0.0f ? bp_of_bitsf(0x7fc00000u) : y;
	y = u == 0.0f ? bp_of_bitsf(0xff800000u) : y;
	y = bp_of_bitsf(bp_bitsf(x) & 0x7fffffffu) < 5.96046448e-8f ? x : y;
	return x < bp_of_bitsf(0x7f800000u) ? y : x;
}
#endif
/* end log1pf */

/* part log1p: needs log */
#ifndef BP_PART_LOG1P
#define BP_PART_LOG1P
/* error < 0.85 ulp */
BP_INLINE double
bp_log1p(double x)
{
	double u = 1.0 + x, c, f, k, y;
	uint64_t b = bp_bits(u) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
	int32_t e = (int32_t)(b >> 52) - 1023;

	c = u > 2.0 ? 1.0 - (u - x) : x - (u - 1.0);
	c = e < 54 ? c/u : 0.0;
	f = bp_of_bits((b & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
	k = (double)e;
	c = e == 0 ? 0.0 : c;
	f = e == 0 ? x : f;
	y = bp_log_reduced(f, k, c);
	y = u < 0.0 ? bp_of_bits(0x7ff8000000000000u) : y;
	y = u == 0.0 ? bp_of_bits(0xfff0000000000000u) : y;
	y = bp_of_bits(bp_bits(x) & 0x7fffffffffffffffu) <
		1.1102230246251565e-16 ? x : y;
	return x < bp_of_bits(0x7ff0000000000000u) ? y : x;
}
#endif
/* end log1p */

/* part tanhf: needs expf */
#ifndef BP_PART_TANHF
#define BP_PART_TANHF
/* |x| < 5/8: x + x^3 p(x^2), p minimax; else 1 - 2 / (e^2x + 1), where the
 * error of e^2x hardly counts.  Error < 1.33 ulp. */
BP_INLINE float
bp_tanhf(float x)
{
	uint32_t sign = bp_bitsf(x) & 0x80000000u;
	float a = bp_of_bitsf(bp_bitsf(x) & 0x7fffffffu), z = a*a, p, y;

	p = -5.71679207301e-3f;
	p = p*z + 2.06503702624e-2f;
	p = p*z - 5.37434346266e-2f;
	p = p*z + 1.33314905648e-1f;
	p = p*z - 3.33332838999e-1f;
	p = a + a*(z*p);
	y = 1.0f - 2.0f/(bp_expf_shifted(a + a, 0) + 1.0f);
	y = a < 0.625f ? p : y;
	return bp_of_bitsf(bp_bitsf(y) | sign);
}
#endif
/* end tanhf */

/* part tanh: needs exp */
#ifndef BP_PART_TANH
#define BP_PART_TANH
/* error < 1.35 ulp */
BP_INLINE double
bp_tanh(double x)
{
	uint64_t sign = bp_bits(x) & 0x8000000000000000u;
	double a = bp_of_bits(bp_bits(x) & 0x7fffffffffffffffu);
	double z = a*a, p, y;

	p = 6.0550627139400522489e-6;
	p = p*z - 3.0216684650600237827e-5;
	p = p*z + 9.1588545313761894369e-5;
	p = p*z - 2.3702941538218523393e-4;
	p = p*z + 5.8945837167302103001e-4;
	p = p*z - 1.4557275582240814233e-3;
	p = p*z + 3.5921142622171785014e-3;
	p = p*z - 8.8632343405830021771e-3;
	p = p*z + 2.1869488470595398427e-2;
	p = p*z - 5.3968253966132243883e-2;
	p = p*z + 1.3333333333329885521e-1;
	p = p*z - 3.333333333333331378e-1;
	p = a + a*(z*p);
	y = 1.0 - 2.0/(bp_exp_shifted(a + a, 0) + 1.0);
	y = a < 0.625 ? p : y;
	return bp_of_bits(bp_bits(y) | sign);
}
#endif
/* end tanh */

/* part coshf: needs expf */
#ifndef BP_PART_COSHF
#define BP_PART_COSHF
/* h + 1/(4h) with h = e^|x| / 2, which overflows where cosh does.
 * Error < 1.39 ulp. */
BP_INLINE float
bp_coshf(float x)
{
	float a = bp_of_bitsf(bp_bitsf(x) & 0x7fffffffu);
	float h = bp_expf_shifted(a, -1);

	return h + 0.25f/h;
}
#endif
/* end coshf */

/* part cosh: needs exp */
#ifndef BP_PART_COSH
#define BP_PART_COSH
/* error < 1.4 ulp */
BP_INLINE double
bp_cosh(double x)
{
	double a = bp_of_bits(bp_bits(x) & 0x7fffffffffffffffu);
	double h = bp_exp_shifted(a, -1);

	return h + 0.25/h;
}
#endif
/* end cosh */

/* part erff: needs expf */
#ifndef BP_PART_ERFF
#define BP_PART_ERFF
/* |x| < 1: x + x p(x^2); else 1 - e^-g(x - 1) with g = -log erfc; p and g are
 * minimax polynomials.  Error < 1.51 ulp. */
BP_INLINE float
bp_erff(float x)
{
	uint32_t sign = bp_bitsf(x) & 0x80000000u;
	float a = bp_of_bitsf(bp_bitsf(x) & 0x7fffffffu), z = a*a, t, p, g;

	p = 7.88879185111e-5f;
	p = p*z - 8.02075175266e-4f;
	p = p*z + 5.18952627114e-3f;
	p = p*z - 2.68544404223e-2f;
	p = p*z + 1.12836000914e-1f;
	p = p*z - 3.76126271298e-1f;
	p = p*z + 1.28379165913e-1f;
	p = a + a*p;
	t = (a > 4.0f ? 4.0f : a) - 1.0f;
	g = -1.8637200223e-4f;
	g = g*t + 1.82935848783e-3f;
	g = g*t - 9.89543271224e-3f;
	g = g*t + 4.15034860587e-2f;
	g = g*t + 8.43117609082e-1f;
	g = g*t + 2.63896687989f;
	g = g*t + 1.84960551565f;
	g = 1.0f - bp_expf_shifted(-g, 0);
	g = a < 1.0f ? p : g;
	return bp_of_bitsf(bp_bitsf(g) | sign);
}
#endif
/* end erff */

/* part erf: needs exp */
#ifndef BP_PART_ERF
#define BP_PART_ERF
/* As bp_erff.  Error < 1.5 ulp. */
BP_INLINE double
bp_erf(double x)
{
	uint64_t sign = bp_bits(x) & 0x8000000000000000u;
	double a = bp_of_bits(bp_bits(x) & 0x7fffffffffffffffu);
	double z = a*a, t, p, g;

	p = 5.9604166787047152647e-11;
	p = p*z - 1.1374800657827091082e-9;
	p = p*z + 1.4660289602329430654e-8;
	p = p*z - 1.6350390560171533246e-7;
	p = p*z + 1.6461007958607454329e-6;
	p = p*z - 1.4925595740777364822e-5;
	p = p*z + 1.2055331131690356749e-4;
	p = p*z - 8.5483269813920201809e-4;
	p = p*z + 5.2239776248278686095e-3;
	p = p*z - 2.6866170645077819644e-2;
	p = p*z + 1.128379167095488419e-1;
	p = p*z - 3.7612638903183748172e-1;
	p = p*z + 1.2837916709551257377e-1;
	p = a + a*p;
	t = (a > 5.95 ? 5.95 : a) - 1.0;
	g = -1.0496436252716398239e-12;
	g = g*t + 2.9067594596088846685e-11;
	g = g*t - 3.7096913271142395109e-10;
	g = g*t + 2.8816158944707302046e-9;
	g = g*t - 1.498728464504320432e-8;
	g = g*t + 5.2269012364266220992e-8;
	g = g*t - 9.8060612830869628922e-8;
	g = g*t - 1.420312762827194776e-7;
	g = g*t + 2.0587367240973448899e-6;
	g = g*t - 9.6079541826270290483e-6;
	g = g*t + 2.7158473106296970172e-5;
	g = g*t - 2.6277560915514977531e-5;
	g = g*t - 2.3732259113349632823e-4;
	g = g*t + 1.9779025941276228669e-3;
	g = g*t - 1.0033825378471457337e-2;
	g = g*t + 4.1561098042183449117e-2;
	g = g*t + 8.4310725635865895546e-1;
	g = g*t + 2.6389675142347885825;
	g = g*t + 1.8496055099332482552;
	g = 1.0 - bp_exp_shifted(-g, 0);
	g = a < 1.0 ? p : g;
	return bp_of_bits(bp_bits(g) | sign);
}
#endif
/* end erf */

/* part angle: needs bits */
#ifndef BP_PART_ANGLE
#define BP_PART_ANGLE
/* Angles as quarter turns: the number of whole ones (its last two bits count)
 * is returned, the rest is y[0] + y[1], |y[0]| <= pi/4.
 *
 * Large a (Payne & Hanek 1983): a = m 2^e, m whole and below 2^53.  The bits of
 * 2/pi above 2^(2 - e) make whole turns and are left out; the next 192 of them
 * times m, modulo 2^192, are the fraction of a turn. */
BP_INLINE uint32_t
bp_angle_large(double a, double y[2])
{
	static const uint32_t two_over_pi[40] = { /* after 64 zeros */
		0x00000000u, 0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
		0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u,
		0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu, 0xfe1deb1cu,
		0xb129a73eu, 0xe88235f5u, 0x2ebb4484u, 0xe99c7026u, 0xb45f7e41u,
		0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu,
		0xde05980fu, 0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u,
		0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u,
		0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu
	};
	uint64_t m = (bp_bits(a) & 0xfffffffffffffu) | 0x10000000000000u, sum;
	uint64_t low = m & 0xffffffffu, high = m >> 32;
	uint32_t skip = (uint32_t)(bp_bits(a) >> 52) - 1013u, flip, n, i;
	uint32_t w[6], v[6], r[6]; /* r[0] is the least */
	double b, c, d, s, t, y0, y1, yh, yl;

	for (i = 0; i < 6; i++) {
		v[0] = two_over_pi[(skip >> 5) + i];
		v[1] = two_over_pi[(skip >> 5) + i + 1];
		w[5 - i] = v[0] << (skip & 31u) |
			(v[1] >> 1) >> (31u - (skip & 31u));
	}
	for (sum = 0, i = 0; i < 6; i++) {
		sum = (sum >> 32) + low*w[i];
		r[i] = (uint32_t)(sum & 0xffffffffu);
	}
	for (sum = 0, i = 0; i < 5; i++) {
		sum = (sum >> 32) + high*w[i] + r[i + 1];
		r[i + 1] = (uint32_t)(sum & 0xffffffffu);
	}
	/* more than half a quarter: to the next one, and back */
	n = r[5] >> 30;
	flip = (r[5] >> 29 & 1u) ? 0xffffffffu : 0u;
	n += flip & 1u;
	b = (double)((r[5] ^ flip) & 0x3fffffffu)*9.31322574615478515625e-10;
	c = (double)(r[4] ^ flip)*2.168404344971008868e-19;
	d = (double)(r[3] ^ flip)*5.0487097934144755546e-29;
	d += (double)(r[2] ^ flip)*1.1754943508222875080e-38;
	s = b + c;
	t = (c - (s - b)) + d;
	y0 = s + t;
	y1 = (s - y0) + t;
	/* times pi/2 in pieces of 26 bits: the first product is exact */
	yh = bp_of_bits(bp_bits(y0) & 0xfffffffff8000000u);
	yl = y0 - yh;
	s = yh*1.5707963109016418;
	t = y1*1.5707963109016418 + yh*6.123233995736765e-17;
	t = yh*1.5893254712295857e-08 + (yl*1.5707963267948966 + t);
	y0 = s + t;
	y1 = (s - y0) + t;
	y[0] = flip ? -y0 : y0;
	y[1] = flip ? -y1 : y1;
	return n;
}

/* 0 <= a < infinity.  Up to 2^20 quarter turns: pi/2 in three pieces of 33
 * bits, whose products are exact, and a rest (Cody & Waite 1980). */
BP_INLINE uint32_t
bp_angle(double a, double y[2])
{
	double t, n, r, s, w, rest;

	if (a >= 1647099.0)
		return bp_angle_large(a, y);
	t = a*0.6366197723675814 + 6755399441055744.0;
	n = t - 6755399441055744.0;
	r = a - n*1.5707963267341256;
	w = n*6.077100506303966e-11;
	s = r - w;
	rest = (r - s) - w;
	w = n*2.0222662487111665e-21;
	r = s - w;
	rest = (rest + ((s - r) - w)) - n*8.4784276603689e-32;
	y[0] = r + rest;
	y[1] = (r - y[0]) + rest;
	return (uint32_t)(bp_bits(t) & 0xffffffffu);
}

/* sin(a + quarters pi/2); the two series are fdlibm's k_sin.c and k_cos.c */
BP_INLINE double
bp_sin_quarters(double a, uint32_t quarters)
{
	double y[2], x, z, v, p, w;

	if (!(a < bp_of_bits(0x7ff0000000000000u)))
		return bp_of_bits(0x7ff8000000000000u);
	quarters += bp_angle(a, y);
	x = y[0];
	z = x*x;
	if (quarters & 1u) {
		p = 2.08757232129817482790e-09 - z*1.13596475577881948265e-11;
		p = -2.75573143513906633035e-07 + z*p;
		p = 2.48015872894767294178e-05 + z*p;
		p = -1.38888888888741095749e-03 + z*p;
		p = z*(4.16666666666666019037e-02 + z*p);
		v = 0.5*z;
		w = 1.0 - v;
		p = w + (((1.0 - w) - v) + (z*p - x*y[1]));
	} else {
		p = -2.50507602534068634195e-08 + z*1.58969099521155010221e-10;
		p = 2.75573137070700676789e-06 + z*p;
		p = -1.98412698298579493134e-04 + z*p;
		p = 8.33333333332248946124e-03 + z*p;
		v = z*x;
		w = z*(0.5*y[1] - v*p) - y[1];
		p = x - (w + v*1.66666666666666324348e-01);
	}
	return quarters & 2u ? -p : p;
}
#endif
/* end angle */

/* part sin: needs angle */
#ifndef BP_PART_SIN
#define BP_PART_SIN
/* error < 0.8 ulp, for any x */
BP_INLINE double
bp_sin(double x)
{
	uint64_t sign = bp_bits(x) & 0x8000000000000000u;
	double y = bp_sin_quarters(bp_of_bits(bp_bits(x) ^ sign), 0);

	return bp_of_bits(bp_bits(y) ^ sign);
}
#endif
/* end sin */

/* part cos: needs angle */
#ifndef BP_PART_COS
#define BP_PART_COS
/* error < 0.8 ulp, for any x */
BP_INLINE double
bp_cos(double x)
{
	uint64_t sign = bp_bits(x) & 0x8000000000000000u;

	return bp_sin_quarters(bp_of_bits(bp_bits(x) ^ sign), 1u);
}
#endif
/* end cos */

/* part sinf: needs sin */
#ifndef BP_PART_SINF
#define BP_PART_SINF
/* by double, for the angle's sake; error < 0.501 ulp, for any x */
BP_INLINE float
bp_sinf(float x)
{
	return (float)bp_sin((double)x);
}
#endif
/* end sinf */

/* part cosf: needs cos */
#ifndef BP_PART_COSF
#define BP_PART_COSF
/* error < 0.501 ulp, for any x */
BP_INLINE float
bp_cosf(float x)
{
	return (float)bp_cos((double)x);
}
#endif
/* end cosf */

/* part random: needs types */
#ifndef BP_PART_RANDOM
#define BP_PART_RANDOM
/* Stafford's mix 13, the finaliser of splitmix64 (Steele, Lea & Flood 2014):
 * one to one, every bit of x counts for every bit of the result */
BP_INLINE uint64_t
bp_mix(uint64_t x)
{
	x = (x ^ x >> 30)*0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27)*0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* 32 random bits, a function of its arguments alone: no state, any order.  site
 * tells apart the places of a network that draw, sample counts within a step,
 * element within a sample. */
BP_INLINE uint32_t
bp_random(uint64_t seed, uint32_t site, uint32_t step, uint32_t sample,
	uint32_t element)
{
	const uint64_t golden = 0x9e3779b97f4a7c15u;
	uint64_t x = bp_mix(seed + golden);

	x = bp_mix(x + ((uint64_t)site << 32 | step)*golden);
	x = bp_mix(x + ((uint64_t)sample << 32 | element)*golden);
	return (uint32_t)(x >> 32);
}
#endif
/* end random */

/* part uniformf: needs types */
#ifndef BP_PART_UNIFORMF
#define BP_PART_UNIFORMF
/* 0 <= u < 1 in steps of 2^-24 */
BP_INLINE float
bp_uniformf(uint32_t bits)
{
	return (float)(int32_t)(bits >> 8)*5.9604644775390625e-8f;
}
#endif
/* end uniformf */

/* part uniform: needs types */
#ifndef BP_PART_UNIFORM
#define BP_PART_UNIFORM
/* the very value of bp_uniformf: float and double networks draw alike */
BP_INLINE double
bp_uniform(uint32_t bits)
{
	return (double)(int32_t)(bits >> 8)*5.9604644775390625e-8;
}
#endif
/* end uniform */

/* part bytes: needs types bitsf */
#ifndef BP_PART_BYTES
#define BP_PART_BYTES
/* little-endian numbers at any address */
BP_INLINE void
bp_put_u32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v & 255u);
	p[1] = (unsigned char)(v >> 8 & 255u);
	p[2] = (unsigned char)(v >> 16 & 255u);
	p[3] = (unsigned char)(v >> 24);
}

BP_INLINE uint32_t
bp_get_u32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		(uint32_t)p[3] << 24;
}

BP_INLINE void
bp_put_u64(unsigned char *p, uint64_t v)
{
	bp_put_u32(p, (uint32_t)(v & 0xffffffffu));
	bp_put_u32(p + 4, (uint32_t)(v >> 32));
}

BP_INLINE uint64_t
bp_get_u64(const unsigned char *p)
{
	return (uint64_t)bp_get_u32(p + 4) << 32 | bp_get_u32(p);
}

BP_INLINE void
bp_put_f32(unsigned char *p, float v)
{
	bp_put_u32(p, bp_bitsf(v));
}

BP_INLINE float
bp_get_f32(const unsigned char *p)
{
	return bp_of_bitsf(bp_get_u32(p));
}
#endif
/* end bytes */

/* part bytes64: needs bytes bits */
#ifndef BP_PART_BYTES64
#define BP_PART_BYTES64
BP_INLINE void
bp_put_f64(unsigned char *p, double v)
{
	bp_put_u64(p, bp_bits(v));
}

BP_INLINE double
bp_get_f64(const unsigned char *p)
{
	return bp_of_bits(bp_get_u64(p));
}
#endif
/* end bytes64 */

/* part crc32: needs types */
#ifndef BP_PART_CRC32
#define BP_PART_CRC32
/* CRC-32 as in zip and PNG, four bits at a time; begin with crc = 0 */
BP_INLINE uint32_t
bp_crc32(uint32_t crc, const unsigned char *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu,
		0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
		0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
		0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu
	};
	size_t i;

	crc = ~crc;
	for (i = 0; i < n; i++) {
		crc ^= p[i];
		crc = table[crc & 15u] ^ crc >> 4;
		crc = table[crc & 15u] ^ crc >> 4;
	}
	return ~crc;
}
#endif
/* end crc32 */

#endif
