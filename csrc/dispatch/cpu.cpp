#include "dispatch/cpu.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace prunus {

#define PRUNUS_TARGET_ENTRY(space, name) \
  namespace space {                      \
  const Target& target() noexcept;       \
  }
#include "targets.inc"
#undef PRUNUS_TARGET_ENTRY

namespace {

// The compiler's own detection, which also asks whether the system saves the wide registers. It names features, not
// levels (GCC 11 and Clang 14 know no levels); of a level we ask for those that no CPU without the rest has.
bool cpu_runs([[maybe_unused]] const char* name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (std::strcmp(name, "x86-64-v4") == 0) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && cpu_runs("x86-64-v3");
  }
  if (std::strcmp(name, "x86-64-v3") == 0) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
  }
#endif
  return true;
}

std::string names_of(const std::vector<const Target*>& targets) {
  std::string names;
  for (const Target* target : targets) names += (names.empty() ? "" : ", ") + std::string(target->name);
  return names;
}

const Target& choose() {
  const std::vector<const Target*> supported = supported_targets();
  const char* forced = std::getenv("PRUNUS_TARGET");
  if (forced == nullptr || *forced == '\0') return *supported.back();
  for (const Target* target : supported) {
    if (std::strcmp(target->name, forced) == 0) return *target;
  }
  throw std::invalid_argument("PRUNUS_TARGET: expected one of the targets that this CPU runs (" + names_of(supported) +
                              "), got '" + forced + "'");
}

}  // namespace

const std::vector<const Target*>& compiled_targets() {
#define PRUNUS_TARGET_ENTRY(space, name) &space::target(),
  static const std::vector<const Target*> targets = {
#include "targets.inc"
  };
#undef PRUNUS_TARGET_ENTRY
  return targets;
}

std::vector<const Target*> supported_targets() {
  std::vector<const Target*> supported;
  for (const Target* target : compiled_targets()) {
    if (cpu_runs(target->name)) supported.push_back(target);
  }
  return supported;
}

const Target& active_target() {
  static const Target& target = choose();
  return target;
}

bool cpu_is_intel() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_is("intel");
#else
  return false;
#endif
}

}  // namespace prunus
