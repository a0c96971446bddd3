-- SPDX-License-Identifier: MIT
layer "add" {
	doc = "the sum of its inputs, element by element",
	args = { activation "act" },
	inputs = { "..." },
	shape = function(s, p)
		for i = 2, #s do
			if s[i].text ~= s[1].text or s[i].kind ~= s[1].kind then
				local help
				if s[1].kind == "map" and s[i].kind == "map" and
						s[1][2] == s[i][2] and s[1][3] == s[i][3] then
					help = "bring both to " .. s[1][1] ..
						" channels with a 1x1 convolution: `conv " ..
						s[1][1] .. " 1x1 from " .. s[i].name .. "`"
				elseif s[1].kind == "vector" and s[i].kind == "vector" then
					help = "bring both to " .. s[1][1] .. " values: `dense " ..
						s[1][1] .. " from " .. s[i].name .. "`"
				end
				problem {
					say = "'add' needs equal shapes, but got " .. s[1].text ..
						" and " .. s[i].text,
					inputs = { 1, i }, help = help,
				}
			end
		end
		return s[1]
	end,
	formula = function(s, p)
		local terms = {}
		for i = 1, #s do
			terms[i] = "x" .. i .. "[...]"
		end
		local all = table.concat(terms, " + ")
		if p.act == "linear" then
			return "y[...] = " .. all
		end
		return "z[...] = " .. all .. "\ny[...] = act(z[...])"
	end,
}
