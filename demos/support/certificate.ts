import { execFileSync } from 'node:child_process';

/** A key and a certificate for this machine and this day, made by openssl in memory: nothing of them is kept in a file. */
export function certificate(): { readonly key: string; readonly cert: string } {
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  // Both go to its output, one after the other, and Node takes of each text what it needs.
  const both = execFileSync('openssl', [...request, ...names, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { key: both, cert: both };
}
