import { render } from "preact";

import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/source-serif-4/wght.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/papers.css";
import "./styles/work.css";
import { App } from "./app";
import { startRouter } from "./router";

startRouter();
render(<App />, document.getElementById("app")!);
