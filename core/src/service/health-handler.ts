import type { Health } from "../observe/health.ts";
import { type NumberLimits, integerOption, rejectUnknownKeys } from "../options/option-checks.ts";
import type { PubSub } from "../pubsub.ts";
import { requireBoolean } from "../options/option-checks.ts";
import { EventLoopBlocks } from "./event-loop-blocks.ts";

const MAX_BLOCK_LIMITS: NumberLimits = { min: 1000, max: 3_600_000, default: 30_000, unit: "ms" };

/** What `healthHandler` calls healthy. */
export interface HealthHandlerOptions {
  /** Whether answers contain the messages of errors, which may name hosts. Codes are always in. @default false */
  readonly errorMessages?: boolean | undefined;
  /** For how long the event loop may be blocked, in ms; 1,000 to 3,600,000. After a longer block, `/livez` fails for as long as this. @default 30_000 */
  readonly maxBlockMs?: number | undefined;
}

/** What is read of a request: a `Request` has it, and so has an `IncomingMessage` of `node:http`. */
export interface HealthRequest {
  readonly url: string;
  readonly method: string;
}

/**
 * A fetch handler for the probes of an orchestrator, under any prefix.
 *
 * - `/livez` answers 503 when only a new process helps: a worker is `stuck`, or the event loop was blocked for longer than `maxBlockMs`.
 *   Never because of the broker, however long it is away: connections are repaired, and a restart would not help. Never because a
 *   worker is paused, or its circuit open: a restart would end the pause.
 * - `/readyz` answers 503 when the process should get no requests: `announceClose` or `close` was called, or every connection is down.
 *
 * Otherwise both answer 200. The body is JSON: `{ ok, reasons, health }`. HEAD has no body. Any other path or method gets 404. Contacts
 * nobody. A timer notices blocks; it does not keep the process alive, and ends with the `PubSub`.
 *
 * @throws TypeError when an option is wrong
 */
export function healthHandler(
  pubsub: PubSub,
  options: HealthHandlerOptions = {},
): (request: HealthRequest) => Response {
  rejectUnknownKeys("healthHandler", options, ["errorMessages", "maxBlockMs"]);
  const errorMessages = requireBoolean("errorMessages", options.errorMessages ?? false);
  const maxBlockMs = integerOption("maxBlockMs", options.maxBlockMs, MAX_BLOCK_LIMITS);
  const blocks = new EventLoopBlocks(maxBlockMs, () => pubsub.isClosed);
  return ({ url, method }) => {
    const { pathname } = new URL(url, "http://localhost");
    const probe = /\/(livez|readyz)\/?$/.exec(pathname)?.[1];
    if (probe === undefined || (method !== "GET" && method !== "HEAD")) return new Response(null, { status: 404 });
    const health = pubsub.health();
    const reasons = probe === "livez" ? deadReasons(health, blocks.lastMs) : unreadyReasons(health);
    const ok = reasons.length === 0;
    const body = { ok, reasons, health: errorMessages ? health : withoutMessages(health) };
    return new Response(method === "HEAD" ? null : `${JSON.stringify(body)}\n`, {
      status: ok ? 200 : 503,
      headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
    });
  };
}

function deadReasons({ subscriptions }: Health, blockedMs: number): readonly string[] {
  const stuck = subscriptions.flatMap(({ topic, subscription, stuck: why, abandoned }) => {
    if (why === undefined) return [];
    const what =
      why === "handlers" ? `${abandoned} abandoned handlers have not returned` : "its receive loop has stopped";
    return [`subscription ${topic}/${subscription}: ${what}`];
  });
  return blockedMs === 0 ? stuck : [`the event loop was blocked for ${blockedMs} ms`, ...stuck];
}

function unreadyReasons({ closing, status }: Health): readonly string[] {
  if (closing) return ["the process is about to end"];
  return status === "down" ? ["every connection is down"] : [];
}

function withoutMessages(health: Health): object {
  const bare = (part: Pick<Health, "error">): object => ({
    ...part,
    error: part.error === undefined ? undefined : { code: part.error.code },
  });
  return { ...bare(health), connections: health.connections.map(bare), subscriptions: health.subscriptions.map(bare) };
}
