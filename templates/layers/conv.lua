-- SPDX-License-Identifier: MIT
local slide = shared "window"

-- the sum under a window, of filter o and channel i of its group
local function contraction(s, p, o)
	local i = p.groups > 1 and "inner*g+i" or "i"
	if s.x.kind == "sequence" then
		return "sum(i,u: w[" .. o .. ",i,u] * x[stride*t+dilation*u-before," ..
			i .. "])"
	elseif s.x.kind == "matrix" then
		return "sum(u,v: w[" .. o ..
			",0,u,v] * x[stride*r+dilation*u-top,stride*c+dilation*v-left])"
	end
	return "sum(i,u,v: w[" .. o .. ",i,u,v] * x[" .. i ..
		",stride*r+dilation*u-top,stride*c+dilation*v-left])"
end

layer "conv" {
	doc = "convolution: one small window of weights per filter slides over the whole input",
	args = {
		size("filters", "the number of filters"), window "window",
		activation "act", slide.step("stride"),
		slide.pad(),
		slide.step("dilation"), whole("groups", 1, { from = 1 }),
		switch("bias", true),
	},
	takes = { "map", "matrix", "sequence" },
	pad = "zero",
	weights = function(s, p)
		local inner = slide.groups(s, p)
		local h, w = p.window[1], p.window[2]
		if s.x.kind == "sequence" then
			w = nil
		end
		return {
			{ "w", p.filters, inner, h, w },
			p.bias and { "b", p.filters } or nil,
		}
	end,
	shape = function(s, p)
		local shapes = { y = slide.result(s, p, p.filters) }
		shapes.z = shapes.y
		if p.groups > 1 then
			-- zg[g,o,...]: filter o of group g
			local part = slide.result(s, p, p.filters // p.groups)
			shapes.zg = { p.groups, part[1], part[2], part[3] }
		end
		return shapes
	end,
	values = function(s, p)
		local v = { per = p.filters // p.groups, inner = slide.channels(s) // p.groups }
		return slide.before(s, p, v)
	end,
	formula = function(s, p)
		local function at(name, o)
			return name .. (s.x.kind == "sequence" and "[t," .. o .. "]" or
				"[" .. o .. ",r,c]")
		end
		local y = at("y", "o") .. " = act(" .. at("z", "o") .. ")"
		if p.groups == 1 then
			return at("z", "o") .. " = " .. contraction(s, p, "o") ..
				(p.bias and " + b[o]" or "") .. "\n" .. y
		end
		local filter = "per*g+o"
		local part = s.x.kind == "sequence" and "zg[g,t,o]" or "zg[g,o,r,c]"
		return part .. " = " .. contraction(s, p, filter) .. "\n" ..
			at("z", filter) .. " = " .. part ..
			(p.bias and " + b[" .. filter .. "]" or "") .. "\n" .. y
	end,
}
