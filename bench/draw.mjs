// echarts is a package of the bench alone: a check of the types, which is for the whole repository, is not to need it.
import { init } from 'echarts';

/** An SVG of what the option of echarts says. */
export function draw(option, size) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
