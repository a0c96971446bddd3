-- SPDX-License-Identifier: MIT
init "lecun" {
	doc = "LeCun et al. 1998: keeps the variance forward",
	args = { word("form", { "uniform", "normal" }, "uniform") },
	w = function(p)
		if p.form == "normal" then
			return "randn(...) * sqrt(1 / fan_in)"
		end
		return "(2 * rand(...) - 1) * sqrt(3 / fan_in)"
	end,
}
