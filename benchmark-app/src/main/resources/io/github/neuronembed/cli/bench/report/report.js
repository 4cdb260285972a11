"use strict";
// Draws the pictures of a page from the JSON in it. Every picture is drawn anew when the colours change.
(() => {
  const runs = JSON.parse(document.getElementById("data").textContent).runs;
  const all = runs.flatMap((cells, run) => cells.map((cell, i) => ({ ...cell, run, number: i + 1 })));
  const measured = all.filter((cell) => cell.status === "finished" && cell.calls > 0);
  const hidden = new Set();
  const shown = () => measured.filter((cell) => !hidden.has(cell.name));
  const names = [...new Set(all.map((cell) => cell.name))];
  const charts = new Map();
  const still = { animation: false, maintainAspectRatio: false, responsive: true };
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (i) => css("--s" + (i % 8));
  const dash = (i) => [[], [8, 4], [2, 3], [10, 3, 2, 3]][Math.floor(i / 8) % 4];
  const label = (cell) => (runs.length > 1 ? "run " + (cell.run + 1) + ", " : "") + cell.number + ": " + cell.name;

  function text(value) {
    const size = Math.abs(value);
    if (!Number.isFinite(value)) return "–";
    if (size >= 999950) return (value / (size >= 999950000 ? 1e9 : 1e6)).toPrecision(4) + (size >= 999950000 ? " billion" : " million");
    const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }
  const short = (value) => Number(value.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 });

  // Of a logarithmic axis 1, 2 and 5 are enough, in each power of ten.
  const logarithmic = () => ({ type: "logarithmic",
    ticks: { color: css("--ink"), callback: (v) => ("125".includes(v.toExponential()[0]) ? short(v) : "") } });
  const spread = (values) => Math.max(...values) > 10 * Math.min(...values);
  function axis(title, extra) {
    return { title: { display: true, text: title, color: css("--ink") }, ticks: { color: css("--ink"), callback: short },
      grid: { color: css("--line") }, ...extra };
  }
  const labels = (cells) => cells.map((cell) => (typeof cell === "string" ? cell : label(cell)));
  // In a narrow picture the names stand above the bars.
  const narrow = () => document.documentElement.clientWidth < 900;
  const namesAbove = { id: "names", afterDatasetsDraw(chart) {
    const { ctx, chartArea, data, scales } = chart;
    const band = chartArea.height / data.labels.length;
    ctx.save();
    ctx.fillStyle = css("--ink");
    ctx.font = "11px system-ui, sans-serif";
    ctx.textBaseline = "top";
    data.labels.forEach((name, i) => ctx.fillText(name, chartArea.left + 2, scales.y.getPixelForValue(i) - band / 2 + 2));
    ctx.restore();
  } };
  const category = (axes) => ({ ticks: { color: css("--ink"), autoSkip: false, font: { size: 11 } }, grid: { display: false }, ...axes });

  // Words behind the bars, and behind their error bars.
  const words = (of, end) => ({ id: "words", afterDatasetsDraw(chart) {
    const ctx = chart.ctx;
    ctx.save();
    ctx.fillStyle = css("--ink");
    ctx.font = "11px system-ui, sans-serif";
    ctx.textBaseline = "middle";
    chart.data.labels.forEach((_, i) => {
      let right = 0, y = 0, seen = 0;
      chart.data.datasets.forEach((set, d) => {
        const bar = chart.getDatasetMeta(d).data[i];
        if (bar && Number.isFinite(bar.x) && set.words !== false) { right = Math.max(right, bar.x); y += bar.y; seen++; }
      });
      const after = end ? chart.scales.x.getPixelForValue(end(i)) : right;
      if (after > right) right = after;
      if (seen) ctx.fillText(of(i), right + 6, isStacked(chart) ? chart.getDatasetMeta(0).data[i].y : y / seen);
    });
    ctx.restore();
  } });
  // The interval of the first data set's values, as an error bar.
  const errorBars = (of) => ({ id: "errorBars", afterDatasetsDraw(chart) {
    const ctx = chart.ctx;
    ctx.save();
    ctx.strokeStyle = css("--ink");
    ctx.lineWidth = 1.5;
    chart.getDatasetMeta(0).data.forEach((bar, i) => {
      const [low, high] = of(i).map((value) => chart.scales.x.getPixelForValue(value));
      if (!Number.isFinite(low) || !Number.isFinite(high)) return;
      const half = Math.max(3, bar.height / 3);
      ctx.beginPath();
      ctx.moveTo(low, bar.y);
      ctx.lineTo(high, bar.y);
      for (const x of [low, high]) {
        ctx.moveTo(x, bar.y - half);
        ctx.lineTo(x, bar.y + half);
      }
      ctx.stroke();
    });
    ctx.restore();
  } });
  const isStacked = (chart) => chart.options.scales.x.stacked;

  function bars(title, cells, datasets, options, tail) {
    const above = narrow();
    const places = above ? { barPercentage: 0.9, categoryPercentage: 0.5 } : {};
    return { height: 90 + cells.length * ((options.row || 34) + (above ? 24 : 0)), type: "bar",
      data: { labels: labels(cells), datasets: datasets.map((set) => ({ ...set, ...places })) },
      plugins: [...(tail ? [words(tail, options.end)] : []), ...(above ? [namesAbove] : [])],
      options: { indexAxis: "y", layout: { padding: { right: tail ? (options.room || 60) : 8 } },
        plugins: { legend: { display: datasets.length > 1, labels: { color: css("--ink") } } },
        scales: { x: axis(title, { beginAtZero: true, stacked: !!options.stacked, max: options.max, suggestedMax: options.most }),
          y: category({ stacked: !!options.stacked, ...(above ? { ticks: { display: false } } : {}) }) } } };
  }
  function lines(sets, x, y, options) {
    return { height: 380 + 9 * sets.length * (document.documentElement.clientWidth > 900 ? 1 : 3), type: "scatter", data: { datasets: sets },
      options: { showLine: true, interaction: { mode: "nearest", intersect: false },
        plugins: { legend: { position: "bottom", labels: { color: css("--ink"), boxHeight: 1, boxWidth: 24, font: { size: 11 }, filter: (item) => item.text !== undefined } } },
        scales: { x, y } }, plugins: options.plugins || [] };
  }
  const line = (name, i, data, extra) => ({ label: name, data, borderColor: colour(i), backgroundColor: colour(i), borderDash: dash(i),
    borderWidth: 2, pointRadius: 0, showLine: true, ...extra });

  const draw = {
    published(cells) {
      const both = cells.filter((cell) => cell.published_throughput_avg);
      const ratio = (value, cell) => (value / cell.published_throughput_avg).toFixed(3);
      const picture = bars("rows/s", both, [
        { label: "measured", data: both.map((c) => c.throughput_with_stalls), backgroundColor: colour(0) },
        { label: "published", data: both.map((c) => c.published_throughput_avg), backgroundColor: colour(7) },
      ], { row: 44, room: 160, end: (i) => both[i].throughput_with_stalls_high,
        most: Math.max(...both.map((c) => c.throughput_with_stalls_high || 0)) }, (i) => {
        const cell = both[i];
        const low = cell.throughput_with_stalls_low;
        return "× " + ratio(cell.throughput_with_stalls, cell)
          + (low === undefined ? "" : " (" + ratio(low, cell) + " to " + ratio(cell.throughput_with_stalls_high, cell) + ")");
      });
      picture.plugins.push(errorBars((i) => [both[i].throughput_with_stalls_low, both[i].throughput_with_stalls_high]));
      return picture;
    },
    latency(cells) {
      const tail = { 1: "0", 2: "50", 10: "90", 100: "99", 1000: "99.9", 10000: "99.99", 100000: "99.999" };
      const kept = cells.filter((c) => c.latency_distribution);
      return lines(kept.map((c, i) => line(label(c), i, c.latency_distribution.map(([p, ms]) => ({ x: 100 / (100 - p), y: ms })))),
        axis("percentile of the calls", { type: "logarithmic", min: 1, ticks: { color: css("--ink"), autoSkip: false, callback: (v) => tail[v] },
          afterBuildTicks: (scale) => { scale.ticks = Object.keys(tail).map(Number).filter((v) => v <= scale.max).map((value) => ({ value })); } }),
        axis("ms", logarithmic()), {});
    },
    frontier(cells) {
      const points = cells.map((c) => ({ x: c.throughput_with_stalls, y: c.latency_ms_p50, name: label(c), number: c.number }));
      const edge = points.filter((a) => !points.some((b) => b !== a && b.x >= a.x && b.y <= a.y && (b.x > a.x || b.y < a.y)))
        .sort((a, b) => a.x - b.x);
      const numbers = { id: "numbers", afterDatasetsDraw(chart) {
        chart.ctx.fillStyle = css("--ink");
        chart.ctx.font = "12px system-ui, sans-serif";
        chart.getDatasetMeta(0).data.forEach((point, i) => chart.ctx.fillText(points[i].number, point.x + 7, point.y - 5));
      } };
      return lines([{ data: points, showLine: false, pointRadius: 5, backgroundColor: colour(0), borderColor: colour(0) },
        line("frontier", 1, edge)], axis("rows/s", { beginAtZero: true }), axis("p50, ms", spread(points.map((point) => point.y)) ? logarithmic() : { beginAtZero: true }),
      { plugins: [numbers] });
    },
    rates(cells) {
      const tried = cells.filter((c) => c.steps && c.steps.length);
      const bound = tried[0].p99_bound_ms;
      // Where more arrived than was served there is no p99: a cross at the top.
      const top = 2 * Math.max(bound, ...tried.flatMap((c) => c.steps.map((s) => s.latency_ms_p99 || 0)));
      const ok = (c) => c.steps.map((s) => ({ ...s, latency_ms_p99: s.latency_ms_p99 || top })).sort((a, b) => a.rate - b.rate);
      const rates = tried.flatMap((c) => ok(c).map((s) => s.rate));
      const sets = tried.map((c, i) => line(label(c), i, ok(c).map((s) => ({ x: s.rate, y: s.latency_ms_p99 })), { pointRadius: 4,
        pointStyle: ok(c).map((s) => (s.met ? "circle" : "crossRot")) }));
      sets.push({ label: "bound " + text(bound) + " ms (circle: met, cross: not met, at the top: not served)", data: [{ x: Math.min(...rates), y: bound }, { x: Math.max(...rates), y: bound }],
        borderColor: css("--warn"), backgroundColor: css("--warn"), borderDash: [6, 4], pointRadius: 0 });
      return lines(sets, axis("rows/s that arrived", spread(rates) ? logarithmic() : {}), axis("p99, ms", logarithmic()), {});
    },
    stages(cells) {
      const parts = ["queue", "tokenize", "write", "execute", "read"];
      const of = (cell, part) => cell[part + "_avg_ms"] || 0;
      const total = (cell) => parts.reduce((sum, part) => sum + of(cell, part), 0);
      return bars("% of the time", cells, parts.map((part, i) => ({ label: part, data: cells.map((c) => 100 * of(c, part) / total(c)), backgroundColor: colour(i) })),
        { stacked: true, max: 100, room: 75 }, (i) => text(total(cells[i])) + " ms");
    },
    cost(cells) {
      const sets = [{ label: "measured", data: cells.map((c) => c.cost_per_1m_with_stalls), backgroundColor: colour(0) }];
      if (cells.some((c) => c.published_cost_per_1m_inf)) {
        sets.push({ label: "published", data: cells.map((c) => c.published_cost_per_1m_inf), backgroundColor: colour(7) });
      }
      return bars("$", cells, sets, { row: sets.length * 22 }, (i) => sets.map((set) => text(set.data[i])).join(" / "));
    },
    timeline(cells) {
      return lines(cells.map((c, i) => line(label(c), i, c.throughput_windows.map((rows, w) => ({ x: (w + 0.5) * c.total_s / c.throughput_windows.length,
        y: rows / c.throughput_with_stalls })), { stepped: "middle", borderWidth: 1.5 })),
      axis("seconds"), axis("part of the mean", { beginAtZero: true }), {});
    },
    // Both runs of a comparison, or all runs of a history.
    pairs(cells) {
      const kept = names.filter((name) => cells.some((c) => c.name === name));
      const of = (run) => kept.map((name) => (cells.find((c) => c.run === run && c.name === name) || {}).throughput_with_stalls);
      return { ...bars("rows/s", kept,
        runs.map((_, run) => ({ label: run === 0 ? "before" : "after", data: of(run), backgroundColor: colour(run === 0 ? 7 : 0) })), { row: 44, room: 90 },
        (i) => { const change = of(1)[i] / of(0)[i] - 1; return Number.isFinite(change) ? (change >= 0 ? "+" : "") + (100 * change).toFixed(1) + " %" : ""; }) };
    },
    history(cells) { return past(cells, "throughput_with_stalls", "rows/s"); },
    "history-p99"(cells) { return past(cells, "latency_ms_p99", "p99, ms"); },
  };
  function past(cells, key, title) {
    const starts = runs.map((run) => run[0].start_dts.slice(0, 16).replace("T", " "));
    return lines(names.filter((name) => cells.some((c) => c.name === name)).map((name, i) => line(name, i,
      cells.filter((c) => c.name === name && c[key] !== undefined).map((c) => ({ x: c.run, y: c[key] })), { pointRadius: 4 })),
    axis("run", { min: 0, max: Math.max(1, runs.length - 1), ticks: { color: css("--ink"), stepSize: 1, callback: (v) => starts[v] } }),
    axis(title, { beginAtZero: true }), {});
  }

  function drawAll() {
    Chart.defaults.font.family = "system-ui, sans-serif";
    for (const figure of document.querySelectorAll("figure")) {
      const cells = shown();
      const canvas = figure.querySelector("canvas");
      const old = charts.get(figure.id);
      if (old) old.destroy();
      charts.delete(figure.id);
      if (!cells.length) continue;
      const { height, ...config } = draw[figure.id](cells);
      canvas.parentNode.style.height = height + "px";
      config.options = { ...still, ...config.options };
      config.options.plugins.tooltip = { callbacks: { label: (item) =>
        (item.raw.name || item.dataset.label || "") + ": " + (typeof item.raw === "number" ? text(item.raw) : text(item.raw.x) + ", " + text(item.raw.y)) } };
      charts.set(figure.id, new Chart(canvas, config));
    }
  }

  // Which cells are drawn: the table has them all.
  function choice() {
    const first = document.querySelector("figure");
    if (!first || names.length < 2) return;
    const set = document.createElement("fieldset");
    set.setAttribute("aria-label", "Cells in the pictures");
    names.forEach((name) => {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => { if (box.checked) hidden.delete(name); else hidden.add(name); drawAll(); });
      const words = document.createElement("label");
      words.append(box, name);
      set.append(words);
    });
    const box = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "Choose the cells in the pictures (" + names.length + ")";
    box.open = names.length <= 8;
    box.append(summary, set);
    first.before(box);
  }

  choice();
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  let width = document.documentElement.clientWidth;
  addEventListener("resize", () => { if (document.documentElement.clientWidth !== width) { width = document.documentElement.clientWidth; drawAll(); } });
  addEventListener("beforeprint", drawAll);
  addEventListener("afterprint", drawAll);
})();
