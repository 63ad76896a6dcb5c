import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { logIn } from "../log-in.ts";
import { Notice } from "./notice.tsx";

interface LogInFormProps {
  /** Why the link did not work. */
  readonly problem: string | undefined;
  readonly onDone: () => void;
}

/** What a visitor sees who is not signed in, where a token signs in. */
export function LogInForm({ problem: first, onDone }: LogInFormProps): JSX.Element {
  const [problem, setProblem] = useState(first);
  const [token, setToken] = useState("");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    // The whole address may be pasted, too.
    const failed = await logIn(token.trim().replace(/^.*#token=/, ""));
    setProblem(failed);
    if (failed === undefined) onDone();
  };
  return (
    <main class="log-in">
      <h1>Sign in</h1>
      <p>
        Open the address that <code>anytopic dashboard</code> printed. Its token works once: press Enter in that
        terminal for another one.
      </p>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <form onSubmit={(event) => void submit(event)}>
        <label>
          Token{" "}
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>{" "}
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}
