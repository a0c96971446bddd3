-- SPDX-License-Identifier: MIT
layer "maxout" {
	doc = "every unit is the largest of several weighted sums, so that its activation is learned too",
	args = { size "units", whole("pieces", 2, { from = 1 }), switch("bias", true) },
	takes = { "vector", "sequence" },
	weights = function(s, p)
		local width = s.x[s.x.rank]
		return {
			{ "w", p.pieces, p.units, width, fan = { width, p.units } },
			p.bias and { "b", p.pieces, p.units, decay = false } or nil,
		}
	end,
	formula = function(s, p)
		return "z[...,q,j] = sum(k: w[q,j,k] * x[...,k])" ..
			(p.bias and " + b[q,j]" or "") ..
			"\ny[...,j] = max(q: z[...,q,j])"
	end,
}
