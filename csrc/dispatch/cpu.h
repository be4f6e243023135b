// Which target runs: the best that this CPU has, or the one that PRUNUS_TARGET names.
#pragma once

#include <string>
#include <vector>

#include "dispatch/table.h"

namespace prunus {

// All targets compiled in, best last.
const std::vector<const Target*>& compiled_targets();

// Those of them that this CPU can run, best last; never empty.
std::vector<const Target*> supported_targets();

// The target in use, chosen at the first call. Throws std::invalid_argument if PRUNUS_TARGET names one that is unknown
// or that this CPU cannot run; the message lists those it can.
const Target& active_target();

// Whether the CPU is Intel's: kernels take other times there, though the target is the same.
bool cpu_is_intel();

}  // namespace prunus
