/* SPDX-License-Identifier: MIT
 * Prints statements for people who work on the compiler. */
#include <string.h>
#include "../bpgen.h"

static void dump_expr(const Program *p, ExprId e, Text *out);

static void
dump_aff(const Program *p, AffId id, Text *out)
{
	const Aff *a = &p->affs.v[id];
	uint32_t i;

	for (i = 0; i < a->n; i++) {
		Term t = p->terms.v[a->term + i];
		if (t.c == 1 || t.c == -1)
			text_add(out, "%s", t.c < 0 ? "-" : i ? "+" : "");
		else
			text_add(out, i ? "%+d*" : "%d*", t.c);
		text_add(out, "%s", p->index.v[t.i].name);
	}
	if (a->k || !a->n)
		text_add(out, a->n ? "%+d" : "%d", a->k);
}

static void
dump_subs(const Program *p, uint32_t sub, uint32_t n, Text *out)
{
	uint32_t i;

	text_put(out, "[", 1);
	for (i = 0; i < n; i++) {
		const Sub *s = &p->subs.v[sub + i];
		if (i)
			text_put(out, ",", 1);
		if (s->indirect)
			dump_expr(p, s->id, out);
		else
			dump_aff(p, s->id, out);
	}
	text_put(out, "]", 1);
}

static void
dump_expr(const Program *p, ExprId id, Text *out)
{
	static const char *const sign[] = {
		[E_ADD] = " + ", [E_SUB] = " - ", [E_MUL] = "*", [E_DIV] = "/",
		[E_LT] = " < ", [E_LE] = " <= ", [E_EQ] = " == "
	};
	const Expr *e = &p->exprs.v[id];
	char buf[40];

	switch (e->op) {
	case E_NONE:
		text_add(out, "?");
		break;
	case E_NUM:
		text_add(out, "%s", number_text(e->num, false, buf));
		break;
	case E_IDX:
		dump_aff(p, e->aff, out);
		break;
	case E_CNT:
		text_add(out, "count");
		break;
	case E_READ:
	case E_PAD:
		text_add(out, "%s", p->tensors.v[e->tensor].name);
		dump_subs(p, e->sub, e->nsub, out);
		if (e->op == E_PAD)
			text_put(out, "?", 1);
		break;
	case E_NEG:
		text_put(out, "-", 1);
		dump_expr(p, e->a, out);
		break;
	case E_SEL:
		text_put(out, "(", 1);
		dump_expr(p, e->a, out);
		text_add(out, " ? ");
		dump_expr(p, e->b, out);
		text_add(out, " : ");
		dump_expr(p, e->c, out);
		text_put(out, ")", 1);
		break;
	case E_FN:
	case E_STOP:
		text_add(out, "%s(", e->op == E_FN ? fn_name(e->fn) : "stop");
		dump_expr(p, e->a, out);
		text_put(out, ")", 1);
		break;
	case E_IEQ:
		text_put(out, "(", 1);
		dump_expr(p, e->a, out);
		text_add(out, " == ");
		dump_aff(p, e->aff, out);
		text_put(out, ")", 1);
		break;
	case E_ADD: case E_SUB: case E_MUL: case E_DIV:
	case E_LT: case E_LE: case E_EQ:
		text_put(out, "(", 1);
		dump_expr(p, e->a, out);
		text_add(out, "%s", sign[e->op]);
		dump_expr(p, e->b, out);
		text_put(out, ")", 1);
		break;
	}
}

static void
dump_box(const Program *p, uint32_t from, uint32_t n, Text *out)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		Index x = p->indices.v[from + i];
		if (i)
			text_put(out, ",", 1);
		text_add(out, "%s", p->index.v[x].name);
		if (x != SAMPLE)
			text_add(out, "<%d", p->index.v[x].extent);
	}
}

static void
dump_stmt(const Program *p, const Stmt *s, Text *out)
{
	static const char *const how[] = { "", "sum", "max", "argmax" };
	uint32_t i;

	text_add(out, "%s%s", s->scan ? "  " : "",
	         p->tensors.v[s->target].name);
	dump_subs(p, s->lhs, s->nlhs, out);
	text_add(out, s->add ? " += " : " = ");
	if (s->red) {
		text_add(out, "%s(", how[s->red]);
		dump_box(p, s->ridx, s->nridx, out);
		text_add(out, ") ");
	}
	dump_expr(p, s->expr, out);
	for (i = 0; i < s->nguard; i++) {
		text_add(out, i ? ", " : " where ");
		dump_aff(p, p->guards.v[s->guard + i], out);
		text_add(out, " >= 0");
	}
	text_add(out, "   [");
	dump_box(p, s->idx, s->nidx, out);
	text_add(out, "]%s", s->scatter ? " scatter" : "");
	if (s->lanes > 1)
		text_add(out, " %d lanes", s->lanes);
	text_put(out, "\n", 1);
}

void
dump_stmts(const Program *p, const Stmts *list, Text *out)
{
	uint32_t i, scan = 0;

	for (i = 0; i < list->n; i++) {
		const Stmt *s = &list->v[i];
		if (s->scan && s->scan != scan) {
			const Scan *g = &p->scans.v[s->scan];
			text_add(out, "scan(%s<%d%s:\n", p->index.v[g->t].name,
			         g->n, g->reverse ? ", descending" : "");
		}
		scan = s->scan;
		dump_stmt(p, s, out);
	}
}
