-- SPDX-License-Identifier: MIT
-- Windows that slide over an input: conv, depthwise and the pools share this.
local window = {}

-- Arguments.  More than this is a slip, and places are counted in 31 bits.
local most, most_window = 65535, 1000000000

function window.step(name)
	return whole(name, 1, { from = 1, to = most })
end

function window.pad()
	return choice("pad", { "same" }, 0, { from = 0, to = most })
end

-- nothing given: as large as the window
function window.pool_stride_argument()
	return choice("stride", { "window" }, "window", { from = 1, to = most })
end

function window.channels(s)
	return s.x.kind == "map" and s.x[1] or s.x.kind == "sequence" and s.x[2] or 1
end

-- channels and filters of one group
function window.groups(s, p)
	local parts = { window.channels(s), p.filters }
	for i, what in ipairs { "input channels", "filters" } do
		if parts[i] % p.groups ~= 0 then
			problem {
				say = "groups=" .. p.groups .. " does not divide " ..
					parts[i] .. " " .. what, at = "groups",
			}
		end
	end
	return parts[1] // p.groups, parts[2] // p.groups
end

-- One axis: how many windows fit, and how much padding lies before the first.
-- A dilated window reaches over the elements between those that it reads.
local function axis(n, size, stride, pad, dilation)
	local before, after = pad, pad
	size = (size - 1) * (dilation or 1) + 1
	if size > most_window then
		problem { say = "a window of " .. size .. " is too large", at = "window" }
	end
	if pad == "same" then
		before = (size - 1) // 2
		after = size - 1 - before
	end
	local a = { n = n, size = size, stride = stride, before = before }
	a.room = n + before + after
	a.count = (a.room - size) // stride + 1
	a.padded = before + after > 0
	-- elements at the end that no window reaches
	a.missed = math.max(0, n + before - (a.count - 1) * stride - size)
	return a
end

local function too_large(s, p, rows, columns)
	local h, w = rows.size, columns.size
	local help = "add `pad=same`, or use fewer pooling layers before this one"
	if s.x.word == "input" and s.x.kind == "map" and s.x[3] <= 4 and
			s.x[1] >= h and s.x[2] >= w then
		local swapped = s.x[3] .. "x" .. s.x[1] .. "x" .. s.x[2]
		help = "shapes are channels x height x width; for " .. s.x[1] ..
			"x" .. s.x[2] .. " pixels with " .. s.x[3] .. " channel" ..
			(s.x[3] == 1 and "" or "s") .. " write `input " .. swapped .. "`"
	elseif p.pad == "same" then
		help = nil
	end
	problem {
		say = "the " .. h .. "x" .. w .. " window is larger than its input of " ..
			rows.n .. "x" .. columns.n,
		at = "window", input = 1, help = help,
	}
end

-- rows and columns of a map (channels x height x width) or matrix
function window.plane(s, p, stride)
	local first = s.x.kind == "map" and 2 or 1
	local h, w = p.window[1], p.window[2]
	local rows = axis(s.x[first], h, stride or h, p.pad, p.dilation)
	local columns = axis(s.x[first + 1], w, stride or w, p.pad, p.dilation)
	if rows.room < rows.size or columns.room < columns.size then
		too_large(s, p, rows, columns)
	end
	return rows, columns
end

local function one_size(p)
	if p.window[2] ~= p.window[1] then
		problem {
			say = "a sequence takes a window of one size", at = "window",
			input = 1, help = "write for instance `" .. p.window[1] .. "`",
		}
	end
end

-- the steps of a sequence, x[t,k]
function window.steps(s, p, stride)
	local size = p.window[1]
	one_size(p)
	local a = axis(s.x[1], size, stride or size, p.pad, p.dilation)
	if a.room < a.size then
		problem {
			say = "the window of " .. a.size .. " steps is longer than its input of " ..
				a.n, at = "window", input = 1,
			help = p.pad ~= "same" and "add `pad=same`" or nil,
		}
	end
	return a
end

