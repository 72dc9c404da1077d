// A view whose code is fetched when it is first shown.
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Loading } from "./components/common";

export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>, what: string): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null;
  return function Lazy(props: P) {
    const [state, setState] = useState<"loading" | "ready" | "failed">(loaded ? "ready" : "loading");
    useEffect(() => {
      if (loaded) return;
      load().then(
        (component) => {
          loaded = component;
          setState("ready");
        },
        () => setState("failed"),
      );
    }, []);
    if (loaded) {
      const View = loaded;
      return <View {...props} />;
    }
    if (state === "failed") {
      return (
        <div class="notice error" role="alert">
          <p><strong>A part of the page could not be loaded.</strong> The server may have been stopped or updated.</p>
          <button type="button" onClick={() => window.location.reload()}>Load the page anew</button>
        </div>
      );
    }
    return <Loading what={what} />;
  };
}
