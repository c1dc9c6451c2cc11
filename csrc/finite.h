// Logits may hold anything; decoding has to give an answer.
#pragma once

#include <limits>

#include "cpu.h"

namespace lpr {

// Infinities count as the largest finite numbers and a NaN as the smallest: one broken value must
// not spoil a step, and no step gives a NaN.
LPR_INLINE float finite(float value) {
  constexpr float most = std::numeric_limits<float>::max();
  value = value > -most ? value : -most;
  return value < most ? value : most;
}

}  // namespace lpr
