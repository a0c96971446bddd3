-- SPDX-License-Identifier: MIT
optimizer "sgd" {
	doc = "gradient descent, with momentum (also Nesterov's) where given",
	args = {
		number("rate", 0.1, { from = 0 }),
		number("momentum", 0, { from = 0, below = 1 }),
		flag "nesterov",
	},
	check = function(p)
		if p.nesterov and p.momentum == 0 then
			problem {
				say = "nesterov needs a momentum", at = "nesterov",
				help = "write for instance `optimizer sgd rate=0.1 momentum=0.9 nesterov`",
			}
		end
	end,
	state = function(p)
		return p.momentum ~= 0 and { { "v", 0 } } or {}
	end,
	step = function(p)
		if p.momentum == 0 then
			return "w = w - rate * g"
		elseif p.nesterov then
			return "v = momentum * v - rate * g\nw = w + (momentum * v - rate * g)"
		end
		return "v = momentum * v - rate * g\nw = w + v"
	end,
}
