-- SPDX-License-Identifier: MIT
init "xavier" {
	doc = "Glorot and Bengio 2010: keeps the variance forward and backward",
	args = { word("form", { "uniform", "normal" }, "uniform") },
	w = function(p)
		if p.form == "normal" then
			return "randn(...) * sqrt(2 / (fan_in + fan_out))"
		end
		return "(2 * rand(...) - 1) * sqrt(6 / (fan_in + fan_out))"
	end,
}
