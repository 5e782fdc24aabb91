/** Where a Redis is, for another process. */
export type RedisAddress =
  | { readonly kind: 'server'; readonly port: number }
  | { readonly kind: 'sentinels'; readonly ports: readonly number[]; readonly name: string }
  | { readonly kind: 'cluster'; readonly ports: readonly number[] };
