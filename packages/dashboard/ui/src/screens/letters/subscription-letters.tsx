import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LetterChoice } from "../../../../src/api/letters.ts";
import type { Session } from "../../../../src/api/session.ts";
import { shownCount, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { ScreenHeading } from "../../parts/screen-heading.tsx";
import { lettersAddress } from "./addresses.ts";
import { letterWords } from "./choice-words.ts";
import { ExportButton } from "./export-button.tsx";
import { GroupsTable } from "./groups-table.tsx";
import { JobLine } from "./job-line.tsx";
import { letterActions, type LetterPlan } from "./letter-action.ts";
import { LettersTable, MAX_SELECTED } from "./letters-table.tsx";
import { PageLinks } from "./page-links.tsx";
import { PlanDialog } from "./plan-dialog.tsx";
import { ReadLine } from "./read-line.tsx";
import { SearchForm } from "./search-form.tsx";
import { useJob } from "./use-job.ts";
import { useLetters } from "./use-letters.ts";

interface SubscriptionLettersProps {
  readonly of: string;
  readonly query: URLSearchParams;
  readonly can: Session["can"];
}

/** The letters of one subscription: in groups, and one by one. */
export function SubscriptionLetters({ of, query, can }: SubscriptionLettersProps): JSX.Element {
  const asked = (name: string): string => query.get(name) ?? "";
  const place = { of, group: asked("group"), text: asked("text"), from: asked("from"), to: asked("to") };
  const letters = useLetters({ ...inUtc(place), page: asked("page") === "" ? "0" : asked("page") });
  const { list, error } = letters;
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [plan, setPlan] = useState<LetterPlan>();
  const { job, look } = useJob(of);
  useEffect(() => {
    // A job may begin and end between two looks at it: its end is compared with the list.
    if (job?.ended == null || list === undefined || job.ended < list.readTime) return;
    setSelected(new Set());
    letters.readAgain();
  }, [job?.ended, list?.readTime]);
  const actions = letterActions(can);
  const select = (refs: readonly string[], isSelected: boolean): void => {
    const next = new Set(selected);
    for (const ref of refs)
      if (isSelected) next.add(ref);
      else next.delete(ref);
    if (next.size <= MAX_SELECTED) setSelected(next);
  };
  const act = (action: LetterPlan["action"], choice: LetterChoice): void => setPlan({ action, choice });
  const isEmpty = list !== undefined && list.read === 0 && list.job === null;
  return (
    <>
      <nav aria-label="Where you are">
        <Link to={lettersAddress()}>Dead letters</Link> /
      </nav>
      <ScreenHeading>{of}</ScreenHeading>
      {job !== undefined && <JobLine job={job} onStop={look} />}
      {error !== undefined && (
        <Notice kind="error">
          The letters cannot be read: {error} <button onClick={letters.readAgain}>Try again</button>
        </Notice>
      )}
      <ReadLine letters={letters} />
      {isEmpty && <Notice kind="done">There are no dead letters here. There is nothing to do.</Notice>}
      {list !== undefined && !isEmpty && (
        <>
          <p class="buttons">
            {actions.includes("redrive") && (
              <button type="button" onClick={() => act("redrive", { kind: "all" })}>
                Redrive all…
              </button>
            )}
            {actions.includes("purge") && (
              <button type="button" class="danger" onClick={() => act("purge", { kind: "all" })}>
                Purge all…
              </button>
            )}
            <ExportButton of={of} choice={{ kind: "all" }} label="Download all" />
            {actions.length < 2 && (
              <span class="quiet">
                You may not {["redrive", "purge"].filter((one) => !actions.some((own) => own === one)).join(" or ")}{" "}
                here.
              </span>
            )}
          </p>
          <GroupsTable list={list} group={place.group} actions={actions} onAct={act} />
          <section aria-label="Letters" aria-busy={letters.isReading}>
            <h2>
              {place.group === "" ? "Letters" : "Letters of this group"}{" "}
              {place.group !== "" && <Link to={lettersAddress({ of })}>show all groups</Link>}
            </h2>
            <SearchForm {...place} />
            <p role="status" class="quiet">
              {list.found === list.read
                ? letterWords(list.found)
                : `${shownCount(list.found)} of ${letterWords(list.read)}`}
            </p>
            {selected.size > 0 && (
              <div class="panel selected buttons" role="group" aria-label="Selected letters">
                <span>{shownCount(selected.size)} selected</span>
                {actions.map((action) => (
                  <button
                    key={action}
                    type="button"
                    class={action === "purge" ? "danger" : ""}
                    onClick={() => act(action, { kind: "letters", refs: [...selected] })}
                  >
                    {action === "purge" ? "Purge selected…" : "Redrive selected…"}
                  </button>
                ))}
                <ExportButton of={of} choice={{ kind: "letters", refs: [...selected] }} label="Download selected" />
                <button type="button" onClick={() => setSelected(new Set())}>
                  Select none
                </button>
              </div>
            )}
            {list.found === 0 && list.read > 0 && (
              <Notice kind="warning">
                No letter fits. The search looks at the first 4 KiB of each body; shorten the text or the time.
              </Notice>
            )}
            {list.found > 0 && <LettersTable list={list} selected={selected} onSelect={select} />}
            <PageLinks query={place} page={Number(asked("page"))} pages={list.pages} />
          </section>
        </>
      )}
      {plan !== undefined && (
        <PlanDialog
          of={of}
          plan={plan}
          onClose={() => setPlan(undefined)}
          onBegun={() => {
            setPlan(undefined);
            look();
          }}
        />
      )}
      {list !== undefined && <p class="quiet">Times are those of your time zone: {shownTime(Date.now())} is now.</p>}
    </>
  );
}

/** The fields of the form are in the visitor's time zone. */
function inUtc(place: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(place).filter(([, value]) => value !== "");
  return Object.fromEntries(
    given.map(([name, value]) => {
      const date = name === "from" || name === "to" ? new Date(value) : undefined;
      return [name, date === undefined || Number.isNaN(date.getTime()) ? value : date.toISOString()];
    }),
  );
}
