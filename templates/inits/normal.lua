-- SPDX-License-Identifier: MIT
init "normal" {
	doc = "normally distributed around 0",
	args = { number("std", 0.1, { from = 0 }) },
	w = "std * randn(...)",
}
