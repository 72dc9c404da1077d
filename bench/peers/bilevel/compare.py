"""compare.py PROGRAM FOLDER ROUNDS [TASK...]: makes the inputs, runs both sides in turn, prints one table.

Each round runs Offprint and NumPy one after the other in fresh processes with the same number of threads; the table keeps
the smallest time of each, by the clock and (in brackets) of the processor. The difference is the largest between the two
results: a faster wrong answer would show there.
"""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

# task -> (title, threads, unit of work, how many, target ratio NumPy / Offprint)
TASKS = {
    "q": ("problem Q, single loop (6 gradients a step)", (1,), "outer steps", 20_000, 20),
    "r": ("problem R, double loop of 5 (18 gradients a step)", (1,), "outer steps", 20_000, 20),
    "h": ("setting H, double loop of 5: 4000 x 785 x 10", (1, 2), "outer steps", 10, 2),
}
HERE = Path(__file__).resolve().parent


def call(words, threads):
    env = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
    done = subprocess.run([str(w) for w in words], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return [float(v) for v in done.stdout.split()]


def prepare(folder):
    """Setting H's shape with made-up pixels: a fifth of them not zero, as in MNIST."""
    random = np.random.RandomState(1)
    centres = random.rand(10, 784) * (random.rand(10, 784) < 0.25)
    for name, n in (("", 4000), ("v", 400)):
        labels = random.randint(0, 10, n)
        x = np.clip(centres[labels] + 0.3 * random.randn(n, 784) * (random.rand(n, 784) < 0.2), 0, 1)
        if not name:
            redrawn = random.rand(n) < 0.5
            labels = np.where(redrawn, random.randint(0, 10, n), labels)
        np.save(folder / f"{name}x.npy", np.hstack([x, np.ones((n, 1))]))
        np.save(folder / f"{name}labels.npy", labels.astype(float)[:, None])


def main():
    program, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    tasks = sys.argv[4:] or list(TASKS)
    unknown = [t for t in tasks if t not in TASKS]
    if unknown:
        sys.exit(f"unknown task '{unknown[0]}': one of {', '.join(TASKS)}")
    prepare(folder)
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    print(f"{cpu}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before; numpy {np.__version__}; "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')} for both\n")
    print("| task | threads | Offprint s (CPU s) | NumPy s (CPU s) | NumPy / Offprint | Offprint a second | limit s (CPU s) | "
          "largest difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    verdicts = []
    for task in tasks:
        title, threads_of, unit, count, target = TASKS[task]
        fastest = np.inf  # NumPy's, whatever its threads: on a shared machine two can be slower than one
        for threads in threads_of:
            if threads > len(os.sched_getaffinity(0)):
                continue
            times = {"offprint": [], "numpy": [], "limit": []}
            for _ in range(rounds):
                ours, theirs = folder / "ours.npy", folder / "theirs.npy"
                times["offprint"].append(call([program, "offprint", task, folder, threads, ours], 1))
                cost = call([sys.executable, HERE / "peer.py", task, folder, theirs], threads)
                times["numpy"].append(cost)
                if task == "h":
                    times["limit"].append(call([program, "limit", task, folder, threads], 1))
            o, p = (np.min(times[k], axis=0) for k in ("offprint", "numpy"))
            limit = "-"
            if times["limit"]:
                limit = "{:.4g} ({:.4g})".format(*np.min(times["limit"], axis=0))
            difference = np.max(abs(np.load(ours).ravel() - np.load(theirs).ravel()))
            print(f"| {title} | {threads} | {o[0]:.4g} ({o[1]:.4g}) | "
                  f"{p[0]:.4g} ({p[1]:.4g}) | {p[0] / o[0]:.1f} ({p[1] / o[1]:.1f}) | {count / o[0]:.3g} {unit} | {limit} | "
                  f"{difference:.1e} |", flush=True)
            fastest = min(fastest, p[0])
            ratio = fastest / o[0]
            if threads != threads_of[-1]:
                continue  # the target of setting H is for two threads
            verdicts.append(f"{'met' if ratio >= target else 'MISSED'} {title}, {threads} thread(s): at least {target}x; here "
                            f"{ratio:.1f}x by the clock, against NumPy's fastest")
    print(f"\nlimit of h: its products alone, by BLAS on cache-sized blocks\nsmallest of {rounds} interleaved rounds; "
          f"load {os.getloadavg()[0]:.1f} after\n")
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
