-- SPDX-License-Identifier: MIT
local axes = shared "axes"

layer "split" {
	doc = "one of several equal parts along one axis; part=1 is the first",
	args = {
		size("parts", "the number of parts"), whole("part", nil, { from = 1 }),
		axes.argument(),
	},
	shape = function(s, p)
		local along, name = axes.find(s, p)
		if p.part > p.parts then
			problem {
				say = "part " .. p.part .. " of " .. p.parts .. " does not exist",
				at = "part",
			}
		elseif s.x[along] % p.parts ~= 0 then
			problem {
				say = p.parts .. " equal parts cannot be made of " ..
					s.x[along] .. " " .. name, at = "parts", input = 1,
				help = "`slice` takes any number of values",
			}
		end
		return axes.resized(s, along, s.x[along] // p.parts)
	end,
	values = function(s, p)
		local size = s.x[axes.find(s, p)] // p.parts
		return { first = (p.part - 1) * size, size = size }
	end,
	formula = function(s, p)
		local along = axes.find(s, p)
		return axes.part(s, along, "+first", "size")
	end,
}
