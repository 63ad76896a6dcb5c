import "./parts.css";
import type { ComponentChildren, JSX } from "preact";
import { replaceQuery } from "../location.ts";

export interface Filter {
  readonly text: string;
  readonly onlyProblems: boolean;
}

export function filterOf(query: URLSearchParams): Filter {
  return { text: query.get("filter") ?? "", onlyProblems: query.get("problems") === "1" };
}

/** Finds subscriptions by name, and those with a problem. Kept in the address. */
export function FilterBar({
  filter,
  children,
}: {
  readonly filter: Filter;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="toolbar" role="search">
      <label>
        <span class="sr-only">Filter by name</span>
        <input
          type="search"
          placeholder="Filter by name"
          value={filter.text}
          onInput={(event) => replaceQuery("filter", event.currentTarget.value)}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={filter.onlyProblems}
          onChange={(event) => replaceQuery("problems", event.currentTarget.checked ? "1" : "")}
        />
        Only with a problem
      </label>
      {children}
    </div>
  );
}
