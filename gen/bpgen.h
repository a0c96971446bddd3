/* SPDX-License-Identifier: MIT
 * The types that several rooms share, from the text of a spec to the C.
 *
 * Dictionary:  c context   L Lua state   i j k indices   n sample of a batch
 *              t step of a scan, or target   x input   y output   w weight */
#ifndef BPGEN_H
#define BPGEN_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BPGEN_VERSION "0.1.0"

typedef struct Ctx Ctx;

/* ------------------------------------------------------------------ util
 * Memory lives as long as its context; nothing is freed one by one. */
void *mem(Ctx *c, size_t size);              /* zeroed; dies rather than NULL */
char *copy(Ctx *c, const char *s, size_t n); /* n bytes and a 0 */
char *fmt(Ctx *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void *vec_grow(Ctx *c, void *v, uint32_t n, uint32_t *cap, size_t size);

#define VEC(T) struct { T *v; uint32_t n, cap; }
#define PUSH(c, a, x) \
	((a)->v = (a)->n == (a)->cap ? vec_grow(c, (a)->v, (a)->n, \
	 &(a)->cap, sizeof *(a)->v) : (a)->v, (a)->v[(a)->n++] = (x))
typedef VEC(const char *) Names;

typedef struct { Ctx *c; char *s; size_t n, cap; } Text; /* s ends with a 0 */
void text_put(Text *t, const char *s, size_t n);
void text_add(Text *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int characters(const char *s);   /* of UTF-8 */
/* the shortest text that reads back to x as float or double, always with a
 * point or an exponent and never with a locale's comma; "inf", "nan" too */
const char *number_text(double x, bool f32, char buf[40]);
/* the name among `names` closest to `word` (optimal string alignment distance,
 * at most max(1, len/3)); NULL if none is near */
const char *nearest(const char *word, const Names *names);
uint32_t crc32_of(uint32_t crc, const void *p, size_t n); /* start with 0 */
uint64_t fnv1a(uint64_t hash, const void *p, size_t n);   /* start FNV_START */
#define FNV_START 0xcbf29ce484222325u

/* Places and messages.  A place is a range of bytes of a source; lines and
 * columns (in characters) are worked out when a message is printed. */
typedef struct { uint32_t file, at, len; } Loc; /* file 0: nowhere */
typedef struct {
	const char *name, *text;
	size_t len;
	bool data;                  /* a table: its errors are not counted */
} Source;
typedef enum { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE, DIAG_HELP } DiagKind;
typedef struct {
	DiagKind kind;
	Loc loc;
	const char *text, *fix, *name; /* fix stands under the caret; name: -Wname */
	char place;                 /* 0: path:line:col and the source line;
	                               'l': path:line and the line; 'f': path alone,
	                               no source line (data files, weights) */
} Diag;

void err(Ctx *c, Loc at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void warn(Ctx *c, Loc at, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* these three belong to the last err or warn */
void note(Ctx *c, Loc at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void help(Ctx *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void fix(Ctx *c, const char *text);
/* Ours or the machine's failure: back to where compile began (or out of Lua
 * first: while c->L runs, a Lua error carries it).  code is a sysexits code. */
_Noreturn void die(Ctx *c, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* prints all messages and the count line as gcc would; 1 as soon as errors */
void diag_print(Ctx *c, FILE *f, bool color);
/* a message that has no place, in a form of --diagnostics: g, m or j */
void diag_line(FILE *f, char form, DiagKind kind, const char *text);
uint32_t source_add(Ctx *c, const char *name, const char *text, size_t len);
/* reads a whole file ("-": stdin): 0, or 66 (missing, unreadable, no regular
 * file), 65 (larger than max) with a message in *why */
int read_file(Ctx *c, const char *path, size_t max, char **text, size_t *len,
	const char **why);
/* writes path.tmp, renames, and returns once both are on the disk: at any moment
 * there is the old file or the new one; 0 or 73/74/141 with a message in *why */
int write_file(Ctx *c, const char *path, const void *p, size_t n,
	const char **why);

enum { /* exit codes, sysexits.h */
	EX_NO = 1, EX_USAGE_ = 64, EX_DATA = 65, EX_NOINPUT_ = 66,
	EX_UNAVAILABLE_ = 69, EX_SOFTWARE_ = 70, EX_CANTCREAT_ = 73,
	EX_IOERR_ = 74, EX_INTERRUPTED = 130,
	EX_GONE = 141                  /* EPIPE: silent */
};

#define MAX_RANK 8
typedef enum { VECTOR, MATRIX, MAP, SEQUENCE } ShapeKind;
typedef struct {
	ShapeKind kind; /* n, h x w, channels x h x w, steps x features */
	int rank;
	int32_t dim[MAX_RANK];
} Shape;
int64_t shape_size(const Shape *s);
const char *shape_text(Ctx *c, const Shape *s); /* 6x14x14 */

/* --------------------------------------------------------- the vocabulary
 * One record defines one word: templates/KIND/NAME.lua or a spec's own. */
typedef enum {
	REC_ACTIVATION, REC_LAYER, REC_LOSS, REC_OPTIMIZER, REC_INIT, REC_KINDS
} RecordKind;
typedef enum { /* what an argument takes */
	ARG_NUMBER,     /* rate=0.1   finite number; named */
	ARG_WHOLE,      /* stride=2   whole number; named */
	ARG_SWITCH,     /* bias=off   on or off; named */
	ARG_CHOICE,     /* pad=same   one of words (or, if whole_too, a number) */
	ARG_SIZE,       /* 30         whole number > 0; positional */
	ARG_FRACTION,   /* 0.2        number; positional */
	ARG_WINDOW,     /* 5x5        1 or 2 sizes; positional */
	ARG_DIMS,       /* 16x8x8     any number of sizes; positional */
	ARG_WORD,       /* avg        one of words; positional */
	ARG_FLAG,       /* nesterov   a bare word or nothing */
	ARG_ACTIVATION  /* tanh       an activation with its own arguments */
} ArgKind;
typedef struct {
	const char *name, *what;    /* what: "the number of units", for messages */
	ArgKind kind;
	bool optional, whole_too;
	double value;               /* default where optional; of a WORD or
	                               CHOICE NAN: the default is words.v[0] */
	Names words;                /* of an ACTIVATION: its default, if any */
	double least, most;         /* where limited: the range of a number */
	bool limited, above, below; /* above least, below most: not equal */
} Param;
typedef struct { /* a loss's closed form for a last activation, in z, y, t */
	const char *left;           /* name of the activation */
	const char *C, *delta;      /* delta[i] = dC/dz[i] */
	const char *index_C, *index_delta; /* the same where target=index */
} Closed;
typedef struct { const char *name; double value; const char *arg; } StateDecl;
typedef struct Record {
	RecordKind kind;
	const char *name, *doc;
	Loc loc;                    /* where it is defined */
	bool builtin;
	VEC(Param) params;          /* positional ones in order */
	Names inputs;               /* layer: names of its inputs; {"x"} */
	bool variadic;              /* layer: any number of inputs x1, x2, ... */
	/* texts; NULL where the record has none or gives it by a function */
	const char *y, *dy;         /* elementwise activation, in z and y */
	const char *formula, *infer, *C, *step, *w;
	const char *step_bias;      /* for weights that do not decay; NULL: step */
	const char *index;          /* loss: C where target=index, t a class number */
	Names constants;            /* layer: tables of the input's shape, from data */
	bool no_l2;                 /* optimizer: has a decay of its own */
	bool needs_surrogate;       /* activation: derivative zero everywhere */
	const char *pad;            /* NULL, "zero" or "skip" */
	VEC(StateDecl) state;       /* optimizer: one value per weight; value or arg */
	VEC(StateDecl) net_state;   /* optimizer: one value per network, runs once */
	VEC(Closed) with;           /* loss: closed forms for a last activation */
	int ref;                    /* the Lua table, for record.c alone */
} Record;

/* The value of an argument as used. */
typedef struct Act Act;
typedef struct {
	const Param *param;
	Loc loc;                    /* nowhere: the default */
	double num;                 /* number, size, switch 0/1, flag 0/1 */
	double num2;                /* second size of a window (else = num) */
	Shape dims;                 /* rank and sizes of DIMS */
	const char *word;
	Act *act;                   /* NULL: linear */
} Arg;
struct Act {
	const Record *rec;
	const Act *surrogate;       /* step surrogate=sigmoid: derivative of that */
	Arg *args;                  /* one for each rec->params */
	Loc loc;
};

/* ------------------------------------------------------------- the network
 * What the front hands over: layers in order of computation, every word
 * resolved, every shape known. */
typedef struct {
	const char *name;           /* as the formula writes it: w, b, gain */
	Shape shape;
	bool decay;                 /* l1, l2, decay apply (rank >= 2 unless said) */
	const Record *init;         /* NULL: constant `fill` */
	Arg *init_args;
	double fill, fan_in, fan_out;
	int tied;                   /* layer whose weight of this name it is, or -1 */
} Weight;
typedef VEC(Weight) WeightList;
typedef struct { const char *name; double value; } Value;
typedef struct { const char *name; Shape shape; } NamedShape;
typedef enum { UNROLL_AUTO, UNROLL_FULL, UNROLL_NONE } Unroll;
typedef struct {
	const char *name;           /* label or automatic, `dense2` */
	bool labelled;
	int number;                 /* its line among the layers, input is 0 */
	const Record *rec;          /* NULL: input */
	Loc loc, word_loc;          /* the statement; its first word */
	VEC(int) in;                /* layers it reads, in order of rec inputs */
	VEC(Loc) in_loc;
	Arg *args;                  /* one for each rec->params */
	Shape out;
	WeightList weights;         /* canonical order */
	WeightList statistics;      /* running ones: not trained, but kept */
	VEC(Value) values;          /* numbers that the formula may name */
	VEC(NamedShape) shapes;     /* of tensors the formula writes; y is out */
	const char *formula, *infer;/* text for these very shapes */
	Loc formula_loc;            /* of its first byte */
	const char *pad;
	Unroll unroll;
	bool frozen, dead;          /* dead: no output depends on it */
	double l1, l2;              /* < 0: the network's */
	double **constants;         /* rec->constants: from data or weights, each
	                               shape_size(in) values; neutral until known */
	bool constants_known;
} Layer;
typedef struct {                /* one head: a layer, its loss */
	int layer;
	const Record *loss;         /* NULL: forward only */
	Arg *args;
	double weight;
	bool index;                 /* target=index: one class number a sample */
	bool input;                 /* target=input: the inputs are the targets */
	int outputs, targets;       /* scalars */
	Loc loc;
} Head;
typedef enum { F32, F64 } Dtype;
typedef enum {
	STOP_LOSS, STOP_VAL_LOSS, STOP_ACCURACY, STOP_VAL_ACCURACY,
	STOP_GRADNORM, STOP_SECONDS, STOP_PATIENCE
} StopKind;
typedef struct {
	StopKind kind;
	char cmp[3];                /* < > <= >= */
	double value;
	StopKind on;                /* patience: which quantity */
	Loc loc;
} Stop;
typedef struct {
	const char *name, *path;
	VEC(Layer) layers;
	VEC(Head) heads;            /* at least one */
	int inputs, outputs, targets;
	int64_t params, stats;      /* of live layers */
	const Record *optimizer;
	Arg *opt_args;
	double rate;                /* the argument `rate`, 0 where it has none */
	int batch;                  /* NAME_BATCH */
	bool batch_all, shuffle;
	int64_t epochs;
	int horizon;                /* rows ahead of a window; -1: not said */
	Loc horizon_loc;
	uint64_t seed;
	double l1, l2, clip_norm, clip_value; /* 0: none */
	struct { char kind; double a, b; } schedule; /* 0, 's'tep every factor,
	                     'c'osine, 'e'xp factor, 'w'armup epochs */
	VEC(Stop) stops;
	Names classes, columns;
	Loc classes_loc;            /* the words of `classes`; 0: none */
	char targets_scale;         /* 0, 'z'score, 'm'inmax */
	double *t_shift, *t_scale;  /* one per target; t' = (t - shift) / scale */
	bool t_constants_known;
	Dtype dtype;
	bool strict;
	int lanes;
	Unroll unroll;
	struct { double flash, ram, stack, compile; } budget; /* 0: none */
	Loc budget_loc;
	bool api_forward, api_train, api_gradient, api_input_gradient;
	bool api_step, api_step_asked; /* where possible; or else an error */
	Names deps;                 /* spec, includes, for -MD */
	uint64_t topology;          /* hash of the expanded spec's structure */
	const char *expanded;       /* `bpgen expand` */
} Network;
const char *layer_text(Ctx *c, const Layer *l); /* dense 2 sigmoid */

/* ------------------------------------------------------- the middle: IR
 * A program is lists of statements over a table of tensors:
 *
 *     T[lhs(i)]  (=, +=)  reduce over r of  E(i, r)   where guards >= 0
 *
 * Everything is an index into one table; 0 is "none" for Expr and Scan.
 * Index 0 is the sample n: its extent is the batch, known at run time. */
typedef uint32_t Index, AffId, ExprId, TensorId, SubId, StmtId;
#define SAMPLE 0u

typedef struct { const char *name; int32_t extent; } IndexInfo;
typedef struct { Index i; int32_t c; } Term;
typedef struct { uint32_t term, n; int32_t k; } Aff; /* sum c*i + k; interned,
                                   terms ascend in i: equal id = equal form */
typedef struct { bool indirect; uint32_t id; } Sub;  /* AffId, or ExprId of a
                                   read of an integer tensor */
typedef enum {
	T_INPUT, T_TARGET, T_WEIGHT, T_GRAD, /* grad: accumulated, persistent */
	T_STATE,                     /* one value per weight, persistent */
	T_NET,                       /* one value per network, persistent */
	T_STATISTIC,                 /* running one of a layer, persistent: what
	                                its training formula writes */
	T_STREAM,                    /* state of NAME_step; not saved */
	T_TEMP, T_INT,               /* int: argmax positions */
	T_CONST,                     /* generated table */
	T_RAND,                      /* reads print a call */
	T_OUTPUT,                    /* y, and dx of the last sample */
	T_NEXT,                      /* inputs of the sample to come */
	T_CARRY                      /* sums for the sample to come */
} TensorKind;
typedef struct {
	const char *name;            /* "dense1.z"; adjoint "d.dense1.z" */
	const char *base;            /* within its layer: "z" */
	TensorKind kind;
	Shape shape;                 /* without the sample index; rank 0: scalar */
	bool batch;                  /* first subscript is the sample */
	int off;                     /* 1: row 0 is the state before t = 0 */
	int layer;                   /* or -1 */
	TensorId of;                 /* grad, state: the weight; adjoint: of what */
	bool adjoint;
	int64_t place;               /* T_INPUT, T_TARGET, T_OUTPUT, T_WEIGHT,
	                                T_STATISTIC: offset in x, t, y, canonical
	                                parameters, statistics */
	double *values;              /* T_CONST */
	bool decay;                  /* T_WEIGHT */
	double fill;                 /* T_STATE, T_NET, T_STATISTIC: after init */
	uint32_t key;                /* T_RAND: site, part of the random key */
	Loc loc;
} Tensor;
typedef enum {
	E_NONE, E_NUM, E_IDX, E_CNT, E_READ, E_PAD, E_ADD, E_SUB, E_MUL, E_DIV,
	E_NEG, E_LT, E_LE, E_EQ, E_SEL, E_FN, E_STOP, E_IEQ
} Op;
typedef enum { /* order of the table in expr.c */
	FN_EXP, FN_LOG, FN_LOG1P, FN_TANH, FN_COSH, FN_SQRT, FN_ABS, FN_SIGN,
	FN_ERF, FN_SIN, FN_COS, FN_FLOOR,
	FN_LOGISTIC, /* in no formula: what relax() makes of 1 / (1 + exp(-z)) */
	FN_COUNT
} Fn;
typedef struct {                 /* interned: equal id = equal expression */
	Op op;
	Fn fn;
	ExprId a, b, c;              /* operands; SEL a ? b : c; IEQ read a == aff */
	double num;
	AffId aff;                   /* IDX, IEQ */
	TensorId tensor;             /* READ, PAD (0 where outside) */
	uint32_t sub, nsub;          /* into subs */
	Loc loc;
} Expr;
typedef enum { RED_NONE, RED_SUM, RED_MAX, RED_ARGMAX } Red;
typedef enum { PH_FORWARD, PH_LOSS, PH_BACKWARD, PH_UPDATE, PH_INIT } Phase;
typedef struct {
	TensorId target;
	uint32_t lhs, nlhs;          /* into subs */
	bool add;                    /* += starts at the old value, = at -0.0 */
	Red red;
	uint32_t idx, nidx;          /* into indices: of the result, slowest first */
	uint32_t ridx, nridx;        /* reduced, slowest first */
	uint32_t guard, nguard;      /* into guards: AffId >= 0 */
	ExprId expr;
	ExprId over_z, over_dy;      /* declared derivative: d z += seed * over_dy */
	bool scatter;                /* lhs not injective: keep the order of idx */
	int lanes;                   /* 1, or 16 interleaved partial sums */
	bool stopped;                /* RED_MAX: no derivative depends on which */
	uint32_t scan;               /* group it belongs to, 0: none */
	int layer;                   /* or -1 */
	Phase phase;
	Loc loc;
} Stmt;
typedef struct { Index t; int32_t n; bool reverse; } Scan;
typedef VEC(Stmt) Stmts;         /* statements of one scan are consecutive */

typedef enum { /* the functions a program consists of */
	K_FORWARD,                   /* x -> y, inference */
	K_LOSS,                      /* x, t -> C of one sample, inference */
	K_GRADIENT,                  /* x, t -> C, += gradients, training */
	K_TRAINLOSS,                 /* x, t -> C, training: for checks */
	K_UPDATE,                    /* gradients -> weights, state */
	K_INIT,                      /* random weights */
	K_STREAM,                    /* one row of x -> y after it, inference */
	K_RESET,                     /* the state that K_STREAM carries */
	K_GRADIENTS,                 /* samples -> sum of C, += gradients: the
	                                statements of K_GRADIENT or, where samples
	                                of a mini-batch are coupled, its own */
	K_COUNT,
	/* the same over several samples at once: what the back plans besides */
	K_FORWARDS = K_COUNT,        /* samples -> outputs */
	/* a mini-batch of one sample, some of whose sums are there already */
	K_AHEAD,                     /* x -> those sums */
	K_ONLINE,                    /* as K_STEP, and those sums of the next x */
	K_STEP,                      /* a mini-batch -> sum of C, new weights */
	K_ALL
} Kernel;
typedef struct Program {
	Ctx *c;
	const Network *net;
	Dtype dtype;
	VEC(IndexInfo) index;
	VEC(Term) terms;
	VEC(Aff) affs;
	VEC(Expr) exprs;
	VEC(Sub) subs;
	VEC(Index) indices;
	VEC(AffId) guards;
	VEC(Tensor) tensors;         /* 0 is none */
	VEC(Scan) scans;             /* 0 is none */
	Stmts kernel[K_ALL];
	TensorId loss[K_ALL];        /* the scalar C, per sample, of K_LOSS ... */
	VEC(TensorId) weights;       /* canonical order */
	VEC(TensorId) grads;         /* of weights[i]; 0: frozen, not reached */
	VEC(TensorId) states;        /* T_STATE, grouped by weight */
	VEC(TensorId) net_states;    /* T_NET; "rate" is one where it exists */
	VEC(TensorId) carried;       /* T_STREAM */
	VEC(TensorId) statistics;    /* T_STATISTIC, canonical order */
	bool coupled;                /* training takes sums over the samples of a
	                                mini-batch: K_GRADIENTS and K_TRAINLOSS
	                                run on all of them, in K_GRADIENT a sample
	                                is alone with the running statistics */
	int stream_inputs, stream_outputs; /* scalars of one step */
	const char *no_stream;       /* why K_STREAM is empty */
	VEC(TensorId) input_grads;   /* only with api input_gradient */
	bool has_kinks;              /* K_TRAINLOSS has a switch, max, abs, ... */
	uint32_t *aff_hash, *expr_hash, aff_hash_n, expr_hash_n;
	Loc at;                      /* stamped on expressions as they are made */
	struct Middle *middle;       /* middle/ alone */
} Program;

/* constructors (middle/expr.c): the only way to make these */
Index ir_index(Program *p, const char *name, int32_t extent);
AffId aff_const(Program *p, int32_t k);
AffId aff_var(Program *p, Index i);
AffId aff_add(Program *p, AffId a, AffId b);
AffId aff_addk(Program *p, AffId a, int32_t k);
AffId aff_mul(Program *p, AffId a, int32_t k);
AffId aff_subst(Program *p, AffId a, const Index *from, const AffId *to, int n);
int32_t aff_coef(const Program *p, AffId a, Index i);
int64_t aff_lo(const Program *p, AffId a); /* over all extents; SAMPLE counts 0 */
int64_t aff_hi(const Program *p, AffId a);
bool aff_is_const(const Program *p, AffId a, int32_t *k);
bool aff_is_var(const Program *p, AffId a, Index *i); /* 1*i + 0 */
TensorId ir_tensor(Program *p, Tensor t);
ExprId ex_num(Program *p, double v);
ExprId ex_idx(Program *p, AffId a);
ExprId ex_count(Program *p);     /* samples: of a mini-batch, accumulated */
ExprId ex_read(Program *p, TensorId t, const Sub *subs, int n);
ExprId ex_pad(Program *p, TensorId t, const Sub *subs, int n);
ExprId ex_bin(Program *p, Op op, ExprId a, ExprId b);
ExprId ex_neg(Program *p, ExprId a);
ExprId ex_sel(Program *p, ExprId cond, ExprId a, ExprId b);
ExprId ex_fn(Program *p, Fn fn, ExprId a);
ExprId ex_stop(Program *p, ExprId a);
ExprId ex_ieq(Program *p, ExprId read, AffId a);
ExprId ex_map(Program *p, ExprId e, ExprId (*f)(Program *, ExprId, void *),
	void *u);                    /* rebuilds e bottom-up through f */
ExprId ex_subst(Program *p, ExprId e, const Index *from, const AffId *to, int n);
Sub sub_aff(AffId a);
typedef VEC(Index) Indices;
typedef VEC(AffId) Guards;
/* a statement from plain arrays; copies them into the tables */
typedef struct {
	TensorId target;
	Sub lhs[MAX_RANK + 2]; int nlhs;
	bool add; Red red;
	Indices idx, ridx;
	Guards guards;
	ExprId expr, over_z, over_dy;
	bool scatter; uint32_t scan; int layer; Phase phase; Loc loc;
} StmtDraft;
Stmt ir_stmt(Program *p, const StmtDraft *d);
const char *fn_name(Fn f);       /* exp, log, ... as formulas write them */
double fn_value(Fn f, double a); /* by the system's libm (oracle.c) */
void dump_stmts(const Program *p, const Stmts *s, Text *out);
int64_t stmt_points(const Program *p, const Stmt *s);  /* product of idx, n = 1 */
int64_t stmt_terms(const Program *p, const Stmt *s);   /* product of ridx, n = 1 */
/* terms of all points of all statements; of a scan's those of one step */
double stmts_terms(const Program *p, const Stmts *list);
/* is the left side a tuple of different plain indices? */
bool plain_left(const Program *p, const Stmt *s);
bool is_input_gradient(const Program *p, TensorId t);
bool is_settled(const Program *p, ExprId condition); /* by targets and ids */

/* the passes (middle/); each checks its own output in debug builds */
Program *program_new(Ctx *c, const Network *net, Dtype dtype);
void formula(Program *p);        /* network -> forward, loss */
void grad(Program *p);           /* + adjoint statements in K_GRADIENT */
void update(Program *p);         /* gradients -> K_UPDATE; K_INIT */
void simplify(Program *p);       /* same bits, fewer statements */
void order(Program *p);          /* the summation order of every reduction */
void relax(Program *p);          /* math fast: shorter, of other bits */
void mini_batch(Program *p);     /* the kernels over several samples */
void stream(Program *p);         /* the forward pass step by step */
void check_ir(Program *p, const char *stage);
/* for each input: it is a whole number below this, as a formula has it as a
 * subscript; or 0 */
int32_t *input_ids(Ctx *c, const Network *net);
Program *build(Ctx *c, const Network *net, Dtype dtype); /* all of them;
                                    NULL after err() */

/* the oracle (middle/oracle.c): interprets, one index at a time, in double with
 * the system's libm, or in float with the runtime's functions and the strict
 * order: then every plan equals it to the bit */
typedef struct Oracle Oracle;
Oracle *oracle_new(Program *p, Dtype arithmetic, int samples);
double *oracle_values(Oracle *o, TensorId t); /* samples x shape, row-major */
/* what a T_RAND has there, which has no values */
double oracle_drawn(const Oracle *o, const Tensor *t, uint32_t sample,
	uint32_t element);
void oracle_random(Oracle *o, uint64_t seed, uint32_t step, uint32_t first);
void oracle_run(Oracle *o, Kernel k);
/* some of its statements, from one before another; no part of a scan */
void oracle_part(Oracle *o, Kernel k, uint32_t from, uint32_t to);
void oracle_count(Oracle *o, int samples);    /* what ex_count reads */
/* of a mini-batch from now on, no more than oracle_new() was given */
void oracle_samples(Oracle *o, int samples);

/* --------------------------------------------------------------- the back
 * A schedule says how one statement runs; a plan is the schedules of a kernel,
 * cut into functions, and where every tensor lives. */
typedef enum { LOOP_SERIAL, LOOP_UNROLL, LOOP_LANES, LOOP_VECTORS } LoopHow;
typedef struct {
	Index index;                 /* which index of the statement (or scan) */
	int32_t count, step;         /* trips; the index grows by step a trip */
	bool guarded;                /* the split does not divide: test the index */
	LoopHow how;
	int32_t first;               /* the index in the first trip */
	bool clamped;                /* beyond the extent the last place is meant */
	int32_t vectors;             /* not 0: up to count, by so many vectors */
} Loop;
typedef struct {
	StmtId stmt;                 /* in the kernel's list */
	VEC(Loop) loops;             /* outermost first; result loops inside the
	                                reduction form the tile held in registers */
	int fused;                   /* shares that many outer loops with the
	                                schedule before it */
	uint32_t part;               /* which C function it stands in */
	bool tile;                   /* vectors along `lane`: the loops that end it
	                                are rows, then vectors of the tile */
	Index lane;
	int registers;               /* only where the machine has 32, only where
	                                it has 16; 0: everywhere */
	bool across;                 /* the lanes run along the sum and are joined */
	bool fed;                    /* a sum of what the tile computes */
	int sums;                    /* partial sums of each place (math fast) */
} Schedule;
typedef enum { ST_NONE, ST_LOCAL, ST_WORK, ST_FIELD, ST_ARG, ST_TABLE } StoreHow;
typedef struct {
	StoreHow how;
	int64_t offset, room;        /* of work, in elements */
	uint32_t first, last;        /* loop nests of the kernel that touch it */
} Store;
/* How the elements of a tensor lie: dimension `lane` is padded with zeros and
 * cut into panels; within a panel it is the fastest, the others are row-major.
 * ABREAST stands for the samples: element by element, those of all samples lie
 * side by side, and integers are kept as reals.  Slices of the first dimension
 * are `skew` reals further apart than they need. */
enum { ABREAST = -1 };
typedef struct { int lane; int32_t padded, panel, skew; } Layout;
typedef struct {
	VEC(Schedule) schedules;
	Store *store;                /* per tensor */
	Layout *layout;              /* per tensor */
	uint32_t parts;
	int64_t work;                /* reals of workspace */
	int samples;                 /* most at a time; 1: no loops over samples */
	bool by_samples;             /* straight line on vectors of samples */
	bool exact;                  /* always as many samples, never fewer */
	bool used;
} KernelPlan;
typedef struct {
	KernelPlan kernel[K_ALL];
	int64_t work, ints;          /* the largest of all */
	int64_t bytes;               /* sizeof(NAME_net), computed */
	bool vectors;                /* some statements run by vectors */
	Names notes;                 /* "dense1: straight line (120 statements)" */
} Plan;
typedef struct {
	Unroll unroll;
	uint64_t random;             /* not 0: a random legal schedule, for tests */
	const char *file;            /* how some statements run, as plan_dump()
	                                prints it, or NULL */
	bool check;                  /* K_TRAINLOSS too, with switches traced */
} PlanOptions;
Plan *plan(Program *p, const PlanOptions *o);
void plan_dump(const Program *p, const Plan *plan, Text *out);
void plan_explain(Program *p, const Plan *plan, Text *out); /* in words */
/* what lies where in NAME_net, and what shares the workspace of this kernel;
 * false: there is none of this name, but these */
bool plan_memory(Program *p, const Plan *plan, const char *kernel, Text *out);
Names plan_kernels(Ctx *c, const Plan *plan);
/* which of them NAME_train runs; NULL: it has none */
const char *plan_trains(const Plan *plan);
typedef struct {                 /* a value in n->work; bytes */
	const char *name;            /* as plan_memory() has it */
	int64_t offset, bytes;
	uint32_t first, last;        /* the loop nests in which it lives */
	bool backward;
} Lifetime;
typedef struct {
	VEC(Lifetime) all;
	Names nests;                 /* the layer of each, one after the other */
	int64_t bytes;               /* of n->work that this kernel uses */
} Lifetimes;
/* the same as places and times; false: there is no such kernel */
bool plan_lifetimes(Program *p, const Plan *plan, const char *kernel,
	Lifetimes *out);

typedef struct {
	const char *prefix;          /* NAME */
	bool standalone;             /* runtime parts in the file */
	bool for_jit;                /* standalone, no #include at all */
	bool own_header;             /* declarations go to *h, c includes it */
	const char *header_name;
	bool check;                  /* NAME_switches, NAME_training_loss */
	const double *trained;       /* NULL, or values of parameters and then of
	                                statistics: NAME_trained */
} EmitOptions;
void emit(Program *p, const Plan *plan, const EmitOptions *o, Text *c_text,
	Text *h_text);

/* What NAME_save keeps behind SAVED_HEAD bytes, in its order, but for the
 * gradients that follow; templates/c/net.c says what is in the head. */
typedef VEC(TensorId) TensorIds;
enum { SAVED_RANDOM = 28, SAVED_STEP = 36, SAVED_SAMPLES = 40, SAVED_HEAD = 44 };
void saved_tensors(Ctx *c, const Program *p, TensorIds *out);

typedef struct Jit Jit;
/* compiles C from memory; NULL after err() or, where no JIT can run, die(69) */
Jit *jit(Ctx *c, const char *c_text);
Jit *jit_open(Ctx *c, const char *path, const char **why); /* a library */
void *jit_symbol(Jit *j, const char *name);  /* NULL: none */
void jit_free(Jit *j);
/* The same C by the system's compiler (BPGEN_CC, CC or cc) in a process of its
 * own, one at a time.  CC_CONTRACT leaves fused multiply-adds to it; CC_QUICK
 * asks for -O1: half the time of -O3, and strict code, which is written as
 * vectors, hardly runs slower (contraction needs more than -O1). */
typedef struct Compiler Compiler;
enum { CC_CONTRACT = 1, CC_QUICK = 2 };
Compiler *compiler_start(Ctx *c, const char *c_text, int how);
bool compiler_ready(Compiler *k);            /* never waits */
Jit *compiler_finish(Compiler *k, const char **why); /* waits; NULL: *why */
void compiler_stop(Compiler *k);             /* ends it, removes its files */
const char *compiler_name(void);             /* BPGEN_CC, CC or cc */
void compiler_abandon(void);                 /* the same, in a signal handler */

/* ------------------------------------------------------- front, templates */
Network *front(Ctx *c, const char *path);    /* NULL: see the messages */
const Record *record_find(Ctx *c, RecordKind kind, const char *name);
/* checks an activation's own arguments; a block whose formula is a function
 * gets its text for this shape; false after err() */
bool record_act(Ctx *c, Act *act, const Shape *shape);
const Names *record_names(Ctx *c, RecordKind kind); /* sorted; built-in, spec's */
/* The constants of normalize, and of `targets`, from the training rows: one
 * ColumnStats a scalar of the layer's input, of the targets.  A deviation is
 * that of the population (divided by the number of rows). */
typedef struct { double mean, deviation, min, max; } ColumnStats;
bool record_fit(Ctx *c, Layer *l, const ColumnStats *columns);
void targets_fit(Network *net, const ColumnStats *targets);
/* text of templates/PATH, embedded or from --templates; NULL: none */
const char *template_text(Ctx *c, const char *path, size_t *len);
Names template_list(Ctx *c, const char *folder);
/* runs a template of templates/c: Lua lines start with @, ${expr} inserts */
void template_run(Ctx *c, const char *path, int (*push)(void *L, void *u),
	void *u, Text *out);

/* ---------------------------------------------------------------- context */
typedef struct {
	Names defines, include_dirs; /* -D name=value, -I */
	const char *templates_dir;   /* --templates */
	Names warn_off, warn_error;  /* -Wno-NAME, -Werror=NAME */
	bool all_errors;             /* -Werror */
	int max_errors;
	char diagnostics;            /* 'm' msvc, 'j' json, else gnu */
} Options;
struct Ctx {
	struct Block *blocks;        /* util/arena.c */
	size_t used;
	VEC(Source) sources;         /* 0 is nowhere */
	VEC(Diag) diags;
	int errors, warnings;
	Options opt;
	jmp_buf *exit;               /* where die() goes */
	int exit_code;
	const char *exit_text;
	char exit_line[512];         /* where it stands */
	void *L;                     /* the Lua state, while it runs */
	void (*leave_lua)(void *L);  /* how die() gets out of it */
	struct Front *front;         /* front/ alone: Lua, records */
	void (*close)(Ctx *c);       /* what ctx_free() runs first: closes Lua */
};
Ctx *ctx_new(void);              /* NULL: no memory */
void ctx_free(Ctx *c);

#endif
