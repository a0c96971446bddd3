-- SPDX-License-Identifier: MIT
-- Interpolation along one axis of n elements, `by` times as many come out:
-- at(name, r) is element r of that tensor.
local function between(from, to, by, n, at)
	local lines = {}
	local function line(left, right)
		lines[#lines + 1] = left .. " = " .. right
	end
	for u = 0, by - 1 do
		-- how far, in inputs, output by*r+u lies from the center of input r
		local f = (2 * u + 1 - by) / (2 * by)
		local near, far = f < 0 and "r+1" or "r", f < 0 and "r" or "r+1"
		if f == 0 then
			line(at(to, by .. "*r+" .. u), at(from, "r"))
		else
			-- beyond the first and the last center there is nothing to mix
			local first = f < 0 and 0 or n - 1
			line(at(to, by * first + u), at(from, first))
		end
		if f ~= 0 and n > 1 then
			local mix = to .. "_" .. u
			line(at(mix, "r<" .. n - 1), 1 - math.abs(f) .. " * " ..
				at(from, near) .. " + " .. math.abs(f) .. " * " .. at(from, far))
			line(at(to, by .. "*r+" .. u + (f < 0 and by or 0)), at(mix, "r"))
		end
	end
	return table.concat(lines, "\n") .. "\n"
end

layer "upsample" {
	doc = "a larger picture: every value repeated, or with `bilinear` interpolated between the centers of pixels",
	args = { window "factor", word("how", { "nearest", "bilinear" }, "nearest") },
	takes = { "map", "matrix" },
	shape = function(s, p)
		local h, w = p.factor[1], p.factor[2]
		-- its formula has lines for every place between two pixels
		if p.how == "bilinear" and math.max(h, w) > 64 then
			problem {
				say = "`bilinear` takes factors up to 64, but this is " ..
					math.max(h, w), at = "factor",
			}
		end
		if s.x.kind == "matrix" then
			return {
				y = { h * s.x[1], w * s.x[2], kind = "matrix" },
				tall = { h * s.x[1], s.x[2] },
			}
		end
		return {
			y = { s.x[1], h * s.x[2], w * s.x[3], kind = "map" },
			tall = { s.x[1], h * s.x[2], s.x[3] },
		}
	end,
	values = function(s, p)
		return { down = p.factor[1], across = p.factor[2] }
	end,
	formula = function(s, p)
		local i = s.x.kind == "map" and "i," or ""
		if p.how == "nearest" then
			return "copies[" .. i .. "r,u<down,c,v<across] = x[" .. i .. "r,c]\n" ..
				"y[" .. i .. "down*r+u,across*c+v] = copies[" .. i .. "r,u,c,v]"
		end
		local first = s.x.kind == "map" and 2 or 1
		return between("x", "tall", p.factor[1], s.x[first], function(name, r)
			return name .. "[" .. i .. r .. ",c]"
		end) .. between("tall", "y", p.factor[2], s.x[first + 1], function(name, r)
			return name .. "[" .. i .. "q," .. r .. "]"
		end)
	end,
}
