import { checkNames, invalidOption, oneOf } from '../options.ts';
import type { SinceOptions } from './Log.ts';

/** What `Log.since` was called with, checked at the door. An empty position is none. @throws TornadoseError `ERR_INVALID_OPTION` */
export function checkedSince(
  position: string | undefined,
  options: SinceOptions = {},
): { readonly position: string | undefined; readonly otherwise: 'live' | 'earliest' } {
  if (position !== undefined && typeof position !== 'string')
    throw invalidOption('position', 'a string, or undefined', position);
  checkNames('since', options, ['otherwise']);
  const otherwise = oneOf('otherwise', options.otherwise, ['live', 'earliest'], 'live');
  return { position: position || undefined, otherwise };
}
