#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "cpu.h"

namespace lpr {
namespace {

// Confidences are summed as integer multiples of this: sums are independent of their order, and
// equal means compare equal.
constexpr double resolution = 1.0 / (1 << 30);

LPR_INLINE std::int32_t quantized(double confidence) {
  return static_cast<std::int32_t>(confidence / resolution + 0.5);
}

std::int64_t best_scalar(const double* confidences, const std::int64_t* offsets,
                         std::int64_t count) {
  std::int64_t best = -1;
  double best_mean = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    if (offsets[n] == offsets[n + 1]) continue;
    std::int64_t total = 0;
    for (std::int64_t i = offsets[n]; i < offsets[n + 1]; ++i) total += quantized(confidences[i]);
    const double mean =
        static_cast<double>(total) / static_cast<double>(offsets[n + 1] - offsets[n]);
    if (best < 0 || mean > best_mean) {
      best = n;
      best_mean = mean;
    }
  }
  return best;
}

struct FastBest {
  static constexpr int lanes = 4;

  static LPR_INLINE std::int64_t total(const double* confidences, std::int64_t count) {
    std::int64_t sums[lanes] = {};
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
      for (int l = 0; l < lanes; ++l) sums[l] += quantized(confidences[i + l]);
    }
    std::int64_t sum = 0;
    for (; i < count; ++i) sum += quantized(confidences[i]);
    for (int l = 0; l < lanes; ++l) sum += sums[l];
    return sum;
  }

  static LPR_INLINE void run(const double* confidences, const std::int64_t* offsets,
                             std::int64_t count, std::int64_t* best) {
    double best_mean = -1;
    *best = -1;
    for (std::int64_t n = 0; n < count; ++n) {
      const std::int64_t length = offsets[n + 1] - offsets[n];
      if (length == 0) continue;
      const double mean = static_cast<double>(total(confidences + offsets[n], length)) /
                          static_cast<double>(length);
      if (mean > best_mean) {
        *best = n;
        best_mean = mean;
      }
    }
  }
};

// Alignment costs after J. G. Fiscus, ROVER (1997), for a slot with one candidate. In a contested
// slot the cost is reduced by the share of the votes that agree with the reading.
constexpr double substitution = 4;
constexpr double gap = 3;

enum class Move : std::uint8_t {
  align,   // the character votes in the slot
  skip,    // the reading has no character for the slot
  insert,  // the character opens a slot
};

struct Reading {
  const std::int32_t* symbols;
  const double* weights;
  std::int64_t length;
  double total;

  double mean() const { return total / static_cast<double>(length); }
};

// The readings that are not empty, by descending total weight.
std::vector<Reading> by_total_weight(const WeightedTexts& texts) {
  std::vector<Reading> readings;
  for (std::int64_t n = 0; n < texts.count; ++n) {
    const std::int64_t begin = texts.offsets[n];
    const std::int64_t end = texts.offsets[n + 1];
    if (begin == end) continue;
    readings.push_back({texts.symbols + begin, texts.weights + begin, end - begin,
                        std::accumulate(texts.weights + begin, texts.weights + end, 0.0)});
  }
  std::stable_sort(readings.begin(), readings.end(),
                   [](const Reading& a, const Reading& b) { return a.total > b.total; });
  return readings;
}

double share(double votes, double total) { return total > 0 ? votes / total : 0; }

// The cheapest move; the first of equals.
Move cheapest(double align, double skip, double insert) {
  if (align <= skip && align <= insert) return Move::align;
  return skip <= insert ? Move::skip : Move::insert;
}

