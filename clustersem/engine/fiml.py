"""Full information maximum likelihood: the normal likelihood of what is observed.

F = -(2 / n) (log L - log L_saturated). With P_i the precision of case i, zero in the rows and
columns of what it lacks, z_i = P_i x_i (see :mod:`clustersem.moments.incomplete`), and

    C_i = P - P_i = W W',    W = P[:, m] K,    K K' = P_mm^-1,

* the gradient is that of complete data with the moments that the cases are expected to have
  (Orchard & Woodbury, 1972);
* the exact Hessian is that of complete data with those moments, less the missing information
  (Louis, 1982), which is the mean over cases of

      2 [W' (Sigma_a z_i + mu_a)]' [W' (Sigma_b z_i + mu_b)] + tr(C_i Sigma_a C_i Sigma_b);

* the expected Hessian is that of complete data with the mean of all P_i for the precision, plus
  how these vary about it: the mean of tr(C_i Sigma_a C_i Sigma_b) less the same of the mean C.

W has as many columns as the case has gaps, and every derivative of Sigma is of rank two. So the
sums over cases are cross-products of short tables with a column for each cell, and only patterns
with gaps have rows in them: k (k + 1) / 2 for a pattern with k gaps.

References
----------
Arbuckle, J. L. (1996). Full information estimation in the presence of incomplete data. In G. A.
Marcoulides & R. E. Schumacker (Eds.), Advanced structural equation modeling (pp. 243-277). Erlbaum.
Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm. Journal of
the Royal Statistical Society B, 44, 226-233. doi:10.1111/j.2517-6161.1982.tb01203.x
Orchard, T., & Woodbury, M. A. (1972). A missing information principle: Theory and applications.
Proceedings of the Sixth Berkeley Symposium on Mathematical Statistics and Probability, 1, 697-715.
Savalei, V. (2010). Expected versus observed information in SEM with incomplete normal and nonnormal
data. Psychological Methods, 15, 352-367. doi:10.1037/a0020143
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clustersem.engine.likelihood import (
    MaximumLikelihood,
    NormalEvaluation,
    cell_hessian,
    cell_hessian_diagonal,
    gram,
)
from clustersem.engine.ram import Array, Cells, Point, Ram, evaluate
from clustersem.moments.incomplete import Block, Completion, Incomplete
from clustersem.moments.sample import SampleMoments

# Entries of a table of products held at once (16 MB).
ENTRIES_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class IncompleteEvaluation:
    """The discrepancy of incomplete data at one theta.

    Attributes
    ----------
    f : float
        Value of the discrepancy.
    point : Point
        The model there.
    completion : Completion
        The data, filled with what the model expects.
    """

    f: float
    point: Point
    completion: Completion

    @cached_property
    def complete(self) -> NormalEvaluation:
        """The model as complete data with the expected moments would see it."""
        return NormalEvaluation(
            self.f, self.point, self.completion.precision, self.completion.shift
        )

    @cached_property
    def lost(self) -> Array:
        """C, the mean of P - P_i over cases (p, p)."""
        p = self.completion.precision
        c: Array = p @ (self.completion.uncertainty / self.completion.data.n_obs) @ p
        return c

    @cached_property
    def gaps(self) -> tuple[Array, ...]:
        """[U V]' W of every pattern, (2 m, k, R), block by block."""
        tables = []
        to_gaps = self.point.uv.T @ self.completion.precision
        for block, inverse in zip(
            self.completion.data.blocks, self.completion.inverses, strict=True
        ):
            at_gaps = to_gaps[:, block.missing.T]
            if block.missing.shape[1] == 1:
                tables.append(at_gaps * np.sqrt(inverse[:, 0, 0]))
            else:
                turned = at_gaps.transpose(2, 0, 1) @ np.linalg.cholesky(inverse)
                tables.append(np.ascontiguousarray(turned.transpose(1, 2, 0)))
        return tuple(tables)


