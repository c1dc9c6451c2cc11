// Decoders accept any logits, infinities and NaN included.
#pragma once

#include <limits>

#include "cpu.h"

namespace lpr {

// Clamps infinities to the largest finite numbers and a NaN to the smallest, so that one bad value
// does not spoil its time step.
LPR_INLINE float finite(float value) {
  constexpr float largest = std::numeric_limits<float>::max();
  value = value > -largest ? value : -largest;
  return value < largest ? value : largest;
}

}  // namespace lpr
