// What is known of the server as a whole: whether it answers, and whether it wants a token first.
import { useEffect, useState } from "preact/hooks";

type Listener = () => void;

const RETRY_MS = 3000;

class Server {
  answers = true;
  tokenNeeded = false;
  private readonly changed = new Set<Listener>();
  private readonly returned = new Set<Listener>();
  private timer: number | undefined;

  private tell(listeners: Set<Listener>): void {
    for (const listener of [...listeners]) listener();
  }

  /// A request got no answer: asks for /health until there is one.
  lost(): void {
    if (!this.answers) return;
    this.answers = false;
    this.tell(this.changed);
    this.probe();
  }

  private probe(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      fetch("/api/v1/health", { cache: "no-store" }).then(
        (response) => (response.ok ? this.reached() : this.probe()),
        () => this.probe(),
      );
    }, RETRY_MS);
  }

  reached(): void {
    if (this.answers) return;
    window.clearTimeout(this.timer);
    this.answers = true;
    this.tell(this.changed);
    this.tell(this.returned);
  }

  askForToken(): void {
    if (this.tokenNeeded) return;
    this.tokenNeeded = true;
    this.tell(this.changed);
  }

  signedIn(): void {
    this.tokenNeeded = false;
    this.tell(this.changed);
    this.tell(this.returned);
  }

  onChange(listener: Listener): () => void {
    this.changed.add(listener);
    return () => this.changed.delete(listener);
  }

  /// Called when the server answers again, or lets the reader in: what is shown must be fetched anew.
  onReturn(listener: Listener): () => void {
    this.returned.add(listener);
    return () => this.returned.delete(listener);
  }
}

export const server = new Server();

export function useServer(): { answers: boolean; tokenNeeded: boolean } {
  const [state, setState] = useState({ answers: server.answers, tokenNeeded: server.tokenNeeded });
  useEffect(() => server.onChange(() => setState({ answers: server.answers, tokenNeeded: server.tokenNeeded })), []);
  return state;
}
