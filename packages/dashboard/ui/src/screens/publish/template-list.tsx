import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Draft } from "./draft.ts";
import { keepTemplate, readTemplates, removeTemplate, type Template } from "./templates.ts";

interface TemplateListProps {
  readonly topic: string;
  readonly draft: Draft;
  readonly onUse: (template: Template) => void;
}

/** The visitor's own templates for a topic. */
export function TemplateList({ topic, draft, onUse }: TemplateListProps): JSX.Element {
  const [templates, setTemplates] = useState(readTemplates);
  const [name, setName] = useState("");
  const [isFull, setFull] = useState(false);
  const own = templates.filter((template) => template.topic === topic);
  const keep = (event: Event): void => {
    event.preventDefault();
    const { form, text, attributes } = draft;
    setFull(!keepTemplate({ name: name.trim(), topic, form, text, attributes }));
    setTemplates(readTemplates());
    setName("");
  };
  return (
    <section class="panel templates" aria-labelledby="templates">
      <h2 id="templates">Templates</h2>
      {own.length > 0 && (
        <ul>
          {own.map((template) => (
            <li key={template.name}>
              <button type="button" onClick={() => onUse(template)} aria-label={`Use the template ${template.name}`}>
                {template.name}
              </button>
              <button
                type="button"
                class="remove"
                aria-label={`Delete the template ${template.name}`}
                onClick={() => {
                  removeTemplate(template);
                  setTemplates(readTemplates());
                }}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={keep}>
        <label>
          Keep this message as{" "}
          <input type="text" maxLength={80} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>{" "}
        <button type="submit" disabled={name.trim() === "" || draft.text === ""}>
          Keep
        </button>
      </form>
      {isFull && <p class="is-problem">This browser keeps nothing for this page, or has no more room.</p>}
      <p class="quiet">
        Templates stay in this browser: body and attributes, for everybody who uses it. Keep no secrets in them.
      </p>
    </section>
  );
}
