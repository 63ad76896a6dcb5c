import type { JSX } from "preact";
import type { LetterList, LetterRow } from "../../../../src/api/letters.ts";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownBytes, shownCount, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { lettersAddress } from "./addresses.ts";

/** The server takes so many at once. */
export const MAX_SELECTED = 1000;

interface LettersTableProps {
  readonly list: LetterList;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (refs: readonly string[], isSelected: boolean) => void;
}

/** One page of letters. */
export function LettersTable({ list, selected, onSelect }: LettersTableProps): JSX.Element {
  const refs = list.rows.map(({ ref }) => ref);
  const hasKeys = list.rows.some(({ key }) => key !== null);
  return (
    <div class="wide">
      <table class="letters">
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                aria-label="Select all letters of this page"
                checked={refs.every((ref) => selected.has(ref))}
                onChange={(event) => onSelect(refs, event.currentTarget.checked)}
              />
            </th>
            <th scope="col">Id</th>
            <th scope="col">Failed</th>
            <th scope="col">Error</th>
            <th scope="col" class="number less-important">
              Attempts
            </th>
            {hasKeys && (
              <th scope="col" class="less-important">
                Key
              </th>
            )}
            <th scope="col" class="number less-important">
              Size
            </th>
            <th scope="col" class="less-important">
              Body
            </th>
          </tr>
        </thead>
        <tbody>
          {list.rows.map((row) => (
            <Row
              key={row.ref}
              of={list.of}
              row={row}
              hasKeys={hasKeys}
              isSelected={selected.has(row.ref)}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends Pick<LettersTableProps, "onSelect"> {
  readonly of: string;
  readonly row: LetterRow;
  readonly hasKeys: boolean;
  readonly isSelected: boolean;
}

function Row({ of, row, hasKeys, isSelected, onSelect }: RowProps): JSX.Element {
  const { ref, id, failed, error, attempts, key, bodyBytes, preview } = row;
  return (
    <tr class={isSelected ? "open" : ""}>
      <td>
        <input
          type="checkbox"
          aria-label={`Select letter ${id.slice(0, 60)}`}
          checked={isSelected}
          onChange={(event) => onSelect([ref], event.currentTarget.checked)}
        />
      </td>
      <th scope="row">
        <Link to={lettersAddress({ of, ref })}>
          <ForeignText text={id === "" ? "(no id)" : id} most={40} short />
        </Link>
      </th>
      <td class="time">{shownTime(failed)}</td>
      <td>
        <ForeignText text={error} most={120} short />
      </td>
      <td class="number less-important">{attempts === 0 ? "–" : shownCount(attempts)}</td>
      {hasKeys && <td class="less-important">{key !== null && <ForeignText text={key} most={40} short />}</td>}
      <td class="number less-important">{shownBytes(bodyBytes)}</td>
      <td class="preview less-important">
        {preview === "" && bodyBytes > 0 ? (
          <span class="quiet">no text</span>
        ) : (
          <ForeignText text={preview} most={100} short />
        )}
      </td>
    </tr>
  );
}
