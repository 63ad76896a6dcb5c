import { PubSubError } from "@anytopic/core/driver";
import type { CheckedOptions } from "../options.ts";
import { shownAddress } from "./address.ts";
import type { Dialled, Hello } from "./dial.ts";
import { notACluster } from "./locate.ts";

/** Redis 7.0 reports trimmed entries when it moves pending ones; Valkey began with 7.2. */
const OLDEST: Readonly<Record<string, readonly [major: number, minor: number]>> = { redis: [7, 0], valkey: [7, 2] };

/**
 * Ends the connection when the server cannot serve: it is too old, a replica, or of another kind than the options say.
 *
 * @throws PubSubError
 */
export function requireSuitable(dialled: Dialled, { cluster, sentinel }: CheckedOptions): void {
  const { hello, address } = dialled;
  const refusal = refusalOf();
  if (refusal === undefined) return;
  dialled.end();
  throw refusal;

  function refusalOf(): PubSubError | undefined {
    const where = `the server at ${shownAddress(address)}`;
    const refuse = (reason: string): PubSubError => new PubSubError("INVALID_CONFIG", `${where} ${reason}`);
    if (hello.mode === "sentinel") return refuse("is a sentinel: set the option sentinel to the name of the primary");
    if (hello.mode === "cluster" && !cluster) return refuse("is a node of a cluster: set cluster to true");
    if (hello.mode !== "cluster" && cluster) return notACluster(address);
    if (isTooOld(hello))
      return new PubSubError(
        "NOT_SUPPORTED",
        `${where} is ${serverName(hello)}: Redis 7.0 or Valkey 7.2 is needed, or a later version`,
      );
    if (!hello.isReplica) return undefined;
    // Sentinel may name a server that is not promoted yet.
    const advice = sentinel === undefined && !cluster ? ": name the primary, or use sentinel" : "";
    return new PubSubError("UNAVAILABLE", `${where} is a replica${advice}`);
  }
}

/** `"redis-server 7.0.15"`. */
export function serverName({ program, version }: Hello): string {
  return `${program}-server ${version}`;
}

function isTooOld({ program, version }: Hello): boolean {
  const [oldestMajor, oldestMinor] = OLDEST[program] ?? [0, 0];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
