import * as echarts from "echarts";
import type { LedgerRow, SeriesSlice } from "../../src/run/runRows.ts";
import { isStep } from "../../src/theory/law.ts";

const [width, height] = [640, 280];
const [seen, expected] = ["#2b6cb0", "#c05621"];

/** An SVG of what was measured, with the forecast's interval over the steps that it is about and a mark at its issue. */
export function plot({ forecast, lawTitle }: LedgerRow, series: SeriesSlice): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  const last = series.steps.at(-1) ?? 0;
  const ofStep = isStep(forecast.statistic);
  const [from, to] = [forecast.from, Math.min(forecast.to, last)];
  // A step is forecast on the axis of steps, everything else on that of values.
  const area = ofStep
    ? [{ xAxis: forecast.low }, { xAxis: Math.min(forecast.high, last) }]
    : [
        { xAxis: from, yAxis: forecast.low },
        { xAxis: to, yAxis: forecast.high },
      ];
  chart.setOption({
    animation: false,
    title: { text: lawTitle, subtext: forecast.observable, textStyle: { fontSize: 13 } },
    grid: { left: 64, right: 16, top: 56, bottom: 32 },
    xAxis: { type: "value", min: 0, max: last, name: "step", nameLocation: "middle", nameGap: 20 },
    yAxis: { type: "value", scale: true },
    series: [
      {
        type: "line",
        showSymbol: series.steps.length < 20,
        lineStyle: { color: seen, width: 1.5 },
        itemStyle: { color: seen },
        data: Array.from(series.steps, (step, index) => [step, series.last[index]]),
        markArea: { itemStyle: { color: expected, opacity: 0.25 }, data: [area] },
        markLine: {
          symbol: "none",
          lineStyle: { color: expected },
          label: { show: false },
          data: [{ xAxis: forecast.issuedAt }],
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
