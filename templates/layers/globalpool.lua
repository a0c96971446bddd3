-- SPDX-License-Identifier: MIT
layer "globalpool" {
	doc = "one number a channel: the mean or the largest value over all positions",
	args = { word("how", { "avg", "max" }) },
	takes = { "map", "sequence" },
	shape = function(s, p)
		return { s.x.kind == "map" and s.x[1] or s.x[2] }
	end,
	formula = function(s, p)
		local how = p.how == "avg" and "mean" or "max"
		if s.x.kind == "map" then
			return "y[i] = " .. how .. "(...: x[i,...])"
		end
		return "y[k] = " .. how .. "(t: x[t,k])"
	end,
}
