-- SPDX-License-Identifier: MIT
layer "dropout" {
	doc = "in training sets a random fraction of its inputs to 0 and scales up the rest",
	args = { fraction("fraction", nil, { from = 0, below = 1 }) },
	formula = "y[...] = rand(...) < fraction ? 0 : x[...] / (1 - fraction)",
	infer = "y[...] = x[...]",
}
