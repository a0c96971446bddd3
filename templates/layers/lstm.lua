-- SPDX-License-Identifier: MIT
layer "lstm" {
	doc = "long short-term memory; gates in the order i f g o",
	args = { size "units", flag "last" },
	takes = { "sequence" },
	weights = function(s, p)
		local h = 4 * p.units
		return {
			{ "w", h, s.x[2] }, { "u", h, p.units }, { "b", h },
		}
	end,
	shape = function(s, p)
		if p.last then
			return { p.units }
		end
		return { s.x[1], p.units, kind = "sequence" }
	end,
	not_yet = true,
}
