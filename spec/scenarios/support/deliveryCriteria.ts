import type { Criterion } from '../Scenario.ts';

/** The figures of a `Fleet`. */
export type DeliveryFigure =
  | 'acknowledged'
  | 'delivered'
  | 'lost'
  | 'lost without notice'
  | 'duplicated'
  | 'reordered'
  | 'notices';

/** What holds for each fleet, but for what a row says of its own. */
export function deliveryCriteria(
  acknowledged: Criterion,
  others: Partial<Record<DeliveryFigure, Criterion>> = {},
): Readonly<Record<DeliveryFigure, Criterion>> {
  return {
    acknowledged,
    delivered: acknowledged,
    lost: { exactly: 0 },
    'lost without notice': { exactly: 0 },
    duplicated: { exactly: 0 },
    reordered: { exactly: 0 },
    notices: { exactly: 0 },
    ...others,
  };
}
