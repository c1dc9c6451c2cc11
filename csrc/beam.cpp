#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "finite.h"

namespace lpr {
namespace {

// Floor of class probabilities: every text stays possible, and no product is 0.
constexpr double least_probability = 1e-12;

// Pruning: classes less probable than this at a step do not extend a prefix there. Two or three
// others usually remain.
constexpr double least_extension = 1e-6;

// The output arrays for the characters of one text.
struct Characters {
  float* confidences;
  std::int32_t* begins;
  std::int32_t* ends;
};

struct Prefix {
  std::int32_t parent;
  std::int32_t last;      // class; -1: the empty text
  std::int32_t state;     // of the automaton
  std::int64_t children;  // start of its block of children; -1: none yet
  std::int32_t touched;   // the last step that reached it
  // Probability of all paths that spell it and end in a blank, or in its last class.
  double blank = 0;
  double label = 0;
  double next_blank = 0;
  double next_label = 0;

  double total() const { return blank + label; }
};

// The prefixes of one sequence as a trie, and the beam: the `width` most probable of them.
class Search {
 public:
  Search(const Automaton& automaton, std::int64_t classes, std::int64_t blank, std::int64_t width)
      : automaton_(automaton), classes_(classes), blank_(blank), width_(width) {
    prefixes_.push_back({-1, -1, 0, -1, -1, 1.0});
    beam_.push_back(0);
  }

  void step(const double* probabilities) {
    ++now_;
    extensions_.clear();
    for (std::int64_t c = 0; c < classes_; ++c) {
      if (c != blank_ && probabilities[c] >= least_extension) {
        extensions_.push_back(static_cast<std::int32_t>(c));
      }
    }
    reached_.clear();
    for (const std::int32_t index : beam_) extend(index, probabilities);
    for (const std::int32_t index : beam_) {
      Prefix& prefix = at(index);
      prefix.blank = prefix.label = 0;  // a prefix may return to the beam, starting from 0
    }
    keep_best();
  }

  // Indices of the accepted texts, most probable first.
  std::vector<std::int32_t> accepted() const {
    std::vector<std::int32_t> found;
    for (const std::int32_t index : beam_) {
      if (automaton_.accepting[at(index).state]) found.push_back(index);
    }
    std::stable_sort(found.begin(), found.end(), [this](std::int32_t a, std::int32_t b) {
      return at(a).total() > at(b).total();
    });
    return found;
  }

  double log_probability(std::int32_t index) const { return scale_ + std::log(at(index).total()); }

  std::vector<std::int32_t> text(std::int32_t index) const {
    std::vector<std::int32_t> classes;
    for (; at(index).parent >= 0; index = at(index).parent) classes.push_back(at(index).last);
    std::reverse(classes.begin(), classes.end());
    return classes;
  }

 private:
  Prefix& at(std::int32_t index) { return prefixes_[static_cast<std::size_t>(index)]; }
  const Prefix& at(std::int32_t index) const { return prefixes_[static_cast<std::size_t>(index)]; }

  void reach(std::int32_t index) {
    if (at(index).touched == now_) return;
    at(index).touched = now_;
    reached_.push_back(index);
  }

  void extend(std::int32_t index, const double* probabilities) {
    reach(index);
    Prefix& prefix = at(index);
    const Prefix before = prefix;
    prefix.next_blank += before.total() * probabilities[blank_];
    if (before.last >= 0) prefix.next_label += before.label * probabilities[before.last];
    for (const std::int32_t c : extensions_) {
      const std::int32_t state = automaton_.transitions[before.state * classes_ + c];
      if (state < 0) continue;
      // A repeated class is the same character unless a blank separates them.
      const double paths = c == before.last ? before.blank : before.total();
      if (paths <= 0) continue;
      const std::int32_t next = child(index, c, state);
      reach(next);
      at(next).next_label += paths * probabilities[c];
    }
  }

  std::int32_t child(std::int32_t index, std::int32_t c, std::int32_t state) {
    if (at(index).children < 0) {
      at(index).children = static_cast<std::int64_t>(children_.size());
      children_.resize(children_.size() + static_cast<std::size_t>(classes_), -1);
    }
    const auto position = static_cast<std::size_t>(at(index).children + c);
    if (children_[position] < 0) {
      if (prefixes_.size() > std::numeric_limits<std::int32_t>::max()) {
        throw std::length_error("the beam search has more than 2**31 prefixes");
      }
      children_[position] = static_cast<std::int32_t>(prefixes_.size());
      prefixes_.push_back({index, c, state, -1, -1});
    }
    return children_[position];
  }

  void keep_best() {
    for (const std::int32_t index : reached_) {
      Prefix& prefix = at(index);
      prefix.blank = prefix.next_blank;
      prefix.label = prefix.next_label;
      prefix.next_blank = prefix.next_label = 0;
    }
    const auto more_probable = [this](std::int32_t a, std::int32_t b) {
      const double left = at(a).total();
      const double right = at(b).total();
      return left != right ? left > right : a < b;
    };
    if (static_cast<std::int64_t>(reached_.size()) > width_) {
      std::nth_element(reached_.begin(), reached_.begin() + width_, reached_.end(), more_probable);
      for (auto dropped = reached_.begin() + width_; dropped != reached_.end(); ++dropped) {
        at(*dropped).blank = at(*dropped).label = 0;
      }
      reached_.resize(static_cast<std::size_t>(width_));
    }
    std::sort(reached_.begin(), reached_.end());  // the same order of summation on every machine
    std::swap(beam_, reached_);
    double largest = 0;
    for (const std::int32_t index : beam_) largest = std::max(largest, at(index).total());
    scale_ += std::log(largest);
    for (const std::int32_t index : beam_) {
      at(index).blank /= largest;
      at(index).label /= largest;
    }
  }

