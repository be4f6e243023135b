// Loops of the solver on several threads: units of work that a thread takes one by one, so that none waits for another
// that the system keeps from running (team.h).
#pragma once

#include <type_traits>

#include "team.h"

namespace prunus {

// f(i), or f(i, rank), for every i in [0, n). What it does must depend on i alone; units that are done at the same time
// have different ranks, below `threads` or zero. What f throws first is thrown when all that have begun are done.
template <class F>
void for_units(i64 n, int threads, F&& f) {
  class Work final : public Stages {
   public:
    Work(i64 n, F& f) : n_(n), f_(f) {}
    int n_stages() const noexcept override { return 1; }
    i64 n_units(int) const noexcept override { return n_; }
    void do_unit(int, i64 unit, int rank) const override {
      if constexpr (std::is_invocable_v<F&, i64, int>) {
        f_(unit, rank);
      } else {
        (void)rank;
        f_(unit);
      }
    }

   private:
    i64 n_;
    F& f_;
  };
  const Work work(n, f);
  if (threads > 1 && n > 1) {
    do_together(work, threads, threads);
  } else {
    do_alone(work);
  }
}

}  // namespace prunus
