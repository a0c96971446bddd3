/* SPDX-License-Identifier: MIT
 * What the files of the back share: C names, the text of expressions, the
 * loops of a schedule, the skeleton around them. */
#ifndef BACK_H
#define BACK_H
#include "../bpgen.h"

/* ---- names.c: tensors -> C identifiers, injective */
typedef struct CNames CNames;
CNames *cnames(Program *p);
void cnames_kernel(CNames *n, Program *p, const KernelPlan *k);
const char *cname(const CNames *n, TensorId t);        /* z1, delta2, v_w1 */
bool cname_taken(const CNames *n, const char *word);

/* ---- access.c: which statement touches what */
typedef struct { TensorId tensor; uint32_t sub, nsub; bool write; } Access;
typedef struct {
	VEC(Access) all;
	uint32_t *first;            /* by statement, and one past the last */
	bool *indirect;             /* by tensor: some subscript is read */
} Accesses;
Accesses *accesses(Program *p, const Stmts *list);
int64_t tensor_size(const Tensor *t);
bool loop_is_result(const Program *p, const Stmt *s, const Loop *l);
/* loops in front of the first reduction loop */
uint32_t loops_outer(const Program *p, const Stmt *s, const Schedule *q);
bool schedule_straight(const Schedule *s);
bool wants(const Program *p, Kernel k);  /* is this kernel emitted at all */
bool wants_training(const Program *p);   /* gradients are kept */
bool in_phases(const Program *p, Kernel k); /* over coupled samples */

/* ---- layout.c: how the elements of a tensor lie */
int32_t layout_round(int32_t n);             /* up to whole vectors */
Layout layout_plain(const Tensor *t);
/* by tensor; random: not 0 for any that are legal */
Layout *layouts(const Program *p, bool vectors, uint64_t random);
Layout layout_along(const Tensor *t, int lane, int samples);
int64_t layout_size(const Tensor *t, const Layout *l);
bool layout_integers(const Tensor *t, const Layout *l);
int64_t layout_room(const Tensor *t, const Layout *l, int samples);
void layout_strides(const Tensor *t, const Layout *l, int64_t *stride);
int64_t layout_sample_stride(const Tensor *t, const Layout *l);
int64_t layout_panel_stride(const Tensor *t, const Layout *l, int samples);
int64_t layout_flat(const Tensor *t, const Layout *l, const int64_t *at);

Layout layout_panels(const Tensor *t, int lane);

/* ---- cost.c: what ways to run a statement cost, and what follows */
enum { MOST_VECTORS = 12 };     /* of sums that 16 registers hold */
double cost_vectors(double points, int32_t extent, int gathers);
double cost_turned(double points, int32_t extent);
bool cost_pays(double vectors, double points);
typedef enum {                  /* lanes of a weight that is read belong to */
	ALONG,                      /* as many results */
	JOINED,                     /* one sum; they are joined at its end */
	APART                       /* one sum, term by term */
} LanesOf;
double cost_joined(double points, int32_t extent);
double cost_read(double points, int32_t extent, LanesOf lanes);
int32_t cost_rows(int32_t extent, int32_t vectors, bool known, bool wide);
int32_t cost_panel(int32_t extent);
int32_t cost_columns(int32_t extent, int32_t panel);
int32_t cost_beside(int32_t panels, int32_t vectors);
int cost_sums(int32_t chains);
bool cost_follows(const Program *p, ExprId e, int32_t vectors);
bool cost_is_far(int64_t bytes); /* what has so many is in no near cache */

/* ---- fields.c: what NAME_net consists of */
typedef enum {
	FIELD_WEIGHT, FIELD_STATISTIC, FIELD_GRADIENT, FIELD_STATE,
	FIELD_STREAM, FIELD_INPUT_GRADIENT, FIELD_CARRY, FIELD_WORK, FIELD_INTS
} FieldKind;
typedef struct {
	FieldKind kind;
	TensorId tensor;
	int64_t count;              /* 0: a single number */
	int64_t pad;                /* reals in front of it that nothing uses */
	int64_t at;                 /* bytes in front of it, those too */
} Field;
typedef VEC(Field) Fields;
int64_t fields(const Program *p, const Plan *plan, Fields *out);
const char *field_name(const CNames *names, const Field *f);
const char *field_text(FieldKind kind);  /* NULL: of a weight */

