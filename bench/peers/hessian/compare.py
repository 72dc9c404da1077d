"""compare.py PROGRAM FOLDER ROUNDS [TASK...]: runs both sides in turn on one thread, prints one table.

The smallest time of each side counts; processor time in brackets. The difference is that of the results relative to the
largest value: rounding for products, the power iteration's error for eigenvalues, sampling for the trace of a density.
"""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

TASKS = {
    "products": "16 Hessian products, 784-50-50-10, 1000 samples",
    "pairs": "10 largest eigenpairs (residual 1e-4 / PyHessian's rule)",
    "density": "density, 60 steps, 4 vectors, 10,000 points",
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
    print("| task | Offprint s (CPU s) | products | PyTorch s (CPU s) | products | PyTorch / Offprint | difference |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for task in tasks:
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(call([program, task, folder, folder / "ours.npy"]))
            theirs.append(call([sys.executable, HERE / "peer.py", task, folder, folder / "theirs.npy"]))
        o, p = np.min(ours, axis=0), np.min(theirs, axis=0)
        a, b = np.load(folder / "ours.npy"), np.load(folder / "theirs.npy")
        print(f"| {TASKS[task]} | {o[0]:.3g} ({o[1]:.3g}) | {o[2]:.0f} | {p[0]:.3g} ({p[1]:.3g}) | {p[2]:.0f} | "
              f"{p[0] / o[0]:.2f} ({p[1] / o[1]:.2f}) | {np.max(abs(a - b)) / np.max(abs(b)):.1e} |", flush=True)
    print(f"\nsmallest of {rounds} interleaved rounds, one thread each; load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
