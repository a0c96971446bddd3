-- SPDX-License-Identifier: MIT
-- the flat place of an element: row-major, as everywhere
local function place(names, dims)
	local at, stride = {}, 1
	for i = #dims, 1, -1 do
		at[i] = stride == 1 and names[i] or stride .. "*" .. names[i]
		stride = stride * dims[i]
	end
	return table.concat(at, "+")
end

layer "reshape" {
	doc = "the same values in the same order as another shape; with steps=, a sequence",
	args = { dims "to", whole("steps", 0, { from = 0 }) },
	shape = function(s, p)
		local y, size = { kind = #p.to == 1 and "vector" or nil }, 1
		if p.steps > 0 then
			if #p.to > 1 then
				problem {
					say = "a sequence has one size beside its steps",
					at = "to", help = "write `reshape 3 steps=24`",
				}
			end
			y = { p.steps, kind = "sequence" }
		elseif #p.to > 3 then
			problem { say = "a shape has at most three sizes", at = "to" }
		end
		for _, n in ipairs(p.to) do
			y[#y + 1] = n
		end
		if #y == 2 and p.steps == 0 then
			y.kind = "matrix"
		end
		for _, n in ipairs(y) do
			size = size * n
		end
		if size ~= s.x.size then
			problem {
				say = table.concat(y, "x") .. " has " .. size ..
					" values, but the input has " .. s.x.size,
				at = "to", input = 1,
			}
		end
		return { y = y, flat = { size } }
	end,
	formula = function(s, p)
		local to, y = {}, p.steps > 0 and { p.steps, p.to[1] } or p.to
		local from, names, others = {}, { "i", "j", "k" }, { "a", "b", "c" }
		for i = 1, s.x.rank do
			from[i] = names[i]
		end
		for i = 1, #y do
			to[i] = others[i]
		end
		return "flat[" .. place(names, s.x) .. "] = x[" ..
			table.concat(from, ",") .. "]\ny[" .. table.concat(to, ",") ..
			"] = flat[" .. place(others, y) .. "]"
	end,
}
