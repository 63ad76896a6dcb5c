import "./foreign-text.css";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { shownCount } from "./format.ts";
import { cutText, visibleText } from "./visible-text.ts";

interface ForeignTextProps {
  readonly text: string;
  /** Longer text is cut, in characters. @default 200 */
  readonly most?: number;
  /** Without a button to see all: in a link, or in a table that leads to all of it. */
  readonly short?: boolean;
  /** Keeps line breaks. */
  readonly isBlock?: boolean;
}

/** Text that strangers wrote: a body, an id, an attribute, an error. Nothing in it is hidden or turns the direction, and it has an end. */
export function ForeignText({ text, most = 200, short = false, isBlock = false }: ForeignTextProps): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const cut = isWhole ? text : cutText(text, most);
  const left = text.length - cut.length;
  const shown = (
    <>
      <bdi>{visibleText(cut, { keepsLines: isBlock })}</bdi>
      {left > 0 && "…"}
      {left > 0 && !short && (
        <button type="button" class="show-all" onClick={() => setWhole(true)}>
          Show {shownCount(left)} more characters
        </button>
      )}
    </>
  );
  return isBlock ? <pre class="foreign">{shown}</pre> : <span class="foreign">{shown}</span>;
}