@dataclass(frozen=True, eq=False)
class FullInformation:
    """The discrepancy of incomplete normal data.

    The models that it is given must have a mean structure.

    Attributes
    ----------
    data : Incomplete
        The observations.
    log_likelihood : float
        That of the saturated model.
    """

    data: Incomplete
    log_likelihood: float

    def at(self, model: Ram, theta: Array) -> IncompleteEvaluation | None:
        """Return F at theta, or None where Sigma is not positive definite."""
        assert model.has_means, "the likelihood of incomplete data has means for parameters"
        point = evaluate(model, theta)
        if point is None:
            return None
        completion = self.data.complete(point.mu, point.sigma)
        if completion is None:
            return None
        f = (2.0 / self.data.n_obs) * (self.log_likelihood - completion.log_likelihood)
        return IncompleteEvaluation(f, point, completion)

    def gradient(self, at: IncompleteEvaluation, cells: Cells) -> Array:
        """Return dF for any cells, free or not."""
        return self._as_if_complete(at).gradient(at.complete, cells)

    def expected(self, at: IncompleteEvaluation, rows: Cells, cols: Cells) -> Array:
        """Return the expected Hessian of F between cells, with the gaps where they are."""
        uv = at.point.uv
        mean_precision = gram(uv, at.completion.precision - at.lost)
        h = cell_hessian(mean_precision, at.point.nu, rows, cols)
        if not self.data.blocks:
            return h
        h -= _trace_products(gram(uv, at.lost), rows, cols)
        h += self._varying(at, rows, cols)
        return h

    def expected_diagonal(self, at: IncompleteEvaluation, cells: Cells) -> Array:
        """Return the diagonal of :meth:`expected` of cells with themselves."""
        uv, c = at.point.uv, cells.c
        mean_precision = gram(uv, at.completion.precision - at.lost)
        h = cell_hessian_diagonal(mean_precision, at.point.nu, cells)
        if not self.data.blocks:
            return h
        g = gram(uv, at.lost)
        h -= 2.0 * c**2 * (g[cells.x, cells.x] * g[cells.y, cells.y] + g[cells.x, cells.y] ** 2)
        of_sigma = np.flatnonzero(c)
        some = cells.take(of_sigma)
        varying = np.zeros(len(some))
        for table, weight in self._patterns(at, len(some)):
            products = _pair_products(table, some)
            products *= products
            varying += products @ weight
        h[of_sigma] += varying / self.data.n_obs
        return h

    def exact(self, at: IncompleteEvaluation, cells: Cells) -> Array:
        """Return the exact Hessian of F between the cells."""
        h = self._as_if_complete(at).exact(at.complete, cells)
        if not self.data.blocks:
            return h
        h -= self._varying(at, cells, cells)
        lost = np.zeros_like(h)
        for block, table in zip(self.data.blocks, at.gaps, strict=True):
            for part in _chunks(len(block.rows), len(cells) * table.shape[1]):
                slopes = self._slopes(at, cells, block, table, part)
                lost += slopes @ slopes.T
        h -= lost * (2.0 / self.data.n_obs)
        return h

    def _as_if_complete(self, at: IncompleteEvaluation) -> MaximumLikelihood:
        """Return the discrepancy of complete data with the expected moments."""
        done = at.completion
        return MaximumLikelihood(done.cov, done.mean + done.shift, 0.0)

    def _varying(self, at: IncompleteEvaluation, rows: Cells, cols: Cells) -> Array:
        """Return the mean over cases of tr(C_i Sigma_a C_i Sigma_b)."""
        result = np.zeros((len(rows), len(cols)))
        of_rows = np.flatnonzero(rows.c)  # intercepts have no part in Sigma
        same = cols is rows
        of_cols = of_rows if same else np.flatnonzero(cols.c)
        some_rows, some_cols = rows.take(of_rows), cols.take(of_cols)
        total = np.zeros((len(of_rows), len(of_cols)))
        for table, weight in self._patterns(at, len(of_rows) + len(of_cols)):
            by_row = _pair_products(table, some_rows)
            by_row *= np.sqrt(weight)
            if same:
                by_col = by_row
            else:
                by_col = _pair_products(table, some_cols)
                by_col *= np.sqrt(weight)
            total += by_row @ by_col.T
        result[of_rows[:, None], of_cols] = total / self.data.n_obs
        return result

    def _patterns(self, at: IncompleteEvaluation, n_cells: int) -> Iterator[tuple[Array, Array]]:
        """Yield [U V]' W of some patterns and the weight of each pair of their gaps."""
        for block, table in zip(self.data.blocks, at.gaps, strict=True):
            k = table.shape[1]
            first, second = np.triu_indices(k)
            # tr(C Sigma_a C Sigma_b) sums over ordered pairs of gaps.
            times = np.where(first == second, 1.0, 2.0)
            for part in _chunks(len(block.weight), n_cells * len(first)):
                yield table[:, :, part], np.outer(times, block.weight[part]).ravel()

    def _slopes(
        self, at: IncompleteEvaluation, cells: Cells, block: Block, table: Array, part: slice
    ) -> Array:
        """Return W'(Sigma_a z + mu_a) of some rows, (cells, gaps times rows)."""
        rows = block.rows[part]
        turned = table.take(block.member[part], axis=2)
        z = at.point.uv.T @ at.completion.scores[rows].T
        by_x = z.take(cells.y, axis=0)
        by_x *= cells.c[:, None]
        h = cells.h(at.point.nu)
        if h.any():
            by_x += h[:, None] * self.data.root[rows]
        slopes = turned.take(cells.x, axis=0)
        slopes *= by_x[:, None, :]
        by_y = z.take(cells.x, axis=0)
        by_y *= cells.c[:, None]
        other = turned.take(cells.y, axis=0)
        other *= by_y[:, None, :]
        slopes += other
        return slopes.reshape(len(cells), -1)


