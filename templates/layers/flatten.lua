-- SPDX-License-Identifier: MIT
layer "flatten" {
	doc = "one vector in the order of the input: channel, row, column; step, feature",
	shape = function(s, p)
		return { s.x.size }
	end,
	values = function(s, p)
		local last = s.x[s.x.rank]
		return { width = last, plane = s.x.rank > 2 and s.x[2] * last or nil }
	end,
	formula = function(s, p)
		if s.x.rank == 1 then
			return "y[i] = x[i]"
		elseif s.x.rank == 2 then
			return "y[width*r + c] = x[r,c]"
		elseif s.x.rank == 3 then
			return "y[plane*i + width*r + c] = x[i,r,c]"
		end
		problem { say = "'flatten' takes at most three axes", input = 1 }
	end,
}
