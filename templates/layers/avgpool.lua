-- SPDX-License-Identifier: MIT
local slide = shared "window"

-- `down*r+u-top` lies inside the input
local function inside(at, size)
	return at .. " >= 0, " .. at .. " < " .. size
end

layer "avgpool" {
	doc = "the mean of what lies under each window, padding not counted",
	args = {
		window "window", slide.pool_stride_argument(),
		slide.pad(),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "zero",
	shape = slide.pool_shape,
	values = slide.pool_values,
	formula = function(s, p)
		local head, tail, binder, guard, padded
		if s.x.kind == "sequence" then
			head, tail, binder = "[t,k]", "[down*t+u-top,k]", "u<height"
			guard = inside("down*t+u-top", "rows")
			padded = slide.steps(s, p, slide.pool_stride(p)).padded
		else
			local i = s.x.kind == "map" and "i," or ""
			local rows, columns = slide.plane(s, p, slide.pool_stride(p))
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
