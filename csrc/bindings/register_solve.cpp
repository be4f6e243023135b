// The second-order solver.
#include <pybind11/stl.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

#include "bindings/arrays.h"
#include "solve/columns.h"
#include "solve/fit_rows.h"
#include "solve/folds.h"
#include "solve/forward.h"
#include "solve/inverse.h"
#include "solve/left_out.h"
#include "solve/row_paths.h"
#include "solve/sums.h"

namespace prunus {
namespace {

using Matrix = Array<double>;

// Numbers are checked in a copy: another thread may write to the array after the check.
List<i64> copy_of(const Array<i64>& numbers) { return List<i64>(numbers.data(), numbers.data() + numbers.size()); }

List<i64> checked_numbers(const Array<i64>& array, i64 n, const char* message) {
  List<i64> numbers = copy_of(array);
  require(std::all_of(numbers.begin(), numbers.end(), [n](i64 i) { return 0 <= i && i < n; }), message);
  return numbers;
}

class CheckedGroups {
 public:
  CheckedGroups(const Array<i64>& start, const MaskArray& stays, i64 p)
      : start_(copy_of(start)), stays_(bytes_of(stays), bytes_of(stays) + stays.size()) {
    require(start.ndim() == 1 && stays.ndim() == 1 && start_.size() == stays_.size() + 1,
            "expected a start for each group");
    require(start_.front() == 0 && start_.back() == p, "expected groups from the first feature to the last");
    for (i64 g = 0; g < n(); ++g) {
      require(start_[g] < start_[g + 1], "expected groups of at least one feature");
    }
  }

  i64 n() const { return stays_.size(); }
  i64 n_that_go() const { return std::count(stays_.begin(), stays_.end(), u8{0}); }
  FeatureGroups view() const { return {start_.data(), stays_.data(), n()}; }

