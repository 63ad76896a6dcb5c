import type { JSX } from "preact";
import type { AttributeLine } from "./draft.ts";

interface AttributeLinesProps {
  readonly lines: readonly AttributeLine[];
  readonly onChange: (lines: readonly AttributeLine[]) => void;
}

/** Attributes, one a line. */
export function AttributeLines({ lines, onChange }: AttributeLinesProps): JSX.Element {
  const change = (at: number, part: Partial<AttributeLine>): void =>
    onChange(lines.map((line, index) => (index === at ? { ...line, ...part } : line)));
  return (
    <fieldset class="field object">
      <legend>Attributes</legend>
      {lines.map(({ key, value }, index) => (
        // A line is its place: its key changes while it is written.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} class="attribute-line">
          <input
            type="text"
            aria-label={`Name of attribute ${index + 1}`}
            placeholder="name"
            value={key}
            onInput={(event) => change(index, { key: event.currentTarget.value })}
          />
          <input
            type="text"
            aria-label={`Value of attribute ${index + 1}`}
            placeholder="value"
            value={value}
            onInput={(event) => change(index, { value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="remove"
            aria-label={`Remove attribute ${index + 1}`}
            onClick={() => onChange(lines.filter((_line, at) => at !== index))}
          >
            ✕
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...lines, { key: "", value: "" }])}>
        Add an attribute
      </button>
    </fieldset>
  );
}