/* ---- vector.c: which statements run by vectors, and their tiles */
typedef struct {
	Program *p;
	Layout *layout;             /* by tensor; temporaries may be padded */
	int samples;
	bool exact;                 /* not fewer samples at times */
	int32_t least;              /* extent of an index that has vectors */
	uint32_t *seen, now;        /* by expression */
	bool rest;                  /* rows remain: tile_rest() */
	bool wide;                  /* for 32 registers */
	bool rows;                  /* of the last tile: more would help */
	const Stmts *list;          /* of the kernel */
} Vectors;
bool tile(Vectors *v, const Stmt *s, Schedule *q);
void tile_rest(Vectors *v, const Stmt *s, const Schedule *whole, Schedule *q);
bool tile_along(Vectors *v, const Stmt *s, Index lane, int *gathers);
int32_t tile_extent(const Vectors *v, Index i);
bool tile_varies(const Vectors *v, Index i); /* the extent is the most */
bool tile_sees(Vectors *v, const Stmt *s, Index lane, int *gathers);
double tile_cost(Vectors *v, const Stmt *s, Index lane);
bool tile_ragged(const Vectors *v, Index lane);
uint32_t tile_reductions(const Vectors *v, const Stmt *s); /* with > 1 term */
void tile_pad(Vectors *v, TensorId t);
void tile_loop(Vectors *v, Schedule *q, Loop l);
int32_t tile_panel(const Vectors *v, const Stmt *s, Index i);
int tile_moves(const Vectors *v, TensorId t, uint32_t sub, uint32_t n,
	Index lane);

/* ---- follow.c: what is computed on the tile of others */
uint32_t tile_outer(const Program *p, const Stmt *s, const Schedule *q);
bool tile_follows(Vectors *v, const Stmts *list, const Accesses *a,
	const Schedule *group, uint32_t n, StmtId id, Schedule *q);
bool tile_mapped(Vectors *v, const Stmts *list, const Accesses *a,
	const Schedule *group, uint32_t n, StmtId id, Schedule *q,
	Index of[64]);

/* ---- feed.c: sums of what a tile has computed */
bool tile_feeds(Vectors *v, const Stmts *list, const Accesses *a,
	const Schedule *group, uint32_t n, StmtId id, Schedule *q);
bool tile_split(Vectors *v, const Schedule *whole, Schedule *q, Schedule *rest);

/* ---- abreast.c: tensors whose samples lie side by side */
typedef struct { TensorId tensor; int lane; } Lying;
typedef VEC(Lying) AllLying;
void abreast(Vectors *v, Kernel kernel, uint64_t *random, AllLying *made);

/* ---- across.c: sums whose lanes are joined */
double across_cost(Vectors *v, const Stmt *s);
bool across(Vectors *v, const Stmt *s, Schedule *q, bool rest);

/* ---- pack.c: copies of weights that lie the other way */
typedef struct { TensorId tensor; int lane; } TurnedOne;
typedef VEC(TurnedOne) Turned;
void pack(Vectors *v, Kernel kernel, bool steps, Turned *made);
TensorId copy_of(Program *p, TensorId of, const char *how, const char *tail,
	const Stmt *like, Stmts *out);

/* ---- turn.c: copies whose lanes become rows; a block has so many rows */
enum { TURNED = 16 };
bool turns(const Vectors *v, const Stmt *s, Index lane, Index *row);
bool may_turn(const Vectors *v, const Stmt *s);
bool is_turned(const Vectors *v, const Stmt *s, const Schedule *q);

