import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const session = new Session();

/** Begins what `node --cpu-prof` does for the whole life of a process. */
export async function startProfile() {
  session.connect();
  await session.post('Profiler.enable');
  // In µs; the default of 1,000 is too coarse for a few seconds.
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  return {};
}

/** Writes a `.cpuprofile` of what was between. */
export async function stopProfile({ file }) {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  writeFileSync(file, JSON.stringify(profile));
  return {};
}
