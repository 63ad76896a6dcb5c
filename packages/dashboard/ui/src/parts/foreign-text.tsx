import "./foreign-text.css";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { safeBlock, safeLine } from "./safe-text.ts";

interface ForeignTextProps {
  readonly text: string;
  /** Longer text is cut, in characters. */
  readonly most?: number;
  /** Keeps line breaks. */
  readonly isBlock?: boolean;
}

/** Text that others wrote: a body, an id, an attribute, an error. It cannot change what is around it, and a long one is cut. */
export function ForeignText({ text, most = 300, isBlock = false }: ForeignTextProps): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const isCut = text.length > most && !isWhole;
  const shown = (isBlock ? safeBlock : safeLine)(isCut ? text.slice(0, most) : text);
  const more = isCut && (
    <>
      …{" "}
      <button type="button" class="show-all" onClick={() => setWhole(true)}>
        show all {text.length.toLocaleString("en-US")} characters
      </button>
    </>
  );
  if (!isBlock) {
    return (
      <bdi class="foreign">
        {shown}
        {more}
      </bdi>
    );
  }
  return (
    <pre class="foreign">
      <bdi>{shown}</bdi>
      {more}
    </pre>
  );
}
