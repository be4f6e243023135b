// What the parts of the self-test share.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <random>

#include "dispatch/cpu.h"
#include "list.h"

namespace selftest {

using prunus::i64;

inline int checks = 0;

// The target that is checked: all that this processor runs, one after the other.
inline const prunus::Target* target = nullptr;
template <class T>
const prunus::Kernels<T>& kernels() {
  return target->kernels<T>();
}

inline void require(bool holds, const char* what, i64 a = 0, i64 b = 0) {
  ++checks;
  if (holds) return;
  std::printf("FAILED: %s (%lld, %lld), %s\n", what, static_cast<long long>(a), static_cast<long long>(b),
              target == nullptr ? "no target" : target->name);
  std::exit(1);
}

template <class T>
prunus::List<T> normal(std::mt19937& random, i64 n, double density = 1) {
  std::normal_distribution<double> values;
  std::uniform_real_distribution<double> chance;
  prunus::List<T> result(n);
  for (T& value : result) value = chance(random) < density ? static_cast<T>(values(random)) : T(0);
  return result;
}

// Selection, groups and blocks.
template <class T>
void check_select(std::mt19937& random);

// Packed weights: updates in place, layouts, inputs that are kept.
template <class T>
void check_pack(std::mt19937& random);

// The second-order solver.
void check_solve(std::mt19937& random);

// Sets by exchanges.
void check_exchange(std::mt19937& random);

// What threads throw.
void check_threads();

// What a forked child finds.
void check_forks();

}  // namespace selftest
