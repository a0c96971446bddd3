-- SPDX-License-Identifier: MIT
activation "sign" {
	doc = "the sign, -1, 0 or 1; trains through `surrogate=` only",
	y = "sign(z)",
	surrogate = true,
	kinks = { "0" },
}
