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

/** The matchers, as vitest and jest type them. */
export interface PubSubMatchers<Returned> {
  /** An event that was published to the topic: with this part, or for which this function returns true. */
  toHavePublished<Input, Event>(
    topic: Topic<Input, Event>,
    matching?: Matching<Event>,
    options?: TimesOption,
  ): Returned;
  /** An event that the subscription has handled, with success unless `outcome` says otherwise. */
  toHaveHandled<Event>(
    subscription: Subscription<Event>,
    matching?: Matching<Event>,
    options?: HandledOptions,
  ): Returned;
  /** An event that became a dead letter of the subscription. */
  toHaveDeadLettered<Event>(
    subscription: Subscription<Event>,
    matching?: Matching<Event>,
    options?: DeadLetteredOptions,
  ): Returned;
}

/** For `expect.extend(matchers)` of vitest and jest. `@anytopic/testing/vitest` and `@anytopic/testing/jest` do that, and have the types. */
export const matchers = {
  toHavePublished: <Input, Event>(
    seen: Seen,
    topic: Topic<Input, Event>,
    matching?: Matching<Event>,
    options?: TimesOption,
  ): Report => publishedReport(seen, topic, matching, options),
  toHaveHandled: <Event>(
    seen: Seen,
    subscription: Subscription<Event>,
    matching?: Matching<Event>,
    options?: HandledOptions,
  ): Report => handledReport(seen, subscription, matching, options),
  toHaveDeadLettered: <Event>(
    seen: Seen,
    subscription: Subscription<Event>,
    matching?: Matching<Event>,
    options?: DeadLetteredOptions,
  ): Report => deadLetteredReport(seen, subscription, matching, options),
};
