#include <algorithm>
#include <limits>
#include <vector>

#include "kernels.h"

namespace lpr {
namespace {

struct Corners {
  double x0, y0, x1, y1;
};

Corners buffered(const double* box, double buffer) {
  const double across = (box[2] - box[0]) * buffer;
  const double down = (box[3] - box[1]) * buffer;
  return {box[0] - across, box[1] - down, box[2] + across, box[3] + down};
}

double iou(const Corners& a, const Corners& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (width <= 0 || height <= 0) return 0;
  const double intersection = width * height;
  const double areas = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0);
  return intersection / (areas - intersection);
}

}  // namespace

void buffered_iou(const double* first, std::int64_t rows, const double* second,
                  std::int64_t columns, double buffer, double* out) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const Corners a = buffered(first + 4 * i, buffer);
    for (std::int64_t j = 0; j < columns; ++j) {
      out[i * columns + j] = iou(a, buffered(second + 4 * j, buffer));
    }
  }
}

// Shortest augmenting paths: D. F. Crouse, On implementing 2D rectangular assignment algorithms
// (2016). Each row has a dummy column at cost `limit`, which leaves the row unassigned.
void assign(const double* costs, std::int64_t rows, std::int64_t columns, double limit,
            std::int64_t* column_of) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::int64_t all = columns + rows;
  const auto cost = [&](std::int64_t row, std::int64_t column) {
    if (column < columns) {
      const double value = costs[row * columns + column];
      return value <= limit ? value : infinity;
    }
    return column - columns == row ? limit : infinity;
  };
  const auto size = static_cast<std::size_t>(all);
  std::vector<double> row_dual(static_cast<std::size_t>(rows), 0), column_dual(size, 0);
  std::vector<double> distance(size);
  std::vector<std::int64_t> row_of(size, -1), predecessor(size);
  std::vector<bool> visited_column(size);
  std::fill(column_of, column_of + rows, -1);
  for (std::int64_t start = 0; start < rows; ++start) {
    std::fill(distance.begin(), distance.end(), infinity);
    std::fill(visited_column.begin(), visited_column.end(), false);
    std::vector<std::int64_t> visited_rows;
    double shortest = 0;
    std::int64_t row = start;
    std::int64_t sink = -1;
    while (sink < 0) {
      visited_rows.push_back(row);
      std::int64_t next = -1;
      for (std::int64_t column = 0; column < all; ++column) {
        if (visited_column[column]) continue;
        const double through = shortest + cost(row, column) - row_dual[row] - column_dual[column];
        if (through < distance[column]) {
          distance[column] = through;
          predecessor[column] = row;
        }
        if (next < 0 || distance[column] < distance[next]) next = column;
      }
      // The start row's dummy column is free, so a path to a sink always exists.
      shortest = distance[next];
      visited_column[next] = true;
      if (row_of[next] < 0) {
        sink = next;
      } else {
        row = row_of[next];
      }
    }
    row_dual[start] += shortest;
    for (const std::int64_t visited : visited_rows) {
      if (visited != start) row_dual[visited] += shortest - distance[column_of[visited]];
    }
    for (std::int64_t column = 0; column < all; ++column) {
      if (visited_column[column]) column_dual[column] += distance[column] - shortest;
    }
    for (std::int64_t column = sink;;) {
      const std::int64_t previous = predecessor[column];
      row_of[column] = previous;
      std::swap(column_of[previous], column);
      if (previous == start) break;
    }
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    if (column_of[row] >= columns) column_of[row] = -1;
  }
}

}  // namespace lpr
