import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterChoice } from "../../../../src/api/letters.ts";
import { post } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { shownTime } from "../../parts/format.ts";
import { Notice } from "../../parts/notice.tsx";
import { refusalWords } from "../../parts/refusal-words.ts";
import { choiceWords, countWords, letterWords } from "./choice-words.ts";
import { ExportButton } from "./export-button.tsx";
import { useCount } from "./use-count.ts";

interface PurgeDialogProps {
  readonly of: string;
  readonly choice: LetterChoice;
  readonly onClose: () => void;
  readonly onBegun: () => void;
}

/** Counts first, offers an export, and asks for the name. */
export function PurgeDialog({ of, choice, onClose, onBegun }: PurgeDialogProps): JSX.Element {
  const { count, error } = useCount(of, choice);
  const [typed, setTyped] = useState("");
  const [refusal, setRefusal] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (count === undefined) return;
    if (typed.trim() !== of) {
      setRefusal(`That is not the name. Type ${of}`);
      return;
    }
    setBusy(true);
    try {
      const { upTo, matches } = count;
      await post("letters/purge", { of, choice, upTo, confirm: of, ...(matches > 0 ? { expected: matches } : {}) });
      onBegun();
    } catch (caught) {
      setRefusal(refusalWords(caught));
      setBusy(false);
    }
  };
  const isNone = count?.matches === 0 && count.total === null;
  return (
    <Dialog title={`Purge ${choiceWords(choice, of)}`} onClose={onClose}>
      <form onSubmit={(event) => void begin(event)} noValidate>
        <Notice kind="warning">
          {count === undefined && error === undefined && "Counting…"}
          {count !== undefined && isNone && "There is no such letter any more."}
          {count !== undefined &&
            !isNone &&
            `This deletes ${countWords(count, choice)}. It cannot be undone: nobody will ever handle these messages.`}
        </Notice>
        {count !== undefined && choice.kind !== "letters" && !isNone && (
          <p class="quiet">Letters that fail after {shownTime(count.upTo)} stay.</p>
        )}
        <ExportButton of={of} choice={choice} label="Download them first" />
        <p>
          <label>
            Type <strong>{of}</strong> to confirm
            <br />
            <input
              autocomplete="off"
              spellcheck={false}
              value={typed}
              aria-invalid={refusal !== undefined}
              onInput={(event) => {
                setTyped(event.currentTarget.value);
                setRefusal(undefined);
              }}
            />
          </label>
        </p>
        {error !== undefined && <Notice kind="error">The letters cannot be counted: {error}</Notice>}
        {refusal !== undefined && <Notice kind="error">{refusal}</Notice>}
        <p class="buttons">
          <button type="submit" class="danger" disabled={count === undefined || isNone || isBusy}>
            Purge {count === undefined || count.total !== null ? "" : letterWords(count.matches)}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}
