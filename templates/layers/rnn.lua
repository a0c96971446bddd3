-- SPDX-License-Identifier: MIT
layer "rnn" {
	doc = "a recurrent layer: h = act(w x + u h + b), step by step",
	args = { size "units", flag "last", activation("act", "tanh") },
	takes = { "sequence" },
	weights = function(s, p)
		local h = p.units
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
