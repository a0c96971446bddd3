-- SPDX-License-Identifier: MIT
layer "transpose" {
	doc = "swaps rows and columns; in a sequence steps and features",
	takes = { "matrix", "map", "sequence" },
	shape = function(s, p)
		if s.x.kind == "map" then
			return { s.x[1], s.x[3], s.x[2], kind = "map" }
		end
		return { s.x[2], s.x[1], kind = s.x.kind }
	end,
	formula = function(s, p)
		return s.x.kind == "map" and "y[i,c,r] = x[i,r,c]" or
			"y[c,r] = x[r,c]"
	end,
}
