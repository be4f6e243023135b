// The plan of an engine, walked over a batch: a tile of samples goes through all layers while it is in cache.
#pragma once

#include <algorithm>

#include "executor/layer.h"
#include "executor/panel_tile.h"
#include "executor/workspace.h"

namespace prunus {

// Samples that go through all layers before the next ones do, row-major.
constexpr i64 kRowTile = 64;

// Cycles below which a second thread costs more than it saves, though it is awake.
constexpr double kCyclesPerThread = 60000;

// Cycles from which it is worth to wake one that sleeps. After milliseconds of rest that costs the caller 20 to 45 us,
// and the thread comes 30 to 130 us later (EPYC 7003, a virtual machine, caches evicted, medians alone and with it:
// 1024 samples of 200-1 130 and 183 us, 4096 418 and 345; 784-300-100-10 at 90 %, 64 samples 156 and 251, 128 the same,
// 256 410 and 379).
constexpr double kCyclesToWake = 500000;

// How many of the threads have something to do.
inline int useful_threads(double cycles, i64 pieces, int threads) {
  const double useful = std::min(cycles / kCyclesPerThread, static_cast<double>(pieces));
  return static_cast<int>(std::max(1.0, std::min<double>(threads, useful)));
}

// As many as get half of kCyclesToWake each.
inline int threads_worth_waking(double cycles, int threads) {
  return static_cast<int>(std::min<double>(threads, 2 * cycles / kCyclesToWake));
}

// What the cost model says of a network.
struct Costs {
  i64 panels_from;  // samples from which panels are faster
  double one;       // cycles of a call with one sample
  double few;       // of a call with more, row-major: the first of them,
  double few_more;  // and each further one
  double panel;     // cycles of a sample in a wide panel
  i64 together;     // panels that may go through a layer together, 1 at least
};

template <class T>
class Executor {
 public:
  // kernels: of the target that the layers were packed for; they last as long as the process. read: for each feature of
  // a sample whether some weight reads it, or nothing if all are. Formats multiply by zeros that they store, and a
  // feature that is not read may hold NaN. Throws std::invalid_argument if there is no layer, or one that does not fit
  // the layer before it, its own bias or its place, or read does not fit the first.
  Executor(const Kernels<T>& kernels, PackedLayers<T> layers, const Costs& costs, List<u8> read = {});

  i64 n_in() const { return layers_.front().n_cols(); }
  i64 n_out() const { return layers_.back().n_rows(); }

  // Whether a call with n samples is too little work for two threads.
  bool is_small(i64 n) const { return cycles(n) < 2 * kCyclesPerThread; }

  // y (n, n_out) = the network's output for x (n, n_in), both row-major, not overlapping. May be called from several
  // threads at once. The result does not depend on `threads`. Throws std::bad_alloc, before anything is written.
  void run(const T* x, i64 n, T* y, int threads) const { run_some(x, n, n, y, threads); }

  // The same for n samples of a call that has n_call: computed as all of them at once would be.
  void run_some(const T* x, i64 n, i64 n_call, T* y, int threads) const;

  // The same with samples in columns: x (n_in, n) and y (n_out, n), always by panels.
  void run_columns(const T* x, i64 n, T* y, int threads) const;

  // Of one with n samples in columns: whole vectors of them.
  double panel_cycles(i64 n) const { return static_cast<double>(round_up(n, kernels_.lanes)) * costs_.panel; }

  // Of a call with n samples, as the cost model has it.
  double cycles(i64 n) const {
    if (n >= costs_.panels_from) return static_cast<double>(n) * costs_.panel;
    return n == 1 ? costs_.one : costs_.few + static_cast<double>(n - 1) * costs_.few_more;
  }

 private:
  template <class Bytes, class MakeTile>
  void run_tiles(i64 n, i64 width, i64 most_parts, int threads, Bytes&& bytes, MakeTile&& make) const;
  void run_rows(const T* x, i64 n, i64 n_call, T* y, int threads) const;
  void run_panels(const Batch<T>& batch, i64 n_call, int threads) const;
  const u8* read() const { return read_.empty() ? nullptr : read_.data(); }

  const Kernels<T>& kernels_;
  PackedLayers<T> layers_;
  Costs costs_;
  List<u8> read_;
  i64 widest_ = 0;  // activations of the widest layer, readable ones included: of a sample, row-major
  mutable WorkspacePool pool_;
};

}  // namespace prunus
