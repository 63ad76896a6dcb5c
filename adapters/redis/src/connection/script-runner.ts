import { replyWord } from "../errors.ts";
import type { Script } from "../scripts/script.ts";
import type { RedisClient, Command } from "./dial.ts";

/** Runs scripts by their digests. The first call on a connection loads the script. */
export class ScriptRunner {
  /** The digests that each client has loaded. */
  readonly #loaded = new WeakMap<RedisClient, Set<string>>();

  /** `send` sends on the connection of `client`. */
  async run(
    client: RedisClient,
    send: (parts: Command) => Promise<unknown>,
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const loaded = this.#loaded.get(client) ?? new Set();
    this.#loaded.set(client, loaded);
    if (!loaded.has(script.sha)) {
      loaded.add(script.sha);
      // Redis runs the commands of a connection in their order: the script is loaded when EVALSHA comes.
      send(["SCRIPT", "LOAD", script.source]).catch(() => loaded.delete(script.sha));
    }
    const command = ["EVALSHA", script.sha, String(keys.length), ...keys, ...args];
    try {
      return await send(command);
    } catch (error) {
      // Somebody has flushed the server's scripts. The script did not run.
      if (replyWord(error) !== "NOSCRIPT") throw error;
    }
    const [, reply] = await Promise.all([send(["SCRIPT", "LOAD", script.source]), send(command)]);
    return reply;
  }
}
