"""Logistic regression with soft labels on buckets, by L-BFGS: same data, same weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from domain.ngrams import BUCKETS, of_text

Floats = NDArray[np.float64]


def rows(texts: Sequence[str]) -> csr_matrix:
    """A row of buckets for each text."""
    starts, columns, values = [0], list[int](), list[float]()
    for text in texts:
        found = of_text(text)
        columns += found.keys()
        values += found.values()
        starts.append(len(columns))
    shape = (len(texts), BUCKETS)
    return csr_matrix((np.asarray(values, np.float32), columns, starts), shape=shape)


def sigmoid(logits: Floats) -> Floats:
    """From log odds to chances."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def fit(
    features: csr_matrix | NDArray[np.float32],
    chances: Floats,
    weights: Floats,
    strength: float,
    steps: int = 80,
) -> tuple[Floats, float]:
    """Weights and bias that come nearest to the chances.

    Args:
        features: A row for each text.
        chances: How likely each text is to be one of those looked for.
        weights: What each text counts.
        strength: How far the weights may go; the inverse of the penalty, as usual.
        steps: Of the search, at most.
    """
    wide = hstack([csr_matrix(features), np.ones((features.shape[0], 1), np.float32)], format="csr")
    across = wide.T.tocsr()

    def loss(found: Floats) -> tuple[float, Floats]:
        logits = wide @ found
        missing = np.logaddexp(0, logits) - chances * logits
        slope = across @ (weights * (sigmoid(logits) - chances))
        kept = found.copy()
        kept[-1] = 0  # the bias is free
        value = strength * float(weights @ missing) + 0.5 * float(kept @ kept)
        return value, strength * slope + kept

    start = np.zeros(wide.shape[1])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps}).x
    return np.asarray(best[:-1]), float(best[-1])
