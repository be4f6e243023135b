// What executors of all kinds are told of layers.
#pragma once

#include <optional>

#include "bindings/arrays.h"
#include "formats.h"
#include "list.h"

namespace prunus {

inline Activation activation_of(i32 number) {
  require(number >= 0 && number < static_cast<i32>(Activation::count), "activation: expected the number of one");
  return static_cast<Activation>(number);
}

// Which columns are read; nothing where all are.
inline List<u8> flags_of(const std::optional<MaskArray>& read) {
  if (!read) return {};
  require(read->ndim() == 1, "read: expected a one-dimensional array");
  return List<u8>(bytes_of(*read), bytes_of(*read) + read->size());
}

}  // namespace prunus
