import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { shownCount } from "./format.ts";
import { cutText, visibleText } from "./visible-text.ts";

interface ForeignTextProps {
  readonly text: string;
  /** In characters. @default 200 */
  readonly most?: number;
  /** Without a button to see all: in a link, or in a table that leads to all of it. */
  readonly short?: boolean;
}

/** Text that strangers wrote, on one line: nothing in it is hidden or turns the direction, and it has an end. */
export function ForeignText({ text, most = 200, short = false }: ForeignTextProps): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const cut = isWhole ? text : cutText(text, most);
  const left = text.length - cut.length;
  return (
    <bdi class="foreign">
      {visibleText(cut)}
      {left > 0 && "…"}
      {left > 0 && !short && (
        <button type="button" class="small" onClick={() => setWhole(true)}>
          Show {shownCount(left)} more characters
        </button>
      )}
    </bdi>
  );
}
