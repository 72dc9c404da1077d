"""NumPy's side: for each task what a Python user would write. peer.py TASK FOLDER RESULT prints "wall cpu"."""
import sys
import time
from pathlib import Path

import numpy as np

SMALL_STEPS = 20_000  # as in peer.cpp
OUTER = 10


def q(folder):
    d = 5
    curvature = 1 + 4 * np.arange(d) / (d - 1)
    p = np.eye(d) - 0.3 * (np.eye(d, k=1) + np.eye(d, k=-1))
    t = np.cos(np.arange(d))
    sigma, alpha, gamma = 0.1, 1e-3, 0.05
    x, y, z = np.full(d, 2.0), np.zeros(d), np.zeros(d)
    for _ in range(SMALL_STEPS):
        s = np.sinh(x + y - t)
        px = p @ x
        dx = s + p @ (z - y) / sigma
        y, z, x = y - gamma * (sigma * s + curvature * y - px), z - gamma * (curvature * z - px), x - alpha * dx
    return x


def r(folder):
    c = np.array([[1, 2, 0], [0, 1, 1.0]])
    d = np.array([[1, 0], [0.5, -1.0]])
    a, b = np.array([1, -1, 0.5]), np.array([0.2, 0.4])
    m = np.array([[0.3, 0, -0.2], [0, 0.5, 0.1]])
    sigma, alpha, gamma = 0.1, 1e-4, 0.15
    x, y, z = np.zeros(2), np.zeros(3), np.zeros(3)
    for _ in range(SMALL_STEPS):
        dx = d @ x
        for _ in range(5):
            z = z - gamma * (c.T @ (c @ z - dx))
        for _ in range(5):
            y = y - gamma / (1 + sigma) * (sigma * (y - a + m.T @ x) + c.T @ (c @ y - dx))
        x = x - alpha * (x - b + m @ y - d.T @ (c @ (y - z)) / sigma)
    return x


def h(folder):
    x, labels = np.load(folder / "x.npy"), np.load(folder / "labels.npy").ravel().astype(int)
    vx, vlabels = np.load(folder / "vx.npy"), np.load(folder / "vlabels.npy").ravel().astype(int)
    n, k = len(x), 10
    onehot, vonehot = np.eye(k)[labels], np.eye(k)[vlabels]
    rows = np.arange(n)
    sigma, ridge, lr = 0.1, 1e-3, 0.5

    def probabilities(data, w):
        logits = data @ w
        logits -= logits.max(axis=1, keepdims=True)
        e = np.exp(logits)
        return e / e.sum(axis=1, keepdims=True)

    def gradient(data, target, w, s):
        return data.T @ ((probabilities(data, w) - target) * s[:, None]) / len(data)

    def losses(w):
        logits = x @ w
        top = logits.max(axis=1)
        return np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[rows, labels]

    lam = np.zeros(n)
    y, z = np.zeros((x.shape[1], k)), np.zeros((x.shape[1], k))
    ones = np.ones(len(vx))
    start = np.array([time.perf_counter(), time.process_time()])
    for _ in range(OUTER):
        s = 1 / (1 + np.exp(-lam))
        for _ in range(5):
            z = z - lr * (gradient(x, onehot, z, s) + 2 * ridge * z)
        for _ in range(5):
            y = y - lr * (sigma * gradient(vx, vonehot, y, ones) + gradient(x, onehot, y, s) + 2 * ridge * y)
        lam = lam - 4e4 * s * (1 - s) * (losses(y) - losses(z)) / n / sigma
    h.cost = np.array([time.perf_counter(), time.process_time()]) - start
    return lam


def main():
    task, folder, result = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    start = np.array([time.perf_counter(), time.process_time()])
    x = {"q": q, "r": r, "h": h}[task](folder)
    cost = np.array([time.perf_counter(), time.process_time()]) - start
    if task == "h":
        cost = h.cost  # without reading the data
    np.save(result, x)
    print(*cost)


if __name__ == "__main__":
    main()
