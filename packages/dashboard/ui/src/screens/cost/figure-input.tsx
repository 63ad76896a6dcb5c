import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { replaceQuery } from "../../location.ts";
import type { EnteredFigure } from "./figures.ts";

/** A number that is kept in the address. What is wrong with it stands below it. */
export function FigureInput({
  queryName,
  entered: { text, problem },
  placeholder,
  label,
  isLabelShown = true,
  hint,
}: {
  readonly queryName: string;
  readonly entered: EnteredFigure;
  readonly placeholder: string;
  readonly label: string;
  readonly isLabelShown?: boolean;
  readonly hint?: string;
}): JSX.Element {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, problem === undefined ? "" : `${id}-problem`];
  return (
    <div class="figure">
      <label for={id} class={isLabelShown ? "" : "sr-only"}>
        {label}
      </label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        value={text}
        placeholder={placeholder}
        aria-invalid={problem !== undefined}
        aria-describedby={described.join(" ").trim() || undefined}
        onInput={(event) => replaceQuery(queryName, event.currentTarget.value)}
      />
      {hint !== undefined && (
        <small id={`${id}-hint`} class="quiet">
          {hint}
        </small>
      )}
      {problem !== undefined && (
        <small id={`${id}-problem`} class="figure-problem" role="status">
          {problem}
        </small>
      )}
    </div>
  );
}
