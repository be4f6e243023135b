#include "team.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fork.h"

namespace prunus {
namespace {

// A thread that sleeps needs 5 to 50 us to wake up; who waits for as long has lost no more than twice the time.
constexpr std::chrono::microseconds kTurns{50};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Teams, and how many threads all callers with one have. Never destroyed: threads may be asleep in them when the
// process ends.
class Teams {
 public:
  static Teams& instance() {
    static Teams* teams = new Teams;
    return *teams;
  }

  // For as long as it lives, a team that no other caller has: none if that would make more threads than there are
  // processors, but for the first.
  class Lease {
   public:
    Lease(Teams& teams, int threads) : teams_(teams), threads_(threads), team_(teams.take(threads)) {}
    ~Lease() {
      if (team_ != nullptr) teams_.give(team_, threads_);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Team* team() const { return team_; }

   private:
    Teams& teams_;
    int threads_;
    Team* team_;
  };

 private:
  Team* take(int threads) {
    const int others = n_threads_.fetch_add(threads);
    if (others == 0 || others + threads <= n_processors_) {
      for (Team& team : teams_) {
        if (team.try_take()) return &team;
      }
    }
    n_threads_.fetch_sub(threads);
    return nullptr;
  }

  void give(Team* team, int threads) {
    team->give_back();
    n_threads_.fetch_sub(threads);
  }

  std::array<Team, 16> teams_;
  std::atomic<int> n_threads_{0};
  const int n_processors_ = static_cast<int>(std::thread::hardware_concurrency());
};

}  // namespace

void do_together(const Stages& work, int threads, int worth_waking) {
  threads = std::min(threads, Team::kMost);
  if (threads <= 1 || work.n_stages() > Team::kMost || in_forked_child().load()) return do_alone(work);
  const Teams::Lease lease(Teams::instance(), threads);
  if (lease.team() == nullptr) return do_alone(work);
  lease.team()->work(work, threads, worth_waking);
}

void Team::work(const Stages& work, int threads, int worth_waking) {
  if (!is_ready()) threads = std::min(threads, worth_waking);
  if (threads > 1) {
    lead(work, threads);
  } else {
    failure_.guard([&] { do_alone(work); });
  }
  ended_ = Clock::now();
  failure_.rethrow();
}

// Whether a helper is awake, or would be if the call before had had one: calls in a loop are worth waking one for.
bool Team::is_ready() const {
  const int n_helpers = static_cast<int>(seats_.size()) - 1;
  return n_asleep_.load() < n_helpers || Clock::now() - ended_ < kTurns;
}

void Team::lead(const Stages& work, int threads) {
  work_ = &work;
  threads_ = threads;
  start_helpers(threads - 1);
  begin_stage(0);
  for (;;) {
    const State seen = wait_until(0, [&](State s) { return left_of(s) > 0 || stage_of(s) == work.n_stages(); });
    if (left_of(seen) == 0) return;
    do_units(seen, 0);
  }
}

void Team::start_helpers(int n) {
  while (static_cast<int>(seats_.size()) <= n) {
    const std::lock_guard<std::mutex> lock(mutex_);  // who began a stage of an earlier call may be looking at the seats
    const std::size_t rank = seats_.size();
    try {
      add_seat();
      std::thread helper([this, rank] { help(static_cast<int>(rank)); });
      seats_[rank]->thread = helper.native_handle();
      helper.detach();
    } catch (...) {  // no memory or no thread: those there are will do
      seats_.resize(rank);
      return;
    }
  }
}

void Team::help(int rank) {
  for (;;) do_units(wait_until(rank, [&](State s) { return left_of(s) > 0 && rank < threads_of(s); }), rank);
}

// The first stage from this one on that has units, or the end, after which the work may be gone.
void Team::begin_stage(int stage) {
  const int n_stages = work_->n_stages();
  n_units_ = 0;
  while (stage < n_stages && (n_units_ = work_->n_units(stage)) == 0) ++stage;
  not_done_.store(n_units_, std::memory_order_relaxed);
  const i64 n_units = n_units_;
  const int threads = threads_;
  state_.store(state(threads, stage, n_units));
  // Who goes to sleep says so before it looks at the state for the last time.
  if (n_asleep_.load() > 0) stage < n_stages ? wake(threads, n_units - 1) : wake(1, 1);
}

// Up to n of the ranks below n_ranks that sleep; helpers on another processor than this thread's, and none if there is
// no other. Linux may wake a thread on the processor of the one that wakes it, with others idle, and leave both there
// for milliseconds (6.18, two processors, 20 ms after the call before: 128 samples of a dense 1024 x 1024 thrice took
// 4.9 ms on two threads, as on one; 2.7 so).
void Team::wake(int n_ranks, i64 n) {
  const std::lock_guard<std::mutex> lock(mutex_);
  n_ranks = std::min(n_ranks, static_cast<int>(seats_.size()));
  std::optional<Processors> whole, others;
  for (int rank = 0; rank < n_ranks && n > 0; ++rank) {
    Seat& seat = *seats_[static_cast<std::size_t>(rank)];
    if (!seat.is_asleep) continue;
    if (rank > 0) {
      if (!whole) others = (whole = Processors::of_this_thread())->without_own();
      if (others->is_none()) return;
      seat.whole = whole;
      others->give(seat.thread);
    }
    seat.woken.notify_one();
    --n;
  }
}

// Units of the stage that was seen, as long as there are any. Only who has taken a unit may look at the work, until it
// is done, or until the next stage has begun if it was the last one: the caller waits for that, and for nothing else.
void Team::do_units(State seen, int rank) {
  while (left_of(seen) > 0 && rank < threads_of(seen)) {
    if (!state_.compare_exchange_weak(seen, seen - 1)) continue;
    const int stage = stage_of(seen);
    failure_.guard([&] { work_->do_unit(stage, n_units_ - left_of(seen), rank); });
    if (not_done_.fetch_sub(1, std::memory_order_acq_rel) == 1) begin_stage(stage + 1);
    seen = state_.load();
  }
}

template <class Ready>
Team::State Team::wait_until(int rank, Ready&& ready) {
  State seen = state_.load();
  if (ready(seen)) return seen;
  const auto end = Clock::now() + kTurns;
  do {
    pause();
    seen = state_.load();
    if (ready(seen)) return seen;
  } while (Clock::now() < end);
  std::unique_lock<std::mutex> lock(mutex_);
  Seat& seat = *seats_[static_cast<std::size_t>(rank)];
  seat.is_asleep = true;
  n_asleep_.fetch_add(1);
  while (!ready(seen = state_.load())) {
    seat.woken.wait(lock);
    // Awake on one of the others, for work or too late for it: it may leave that for any.
    if (const auto whole = std::exchange(seat.whole, std::nullopt)) whole->give(seat.thread);
  }
  n_asleep_.fetch_sub(1);
  seat.is_asleep = false;
  return seen;
}

}  // namespace prunus