/* ---- schedule_text.c: schedules -> text, and back */
typedef struct {                /* how a statement is to run */
	Kernel kernel;
	Schedule q;
	int shares;                 /* not 0: on the tile of the one before */
	Loc loc;
} Given;
typedef VEC(Given) AllGiven;
const char *kernel_name(Kernel k);
const char *index_text(const Program *p, const Stmt *s, Index i);
void schedule_text(const Program *p, const Stmt *s, const Schedule *q,
	Text *out);
bool schedules_read(Program *p, const char *path, AllGiven *out);

/* ---- legal.c: is it a schedule of the statement? */
const char *schedule_wrong(Vectors *v, const Stmt *s, const Schedule *q);
bool schedule_rest(const Vectors *v, const Schedule *whole, Schedule *rest);

/* ---- store.c: where every tensor of a kernel lives
 * ST_LOCAL: a C variable for each element, one in all, or one for each vector
 * of a tile;
 * ST_WORK: offset in n->work or, for integers, in n->iwork. */
enum { LOCAL_ELEMENTS, LOCAL_SCALAR, LOCAL_TILE };
void store_tensors(Program *p, Kernel kernel, KernelPlan *k, const Accesses *a,
	int64_t *ints);

/* ---- fuse.c and random.c */
void fuse(Program *p, const Stmts *list, KernelPlan *k, const Accesses *a);
/* an index that has one value throughout the kernel */
bool is_fixed(const Program *p, const KernelPlan *k, Index i);
uint32_t random_below(uint64_t *state, uint32_t n);
int random_samples(int least, uint64_t *state); /* 0: no kernel over several */
void random_loops(Program *p, const Stmt *s, int samples, Schedule *q,
	uint64_t *state);
bool random_tile(Vectors *v, const Stmt *s, Schedule *q, Schedule *rest,
	uint64_t *state);

/* ---- write.c, express.c, shared.c: expressions -> text */
/* what an index is: the sum of some loop variables, k, and so many vectors */
typedef struct { int64_t k; int var[4], vars, vectors; } Bound;
typedef struct { const char *name; int32_t step, most; } Var; /* 0..most */
typedef struct { const char *name; int32_t k; } Trip; /* variable, or number */
typedef struct {
	int64_t k, vectors;
	int n;
	struct { int64_t c; int var; } t[128];
} Linear;
typedef struct { ExprId *v; uint32_t n; } Hoists;
typedef struct { ExprId *v; uint8_t *times; uint32_t n; } Reads;
typedef struct { const Stmt *stmt; const int64_t *at; int deep; } Inlined;
typedef struct { TensorId tensor; int64_t flat; } Load;
typedef struct {                /* a read and its variable */
	const char *text, *name;
	bool zero;                  /* in lanes beyond the end */
} Named;
enum { P_ANY, P_COND, P_ADD, P_MUL, P_UNARY, P_PRIMARY }; /* C precedence */

