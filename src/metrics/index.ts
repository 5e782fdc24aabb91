/* What is expected of OpenTelemetry */
export type {
  CounterLike,
  HistogramLike,
  InstrumentAttributes,
  InstrumentOptions,
  MeterLike,
  ObservableLike,
  ObservableResultLike,
} from './MeterLike.ts';
export { registerMetrics } from './registerMetrics.ts';
