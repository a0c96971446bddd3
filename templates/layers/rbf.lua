-- SPDX-License-Identifier: MIT
layer "rbf" {
	doc = "radial basis units: bells around learned centers, each with a width of its own",
	args = { size "units" },
	takes = { "vector", "sequence" },
	weights = function(s, p)
		return {
			{ "center", p.units, s.x[s.x.rank], decay = false },
			{ "width", p.units, init = 1, decay = false },
		}
	end,
	formula = [=[
square[...,j] = sum(k: (x[...,k] - center[j,k])^2)
y[...,j] = exp(-square[...,j] / (2 * width[j]^2))
]=],
}