  const Automaton& automaton_;
  const std::int64_t classes_;
  const std::int64_t blank_;
  const std::int64_t width_;
  std::vector<Prefix> prefixes_;
  std::vector<std::int32_t> children_;
  std::vector<std::int32_t> beam_;
  std::vector<std::int32_t> reached_;
  std::vector<std::int32_t> extensions_;
  std::int32_t now_ = 0;
  double scale_ = 0;  // logarithm of the product of all normalizations
};

void softmax(const float* logits, std::int64_t classes, double* probabilities) {
  double largest = finite(logits[0]);
  for (std::int64_t c = 1; c < classes; ++c) largest = std::max<double>(largest, finite(logits[c]));
  double sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    sum += probabilities[c] = std::exp(finite(logits[c]) - largest);
  }
  for (std::int64_t c = 0; c < classes; ++c) {
    probabilities[c] = std::max(probabilities[c] / sum, least_probability);
  }
}

// The most probable path that spells `text` (Viterbi): time steps and confidences of its
// characters. `probabilities` holds steps x classes values.
void align(const std::vector<double>& probabilities, std::int64_t steps, std::int64_t classes,
           std::int64_t blank, const std::vector<std::int32_t>& text, const Characters& out) {
  const auto length = static_cast<std::int64_t>(text.size());
  const std::int64_t positions = 2 * length + 1;  // blank, character, blank, ..., blank
  const auto symbol = [&](std::int64_t position) {
    return position % 2 ? text[static_cast<std::size_t>(position / 2)]
                        : static_cast<std::int32_t>(blank);
  };
  constexpr double impossible = -1e300;
  std::vector<double> score(static_cast<std::size_t>(positions), impossible);
  std::vector<double> next(score);
  std::vector<std::int8_t> moves(static_cast<std::size_t>(steps * positions));
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t p = 0; p < positions; ++p) {
      std::int64_t move = 0;
      double best = t == 0 ? (p < 2 ? 0 : impossible) : score[static_cast<std::size_t>(p)];
      const auto from = [&](std::int64_t distance) {
        const double value = score[static_cast<std::size_t>(p - distance)];
        if (value > best) {
          best = value;
          move = distance;
        }
      };
      if (t > 0 && p >= 1) from(1);
      if (t > 0 && p >= 3 && p % 2 && symbol(p) != symbol(p - 2)) from(2);
      const double probability = probabilities[static_cast<std::size_t>(t * classes + symbol(p))];
      next[static_cast<std::size_t>(p)] =
          best <= impossible ? impossible : best + std::log(probability);
      moves[static_cast<std::size_t>(t * positions + p)] = static_cast<std::int8_t>(move);
    }
    std::swap(score, next);
  }
  std::int64_t position = positions - 1;
  if (length && score[static_cast<std::size_t>(position - 1)] >
                    score[static_cast<std::size_t>(position)]) {
    --position;
  }
  for (std::int64_t n = 0; n < length; ++n) out.confidences[n] = 0;
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    if (position % 2) {
      const std::int64_t n = position / 2;
      const double value = probabilities[static_cast<std::size_t>(t * classes + symbol(position))];
      if (out.confidences[n] == 0) out.ends[n] = static_cast<std::int32_t>(t + 1);
      out.begins[n] = static_cast<std::int32_t>(t);
      out.confidences[n] = std::max(out.confidences[n], static_cast<float>(value));
    }
    position -= moves[static_cast<std::size_t>(t * positions + position)];
  }
}

}  // namespace

// A. Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
// Recurrent DNNs (2014), algorithm 1: prefix beam search, with an automaton as language model.
void ctc_beam(const float* logits, std::int64_t sequences, std::int64_t steps, std::int64_t classes,
              std::int64_t blank, std::int64_t dropped, const Automaton& automaton,
              std::int64_t width, std::int64_t top, const BeamOutput& out) {
  const std::int64_t used = std::max<std::int64_t>(steps - dropped, 0);
  std::vector<double> probabilities(static_cast<std::size_t>(used * classes));
  for (std::int64_t n = 0; n < sequences; ++n) {
    Search search(automaton, classes, blank, width);
    for (std::int64_t t = 0; t < used; ++t) {
      double* row = probabilities.data() + t * classes;
      softmax(logits + (n * steps + dropped + t) * classes, classes, row);
      search.step(row);
    }
    const std::vector<std::int32_t> accepted = search.accepted();
    const auto found = std::min(top, static_cast<std::int64_t>(accepted.size()));
    for (std::int64_t k = 0; k < found; ++k) {
      const std::int32_t index = accepted[static_cast<std::size_t>(k)];
      const std::vector<std::int32_t> text = search.text(index);
      const std::int64_t position = n * top + k;
      std::copy(text.begin(), text.end(), out.classes + position * steps);
      const Characters spans{out.confidences + position * steps, out.begins + position * steps,
                             out.ends + position * steps};
      align(probabilities, used, classes, blank, text, spans);
      for (std::size_t i = 0; i < text.size(); ++i) {
        spans.begins[i] += static_cast<std::int32_t>(dropped);
        spans.ends[i] += static_cast<std::int32_t>(dropped);
      }
      out.lengths[position] = static_cast<std::int32_t>(text.size());
      out.log_probabilities[position] = search.log_probability(index);
    }
    out.counts[n] = static_cast<std::int32_t>(found);
  }
}

}  // namespace lpr
