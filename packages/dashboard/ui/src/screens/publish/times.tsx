import type { JSX } from "preact";
import type { Draft } from "./draft.ts";

interface TimesProps {
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

/** When the message is delivered, until when it is handled, and its id. */
export function Times({ draft, onChange }: TimesProps): JSX.Element {
  const { when, delayS, deliverAt, expiresAt, id } = draft;
  return (
    <details>
      <summary>Time, expiry and id</summary>
      <div class="field">
        <label for="publish-when">Delivered</label>
        <span class="times">
          <select
            id="publish-when"
            value={when}
            onChange={(event) => onChange({ when: event.currentTarget.value as Draft["when"] })}
          >
            <option value="">now</option>
            <option value="delay">after</option>
            <option value="at">at</option>
          </select>
          {when === "delay" && (
            <label>
              <input
                type="number"
                min={0}
                aria-label="Delay in seconds"
                value={delayS}
                onInput={(event) => onChange({ delayS: event.currentTarget.value })}
              />{" "}
              seconds
            </label>
          )}
          {when === "at" && (
            <input
              type="datetime-local"
              step={1}
              aria-label="Time of delivery"
              value={deliverAt}
              onInput={(event) => onChange({ deliverAt: event.currentTarget.value })}
            />
          )}
        </span>
        <span class="quiet">
          Not every broker keeps messages until later, and none does for events with an ordering key. What cannot be
          done is refused.
        </span>
      </div>
      <div class="field">
        <label for="publish-expires">Not handled from</label>
        <input
          id="publish-expires"
          type="datetime-local"
          step={1}
          value={expiresAt}
          onInput={(event) => onChange({ expiresAt: event.currentTarget.value })}
        />
        <span class="quiet">In your time zone. Empty: it never expires.</span>
      </div>
      <div class="field">
        <label for="publish-id">Id</label>
        <input
          id="publish-id"
          type="text"
          maxLength={128}
          value={id}
          onInput={(event) => onChange({ id: event.currentTarget.value })}
        />
        <span class="quiet">
          Empty: a new one. The same id again is the same message, where the topic or the broker recognises it.
        </span>
      </div>
    </details>
  );
}
