/* SPDX-License-Identifier: MIT
 * What C written by bpgen needs: types, exact-to-the-bit mathematics of numbers
 * and of vectors, random numbers, bytes.  C99 or C++11, no library, no memory,
 * no written statics.
 *
 * The file is a row of parts, each between a line `part NAME: needs OTHERS`
 * and a line `end NAME`, in order of dependence; `bpgen --standalone` copies
 * those that a network uses.  Functions without suffix are double, those with
 * an f are float, _v is a vector of double, _vf a vector of float.  What is the
 * same for a number and a vector stands once, as a macro over the suffix S, the
 * type T and the unsigned type U of its bits.
 *
 * Every function gives the same bits under every compiler at every level of
 * optimisation, and a vector in each lane those of the scalar function: they
 * consist of single IEEE operations (+ - * / and compares, round to nearest,
 * subnormals kept), operations on integers and reinterpretation of bits.  Which
 * NaN a NaN is may differ.  Errors are stated at each function in ulp (units in
 * the last place): for float the largest over all arguments of the middle range
 * and a dense sample of the others, for double over 20 million.
 *
 * Where the C says `#define BP_FAST` before this (`math fast`), compilers may
 * fuse multiplications with additions, and exp, logistic, log, log1p, tanh, cosh
 * and erf of float are shorter: less than 4 ulp, results below 2^-125 may be 0, and the
 * bits depend on compiler and machine.
 *
 * Define BP_TYPES_ONLY for the types alone (what headers need), BP_NO_LIBC
 * where there is no <stdint.h>, BP_MAX_LANES for vectors of at most 1, 2, 4, 8
 * or 16 lanes. */

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
/* seldom called: short text is worth more than speed */
#if defined __GNUC__ && !defined __TINYC__
#define BP_COLD __attribute__((cold))
#else
#define BP_COLD
#endif
/* a piece of a long function, which compiles in less time than the whole */
#if defined __GNUC__ && !defined __TINYC__
#define BP_PIECE __attribute__((noinline))
#else
#define BP_PIECE
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
/* Strict: one rounding for each operation, no fused multiply-add that the
 * source does not spell out, no excess precision, no rearranging.  What clang
 * hides from the source, -ffp-contract=fast and -funsafe-math-optimizations,
 * cannot be undone or refused here.
 *
 * Fast: fused multiply-adds are welcome.  -ffast-math is put up with and undone
 * as far as it can be: x + 2^23 - 2^23 is not x, and a sigmoid divides by
 * infinity.  Under clang infinities and NaN are then what it makes of them.
 *
 * gcc 12 at -O3 with AVX2 or AVX-512 makes a masked load of a[i] in a loop of
 * `c ? a[i] : 0` and may move it before the stores to a (-O1 does not): without
 * its conversion of branches there are no masked loads.  Its predictive commoning
 * keeps what the next step of a window reads again in registers, as numbers: a
 * vector of copies is then made by a shuffle where a load would do. */
#ifdef BP_FAST
#define BP_BASE_FAST
#elif defined __FAST_MATH__ || defined __ASSOCIATIVE_MATH__ || \
	defined __RECIPROCAL_MATH__ || defined __NO_SIGNED_ZEROS__ || \
	defined _M_FP_FAST || \
	(defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__)
#error "this C needs IEEE arithmetic: compile it without -ffast-math, -Ofast \
and their parts"
#endif
#if defined __FLT_EVAL_METHOD__ && \
	__FLT_EVAL_METHOD__ != 0 && __FLT_EVAL_METHOD__ != 16
#error "this C needs float and double without excess precision: add -msse2 \
-mfpmath=sse on x86, leave out -std=c99 on s390x"
#endif
#if defined __TINYC__ && defined __i386__
#error "this C needs float and double without excess precision: use a 64-bit \
TinyCC"
#endif
#if defined __clang__ && defined BP_FAST
#pragma STDC FP_CONTRACT ON
#if !defined __FAST_MATH__ && !__FINITE_MATH_ONLY__
#elif defined __x86_64__ || defined __i386__
#pragma float_control(precise, on)
#else
#pragma clang fp reassociate(off)
#endif
#elif defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__ && defined BP_FAST
#pragma GCC optimize ("fp-contract=fast", "no-fast-math")
#pragma GCC optimize ("no-tree-loop-if-convert", "no-predictive-commoning")
#elif defined __GNUC__
#pragma GCC optimize ("fp-contract=off", "no-fast-math")
#pragma GCC optimize ("no-tree-loop-if-convert", "no-predictive-commoning")
#elif defined _MSC_VER && defined BP_FAST
#pragma fp_contract (on)
#elif defined _MSC_VER
#pragma fp_contract (off)
#endif
#elif defined BP_FAST != defined BP_BASE_FAST
#error "strict and fast networks cannot share a translation unit"
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

/* what vectors need a function for */
#define bp_selectf(c, a, b) ((c) ? (a) : (b))
#define bp_splatf(x) (x)
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

#define bp_select(c, a, b) ((c) ? (a) : (b))
#define bp_splat(x) (x)
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

/* part signf: needs bitsf */
#ifndef BP_PART_SIGNF
#define BP_PART_SIGNF
/* -1, 1, or x itself where it is a zero or NaN */
#define BP_SIGNF(S, T) \
BP_INLINE T \
bp_sign##S(T x) \
{ \
	T s = bp_select##S(x < 0.0f, bp_splat##S(-1.0f), x); \
\
	return bp_select##S(x > 0.0f, bp_splat##S(1.0f), s); \
}
BP_SIGNF(f, float)
#endif
/* end signf */

/* part sign: needs bits */
#ifndef BP_PART_SIGN
#define BP_PART_SIGN
#define BP_SIGN(S, T) \
BP_INLINE T \
bp_sign##S(T x) \
{ \
	T s = bp_select##S(x < 0.0, bp_splat##S(-1.0), x); \
\
	return bp_select##S(x > 0.0, bp_splat##S(1.0), s); \
}
BP_SIGN(, double)
#endif
/* end sign */

/* part floorf: needs bitsf */
#ifndef BP_PART_FLOORF
#define BP_PART_FLOORF
/* Exact.  Adding 2^23 and taking it away rounds to a whole number. */
#define BP_FLOORF(S, T, U) \
BP_INLINE T \
bp_floor##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x80000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign); \
	T y = (a + 8388608.0f) - 8388608.0f; \
\
	y = bp_of_bits##S(bp_bits##S(y) | sign); \
	y = bp_select##S(y > x, y - 1.0f, y); \
	return bp_select##S(a < 8388608.0f, y, x); \
}
BP_FLOORF(f, float, uint32_t)
#endif
/* end floorf */

/* part floor: needs bits */
#ifndef BP_PART_FLOOR
#define BP_PART_FLOOR
#define BP_FLOOR(S, T, U) \
BP_INLINE T \
bp_floor##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x8000000000000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign); \
	T y = (a + 4503599627370496.0) - 4503599627370496.0; \
\
	y = bp_of_bits##S(bp_bits##S(y) | sign); \
	y = bp_select##S(y > x, y - 1.0, y); \
	return bp_select##S(a < 4503599627370496.0, y, x); \
}
BP_FLOOR(, double, uint64_t)
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
 * polynomial (Remez).  Adding 1.5 * 2^23 leaves the rounded n in the low bits.
 *
 * Strict: 2^n as two factors, so that subnormal results round once.  Fast: half
 * of 2^n times 1 and 2 e^r - 1, which a multiply-add joins; where multiply-adds
 * are one instruction, the second piece of ln 2 is not waited for: it joins the
 * 1 of 2 e^r - 1. */
#ifdef BP_FAST
#if defined __FMA__ || defined __ARM_FEATURE_FMA
#define BP_EXPF_REST(x, n) ((x) - (n)*0.693147182f)
#define BP_EXPF_ONE(n) (1.0f + (n)*3.80930865e-9f)
#else
#define BP_EXPF_REST(x, n) (((x) - (n)*0.693359375f) + (n)*2.12194440e-4f)
#define BP_EXPF_ONE(n) 1.0f
#endif