-- the result's shape for this many filters
function window.result(s, p, filters)
	if s.x.kind == "sequence" then
		return { window.steps(s, p, p.stride).count, filters, kind = "sequence" }
	end
	local rows, columns = window.plane(s, p, p.stride)
	return { filters, rows.count, columns.count, kind = "map" }
end

-- how much padding lies before the first window, among the other values
function window.before(s, p, values)
	if s.x.kind == "sequence" then
		values.before = window.steps(s, p, p.stride).before
	else
		local rows, columns = window.plane(s, p, p.stride)
		values.top, values.left = rows.before, columns.before
	end
	return values
end

-- What convtranspose writes: its windows overlap where the stride is smaller
-- than they are, and `extra` rows at the end see nothing.
function window.stamped_shape(s, p, filters)
	local function size(n, k)
		k = (k - 1) * p.dilation + 1
		local out = (n - 1) * p.stride + k - 2 * p.pad + p.extra
		if p.extra > 0 and p.extra >= p.stride then
			problem {
				say = "extra must be smaller than the stride",
				at = "extra",
			}
		elseif out < 1 or p.pad >= k then
			problem {
				say = "a padding of " .. p.pad .. " leaves nothing of a " ..
					"window of " .. k, at = "pad", input = 1,
			}
		end
		return out
	end
	local h, w = p.window[1], p.window[2]
	if s.x.kind == "sequence" then
		one_size(p)
		return { size(s.x[1], h), filters, kind = "sequence" }
	end
	local first = s.x.kind == "map" and 2 or 1
	return {
		filters, size(s.x[first], h), size(s.x[first + 1], w), kind = "map",
	}
end

local function last(n, what)
	return n == 1 and "the last " .. what or "the last " .. n .. " " .. what .. "s"
end

-- a pool whose windows leave a rest of the input unread
function window.exact(rows, columns)
	local r, c = rows.missed, columns and columns.missed or 0
	if r == 0 and c == 0 then
		return
	end
	local what
	if not columns then
		what = last(r, "step")
	elseif r == 1 and c == 1 then
		what = "the last row and column"
	elseif r > 0 and c > 0 then
		what = last(r, "row") .. " and " .. last(c, "column")
	else
		what = r > 0 and last(r, "row") or last(c, "column")
	end
	local function by(name)
		return columns and rows[name] .. "x" .. columns[name] or rows[name]
	end
	local size = columns and by("size") .. " window" or
		"window of " .. rows.size .. " steps"
	local only_one = what:sub(-1) ~= "s" and not what:find(" and ", 1, true)
	warning {
		name = "inexact-pool",
		say = "a " .. size .. " with stride " .. by("stride") ..
			" does not divide " .. by("n") .. "; " .. what ..
			(only_one and " is" or " are") .. " ignored",
	}
end

-- A padding as wide as the window would make windows of nothing but padding.
function window.check_pad(p)
	if p.pad ~= "same" and p.pad >= math.min(p.window[1], p.window[2]) and
			p.pad > 0 then
		problem {
			say = "the padding must be smaller than the window", at = "pad",
		}
	end
end

-- nil: as large as the window
function window.pool_stride(p)
	return p.stride ~= "window" and p.stride or nil
end

function window.pool_shape(s, p)
	window.check_pad(p)
	if s.x.kind == "sequence" then
		local steps = window.steps(s, p, window.pool_stride(p))
		window.exact(steps)
		return { steps.count, s.x[2], kind = "sequence" }
	end
	local rows, columns = window.plane(s, p, window.pool_stride(p))
	window.exact(rows, columns)
	if s.x.kind == "matrix" then
		return { rows.count, columns.count, kind = "matrix" }
	end
	return { s.x[1], rows.count, columns.count, kind = "map" }
end

function window.pool_values(s, p)
	if s.x.kind == "sequence" then
		local a = window.steps(s, p, window.pool_stride(p))
		return { height = a.size, down = a.stride, top = a.before, rows = a.n }
	end
	local a, b = window.plane(s, p, window.pool_stride(p))
	return {
		height = a.size, down = a.stride, top = a.before, rows = a.n,
		width = b.size, across = b.stride, left = b.before, columns = b.n,
	}
end

return window
