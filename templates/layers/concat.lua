-- SPDX-License-Identifier: MIT
-- the axis along which inputs are joined: vectors end to end, maps by channels,
-- sequences step by step
local function axis(s)
	return s[1].kind == "sequence" and 2 or 1
end

local function check(s)
	local first = s[1]
	for i = 2, #s do
		local same = s[i].kind == first.kind
		for k = 1, same and first.rank or 0 do
			same = same and (k == axis(s) or s[i][k] == first[k])
		end
		if not same then
			local need = first.kind == "map" and
				"maps of equal height and width" or
				first.kind == "sequence" and "sequences of equal length" or
				"inputs of one kind"
			problem {
				say = "'concat' needs " .. need .. ", but got " .. first.text ..
					" and " .. s[i].text,
				inputs = { 1, i },
			}
		end
	end
end

layer "concat" {
	doc = "its inputs one after the other: vectors end to end, maps by channels, sequences step by step",
	args = { activation "act" },
	inputs = { "..." },
	takes = { "vector", "map", "sequence" },
	shape = function(s, p)
		check(s)
		local y, along = { kind = s[1].kind }, axis(s)
		for k = 1, s[1].rank do
			y[k] = s[1][k]
		end
		for i = 2, #s do
			y[along] = y[along] + s[i][along]
		end
		return { z = y, y = y }
	end,
	formula = function(s, p)
		local lines, at, along = {}, 0, axis(s)
		local to = p.act == "linear" and "y" or "z"
		for i = 1, #s do
			local plus = at > 0 and "+" .. at or ""
			if along == 2 then
				lines[i] = to .. "[t,i" .. plus .. "] = x" .. i .. "[t,i]"
			else
				local rest = s[i].rank > 1 and ",...]" or "]"
				lines[i] = to .. "[i" .. plus .. rest .. " = x" .. i .. "[i" .. rest
			end
			at = at + s[i][along]
		end
		if to == "z" then
			lines[#lines + 1] = "y[...] = act(z[...])"
		end
		return table.concat(lines, "\n")
	end,
}
