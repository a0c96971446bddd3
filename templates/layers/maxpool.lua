-- SPDX-License-Identifier: MIT
local slide = shared "window"

layer "maxpool" {
	doc = "the largest value under each window",
	args = {
		window "window", slide.pool_stride_argument(),
		slide.pad(),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "skip",
	shape = slide.pool_shape,
	values = slide.pool_values,
	formula = function(s, p)
		if s.x.kind == "sequence" then
			return "y[t,k] = max(u<height: x[down*t+u-top,k])"
		end
		local i = s.x.kind == "map" and "i," or ""
		return "y[" .. i .. "r,c] = max(u<height,v<width: x[" .. i ..
			"down*r+u-top,across*c+v-left])"
	end,
}
