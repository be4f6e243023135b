"""Files: what is loaded is what was saved, to the bit; anything else is a FormatError; a save is whole or not at all."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

import prunus
from prunus.data.scaling import Scaling
from prunus.files import files
from strategies import networks


def same_bits(a: prunus.Network, b: prunus.Network) -> bool:
    pairs = [
        (x, y) for m, n in zip(a.layers, b.layers, strict=True) for x, y in ((m.weight, n.weight), (m.bias, n.bias))
    ]
    return a == b and all(x.tobytes() == y.tobytes() for x, y in pairs)


@given(network=networks())
def test_network_round_trip(network: prunus.Network) -> None:
    contents = files.from_bytes(files.to_bytes(files.Contents(network)))
    assert same_bits(contents.network, network)
    assert contents.masks is None
    assert contents.report is None


@pytest.mark.parametrize("classes", [[0, 1, 2], ["a", "ß", "漢字"], [0.5, 1.5, -2.5], np.array([3, 250, 7], np.uint8)])
def test_every_part_comes_back(classes: Any, tmp_path: Path, rng: np.random.Generator) -> None:
    weight = rng.standard_normal((3, 4)) * (rng.random((3, 4)) < 0.3)
    network = prunus.Network(
        [prunus.Layer(weight, [0, -0.5, 1e-310], "leaky_relu", negative_slope=0.123)],
        output="softmax",
        classes=classes,
        inputs=[True, False, True, True, True],
        scaling=Scaling(rng.standard_normal(4), rng.random(4) + 1),
        origin={"library": "somewhere", "params": {"a": [1, None, "b"], "c": 0.1}},
    )
    path = tmp_path / "network.safetensors"
    prunus.save(network, path)
    loaded = prunus.load(str(path))
    assert isinstance(loaded, prunus.Network)
    assert same_bits(loaded, network)
    assert loaded.classes is not None
    assert network.classes is not None
    assert loaded.classes.dtype == network.classes.dtype


@pytest.mark.parametrize("pattern", ["weight", "neuron"])
def test_pruned_round_trip(pattern: str, tmp_path: Path, digits: Any, digits_mlp: Any) -> None:
    pruned = prunus.prune(digits_mlp, *digits, sparsity=0.7, pattern=pattern)
    path = tmp_path / "pruned.safetensors"
    pruned.save(path)
    loaded = prunus.load(path)
    assert isinstance(loaded, prunus.Pruned)
    assert same_bits(loaded.network, pruned.network)
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(loaded.masks, pruned.masks, strict=True))
    assert loaded.report == pruned.report
    assert str(loaded.report) == str(pruned.report)
    assert loaded.sparsity == pruned.sparsity
    assert np.array_equal(loaded.predict(digits[0]), pruned.predict(digits[0]))
    assert prunus.as_network(path) == pruned.network
    # the size that the report tells is the file's, but for the digits of that number itself
    assert abs(path.stat().st_size - pruned.report["bytes"]["after"]) <= 16


def test_sparse_layers_are_stored_sparse(tmp_path: Path, rng: np.random.Generator) -> None:
    for n_in, index in ((256, np.uint8), (257, np.uint16), (65_537, np.uint32)):
        weight = np.zeros((3, n_in), np.float32)
        weight[:, rng.integers(0, n_in, 5)] = 1
        weight[2, -1] = 1
        path = tmp_path / "sparse.safetensors"
        prunus.save(prunus.Network([prunus.Layer(weight)]), path)
        tensors = safetensors.numpy.load_file(path)
        assert set(tensors) == {"layers.0.values", "layers.0.columns", "layers.0.row_starts"}
        assert tensors["layers.0.columns"].dtype == index
        assert tensors["layers.0.row_starts"].dtype == np.uint8
        assert tensors["layers.0.values"].size == np.count_nonzero(weight)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A pruned network in few bytes, with sparse layers, a mask that is not the weights' own, and labels."""
    rng = np.random.default_rng(0)
    weight = np.where(rng.random((6, 9)) < 0.1, rng.standard_normal((6, 9)), 0)
    layers = [prunus.Layer(weight, rng.standard_normal(6), "relu"), prunus.Layer(rng.standard_normal((2, 6)))]
    network = prunus.Network(layers, output="softmax", classes=["a", "b"])
    path = tmp_path_factory.mktemp("files") / "small.safetensors"
    prunus.prune(network, sparsity=0.4).save(path)
    return path.read_bytes()


