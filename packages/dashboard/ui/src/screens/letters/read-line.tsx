import type { JSX } from "preact";
import { shownCount, shownTime } from "../../parts/format.ts";
import { Notice } from "../../parts/notice.tsx";
import { letterWords } from "./choice-words.ts";
import type { Letters } from "./use-letters.ts";

/** Of when the list is, and whether it is all. */
export function ReadLine({ letters: { list, isReading, readAgain } }: { readonly letters: Letters }): JSX.Element {
  if (list === undefined) return <p role="status">{isReading ? "Reading the letters…" : ""}</p>;
  const { read, total, readTime, job } = list;
  return (
    <>
      <p class="buttons">
        <span role="status">
          {isReading && read === 0 ? "Reading the letters…" : `${letterWords(read)}, read at ${shownTime(readTime)}`}
        </span>
        <button type="button" disabled={isReading || job !== null} onClick={readAgain}>
          Read again
        </button>
      </p>
      {total !== null && (
        <Notice kind="warning">
          These are the first {shownCount(read)} of about {shownCount(total)} letters. What you do with a group, or with
          all, concerns all of them.
        </Notice>
      )}
      {job !== null && (
        <Notice kind="warning">
          The list is from before the {job.kind} that is under way: a read beside it would take letters from it.
        </Notice>
      )}
    </>
  );
}
