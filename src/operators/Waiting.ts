import type { BackpressureOperator, Outlet } from './BackpressureOperator.ts';

/** How a strategy sees what passes through it, whether these are an operator's values or the engine's frames. */
export interface Items<Item> extends Outlet<Item> {
  dataOf(item: Item): unknown;
  /** What two became: the newer one with other data, and with the older one's id where it has none. */
  merged(held: Item, incoming: Item, data: unknown): Item;
  isNotice(item: Item): boolean;
}

/**
 * What waits for one client, in the order in which it will go: the whole of a strategy. It is made when the client
 * first cannot take more, and never asked anything while the client can.
 */
export interface Waiting<Item> {
  /** How many items wait. */
  readonly size: number;
  /** How many bytes wait. */
  readonly bytes: number;
  /** Takes in an item, or lets one go. @throws TornadoseError `ERR_OVERFLOW` when that ends the client. */
  push(item: Item): void;
  /** The next one to go. Called only while `size` is not 0. */
  shift(): Item;
}

/** How what waits for one client is made. */
export type Hold = <Item>(items: Items<Item>) => Waiting<Item>;

/** The recipe of a built-in strategy. */
export interface Strategy {
  readonly hold: Hold;
  /** Whether it would rather have all of a large tick sent than some of it held, as there is nothing to be made of it. */
  readonly wantsAll: boolean;
}

const strategies = new WeakMap<object, Strategy>();

/** Marks an operator as one that the engine may run by itself, without an Observable for each client. */
export function known<T>(operator: BackpressureOperator<T>, strategy: Strategy): BackpressureOperator<T> {
  strategies.set(operator, strategy);
  return operator;
}

/** The recipe of a built-in strategy, `undefined` for a strategy of somebody's own. */
export function strategyOf<T>(operator: BackpressureOperator<T>): Strategy | undefined {
  return strategies.get(operator);
}