 private:
  List<i64> start_;
  List<u8> stays_;
};

// The order of removal, and how the loss rises with each.
py::tuple eliminate_features(Matrix inverse, Matrix coef, const Array<i64>& start, const MaskArray& stays, i64 n_remove,
                             double floor, double rounding, int threads) {
  require(inverse.ndim() == 2 && inverse.shape(0) == inverse.shape(1), "expected a square matrix");
  const i64 p = inverse.shape(0);
  require(coef.ndim() == 2 && coef.shape(1) == p, "expected coefficients of the matrix's features");
  const CheckedGroups groups(start, stays, p);
  require(n_remove >= 0 && n_remove <= groups.n(), "expected no more removals than groups");
  Array<i64> order(n_remove);
  Matrix rise(n_remove);
  double *h = inverse.mutable_data(), *b = coef.mutable_data();
  Signal signal;
  const Removals removals = {order.mutable_data(), rise.mutable_data(), n_remove, rounding, &signal};
  const i64 n_out = coef.shape(0);
  i64 n = 0;
  {
    const Unlocked unlocked((n_remove + 1) * p * (p + n_out));
    n = eliminate(kernels_in_use<double>(), {h, p}, p, {b, p, n_out}, groups.view(), removals, floor, {},
                  unlocked.threads(threads));
  }
  signal.rethrow();
  return py::make_tuple(order[py::slice(0, n, 1)], rise[py::slice(0, n, 1)]);
}

// Of each fold the sums of the products of (x, y, 1); the elements on and above the diagonal count.
template <class T>
std::vector<Matrix> sums_of_folds(const Array<T>& x, const Matrix& y, const Matrix& root, const Matrix& shift,
                                  const Array<i64>& row, const Array<i64>& start, int threads) {
  require(x.ndim() == 2 && y.ndim() == 2, "expected a matrix of features and one of outputs");
  const i64 n = x.shape(0), p = x.shape(1), n_out = y.shape(1), size = p + n_out + 1;
  require(y.shape(0) == n && root.size() == n && shift.size() == size - 1,
          "expected as many of each as samples, columns");
  require(start.size() > 0, "expected a start for each fold, and an end");
  const List<i64> rows = checked_numbers(row, n, "expected numbers of rows"), starts = copy_of(start);
  const i64 n_folds = start.size() - 1;
  require(starts.front() == 0 && starts.back() == row.size(), "expected folds of all rows");
  require(std::is_sorted(starts.begin(), starts.end()), "expected starts in order");
  std::vector<Matrix> sums;
  std::vector<double*> to;
  for (i64 f = 0; f < n_folds; ++f) {
    sums.emplace_back(std::vector<py::ssize_t>{size, size});
    to.push_back(sums.back().mutable_data());
  }
  const WeightedSamples<T> samples = {x.data(), p, y.data(), n_out, root.data(), shift.data()};
  const Unlocked unlocked(row.size() * size * size);
  sum_folds(kernels_in_use<double>(), samples, rows.data(), starts.data(), n_folds, to.data(),
            unlocked.threads(threads));
  return sums;
}

Moments moments_of(const Matrix& sums, const double* less, const Matrix& shift, const Matrix& last, i64 size) {
  require(sums.ndim() == 2 && sums.shape(0) == size && sums.shape(1) == size, "expected square sums of one size");
  require(shift.size() == size - 1 && last.size() == size - 1,
          "expected a shift and a sum for all columns but the last");
  return {sums.data(), less, size, shift.data(), last.data()};
}

// The moments of the first features and of all outputs about another centre, as they are: xx and xy.
py::tuple moments_about(const Matrix& sums, const Matrix& shift, const Matrix& last, i64 n_out) {
  require(sums.ndim() == 2 && n_out >= 0 && sums.shape(0) > n_out, "expected sums of features, outputs and one");
  const i64 p = sums.shape(0) - 1 - n_out;
  const Moments moments = moments_of(sums, nullptr, shift, last, sums.shape(0));
  Matrix xx(std::vector<py::ssize_t>{p, p}), xy(std::vector<py::ssize_t>{n_out, p});
  double *to_xx = xx.mutable_data(), *to_xy = xy.mutable_data();
  {
    const Unlocked unlocked(2 * p * p);
    List<i64> number(p);
    std::iota(number.begin(), number.end(), 0);
    const List<double> ones(p, 1.0);
    gather_moments(moments, {number.data(), ones.data(), p, n_out}, {to_xx, p}, {to_xy, p});
  }
  return py::make_tuple(xx, xy);
}

// A fold as Python has it: train, less (or None), its shift and last; held, its shift and last; inverse_scale, total.
using FoldArrays = std::tuple<Matrix, std::optional<Matrix>, Matrix, Matrix, Matrix, Matrix, Matrix, Matrix, double>;

// Of each fold the errors before any removal and after each; None where it was not to be done.
py::list eliminate_in_folds(const std::vector<FoldArrays>& arrays, const Array<i64>& number, i64 n_out,
                            const Array<i64>& start, const MaskArray& stays, double least_pivot, double most,
                            double floor, int threads) {
  const i64 p = number.size();
  require(!arrays.empty() && n_out > 0, "expected folds and outputs");
  const i64 size = std::get<0>(arrays[0]).shape(0);
  require(n_out < size, "expected sums of features, outputs and one");
  const List<i64> numbers = checked_numbers(number, size - 1 - n_out, "expected numbers of features");
  const CheckedGroups groups(start, stays, p);
  const i64 n_remove = groups.n_that_go();
  List<i64> order(static_cast<i64>(arrays.size()) * n_remove);
  List<Matrix> errors;
  List<Fold> folds;
  for (const auto& [train, less, shift, last, held, held_shift, held_last, inverse_scale, total] : arrays) {
    require(!less || (less->ndim() == 2 && less->shape(0) == size && less->shape(1) == size),
            "expected square sums of one size");
    require(inverse_scale.size() == p, "expected a scale for each feature");
    errors.emplace_back(n_remove + 1);
    folds.push_back({moments_of(train, less ? less->data() : nullptr, shift, last, size),
                     moments_of(held, nullptr, held_shift, held_last, size), inverse_scale.data(), total,
                     errors.back().mutable_data(), order.data() + folds.size() * n_remove});
  }
  List<u8> is_done(folds.size());
  {
    const Unlocked unlocked(folds.size() * p * p * (p + n_out));
    eliminate_folds(kernels_in_use<double>(), folds.data(), folds.size(), numbers.data(), p, n_out, groups.view(),
                    {least_pivot, most, floor}, is_done.data(), unlocked.threads(threads));
  }
  py::list found;
  for (i64 i = 0; i < folds.size(); ++i) {
    found.append(is_done[i] ? py::object(errors[i]) : py::none());
  }
  return found;
}

Matrix sums_left_out(const Matrix& q, const Matrix& z, const Matrix& y, const Matrix& base, double least, int threads) {
  require(q.ndim() == 2 && z.ndim() == 2 && y.ndim() == 2 && base.ndim() == 1, "expected three matrices and a vector");
  const i64 n = q.shape(0), n_steps = q.shape(1), n_out = z.shape(1);
  require(z.shape(0) == n_steps && y.shape(0) == n_out && y.shape(1) == n && base.size() == n,
          "expected coefficients of every step, and outputs and leverages of every sample");
  Matrix sum(n_steps + 1);
  double* to = sum.mutable_data();
  for (i64 t = 0; t <= n_steps; ++t) to[t] = 0;
  const double *rows = q.data(), *coef = z.data(), *outputs = y.data(), *leverages = base.data();
  const Unlocked unlocked(n * (n_steps + 1) * n_out);
  add_left_out(kernels_in_use<double>(), rows, n, n_steps, coef, n_out, outputs, leverages, least, to,
               unlocked.threads(threads));
  return sum;
}

// The order of addition.
py::object grow_set(const Matrix& gram, Matrix products, const Array<i64>& start, const MaskArray& stays, i64 n_add,
                    double tolerance, double rounding) {
  require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1), "expected a square matrix");
  const i64 p = gram.shape(0);
  require(products.ndim() == 2 && products.shape(1) == p, "expected products of the matrix's features");
  const CheckedGroups groups(start, stays, p);
  require(n_add >= 0 && n_add <= groups.n(), "expected no more additions than groups");
  Array<i64> order(n_add);
  List<double> fall(n_add);
  const double* g = gram.data();
  double* r = products.mutable_data();
  const Removals additions = {order.mutable_data(), fall.data(), n_add, rounding};
  const i64 n_out = products.shape(0);
  i64 n = 0;
  {
    const Unlocked unlocked((n_add + 1) * p * (p + n_out));
    n = grow(kernels_in_use<double>(), {g, p}, p, {r, p, n_out}, groups.view(), additions, tolerance);
  }
  return order[py::slice(0, n, 1)];
}

