-- SPDX-License-Identifier: MIT
layer "embed" {
	doc = "a learned vector for every number from 0 to vocab - 1; N numbers make N steps",
	args = { size("features", "the number of features"), whole("vocab", nil, { from = 1 }) },
	takes = { "vector", "sequence" },
	weights = function(s, p)
		if s.x.word ~= "input" then
			problem {
				say = "'embed' reads whole numbers and stands directly after an input",
				input = 1,
			}
		elseif s.x.kind == "sequence" and s.x[2] ~= 1 then
			problem {
				say = "'embed' takes one number a step, but there are " .. s.x[2],
				input = 1,
			}
		end
		return { { "w", p.vocab, p.features, decay = false } }
	end,
	shape = function(s, p)
		return { s.x.size, p.features, kind = "sequence" }
	end,
	formula = function(s, p)
		return "y[t,k] = w[x[t" .. (s.x.kind == "sequence" and ",0" or "") .. "],k]"
	end,
}
