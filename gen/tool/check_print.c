/* SPDX-License-Identifier: MIT
 * What a check has found: as a table, or as JSON. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "check.h"
#include "json.h"

void
check_say(Check *k, const char *format, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (k->json)
		text_add(&k->said, "%s", line);
	else
		fputs(line, stdout);
}

/* dense1.w[4][17] */
static const char *
entry_name(Ctx *c, const Block *b, size_t i)
{
	Text t = {c, NULL, 0, 0};
	size_t size = b->count, at;
	int r;

	text_add(&t, "%s", b->name);
	for (r = 0; r < b->shape.rank; r++) {
		size /= (size_t)b->shape.dim[r];
		at = i / size;
		i -= at * size;
		text_add(&t, "[%zu]", at);
	}
	return t.s;
}

/* from the entries that have all three differences: a kink between the steps
 * must not look like a slope */
double
block_order(const Check *k, const Block *b)
{
	const double *e = b->common;
	double order;

	if (e[2] > 20 * k->noise / widths[2])
		order = log10(e[0] / e[2]) / 2;
	else if (e[1] > 20 * k->noise / widths[1])
		order = log10(e[0] / e[1]);
	else
		return NAN;
	/* "-0.0" helps nobody */
	return isfinite(order) && fabs(order) >= 0.05 ? order : 0;
}

static const char *
hint(Ctx *c, const Block *b)
{
	double r = b->ratios ? b->ratio_sum / (double)b->ratios : NAN;
	double spread = b->ratio_high - b->ratio_low, inverse;

	if (b->worst_numeric == 0)
		return "the loss does not depend on this: a term too many";
	if (isnan(r) || spread > 0.02 * fmax(fabs(r), 0.05))
		return fmt(c, "the ratio varies from %.3g to %.3g: look at the "
		           "derivative of an activation or the loss on the way",
		           b->ratio_low, b->ratio_high);
	if (fabs(r) < 1e-6)
		return "the derivative is 0: the chain rule never gets here "
		       "(a `stop`, or a derivative of 0 on the way)";
	inverse = round(1 / r);
	if (fabs(r + 1) < 0.01)
		return "a constant ratio of -1 points to a wrong sign";
	if (fabs(r) < 0.7 && fabs(1 / r - inverse) < 0.02 * fabs(inverse))
		return fmt(c, "a constant ratio of %.3g points to a forgotten "
		           "factor %.0f", r, inverse);
	if (fabs(r) > 1.5 && fabs(r - round(r)) < 0.02 * fabs(r))
		return fmt(c, "a constant ratio of %.3g points to a factor "
		           "%.0f too many", r, round(r));
	return fmt(c, "the ratio is %.3g everywhere: a constant factor is "
	           "wrong", r);
}

static void
print_wrong(Ctx *c, const Block *b)
{

	printf("    largest: %s   analytic %.5f   numeric %.5f",
	       entry_name(c, b, b->worst), b->worst_analytic, b->worst_numeric);
	if (b->worst_numeric != 0)
		printf("   ratio %.3f", b->worst_analytic / b->worst_numeric);
	putchar('\n');
	printf("    help: %s\n", hint(c, b));
}

static bool
is_compared(const Block *b)
{
	return !b->why_not && b->tested > b->unusable;
}

static const char *
verdict_of(const Block *b)
{
	return b->why_not ? b->why_not : b->tested == b->unusable ? "skipped" :
		b->wrong ? "WRONG" : "ok";
}

static void
print_block(const Check *k, const Block *b, int wide)
{
	double order = block_order(k, b);
	int j;

	printf("  %-*s %7s", wide, b->name,
	       grouped(k->s->c, (int64_t)b->count));
	if (!is_compared(b)) {
		for (j = 0; j < STEPS; j++)
			printf("   %7s", "-");
		printf(" %7s %11s   %s\n", "-", "-", verdict_of(b));
		return;
	}
	for (j = 0; j < STEPS; j++)
		printf("   %7.1e", b->error[j]);
	if (isnan(order))
		printf("%7s", "-");
	else
		printf("%7.1f", order);
	printf(" %11.1e   %s\n", b->relative, verdict_of(b));
	if (b->wrong)
		print_wrong(k->s->c, b);
}

