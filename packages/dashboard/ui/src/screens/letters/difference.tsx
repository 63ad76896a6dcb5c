import type { JSX } from "preact";
import { visibleText } from "../../parts/visible-text.ts";
import { diffLines } from "./diff-lines.ts";

interface DifferenceProps {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

const SIGNS = { same: "  ", added: "+ ", removed: "- ", skipped: "  " } as const;
const FOR_READERS = { same: "", added: "added: ", removed: "removed: ", skipped: "" } as const;

/** What changes, line by line: with signs and words, so that nobody needs colours. */
export function Difference({ title, before, after }: DifferenceProps): JSX.Element | null {
  if (before === after) return null;
  return (
    <figure class="difference">
      <figcaption>{title}</figcaption>
      <pre>
        {diffLines(before, after).map(({ kind, text }, index) => (
          <span key={index} class={kind}>
            <span aria-hidden="true">{SIGNS[kind]}</span>
            <span class="sr-only">{FOR_READERS[kind]}</span>
            {kind === "skipped" ? `… ${text}` : visibleText(text)}
            {"\n"}
          </span>
        ))}
      </pre>
    </figure>
  );
}
