"""The engine against the reference: every activation, dtype and shape; threads, fork, pickle; NaN; out."""

from __future__ import annotations

import concurrent.futures
import gc
import itertools
import multiprocessing
import os
import pickle
import re
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import prunus
import reference
from prunus.network.functions import ACTIVATIONS
from strategies import DTYPES, batches, networks, seeds, spread


@given(network=networks(), n=batches, seed=seeds)
def test_against_the_reference(network: prunus.Network, n: int, seed: int) -> None:
    X = np.random.default_rng(seed).standard_normal((n, network.n_in)).astype(network.dtype)
    value, bound = reference.forward(network.layers, X, network.dtype)
    results = [prunus.compile(network, threads=threads)(X) for threads in (1, 2, 7)]
    assert results[0].dtype == network.dtype
    assert results[0].shape == (n, network.n_out)
    assert np.all(np.abs(results[0] - value) <= bound)
    assert all(np.array_equal(results[0], other) for other in results)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n", [1, 5, 1000])
def test_every_activation(activation: str, n: int, dtype: Any, rng: np.random.Generator) -> None:
    layers = [
        prunus.Layer(
            rng.standard_normal((50, 30)).astype(dtype), rng.standard_normal(50), activation, negative_slope=-0.5
        ),
        prunus.Layer(rng.standard_normal((20, 50)).astype(dtype), rng.standard_normal(20), activation),
    ]
    network = prunus.Network(layers)
    X = rng.standard_normal((n, 30)).astype(dtype)
    value, bound = reference.forward(layers, X, dtype)
    assert np.all(np.abs(prunus.compile(network)(X) - value) <= bound)


@pytest.fixture
def big(rng: np.random.Generator) -> tuple[prunus.Network, Any, Any]:
    """A network and a batch that are worth several threads, and the right output."""
    w = [rng.standard_normal(shape) * (rng.random(shape) < 0.3) for shape in ((200, 100), (10, 200))]
    network = prunus.Network(
        [prunus.Layer(w[0].astype(np.float32), None, "relu"), prunus.Layer(w[1].astype(np.float32))]
    )
    X = rng.standard_normal((2000, 100)).astype(np.float32)
    return network, X, prunus.compile(network, threads=1)(X)


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_threads_change_no_bit(threads: int | None, big: Any) -> None:
    network, X, expected = big
    engine = prunus.compile(network, threads=threads)
    for _ in range(3):
        assert np.array_equal(engine(X), expected)


def test_a_sample_does_not_depend_on_its_neighbours(big: Any) -> None:
    """A small batch may be summed in another order; batches beyond two vectors are all summed alike."""
    network, X, expected = big
    engine = prunus.compile(network)
    for begin, end in ((1, 40), (3, 1999), (7, 48)):
        assert np.array_equal(engine(X[begin:end]), expected[begin:end])
    for n in range(1, 20):
        assert np.all(np.abs(engine(X[:n]) - network.forward(X[:n])) <= network.error_bound(X[:n]))


def test_several_python_threads_share_an_engine(big: Any) -> None:
    network, X, expected = big
    engine = prunus.compile(network, threads=2)
    right: list[bool] = []

    def work(i: int) -> None:
        right.extend(np.array_equal(engine(X[i:]), expected[i:]) for _ in range(20))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert right == [True] * (8 * 20)


@pytest.mark.parametrize(("widths", "density"), [((1500, 1400, 7), 1.0), ((9000, 400), 0.4)])
def test_panels_that_go_together_change_no_bit(
    widths: tuple[int, ...], density: float, rng: np.random.Generator
) -> None:
    """More than 8 MB of weights: as many panels share them as leave each thread its share of the panels."""
    weights = [spread(rng, n_out, n_in, density, np.float32) for n_in, n_out in itertools.pairwise(widths)]
    network = prunus.Network([prunus.Layer(w, rng.standard_normal(len(w)), "relu") for w in weights])
    X = rng.standard_normal((5 * 32 + 5, widths[0])).astype(np.float32)
    engines = [prunus.compile(network, threads=threads) for threads in (1, 2, 3, 7)]
    results = [engine(X) for engine in engines]
    assert np.all(np.abs(results[0] - network.forward(X)) <= network.error_bound(X))
    assert all(np.array_equal(results[0], other) for other in results)
    assert np.array_equal(np.concatenate([engines[0](part) for part in np.array_split(X, 3)]), results[0])


