/* SPDX-License-Identifier: MIT
 * Schedules -> the text of --dump=plan, and back: the lines of a file that say
 * how some statements run.
 *
 *     forward 0.3 dense2.sum (local): j<10*1v, k<128, j<1 vectors; sums 8
 *
 * kernel, part and number of the statement, its tensor (and where it lives),
 * then its loops, outermost first: index < trips * step, with `v` for steps of
 * that many vectors.  # begins a comment. */
#include <string.h>
#include "back.h"

enum { MOST_FILE = 1 << 20 };

static const char *const hows[] = { "", " unroll", " lanes", " vectors" };

static const char *const kernels[K_ALL] = {
	[K_FORWARD] = "forward", [K_LOSS] = "loss", [K_GRADIENT] = "gradient",
	[K_TRAINLOSS] = "training_loss", [K_UPDATE] = "update",
	[K_INIT] = "init", [K_FORWARDS] = "forward_samples",
	[K_GRADIENTS] = "gradient_samples", [K_AHEAD] = "ahead",
	[K_ONLINE] = "online", [K_STEP] = "mini_batch",
	[K_STREAM] = "step", [K_RESET] = "reset"
};

const char *
kernel_name(Kernel k)
{
	return kernels[k];
}

static Index
index_at(const Program *p, const Stmt *s, uint32_t k)
{
	if (k < s->nidx)
		return p->indices.v[s->idx + k];
	k -= s->nidx;
	if (k < s->nridx)
		return p->indices.v[s->ridx + k];
	return p->scans.v[s->scan].t;
}

static uint32_t
index_count(const Stmt *s)
{
	return s->nidx + s->nridx + (s->scan > 0);
}

/* j, or j#2 for the second one of that name in the statement */
const char *
index_text(const Program *p, const Stmt *s, Index i)
{
	const char *name = p->index.v[i].name;
	uint32_t k, n = 1;

	for (k = 0; k < index_count(s) && index_at(p, s, k) != i; k++)
		n += !strcmp(p->index.v[index_at(p, s, k)].name, name);
	return n > 1 ? fmt(p->c, "%s#%u", name, n) : name;
}

void
schedule_text(const Program *p, const Stmt *s, const Schedule *q, Text *out)
{
	uint32_t i;

	for (i = 0; i < q->loops.n; i++) {
		const Loop *l = &q->loops.v[i];
		text_add(out, "%s%s", i ? ", " : "",
		         index_text(p, s, l->index));
		if (l->first)
			text_add(out, "=%d+", l->first);
		text_add(out, "<%d", l->count);
		if (l->vectors)
			text_add(out, "*%dv", l->vectors);
		if (l->step > 1)
			text_add(out, "*%d", l->step);
		text_add(out, "%s%s%s", l->guarded ? " guarded" : "",
		         l->clamped ? " clamped" : "", hows[l->how]);
	}
	if (q->sums > 1)
		text_add(out, "; sums %d", q->sums);
	if (q->across)
		text_add(out, "; across");
	if (q->registers)
		text_add(out, "; registers %d", q->registers);
	if (q->fused)
		text_add(out, "; shares %d", q->fused);
}

void
plan_dump(const Program *p, const Plan *plan, Text *out)
{
	static const char *const how[] = {
		"none", "local", "work", "field", "argument", "table"
	};
	uint32_t i;
	int k;

	for (k = 0; k < K_ALL; k++) {
		const KernelPlan *kp = &plan->kernel[k];
		for (i = 0; kp->used && i < kp->schedules.n; i++) {
			const Schedule *q = &kp->schedules.v[i];
			const Stmt *s = &p->kernel[k].v[q->stmt];
			text_add(out, "%s %u.%u %s (%s", kernels[k], q->part,
			         q->stmt, p->tensors.v[s->target].name,
			         how[kp->store[s->target].how]);
			if (kp->store[s->target].how == ST_WORK)
				text_add(out, " %lld", (long long)
				         kp->store[s->target].offset);
			text_add(out, ")%s", q->loops.n ? ": " : "");
			schedule_text(p, s, q, out);
			text_add(out, "\n");
		}
	}
}

/* ---- and back */

typedef struct {
	Program *p;
	const char *s;
	uint32_t file, at, line;    /* where it reads, where the line begins */
	bool bad;
} Reader;

