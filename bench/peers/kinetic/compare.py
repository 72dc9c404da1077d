"""compare.py PROGRAM ROUNDS: both sides in turn, the least of all rounds, one table.

The ratios set the peers' processor seconds (they run on one thread, so an idle machine would show these as wall seconds)
against this program's WALL seconds: on a shared machine that is the unfavourable way round.
"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENV = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")


def call(words):
    done = subprocess.run([str(w) for w in words], env=ENV, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return done.stdout


def main():
    program, rounds = sys.argv[1], int(sys.argv[2])
    import numpy
    import scipy
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown")
    print(f"{cpu}, load {os.getloadavg()[0]:.1f} before; NumPy {numpy.__version__}, SciPy {scipy.__version__}\n")
    print("| N | radii | code | wall ms | processor ms | error | plain NumPy / this | batched SciPy / this |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for n, radii in ((32, 16), (64, 32)):
        rows = {}
        for _ in range(rounds):
            lines = []
            for threads in (1, 2):
                wall, spent, error = call([program, n, 8, radii, threads, 60]).split()
                lines.append(f"Offprint, {threads} thread{'s' * (threads - 1)}\t{wall}\t{spent}\t{error}")
            lines += call([sys.executable, HERE / "peer.py", n, 8, radii, 8]).splitlines()
            for line in lines:
                name, wall, spent, error = line.split("\t")
                old = rows.get(name, (float("inf"), float("inf"), ""))
                rows[name] = (min(old[0], float(wall)), min(old[1], float(spent)), error)
        plain = rows["NumPy, plain loop"][1]
        batched = rows["SciPy, one transform, batched"][1]
        for name, (wall, spent, error) in rows.items():
            own = wall if name.startswith("Offprint") else spent
            print(f"| {n} | {radii} | {name} | {1e3 * wall:.3f} | {1e3 * spent:.3f} | {error} | {plain / own:.1f} | "
                  f"{batched / own:.1f} |", flush=True)


main()