def test_an_engine_outlives_its_network(big: Any) -> None:
    network, X, expected = big
    engine = prunus.compile(prunus.Network([layer.replace(layer.weight.copy()) for layer in network.layers]), threads=2)
    del network
    gc.collect()
    assert np.array_equal(engine(X), expected)


def resident() -> int:
    """Bytes of memory that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
@pytest.mark.parametrize("n", [1, 5, 40])
def test_memory_is_flat(n: int, big: Any) -> None:
    """A leak of 64 bytes a call would be 640 KB."""
    network, X, _ = big
    engine = prunus.compile(network, threads=2)
    out = np.empty((n, 10), np.float32)
    for _ in range(1000):
        engine(X[:n])
        engine(X[:n], out=out)
    before = resident()
    for _ in range(5000):
        engine(X[:n])
        engine(X[:n], out=out)
    assert resident() - before < 500_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_runs_the_engine(big: Any) -> None:
    network, X, expected = big
    engine = prunus.compile(network, threads=2)
    assert np.array_equal(engine(X), expected)  # the thread pool exists before the fork
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=lambda: queue.put(np.array_equal(engine(X), expected)))
    child.start()
    assert queue.get(timeout=60) is True
    child.join(60)
    assert child.exitcode == 0
    assert np.array_equal(engine(X), expected)  # and the parent still has its threads


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs Linux and two processors"
)
def test_helpers_may_go_where_the_caller_may(big: Any) -> None:
    """In a process of its own, where no other test has started any."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_check_a_helper, big[0], big[1]).result(timeout=60)


