// Packed weights, and the executor that runs them.
#include "bindings/layers.h"
#include "executor/executor.h"

namespace prunus {
namespace {

template <class T>
std::shared_ptr<Operand<T>> pack(const CsrMatrix<T>& matrix, const std::string& format, i64 tile_columns, int threads) {
  const Unlocked unlocked(matrix.n_rows * matrix.n_cols + 10 * matrix.n_entries());
  return make_operand<T>(format, matrix, {kernels_in_use<T>(), tile_columns, unlocked.threads(threads)});
}

// The operand as one that multiplies samples or panels.
template <class Kind, class T>
std::shared_ptr<Kind> operand_as(const py::handle& handle, const char* otherwise) {
  auto operand = std::dynamic_pointer_cast<Kind>(handle.cast<std::shared_ptr<Operand<T>>>());
  require(operand != nullptr, otherwise);
  return operand;
}

// From tuples (one, few, narrow, wide, bias, number of the activation, negative_slope).
template <class T>
std::unique_ptr<Executor<T>> make_executor(const py::list& tuples, i64 panels_from, double one_cycles,
                                           double few_cycles, double few_more_cycles, double panel_cycles,
                                           i64 panels_together, const std::optional<MaskArray>& read) {
  require(panels_together >= 1, "panels_together: expected 1 or more");
  PackedLayers<T> layers;
  for (const py::handle& item : tuples) {
    require(py::isinstance<py::tuple>(item) && py::len(item) == 7, "layers: expected tuples of seven");
    const py::tuple layer = py::reinterpret_borrow<py::tuple>(item);
    Array<T> bias;
    const Activation activation = activation_of(layer[5].cast<i32>());
    require(bias.take(layer[4]) && bias.ndim() == 1,
            "bias: expected a one-dimensional C-contiguous array of the weights' type");
    constexpr const char* kNoRows = "layers: expected a format that takes samples first";
    constexpr const char* kNoPanels = "layers: expected formats that take panels";
    layers.push_back({operand_as<RowOperand<T>, T>(layer[0], kNoRows), operand_as<RowOperand<T>, T>(layer[1], kNoRows),
                      operand_as<PanelOperand<T>, T>(layer[2], kNoPanels),
                      operand_as<PanelOperand<T>, T>(layer[3], kNoPanels),
                      List<T>(bias.data(), bias.data() + bias.size()), activation, layer[6].cast<T>()});
  }
  return std::make_unique<Executor<T>>(
      kernels_in_use<T>(), std::move(layers),
      Costs{panels_from, one_cycles, few_cycles, few_more_cycles, panel_cycles, panels_together}, flags_of(read));
}

// x and out for a call: samples along `axis`, features along the other.
template <class T>
void require_samples(const Executor<T>& executor, const Array<T>& x, const Array<T>& out, int axis) {
  const int features = 1 - axis;
  require(x.ndim() == 2 && x.shape(features) == executor.n_in(), "x: expected n_in features for each sample");
  require(out.ndim() == 2 && out.shape(axis) == x.shape(axis) && out.shape(features) == executor.n_out(),
          "out: expected n_out features for each sample of x");
  require(are_apart(x, out), "out: expected not to overlap x");
}

template <class T>
void run(const Executor<T>& executor, const Array<T>& x, Array<T>& out, int threads) {
  require_samples(executor, x, out, 0);
  const T* in = x.data();
  T* to = out.mutable_data();  // throws if out is read-only
  const i64 n = x.shape(0);
  const Unlocked unlocked(executor.cycles(n));
  executor.run(in, n, to, unlocked.threads(threads));
}

template <class T>
void run_columns(const Executor<T>& executor, const Array<T>& x, Array<T>& out, int threads) {
  require_samples(executor, x, out, 1);
  const T* in = x.data();
  T* to = out.mutable_data();
  const i64 n = x.shape(1);
  const Unlocked unlocked(executor.panel_cycles(n));
  executor.run_columns(in, n, to, unlocked.threads(threads));
}

// A plain two-dimensional array with so many columns.
template <class T>
bool is_plain_matrix(const py::handle& x, i64 n_cols) {
  return is_plain<T>(x, 2) && py::reinterpret_borrow<py::array>(x).shape(1) == n_cols;
}

// The short way: the output, new or in `out`, if the arrays are plain; else None. What is wrong with them is for Python
// to say. So is the number of threads, if it is 0 and the samples are enough work for two.
template <class T>
py::object run_plain(const Executor<T>& executor, const py::handle& x, const py::object& given, int threads) {
  if (!is_plain_matrix<T>(x, executor.n_in())) return py::none();
  const Array<T> in = py::reinterpret_borrow<Array<T>>(x);
  const i64 n = in.shape(0);
  if (threads == 0 && !executor.is_small(n)) return py::none();
  Array<T> out;
  if (given.is_none()) {
    out = Array<T>({n, executor.n_out()});
  } else {
    if (!is_plain_matrix<T>(given, executor.n_out())) return py::none();
    out = py::reinterpret_borrow<Array<T>>(given);
    if (out.shape(0) != n || !out.writeable() || !are_apart(in, out)) return py::none();
  }
  const T* from = in.data();
  T* to = out.mutable_data();
  {
    const Unlocked unlocked(executor.cycles(n));
    executor.run(from, n, to, unlocked.threads(threads > 0 ? threads : 1));
  }
  return out;  // with the lock: to return it as another type may count a reference
}

template <class T>
void register_executor_type(py::module_& m, const std::string& suffix) {
  using py::arg;
  py::class_<Operand<T>, std::shared_ptr<Operand<T>>>(m, ("Operand" + suffix).c_str())
      .def_property_readonly("n_stored", &Operand<T>::n_stored)
      .def_property_readonly("nbytes", &Operand<T>::bytes);
  py::class_<Executor<T>, std::shared_ptr<Executor<T>>>(m, ("Executor" + suffix).c_str())
      .def(py::init(&make_executor<T>), arg("layers"), arg("panels_from"), arg("one_cycles"), arg("few_cycles"),
           arg("few_more_cycles"), arg("panel_cycles"), arg("panels_together"), arg("read").noconvert() = py::none())
      .def("run", &run<T>, arg("x").noconvert(), arg("out").noconvert(), arg("threads"))
      .def("run_plain", &run_plain<T>, arg("x"), arg("out"), arg("threads"))
      .def("run_columns", &run_columns<T>, arg("x").noconvert(), arg("out").noconvert(), arg("threads"));
  m.def("pack", &pack<T>, arg("matrix"), arg("format"), arg("tile_columns"), arg("threads"));
}

}  // namespace

void register_executor(py::module_& m) {
  m.attr("panel_vectors") = kPanelVectors;
  m.attr("slice_rows") = kSliceRows;
  register_executor_type<float>(m, "F32");
  register_executor_type<double>(m, "F64");
}

}  // namespace prunus
