"""peer.py events|hyper|steps PARTICLES LOG_TIME [DT [STEPS]]: the same ensemble the NumPy way, gamma = -0.5, K = C = 1,
thermal start, one thread. Prints processor seconds, mean number of collisions, its standard error, and the share of the
time that was computed.

events: vectorised event-driven code for all particles at once: below |w| = 30 thinning with lambda(0) (lambda from a
table), beyond by the flight law with the inverse of J from a table by np.interp; velocities in doubles, so ln t stays
below about 20.
hyper: the same with the special functions called where they are needed: hyp1f1 for lambda, hyp2f1 for J, its inverse by
bisection and Newton's method.
steps: fixed time step DT, collision with probability lambda DT. With STEPS only so many steps are timed and the cost is
scaled to e^LOG_TIME / DT steps, each of which costs the same.
"""
import sys
import time

import numpy as np
from scipy.special import gamma as gamma_function, hyp1f1, hyp2f1

A = 0.5
mode, n, log_time = sys.argv[1], int(float(sys.argv[2])), float(sys.argv[3])
rng = np.random.default_rng(1)
radii = np.linspace(0, 60, 6001)
RATES = 2 ** (-A / 2) * gamma_function((3 - A) / 2) / gamma_function(1.5) * hyp1f1(A / 2, 1.5, -radii**2 / 2)


def rate(r):
    if mode == "hyper":
        scale = 2 ** (-A / 2) * gamma_function((3 - A) / 2) / gamma_function(1.5)
        near = scale * hyp1f1(A / 2, 1.5, -np.minimum(r, 30) ** 2 / 2)
        return np.where(r < 30, near, np.maximum(r, 1e-9) ** -A)
    return np.where(r < 60, np.interp(r, radii, RATES), np.maximum(r, 1e-9) ** -A)


def partners(w):
    """w* with density M(w*)|w - w*|^-A: N(0, I) and a ball around w, rejection by whole arrays."""
    z = np.zeros_like(w)
    open_ = np.arange(len(w))
    while len(open_):
        v = w[open_]
        r = np.linalg.norm(v, axis=1)
        top = (2 * np.pi) ** -1.5 * np.exp(-np.maximum(r - 1, 0) ** 2 / 2)
        ball = 4 * np.pi * top * (1 / (3 - A) - 1 / 3)
        near = rng.random(len(v)) >= 1 / (1 + ball)
        try_ = rng.standard_normal(v.shape)
        direction = rng.standard_normal(v.shape)
        direction /= np.linalg.norm(direction, axis=1)[:, None]
        radius = rng.random(len(v)) ** (1 / (3 - A)) * rng.random(len(v)) ** (1 / 3)
        try_ = np.where(near[:, None], v + radius[:, None] * direction, try_)
        distance = np.linalg.norm(v - try_, axis=1)
        base = np.maximum(1.0, r - 6.5)  # far out the whole background is at a distance
        weight = np.where(near, (2 * np.pi) ** -1.5 * np.exp(-(try_**2).sum(1) / 2) / top,
                          np.minimum((distance / base) ** -A, 1))
        good = rng.random(len(v)) < weight
        z[open_[good]] = try_[good]
        open_ = open_[~good]
    return z


def collide(w):
    g = w - partners(w)
    omega = rng.standard_normal(w.shape)
    omega /= np.linalg.norm(omega, axis=1)[:, None]
    return w - (omega * g).sum(1)[:, None] * omega


def primitive(u):
    return u * hyp2f1(0.5, A / 2, 1.5, -u * u)


def inverse(x):
    """u with primitive(u) = x: bisection in asinh(u), then three steps of Newton's method."""
    lo, hi = np.full(len(x), -60.0), np.full(len(x), 60.0)
    for _ in range(20):
        middle = (lo + hi) / 2
        below = primitive(np.sinh(middle)) < x
        lo, hi = np.where(below, middle, lo), np.where(below, hi, middle)
    u = np.sinh((lo + hi) / 2)
    for _ in range(3):
        u -= (primitive(u) - x) * (1 + u * u) ** (A / 2)
    return u


def events():
    end = np.exp(log_time)
    y = np.linspace(0, 60, 12001)
    slope = np.cosh(y) ** (1 - A)
    j = np.concatenate([[0], np.cumsum((slope[1:] + slope[:-1]) / 2) * (y[1] - y[0])])
    w = rng.standard_normal((n, 3))
    t = np.zeros(n)
    count = np.zeros(n)
    alive = np.arange(n)
    while len(alive):
        v = w[alive]
        r = np.linalg.norm(v, axis=1)
        slow = r < 30
        wait = np.zeros(len(v))
        wait[slow] = rng.exponential(1 / RATES[0], slow.sum())
        fast = ~slow
        f = v[fast]
        rho = np.hypot(f[:, 1], f[:, 2])
        speed = np.abs(f[:, 1])
        u0 = -f[:, 0] * np.sign(f[:, 1]) / rho
        step = rng.exponential(1, len(f)) * speed * rho ** (A - 1)
        if mode == "hyper":
            u = inverse(primitive(u0) + step)
        else:
            target = np.sign(u0) * np.interp(np.arcsinh(np.abs(u0)), y, j) + step
            u = np.sign(target) * np.sinh(np.interp(np.abs(target), j, y))
        wait[fast] = (u - u0) * rho / speed
        t[alive] += wait
        v = v.copy()
        v[:, 0] -= wait * v[:, 1]
        r_new = np.linalg.norm(v, axis=1)
        bound = np.where(slow, RATES[0], r_new**-A)
        done = t[alive] >= end
        hit = (rng.random(len(v)) * bound < rate(r_new)) & ~done
        v[hit] = collide(v[hit])
        w[alive] = v
        count[alive[hit]] += 1
        alive = alive[~done]
    return count, 1.0


def steps():
    dt = float(sys.argv[4])
    total = int(np.exp(log_time) / dt)
    todo = min(total, int(float(sys.argv[5]))) if len(sys.argv) > 5 else total
    w = rng.standard_normal((n, 3))
    count = np.zeros(n)
    for _ in range(todo):
        w[:, 0] -= dt * w[:, 1]
        hit = rng.random(n) < rate(np.linalg.norm(w, axis=1)) * dt
        if hit.any():
            w[hit] = collide(w[hit])
            count[hit] += 1
    return count, todo / total


clock = time.process_time()
with np.errstate(all="ignore"):
    count, share = steps() if mode == "steps" else events()
spent = (time.process_time() - clock) / share
print(f"{spent:.4f} {count.mean():.4f} {count.std() / np.sqrt(n):.4f} {share:.3g}")