def _check_a_helper(network: prunus.Network, X: Any) -> None:
    engine = prunus.compile(network, threads=2)
    before = set(Path("/proc/self/task").iterdir())
    engine(X)
    (helper,) = set(Path("/proc/self/task").iterdir()) - before
    allowed = os.sched_getaffinity(0)

    def times_asleep() -> int:
        time.sleep(0.03)  # until it sleeps
        return int(re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", (helper / "status").read_text(), re.MULTILINE)[0])

    for _ in range(30):  # now and then it comes too late for the work
        asleep = times_asleep()
        engine(X)
        assert times_asleep() > asleep
        assert os.sched_getaffinity(int(helper.name)) == allowed  # it was woken on some of them
    os.sched_setaffinity(0, {min(allowed)})
    asleep = times_asleep()
    engine(X)
    assert times_asleep() == asleep  # two threads on one processor would only wait for each other


def test_pickle(big: Any) -> None:
    network, X, expected = big
    engine = pickle.loads(pickle.dumps(prunus.compile(network, threads=2)))
    assert engine.threads == 2
    assert np.array_equal(engine(X), expected)


@pytest.mark.parametrize("n", [2, 70])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_sample_spoils_itself_alone(n: int, bad: float, big: Any) -> None:
    network, X, expected = big
    X = X[:n].copy()
    engine = prunus.compile(network)
    expected = engine(X)
    column = int(np.flatnonzero(network.layers[0].weight[np.flatnonzero(network.layers[1].weight[0])[0]])[0])
    X[1, column] = bad
    got = engine(X)
    others = np.arange(n) != 1
    assert np.array_equal(got[others], expected[others])
    with np.errstate(invalid="ignore"):
        reached = ~np.isfinite(network.forward(X)[1])
    assert reached.any()
    assert not np.isfinite(got[1][reached]).any()


def test_x_of_any_real_kind(big: Any) -> None:
    network, X, expected = big
    engine = prunus.compile(network)
    wide = np.zeros((len(X), 200), np.float32)
    wide[:, ::2] = X
    for same in (X.astype(np.float64), np.asfortranarray(X), X[:, :].tolist(), wide[:, ::2]):
        assert np.array_equal(engine(same), expected)
    whole = np.arange(200).reshape(2, 100)
    assert np.array_equal(engine(whole), engine(whole.astype(np.float32)))
    assert np.array_equal(engine(whole > 3), engine((whole > 3).astype(np.float32)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_short_way_refuses_what_the_long_one_must_look_at(dtype: Any, rng: np.random.Generator) -> None:
    """Arrays that are not plain give the right answer or the right error, whichever way they take."""
    network = prunus.Network([prunus.Layer(rng.standard_normal((3, 4)).astype(dtype))])
    engine = prunus.compile(network, threads=1)
    X = rng.standard_normal((5, 4)).astype(dtype)
    expected = engine(X)
    other = np.float64 if dtype == np.float32 else np.float32
    swapped = X.astype(X.dtype.newbyteorder())
    bytes_off = np.frombuffer(b"\0" + X.tobytes(), np.uint8)[1:].view(dtype).reshape(5, 4)
    wide = np.repeat(X, 2, axis=1)[:, ::2]
    for same in (swapped, bytes_off, wide, np.asfortranarray(X), X.tolist()):
        assert np.array_equal(engine(same), expected)
    assert np.array_equal(engine(X.astype(other)), engine(X.astype(other).astype(dtype)))
    out = np.zeros((5, 3), dtype)
    assert engine(X, out=out) is out
    assert np.array_equal(out, expected)
    assert engine(X[:0]).shape == (0, 3)
    wrongs: list[Any] = [X[:, :3], X[0], np.ma.array(X), X.astype(complex), X.astype(str)]
    for wrong in wrongs:
        with pytest.raises((TypeError, ValueError), match="X: expected"):
            engine(wrong)
    big = np.zeros(100, dtype)
    x = big[:20].reshape(5, 4)
    bads: list[Any] = [big[19:34].reshape(5, 3), out[:, ::-1], out.astype(other), out[:4], np.asfortranarray(out)]
    for bad in bads:
        with pytest.raises((TypeError, ValueError), match="out: expected"):
            engine(x, out=bad)


def test_many_threads(big: Any) -> None:
    network, X, expected = big
    assert np.array_equal(prunus.compile(network, threads=1024)(X), expected)


def test_out(big: Any) -> None:
    network, X, expected = big
    engine = prunus.compile(network)
    out = np.full_like(expected, np.nan)
    assert engine(X, out=out) is out
    assert np.array_equal(out, expected)
    x = np.zeros((10, 100), np.float32)
    refused: list[tuple[Any, type[Exception]]] = [
        (out.astype(np.float64), TypeError),
        (expected.tolist(), TypeError),
        (out[:-1], ValueError),
        (np.asfortranarray(out), ValueError),
    ]
    for wrong, error in refused:
        with pytest.raises(error, match="out: expected"):
            engine(X, out=wrong)
    read_only = np.zeros_like(out)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        engine(X, out=read_only)
    with pytest.raises(ValueError, match="overlaps"):
        engine(x, out=x.reshape(-1)[:100].reshape(10, 10))


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "ovr"])
def test_predictions_are_those_of_the_network(output: str, rng: np.random.Generator) -> None:
    layer = prunus.Layer(rng.standard_normal((3, 8)), rng.standard_normal(3))
    network = prunus.Network([layer], output=output, classes=[4, 5, 6])
    engine = prunus.compile(network)
    X = rng.standard_normal((100, 8))
    assert np.array_equal(engine.predict(X), network.predict(X))
    assert np.allclose(engine.predict_proba(X), network.predict_proba(X), rtol=0, atol=1e-14)


def test_plan(big: Any) -> None:
    network, _, _ = big
    plan = prunus.compile(network).plan
    assert [row.shape for row in plan] == [(200, 100), (10, 200)]
    assert [row.density for row in plan] == [np.mean(layer.weight != 0) for layer in network.layers]
    for row, layer in zip(plan, network.layers, strict=True):
        formats = row.format.split("/")
        kernels = row.kernel.split("/")
        assert len(formats) == len(kernels) == 4
        dtype = f"f{8 * network.dtype.itemsize}"
        assert kernels == [
            f"{name}_{dtype}" for name in map("_".join, zip(("spmv", "spmv", "spmm", "spmm"), formats, strict=True))
        ]
        # Each format holds at least the weights that are not zero.
        assert row.bytes >= layer.bias.nbytes + len({*formats}) * 4 * np.count_nonzero(layer.weight)
    assert plan.panels_from is not None
    assert plan.panels_from >= 2
    again = pickle.loads(pickle.dumps(plan))
    assert (again, again.panels_from) == (plan, plan.panels_from)
    assert {row.target for row in plan} == {prunus.show_config()["target"]}
    assert "200x100" in str(plan)
    assert len(str(plan).splitlines()) == 3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("density", [0.02, 1.0])
@pytest.mark.parametrize("n_out", [1, 3])
def test_few_outputs_take_no_panels(n_out: int, density: float, dtype: Any, rng: np.random.Generator) -> None:
    """Any number of samples goes through row by row; a sample's bits depend on nothing but the sample."""
    layer = prunus.Layer(spread(rng, n_out, 403, density, dtype), rng.standard_normal(n_out), "tanh")
    engine = prunus.compile(prunus.Network([layer]), threads=1)
    assert engine.plan.panels_from is None
    assert engine.plan[0].format.startswith("csr" if density < 1 else "dense")
    X = rng.standard_normal((3333, 403)).astype(dtype)  # work enough for several threads
    value, bound = reference.forward([layer], X, dtype)
    whole = engine(X)
    assert np.all(np.abs(whole - value) <= bound)
    for threads in (2, 7):
        assert np.array_equal(prunus.compile(prunus.Network([layer]), threads=threads)(X), whole)
    for n in (1, 2, 3, 7, 8, 9, 64, 65):
        assert np.array_equal(engine(X[-n:]), whole[-n:]), n


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("density", [0.1, 1.0])
def test_large_batches_take_panels(density: float, dtype: Any, rng: np.random.Generator) -> None:
    plan = prunus.compile(prunus.Network([prunus.Layer(spread(rng, 200, 300, density, dtype))])).plan
    assert plan.panels_from is not None
    assert plan.panels_from <= 16


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("block_rows", "density", "name"), [(1, 0.3, "sell"), (1, 0.03, "sell"), (4, 0.1, "blocks"), (1, 1.0, "dense")]
)
def test_many_inputs_go_slab_by_slab(
    block_rows: int, density: float, name: str, dtype: Any, rng: np.random.Generator
) -> None:
    """Panels of more than 1 MB on every target, in formats whose columns can be parted and in one where they cannot."""
    kept = np.repeat(rng.random((200 // block_rows, 20011)) < density, block_rows, axis=0)
    layers = [
        prunus.Layer(rng.standard_normal(kept.shape).astype(dtype) * kept, rng.standard_normal(200), "tanh"),
        prunus.Layer(rng.standard_normal((3, 200)).astype(dtype)),
    ]
    X = rng.standard_normal((70, 20011)).astype(dtype)
    value, bound = reference.forward(layers, X, dtype)
    engine = prunus.compile(prunus.Network(layers), threads=1)
    assert engine.plan[0].format.split("/")[-1] == name
    assert engine.plan.panels_from is not None
    whole = engine(X)
    assert np.all(np.abs(whole - value) <= bound)
    for threads in (2, 7):
        assert np.array_equal(prunus.compile(prunus.Network(layers), threads=threads)(X), whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("density", [0.02, 1.0])
def test_threads_share_slabs(density: float, dtype: Any, rng: np.random.Generator) -> None:
    """One panel for all, of one, two or four vectors, and three parts of each slab: from rows and from columns."""
    w = spread(rng, 600, 20011, density, dtype)
    X = rng.standard_normal((16, 20011)).astype(dtype)
    layer = prunus.Layer(w, None)
    value, bound = reference.forward([layer], X, dtype)
    engines = [prunus.compile(prunus.Network([layer]), threads=threads) for threads in (1, 2, 7)]
    assert engines[0].plan.panels_from is not None
    assert engines[0].plan.panels_from <= 16
    whole = engines[0](X)
    assert np.all(np.abs(whole - value) <= bound)
    for engine in engines[1:]:
        for _ in range(5):
            assert np.array_equal(engine(X), whole)
    assert np.all(np.abs((prunus.SparseMatrix.from_dense(w) @ np.ascontiguousarray(X.T)).T - value) <= bound)


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_samples_of_a_batch_get_equal_bits(dtype: Any, rng: np.random.Generator) -> None:
    """Of batches around the widths of panels, with zeros that suit every format."""
    for block_rows, density in ((1, 0.2), (1, 0.5), (4, 0.1), (1, 1.0)):
        kept = np.repeat(rng.random((64 // block_rows, 301)) < density, block_rows, axis=0)
        engine = prunus.compile(prunus.Network([prunus.Layer((rng.standard_normal((64, 301)) * kept).astype(dtype))]))
        x = rng.standard_normal((1, 301)).astype(dtype)
        for n in (2, 5, 9, 17, 33, 65, 129):
            out = engine(np.repeat(x, n, axis=0))
            assert np.array_equal(out, np.repeat(out[:1], n, axis=0)), (engine.plan[0].format, n)


def test_infinity_stays_infinity(rng: np.random.Generator) -> None:
    """Where no zero meets it."""
    for n_in in (3, 9, 13, 40):
        layer = prunus.Layer(rng.random((3, n_in)).astype(np.float32) + 1)
        engine = prunus.compile(prunus.Network([layer]))
        for n in (1, 2, 3, 4, 5, 8, 40):
            X = np.ones((n, n_in), np.float32)
            X[:, 1] = np.inf
            assert np.all(engine(X) == np.inf)
