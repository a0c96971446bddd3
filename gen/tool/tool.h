/* SPDX-License-Identifier: MIT
 * What the commands share: the command line, a compiled network, data. */
#ifndef TOOL_H
#define TOOL_H
#include "../bpgen.h"

/* the command line after main.c has checked it against the one option table */
typedef struct Cli Cli;
struct Cli {
	const char *command, *spec; /* spec: NULL where the command takes none */
	Names args;                 /* plain arguments after the spec */
	const char *program;        /* argv[0] */
	void *values;               /* main.c's */
	bool implied;               /* no command given: gen */
};
const char *cli_get(const Cli *cli, const char *option); /* value or NULL */
bool cli_has(const Cli *cli, const char *option);
const Names *cli_all(const Cli *cli, const char *option); /* repeated ones */
/* `bpgen: error: ...` on stderr, or as --diagnostics says; a help may follow */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_help(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_number(const Cli *cli, const char *option, double *value); /* 0 or 64 */
bool cli_color(const Cli *cli);  /* whether stderr gets colour */

/* every command returns its exit code */
int cmd_gen(Ctx *c, const Cli *cli);
int cmd_check(Ctx *c, const Cli *cli);
int cmd_train(Ctx *c, const Cli *cli);
int cmd_eval(Ctx *c, const Cli *cli);
int cmd_predict(Ctx *c, const Cli *cli);
int cmd_info(Ctx *c, const Cli *cli);
int cmd_expand(Ctx *c, const Cli *cli);
int cmd_explain(Ctx *c, const Cli *cli);
int cmd_init(Ctx *c, const Cli *cli);
int cmd_completion(Ctx *c, const Cli *cli);
int cmd_draw(Ctx *c, const Cli *cli);
int cmd_plot(Ctx *c, const Cli *cli);
int cmd_bench(Ctx *c, const Cli *cli);
int cmd_help(Ctx *c, const Cli *cli);
int help_word(Ctx *c, const char *word, Text *out); /* 0, or -1: no such word */

/* spec -> network; prints messages; *rc 0, 65 or 66 */
Network *load_network(Ctx *c, const Cli *cli, int *rc);

/* a network compiled in memory: real is float or double as its dtype says */
typedef struct Net Net;
Net *net_new(Ctx *c, const Network *net, Dtype dtype, const PlanOptions *plan,
	bool check);                 /* by TinyCC; NULL after err() */
Net *net_write(Ctx *c, const Network *net, Dtype dtype,
	const PlanOptions *plan, bool check); /* its C alone; NULL after err() */
/* the functions of the compiled C; the state stays as it is.  The Jit is the
 * network's from now on. */
void net_take(Net *n, Jit *j);
/* a state of its own for another thread, with the same functions always */
Net *net_twin(const Net *n);
/* about how many multiply-adds a gradient of one sample takes */
double net_work(const Net *n);
void net_free(Net *n);
void *net_state(Net *n);         /* the NAME_net itself, 64-byte aligned */
size_t net_bytes(const Net *n);
size_t net_real(const Net *n);   /* sizeof real */
const char *net_text(const Net *n); /* its C */
const Plan *net_plan(const Net *n);
Program *net_program(Net *n);
void net_init(Net *n, uint64_t seed);
void net_forward(Net *n, const void *x, void *y);
double net_loss(Net *n, const void *x, const void *t);
double net_gradient(Net *n, const void *x, const void *t);
double net_train(Net *n, const void *x, const void *t, size_t count);
double net_gradient_batch(Net *n, const void *x, const void *t, size_t count);
/* where the accumulated gradient lies, in the order of the layout; from now on
 * it counts as that of so many samples */
void *net_gradient_at(Net *n, size_t samples, size_t *reals);
void net_zero_gradient(Net *n);
void net_update(Net *n);
void net_set_rate(Net *n, double rate);
double net_schedule(Net *n, size_t epoch);
void net_get_params(Net *n, void *w);
void net_set_params(Net *n, const void *w);
void net_get_gradient(Net *n, void *g);
void net_get_input_gradient(Net *n, void *gx);
size_t net_save(Net *n, void *buf, size_t cap);
int net_load(Net *n, const void *buf, size_t len);
/* of so many samples where those of a mini-batch are coupled, else of one */
double net_training_loss(Net *n, const void *x, const void *t, int samples);
uint32_t net_switches(Net *n, const void *x, const void *t, int samples);
void net_get_stats(Net *n, void *s); /* running statistics, if any */
void net_set_stats(Net *n, const void *s);
/* parameters, then statistics: what a file of weights holds */
void net_get_kept(Net *n, void *v);
void net_set_kept(Net *n, const void *v);
/* any function of contract.md by its name without NAME_; NULL: none */
void *net_symbol(Net *n, const char *name);

#endif
