/**
 * Whether the client with this number is to get the event with this one: half of all events, in ten ways, so that
 * clients stand at different places. The load has its own copy in load/passes.ts.
 */
export const passes = (seq, client) => ((seq >> (client % 5)) & 1) === (client & 1);

/** The number of a client, which its request carries. */
export const clientOf = (req) => Number(req.url.slice(req.url.indexOf('=') + 1));
