-- SPDX-License-Identifier: MIT
local recurrent = shared "recurrent"

layer "gru" {
	doc = "gated recurrent unit; gates in the order r z n",
	args = { size "units", flag "last" },
	takes = { "sequence" },
	weights = function(s, p)
		local weights = recurrent.weights(s, p, 3)
		weights[4] = { "b2", p.units }
		return weights
	end,
	shape = recurrent.shape,
	not_yet = true,
}
