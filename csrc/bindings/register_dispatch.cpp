#include <pybind11/stl.h>

#include "bindings/arrays.h"
#include "parallel.h"

namespace prunus {
namespace {

std::vector<std::string> names_of(const std::vector<const Target*>& targets) {
  std::vector<std::string> names;
  for (const Target* target : targets) names.emplace_back(target->name);
  return names;
}

constexpr const char* kCompiler =
#if defined(__clang__)
    "Clang " __clang_version__;
#else
    "GCC " __VERSION__;
#endif

}  // namespace

void register_dispatch(py::module_& m) {
  m.attr("version") = PRUNUS_VERSION;
  m.attr("compiler") = kCompiler;
  m.attr("openmp") = kHasOpenMP;
  m.def("compiled_targets", [] { return names_of(compiled_targets()); });
  m.def("supported_targets", [] { return names_of(supported_targets()); });
  m.def("active_target", [] { return std::string(active_target().name); });
  m.def("cpu_is_intel", &cpu_is_intel);
  m.def("active_instructions", [] { return std::string(active_target().instructions); });
  m.def("lanes", [] { return py::make_tuple(active_target().f32->lanes, active_target().f64->lanes); });
  m.def(
      "multiply_and_add",
      [](i64 n, int threads) {
        const Kernels<float>& kernels = kernels_in_use<float>();
        py::gil_scoped_release release;
        parallel_for(threads, threads, [&](i64) {
          volatile float sink = kernels.multiply_and_add(n);
          (void)sink;
        });
      },
      py::arg("n"), py::arg("threads"));
  m.def("has_expand", [] { return active_target().f32->has_expand; });
  m.def("lookup_columns",
        [] { return py::make_tuple(active_target().f32->lookup_columns, active_target().f64->lookup_columns); });
}

}  // namespace prunus
