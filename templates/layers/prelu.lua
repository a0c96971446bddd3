-- SPDX-License-Identifier: MIT
layer "prelu" {
	doc = "a rectifier whose slope for negative values is learned, one a channel",
	weights = function(s, p)
		local channels = s.x.kind == "map" and s.x[1] or s.x[s.x.rank]
		return { { "slope", channels, init = 0.25, decay = false } }
	end,
	formula = function(s, p)
		local at = s.x.kind == "map" and "[i,...]" or "[...,i]"
		return "y" .. at .. " = x" .. at .. " > 0 ? x" .. at ..
			" : slope[i] * x" .. at
	end,
}
