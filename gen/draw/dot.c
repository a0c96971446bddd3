/* SPDX-License-Identifier: MIT
 * A network in, a graph in the language of Graphviz out: layers are boxes, the
 * shapes of what they hand on stand on the arrows, a layer that joins others
 * without weights of its own is a circle. */
#include <string.h>
#include "draw.h"

static void
dot_put(Text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_add(t, "\\%c", *s);
		else if ((unsigned char)*s >= 32)
			text_put(t, s, 1);
	}
}

static void
put_node(Ctx *c, const Layer *l, int at, Text *t)
{
	bool joins = l->in.n > 1 && !l->weights.n;

	text_add(t, "\tl%d [label=\"", at);
	if (l->rec && !joins) {
		dot_put(t, l->name);
		text_add(t, "\\n");
	}
	if (l->rec)
		dot_put(t, layer_text(c, l));
	else
		dot_put(t, l->labelled ? l->name : "input");
	text_add(t, "\"%s];\n", joins ? ", shape=circle, margin=0.02, "
	         "fillcolor=\"#f5f5f5\"" : !l->rec ? ", shape=ellipse, "
	         "color=\"" BLUE "\", fillcolor=\"#e5f1f8\"" : "");
}

/* the longest way from an input: a skip passes by others */
static void
find_depths(const Network *net, int *depth)
{
	uint32_t i, k;

	for (i = 0; i < net->layers.n; i++)
		for (k = 0; k < net->layers.v[i].in.n; k++)
			if (depth[net->layers.v[i].in.v[k]] >= depth[i])
				depth[i] = depth[net->layers.v[i].in.v[k]] + 1;
}

static void
put_edges(Ctx *c, const Network *net, int at, const int *depth, Text *t)
{
	const Layer *l = &net->layers.v[at];
	uint32_t i;

	for (i = 0; i < l->in.n; i++) {
		int from = l->in.v[i];

		text_add(t, "\tl%d -> l%d [label=\" %s \", weight=%d%s];\n",
		         from, at, shape_text(c, &net->layers.v[from].out),
		         depth[at] - depth[from] == 1 ? 8 : 1,
		         depth[at] - depth[from] == 1 ? "" : ", style=dashed");
	}
}

static void
put_outputs(Ctx *c, const Network *net, Text *t)
{
	uint32_t i;

	for (i = 0; i < net->heads.n; i++) {
		const Head *h = &net->heads.v[i];

		text_add(t, "\ty%u [label=\"output", i);
		if (net->heads.n > 1)
			text_add(t, " %u", i + 1);
		if (h->loss) {
			text_add(t, "\\n");
			dot_put(t, h->loss->name);
		}
		text_add(t, "\", shape=ellipse, color=\"" ORANGE "\", "
		         "fillcolor=\"#fbeadf\"];\n\tl%d -> y%u "
		         "[label=\" %s \", weight=8];\n", h->layer, i,
		         shape_text(c, &net->layers.v[h->layer].out));
	}
}

void
network_dot(Ctx *c, const Network *net, Text *t)
{
	int *depth = mem(c, (net->layers.n + 1) * sizeof *depth);
	uint32_t i;

	text_add(t, "// " DRAWN_BY "\ndigraph \"");
	dot_put(t, net->name);
	text_add(t, "\" {\n"
	         "\tgraph [rankdir=TB, splines=true, nodesep=0.4, "
	         "ranksep=0.35, bgcolor=white];\n"
	         "\tnode [shape=box, style=\"rounded,filled\", "
	         "fillcolor=\"#fbfbfb\", color=\"#444444\", "
	         "fontname=\"Helvetica\", fontsize=11, margin=\"0.15,0.06\"];\n"
	         "\tedge [color=\"#8a8f98\", arrowsize=0.6, "
	         "fontname=\"Helvetica\", fontsize=9, "
	         "fontcolor=\"#555555\"];\n");
	find_depths(net, depth);
	for (i = 0; i < net->layers.n; i++)
		if (!net->layers.v[i].dead)
			put_node(c, &net->layers.v[i], (int)i, t);
	for (i = 0; i < net->layers.n; i++)
		if (!net->layers.v[i].dead)
			put_edges(c, net, (int)i, depth, t);
	put_outputs(c, net, t);
	text_add(t, "}\n");
}
