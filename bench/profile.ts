// Says where the time of profiles went: npx tsx bench/profile.ts <file.cpuprofile> …
import { profileTable } from './profileTable.ts';

for (const file of process.argv.slice(2)) console.log(`${file}\n${profileTable(file)}\n`);
