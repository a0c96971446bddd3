-- SPDX-License-Identifier: MIT
layer "dense" {
	doc = "fully connected: every unit sees every input; in a sequence step by step",
	args = { size "units", activation "act", switch("bias", true) },
	takes = { "vector", "sequence" },
	weights = function(s, p)
		return {
			{ "w", p.units, s.x[s.x.rank] },
			p.bias and { "b", p.units } or nil,
		}
	end,
	formula = function(s, p)
		return "z[...,j] = sum(k: w[j,k] * x[...,k])" ..
			(p.bias and " + b[j]" or "") .. "\ny[...,j] = act(z[...,j])"
	end,
}