// Returns the best path through `moves`, (length + 1) rows of (slots + 1), from start to end.
std::vector<Move> backtrace(const std::vector<Move>& moves, std::size_t slots, std::size_t length) {
  std::vector<Move> path;
  std::size_t i = slots;
  std::size_t j = length;
  while (i > 0 || j > 0) {
    const Move move = moves[j * (slots + 1) + i];
    path.push_back(move);
    i -= move != Move::insert;
    j -= move != Move::skip;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

// ROVER's word transition network: a list of slots, each with its votes in order of arrival.
class ScalarNetwork {
 public:
  void add(const Reading& reading) {
    const std::vector<Move> path = align(reading);
    std::vector<Slot> extended;
    auto slot = slots_.begin();
    std::int64_t j = 0;
    for (const Move move : path) {
      extended.push_back(move == Move::insert ? Slot{{}, mean_total_, mean_total_} : *slot++);
      if (move == Move::skip) {
        extended.back().deletion += reading.mean();
        extended.back().total += reading.mean();
      } else {
        extended.back().vote(reading.symbols[j], reading.weights[j]);
        ++j;
      }
    }
    slots_ = std::move(extended);
    mean_total_ += reading.mean();
  }

  std::int64_t write(std::int32_t* symbols, double* shares) const {
    std::int64_t count = 0;
    for (const Slot& slot : slots_) {
      const Vote& best =
          *std::max_element(slot.votes.begin(), slot.votes.end(),
                            [](const Vote& a, const Vote& b) { return a.weight < b.weight; });
      if (best.weight < slot.deletion) continue;
      symbols[count] = best.symbol;
      shares[count++] = share(best.weight, slot.total);
    }
    return count;
  }

  // A row of `classes` + 1 votes for each slot.
  std::int64_t write_votes(std::int64_t classes, double* votes) const {
    for (const Slot& slot : slots_) {
      std::fill(votes, votes + classes, 0.0);
      for (const Vote& vote : slot.votes) votes[vote.symbol] = vote.weight;
      votes[classes] = slot.deletion;
      votes += classes + 1;
    }
    return static_cast<std::int64_t>(slots_.size());
  }

 private:
  struct Vote {
    std::int32_t symbol;
    double weight;
  };

  struct Slot {
    std::vector<Vote> votes;
    double deletion;
    double total;

    double votes_for(std::int32_t symbol) const {
      for (const Vote& vote : votes) {
        if (vote.symbol == symbol) return vote.weight;
      }
      return 0;
    }

    void vote(std::int32_t symbol, double weight) {
      total += weight;
      for (Vote& vote : votes) {
        if (vote.symbol == symbol) {
          vote.weight += weight;
          return;
        }
      }
      votes.push_back({symbol, weight});
    }
  };

  std::vector<Move> align(const Reading& reading) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::size_t slots = slots_.size();
    const auto length = static_cast<std::size_t>(reading.length);
    std::vector<double> cost((length + 1) * (slots + 1), 0);
    std::vector<Move> moves(cost.size());
    for (std::size_t j = 0; j <= length; ++j) {
      for (std::size_t i = 0; i <= slots; ++i) {
        if (i == 0 && j == 0) continue;
        const std::size_t here = j * (slots + 1) + i;
        double with_align = infinity;
        double with_skip = infinity;
        double with_insert = infinity;
        if (i > 0 && j > 0) {
          const Slot& slot = slots_[i - 1];
          const double agreement = share(slot.votes_for(reading.symbols[j - 1]), slot.total);
          with_align = cost[here - slots - 2] + substitution * (1 - agreement);
        }
        if (i > 0) {
          const Slot& slot = slots_[i - 1];
          with_skip = cost[here - 1] + gap * (1 - share(slot.deletion, slot.total));
        }
        if (j > 0) with_insert = cost[here - slots - 1] + gap;
        moves[here] = cheapest(with_align, with_skip, with_insert);
        cost[here] = std::min({with_align, with_skip, with_insert});
      }
    }
    return backtrace(moves, slots, length);
  }

  std::vector<Slot> slots_;
  double mean_total_ = 0;  // sum of the mean weights of all readings so far
};

// One row of the alignment. `align` and `insert` depend on the row above alone and are computed for
// all slots at once; only `skip` runs along the row.
struct AlignRow {
  static LPR_INLINE void run(const double* above, const double* votes, const double* totals,
                             const double* skips, std::int64_t slots, double* aligned, double* row,
                             Move* moves) {
    for (std::int64_t i = 0; i < slots; ++i) {
      const double agreement = totals[i] > 0 ? votes[i] / totals[i] : 0;
      aligned[i] = above[i] + substitution * (1 - agreement);
    }
    for (std::int64_t i = 0; i < slots; ++i) row[i + 1] = above[i + 1] + gap;
    row[0] = above[0] + gap;
    moves[0] = Move::insert;
    for (std::int64_t i = 0; i < slots; ++i) {
      const double skip = row[i] + skips[i];
      const double insert = row[i + 1];
      const double align = aligned[i];
      const bool best_skip = skip < align && skip <= insert;
      const bool best_insert = insert < align && insert < skip;
      moves[i + 1] = best_skip ? Move::skip : best_insert ? Move::insert : Move::align;
      row[i + 1] = std::min(std::min(align, skip), insert);
    }
  }
};

// The same network in columns: one symbol's votes for all slots are contiguous.
class FastNetwork {
 public:
  FastNetwork(const std::vector<Reading>& readings, Impl impl) : impl_(impl) {
    for (const Reading& reading : readings) {
      alphabet_.insert(alphabet_.end(), reading.symbols, reading.symbols + reading.length);
    }
    std::sort(alphabet_.begin(), alphabet_.end());
    alphabet_.erase(std::unique(alphabet_.begin(), alphabet_.end()), alphabet_.end());
    votes_.resize(alphabet_.size());
    arrivals_.resize(alphabet_.size());
  }

  void add(const Reading& reading) {
    const std::vector<Move> path = align(reading);
    insert_slots(path);
    std::int64_t j = 0;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (path[i] == Move::skip) {
        deletions_[i] += reading.mean();
        totals_[i] += reading.mean();
      } else {
        const std::size_t symbol = column(reading.symbols[j]);
        if (arrivals_[symbol][i] == 0) arrivals_[symbol][i] = readings_ + 1;
        votes_[symbol][i] += reading.weights[j];
        totals_[i] += reading.weights[j];
        ++j;
      }
    }
    mean_total_ += reading.mean();
    ++readings_;
  }

  std::int64_t write(std::int32_t* symbols, double* shares) const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < totals_.size(); ++i) {
      std::size_t best = alphabet_.size();
      for (std::size_t symbol = 0; symbol < alphabet_.size(); ++symbol) {
        if (arrivals_[symbol][i] == 0) continue;
        const bool better =
            best == alphabet_.size() || votes_[symbol][i] > votes_[best][i] ||
            (votes_[symbol][i] == votes_[best][i] && arrivals_[symbol][i] < arrivals_[best][i]);
        if (better) best = symbol;
      }
      if (votes_[best][i] < deletions_[i]) continue;
      symbols[count] = alphabet_[best];
      shares[count++] = share(votes_[best][i], totals_[i]);
    }
    return count;
  }

 private:
  std::size_t column(std::int32_t symbol) const {
    return std::lower_bound(alphabet_.begin(), alphabet_.end(), symbol) - alphabet_.begin();
  }

  std::vector<Move> align(const Reading& reading) {
    const std::size_t slots = totals_.size();
    const auto length = static_cast<std::size_t>(reading.length);
    skips_.resize(slots);
    aligned_.resize(slots);
    for (std::vector<double>& row : rows_) row.resize(slots + 1);
    moves_.assign((length + 1) * (slots + 1), Move::skip);
    rows_[0][0] = 0;
    for (std::size_t i = 0; i < slots; ++i) {
      skips_[i] = gap * (1 - share(deletions_[i], totals_[i]));
      rows_[0][i + 1] = rows_[0][i] + skips_[i];
    }
    for (std::size_t j = 1; j <= length; ++j) {
      dispatch<AlignRow>(impl_, rows_[(j + 1) % 2].data(),
                         votes_[column(reading.symbols[j - 1])].data(), totals_.data(),
                         skips_.data(), static_cast<std::int64_t>(slots), aligned_.data(),
                         rows_[j % 2].data(), moves_.data() + j * (slots + 1));
    }
    return backtrace(moves_, slots, length);
  }

  // Inserts the slots of `path` into all columns.
  void insert_slots(const std::vector<Move>& path) {
    const auto extend = [&path](auto& values, auto initial) {
      std::remove_reference_t<decltype(values)> extended;
      auto old = values.begin();
      for (const Move move : path) extended.push_back(move == Move::insert ? initial : *old++);
      values = std::move(extended);
    };
    if (path.size() == totals_.size()) return;
    for (std::vector<double>& votes : votes_) extend(votes, 0.0);
    for (std::vector<std::int64_t>& arrivals : arrivals_) extend(arrivals, std::int64_t{0});
    extend(deletions_, mean_total_);
    extend(totals_, mean_total_);
  }

  Impl impl_;
  std::vector<std::int32_t> alphabet_;
  std::vector<std::vector<double>> votes_;           // [symbol][slot]
  std::vector<std::vector<std::int64_t>> arrivals_;  // counted from 1; 0: no vote
  std::vector<double> deletions_;
  std::vector<double> totals_;
  std::int64_t readings_ = 0;
  double mean_total_ = 0;
  std::vector<double> skips_;  // scratch of align, from here on
  std::vector<double> aligned_;
  std::vector<double> rows_[2];
  std::vector<Move> moves_;
};

template <class Network>
std::int64_t combine(Network network, const std::vector<Reading>& readings, std::int32_t* symbols,
                   double* shares) {
  for (const Reading& reading : readings) network.add(reading);
  return network.write(symbols, shares);
}

}  // namespace

std::int64_t pick_best(const double* confidences, const std::int64_t* offsets, std::int64_t count,
                       Impl impl) {
  if (impl == Impl::scalar) return best_scalar(confidences, offsets, count);
  std::int64_t best = -1;
  dispatch<FastBest>(impl, confidences, offsets, count, &best);
  return best;
}

std::int64_t vote(const WeightedTexts& texts, std::int32_t* symbols, double* shares, Impl impl) {
  const std::vector<Reading> readings = by_total_weight(texts);
  return impl == Impl::scalar ? combine(ScalarNetwork(), readings, symbols, shares)
                              : combine(FastNetwork(readings, impl), readings, symbols, shares);
}

// No fast path: a frame has few readings to fuse.
std::int64_t confusion(const WeightedTexts& texts, std::int64_t classes, double* votes) {
  ScalarNetwork network;
  for (const Reading& reading : by_total_weight(texts)) network.add(reading);
  return network.write_votes(classes, votes);
}

}  // namespace lpr
