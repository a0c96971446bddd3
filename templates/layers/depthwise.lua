-- SPDX-License-Identifier: MIT
local slide = shared "window"

local function channels(s)
	return s.x.kind == "map" and s.x[1] or 1
end

layer "depthwise" {
	doc = "convolution of every channel on its own; the filters are a multiple of the channels",
	args = {
		size("filters", "the number of filters"), window "window",
		activation "act", whole("stride", 1, { from = 1 }),
		choice("pad", { "same" }, 0, { from = 0 }), switch("bias", true),
	},
	takes = { "map", "matrix" },
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
		return {
			{ "w", p.filters, h, w, fan = { h * w, p.filters * h * w } },
			p.bias and { "b", p.filters } or nil,
		}
	end,
	shape = function(s, p)
		local rows, columns = slide.plane(s, p, p.stride)
		local y = { p.filters, rows.count, columns.count, kind = "map" }
		return { z = y, y = y }
	end,
	values = function(s, p)
		local rows, columns = slide.plane(s, p, p.stride)
		return { top = rows.before, left = columns.before }
	end,
	formula = function(s, p)
		local many, lines = p.filters // channels(s), {}
		local x = s.x.kind == "map" and "x[i," or "x["
		-- filter many*i + m looks at channel i
		for m = 0, many - 1 do
			local o = (many > 1 and many .. "*" or "") .. "i" ..
				(m > 0 and "+" .. m or "")
			if s.x.kind == "matrix" then
				o = tostring(m)
			end
			lines[#lines + 1] = "z[" .. o .. ",r,c] = sum(u,v: w[" .. o ..
				",u,v] * " .. x .. "stride*r+u-top,stride*c+v-left])" ..
				(p.bias and " + b[" .. o .. "]" or "")
		end
		lines[#lines + 1] = "y[i,r,c] = act(z[i,r,c])"
		return table.concat(lines, "\n")
	end,
}
