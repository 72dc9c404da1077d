"""compare.py PROGRAM FOLDER ROUNDS [TASK...]: runs both sides in turn, prints one table.

Each round runs Offprint and Python one after the other, each in a fresh process with the same number of threads; the
table keeps the smallest time of each side, which is what a shared machine disturbs least, and shows beside the clock the
processor time of all threads (in brackets). Offprint's threads are its own (its BLAS has one), Python's are BLAS threads. The limit is what the unavoidable library calls alone take on that
many BLAS threads. The difference is the largest one between the two results: a faster wrong answer would show there.
"""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

TASKS = {
    "grid50": "pseudospectrum, 3876 points, N=50",
    "grid100": "pseudospectrum, 3876 points, N=100",
    "grid200": "pseudospectrum, 3876 points, N=200",
    "edmd": "EDMD and residuals, Lorenz M=10000 N=300",
    "mpedmd": "mpEDMD, N=300",
    "rage": "RAGE, 20000 samples, 20 delays",
    "kernel": "kernel ResDMD, M=500, rank 100",
    "csv": "CSV, 100 MB",
}
LIMITS = {
    "grid": "one zpotrf a point", "edmd": "dgeqrf of the M x 2N stack + dgeev", "mpedmd": "dgesdd + zgees",
    "rage": "41 FFTW transforms", "kernel": "dsyevd + dgeev", "csv": "std::from_chars of the numbers, one thread",
}
# what the paper's sheet asks for: (task, threads) -> (test of ours, Python's, limit), in words
TARGETS = {
    ("grid200", 2): (lambda o, p, l: p / o >= 10, "at least 10x the Python loop"),
    ("edmd", 1): (lambda o, p, l: o / l <= 1.2, "within 1.2x of raw LAPACK"),
    ("rage", 1): (lambda o, p, l: o <= p, "no slower than numpy's rfft"),
}
HERE = Path(__file__).resolve().parent


def call(words, blas_threads):
    env = dict(os.environ, OPENBLAS_NUM_THREADS=str(blas_threads), OMP_NUM_THREADS=str(blas_threads))
    done = subprocess.run([str(w) for w in words], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return [float(x) for x in done.stdout.split()]


def difference(task, ours, theirs):
    if task.startswith("grid"):
        ours = ours.ravel()[::16]
        return np.max(abs(ours - theirs)), np.max(abs(ours - theirs) / theirs)
    if task in ("edmd", "kernel", "mpedmd"):  # eigenvalues come in any order: match each to the nearest one
        a, b = ours[:, 0] + 1j * ours[:, 1], theirs[:, 0] + 1j * theirs[:, 1]
        gaps = abs(a[:, None] - b[None, :])
        nearest = gaps.argmin(axis=1)
        return max(gaps.min(axis=1).max(), gaps.min(axis=0).max(), np.max(abs(ours[:, 2] - theirs[nearest, 2]))), None
    return np.max(abs(ours - theirs)), None


def blas():
    """The BLAS that the Python side loads: its core type, by the library's own word."""
    code = ("import ctypes, numpy.linalg, scipy.linalg, re;"
            "p=sorted({l.split()[-1] for l in open('/proc/self/maps') if re.search('openblas|libblas|mkl', l)});"
            "h=ctypes.CDLL(p[0]) if p else None;"
            "f=getattr(h,'openblas_get_config',None) if h else None;"
            "f and setattr(f,'restype',ctypes.c_char_p);"
            "print(p[0] if p else 'unknown', f().decode() if f else '')")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()


def verdict(task, threads, o, p, l):
    """One line; o, p, l are [wall, cpu]. One thread: by processor time, the two differ only by what others take."""
    test, words = TARGETS[task, threads]
    title = f"{TASKS[task]}, {threads} thread{'s' if threads > 1 else ''}: {words}"
    cores = o[1] / o[0]
    if threads > 1 and cores < 0.8 * threads:
        return (f"UNDECIDED {title}: the machine gave Offprint {cores:.2f} cores, and {p[0] / o[0]:.1f}x Python; by processor "
                f"time {p[1] / o[1]:.1f}x a core")
    which = 1 if threads == 1 else 0
    o, p, l = o[which], p[which], l[which]
    return (f"{'met' if test(o, p, l) else 'MISSED'} {title}; here {p / o:.2f}x Python, {o / l:.2f}x limit "
            f"({'processor time' if which else 'wall clock'})")


def main():
    program, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    tasks = sys.argv[4:] or list(TASKS)
    unknown = [t for t in tasks if t not in TASKS]
    if unknown:
        sys.exit(f"unknown task '{unknown[0]}': one of {', '.join(TASKS)}")
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    ours = next((l.split("=>")[1].split()[0] for l in linked.splitlines() if "blas" in l), "unknown")
    import scipy
    print(f"{cpu}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before; "
          f"numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"Offprint's BLAS: {os.path.realpath(ours)}; Python's: {blas()}; "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')} for both\n")
    print("| task | threads | Offprint s (CPU s) | Python s (CPU s) | Python / Offprint | limit s | Offprint / limit | largest difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    notes, verdicts = set(), []
    for task in tasks:
        for threads in sorted({1, min(2, len(os.sched_getaffinity(0)))}):
            times = {"offprint": [], "python": [], "limit": []}
            for _ in range(rounds):
                ours_file, theirs_file = folder / "ours.npy", folder / "theirs.npy"
                times["offprint"].append(call([program, "offprint", task, folder, threads, ours_file], 1))
                *python, share = call([sys.executable, HERE / "peer.py", task, folder, theirs_file], threads)
                times["python"].append(python)
                times["limit"].append(call([program, "limit", task, folder], threads))
            if share < 1:
                notes.add(f"{task.rstrip('0123456789')}: Python did {100 * share:.0f}% of the work, its time is scaled")
            o, p, l = (np.min(times[k], axis=0) for k in ("offprint", "python", "limit"))  # [wall, cpu]
            absolute, relative = difference(task, np.load(ours_file), np.load(theirs_file))
            text = f"{absolute:.1e}" + (f" ({relative:.1e} relative)" if relative is not None else "")
            cells = [f"{v[0]:.4g} ({v[1]:.4g})" for v in (o, p)] + [f"{p[0] / o[0]:.2f} ({p[1] / o[1]:.2f})"]
            cells += [f"{l[0]:.4g} ({l[1]:.4g})", f"{o[0] / l[0]:.2f} ({o[1] / l[1]:.2f})", text]
            print(f"| {TASKS[task]} | {threads} | {' | '.join(cells)} |", flush=True)
            if (task, threads) in TARGETS:
                verdicts.append(verdict(task, threads, o, p, l))
    print()
    for name in dict.fromkeys(t.rstrip("0123456789") for t in tasks):
        print(f"limit of {name}: {LIMITS[name]}")
    print("\n".join(sorted(notes)))
    print(f"smallest of {rounds} interleaved rounds; load {os.getloadavg()[0]:.1f} after\n")
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
