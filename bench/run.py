"""Run the benchmarks: contenders in turn, on the same data, with the same number of threads, every answer checked.

python -m bench.run                     the usual cases, two threads
python -m bench.run --case mask --json results.jsonl
python -m bench.run --case mlp --grid --threads 1 --json grid.jsonl     every network, sparsity and batch: an hour or two
python -m bench.run --quick             small cases, to see that it works; no figure to quote

`python -m bench.plot grid.jsonl FOLDER` draws what --json wrote.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Variables that choose another kernel for NumPy's BLAS would slow a rival. They are read when it is loaded, so the process
# begins again without them; and with those that hold everyone to an older target, where --target asks for one.
_SLOW = [name for name in os.environ if name.startswith("OPENBLAS_") and name != "OPENBLAS_NUM_THREADS"]
_LIMITS = {
    "x86-64-v3": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    }
}
if __name__ == "__main__" and "PRUNUS_BENCH_STARTED" not in os.environ:
    kept = {name: value for name, value in os.environ.items() if name not in _SLOW}
    kept.setdefault("KMP_BLOCKTIME", "1")  # ms that MKL's threads compute on after a call, in place of 200: see rest()
    if _SLOW:
        print(f"{', '.join(_SLOW)} would slow NumPy: unset for this run", file=sys.stderr)
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--target")
    if target := early.parse_known_args()[0].target:
        kept |= {"PRUNUS_TARGET": target, **_LIMITS.get(target, {})}
    os.execve(sys.executable, [sys.executable, "-m", "bench.run", *sys.argv[1:]], {**kept, "PRUNUS_BENCH_STARTED": "1"})

from threadpoolctl import threadpool_limits

from bench.cases import CASES, Case
from bench.contenders import contenders
from bench.machine import Machine
from bench.report import Line, as_json, as_table, extrapolations, line
from bench.worker import Workers
from prunus import _core


def rest() -> None:
    """Wait until no thread of this process computes, half a second at most.

    Idle threads of some libraries turn in a loop for milliseconds, on a processor that the next contender needs.
    """
    end = time.perf_counter() + 0.5
    while time.perf_counter() < end:
        before = time.process_time()
        time.sleep(0.0005)
        if time.process_time() - before < 0.0001:
            return


class Order:
    """Rounds of turns at random, in which half of the others take theirs between two turns of anyone."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._turns: list[str] = []

    def next(self, names: Iterable[str]) -> list[str]:
        """Return the turns of the next round, one for each name."""
        left = sorted(names)
        n, apart = len(left), len(left) // 2
        for _ in range(n):
            recent = self._turns[len(self._turns) - apart :]
            name = self._random.choice([name for name in left if name not in recent])
            left.remove(name)
            self._turns.append(name)
        return self._turns[-n:]


def is_right(case: Case, name: str, data: Any, result: Any) -> bool:
    """Check an answer. Ours must be right; a rival's that is wrong is told."""
    try:
        case.check(data, result)
    except AssertionError:
        if name.startswith("prunus"):
            raise
        print(f"{case.title}: the answer of {name} is wrong; it is left out", file=sys.stderr)
        return False
    return True


def measure(case: Case, machine: Machine, workers: Workers, rounds: int, seconds: float) -> list[Line]:
    """Let every contender run once in each round, and check the first and the last answer, or all where the case asks for it.

    Every round of every case has an order of its own: who always ran after the same one would find the caches as that one
    leaves them. (Five rounds of the same five orders for every case made NumPy 1.3 times faster than its equal: it found
    the samples in L2, since it ran next.) But between two turns of a contender half of the others take theirs: who ran
    again at once would find its weights in the last cache (1024 x 1024 thrice, one sample: 380 us instead of 600).

    At most so many rounds after the first one, which warms up, and, after the fifth, no longer than so many seconds. A rival
    that has had so many seconds for itself does not run again (some take half a minute where ours takes a fifth of a
    second); of its answers the first one is checked. One whose answer is wrong is left out.
    """
    chosen = list(contenders(case))
    runners = {c.name: workers.runner(c, case) for c in chosen}
    names = list(runners)
    order = Order(case.title)
    times: dict[str, list[float]] = {name: [] for name in names}
    facts: dict[str, list[Mapping[str, float]]] = {name: [] for name in names}
    end = float("inf")
    last = False
    i = 0
    while not last:
        data = case.data(i)
        last = i >= rounds or (i >= min(rounds, 5) and time.perf_counter() > end)
        for name in order.next(runners):
            check = i == 0 or last or case.checks_every_round
            if case.threads > 1:
                rest()
            elapsed, result = runners[name].time_once(data, want_result=check)
            if check and not is_right(case, name, data, result):
                runners.pop(name)
                times[name].clear()
                continue
            if check:
                facts[name].append(case.facts(data, result))
            if i > 0:
                times[name].append(elapsed)
                if name != names[0] and sum(times[name]) > seconds:
                    runners.pop(name)
        if i == 0:
            # Not before: contenders in other processes make ready in the first round.
            end = time.perf_counter() + seconds
        i += 1
    limit = case.limit(machine)
    # Ours in as many rounds as the other took part in: more rounds have a lower minimum.
    ours = times[names[0]]
    return [line(case, c, of_c, ours[: len(of_c)], limit, facts[c.name]) for c in chosen if (of_c := times[c.name])]


def selected(kind: type[Case], options: argparse.Namespace) -> Iterable[Case]:
    """Yield the cases of a kind that the command line asks for."""
    cases = kind.grid(options.threads) if options.grid else kind.variants(options.threads, quick=options.quick)
    for case in cases:
        wanted = {"network_name": options.network, "sparsity": options.sparsity, "batch": options.batch}
        if all(not values or getattr(case, field, None) in values for field, values in wanted.items()):
            yield case


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--case", action="append", choices=list(CASES), help="run only this case (may be repeated)")
    parser.add_argument("--grid", action="store_true", help="all networks, sparsities and batches there are")
    parser.add_argument("--network", action="append", help="of mlp, only this one (may be repeated)")
    parser.add_argument("--sparsity", action="append", type=float, help="only this one (may be repeated)")
    parser.add_argument("--batch", action="append", type=int, help="only this one (may be repeated)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--target", help="hold prunus and its rivals to this target; those that cannot be told are left out"
    )
    parser.add_argument(
        "--seconds", type=float, default=20, help="for one case, at most, after five rounds; and for one rival"
    )
    parser.add_argument("--json", type=Path, help="append a line for each result to this file")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.target and options.target not in (held := [*_LIMITS, _core.supported_targets()[-1]]):
        parser.error(f"--target: rivals can be held to {', '.join(dict.fromkeys(held))} alone, got {options.target}")

    os.environ["PRUNUS_NUM_THREADS"] = str(options.threads)
    machine = Machine(quick=options.quick)
    print(machine.describe(options.threads), flush=True)
    with threadpool_limits(options.threads), Workers() as workers:
        for name in options.case or CASES:
            of_kind: list[Line] = []
            for case in selected(CASES[name], options):
                rows = measure(case, machine, workers, 3 if options.quick else 200, options.seconds)
                of_kind += rows
                print(f"\n{as_table(rows)}", flush=True)
                if options.json:
                    with options.json.open("a") as file:
                        file.writelines(f"{as_json(row, machine.cpu)}\n" for row in rows)
            for text in extrapolations(of_kind):
                print(f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