/* exp_more: more + e^x 2^shift, -87 <= x <= 89.5 */
#define BP_EXPF(S, T, U) \
BP_INLINE T \
bp_exp##S##_more(T x, float more, int32_t shift) \
{ \
	T t = x*1.44269504f + 12582912.0f, n = t - 12582912.0f; \
	T r = BP_EXPF_REST(x, n), z = r*r, q; \
	U e = bp_bits##S(t) - 0x4b400000u + (uint32_t)(126 + shift); \
	T half = bp_of_bits##S(e << 23); \
\
	q = (0.999984607f + r*0.333342311f) + \
		z*(0.0837806568f + r*0.0166249767f); \
	return (half + more) + half*((BP_EXPF_ONE(n) + 2.0f*r) + z*q); \
} \
\
BP_INLINE T \
bp_exp##S##_shifted(T x, int32_t shift) \
{ \
	T y = bp_exp##S##_more(x, -0.0f, shift); \
\
	y = bp_select##S(x < -87.0f, bp_splat##S(0.0f), y); \
	return bp_select##S(x > 89.5f, \
		bp_splat##S(bp_of_bitsf(0x7f800000u)), y); \
} \
\
BP_INLINE T \
bp_exp##S(T x) \
{ \
	return bp_exp##S##_shifted(x, 0); \
}
#else
#define BP_EXPF(S, T, U) \
BP_INLINE T \
bp_exp##S##_shifted(T x, int32_t shift) \
{ \
	T t, n, high, low, r, rest, q, y; \
	U e, half; \
\
	x = bp_select##S(x > 90.0f, bp_splat##S(90.0f), x); \
	x = bp_select##S(x < -105.0f, bp_splat##S(-105.0f), x); \
	t = x*1.44269504f + 12582912.0f; \
	n = t - 12582912.0f; \
	high = x - n*0.693359375f; \
	low = n*-2.12194440e-4f; \
	r = high - low; \
	rest = (high - r) - low; \
	q = r*1.39507822549e-3f + 8.36907283533e-3f; \
	q = q*r + 4.16662013907e-2f; \
	q = q*r + 1.66665173122e-1f; \
	q = q*r + 5.00000009663e-1f; \
	y = 1.0f + (r + (r*r*q + rest)); \
	e = bp_bits##S(t) - 0x4b400000u + (uint32_t)(254 + shift); \
	half = e >> 1; \
	y = y*bp_of_bits##S(half << 23); \
	return y*bp_of_bits##S((e - half) << 23); \
} \
\
BP_INLINE T \
bp_exp##S(T x) \
{ \
	return bp_exp##S##_shifted(x, 0); \
}
#endif
/* error < 0.93 ulp; fast: < 3.4 ulp, 0 below 2^-125 */
BP_EXPF(f, float, uint32_t)
#endif
/* end expf */

/* part exp: needs bits */
#ifndef BP_PART_EXP
#define BP_PART_EXP
/* As BP_EXPF. */
#define BP_EXP(S, T, U) \
BP_INLINE T \
bp_exp##S##_shifted(T x, int32_t shift) \
{ \
	T t, n, high, low, r, rest, q, y; \
	U e, half; \
\
	x = bp_select##S(x > 711.0, bp_splat##S(711.0), x); \
	x = bp_select##S(x < -746.0, bp_splat##S(-746.0), x); \
	t = x*1.4426950408889634 + 6755399441055744.0; \
	n = t - 6755399441055744.0; \
	high = x - n*6.93147180369123816490e-01; \
	low = n*1.90821492927058770002e-10; \
	r = high - low; \
	rest = (high - r) - low; \
	q = r*2.5118180327877832606e-8 + 2.7631655711166291686e-7; \
	q = q*r + 2.7557215318536494384e-6; \
	q = q*r + 2.4801488954460164775e-5; \
	q = q*r + 1.9841269918448654249e-4; \
	q = q*r + 1.3888888947900164698e-3; \
	q = q*r + 8.333333333306737261e-3; \
	q = q*r + 4.1666666666512350006e-2; \
	q = q*r + 1.6666666666666699706e-1; \
	q = q*r + 5.0000000000000130652e-1; \
	y = 1.0 + (r + (r*r*q + rest)); \
	e = bp_bits##S(t) - 0x4338000000000000u + (uint64_t)(2046 + shift); \
	half = e >> 1; \
	y = y*bp_of_bits##S(half << 52); \
	return y*bp_of_bits##S((e - half) << 52); \
} \
\
BP_INLINE T \
bp_exp##S(T x) \
{ \
	return bp_exp##S##_shifted(x, 0); \
}
/* error < 0.95 ulp */
BP_EXP(, double, uint64_t)
#endif
/* end exp */

/* part logisticf: needs expf absf */
#ifndef BP_PART_LOGISTICF
#define BP_PART_LOGISTICF
/* 1 / (1 + e^-x).  Fast: 1 joins a multiply-add of the exponential. */
#ifdef BP_FAST
#define BP_LOGISTICF(S, T) \
BP_INLINE T \
bp_logistic##S(T x) \
{ \
	T y = 1.0f/bp_exp##S##_more(-x, 1.0f, 0); \
\
	y = bp_select##S(x < -87.0f, bp_splat##S(0.0f), y); \
	return bp_select##S(x > 87.0f, bp_splat##S(1.0f), y); \
}
#else
#define BP_LOGISTICF(S, T) \
BP_INLINE T \
bp_logistic##S(T x) \
{ \
	T e = bp_exp##S(-bp_abs##S(x)); \
\
	return bp_select##S(x < 0.0f, e, bp_splat##S(1.0f))/(1.0f + e); \
}
#endif
/* error < 2.5 ulp; fast: < 3.6 ulp, 0 below 2^-125 */
BP_LOGISTICF(f, float)
#endif
/* end logisticf */

/* part logistic: needs exp abs */
#ifndef BP_PART_LOGISTIC
#define BP_PART_LOGISTIC
#define BP_LOGISTIC(S, T) \
BP_INLINE T \
bp_logistic##S(T x) \
{ \
	T e = bp_exp##S(-bp_abs##S(x)); \
\
	return bp_select##S(x < 0.0, e, bp_splat##S(1.0))/(1.0 + e); \
}
/* error < 2.5 ulp */
BP_LOGISTIC(, double)
#endif
/* end logistic */

/* part logf: needs bitsf */
#ifndef BP_PART_LOGF
#define BP_PART_LOGF
/* log(1 + f) + k ln 2 + c for 1 + f in sqrt(1/2)..sqrt(2) and a small c.
 * Strict: with s = f / (2 + f), log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2))
 * (fdlibm, e_logf.c).  Fast: f - f^2/2 + f^3 p(f), p minimax. */
#ifdef BP_FAST
#define BP_LOGF_REDUCED(S, T) \
BP_INLINE T \
bp_log##S##_reduced(T f, T k, T c) \
{ \
	T z = f*f, p, q; \
\
	p = (0.333333317085f - f*0.25000821015f) + \
		z*(0.200012267686f - f*0.166233577927f); \
	q = (0.142017602385f - f*0.131601808791f) + \
		z*(0.127615643292f - f*0.0763448624599f); \
	p = p + z*z*q; \
	q = (f*z)*p + (k*9.0580006145e-06f + c); \
	return (k*6.9313812256e-01f + (f - 0.5f*z)) + q; \
}
#else
#define BP_LOGF_REDUCED(S, T) \
BP_INLINE T \
bp_log##S##_reduced(T f, T k, T c) \
{ \
	T s = f/(2.0f + f), z = s*s, w = z*z, h = 0.5f*f*f, r; \
\
	r = w*(0.40000972152f + w*0.24279078841f); \
	r = z*(0.66666662693f + w*0.28498786688f) + r; \
	r = s*(h + r) + (k*9.0580006145e-06f + c); \
	return ((r - h) + f) + k*6.9313812256e-01f; \
}
#endif

/* u >> 23 becomes a number by way of 1.5 * 2^23 */
#define BP_LOGF(S, T, U) \
BP_LOGF_REDUCED(S, T) \
\
BP_INLINE T \
bp_log##S(T x) \
{ \
	T a = bp_select##S(x < 1.17549435e-38f, x*33554432.0f, x), k, y; \
	U u = bp_bits##S(a) + (0x3f800000u - 0x3f3504f3u); \
\
	k = bp_of_bits##S((u >> 23) + 0x4b400000u) - 12583039.0f; \
	k = bp_select##S(x < 1.17549435e-38f, k - 25.0f, k); \
	a = bp_of_bits##S((u & 0x007fffffu) + 0x3f3504f3u); \
	y = bp_log##S##_reduced(a - 1.0f, k, bp_splat##S(0.0f)); \
	y = bp_select##S(x < 0.0f, bp_splat##S(bp_of_bitsf(0x7fc00000u)), y); \
	y = bp_select##S(x == 0.0f, bp_splat##S(bp_of_bitsf(0xff800000u)), y); \
	return bp_select##S(x < bp_of_bitsf(0x7f800000u), y, x); \
}
/* error < 0.84 ulp; fast: < 1.8 ulp */
BP_LOGF(f, float, uint32_t)
#endif
/* end logf */

