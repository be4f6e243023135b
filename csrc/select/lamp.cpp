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
constexpr i64 kBins = i64{1} << kBinBits;

// Scores above zero are ordered as their bits are.
template <class T, class Bits>
i64 leading_bits(T s) {
  Bits bits;
  std::memcpy(&bits, &s, sizeof bits);
  return s > 0 ? static_cast<i64>(bits >> (8 * sizeof(T) - 1 - kBinBits)) : 0;
}
i64 bin_of(float s) { return leading_bits<float, uint32_t>(s); }
i64 bin_of(double s) { return leading_bits<double, uint64_t>(s); }

template <class T>
double square_of(T s) {
  const double positive = s > 0 ? static_cast<double>(s) : 0.0;
  return positive * positive;
}

double lamp_of(double square, double left) { return std::isinf(square) ? square : left > 0 ? square / left : 0.0; }

// The scores of one array in bins by ascending score; those without a score are left out.
struct Bins {
  List<i64> bin;
  List<i64> before;   // scores in the bins before; behind the last, all of them
  List<double> left;  // sum of the squares of a bin and of all behind; behind the last, 0
  List<double> last;  // what the last score of a bin is ranked by: those of the bin, and before, have no more

  // The place of the first bin that may reach a value.
  i64 reaching(double value) const { return std::lower_bound(last.begin(), last.end(), value) - last.begin(); }
};

// Of a piece of an array.
struct Counts {
  List<i64> count = List<i64>(kBins, 0);
  List<double> sum = List<double>(kBins, 0.0), highest = List<double>(kBins, 0.0);  // of squares
  bool has_nan = false;

  void add(const Counts& other) {
    for (i64 b = 0; b < kBins; ++b) {
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
  i64 array;
  Scores<T> scores;
};

template <class T>
List<Piece<T>> pieces_of(const List<Scores<T>>& arrays) {
  List<Piece<T>> pieces;
  for (i64 i = 0; i < arrays.size(); ++i) {
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
    const i64 b = bin_of(s);
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
  for (i64 b = 0; b < kBins; ++b) {
    if (counts.count[b] == 0) continue;
    bins.bin.push_back(b);
    bins.before.push_back(bins.before.back() + counts.count[b]);
  }
  bins.left.assign(bins.bin.size() + 1, 0.0);
  bins.last.resize(bins.bin.size());
  for (i64 p = bins.bin.size(); p-- > 0;) {
    const double highest = counts.highest[bins.bin[p]];
    bins.last[p] = lamp_of(highest, bins.left[p + 1] + highest);
    bins.left[p] = bins.left[p + 1] + counts.sum[bins.bin[p]];
  }
  return bins;
}

// Places [first, end) among the bins of an array where the cut may lie: all before goes, nothing behind does.
struct Places {
  i64 first, end;
};

List<Places> places_of(const List<Bins>& all, i64 n_remove) {
  List<double> ends;
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
  List<Places> places;
  for (const Bins& bins : all) {
    const i64 first = low == ends.begin() ? 0 : bins.reaching(*(low - 1));
    const i64 end = high == ends.end() ? bins.bin.size() : std::min(bins.reaching(*high) + 1, bins.bin.size());
    places.push_back({first, std::max(first, end)});
  }
  return places;
}

struct Ranked {
  double value;
  i64 array;
};

// The squares of a piece's scores in these bins.
template <class T>
List<double> squares_in(const Scores<T>& piece, const Bins& bins, const Places& places) {
  List<double> squares;
  if (places.first == places.end) return squares;
  const i64 low = bins.bin[places.first], high = bins.bin[places.end - 1];
  for (i64 i = 0; i < piece.size; ++i) {
    const i64 b = bin_of(piece.score[i]);
    if (b >= low && b <= high) squares.push_back(square_of(piece.score[i]));
  }
  return squares;
}

// What the scores with these squares are ranked by, if behind them so much is left.
void add_ranked(List<double>& squares, double left, i64 array, List<Ranked>& to) {
  std::sort(squares.begin(), squares.end(), [](double a, double b) { return a > b; });
  for (const double square : squares) {
    left += square;
    to.push_back({lamp_of(square, left), array});
  }
}

}  // namespace

template <class T>
List<i64> lamp_counts(const List<Scores<T>>& arrays, i64 n_remove, int threads) {
  const List<Piece<T>> pieces = pieces_of(arrays);
  List<std::unique_ptr<Counts>> of_piece(pieces.size());
  parallel_for(pieces.size(), threads,
               [&](i64 i) { of_piece[i] = std::make_unique<Counts>(counts_of(pieces[i].scores)); });
  List<Counts> of_array(arrays.size());
  for (i64 i = 0; i < pieces.size(); ++i) of_array[pieces[i].array].add(*of_piece[i]);
  List<Bins> bins;
  for (const Counts& counts : of_array) {
    if (counts.has_nan) throw std::invalid_argument("scores: expected numbers, got NaN");
    bins.push_back(bins_of(counts));
  }
  const List<Places> places = places_of(bins, n_remove);
  List<List<double>> squares(pieces.size());
  parallel_for(pieces.size(), threads, [&](i64 i) {
    squares[i] = squares_in(pieces[i].scores, bins[pieces[i].array], places[pieces[i].array]);
  });
  List<List<double>> near_cut(arrays.size());
  for (i64 i = 0; i < pieces.size(); ++i) {
    List<double>& all = near_cut[pieces[i].array];
    all.insert(all.end(), squares[i].begin(), squares[i].end());
  }
  List<i64> counts;
  List<Ranked> ranked;
  i64 n_left = n_remove;
  for (i64 i = 0; i < arrays.size(); ++i) {
    const List<i64>& before = bins[i].before;
    if (near_cut[i].size() != before[places[i].end] - before[places[i].first]) {
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

template List<i64> lamp_counts(const List<Scores<float>>&, i64, int);
template List<i64> lamp_counts(const List<Scores<double>>&, i64, int);

}  // namespace prunus
