// Threads for calls so short that they cannot wait for a thread to start that the system keeps from running.
//
// OpenMP hands out shares, and who is done waits for the others, turning in a loop. If something else computes on the
// machine (and the idle threads of other libraries do, for milliseconds after each call), a share waits for its thread,
// which waits for its turn on a processor: 16 samples of a small network took 8 to 30 ms, on one thread 0.08 ms. So
// here threads take units of work one by one, the one that calls as well, and a thread that comes late finds nothing
// left to do. Who waits long sleeps, and so leaves its processor to the thread that it waits for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base.h"
#include "failure.h"
#include "processors.h"

namespace prunus {

// Work in stages. A stage has units, which may be done in any order, each by one thread; it begins when all units of
// the one before are done, with what they wrote seen by all.
class Stages {
 public:
  virtual int n_stages() const noexcept = 0;
  virtual i64 n_units(int stage) const noexcept = 0;
  // May throw: the others are left out then. Units that are done at the same time have different ranks, below the
  // number of threads.
  virtual void do_unit(int stage, i64 unit, int rank) const = 0;

 protected:
  ~Stages() = default;
};

// All of it on this thread, with rank 0.
template <class Work>
void do_alone(const Work& work) {
  for (int stage = 0; stage < work.n_stages(); ++stage) {
    const i64 n = work.n_units(stage);
    for (i64 unit = 0; unit < n; ++unit) work.do_unit(stage, unit, 0);
  }
}

// All of it on this thread and up to threads - 1 others: none in a forked child, or where those of all callers would be
// more than there are processors. As many as `threads` if some are awake from the call before, or would be if it had
// had any; else not more than are worth waking. What a unit throws first is thrown when all that have begun are done.
void do_together(const Stages& work, int threads, int worth_waking);

// Threads of one caller at a time, started when first needed and asleep between calls. They last as long as the
// process, on the processors that who wakes them may use.
class alignas(kCacheLine) Team {
 public:
  Team() { add_seat(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  bool try_take() { return !is_taken_.exchange(true, std::memory_order_acquire); }
  void give_back() { is_taken_.store(false, std::memory_order_release); }

  // For who has taken it. At most kMost threads and stages.
  static constexpr int kMost = 0xFFFF;
  void work(const Stages& work, int threads, int worth_waking);

 private:
  using Clock = std::chrono::steady_clock;

  // How many threads may work, the stage they are at, and how many of its units nobody has taken, in 16, 16 and 32
  // bits. It ends with a stage past the last one, which has none.
  using State = u64;
  static State state(int threads, int stage, i64 left) {
    return static_cast<u64>(threads) << 48 | static_cast<u64>(stage) << 32 | static_cast<u64>(left);
  }
  static int threads_of(State s) { return static_cast<int>(s >> 48); }
  static int stage_of(State s) { return static_cast<int>(s >> 32 & 0xFFFF); }
  static i64 left_of(State s) { return static_cast<i64>(s & 0xFFFFFFFF); }

  // Where a rank sleeps; the caller's is 0.
  struct Seat {
    std::condition_variable woken;
    bool is_asleep = false;
    Processors::Thread thread{};      // of a helper
    std::optional<Processors> whole;  // all that a helper may use, when it is woken on some of them
  };

  void add_seat() { seats_.push_back(std::make_unique<Seat>()); }
  bool is_ready() const;
  void lead(const Stages& work, int threads);
  void start_helpers(int n);
  void help(int rank);
  void begin_stage(int stage);
  void wake(int n_ranks, i64 n);
  void do_units(State seen, int rank);
  template <class Ready>
  State wait_until(int rank, Ready&& ready);

  std::atomic<bool> is_taken_{false};
  std::atomic<State> state_{0};
  std::atomic<i64> not_done_{0};  // units of the stage
  std::atomic<int> n_asleep_{0};
  // Written while no unit is left to take, read by those who have taken one.
  const Stages* work_ = nullptr;
  Clock::time_point ended_;  // of the call before; of who has taken it
  i64 n_units_ = 0;
  int threads_ = 0;
  Failure failure_;   // of a unit
  std::mutex mutex_;  // of what follows
  std::vector<std::unique_ptr<Seat>> seats_;
};

}  // namespace prunus
