-- SPDX-License-Identifier: MIT
local slide = shared "window"

-- stride of the windows; nothing given: as large as the window
local function stride(p)
	return p.stride ~= "window" and p.stride or nil
end

-- `down*r+u-top` lies inside the input
local function inside(at, size)
	return at .. " >= 0, " .. at .. " < " .. size
end

layer "avgpool" {
	doc = "the mean of what lies under each window, padding not counted",
	args = {
		window "window", choice("stride", { "window" }, "window", { from = 1 }),
		choice("pad", { "same" }, 0, { from = 0 }),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "zero",
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
		local head, tail, binder, guard, padded
		if s.x.kind == "sequence" then
			head, tail, binder = "[t,k]", "[down*t+u-top,k]", "u<height"
			guard = inside("down*t+u-top", "rows")
			padded = slide.steps(s, p, stride(p)).padded
		else
			local i = s.x.kind == "map" and "i," or ""
			local rows, columns = slide.plane(s, p, stride(p))
			head, binder = "[" .. i .. "r,c]", "u<height,v<width"
			tail = "[" .. i .. "down*r+u-top,across*c+v-left]"
			guard = inside("down*r+u-top", "rows") .. ", " ..
				inside("across*c+v-left", "columns")
			padded = rows.padded or columns.padded
		end
		if not padded then
			return "y" .. head .. " = mean(" .. binder .. ": x" .. tail .. ")"
		end
		return "y" .. head .. " = sum(" .. binder .. ": x" .. tail .. ") / sum(" ..
			binder .. " where " .. guard .. ": 1)"
	end,
}