/* part log: needs bits */
#ifndef BP_PART_LOG
#define BP_PART_LOG
/* As BP_LOGF (fdlibm, e_log.c). */
#define BP_LOG(S, T, U) \
BP_INLINE T \
bp_log##S##_reduced(T f, T k, T c) \
{ \
	T s = f/(2.0 + f), z = s*s, w = z*z, h = 0.5*f*f, p, q; \
\
	p = 2.222219843214978396e-01 + w*1.531383769920937332e-01; \
	p = w*(3.999999999940941908e-01 + w*p); \
	q = 1.818357216161805012e-01 + w*1.479819860511658591e-01; \
	q = 2.857142874366239149e-01 + w*q; \
	q = z*(6.666666666666735130e-01 + w*q); \
	p = s*(h + (q + p)) + (k*1.90821492927058770002e-10 + c); \
	return ((p - h) + f) + k*6.93147180369123816490e-01; \
} \
\
BP_INLINE T \
bp_log##S(T x) \
{ \
	const double least = 2.2250738585072014e-308; \
	T a = bp_select##S(x < least, x*18014398509481984.0, x), k, y; \
	U u = bp_bits##S(a) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu); \
\
	k = bp_of_bits##S((u >> 52) + 0x4338000000000000u) - \
		6755399441056767.0; \
	k = bp_select##S(x < least, k - 54.0, k); \
	a = bp_of_bits##S((u & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu); \
	y = bp_log##S##_reduced(a - 1.0, k, bp_splat##S(0.0)); \
	y = bp_select##S(x < 0.0, \
		bp_splat##S(bp_of_bits(0x7ff8000000000000u)), y); \
	y = bp_select##S(x == 0.0, \
		bp_splat##S(bp_of_bits(0xfff0000000000000u)), y); \
	return bp_select##S(x < bp_of_bits(0x7ff0000000000000u), y, x); \
}
/* error < 0.85 ulp */
BP_LOG(, double, uint64_t)
#endif
/* end log */

/* part log1pf: needs logf */
#ifndef BP_PART_LOG1PF
#define BP_PART_LOG1PF
/* log(1 + x).  u = 1 + x rounded; what was rounded away, over u, is added to
 * log u (fdlibm, s_log1pf.c), in fast over 2^k to f. */
#ifdef BP_FAST
#define BP_LOG1PF(S, T, U) \
BP_INLINE T \
bp_log1p##S(T x) \
{ \
	T u = 1.0f + x, c, f, k, y; \
	U b = bp_bits##S(u) + (0x3f800000u - 0x3f3504f3u), e = b >> 23; \
\
	c = bp_select##S(u > 2.0f, 1.0f - (u - x), x - (u - 1.0f)); \
	f = bp_of_bits##S((b & 0x007fffffu) + 0x3f3504f3u) - 1.0f; \
	f = f + (0.5f*c)*bp_of_bits##S((255u - e) << 23); \
	k = bp_of_bits##S(e + 0x4b400000u) - 12583039.0f; \
	y = bp_log##S##_reduced(f, k, bp_splat##S(0.0f)); \
	y = bp_select##S(u < 0.0f, bp_splat##S(bp_of_bitsf(0x7fc00000u)), y); \
	y = bp_select##S(u == 0.0f, bp_splat##S(bp_of_bitsf(0xff800000u)), y); \
	y = bp_select##S(x == 0.0f, x, y); \
	return bp_select##S(x < bp_of_bitsf(0x7f800000u), y, x); \
}
#else
#define BP_LOG1PF(S, T, U) \
BP_INLINE T \
bp_log1p##S(T x) \
{ \
	T u = 1.0f + x, a = bp_of_bits##S(bp_bits##S(x) & 0x7fffffffu); \
	U b = bp_bits##S(u) + (0x3f800000u - 0x3f3504f3u); \
	T c, f, k, y; \
\
	k = bp_of_bits##S((b >> 23) + 0x4b400000u) - 12583039.0f; \
	c = bp_select##S(u > 2.0f, 1.0f - (u - x), x - (u - 1.0f)); \
	c = bp_select##S(k < 25.0f, c/u, bp_splat##S(0.0f)); \
	f = bp_of_bits##S((b & 0x007fffffu) + 0x3f3504f3u) - 1.0f; \
	c = bp_select##S(k == 0.0f, bp_splat##S(0.0f), c); \
	f = bp_select##S(k == 0.0f, x, f); \
	y = bp_log##S##_reduced(f, k, c); \
	y = bp_select##S(u < 0.0f, bp_splat##S(bp_of_bitsf(0x7fc00000u)), y); \
	y = bp_select##S(u == 0.0f, bp_splat##S(bp_of_bitsf(0xff800000u)), y); \
	y = bp_select##S(a < 5.96046448e-8f, x, y); \
	return bp_select##S(x < bp_of_bitsf(0x7f800000u), y, x); \
}
#endif
/* error < 0.84 ulp; fast: < 1.9 ulp */
BP_LOG1PF(f, float, uint32_t)
#endif
/* end log1pf */

/* part log1p: needs log */
#ifndef BP_PART_LOG1P
#define BP_PART_LOG1P
#define BP_LOG1P(S, T, U) \
BP_INLINE T \
bp_log1p##S(T x) \
{ \
	T u = 1.0 + x, a = bp_of_bits##S(bp_bits##S(x) & 0x7fffffffffffffffu); \
	U b = bp_bits##S(u) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu); \
	T c, f, k, y; \
\
	k = bp_of_bits##S((b >> 52) + 0x4338000000000000u) - \
		6755399441056767.0; \
	c = bp_select##S(u > 2.0, 1.0 - (u - x), x - (u - 1.0)); \
	c = bp_select##S(k < 54.0, c/u, bp_splat##S(0.0)); \
	f = bp_of_bits##S((b & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu); \
	c = bp_select##S(k == 0.0, bp_splat##S(0.0), c); \
	f = bp_select##S(k == 0.0, x, f - 1.0); \
	y = bp_log##S##_reduced(f, k, c); \
	y = bp_select##S(u < 0.0, \
		bp_splat##S(bp_of_bits(0x7ff8000000000000u)), y); \
	y = bp_select##S(u == 0.0, \
		bp_splat##S(bp_of_bits(0xfff0000000000000u)), y); \
	y = bp_select##S(a < 1.1102230246251565e-16, x, y); \
	return bp_select##S(x < bp_of_bits(0x7ff0000000000000u), y, x); \
}
/* error < 0.85 ulp */
BP_LOG1P(, double, uint64_t)
#endif
/* end log1p */

/* part tanhf: needs expf */
#ifndef BP_PART_TANHF
#define BP_PART_TANHF
/* Strict: |x| < 5/8: x + x^3 p(x^2), p minimax; else 1 - 2 / (e^2x + 1), where
 * the error of e^2x hardly counts.  Fast: E / (E + 2), E = e^2|x| - 1, where
 * 2|x| = n ln 2 + r and E = 2^n (e^r - 1) + (2^n - 1), e^r - 1 minimax: E is
 * good near 0, where n = 0, and counts for less and less above. */
#ifdef BP_FAST
#define BP_TANHF(S, T, U) \
BP_INLINE T \
bp_tanh##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x80000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign), y; \
	T t = a*2.88539008f + 12582912.0f, n = t - 12582912.0f; \
	T r = (a + a) - n*0.693147182f, z = r*r, p; \
	T s = bp_of_bits##S((bp_bits##S(t) - 0x4b400000u + 127u) << 23); \
\
	p = r + z*(0.500000052f + r*0.16666523f); \
	p = p + (z*z)*((0.0416659621f + r*8.368484e-3f) + z*1.393426e-3f); \
	y = (s*p + (s - 1.0f))/(s*p + (s + 1.0f)); \
	y = bp_select##S(a > 9.02f, bp_splat##S(1.0f), y); \
	return bp_of_bits##S(bp_bits##S(y) | sign); \
}
#else
#define BP_TANHF(S, T, U) \
BP_INLINE T \
bp_tanh##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x80000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign), z = a*a, p, y; \
\
	p = z*-5.71679207301e-3f + 2.06503702624e-2f; \
	p = p*z - 5.37434346266e-2f; \
	p = p*z + 1.33314905648e-1f; \
	p = p*z - 3.33332838999e-1f; \
	p = a + a*(z*p); \
	y = 1.0f - 2.0f/(bp_exp##S##_shifted(a + a, 0) + 1.0f); \
	y = bp_select##S(a < 0.625f, p, y); \
	return bp_of_bits##S(bp_bits##S(y) | sign); \
}
#endif
/* error < 1.33 ulp; fast: < 3.4 ulp */
BP_TANHF(f, float, uint32_t)
#endif
/* end tanhf */

