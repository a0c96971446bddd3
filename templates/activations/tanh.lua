-- SPDX-License-Identifier: MIT
activation "tanh" {
	doc = "the hyperbolic tangent, between -1 and 1",
	y = "tanh(z)",
	dy = "1 - y * y",
}
