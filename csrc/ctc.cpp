#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "finite.h"

namespace lpr {
namespace {

struct Step {
  std::int32_t best;
  float confidence;  // softmax value of the best class
};

// The class with the largest logit, the first of equals.
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

// exp for arguments <= 0 with a relative error of 2e-7, in arithmetic that vectorizes:
// 2**whole * exp(rest), with a Taylor series for the latter. Clamped to exp(-87) below: negligible
// in a sum that contains a 1.
LPR_INLINE float exp_of_negative(float x) {
  constexpr float log2_e = 1.44269504F;
  constexpr float ln2_high = 0.693359375F;  // few significant bits: whole * ln2_high is exact
  constexpr float ln2_low = -2.12194440e-4F;
  x = x > -87.0F ? x : -87.0F;
  const auto whole = static_cast<std::int32_t>(x * log2_e - 0.5F);
  const auto steps = static_cast<float>(whole);
  const float rest = (x - steps * ln2_high) - steps * ln2_low;
  float series = 1.0F / 720;
  series = series * rest + 1.0F / 120;
  series = series * rest + 1.0F / 24;
  series = series * rest + 1.0F / 6;
  series = series * rest + 1.0F / 2;
  series = series * rest + 1.0F;
  series = series * rest + 1.0F;
  const std::int32_t bits = (whole + 127) * (1 << 23);
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return power * series;
}

// best_of for all steps of a sequence, with reductions in lanes.
struct FastSteps {
  static constexpr int lanes = 16;

  // Reduces 2 * half lanes to the first.
  template <int half>
  static LPR_INLINE float largest_of(float* values) {
    for (int l = 0; l < half; ++l) {
      values[l] = values[l] > values[l + half] ? values[l] : values[l + half];
    }
    if constexpr (half > 1) return largest_of<half / 2>(values);
    return values[0];
  }

  template <int half>
  static LPR_INLINE float sum_of(float* values) {
    for (int l = 0; l < half; ++l) values[l] += values[l + half];
    if constexpr (half > 1) return sum_of<half / 2>(values);
    return values[0];
  }

  // `row` holds `padded` values, whole blocks; those from `classes` on are -infinity.
  static LPR_INLINE Step best_of(const float* logits, std::int64_t classes, std::int64_t padded,
                                 float* __restrict row) {
    for (std::int64_t c = 0; c < classes; ++c) row[c] = finite(logits[c]);
    float block[lanes];
    for (int l = 0; l < lanes; ++l) block[l] = row[l];
    for (std::int64_t c = lanes; c < padded; c += lanes) {
      for (int l = 0; l < lanes; ++l) block[l] = block[l] > row[c + l] ? block[l] : row[c + l];
    }
    const float largest = largest_of<lanes / 2>(block);
    std::int64_t best = 0;
    while (row[best] != largest) ++best;
    for (int l = 0; l < lanes; ++l) block[l] = 0;
    for (std::int64_t c = 0; c < padded; c += lanes) {
      for (int l = 0; l < lanes; ++l) block[l] += exp_of_negative(row[c + l] - largest);
    }
    return {static_cast<std::int32_t>(best), 1 / sum_of<lanes / 2>(block)};
  }

  static LPR_INLINE void run(const float* logits, std::int64_t steps, std::int64_t classes,
                             std::int64_t padded, float* row, Step* out) {
    for (std::int64_t t = 0; t < steps; ++t) {
      out[t] = best_of(logits + t * classes, classes, padded, row);
    }
  }
};

void best_steps(const float* logits, std::int64_t steps, std::int64_t classes, Step* out,
                Impl impl) {
  if (impl == Impl::scalar) {
    for (std::int64_t t = 0; t < steps; ++t) out[t] = best_of(logits + t * classes, classes);
    return;
  }
  constexpr int lanes = FastSteps::lanes;
  const std::int64_t padded = (classes + lanes - 1) / lanes * lanes;
  std::vector<float> row(static_cast<std::size_t>(padded), -std::numeric_limits<float>::infinity());
  dispatch<FastSteps>(impl, logits, steps, classes, padded, row.data(), out);
}

}  // namespace

// Best path: A. Graves et al., Connectionist Temporal Classification (2006), section 3.2.1.
void ctc_greedy(const float* logits, std::int64_t sequences, std::int64_t steps,
                std::int64_t classes, std::int64_t blank, std::int64_t dropped,
                const CtcOutput& out, Impl impl) {
  std::vector<Step> path(static_cast<std::size_t>(steps));
  for (std::int64_t n = 0; n < sequences; ++n) {
    best_steps(logits + n * steps * classes, steps, classes, path.data(), impl);
    std::int64_t previous = blank;
    std::int64_t last = n * steps - 1;  // index of the current character, if any
    for (std::int64_t t = dropped; t < steps; ++t) {
      const Step step = path[static_cast<std::size_t>(t)];
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
