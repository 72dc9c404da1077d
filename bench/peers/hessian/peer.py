"""PyTorch's side of the comparison: Hessian products by double backward, used as PyHessian uses them.

peer.py TASK FOLDER RESULT: reads what `hessian_peer prepare` wrote, does the task on one thread, saves its numbers and prints
"wall cpu products". The power iteration has PyHessian's defaults (at most 100 products a pair, stop when the eigenvalue
changes by less than 1e-3); the density its 60 Lanczos steps and its loop over 10,000 points.
"""
import sys
import time
from pathlib import Path

import numpy as np
import torch

PAIRS, STEPS, VECTORS, POINTS = 10, 60, 4, 10_000


class Hessian:
    """Keeps the graph of the gradient on the whole data set, as PyHessian does for a single batch."""

    def __init__(self, folder):
        x = torch.from_numpy(np.load(folder / "x.npy"))
        y = torch.from_numpy(np.load(folder / "y.npy").ravel().astype(np.int64))
        theta = torch.from_numpy(np.load(folder / "theta.npy").ravel())
        net = torch.nn.Sequential(torch.nn.Linear(784, 50), torch.nn.ReLU(), torch.nn.Linear(50, 50), torch.nn.ReLU(),
                                  torch.nn.Linear(50, 10)).double()
        torch.nn.utils.vector_to_parameters(theta, net.parameters())
        self.parameters = list(net.parameters())
        loss = torch.nn.functional.cross_entropy(net(x), y)
        self.gradient = torch.autograd.grad(loss, self.parameters, create_graph=True)
        self.products = 0

    def __call__(self, v):
        self.products += 1
        parts, at = [], 0
        for p in self.parameters:
            parts.append(v[at:at + p.numel()].view_as(p))
            at += p.numel()
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(self.gradient, self.parameters, parts,
                                                                    retain_graph=True)])


def products(h, folder):
    v = torch.from_numpy(np.load(folder / "v.npy"))
    return torch.stack([h(v[:, j].contiguous()) for j in range(v.shape[1])], dim=1).numpy()


def pairs(h, folder):
    torch.manual_seed(0)
    n = sum(p.numel() for p in h.parameters)
    values, vectors = [], []
    for _ in range(PAIRS):
        v, value = torch.randn(n, dtype=torch.double), None
        for _ in range(100):
            for u in vectors:
                v = v - (u @ v) * u
            v = v / v.norm()
            w = h(v)
            last, value = value, (w @ v).item()
            v = w / (w.norm() + 1e-6)
            if last is not None and abs(value - last) / (abs(last) + 1e-6) < 1e-3:
                break
        values.append(value)
        vectors.append(v)
    return np.array(values)[:, None]


def density(h, folder):
    torch.manual_seed(0)
    n = sum(p.numel() for p in h.parameters)
    nodes, weights = [], []
    for _ in range(VECTORS):
        v = torch.randint(0, 2, (n,)).double() * 2 - 1
        v = v / v.norm()
        basis, alpha, beta = [], [], []
        for step in range(STEPS):
            basis.append(v)
            w = h(v)
            alpha.append((w @ v).item())
            for u in basis:
                w = w - (u @ w) * u
            for u in basis:
                w = w - (u @ w) * u
            beta.append(w.norm().item())
            v = w / beta[-1]
        t, u = np.linalg.eigh(np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1))
        nodes.append(t)
        weights.append(u[0] ** 2)
    lo, hi = min(t[0] for t in nodes), max(t[-1] for t in nodes)
    sigma, grid = (hi - lo) / STEPS, np.linspace(lo, hi, POINTS)
    curve = np.zeros((VECTORS, POINTS))
    for s in range(VECTORS):
        for j in range(POINTS):
            curve[s, j] = np.sum(weights[s] * np.exp(-(grid[j] - nodes[s]) ** 2 / (2 * sigma ** 2)))
    return np.array([[n * np.mean([np.sum(w * t) for w, t in zip(weights, nodes)])]])


def main():
    task, folder, result = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(1)
    h = Hessian(folder)
    start = np.array([time.perf_counter(), time.process_time()])
    values = {"products": products, "pairs": pairs, "density": density}[task](h, folder)
    wall, cpu = np.array([time.perf_counter(), time.process_time()]) - start
    np.save(result, values)
    print(f"{wall:.6f} {cpu:.6f} {h.products}")


if __name__ == "__main__":
    main()
