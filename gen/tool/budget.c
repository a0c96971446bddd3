/* SPDX-License-Identifier: MIT
 * `budget` against the plan: RAM is known to the byte when C is generated;
 * flash, stack and compile time depend on the compiler, which is said. */
#include "house.h"

static int64_t
weights_of(const Layer *l)
{
	int64_t n = 0;
	uint32_t i;

	for (i = 0; i < l->weights.n && !l->dead; i++)
		if (l->weights.v[i].tied < 0)
			n += shape_size(&l->weights.v[i].shape);
	return n;
}

static const Layer *
heaviest(const Network *net)
{
	const Layer *most = NULL;
	uint32_t i;

	for (i = 0; i < net->layers.n; i++)
		if (!most || weights_of(&net->layers.v[i]) > weights_of(most))
			most = &net->layers.v[i];
	return most;
}

/* bytes of RAM where nothing runs by vectors */
static int64_t
without_lanes(Ctx *c, const Network *net, const PlanOptions *options)
{
	const PlanOptions o = { .unroll = options->unroll };
	Network narrow = *net;
	Plan *way;

	narrow.lanes = 1;
	way = plan(build(c, &narrow, net->dtype), &o);
	return way ? way->bytes : INT64_MAX;
}

static void
check_ram(Ctx *c, const Network *net, const Plan *way,
	const PlanOptions *options)
{
	/* no program is built after an error */
	int64_t bytes = net->lanes > 1 ? without_lanes(c, net, options) :
	                way->bytes;
	const Layer *l = heaviest(net);

	err(c, net->budget_loc, "the network takes %lld bytes of RAM, but the "
	    "budget is %.0f", (long long)way->bytes, net->budget.ram);
	if (l && weights_of(l))
		note(c, l->loc, "'%s' costs most: %lld weights", l->name,
		     (long long)weights_of(l));
	if (net->api_train || net->api_gradient)
		help(c, "`api forward` leaves out what only training needs");
	if (bytes < way->bytes)
		help(c, "`lanes 1` takes %lld bytes: no padding, and no "
		     "workspace for several samples", (long long)bytes);
}

void
check_budget(Ctx *c, const Network *net, const Plan *way,
	const PlanOptions *options)
{
	const struct { const char *name; double limit; } unknown[] = {
		{ "flash", net->budget.flash }, { "stack", net->budget.stack },
		{ "compile", net->budget.compile }
	};
	size_t i;

	if (net->budget.ram > 0 && (double)way->bytes > net->budget.ram)
		check_ram(c, net, way, options);
	for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		if (unknown[i].limit > 0)
			warn(c, net->budget_loc, "budget", "`%s` depends on the "
			     "compiler and is not checked yet",
			     unknown[i].name);
}
