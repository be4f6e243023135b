"""Run the benchmarks: contenders in turn, on the same data, with the same number of threads, every answer checked.

python -m bench.run                     all cases, two threads
python -m bench.run --case mask --json results.jsonl
python -m bench.run --quick             small cases, to see that it works; no figure to quote
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Variables that choose another kernel for NumPy's BLAS would slow a rival. They are read when it is loaded, so the process
# begins again without them.
_SLOW = [name for name in os.environ if name.startswith("OPENBLAS_") and name != "OPENBLAS_NUM_THREADS"]
if __name__ == "__main__" and _SLOW:
    print(f"{', '.join(_SLOW)} would slow NumPy: unset for this run", file=sys.stderr)
    kept = {name: value for name, value in os.environ.items() if name not in _SLOW}
    os.execve(sys.executable, [sys.executable, "-m", "bench.run", *sys.argv[1:]], kept)

from threadpoolctl import threadpool_limits

from bench.cases import CASES, Case
from bench.contenders import contenders
from bench.machine import Machine
from bench.report import Line, as_json, as_table, line
from bench.worker import Local, Worker


def measure(case: Case, machine: Machine, rounds: int) -> list[Line]:
    """Let every contender run once in each round, in an order that moves on, and check the first and the last answer."""
    runners = {c.name: (Worker if c.environment or c.python else Local)(c, case) for c in contenders(case)}
    names = list(runners)
    times: dict[str, list[float]] = {name: [] for name in names}
    for i in range(rounds + 1):
        data = case.data(i)
        shift = i % len(names)
        for name in names[shift:] + names[:shift]:
            check = i in (0, rounds)
            seconds, result = runners[name].time_once(data, want_result=check)
            if check:
                case.check(data, result)
            if i > 0:  # the first round warms up
                times[name].append(seconds)
    for runner in runners.values():
        runner.close()
    limit = case.limit(machine)
    return [line(case.title, name, times[name], times[names[0]], limit) for name in names]


def rounds_for(case: Case, *, quick: bool) -> int:
    """Enough that the minimum settles; cases that take long need fewer."""
    if quick:
        return 3
    return 15 if case.kind == "mask" or getattr(case, "batch", 0) >= 10_000 else 200


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=list(CASES), help="run only this case (may be repeated)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="append a line for each result to this file")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    os.environ["PRUNUS_NUM_THREADS"] = str(options.threads)
    machine = Machine()
    print(machine.describe(options.threads), flush=True)
    with threadpool_limits(options.threads):
        for name in options.case or CASES:
            for case in CASES[name].variants(options.threads, quick=options.quick):
                rows = measure(case, machine, rounds_for(case, quick=options.quick))
                print(f"\n{as_table(rows)}", flush=True)
                if options.json:
                    with options.json.open("a") as file:
                        file.writelines(f"{as_json(row)}\n" for row in rows)


if __name__ == "__main__":
    main()
