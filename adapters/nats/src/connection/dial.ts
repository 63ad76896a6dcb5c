import { readFileSync } from "node:fs";
import { PubSubError, requireWithin, untilAborted, type DriverContext } from "@anytopic/core/driver";
import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type ConnectionOptions,
  type NatsConnection,
} from "@nats-io/nats-core";
import { Client } from "./client.ts";
import { DIAL_TIMEOUT_MS } from "./dial-budget.ts";
import { toPubSubError } from "../errors.ts";
import type { CheckedOptions } from "../options.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/** Opens the first connection within 10 s, and tries all servers for it. From then on the client repairs it. */
export async function dial(
  options: CheckedOptions,
  context: DriverContext,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const servers = options.servers.join(", ");
  const late = (): PubSubError =>
    new PubSubError("UNAVAILABLE", `no answer from ${servers} within ${CONNECT_TIMEOUT_MS / 1000} s`);
  let client: Client | undefined;
  try {
    client = Client.create(connectionOptions(options), context);
    const dialled = requireWithin(context.clock, CONNECT_TIMEOUT_MS, client.dial(CONNECT_TIMEOUT_MS), late);
    await untilAborted(dialled, signal);
    return client;
  } catch (error) {
    await client?.close(0);
    if (signal?.aborted === true) throw signal.reason;
    const mapped = toPubSubError(error, `connect to NATS at ${servers}`);
    // The time of the last server may end just before the time of all of them.
    throw mapped.code === "TIMEOUT" ? late() : mapped;
  }
}

function connectionOptions(options: CheckedOptions): ConnectionOptions {
  const authenticator = authenticatorOf(options);
  return {
    servers: [...options.servers],
    name: options.name,
    timeout: DIAL_TIMEOUT_MS,
    reconnect: true,
    maxReconnectAttempts: -1,
    // Rejected credentials may be repaired on the server, so the client tries again.
    ignoreAuthErrorAbort: true,
    pingInterval: options.pingIntervalMs,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(authenticator === undefined ? {} : { authenticator }),
  };
}

/** Functions instead of the client's options for passwords: printing the connection does not print what they enclose. */
function authenticatorOf(options: CheckedOptions): Authenticator | undefined {
  const { user, password, token, credentialsFile, nkeySeed } = options;
  if (user !== undefined) return usernamePasswordAuthenticator(user, password);
  if (token !== undefined) return tokenAuthenticator(token);
  // A seed from a file may end with a line break.
  if (nkeySeed !== undefined) return nkeyAuthenticator(Buffer.from(nkeySeed.trim()));
  if (credentialsFile !== undefined) return credsAuthenticator(credentialsReader(credentialsFile));
  return undefined;
}

/**
 * Reads the file for every connection, so that it can be replaced while the program runs. If it is missing later, the
 * last content is used: the client would give up for ever if this threw.
 *
 * @throws PubSubError `INVALID_CONFIG` when it cannot be read now
 */
function credentialsReader(path: string): () => Uint8Array {
  let content: Buffer;
  try {
    content = readCredentials(path);
  } catch (error) {
    throw new PubSubError("INVALID_CONFIG", `credentialsFile ${path} cannot be read`, { cause: error });
  }
  try {
    credsAuthenticator(content)("nonce");
  } catch {
    // Without a cause: it might quote the file.
    throw new PubSubError(
      "INVALID_CONFIG",
      `credentialsFile ${path} is not a credentials file: it must hold a user JWT and an NKey seed, as nsc writes them`,
    );
  }
  return () => {
    try {
      content = readCredentials(path);
    } catch {
      // Missing, or being replaced: see above.
    }
    return content;
  };
}

/** The client cannot read CRLF line ends, and needs one at the end, which some editors leave out. */
function readCredentials(path: string): Buffer {
  return Buffer.from(`${readFileSync(path, "utf8").replaceAll("\r\n", "\n").trim()}\n`);
}

/** Refuses a server that would refuse large messages of ours. */
export function requirePayload(nc: NatsConnection, maxPayloadBytes: number): void {
  const allowed = nc.info?.max_payload ?? maxPayloadBytes;
  if (allowed >= maxPayloadBytes) return;
  throw new PubSubError(
    "INVALID_CONFIG",
    `max_payload of the server is ${allowed} bytes, maxPayloadBytes ${maxPayloadBytes}: set maxPayloadBytes to ${allowed}, or raise it on the server`,
  );
}
