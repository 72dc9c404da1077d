"""NumPy's and SciPy's side of the comparison: for each task, what a Python user would write.

peer.py TASK FOLDER RESULT: reads the inputs that `koopman_peer prepare` wrote, does the task, saves its numbers and
prints "wall cpu share": seconds by the clock and of processor time, and the part of the work that was done (both times are
already scaled up by it).
"""
import sys
import time
from pathlib import Path

import numpy as np
import scipy.linalg
from scipy.spatial.distance import cdist

GRID_STEP = 16   # every 16th point of the grid, scaled: the loop's cost does not depend on the point
CSV_SHARE = 50   # a fiftieth of the file, scaled


def timed(times, work):
    best = np.full(2, np.inf)
    for _ in range(times):
        start = np.array([time.perf_counter(), time.process_time()])
        result = work()
        best = np.minimum(best, np.array([time.perf_counter(), time.process_time()]) - start)
    return best, result


def grid(folder, n):
    a, s = np.load(folder / f"a{n}.npy"), np.load(folder / f"s{n}.npy")
    x, y = np.meshgrid(np.linspace(-0.5, 1, 76), np.linspace(0, 1, 51))
    points = (x + 1j * y).ravel()[::GRID_STEP]

    def work():
        ell = a.T @ a + s.T @ s
        out = np.empty(len(points))
        for i, z in enumerate(points):
            h = ell - z * a.T - np.conj(z) * a + abs(z) ** 2 * np.eye(n)
            out[i] = np.sqrt(max(scipy.linalg.eigvalsh(h, subset_by_index=[0, 0])[0], 0))
        return out

    seconds, result = timed(1, work)
    return seconds * 3876 / len(points), result, len(points) / 3876


def edmd(folder):
    px, py = np.load(folder / "px.npy"), np.load(folder / "py.npy")

    def work():
        m = len(px)
        q, r = np.linalg.qr(px / np.sqrt(m))
        c = scipy.linalg.solve_triangular(r, (py / np.sqrt(m)).T, trans="T").T
        a = q.T @ c
        ell = c.T @ c
        values, v = np.linalg.eig(a)
        squared = np.real(np.sum(v.conj() * (ell @ v), axis=0)) - abs(values) ** 2
        return np.column_stack([values.real, values.imag, np.sqrt(np.maximum(squared, 0))])

    return *timed(2, work), 1.0


def mpedmd(folder):
    a = np.load(folder / "a300.npy")

    def work():
        u, _, vt = scipy.linalg.svd(a)
        t, _ = scipy.linalg.schur(u @ vt, output="complex")
        values = np.diag(t)
        values = values[np.argsort(np.angle(values))]
        return np.column_stack([values.real, values.imag, 0 * values.real])

    return *timed(2, work), 1.0


def rage(folder, delays=20, stride=10, rows=10000, horizon=10000):
    record = np.load(folder / "record.npy").ravel()

    def work():
        s = record - record.mean()
        px = np.column_stack([s[stride * j:stride * j + rows] for j in range(delays)])
        q, _ = np.linalg.qr(px)
        length = horizon + rows
        spectrum = np.fft.rfft(s[:length])
        c = np.fft.irfft(np.conj(np.fft.rfft(q, length, axis=0)) * spectrum[:, None], length, axis=0)[:horizon + 1]
        shares = np.cumsum(c ** 2, axis=1)[:, [0, 9, 19]] / np.sum(s[:rows] ** 2)
        return np.cumsum(np.minimum(shares, 1), axis=0) / np.arange(1, horizon + 2)[:, None]

    return *timed(5, work), 1.0


def kernel(folder, rank=100):
    x, y = np.load(folder / "x.npy"), np.load(folder / "y.npy")

    def work():
        scale = 0.9 * np.mean(np.linalg.norm(x - x.mean(axis=0), axis=1))
        k = lambda a, b: np.exp(-cdist(a, b, "sqeuclidean") / scale ** 2)
        values, u = np.linalg.eigh(k(x, x))
        b = u[:, ::-1][:, :rank] / np.sqrt(values[::-1][:rank])
        a, ell = b.T @ k(y, x) @ b, b.T @ k(y, y) @ b
        eigenvalues, w = scipy.linalg.eig(a, left=True, right=False)
        w /= np.linalg.norm(w, axis=0)
        squared = np.real(np.sum(w.conj() * (ell @ w), axis=0)) - abs(eigenvalues) ** 2
        return np.column_stack([eigenvalues.real, eigenvalues.imag, np.sqrt(np.maximum(squared, 0))])

    return *timed(2, work), 1.0


def csv(folder):
    path = folder / "table.csv"
    rows = 700000 // CSV_SHARE
    seconds, result = timed(1, lambda: np.loadtxt(path, delimiter=",", skiprows=1, max_rows=rows))
    return seconds * CSV_SHARE, result, 1 / CSV_SHARE


def main():
    task, folder, result_path = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    if task.startswith("grid"):
        seconds, result, share = grid(folder, int(task[4:]))
    else:
        seconds, result, share = {"edmd": edmd, "mpedmd": mpedmd, "rage": rage, "kernel": kernel, "csv": csv}[task](folder)
    np.save(result_path, result)
    print(f"{seconds[0]:.6f} {seconds[1]:.6f} {share:.6f}")


if __name__ == "__main__":
    main()
