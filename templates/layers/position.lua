-- SPDX-License-Identifier: MIT
layer "position" {
	doc = "adds a learned vector for every step of a sequence, or for every place of any other input",
	weights = function(s, p)
		local w = { "w", decay = false }
		for i = 1, s.x.rank do
			w[#w + 1] = s.x[i]
		end
		return { w }
	end,
	formula = "y[...] = x[...] + w[...]",
}
