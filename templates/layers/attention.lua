-- SPDX-License-Identifier: MIT
local attend = shared "attend"

layer "attention" {
	doc = "scaled dot-product attention of a sequence to itself: every step takes from the steps that answer its query",
	args = {
		whole("heads", 1, { from = 1 }), flag "causal", switch("bias", true),
	},
	takes = { "sequence" },
	weights = function(s, p) return attend.weights(p, s.x[2], s.x[2]) end,
	shape = attend.shape,
	values = attend.values,
	formula = function(s, p) return attend.formula(p, "x") end,
}
