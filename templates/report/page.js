"use strict";
(function () {
	const root = document.documentElement;
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const plots = JSON.parse(document.getElementById("plots").textContent);
	let drawn = [];

	function colour(name) {
		return getComputedStyle(root).getPropertyValue("--" + name).trim();
	}
	function text(v, unit) {
		if (v == null)
			return "-";
		return +v.toPrecision(5) + unit;
	}
	// of a log axis: not where it happens to begin
	function round(v) {
		const part = v / Math.pow(10, Math.floor(Math.log10(v) + 1e-9));
		return Math.abs(part - Math.round(part)) < 1e-6;
	}
	// the best epoch, behind the lines
	function mark(plot) {
		return function (u) {
			const x = u.valToPos(plot.mark, "x", true);
			if (plot.mark == null || x < u.bbox.left ||
			    x > u.bbox.left + u.bbox.width)
				return;
			u.ctx.save();
			u.ctx.strokeStyle = colour("soft");
			u.ctx.setLineDash([4, 4]);
			u.ctx.beginPath();
			u.ctx.moveTo(x, u.bbox.top);
			u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
			u.ctx.stroke();
			u.ctx.restore();
		};
	}
	function axis(more) {
		return Object.assign({
			stroke: colour("soft"),
			font: "12px system-ui, sans-serif",
			grid: { stroke: colour("grid"), width: 1 },
			ticks: { show: false },
		}, more);
	}
	function options(plot, width) {
		return {
			width: width, height: 280,
			scales: { x: { time: false }, y: plot.log ? {
				distr: 3,
				range: (u, low, high) => [low / 1.15, high * 1.15],
			} : {} },
			axes: [axis({}), axis({
				size: 64,
				values: (u, ticks) => ticks.map(v => v == null ||
					(plot.log && !round(v)) ? "" :
					+v.toPrecision(4) + plot.unit),
			})],
			series: [{ label: plot.across }].concat(plot.series.map(s => ({
				label: s[0], stroke: colour(s[1]), width: 2,
				points: { show: plot.data[0].length < 3 },
				value: (u, v) => text(v, plot.unit),
			}))),
			cursor: { drag: { x: true, y: false } },
			hooks: { drawAxes: [mark(plot)] },
		};
	}
	function draw() {
		for (const u of drawn)
			u.destroy();
		drawn = plots.map(function (plot) {
			const card = document.getElementById(plot.id);
			const box = card.querySelector(".plot");
			box.textContent = "";
			card.querySelector(".hint").hidden = false;
			for (const key of card.querySelectorAll(".key:not(.best)"))
				key.hidden = true;
			return new uPlot(options(plot, box.clientWidth), plot.data, box);
		});
	}
	function theme(name) {
		root.dataset.theme = name;
		if (window.uPlot)
			draw();
	}

	const button = document.getElementById("theme");
	button.hidden = false;
	button.onclick = () => theme(root.dataset.theme == "dark" ? "light" : "dark");
	dark.onchange = () => theme(dark.matches ? "dark" : "light");
	theme(dark.matches ? "dark" : "light");

	let before;
	addEventListener("beforeprint", function () {
		before = root.dataset.theme;
		theme("light");
	});
	addEventListener("afterprint", () => theme(before));
	addEventListener("resize", function () {
		for (const u of drawn)
			u.setSize({ width: u.root.parentNode.clientWidth, height: 280 });
	});
})();
