import type { SubscriptionLoad } from "./load.ts";
import { activeSeconds, MONTH_SECONDS } from "./month.ts";
import { shownNumber } from "./shown-number.ts";

/** `pollWaitSeconds` of @anytopic/aws, by default. */
const POLL_SECONDS = 20;
/** Core asks for renewals after this share of the ack deadline, again and again. */
const ASKED_SHARE = 1 / 3;
/** @anytopic/aws renews a lease of which less than `RENEWAL_SHARE` (0.7) is left. */
const FRESH_SHARE = 0.3;

/**
 * Polls that end without a message. Each worker has one poll open; an answer ends it, or 20 s do. When answers come at random times, a
 * poll ends empty with the probability that none comes within 20 s.
 *
 * @param answers polls with messages, in a month
 */
export function emptyPolls(answers: number, workers: number, activeHoursPerDay: number): number {
  const active = activeSeconds(activeHoursPerDay);
  const perSecond = answers / active / workers;
  const empty = perSecond === 0 ? 1 / POLL_SECONDS : perSecond / Math.expm1(perSecond * POLL_SECONDS);
  return workers * (empty * active + (MONTH_SECONDS - active) / POLL_SECONDS);
}

/** Requests that renew leases of messages whose handlers run for long, and how they come about. */
export function renewalsOf(
  deliveries: number,
  { handlingMs, ackDeadlineMs, workers, fill }: SubscriptionLoad,
  activeInSeconds: number,
  mostFill: number,
): { readonly requests: number; readonly explain: () => string } {
  const perDelivery = Math.max(0, handlingMs - FRESH_SHARE * ackDeadlineMs) / (ASKED_SHARE * ackDeadlineMs);
  const renewals = deliveries * perDelivery;
  // All that a worker holds is renewed at the same moments.
  const moments = (activeInSeconds * workers) / ((ASKED_SHARE * ackDeadlineMs) / 1000);
  const together = Math.min(mostFill, Math.max(1, fill ?? renewals / moments));
  return {
    requests: renewals / together,
    explain: () => {
      const limit = shownNumber((FRESH_SHARE * ackDeadlineMs) / 1000);
      if (perDelivery === 0) return `none: a handler needs no more than ${limit} s, three tenths of the ack deadline`;
      const batches = `÷ ${shownNumber(together)} in a batch`;
      return `${shownNumber(deliveries)} deliveries × ${shownNumber(perDelivery)} renewals ${batches}`;
    },
  };
}
