-- SPDX-License-Identifier: MIT
local recurrent = shared "recurrent"

layer "gru" {
	doc = "gated recurrent unit; gates in the order r z n",
	args = { size "units", flag "last", flag "reverse" },
	takes = { "sequence" },
	weights = function(s, p)
		local weights = recurrent.weights(s, p, 3)
		weights[4] = { "b2", p.units }
		return weights
	end,
	shape = function(s, p)
		local shapes = recurrent.shape(s, p, 3, { "r", "e", "m", "c", "h" })
		return shapes
	end,
	values = recurrent.values,
	formula = function(s, p)
		return recurrent.formula(s, p, [=[
z[t,q] = sum(i: u[q,i] * h[t-1,i])
r[t,j<units] = sigmoid(v[t,j] + z[t,j])
e[t,j<units] = sigmoid(v[t,units+j] + z[t,units+j])
m[t,j<units] = z[t,2*units+j] + b2[j]
c[t,j<units] = tanh(v[t,2*units+j] + r[t,j] * m[t,j])
h[t,j] = (1 - e[t,j]) * c[t,j] + e[t,j] * h[t-1,j]
]=])
	end,
}
