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

// Candidates by descending score, equal scores by index. Drops boxes with a NaN score or a
// coordinate that is not finite, as a broken network may give.
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
  const double intersection = std::max(width, 0.0) * std::max(height, 0.0);
  return intersection > iou * (area(a) + area(b) - intersection);
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

// The kept boxes as columns, so that a candidate is compared with a block of them at once.
struct Columns {
  const float* boxes;
  const Candidate* candidates;
  std::int64_t count;
  double iou;
  double* x0;  // capacity: `count`, rounded up to whole blocks
  double* y0;
  double* x1;
  double* y1;
  double* area;
  std::int64_t* kept;
};

struct FastNms {
  static constexpr int lanes = 16;

  static LPR_INLINE bool overlaps_any(const Columns& columns, std::int64_t number, double x0,
                                      double y0, double x1, double y1, double size) {
    const double iou = columns.iou;
    for (std::int64_t k = 0; k < number; k += lanes) {
      std::int64_t hits = 0;
      for (std::int64_t l = k; l < k + lanes; ++l) {
        const double right = x1 < columns.x1[l] ? x1 : columns.x1[l];
        const double left = x0 > columns.x0[l] ? x0 : columns.x0[l];
        const double bottom = y1 < columns.y1[l] ? y1 : columns.y1[l];
        const double top = y0 > columns.y0[l] ? y0 : columns.y0[l];
        const double width = right - left > 0 ? right - left : 0;
        const double height = bottom - top > 0 ? bottom - top : 0;
        const double intersection = width * height;
        hits |= intersection > iou * (columns.area[l] + size - intersection) ? 1 : 0;
      }
      if (hits != 0) return true;
    }
    return false;
  }

  static LPR_INLINE void run(const Columns* columns_pointer, std::int64_t* kept_number) {
    const Columns& columns = *columns_pointer;
    std::int64_t number = 0;
    for (std::int64_t i = 0; i < columns.count; ++i) {
      const float* box = columns.boxes + 4 * columns.candidates[i].index;
      const double size = area(box);
      if (overlaps_any(columns, number, box[0], box[1], box[2], box[3], size)) continue;
      columns.x0[number] = box[0];
      columns.y0[number] = box[1];
      columns.x1[number] = box[2];
      columns.y1[number] = box[3];
      columns.area[number] = size;
      columns.kept[number++] = columns.candidates[i].index;
    }
    *kept_number = number;
  }
};

std::int64_t nms_fast(const float* boxes, const std::vector<Candidate>& candidates, double iou,
                      std::int64_t* kept, Impl impl) {
  // Slots not yet written hold empty boxes at 0, which overlap nothing.
  const std::size_t capacity = candidates.size() + FastNms::lanes;
  std::vector<double> values(5 * capacity);
  double* column = values.data();
  const Columns columns{boxes,
                        candidates.data(),
                        static_cast<std::int64_t>(candidates.size()),
                        iou,
                        column,
                        column + capacity,
                        column + 2 * capacity,
                        column + 3 * capacity,
                        column + 4 * capacity,
                        kept};
  std::int64_t number = 0;
  dispatch<FastNms>(impl, &columns, &number);
  return number;
}

}  // namespace

std::int64_t nms(const float* boxes, const float* scores, std::int64_t count, double iou,
                 std::int64_t* kept, Impl impl) {
  const std::vector<Candidate> candidates = ranked(boxes, scores, count);
  return impl == Impl::scalar ? nms_scalar(boxes, candidates, iou, kept)
                              : nms_fast(boxes, candidates, iou, kept, impl);
}

}  // namespace lpr
