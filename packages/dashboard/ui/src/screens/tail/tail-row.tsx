import type { JSX } from "preact";
import type { TailMessage } from "../../../../src/api/tail.ts";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownBytes, shownTime } from "../../parts/format.ts";
import { MessageLink } from "../../parts/message-link.tsx";

/** One message with its body. */
export function TailRow({ message }: { readonly message: TailMessage }): JSX.Element {
  const { id, publishTime, orderingKey, attributes, bytes, form, body, isCut } = message;
  return (
    <li>
      <div class="tail-head">
        <MessageLink id={id} />
        <span class="quiet">{shownTime(publishTime)}</span>
        <span class="quiet">{shownBytes(bytes)}</span>
        {form === "hex" && <span class="quiet">hexadecimal</span>}
        {orderingKey !== null && (
          <span>
            <span class="quiet">key </span>
            <ForeignText text={orderingKey} most={100} />
          </span>
        )}
        {Object.entries(attributes).map(([key, value]) => (
          <span key={key}>
            <span class="quiet">
              <ForeignText text={key} most={60} />=
            </span>
            <ForeignText text={value} most={100} />
          </span>
        ))}
      </div>
      <ForeignText text={body} most={1500} isBlock />
      {isCut && <p class="quiet">Only the beginning is here: the body is too long for this page.</p>}
    </li>
  );
}