def full_information(sample: SampleMoments) -> FullInformation:
    """Return the discrepancy of a sample with gaps, whose moments are the saturated estimates."""
    data = sample.incomplete
    assert data is not None, "patterns of missing answers make a sample incomplete"
    assert sample.mean is not None, "saturated estimates have means"
    saturated = data.complete(sample.mean, sample.cov)
    assert saturated is not None, "saturated estimates are positive definite"
    return FullInformation(data, saturated.log_likelihood)


def expected_quadratic(done: Completion, mean: Array, cov: Array) -> float:
    """Return r' V r, V the expected information of one incomplete case on the moments.

    With R and d the covariances and means of r it is the mean over cases of tr(P_i R P_i R) / 2
    + d' P_i d, and every P_i is P - W W' (see the module): nothing as large as V is formed.

    Parameters
    ----------
    done : Completion
        The data at the moments where the information is wanted.
    mean, cov : ndarray
        d and R.
    """
    p, n = done.precision, done.data.n_obs
    lost = p @ (done.uncertainty / n) @ p
    turned = p @ cov
    total = float(np.vdot(turned, turned.T)) - 2.0 * float(np.vdot(lost @ cov, turned.T))
    for block, inverse in zip(done.data.blocks, done.inverses, strict=True):
        w = p[:, block.missing].transpose(1, 0, 2) @ np.linalg.cholesky(inverse)
        inner = w.transpose(0, 2, 1) @ (cov @ w)
        total += float(np.einsum("rij,rij,r->", inner, inner, block.weight)) / n
    return 0.5 * total + float(mean @ (p - lost) @ mean)


def _chunks(length: int, width: int) -> Iterator[slice]:
    """Yield slices of so many rows that a table of this width stays small."""
    step = max(1, ENTRIES_AT_ONCE // max(1, width))
    for start in range(0, length, step):
        yield slice(start, start + step)


def _pair_products(table: Array, cells: Cells) -> Array:
    """Return w_j' Sigma_a w_l for all pairs of gaps of every pattern, (cells, pairs x patterns)."""
    x, y = table.take(cells.x, axis=0), table.take(cells.y, axis=0)
    x *= cells.c[:, None, None]
    n_cells, k, n_patterns = x.shape
    if k == 1:
        x *= y
        x *= 2.0
        return x.reshape(n_cells, n_patterns)
    products = np.empty((n_cells, k * (k + 1) // 2, n_patterns))
    start = 0
    for j in range(k):
        part = products[:, start : start + k - j]
        np.multiply(x[:, j : j + 1], y[:, j:], out=part)
        part += x[:, j:] * y[:, j : j + 1]
        start += k - j
    return products.reshape(n_cells, products.shape[1] * n_patterns)


def _trace_products(g: Array, rows: Cells, cols: Cells) -> Array:
    """Return tr(C Sigma_a C Sigma_b) from [U V]' C [U V]."""
    gx, gy = g.take(rows.x, axis=0), g.take(rows.y, axis=0)
    h = gx.take(cols.x, axis=1) * gy.take(cols.y, axis=1)
    h += gx.take(cols.y, axis=1) * gy.take(cols.x, axis=1)
    h *= (2.0 * rows.c)[:, None] * cols.c
    return np.asarray(h)