typedef struct {
	Program *p;
	Ctx *c;
	const Plan *plan;
	const KernelPlan *k;
	const Stmts *list;
	Kernel kernel;
	CNames *names;
	const char *prefix;
	const char *real, *suffix;  /* float f, double "" */
	bool wide;                  /* subscripts beyond 2^31 */
	bool trace;                 /* outcomes of conditions go into *hash */

	Bound *env;                 /* by index */
	VEC(Var) vars;              /* loop variables so far */
	VEC(int) scope;             /* those that are open */
	Trip trip;                  /* of the loop opened last */
	Text *out;
	const char *comment;        /* over the last block */
	int indent;
	int count;                  /* statements written at this level */
	size_t line;                /* where the open line begins in out */
	uint32_t fresh;             /* numbers of helper variables */

	uint32_t *writers;          /* by tensor: statements that assign it */
	uint32_t *first_write, *last_read; /* by tensor: statements */
	uint8_t **needed;           /* by tensor, element: reads, at most 2 */
	uint8_t **loaded;           /* by tensor, element: has a local */
	uint8_t **begun;            /* by tensor, element: local is declared */
	Inlined **inlined;          /* by tensor, element */
	VEC(Load) loads;            /* of the open block */
	bool load_locals;
	uint64_t held;              /* conditions that open loops see to */
	bool bounded_below, bounded_above; /* is the loop to be opened? */
	Linear below, above;
	const char **literal;       /* by expression */
	Reads **reads;              /* by expression */
	Hoists **hoists;            /* by expression: its shared parts */
	const char **sub;           /* by expression: variable that holds it */
	uint32_t *mark, *refs, *size, *depth, stamp; /* by expression */

	/* vectors */
	const char *vector, *lanes, *of_vector; /* bp_vf BP_LANES_VF _vf */
	bool by_vectors;            /* the expression at hand runs along lane */
	Index lane;
	const char *place;          /* of the tile: _2_0 */
	const char *fed;            /* accumulators that are open, or NULL */
	bool first;                 /* of a list of declarations */
	const char **joined;        /* by tensor: joins its lanes, or NULL */
	VEC(Named) named;           /* reads that have variables */
	uint32_t *along, along_now; /* by expression: stamp, is it a vector */

	/* what the open function uses */
	bool use_samples;
	bool use_n, use_x, use_next, use_t, use_y, use_count, use_hash;
	bool *alias;                /* by tensor: needs a pointer into work */
	bool *number;               /* by tensor: of the network, loaded */
	bool net_numbers;           /* such are loaded at the top */
	/* what the file uses */
	bool *table;                /* by tensor */
	bool fn[FN_COUNT], vector_fn[FN_COUNT], use_vectors, use_least,
		use_minus_vector, use_random, use_minus, use_trace, use_larger,
		use_bits, use_within, seen_fn[FN_COUNT];
	const char *prec_step, *prec_noise; /* of NAME_selfcheck */
} Emit;

void put(Emit *e, const char *s);
void put_int(Emit *e, int64_t v);
void line_open(Emit *e);
void line_close(Emit *e, const char *end);  /* wraps at 80 columns */
void line_wrap(Emit *e);
Linear linear(Emit *e, AffId a);
void linear_aff(Emit *e, Linear *l, AffId a, int64_t scale); /* l += */
void put_linear(Emit *e, const Linear *l, int precedence);
const char *extent_text(Emit *e, Index i);   /* 784, or samples */
bool aff_value(Emit *e, AffId a, int64_t *v); /* false: not constant here */
void put_expr(Emit *e, ExprId id, int precedence);
const Hoists *hoists_of(Emit *e, ExprId root);
bool hoists_begin(Emit *e, ExprId root);    /* writes them as variables */
void hoists_end(Emit *e, ExprId root);
const char *literal_text(Emit *e, double v);
bool is_condition(Op op);
bool is_real(const Emit *e, TensorId t);
void put_real(Emit *e, Linear l);
const char *local_name(Emit *e, const char *stem); /* fresh helper variable */

/* ---- address.c: where an element lies */
int64_t dim_of(const Emit *e, TensorId id, uint32_t k); /* of a subscript */
bool subs_const(Emit *e, const Sub *subs, uint32_t n, int64_t *at);
int64_t flat_of(const Emit *e, TensorId t, const int64_t *at, uint32_t n);
int64_t sample_stride(const Emit *e, TensorId t);
int64_t place_offset(const Emit *e, TensorId t);
void put_array(Emit *e, TensorId t);
void put_place(Emit *e, TensorId t, const Sub *subs, uint32_t n,
	int64_t offset);
void put_address(Emit *e, TensorId t, const Sub *subs, uint32_t n);
void put_sample_address(Emit *e, TensorId t, int64_t flat);

/* ---- read.c: what is read there */
uint8_t *bytes_of(Emit *e, uint8_t **table, TensorId t);
bool of_samples(const Emit *e, TensorId t);
/* z1_0 = n->z1[0] */
void put_load_of(Emit *e, TensorId t, int64_t flat);
void put_ref(Emit *e, TensorId t, const Sub *subs, uint32_t n);
void put_rest(Emit *e);
bool ends_early(const Emit *e, TensorId t, const Sub *subs, bool written);
void put_read_text(Emit *e, TensorId t, const Sub *subs, uint32_t n);
void put_read(Emit *e, TensorId t, const Sub *subs, uint32_t n);

