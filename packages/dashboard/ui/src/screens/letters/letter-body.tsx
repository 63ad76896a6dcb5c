import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterDetail } from "../../../../src/api/letters.ts";
import { basePath } from "../../base-path.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { shownBytes } from "../../parts/format.ts";
import { Notice } from "../../parts/notice.tsx";
import { visibleText } from "../../parts/visible-text.ts";

/** First so much of a body, until somebody wants more: a page with a long text is slow. */
const SHOWN = 20_000;
const FORM_WORDS = { json: "JSON", value: "Decoded, as JSON", text: "Text", hex: "Hexadecimal" } as const;

interface LetterBodyProps {
  readonly of: string;
  readonly letter: LetterDetail;
}

export function LetterBody({ of, letter }: LetterBodyProps): JSX.Element {
  const { form, body, raw, undecodable, isCut, row } = letter;
  const [isRaw, setRaw] = useState(false);
  const [isWhole, setWhole] = useState(false);
  const text = isRaw ? raw : body;
  const shown = isWhole ? text : text.slice(0, SHOWN);
  const address = `${basePath}/api/letters/body?${new URLSearchParams({ of, ref: row.ref }).toString()}`;
  return (
    <section aria-label="Body">
      <h2>Body</h2>
      {undecodable !== null && (
        <Notice kind="warning">The topic's codec cannot read it: {visibleText(undecodable)}</Notice>
      )}
      {isCut && (
        <Notice kind="warning">
          This is the beginning of {shownBytes(row.bodyBytes)}: too much to show and edit here. Download it to see all.
        </Notice>
      )}
      <p class="buttons">
        <button type="button" class="small" aria-pressed={!isRaw} onClick={() => setRaw(false)}>
          {FORM_WORDS[form]}
        </button>
        <button type="button" class="small" aria-pressed={isRaw} onClick={() => setRaw(true)}>
          As it is
        </button>
        <CopyButton text={text} label="Copy the body" />
        <a href={address} download="body.bin">
          Download
        </a>
      </p>
      <pre class="panel body" tabIndex={0} aria-label="Body of the letter">
        {row.bodyBytes === 0 ? "(empty)" : visibleText(shown, { keepsLines: true })}
      </pre>
      {shown.length < text.length && (
        <button type="button" onClick={() => setWhole(true)}>
          Show {shownBytes(text.length - shown.length)} more
        </button>
      )}
    </section>
  );
}
