"""compare.py PROGRAM ROUNDS: both sides in turn, the smallest processor time of each, one table and the targets."""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = [("gradient", 20, 50), ("gradient", 100, None), ("gradient", 1000, 15), ("trajectory", 20, None),
        ("trajectory", 100, None), ("sample", 100, 1000)]


def call(words):
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    done = subprocess.run([str(w) for w in words], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return float(done.stdout)


def main():
    program, rounds = sys.argv[1], int(sys.argv[2])
    import numpy
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    print(f"{cpu}, load {os.getloadavg()[0]:.1f} before; NumPy {numpy.__version__}; one thread each\n")
    print("| work | N | Offprint us | peer us | peer / Offprint | target |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for task, n, target in WORK:
        ours = theirs = float("inf")
        for _ in range(rounds):
            ours = min(ours, call([program, task, n]))
            theirs = min(theirs, call([sys.executable, HERE / "peer.py", task, n]))
        ratio = theirs / ours
        verdict = "" if target is None else f"{target}x {'met' if ratio >= target else 'MISSED'}"
        print(f"| {task}, NumPy | {n} | {1e6 * ours:.3f} | {1e6 * theirs:.1f} | {ratio:.1f} | {verdict} |", flush=True)
    for n, target in ((20, 5), (100, None)):
        ours = min(call([program, "trajectory", n]) for _ in range(rounds))
        theirs = min(call([program, "plain", n]) for _ in range(rounds))
        verdict = "" if target is None else f"{target}x {'met' if theirs / ours >= target else 'MISSED'}"
        print(f"| trajectory, plain C++ loop | {n} | {1e6 * ours:.3f} | {1e6 * theirs:.1f} | {theirs / ours:.1f} | {verdict} |")
    print(f"\nsmallest of {rounds} interleaved rounds, processor time; load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
