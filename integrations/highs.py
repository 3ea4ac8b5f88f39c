"""HiGHS, the open solver for linear programmes with whole columns, behind the port `Solver`.

One thread, one seed and no limit of time: the same programme gives the same answer.
"""

from __future__ import annotations

import highspy

from domain.programme import Found, Programme, Relaxed, Unsolved

SEED = 1
MAX_NODES = 20_000
"""Ends a search that would not end; the answer then says how much might be missing."""

ALMOST_ONE = 0.999
"""Values are whole numbers: less than this missing is nothing missing."""

_STATUS = highspy.HighsModelStatus
_FEASIBLE = int(highspy.SolutionStatus.kSolutionStatusFeasible)
_SOLVED = (_STATUS.kOptimal, _STATUS.kModelEmpty)
_NOTHING_FITS = (_STATUS.kInfeasible, _STATUS.kUnboundedOrInfeasible)


class _Quiet(highspy.Highs):
    """HiGHS without its greeting, which the first one of a process prints while it is made."""

    def enableCallbacks(self) -> None:
        """Called while it is made: the first moment at which it can be told to be silent."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _quiet() -> highspy.Highs:
    return _Quiet()  # type: ignore[no-untyped-call]


class Highs:
    """Solves programmes with HiGHS."""

    @property
    def name(self) -> str:
        """Product and version."""
        return f"HiGHS {_quiet().version()}"

    def relax(self, programme: Programme) -> Relaxed | None:
        """Solve with parts allowed; ``None`` if nothing keeps the rows.

        Raises:
            Unsolved: HiGHS gave up.
        """
        model = _model(programme)
        # Few rows and many columns: looking for ways to shorten costs more than it saves.
        model.setOptionValue("presolve", "off")
        if not _run(model):
            return None
        solution = model.getSolution()
        return Relaxed(
            value=model.getInfo().objective_function_value,
            answer=tuple(solution.col_value),
            margins=tuple(solution.col_dual),
            prices=tuple(solution.row_dual),
        )

    def search(self, programme: Programme, gap: float) -> Found | None:
        """Solve with whole columns, to within a share of the value; ``None`` if nothing fits.

        Raises:
            Unsolved: HiGHS gave up before it found anything.
        """
        model = _model(programme, whole=True)
        model.setOptionValue("mip_rel_gap", gap)
        model.setOptionValue("mip_abs_gap", ALMOST_ONE if programme.is_integral else 1e-6)
        model.setOptionValue("mip_max_nodes", MAX_NODES)
        model.setOptionValue("mip_feasibility_tolerance", 1e-9)
        if not _run(model):
            return None
        info = model.getInfo()
        return Found(
            value=_value(programme, model.getSolution().col_value),
            answer=tuple(model.getSolution().col_value),
            bound=info.mip_dual_bound,
        )


def _value(programme: Programme, answer: list[float]) -> float:
    """The value of the rounded answer, exact where only yes-or-no columns count."""
    parts = [
        float(part > 0.5) if column < programme.yes_or_no else part
        for column, part in enumerate(answer)
    ]
    return sum(gain * part for gain, part in zip(programme.gains, parts, strict=True))


def _run(model: highspy.Highs) -> bool:
    """Solve; false if nothing keeps the rows."""
    model.run()
    status = model.getModelStatus()
    if status in _NOTHING_FITS:
        return False
    found = model.getInfo().primal_solution_status == _FEASIBLE
    enough = status in _SOLVED or (status == _STATUS.kSolutionLimit and found)
    if not enough:
        raise Unsolved(f"HiGHS ended with {model.modelStatusToString(status)}")
    return True


def _model(programme: Programme, *, whole: bool = False) -> highspy.Highs:
    columns, yes_or_no = len(programme.gains), programme.yes_or_no
    lows = [0.0] * columns
    highs = [1.0] * yes_or_no + [highspy.kHighsInf] * (columns - yes_or_no)
    for column, limit in programme.most.items():
        highs[column] = float(limit)
    for column, answer in programme.fixed.items():
        lows[column] = highs[column] = float(answer)
    kind = highspy.HighsVarType
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, len(programme.rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = [float(gain) for gain in programme.gains]
    lp.col_lower_, lp.col_upper_ = lows, highs
    if whole:
        amounts = [kind.kContinuous] * (columns - yes_or_no)
        lp.integrality_ = [kind.kInteger] * yes_or_no + amounts
    rows = programme.rows
    lp.row_lower_ = [-highspy.kHighsInf if r.at_least is None else float(r.at_least) for r in rows]
    lp.row_upper_ = [highspy.kHighsInf if r.at_most is None else float(r.at_most) for r in rows]
    starts = [0]
    index: list[int] = []
    value: list[float] = []
    for row in rows:
        index += row.terms.keys()
        value += row.terms.values()
        starts.append(len(index))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
    model = _quiet()
    for name, option in (("threads", 1), ("random_seed", SEED)):
        model.setOptionValue(name, option)
    model.passModel(lp)
    return model


HIGHS = Highs()
