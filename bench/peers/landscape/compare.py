"""compare.py PROGRAM FOLDER ROUNDS [TASK...]: runs both sides in turn, prints one table.

Each round runs Offprint and Python one after the other, each in a fresh process with the same number of threads; the
table keeps the smallest time of each side, which is what a shared machine disturbs least, and shows beside the clock the
processor time of all threads (in brackets). Offprint's threads are its own (its BLAS has one). The limit is what the
unavoidable takes alone. The difference is the largest one between the two results, relative to the largest value: a
faster wrong answer would show there. A further task is one line in TASKS.
"""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

# task -> (title, threads, limit in words, target ratio Python / Offprint or None)
TASKS = {
    "hessian_small": ("Hessian spectrum, 1715 parameters, 1000 samples, 5 x 60 products, by hand", (1, 2),
                      "12 M N flops a product at the rate of a large dgemm on one thread", 10),
    "hessian_digits": ("Hessian spectrum, 42310 parameters, 1000 images, 5 x 60 products, by hand", (1, 2),
                       "the same", None),
    "hessian_script": ("Hessian spectrum, 1715 parameters, as a TorchScript model", (1, 2), "the same", None),
    "hessian_conv": ("Hessian spectrum, convolutional network, 500 images, 2 x 20 products, TorchScript, single precision", (1, 2),
                     "one gradient for each product, one thread", None),
    "hessian_pairs": ("10 largest eigenpairs, 42310 parameters: residual 1e-4 / PyHessian's rule", (1,),
                      "one gradient for each of 300 products, LibTorch", 8),
    "hessian_density": ("density of the same at 10000 points, 5 x 60 products", (1,), "the same", None),
    "dln": ("10000 SGD steps, diagonal network d=1000", (1,), "copying 3 d doubles a step (24 kB read, 24 kB written)",
            50),
    "relu": ("10000 SGD steps, ReLU network d=m=100", (1,), "copying W once a step", 15),
    "threshold": ("exact threshold, n=r=1000", (1, 2), "dsyevd and two dgemm an iteration of Offprint's", None),
    "nc_metrics": ("collapse metrics, N=60000 d=512 K=10", (1, 2), "every feature read twice", 10),
    "nc_flow": ("4000 RK4 steps of the central path, K=3 d=6 n=20", (1,), "as many products of its size", 20),
}
HERE = Path(__file__).resolve().parent


def call(words, blas_threads):
    env = dict(os.environ, OPENBLAS_NUM_THREADS=str(blas_threads), OMP_NUM_THREADS=str(blas_threads))
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
    print(f"{cpu}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before; "
          f"numpy {np.__version__}, torch {torch.__version__}; "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')} for both\n")
    print("| task | threads | Offprint s (CPU s) | Python s (CPU s) | Python / Offprint | limit s | Offprint / limit | "
          "largest difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    verdicts = []
    for task in tasks:
        title, threads_of, _, target = TASKS[task]
        for threads in threads_of:
            if threads > len(os.sched_getaffinity(0)):
                continue
            times = {"offprint": [], "python": [], "limit": []}
            for _ in range(rounds):
                ours_file, theirs_file = folder / "ours.npy", folder / "theirs.npy"
                times["offprint"].append(call([program, "offprint", task, folder, threads, ours_file], 1))
                *python, share = call([sys.executable, HERE / "peer.py", task, folder, theirs_file, threads], threads)
                times["python"].append(python)
                times["limit"].append(call([program, "limit", task, folder], threads))
            o, p, l = (np.min(times[k], axis=0) for k in ("offprint", "python", "limit"))  # [wall, cpu]
            ours, theirs = np.load(ours_file), np.load(theirs_file)
            difference = np.max(abs(ours - theirs)) / np.max(abs(theirs))
            cells = [f"{v[0]:.4g} ({v[1]:.4g})" for v in (o, p)] + [f"{p[0] / o[0]:.1f} ({p[1] / o[1]:.1f})"]
            cells += [f"{l[0]:.4g} ({l[1]:.4g})", f"{o[0] / l[0]:.2f} ({o[1] / l[1]:.2f})", f"{difference:.1e}"]
            print(f"| {title}{'' if share == 1 else f', Python scaled from {share:.2g}'} | {threads} | "
                  f"{' | '.join(cells)} |", flush=True)
            if target is not None:  # one thread: by processor time, which others do not disturb
                ratio = p[1] / o[1]
                verdicts.append(f"{'met' if ratio >= target else 'MISSED'} {title}: at least {target}x; here "
                                f"{ratio:.0f}x (processor time)")
    print()
    for task in tasks:
        print(f"limit of {task}: {TASKS[task][2]}")
    print(f"smallest of {rounds} interleaved rounds; load {os.getloadavg()[0]:.1f} after\n")
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
