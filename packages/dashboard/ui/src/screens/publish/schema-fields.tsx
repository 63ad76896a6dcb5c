import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { choicesOf, fieldKind, firstValue, type JsonSchema, resolved } from "./json-schema.ts";

type Fields = Readonly<Record<string, unknown>>;

interface SchemaFieldsProps {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
  readonly value: Fields;
  readonly depth?: number;
  readonly onChange: (value: Fields) => void;
}

/** A field for each property of an object. */
export function SchemaFields({ schema, root, value, depth = 0, onChange }: SchemaFieldsProps): JSX.Element {
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, part]) => (
        <SchemaField
          key={name}
          name={name}
          schema={resolved(part, root)}
          root={root}
          isRequired={schema.required?.includes(name) === true}
          value={value[name]}
          depth={depth}
          onChange={(changed) => onChange(withValue(value, name, changed))}
        />
      ))}
    </>
  );
}

interface SchemaFieldProps {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
  readonly isRequired: boolean;
  readonly value: unknown;
  readonly depth: number;
  /** `undefined`: the property is left out. */
  readonly onChange: (value: unknown) => void;
}

function SchemaField(props: SchemaFieldProps): JSX.Element {
  const { name, schema, isRequired, depth } = props;
  const kind = fieldKind(schema, depth);
  const id = useId();
  if (kind === "object") return <ObjectField {...props} />;
  const Input = { text: TextInput, number: NumberInput, boolean: ChoiceInput, choice: ChoiceInput, json: JsonInput }[
    kind
  ];
  return (
    <div class="field">
      <label for={id}>
        {name}
        {!isRequired && <span class="quiet"> (optional)</span>}
      </label>
      <Input {...props} id={id} />
      {schema.description !== undefined && (
        <span class="quiet" id={`${id}-help`}>
          {schema.description}
        </span>
      )}
    </div>
  );
}

type InputProps = SchemaFieldProps & { readonly id: string };

function TextInput({ id, value, schema, isRequired, onChange }: InputProps): JSX.Element {
  const shared = {
    id,
    value: typeof value === "string" ? value : "",
    "aria-describedby": `${id}-help`,
    // An optional text that is empty is left out; a required one is an empty text.
    onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
      onChange(currentTarget.value === "" && !isRequired ? undefined : currentTarget.value),
  };
  if ((schema.maxLength ?? 0) > 200) return <textarea rows={3} {...shared} />;
  return <input type="text" placeholder={schema.format ?? ""} {...shared} />;
}

function NumberInput({ id, value, schema, onChange }: InputProps): JSX.Element {
  return (
    <input
      type="number"
      id={id}
      step={schema.type === "integer" ? 1 : "any"}
      value={typeof value === "number" ? value : ""}
      aria-describedby={`${id}-help`}
      onInput={({ currentTarget }) => onChange(currentTarget.value === "" ? undefined : currentTarget.valueAsNumber)}
    />
  );
}

function ChoiceInput({ id, value, schema, onChange }: InputProps): JSX.Element {
  const choices = schema.type === "boolean" ? [true, false] : choicesOf(schema);
  const chosen = choices.indexOf(value);
  return (
    <select
      id={id}
      value={String(chosen)}
      aria-describedby={`${id}-help`}
      onChange={({ currentTarget }) => onChange(choices[Number(currentTarget.value)])}
    >
      <option value="-1">not set</option>
      {choices.map((choice, index) => (
        <option key={String(choice)} value={String(index)}>
          {String(choice)}
        </option>
      ))}
    </select>
  );
}

function JsonInput({ id, value, onChange }: InputProps): JSX.Element {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value));
  const [isWrong, setWrong] = useState(false);
  const read = (written: string): void => {
    setText(written);
    try {
      onChange(written.trim() === "" ? undefined : JSON.parse(written));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <>
      <textarea
        class="code"
        rows={2}
        id={id}
        value={text}
        placeholder="JSON"
        aria-invalid={isWrong}
        aria-describedby={`${id}-help`}
        onInput={({ currentTarget }) => read(currentTarget.value)}
      />
      {isWrong && <span class="is-problem">This is not JSON yet: the former value is kept.</span>}
    </>
  );
}

function ObjectField({ name, schema, root, isRequired, value, depth, onChange }: SchemaFieldProps): JSX.Element {
  const fields = isFields(value) ? value : undefined;
  return (
    <fieldset class="field object">
      <legend>
        {isRequired ? (
          name
        ) : (
          <label>
            <input
              type="checkbox"
              checked={fields !== undefined}
              onChange={({ currentTarget }) =>
                onChange(currentTarget.checked ? (firstValue(schema, root) ?? {}) : undefined)
              }
            />{" "}
            {name} <span class="quiet">(optional)</span>
          </label>
        )}
      </legend>
      {schema.description !== undefined && <p class="quiet">{schema.description}</p>}
      {(isRequired || fields !== undefined) && (
        <SchemaFields schema={schema} root={root} value={fields ?? {}} depth={depth + 1} onChange={onChange} />
      )}
    </fieldset>
  );
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withValue(fields: Fields, name: string, value: unknown): Fields {
  const { [name]: _former, ...others } = fields;
  return value === undefined ? others : { ...fields, [name]: value };
}
