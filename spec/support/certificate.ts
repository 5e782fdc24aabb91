import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pathOf } from './programs.ts';

/** Writes a certificate of this machine's own and its key, in one file: haproxy wants them so, and others take them. */
export async function writeCertificate(folder: string): Promise<string> {
  const [key, certificate, both] = [`${folder}/key.pem`, `${folder}/certificate.pem`, `${folder}/site.pem`];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const args = ['req', ...kind, '-subj', '/CN=localhost', '-keyout', key, '-out', certificate];
  await promisify(execFile)(pathOf('openssl'), args);
  await writeFile(both, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')));
  return both;
}
