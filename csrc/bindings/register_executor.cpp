// Packed weights, and the executor that runs them.
#include "bindings/arrays.h"
#include "executor/executor.h"

namespace prunus {
namespace {

// kind: "sell" (tile_columns), "blocks", "dense", "lookup".
template <class T>
std::shared_ptr<Operand<T>> pack(const CsrMatrix<T>& matrix, const std::string& kind, i64 tile_columns, int threads) {
  py::gil_scoped_release release;
  if (kind == "sell") return make_operand(pack_sell(matrix, tile_columns, threads));
  if (kind == "blocks") return make_operand(pack_blocks(matrix, false, threads));
  if (kind == "dense") return make_operand(pack_blocks(matrix, true, threads));
  if (kind == "lookup") return make_operand(pack_lookup(matrix, lookup_shape<T>()));
  throw std::invalid_argument("kind: expected sell, blocks, dense or lookup, got '" + kind + "'");
}

// From tuples (rows, narrow, wide, bias, number of the activation, negative_slope).
template <class T>
std::unique_ptr<Executor<T>> make_executor(const py::list& tuples, i64 panels_from, double row_cycles,
                                           double panel_cycles) {
  std::vector<PackedLayer<T>> layers;
  for (const py::handle& item : tuples) {
    require(py::isinstance<py::tuple>(item) && py::len(item) == 6, "layers: expected tuples of six");
    const py::tuple layer = py::reinterpret_borrow<py::tuple>(item);
    const Array<T> bias = layer[3].cast<Array<T>>();
    const i32 activation = layer[4].cast<i32>();
    require(bias.ndim() == 1, "bias: expected a one-dimensional array");
    require(activation >= 0 && activation < static_cast<i32>(Activation::count),
            "activation: expected the number of one");
    using Handle = std::shared_ptr<Operand<T>>;
    layers.push_back({layer[0].cast<Handle>(), layer[1].cast<Handle>(), layer[2].cast<Handle>(),
                      std::vector<T>(bias.data(), bias.data() + bias.size()), static_cast<Activation>(activation),
                      layer[5].cast<T>()});
  }
  return std::make_unique<Executor<T>>(std::move(layers), Costs{panels_from, row_cycles, panel_cycles});
}

template <class T>
void require_apart(const Array<T>& x, const Array<T>& out) {
  require(out.data() + out.size() <= x.data() || x.data() + x.size() <= out.data(), "out: expected not to overlap x");
}

template <class T>
void run(const Executor<T>& executor, const Array<T>& x, Array<T>& out, int threads) {
  require(x.ndim() == 2 && x.shape(1) == executor.n_in(), "x: expected the shape (n_samples, n_in)");
  require(out.ndim() == 2 && out.shape(0) == x.shape(0) && out.shape(1) == executor.n_out(),
          "out: expected the shape (n_samples, n_out)");
  require_apart(x, out);
  const T* in = x.data();
  T* to = out.mutable_data();  // throws if out is read-only
  const i64 n = x.shape(0);
  py::gil_scoped_release release;
  executor.run(in, n, to, threads);
}

template <class T>
void run_columns(const Executor<T>& executor, const Array<T>& x, Array<T>& out, int threads) {
  require(x.ndim() == 2 && x.shape(0) == executor.n_in(), "x: expected the shape (n_in, n_samples)");
  require(out.ndim() == 2 && out.shape(1) == x.shape(1) && out.shape(0) == executor.n_out(),
          "out: expected the shape (n_out, n_samples)");
  require_apart(x, out);
  const T* in = x.data();
  T* to = out.mutable_data();
  const i64 n = x.shape(1);
  py::gil_scoped_release release;
  executor.run_columns(in, n, to, threads);
}

template <class T>
void register_type(py::module_& m, const std::string& suffix) {
  using py::arg;
  py::class_<Operand<T>, std::shared_ptr<Operand<T>>>(m, ("Operand" + suffix).c_str())
      .def_property_readonly("n_stored", &Operand<T>::n_stored)
      .def_property_readonly("nbytes", &Operand<T>::bytes);
  py::class_<Executor<T>>(m, ("Executor" + suffix).c_str())
      .def(py::init(&make_executor<T>), arg("layers"), arg("panels_from"), arg("row_cycles"), arg("panel_cycles"))
      .def("run", &run<T>, arg("x").noconvert(), arg("out").noconvert(), arg("threads"))
      .def("run_columns", &run_columns<T>, arg("x").noconvert(), arg("out").noconvert(), arg("threads"));
  m.def("pack", &pack<T>, arg("matrix"), arg("kind"), arg("tile_columns"), arg("threads"));
}

}  // namespace

void register_executor(py::module_& m) {
  m.attr("cycles_per_thread") = kCyclesPerThread;
  register_type<float>(m, "F32");
  register_type<double>(m, "F64");
}

}  // namespace prunus
