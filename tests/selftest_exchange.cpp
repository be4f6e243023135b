// Sets by exchanges against losses by elimination: what is said of a set holds, and no exchange betters one that is
// certified.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "selftest.h"
#include "solve/exchange.h"

namespace selftest {
namespace {

using prunus::u8;
using Vector = prunus::List<double>;

constexpr double kEps = std::numeric_limits<double>::epsilon();

i64 at(i64 row, i64 column, i64 width) { return (row * width + column); }

// Correlations of p features, their products with the outputs, and the outputs' squared length.
struct Sums {
  i64 p, n_out;
  Vector gram, products;
  double total;

  Sums(std::mt19937& random, i64 n, i64 p_, i64 n_out_) : p(p_), n_out(n_out_) {
    Vector x = normal<double>(random, n * p), y = normal<double>(random, n * n_out);
    const Vector common = normal<double>(random, n);
    for (i64 j = 0; j < p; ++j) {
      double square = 0;
      for (i64 i = 0; i < n; ++i) {
        double& value = x[at(i, j, p)];
        value += common[i];
        square += value * value;
      }
      for (i64 i = 0; i < n; ++i) x[at(i, j, p)] /= std::sqrt(square);
    }
    for (i64 i = 0; i < n; ++i) {
      for (i64 k = 0; k < n_out; ++k) y[at(i, k, n_out)] += 9 * (x[at(i, k % p, p)] - x[at(i, p / 2, p)]);
    }
    gram.assign(at(p, 0, p), 0.0);
    products.assign(at(n_out, 0, p), 0.0);
    for (i64 i = 0; i < n; ++i) {
      for (i64 a = 0; a < p; ++a) {
        for (i64 b = 0; b < p; ++b) gram[at(a, b, p)] += x[at(i, a, p)] * x[at(i, b, p)];
        for (i64 k = 0; k < n_out; ++k) products[at(k, a, p)] += x[at(i, a, p)] * y[at(i, k, n_out)];
      }
    }
    for (i64 a = 0; a < p; ++a) gram[at(a, a, p)] = 1;
    total = std::inner_product(y.begin(), y.end(), y.begin(), 0.0);
  }

