#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu.h"

namespace lpr {
namespace {

struct Candidate {
  float score;
  std::int64_t index;
};

// Best first, equal scores by index. Boxes that a broken network may give, with a NaN as score or
// a coordinate that is not finite, are left out.
std::vector<Candidate> ranked(const float* boxes, const float* scores, std::int64_t count) {
  std::vector<Candidate> candidates;
  candidates.reserve(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const float* box = boxes + 4 * i;
    const bool finite = std::isfinite(box[0]) && std::isfinite(box[1]) && std::isfinite(box[2]) &&
                        std::isfinite(box[3]);
    if (finite && !std::isnan(scores[i])) candidates.push_back({scores[i], i});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
  });
  return candidates;
}

double area(const float* box) {
  return std::max(static_cast<double>(box[2]) - box[0], 0.0) *
         std::max(static_cast<double>(box[3]) - box[1], 0.0);
}

bool overlaps(const float* a, const float* b, double iou) {
  const double width = static_cast<double>(std::min(a[2], b[2])) - std::max(a[0], b[0]);
  const double height = static_cast<double>(std::min(a[3], b[3])) - std::max(a[1], b[1]);
  const double shared = std::max(width, 0.0) * std::max(height, 0.0);
  return shared > iou * (area(a) + area(b) - shared);
}

std::int64_t nms_scalar(const float* boxes, const std::vector<Candidate>& candidates, double iou,
                        std::int64_t* kept) {
  std::int64_t number = 0;
  for (const Candidate& candidate : candidates) {
    const float* box = boxes + 4 * candidate.index;
    const bool suppressed = std::any_of(kept, kept + number, [=](std::int64_t better) {
      return overlaps(boxes + 4 * better, box, iou);
    });
    if (!suppressed) kept[number++] = candidate.index;
  }
  return number;
}

}  // namespace

std::int64_t nms(const float* boxes, const float* scores, std::int64_t count, double iou,
                 std::int64_t* kept, Impl impl) {
  (void)impl;
  return nms_scalar(boxes, ranked(boxes, scores, count), iou, kept);
}

}  // namespace lpr
