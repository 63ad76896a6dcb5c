import { useEffect, useRef, useState } from "preact/hooks";
import type { LetterList } from "../../../../src/api/letters.ts";
import { get } from "../../api.ts";
import { refusalWords } from "../../parts/refusal-words.ts";

export interface Letters {
  readonly list: LetterList | undefined;
  readonly error: string | undefined;
  readonly isReading: boolean;
  /** Reads the queue again. */
  readonly readAgain: () => void;
}

/** One page of the letters. All pages and searches are of one read, until `readAgain`: a read takes letters from others on some brokers. */
export function useLetters(query: Readonly<Record<string, string>>): Letters {
  const [list, setList] = useState<LetterList>();
  const [error, setError] = useState<string>();
  const [isReading, setReading] = useState(true);
  const [asked, setAsked] = useState(0);
  const at = useRef({ id: "", asked: 0 });
  const key = JSON.stringify(query);
  useEffect(() => {
    const ended = new AbortController();
    const fresh = at.current.asked !== asked;
    const read = async (): Promise<void> => {
      setReading(true);
      try {
        const given = JSON.parse(key) as Record<string, string>;
        const answer = await get<LetterList>(
          "letters/list",
          fresh || at.current.id === "" ? given : { ...given, at: at.current.id },
          ended.signal,
        );
        at.current = { id: answer.at, asked };
        setList(answer);
        setError(undefined);
      } catch (caught) {
        if (ended.signal.aborted) return;
        setError(refusalWords(caught));
      }
      setReading(false);
    };
    void read();
    return () => ended.abort();
  }, [key, asked]);
  return { list, error, isReading, readAgain: () => setAsked((count) => count + 1) };
}
