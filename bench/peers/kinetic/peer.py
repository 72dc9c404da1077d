"""peer.py N DIRECTIONS RADII REPEATS: the same operator as a numericist writes it, one thread; prints for each variant
name, least wall seconds, least processor seconds, largest error.

plain: NumPy, three transforms a pair of radius and direction. batched: SciPy, both translations out of one complex
transform, all directions of a radius in one call, one forward transform a radius.
"""
import sys
import time

import numpy as np
from scipy import fft as sfft
from scipy.special import j0

N, M, NR, REPEATS = map(int, sys.argv[1:5])
L = 9.0
v = -L + 2 * L / N * np.arange(N)
X, Y = np.meshgrid(v, v, indexing="ij")
q2, S = X**2 + Y**2, 0.75
g = np.exp(-q2 / 2 / S) / (2 * np.pi * S)
f = g * ((2 * S - 1) / S + (1 - S) * q2 / 2 / S**2)
x = q2 / S
exact = g * (1 - S) ** 2 / S**2 / 32 * (x * x - 8 * x + 8)

R = 4 * L / (3 + 2**0.5)
nodes, weights = np.polynomial.legendre.leggauss(NR)
rho, w = (nodes + 1) * R / 2, weights * R / 2
k = np.fft.fftfreq(N, 1 / N)
KX, KY = np.meshgrid(k, k, indexing="ij")
keep = (KX != -N / 2) & (KY != -N / 2)
kk = np.hypot(KX, KY)
angle = np.pi * (np.arange(M) + 0.5) / M
# Everything that does not depend on f is made beforehand, as in the other program.
phase = np.exp(1j * np.pi / (2 * L) * rho[:, None, None, None] *
               (KX * np.cos(angle)[:, None, None] + KY * np.sin(angle)[:, None, None]))
pair = phase + 1j * phase.conj()
gain = 2 * np.pi * j0(np.pi * rho[:, None, None] * kk / (2 * L)) * (w * rho)[:, None, None]
loss = (2 * np.pi * j0(np.pi * rho[:, None, None] * kk / L) * (w * rho)[:, None, None]).sum(0)


def plain():
    a = np.fft.fft2(f) * keep
    total = np.zeros((N, N), complex)
    for r in range(NR):
        for m in range(M):
            one = np.fft.ifft2(phase[r, m] * a)
            other = np.fft.ifft2(phase[r, m].conj() * a)
            total += gain[r] * np.fft.fft2(one * other) / M
    return np.fft.ifft2(total).real - f * np.fft.ifft2(loss * a).real


def batched():
    a = sfft.fft2(f) * keep
    total = np.zeros((N, N), complex)
    for r in range(NR):
        z = sfft.ifft2(pair[r] * a, workers=1)
        total += gain[r] * sfft.fft2((z.real * z.imag).sum(0) / M, workers=1)
    return sfft.ifft2(total).real - f * sfft.ifft2(loss * a).real


for name, evaluate in (("NumPy, plain loop", plain), ("SciPy, one transform, batched", batched)):
    error = np.abs(evaluate() - exact).max()
    wall = spent = np.inf
    for _ in range(REPEATS):
        start, processor = time.perf_counter(), time.process_time()
        evaluate()
        spent = min(spent, time.process_time() - processor)
        wall = min(wall, time.perf_counter() - start)
    print(f"{name}\t{wall:.6g}\t{spent:.6g}\t{error:.3g}", flush=True)
