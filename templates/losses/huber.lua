-- SPDX-License-Identifier: MIT
loss "huber" {
	doc = "squared where the error is at most delta, straight beyond",
	args = {
		number("delta", 1, { above = 0 }),
	},
	C = [=[sum(i: abs(y[i] - t[i]) <= delta ? (y[i] - t[i])^2 / 2 : delta * (abs(y[i] - t[i]) - delta / 2))]=],
}
