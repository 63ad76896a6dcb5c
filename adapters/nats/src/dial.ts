import { readFileSync } from "node:fs";
import { PubSubError, reconnectDelayMs, type DriverContext } from "@anytopic/core/driver";
import { credsAuthenticator, nkeyAuthenticator, type ConnectionOptions, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { toPubSubError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const DIAL_TIMEOUT_MS = 5000;

/** Counts the dials since the last success, for the backoff. */
export interface Dials {
  inARow: number;
}

/** Opens the first connection, within 10 s. The client repairs it from then on. */
export async function dial(
  options: CheckedOptions,
  context: DriverContext,
  dials: Dials,
  signal: AbortSignal | undefined,
): Promise<NatsConnection> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const late = new PubSubError(
    "UNAVAILABLE",
    `no answer from ${options.servers.join(", ")} within ${CONNECT_TIMEOUT_MS / 1000} s`,
  );
  const timer = context.clock.setTimer(() => reject(late), CONNECT_TIMEOUT_MS, true);
  const abort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener("abort", abort, { once: true });
  const dialing = connect(connectionOptions(options, context, dials));
  try {
    return await Promise.race([dialing, ended]);
  } catch (error) {
    dialing.then(
      async (nc) => nc.close(),
      () => {},
    );
    if (signal?.aborted === true) throw signal.reason;
    throw toPubSubError(error, `connect to NATS at ${options.servers.join(", ")}`);
  } finally {
    context.clock.clearTimer(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function connectionOptions(options: CheckedOptions, context: DriverContext, dials: Dials): ConnectionOptions {
  const { user, password, token, credentialsFile, nkeySeed } = options;
  return {
    servers: [...options.servers],
    name: options.name,
    timeout: DIAL_TIMEOUT_MS,
    reconnect: true,
    maxReconnectAttempts: -1,
    // Rejected credentials may be repaired on the server: go on trying.
    ignoreAuthErrorAbort: true,
    // Asked before every dial, also after a success; its answer counts from the last dial, so that a first reconnect is immediate.
    reconnectDelayHandler: () => reconnectDelayMs(++dials.inARow, context.random),
    pingInterval: options.pingIntervalMs,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(nkeySeed === undefined ? {} : { authenticator: nkeyAuthenticator(Buffer.from(nkeySeed)) }),
    ...(credentialsFile === undefined ? {} : { authenticator: credsAuthenticator(credentialsReader(credentialsFile)) }),
  };
}

/**
 * Reads the file for every connection, so that it can be replaced while the program runs. Should it be missing later,
 * the last content serves: the client would give up for good if this threw.
 *
 * @throws PubSubError `INVALID_CONFIG` when it cannot be read now
 */
function credentialsReader(path: string): () => Uint8Array {
  let content: Uint8Array;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new PubSubError("INVALID_CONFIG", `credentialsFile ${path} cannot be read`, { cause: error });
  }
  return () => {
    try {
      content = readFileSync(path);
    } catch {
      // Replaced at this moment, or gone: said above.
    }
    return content;
  };
}

/** Refuses a server that would refuse our messages. */
export function requirePayload(nc: NatsConnection, maxPayloadBytes: number): void {
  const allowed = nc.info?.max_payload ?? maxPayloadBytes;
  if (allowed >= maxPayloadBytes) return;
  throw new PubSubError(
    "INVALID_CONFIG",
    `max_payload of the server is ${allowed} bytes, maxPayloadBytes ${maxPayloadBytes}: set maxPayloadBytes to ${allowed}, or raise it on the server`,
  );
}
