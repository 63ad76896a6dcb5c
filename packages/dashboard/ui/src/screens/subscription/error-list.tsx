import type { JSX } from "preact";
import type { ObservedSubscription } from "../../../../src/api/subscription-detail.ts";
import { shownTime } from "../../parts/format.ts";
import { EventError } from "../../parts/event-error.tsx";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { MessageLink } from "../../parts/message-link.tsx";

/** The last ten errors. Their texts are written by others: they are text and nothing else. */
export function ErrorList({ observed }: { readonly observed: ObservedSubscription | null }): JSX.Element {
  if (observed === null) return <p>Not known: no service tells what happens.</p>;
  if (observed.errors.length === 0) return <p>None was observed since this dashboard started.</p>;
  return (
    <div class="wide">
      <table>
        <caption class="sr-only">The last errors, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">Error</th>
            <th scope="col" class="less-important">
              Message
            </th>
            <th scope="col" class="less-important">
              Service
            </th>
          </tr>
        </thead>
        <tbody>
          {observed.errors.map(({ atMs, type, id, attempt, name, code, message, service }, index) => (
            <tr key={`${atMs} ${id} ${index}`}>
              <td>{shownTime(atMs)}</td>
              <td>
                {type}
                {attempt !== null && ` (attempt ${attempt})`}
              </td>
              <td class="cut">
                <EventError error={{ name, message, code: code ?? undefined }} />
              </td>
              <td class="less-important">{id !== null && <MessageLink id={id} />}</td>
              <td class="less-important">{service !== null && <ForeignText text={service} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
