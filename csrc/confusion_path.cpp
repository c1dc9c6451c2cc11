#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels.h"

namespace lpr {

// Viterbi over slots and automaton states.
double legal_path(const double* votes, std::int64_t slots, std::int64_t classes,
                  const Automaton& automaton, std::int64_t states, double floor,
                  std::int32_t* path) {
  constexpr double impossible = -std::numeric_limits<double>::infinity();
  struct BackPointer {
    std::int32_t state;
    std::int32_t symbol;
  };
  std::vector<double> score(states, impossible), next(states);
  std::vector<BackPointer> back(slots * states, BackPointer{-1, -1});
  score[0] = 0;
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const double* row = votes + slot * (classes + 1);
    double total = 0;
    for (std::int64_t c = 0; c <= classes; ++c) total += row[c];
    const auto log_share = [&](double vote) {
      return std::log(std::max(total > 0 ? vote / total : 0, floor));
    };
    std::fill(next.begin(), next.end(), impossible);
    for (std::int64_t state = 0; state < states; ++state) {
      if (score[state] == impossible) continue;
      const auto relax = [&](std::int64_t target, double vote, std::int32_t symbol) {
        const double value = score[state] + log_share(vote);
        if (value > next[target]) {
          next[target] = value;
          back[slot * states + target] = {static_cast<std::int32_t>(state), symbol};
        }
      };
      for (std::int64_t c = 0; c < classes; ++c) {
        const std::int32_t target = automaton.transitions[state * classes + c];
        if (row[c] > 0 && target >= 0) relax(target, row[c], static_cast<std::int32_t>(c));
      }
      relax(state, row[classes], -1);
    }
    score.swap(next);
  }
  std::int64_t end = -1;
  for (std::int64_t state = 0; state < states; ++state) {
    const bool better = end < 0 || score[state] > score[end];
    if (automaton.accepting[state] && score[state] != impossible && better) end = state;
  }
  if (end < 0) return impossible;
  const double best = score[end];
  for (std::int64_t slot = slots - 1; slot >= 0; --slot) {
    const BackPointer& step = back[slot * states + end];
    path[slot] = step.symbol;
    end = step.state;
  }
  return best;
}

}  // namespace lpr
