/**
 * Where `Driver.seek` puts a subscription. `"beginning"`: the oldest message that is still kept. `"end"`: what is published from now on. A
 * number: the first message that the broker stored at this time or later, in Unix ms, by the broker's clock; never in the future of the
 * caller.
 *
 * When the seek resolves, the broker has the new position durably. Workers of every process then receive, within seconds and without a
 * restart: everything from that position on that is still kept, in the order of publishing, with attempt 1 and the same ids. What the
 * broker stores after the call is never passed over. What was delivered before is fenced: a late settle of it rejects with
 * `LEASE_LOST` or does nothing, and never settles the message that is delivered again. Retries and redriven messages that wait are
 * dropped. Dead letters and other subscriptions are untouched. Of several calls at the same time one is the last. Rejects with
 * `NOT_FOUND` when the subscription does not exist, `TIMEOUT` or `UNAVAILABLE` when it may have happened; to repeat it is harmless.
 */
export type SeekPosition = number | "beginning" | "end";
