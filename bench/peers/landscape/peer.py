"""PyTorch's and NumPy's side of the comparison: for each task, what a Python user would write.

peer.py TASK FOLDER RESULT THREADS: reads the inputs that `landscape_peer prepare` wrote, does the task, saves its numbers
and prints "wall cpu share": seconds by the clock and of processor time, and the part of the work that was done (both
times are already scaled up by it). A further task is one function and its entry in TASKS.
"""
import sys
import time
from pathlib import Path

import numpy as np

import collapse_peer

CLIP = 10.0
COMPARED = 200  # weights are compared after so many steps (peer.cpp says why)


def timed(times, work):
    best = np.full(2, np.inf)
    for _ in range(times):
        start = np.array([time.perf_counter(), time.process_time()])
        result = work()
        best = np.minimum(best, np.array([time.perf_counter(), time.process_time()]) - start)
    return best, result


def sgd(folder, parameters, x, y, predict, rate):
    """The loop of the tutorials: optim.SGD, batch one, clip_grad_norm_."""
    import torch

    order = np.load(folder / "order.npy").ravel().astype(int)
    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def work():
        weights = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in parameters]
        optimizer = torch.optim.SGD(weights, lr=rate)
        for t, i in enumerate(order):
            if t == COMPARED:
                compared = [w.detach().numpy().copy() for w in weights]
            optimizer.zero_grad()
            loss = 0.5 * (predict(weights, x[i]) - y[i]) ** 2
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, CLIP)
            optimizer.step()
        return compared

    return timed(1, work)


def dln(folder):
    start = np.load(folder / "dln_start.npy")
    seconds, (a, b) = sgd(folder, [start[:, 0].copy(), start[:, 1].copy()], np.load(folder / "dln_x.npy"),
                          np.load(folder / "dln_y.npy").ravel(), lambda w, x: (w[0] * w[1]) @ x, 0.01)
    return seconds, np.column_stack([a, b]), 1.0


def relu(folder):
    import torch

    seconds, (w, a) = sgd(folder, [np.load(folder / "relu_w.npy"), np.load(folder / "relu_a.npy").ravel()],
                          np.load(folder / "relu_x.npy"), np.load(folder / "relu_y.npy").ravel(),
                          lambda w, x: torch.relu(w[0] @ x) @ w[1], 2e-3)
    return seconds, np.column_stack([w, a]), 1.0


def threshold(folder):
    """The sheet's power iteration on the n x n form."""
    gram = np.load(folder / "gram.npy")
    n = len(gram)

    def work():
        values, v = np.linalg.eigh(gram / n)
        kept = values > 1e-12 * values[-1]
        values, c = values[kept], np.sqrt(n) * v[:, kept] * np.sqrt(values[kept])
        q = 2 / (values[:, None] + values[None, :])
        u, mu = np.ones(n), 0.0
        while True:
            m = (c.T * u) @ c / n * q
            w = ((c @ m) * c).sum(axis=1)
            last, mu = mu, np.linalg.norm(w) / np.linalg.norm(u)
            u = w / np.linalg.norm(w)
            if abs(mu - last) < 1e-12 * mu:
                return np.array([[2 / mu]])

    return *timed(1, work), 1.0


