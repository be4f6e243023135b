#include "select/lamp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "parallel.h"

namespace prunus {
namespace {

constexpr int kBinBits = 14;  // 64 bins for each power of two in float32, 8 in float64; all in a quarter of a megabyte
constexpr size_t kBins = size_t{1} << kBinBits;

// Scores above zero are ordered as their bits are.
template <class T, class Bits>
size_t leading_bits(T s) {
  Bits bits;
  std::memcpy(&bits, &s, sizeof bits);
  return s > 0 ? static_cast<size_t>(bits >> (8 * sizeof(T) - 1 - kBinBits)) : 0;
}
size_t bin_of(float s) { return leading_bits<float, uint32_t>(s); }
size_t bin_of(double s) { return leading_bits<double, uint64_t>(s); }

template <class T>
double square_of(T s) {
  const double positive = s > 0 ? static_cast<double>(s) : 0.0;
  return positive * positive;
}

double lamp_of(double square, double left) { return std::isinf(square) ? square : left > 0 ? square / left : 0.0; }

// The scores of one array in bins by ascending score; those without a score are left out.
struct Bins {
  std::vector<size_t> bin;
  std::vector<i64> before;   // scores in the bins before; behind the last, all of them
  std::vector<double> left;  // sum of the squares of a bin and of all behind; behind the last, 0
  std::vector<double> last;  // what the last score of a bin is ranked by: those of the bin, and before, have no more

  // The place of the first bin that may reach a value.
  size_t reaching(double value) const {
    return static_cast<size_t>(std::lower_bound(last.begin(), last.end(), value) - last.begin());
  }
};

// Of a piece of an array.
struct Counts {
  std::vector<i64> count = std::vector<i64>(kBins, 0);
  std::vector<double> sum = std::vector<double>(kBins, 0.0), highest = std::vector<double>(kBins, 0.0);  // of squares
  bool has_nan = false;

