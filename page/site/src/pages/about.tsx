// What the page is, and what its words mean.
import type { Health } from "../api/types";
import { Heading } from "../components/common";
import { StatusBadge } from "../components/paper-item";
import { VerdictBadge } from "../components/verdict";
import { number } from "../format";

export function AboutPage({ health }: { health: Health | null }) {
  return (
    <div class="narrow prose-page">
      <Heading title="About">Every paper runs</Heading>
      <p class="lead">Offprint is a daily-papers page that measures. For each paper that runs here it states the paper's claims with a rule made before the run, measures them on this machine, and says plainly which hold. The same method then runs on your own data.</p>
      <h2 id="verdicts">What the verdicts mean</h2>
      <dl class="meanings">
        <dt><VerdictBadge verdict="holds" /></dt><dd>Every criterion of the claim is met. Where a number has an interval, the whole interval meets the rule.</dd>
        <dt><VerdictBadge verdict="falls short" /></dt><dd>At least one criterion is missed, interval and all. It stays visible: a claim that falls short here is a result.</dd>
        <dt><VerdictBadge verdict="inconclusive" /></dt><dd>None is missed for certain, but an interval reaches over the limit of its rule: more samples or the fuller tier would decide.</dd>
        <dt><VerdictBadge verdict="not run" /></dt><dd>It was not measured, with the reason: data that are not here, a GPU that this machine lacks, a tier that was not asked for.</dd>
      </dl>
      <p>Every verdict names the run that it comes from. A run keeps seed, options, build and machine, and can be repeated with the command shown beside it; results do not depend on the number of threads.</p>
      <h2>What the badges mean</h2>
      <dl class="meanings">
        <dt><StatusBadge status="ready" /></dt><dd>The paper's claims can be checked and its method run on this machine.</dd>
        <dt><StatusBadge status="planned" /></dt><dd>The paper has a card, its implementation is still to come.</dd>
        <dt><StatusBadge status="feed" /></dt><dd>The paper came with <code>offprint feed pull</code> from arXiv or a list of daily papers.</dd>
      </dl>
      <h2>Tiers</h2>
      <p><strong>quick</strong> claims take seconds to a minute on a laptop, <strong>full</strong> ones minutes to hours; <strong>gpu</strong> ones need an accelerator.</p>
      <h2>Trending</h2>
      <p>The score adds the votes of the last days and the verdicts that changed lately, both fading with time; the formula is in the documentation of the catalogue.</p>
      <h2>In a terminal</h2>
      <pre tabIndex={0} aria-label="Commands"><code>{`offprint list                     the papers
offprint check koopman            its claims, measured here
offprint run koopman spectrum --data traj.csv
offprint report                   figures and verdicts as one file`}</code></pre>
      <p>The page speaks JSON under <code>/api/v1</code>: <a href="/api/v1/openapi.json">its description</a>. It asks no other host for anything.</p>
      {health && (
        <>
          <h2>This server</h2>
          <dl class="origin-list">
            <dt>version</dt><dd>{health.version}, {health.build_type}, <code>{health.commit}</code></dd>
            <dt>papers</dt><dd>{number(health.papers)}, of which {number(health.runnable)} run here</dd>
            {Object.entries(health.machine).filter(([, v]) => typeof v === "string" || typeof v === "number").map(([k, v]) => <><dt>{k.replace(/_/g, " ")}</dt><dd>{typeof v === "number" ? number(v) : String(v)}</dd></>)}
          </dl>
        </>
      )}
    </div>
  );
}
