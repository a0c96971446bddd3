-- SPDX-License-Identifier: MIT
local recurrent = shared "recurrent"

layer "lstm" {
	doc = "long short-term memory; gates in the order i f g o",
	args = { size "units", flag "last" },
	takes = { "sequence" },
	weights = function(s, p) return recurrent.weights(s, p, 4) end,
	shape = recurrent.shape,
	not_yet = true,
}