Matrix products_of_columns(const Matrix& x, const Matrix& q, int threads) {
  require(x.ndim() == 2 && q.ndim() == 2 && q.shape(1) == x.shape(0), "expected vectors of the matrix's samples");
  Matrix out = empty<double>({q.shape(0), x.shape(1)});
  const i64 p = x.shape(1);
  const Samples<const double> columns = {x.data(), p, x.shape(0)};
  const double* vectors = q.data();
  double* to = out.mutable_data();
  const i64 n_q = q.shape(0);
  const Unlocked unlocked(n_q * columns.n * p);
  multiply_columns(kernels_in_use<double>(), columns, p, {vectors, columns.n, n_q}, {to, p}, unlocked.threads(threads));
  return out;
}

Array<i64> advance_problems(const Matrix& x, const Matrix& q, const Matrix& factor, const Matrix& bar,
                            const Matrix& limit, const Matrix& alone, const Matrix& rounding, Matrix norms,
                            Matrix products, int threads) {
  require(x.ndim() == 2 && q.ndim() == 2 && factor.ndim() == 2 && bar.ndim() == 2, "expected matrices");
  const i64 n = x.shape(0), p = x.shape(1), n_problems = q.shape(0), n_out = factor.shape(1);
  require(q.shape(1) == n && factor.shape(0) == n_problems, "expected a vector of samples for each problem");
  require(bar.shape(0) == n_problems && bar.shape(1) == p, "expected a number for each problem and feature");
  require_same_shape(bar, limit);
  require_same_shape(bar, alone);
  require(rounding.size() == n_problems, "expected a number for each problem");
  require_same_shape(bar, norms);
  require(
      products.ndim() == 3 && products.shape(0) == n_problems && products.shape(1) == n_out && products.shape(2) == p,
      "expected products of each problem, output and feature");
  Array<i64> best(n_problems);
  const Samples<const double> columns = {x.data(), p, n};
  const double *vectors = q.data(), *factors = factor.data(), *bars = bar.data(), *limits = limit.data(),
               *falls = alone.data(), *units = rounding.data();
  double *lengths = norms.mutable_data(), *left = products.mutable_data();
  i64* to = best.mutable_data();
  const Unlocked unlocked(n_problems * (n + n_out) * p);
  advance(kernels_in_use<double>(), columns, p, {vectors, n, n_problems}, n_out, factors, bars, limits, falls, units,
          lengths, left, to, unlocked.threads(threads));
  return best;
}

