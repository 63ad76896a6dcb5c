import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import type { Settings } from "./declared-settings.ts";

/** `"none"` when the key does not exist. */
export type KeyType = string;

/** Questions about what exists. Rejects with `PubSubError`s. */
export class Look {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async type(key: string): Promise<KeyType> {
    return String(await this.#ask(["TYPE", key], `look at key ${key}`));
  }

  async settings(meta: string): Promise<Settings> {
    const reply = (await this.#ask(["HGETALL", meta], `look at key ${meta}`)) as readonly Buffer[];
    const settings = new Map<string, string>();
    for (let at = 0; at + 1 < reply.length; at += 2) settings.set(String(reply[at]), String(reply[at + 1]));
    return settings;
  }

  /** The consumer groups of a stream; none when it is not a stream. */
  async groups(stream: string): Promise<readonly string[]> {
    if ((await this.type(stream)) !== "stream") return [];
    const what = `look at the groups of stream ${stream}`;
    const reply = (await this.#ask(["XINFO", "GROUPS", stream], what)) as readonly (readonly unknown[])[];
    return reply.map((info) => String(info[1]));
  }

  async #ask(command: readonly string[], what: string): Promise<unknown> {
    try {
      return await this.#connection.send(command);
    } catch (error) {
      throw toPubSubError(error, what);
    }
  }
}
