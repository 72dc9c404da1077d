import { Heading } from "../components/common";

export function NotFound({ what }: { what?: string }) {
  return (
    <div class="narrow">
      <Heading title="Nothing here">{what ?? "There is no such page"}</Heading>
      <p>The address may be mistyped, or what it named was removed. <a href="/">The papers</a>, <a href="/search">the search</a> and <a href="/runs">the runs</a> are where they were.</p>
    </div>
  );
}
