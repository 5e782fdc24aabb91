import { expect } from 'chai';
import { startProgram, stopDemos } from '../demos/startDemo.ts';
import { type Outcome, runScenario } from './runScenario.ts';
import type { Context, Scenario } from './Scenario.ts';
import { row } from './table.ts';

type Run = (context: Context) => Promise<Record<string, number>>;

const scenarioOf = (run: Run, seconds = 5): Scenario => ({
  id: 'R0',
  title: 'a scenario of this spec',
  criteria: { delay: { atMost: 500, unit: 'ms' }, observers: { exactly: 0 } },
  seconds,
  run,
});
const outcomeOf = (run: Run, seconds?: number): Promise<Outcome> => runScenario(scenarioOf(run, seconds), 1);
const textOf = (outcome: Outcome): string => row([outcome.scenario], outcome);

describe('runScenario', () => {
  it('should pass a scenario whose figures are all within their limits, and show them', async () => {
    const outcome = await outcomeOf(async () => ({ delay: 500, observers: 0 }));
    expect(outcome.passed).to.equal(true);
    expect(textOf(outcome)).to.match(/^R0 .* pass .*delay 500 ms \(≤ 500\) · observers 0$/);
  });

  it('should let one that is above a limit fall short, and say by how much', async () => {
    const outcome = await outcomeOf(async () => ({ delay: 501, observers: 0 }));
    expect(outcome.passed).to.equal(false);
    expect(textOf(outcome)).to.include('FALLS SHORT: delay 501 ms (≤ 500)');
  });

  it('should let one that did not come to a figure fall short', async () => {
    for (const figures of [{ delay: 1 }, { delay: 1, observers: Number.NaN }]) {
      const outcome = await outcomeOf(async () => figures);
      expect(outcome.passed).to.equal(false);
    }
    expect(textOf(await outcomeOf(async () => ({ delay: 1 })))).to.include('FALLS SHORT: observers not measured');
  });

  it('should let a criterion without a limit, and a scenario without criteria, fall short', async () => {
    const scenario = scenarioOf(async () => ({ delay: 1 }));
    expect((await runScenario({ ...scenario, criteria: { delay: { unit: 'ms' } } }, 1)).passed).to.equal(false);
    expect((await runScenario({ ...scenario, criteria: {} }, 1)).passed).to.equal(false);
  });

  it('should let one that throws, or takes too long, fall short, and close what it had opened', async () => {
    const closed: string[] = [];
    const failing = await outcomeOf(async ({ defer }) => {
      defer(() => closed.push('first'));
      defer(() => closed.push('second'));
      throw new Error('It broke');
    });
    expect(textOf(failing)).to.include('FALLS SHORT: It broke');
    expect(closed).to.deep.equal(['second', 'first']);
    const hanging = await outcomeOf(() => new Promise(() => {}), 0.01);
    expect(textOf(hanging)).to.include('FALLS SHORT: Not over after 0.01 s');
    expect([failing.passed, hanging.passed]).to.deep.equal([false, false]);
  });

  it('should let one whose server ends by itself fall short, with what the server said last', async () => {
    const outcome = await outcomeOf(async ({ serve }) => {
      await serve('there is no such server');
      return { delay: 0, observers: 0 };
    });
    expect(outcome.passed).to.equal(false);
    expect(outcome.trouble).to.match(/^The server ended with 1\. .*Cannot find module/s);
  });
});

describe('npm run scenarios', () => {
  afterEach(stopDemos);

  it('should refuse what it does not know with 2, and say what there is', async () => {
    const [name, option] = [['R4', 'R99'], ['--sed']].map((args) => startProgram(['spec/scenarios/run.ts', ...args]));
    expect(await name?.ended).to.equal(2);
    expect(name?.output).to.include('There is no scenario R99. There are: R1, R2,');
    expect(await option?.ended).to.equal(2);
    expect(option?.output).to.include("'--sed'").and.include('npm run scenarios -- ');
  });

  it('should list them', async () => {
    const list = startProgram(['spec/scenarios/run.ts', '--list']);
    expect(await list.ended).to.equal(0);
    expect(list.output.match(/^R\d+ +\S/gm)).to.have.length.of.at.least(10);
  });
});
