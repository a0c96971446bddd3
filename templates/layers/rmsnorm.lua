-- SPDX-License-Identifier: MIT
layer "rmsnorm" {
	doc = "mean square 1 along the last axis of every sample, the mean left as it is; of a map over channels and positions together",
	args = { activation "act", number("eps", 1e-5, { from = 0 }) },
	weights = function(s, p)
		local gain = { "gain", init = 1, decay = false }
		for i = s.x.kind == "map" and 1 or s.x.rank, s.x.rank do
			gain[#gain + 1] = s.x[i]
		end
		return { gain }
	end,
	formula = function(s, p)
		if s.x.kind == "map" then
			return [=[
square = mean(...: x[...]^2)
z[...] = gain[...] * x[...] / sqrt(square + eps)
y[...] = act(z[...])
]=]
		end
		return [=[
square[...] = mean(k: x[...,k]^2)
z[...,i] = gain[i] * x[...,i] / sqrt(square[...] + eps)
y[...,i] = act(z[...,i])
]=]
	end,
}
