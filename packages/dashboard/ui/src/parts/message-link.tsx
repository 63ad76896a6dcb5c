import type { JSX } from "preact";
import { Link } from "./link.tsx";
import { visibleText } from "./visible-text.ts";

/** An id, as a link to the timeline of its message. */
export function MessageLink({ id }: { readonly id: string }): JSX.Element {
  return (
    <Link to={`/message?id=${encodeURIComponent(id)}`} class="foreign">
      <bdi>{visibleText(id)}</bdi>
    </Link>
  );
}
