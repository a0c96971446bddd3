-- SPDX-License-Identifier: MIT
local slide = shared "window"

layer "convtranspose" {
	doc = "transposed convolution: every value stamps a window of weights into a larger output",
	args = {
		size("filters", "the number of filters"), window "window",
		activation "act", slide.step("stride"),
		whole("pad", 0, { from = 0 }), whole("extra", 0, { from = 0 }),
		slide.step("dilation"), whole("groups", 1, { from = 1 }),
		switch("bias", true),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "skip",
	weights = function(s, p)
		local inner, per = slide.groups(s, p)
		local h, w = p.window[1], p.window[2]
		local area = s.x.kind == "sequence" and h or h * w
		return {
			{ "w", slide.channels(s), per, h,
			  s.x.kind ~= "sequence" and w or nil,
			  fan = { inner * area, per * area } },
			p.bias and { "b", p.filters } or nil,
		}
	end,
	shape = function(s, p)
		local y = slide.stamped_shape(s, p, p.filters)
		local part = slide.stamped_shape(s, p, p.filters // p.groups)
		-- sum[g,o,...]: filter o of group g
		return {
			y = y, z = y, sum = p.groups == 1 and y or
				{ p.groups, part[1], part[2], part[3] },
		}
	end,
	values = function(s, p)
		local inner, per = slide.groups(s, p)
		return { inner = inner, per = per }
	end,
	formula = function(s, p)
		local many = p.groups > 1
		local i, g = many and "inner*g+i" or "i", many and "g," or ""
		local o = many and "per*g+o" or "o"
		local at, sum = "[%s,r,c]", "[" .. g .. "o,r,c]"
		local stamp = "sum[" .. g ..
			"o,stride*r+dilation*u-pad,stride*c+dilation*v-pad] += "
		local line = stamp .. "sum(i<inner: w[" .. i .. ",o,u,v] * x[" .. i ..
			",r,c])"
		if s.x.kind == "sequence" then
			at, sum = "[t,%s]", "[" .. g .. "t,o]"
			line = "sum[" .. g .. "stride*t+dilation*u-pad,o] += " ..
				"sum(i<inner: w[" .. i .. ",o,u] * x[t," .. i .. "])"
		elseif s.x.kind == "matrix" then
			line = stamp .. "w[0,o,u,v] * x[r,c]"
		end
		return line .. "\nz" .. at:format(o) .. " = sum" .. sum ..
			(p.bias and " + b[" .. o .. "]" or "") .. "\n" ..
			"y" .. at:format("o") .. " = act(z" .. at:format("o") .. ")"
	end,
}
