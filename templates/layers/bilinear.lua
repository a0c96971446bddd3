-- SPDX-License-Identifier: MIT
layer "bilinear" {
	doc = "every unit weighs all products of a value of one input and a value of the other",
	args = { size "units", activation "act", switch("bias", true) },
	inputs = { "a", "b" },
	takes = { "vector", "sequence" },
	weights = function(s, p)
		local n, m = s.a[s.a.rank], s.b[s.b.rank]
		if s.a.kind ~= s.b.kind or s.a.size // n ~= s.b.size // m then
			problem {
				say = "'bilinear' needs two vectors or two sequences of " ..
					"equal length, but got " .. s.a.text .. " and " ..
					s.b.text,
				inputs = { 1, 2 },
			}
		end
		return {
			{ "w", p.units, n, m, fan = { n * m, p.units } },
			p.bias and { "c", p.units } or nil,
		}
	end,
	formula = function(s, p)
		return "z[...,o] = sum(i,j: w[o,i,j] * a[...,i] * b[...,j])" ..
			(p.bias and " + c[o]" or "") .. "\ny[...,o] = act(z[...,o])"
	end,
}
