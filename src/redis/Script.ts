import type { ScriptCommandsLike } from './RedisLike.ts';

/** A script (https://redis.io/docs/latest/develop/programmability/eval-intro/), which Redis knows by its digest once it was sent. */
export class Script {
  readonly #text: string;
  #digest: string | undefined;
  #isPrepared = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Has the digest made, if it was not. Until it is there the text is sent. */
  prepare(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    void this.#makeDigest();
  }

  /** Sends it: as its digest where Redis is to know it, and else as its text. */
  send(
    redis: ScriptCommandsLike,
    keys: readonly string[],
    args: readonly string[],
    isKnown: boolean,
  ): Promise<unknown> {
    const digest = isKnown ? this.#digest : undefined;
    if (digest === undefined) return redis.eval(this.#text, keys.length, ...keys, ...args);
    return redis.evalsha(digest, keys.length, ...keys, ...args);
  }

  async #makeDigest(): Promise<void> {
    const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(this.#text));
    this.#digest = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

/** Whether Redis does not know a script by its digest, which it has lost, or never had. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
