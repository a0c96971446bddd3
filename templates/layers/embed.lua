-- SPDX-License-Identifier: MIT
layer "embed" {
	doc = "a learned vector for every number from 0 to vocab - 1",
	args = { size("features", "the number of features"), whole("vocab", nil, { from = 1 }) },
	takes = { "vector" },
	weights = function(s, p)
		return { { "w", p.vocab, p.features } }
	end,
	shape = function(s, p)
		return { s.x.size, p.features, kind = "sequence" }
	end,
	not_yet = true,
}