/* part tanh: needs exp */
#ifndef BP_PART_TANH
#define BP_PART_TANH
#define BP_TANH(S, T, U) \
BP_INLINE T \
bp_tanh##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x8000000000000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign), z = a*a, p, y; \
\
	p = z*6.0550627139400522489e-6 - 3.0216684650600237827e-5; \
	p = p*z + 9.1588545313761894369e-5; \
	p = p*z - 2.3702941538218523393e-4; \
	p = p*z + 5.8945837167302103001e-4; \
	p = p*z - 1.4557275582240814233e-3; \
	p = p*z + 3.5921142622171785014e-3; \
	p = p*z - 8.8632343405830021771e-3; \
	p = p*z + 2.1869488470595398427e-2; \
	p = p*z - 5.3968253966132243883e-2; \
	p = p*z + 1.3333333333329885521e-1; \
	p = p*z - 3.333333333333331378e-1; \
	p = a + a*(z*p); \
	y = 1.0 - 2.0/(bp_exp##S##_shifted(a + a, 0) + 1.0); \
	y = bp_select##S(a < 0.625, p, y); \
	return bp_of_bits##S(bp_bits##S(y) | sign); \
}
/* error < 1.35 ulp */
BP_TANH(, double, uint64_t)
#endif
/* end tanh */

/* part coshf: needs expf */
#ifndef BP_PART_COSHF
#define BP_PART_COSHF
/* h + 1/(4h) with h = e^|x| / 2, which overflows where cosh does */
#define BP_COSHF(S, T) \
BP_INLINE T \
bp_cosh##S(T x) \
{ \
	T a = bp_of_bits##S(bp_bits##S(x) & 0x7fffffffu); \
	T h = bp_exp##S##_shifted(a, -1); \
\
	return h + 0.25f/h; \
}
/* error < 1.39 ulp; fast: < 3.4 ulp */
BP_COSHF(f, float)
#endif
/* end coshf */

/* part cosh: needs exp */
#ifndef BP_PART_COSH
#define BP_PART_COSH
#define BP_COSH(S, T) \
BP_INLINE T \
bp_cosh##S(T x) \
{ \
	T a = bp_of_bits##S(bp_bits##S(x) & 0x7fffffffffffffffu); \
	T h = bp_exp##S##_shifted(a, -1); \
\
	return h + 0.25/h; \
}
/* error < 1.4 ulp */
BP_COSH(, double)
#endif
/* end cosh */

/* part erff: needs expf */
#ifndef BP_PART_ERFF
#define BP_PART_ERFF
/* |x| < 1: x + x p(x^2); else 1 - e^-g(x - 1) with g = -log erfc; p and g are
 * minimax polynomials */
#define BP_ERFF(S, T, U) \
BP_INLINE T \
bp_erf##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x80000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign), z = a*a, t, p, g; \
\
	p = z*7.88879185111e-5f - 8.02075175266e-4f; \
	p = p*z + 5.18952627114e-3f; \
	p = p*z - 2.68544404223e-2f; \
	p = p*z + 1.12836000914e-1f; \
	p = p*z - 3.76126271298e-1f; \
	p = p*z + 1.28379165913e-1f; \
	p = a + a*p; \
	t = bp_select##S(a > 4.0f, bp_splat##S(4.0f), a) - 1.0f; \
	g = t*-1.8637200223e-4f + 1.82935848783e-3f; \
	g = g*t - 9.89543271224e-3f; \
	g = g*t + 4.15034860587e-2f; \
	g = g*t + 8.43117609082e-1f; \
	g = g*t + 2.63896687989f; \
	g = g*t + 1.84960551565f; \
	g = 1.0f - bp_exp##S##_shifted(-g, 0); \
	g = bp_select##S(a < 1.0f, p, g); \
	return bp_of_bits##S(bp_bits##S(g) | sign); \
}
/* error < 1.51 ulp; fast: < 1.51 ulp */
BP_ERFF(f, float, uint32_t)
#endif
/* end erff */

/* part erf: needs exp */
#ifndef BP_PART_ERF
#define BP_PART_ERF
#define BP_ERF(S, T, U) \
BP_INLINE T \
bp_erf##S(T x) \
{ \
	U sign = bp_bits##S(x) & 0x8000000000000000u; \
	T a = bp_of_bits##S(bp_bits##S(x) ^ sign), z = a*a, t, p, g; \
\
	p = z*5.9604166787047152647e-11 - 1.1374800657827091082e-9; \
	p = p*z + 1.4660289602329430654e-8; \
	p = p*z - 1.6350390560171533246e-7; \
	p = p*z + 1.6461007958607454329e-6; \
	p = p*z - 1.4925595740777364822e-5; \
	p = p*z + 1.2055331131690356749e-4; \
	p = p*z - 8.5483269813920201809e-4; \
	p = p*z + 5.2239776248278686095e-3; \
	p = p*z - 2.6866170645077819644e-2; \
	p = p*z + 1.128379167095488419e-1; \
	p = p*z - 3.7612638903183748172e-1; \
	p = p*z + 1.2837916709551257377e-1; \
	p = a + a*p; \
	t = bp_select##S(a > 5.95, bp_splat##S(5.95), a) - 1.0; \
	g = t*-1.0496436252716398239e-12 + 2.9067594596088846685e-11; \
	g = g*t - 3.7096913271142395109e-10; \
	g = g*t + 2.8816158944707302046e-9; \
	g = g*t - 1.498728464504320432e-8; \
	g = g*t + 5.2269012364266220992e-8; \
	g = g*t - 9.8060612830869628922e-8; \
	g = g*t - 1.420312762827194776e-7; \
	g = g*t + 2.0587367240973448899e-6; \
	g = g*t - 9.6079541826270290483e-6; \
	g = g*t + 2.7158473106296970172e-5; \
	g = g*t - 2.6277560915514977531e-5; \
	g = g*t - 2.3732259113349632823e-4; \
	g = g*t + 1.9779025941276228669e-3; \
	g = g*t - 1.0033825378471457337e-2; \
	g = g*t + 4.1561098042183449117e-2; \
	g = g*t + 8.4310725635865895546e-1; \
	g = g*t + 2.6389675142347885825; \
	g = g*t + 1.8496055099332482552; \
	g = 1.0 - bp_exp##S##_shifted(-g, 0); \
	g = bp_select##S(a < 1.0, p, g); \
	return bp_of_bits##S(bp_bits##S(g) | sign); \
}
/* error < 1.5 ulp */
BP_ERF(, double, uint64_t)
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

/* part lanes: needs base */
#ifndef BP_PART_LANES
#define BP_PART_LANES
/* Lanes of a vector of float and of double, as many as a register has; 1 (a
 * vector is then a number) where there are none, or the compiler has no vectors
 * (TinyCC takes vector_size for granted and forgets it).  32-bit NEON has no
 * double and drops subnormals, so that it is for fast networks. */
#ifndef BP_MAX_LANES
#define BP_MAX_LANES 16
#endif
#if defined __TINYC__ || defined __INTEL_COMPILER || \
	(!defined __clang__ && (!defined __GNUC__ || __GNUC__ < 5))
