// Measures tornadose beside others: npm run bench -- --help
import { parseArgs } from 'node:util';
import { type Case, cases } from './cases.ts';
import { installPeers } from './install.ts';
import { measure, type Sample } from './measure.ts';
import { type CaseResult, save, tableOf } from './report.ts';
import { floors, type Server, servers } from './servers.ts';

const usage = `npm run bench -- [options]

  --quick           small loads, once, for a few of the servers: under a minute
  --case <name>     only this one; may be given several times: ${cases.map(({ name }) => name).join(', ')}
  --server <name>   only this one, and its floor; may be given several times:
                    ${servers.map(({ name }) => name).join(', ')}
  --repeat <n>      how often each is measured (3, or 1 with --quick)`;

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true },
    server: { type: 'string', multiple: true },
    repeat: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Those that were asked for by name. */
function named<Each extends { readonly name: string }>(all: readonly Each[], names: readonly string[]): Each[] {
  const unknown = names.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) throw new Error(`There is no '${unknown}'.\n\n${usage}`);
  return all.filter(({ name }) => names.includes(name));
}

function chosenServers(): readonly Server[] {
  if (args.server === undefined) return args.quick ? servers.filter(({ quick }) => quick) : servers;
  const chosen = named(servers, args.server);
  const compared = new Set(chosen.map(({ protocol }) => floors[protocol]));
  return servers.filter((server) => chosen.includes(server) || compared.has(server.name));
}

function loadOf({ load, quick }: Case): Case['load'] {
  return args.quick && quick !== undefined ? quick : load;
}

async function sampleOf(server: Server, each: Case): Promise<Sample | undefined> {
  try {
    return await measure(server, loadOf(each));
  } catch (error) {
    console.error(`${each.name}, ${server.name}: ${error}`);
    return undefined;
  }
}

async function bench(): Promise<void> {
  installPeers();
  const chosenCases =
    args.case === undefined ? cases.filter(({ quick }) => !args.quick || quick) : named(cases, args.case);
  const repeat = Number(args.repeat ?? (args.quick ? 1 : 3));
  const results: CaseResult[] = [];
  for (const each of chosenCases) {
    const samples = new Map<Server, Sample[]>(chosenServers().map((server) => [server, []]));
    // Interleaved, so that what else the machine does meets all of them.
    for (let time = 0; time < repeat; time += 1) {
      for (const [server, runs] of samples) {
        process.stderr.write(
          process.stderr.isTTY ? `\x1b[2K\r${each.name} ${time + 1}/${repeat} ${server.name}\r` : '',
        );
        const sample = await sampleOf(server, each);
        if (sample !== undefined) runs.push(sample);
      }
    }
    const result: CaseResult = { name: each.name, load: loadOf(each), samples };
    results.push(result);
    console.log(tableOf(result));
  }
  console.log(`All runs: ${save(results)}`);
}

if (args.help) console.log(usage);
else await bench();
