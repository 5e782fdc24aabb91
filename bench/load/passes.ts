/** What the servers with a `filter` for each client let through: server/passes.mjs, which is not to be imported here. */
export function passes(seq: number, client: number): boolean {
  return ((seq >> (client % 5)) & 1) === (client & 1);
}
