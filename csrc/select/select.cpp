#include "select/select.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>

#include "parallel.h"

namespace prunus {
namespace {

template <class T>
struct Chunk {
  const T* score;
  i64 size;
  u8* mask;
};

// Scores that a thread takes at a time: few enough to balance, and so many that the room for those in the bracket,
// which is touched in part only, costs few pages.
constexpr i64 kPiece = 1 << 17;

template <class T>
List<Chunk<T>> chunks_of(const List<ScoreArray<T>>& arrays) {
  List<Chunk<T>> chunks;
  for (const ScoreArray<T>& array : arrays) {
    for (i64 begin = 0; begin < array.size; begin += kPiece) {
      chunks.push_back({array.score + begin, std::min(kPiece, array.size - begin), array.mask + begin});
    }
  }
  return chunks;
}

template <class T>
i64 size_of(const List<Chunk<T>>& chunks) {
  i64 n = 0;
  for (const Chunk<T>& chunk : chunks) n += chunk.size;
  return n;
}

void refuse_nan(bool found) {
  if (found) throw std::invalid_argument("scores: expected numbers, got NaN");
}

// Where the score of some rank is looked for: in (low, high].
template <class T>
struct Bracket {
  T low;
  T high;
  double share = 1;  // of all scores that may be expected in it
};

constexpr i64 kSample = 1 << 14;
constexpr i64 kSmall = 1 << 12;  // so few scores need no bracket

// Scores at about equal distances, each drawn at random from its stretch: no period in the weights can hide from it.
// The sequence is fixed, so that a call can be repeated.
template <class T>
List<T> sample_of(const List<Chunk<T>>& chunks, i64 n, i64 n_sample) {
  List<T> sample(n_sample);
  const uint64_t stretch = static_cast<uint64_t>(n / n_sample);
  uint64_t state = 0x9E3779B97F4A7C15u;
  i64 chunk = 0;
  i64 chunk_begin = 0;
  for (i64 i = 0; i < n_sample; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth, MMIX
    const i64 position = static_cast<i64>(static_cast<uint64_t>(i) * stretch + ((state >> 32) * stretch >> 32));
    while (position >= chunk_begin + chunks[chunk].size) chunk_begin += chunks[chunk++].size;
    sample[i] = chunks[chunk].score[position - chunk_begin];
  }
  return sample;
}

// A bracket that holds the score of rank `rank` almost surely. The rank of a quantile q in a random sample of s has the
// standard deviation sqrt(q (1 - q) s); the bracket reaches three of them to each side. One that misses, one in four
// hundred, costs a pass, never the result.
template <class T>
Bracket<T> guess_bracket(const List<Chunk<T>>& chunks, i64 n, i64 rank) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  if (n <= kSmall) return {-infinity, infinity};
  // n^(2/3) balances the work on the sample with that on the bracket (Floyd and Rivest, 1975); more than kSample does
  // not pay.
  const i64 n_sample = std::min(kSample, static_cast<i64>(std::pow(static_cast<double>(n), 2.0 / 3.0)));
  List<T> sample = sample_of(chunks, n, n_sample);
  const double quantile = static_cast<double>(rank) / static_cast<double>(n);
  const i64 centre = static_cast<i64>(quantile * static_cast<double>(n_sample));
  const i64 margin = static_cast<i64>(3 * std::sqrt(quantile * (1 - quantile) * static_cast<double>(n_sample))) + 1;
  const double share = static_cast<double>(2 * margin + 1) / static_cast<double>(n_sample);
  const auto high = centre + margin < n_sample ? sample.begin() + centre + margin : sample.end();
  if (high != sample.end()) std::nth_element(sample.begin(), high, sample.end());
  const T at_high = high == sample.end() ? infinity : *high;
  if (centre < margin) return {-infinity, at_high, share};
  const auto low = sample.begin() + centre - margin;
  std::nth_element(sample.begin(), low, high);
  return {*low, at_high, share};
}

// The chunks' scores in a bracket, and how many lie below.
template <class T>
struct Split {
  Bracket<T> bracket;
  BracketCount total;
  List<i64> n_between;  // per chunk
  List<i64> offset;     // of a chunk's room among the candidates
  std::unique_ptr<Candidate<T>[]> between;

