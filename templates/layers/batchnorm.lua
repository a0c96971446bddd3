-- SPDX-License-Identifier: MIT
layer "batchnorm" {
	doc = "mean 0 and variance 1 of every channel over the mini-batch",
	args = {
		activation "act", number("eps", 1e-5, { from = 0 }),
		number("momentum", 0.1, { from = 0, to = 1 }),
	},
	weights = function(s, p)
		local channels = s.x.kind == "sequence" and s.x[2] or s.x[1]
		return { { "gain", channels, init = 1 }, { "bias", channels, init = 0 } }
	end,
	takes = { "vector", "map", "sequence" },
	shape = function(s, p)
		return s.x
	end,
	not_yet = true,
}
