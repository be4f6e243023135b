#include "solve/row_paths.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "list.h"
#include "solve/backward.h"
#include "solve/inverse.h"
#include "solve/together.h"

namespace prunus {
namespace {

// A diagonal element that has fallen so far has lost as many digits: the inverse is computed anew.
constexpr double kFloor = 1e-6;

// What a thread needs for a band; the same for all that it does.
class Space {
 public:
  Space(const Kernels<double>& kernels, Rows<const double> gram, i64 p, double least, i64 n_columns, Quota quota,
        int threads, Interrupt* interrupt)
      : kernels_(kernels),
        gram_(gram),
        least_(least),
        n_columns_(n_columns),
        quota_(quota),
        threads_(threads),
        interrupt_(interrupt),
        inverse_(p * p) {}

  // inverse: of the whole matrix, null if there is none. False if a pivot was too small.
  bool eliminate(Samples<const double> w, const u8* there, i64 p, const double* inverse, Rows<double> cost) {
    take(w, there, p);
    List<double> lost(p, 0.0);
    double highest = 0;
    count_room();
    while (begin_blocks()) {
      if (places_.size() == p && inverse != nullptr) {
        std::copy_n(inverse, p * p, inverse_.begin());
      } else if (!invert_part()) {
        return false;
      }
      const i64 n_removed = remove();
      if (n_removed == 0 || is_asked(interrupt_)) return false;
      List<u8> is_gone(places_.size(), 0);
      for (i64 t = 0; t < n_removed; ++t) {
        // Above the one before, so that whatever is cut at a cost is a set of the path.
        highest = std::max(rise_[t], std::nextafter(highest, std::numeric_limits<double>::infinity()));
        for (i64 i = start_[order_[t]]; i < start_[order_[t] + 1]; ++i) {
          lost[places_[i]] = highest;
          is_gone[i] = 1;
        }
      }
      keep_the_rest(is_gone);
    }
    highest = std::nextafter(highest, std::numeric_limits<double>::infinity());
    for (const i64 j : places_) lost[j] = highest;  // they stay
    for (i64 r = 0; r < w.n; ++r) {
      for (i64 j = 0; j < p; ++j) cost[r][j] = there[r * p + j] != 0 ? lost[j] : 0.0;
    }
    return true;
  }

 private:
  // The columns that are there, and the weights in them.
  void take(Samples<const double> w, const u8* there, i64 p) {
    places_.clear();
    for (i64 j = 0; j < p; ++j) {
      bool is_there = false;
      for (i64 r = 0; r < w.n; ++r) is_there |= there[r * p + j] != 0;
      if (is_there) places_.push_back(j);
    }
    n_rows_ = w.n;
    coef_.clear();
    for (i64 r = 0; r < n_rows_; ++r) {
      for (const i64 j : places_) coef_.push_back(there[r * p + j] != 0 ? w[r][j] : 0.0);
    }
  }

  bool invert_part() {
    const i64 n = places_.size();
    const Rows<double> part = {inverse_.data(), n};
    for (i64 i = 0; i < n; ++i) {
      for (i64 j = 0; j < n; ++j) part[i][j] = gram_[places_[i]][places_[j]];
    }
    return invert(kernels_, part, n, least_, threads_, interrupt_);
  }

  // Whether anything has to stay.
  bool is_bound() const { return quota_.kept > 0; }

  i64 pool_of(i64 column) const { return column / n_columns_ / quota_.among; }

  // How many blocks of each pool may go.
  void count_room() {
    room_.assign(places_.empty() ? 0 : pool_of(places_.back()) + 1, -quota_.kept);
    for (i64 i = 0; i < places_.size(); ++i) {
      if (is_first(i)) ++room_[pool_of(places_[i])];
    }
    for (i64& room : room_) room = std::max<i64>(room, 0);
  }

  // Whether the i-th place is the first of its block.
  bool is_first(i64 i) const { return i == 0 || places_[i] / n_columns_ != places_[i - 1] / n_columns_; }

  // The blocks of what is left. False if none may go.
  bool begin_blocks() {
    start_.clear(), pool_.clear(), stays_.clear();
    for (i64 i = 0; i < places_.size(); ++i) {
      if (!is_first(i)) continue;
      start_.push_back(i);
      pool_.push_back(pool_of(places_[i]));
      stays_.push_back(u8{is_bound() && room_[pool_.back()] == 0});
    }
    start_.push_back(places_.size());
    return std::find(stays_.begin(), stays_.end(), u8{0}) != stays_.end();
  }

  i64 remove() {
    const i64 n = places_.size(), n_blocks = pool_.size();
    order_.resize(n_blocks);
    rise_.resize(n_blocks);
    return prunus::eliminate(
        kernels_, {inverse_.data(), n}, n, {coef_.data(), n, n_rows_},
        {start_.data(), stays_.data(), n_blocks, pool_.data(), is_bound() ? room_.data() : nullptr},
        {order_.data(), rise_.data(), n_blocks, 0, interrupt_}, kFloor, {}, threads_);
  }

  void keep_the_rest(const List<u8>& is_gone) {
    const i64 n = places_.size();
    i64 n_left = 0, to = 0;
    for (i64 r = 0; r < n_rows_; ++r) {
      for (i64 i = 0; i < n; ++i) {
        if (is_gone[i] == 0) coef_[to++] = coef_[r * n + i];
      }
    }
    for (i64 i = 0; i < n; ++i) {
      if (is_gone[i] == 0) places_[n_left++] = places_[i];
    }
    places_.resize(n_left);
    coef_.resize(to);
  }

  const Kernels<double>& kernels_;
  Rows<const double> gram_;
  double least_;
  i64 n_columns_;
  Quota quota_;
  int threads_;
  Interrupt* interrupt_;
  i64 n_rows_ = 0;
  List<i64> places_;   // of the columns that are there
  List<double> coef_;  // n_rows, of these columns
  List<double> inverse_, rise_;
  List<i64> order_, start_, pool_, room_;
  List<u8> stays_;
};

}  // namespace

void eliminate_rows(const Kernels<double>& kernels, Rows<const double> gram, const double* inverse, i64 p,
                    Samples<const double> w, const u8* there, BlockShape block, Quota quota, double least,
                    Rows<double> cost, u8* is_done, int threads, Interrupt* interrupt) {
  const i64 n_bands = ceil_div(w.n, block.rows);
  const int within = n_bands == 1 ? threads : 1;  // a band alone has all threads
  List<std::unique_ptr<Space>> spaces(std::max(threads, 1));
  for_units(n_bands, threads, [&](i64 band, int rank) {
    std::unique_ptr<Space>& space = spaces[rank];
    if (!space) space = std::make_unique<Space>(kernels, gram, p, least, block.columns, quota, within, interrupt);
    const i64 begin = band * block.rows, n = std::min(block.rows, w.n - begin);
    const bool done =
        !is_asked(interrupt) && space->eliminate(w.some(begin, n), there + begin * p, p, inverse, cost.from(begin, 0));
    std::fill_n(is_done + begin, n, u8{done});
  });
}

}  // namespace prunus
