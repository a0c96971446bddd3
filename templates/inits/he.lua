-- SPDX-License-Identifier: MIT
init "he" {
	doc = "He et al. 2015: keeps the variance through rectifiers",
	args = { word("form", { "uniform", "normal" }, "uniform") },
	w = function(p)
		if p.form == "normal" then
			return "randn(...) * sqrt(2 / fan_in)"
		end
		return "(2 * rand(...) - 1) * sqrt(6 / fan_in)"
	end,
}
