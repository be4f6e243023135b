#include "bindings/arrays.h"
#include "executor/executor.h"

namespace prunus {
namespace {

// From tuples (weight, bias, number of the activation, negative_slope).
template <class T>
Executor<T> make_executor(const py::list& tuples) {
  std::vector<PackedLayer<T>> layers;
  for (const py::handle& item : tuples) {
    require(py::isinstance<py::tuple>(item) && py::len(item) == 4, "layers: expected tuples of four");
    const py::tuple layer = py::reinterpret_borrow<py::tuple>(item);
    const Array<T> bias = layer[1].cast<Array<T>>();
    const i32 activation = layer[2].cast<i32>();
    require(bias.ndim() == 1, "bias: expected a one-dimensional array");
    require(activation >= 0 && activation < static_cast<i32>(Activation::count),
            "activation: expected the number of one");
    layers.push_back({layer[0].cast<std::shared_ptr<CsrMatrix<T>>>(),
                      std::vector<T>(bias.data(), bias.data() + bias.size()), static_cast<Activation>(activation),
                      layer[3].cast<T>()});
  }
  return Executor<T>(std::move(layers));
}

template <class T>
void run(const Executor<T>& executor, const Array<T>& x, Array<T>& out, int threads) {
  require(x.ndim() == 2 && x.shape(1) == executor.n_in(), "x: expected the shape (n_samples, n_in)");
  require(out.ndim() == 2 && out.shape(0) == x.shape(0) && out.shape(1) == executor.n_out(),
          "out: expected the shape (n_samples, n_out)");
  const T* in = x.data();
  T* to = out.mutable_data();  // throws if out is read-only
  const i64 n = x.shape(0);
  require(to + n * executor.n_out() <= in || in + n * executor.n_in() <= to, "out: expected not to overlap x");
  py::gil_scoped_release release;
  executor.run(in, n, to, threads);
}

template <class T>
void register_type(py::module_& m, const char* name) {
  using py::arg;
  py::class_<Executor<T>>(m, name)
      .def(py::init(&make_executor<T>), arg("layers"))
      .def("run", &run<T>, arg("x").noconvert(), arg("out").noconvert(), arg("threads"));
}

}  // namespace

void register_executor(py::module_& m) {
  register_type<float>(m, "ExecutorF32");
  register_type<double>(m, "ExecutorF64");
}

}  // namespace prunus
