import { AssertionError } from "node:assert";
import type { Subscription, Topic } from "@anytopic/core";
import type { Matching } from "../record/matching.ts";
import {
  type DeadLetteredOptions,
  deadLetteredReport,
  type HandledOptions,
  handledReport,
  publishedReport,
  type Report,
  type Seen,
  type TimesOption,
} from "./reports.ts";

/** For node:test. @throws AssertionError with a table of what was published */
export function assertPublished<Input, Event>(
  seen: Seen,
  topic: Topic<Input, Event>,
  matching?: Matching<Event>,
  options?: TimesOption,
): void {
  requirePass(publishedReport(seen, topic, matching, options), assertPublished);
}

/** For node:test. @throws AssertionError with a table of the subscription's attempts */
export function assertHandled<Event>(
  seen: Seen,
  subscription: Subscription<Event>,
  matching?: Matching<Event>,
  options?: HandledOptions,
): void {
  requirePass(handledReport(seen, subscription, matching, options), assertHandled);
}

/** For node:test. @throws AssertionError with a table of the subscription's attempts */
export function assertDeadLettered<Event>(
  seen: Seen,
  subscription: Subscription<Event>,
  matching?: Matching<Event>,
  options?: DeadLetteredOptions,
): void {
  requirePass(deadLetteredReport(seen, subscription, matching, options), assertDeadLettered);
}

function requirePass({ pass, message }: Report, stackStartFn: (...given: never[]) => void): void {
  if (!pass) throw new AssertionError({ message: message(), stackStartFn });
}
