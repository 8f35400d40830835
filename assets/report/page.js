"use strict";
(function () {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // As the tables show them: three digits, and the unit that fits.
  function latency(ms) {
    if (ms == null) return "–";
    if (ms === 0) return "0";
    const us = Math.round(ms * 1000);
    if (us < 1000) return us + "us";
    if (us < 9995) return ms.toFixed(1) + "ms";
    if (us < 999500) return ms.toFixed(0) + "ms";
    if (us < 9995000) return (ms / 1000).toFixed(2) + "s";
    if (us < 100000000) return (ms / 1000).toFixed(1) + "s";
    const s = Math.floor(ms / 1000);
    const two = (n) => String(n).padStart(2, "0");
    return s < 3600 ? Math.floor(s / 60) + "m" + two(s % 60) + "s"
      : Math.floor(s / 3600) + "h" + two(Math.floor(s / 60) % 60) + "m";
  }
  function rate(n) {
    if (n == null) return "–";
    return n < 999.95 ? n.toFixed(1) : Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  }
  const count = (n) => (n == null ? "–" : Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ","));
  function bytes(n) {
    if (n == null) return "–";
    const units = ["B", "kB", "MB", "GB", "TB"];
    let at = 0;
    while (n >= 999.5 && at < units.length - 1) { n /= 1000; at += 1; }
    return (at ? n.toFixed(1) : n.toFixed(0)) + " " + units[at];
  }
  const percent = (n) => (n == null ? "–" : (n * 100).toFixed(1) + " %");
  function clock(s) {
    if (s == null) return "–";
    s = Math.round(s);
    const two = (n) => String(n).padStart(2, "0");
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    return h ? h + ":" + two(m) + ":" + two(s % 60) : two(m) + ":" + two(s % 60);
  }

  // Changes of load and stages, drawn over a chart.
  function marks(u) {
    const { ctx, bbox } = u;
    const ratio = window.devicePixelRatio || 1;
    const visible = data.events.filter(([t]) => t >= u.scales.x.min && t <= u.scales.x.max);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = color("--mark");
    ctx.lineWidth = ratio;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = 11 * ratio + "px system-ui, sans-serif";
    let free = -Infinity;
    for (const [t, text] of visible) {
      const x = Math.round(u.valToPos(t, "x", true));
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const words = text.length > 24 ? text.slice(0, 23) + "…" : text;
      const width = ctx.measureText(words).width;
      if (x > free && x + width + 6 * ratio < bbox.left + bbox.width) {
        ctx.fillText(words, x + 4 * ratio, bbox.top + 11 * ratio);
        free = x + width + 8 * ratio;
      }
    }
    ctx.restore();
  }

  // One slow second hides all others on a linear scale.
  const logButton = document.getElementById("log");
  let isLogarithmic = false;
  const charts = [];
  let built = [];
  let range = null;

  function line(label, stroke, value, more) {
    return Object.assign({ label, stroke: color(stroke), width: 1.5, value: (u, v) => value(v), points: { show: false } }, more);
  }
  function axes(value, times) {
    const base = { stroke: color("--soft"), grid: { stroke: color("--grid"), width: 1 }, ticks: { show: false },
      font: "12px system-ui, sans-serif" };
    return [
      Object.assign({}, base, { values: (u, ticks) => ticks.map(times), space: 70, size: 30,
        incrs: times === clock ? [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400] : [1] }),
      Object.assign({}, base, { values: (u, ticks) => ticks.map((v) => (v == null ? "" : value(v))), size: 62 }),
    ];
  }
  // A chart over run time; all of them zoom together.
  function overTime(id, columns, value, series, scale) {
    if (!document.getElementById(id) || !columns[0].length) return;
    charts.push({ id, columns, options: () => ({
      height: 230,
      cursor: { sync: { key: "run", scales: ["x", null] }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: scale && scale() ||
        { range: (u, low, high) => [Math.min(0, low || 0), (high || 1) * 1.08] } },
      axes: axes(value, clock),
      series: [{ label: "time", value: (u, v) => clock(v) }].concat(series()),
      hooks: { draw: [marks], setScale: [follow] },
    }) });
  }
  let following = false;
  function follow(u, key) {
    if (key !== "x" || following) return;
    const { min, max } = u.scales.x;
    const all = u.data[0];
    range = min > all[0] || max < all[all.length - 1] ? { min, max } : null;
    document.getElementById("reset").disabled = range === null;
    following = true;
    for (const other of built) {
      if (other !== u && other.isOverTime && (other.scales.x.min !== min || other.scales.x.max !== max)) {
        other.setScale("x", { min, max });
      }
    }
    following = false;
  }

  overTime("chart-users", [data.t, data.users], count, () => [line("users", "--c1", count, { paths: uPlot.paths.stepped({ align: 1 }) })]);
  overTime("chart-requests", [data.t, data.rps], rate, () => [line("requests/s", "--c4", rate)]);
  overTime("chart-times", [data.t, data.p50, data.p95, data.p99], latency,
    () => [line("p50", "--c1", latency), line("p95", "--c2", latency), line("p99", "--c3", latency)],
    () => isLogarithmic && { distr: 3 });
  overTime("chart-failures", [data.t, data.fps], rate, () => [line("failures/s", "--bad", rate)]);
  if (data.margins) {
    const strokes = ["--c1", "--c2", "--c3", "--c4", "--mark", "--good", "--soft"];
    // What is far beyond its limit is drawn at the bottom; the legend has its value.
    const far = -2;
    const shown = data.margins.of.map((column) => column.map((margin) => (margin == null ? null : Math.max(margin, far))));
    const value = (column) => (u, v, series, at) => (at == null ? "–" : percent(column[at]));
    overTime("chart-margins", [data.margins.t].concat(shown), percent,
      () => data.margins.names.map((name, at) =>
        line(name, strokes[at % strokes.length], percent, { value: value(data.margins.of[at]) })),
      () => ({ range: (u, low, high) => [Math.min(0, low || 0) * 1.05, Math.max(high || 0, 0.05) * 1.08] }));
  }
  if (data.redis) {
    const { t, memory, clients, ops, delivery, hits } = data.redis;
    const one = (id, column, value, label, stroke) =>
      overTime("chart-redis-" + id, [t, column], value, () => [line(label, stroke, value)]);
    one("memory", memory, bytes, "memory", "--c4");
    one("clients", clients, count, "connections", "--c1");
    one("ops", ops, rate, "commands/s", "--c2");
    one("delivery", delivery, latency, "p95", "--c3");
    one("hits", hits, percent, "hit ratio", "--c2");
  }
  if (data.spectrum) {
    const { labels, response, service } = data.spectrum;
    const columns = [labels.map((_, at) => at), response].concat(service ? [service] : []);
    const isLog = columns.slice(1).every((column) => column.every((ms) => ms > 0));
    charts.push({ id: "chart-spectrum", columns, options: () => ({
      height: 230,
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: false, range: [-0.3, 10.3] }, y: isLog ? { distr: 3 } : {} },
      axes: (() => { const both = axes(latency, (at) => labels[at] || ""); both[0].space = 34; return both; })(),
      series: [{ label: "percentile", value: (u, v) => (v == null ? "–" : labels[v]) },
        line("response time", "--c1", latency, { points: { show: true, size: 6 } })]
        .concat(service ? [line("service time", "--c4", latency, { points: { show: true, size: 6 } })] : []),
    }) });
  }

  // Two charts beside each other on A4 or Letter: the page has no such width yet when they are drawn for it.
  const PAPER = 310;
  let onPaper = false;
  function build() {
    built.forEach((u) => u.destroy());
    built = [];
    const made = [];
    for (const { id, columns, options } of charts) {
      const place = document.getElementById(id);
      if (!place) continue;
      const all = options();
      all.width = onPaper ? PAPER : Math.max(240, place.clientWidth);
      const u = new uPlot(all, columns, place);
      u.isOverTime = Boolean(all.hooks);
      made.push(u);
    }
    built = made;
    const first = built.find((u) => u.isOverTime);
    if (range && first) first.setScale("x", range);
  }
  function resize() {
    if (onPaper) return;
    for (const u of built) {
      const width = Math.max(240, u.root.parentElement.clientWidth);
      if (width !== u.width) u.setSize({ width, height: u.height });
    }
  }
  build();
  const reset = document.getElementById("reset");
  reset.disabled = range === null;
  reset.addEventListener("click", () => {
    const first = built.find((u) => u.isOverTime);
    if (first) first.setScale("x", { min: first.data[0][0], max: first.data[0][first.data[0].length - 1] });
  });
  logButton.addEventListener("click", () => {
    isLogarithmic = !isLogarithmic;
    logButton.textContent = isLogarithmic ? "Linear scale" : "Log scale";
    build();
  });
  window.addEventListener("resize", resize);

  // The theme of the system until somebody chooses; the choice lasts as long as the page is open.
  const button = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  function themed() {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
    build();
  }
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; themed(); });
  dark.addEventListener("change", themed);
  button.textContent = isDark() ? "Light theme" : "Dark theme";

  // On paper everything is open and light.
  let before = null;
  window.addEventListener("beforeprint", () => {
    const closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach((part) => { part.open = true; });
    before = { closed, theme: root.dataset.theme };
    root.dataset.theme = "light";
    onPaper = true;
    build();
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    onPaper = false;
    before.closed.forEach((part) => { part.open = false; });
    if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
    before = null;
    build();
  });

  // Tables that can be sorted have numbers in data-v, and text where there is none.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = Array.from(table.tHead.rows[0].cells);
    const body = table.tBodies[0];
    const key = (row, at) => row.cells[at].dataset.v;
    heads.forEach((head, at) => {
      const press = head.querySelector("button");
      if (!press) return;
      press.addEventListener("click", () => {
        const isNumber = head.classList.contains("n");
        const down = head.getAttribute("aria-sort") === (isNumber ? null : "ascending") || (isNumber && head.getAttribute("aria-sort") !== "descending");
        const rows = Array.from(body.rows);
        rows.sort((a, b) => {
          if (!isNumber) return a.cells[at].textContent.localeCompare(b.cells[at].textContent);
          return Number(key(a, at)) - Number(key(b, at));
        });
        if (down) rows.reverse();
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        rows.forEach((row) => body.appendChild(row));
      });
    });
  }
  const filter = document.getElementById("filter");
  if (filter) {
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase();
      for (const row of document.querySelectorAll("#rows tbody tr, #percentiles tbody tr")) {
        row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      }
    });
  }
})();
