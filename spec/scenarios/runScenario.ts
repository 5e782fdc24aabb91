import { setTimeout as sleep } from 'node:timers/promises';
import { compiledFolder } from '../support/compiledFolder.ts';
import type { Context, Criterion, Scenario } from './Scenario.ts';
import { type Orders, Served } from './support/Served.ts';

/** One figure beside its limit. */
export interface Check {
  readonly figure: string;
  /** Missing where the scenario did not come to it, which is a failure as well. */
  readonly value: number | undefined;
  readonly limit: Criterion;
  readonly holds: boolean;
}

/** What came of a scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly checks: readonly Check[];
  readonly notes: readonly string[];
  /** Why it has no figures: it failed, or took too long. */
  readonly trouble: string | undefined;
  readonly seconds: number;
  readonly passed: boolean;
}

/** Runs a scenario to its end, and whatever it started too. It never throws. */
export async function runScenario(scenario: Scenario, seed: number): Promise<Outcome> {
  const begun = performance.now();
  const notes: string[] = [];
  const closing: (() => unknown)[] = [];
  const context: Context = {
    seed,
    async serve<Asked extends Orders>(module: string, ...flags: readonly string[]) {
      const served = new Served<Asked>(await compiledFolder(), module, flags);
      closing.push(() => served.end());
      await served.ready();
      return served;
    },
    defer: (close) => void closing.push(close),
    note: (text) => void notes.push(text),
  };
  let figures: Readonly<Record<string, number>> = {};
  let trouble: string | undefined;
  const over = new AbortController();
  try {
    figures = await Promise.race([
      scenario.run(context),
      failed(over.signal),
      tooLong(scenario.seconds ?? 60, over.signal),
    ]);
  } catch (error) {
    trouble = error instanceof Error ? error.message : String(error);
  }
  over.abort();
  for (const close of closing.reverse()) await close();
  const checks = Object.entries(scenario.criteria).map(([figure, limit]) => check(figure, figures[figure], limit));
  const passed = trouble === undefined && checks.length > 0 && checks.every(({ holds }) => holds);
  return { scenario, checks, notes, trouble, seconds: (performance.now() - begun) / 1000, passed };
}

function check(figure: string, value: number | undefined, limit: Criterion): Check {
  const { exactly, atMost = exactly, atLeast = exactly } = limit;
  const isLimited = atMost !== undefined || atLeast !== undefined;
  const isWithin = value !== undefined && value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  return { figure, value, limit, holds: isLimited && isWithin };
}

async function tooLong(seconds: number, over: AbortSignal): Promise<never> {
  await sleep(seconds * 1000, undefined, { signal: over }).catch(() => new Promise(() => {}));
  throw new Error(`Not over after ${seconds} s`);
}

/** A fault in a client's callback is nobody's promise. */
function failed(over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    process.on('uncaughtException', reject);
    over.addEventListener('abort', () => process.off('uncaughtException', reject));
  });
}