  // Room for that share of every chunk.
  void make_room(const List<Chunk<T>>& chunks, double share) {
    offset.assign(1, 0);
    for (const Chunk<T>& chunk : chunks) {
      const i64 room = static_cast<i64>(share * static_cast<double>(chunk.size)) + kSmall;
      offset.push_back(offset.back() + std::min(chunk.size, room));
    }
    between = std::make_unique_for_overwrite<Candidate<T>[]>(static_cast<size_t>(offset.back()));
  }
};

// One pass over the chunks. False if some chunk has more in the bracket than there is room for.
template <class T>
bool pass(const Kernels<T>& kernels, Split<T>& split, const List<Chunk<T>>& chunks, int threads) {
  List<BracketCount> counts(chunks.size());
  parallel_for(chunks.size(), threads, [&](i64 i) {
    counts[i] =
        kernels.split_bracket(chunks[i].score, chunks[i].size, split.bracket.low, split.bracket.high, chunks[i].mask,
                              split.offset[i + 1] - split.offset[i], split.between.get() + split.offset[i]);
  });
  bool fits = true;
  split.total = {0, 0, 0, 0};
  split.n_between.resize(chunks.size());
  for (i64 i = 0; i < chunks.size(); ++i) {
    split.n_between[i] = counts[i].between;
    split.total.below += counts[i].below;
    split.total.at_low += counts[i].at_low;
    split.total.between += counts[i].between;
    split.total.above += counts[i].above;
    fits = fits && counts[i].between <= split.offset[i + 1] - split.offset[i];
  }
  refuse_nan(split.total.below + split.total.at_low + split.total.between + split.total.above != size_of(chunks));
  return fits;
}

// Narrows or moves the bracket until the score of rank `rank` (from 0, ascending) lies at its low end or inside.
template <class T>
Split<T> split_around(const Kernels<T>& kernels, const List<Chunk<T>>& chunks, i64 n, i64 rank, int threads) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  Split<T> split = {guess_bracket(chunks, n, rank), {}, {}, {}, {}};
  split.make_room(chunks, 2 * split.bracket.share);
  for (;;) {
    const bool fits = pass(kernels, split, chunks, threads);
    if (rank < split.total.below) {
      split.bracket = {-infinity, split.bracket.low};
    } else if (rank < split.total.below + split.total.at_low) {
      return split;
    } else if (rank >= split.total.below + split.total.at_low + split.total.between) {
      split.bracket = {split.bracket.high, infinity};
    } else if (fits) {
      return split;
    } else {
      split.make_room(chunks, 1);
    }
  }
}

// The scores in the bracket, in order, without the gaps between the chunks' parts.
template <class T>
List<T> between_of(const Split<T>& split) {
  List<T> scores(split.total.between);
  auto end = scores.begin();
  for (i64 i = 0; i < split.n_between.size(); ++i) {
    const Candidate<T>* between = split.between.get() + split.offset[i];
    end = std::transform(between, between + split.n_between[i], end, [](const Candidate<T>& c) { return c.score; });
  }
  return scores;
}

// The score of rank `rank`, by one bracket inside the other.
template <class T>
T nth_score(const Kernels<T>& kernels, List<T> scores, i64 rank) {
  const i64 n = scores.size();
  if (n <= kSmall) {
    std::nth_element(scores.begin(), scores.begin() + rank, scores.end());
    return scores[rank];
  }
  List<u8> mask(scores.size());
  const Split<T> split = split_around(kernels, chunks_of<T>({{scores.data(), n, mask.data()}}), n, rank, 1);
  const i64 n_low = split.total.below + split.total.at_low;
  if (rank < n_low) return split.bracket.low;
  // Where a bracket does not narrow (most scores lie at its high end), one inside it would not either.
  if (split.total.between > n / 2) {
    std::nth_element(scores.begin(), scores.begin() + rank, scores.end());
    return scores[rank];
  }
  return nth_score(kernels, between_of(split), rank - n_low);
}

