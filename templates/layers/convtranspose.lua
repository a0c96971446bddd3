-- SPDX-License-Identifier: MIT
local slide = shared "window"

layer "convtranspose" {
	doc = "transposed convolution: every value stamps a window of weights into a larger output",
	args = {
		size("filters", "the number of filters"), window "window",
		activation "act", slide.step("stride"),
		whole("pad", 0, { from = 0 }), whole("extra", 0, { from = 0 }),
		switch("bias", true),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "skip",
	weights = function(s, p)
		local channels = slide.channels(s)
		local h, w = p.window[1], p.window[2]
		local area = s.x.kind == "sequence" and h or h * w
		return {
			{ "w", channels, p.filters, h, s.x.kind ~= "sequence" and w or nil,
			  fan = { channels * area, p.filters * area } },
			p.bias and { "b", p.filters } or nil,
		}
	end,
	shape = function(s, p)
		local y = slide.stamped_shape(s, p)
		return { y = y, z = y, sum = y }
	end,
	formula = function(s, p)
		local at, term = "[o,r,c]"
		local lines
		if s.x.kind == "sequence" then
			at = "[t,o]"
			lines = "sum[stride*t+u-pad,o] += sum(i: w[i,o,u] * x[t,i])"
		else
			local map = s.x.kind == "map"
			lines = "sum[o,stride*r+u-pad,stride*c+v-pad] += " .. (map and
				"sum(i: w[i,o,u,v] * x[i,r,c])" or "w[0,o,u,v] * x[r,c]")
		end
		return lines .. "\nz" .. at .. " = sum" .. at ..
			(p.bias and " + b[o]" or "") .. "\ny" .. at .. " = act(z" .. at .. ")"
	end,
}
