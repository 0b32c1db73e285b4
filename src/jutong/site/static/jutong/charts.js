/* Draws every .jt-chart from the JSON data block inside it; the same figures stand in a table for those who cannot see it. */
(function () {
  "use strict";
  var COLOURS = ["#1d5288", "#b5563f", "#3f8f6b", "#c08a2b", "#8a5a9c", "#5f7f95"];

  function axis(kind, labels) {
    var words = { axisLabel: { color: "#475563", hideOverlap: true }, axisLine: { lineStyle: { color: "#c3cdd6" } }, axisTick: { show: false } };
    return Object.assign({ type: kind }, labels ? { data: labels } : { minInterval: 1, splitLine: { lineStyle: { color: "#e8edf1" } } }, words);
  }

  var TONES = { good: "#3f8f6b", wait: "#c08a2b", bad: "#b5563f" };

  /* The platform in the middle; each node on its side's half circle, its line whole while it is online. Places are pixels
     of the box: two unseen corners keep the drawing from being stretched. */
  function map(data, width, height) {
    var narrow = width < 420;
    var room = narrow ? 104 : 190, top = 40, low = 24;
    var across = width - 2 * room, down = height - top - low;
    var both = data.points.some(function (point) { return point.left; }) && data.points.some(function (point) { return !point.left; });
    var only = !both && data.points.length ? (data.points[0].left ? across : 0) : across / 2;
    var far = both ? across / 2 : across;
    var states = [];
    var tones = {};
    data.points.forEach(function (point) { if (states.indexOf(point.state) < 0) { states.push(point.state); } tones[point.state] = TONES[point.tone]; });
    function corner(x, y) { return { name: x + ":" + y, x: x, y: y, symbolSize: 0, label: { show: false }, tooltip: { show: false } }; }
    var nodes = data.points.map(function (point, at) {
      var angle = Math.PI * (point.share - 0.5);
      return {
        id: "p" + at, name: point.name, x: only + (point.left ? -1 : 1) * far * Math.cos(angle), y: down / 2 + down / 2 * Math.sin(angle),
        category: states.indexOf(point.state), symbolSize: 16, tooltip: { formatter: point.name + "\n" + point.note + "\n" + point.state },
        label: { show: true, position: point.left ? "left" : "right", formatter: "{b}", color: "#1f2d3a", width: room - 16, overflow: "truncate" },
      };
    });
    var middle = { id: "middle", name: data.middle, x: only, y: down / 2, symbol: "roundRect", symbolSize: [56, 30], itemStyle: { color: "#1d5288" }, label: { show: true, color: "#fff", fontWeight: 600 } };
    return {
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      animationDuration: 300,
      tooltip: { renderMode: "richText" },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 8, data: states },
      aria: { enabled: true },
      series: [{
        type: "graph", layout: "none", roam: false, left: room, right: room, top: top, bottom: low,
        categories: states.map(function (state) { return { name: state, itemStyle: { color: tones[state] } }; }),
        data: [middle].concat(nodes, [corner(0, 0), corner(across, down)]),
        links: data.points.map(function (point, at) {
          return { source: "middle", target: "p" + at, lineStyle: { color: TONES[point.tone], width: 1.5, opacity: 1, type: point.tone === "good" ? "solid" : "dashed" } };
        }),
      }],
    };
  }

  function option(data, narrow) {
    var shared = {
      color: COLOURS,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      animationDuration: 300,
      tooltip: { trigger: data.kind === "pie" ? "item" : "axis", renderMode: "richText" },
      legend: (data.series || []).length > 1 || data.kind === "pie" ? { top: 0, left: 0, itemWidth: 12, itemHeight: 8 } : undefined,
      aria: { enabled: true },
    };
    if (data.kind === "flow") {
      var names = {};
      data.nodes.forEach(function (node) { names[node.name] = node.label; });
      return {
        color: COLOURS,
        textStyle: shared.textStyle,
        aria: shared.aria,
        animation: false,
        tooltip: {
          renderMode: "richText",
          formatter: function (item) { return item.dataType === "edge" ? names[item.data.source] + " → " + names[item.data.target] + "  " + item.data.value : names[item.name] + "  " + item.value; },
        },
        series: [{
          type: "sankey", left: 8, right: narrow ? 90 : 190, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 10, data: data.nodes, links: data.links,
          label: { fontSize: 12, width: narrow ? 84 : 180, overflow: "truncate", formatter: function (item) { return names[item.name]; } },
          lineStyle: { color: "source", opacity: 0.28 },
        }],
      };
    }
    if (data.kind === "pie") {
      var slices = data.labels.map(function (label, at) { return { name: label, value: data.series[0].values[at] }; });
      return Object.assign(shared, { series: [{ type: "pie", radius: ["42%", "68%"], center: ["50%", "56%"], data: slices, label: narrow ? { show: false } : { formatter: "{b} {d}%" } }] });
    }
    var flat = data.kind === "hbar";
    return Object.assign(shared, {
      grid: { left: 8, right: 16, top: shared.legend ? 34 : 12, bottom: 4, containLabel: true },
      xAxis: flat ? axis("value") : axis("category", data.labels),
      yAxis: flat ? Object.assign(axis("category", data.labels), { inverse: true }) : axis("value"),
      series: data.series.map(function (row) {
        return { name: row.name, type: flat ? "bar" : data.kind, data: row.values, barMaxWidth: 22, smooth: false, symbolSize: 5, stack: data.stacked ? "all" : undefined };
      }),
    });
  }

  window.jutongCharts = function (root) {
    if (!window.echarts) { return; }
    root.querySelectorAll(".jt-chart").forEach(function (box) {
      var source = document.getElementById(box.getAttribute("data-source"));
      if (!source || box.dataset.ready) { return; }
      box.dataset.ready = "1";
      var chart = window.echarts.init(box, null, { renderer: "svg" });
      var data = JSON.parse(source.textContent);
      var draw = function () { chart.setOption(data.kind === "map" ? map(data, box.clientWidth, box.clientHeight) : option(data, box.clientWidth < 420), true); };
      draw();
      window.addEventListener("resize", function () { chart.resize(); draw(); });
    });
  };
  window.jutongCharts(document);
}());
