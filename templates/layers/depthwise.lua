-- SPDX-License-Identifier: MIT
local slide = shared "window"

layer "depthwise" {
	doc = "convolution of every channel on its own; the filters are a multiple of the channels",
	args = {
		size("filters", "the number of filters"), window "window",
		activation "act", slide.step("stride"),
		slide.pad(),
		slide.step("dilation"), switch("bias", true),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "zero",
	weights = function(s, p)
		if p.filters % slide.channels(s) ~= 0 then
			problem {
				say = "the number of filters must be a multiple of the " ..
					slide.channels(s) .. " channels, but is " .. p.filters,
				at = "filters", input = 1,
			}
		end
		local h, w = p.window[1], p.window[2]
		local w1 = { "w", p.filters, h, w, fan = { h * w, p.filters * h * w } }
		if s.x.kind == "sequence" then
			w1 = { "w", p.filters, h, fan = { h, p.filters * h } }
		end
		return { w1, p.bias and { "b", p.filters } or nil }
	end,
	shape = function(s, p)
		local y = slide.result(s, p, p.filters)
		local shapes = { y = y, z = y }
		if p.filters > slide.channels(s) and s.x.kind ~= "matrix" then
			-- each[i,m,...]: filter m of channel i
			local one = slide.result(s, p, p.filters // slide.channels(s))
			shapes.each = { slide.channels(s), one[1], one[2], one[3] }
		end
		return shapes
	end,
	values = function(s, p)
		local v = { many = p.filters // slide.channels(s) }
		return slide.before(s, p, v)
	end,
	formula = function(s, p)
		local read = "sum(u,v: w[%s,u,v] * x[" ..
			(s.x.kind == "map" and "i," or "") ..
			"stride*r+dilation*u-top,stride*c+dilation*v-left])"
		local at, part = "[%s,r,c]", "each[i,m,r,c]"
		if s.x.kind == "sequence" then
			read = "sum(u: w[%s,u] * x[stride*t+dilation*u-before,i])"
			at, part = "[t,%s]", "each[i,t,m]"
		end
		local function line(to, o, what)
			return to .. at:format(o) .. " = " .. what .. (p.bias and
				" + b[" .. o .. "]" or "") .. "\n"
		end
		local y = "y" .. at:format("o") .. " = act(z" .. at:format("o") .. ")"
		if p.filters == slide.channels(s) or s.x.kind == "matrix" then
			return line("z", "i", read:format("i")) .. y
		end
		-- filter many*i + m looks at channel i
		local o = "many*i+m"
		return part .. " = " .. read:format(o) .. "\n" ..
			line("z", o, part) .. y
	end,
}
