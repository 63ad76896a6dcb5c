import type { ComponentChildren, JSX } from "preact";
import { replaceQuery } from "../../location.ts";
import { PlaceChoice } from "./place-choice.tsx";
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
      <input
        type="search"
        aria-label="Text in id, error or service"
        placeholder="Id, error or service"
        value={query.get("text") ?? ""}
        onInput={(event) => replaceQuery("text", event.currentTarget.value)}
      />
      <PlaceChoice query={query} />
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
