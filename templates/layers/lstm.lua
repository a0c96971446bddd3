-- SPDX-License-Identifier: MIT
local recurrent = shared "recurrent"

layer "lstm" {
	doc = "long short-term memory; gates in the order i f g o",
	args = { size "units", flag "last", flag "reverse" },
	takes = { "sequence" },
	weights = function(s, p) return recurrent.weights(s, p, 4) end,
	shape = function(s, p)
		return recurrent.shape(s, p, 4, { "ig", "fg", "g", "og", "c", "a", "h" })
	end,
	values = recurrent.values,
	formula = function(s, p)
		return recurrent.formula(s, p, [=[
z[t,q] = sum(i: u[q,i] * h[t-1,i]) + v[t,q]
ig[t,j<units] = sigmoid(z[t,j])
fg[t,j<units] = sigmoid(z[t,units+j])
g[t,j<units] = tanh(z[t,2*units+j])
og[t,j<units] = sigmoid(z[t,3*units+j])
c[t,j] = fg[t,j] * c[t-1,j] + ig[t,j] * g[t,j]
a[t,j] = tanh(c[t,j])
h[t,j] = og[t,j] * a[t,j]
]=])
	end,
}