  void add(const Counts& other) {
    for (size_t b = 0; b < kBins; ++b) {
      count[b] += other.count[b];
      sum[b] += other.sum[b];
      highest[b] = std::max(highest[b], other.highest[b]);
    }
    has_nan = has_nan || other.has_nan;
  }
};

// A piece of an array, for one thread. Of a fixed size: sums are the same, to the bit, for every number of threads.
constexpr i64 kPieceSize = 1 << 18;
template <class T>
struct Piece {
  size_t array;
  Scores<T> scores;
};

template <class T>
std::vector<Piece<T>> pieces_of(const std::vector<Scores<T>>& arrays) {
  std::vector<Piece<T>> pieces;
  for (size_t i = 0; i < arrays.size(); ++i) {
    for (i64 begin = 0; begin < arrays[i].size; begin += kPieceSize) {
      pieces.push_back({i, {arrays[i].score + begin, std::min(kPieceSize, arrays[i].size - begin)}});
    }
  }
  return pieces;
}

template <class T>
Counts counts_of(const Scores<T>& piece) {
  Counts counts;
  for (i64 i = 0; i < piece.size; ++i) {
    const T s = piece.score[i];
    counts.has_nan = counts.has_nan || s != s;
    const size_t b = bin_of(s);
    const double square = square_of(s);
    ++counts.count[b];
    counts.sum[b] += square;
    counts.highest[b] = std::max(counts.highest[b], square);
  }
  return counts;
}

Bins bins_of(const Counts& counts) {
  Bins bins;
  bins.before.push_back(0);
  for (size_t b = 0; b < kBins; ++b) {
    if (counts.count[b] == 0) continue;
    bins.bin.push_back(b);
    bins.before.push_back(bins.before.back() + counts.count[b]);
  }
  bins.left.assign(bins.bin.size() + 1, 0.0);
  bins.last.resize(bins.bin.size());
  for (size_t p = bins.bin.size(); p-- > 0;) {
    const double highest = counts.highest[bins.bin[p]];
    bins.last[p] = lamp_of(highest, bins.left[p + 1] + highest);
    bins.left[p] = bins.left[p + 1] + counts.sum[bins.bin[p]];
  }
  return bins;
}

// Places [first, end) among the bins of an array where the cut may lie: all before goes, nothing behind does.
struct Places {
  size_t first, end;
};

std::vector<Places> places_of(const std::vector<Bins>& all, i64 n_remove) {
  std::vector<double> ends;
  for (const Bins& bins : all) ends.insert(ends.end(), bins.last.begin(), bins.last.end());
  std::sort(ends.begin(), ends.end());
  // So many are surely below a value, and so many may be.
  const auto surely = [&](double value) {
    i64 n = 0;
    for (const Bins& bins : all) n += bins.before[bins.reaching(value)];
    return n;
  };
  const auto at_most = [&](double value) {
    i64 n = 0;
    for (const Bins& bins : all) n += bins.before[std::min(bins.reaching(value) + 1, bins.bin.size())];
    return n;
  };
  const auto low = std::partition_point(ends.begin(), ends.end(), [&](double v) { return at_most(v) <= n_remove; });
  const auto high = std::partition_point(ends.begin(), ends.end(), [&](double v) { return surely(v) < n_remove; });
  std::vector<Places> places;
  for (const Bins& bins : all) {
    const size_t first = low == ends.begin() ? 0 : bins.reaching(*(low - 1));
    const size_t end = high == ends.end() ? bins.bin.size() : std::min(bins.reaching(*high) + 1, bins.bin.size());
    places.push_back({first, std::max(first, end)});
  }
  return places;
}

struct Ranked {
  double value;
  size_t array;
};

// The squares of a piece's scores in these bins.
template <class T>
std::vector<double> squares_in(const Scores<T>& piece, const Bins& bins, const Places& places) {
  std::vector<double> squares;
  if (places.first == places.end) return squares;
  const size_t low = bins.bin[places.first], high = bins.bin[places.end - 1];
  for (i64 i = 0; i < piece.size; ++i) {
    const size_t b = bin_of(piece.score[i]);
    if (b >= low && b <= high) squares.push_back(square_of(piece.score[i]));
  }
  return squares;
}

// What the scores with these squares are ranked by, if behind them so much is left.
void add_ranked(std::vector<double>& squares, double left, size_t array, std::vector<Ranked>& to) {
  std::sort(squares.begin(), squares.end(), [](double a, double b) { return a > b; });
  for (const double square : squares) {
    left += square;
    to.push_back({lamp_of(square, left), array});
  }
}

}  // namespace

template <class T>
std::vector<i64> lamp_counts(const std::vector<Scores<T>>& arrays, i64 n_remove, int threads) {
  const std::vector<Piece<T>> pieces = pieces_of(arrays);
  const auto each_piece = [&](auto&& f) {
    parallel_for(static_cast<i64>(pieces.size()), threads, [&](i64 i) { f(static_cast<size_t>(i)); });
  };
  std::vector<std::unique_ptr<Counts>> of_piece(pieces.size());
  each_piece([&](size_t i) { of_piece[i] = std::make_unique<Counts>(counts_of(pieces[i].scores)); });
  std::vector<Counts> of_array(arrays.size());
  for (size_t i = 0; i < pieces.size(); ++i) of_array[pieces[i].array].add(*of_piece[i]);
  std::vector<Bins> bins;
  for (const Counts& counts : of_array) {
    if (counts.has_nan) throw std::invalid_argument("scores: expected numbers, got NaN");
    bins.push_back(bins_of(counts));
  }
  const std::vector<Places> places = places_of(bins, n_remove);
  std::vector<std::vector<double>> squares(pieces.size());
  each_piece(
      [&](size_t i) { squares[i] = squares_in(pieces[i].scores, bins[pieces[i].array], places[pieces[i].array]); });
  std::vector<std::vector<double>> near_cut(arrays.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    std::vector<double>& all = near_cut[pieces[i].array];
    all.insert(all.end(), squares[i].begin(), squares[i].end());
  }
  std::vector<i64> counts;
  std::vector<Ranked> ranked;
  i64 n_left = n_remove;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const std::vector<i64>& before = bins[i].before;
    if (static_cast<i64>(near_cut[i].size()) != before[places[i].end] - before[places[i].first]) {
      throw std::runtime_error("scores: expected to stay as they are meanwhile, but another thread changed them");
    }
    counts.push_back(before[places[i].first]);
    n_left -= counts.back();
    add_ranked(near_cut[i], bins[i].left[places[i].end], i, ranked);
  }
  const auto first = [](const Ranked& a, const Ranked& b) {
    return a.value != b.value ? a.value < b.value : a.array > b.array;
  };
  const auto end = ranked.begin() + n_left;
  if (end != ranked.end()) std::nth_element(ranked.begin(), end, ranked.end(), first);
  std::for_each(ranked.begin(), end, [&](const Ranked& r) { ++counts[r.array]; });
  return counts;
}

template std::vector<i64> lamp_counts(const std::vector<Scores<float>>&, i64, int);
template std::vector<i64> lamp_counts(const std::vector<Scores<double>>&, i64, int);

}  // namespace prunus
