import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { LetterChoice, WireEdit } from "../../../../src/api/letters.ts";
import { post } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { shownTime } from "../../parts/format.ts";
import { Notice } from "../../parts/notice.tsx";
import { refusalWords } from "../../parts/refusal-words.ts";
import { choiceWords, countWords, letterWords } from "./choice-words.ts";
import { useCount } from "./use-count.ts";

interface RedriveDialogProps {
  readonly of: string;
  readonly choice: LetterChoice;
  readonly edit?: WireEdit | undefined;
  readonly onClose: () => void;
  readonly onBegun: () => void;
}

const DEFAULT_PER_SECOND = "50";

/** Counts first, then begins. */
export function RedriveDialog({ of, choice, edit, onClose, onBegun }: RedriveDialogProps): JSX.Element {
  const { count, error } = useCount(of, choice);
  const [isSlow, setSlow] = useState(false);
  const [rate, setRate] = useState(DEFAULT_PER_SECOND);
  const [refusal, setRefusal] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (count === undefined) return;
    setBusy(true);
    try {
      const { upTo, matches } = count;
      const body = { of, choice, upTo, ...(matches > 0 ? { expected: matches } : {}) };
      await post("letters/redrive", {
        ...body,
        ...(isSlow ? { perSecond: Number(rate) } : {}),
        ...(edit === undefined ? {} : { edit }),
      });
      onBegun();
    } catch (caught) {
      setRefusal(refusalWords(caught));
      setBusy(false);
    }
  };
  const isNone = count?.matches === 0 && count.total === null;
  return (
    <Dialog title={`Redrive ${choiceWords(choice, of)}`} onClose={onClose}>
      <form onSubmit={(event) => void begin(event)}>
        <p>
          A redrive sends letters to {of} again, with attempt 1{edit !== undefined && " and your changes"}. No other
          subscription gets them.
        </p>
        <p role="status">
          {count === undefined && error === undefined && "Counting…"}
          {count !== undefined &&
            (isNone ? "There is no such letter any more." : `This concerns ${countWords(count, choice)}.`)}
        </p>
        {count !== undefined && choice.kind !== "letters" && !isNone && (
          <p class="quiet">Letters that fail after {shownTime(count.upTo)} stay, also those that fail again.</p>
        )}
        {count?.hasFilter === true && (
          <p class="quiet">The subscription has a filter: letters that it does not let pass stay.</p>
        )}
        {(choice.kind !== "letters" || choice.refs.length > 1) && (
          <fieldset>
            <legend>Speed</legend>
            <label>
              <input type="radio" name="speed" checked={!isSlow} onChange={() => setSlow(false)} /> As fast as the
              broker takes them
            </label>
            <label>
              <input type="radio" name="speed" checked={isSlow} onChange={() => setSlow(true)} /> At most
              <input
                type="number"
                min={1}
                max={1000}
                required={isSlow}
                value={rate}
                aria-label="Letters a second"
                onFocus={() => setSlow(true)}
                onInput={(event) => setRate(event.currentTarget.value)}
              />
              a second
            </label>
          </fieldset>
        )}
        {error !== undefined && <Notice kind="error">The letters cannot be counted: {error}</Notice>}
        {refusal !== undefined && <Notice kind="error">{refusal}</Notice>}
        <p class="buttons">
          <button type="submit" class="main" disabled={count === undefined || isNone || isBusy}>
            Redrive {count === undefined || count.total !== null ? "" : letterWords(count.matches)}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}