#define BP_REGISTER 8
#elif defined __AVX512F__
#define BP_REGISTER 64
#elif defined __AVX__
#define BP_REGISTER 32
#elif defined __SSE2__ || defined __wasm_simd128__ || defined __VSX__ || \
	(defined __ARM_NEON && (defined __aarch64__ || defined BP_FAST) && \
	 __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define BP_REGISTER 16
#else
#define BP_REGISTER 8
#endif

/* the line of the cache at p, to be written soon; only speed depends on it */
#if defined __clang__ || (defined __GNUC__ && !defined __TINYC__)
#define BP_PREFETCH(p) __builtin_prefetch(p, 1)
#else
#define BP_PREFETCH(p) ((void)(p))
#endif

/* how many of them there are: what a tile of sums may hold */
#if defined __AVX512F__ || defined __aarch64__ || defined __VSX__
#define BP_REGISTERS 32
#else
#define BP_REGISTERS 16
#endif

#if BP_REGISTER == 64 && BP_MAX_LANES >= 16
#define BP_LANES_VF 16
#elif BP_REGISTER >= 32 && BP_MAX_LANES >= 8
#define BP_LANES_VF 8
#elif BP_REGISTER >= 16 && BP_MAX_LANES >= 4
#define BP_LANES_VF 4
#elif BP_REGISTER >= 16 && BP_MAX_LANES >= 2 && !defined __i386__
#define BP_LANES_VF 2
#else
#define BP_LANES_VF 1
#endif
#if BP_REGISTER == 64 && BP_MAX_LANES >= 8
#define BP_LANES_V 8
#elif BP_REGISTER >= 32 && BP_MAX_LANES >= 4
#define BP_LANES_V 4
#elif BP_REGISTER >= 16 && BP_MAX_LANES >= 2 && !defined __arm__
#define BP_LANES_V 2
#else
#define BP_LANES_V 1
#endif

/* f(0, a), f(1, a), ... for n lanes */
#define BP_LIST_2(f, i, a) f((i), a), f((i) + 1, a)
#define BP_LIST_4(f, i, a) BP_LIST_2(f, i, a), BP_LIST_2(f, (i) + 2, a)
#define BP_LIST_8(f, i, a) BP_LIST_4(f, i, a), BP_LIST_4(f, (i) + 4, a)
#define BP_LIST_16(f, i, a) BP_LIST_8(f, i, a), BP_LIST_8(f, (i) + 8, a)
#define BP_LIST_OF(n, f, a) BP_LIST_##n(f, 0, a)
#define BP_LIST(n, f, a) BP_LIST_OF(n, f, a)
#define BP_PLUS(i, a) (i) + (a)
#define BP_IF_WITHIN(i, p) (i) < rest ? (p)[i] : 0
#define BP_WITHIN_OR_FIRST(i, p) (p)[((i) < rest ? (i) : 0)*stride]

/* strict's sum of 16: the neighbours at a distance of 8, then 4, 2 and 1 */
#define BP_JOIN_4(at, i) ((at(i) + at(i + 8)) + (at(i + 4) + at(i + 12)))
#define BP_JOIN_16(at) \
	((BP_JOIN_4(at, 0) + BP_JOIN_4(at, 2)) + \
	 (BP_JOIN_4(at, 1) + BP_JOIN_4(at, 3)))

#if BP_LANES_VF > 1 || BP_LANES_V > 1
#define BP_VECTOR static inline __attribute__((always_inline, unused))
/* long, and called for each vector of samples: one copy */
#define BP_APART static __attribute__((noinline, unused))
typedef __PTRDIFF_TYPE__ bp_stride;

/* lane i gets lane i + by */
#ifdef __clang__
#define BP_TURN(V, n, v, by) \
	__builtin_shufflevector(v, v, BP_LIST(n, BP_PLUS, (by) % (n)))
#else
#define BP_TURN(V, n, v, by) __builtin_shuffle(v, \
	__extension__ (V##i){ BP_LIST(n, BP_PLUS, (by) % (n)) })
#endif

/* a and b, each groups of g lanes: the first lane of a group is added to the one
 * in its middle, and so on; groups of g/2 remain, those of a, then those of b */
#define BP_HALF(g, n) ((g) <= (n) ? (g)/2 : 1)
#define BP_FIRST(i, half) (i)/(half)*2*(half) + (i)%(half)
#define BP_SECOND(i, half) BP_FIRST(i, half) + (half)
#define BP_PAIR(V, n, a, b, g) \
	(BP_MIX(V, n, a, b, BP_FIRST, BP_HALF(g, n)) + \
	 BP_MIX(V, n, a, b, BP_SECOND, BP_HALF(g, n)))
/* without loops, so that gcc sees early that v need not lie in memory */
#define BP_PAIR_AT(S, v, count, g, i) \
	if (i < count) \
		v[i/2] = bp_pair##g##S(v[i], v[i + (i + 1 < count)]);
#define BP_PAIRS(S, n, v, count, g) \
	if (n >= g) { \
		BP_PAIR_AT(S, v, count, g, 0) BP_PAIR_AT(S, v, count, g, 2) \
		BP_PAIR_AT(S, v, count, g, 4) BP_PAIR_AT(S, v, count, g, 6) \
		BP_PAIR_AT(S, v, count, g, 8) BP_PAIR_AT(S, v, count, g, 10) \
		BP_PAIR_AT(S, v, count, g, 12) BP_PAIR_AT(S, v, count, g, 14) \
		count = (count + 1)/2; \
	}
#define BP_PAIR_OF(S, V, n, g) \
BP_VECTOR V \
bp_pair##g##S(V a, V b) \
{ \
	return BP_PAIR(V, n, a, b, g); \
}
#ifdef __clang__
#define BP_MIX(V, n, a, b, f, half) \
	__builtin_shufflevector(a, b, BP_LIST(n, f, half))
#else
#define BP_MIX(V, n, a, b, f, half) __builtin_shuffle(a, b, \
	__extension__ (V##i){ BP_LIST(n, f, half) })
#endif

/* gcc 12 fails (in gimple_expand_vec_cond_expr) where two branches meet with a
 * mask each, if the machine does not blend integers: hide that it is one. */
#if defined __SSE2__ && !defined __clang__ && \
	(!defined __SSE4_2__ || (defined __AVX__ && !defined __AVX2__))
#define BP_FIRM(yes, no) \
	do { __asm__("" : "+x"(yes)); no = ~yes; } while (0)
#else
#define BP_FIRM(yes, no) ((void)0)
#endif

/* What float and double share.  V is the vector of n lanes of R, V##u its bits,
 * V##i a mask (all bits of a lane or none).
 *
 * splat: x - 0 is x, also for -0.
 * blend: written so that gcc makes one instruction of it and the comparison.
 * addend: lanes without a place are -0, which adds nothing.
 * gather, scatter: lane i is p[i*stride]; without a place it is as lane 0.
 * place: where the largest so far is, -1: nowhere.
 * sum: in the order of BP_JOIN_16.  sums: lane i is that of v[i], i < count <= n,
 * the others are some of them again; v is lost.  add_lanes: from left to right. */
#define BP_VECTORS(S, V, n, R, U, I) \
typedef R V __attribute__((vector_size(n*sizeof(R)))); \
typedef R V##_any __attribute__((vector_size(n*sizeof(R)), \
	aligned(sizeof(R)), may_alias)); \
typedef U V##u __attribute__((vector_size(n*sizeof(R)))); \
typedef I V##i __attribute__((vector_size(n*sizeof(R)))); \
\
BP_VECTOR V \
bp_load##S(const R *p) \
{ \
	return *(const V##_any *)p; \
} \
\
BP_VECTOR void \
bp_store##S(R *p, V v) \
{ \
	*(V##_any *)p = v; \
} \
\
BP_VECTOR V \
bp_splat##S(R x) \
{ \
	const V zero = { 0 }; \
\
	return x - zero; \
} \
\
BP_VECTOR V \
bp_blend##S(V##i yes, V##i no, V a, V b) \
{ \
	V##i x, y; \
\
	BP_FIRM(yes, no); \
	x = yes & (V##i)a; \
	y = no & (V##i)b; \
	return (V)(x | y); \
} \
\
BP_VECTOR V##i \
bp_within##S(int rest) \
{ \
	const V##i zero = { 0 }, lane = { BP_LIST(n, BP_PLUS, 0) }; \
\
	return lane < (I)rest - zero; \
} \
\
BP_VECTOR V \
bp_keep##S(V v, int rest) \
{ \
	return (V)((V##i)v & bp_within##S(rest)); \
} \
\
BP_VECTOR V \
bp_addend##S(V v, int rest) \
{ \
	const V##i yes = bp_within##S(rest); \
\
	return bp_blend##S(yes, ~yes, v, bp_splat##S((R)-0.0)); \
} \
\
BP_APART V \
bp_gather##S(const R *p, bp_stride stride, int rest) \
{ \
	const V v = { BP_LIST(n, BP_WITHIN_OR_FIRST, p) }; \
\
	return v; \
} \
\
BP_VECTOR void \
bp_scatter##S(R *p, bp_stride stride, V v, int rest) \
{ \
	R lane[n]; \
	int i; \
\
	bp_store##S(lane, v); \
	for (i = 0; i < n && i < rest; i++) \
		p[i*stride] = lane[i]; \
} \
\
BP_VECTOR R \
bp_sum##S(V v) \
{ \
	if (n > 8) \
		v += BP_TURN(V, n, v, 8); \
	if (n > 4) \
		v += BP_TURN(V, n, v, 4); \
	if (n > 2) \
		v += BP_TURN(V, n, v, 2); \
	v += BP_TURN(V, n, v, 1); \
	return v[0]; \
} \
\
BP_PAIR_OF(S, V, n, 16) \
BP_PAIR_OF(S, V, n, 8) \
BP_PAIR_OF(S, V, n, 4) \
BP_PAIR_OF(S, V, n, 2) \
\
BP_VECTOR V \
bp_sums##S(V *v, int count) \
{ \
	BP_PAIRS(S, n, v, count, 16) \
	BP_PAIRS(S, n, v, count, 8) \
	BP_PAIRS(S, n, v, count, 4) \
	BP_PAIRS(S, n, v, count, 2) \
	return v[0]; \
} \
\
BP_APART R \
bp_add_lanes##S(R s, V v, int rest) \
{ \
	R lane[n]; \
	int i; \
\
	bp_store##S(lane, v); \
	for (i = 0; i < n && i < rest; i++) \
		s += lane[i]; \
	return s; \
} \
\
BP_VECTOR V \
bp_larger##S(V m, V x) \
{ \
	V##i yes = (V##i)(m == m) & ~(V##i)(x <= m); \
\
	return bp_blend##S(yes, ~yes, x, m); \
} \
\
BP_VECTOR void \
bp_place##S(V *m, V *place, V x, R at) \
{ \
	V##i yes = (V##i)(*place < 0) | \
		((V##i)(*m == *m) & ~(V##i)(x <= *m)); \
\
	*m = bp_blend##S(yes, ~yes, x, *m); \
	*place = bp_blend##S(yes, ~yes, bp_splat##S(at), *place); \
}

/* the first lanes, where no instruction leaves the others alone */
#define BP_VECTORS_REST(S, V, n, R) \
BP_VECTOR V \
bp_load_rest##S(const R *p, int rest) \
{ \
	if (rest < n) { \
		const V first = { BP_LIST(n, BP_IF_WITHIN, p) }; \
\
		return first; \
	} \
	return bp_load##S(p); \
} \
\
BP_VECTOR void \
bp_store_rest##S(R *p, V v, int rest) \
{ \
	if (rest >= n) \
		bp_store##S(p, v); \
	else \
		bp_scatter##S(p, 1, v, rest); \
}

/* Off-diagonal blocks of h lanes change places, in v[i] and v[i + h]: after all h
 * that are a power of 2, rows are columns. */
#define BP_UPPER(i, h) ((i) & ((h)%64)) ? (h)/64 + (i) - (h)%64 : (i)
#define BP_LOWER(i, h) ((i) & ((h)%64)) ? (h)/64 + (i) : ((i) + (h)%64)%((h)/64)
#define BP_SWAP(V, n, v, h, i) \
	if (h < n && (i)%(2*h) < h && i < n) { \
		const V bp_upper = BP_MIX(V, n, v[i], v[(i + h)%n], BP_UPPER, \
			n*64 + h); \
		v[(i + h)%n] = BP_MIX(V, n, v[i], v[(i + h)%n], BP_LOWER, \
			n*64 + h); \
		v[i] = bp_upper; \
	}
#define BP_EACH(f, V, n, v, h) \
	f(V, n, v, h, 0) f(V, n, v, h, 1) f(V, n, v, h, 2) f(V, n, v, h, 3) \
	f(V, n, v, h, 4) f(V, n, v, h, 5) f(V, n, v, h, 6) f(V, n, v, h, 7) \
	f(V, n, v, h, 8) f(V, n, v, h, 9) f(V, n, v, h, 10) f(V, n, v, h, 11) \
	f(V, n, v, h, 12) f(V, n, v, h, 13) f(V, n, v, h, 14) f(V, n, v, h, 15)
#define BP_GET_ROW(S, n, v, whole, i) \
	if (i < n) \
		v[(i)%n] = whole ? bp_load##S(from + i*from_stride) : \
			bp_load_rest##S(from + (i < lanes ? i : 0) \
			*from_stride, rows);
#define BP_PUT_ROW(S, n, v, whole, i) \
	if (i < n && i < rows) \
		bp_store_rest##S(to + i*to_stride, v[(i)%n], whole ? n : lanes);

/* to[r*to_stride + l] = from[l*from_stride + r], r < rows, l < lanes; both may be
 * more than there are: 16 rows, and the lanes of a vector, are turned */
#define BP_TURNS(S, V, n, R) \
BP_VECTOR void \
bp_turn_block##S(R *to, bp_stride to_stride, const R *from, \
	bp_stride from_stride, int rows, int lanes, int whole) \
{ \
	V v[n]; \
\
	BP_EACH(BP_GET_ROW, S, n, v, whole) \
	BP_EACH(BP_SWAP, V, n, v, 8) \
	BP_EACH(BP_SWAP, V, n, v, 4) \
	BP_EACH(BP_SWAP, V, n, v, 2) \
	BP_EACH(BP_SWAP, V, n, v, 1) \
	BP_EACH(BP_PUT_ROW, S, n, v, whole) \
} \
\
BP_APART void \
bp_turn##S(R *to, bp_stride to_stride, const R *from, bp_stride from_stride, \
	int rows, int lanes) \
{ \
	int r, end = rows < 16 ? rows : 16; \
\
	for (r = 0; r < end; r += n) \
		if (end - r >= n && lanes >= n) \
			bp_turn_block##S(to + r*to_stride, to_stride, \
				from + r, from_stride, n, n, 1); \
		else \
			bp_turn_block##S(to + r*to_stride, to_stride, \
				from + r, from_stride, end - r, lanes, 0); \
}

/* p[i] is the sum of v[i], i < count <= 16; v is lost, and a place without a sum,
 * as far as there is room, may get one too */
#define BP_SUMS_AT(S, n, k) \
	if (k*n < count) \
		bp_store_rest##S(p + k*n, bp_sums##S(v + k*n, \
			count - k*n < n ? count - k*n : n), room - k*n);
#define BP_STORE_SUMS(S, V, n, R) \
BP_VECTOR void \
bp_store_sums##S(R *p, V *v, int count, int room) \
{ \
	BP_SUMS_AT(S, n, 0) BP_SUMS_AT(S, n, 1) \
	BP_SUMS_AT(S, n, 2) BP_SUMS_AT(S, n, 3) \
	BP_SUMS_AT(S, n, 4) BP_SUMS_AT(S, n, 5) \
	BP_SUMS_AT(S, n, 6) BP_SUMS_AT(S, n, 7) \
}

/* the body of a function that has no better way */
#define BP_LANE_BY_LANE(S, f, R, n) \
	R lane[n]; \
	int i; \
\
	bp_store##S(lane, x); \
	for (i = 0; i < n; i++) \
		lane[i] = f(lane[i]); \
	return bp_load##S(lane);

/* true, and the compiler sees it */
#define BP_KNOWN(c) (__builtin_constant_p(c) && (c))
#ifdef __has_builtin
#define BP_HAS(name) __has_builtin(name)
#else
#define BP_HAS(name) 0
#endif
#endif
#endif
/* end lanes */

/* part vf: needs lanes bitsf */
#ifndef BP_PART_VF
#define BP_PART_VF
/* vectors of float */
#if BP_LANES_VF > 1
BP_VECTORS(_vf, bp_vf, BP_LANES_VF, float, uint32_t, int32_t)

/* c without side effects */
#define bp_select_vf(c, a, b) \
	bp_blend_vf((bp_vfi)(c), ~(bp_vfi)(c), a, b)
#define bp_bits_vf(x) ((bp_vfu)(x))
#define bp_of_bits_vf(u) ((bp_vf)(u))
#define bp_lane_vf(v, i) ((v)[i])

#if BP_LANES_VF == 16 && BP_HAS(__builtin_ia32_loadups512_mask) && \
	BP_HAS(__builtin_ia32_storeups512_mask)
BP_VECTOR unsigned short
bp_first_vf(int rest)
{
	const int n = rest > 0 ? rest : 0;

	return (unsigned short)(n < 16 ? (1u << n) - 1u : 0xffffu);
}

BP_VECTOR bp_vf
bp_load_rest_vf(const float *p, int rest)
{
	const bp_vf zero = { 0 };

	if (BP_KNOWN(rest >= BP_LANES_VF))
		return bp_load_vf(p);
	return __builtin_ia32_loadups512_mask(p, zero, bp_first_vf(rest));
}

BP_VECTOR void
bp_store_rest_vf(float *p, bp_vf v, int rest)
{
	if (BP_KNOWN(rest >= BP_LANES_VF))
		bp_store_vf(p, v);
	else
		__builtin_ia32_storeups512_mask(p, v, bp_first_vf(rest));
}
#elif BP_LANES_VF == 8 && BP_HAS(__builtin_ia32_maskloadps256) && \
	BP_HAS(__builtin_ia32_maskstoreps256)
BP_VECTOR bp_vf
bp_load_rest_vf(const float *p, int rest)
{
	if (BP_KNOWN(rest >= BP_LANES_VF))
		return bp_load_vf(p);
	return __builtin_ia32_maskloadps256((const bp_vf *)p,
		bp_within_vf(rest));
}

BP_VECTOR void
bp_store_rest_vf(float *p, bp_vf v, int rest)
{
	if (BP_KNOWN(rest >= BP_LANES_VF))
		bp_store_vf(p, v);
	else
		__builtin_ia32_maskstoreps256((bp_vf *)p,
			bp_within_vf(rest), v);
}
#else
BP_VECTORS_REST(_vf, bp_vf, BP_LANES_VF, float)
#endif
BP_STORE_SUMS(_vf, bp_vf, BP_LANES_VF, float)
BP_TURNS(_vf, bp_vf, BP_LANES_VF, float)
#else
typedef float bp_vf;
#define bp_load_vf(p) (*(p))
#define bp_store_vf(p, v) ((void)(*(p) = (v)))
#define bp_splat_vf(x) (x)
#define bp_select_vf(c, a, b) ((c) ? (a) : (b))
#define bp_keep_vf(v, rest) ((rest) > 0 ? (v) : 0.0f)
#define bp_addend_vf(v, rest) ((rest) > 0 ? (v) : -0.0f)
#define bp_load_rest_vf(p, rest) ((rest) > 0 ? *(p) : 0.0f)
#define bp_store_rest_vf(p, v, rest) \
	((rest) > 0 ? (void)(*(p) = (v)) : (void)0)
#define bp_gather_vf(p, stride, rest) (*(p))
#define bp_scatter_vf(p, stride, v, rest) bp_store_rest_vf(p, v, rest)
#define bp_sum_vf(v) (v)
#define bp_add_lanes_vf(s, v, rest) ((rest) > 0 ? (s) + (v) : (s))
#define bp_lane_vf(v, i) (v)

BP_INLINE void
bp_turn_vf(float *to, long to_stride, const float *from, long from_stride,
	int rows, int lanes)
{
	int r;

	(void)from_stride;
	for (r = 0; r < rows && r < 16 && lanes > 0; r++)
		to[r*to_stride] = from[r];
}

BP_INLINE void
bp_store_sums_vf(float *p, const float *v, int count, int room)
{
	int i;

	(void)room;
	for (i = 0; i < count; i++)
		p[i] = v[i];
}

BP_INLINE float
bp_larger_vf(float m, float x)
{
	return x > m || (x != x && m == m) ? x : m;
}

BP_INLINE void
bp_place_vf(float *m, float *place, float x, float at)
{
	if (*place < 0 || x > *m || (x != x && *m == *m)) {
		*m = x;
		*place = at;
	}
}
#endif

/* of 16 sums that stand at a: the same bits for any number of lanes */
BP_INLINE float
bp_join16f(const float *a)
{
#define BP_AT(i) bp_load_vf(a + (i))
#if BP_LANES_VF == 16
	return bp_sum_vf(BP_AT(0));
#elif BP_LANES_VF == 8
	return bp_sum_vf(BP_AT(0) + BP_AT(8));
#elif BP_LANES_VF == 4
	return bp_sum_vf(BP_JOIN_4(BP_AT, 0));
#elif BP_LANES_VF == 2
	return bp_sum_vf(BP_JOIN_4(BP_AT, 0) + BP_JOIN_4(BP_AT, 2));
#else
	return BP_JOIN_16(BP_AT);
#endif
#undef BP_AT
}
#endif
/* end vf */

/* part v: needs lanes bits */
#ifndef BP_PART_V
#define BP_PART_V
/* vectors of double */
#if BP_LANES_V > 1
BP_VECTORS(_v, bp_v, BP_LANES_V, double, uint64_t, long long)

/* c without side effects */
#define bp_select_v(c, a, b) \
	bp_blend_v((bp_vi)(c), ~(bp_vi)(c), a, b)
#define bp_bits_v(x) ((bp_vu)(x))
#define bp_of_bits_v(u) ((bp_v)(u))
#define bp_lane_v(v, i) ((v)[i])

#if BP_LANES_V == 8 && BP_HAS(__builtin_ia32_loadupd512_mask) && \
	BP_HAS(__builtin_ia32_storeupd512_mask)
BP_VECTOR unsigned char
bp_first_v(int rest)
{
	const int n = rest > 0 ? rest : 0;

	return (unsigned char)(n < 8 ? (1u << n) - 1u : 0xffu);
}

BP_VECTOR bp_v
bp_load_rest_v(const double *p, int rest)
{
	const bp_v zero = { 0 };

	if (BP_KNOWN(rest >= BP_LANES_V))
		return bp_load_v(p);
	return __builtin_ia32_loadupd512_mask(p, zero, bp_first_v(rest));
}

BP_VECTOR void
bp_store_rest_v(double *p, bp_v v, int rest)
{
	if (BP_KNOWN(rest >= BP_LANES_V))
		bp_store_v(p, v);
	else
		__builtin_ia32_storeupd512_mask(p, v, bp_first_v(rest));
}
#elif BP_LANES_V == 4 && BP_HAS(__builtin_ia32_maskloadpd256) && \
	BP_HAS(__builtin_ia32_maskstorepd256)
BP_VECTOR bp_v
bp_load_rest_v(const double *p, int rest)
{
	if (BP_KNOWN(rest >= BP_LANES_V))
		return bp_load_v(p);
	return __builtin_ia32_maskloadpd256((const bp_v *)p,
		bp_within_v(rest));
}

BP_VECTOR void
bp_store_rest_v(double *p, bp_v v, int rest)
{
	if (BP_KNOWN(rest >= BP_LANES_V))
		bp_store_v(p, v);
	else
		__builtin_ia32_maskstorepd256((bp_v *)p,
			bp_within_v(rest), v);
}
#else
BP_VECTORS_REST(_v, bp_v, BP_LANES_V, double)
#endif
BP_STORE_SUMS(_v, bp_v, BP_LANES_V, double)
BP_TURNS(_v, bp_v, BP_LANES_V, double)
#else
typedef double bp_v;
#define bp_load_v(p) (*(p))
#define bp_store_v(p, v) ((void)(*(p) = (v)))
#define bp_splat_v(x) (x)
#define bp_select_v(c, a, b) ((c) ? (a) : (b))
#define bp_keep_v(v, rest) ((rest) > 0 ? (v) : 0.0)
#define bp_addend_v(v, rest) ((rest) > 0 ? (v) : -0.0)
#define bp_load_rest_v(p, rest) ((rest) > 0 ? *(p) : 0.0)
#define bp_store_rest_v(p, v, rest) \
	((rest) > 0 ? (void)(*(p) = (v)) : (void)0)
#define bp_gather_v(p, stride, rest) (*(p))
#define bp_scatter_v(p, stride, v, rest) bp_store_rest_v(p, v, rest)
#define bp_sum_v(v) (v)
#define bp_add_lanes_v(s, v, rest) ((rest) > 0 ? (s) + (v) : (s))
#define bp_lane_v(v, i) (v)

BP_INLINE void
bp_turn_v(double *to, long to_stride, const double *from, long from_stride,
	int rows, int lanes)
{
	int r;

	(void)from_stride;
	for (r = 0; r < rows && r < 16 && lanes > 0; r++)
		to[r*to_stride] = from[r];
}

BP_INLINE void
bp_store_sums_v(double *p, const double *v, int count, int room)
{
	int i;

	(void)room;
	for (i = 0; i < count; i++)
		p[i] = v[i];
}

BP_INLINE double
bp_larger_v(double m, double x)
{
	return x > m || (x != x && m == m) ? x : m;
}

BP_INLINE void
bp_place_v(double *m, double *place, double x, double at)
{
	if (*place < 0 || x > *m || (x != x && *m == *m)) {
		*m = x;
		*place = at;
	}
}
#endif

/* of 16 sums that stand at a: the same bits for any number of lanes */
BP_INLINE double
bp_join16(const double *a)
{
#define BP_AT(i) bp_load_v(a + (i))
#if BP_LANES_V == 8
	return bp_sum_v(BP_AT(0) + BP_AT(8));
#elif BP_LANES_V == 4
	return bp_sum_v(BP_JOIN_4(BP_AT, 0));
#elif BP_LANES_V == 2
	return bp_sum_v(BP_JOIN_4(BP_AT, 0) + BP_JOIN_4(BP_AT, 2));
#else
	return BP_JOIN_16(BP_AT);
#endif
#undef BP_AT
}
#endif
/* end v */

/* part exp_vf: needs vf expf */
#ifndef BP_PART_EXP_VF
#define BP_PART_EXP_VF
#if BP_LANES_VF > 1
BP_EXPF(_vf, bp_vf, bp_vfu)
#else
#define bp_exp_vf bp_expf
#endif
#endif
/* end exp_vf */

/* part log_vf: needs vf logf */
#ifndef BP_PART_LOG_VF
#define BP_PART_LOG_VF
#if BP_LANES_VF > 1
BP_LOGF(_vf, bp_vf, bp_vfu)
#else
#define bp_log_vf bp_logf
#endif
#endif
/* end log_vf */

/* part log1p_vf: needs vf log1pf log_vf */
#ifndef BP_PART_LOG1P_VF
#define BP_PART_LOG1P_VF
#if BP_LANES_VF > 1
BP_LOG1PF(_vf, bp_vf, bp_vfu)
#else
#define bp_log1p_vf bp_log1pf
#endif
#endif
/* end log1p_vf */

/* part tanh_vf: needs vf tanhf exp_vf */
#ifndef BP_PART_TANH_VF
#define BP_PART_TANH_VF
#if BP_LANES_VF > 1
BP_TANHF(_vf, bp_vf, bp_vfu)
#else
#define bp_tanh_vf bp_tanhf
#endif
#endif
/* end tanh_vf */

/* part cosh_vf: needs vf coshf exp_vf */
#ifndef BP_PART_COSH_VF
#define BP_PART_COSH_VF
#if BP_LANES_VF > 1
BP_COSHF(_vf, bp_vf)
#else
#define bp_cosh_vf bp_coshf
#endif
#endif
/* end cosh_vf */

/* part erf_vf: needs vf erff exp_vf */
#ifndef BP_PART_ERF_VF
#define BP_PART_ERF_VF
#if BP_LANES_VF > 1
BP_ERFF(_vf, bp_vf, bp_vfu)
#else
#define bp_erf_vf bp_erff
#endif
#endif
/* end erf_vf */

/* part sqrt_vf: needs vf sqrtf */
#ifndef BP_PART_SQRT_VF
#define BP_PART_SQRT_VF
#if BP_LANES_VF > 1
BP_INLINE bp_vf
bp_sqrt_vf(bp_vf x)
{
#if !defined BP_SOFT_SQRT && defined __AVX__ && BP_LANES_VF > 2
	bp_vf y;

	__asm__("vsqrtps {%1, %0|%0, %1}" : "=v"(y) : "v"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __SSE2__ && BP_LANES_VF > 2
	bp_vf y;

	__asm__("sqrtps {%1, %0|%0, %1}" : "=x"(y) : "x"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __aarch64__ && BP_LANES_VF > 2
	bp_vf y;

	__asm__("fsqrt %0.4s, %1.4s" : "=w"(y) : "w"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __wasm__ && BP_LANES_VF == 4
	return __builtin_wasm_sqrt_f32x4(x);
#else
	BP_LANE_BY_LANE(_vf, bp_sqrtf, float, BP_LANES_VF)
#endif
}
#else
#define bp_sqrt_vf bp_sqrtf
#endif
#endif
/* end sqrt_vf */

/* part abs_vf: needs vf absf */
#ifndef BP_PART_ABS_VF
#define BP_PART_ABS_VF
#if BP_LANES_VF > 1
BP_INLINE bp_vf
bp_abs_vf(bp_vf x)
{
	return (bp_vf)((bp_vfu)x & 0x7fffffffu);
}
#else
#define bp_abs_vf bp_absf
#endif
#endif
/* end abs_vf */

/* part logistic_vf: needs vf logisticf exp_vf abs_vf */
#ifndef BP_PART_LOGISTIC_VF
#define BP_PART_LOGISTIC_VF
#if BP_LANES_VF > 1
BP_LOGISTICF(_vf, bp_vf)
#else
#define bp_logistic_vf bp_logisticf
#endif
#endif
/* end logistic_vf */

/* part sign_vf: needs vf signf */
#ifndef BP_PART_SIGN_VF
#define BP_PART_SIGN_VF
#if BP_LANES_VF > 1
BP_SIGNF(_vf, bp_vf)
#else
#define bp_sign_vf bp_signf
#endif
#endif
/* end sign_vf */

/* part floor_vf: needs vf floorf */
#ifndef BP_PART_FLOOR_VF
#define BP_PART_FLOOR_VF
#if BP_LANES_VF > 1
BP_FLOORF(_vf, bp_vf, bp_vfu)
#else
#define bp_floor_vf bp_floorf
#endif
#endif
/* end floor_vf */

/* part sin_vf: needs vf sinf */
#ifndef BP_PART_SIN_VF
#define BP_PART_SIN_VF
#if BP_LANES_VF > 1
BP_INLINE bp_vf
bp_sin_vf(bp_vf x)
{
	BP_LANE_BY_LANE(_vf, bp_sinf, float, BP_LANES_VF)
}
#else
#define bp_sin_vf bp_sinf
#endif
#endif
/* end sin_vf */

/* part cos_vf: needs vf cosf */
#ifndef BP_PART_COS_VF
#define BP_PART_COS_VF
#if BP_LANES_VF > 1
BP_INLINE bp_vf
bp_cos_vf(bp_vf x)
{
	BP_LANE_BY_LANE(_vf, bp_cosf, float, BP_LANES_VF)
}
#else
#define bp_cos_vf bp_cosf
#endif
#endif
/* end cos_vf */

/* part exp_v: needs v exp */
#ifndef BP_PART_EXP_V
#define BP_PART_EXP_V
#if BP_LANES_V > 1
BP_EXP(_v, bp_v, bp_vu)
#else
#define bp_exp_v bp_exp
#endif
#endif
/* end exp_v */

/* part log_v: needs v log */
#ifndef BP_PART_LOG_V
#define BP_PART_LOG_V
#if BP_LANES_V > 1
BP_LOG(_v, bp_v, bp_vu)
#else
#define bp_log_v bp_log
#endif
#endif
/* end log_v */

/* part log1p_v: needs v log1p log_v */
#ifndef BP_PART_LOG1P_V
#define BP_PART_LOG1P_V
#if BP_LANES_V > 1
BP_LOG1P(_v, bp_v, bp_vu)
#else
#define bp_log1p_v bp_log1p
#endif
#endif
/* end log1p_v */

/* part tanh_v: needs v tanh exp_v */
#ifndef BP_PART_TANH_V
#define BP_PART_TANH_V
#if BP_LANES_V > 1
BP_TANH(_v, bp_v, bp_vu)
#else
#define bp_tanh_v bp_tanh
#endif
#endif
/* end tanh_v */

/* part cosh_v: needs v cosh exp_v */
#ifndef BP_PART_COSH_V
#define BP_PART_COSH_V
#if BP_LANES_V > 1
BP_COSH(_v, bp_v)
#else
#define bp_cosh_v bp_cosh
#endif
#endif
/* end cosh_v */

/* part erf_v: needs v erf exp_v */
#ifndef BP_PART_ERF_V
#define BP_PART_ERF_V
#if BP_LANES_V > 1
BP_ERF(_v, bp_v, bp_vu)
#else
#define bp_erf_v bp_erf
#endif
#endif
/* end erf_v */

/* part sqrt_v: needs v sqrt */
#ifndef BP_PART_SQRT_V
#define BP_PART_SQRT_V
#if BP_LANES_V > 1
BP_INLINE bp_v
bp_sqrt_v(bp_v x)
{
#if !defined BP_SOFT_SQRT && defined __AVX__ && BP_LANES_V > 1
	bp_v y;

	__asm__("vsqrtpd {%1, %0|%0, %1}" : "=v"(y) : "v"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __SSE2__ && BP_LANES_V > 1
	bp_v y;

	__asm__("sqrtpd {%1, %0|%0, %1}" : "=x"(y) : "x"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __aarch64__ && BP_LANES_V > 1
	bp_v y;

	__asm__("fsqrt %0.2d, %1.2d" : "=w"(y) : "w"(x));
	return y;
#elif !defined BP_SOFT_SQRT && defined __wasm__ && BP_LANES_V == 2
	return __builtin_wasm_sqrt_f64x2(x);
#else
	BP_LANE_BY_LANE(_v, bp_sqrt, double, BP_LANES_V)
#endif
}
#else
#define bp_sqrt_v bp_sqrt
#endif
#endif
/* end sqrt_v */

/* part abs_v: needs v abs */
#ifndef BP_PART_ABS_V
#define BP_PART_ABS_V
#if BP_LANES_V > 1
BP_INLINE bp_v
bp_abs_v(bp_v x)
{
	return (bp_v)((bp_vu)x & 0x7fffffffffffffffu);
}
#else
#define bp_abs_v bp_abs
#endif
#endif
/* end abs_v */

/* part logistic_v: needs v logistic exp_v abs_v */
#ifndef BP_PART_LOGISTIC_V
#define BP_PART_LOGISTIC_V
#if BP_LANES_V > 1
BP_LOGISTIC(_v, bp_v)
#else
#define bp_logistic_v bp_logistic
#endif
#endif
/* end logistic_v */

/* part sign_v: needs v sign */
#ifndef BP_PART_SIGN_V
#define BP_PART_SIGN_V
#if BP_LANES_V > 1
BP_SIGN(_v, bp_v)
#else
#define bp_sign_v bp_sign
#endif
#endif
/* end sign_v */

/* part floor_v: needs v floor */
#ifndef BP_PART_FLOOR_V
#define BP_PART_FLOOR_V
#if BP_LANES_V > 1
BP_FLOOR(_v, bp_v, bp_vu)
#else
#define bp_floor_v bp_floor
#endif
#endif
/* end floor_v */

/* part sin_v: needs v sin */
#ifndef BP_PART_SIN_V
#define BP_PART_SIN_V
#if BP_LANES_V > 1
BP_INLINE bp_v
bp_sin_v(bp_v x)
{
	BP_LANE_BY_LANE(_v, bp_sin, double, BP_LANES_V)
}
#else
#define bp_sin_v bp_sin
#endif
#endif
/* end sin_v */

/* part cos_v: needs v cos */
#ifndef BP_PART_COS_V
#define BP_PART_COS_V
#if BP_LANES_V > 1
BP_INLINE bp_v
bp_cos_v(bp_v x)
{
	BP_LANE_BY_LANE(_v, bp_cos, double, BP_LANES_V)
}
#else
#define bp_cos_v bp_cos
#endif
#endif
/* end cos_v */

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
