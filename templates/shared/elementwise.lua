-- SPDX-License-Identifier: MIT
-- Inputs of equal shape, joined element by element: add and mul share this.
local elementwise = {}

local function advice(a, b)
	if a.kind == "map" and b.kind == "map" and a[2] == b[2] and a[3] == b[3] then
		return "bring both to " .. a[1] .. " channels with a 1x1 convolution: `conv " ..
			a[1] .. " 1x1 from " .. b.name .. "`"
	elseif a.kind == "vector" and b.kind == "vector" then
		return "bring both to " .. a[1] .. " values: `dense " .. a[1] ..
			" from " .. b.name .. "`"
	end
end

function elementwise.shape(word)
	return function(s, p)
		for i = 2, #s do
			if s[i].text ~= s[1].text or s[i].kind ~= s[1].kind then
				problem {
					say = "'" .. word .. "' needs equal shapes, but got " ..
						s[1].text .. " and " .. s[i].text,
					inputs = { 1, i }, help = advice(s[1], s[i]),
				}
			end
		end
		return s[1]
	end
end

function elementwise.formula(sign)
	return function(s, p)
		local terms = {}
		for i = 1, #s do
			terms[i] = "x" .. i .. "[...]"
		end
		local all = table.concat(terms, sign)
		if p.act == "linear" then
			return "y[...] = " .. all
		end
		return "z[...] = " .. all .. "\ny[...] = act(z[...])"
	end
end

return elementwise