def refused(path: Path, raw: bytes) -> str:
    path.write_bytes(raw)
    with pytest.raises(prunus.FormatError) as caught:
        prunus.load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_flipped_bit_anywhere(small_file: bytes) -> None:
    assert files.from_bytes(small_file)
    for i in range(len(small_file) * 8):
        damaged = bytearray(small_file)
        damaged[i // 8] ^= 1 << i % 8
        with pytest.raises(prunus.FormatError):
            files.from_bytes(bytes(damaged))


def test_truncated_and_longer(small_file: bytes, tmp_path: Path) -> None:
    for n in range(0, len(small_file), 7):
        with pytest.raises(prunus.FormatError):
            files.from_bytes(small_file[:n])
    refused(tmp_path / "half", small_file[: len(small_file) // 2])
    refused(tmp_path / "longer", small_file + b"\0")
    refused(tmp_path / "twice", small_file * 2)


@given(raw=st.binary(max_size=200))
def test_noise(raw: bytes) -> None:
    with pytest.raises(prunus.FormatError):
        files.from_bytes(raw)


def test_foreign(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    for raw in (b"", b"hello", (2).to_bytes(8, "little") + b"{}", b"PK\x03\x04" + b"\0" * 100):
        refused(path, raw)
    assert "foreign" in refused(path, safetensors.numpy.save({"weight": np.ones((2, 2))}))
    assert "foreign" in refused(path, safetensors.numpy.save({"weight": np.ones((2, 2))}, {"format": "pt"}))
    header = b'{"__metadata__":null}   '
    assert "safetensors" in refused(path, len(header).to_bytes(8, "little") + header)
    with pytest.raises(FileNotFoundError):
        prunus.load(tmp_path / "missing")


@pytest.mark.parametrize("name", ["model.pt", "model.onnx", "model.pth", "model", "model.safetensors"])
def test_a_file_of_another_library_says_how_its_model_becomes_a_network(name: str, tmp_path: Path) -> None:
    for raw in (b"PK\x03\x04" + b"\0" * 100, safetensors.numpy.save({"weight": np.ones((2, 2))})):
        assert "prunus.Network of one prunus.Layer(" in refused(tmp_path / name, raw)


def signed(tensors: dict[str, Any], document: Any) -> bytes:
    """A file whose checksum is right, as docs/formats.md describes it, whatever it holds."""
    text = document if isinstance(document, str) else json.dumps(document)
    raw = safetensors.numpy.save(tensors, {"prunus": text, "sha256": "0" * 64})
    return raw.replace(b'"sha256":"' + b"0" * 64, b'"sha256":"' + hashlib.sha256(raw).hexdigest().encode())


def parts(raw: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return dict(safetensors.numpy.load(raw)), json.loads(header["__metadata__"]["prunus"])


def change(key: str, value: Any) -> Callable[[Any, Any], None]:
    """Change one entry of the description; a dot goes into a list or an object."""

    def apply(tensors: Any, document: Any) -> None:
        *path, last = [int(step) if step.isdigit() else step for step in key.split(".")]
        for step in path:
            document = document[step]
        document[last] = value

    return apply


def tensor(name: str, make: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    def apply(tensors: Any, document: Any) -> None:
        tensors[name] = np.ascontiguousarray(make(tensors.get(name)))

    return apply


def at(position: int, value: int) -> Callable[[Any], Any]:
    def make(array: Any) -> Any:
        array = array.copy()
        array[position] = value
        return array

    return make


CRAFTED: dict[str, Callable[[Any, Any], None]] = {
    "newer version": change("version", 3),
    "the first version with bools of today": change("version", 1),
    "version of another kind": change("version", "1"),
    "dtype": change("dtype", "float16"),
    "no layers": change("layers", []),
    "layers of another kind": change("layers", 3),
    "a layer of another kind": change("layers.0", [1]),
    "shape of one": change("layers.0.shape", [6]),
    "negative shape": change("layers.0.shape", [-6, 9]),
    "fractional shape": change("layers.0.shape", [6.0, 9]),
    "shape of bools": change("layers.0.shape", [True, 9]),
    "shape that overflows 32 bits": change("layers.0.shape", [65_536, 65_537]),
    "absurd width": change("layers.0.shape", [6, 2**62]),
    "absurd height": change("layers.0.shape", [2**40, 9]),
    "wrong width": change("layers.0.shape", [6, 8]),
    "format": change("layers.0.format", "coo"),
    "activation": change("layers.0.activation", "exec"),
    "slope of another kind": change("layers.0.negative_slope", "0"),
    "output": change("output", "argmax"),
    "class of objects": change("classes", {"dtype": "O", "labels": ["a", "b"]}),
    "too many classes": change("classes", {"dtype": "<U1", "labels": ["a", "b", "c"]}),
    "equal classes": change("classes", {"dtype": "<U1", "labels": ["a", "a"]}),
    "inputs without a tensor": change("inputs", {"shape": [9], "format": "bits"}),
    "absurd inputs": change("inputs", {"shape": [2**40], "format": "all"}),
    "inputs of another width": change("inputs", {"shape": [8], "format": "all"}),
    "scaling without tensors": change("scaling", True),
    "absurd mask": change("masks.0", {"shape": [2**30, 2**30], "format": "all"}),
    "mask of no dimension": change("masks.0", {"shape": [], "format": "all"}),
    "mask of another shape": change("masks.0.shape", [6, 90]),
    "masks without a report": change("report", None),
    "a report of another kind": change("report", 5),
    "an empty report": change("report", {}),
    "a report whose sparsity is none": change("report.sparsity", "half"),
    "a report whose names are none": change("report.feature_names", [1, 2]),
    "a report that cannot be shown": change("report.layers", [{"shape": [6, 9]}, {"shape": [2, 6]}]),
    "no masks": change("masks", []),
    "masks of other layers": change("masks", [{"shape": [3, 3], "format": "all"}, {"shape": [2], "format": "all"}]),
    "many huge masks": change("masks", [{"shape": [2**16, 2**16], "format": "all"}] * 8),
    "a structure without layers": change("structure", []),
    "a structure of other layers": change("structure", [{"shape": [n], "format": "all"} for n in (3, 2)]),
    "a structure of matrices": change("structure", [{"shape": [n, 1], "format": "all"} for n in (9, 6, 2)]),
    "a structure of more neurons": change("structure", [{"shape": [n], "format": "all"} for n in (9, 7, 2)]),
    "a huge structure": change("structure", [{"shape": [2**40], "format": "all"}]),
    "wide labels": change("classes", {"dtype": "<U500000000", "labels": ["a", "b"]}),
    "labels that are cut": change("classes", {"dtype": "<U1", "labels": ["abc", "b"]}),
    "an unknown key": change("more", 1),
    "an unknown key of a layer": change("layers.0.more", 1),
    "a bias of another kind": change("layers.0.bias", 1),
    "bits behind the last": tensor("masks.0", lambda a: np.r_[a[:-1], a[-1] | 1].astype(np.uint8)),
    "origin of another kind": change("origin", 7),
    "NaN among the values": tensor("layers.0.values", lambda a: np.full_like(a, np.nan)),
    "values of another type": tensor("layers.0.values", lambda a: a.astype(np.float32)),
    "too many values": tensor("layers.0.values", lambda a: np.r_[a, 1.0]),
    "columns of another type": tensor("layers.0.columns", lambda a: a.astype(np.int64)),
    "column out of range": tensor("layers.0.columns", at(0, 9)),
    "columns that do not ascend": tensor("layers.0.columns", lambda a: np.full_like(a, 3)),
    "starts that decrease": tensor("layers.0.row_starts", at(1, 200)),
    "starts that end early": tensor("layers.0.row_starts", at(-1, 0)),
    "starts that begin late": tensor("layers.0.row_starts", at(0, 1)),
    "too few starts": tensor("layers.0.row_starts", lambda a: a[:-1]),
    "an unknown tensor": tensor("extra", lambda _: np.ones(3)),
    "bools of an unknown format": change("masks.0.format", "runs"),
    "bools of the first version": change("masks.0", {"shape": [6, 9], "all": True}),
    "inputs that follow from weights": change("inputs", {"shape": [9], "format": "weights"}),
    "positions in the place of bits": change("masks.0.format", "positions"),
    "too few masks": lambda _, document: document["masks"].pop(),
    "mask of few bytes": tensor("masks.0", lambda a: a[:-1]),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_with_a_right_checksum(name: str, small_file: bytes, tmp_path: Path) -> None:
    tensors, document = parts(small_file)
    assert files.from_bytes(signed(tensors, document))  # as it was, it loads
    CRAFTED[name](tensors, document)
    refused(tmp_path / "crafted", signed(tensors, document))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "{", '{"version": 1}', "[" * 100_000])
def test_crafted_description(text: str, small_file: bytes, tmp_path: Path) -> None:
    message = refused(tmp_path / "crafted", signed(parts(small_file)[0], text))
    assert "description" in message or "newer prunus" in message


@pytest.mark.parametrize("missing", ["layers.0.values", "layers.0.columns", "layers.0.row_starts", "layers.1.weight"])
def test_a_missing_tensor(missing: str, small_file: bytes, tmp_path: Path) -> None:
    tensors, document = parts(small_file)
    del tensors[missing]
    assert missing in refused(tmp_path / "crafted", signed(tensors, document))


# Bools --------------------------------------------------------------------------------------------------------------------


def with_masks(*masks: Any) -> tuple[files.Contents, dict[str, Any], dict[str, Any]]:
    """A network of two layers whose first half of the rows is zero, with these masks; and its file, taken apart."""
    rng = np.random.default_rng(0)
    layers = [prunus.Layer(rng.standard_normal((40, 30)) * (np.arange(40)[:, None] >= 20)) for _ in masks[:1]]
    layers += [prunus.Layer(rng.standard_normal((2, 40)))]
    report = prunus.prune(prunus.Network(layers), sparsity=0).report
    contents = files.Contents(prunus.Network(layers), masks, report)
    return contents, *parts(files.to_bytes(contents))


WEIGHTS = np.repeat(np.arange(40) >= 20, 30).reshape(40, 30)
FEW = np.zeros((40, 30), bool)
FEW[[0, 3, 39], [1, 0, 29]] = True
LAST = np.ones((2, 40), bool)


@pytest.mark.parametrize(
    ("mask", "form", "tensor"),
    [
        (np.ones((40, 30), bool), "all", None),
        (WEIGHTS, "weights", None),
        (FEW, "positions", np.array([1, 90, 1199], np.uint16)),
        (np.zeros((40, 30), bool), "positions", np.zeros(0, np.uint16)),
        (~WEIGHTS, "bits", np.packbits(~WEIGHTS)),
    ],
)
def test_bools_take_the_fewest_bytes(mask: Any, form: str, tensor: Any, tmp_path: Path) -> None:
    contents, tensors, document = with_masks(mask, LAST)
    assert document["masks"] == [{"shape": [40, 30], "format": form}, {"shape": [2, 40], "format": "all"}]
    assert ("masks.0" in tensors) is (tensor is not None)
    if tensor is not None:
        assert np.array_equal(tensors["masks.0"], tensor)
        assert tensors["masks.0"].dtype == tensor.dtype
    loaded = files.from_bytes(files.to_bytes(contents))
    assert loaded.masks is not None
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(loaded.masks, (mask, LAST), strict=True))
    assert files.size_of(contents) == len(files.to_bytes(contents))


@pytest.mark.parametrize("positions", [[90, 1], [1, 1], [1, 1200]])
def test_crafted_positions(positions: list[int], tmp_path: Path) -> None:
    _, tensors, document = with_masks(FEW, LAST)
    tensors["masks.0"] = np.array(positions, np.uint16)
    assert "expected positions that ascend and lie below 1200" in refused(tmp_path / "x", signed(tensors, document))


def test_a_file_of_the_first_version(tmp_path: Path) -> None:
    """As the first version wrote it: of bools it knew all and bits."""
    contents, tensors, document = with_masks(WEIGHTS, LAST)
    document |= {"version": 1, "masks": [{"shape": [40, 30], "all": False}, {"shape": [2, 40], "all": True}]}
    document["inputs"] = {"shape": [31], "all": False}
    tensors |= {"masks.0": np.packbits(WEIGHTS), "inputs": np.packbits(np.arange(31) > 0)}
    path = tmp_path / "old.safetensors"
    path.write_bytes(signed(tensors, document))
    loaded = prunus.load(path)
    assert isinstance(loaded, prunus.Pruned)
    assert loaded.network.layers == contents.network.layers
    assert np.array_equal(loaded.network.inputs, np.arange(31) > 0)  # type: ignore[arg-type]
    assert np.array_equal(loaded.masks[0], WEIGHTS)
    assert loaded.masks[1].all()
    document["masks"][0]["all"] = 0
    refused(path, signed(tensors, document))


def test_masks_cost_no_more_than_the_weights_that_they_keep(rng: np.random.Generator) -> None:
    """Of 1024-1024-1024-10 at 99.9 % the masks are nine tenths of the bytes where each weight has a bit."""
    widths = [1024, 1024, 1024, 10]
    weights = [rng.standard_normal((n, m)).astype(np.float32) for m, n in itertools.pairwise(widths)]
    pruned = prunus.prune(prunus.Network([prunus.Layer(weight) for weight in weights]), sparsity=0.999)
    network, report = files.size_of(files.Contents(pruned.network)), len(json.dumps(pruned.report))
    assert files.size_of(pruned.contents()) < network + 2 * report  # quotation marks are escaped
    zeros = prunus.Network([prunus.Layer(weight * (rng.random(weight.shape) < 0.001)) for weight in weights])
    kept = prunus.prune(zeros, sparsity=0.998)  # keeps as many zeros
    n_kept = sum(int(mask.sum()) for mask in kept.masks)
    assert n_kept > 1.5 * zeros.n_nonzero
    assert files.size_of(kept.contents()) < files.size_of(files.Contents(kept.network)) + 4 * n_kept + 3000


KILLED = """
import os, signal, sys
import prunus
from prunus.files import files
network = prunus.Network([prunus.Layer([[2.0]])])
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
prunus.save(network, sys.argv[1])
"""


def test_a_save_killed_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    old = prunus.Network([prunus.Layer([[1.0]])])
    prunus.save(old, path)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert prunus.load(path) == old


def test_a_save_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    old, new = (prunus.Network([prunus.Layer([[value]])]) for value in (1.0, 2.0))
    prunus.save(old, path)
    path.chmod(0o640)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            prunus.save(new, path)
    assert prunus.load(path) == old
    assert list(tmp_path.iterdir()) == [path]
    prunus.save(new, path)
    assert prunus.load(path) == new
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_that_fails_names_the_file_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = prunus.Network([prunus.Layer([[1.0]])])
    folder, missing, file = tmp_path / "folder.safetensors", tmp_path / "no" / "model.safetensors", tmp_path / "file"
    folder.mkdir()
    file.touch()
    for path, kind in (
        (folder, IsADirectoryError),
        (missing, FileNotFoundError),
        (file / "model.safetensors", NotADirectoryError),
        (tmp_path / f"{'long' * 100}.safetensors", OSError),
    ):
        with pytest.raises(kind) as caught:
            prunus.save(network, path)
        assert (caught.value.filename, caught.value.filename2) == (str(path), None)
        assert ".part" not in str(caught.value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match=r"No space left on device: 'here\.safetensors'"):
        prunus.save(network, "here.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.safetensors"]


@pytest.mark.parametrize("name", ["pipe", "link"])
def test_a_pipe_is_written_to_and_not_replaced(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    network = prunus.Network([prunus.Layer([[1.0, 0.0]])])
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        prunus.save(network, tmp_path / name)
        assert files.from_bytes(os.read(reader, 1 << 16)).network == network
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, Path(os.devnull).stat().st_rdev)
        device.write_bytes(b"")
    except PermissionError:
        pytest.skip("may not make a device")
    prunus.save(prunus.Network([prunus.Layer([[1.0]])]), device)
    assert device.is_char_device()
    assert list(tmp_path.iterdir()) == [device]


def test_a_save_to_a_pipe_of_the_shell() -> None:
    """The place of /dev/stdout has no name in any folder."""
    code = "import prunus; prunus.save(prunus.Network([prunus.Layer([[2.0]])]), '/dev/stdout')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert files.from_bytes(result.stdout).network.layers[0].weight == 2


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    prunus.save(prunus.Network([prunus.Layer([[1.0]])]), target)
    link.symlink_to(target)
    new = prunus.Network([prunus.Layer([[2.0]])])
    prunus.save(new, link)
    assert link.is_symlink()
    assert prunus.load(target) == new


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("pattern", ["weight", "neuron", "input"])
def test_sizes_are_told_without_writing(
    pattern: str, sparsity: float, digits: Any, digits_network: prunus.Network, tmp_path: Path
) -> None:
    pruned = prunus.prune(digits_network, *digits, sparsity=sparsity, pattern=pattern, allow_empty=True)
    for contents in (files.Contents(digits_network), files.Contents(pruned.network), pruned.contents()):
        assert files.size_of(contents) == len(files.to_bytes(contents))
