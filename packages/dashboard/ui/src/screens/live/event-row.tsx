import type { JSX } from "preact";
import type { SeenEvent } from "../../../../src/api/event-batch.ts";
import { clockTime } from "../../parts/clock-time.ts";
import { EventError } from "../../parts/event-error.tsx";
import { EventSign } from "../../parts/event-sign.tsx";
import { eventDetail } from "../../parts/event-words.ts";
import { Link } from "../../parts/link.tsx";
import { MessageLink } from "../../parts/message-link.tsx";

const drawn = new WeakMap<SeenEvent, JSX.Element>();

/** The same element for the same event: then nothing is compared when the list moves. */
export function eventRow(event: SeenEvent): JSX.Element {
  const known = drawn.get(event);
  if (known !== undefined) return known;
  const row = <EventRow key={event.position} event={event} />;
  drawn.set(event, row);
  return row;
}

function EventRow({ event }: { readonly event: SeenEvent }): JSX.Element {
  const { atMs, type, topic, subscription, id, service, error } = event;
  const detail = eventDetail(event);
  return (
    <tr>
      <td class="number">{clockTime(atMs)}</td>
      <td>
        <EventSign type={type} />
      </td>
      <td>
        {subscription !== undefined && topic !== undefined ? (
          <Link to={`/subscription?of=${encodeURIComponent(`${topic}/${subscription}`)}`}>
            {topic}/{subscription}
          </Link>
        ) : (
          topic
        )}
      </td>
      <td>{id !== undefined && <MessageLink id={id} />}</td>
      <td class="event-detail">
        {detail}
        {error && (
          <>
            {detail === "" ? "" : " · "}
            <EventError error={error} />
          </>
        )}
      </td>
      <td class="less-important">{service}</td>
    </tr>
  );
}
