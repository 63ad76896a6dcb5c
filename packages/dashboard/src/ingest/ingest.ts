import { createHash, timingSafeEqual } from "node:crypto";
import type { EventReceipt } from "../api/event-report.ts";
import type { EventLog } from "../events/event-log.ts";
import { jsonAnswer } from "../http/answer.ts";
import { HttpError } from "../http/http-error.ts";
import { boundedText } from "./bounded-text.ts";
import { checkedReport } from "./checked-report.ts";

/** The largest report, in bytes; the sender makes them smaller. */
export const MAX_REPORT_BYTES: number = 1024 * 1024;
/** Processes whose last position is remembered. */
const MAX_SENDERS = 1000;

/** Takes the reports of other processes. A report that arrives twice counts once. */
export class Ingest {
  readonly #log: EventLog;
  readonly #token: Buffer;
  /** The position behind the last event of each sender; the one that reported longest ago comes first. */
  readonly #next = new Map<string, number>();

  constructor(log: EventLog, token: string) {
    this.#log = log;
    this.#token = digest(token);
  }

  /** @throws HttpError 400, 401, 413 or 415 */
  async take(request: Request): Promise<Response> {
    const [, token = ""] = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
    if (!timingSafeEqual(digest(token), this.#token)) {
      throw new HttpError(
        401,
        "UNAUTHENTICATED",
        "the token is missing or wrong; the dashboard prints it when it starts",
      );
    }
    if (request.headers.get("content-type")?.startsWith("application/json") !== true) {
      throw new HttpError(415, "WRONG_ARGUMENT", "content-type must be application/json");
    }
    return jsonAnswer(this.#add(parsed(await boundedText(request, MAX_REPORT_BYTES))));
  }

  #add(body: unknown): EventReceipt {
    const { service, sender, first, events } = checkedReport(body);
    const known = this.#next.get(sender) ?? first;
    if (first > known) this.#log.addDropped(service, first - known);
    const fresh = events.slice(Math.max(0, known - first));
    for (const event of fresh) this.#log.add(event);
    this.#next.delete(sender);
    this.#next.set(sender, Math.max(known, first + events.length));
    const [oldest] = this.#next.keys();
    if (this.#next.size > MAX_SENDERS && oldest !== undefined) this.#next.delete(oldest);
    return { added: fresh.length };
  }
}

/** Texts of any length become comparable in constant time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HttpError(400, "WRONG_ARGUMENT", "the body is not JSON");
  }
}
