import { beforeErrorPage } from "../base/error-page.ts";
import type { Clock, TimerHandle } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";

/** How long a connection may be lost before that is said, in ms: most are back sooner. */
const LOST_MS = 10_000;
/** After so many failures in a row it is said that there is no connection yet: about 2 s. */
const FAILURES = 5;
/** A process says no more different things than this. */
const MAX_SAID = 1000;

/** The fields that are looked at. Core and adapters log them, see `LastReport`, `keepTrying` and `Intake`. */
interface Fields {
  readonly topic?: string;
  readonly subscription?: string;
  readonly connection?: string;
  readonly state?: string;
  readonly code?: string;
  readonly failures?: number;
}

/**
 * The default. A library is silent, but what stands still must be seen, also by somebody who has not given a logger yet. So these become
 * process warnings, which Node writes to stderr: everything that is logged as an error, a connection that stays lost, and a broker
 * that cannot be reached at the start. Each is said once for each subscription or connection. Everything else is dropped.
 */
export function warningsLogger(clock: Clock): Logger {
  const said = new Set<string>();
  const lost = new Map<string, TimerHandle>();
  const say = (what: string, message: string): void => {
    if (said.has(what) || said.size >= MAX_SAID) return;
    said.add(what);
    process.emitWarning(message, { type: "AnytopicWarning", code: "ANYTOPIC_UNLOGGED", detail: DETAIL });
  };
  const isUp = (connection: string): void => {
    clock.clearTimer(lost.get(connection));
    lost.delete(connection);
  };
  return Object.freeze({
    debug: () => {},
    info({ connection, state }: Fields) {
      if (connection !== undefined && state === "up") isUp(connection);
    },
    warn({ connection, state, code, failures }: Fields, message: string) {
      if (failures !== undefined && failures >= FAILURES) say("start", message);
      if (connection === undefined || state === undefined) return;
      isUp(connection);
      const sayLost = (): void =>
        say(`connection ${connection}`, beforeErrorPage(message, ` (connection "${connection}")`));
      if (code !== "CLOSED") lost.set(connection, clock.setTimer(sayLost, LOST_MS));
    },
    error({ topic, subscription }: Fields, message: string) {
      const where = topic === undefined || subscription === undefined ? "" : `subscription ${topic}/${subscription}: `;
      // What follows the colon differs each time.
      say(where + message.replace(/:.*/s, ""), where + message);
    },
  });
}

const DETAIL =
  "This is said once, because connect() was given no logger. Give it one to see all: connect(url, { logger }), where console and pino work as they are; silentLogger writes nothing.";
