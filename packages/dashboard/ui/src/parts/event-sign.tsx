import "./event-sign.css";
import type { JSX } from "preact";
import type { WireEventType } from "../../../src/api/wire-event.ts";
import { EVENT_WORDS } from "./event-words.ts";

/** The type of an event: a sign, a colour and a word. */
export function EventSign({ type }: { readonly type: WireEventType }): JSX.Element {
  const { word, tone, sign } = EVENT_WORDS[type];
  return (
    <span class={`event-sign ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
