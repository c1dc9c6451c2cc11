#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels.h"

namespace lpr {

// Viterbi over slots and states: what is best so far for each state that a text may have led to.
double legal_path(const double* votes, std::int64_t slots, std::int64_t classes,
                  const Automaton& automaton, std::int64_t states, double least,
                  std::int32_t* chosen) {
  constexpr double never = -std::numeric_limits<double>::infinity();
  struct Step {
    std::int32_t from;
    std::int32_t chosen;
  };
  std::vector<double> score(states, never), next(states);
  std::vector<Step> steps(slots * states, Step{-1, -1});
  score[0] = 0;
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const double* row = votes + slot * (classes + 1);
    double total = 0;
    for (std::int64_t c = 0; c <= classes; ++c) total += row[c];
    const auto worth = [&](double vote) {
      return std::log(std::max(total > 0 ? vote / total : 0, least));
    };
    std::fill(next.begin(), next.end(), never);
    for (std::int64_t state = 0; state < states; ++state) {
      if (score[state] == never) continue;
      const auto offer = [&](std::int64_t target, double vote, std::int32_t symbol) {
        const double value = score[state] + worth(vote);
        if (value > next[target]) {
          next[target] = value;
          steps[slot * states + target] = {static_cast<std::int32_t>(state), symbol};
        }
      };
      for (std::int64_t c = 0; c < classes; ++c) {
        const std::int32_t target = automaton.transitions[state * classes + c];
        if (row[c] > 0 && target >= 0) offer(target, row[c], static_cast<std::int32_t>(c));
      }
      offer(state, row[classes], -1);
    }
    score.swap(next);
  }
  std::int64_t end = -1;
  for (std::int64_t state = 0; state < states; ++state) {
    const bool better = end < 0 || score[state] > score[end];
    if (automaton.accepting[state] && score[state] != never && better) end = state;
  }
  if (end < 0) return never;
  const double best = score[end];
  for (std::int64_t slot = slots - 1; slot >= 0; --slot) {
    const Step& step = steps[slot * states + end];
    chosen[slot] = step.chosen;
    end = step.from;
  }
  return best;
}

}  // namespace lpr
