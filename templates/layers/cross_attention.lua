-- SPDX-License-Identifier: MIT
local attend = shared "attend"

layer "cross_attention" {
	doc = "attention of one sequence to another: every step of the first takes from the steps of the second that answer its query",
	args = { whole("heads", 1, { from = 1 }), switch("bias", true) },
	inputs = { "x", "memory" },
	takes = { "sequence" },
	weights = function(s, p) return attend.weights(p, s.x[2], s.memory[2]) end,
	shape = attend.shape,
	values = attend.values,
	formula = function(s, p) return attend.formula(p, "memory") end,
}
