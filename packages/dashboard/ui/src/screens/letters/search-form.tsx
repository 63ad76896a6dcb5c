import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { go } from "../../location.ts";
import { lettersAddress } from "./addresses.ts";

interface SearchFormProps {
  readonly of: string;
  readonly group: string;
  readonly text: string;
  readonly from: string;
  readonly to: string;
}

/** Looks among the letters that were read. */
export function SearchForm({ of, group, ...given }: SearchFormProps): JSX.Element {
  const [fields, setFields] = useState(given);
  useEffect(() => setFields(given), [given.text, given.from, given.to]);
  const search = (event: Event): void => {
    event.preventDefault();
    go(lettersAddress({ of, group, ...fields }));
  };
  const field = (name: "text" | "from" | "to") => ({
    value: fields[name],
    onInput: (event: { readonly currentTarget: HTMLInputElement }) =>
      setFields({ ...fields, [name]: event.currentTarget.value }),
  });
  const isUsed = given.text !== "" || given.from !== "" || given.to !== "";
  return (
    <form class="search" role="search" onSubmit={search}>
      <label>
        <span>Id, key, attribute, error, or text in the body</span>
        <input type="search" maxlength={200} {...field("text")} />
      </label>
      <label>
        <span>Failed from</span>
        <input type="datetime-local" step="1" {...field("from")} />
      </label>
      <label>
        <span>until</span>
        <input type="datetime-local" step="1" {...field("to")} />
      </label>
      <button type="submit">Search</button>
      {isUsed && (
        <button type="button" onClick={() => go(lettersAddress({ of, group }))}>
          Show all
        </button>
      )}
    </form>
  );
}
