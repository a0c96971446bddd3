-- SPDX-License-Identifier: MIT
init "uniform" {
	doc = "evenly between -range and range",
	args = { number("range", 0.5, { from = 0 }) },
	w = "(2 * rand(...) - 1) * range",
}
