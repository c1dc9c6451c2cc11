#include <algorithm>
#include <limits>
#include <vector>

#include "kernels.h"

namespace lpr {
namespace {

struct Corners {
  double x0, y0, x1, y1;
};

// A box that is larger by `buffer` times its own sides on every side.
Corners buffered(const double* box, double buffer) {
  const double across = (box[2] - box[0]) * buffer;
  const double down = (box[3] - box[1]) * buffer;
  return {box[0] - across, box[1] - down, box[2] + across, box[3] + down};
}

double iou(const Corners& a, const Corners& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (width <= 0 || height <= 0) return 0;
  const double shared = width * height;
  const double both = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0);
  return shared / (both - shared);
}

}  // namespace

void buffered_iou(const double* before, std::int64_t rows, const double* after,
                  std::int64_t columns, double buffer, double* out) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const Corners a = buffered(before + 4 * i, buffer);
    for (std::int64_t j = 0; j < columns; ++j) {
      out[i * columns + j] = iou(a, buffered(after + 4 * j, buffer));
    }
  }
}

// Shortest augmenting paths (D. F. Crouse, 2016, On implementing 2D rectangular assignment
// algorithms), over the columns and one more for each row, which stands for none at `limit`.
void assign(const double* costs, std::int64_t rows, std::int64_t columns, double limit,
            std::int64_t* column_of) {
  const std::int64_t all = columns + rows;
  const auto cost = [&](std::int64_t row, std::int64_t column) {
    if (column < columns) {
      const double value = costs[row * columns + column];
      return value <= limit ? value : std::numeric_limits<double>::infinity();
    }
    return column - columns == row ? limit : std::numeric_limits<double>::infinity();
  };
  constexpr double never = std::numeric_limits<double>::infinity();
  const auto room = static_cast<std::size_t>(all);
  std::vector<double> row_price(static_cast<std::size_t>(rows), 0), column_price(room, 0);
  std::vector<double> distance(room);
  std::vector<std::int64_t> row_of(room, -1), before(room);
  std::vector<bool> reached(room);
  std::fill(column_of, column_of + rows, -1);
  for (std::int64_t start = 0; start < rows; ++start) {
    std::fill(distance.begin(), distance.end(), never);
    std::fill(reached.begin(), reached.end(), false);
    std::vector<std::int64_t> visited;
    double least = 0;
    std::int64_t row = start;
    std::int64_t sink = -1;
    while (sink < 0) {
      visited.push_back(row);
      std::int64_t next = -1;
      for (std::int64_t column = 0; column < all; ++column) {
        if (reached[column]) continue;
        const double through = least + cost(row, column) - row_price[row] - column_price[column];
        if (through < distance[column]) {
          distance[column] = through;
          before[column] = row;
        }
        if (next < 0 || distance[column] < distance[next]) next = column;
      }
      // The row's own "none" is free, so that there always is a way on.
      least = distance[next];
      reached[next] = true;
      if (row_of[next] < 0) {
        sink = next;
      } else {
        row = row_of[next];
      }
    }
    row_price[start] += least;
    for (const std::int64_t seen : visited) {
      if (seen != start) row_price[seen] += least - distance[column_of[seen]];
    }
    for (std::int64_t column = 0; column < all; ++column) {
      if (reached[column]) column_price[column] += distance[column] - least;
    }
    for (std::int64_t column = sink;;) {
      const std::int64_t by = before[column];
      row_of[column] = by;
      std::swap(column_of[by], column);
      if (by == start) break;
    }
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    if (column_of[row] >= columns) column_of[row] = -1;
  }
}

}  // namespace lpr
