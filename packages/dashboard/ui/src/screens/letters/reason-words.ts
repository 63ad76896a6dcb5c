import type { DeadLetterReason } from "@anytopic/core";

interface ReasonWords {
  readonly title: string;
  readonly why: string;
}

/** The reasons for visitors. */
export const REASON_WORDS: Readonly<Record<DeadLetterReason, ReasonWords>> = {
  rejected: { title: "rejected", why: "the handler threw Reject: it does not want this message" },
  "retries-exhausted": { title: "retries exhausted", why: "the last attempt that is permitted failed" },
  undecodable: { title: "undecodable", why: "the topic's codec cannot read the body" },
  invalid: { title: "invalid", why: "the topic's schema refused the event" },
  expired: { title: "expired", why: "it was not handled before its time of expiry" },
  backstop: { title: "backstop", why: "workers died again and again, until the broker's own limit was reached" },
};
