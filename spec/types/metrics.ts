// Checked by `tsc`, never run.

import { type Meter, metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expectTypeOf } from 'expect-type';
import type { ConnectionReport, DropReport, ErrorReport, GapReport, ResumeReport, TickReport } from 'tornadose';
import { type MeterLike, registerMetrics } from 'tornadose/metrics';

declare const meter: Meter;

/* The real meters fit. */
meter satisfies MeterLike;
metrics.getMeter('app') satisfies MeterLike;
new MeterProvider().getMeter('app') satisfies MeterLike;
expectTypeOf(registerMetrics(meter)).toEqualTypeOf<() => void>();

// @ts-expect-error a provider is no meter
registerMetrics(new MeterProvider());
// @ts-expect-error a meter is needed
registerMetrics();

/* What the channels carry. */
declare const report: {
  connection: ConnectionReport;
  drop: DropReport;
  tick: TickReport;
  resume: ResumeReport;
  gap: GapReport;
  error: ErrorReport;
};
expectTypeOf(report.connection.event.type).toEqualTypeOf<'open' | 'close'>();
expectTypeOf(report.drop.event.count).toEqualTypeOf<number>();
expectTypeOf(report.tick.delays).toEqualTypeOf<readonly number[]>();
expectTypeOf(report.resume.recovered).toEqualTypeOf<boolean>();
expectTypeOf(report.gap.scope).toEqualTypeOf<'client' | 'log'>();
expectTypeOf(report.error.error).toEqualTypeOf<unknown>();
