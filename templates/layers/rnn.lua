-- SPDX-License-Identifier: MIT
local recurrent = shared "recurrent"

layer "rnn" {
	doc = "a recurrent layer: h = act(w x + u h + b), step by step",
	args = { size "units", flag "last", flag "reverse", activation("act", "tanh") },
	takes = { "sequence" },
	weights = function(s, p) return recurrent.weights(s, p, 1) end,
	shape = function(s, p) return recurrent.shape(s, p, 1, { "h" }) end,
	values = recurrent.values,
	formula = function(s, p)
		return recurrent.formula(s, p, [=[
z[t,q] = sum(i: u[q,i] * h[t-1,i]) + v[t,q]
h[t,j] = act(z[t,j])
]=])
	end,
}