static Loc
here(const Reader *r)
{
	uint32_t n = (uint32_t)strcspn(r->s + r->at, " \t\n,;:");

	return (Loc){ r->file, r->at, n ? n : 1 };
}

static void
blanks(Reader *r)
{
	r->at += (uint32_t)strspn(r->s + r->at, " \t\r");
	if (r->s[r->at] == '#')
		r->at += (uint32_t)strcspn(r->s + r->at, "\n");
}

static bool
is(Reader *r, const char *text)
{
	size_t n = strlen(text);

	blanks(r);
	if (strncmp(r->s + r->at, text, n))
		return false;
	r->at += (uint32_t)n;
	return true;
}

static void
expected(Reader *r, const char *what)
{
	if (!r->bad)
		err(r->p->c, here(r), "%s is expected here", what);
	r->bad = true;
}

static int32_t
number(Reader *r)
{
	int64_t v = 0;

	blanks(r);
	if (r->s[r->at] < '0' || r->s[r->at] > '9')
		expected(r, "a whole number");
	for (; r->s[r->at] >= '0' && r->s[r->at] <= '9'; r->at++)
		if (v < INT32_MAX)
			v = v * 10 + (r->s[r->at] - '0');
	if (v > INT32_MAX / 2) {
		expected(r, "a smaller number");
		v = 0;
	}
	return (int32_t)v;
}

static const char *
word(Reader *r, const char *ends)
{
	size_t n;
	const char *s;

	blanks(r);
	n = strcspn(r->s + r->at, ends);
	s = copy(r->p->c, r->s + r->at, n);
	if (!n)
		expected(r, "a name");
	r->at += (uint32_t)n;
	return s;
}

static void
read_kernel(Reader *r, Given *g)
{
	Names names = { 0 };
	Loc at;
	const char *s, *near;
	int k;

	blanks(r);
	at = here(r);
	s = word(r, " \t\n");
	for (k = 0; k < K_ALL; k++) {
		PUSH(r->p->c, &names, kernels[k]);
		if (!strcmp(s, kernels[k]) && r->p->kernel[k].n) {
			g->kernel = (Kernel)k;
			return;
		}
	}
	err(r->p->c, at, "'%s' is no kernel of this network", s);
	near = nearest(s, &names);
	if (near && strcmp(near, s))
		fix(r->p->c, near);
	r->bad = true;
}

/* The number tells apart statements that compute one tensor; other plans may
 * count others in front. */
static StmtId
statement_of(const Reader *r, const Stmts *list, StmtId number,
	const char *name)
{
	StmtId i, found = UINT32_MAX;

	for (i = 0; i < list->n; i++) {
		if (strcmp(r->p->tensors.v[list->v[i].target].name, name))
			continue;
		if (i == number)
			return i;
		found = found == UINT32_MAX ? i : list->n;
	}
	return found;
}

static void
read_statement(Reader *r, Given *g)
{
	const Stmts *list = &r->p->kernel[g->kernel];
	const char *name;
	Loc at;

	g->q.stmt = (StmtId)number(r);
	if (is(r, "."))
		g->q.stmt = (StmtId)number(r);
	blanks(r);
	at = here(r);
	name = word(r, " \t\n:(");
	if (r->bad)
		return;
	g->q.stmt = statement_of(r, list, g->q.stmt, name);
	r->bad = g->q.stmt >= list->n;
	if (g->q.stmt == UINT32_MAX)
		err(r->p->c, at, "no statement of %s computes '%s'",
		    kernels[g->kernel], name);
	else if (r->bad)
		err(r->p->c, at, "several statements of %s compute %s, and "
		    "none has this number", kernels[g->kernel], name);
}

static void
read_loop(Reader *r, const Stmt *s, Loop *l)
{
	const Program *p = r->p;
	Loc at;
	const char *name;
	uint32_t k;

	blanks(r);
	at = here(r);
	name = word(r, " \t\n=<,;");
	for (k = 0; k < index_count(s); k++)
		if (!strcmp(index_text(p, s, index_at(p, s, k)), name))
			break;
	if (!r->bad && k == index_count(s)) {
		err(p->c, at, "'%s' is no index of this statement", name);
		r->bad = true;
	}
	if (r->bad)
		return;
	*l = (Loop){ .index = index_at(p, s, k), .step = 1 };
	if (is(r, "=")) {
		l->first = number(r);
		if (!is(r, "+"))
			expected(r, "+");
	}
	if (!is(r, "<"))
		expected(r, "<");
	l->count = number(r);
	while (!r->bad && is(r, "*")) {
		int32_t n = number(r);
		if (is(r, "v"))
			l->vectors = n;
		else
			l->step = n;
	}
	if (!r->bad && (l->count < 1 || l->step < 1))
		expected(r, "a number above 0");
	l->guarded = is(r, "guarded");
	l->clamped = is(r, "clamped");
	for (k = LOOP_UNROLL; k <= LOOP_VECTORS; k++)
		if (is(r, hows[k] + 1))
			l->how = (LoopHow)k;
}

