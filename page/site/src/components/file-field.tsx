// Files for a run: uploaded (chosen or dropped), or named by their path in a folder that the server may read.
import { useRef, useState } from "preact/hooks";

import { ApiError, query, request, useApi } from "../api/client";
import type { FolderPage, Health, Upload } from "../api/types";
import { bytes } from "../format";
import { Failure, Loading, sentence } from "./common";
import { File as FileIcon, Folder } from "./icons";

interface Shown {
  id: string;
  many: boolean;
  value: string;
  describedBy: string;
  invalid: boolean;
  required: boolean;
  health: Health | null;
  change: (value: string) => void;
  /// A file was uploaded: its value, its own name, and the columns of a table.
  uploaded: (upload: Upload) => void;
}

export function FileField({ id, many, value, describedBy, invalid, required, health, change, uploaded }: Shown) {
  const chooser = useRef<HTMLInputElement>(null);
  const [state, setState] = useState("");
  const [problem, setProblem] = useState("");
  const [over, setOver] = useState(false);
  const [browsing, setBrowsing] = useState(false);
  const latest = useRef(value);
  latest.current = value;
  const limit = health?.uploads_limit_bytes ?? null;
  const folders = health?.allowed_folders ?? [];

  const add = (one: string) => {
    const before = latest.current.trim();
    latest.current = many && before !== "" ? `${before},${one}` : one;
    change(latest.current);
  };
  const upload = async (files: File[]) => {
    setProblem("");
    for (const file of many ? files : files.slice(0, 1)) {
      if (limit !== null && file.size > limit) {
        setProblem(`${file.name} has ${bytes(file.size)}; an upload has at most ${bytes(limit)}. A file of any size can be named by its path if the server was started with --allow FOLDER.`);
        continue;
      }
      setState(`Uploading ${file.name}, ${bytes(file.size)}`);
      try {
        const done = await request<Upload>("POST", `/uploads${query({ name: file.name })}`, { raw: file });
        uploaded(done);
        add(done.value);
        setState(`${done.name} is uploaded, ${bytes(done.bytes)}${done.columns ? `; columns: ${done.columns.slice(0, 12).join(", ")}${done.columns.length > 12 ? " and more" : ""}` : ""}`);
      } catch (error) {
        setState("");
        setProblem(error instanceof ApiError && error.status === 413 ? `${file.name} is too large for this server.` : sentence(error));
      }
    }
    if (chooser.current) chooser.current.value = "";
  };

  return (
    <div
      class={`files ${over ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void upload([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <div class="files-row">
        <input id={id} type="text" value={value} spellcheck={false} autocomplete="off" aria-describedby={describedBy} aria-invalid={invalid} aria-required={required} placeholder={folders.length > 0 ? "upload a file, or a path on the server" : "upload a file"} onInput={(event) => change(event.currentTarget.value)} />
        <button type="button" onClick={() => chooser.current?.click()}>Upload<span class="unseen"> for {id.replace(/^option-/, "")}</span></button>
        {folders.length > 0 && <button type="button" aria-expanded={browsing} onClick={() => setBrowsing(!browsing)}>Browse<span class="unseen"> for {id.replace(/^option-/, "")}</span></button>}
      </div>
      <input ref={chooser} type="file" class="unseen" tabIndex={-1} aria-hidden="true" multiple={many} data-option={id} onChange={(event) => void upload([...(event.currentTarget.files ?? [])])} />
      <p class="small" role="status">{state || (limit !== null ? `Drop a file here, up to ${bytes(limit)}.` : "")}</p>
      {problem !== "" && <p class="problem" role="alert">{problem}</p>}
      {browsing && <Browser choose={(path) => { add(path); setBrowsing(many); }} />}
    </div>
  );
}

function Browser({ choose }: { choose: (path: string) => void }) {
  const [folder, setFolder] = useState<string | null>(null);
  const page = useApi<FolderPage>(`/files${query({ folder })}`);
  return (
    <div class="browser" role="group" aria-label="Files on the server">
      <p class="small">{page.data?.folder ?? "Folders that runs may read"}</p>
      {page.error && <Failure error={page.error} retry={page.reload} what="the folder" />}
      {!page.data && page.loading && <Loading what="the folder" />}
      {page.data && (
        <ul>
          {page.data.folder !== null && <li><button type="button" class="link" onClick={() => setFolder(page.data!.parent)}><Folder /> up</button></li>}
          {page.data.entries.map((entry) => (
            <li key={entry.path}>
              <button type="button" class="link" onClick={() => (entry.folder ? setFolder(entry.path) : choose(entry.path))}>{entry.folder ? <Folder /> : <FileIcon />} <span dir="auto">{entry.name}</span></button>
              {!entry.folder && <span class="small">{bytes(entry.bytes)}</span>}
            </li>
          ))}
          {page.data.entries.length === 0 && <li class="small">nothing here</li>}
        </ul>
      )}
    </div>
  );
}
