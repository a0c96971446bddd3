-- SPDX-License-Identifier: MIT
layer "layernorm" {
	doc = "mean 0 and variance 1 along the last axis of every sample; of a map over channels and positions together",
	args = { activation "act", number("eps", 1e-5, { from = 0 }) },
	weights = function(s, p)
		local gain = { "gain", init = 1, decay = false }
		local bias = { "bias", init = 0, decay = false }
		for i = s.x.kind == "map" and 1 or s.x.rank, s.x.rank do
			gain[#gain + 1] = s.x[i]
			bias[#bias + 1] = s.x[i]
		end
		return { gain, bias }
	end,
	formula = function(s, p)
		if s.x.kind == "map" then
			return [=[
mu = mean(...: x[...])
d[...] = x[...] - mu
variance = mean(...: d[...]^2)
z[...] = gain[...] * d[...] / sqrt(variance + eps) + bias[...]
y[...] = act(z[...])
]=]
		end
		return [=[
mu[...] = mean(k: x[...,k])
d[...,i] = x[...,i] - mu[...]
variance[...] = mean(k: d[...,k]^2)
z[...,i] = gain[i] * d[...,i] / sqrt(variance[...] + eps) + bias[i]
y[...,i] = act(z[...,i])
]=]
	end,
}
