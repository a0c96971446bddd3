-- SPDX-License-Identifier: MIT
-- Cells that carry a state along a sequence: rnn, lstm and gru share this.
local recurrent = {}

-- w for the input, u for the state, b: stacked gate by gate
function recurrent.weights(s, p, gates)
	local h = gates * p.units
	return { { "w", h, s.x[2] }, { "u", h, p.units }, { "b", h } }
end

-- every step, or the last one alone; `tensors` are those of one value a unit
-- and step, v and z those of all gates
function recurrent.shape(s, p, gates, tensors)
	local steps = s.x[1]
	local shapes = {
		v = { steps, gates * p.units }, z = { steps, gates * p.units },
		y = p.last and { p.units } or { steps, p.units, kind = "sequence" },
	}
	for _, name in ipairs(tensors) do
		shapes[name] = { steps, p.units }
	end
	return shapes
end

function recurrent.values(s, p)
	return { final = s.x[1] - 1 }
end

-- The input's part of all steps, then the lines of the cell step by step, whose
-- state is h.  In reverse the first step reads the end of the sequence.
function recurrent.formula(s, p, cell)
	local t = p.reverse and "final-t" or "t"
	return "v[t,q] = sum(k: w[q,k] * x[" .. t .. ",k]) + b[q]\n" ..
		"scan(t:\n" .. cell:gsub("[^\n]+\n", "  %0") .. ")\n" ..
		(p.last and "y[j] = h[final,j]" or "y[t,j] = h[" .. t .. ",j]")
end

return recurrent
