// Runs what must survive: npm run scenarios -- --help
import { parseArgs } from 'node:util';
import { compiledFolder } from '../support/compiledFolder.ts';
import { ensurePrograms } from '../support/programs.ts';
import { runScenario } from './runScenario.ts';
import { scenarios } from './scenarios.ts';
import { head, row } from './table.ts';

const usage = `npm run scenarios -- [R1 R2 …]     runs these, or all: a row of figures each

  --list       what there is
  --seed <n>   for what is random, to have it again
  --help       this`;

/** A mistake of whoever typed the command. */
function refuse(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function given(): { names: string[]; list: boolean; help: boolean; seed: number } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { list: { type: 'boolean' }, help: { type: 'boolean' }, seed: { type: 'string' } },
    });
    const seed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : Number(values.seed);
    if (!Number.isSafeInteger(seed)) refuse(`Expected --seed to be an integer, got ${values.seed}.`);
    return { names: positionals, list: values.list ?? false, help: values.help ?? false, seed };
  } catch (error) {
    return refuse((error as Error).message);
  }
}

async function runAll(names: readonly string[], seed: number): Promise<void> {
  const ids = names.map((name) => name.toUpperCase());
  const unknown = ids.find((id) => !scenarios.some((each) => each.id === id));
  if (unknown !== undefined)
    refuse(`There is no scenario ${unknown}. There are: ${[...new Set(scenarios.map(({ id }) => id))].join(', ')}.`);
  const chosen = scenarios.filter(({ id }) => ids.length === 0 || ids.includes(id));
  ensurePrograms();
  await compiledFolder();
  console.log(head(chosen));
  for (const scenario of chosen) {
    const outcome = await runScenario(scenario, seed);
    console.log(row(chosen, outcome, process.stdout.columns));
    if (!outcome.passed) process.exitCode = 1;
  }
  console.log(`seed ${seed}`);
}

const { names, list, help, seed } = given();
if (help) console.log(usage);
else if (list) for (const { id, title } of scenarios) console.log(`${id.padEnd(4)}${title}`);
else await runAll(names, seed);
