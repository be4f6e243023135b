// Searches for subsets of one size or of many, by exchanges.
#include <pybind11/stl.h>

#include <algorithm>
#include <vector>

#include "bindings/arrays.h"
#include "solve/exchange.h"

namespace prunus {
namespace {

using Doubles = Array<double>;
using Arrays = std::vector<Array<i64>>;
using Orders = List<List<i64>>;

// Rows that Python computes from the data. The search runs on the thread that called.
class CalledRows final : public GramRows {
 public:
  CalledRows(const py::function& rows, i64 p) : rows_(rows), p_(p) {}

  const double* row(i64 feature) override {
    take(&feature, 1);
    return row_.data();
  }

  void prepare(const i64* features, i64 n) override { take(features, n); }

 private:
  void take(const i64* features, i64 n) {
    if (n == 0) return;
    const py::gil_scoped_acquire lock;
    const auto found = rows_(Array<i64>(n, features)).cast<Doubles>();
    require(found.ndim() == 2 && found.shape(0) == n && found.shape(1) == p_, "expected a row for each feature");
    row_.assign(found.data(), found.data() + p_);
  }

  const py::function& rows_;
  i64 p_;
  List<double> row_;
};

ExchangeProblem checked_problem(const Doubles& products, double total, const MaskArray& keep, double tolerance,
                                i64 patience) {
  require(products.ndim() == 2 && keep.ndim() == 1 && keep.size() == products.shape(1),
          "expected a product for each output and feature, and whether each feature stays");
  return {products.shape(1), products.shape(0), products.data(), total, bytes_of(keep), tolerance, patience};
}

// In copies: another thread may write to the arrays after the check.
Orders checked_orders(const Arrays& arrays, i64 p) {
  Orders orders;
  for (const auto& array : arrays) {
    orders.emplace_back(array.data(), array.data() + array.size());
    List<u8> is_there(p, 0);
    for (const i64 j : orders.back()) {
      require(j >= 0 && j < p && is_there[j] == 0, "expected features in range, each once");
      is_there[j] = 1;
    }
  }
  return orders;
}

// The members, their loss, and whether no exchange betters it; None where no start is independent.
py::object as_object(const ExchangedSet& set) {
  if (!set.is_found) return py::none();
  const Array<i64> members(set.members.size(), set.members.data());
  return py::make_tuple(members, set.rss, set.is_optimal);
}

py::object exchange_one(const py::function& rows, const Doubles& products, double total, const Arrays& arrays,
                        const MaskArray& keep, double tolerance, i64 patience, int threads) {
  const ExchangeProblem problem = checked_problem(products, total, keep, tolerance, patience);
  Orders starts = checked_orders(arrays, problem.p);
  for (auto& start : starts) {
    require(start.size() == starts[0].size(), "expected starts of one size");
    std::sort(start.begin(), start.end());
  }
  CalledRows source(rows, problem.p);
  ExchangedSet found;
  {
    py::gil_scoped_release release;
    found = exchange(kernels_in_use<double>(), problem, source, starts, threads);
  }
  return as_object(found);
}

py::list exchange_every_size(const Doubles& gram, const Doubles& products, double total, const Arrays& arrays,
                             i64 first, i64 last, const MaskArray& keep, double tolerance, i64 patience, int threads) {
  const ExchangeProblem problem = checked_problem(products, total, keep, tolerance, patience);
  require(gram.ndim() == 2 && gram.shape(0) == problem.p && gram.shape(1) == problem.p, "expected a square matrix");
  require(first >= 0 && last <= problem.p, "expected sizes of no more than there are features");
  const Orders orders = checked_orders(arrays, problem.p);
  const double* matrix = gram.data();
  List<ExchangedSet> found;
  {
    py::gil_scoped_release release;
    found = exchange_sizes(kernels_in_use<double>(), problem, {matrix, problem.p}, orders, first, last, threads);
  }
  py::list sets;
  for (const ExchangedSet& set : found) sets.append(as_object(set));
  return sets;
}

}  // namespace

void register_exchange(py::module_& m) {
  using py::arg;
  m.def("exchange", &exchange_one, arg("rows"), arg("products").noconvert(), arg("total"), arg("starts"),
        arg("keep").noconvert(), arg("tolerance"), arg("patience"), arg("threads"));
  m.def("exchange_sizes", &exchange_every_size, arg("gram").noconvert(), arg("products").noconvert(), arg("total"),
        arg("orders"), arg("first"), arg("last"), arg("keep").noconvert(), arg("tolerance"), arg("patience"),
        arg("threads"));
}

}  // namespace prunus
