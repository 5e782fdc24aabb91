import type { Orders, Served } from './support/Served.ts';

/** What a figure of a scenario may be. */
export interface Criterion {
  readonly exactly?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** What the figure is in, such as `ms`. A count has none. */
  readonly unit?: string;
}

/** What a scenario is given to work with. */
export interface Context {
  /** For what is to be random. The same seed gives the same run. */
  readonly seed: number;
  /** Starts a server in a process of its own: a module of `server/` that exports a `server`, and flags for Node. */
  serve<Asked extends Orders>(module: string, ...flags: readonly string[]): Promise<Served<Asked>>;
  /** Has something closed when the scenario is over, however it ends. */
  defer(close: () => unknown): void;
  /** Says something about this run in its row. */
  note(text: string): void;
}

/** Something that must survive, with what it is measured by: each criterion needs a figure of its name. */
export interface Scenario<Name extends string = string> {
  /** `R1`, `R2`, … */
  readonly id: string;
  readonly title: string;
  readonly criteria: Readonly<Record<Name, Criterion>>;
  /** After how many seconds it is cut off. @defaultValue 60 */
  readonly seconds?: number;
  run(context: Context): Promise<Readonly<Record<Name, number>>>;
}