  // What least squares on these features leaves, by elimination; infinite where they are collinear.
  double loss(const prunus::List<i64>& members) const {
    const i64 k = members.size(), width = k + n_out;
    Vector a(at(k, 0, width));
    for (i64 i = 0; i < k; ++i) {
      for (i64 j = 0; j < k; ++j) {
        a[at(i, j, width)] = gram[at(members[i], members[j], p)];
      }
      for (i64 m = 0; m < n_out; ++m) a[at(i, k + m, width)] = products[at(m, members[i], p)];
    }
    double left = total;
    for (i64 t = 0; t < k; ++t) {
      if (a[at(t, t, width)] < 1e-10) return std::numeric_limits<double>::infinity();
      for (i64 m = k; m < width; ++m) left -= a[at(t, m, width)] * a[at(t, m, width)] / a[at(t, t, width)];
      for (i64 i = t + 1; i < k; ++i) {
        const double factor = a[at(i, t, width)] / a[at(t, t, width)];
        for (i64 j = t; j < width; ++j) a[at(i, j, width)] -= factor * a[at(t, j, width)];
      }
    }
    return left;
  }
};

void check_set(const Sums& sums, const prunus::ExchangedSet& found, const prunus::List<u8>& keep, i64 size,
               double bound) {
  require(found.is_found && found.members.size() == size, "exchange: size", sums.p, size);
  require(std::is_sorted(found.members.begin(), found.members.end()), "exchange: ascending", sums.p, size);
  require(std::abs(found.rss - sums.loss(found.members)) <= bound, "exchange: loss", sums.p, size);
  prunus::List<u8> is_in(keep.size(), 0);
  for (const i64 j : found.members) is_in[j] = 1;
  for (i64 j = 0; j < keep.size(); ++j) require(is_in[j] || !keep[j], "exchange: keeps", sums.p, size);
  if (!found.is_optimal) return;
  for (i64 i = 0; i < found.members.size(); ++i) {
    if (keep[found.members[i]]) continue;
    for (i64 j = 0; j < sums.p; ++j) {
      if (is_in[j]) continue;
      prunus::List<i64> other = found.members;
      other[i] = j;
      require(sums.loss(other) >= found.rss * (1 - 1e-9) - bound, "exchange: certified", sums.p, size);
    }
  }
}

void check_sizes(std::mt19937& random, i64 p, i64 n_out, i64 n_keep, i64 patience) {
  const i64 n = 3 * p + 20;
  const Sums sums(random, n, p, n_out);
  prunus::List<u8> keep(p, 0);
  std::fill_n(keep.begin(), n_keep, u8{1});
  prunus::List<i64> order(p), other;
  std::iota(order.begin(), order.end(), i64{0});
  other = order;
  std::reverse(other.begin() + n_keep, other.end());
  const prunus::ExchangeProblem problem{p, n_out, sums.products.data(), sums.total, keep.data(), 1e-10, patience};
  const auto found =
      prunus::exchange_sizes(kernels<double>(), problem, {sums.gram.data(), p}, {order, other}, n_keep, p, 1);
  require(found.size() == p - n_keep + 1, "exchange: sizes", p, found.size());
  // The condition of features that have one thing in common is some p, and of three times as many samples not much
  // more.
  const double bound = 64 * static_cast<double>(n * p) * kEps * sums.total;
  prunus::MatrixRows rows({sums.gram.data(), p});
  double before = sums.total;
  for (i64 size = n_keep; size <= p; ++size) {
    const prunus::ExchangedSet& set = found[size - n_keep];
    check_set(sums, set, keep, size, bound);
    prunus::List<prunus::List<i64>> starts;
    for (const prunus::List<i64>& from : {order, other}) {
      starts.emplace_back(from.begin(), from.begin() + size);
      std::sort(starts.back().begin(), starts.back().end());
      require(set.rss <= sums.loss(starts.back()) + bound, "exchange: no worse than its starts", p, size);
    }
    const prunus::ExchangedSet alone = prunus::exchange(kernels<double>(), problem, rows, starts, 3);
    require(alone.members == set.members && alone.rss == set.rss && alone.is_optimal == set.is_optimal,
            "exchange: a size alone", p, size);
    if (size == p) require(set.rss <= before + bound, "exchange: all features", p);
    before = set.rss;
  }
  const auto again =
      prunus::exchange_sizes(kernels<double>(), problem, {sums.gram.data(), p}, {order, other}, n_keep, p, 3);
  for (i64 i = 0; i < found.size(); ++i) {
    require(again[i].members == found[i].members && again[i].rss == found[i].rss, "exchange: threads change no bit", p);
  }
}

// Where a start is collinear the other one serves, and where both are there is none.
void check_collinear(std::mt19937& random) {
  Sums sums(random, 40, 4, 1);
  for (i64 j = 0; j < 4; ++j) {  // the last is the first again
    sums.gram[at(3, j, 4)] = sums.gram[at(0, j, 4)];
    sums.gram[at(j, 3, 4)] = sums.gram[at(j, 0, 4)];
  }
  sums.gram[at(3, 3, 4)] = sums.gram[at(0, 3, 4)] = sums.gram[at(3, 0, 4)] = 1;
  sums.products[3] = sums.products[0];
  const prunus::List<u8> keep(4, 0);
  const prunus::ExchangeProblem problem{4, 1, sums.products.data(), sums.total, keep.data(), 1e-10, 5};
  prunus::MatrixRows rows({sums.gram.data(), 4});
  check_set(sums, prunus::exchange(kernels<double>(), problem, rows, {{0, 3}, {1, 2}}, 1), keep, 2, 1e-9 * sums.total);
  const prunus::ExchangedSet none = prunus::exchange(kernels<double>(), problem, rows, {{0, 3}, {0, 1, 3}}, 1);
  require(!none.is_found && none.members.empty(), "exchange: none where all are collinear");
}

}  // namespace

void check_exchange(std::mt19937& random) {
  for (const i64 p : {1, 2, 5, 12}) {
    for (const i64 n_out : {1, 3}) {
      for (const i64 patience : {0, 10}) check_sizes(random, p, n_out, p > 2 ? p % 3 : 0, patience);
    }
  }
  check_sizes(random, 40, 1, 0, 60);
  check_collinear(random);
}

}  // namespace selftest
