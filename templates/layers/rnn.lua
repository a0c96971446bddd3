-- SPDX-License-Identifier: MIT
local recurrent = shared "recurrent"

layer "rnn" {
	doc = "a recurrent layer: h = act(w x + u h + b), step by step",
	args = { size "units", flag "last", activation("act", "tanh") },
	takes = { "sequence" },
	weights = function(s, p) return recurrent.weights(s, p, 1) end,
	shape = recurrent.shape,
	not_yet = true,
}
