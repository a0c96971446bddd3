-- SPDX-License-Identifier: MIT
layer "gru" {
	doc = "gated recurrent unit; gates in the order r z n",
	args = { size "units", flag "last" },
	takes = { "sequence" },
	weights = function(s, p)
		local h = 3 * p.units
		return {
			{ "w", h, s.x[2] }, { "u", h, p.units }, { "b", h },
			{ "b2", p.units },
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
