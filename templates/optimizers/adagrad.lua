-- SPDX-License-Identifier: MIT
optimizer "adagrad" {
	doc = "the gradient over the root of the sum of its squares (Duchi et al. 2011)",
	args = {
		number("rate", 0.01, { from = 0 }),
		number("eps", 1e-10, { from = 0 }),
	},
	state = { { "v", 0 } },
	step = [=[
v = v + g * g
w = w - rate * g / (sqrt(v) + eps)
]=],
}
