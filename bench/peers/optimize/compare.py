"""compare.py PROGRAM FOLDER ROUNDS DATA...: runs both sides in turn on each LIBSVM file, prints one table.

Each round runs Offprint and then every peer, one thread each; the table keeps the smallest processor time of each, which
is what a shared machine disturbs least, and the wall time beside it. Every result is checked on the common objective:
mean logistic loss + (l2/2)||w||^2, no intercept; a solver that does not reach the gradient norm says what it reached.
"""
import os
import subprocess
import sys
from pathlib import Path

L2, TOLERANCE = "1e-4", "1e-6"
LIMITS = {"mushrooms": 0.04, "a9a": 0.10, "w8a": 0.20}  # seconds on one core
HERE = Path(__file__).resolve().parent


def call(words):
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    done = subprocess.run([str(w) for w in words], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return done.stdout


def main():
    program, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    import scipy
    import sklearn
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    print(f"{cpu}, load {os.getloadavg()[0]:.1f} before; scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}; "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')} for all; one thread each\n")
    print("| data | solver | processor s | wall s | gradient norm | f | / Offprint |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    verdicts = []
    for data in map(Path, sys.argv[4:]):
        rows = {}
        for _ in range(rounds):
            wall, spent, norm, f, _ = call([program, data, L2, TOLERANCE]).split()
            lines = [f"Offprint\t{wall}\t{spent}\t{norm}\t{f}"]
            lines += call([sys.executable, HERE / "peer.py", data, L2, TOLERANCE, folder / "settings.json"]).splitlines()
            for line in lines:
                name, wall, spent, norm, f = line.split("\t")
                old = rows.get(name, (float("inf"), float("inf"), "", ""))
                rows[name] = (min(old[0], float(spent)), min(old[1], float(wall)), norm, f)
        ours = rows["Offprint"][0]
        for name, (spent, wall, norm, f) in rows.items():
            short = "" if float(norm) <= float(TOLERANCE) else " (not reached)"
            print(f"| {data.name} | {name} | {spent:.4f} | {wall:.4f} | {norm}{short} | {float(f):.12f} | "
                  f"{spent / ours:.1f} |", flush=True)
        reached = {n: r[0] for n, r in rows.items() if n != "Offprint" and float(r[2]) <= float(TOLERANCE)}
        sk = {n: t for n, t in reached.items() if n.startswith("sklearn")}
        if sk:
            best = min(sk, key=sk.get)
            verdicts.append(f"{'met' if sk[best] >= 10 * ours else 'MISSED'} {data.name}: at least 10x the best of "
                            f"scikit-learn ({best}); here {sk[best] / ours:.1f}x")
        if "liblinear" in reached:
            ratio = reached["liblinear"] / ours
            verdicts.append(f"{'met' if ratio >= 3 else 'MISSED'} {data.name}: at least 3x LIBLINEAR; here {ratio:.1f}x")
        if data.name in LIMITS:
            limit = LIMITS[data.name]
            verdicts.append(f"{'met' if ours <= limit else 'MISSED'} {data.name}: at most {limit} s; here {ours:.4f} s")
    print(f"\nsmallest of {rounds} interleaved rounds; load {os.getloadavg()[0]:.1f} after\n")
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