class Hessian:
    """Keeps the graph of the gradient on the whole data set and differentiates it once a vector, as PyHessian does for a
    single batch."""

    def __init__(self, folder, case):
        import torch

        torch._C._jit_set_profiling_mode(False)
        torch._C._set_graph_executor_optimize(False)
        self.grad = torch.autograd.grad
        # double convolutions are slow in LibTorch for both sides
        self.dtype = torch.float if case == "hessian_conv" else torch.double
        self.model = torch.jit.load(str(folder / f"{case}.pt")).to(self.dtype).eval()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.sizes = [p.numel() for p in self.parameters]
        x = torch.from_numpy(np.load(folder / f"{case}_x.npy"))
        self.x = x.to(self.dtype).reshape([len(x)] + [int(n) for n in np.load(folder / f"{case}_shape.npy").ravel()])
        self.y = torch.from_numpy(np.load(folder / f"{case}_y.npy").ravel().astype(np.int64))
        self.starts = np.load(folder / f"{case}_starts.npy")
        self.steps = int(np.load(folder / f"{case}_steps.npy").ravel()[0])

    def prepare(self):
        import torch

        loss = torch.nn.functional.cross_entropy(self.model(self.x), self.y)
        self.gradient = self.grad(loss, self.parameters, create_graph=True)

    def __call__(self, v):
        import torch

        parts = [part.view_as(p) for part, p in zip(v.split(self.sizes), self.parameters)]
        return torch.cat([o.reshape(-1) for o in self.grad(self.gradient, self.parameters, parts, retain_graph=True)])

    def rules(self):
        """Lanczos with full reorthogonalization from every start vector: Ritz values and weights."""
        import torch

        nodes, weights = [], []
        for s in range(self.starts.shape[1]):
            v = torch.from_numpy(self.starts[:, s].copy()).to(self.dtype)
            v /= v.norm()
            basis = torch.zeros(self.steps, v.numel(), dtype=self.dtype)
            alpha, beta = [], []
            for j in range(self.steps):
                basis[j] = v
                w = self(v)
                alpha.append(torch.dot(w, v).item())
                for _ in range(2):
                    w = w - basis[: j + 1].T @ (basis[: j + 1] @ w)
                if j + 1 < self.steps:
                    beta.append(w.norm().item())
                    v = w / beta[-1]
            t, u = np.linalg.eigh(np.diag(alpha) + np.diag(beta, 1) + np.diag(beta, -1))
            nodes.append(t)
            weights.append(u[0] ** 2)
        return nodes, weights


def hessian(case):
    def task(folder):
        h = Hessian(folder, case)

        def work():
            h.prepare()
            return np.array(h.rules()[0]).T

        return *timed(1, work), 1.0

    return task


def pairs(folder):
    """PyHessian's power iteration with its defaults: at most 100 products a pair, until the value changes by < 1e-3."""
    import torch

    h = Hessian(folder, "hessian_digits")

    def work():
        torch.manual_seed(0)
        h.prepare()
        values, vectors = [], []
        for _ in range(10):
            v, value = torch.randn(sum(h.sizes), dtype=torch.double), None
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

    return *timed(1, work), 1.0


def density(folder):
    """PyHessian's loop over 10,000 points."""
    h = Hessian(folder, "hessian_digits")

    def work():
        h.prepare()
        nodes, weights = h.rules()
        lo, hi = min(t[0] for t in nodes), max(t[-1] for t in nodes)
        sigma, grid = (hi - lo) / h.steps, np.linspace(lo, hi, 10_000)
        curve = np.zeros((len(nodes), len(grid)))
        for s, (t, w) in enumerate(zip(nodes, weights)):
            for j, at in enumerate(grid):
                curve[s, j] = np.sum(w * np.exp(-(at - t) ** 2 / (2 * sigma**2)))
        return curve.mean(axis=0)[:, None] / (sigma * np.sqrt(2 * np.pi))

    return *timed(1, work), 1.0


TASKS = {"hessian_small": hessian("hessian_small"), "hessian_digits": hessian("hessian_digits"),
         "hessian_script": hessian("hessian_script"), "hessian_conv": hessian("hessian_conv"),
         "hessian_pairs": pairs, "hessian_density": density, "dln": dln, "relu": relu, "threshold": threshold,
         "nc_metrics": collapse_peer.metrics, "nc_flow": collapse_peer.flow}


def main():
    task, folder, result_path, threads = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    if task != "threshold":
        import torch

        torch.set_num_threads(threads)
    seconds, result, share = TASKS[task](folder)
    np.save(result_path, result)
    print(f"{seconds[0]:.6f} {seconds[1]:.6f} {share:.6f}")


if __name__ == "__main__":
    main()
