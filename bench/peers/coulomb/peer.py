"""peer.py TASK N: processor seconds of one unit of work the NumPy way: gradient (full difference array), trajectory
(8 leapfrog steps with it), sample (sum r^3 of one Ginibre configuration by numpy.linalg.eigvals, as DPPy does)."""
import sys
import time

import numpy as np

task, n = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(1)
x = rng.normal(size=(n, 2))


def gradient(x, energy=False):
    d = x[:, None, :] - x[None, :, :]
    r2 = (d * d).sum(-1)
    np.fill_diagonal(r2, 1.0)
    force = 2 * ((d / r2[:, :, None]).sum(1) - n * x)
    if not energy:
        return force
    return force, 2 * (n * (x * x).sum() / 2 - 0.25 * np.log(r2).sum())


def trajectory():
    global x
    dt = 0.28 / np.sqrt(2 * n)
    p = rng.normal(size=x.shape)
    y = x.copy()
    f, e = gradient(y, True)
    before = e + 0.5 * (p * p).sum()
    for s in range(8):
        p += 0.5 * dt * f
        y += dt * p
        f, e = gradient(y, True) if s == 7 else (gradient(y), 0)
        p += 0.5 * dt * f
    if rng.uniform() < np.exp(min(0, before - e - 0.5 * (p * p).sum())):
        x = y


def sample():
    z = np.linalg.eigvals((rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))) / np.sqrt(2 * n))
    return (np.abs(z) ** 3).sum()


work = {"gradient": lambda: gradient(x), "trajectory": trajectory, "sample": sample}[task]
work()
calls, batch, start = 0, 1, time.process_time()
while time.process_time() - start < 0.3:
    for _ in range(batch):
        work()
    calls += batch
    batch *= 2
print(f"{(time.process_time() - start) / calls:.9e}")
