"""peer.py FILE L2 TOLERANCE STATE: the same minimisation by scikit-learn, LIBLINEAR and SciPy, one line a solver:
NAME WALL CPU GRADIENT_NORM F, the smallest setting of the solver's own tolerance (decades from 1e-2 down) at which the
common gradient norm meets TOLERANCE. STATE keeps these settings, so that later rounds run each solver once.
"""
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.optimize
import scipy.sparse
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
path, l2, tolerance, state = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
x, labels = load_svmlight_file(path)
y = np.where(labels == labels.min(), -1.0, 1.0)
m, d = x.shape
xt = x.T.tocsr()


def value(w):
    return np.mean(np.logaddexp(0, -y * (x @ w))) + l2 / 2 * w @ w


def gradient(w):
    return xt @ (-y / (1 + np.exp(np.clip(y * (x @ w), -700, 700)))) / m + l2 * w


def hessian_product(w, v):
    s = 1 / (1 + np.exp(np.clip(y * (x @ w), -700, 700)))
    return xt @ (s * (1 - s) * (x @ v)) / m + l2 * v


def sklearn(solver):
    def fit(tol):
        model = LogisticRegression(C=1 / (l2 * m), solver=solver, tol=tol, fit_intercept=False, max_iter=20000)
        return model.fit(x, y).coef_.ravel()
    return fit


def scipy_method(method, option):
    def fit(tol):
        more = {"hessp": hessian_product} if method == "Newton-CG" else {}
        limits = {"maxiter": 20000} if method == "Newton-CG" else {"maxiter": 20000, "maxfun": 100000, "ftol": 0}
        found = scipy.optimize.minimize(value, np.zeros(d), jac=gradient, method=method, options={option: tol, **limits},
                                        **more)
        return found.x
    return fit


def liblinear():
    try:
        from liblinear import liblinear as library, parameter, problem, toPyModel
    except ImportError:
        return None
    # Its own arrays from lists: the binding's path for SciPy matrices needs an older SciPy than Debian's.
    rows = [dict(zip((x.indices[a:b] + 1).tolist(), x.data[a:b].tolist())) for a, b in zip(x.indptr, x.indptr[1:])]
    data = problem(y.tolist(), rows)

    def fit(tol):
        options = parameter(f"-s 0 -c {1 / (l2 * m):.17g} -e {tol:g} -q")
        model = toPyModel(library.train(data, options))
        w = np.array(model.get_decfun()[0])
        return w if model.get_labels()[0] == 1 else -w
    return fit


SOLVERS = {
    "liblinear": liblinear(),
    "sklearn lbfgs": sklearn("lbfgs"),
    "sklearn newton-cg": sklearn("newton-cg"),
    "sklearn newton-cholesky": sklearn("newton-cholesky"),
    "sklearn liblinear": sklearn("liblinear"),
    "scipy L-BFGS-B": scipy_method("L-BFGS-B", "gtol"),
    "scipy Newton-CG": scipy_method("Newton-CG", "xtol"),
}


def timed(fit, tol):
    walls, cpus = [], []
    while len(walls) < 3 and sum(walls) < 1:  # as in peer.cpp
        wall, cpu = time.perf_counter(), time.process_time()
        w = fit(tol)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus), np.linalg.norm(gradient(w)), value(w)


known = json.loads(state.read_text()) if state.exists() else {}
for name, fit in SOLVERS.items():
    if fit is None:
        continue
    key = f"{Path(path).name} {name}"
    try:
        if key in known:
            result = timed(fit, known[key])
        else:
            for exponent in range(2, 15):
                result = timed(fit, 10.0**-exponent)
                known[key] = 10.0**-exponent
                if result[2] <= tolerance:
                    break
    except Exception as error:  # a solver this version lacks
        print(f"peer.py: {name}: {error}", file=sys.stderr)
        continue
    print(f"{name}\t{result[0]:.6f}\t{result[1]:.6f}\t{result[2]:.3e}\t{result[3]:.15f}")
state.write_text(json.dumps(known))
