import type { DriverDeadLetters } from "../driver.ts";
import { forwardDeadLetters } from "../intercept.ts";
import type { RedriveInfo } from "../observe/instrumentation.ts";
import type { Instruments } from "../observe/instruments.ts";

/** The same letters; every letter that is sent to its subscription again is shown to instrumentations. */
export function seenRedrives(
  letters: DriverDeadLetters,
  place: Pick<RedriveInfo, "topic" | "subscription" | "adapter">,
  instruments: Instruments,
): DriverDeadLetters {
  return forwardDeadLetters(letters, {
    async redeliver(message) {
      const { id, attributes } = message;
      const ended = instruments.redrive(Object.freeze({ ...place, id, attributes }));
      try {
        await letters.redeliver(message);
      } catch (error) {
        ended?.({ error });
        throw error;
      }
      ended?.({ error: undefined });
    },
  });
}
