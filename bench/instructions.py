"""Count the instructions of every kernel on a fixed case, and compare them with those kept beside this file.

python -m bench.instructions build/core/prunus_instructions            fails where a kernel takes 3 % more than it did
python -m bench.instructions build/core/prunus_instructions --update   keeps what it counts

Instructions are the same in every run, where times are not. They depend on the compiler: counts are kept by its version, and
those of another one are only shown. Valgrind knows no AVX-512, so targets up to x86-64-v3 are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from prunus import _core

KEPT = Path(__file__).with_name("instructions.json")
TARGETS = ("x86-64-v2", "x86-64-v3")
TOLERANCE = 1.03


def count(program: Path, target: str) -> dict[str, int]:
    """Return the instructions of each kernel."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={folder}/out"]
        command.append(str(program))
        environment = {**os.environ, "PRUNUS_TARGET": target}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        dumps = [path.read_text() for path in Path(folder).glob("out.*")]
    counts = {}
    for dump in dumps:
        name = re.search(r"^desc: Trigger: Client Request: (.+)$", dump, re.MULTILINE)
        total = re.search(r"^(?:summary|totals): (\d+)", dump, re.MULTILINE)
        if name and total:
            counts[name[1]] = int(total[1])
    if not counts:
        sys.exit("callgrind counted nothing: was its header there when the program was built?")
    return counts


def compare(kept: dict[str, int], counted: dict[str, int]) -> list[str]:
    """Return a line for each kernel that takes too many, or that nothing is known of, or that is gone."""
    lines = [f"{name}: no longer there" for name in kept if name not in counted]
    for name, n in counted.items():
        if name not in kept:
            lines.append(f"{name}: {n} instructions, none kept")
        elif n > TOLERANCE * kept[name]:
            lines.append(f"{name}: {n} instructions, {kept[name]} kept ({n / kept[name] - 1:+.1%})")
    return lines


def main() -> None:
    """Count, and compare or keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    all_kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    counted = {target: count(options.program, target) for target in TARGETS if target in _core.supported_targets()}
    if options.update:
        all_kept.setdefault(_core.compiler, {}).update(counted)
        KEPT.write_text(json.dumps(all_kept, indent=1, sort_keys=True) + "\n")
        return
    kept = all_kept.get(_core.compiler)
    if kept is None:
        print(f"no counts are kept of {_core.compiler}, only of {', '.join(all_kept)}")
        return
    wrong = [f"{target}: {line}" for target in counted for line in compare(kept.get(target, {}), counted[target])]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{sum(map(len, counted.values()))} counts of instructions, none more than 3 % above what is kept")


if __name__ == "__main__":
    main()
