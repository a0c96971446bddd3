-- SPDX-License-Identifier: MIT
optimizer "rprop" {
	doc = "steps by the sign of the gradient alone (Rprop-, Riedmiller); use it with `batch all`",
	args = {
		number("rate", 0.01, { from = 0 }),
		number("up", 1.2, { from = 1 }),
		number("down", 0.5, { above = 0, below = 1 }),
		number("min", 1e-6, { from = 0 }),
		number("max", 50, { above = 0 }),
	},
	check = function(p)
		if p.min > p.max then
			problem { say = "min must not be greater than max", at = "min" }
		end
	end,
	-- d is the step of each weight, last the gradient before; 0 after a turn
	state = { { "last", 0 }, { "d", "rate" } },
	step = [=[
q = g * last
d = q > 0 ? min(d * up, max) : q < 0 ? max(d * down, min) : d
last = q < 0 ? 0 : g
w = w - sign(last) * d
]=],
}