// A copy of the matrix, changed by f(rows, p, lock, signal); None where f says that it could not.
template <class F>
py::object changed_copy(const Matrix& gram, F&& f) {
  require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1), "expected a square matrix");
  const i64 p = gram.shape(0);
  Matrix copy = empty_like<double>(gram);
  std::copy_n(gram.data(), p * p, copy.mutable_data());
  double* to = copy.mutable_data();
  bool is_done = false;
  Signal signal;
  {
    const Unlocked unlocked(p * p * p);
    is_done = f(Rows<double>{to, p}, p, unlocked, signal);
  }
  signal.rethrow();
  return is_done ? py::object(copy) : py::none();
}

// The inverse; None where a pivot is not above `least`.
py::object inverse_of(const Matrix& gram, double least, int threads) {
  return changed_copy(gram, [&](Rows<double> rows, i64 p, const Unlocked& unlocked, Signal& signal) {
    return invert(kernels_in_use<double>(), rows, p, least, unlocked.threads(threads), &signal);
  });
}

// U, upper triangular, with U'U the inverse; None where a pivot is not above `least`.
py::object inverse_root_of(const Matrix& gram, double least, int threads) {
  return changed_copy(gram, [&](Rows<double> rows, i64 p, const Unlocked& unlocked, Signal& signal) {
    return inverse_root(kernels_in_use<double>(), rows, p, least, unlocked.threads(threads), &signal);
  });
}

// The weights, and which are kept.
py::tuple eliminate_columns_of(const Matrix& root, const Matrix& w, const MaskArray& there, const MaskArray& kept,
                               i64 width, int threads) {
  require(root.ndim() == 2 && root.shape(0) == root.shape(1), "expected a square matrix");
  const i64 p = root.shape(0);
  require(w.ndim() == 2 && w.shape(1) == p, "expected rows of the matrix's features");
  require_same_shape(w, there);
  require_same_shape(w, kept);
  require(1 <= width && width <= kWidestChoice, "expected a choice among 1 to 256 neighbours");
  const i64 n = w.shape(0);
  Matrix out = empty<double>({n, p});
  MaskArray left(std::vector<py::ssize_t>{n, p});
  std::copy_n(w.data(), n * p, out.mutable_data());
  u8* mask = mutable_bytes_of(left);
  std::copy_n(bytes_of(kept), n * p, mask);
  const List<u8> candidates(bytes_of(there), bytes_of(there) + n * p);
  const Rows<const double> factor = {root.data(), p};
  const Samples<double> rows = {out.mutable_data(), p, n};
  Signal signal;
  {
    const Unlocked unlocked(n * p * p);
    eliminate_columns(kernels_in_use<double>(), factor, p, rows, candidates.data(), mask, width,
                      unlocked.threads(threads), &signal);
  }
  signal.rethrow();
  return py::make_tuple(out, left);
}

// What f makes of each row, (n, p), and whether it could: f(matrix, p, rows, flags of the rows, results, whether each
// is done, lock, signal), of so many cycles a row.
template <class F>
py::tuple of_each_row(const Matrix& gram, const Matrix& rows, const MaskArray& flags, i64 cycles, F&& f) {
  require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1), "expected a square matrix");
  const i64 p = gram.shape(0);
  require(rows.ndim() == 2 && rows.shape(1) == p, "expected rows of the matrix's features");
  require_same_shape(rows, flags);
  const i64 n = rows.shape(0);
  Matrix out = empty<double>({n, p});
  MaskArray is_done(n);
  // In a copy: another thread may write to the array between two looks at it.
  const List<u8> own_flags(bytes_of(flags), bytes_of(flags) + flags.size());
  const Rows<const double> matrix = {gram.data(), p};
  const Samples<const double> from = {rows.data(), p, n};
  const Rows<double> to = {out.mutable_data(), p};
  u8* done = mutable_bytes_of(is_done);
  Signal signal;
  {
    const Unlocked unlocked(n * cycles);
    f(matrix, p, from, own_flags.data(), to, done, unlocked, signal);
  }
  signal.rethrow();
  return py::make_tuple(out, is_done);
}

