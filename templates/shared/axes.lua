-- SPDX-License-Identifier: MIT
-- An axis of a shape by its name: slice and split share this.
local axes = {}

local names = {
	vector = { "values" }, matrix = { "rows", "columns" },
	map = { "channels", "rows", "columns" },
	sequence = { "steps", "features" },
}
-- along which concat joins, so that a slice undoes it
local usual = { vector = 1, matrix = 1, map = 1, sequence = 2 }

function axes.argument()
	return choice("axis", { "usual", "values", "channels", "rows", "columns",
		"steps", "features" }, "usual")
end

-- its number and its name
function axes.find(s, p)
	local own = names[s.x.kind]
	if p.axis == "usual" then
		return usual[s.x.kind], own[usual[s.x.kind]]
	end
	for i, name in ipairs(own) do
		if name == p.axis then
			return i, name
		end
	end
	problem {
		say = "a " .. s.x.kind .. " has no " .. p.axis, at = "axis", input = 1,
		help = "its axes are " .. table.concat(own, ", "),
	}
end

-- the input's shape with another size along one axis
function axes.resized(s, along, size)
	local y = { kind = s.x.kind }
	for i = 1, s.x.rank do
		y[i] = i == along and size or s.x[i]
	end
	return y
end

-- y = so many of x, from a place on
function axes.part(s, along, from, count)
	local x, y, letters = {}, {}, { "i", "j", "k" }
	for i = 1, s.x.rank do
		y[i] = letters[i] .. (i == along and "<" .. count or "")
		x[i] = letters[i] .. (i == along and from or "")
	end
	return "y[" .. table.concat(y, ",") .. "] = x[" .. table.concat(x, ",") .. "]"
end

return axes
