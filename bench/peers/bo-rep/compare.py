"""compare.py PROGRAM FOLDER ROUNDS [TASK...]: runs both sides in turn, prints one table.

Each round runs Offprint and Python one after the other, each in a fresh process on one thread; the table keeps the
smallest time of each side and shows beside the clock the processor time (in brackets). The difference is the largest one
between the two results, relative to the largest value.
"""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

# task -> (title, target ratio Python / Offprint by processor time)
TASKS = {
    "setting_t": ("30 outer steps of BO-REP at setting T (RNN, hidden 48, batch 64; PyTorch in single precision)", 4),
    "problem_u": ("1000 steps of BO-REP on problem U (NumPy)", 50),
}
HERE = Path(__file__).resolve().parent


def call(words):
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    done = subprocess.run([str(w) for w in words], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return [float(x) for x in done.stdout.split()]


def main():
    program, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    tasks = sys.argv[4:] or list(TASKS)
    unknown = [t for t in tasks if t not in TASKS]
    if unknown:
        sys.exit(f"unknown task '{unknown[0]}': one of {', '.join(TASKS)}")
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    import torch
    print(f"{cpu}, load {os.getloadavg()[0]:.1f} before; numpy {np.__version__}, torch {torch.__version__}; "
          f"one thread on both sides; OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}\n")
    print("| task | Offprint s (CPU s) | Python s (CPU s) | Python / Offprint | largest difference |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    verdicts = []
    for task in tasks:
        title, target = TASKS[task]
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(call([program, "offprint", task, folder, folder / "ours.npy"]))
            theirs.append(call([sys.executable, HERE / "peer.py", task, folder, folder / "theirs.npy"]))
        o, p = np.min(ours, axis=0), np.min(theirs, axis=0)
        a, b = np.load(folder / "ours.npy").ravel(), np.load(folder / "theirs.npy").ravel()
        difference = np.max(abs(a - b)) / np.max(abs(b))
        print(f"| {title} | {o[0]:.4g} ({o[1]:.4g}) | {p[0]:.4g} ({p[1]:.4g}) | {p[0] / o[0]:.1f} ({p[1] / o[1]:.1f}) | "
              f"{difference:.1e} |", flush=True)
        ratio = p[1] / o[1]
        verdicts.append(f"{'met' if ratio >= target else 'MISSED'} {title}: at least {target}x; here {ratio:.1f}x")
    print(f"\nsmallest of {rounds} interleaved rounds; load {os.getloadavg()[0]:.1f} after\n" + "\n".join(verdicts))


if __name__ == "__main__":
    main()
