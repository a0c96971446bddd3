-- SPDX-License-Identifier: MIT
layer "act" {
	doc = "an activation on its own; the bare word, as in `relu`, means the same",
	args = { activation("act", false) },
	formula = "y[...] = act(x[...])",
}
