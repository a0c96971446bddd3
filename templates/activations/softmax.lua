-- SPDX-License-Identifier: MIT
-- at: subscript of an element; over: the same with k; rest: the other axes
local function softmax(at, over, rest)
	return "m" .. rest .. " = max(k: z" .. over .. ")\n" ..
		"e" .. at .. " = exp(z" .. at .. " - stop(m" .. rest .. "))\n" ..
		"s" .. rest .. " = sum(k: e" .. over .. ")\n" ..
		"y" .. at .. " = e" .. at .. " / s" .. rest .. "\n"
end

activation "softmax" {
	doc = "probabilities: exp(z) over its sum along the last axis (a map's channels)",
	formula = function(s, p)
		if s.z.rank == 1 then
			return softmax("[i]", "[k]", "")
		elseif s.z.kind == "map" then
			return softmax("[i,...]", "[k,...]", "[...]")
		end
		return softmax("[...,i]", "[...,k]", "[...]")
	end,
}
