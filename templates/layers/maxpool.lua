-- SPDX-License-Identifier: MIT
local slide = shared "window"

-- stride of the windows; nothing given: as large as the window
local function stride(p)
	return p.stride ~= "window" and p.stride or nil
end

layer "maxpool" {
	doc = "the largest value under each window",
	args = {
		window "window", choice("stride", { "window" }, "window", { from = 1 }),
		choice("pad", { "same" }, 0, { from = 0 }),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "skip",
	shape = function(s, p)
		slide.check_pad(p)
		if s.x.kind == "sequence" then
			local steps = slide.steps(s, p, stride(p))
			slide.exact(steps)
			return { steps.count, s.x[2], kind = "sequence" }
		end
		local rows, columns = slide.plane(s, p, stride(p))
		slide.exact(rows, columns)
		if s.x.kind == "matrix" then
			return { rows.count, columns.count, kind = "matrix" }
		end
		return { s.x[1], rows.count, columns.count, kind = "map" }
	end,
	values = function(s, p)
		if s.x.kind == "sequence" then
			local a = slide.steps(s, p, stride(p))
			return { height = a.size, down = a.stride, top = a.before, rows = a.n }
		end
		local a, b = slide.plane(s, p, stride(p))
		return {
			height = a.size, down = a.stride, top = a.before, rows = a.n,
			width = b.size, across = b.stride, left = b.before, columns = b.n,
		}
	end,
	formula = function(s, p)
		if s.x.kind == "sequence" then
			return "y[t,k] = max(u<height: x[down*t+u-top,k])"
		end
		local i = s.x.kind == "map" and "i," or ""
		return "y[" .. i .. "r,c] = max(u<height,v<width: x[" .. i ..
			"down*r+u-top,across*c+v-left])"
	end,
}
