// The form of a server that is reached over the network: it wants its access token first.
import { useRef, useState } from "preact/hooks";

import { ApiError, request } from "../api/client";
import { server } from "../api/server";
import { Heading, sentence } from "../components/common";

export function SignIn() {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    request("POST", "/session", { body: { token: input.current?.value.trim() ?? "" } }).then(
      () => server.signedIn(),
      (error: unknown) => {
        setBusy(false);
        setProblem(error instanceof ApiError && error.status === 401 ? "This is not the token of this server." : sentence(error));
        input.current?.focus();
      },
    );
  };
  return (
    <div class="narrow">
      <Heading title="Sign in" />
      <p>This page is served to other machines, so it asks for its access token: the first line of the file that <code>offprint serve --token-file</code> names.</p>
      <form class="fields" onSubmit={submit}>
        <div class="field">
          <label for="token">Access token</label>
          <input ref={input} id="token" type="password" autocomplete="current-password" required aria-invalid={problem !== ""} aria-describedby="token-problem" />
          <p id="token-problem" class="problem" role="alert">{problem}</p>
        </div>
        <button class="primary" disabled={busy}>Sign in</button>
      </form>
    </div>
  );
}