/* ---- equation.c: one point of a statement in one line of C */
bool equation_fits(Emit *e, const Schedule *s);
void equation(Emit *e, const Stmt *s);
void put_inlined(Emit *e, const Inlined *in, int precedence);
void put_inlined_terms(Emit *e, const Inlined *in);
void straight_analysis(Emit *e);            /* what is read later, and where */
/* left side: `const float z1_0`, `z1_0`, `n->w1[3]`; does it declare? */
bool put_target(Emit *e, const Stmt *s, bool constant);
bool target_is_dead(Emit *e, const Stmt *s);
const Reads *reads_of(Emit *e, ExprId root); /* times: in the text, at most 2 */

/* ---- samples.c: straight line on vectors of samples */
bool sums_samples(const Emit *e, const Stmt *s);
void sample_sum(Emit *e, const Stmt *s);    /* adds the lanes of a vector */
void sample_sums_begin(Emit *e);            /* variables of the sums */
void samples_begin(Emit *e);                /* for (int s = 0; ... */
void samples_end(Emit *e);
void each_point(Emit *e, const Schedule *q, const Stmt *s, uint32_t loop,
	void (*f)(Emit *, const Stmt *));

/* ---- loops.c: schedules -> loops around equations and accumulators */
void emit_nest(Emit *e, uint32_t from, uint32_t to, uint32_t depth);

/* ---- tile.c: schedules of a tile -> vectors in registers */
void emit_tile(Emit *e, uint32_t from, uint32_t to, uint32_t depth);
void tile_hoist(Emit *e, uint32_t from, uint32_t to, uint32_t depth);
bool tile_feed_begin(Emit *e, uint32_t from, uint32_t to, uint32_t depth);
void tile_feed_end(Emit *e, uint32_t from, uint32_t to, uint32_t depth);
bool along_lane(const Emit *e, ExprId id);   /* is its value a vector? */
void put_vector(Emit *e, ExprId id, int precedence); /* as one, in any case */
void put_value_for(Emit *e, TensorId target, ExprId id, int precedence);
/* for (...) of a loop; the body is written between */
typedef struct { size_t start, end; int count; Bound saved; } Open;
Open loop_open(Emit *e, const Stmt *s, const Loop *l);
void loop_close(Emit *e, const Loop *l, Open o);
/* ---- bounds.c: under which conditions a term exists */
bool put_guards(Emit *e, const Stmt *s, Open *o, bool *opened);
uint64_t bounds_begin(Emit *e, const Stmt *s, const Schedule *q,
	uint32_t depth);
void put_from(Emit *e);
void put_to(Emit *e, const char *variable);
Linear place_of_term(Emit *e, const Stmt *s);
bool lanes_end(const Emit *e);
int64_t lane_stride(const Emit *e, TensorId t, const Sub *subs, uint32_t n);
Open body_open(Emit *e, size_t start);
void body_close(Emit *e, Open o);
void follow(Emit *e, const Schedule *q, const Schedule *leader, uint32_t depth);
const char *free_word(Emit *e, const char *wish);

/* ---- kernel.c: one kernel -> the C functions that compute it */
typedef struct {                /* a function; its text is without header */
	const char *text;           /* lines that begin with a tab */
	bool n, x, next, t, y, hash, samples; /* arguments that it uses */
} Function;
typedef struct {
	VEC(Function) parts;
	const char *result;         /* the loss; NULL: none or added */
} KernelText;
Emit *emit_new(Program *p, const Plan *plan, const char *prefix);
KernelText emit_kernel(Emit *e, Kernel kernel, bool trace);
const char *comment_safe(Ctx *c, const char *s); /* ends no comment */

/* ---- runtime.c */
const char *runtime_parts(Ctx *c, const Names *names, const Names *but);
#endif
