import uPlot from 'uplot';

/** How much it shows, in seconds: as much as there is, between these. */
const narrowest = 12;
const widest = 60;
/** It runs a second behind, so that the line to the next number is there when it comes into sight. */
const behind = 1;

const dark = matchMedia('(prefers-color-scheme: dark)');
const still = matchMedia('(prefers-reduced-motion: reduce)');

/** A chart of numbers from 0 to 1 over the last minute, which moves. */
export function numberChart(element) {
  let times = [];
  let values = [];
  let chart;

  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const window = () => {
    const max = Date.now() / 1000 - behind;
    const there = max - (times[0] ?? max);
    return { min: max - Math.min(widest, Math.max(narrowest, there)), max };
  };
  const draw = () => {
    chart?.destroy();
    chart = new uPlot({ ...options(), ...size() }, [times, values], element);
    chart.setScale('x', window());
  };
  const move = () => {
    if (!still.matches) chart.setScale('x', window());
    requestAnimationFrame(move);
  };

  draw();
  requestAnimationFrame(move);
  dark.addEventListener('change', draw);
  new ResizeObserver(() => chart.setSize(size())).observe(element);

  return {
    /** Takes `{ value, age }`, with the age in ms, in place of all that it has. */
    replace(points) {
      const now = Date.now();
      times = points.map(({ age }) => (now - age) / 1000);
      values = points.map(({ value }) => value);
      this.show();
    },
    add(value) {
      const now = Date.now() / 1000;
      // The newest number comes twice after a return: among the recent ones, and as the store's latest.
      if (value === values.at(-1)) return;
      const gone = times.findIndex((time) => time > now - widest - 5);
      times = [...times.slice(Math.max(0, gone)), now];
      values = [...values.slice(Math.max(0, gone)), value];
      this.show();
    },
    show() {
      chart.setData([times, values], false);
      chart.setScale('x', window());
    },
  };
}

function options() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const [accent, muted, border, surface] = ['accent', 'muted', 'border', 'surface'].map(colour);
  const axis = { stroke: muted, font: '12px system-ui, sans-serif', ticks: { show: false } };
  return {
    padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 9, fill: surface, stroke: accent, width: 2 } },
    scales: { x: { time: true, auto: false }, y: { range: [0, 1] } },
    axes: [
      { ...axis, size: 30, gap: 8, grid: { show: false }, space: 90, values: (_chart, splits) => splits.map(clock) },
      {
        ...axis,
        size: 34,
        grid: { stroke: border, width: 1 },
        splits: () => [0, 0.25, 0.5, 0.75, 1],
        values: decimals,
      },
    ],
    series: [
      {},
      {
        stroke: accent,
        width: 2,
        paths: uPlot.paths.spline(),
        points: { show: false },
        fill: (chart) => {
          const { top, height } = chart.bbox;
          const gradient = chart.ctx.createLinearGradient(0, top, 0, top + height);
          gradient.addColorStop(0, `${accent}40`);
          gradient.addColorStop(1, `${accent}00`);
          return gradient;
        },
      },
    ],
  };
}

function clock(seconds) {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}

function decimals(_chart, splits) {
  return splits.map((value) => (value === 0.5 || value === 0 || value === 1 ? value.toFixed(1) : ''));
}
