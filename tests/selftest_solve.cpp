// The second-order solver against plain loops.
//
// Bounds of errors: `room` stands for 8 n eps cond, of a problem with n features. The inverse of a symmetric positive
// definite matrix has an error of n eps cond times its norm, by Cholesky factorization as by sweeps of its Schur
// complements; each downdate is a step of those. Both sides have one, and the products with the outputs add theirs.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "selftest.h"
#include "solve/cholesky.h"
#include "solve/columns.h"
#include "solve/fit_rows.h"
#include "solve/folds.h"
#include "solve/forward.h"
#include "solve/inverse.h"
#include "solve/left_out.h"
#include "solve/row_paths.h"
#include "solve/rows.h"
#include "solve/sums.h"
#include "solve/swap.h"

namespace selftest {
namespace {

using prunus::List;
using prunus::u8;

constexpr double kEps = std::numeric_limits<double>::epsilon(), kInfinity = std::numeric_limits<double>::infinity();

double as_double(i64 n) { return static_cast<double>(n); }

struct Matrix {
  i64 n_rows, n_columns;
  prunus::List<double> values;

  Matrix(i64 rows, i64 columns) : n_rows(rows), n_columns(columns), values(rows * columns, 0.0) {}
  double& operator()(i64 r, i64 c) { return values[r * n_columns + c]; }
  double operator()(i64 r, i64 c) const { return values[r * n_columns + c]; }
  double* data() { return values.data(); }
  const double* data() const { return values.data(); }
  prunus::Rows<double> rows() { return {data(), n_columns}; }
  prunus::Rows<const double> rows() const { return {data(), n_columns}; }
};

bool operator==(const Matrix& a, const Matrix& b) { return a.values == b.values; }

Matrix random_matrix(std::mt19937& random, i64 n_rows, i64 n_columns) {
  Matrix a(n_rows, n_columns);
  a.values = normal<double>(random, n_rows * n_columns);
  return a;
}

// Features that have something in common.
Matrix samples(std::mt19937& random, i64 n, i64 p) {
  Matrix x = random_matrix(random, n, p);
  const prunus::List<double> common = normal<double>(random, n);
  for (i64 i = 0; i < n; ++i) {
    for (i64 j = 0; j < p; ++j) x(i, j) += 0.5 * common[i];
  }
  return x;
}

// a'b.
Matrix cross(const Matrix& a, const Matrix& b) {
  Matrix c(a.n_columns, b.n_columns);
  for (i64 i = 0; i < a.n_rows; ++i) {
    for (i64 j = 0; j < a.n_columns; ++j) {
      for (i64 k = 0; k < b.n_columns; ++k) c(j, k) += a(i, j) * b(i, k);
    }
  }
  return c;
}

// By Gauss and Jordan, with the largest pivot of each column.
Matrix inverse_of(Matrix a) {
  const i64 n = a.n_rows;
  Matrix b(n, n);
  for (i64 i = 0; i < n; ++i) b(i, i) = 1;
  for (i64 t = 0; t < n; ++t) {
    i64 at = t;
    for (i64 i = t + 1; i < n; ++i) {
      if (std::abs(a(i, t)) > std::abs(a(at, t))) at = i;
    }
    for (i64 j = 0; j < n; ++j) std::swap(a(t, j), a(at, j)), std::swap(b(t, j), b(at, j));
    const double pivot = a(t, t);
    for (i64 j = 0; j < n; ++j) a(t, j) /= pivot, b(t, j) /= pivot;
    for (i64 i = 0; i < n; ++i) {
      const double factor = i == t ? 0 : a(i, t);
      if (factor == 0) continue;
      for (i64 j = t; j < n; ++j) a(i, j) -= factor * a(t, j);
      for (i64 j = 0; j < n; ++j) b(i, j) -= factor * b(t, j);
    }
  }
  return b;
}

// The largest eigenvalue of a symmetric matrix without negative ones, never less than a half of it: twenty steps from a
// start that has all of them.
double norm_of(std::mt19937& random, const Matrix& a) {
  prunus::List<double> v = normal<double>(random, a.n_rows), next(v.size());
  double length = 0;
  for (int step = 0; step < 20; ++step) {
    length = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    for (i64 i = 0; i < a.n_rows; ++i) {
      next[i] = 0;
      for (i64 j = 0; j < a.n_rows; ++j) next[i] += a(i, j) * v[j] / length;
    }
    v = next;
  }
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

double length_of(const Matrix& a) {
  return std::sqrt(std::inner_product(a.values.begin(), a.values.end(), a.values.begin(), 0.0));
}

Matrix part_of(const Matrix& a, const prunus::List<i64>& rows, const prunus::List<i64>& columns) {
  Matrix part(rows.size(), columns.size());
  for (i64 i = 0; i < part.n_rows; ++i) {
    for (i64 j = 0; j < part.n_columns; ++j) part(i, j) = a(rows[i], columns[j]);
  }
  return part;
}

prunus::List<i64> numbers_to(i64 n) {
  prunus::List<i64> all(n);
  std::iota(all.begin(), all.end(), i64{0});
  return all;
}

// b (n_out, p) = c H.
Matrix coefficients(const Matrix& h, const Matrix& c) {
  Matrix b(c.n_rows, h.n_rows);
  for (i64 k = 0; k < b.n_rows; ++k) {
    for (i64 i = 0; i < h.n_rows; ++i) {
      for (i64 j = 0; j < h.n_rows; ++j) b(k, j) += c(k, i) * h(i, j);
    }
  }
  return b;
}

void check_invert(std::mt19937& random, i64 n) {
  const Matrix x = samples(random, 3 * n + 4, n), a = cross(x, x);
  Matrix got = a, again = a, on_threads = a;
  require(prunus::invert(kernels<double>(), got.rows(), n, 0, 1), "invert", n);
  require(prunus::invert(kernels<double>(), on_threads.rows(), n, 0, 3) && on_threads == got, "invert: threads", n);
  const Matrix expected = inverse_of(a);
  const double norm = norm_of(random, expected), room = 8 * as_double(n) * kEps * norm_of(random, a) * norm;
  for (i64 i = 0; i < n; ++i) {
    for (i64 j = 0; j < n; ++j) {
      require(std::abs(got(i, j) - expected(i, j)) <= room * norm, "invert", n, i);
      require(got(i, j) == got(j, i), "invert: symmetric", n, i);
    }
  }
  // A feature that comes twice leaves a pivot of rounding errors, here or there; others are wrong from the start.
  for (const i64 at : {i64{0}, n / 2, n - 1}) {
    for (const double wrong : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
      Matrix bad = a;
      bad(at, at) = wrong;
      require(!prunus::invert(kernels<double>(), bad.rows(), n, 0, 1), "invert: not positive definite", n, at);
    }
    const i64 other = (at + 1) % n;
    if (other == at) continue;
    Matrix twin = a;
    for (i64 j = 0; j < n; ++j) twin(at, j) = twin(other, j);
    for (i64 j = 0; j < n; ++j) twin(j, at) = twin(j, other);
    require(!prunus::invert(kernels<double>(), twin.rows(), n, room * a(other, other), 1), "invert: singular", n, at);
  }
  require(!prunus::invert(kernels<double>(), again.rows(), n, 1e300, 1), "invert: no pivot is above the least", n);
}

// R'R is the matrix: each element is a sum of n products with an error of n + 1 roundings of its terms' sizes (N.
// Higham, "Accuracy and stability of numerical algorithms", 2002, theorem 10.3), in blocks as without.
void check_factorize(std::mt19937& random, i64 n) {
  const Matrix x = samples(random, 3 * n + 4, n), a = cross(x, x);
  Matrix root = a, again = a;
  require(prunus::factorize(kernels<double>(), root.rows(), n, 0, 1), "factorize", n);
  require(prunus::factorize(kernels<double>(), again.rows(), n, 0, 3) && again == root, "factorize: threads", n);
  for (i64 i = 0; i < n; ++i) {
    for (i64 j = 0; j < n; ++j) {
      double sum = 0, size = 0;
      for (i64 t = 0; t < n; ++t) {
        sum += root(t, i) * root(t, j);
        size += std::abs(root(t, i) * root(t, j));
      }
      require(std::abs(sum - a(i, j)) <= 2 * as_double(n + 2) * kEps * size, "factorize: R'R", n, i);
      require(j >= i || root(i, j) == 0, "factorize: upper triangular", n, i);
    }
  }
  for (const i64 at : {i64{0}, n / 2, n - 1}) {
    for (const double wrong : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
      Matrix bad = a;
      bad(at, at) = wrong;
      require(!prunus::factorize(kernels<double>(), bad.rows(), n, 0, 1), "factorize: not positive definite", n, at);
    }
  }
}

// Rows on their supports against the inverse of their part of the matrix; a row of twins is not done.
void check_fit_rows(std::mt19937& random, i64 p) {
  constexpr i64 n = 9;
  const Matrix x = samples(random, 3 * p + 4, p), gram = cross(x, x), products = random_matrix(random, n, p);
  List<u8> support(n * p);
  for (u8& there : support) there = random() % 2 != 0;
  std::copy_n(support.begin(), p, support.begin() + p);  // two that share a factorization
  std::fill_n(support.begin() + 2 * p, p, u8{0});
  Matrix w(n, p), again = w;
  List<u8> is_done(n, 7);
  const auto fit = [&](const Matrix& matrix, Matrix& to, double least, int threads) {
    prunus::fit_rows(kernels<double>(), matrix.rows(), p, {products.data(), p, n}, support.data(), least, to.rows(),
                     is_done.data(), threads);
  };
  fit(gram, w, 0, 1);
  require(is_done == List<u8>(n, 1), "fit_rows: done", p);
  for (const int threads : {2, 7}) {
    fit(gram, again, 0, threads);
    require(again == w, "fit_rows: threads change no bit", p, threads);
  }
  for (i64 r = 0; r < n; ++r) {
    List<i64> there;
    for (i64 j = 0; j < p; ++j) {
      if (support[r * p + j] != 0) there.push_back(j);
      require(support[r * p + j] != 0 || w(r, j) == 0, "fit_rows: zero elsewhere", r, j);
    }
    if (there.empty()) continue;
    const Matrix part = part_of(gram, there, there), inverse = inverse_of(part);
    const double norm = norm_of(random, inverse), room = 16 * as_double(p) * kEps * norm_of(random, part) * norm;
    double length = 0;
    for (const i64 j : there) length += products(r, j) * products(r, j);
    for (i64 i = 0; i < there.size(); ++i) {
      double sum = 0;
      for (i64 j = 0; j < there.size(); ++j) sum += inverse(i, j) * products(r, there[j]);
      require(std::abs(w(r, there[i]) - sum) <= room * norm * std::sqrt(length), "fit_rows: least squares", r, i);
    }
  }
  if (p < 2) return;
  Matrix twin = gram;
  for (i64 j = 0; j < p; ++j) twin(0, j) = twin(1, j);
  for (i64 j = 0; j < p; ++j) twin(j, 0) = twin(j, 1);
  fit(twin, again, 1e-9 * gram(1, 1), 2);
  for (i64 r = 0; r < n; ++r) {
    require(is_done[r] == (support[r * p] == 0 || support[r * p + 1] == 0), "fit_rows: twins", p, r);
  }
}

// The loss of the best fit of a row on a support: (v - w)' G (v - w) is w'G w less what the fit explains, with w zero
// where it is not there.
double loss_of_row(const Matrix& gram, const List<double>& w, const List<i64>& support) {
  const i64 p = w.size();
  List<double> c(p, 0.0);
  double all = 0;
  for (i64 i = 0; i < p; ++i) {
    for (i64 j = 0; j < p; ++j) c[j] += w[i] * gram(i, j);
  }
  for (i64 i = 0; i < p; ++i) all += w[i] * c[i];
  const Matrix inverse = inverse_of(part_of(gram, support, support));
  for (i64 i = 0; i < support.size(); ++i) {
    for (i64 j = 0; j < support.size(); ++j) all -= c[support[i]] * inverse(i, j) * c[support[j]];
  }
  return all;
}

// Each band against a search of every block at every step, on fresh inverses: the one that goes next is that which lets
// the loss of the best fit on what is left rise least, and its cost is that rise, or the next number above the last.
void check_eliminate_rows(std::mt19937& random, i64 p, prunus::BlockShape block, prunus::Quota quota = {}) {
  constexpr i64 n = 5;
  const Matrix x = samples(random, 4 * p + 6, p), gram = cross(x, x), w = random_matrix(random, n, p);
  List<u8> there(n * p, 1);
  for (i64 j = 0; j < p; j += 3) there[p + j] = 0;  // of the second row
  Matrix cost(n, p), again = cost;
  List<u8> is_done(n, 7);
  Matrix whole = gram;
  require(prunus::invert(kernels<double>(), whole.rows(), p, 0, 1), "eliminate_rows: inverse", p);
  const auto eliminate = [&](Matrix& to, int threads) {
    prunus::eliminate_rows(kernels<double>(), gram.rows(), whole.data(), p, {w.data(), p, n}, there.data(), block,
                           quota, 0, to.rows(), is_done.data(), threads);
  };
  eliminate(cost, 1);
  require(is_done == List<u8>(n, 1), "eliminate_rows: done", p);
  for (const int threads : {2, 7}) {
    eliminate(again, threads);
    require(again == cost, "eliminate_rows: threads change no bit", p, threads);
  }
  const double norm = norm_of(random, gram), cond = norm * norm_of(random, inverse_of(gram));
  for (i64 begin = 0; begin < n; begin += block.rows) {
    const i64 end = std::min(begin + block.rows, n);
    List<double> lost(p, -1.0);  // by column; below zero where none of the rows has it
    List<List<double>> rows;
    double total = 0;
    for (i64 r = begin; r < end; ++r) {
      rows.push_back(List<double>(p, 0.0));
      for (i64 j = 0; j < p; ++j) {
        total += w(r, j) * w(r, j) * norm;
        if (there[r * p + j] == 0) {
          require(cost(r, j) == 0, "eliminate_rows: what is not there costs nothing", r, j);
          continue;
        }
        rows.back()[j] = w(r, j);
        require(lost[j] < 0 || lost[j] == cost(r, j), "eliminate_rows: a column of a band", r, j);
        lost[j] = cost(r, j);
      }
    }
    List<i64> left;
    for (i64 j = 0; j < p; ++j) {
      if (lost[j] >= 0) left.push_back(j);
    }
    const double room = 32 * as_double(p) * kEps * cond * total;
    const auto without = [&](i64 j) {
      List<i64> rest;
      for (const i64 i : left) {
        if (i / block.columns != j / block.columns) rest.push_back(i);
      }
      return rest;
    };
    // Whether the block's pool has more than has to stay.
    const auto may_go = [&](i64 j) {
      const i64 pool = j / block.columns / quota.among;
      i64 n_there = 0, last = -1;
      for (const i64 i : left) {
        const i64 at = i / block.columns;
        if (at / quota.among == pool && at != last) ++n_there, last = at;
      }
      return n_there > quota.kept;
    };
    double before = 0, highest = 0;
    while (std::any_of(left.begin(), left.end(), may_go)) {
      const i64 goes = *std::min_element(left.begin(), left.end(), [&](i64 a, i64 b) { return lost[a] < lost[b]; });
      double least = kInfinity, own = 0;
      for (const i64 j : left) {
        double loss = 0;
        for (const List<double>& row : rows) loss += loss_of_row(gram, row, without(j));
        if (may_go(j)) least = std::min(least, loss);
        if (j == goes) own = loss;
        require(j / block.columns != goes / block.columns || lost[j] == lost[goes], "eliminate_rows: a block", j);
      }
      require(may_go(goes), "eliminate_rows: what has to stay", begin, goes);
      require(own <= least + room, "eliminate_rows: the least goes", begin, goes);
      require(std::abs(lost[goes] - std::max(own - before, highest)) <= room, "eliminate_rows: cost", begin, goes);
      require(lost[goes] > highest, "eliminate_rows: costs in the order of the path", begin, goes);
      before = own, highest = lost[goes];
      left = without(goes);
    }
    for (const i64 j : left) require(lost[j] > highest, "eliminate_rows: what stays costs more than all", begin, j);
  }
}

// Row by row, with the best fit made anew for every weight that goes: those behind it take over, those before it stay.
void check_eliminate_columns(std::mt19937& random, i64 n, i64 p, i64 width) {
  const Matrix x = samples(random, 2 * p + 6, p), gram = cross(x, x), w = random_matrix(random, n, p);
  Matrix root = gram;
  require(prunus::inverse_root(kernels<double>(), root.rows(), p, 0, 2), "inverse_root: done", p);
  const Matrix product = cross(root, root), inverse = inverse_of(gram);
  const double cond = norm_of(random, gram) * norm_of(random, inverse);
  const double unit = 32 * as_double(p) * kEps * cond;
  for (i64 i = 0; i < p; ++i) {
    for (i64 j = 0; j < p; ++j) {
      require(j >= i || root(i, j) == 0, "inverse_root: zeros below", i, j);
      require(std::abs(product(i, j) - inverse(i, j)) <= unit * norm_of(random, inverse), "inverse_root: U'U", i, j);
    }
  }
  List<u8> kept(n * p, 1), there(n * p, 1);
  for (i64 i = 0; i < n * p; i += 3) kept[i] = 0;
  for (i64 i = 0; i < n * p; i += 5) there[i] = kept[i] = 0;
  Matrix found = w;
  List<u8> left = kept;
  const auto eliminate = [&](Matrix& to, List<u8>& mask, int threads) {
    prunus::eliminate_columns(kernels<double>(), root.rows(), p, {to.data(), p, n}, there.data(), mask.data(), width,
                              threads);
  };
  eliminate(found, left, 1);
  for (const int threads : {2, 7}) {
    Matrix again = w;
    List<u8> mask = kept;
    eliminate(again, mask, threads);
    require(again == found && mask == left, "eliminate_columns: threads change no bit", p, threads);
  }
  for (i64 r = 0; r < n; ++r) {
    List<double> row(w.data() + r * p, w.data() + (r + 1) * p);
    double size = 0;
    for (const double weight : row) size = std::max(size, std::abs(weight));
    for (i64 j = 0; j < p; ++j) {
      if (left[r * p + j] != 0) continue;
      // The inverse of what is behind and j itself; its first column over its first element.
      List<i64> behind(p - j);
      std::iota(behind.begin(), behind.end(), j);
      const Matrix part = inverse_of(part_of(gram, behind, behind));
      const double factor = row[j] / part(0, 0);
      for (i64 k = j; k < p; ++k) row[k] -= factor * part(k - j, 0);
      row[j] = 0;
    }
    for (i64 j = 0; j < p; ++j) {
      require(left[r * p + j] == 0 ? found(r, j) == 0 : std::abs(found(r, j) - row[j]) <= unit * as_double(p) * size,
              "eliminate_columns: weight", r, j);
    }
    for (i64 begin = 0; begin < p; begin += width) {
      i64 before = 0, now = 0;
      for (i64 j = begin; j < std::min(begin + width, p); ++j) {
        before += kept[r * p + j], now += left[r * p + j];
        require(there[r * p + j] != 0 || left[r * p + j] == 0, "eliminate_columns: what is not there", r, j);
      }
      require(before == now, "eliminate_columns: as many are left", r, begin);
    }
    if (width == 1) require(std::equal(&left[r * p], &left[r * p] + p, &kept[r * p]), "eliminate_columns: mask", r);
  }
}

// Says yes from its n-th question on.
class Asks final : public prunus::Interrupt {
 public:
  explicit Asks(i64 n) : left_(n) {}
  bool is_asked() noexcept override { return --left_ < 0; }
  i64 asked_in_vain() const { return std::max<i64>(-left_, 0); }

 private:
  std::atomic<i64> left_;
};

// Long work ends soon after it is asked to, and does not say that it is done.
void check_interrupts(std::mt19937& random) {
  const i64 p = 400, n = 10;
  const Matrix x = samples(random, 2 * p, p), gram = cross(x, x), w = random_matrix(random, n, p);
  const List<u8> there(n * p, 1);
  for (const int threads : {1, 3}) {
    for (const i64 after : {0, 1, 2}) {
      const auto check = [&](const char* what, bool is_done, const Asks& asks) {
        require(!is_done, what, after, threads);
        // Each thread leaves off at its next question; a row not begun is one more.
        require(asks.asked_in_vain() >= 1 && asks.asked_in_vain() <= n + 2 * threads, what, after, threads);
      };
      Asks inverse(after), root(after), rows(after), columns(after), fit(after);
      Matrix of = gram;
      check("interrupt: invert", prunus::invert(kernels<double>(), of.rows(), p, 0, threads, &inverse), inverse);
      of = gram;
      check("interrupt: root", prunus::inverse_root(kernels<double>(), of.rows(), p, 0, threads, &root), root);
      Matrix to(n, p);
      List<u8> is_done(n, 2);
      prunus::eliminate_rows(kernels<double>(), gram.rows(), nullptr, p, {w.data(), p, n}, there.data(), {1, 1}, {}, 0,
                             to.rows(), is_done.data(), threads, &rows);
      check("interrupt: eliminate_rows", is_done.back() != 0, rows);
      is_done.assign(n, 2);
      List<u8> support(n * p, 1);
      for (i64 r = 0; r < n; ++r) support[r * p + r] = 0;
      prunus::fit_rows(kernels<double>(), gram.rows(), p, {w.data(), p, n}, support.data(), 0, to.rows(),
                       is_done.data(), threads, &fit);
      check("interrupt: fit_rows", is_done.back() != 0, fit);
      Matrix values = w;
      List<u8> kept = support;
      prunus::eliminate_columns(kernels<double>(), gram.rows(), p, {values.data(), p, n}, there.data(), kept.data(), 1,
                                threads, &columns);
      require(columns.asked_in_vain() >= 1, "interrupt: eliminate_columns", after, threads);
    }
  }
}

// Of three columns that tell nothing of one another, one of the first two stays: the one that weighs more.
void check_choice_of_columns() {
  const double root[9] = {1, 0, 0, 0, 0.5, 0, 0, 0, 1};
  double w[6] = {3, 2, 7, 2, 1, 7};
  const u8 there[6] = {1, 1, 1, 1, 1, 1};
  u8 kept[6] = {1, 0, 1, 0, 1, 0};
  prunus::eliminate_columns(kernels<double>(), {root, 3}, 3, {w, 3, 2}, there, kept, 2, 1);
  // (3 / 1)^2 < (2 / 0.5)^2; (2 / 1)^2 = (1 / 0.5)^2, and the first stays.
  require(List<double>(w, w + 6) == List<double>{0, 2, 7, 2, 0, 0}, "eliminate_columns: choice");
  require(List<u8>(kept, kept + 6) == List<u8>{0, 1, 1, 1, 0, 0}, "eliminate_columns: mask of a choice");
}

// Groups of the sizes that are given, over and over, of which every `apart`-th stays; 0: none does.
struct Groups {
  prunus::List<i64> start = {0};
  prunus::List<u8> stays;

  Groups(i64 p, const prunus::List<i64>& sizes, i64 apart) {
    while (start.back() < p) {
      const i64 size = sizes[stays.size() % sizes.size()];
      stays.push_back(apart > 0 && n() % apart == apart - 1);
      start.push_back(std::min(start.back() + size, p));
    }
  }
  i64 n() const { return stays.size(); }
  i64 n_free() const { return std::count(stays.begin(), stays.end(), u8{0}); }
  i64 begin(i64 g) const { return start[g]; }
  i64 end(i64 g) const { return start[g + 1]; }
  prunus::FeatureGroups view() const { return {start.data(), stays.data(), n()}; }
};

// A regression, and samples that it has not seen.
struct Problem {
  Matrix gram, products, held, held_products;
  double total = 0;

  Problem(std::mt19937& random, i64 p, i64 n_out) : gram(0, 0), products(0, 0), held(0, 0), held_products(0, 0) {
    const Matrix truth = random_matrix(random, p, n_out);
    const auto sums = [&](i64 n, Matrix& g, Matrix& c) {
      const Matrix x = samples(random, n, p);
      Matrix y = random_matrix(random, n, n_out);
      for (i64 i = 0; i < n; ++i) {
        for (i64 k = 0; k < n_out; ++k) {
          for (i64 j = 0; j < p; j += 2) y(i, k) += x(i, j) * truth(j, k);  // the others do not matter
        }
      }
      g = cross(x, x);
      c = cross(y, x);
      return length_of(y) * length_of(y);
    };
    sums(3 * p + 10, gram, products);
    total = sums(p / 2 + 3, held, held_products);
  }
};

struct Path {
  prunus::List<i64> order;
  prunus::List<double> rise, error;
  Matrix coef;
  i64 n = 0;

  bool operator==(const Path& other) const {
    return n == other.n && order == other.order && rise == other.rise && error == other.error && coef == other.coef;
  }
};

Path path_of(const Problem& problem, Matrix inverse, const Groups& groups, i64 n_remove, double floor, int threads) {
  Path path = {prunus::List<i64>(n_remove, -1), prunus::List<double>(n_remove, -1.0),
               prunus::List<double>(n_remove + 1, -1.0), coefficients(inverse, problem.products)};
  Matrix held = problem.held;
  path.n = prunus::eliminate(kernels<double>(), inverse.rows(), inverse.n_rows,
                             {path.coef.data(), inverse.n_rows, path.coef.n_rows}, groups.view(),
                             {path.order.data(), path.rise.data(), n_remove}, floor,
                             {held.rows(), problem.held_products.data(), problem.total, path.error.data()}, threads);
  return path;
}

// By how much the loss rises without the features at these places: b' H_gg^-1 b.
double rise_of(const Matrix& h, const Matrix& b, const prunus::List<i64>& places) {
  const Matrix block = inverse_of(part_of(h, places, places));
  double rise = 0;
  for (i64 k = 0; k < b.n_rows; ++k) {
    for (i64 i = 0; i < block.n_rows; ++i) {
      for (i64 j = 0; j < block.n_rows; ++j) rise += b(k, places[i]) * block(i, j) * b(k, places[j]);
    }
  }
  return rise;
}

// Every so many removals of a path, one against all that were possible, by the inverse of the Gram matrix of what was
// left.
void check_path(std::mt19937& random, const Problem& problem, const Groups& groups, const Path& path, i64 every = 1) {
  const i64 p = problem.gram.n_rows, n_out = problem.products.n_rows;
  const Matrix whole = inverse_of(problem.gram);
  const double cond = norm_of(random, problem.gram) * norm_of(random, whole);  // no part's is larger
  const double room = 8 * as_double(p) * kEps * cond;
  const double held_norm = 2 * norm_of(random, problem.held), held_length = length_of(problem.held_products);
  const prunus::List<i64> outputs = numbers_to(n_out);
  prunus::List<i64> left = numbers_to(p), left_groups = numbers_to(groups.n());
  double longest = 0;  // of the coefficients: errors of a path add up
  const auto remove = [&](i64 t) {
    const i64 gone = path.order[t];
    const auto at = std::lower_bound(left_groups.begin(), left_groups.end(), gone);
    require(at != left_groups.end() && *at == gone && !groups.stays[gone], "eliminate: may go", p, t);
    left_groups.erase(at);
    left.erase(std::lower_bound(left.begin(), left.end(), groups.begin(gone)),
               std::lower_bound(left.begin(), left.end(), groups.end(gone)));
  };
  for (i64 t = 0; t <= path.n; ++t) {
    if (t % every != 0 && t < path.n) {
      remove(t);
      continue;
    }
    const Matrix h = inverse_of(part_of(problem.gram, left, left));
    const Matrix b = coefficients(h, part_of(problem.products, outputs, left));
    longest = std::max(longest, length_of(b));
    const double wrong = room * longest;  // of the coefficients
    double error = problem.total;
    for (i64 k = 0; k < n_out; ++k) {
      for (i64 i = 0; i < left.size(); ++i) {
        const double own = b(k, static_cast<i64>(i));
        for (i64 j = 0; j < left.size(); ++j) {
          error += own * problem.held(left[i], left[j]) * b(k, static_cast<i64>(j));
        }
        error -= 2 * own * problem.held_products(k, left[i]);
      }
    }
    const double held_bound = 2 * wrong * (held_norm * longest + held_length) + 8 * as_double(p) * kEps * problem.total;
    require(std::abs(path.error[t] - error) <= held_bound, "eliminate: held out", p, t);
    if (t == path.n) {
      Matrix expected(n_out, p);
      for (i64 k = 0; k < n_out; ++k) {
        for (i64 i = 0; i < h.n_rows; ++i) expected(k, left[i]) = b(k, i);
        for (i64 j = 0; j < p; ++j) {
          const bool is_there = std::binary_search(left.begin(), left.end(), j);
          require(std::abs(path.coef(k, j) - expected(k, j)) <= (is_there ? wrong : 0), "eliminate: coef", p, j);
        }
      }
      return;
    }
    const i64 gone = path.order[t];
    // The rise is at most b_g' G_gg b_g; an error of H_gg counts cond times.
    const auto rise_and_bound = [&](i64 g) {
      prunus::List<i64> places;
      double squares = 0, trace = 0;
      for (i64 j = groups.begin(g); j < groups.end(g); ++j) {
        places.push_back(std::lower_bound(left.begin(), left.end(), j) - left.begin());
        trace += problem.gram(j, j);
        for (i64 k = 0; k < n_out; ++k) squares += b(k, places.back()) * b(k, places.back());
      }
      const double rise = rise_of(h, b, places);
      return std::pair<double, double>{rise, trace * wrong * (2 * std::sqrt(squares) + wrong) + room * cond * rise};
    };
    const auto [rise, bound] = rise_and_bound(gone);
    require(std::abs(path.rise[t] - rise) <= bound, "eliminate: rise", p, t);
    for (const i64 g : left_groups) {
      if (groups.stays[g]) continue;
      const auto [other, other_bound] = rise_and_bound(g);
      require(rise <= other + bound + other_bound, "eliminate: the least rise", p, t);
    }
    remove(t);
  }
}

void check_eliminate(std::mt19937& random, i64 p, i64 n_out, const Groups& groups, i64 n_remove, i64 every = 1) {
  const Problem problem(random, p, n_out);
  const Matrix inverse = inverse_of(problem.gram);
  const Path path = path_of(problem, inverse, groups, n_remove, 0, 1);
  require(path.n == std::min(n_remove, groups.n_free()), "eliminate: how many", p, path.n);
  check_path(random, problem, groups, path, every);
  for (const int threads : {2, 7}) {
    const Path other = path_of(problem, inverse, groups, n_remove, 0, threads);
    require(other == path, "eliminate: threads change no bit", p, threads);
  }
}

// It stops as soon as an element of the diagonal has fallen to the floor, among what is left.
void check_floor(std::mt19937& random) {
  constexpr i64 p = 40;
  const Problem problem(random, p, 1);
  const Groups groups(p, {1}, 0);
  const Matrix inverse = inverse_of(problem.gram);
  const Path path = path_of(problem, inverse, groups, p, 0, 1);
  for (const double floor : {0.9, 0.6}) {
    prunus::List<i64> left = numbers_to(p);
    i64 first = 0;
    for (bool is_low = false; !is_low && !left.empty(); ++first) {
      left.erase(std::find(left.begin(), left.end(), path.order[first]));
      const Matrix h = inverse_of(part_of(problem.gram, left, left));
      for (i64 i = 0; i < h.n_rows; ++i) is_low |= h(i, i) < floor * inverse(left[i], left[i]);
    }
    const i64 n = path_of(problem, inverse, groups, p, floor, 2).n;
    require(n == first, "eliminate: floor", n, first);
  }
}

// Where every rise and fall is the same, to the last bit: the last goes first, the first comes first.
void check_ties() {
  constexpr i64 p = 11;
  const Groups groups(p, {1, 2, 1, 1}, 4);
  Matrix unit(p, p), coef(2, p);
  for (i64 g = 0; g < groups.n(); ++g) {
    for (i64 j = groups.begin(g); j < groups.end(g); ++j) unit(j, j) = 1;
    coef(0, groups.begin(g)) = coef(1, groups.end(g) - 1) = 1;  // two in all, of one feature or of two
  }
  prunus::List<i64> expected;
  for (i64 g = groups.n(); g-- > 0;) {
    if (!groups.stays[g]) expected.push_back(g);
  }
  prunus::List<i64> order(expected.size());
  prunus::List<double> rise(expected.size());
  const prunus::Removals found = {order.data(), rise.data(), groups.n_free()};
  Matrix inverse = unit, products = coef;
  require(prunus::eliminate(kernels<double>(), inverse.rows(), p, {products.data(), p, 2}, groups.view(), found, 0, {},
                            1) == found.n,
          "eliminate: ties");
  require(order == expected, "eliminate: of equal rises the later");
  prunus::List<u8> all_free(groups.stays.size(), 0);
  expected = numbers_to(groups.n());
  order.resize(expected.size()), rise.resize(expected.size());
  const prunus::FeatureGroups free = {groups.start.data(), all_free.data(), groups.n()};
  products = coef;
  require(prunus::grow(kernels<double>(), unit.rows(), p, {products.data(), p, 2}, free,
                       {order.data(), rise.data(), free.n}, 1e-9) == free.n,
          "grow: ties");
  require(order == expected, "grow: of equal falls the earlier");
}

// Moments about zero, as far as they are read: products of features, and with outputs.
Matrix moments_of(const Matrix& gram, const Matrix& products) {
  const i64 p = gram.n_rows, n_out = products.n_rows;
  Matrix sums(p + n_out + 1, p + n_out + 1);
  for (i64 i = 0; i < p; ++i) {
    for (i64 j = i; j < p; ++j) sums(i, j) = gram(i, j);
    for (i64 k = 0; k < n_out; ++k) sums(i, p + k) = products(k, i);
  }
  return sums;
}

// Sums over the rows of each fold, of any number of columns and rows.
template <class T>
void check_sums(std::mt19937& random, i64 p, i64 n_out) {
  constexpr i64 n = 200;
  const i64 size = p + n_out + 1;
  const prunus::List<T> x = normal<T>(random, n * p);
  const Matrix y = random_matrix(random, n, n_out);
  prunus::List<double> root, shift;
  for (i64 i = 0; i < n; ++i) root.push_back(0.25 * static_cast<double>(i % 4));
  for (i64 j = 0; j < size - 1; ++j) shift.push_back(0.125 * static_cast<double>(j % 3));
  prunus::List<i64> row = numbers_to(n);
  std::shuffle(row.begin(), row.end(), random);
  const prunus::List<i64> start = {0, 131, 131, 132, n};
  Matrix z(n, size);
  for (i64 i = 0; i < n; ++i) {
    const double own = root[i];
    for (i64 j = 0; j < p; ++j) z(i, j) = (static_cast<double>(x[i * p + j]) - shift[j]) * own;
    for (i64 k = 0; k < n_out; ++k) z(i, p + k) = (y(i, k) - shift[p + k]) * own;
    z(i, size - 1) = own;
  }
  prunus::List<Matrix> first;
  for (const int threads : {1, 3}) {
    prunus::List<Matrix> sums(start.size() - 1, Matrix(size, size));
    prunus::List<double*> to;
    for (Matrix& sum : sums) to.push_back(sum.data());
    prunus::sum_folds(kernels<double>(),
                      prunus::WeightedSamples<T>{x.data(), p, y.data(), n_out, root.data(), shift.data()}, row.data(),
                      start.data(), sums.size(), to.data(), threads);
    for (i64 f = 0; f < sums.size(); ++f) {
      const Matrix part = part_of(z, {row.begin() + start[f], row.begin() + start[f + 1]}, numbers_to(size));
      const Matrix expected = cross(part, part);
      for (i64 i = 0; i < size; ++i) {
        for (i64 j = i; j < size; ++j) {
          // n products of numbers below 8.
          require(std::abs(sums[f](i, j) - expected(i, j)) <= 64.0 * n * n * 0x1p-53, "sum_folds", p, i);
        }
      }
    }
    if (threads == 1) first = sums;
    require(sums == first, "sum_folds: threads change no bit", p, n_out);
  }
}

// Moments of some columns about another centre are the sums of their products there.
void check_moments(std::mt19937& random) {
  constexpr i64 n = 50, n_less = 20, p = 21, n_out = 2, size = p + n_out + 1;
  Matrix data = random_matrix(random, n, size);
  for (i64 i = 0; i < n; ++i) data(i, size - 1) = 1;
  Matrix some(n_less, size), rest(n - n_less, size);
  for (i64 i = 0; i < n; ++i) {
    for (i64 j = 0; j < size; ++j) (i < n_less ? some(i, j) : rest(i - n_less, j)) = data(i, j);
  }
  Matrix whole = cross(data, data), less = cross(some, some);
  const Matrix about_zero = cross(rest, rest);
  prunus::List<double> shift, last;
  for (i64 j = 0; j < size - 1; ++j) {
    shift.push_back(0.25 * static_cast<double>(j % 5) - 0.3);
    last.push_back(about_zero(j, size - 1) + 0.5 * about_zero(size - 1, size - 1) * shift.back());
    for (i64 i = 0; i < rest.n_rows; ++i) rest(i, j) += shift.back();
  }
  const prunus::List<i64> number = {7, 3, 20, 0, 11, 4, 5, 6, 1, 19};
  prunus::List<double> scale;
  for (const i64 j : number) scale.push_back(j == 11 ? 0 : 1 / (1.0 + static_cast<double>(j)));
  const i64 count = number.size();
  Matrix xx(count, count), xy(n_out, count);
  prunus::gather_moments({whole.data(), less.data(), size, shift.data(), last.data()},
                         {number.data(), scale.data(), count, n_out}, xx.rows(), xy.rows());
  const Matrix expected = cross(rest, rest);
  // A sum of 100 products of numbers below 10, each rounded to 2^-53 of them, in a few more steps.
  const double room = 100 * 100 * 100 * 0x1p-53;
  for (i64 i = 0; i < count; ++i) {
    const double own = scale[i];
    const i64 at = number[i];
    for (i64 j = 0; j < count; ++j) {
      const double wanted = expected(at, number[j]) * own * scale[j];
      require(std::abs(xx(i, j) - wanted) <= room, "gather_moments: xx", i, j);
      require(xx(i, j) == xx(j, i), "gather_moments: symmetric", i, j);
    }
    for (i64 k = 0; k < n_out; ++k) {
      require(std::abs(xy(k, i) - expected(at, p + k) * own) <= room, "gather_moments: xy", i, k);
    }
  }
}

// Of every step the sum of (error / left)^2, by a sample at a time; infinite where nothing is left of one, whatever its
// error.
void check_left_out(std::mt19937& random, i64 n, i64 n_steps, i64 n_out) {
  Matrix q = random_matrix(random, n, n_steps), z = random_matrix(random, n_steps, n_out);
  const Matrix y = random_matrix(random, n_out, n);
  for (double& value : q.values) value *= 0.25 / std::sqrt(static_cast<double>(n_steps + 1));
  prunus::List<double> base(n, 0.01), expected(n_steps + 1, 0);
  if (n_steps > 2) q(n / 2, 2) = 1;  // takes more than all that is left
  for (i64 i = 0; i < n; ++i) {
    double left = 1 - base[i];
    prunus::List<double> error;
    for (i64 k = 0; k < n_out; ++k) error.push_back(y(k, i));
    for (i64 t = 0; t <= n_steps; ++t) {
      if (t > 0) left -= q(i, t - 1) * q(i, t - 1);
      for (i64 k = 0; k < n_out; ++k) {
        if (t > 0) error[k] -= q(i, t - 1) * z(t - 1, k);
        const double ratio = error[k] / left;
        expected[t] += left > 1e-12 ? ratio * ratio : std::numeric_limits<double>::infinity();
      }
    }
  }
  prunus::List<double> first;
  for (const int threads : {1, 3}) {
    prunus::List<double> sum(n_steps + 1, 0);
    prunus::add_left_out(kernels<double>(), q.data(), n, n_steps, z.data(), n_out, y.data(), base.data(), 1e-12,
                         sum.data(), threads);
    for (i64 t = 0; t <= n_steps; ++t) {
      const double wanted = expected[t];
      // Each of the n n_out terms after t products; what is left is above a half.
      const double room = static_cast<double>(8 * (t + 2) + n * n_out) * 0x1p-52;
      require(std::isinf(wanted) ? sum[t] == wanted : std::abs(sum[t] - wanted) <= room * wanted, "add_left_out", n, t);
    }
    if (threads == 1) first = sum;
    require(sum == first, "add_left_out: threads change no bit", n, n_steps);
  }
}

struct Validated {
  prunus::List<prunus::List<i64>> orders;
  prunus::List<prunus::List<double>> errors;
  prunus::List<u8> is_done;
};

Validated validate(const prunus::List<Problem>& problems, const Groups& groups, prunus::FoldLimits limits,
                   int threads) {
  const i64 n = problems.size();
  const i64 p = problems[0].gram.n_rows, n_out = problems[0].products.n_rows;
  Validated found = {prunus::List<prunus::List<i64>>(n, prunus::List<i64>(groups.n_free(), -1)),
                     prunus::List<prunus::List<double>>(n, prunus::List<double>(groups.n_free() + 1, -1.0)),
                     prunus::List<u8>(n, 7)};
  const prunus::List<i64> number = numbers_to(p);
  const prunus::List<double> nothing(p + n_out, 0);
  prunus::List<Matrix> train, held;
  prunus::List<prunus::List<double>> inverse_scale;
  for (const Problem& problem : problems) {
    train.push_back(moments_of(problem.gram, problem.products));
    held.push_back(moments_of(problem.held, problem.held_products));
    inverse_scale.emplace_back();
    for (i64 j = 0; j < p; ++j) inverse_scale.back().push_back(1 / std::sqrt(problem.gram(j, j)));
  }
  prunus::List<prunus::Fold> folds;
  for (i64 i = 0; i < n; ++i) {
    const auto as_they_are = [&](Matrix& sums) {
      return prunus::Moments{sums.data(), nullptr, sums.n_rows, nothing.data(), nothing.data()};
    };
    folds.push_back({as_they_are(train[i]), as_they_are(held[i]), inverse_scale[i].data(), problems[i].total,
                     found.errors[i].data(), found.orders[i].data()});
  }
  prunus::eliminate_folds(kernels<double>(), folds.data(), static_cast<i64>(n), number.data(), p, n_out, groups.view(),
                          limits, found.is_done.data(), threads);
  return found;
}

void check_folds(std::mt19937& random) {
  constexpr i64 p = 70, n_out = 2, kSingular = 2;
  const Groups groups(p, {1, 1, 3, 2}, 6);
  prunus::List<Problem> problems;
  for (int i = 0; i < 5; ++i) problems.emplace_back(random, p, n_out);
  Matrix& singular = problems[kSingular].gram;
  for (i64 j = 0; j < p; ++j) singular(9, j) = singular(4, j);
  for (i64 j = 0; j < p; ++j) singular(j, 9) = singular(j, 4);
  const Validated found = validate(problems, groups, {1e-6, 1e6, 0}, 1);
  require(found.is_done == prunus::List<u8>{1, 1, 0, 1, 1}, "eliminate_folds: a singular one is not done");
  for (const int threads : {3, 7}) {
    const Validated other = validate(problems, groups, {1e-6, 1e6, 0}, threads);
    require(other.is_done == found.is_done, "eliminate_folds: done", threads);
    require(other.orders == found.orders && other.errors == found.errors, "eliminate_folds: threads change no bit",
            threads);
  }
  for (i64 i = 0; i < problems.size(); ++i) {
    if (!found.is_done[i]) continue;
    // The path, whose rises and coefficients are not told here, from an inverse of its own.
    Path path = path_of(problems[i], inverse_of(problems[i].gram), groups, groups.n_free(), 0, 1);
    require(path.order == found.orders[i], "eliminate_folds: order", static_cast<i64>(i));
    path.error = found.errors[i];
    check_path(random, problems[i], groups, path);
  }
  const prunus::List<u8> none(problems.size(), 0);
  require(validate(problems, groups, {1e300, 1e6, 0}, 3).is_done == none, "eliminate_folds: pivots");
  require(validate(problems, groups, {1e-6, 1e-9, 0}, 3).is_done == none, "eliminate_folds: most");
  require(validate(problems, groups, {1e-6, 1e6, 1}, 3).is_done == none, "eliminate_folds: floor");
}

// What is left of features and outputs when a set is taken out of them, on the samples themselves.
struct Leftover {
  Matrix x, y;
  prunus::List<double> least;  // the squared length that a feature must have to be no combination

  // Takes the feature's rest out of all features and outputs; returns by how much the loss falls.
  double take(i64 j) {
    prunus::List<double> q(x.n_rows);
    double square = 0, fall = 0;
    for (i64 i = 0; i < x.n_rows; ++i) q[i] = x(i, j), square += x(i, j) * x(i, j);
    if (!(square > least[j])) return 0;
    for (double& value : q) value /= std::sqrt(square);
    for (Matrix* a : {&x, &y}) {
      for (i64 k = 0; k < a->n_columns; ++k) {
        double product = 0;
        for (i64 i = 0; i < a->n_rows; ++i) product += q[i] * (*a)(i, k);
        for (i64 i = 0; i < a->n_rows; ++i) (*a)(i, k) -= product * q[i];
        if (a == &y) fall += product * product;
      }
    }
    return fall;
  }

  // By how much the loss would fall with these; -1 if all are combinations.
  double fall_of(i64 begin, i64 end) const {
    prunus::List<i64> own = numbers_to(end);
    own.erase(own.begin(), own.begin() + begin);
    Leftover part = {part_of(x, numbers_to(x.n_rows), own), y, {least.begin() + begin, least.begin() + end}};
    double fall = 0;
    bool is_new = false;
    for (i64 j = 0; j < end - begin; ++j) {
      double square = 0;
      for (i64 i = 0; i < x.n_rows; ++i) square += part.x(i, j) * part.x(i, j);
      is_new |= square > part.least[j];
      fall += part.take(j);
    }
    return is_new ? fall : -1;
  }
};

void check_grow(std::mt19937& random, i64 p, i64 n_out, const Groups& groups, i64 n_add, bool with_twins) {
  constexpr double kTolerance = 1e-9;
  const i64 n = 3 * p + 10;
  Matrix x = samples(random, n, p);
  const Matrix noise = random_matrix(random, n, n_out), truth = random_matrix(random, p, n_out);
  const Matrix independent = cross(x, x);
  const double cond = norm_of(random, independent) * norm_of(random, inverse_of(independent));
  if (with_twins) {  // of features before: of a group of two, of one of two, of one that stays
    for (const i64 j : {i64{9}, i64{10}, i64{23}, p - 1}) {
      for (i64 i = 0; i < n; ++i) x(i, j) = 1.7 * x(i, j - 5);
    }
  }
  Leftover rest = {x, noise, {}};
  for (i64 k = 0; k < n_out; ++k) {
    for (i64 i = 0; i < n; ++i) {
      for (i64 j = 0; j < p; j += 2) rest.y(i, k) += x(i, j) * truth(j, k);
    }
  }
  const Matrix gram = cross(x, x);
  Matrix products = cross(rest.y, x);
  for (i64 j = 0; j < p; ++j) rest.least.push_back(kTolerance * gram(j, j));
  prunus::List<i64> order(n_add, -1);
  prunus::List<double> fall(n_add, -1.0);
  const i64 n_found = prunus::grow(kernels<double>(), gram.rows(), p, {products.data(), p, n_out}, groups.view(),
                                   {order.data(), fall.data(), n_add}, kTolerance);
  // Twins are longer: the condition of a set of them instead of the others is below four times as large. What is
  // left of a feature, squared, is at least its length squared over cond, and wrong by room / cond of that; a fall,
  // which is a part of y'y, is wrong by as large a part as its divisor. Sums over the n samples round as well.
  const double total = length_of(rest.y) * length_of(rest.y), bound = 8 * as_double(n + p) * kEps * 4 * cond * total;
  prunus::List<u8> is_in(groups.n(), 0);
  i64 t = 0;
  const auto add = [&](i64 g) {
    require(order[t] == g, "grow: order", p, t);
    is_in[g] = 1;
    double sum = 0;
    for (i64 j = groups.begin(g); j < groups.end(g); ++j) sum += rest.take(j);
    require(std::abs(fall[t] - sum) <= bound, "grow: fall", p, t);
    ++t;
  };
  for (i64 g = 0; g < groups.n() && t < n_add; ++g) {
    if (groups.stays[g]) add(g);
  }
  while (t < n_found) {
    const i64 g = order[t];
    require(g >= 0 && g < groups.n() && !is_in[g], "grow: may come", p, t);
    const double own = rest.fall_of(groups.begin(g), groups.end(g));
    require(own >= 0, "grow: is no combination", p, t);
    for (i64 h = 0; h < groups.n(); ++h) {
      if (is_in[h]) continue;
      require(rest.fall_of(groups.begin(h), groups.end(h)) <= own * (1 + prunus::kTie) + 2 * bound, "grow: falls most",
              p, t);
    }
    add(g);
  }
  if (n_found == n_add) return;
  for (i64 h = 0; h < groups.n(); ++h) {
    if (is_in[h]) continue;
    require(rest.fall_of(groups.begin(h), groups.end(h)) < 0, "grow: only combinations are left", p, h);
  }
}

void check_advance(std::mt19937& random, i64 n, i64 p, i64 n_problems, i64 n_out) {
  const Matrix x = random_matrix(random, n, p), q = random_matrix(random, n_problems, n);
  const Matrix factor = random_matrix(random, n_problems, n_out);
  Matrix bar(n_problems, p), limit(n_problems, p), norms(n_problems, p), products(n_problems * n_out, p);
  products.values = normal<double>(random, n_problems * n_out * p);
  std::uniform_int_distribution<int> kind(0, 3);
  for (i64 r = 0; r < n_problems; ++r) {
    for (i64 j = 0; j < p; ++j) {
      const int which = r + 1 == n_problems && r > 0 ? 0 : kind(random);  // nothing may come to the last of several
      // Squares of sums of n products of normal numbers stay below 40 n: what is left is far from every limit.
      norms(r, j) = 100 * as_double(n) + 10 * std::abs(q(r, 0));
      bar(r, j) = which == 0 ? -kInfinity : 0;
      limit(r, j) = which == 1 ? 1e9 : 1;
    }
  }
  Matrix alone(n_problems, p);
  for (double& value : alone.values) value = as_double(1 + kind(random));
  const prunus::List<double> none(n_problems, 0.0);
  prunus::List<i64> best(n_problems, -7), again = best;
  Matrix got_norms = norms, got_products = products;
  const prunus::Samples<const double> columns = {x.data(), p, n};
  prunus::advance(kernels<double>(), columns, p, {q.data(), n, n_problems}, n_out, factor.data(), bar.data(),
                  limit.data(), alone.data(), none.data(), got_norms.data(), got_products.data(), best.data(), 1);
  for (const int threads : {2, 7}) {
    Matrix other_norms = norms, other_products = products;
    prunus::advance(kernels<double>(), columns, p, {q.data(), n, n_problems}, n_out, factor.data(), bar.data(),
                    limit.data(), alone.data(), none.data(), other_norms.data(), other_products.data(), again.data(),
                    threads);
    require(again == best && other_norms == got_norms && other_products == got_products,
            "advance: threads change no bit", p, threads);
  }
  for (i64 r = 0; r < n_problems; ++r) {
    prunus::List<double> fall(p, -1.0), bound(p, 0.0);
    double most = -1, most_bound = 0;
    for (i64 j = 0; j < p; ++j) {
      double sum = 0, terms = 0;
      for (i64 i = 0; i < n; ++i) sum += q(r, i) * x(i, j), terms += std::abs(q(r, i) * x(i, j));
      const double wrong = 2 * as_double(n) * kEps * terms, norm = norms(r, j) - sum * sum;
      const double norm_bound = 3 * terms * wrong + 4 * kEps * norms(r, j);
      require(std::abs(got_norms(r, j) - norm) <= norm_bound, "advance: norms", p, j);
      double squares = 0, squares_bound = 0;
      for (i64 k = 0; k < n_out; ++k) {
        const i64 row = r * n_out + k;
        const double f = factor(r, k), size = std::abs(products(row, j)) + std::abs(f) * terms;
        const double product = products(row, j) - f * sum, product_bound = std::abs(f) * wrong + 4 * kEps * size;
        require(std::abs(got_products(row, j) - product) <= product_bound, "advance: products", p, j);
        squares += product * product;
        squares_bound += 3 * size * product_bound;
      }
      if (bar(r, j) < 0 || limit(r, j) > norm) continue;
      fall[j] = squares / norm;
      bound[j] = 2 * squares_bound / norm + (2 * norm_bound / norm + as_double(n_out + 4) * kEps) * squares / norm;
      if (fall[j] > most) most = fall[j], most_bound = bound[j];
    }
    const i64 found = best[r];
    if (most < 0) {
      require(found == -1, "advance: none may come", p, r);
    } else {
      require(found >= 0 && found < p && fall[found] >= 0, "advance: may come", p, found);
      require(fall[found] >= most * (1 - prunus::kTie) - most_bound - bound[found], "advance: falls most", p, found);
      if (n_out > 0) continue;
      // All falls are zero: the first of those that explain most alone.
      for (i64 j = 0; j < p; ++j) {
        const bool is_better = alone(r, j) > alone(r, found) || (alone(r, j) == alone(r, found) && j < found);
        require(!(fall[j] >= 0 && is_better), "advance: of equal falls", p, j);
      }
    }
  }
}

// A set and what is outside of it, as numbers that need not belong to any data: the formula is the same.
struct Subset {
  Matrix v, coef, rest;
  prunus::List<double> diagonal, norms;
  prunus::List<i64> members;
  prunus::List<u8> barred, locked;

  Subset(std::mt19937& random, i64 k, i64 p, i64 n_out)
      : v(random_matrix(random, k, p)),
        coef(random_matrix(random, n_out, k)),
        rest(random_matrix(random, n_out, p)),
        members(numbers_to(p)) {
    std::uniform_real_distribution<double> chance(0.1, 1);
    for (i64 i = 0; i < k; ++i) diagonal.push_back(1 + chance(random));
    for (i64 j = 0; j < p; ++j) norms.push_back(chance(random));
    for (i64 j = 2; j < p; j += 5) {  // combinations of what is left, whoever goes
      norms[j] = 0;
      for (i64 i = 0; i < k; ++i) v(i, j) = 0;
    }
    std::shuffle(members.begin(), members.end(), random);
    members.resize(k);
    for (i64 j = 0; j < 2 * p; ++j) barred.push_back(chance(random) < 0.4);
    for (i64 i = 0; i < 2 * k; ++i) locked.push_back(chance(random) < 0.4);
  }

  prunus::BestSwaps found(double tolerance, int threads) const {
    const prunus::SubsetState state = {v.rows(),       diagonal.data(), coef.data(), norms.data(), rest.data(),
                                       members.data(), v.n_rows,        v.n_columns, rest.n_rows};
    return prunus::best_swaps(kernels<double>(), state, barred.data(), locked.data(), tolerance, threads);
  }
};

void check_swaps(const Subset& subset) {
  constexpr double kTolerance = 1e-9;
  const i64 k = subset.v.n_rows, p = subset.v.n_columns, n_out = subset.rest.n_rows;
  prunus::List<u8> is_in(p, 0);
  for (const i64 j : subset.members) is_in[j] = 1;
  const prunus::BestSwaps found = subset.found(kTolerance, 1);
  for (const int threads : {2, 7}) {
    const prunus::BestSwaps other = subset.found(kTolerance, threads);
    for (const auto part : {&prunus::BestSwaps::of_all, &prunus::BestSwaps::of_free}) {
      const prunus::Swap &a = found.*part, &b = other.*part;
      require(a.change == b.change && a.member == b.member && a.feature == b.feature,
              "best_swaps: threads change no bit", k, p);
    }
  }
  for (const bool is_free : {false, true}) {
    const prunus::Swap& swap = is_free ? found.of_free : found.of_all;
    double least = kInfinity, own = kInfinity, bound = 0;
    for (i64 i = 0; i < k; ++i) {
      if (subset.locked[i] || (is_free && subset.locked[k + i])) continue;
      const double h = subset.diagonal[i];
      for (i64 j = 0; j < p; ++j) {
        if (is_in[j] || subset.barred[j] || (is_free && subset.barred[p + j])) continue;
        const double divisor = subset.norms[j] + subset.v(i, j) * subset.v(i, j) / h;
        if (!(divisor > kTolerance)) continue;
        double loss = 0, squares = 0, size = 0;
        for (i64 m = 0; m < n_out; ++m) {
          const double b = subset.coef(m, i), step = subset.v(i, j) * b / h, d = subset.rest(m, j);
          loss += b * b / h;
          squares += (d + step) * (d + step);
          size += (std::abs(d) + std::abs(step)) * (std::abs(d) + std::abs(step));
        }
        // Each product, quotient and sum of at most n_out + 12 rounds once, and those of both sides do.
        bound = std::max(bound, 2 * as_double(n_out + 12) * kEps * (loss + size / divisor));
        const double change = loss - squares / divisor;
        least = std::min(least, change);
        if (i == swap.member && j == swap.feature) own = change;
      }
    }
    if (least == kInfinity) {
      require(swap.member == -1, "best_swaps: none", k, p);
      continue;
    }
    require(own <= least + 2 * bound, "best_swaps: the best that is allowed", k, p);
    require(std::abs(swap.change - own) <= bound, "best_swaps: change", k, p);
  }
}

// All swaps are equal: the first member by its place and the first feature that may come.
void check_swap_ties(std::mt19937& random) {
  constexpr i64 k = 5, p = 23;
  Subset subset(random, k, p, 1);
  std::fill(subset.v.values.begin(), subset.v.values.end(), 0.0);
  for (prunus::List<double>* ones : {&subset.coef.values, &subset.rest.values, &subset.diagonal, &subset.norms}) {
    std::fill(ones->begin(), ones->end(), 1.0);
  }
  std::fill(subset.barred.begin(), subset.barred.end(), u8{0});
  std::fill(subset.locked.begin(), subset.locked.end(), u8{0});
  subset.members = {22, 9, 0, 2, 11};
  subset.locked[2] = subset.locked[k + 3] = 1;
  subset.barred[1] = subset.barred[p + 3] = 1;
  const prunus::BestSwaps found = subset.found(1e-9, 1);
  require(found.of_all.member == 3 && found.of_all.feature == 3, "best_swaps: ties", found.of_all.member,
          found.of_all.feature);
  require(found.of_free.member == 1 && found.of_free.feature == 4, "best_swaps: ties, free", found.of_free.member,
          found.of_free.feature);
  require(found.of_all.change == 0 && found.of_free.change == 0, "best_swaps: ties change nothing");
}

}  // namespace

void check_solve(std::mt19937& random) {
  for (const i64 n : {1, 2, 63, 64, 65, 66, 130, 260}) check_invert(random, n);
  for (const i64 n : {1, 2, 15, 63, 64, 65, 130, 330}) check_factorize(random, n);
  for (const i64 p : {1, 2, 17, 70}) check_fit_rows(random, p);
  for (const i64 p : {1, 2, 9, 14}) {
    for (const prunus::BlockShape block : {prunus::BlockShape{1, 1}, {2, 1}, {2, 3}, {9, 1}}) {
      check_eliminate_rows(random, p, block);
    }
    for (const prunus::Quota quota : {prunus::Quota{2, 4}, {1, 3}, {3, 3}}) {
      check_eliminate_rows(random, p, {1, 1}, quota);
      check_eliminate_rows(random, p, {2, 2}, quota);
    }
  }
  for (const i64 width : {1, 4, 128}) {
    for (const i64 p : {1, 5, 40}) check_eliminate_columns(random, 3, p, width);
  }
  check_eliminate_columns(random, 100, 50, 3);
  check_interrupts(random);
  check_choice_of_columns();
  check_eliminate(random, 1, 1, Groups(1, {1}, 0), 1);
  check_eliminate(random, 5, 1, Groups(5, {5}, 0), 1);
  check_eliminate(random, 9, 3, Groups(9, {2}, 2), 5);  // more than may go
  check_eliminate(random, 45, 2, Groups(45, {3, 1, 2}, 5), 10);
  check_eliminate(random, 100, 1, Groups(100, {1}, 0), 100);
  // What has gone is moved out when it is a quarter: only a larger problem has 64 removals before.
  check_eliminate(random, 270, 1, Groups(270, {1}, 9), 150, 15);
  check_eliminate(random, 310, 2, Groups(310, {1, 2, 3, 1}, 7), 70, 14);
  check_floor(random);
  check_ties();
  check_moments(random);
  for (const i64 p : {1, 2, 3, 5, 11, 46, 61, 100}) check_sums<double>(random, p, 1 + p % 2);
  check_sums<float>(random, 60, 3);
  for (const i64 n : {1, 63, 64, 65, 200}) check_left_out(random, n, n % 7, 1 + n % 3);
  check_folds(random);
  check_grow(random, 1, 1, Groups(1, {1}, 0), 1, false);
  check_grow(random, 30, 1, Groups(30, {1}, 0), 30, false);
  check_grow(random, 30, 1, Groups(30, {1}, 0), 30, true);
  check_grow(random, 33, 2, Groups(33, {1, 2, 3}, 5), 9, false);
  check_grow(random, 33, 2, Groups(33, {1, 1, 2, 3}, 4), 20, true);
  for (const i64 p : {1, 3, 13, 512, 1031}) {
    for (const i64 n_problems : {1, 2, 5}) check_advance(random, p == 13 ? 1 : 37, p, n_problems, n_problems % 3);
  }
  for (const i64 p : {2, 5, 23, 64, 131}) {
    for (const i64 k : {i64{1}, p / 3 + 1, p - 1}) {
      for (const i64 n_out : {1, 2}) {
        for (int i = 0; i < 3; ++i) check_swaps(Subset(random, k, p, n_out));
      }
    }
  }
  check_swaps(Subset(random, 70, 2003, 1));  // on several threads
  check_swap_ties(random);
}

}  // namespace selftest
