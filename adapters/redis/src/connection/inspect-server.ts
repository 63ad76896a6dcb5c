import { PubSubError } from "@anytopic/core/driver";
import { replyWord } from "../errors.ts";
import type { CheckedOptions } from "../options.ts";
import type { RedisClient } from "./dial.ts";

/** What was found out about a server's settings. */
export interface Inspection {
  /** Why messages can be lost against what the options say; one sentence each. */
  readonly dangers: readonly string[];
  /** What could not be looked at, or will be refused; one sentence each. */
  readonly warnings: readonly string[];
  /** Whether the server may delete keys that have a time to live, as the ids of exactly-once topics have. */
  readonly evictsIds: boolean;
}

/** Looks at the settings on which the promises depend: eviction and persistence. Many services forbid some of these commands. */
export async function inspectServer(client: RedisClient, options: CheckedOptions): Promise<Inspection> {
  const dangers: string[] = [];
  const warnings: string[] = [];
  const ask = async (command: readonly string[]): Promise<string> => {
    try {
      const reply: unknown = await client.sendCommand(command);
      return reply instanceof Buffer ? reply.toString() : "";
    } catch (error) {
      if (!["NOPERM", "ERR"].includes(replyWord(error))) throw error;
      return "";
    }
  };
  const [memory, persistence, replication] = await Promise.all([
    ask(["INFO", "memory"]),
    ask(["INFO", "persistence"]),
    ask(["INFO", "replication"]),
  ]);

  const policy = field(memory, "maxmemory_policy");
  if (policy === undefined) warnings.push("it is not known whether the server evicts keys (the user may not run INFO)");
  else if (policy.startsWith("allkeys-"))
    dangers.push(`maxmemory-policy is ${policy}: the server deletes messages when its memory is full; set noeviction`);

  const { durability, replicas } = options;
  if (durability === "always" || durability === "everysec") {
    const isOn = field(persistence, "aof_enabled");
    if (isOn === undefined)
      warnings.push("it is not known whether the server writes an append-only file (the user may not run INFO)");
    else if (isOn !== "1")
      dangers.push(
        `durability is ${durability}, and the server writes no append-only file: set appendonly yes, or say durability: "process" when messages may be lost with the server`,
      );
    else {
      const sync = (await configOf(client, "appendfsync")) ?? "";
      if (sync === "") {
        if (durability === "always")
          warnings.push("it is not known whether appendfsync is always (the user may not run CONFIG GET)");
      } else if (sync === "no" || (durability === "always" && sync !== "always"))
        dangers.push(`durability is ${durability}, and appendfsync of the server is ${sync}`);
    }
  }
  if (replicas > 0) {
    const connected = field(replication, "connected_slaves");
    if (connected !== undefined && Number(connected) < replicas)
      warnings.push(
        `replicas is ${replicas}, and the server has ${connected}: publishes are refused until there are more`,
      );
  }
  return { dangers, warnings, evictsIds: policy !== undefined && policy.startsWith("volatile-") };
}

/** @throws PubSubError `INVALID_CONFIG` */
export function requireSafe({ dangers }: Inspection): void {
  if (dangers.length > 0)
    throw new PubSubError(
      "INVALID_CONFIG",
      `messages can be lost: ${dangers.join("; ")}. Connect all the same with unsafeServer: "warn"`,
    );
}

async function configOf(client: RedisClient, name: string): Promise<string | undefined> {
  try {
    const reply = (await client.sendCommand(["CONFIG", "GET", name])) as unknown as readonly Buffer[];
    return reply[1] === undefined ? undefined : String(reply[1]);
  } catch (error) {
    if (!["NOPERM", "ERR"].includes(replyWord(error))) throw error;
    return undefined;
  }
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\r\n]*)`, "m").exec(info)?.[1];
}