// Removes the n_remove lowest of the scores in the bracket, of equal ones the later; the mask has them all kept.
template <class T>
void remove_between(const Kernels<T>& kernels, const Split<T>& split, const List<Chunk<T>>& chunks, i64 n_remove,
                    int threads) {
  const List<T> scores = between_of(split);
  const T threshold = nth_score(kernels, scores, n_remove - 1);
  const i64 n_at_most = std::count_if(scores.begin(), scores.end(), [&](T s) { return s <= threshold; });
  i64 n_keep = n_at_most - n_remove;
  parallel_for(chunks.size(), threads, [&](i64 i) {
    const Candidate<T>* between = split.between.get() + split.offset[i];
    for (i64 k = 0; k < split.n_between[i]; ++k) chunks[i].mask[between[k].position] = between[k].score > threshold;
  });
  for (i64 i = 0; i < chunks.size() && n_keep > 0; ++i) {
    const Candidate<T>* between = split.between.get() + split.offset[i];
    for (i64 k = 0; k < split.n_between[i] && n_keep > 0; ++k) {
      if (between[k].score != threshold) continue;
      chunks[i].mask[between[k].position] = 1;
      --n_keep;
    }
  }
}

// Keeps, beside all that score more, the first n_keep of the scores equal to the threshold. One element after another:
// this is for scores of which a good part are equal.
template <class T>
void keep_first_equal(const Kernels<T>& kernels, const List<Chunk<T>>& chunks, T threshold, i64 n_keep) {
  for (const Chunk<T>& chunk : chunks) {
    if (n_keep == 0) return;  // the mask already has none of them
    n_keep = kernels.keep_first_equal(chunk.score, chunk.size, threshold, n_keep, chunk.mask);
  }
  if (n_keep > 0) {
    throw std::runtime_error("scores: expected to stay as they are meanwhile, but another thread changed them");
  }
}

}  // namespace

template <class T>
void mask_threshold(const Kernels<T>& kernels, const List<ScoreArray<T>>& arrays, T threshold, int threads) {
  const List<Chunk<T>> chunks = chunks_of(arrays);
  threads = threads_for(size_of(chunks), threads);
  std::atomic<bool> nan{false};
  parallel_for(chunks.size(), threads, [&](i64 index) {
    const Chunk<T>& chunk = chunks[index];
    kernels.mask_at_least(chunk.score, chunk.size, threshold, chunk.mask);
    if (kernels.any_nan(chunk.score, chunk.size)) nan.store(true);
  });
  refuse_nan(nan.load());
}

template <class T>
void mask_remove(const Kernels<T>& kernels, const List<ScoreArray<T>>& arrays, i64 n_remove, int threads) {
  if (n_remove == 0) return mask_threshold(kernels, arrays, -std::numeric_limits<T>::infinity(), threads);
  const List<Chunk<T>> chunks = chunks_of(arrays);
  threads = threads_for(size_of(chunks), threads);
  const Split<T> split = split_around(kernels, chunks, size_of(chunks), n_remove - 1, threads);
  const i64 n_low = split.total.below + split.total.at_low;
  if (n_remove > n_low) {
    remove_between(kernels, split, chunks, n_remove - n_low, threads);
  } else {
    keep_first_equal(kernels, chunks, split.bracket.low, n_low - n_remove);
  }
}

template <class T>
Cut<T> cut_of(const T* score, const u8* mask, i64 n) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr i64 kLanes = 16;  // of the loop, so that no extreme waits for the one before
  T high[kLanes], low[kLanes];
  std::fill(high, high + kLanes, -infinity);
  std::fill(low, low + kLanes, infinity);
  i64 i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (i64 l = 0; l < kLanes; ++l) {
      const T removed = mask[i + l] ? -infinity : score[i + l], kept = mask[i + l] ? score[i + l] : infinity;
      high[l] = high[l] < removed ? removed : high[l];
      low[l] = kept < low[l] ? kept : low[l];
    }
  }
  for (; i < n; ++i) {
    if (mask[i]) {
      low[0] = std::min(low[0], score[i]);
    } else {
      high[0] = std::max(high[0], score[i]);
    }
  }
  return {*std::max_element(high, high + kLanes), *std::min_element(low, low + kLanes)};
}

template Cut<float> cut_of<float>(const float*, const u8*, i64);
template Cut<double> cut_of<double>(const double*, const u8*, i64);
template void mask_threshold<float>(const Kernels<float>&, const List<ScoreArray<float>>&, float, int);
template void mask_threshold<double>(const Kernels<double>&, const List<ScoreArray<double>>&, double, int);
template void mask_remove<float>(const Kernels<float>&, const List<ScoreArray<float>>&, i64, int);
template void mask_remove<double>(const Kernels<double>&, const List<ScoreArray<double>>&, i64, int);

}  // namespace prunus
