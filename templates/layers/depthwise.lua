-- SPDX-License-Identifier: MIT
local slide = shared "window"

local function channels(s)
	return s.x.kind == "map" and s.x[1] or s.x.kind == "sequence" and s.x[2] or 1
end

layer "depthwise" {
	doc = "convolution of every channel on its own; the filters are a multiple of the channels",
	args = {
		size("filters", "the number of filters"), window "window",
		activation "act", whole("stride", 1, { from = 1 }),
		choice("pad", { "same" }, 0, { from = 0 }),
		whole("dilation", 1, { from = 1 }), switch("bias", true),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "zero",
	weights = function(s, p)
		if p.filters % channels(s) ~= 0 then
			problem {
				say = "the number of filters must be a multiple of the " ..
					channels(s) .. " channels, but is " .. p.filters,
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
		local y
		if s.x.kind == "sequence" then
			y = { slide.steps(s, p, p.stride).count, p.filters, kind = "sequence" }
		else
			local rows, columns = slide.plane(s, p, p.stride)
			y = { p.filters, rows.count, columns.count, kind = "map" }
		end
		return { z = y, y = y }
	end,
	values = function(s, p)
		if s.x.kind == "sequence" then
			return { before = slide.steps(s, p, p.stride).before }
		end
		local rows, columns = slide.plane(s, p, p.stride)
		return { top = rows.before, left = columns.before }
	end,
	formula = function(s, p)
		local many, lines = p.filters // channels(s), {}
		local read = "sum(u,v: w[%s,u,v] * x[i,stride*r+dilation*u-top," ..
			"stride*c+dilation*v-left])"
		local at = "[%s,r,c]"
		if s.x.kind == "matrix" then
			read = read:gsub("x%[i,", "x[", 1)
		elseif s.x.kind == "sequence" then
			read, at = "sum(u: w[%s,u] * x[stride*t+dilation*u-before,i])", "[t,%s]"
		end
		-- filter many*i + m looks at channel i
		for m = 0, many - 1 do
			local o = (many > 1 and many .. "*" or "") .. "i" ..
				(m > 0 and "+" .. m or "")
			if s.x.kind == "matrix" then
				o = tostring(m)
			end
			lines[#lines + 1] = "z" .. at:format(o) .. " = " .. read:format(o) ..
				(p.bias and " + b[" .. o .. "]" or "")
		end
		lines[#lines + 1] = "y" .. at:format("o") .. " = act(z" .. at:format("o") .. ")"
		return table.concat(lines, "\n")
	end,
}
