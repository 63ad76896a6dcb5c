import type { ComponentChildren, JSX } from "preact";
import { replaceQuery } from "../../location.ts";
import { EVENT_GROUPS } from "./event-groups.ts";

interface LiveFilterProps {
  readonly query: URLSearchParams;
  /** The names of the groups that are shown. */
  readonly groups: readonly string[];
  readonly children: ComponentChildren;
}

/** By text, topic, subscription and kind of event. Kept in the address. */
export function LiveFilter({ query, groups, children }: LiveFilterProps): JSX.Element {
  const turned = (name: string, isOn: boolean): string =>
    EVENT_GROUPS.map((group) => group.name)
      .filter((one) => (one === name ? isOn : groups.includes(one)))
      .join(",");
  return (
    <div class="toolbar live-filter" role="search">
      {FIELDS.map(([name, title]) => (
        <input
          key={name}
          type="search"
          aria-label={title}
          placeholder={title}
          value={query.get(name) ?? ""}
          onInput={(event) => replaceQuery(name, event.currentTarget.value)}
        />
      ))}
      <fieldset>
        <legend class="sr-only">Events</legend>
        {EVENT_GROUPS.map(({ name, title }) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={groups.includes(name)}
              onChange={(event) => replaceQuery("show", turned(name, event.currentTarget.checked) || "none")}
            />
            {title}
          </label>
        ))}
      </fieldset>
      {children}
    </div>
  );
}

const FIELDS = [
  ["text", "Id, error or service"],
  ["topic", "Topic"],
  ["subscription", "Subscription"],
] as const;
