-- SPDX-License-Identifier: MIT
-- Cells that carry a state along a sequence: rnn, lstm and gru share this.
local recurrent = {}

-- w for the input, u for the state, b: stacked gate by gate
function recurrent.weights(s, p, gates)
	local h = gates * p.units
	return { { "w", h, s.x[2] }, { "u", h, p.units }, { "b", h } }
end

-- every step, or the last one alone
function recurrent.shape(s, p)
	if p.last then
		return { p.units }
	end
	return { s.x[1], p.units, kind = "sequence" }
end

return recurrent
