import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterChoice, LetterGroup, LetterList } from "../../../../src/api/letters.ts";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownCount, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import type { LetterAction } from "./letter-action.ts";
import { lettersAddress } from "./addresses.ts";
import { REASON_WORDS } from "./reason-words.ts";

const SHOWN = 20;

interface GroupsTableProps {
  readonly list: LetterList;
  readonly group: string;
  readonly actions: readonly LetterAction[];
  readonly onAct: (action: LetterAction, choice: LetterChoice) => void;
}

/** Letters that failed in the same way, the largest group first. */
export function GroupsTable({ list, group, actions, onAct }: GroupsTableProps): JSX.Element {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? list.groups : list.groups.slice(0, SHOWN);
  return (
    <section aria-label="Groups">
      <h2>
        {shownCount(list.groups.length + list.otherGroups)}{" "}
        {list.groups.length + list.otherGroups === 1 ? "way" : "ways"} to fail
      </h2>
      <div class="wide">
        <table class="groups">
          <thead>
            <tr>
              <th scope="col">Error</th>
              <th scope="col" class="less-important">
                Reason
              </th>
              <th scope="col" class="number">
                Letters
              </th>
              <th scope="col" class="less-important">
                First failure
              </th>
              <th scope="col">Last failure</th>
              <th scope="col">
                <span class="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <GroupRow
                key={one.key}
                of={list.of}
                group={one}
                isOpen={one.key === group}
                actions={actions}
                onAct={onAct}
              />
            ))}
          </tbody>
        </table>
      </div>
      {list.groups.length > SHOWN && (
        <button type="button" aria-pressed={showsAll} onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? `Show the ${SHOWN} largest groups` : `Show ${shownCount(list.groups.length - SHOWN)} more groups`}
        </button>
      )}
      {list.otherGroups > 0 && (
        <p class="quiet">
          {shownCount(list.otherLetters)} letters are in {shownCount(list.otherGroups)} smaller groups: the search finds
          them.
        </p>
      )}
    </section>
  );
}

interface GroupRowProps extends Pick<GroupsTableProps, "actions" | "onAct"> {
  readonly of: string;
  readonly group: LetterGroup;
  readonly isOpen: boolean;
}

function GroupRow({ of, group, isOpen, actions, onAct }: GroupRowProps): JSX.Element {
  const { key, reason, errorName, message, count, first, last, versions, examples } = group;
  const words = [errorName, message].filter((part) => part !== "").join(": ");
  const shown = words === "" ? "without an error" : words;
  return (
    <tr class={isOpen ? "open" : ""}>
      <th scope="row">
        <Link to={lettersAddress({ of, group: isOpen ? "" : key })} isCurrent={isOpen}>
          <ForeignText text={shown} short />
        </Link>
        {isOpen && (
          <div class="examples">
            <span class="quiet">
              {versions === 1
                ? "Always the same message:"
                : `${versions >= 100 ? "100 or more" : versions} versions, such as:`}
            </span>
            <ul>
              {examples.map((example) => (
                <li key={example}>
                  <ForeignText text={example} most={500} />
                </li>
              ))}
            </ul>
          </div>
        )}
      </th>
      <td class="less-important" title={REASON_WORDS[reason].why}>
        {REASON_WORDS[reason].title}
      </td>
      <td class="number">{shownCount(count)}</td>
      <td class="time less-important">{shownTime(first)}</td>
      <td class="time">{shownTime(last)}</td>
      <td class="buttons">
        {actions.map((action) => (
          <button
            key={action}
            type="button"
            class={action === "purge" ? "small danger" : "small"}
            aria-label={`${action === "purge" ? "Purge" : "Redrive"} group: ${shown.slice(0, 80)}`}
            onClick={() => onAct(action, { kind: "group", group: key })}
          >
            {action === "purge" ? "Purge…" : "Redrive…"}
          </button>
        ))}
      </td>
    </tr>
  );
}
