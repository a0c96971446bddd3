-- SPDX-License-Identifier: MIT
activation "elu" {
	doc = "exponential linear unit: z where positive, else towards -alpha",
	args = { number("alpha", 1) },
	y = "z > 0 ? z : alpha * (exp(z) - 1)",
	-- the derived one would multiply 0 by exp(z), which overflows
	dy = "z > 0 ? 1 : alpha * exp(z)",
	kinks = { "0" },
}
