-- SPDX-License-Identifier: MIT
local axes = shared "axes"

layer "slice" {
	doc = "some of the values along one axis: so many, after those that are skipped",
	args = {
		size("count", "the number of values"), whole("skip", 0, { from = 0 }),
		axes.argument(),
	},
	shape = function(s, p)
		local along, name = axes.find(s, p)
		if p.skip + p.count > s.x[along] then
			problem {
				say = (p.skip > 0 and p.skip .. " skipped and " or "") ..
					p.count .. " taken, but there are " .. s.x[along] ..
					" " .. name, at = "count", input = 1,
			}
		end
		return axes.resized(s, along, p.count)
	end,
	formula = function(s, p)
		local along = axes.find(s, p)
		return axes.part(s, along, "+skip", "count")
	end,
}
