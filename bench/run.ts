// Measures tornadose beside others: npm run bench -- --help
import { parseArgs } from 'node:util';
import { type Case, cases, type Load } from './cases.ts';
import { installPeers } from './install.ts';
import { measure } from './measure.ts';
import type { Sample } from './measures/Sample.ts';
import { profileTable } from './profileTable.ts';
import { ensureProgram } from './programs.ts';
import { publish, read, withLater } from './published.ts';
import { type CaseReport, caseReportOf, reportOf, resultsFile, save } from './Report.ts';
import { type Server, servers } from './servers.ts';
import { textTable } from './tables.ts';

const usage = `npm run bench -- [options]

  --quick           small loads, once, for a few of the servers: under a minute
  --case <name>     only this one; may be given several times: ${cases.map(({ name }) => name).join(', ')}
  --server <name>   only this one, and its floor; may be given several times:
                    ${servers.map(({ name }) => name).join(', ')}
  --repeat <n>      how often each is measured (3, or 1 with --quick and --profile)
  --profile         profiles the servers, and says where their time goes; without a floor that was not asked for
  --chart <file>    only draws the chart and writes the tables of a file in bench/results/; may be given several times:
                    a case that was measured again replaces the earlier one`;

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true },
    server: { type: 'string', multiple: true },
    repeat: { type: 'string' },
    profile: { type: 'boolean', default: false },
    chart: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});

/** Those that were asked for by name. */
function named<Each extends { readonly name: string }>(all: readonly Each[], names: readonly string[]): Each[] {
  const unknown = names.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) throw new Error(`There is no '${unknown}'.\n\n${usage}`);
  return all.filter(({ name }) => names.includes(name));
}

function chosenCases(): readonly Case[] {
  if (args.case !== undefined) return named(cases, args.case);
  return cases.filter(({ quick }) => !args.quick || quick);
}

function chosenServers(): readonly Server[] {
  if (args.server === undefined) return args.quick ? servers.filter(({ quick }) => quick) : servers;
  const chosen = named(servers, args.server);
  const floors = args.profile ? [] : chosen.flatMap((server) => server.floors);
  return servers.filter((server) => chosen.includes(server) || floors.includes(server.name));
}

/** Those of the chosen servers which have an answer to it, and can be had here. */
function participants({ name, question }: Case, chosen: readonly Server[]): readonly Server[] {
  return chosen.filter(
    ({ variants, only, program }) =>
      variants[question] !== undefined &&
      (only === undefined || only.includes(name)) &&
      (program === undefined || ensureProgram(program)),
  );
}

async function sampleOf(server: Server, each: Case, load: Load): Promise<Sample | undefined> {
  const title = `${each.name}, ${server.name}`;
  const profile = args.profile ? resultsFile(`${title.replaceAll(/\W+/g, '-')}.cpuprofile`) : undefined;
  try {
    const sample = await measure(server, each, load, profile);
    if (profile !== undefined) console.log(`${title}\n${profileTable(profile)}\n`);
    return sample;
  } catch (error) {
    console.error(`${title}: ${error}`);
    // Others may fail at what is asked of them, and are told so in their row.
    if (server.package === 'tornadose') process.exitCode = 1;
    return undefined;
  }
}

async function caseReport(each: Case): Promise<CaseReport> {
  const repeat = Number(args.repeat ?? (args.quick || args.profile ? 1 : 3));
  const { load, otherLoads } = args.quick && each.quick !== undefined ? { load: each.quick } : each;
  const all = new Map(
    participants(each, chosenServers()).map((server) => [server, { samples: [] as Sample[], failed: 0 }]),
  );
  // Interleaved, so that what else the machine does meets all of them.
  for (let time = 0; time < repeat; time += 1) {
    for (const [server, runs] of all) {
      process.stderr.write(process.stderr.isTTY ? `\x1b[2K\r${each.name} ${time + 1}/${repeat} ${server.name}\r` : '');
      const sample = await sampleOf(server, each, otherLoads?.[server.name] ?? load);
      if (sample !== undefined) runs.samples.push(sample);
      else runs.failed += 1;
    }
  }
  return caseReportOf({ name: each.name, load, otherLoads }, all);
}

async function bench(): Promise<void> {
  installPeers();
  const begun = new Date();
  const reports: CaseReport[] = [];
  for (const each of chosenCases()) {
    const report = await caseReport(each);
    // A profile costs more than much of what it shows: its figures are none.
    if (args.profile) continue;
    console.log(textTable(report));
    reports.push(report);
    // After each case, so that an interrupt loses no more than one.
    save(reportOf(begun, reports));
  }
  if (args.profile) return;
  const report = reportOf(begun, reports);
  console.log(`All runs: ${save(report)}`);
  if (!args.quick && args.case === undefined && args.server === undefined) await publish(report);
}

if (args.help) console.log(usage);
else if (args.chart !== undefined) {
  installPeers();
  await publish(args.chart.map(read).reduce(withLater));
} else await bench();
