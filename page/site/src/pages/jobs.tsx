// The queue: what runs, waits and has ended, live.
import { useApi } from "../api/client";
import { over, useSiteEvents } from "../api/events";
import type { Job } from "../api/types";
import { Empty, Failure, Heading, Loading, When } from "../components/common";
import { JobPanel } from "../components/job-panel";
import { paperUrl } from "../router";

const MOST_ENDED = 30;

export function JobsPage() {
  const jobs = useApi<Job[]>("/jobs");
  const update = (job: Job) => jobs.set((list) => (list.some((j) => j.id === job.id) ? list.map((j) => (j.id === job.id ? job : j)) : [job, ...list]));
  useSiteEvents((name, data) => {
    if (name === "again") jobs.reload();
    if (name === "job") update(data as Job);
  });
  const list = jobs.data ?? [];
  const active = list.filter((j) => !over(j)).sort((a, b) => (a.position ?? 0) - (b.position ?? 0) || a.id - b.id);
  const ended = list.filter(over).slice(0, MOST_ENDED);
  // One stream at most: the others are told by the site's.
  const running = active.find((j) => j.state === "running");
  return (
    <div class="narrow wide">
      <Heading title="Queue">The queue</Heading>
      {jobs.error && <Failure error={jobs.error} retry={jobs.reload} what="the queue" />}
      {!jobs.data && jobs.loading && <Loading what="the queue" />}
      {jobs.data && active.length === 0 && (
        <Empty title="Nothing is running or waiting.">
          <p>Open <a href="/?status=ready">a paper that runs here</a> and check a claim, or run its method on your own data.</p>
        </Empty>
      )}
      {active.map((job) => <JobPanel key={job.id} job={job} changed={update} follow={job.id === running?.id} where={<PaperLink job={job} />} />)}
      {ended.length > 0 && (
        <section aria-labelledby="ended">
          <h2 id="ended">Ended</h2>
          {ended.map((job) => <div key={job.id} class="ended"><JobPanel job={job} changed={update} where={<PaperLink job={job} />} /><p class="small"><When iso={job.ended ?? job.created} relative /></p></div>)}
        </section>
      )}
    </div>
  );
}

const PaperLink = ({ job }: { job: Job }) => <><a href={paperUrl(job.paper)}>{job.paper}</a>{" "}</>;
