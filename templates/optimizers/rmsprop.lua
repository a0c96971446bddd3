-- SPDX-License-Identifier: MIT
optimizer "rmsprop" {
	doc = "the gradient over its running root mean square (Hinton)",
	args = {
		number("rate", 0.01, { from = 0 }),
		number("decay", 0.99, { from = 0, below = 1 }),
		number("eps", 1e-8, { from = 0 }),
	},
	state = { { "v", 0 } },
	step = [=[
v = decay * v + (1 - decay) * g * g
w = w - rate * g / (sqrt(v) + eps)
]=],
}
