"""What the code promises about itself: layers, one version, no ISA leak, nothing heavy at import."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import prunus
from prunus import _core
from prunus.network.functions import ACTIVATIONS

ROOT = Path(__file__).parents[1]
CSRC = ROOT / "csrc"

# Lowest first. A file may include what lies in its own or a lower layer, but for what OUT_OF_BOUNDS says.
CPP_LAYERS = [
    ["base.h"],
    ["formats.h"],
    ["simd/"],
    ["kernels/"],
    ["dispatch/"],
    ["list.h", "fork.h", "failure.h", "interrupt.h"],
    ["parallel."],
    ["team.", "processors.h", "huge_pages.h"],
    ["pack/", "select/", "solve/"],
    ["executor/"],
    ["train/"],
    ["bindings/"],
]

# What the objects of the targets see.
PER_TARGET = ("kernels/", "simd/", "dispatch/kernels.h", "dispatch/target", "dispatch/table.h", "formats.h", "base.h")


def cpp_layer(name: str) -> int:
    return next(i for i, layer in enumerate(CPP_LAYERS) for prefix in layer if name.startswith(prefix))


def sources() -> dict[str, str]:
    return {
        str(path.relative_to(CSRC)): path.read_text()
        for path in sorted(CSRC.rglob("*"))
        if path.suffix in (".h", ".cpp")
    }


def test_cpp_layers() -> None:
    files = sources()
    assert len(files) > 20
    for name, text in files.items():
        for included in re.findall(r'#\s*include "([^"]+)"', text):
            if included == "targets.inc":  # generated: names of namespaces
                continue
            assert cpp_layer(included) <= cpp_layer(name), f"{name} includes {included}"
            if name.startswith(("pack/", "select/", "solve/")) and cpp_layer(included) == cpp_layer(name):
                assert included.split("/")[0] == name.split("/")[0], (
                    f"{name} includes {included}, which stands beside it"
                )
            if included.startswith(("kernels/", "simd/")):
                assert name.startswith(("simd/", "kernels/")) or name == "dispatch/kernels.h", f"{name} sees kernels"
            if name.startswith("kernels/") and included.startswith("kernels/"):
                assert Path(name).parent == Path(included).parent, f"{name} includes {included}, of others' kernels"
        if not name.startswith(("bindings/", "dispatch/")):
            assert "active_target" not in text, f"{name} asks for the target: it is given"


def test_cpp_files_of_one_name_are_one_thing() -> None:
    """Two files have one name where one declares what the other defines, and else nowhere."""
    by_stem: dict[str, set[str]] = {}
    for name in sources():
        by_stem.setdefault(Path(name).stem, set()).add(str(Path(name).with_suffix("")))
    assert not {stem: paths for stem, paths in by_stem.items() if len(paths) > 1}


def test_what_stays_out_of_kernels() -> None:
    for name, text in sources().items():
        code = re.sub(r"//.*", "", text)
        system = re.findall(r"#\s*include <([^>]+)>", code)
        if name.startswith(PER_TARGET):
            assert set(system) <= {"assert.h", "stddef.h", "stdint.h", "immintrin.h", "arm_neon.h"}, name
            assert "std::" not in code, name
            assert not re.search(r"\b(throw|new|malloc)\b", code), name
        if not name.startswith("simd/"):
            assert not re.search(r"_mm\d*_|\bv\w+q_[fus]\d+|immintrin|arm_neon", code), f"{name} has intrinsics"
        if name != "parallel.h":
            assert not re.search(r"pragma omp|omp_", code), f"{name} has OpenMP"
        if not name.startswith("bindings/"):
            assert "pybind11" not in code, name


def test_python_layers() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 kept, 0 broken" in result.stdout


def test_rooms_take_what_others_hand_out() -> None:
    """A room imports of another what that one's `__init__` names, so that its files can change."""
    package = ROOT / "python" / "prunus"
    rooms = {path.name for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert len(rooms) <= 17
    assert {path.name for path in package.glob("*.py")} == {
        "__init__.py",
        "__main__.py",
        "feature_selection.py",
        "linear_model.py",
        "plotting.py",
    }
    for path in package.rglob("*.py"):
        own = path.relative_to(package).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                _, *inner = module.split(".")
                if module.startswith("prunus.") and inner[0] in rooms - {own}:
                    assert len(inner) == 1 or module == "prunus.convert.sklearn", f"{path}: {module}"


def test_files_that_the_design_names_are_there() -> None:
    for page in ROOT.glob("docs/design/*.md"):
        for name in re.findall(r"\w[\w/]*/\w+\.(?:py|h|cpp)\b", page.read_text()):
            assert any((ROOT / base / name).exists() for base in ("", "python/prunus", "csrc")), f"{page.name}: {name}"


def test_rooms_say_what_they_are_for() -> None:
    for path in (ROOT / "python" / "prunus").rglob("__init__.py"):
        text = ast.get_docstring(ast.parse(path.read_text()))
        assert text, path
        assert text.partition("\n")[0].endswith("."), path


def test_import_needs_no_extra() -> None:
    code = (
        "import sys, prunus\n"
        "heavy = {'sklearn', 'scipy', 'torch', 'pandas', 'onnx', 'matplotlib', 'typer', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "prunus.compile(prunus.prune(prunus.Network([prunus.Layer([[1.0, 2.0]])]), sparsity=0.5))([[1.0, 2.0]])\n"
        "late = {'sklearn', 'tqdm', 'prunus.solving'} & set(sys.modules)\n"
        "assert not late, late\n"
        "assert prunus.solving.GramAccumulator is prunus.statistics.GramAccumulator"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_without_docstrings() -> None:
    code = "import prunus, prunus.linear_model, prunus.cli; assert not prunus.prune.__doc__; print(prunus.criteria())"
    subprocess.run([sys.executable, "-OO", "-c", code], check=True, capture_output=True)


def test_warnings_are_given_at_the_line_that_called_the_package() -> None:
    """Whoever writes `warnings.warn` must count the calls between; `check.warn` does."""
    calling = [path.name for path in ROOT.glob("python/**/*.py") if "warnings.warn(" in path.read_text()]
    assert calling == ["errors.py"]


def test_errors_about_an_argument_carry_its_name() -> None:
    """Whoever writes `raise ValueError("name: expected ...")` has gone past `check.error`."""
    pattern = re.compile(r'raise (?:Type|Value|NotSupported|FloatingPoint)Error\(\s*f?"[\w{}]+(?:\[[\w{}]*\])*: ')
    for path in ROOT.glob("python/**/*.py"):
        if "cli" not in path.parts:
            assert not pattern.search(path.read_text()), path


def test_one_version() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert prunus.__version__ == _core.version == importlib.metadata.version("prunus") == declared
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text()
    numbers = [p for p in ROOT.glob("python/**/*.py") if declared in p.read_text()]
    assert not numbers, "the version stands in pyproject.toml alone"


def test_activations_have_the_same_numbers_in_both_languages() -> None:
    enum = re.search(r"enum class Activation : i32 \{([^}]+)\}", (CSRC / "formats.h").read_text())
    assert enum
    assert [name.strip() for name in enum[1].split(",")] == [*ACTIVATIONS, "count"]


def target_objects() -> list[Path]:
    return sorted(ROOT.glob("build/*/csrc/CMakeFiles/target_*.dir/dispatch/target*.o"))


@pytest.mark.skipif(not target_objects(), reason="no build tree beside the tests")
def test_weak_symbols_lie_in_their_target() -> None:
    """A weak symbol of another namespace in two of these objects is one function after linking, for whichever target."""
    seen = 0
    for path in target_objects():
        target = re.search(r"target_(\w+)\.dir", str(path))
        assert target
        listing = subprocess.run(["nm", "-C", str(path)], capture_output=True, text=True, check=True).stdout
        for line in listing.splitlines():
            kind, name = line[17:18], line[19:]
            if kind not in "WVuv":
                continue
            seen += 1
            assert re.search(rf"\bprunus::{target[1]}::", name.split("(")[0]), f"{path}: {line}"
    assert seen > 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads an ELF file")
def test_the_module_needs_no_library_that_a_slim_machine_lacks() -> None:
    needed = set(re.findall(r"NEEDED.*\[(.*?)\]", dynamic_section(_core.__file__)))
    assert {name.split(".")[0] for name in needed} <= {
        "libgomp",
        "libgomp-prunus",
        "libm",
        "libc",
        "libpthread",
        "ld-linux-x86-64",
        "ld-linux-aarch64",
    }


# In a build tree the module takes the compiler's GNU OpenMP; its own comes when it is installed.
with_its_openmp = pytest.mark.skipif(
    sys.platform != "linux" or not _core.openmp or Path(_core.__file__).is_relative_to(ROOT),
    reason="no installed module with OpenMP",
)


@with_its_openmp
def test_openmp_has_a_name_of_its_own() -> None:
    """Else what is loaded later and needs the system's GNU OpenMP would get the module's."""
    own = Path(_core.__file__).with_name("libgomp-prunus.so.1")
    module = dynamic_section(_core.__file__)
    assert re.findall(r"NEEDED.*\[(libgomp.*?)\]", module) == [own.name]
    assert "$ORIGIN" in module
    assert re.findall(r"SONAME.*\[(.*?)\]", dynamic_section(own)) == [own.name]


@with_its_openmp
@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no GCC")
def test_another_library_has_its_own_openmp(tmp_path: Path) -> None:
    (tmp_path / "other.c").write_text(
        "int most(void) { int n = 0;\n#pragma omp parallel reduction(max: n)\nn = 1; return n; }"
    )
    subprocess.run(["gcc", "-fopenmp", "-shared", "-fPIC", "-o", "libother.so", "other.c"], cwd=tmp_path, check=True)
    code = (
        "import ctypes, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from prunus import _core\n"
        "def loaded(): return {Path(line.split()[-1]).name for line in open('/proc/self/maps') if 'libgomp' in line}\n"
        "before = loaded()\n"
        "other = ctypes.CDLL(sys.argv[1])\n"
        "assert other.most() == 1\n"
        "assert _core.count_nonzero(np.ones(1 << 20), 2) == 1 << 20\n"
        "assert len(before) == 1 and len(loaded() - before) == 1, (before, loaded())"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "libother.so"], check=True)


def dynamic_section(library: str | Path) -> str:
    return subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout


def test_no_flag_that_changes_the_process_or_the_machine() -> None:
    text = "".join((ROOT / name).read_text() for name in ("CMakeLists.txt", "CMakePresets.json", "pyproject.toml"))
    for flag in ("-ffast-math", "-Ofast", "-march=native"):
        assert flag not in text


def test_size_of_files() -> None:
    """A smell, not a law: one idea a file. What is longer is listed here, with its reason."""
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in ROOT.glob("python/**/*.py")} | sources()
    assert {name for name, text in texts.items() if len(text.splitlines()) > 400} == set()


@pytest.mark.skipif("CI" not in os.environ and not (ROOT / ".git").exists(), reason="not a checkout")
def test_nothing_generated_is_tracked() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    assert not [name for name in tracked if name.endswith((".so", ".o", ".safetensors", ".pyc"))]
