import { randomBytes } from "node:crypto";
import type { Observer, PublishEnd, RedriveInfo } from "@anytopic/core";
import { compactEvent } from "../events/compact-event.ts";
import { EventRing } from "../events/event-ring.ts";
import { wireError } from "../events/wire-error.ts";
import { destinationOf, type SendOptions } from "./send-options.ts";
import { ReportSender } from "./report-sender.ts";

/** Reports to a dashboard what happens in this process, for `connect({ instrumentation: [sendToDashboard({ service: "orders" })] })`. */
export interface DashboardSender extends AsyncDisposable {
  readonly observe: Observer;
  /** Of core's `Instrumentation`: a letter is sent to its subscription again. */
  readonly redrive: (letter: RedriveInfo) => (end: PublishEnd) => void;
  /** Sends what is left, for at most 1 s, and ends. Needed only by a process that ends by itself at once, such as a job. */
  close(): Promise<void>;
}

/** How many events wait for the dashboard; older ones are dropped. */
const CAPACITY = 10_000;

/**
 * For development with several services: sends what happens, without bodies and attributes, to the dashboard that the environment variable
 * `ANYTOPIC_DASHBOARD` names, every 250 ms. Without a dashboard it does nothing. The dashboard may be absent, slow or started again at
 * any time: this never throws, never waits, keeps no process alive, and keeps the newest 10,000 events for when it is there again.
 *
 * @throws TypeError when an option is not allowed; a wrong environment variable is a process warning
 */
export function sendToDashboard(options: SendOptions): DashboardSender {
  const destination = destinationOf(options);
  if (destination === undefined) return DOES_NOTHING;
  const ring = new EventRing(CAPACITY);
  const sender = new ReportSender(ring, { ...destination, sender: randomBytes(8).toString("hex") });
  const close = async (): Promise<void> => await sender.close();
  return Object.freeze({
    observe: (event): void => {
      ring.push(compactEvent(event));
      sender.wake();
    },
    redrive: ({ topic, subscription, id }) => {
      const letter = { topic, subscription, id };
      ring.push({ type: "redrive", atMs: Date.now(), ...letter });
      sender.wake();
      return ({ error }) => {
        if (error === undefined) return;
        ring.push({ type: "redrive-failed", atMs: Date.now(), ...letter, error: wireError(error) });
        sender.wake();
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  } satisfies DashboardSender);
}

const nothing = (): void => {};
const DOES_NOTHING: DashboardSender = Object.freeze({
  observe: nothing,
  redrive: () => nothing,
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
});
