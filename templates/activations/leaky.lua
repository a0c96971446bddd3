-- SPDX-License-Identifier: MIT
activation "leaky" {
	doc = "a rectifier with a small slope for negative z",
	args = { number("slope", 0.01) },
	-- three cases, so that the derivative at the kink is 0
	y = "z > 0 ? z : z < 0 ? slope * z : 0",
	kinks = { "0" },
}
