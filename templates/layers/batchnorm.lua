-- SPDX-License-Identifier: MIT
-- Statistics of every channel, over the samples of a mini-batch and the places
-- of a map or the steps of a sequence.  The running variance is the unbiased
-- one, as PyTorch's; a mini-batch of one value a channel has none, and leaves
-- the running one as it is: there z is the bias alone.
layer "batchnorm" {
	doc = "mean 0 and variance 1 of every channel over the mini-batch",
	args = {
		activation "act", number("eps", 1e-5, { from = 0 }),
		number("momentum", 0.1, { from = 0, to = 1 }),
	},
	weights = function(s, p)
		local channels = s.x.kind == "sequence" and s.x[2] or s.x[1]
		return { { "gain", channels, init = 1 }, { "bias", channels, init = 0 } }
	end,
	statistics = function(s, p)
		local channels = s.x.kind == "sequence" and s.x[2] or s.x[1]
		return { { "mean", channels, init = 0 }, { "var", channels, init = 1 } }
	end,
	takes = { "vector", "map", "sequence" },
	shape = function(s, p)
		return s.x
	end,
	values = function(s, p)
		local places = 1
		for i = 1, s.x.rank do
			places = places * s.x[i]
		end
		return { places = places // (s.x.kind == "sequence" and s.x[2] or s.x[1]) }
	end,
	formula = function(s, p)
		local at = s.x.kind == "sequence" and "n,...,j" or "n,j,..."
		return (([=[
mu[j] = mean(n,...: x[AT])
d[AT] = x[AT] - mu[j]
square[j] = mean(n,...: d[AT]^2)
scale[j] = gain[j] / sqrt(square[j] + eps)
z[AT] = scale[j] * d[AT] + bias[j]
y[AT] = act(z[AT])
mean[j] = (1 - momentum) * mean[j] + momentum * mu[j]
var[j] = count * places > 1 ? (1 - momentum) * var[j] + momentum * square[j] * (count * places) / (count * places - 1) : var[j]
]=]):gsub("AT", at))
	end,
	infer = function(s, p)
		local at = s.x.kind == "sequence" and "...,j" or "j,..."
		return (([=[
scale[j] = gain[j] / sqrt(var[j] + eps)
z[AT] = scale[j] * (x[AT] - mean[j]) + bias[j]
y[AT] = act(z[AT])
]=]):gsub("AT", at))
	end,
}
