import "./parts.css";
import type { JSX } from "preact";

/** A dash for what nobody knows, with the reason for pointers and screen readers. */
export function Unknown({ why }: { readonly why: string }): JSX.Element {
  return (
    <span class="unknown" title={why}>
      <span aria-hidden="true">–</span>
      <span class="sr-only">not known: {why}</span>
    </span>
  );
}
