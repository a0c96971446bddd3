-- SPDX-License-Identifier: MIT
-- the channels of a map; the values of a vector; the features of a sequence
local function channels(s)
	return s.x.kind == "sequence" and s.x[2] or s.x[1]
end

layer "groupnorm" {
	doc = "mean 0 and variance 1 of every group of channels over all positions; as many groups as channels is instance norm",
	args = {
		size("groups", "the number of groups"), activation "act",
		number("eps", 1e-5, { from = 0 }),
	},
	takes = { "map", "vector", "sequence" },
	weights = function(s, p)
		if channels(s) % p.groups ~= 0 then
			problem {
				say = "the number of groups must divide the " ..
					channels(s) .. " channels, but is " .. p.groups,
				at = "groups", input = 1,
			}
		end
		return {
			{ "gain", channels(s), init = 1, decay = false },
			{ "bias", channels(s), init = 0, decay = false },
		}
	end,
	shape = function(s, p)
		return {
			y = s.x, z = s.x, d = s.x, unit = s.x,
			mu = { p.groups }, variance = { p.groups },
		}
	end,
	values = function(s, p)
		return { per = channels(s) // p.groups }
	end,
	formula = function(s, p)
		local over, at, one = "i<per,...", "[per*g+i,...]", "[i,...]"
		if s.x.kind == "sequence" then
			over, at, one = "t,i<per", "[t,per*g+i]", "[t,i]"
		elseif s.x.kind == "vector" then
			over, at, one = "i<per", "[per*g+i]", "[i]"
		end
		return "mu[g] = mean(" .. over .. ": x" .. at .. ")\n" ..
			"d" .. at .. " = x" .. at .. " - mu[g]\n" ..
			"variance[g] = mean(" .. over .. ": d" .. at .. "^2)\n" ..
			"unit" .. at .. " = d" .. at .. " / sqrt(variance[g] + eps)\n" ..
			"z" .. one .. " = gain[i] * unit" .. one .. " + bias[i]\n" ..
			"y" .. one .. " = act(z" .. one .. ")"
	end,
}