static void
read_rest(Reader *r, Given *g)
{
	while (!r->bad && is(r, ";")) {
		if (is(r, "sums"))
			g->q.sums = number(r);
		else if (is(r, "across"))
			g->q.across = true;
		else if (is(r, "registers"))
			g->q.registers = number(r);
		else if (is(r, "shares"))
			g->shares = number(r);
		else
			expected(r, "sums, across, registers or shares");
	}
	blanks(r);
	if (r->s[r->at] && r->s[r->at] != '\n')
		expected(r, "the end of the line");
}

static void
read_line(Reader *r, Given *g)
{
	const Stmt *s;
	Loop l;

	read_kernel(r, g);
	if (!r->bad)
		read_statement(r, g);
	if (r->bad)
		return;
	s = &r->p->kernel[g->kernel].v[g->q.stmt];
	if (is(r, "(")) {
		r->at += (uint32_t)strcspn(r->s + r->at, ")\n");
		if (!is(r, ")"))
			expected(r, ")");
	}
	g->q.sums = 1;
	if (is(r, ":"))
		do {
			read_loop(r, s, &l);
			if (!r->bad)
				PUSH(r->p->c, &g->q.loops, l);
		} while (!r->bad && is(r, ","));
	read_rest(r, g);
	if (r->bad || !g->q.loops.n)
		return;
	l = g->q.loops.v[g->q.loops.n - 1];
	g->q.tile = l.how == LOOP_VECTORS;
	g->q.lane = l.index;
}

/* What the planner makes by itself: the rest of a tile follows from the tile,
 * straight line is up to --unroll, a scan has one order, and tiles for both
 * numbers of registers come in pairs. */
static bool
is_derived(const Program *p, const Given *g)
{
	uint32_t i;

	for (i = 0; i < g->q.loops.n; i++)
		if (g->q.loops.v[i].first)
			return true;
	return g->q.registers || schedule_straight(&g->q) ||
	       p->kernel[g->kernel].v[g->q.stmt].scan;
}

static bool
is_known(const AllGiven *all, const Given *g)
{
	uint32_t i;

	for (i = 0; i < all->n; i++)
		if (all->v[i].kernel == g->kernel &&
		    all->v[i].q.stmt == g->q.stmt)
			return true;
	return false;
}

/* Needs the statements of all kernels; false after err(). */
bool
schedules_read(Program *p, const char *path, AllGiven *out)
{
	Reader r = { .p = p };
	int errors = p->c->errors, rc;
	const char *why;
	char *text;
	size_t n;

	rc = read_file(p->c, path, MOST_FILE, &text, &n, &why);
	if (rc)
		die(p->c, rc, "cannot read %s: %s", path, why);
	r.s = text;
	r.file = source_add(p->c, path, text, n);
	if (strlen(text) < n) {
		err(p->c, (Loc){ r.file, (uint32_t)strlen(text), 1 },
		    "a NUL byte in the text");
		return false;
	}
	while (r.s[r.at]) {
		Given g = { 0 };
		blanks(&r);
		g.loc = (Loc){ r.file, r.at,
		               (uint32_t)strcspn(r.s + r.at, "\n:#") };
		r.bad = false;
		if (r.s[r.at] && r.s[r.at] != '\n')
			read_line(&r, &g);
		else
			r.bad = true;
		if (!r.bad && !is_derived(p, &g)) {
			if (is_known(out, &g))
				err(p->c, g.loc, "this statement has a "
				    "schedule already");
			PUSH(p->c, out, g);
		}
		r.at += (uint32_t)strcspn(r.s + r.at, "\n");
		r.at += r.s[r.at] == '\n';
	}
	return p->c->errors == errors;
}
