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


def hessian(case):
    """The spectrum of a loss Hessian as PyTorch users compute it: the gradient's graph is kept and differentiated once a
    vector (what PyHessian does), Lanczos with full reorthogonalization."""
    def task(folder):
        import torch

        torch._C._jit_set_profiling_mode(False)
        torch._C._set_graph_executor_optimize(False)
        model = torch.jit.load(str(folder / f"{case}.pt")).double().eval()
        parameters = [p for p in model.parameters() if p.requires_grad]
        sizes = [p.numel() for p in parameters]
        x = torch.from_numpy(np.load(folder / f"{case}_x.npy"))
        x = x.reshape([len(x)] + [int(n) for n in np.load(folder / f"{case}_shape.npy").ravel()])
        y = torch.from_numpy(np.load(folder / f"{case}_y.npy").ravel().astype(np.int64))
        starts = np.load(folder / f"{case}_starts.npy")
        steps = int(np.load(folder / f"{case}_steps.npy").ravel()[0])

        def work():
            loss = torch.nn.functional.cross_entropy(model(x), y)
            gradient = torch.autograd.grad(loss, parameters, create_graph=True)

            def hvp(v):
                parts = [part.view_as(p) for part, p in zip(v.split(sizes), parameters)]
                out = torch.autograd.grad(gradient, parameters, grad_outputs=parts, retain_graph=True)
                return torch.cat([o.reshape(-1) for o in out])

            nodes = []
            for s in range(starts.shape[1]):
                v = torch.from_numpy(starts[:, s].copy())
                v /= v.norm()
                basis = torch.zeros(steps, v.numel(), dtype=torch.double)
                alpha, beta = [], []
                for j in range(steps):
                    basis[j] = v
                    w = hvp(v)
                    alpha.append(torch.dot(w, v).item())
                    for _ in range(2):
                        w = w - basis[: j + 1].T @ (basis[: j + 1] @ w)
                    if j + 1 < steps:
                        beta.append(w.norm().item())
                        v = w / beta[-1]
                t = np.diag(alpha) + np.diag(beta, 1) + np.diag(beta, -1)
                nodes.append(np.linalg.eigvalsh(t))
            return np.array(nodes).T

        return *timed(1, work), 1.0

    return task


TASKS = {"hessian_small": hessian("hessian_small"), "hessian_digits": hessian("hessian_digits"),
         "hessian_script": hessian("hessian_script"), "hessian_conv": hessian("hessian_conv"), "dln": dln, "relu": relu, "threshold": threshold,
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
