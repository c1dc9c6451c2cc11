#include <cmath>
#include <limits>

#include "cpu.h"

namespace lpr {
namespace {

struct Step {
  std::int32_t best;
  float confidence;  // softmax value of the best class
};

// Infinities count as the largest finite numbers and a NaN as the smallest: one broken value must
// not spoil a step, and no step gives a NaN.
float finite(float value) {
  constexpr float most = std::numeric_limits<float>::max();
  value = value > -most ? value : -most;
  return value < most ? value : most;
}

// The first of the largest logits wins.
Step best_of(const float* logits, std::int64_t classes) {
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < classes; ++c) {
    if (finite(logits[c]) > finite(logits[best])) best = c;
  }
  const double largest = finite(logits[best]);
  double sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(finite(logits[c]) - largest);
  return {static_cast<std::int32_t>(best), static_cast<float>(1 / sum)};
}

}  // namespace

// A. Graves et al., Connectionist Temporal Classification (2006), section 3.2.1: best path.
void ctc_greedy(const float* logits, std::int64_t sequences, std::int64_t steps,
                std::int64_t classes, std::int64_t blank, std::int64_t dropped,
                const CtcOutput& out, Impl impl) {
  (void)impl;
  for (std::int64_t n = 0; n < sequences; ++n) {
    std::int64_t previous = blank;
    std::int64_t last = n * steps - 1;  // where the character that runs, if any, was written
    for (std::int64_t t = dropped; t < steps; ++t) {
      const Step step = best_of(logits + (n * steps + t) * classes, classes);
      if (step.best != blank) {
        const auto now = static_cast<std::int32_t>(t);
        if (step.best != previous) {
          ++last;
          out.classes[last] = step.best;
          out.confidences[last] = step.confidence;
          out.begins[last] = now;
        } else if (step.confidence > out.confidences[last]) {
          out.confidences[last] = step.confidence;
        }
        out.ends[last] = now + 1;
      }
      previous = step.best;
    }
    out.counts[n] = static_cast<std::int32_t>(last + 1 - n * steps);
  }
}

}  // namespace lpr
