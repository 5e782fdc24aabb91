import type { ScriptCommandsLike } from './RedisLike.ts';
import { isUnknownScript, type Script } from './Script.ts';

/** What is known of one script and one key. */
interface Sent {
  /** The text was sent on this connection. */
  isSent: boolean;
  /** How many are on their way. */
  underWay: number;
  resending: Resending | undefined;
}

interface Resending {
  readonly done: Promise<void>;
  end(): void;
}

function resending(): Resending {
  let end = (): void => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { done, end };
}

/**
 * The scripts that the Redis which has a key was sent: none after a connection was lost, as it may be another Redis. The first
 * one that is about a key goes with its text, and those behind it on the connection with its digest: were the text sent only
 * after a NOSCRIPT, what was sent in between would be first.
 */
export class KnownScripts {
  readonly #sent = new Map<Script, Map<string, Sent>>();

  constructor(scripts: readonly Script[]) {
    for (const script of scripts) script.prepare();
  }

  /** Runs a script, in the order in which those that are about its first key were asked for. */
  async run(
    script: Script,
    redis: ScriptCommandsLike,
    keys: readonly [key: string, ...string[]],
    args: readonly string[],
  ): Promise<unknown> {
    const state = this.#of(script, keys[0]);
    // Redis has lost the script: what is on its way is sent again first, or values would change places.
    if (state.resending !== undefined) await state.resending.done;
    const isKnown = state.isSent;
    state.isSent = true;
    state.underWay += 1;
    try {
      return await script.send(redis, keys, args, isKnown);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      state.resending ??= resending();
      return script.send(redis, keys, args, false);
    } finally {
      state.underWay -= 1;
      if (state.underWay === 0) {
        state.resending?.end();
        state.resending = undefined;
      }
    }
  }

  /** The connection is gone. What was on its way over it is sent again first, unless `resends` is false: it never comes back then. */
  forget(resends: boolean): void {
    for (const byKey of this.#sent.values()) {
      for (const [key, sent] of byKey) {
        if (!resends || sent.underWay === 0) byKey.delete(key);
        else {
          sent.isSent = false;
          sent.resending ??= resending();
        }
      }
    }
  }

  #of(script: Script, key: string): Sent {
    const byKey = this.#sent.get(script) ?? new Map<string, Sent>();
    this.#sent.set(script, byKey);
    const sent = byKey.get(key) ?? { isSent: false, underWay: 0, resending: undefined };
    byKey.set(key, sent);
    return sent;
  }
}
