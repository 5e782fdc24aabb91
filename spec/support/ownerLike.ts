import type { TransportOwner } from '../../src/flow/Transport.ts';

/** The owner of a transport that writes down what it is told. */
export function ownerLike(): TransportOwner & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    transportDrained: () => told.push('drained'),
    transportClosed: () => told.push('closed'),
    transportLeft: () => told.push('left'),
  };
}
