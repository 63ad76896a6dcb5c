import type { JSX } from "preact";
import type { WireError } from "../../../src/api/wire-event.ts";
import { ForeignText } from "./foreign-text.tsx";

/** `UNAVAILABLE: no mail server`, or `TypeError: …`. */
export function EventError({ error }: { readonly error: WireError }): JSX.Element {
  const { name, code, message } = error;
  return <ForeignText text={`${code ?? name}: ${message}`} most={200} />;
}
