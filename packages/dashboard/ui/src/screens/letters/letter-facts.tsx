import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterDetail } from "../../../../src/api/letters.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownBytes, shownCount, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { REASON_WORDS } from "./reason-words.ts";

const SHOWN_ATTRIBUTES = 50;

/** Everything about a letter beside its body. */
export function LetterFacts({ letter }: { readonly letter: LetterDetail }): JSX.Element {
  const { row, firstFailure, expires } = letter;
  const { title, why } = REASON_WORDS[row.reason];
  return (
    <dl class="facts panel">
      <dt>Id</dt>
      <dd>
        <ForeignText text={row.id} /> <CopyButton text={row.id} label="Copy the id" />{" "}
        <Link to={`/message?id=${encodeURIComponent(row.id)}`}>What happened to it</Link>
      </dd>
      <dt>Error</dt>
      <dd>
        <ForeignText text={row.error === "" ? "–" : row.error} most={700} />
      </dd>
      <dt>Reason</dt>
      <dd>
        {title}: {why}
      </dd>
      <dt>Attempts</dt>
      <dd>{row.attempts === 0 ? "– (the record does not say)" : shownCount(row.attempts)}</dd>
      <dt>Published</dt>
      <dd>{shownTime(row.published)}</dd>
      <dt>First failure</dt>
      <dd>{shownTime(firstFailure)}</dd>
      <dt>Last failure</dt>
      <dd>{shownTime(row.failed)}</dd>
      {expires !== null && (
        <>
          <dt>Expires</dt>
          <dd>{shownTime(expires)}; a redrive removes that, so that it is handled</dd>
        </>
      )}
      <dt>Ordering key</dt>
      <dd>{row.key === null ? "none" : <ForeignText text={row.key} />}</dd>
      <dt>Body</dt>
      <dd>{shownBytes(row.bodyBytes)}</dd>
    </dl>
  );
}

export function AttributesTable({ attributes }: Pick<LetterDetail, "attributes">): JSX.Element {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? attributes : attributes.slice(0, SHOWN_ATTRIBUTES);
  if (attributes.length === 0) return <p class="quiet">No attributes.</p>;
  return (
    <>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(([key, value]) => (
              <tr key={key}>
                <th scope="row">
                  <ForeignText text={key} most={100} />
                </th>
                <td>
                  <ForeignText text={value} most={500} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {attributes.length > SHOWN_ATTRIBUTES && (
        <button type="button" aria-pressed={showsAll} onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? `Show the first ${SHOWN_ATTRIBUTES}` : `Show all ${shownCount(attributes.length)} attributes`}
        </button>
      )}
    </>
  );
}