void
print_table(const Check *k)
{
	size_t tested = 0, missed = 0;
	uint32_t i;
	int wide = 10, n;

	for (i = 0; i < k->blocks.n; i++) {
		n = (int)strlen(k->blocks.v[i].name);
		wide = n > wide && n < 40 ? n : wide;
		if (k->blocks.v[i].input)
			continue;
		tested += k->blocks.v[i].tested;
		missed += k->blocks.v[i].why_not ? 0 :
			k->blocks.v[i].count - k->blocks.v[i].tested;
	}
	printf("%s, f64, central differences, %zu sample%s, ", k->s->net->name,
	       k->samples, plural((uint32_t)k->samples));
	if (missed)
		printf("%s of %s parameters drawn from all blocks (seed %llu; "
		       "--all takes every one)\n",
		       grouped(k->s->c, (int64_t)tested),
		       grouped(k->s->c, (int64_t)k->params),
		       (unsigned long long)k->s->net->seed);
	else
		printf("all %s parameters%s\n",
		       grouped(k->s->c, (int64_t)k->params),
		       checks_inputs(k) ? " and inputs" : "");
	printf("  %-*s %7s   h=1e-2    h=1e-3    h=1e-4    order   worst "
	       "relative\n", wide, "block", "count");
	for (i = 0; i < k->blocks.n; i++)
		print_block(k, &k->blocks.v[i], wide);
}

void
print_skipped(const Check *k)
{
	size_t sum = k->skipped[0] + k->skipped[1] + k->skipped[2];
	size_t lost = 0;
	uint32_t i;

	for (i = 0; i < k->blocks.n; i++)
		lost += k->blocks.v[i].unusable;
	if (!sum)
		return;
	printf("kinks: %s of %s differences skipped as a switch lies between "
	       "(h=1e-2 %s, h=1e-3 %s, h=1e-4 %s)\n",
	       grouped(k->s->c, (int64_t)sum),
	       grouped(k->s->c, (int64_t)k->differences),
	       grouped(k->s->c, (int64_t)k->skipped[0]),
	       grouped(k->s->c, (int64_t)k->skipped[1]),
	       grouped(k->s->c, (int64_t)k->skipped[2]));
	if (lost)
		printf("kinks: %s entr%s could not be compared at any step\n",
		       grouped(k->s->c, (int64_t)lost), lost == 1 ? "y" : "ies");
}

/* ------------------------------------------------------------------- JSON */

static void
json_block(Check *k, Text *t, const Block *b)
{
	int j;

	json_line(t);
	json_open(t, NULL, '{');
	json_text(t, "name", b->name);
	json_whole(t, "count", b->count);
	json_whole(t, "tested", b->tested);
	json_text(t, "verdict", b->wrong ? "wrong" : verdict_of(b));
	json_open(t, "error", '[');
	for (j = 0; j < STEPS && is_compared(b); j++)
		json_number(t, NULL, b->error[j]);
	json_close(t, ']');
	json_number(t, "order", is_compared(b) ? block_order(k, b) : NAN);
	json_number(t, "relative", is_compared(b) ? b->relative : NAN);
	if (b->wrong) {
		json_text(t, "worst", entry_name(k->s->c, b, b->worst));
		json_number(t, "analytic", b->worst_analytic);
		json_number(t, "numeric", b->worst_numeric);
		json_text(t, "help", hint(k->s->c, b));
	}
	json_close(t, '}');
}

/* what check_say() was given, line by line */
static void
json_said(Check *k, Text *t)
{
	const char *at = k->said.s, *end;

	json_open(t, "notes", '[');
	for (; at && *at; at = end + 1) {
		end = strchr(at, '\n');
		json_line(t);
		json_text(t, NULL, copy(k->s->c, at, (size_t)(end - at)));
	}
	json_close(t, ']');
}

void
print_check_json(Check *k, bool right)
{
	Text t = { .c = k->s->c };
	uint32_t i;
	int j;

	json_open(&t, NULL, '{');
	json_text(&t, "net", k->s->net->name);
	json_flag(&t, "right", right);
	json_whole(&t, "params", k->params);
	json_whole(&t, "samples", k->samples);
	json_whole(&t, "seed", k->s->net->seed);
	json_number(&t, "loss", k->loss);
	json_open(&t, "h", '[');
	for (j = 0; j < STEPS; j++)
		json_number(&t, NULL, widths[j]);
	json_close(&t, ']');
	json_open(&t, "skipped", '[');
	for (j = 0; j < STEPS; j++)
		json_whole(&t, NULL, k->skipped[j]);
	json_close(&t, ']');
	json_line(&t);
	json_open(&t, "blocks", '[');
	for (i = 0; i < k->blocks.n; i++)
		json_block(k, &t, &k->blocks.v[i]);
	json_close(&t, ']');
	json_line(&t);
	json_said(k, &t);
	json_close(&t, '}');
	puts(t.s);
}
