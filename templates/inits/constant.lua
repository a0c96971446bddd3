-- SPDX-License-Identifier: MIT
init "constant" {
	doc = "all the same value",
	args = { number "value" },
	w = "value",
}
