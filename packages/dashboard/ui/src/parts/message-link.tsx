import type { JSX } from "preact";
import { Link } from "./link.tsx";
import { safeLine } from "./safe-text.ts";

/** An id, as a link to the timeline of its message. */
export function MessageLink({ id }: { readonly id: string }): JSX.Element {
  return (
    <Link to={`/message?id=${encodeURIComponent(id)}`} class="foreign">
      <bdi>{safeLine(id)}</bdi>
    </Link>
  );
}
