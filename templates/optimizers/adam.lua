-- SPDX-License-Identifier: MIT
optimizer "adam" {
	doc = "adaptive moments, bias-corrected (Kingma and Ba 2015)",
	args = {
		number("rate", 0.001, { from = 0 }),
		number("beta1", 0.9, { from = 0, below = 1 }),
		number("beta2", 0.999, { from = 0, below = 1 }),
		number("eps", 1e-8, { from = 0 }),
	},
	state = { { "m", 0 }, { "v", 0 } },
	-- beta1 and beta2 to the number of updates
	net_state = { { "p1", 1 }, { "p2", 1 } },
	step = [=[
p1 = p1 * beta1
p2 = p2 * beta2
m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * g * g
w = w - rate * (m / (1 - p1)) / (sqrt(v / (1 - p2)) + eps)
]=],
}
