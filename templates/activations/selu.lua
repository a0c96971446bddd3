-- SPDX-License-Identifier: MIT
-- Klambauer et al. 2017: the constants keep mean 0 and variance 1
activation "selu" {
	doc = "self-normalising exponential linear unit; use it with `init lecun normal`",
	y = "1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * (exp(z) - 1))",
	-- the derived one would multiply 0 by exp(z), which overflows
	dy = "z > 0 ? 1.0507009873554805 : z < 0 ? 1.7580993408473766 * exp(z) : 0",
	kinks = { "0" },
}
