#include "solve/columns.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "list.h"
#include "solve/cholesky.h"
#include "solve/inverse.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr i64 kBlock = 128;      // columns that reach those behind them together
constexpr i64 kStrip = 16;       // of them, that reach one another one by one
constexpr i64 kRowsAtOnce = 96;  // for a thread: they read U once

// What a thread needs for some rows; the same for all that it does.
class Space {
 public:
  Space(const Kernels<double>& kernels, Rows<const double> root, i64 p, i64 width, Interrupt* interrupt)
      : kernels_(kernels),
        interrupt_(interrupt),
        root_(root),
        p_(p),
        width_(width),
        block_(std::max(kBlock / width, i64{1}) * width),
        strip_(width < kBlock ? std::max(kStrip / width, i64{1}) * width : kStrip),
        taken_(block_ * kRowsAtOnce),
        score_(width),
        order_(width) {}

  void eliminate(Samples<double> w, const u8* there, u8* kept) {
    for (i64 begin = 0; begin < p_ && !is_asked(interrupt_); begin += block_) {
      const Range block = {begin, std::min(begin + block_, p_)};
      for (i64 first = block.begin; first < block.end; first += strip_) {
        const Range strip = {first, std::min(first + strip_, block.end)};
        for (i64 r = 0; r < w.n; ++r) {
          take(w[r], there + r * p_, kept + r * p_, strip, &taken_[(first - begin) * kRowsAtOnce + r]);
        }
        reach(w, first - begin, strip, {strip.end, block.end});
      }
      reach(w, 0, block, {block.end, p_});
    }
  }

 private:
  // Of the neighbours from `begin` on as many as there were. What went before them has reached them all: they lie in
  // one strip, or begin a block.
  void choose(const double* w, const u8* there, u8* kept, i64 begin) {
    const i64 n = std::min(width_, p_ - begin), n_kept = std::count(kept + begin, kept + begin + n, u8{1});
    for (i64 i = 0; i < n; ++i) {
      const double score = w[begin + i] / root_[begin + i][begin + i];
      score_[i] = there[begin + i] != 0 ? score * score : -1;
    }
    std::iota(order_.begin(), order_.begin() + n, i64{0});
    const auto is_before = [this](i64 a, i64 b) { return score_[a] > score_[b] || (score_[a] == score_[b] && a < b); };
    std::nth_element(order_.begin(), order_.begin() + n_kept, order_.begin() + n, is_before);
    std::fill_n(kept + begin, n, u8{0});
    for (i64 i = 0; i < n_kept; ++i) kept[begin + order_[i]] = 1;
  }

  // Makes what goes of a strip zero, and lets it reach the rest of the strip. taken: of each column w / U[j, j], or 0.
  void take(double* w, const u8* there, u8* kept, Range strip, double* taken) {
    for (i64 j = strip.begin; j < strip.end; ++j, taken += kRowsAtOnce) {
      if (width_ > 1 && j % width_ == 0) choose(w, there, kept, j);
      *taken = 0;
      if (kept[j] != 0) continue;
      const double factor = *taken = w[j] / root_[j][j];
      w[j] = 0;
      for (i64 k = j + 1; k < strip.end; ++k) w[k] -= factor * root_[j][k];
    }
  }

  // What columns have taken, from taken_[at] on, reaches those behind them.
  void reach(Samples<double> w, i64 at, Range columns, Range behind) {
    if (behind.begin >= behind.end) return;
    kernels_.subtract_products({w.data, w.stride}, {&taken_[at * kRowsAtOnce], kRowsAtOnce},
                               root_.from(columns.begin, 0), columns.end - columns.begin, {0, w.n}, behind);
  }

  const Kernels<double>& kernels_;
  Interrupt* interrupt_;
  Rows<const double> root_;
  i64 p_, width_, block_, strip_;
  List<double> taken_;  // (block_, kRowsAtOnce)
  List<double> score_;
  List<i64> order_;
};

}  // namespace

bool inverse_root(const Kernels<double>& kernels, Rows<double> gram, i64 p, double least, int threads,
                  Interrupt* interrupt) {
  return invert(kernels, gram, p, least, threads, interrupt) && factorize(kernels, gram, p, 0, threads, interrupt);
}

void eliminate_columns(const Kernels<double>& kernels, Rows<const double> root, i64 p, Samples<double> w,
                       const u8* there, u8* kept, i64 width, int threads, Interrupt* interrupt) {
  PRUNUS_ASSERT(1 <= width && width <= kWidestChoice);
  List<std::unique_ptr<Space>> spaces(std::max(threads, 1));
  for_units(ceil_div(w.n, kRowsAtOnce), threads, [&](i64 part, int rank) {
    std::unique_ptr<Space>& space = spaces[rank];
    if (!space) space = std::make_unique<Space>(kernels, root, p, width, interrupt);
    const i64 begin = part * kRowsAtOnce;
    space->eliminate(w.some(begin, std::min(kRowsAtOnce, w.n - begin)), there + begin * p, kept + begin * p);
  });
}

}  // namespace prunus
