-- SPDX-License-Identifier: MIT
layer "normalize" {
	doc = "scales the inputs; the constants come from the training data and become part of the C",
	args = { word("how", { "zscore", "minmax", "scale" }) },
	constants = { { "shift", 0 }, { "scale", 1 } },
	-- zscore: mean 0, deviation 1; minmax: 0 to 1; scale: largest magnitude 1.
	-- A constant column is only shifted.
	fit = function(p, column)
		local shift, scale = 0, 1
		if p.how == "zscore" then
			shift, scale = column.mean, column.deviation
		elseif p.how == "minmax" then
			shift, scale = column.min, column.max - column.min
		else
			scale = math.max(math.abs(column.min), math.abs(column.max))
		end
		if scale == 0 then
			scale = 1
		end
		return { shift = shift, scale = scale }
	end,
	formula = "y[...] = (x[...] - shift[...]) / scale[...]",
}
