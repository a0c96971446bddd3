-- SPDX-License-Identifier: MIT
init "zero" {
	doc = "all 0; units of one layer then stay alike",
	w = "0",
}