// The least squares values of each row on its own support.
py::tuple fit_rows_on_support(const Matrix& gram, const Matrix& products, const MaskArray& support, double least,
                              int threads) {
  const auto fit = [&](auto matrix, i64 p, auto rows, const u8* there, auto to, u8* done, const Unlocked& unlocked,
                       Signal& signal) {
    fit_rows(kernels_in_use<double>(), matrix, p, rows, there, least, to, done, unlocked.threads(threads), &signal);
  };
  return of_each_row(gram, products, support, gram.size(), fit);
}

// What each row, or band of rows, has lost when a weight, or block of weights, has gone.
py::tuple eliminate_each_row(const Matrix& gram, const std::optional<Matrix>& inverse, const Matrix& w,
                             const MaskArray& there, i64 n_rows, i64 n_columns, i64 kept, i64 among, double least,
                             int threads) {
  if (inverse) require_same_shape(gram, *inverse);
  require(n_rows > 0 && n_columns > 0, "expected blocks of at least one row and column");
  require(0 <= kept && 1 <= among, "expected to keep so many among at least one");
  const double* whole = inverse ? inverse->data() : nullptr;
  const auto eliminate = [&](auto matrix, i64 p, auto rows, const u8* flags, auto to, u8* done,
                             const Unlocked& unlocked, Signal& signal) {
    eliminate_rows(kernels_in_use<double>(), matrix, whole, p, rows, flags, {n_rows, n_columns}, {kept, among}, least,
                   to, done, unlocked.threads(threads), &signal);
  };
  return of_each_row(gram, w, there, gram.size() * gram.shape(0), eliminate);
}

}  // namespace

void register_solve(py::module_& m) {
  using py::arg;
  m.def("eliminate", &eliminate_features, arg("inverse").noconvert(), arg("coef").noconvert(), arg("start").noconvert(),
        arg("stays").noconvert(), arg("n_remove"), arg("floor"), arg("rounding"), arg("threads"));
  const auto define_sums = [&](auto zero) {
    using T = decltype(zero);
    m.def("sum_folds", &sums_of_folds<T>, arg("x").noconvert(), arg("y").noconvert(), arg("root").noconvert(),
          arg("shift").noconvert(), arg("row").noconvert(), arg("start").noconvert(), arg("threads"));
  };
  define_sums(0.0F);
  define_sums(0.0);
  m.def("moments", &moments_about, arg("sums").noconvert(), arg("shift").noconvert(), arg("last").noconvert(),
        arg("n_out"));
  m.def("eliminate_folds", &eliminate_in_folds, arg("folds").noconvert(), arg("number").noconvert(), arg("n_out"),
        arg("start").noconvert(), arg("stays").noconvert(), arg("least_pivot"), arg("most"), arg("floor"),
        arg("threads"));
  m.def("inverse", &inverse_of, arg("gram").noconvert(), arg("least"), arg("threads"));
  m.def("inverse_root", &inverse_root_of, arg("gram").noconvert(), arg("least"), arg("threads"));
  m.def("eliminate_columns", &eliminate_columns_of, arg("root").noconvert(), arg("w").noconvert(),
        arg("there").noconvert(), arg("kept").noconvert(), arg("width"), arg("threads"));
  m.def("eliminate_rows", &eliminate_each_row, arg("gram").noconvert(), arg("inverse").noconvert(),
        arg("w").noconvert(), arg("there").noconvert(), arg("n_rows"), arg("n_columns"), arg("kept"), arg("among"),
        arg("least"), arg("threads"));
  m.def("fit_rows", &fit_rows_on_support, arg("gram").noconvert(), arg("products").noconvert(),
        arg("support").noconvert(), arg("least"), arg("threads"));
  m.def("sums_left_out", &sums_left_out, arg("q").noconvert(), arg("z").noconvert(), arg("y").noconvert(),
        arg("base").noconvert(), arg("least"), arg("threads"));
  m.def("grow", &grow_set, arg("gram").noconvert(), arg("products").noconvert(), arg("start").noconvert(),
        arg("stays").noconvert(), arg("n_add"), arg("tolerance"), arg("rounding"));
  m.def("multiply_columns", &products_of_columns, arg("x").noconvert(), arg("q").noconvert(), arg("threads"));
  m.def("advance", &advance_problems, arg("x").noconvert(), arg("q").noconvert(), arg("factor").noconvert(),
        arg("bar").noconvert(), arg("limit").noconvert(), arg("alone").noconvert(), arg("rounding"),
        arg("norms").noconvert(), arg("products").noconvert(), arg("threads"));
}

}  // namespace prunus
