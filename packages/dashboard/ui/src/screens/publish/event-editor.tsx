import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EventForm, TopicDetail } from "../../../../src/api/topics.ts";
import type { Draft } from "./draft.ts";
import type { JsonSchema } from "./json-schema.ts";
import { isFields, SchemaFields } from "./schema-fields.tsx";

interface EventEditorProps {
  readonly detail: TopicDetail;
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

const FORM_NAMES: Readonly<Record<EventForm, string>> = { json: "JSON", text: "Text", hex: "Hexadecimal" };

/** The event: fields, where the schema says which, or its text. Both are of the same event. */
export function EventEditor({ detail, draft, onChange }: EventEditorProps): JSX.Element {
  const schema: JsonSchema | null = detail.jsonSchema;
  const hasFields = schema?.type === "object" && schema.properties !== undefined;
  const [wantsFields, setWantsFields] = useState(true);
  const value = parsed(draft.text);
  const showsFields = hasFields && wantsFields && isFields(value);
  return (
    <>
      <div class="editor-choice">
        <strong id="publish-event">Event</strong>
        {hasFields && (
          <span role="group" aria-label="How the event is written">
            <button
              type="button"
              aria-pressed={showsFields}
              disabled={!isFields(value)}
              onClick={() => setWantsFields(true)}
            >
              Fields
            </button>
            <button type="button" aria-pressed={!showsFields} onClick={() => setWantsFields(false)}>
              JSON
            </button>
          </span>
        )}
        {detail.forms.length > 1 && (
          <select
            aria-label="How the event is written"
            value={draft.form}
            onChange={(event) => onChange({ form: event.currentTarget.value as EventForm })}
          >
            {detail.forms.map((form) => (
              <option key={form} value={form}>
                {FORM_NAMES[form]}
              </option>
            ))}
          </select>
        )}
      </div>
      {showsFields && schema !== null ? (
        <SchemaFields
          schema={schema}
          root={schema}
          value={value}
          onChange={(fields) => onChange({ text: JSON.stringify(fields, null, 2) })}
        />
      ) : (
        <textarea
          class="code event-text"
          rows={10}
          spellcheck={false}
          aria-labelledby="publish-event"
          value={draft.text}
          onInput={(event) => onChange({ text: event.currentTarget.value })}
        />
      )}
      <p class="quiet">{hint(detail, hasFields)}</p>
    </>
  );
}

function hint({ codec, hasSchema, hasOrderingKey }: TopicDetail, hasFields: boolean): string {
  const schema = hasSchema && !hasFields ? " It is checked against the schema, which does not say its fields." : "";
  const key = hasOrderingKey ? " The declaration makes its ordering key." : "";
  return `Encoded by the codec ${codec} of the topic.${schema}${key}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
