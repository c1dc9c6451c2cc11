#include <algorithm>
#include <limits>
#include <numeric>
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
  // Areas of tiny boxes underflow.
  return areas > intersection ? std::min(intersection / (areas - intersection), 1.0) : 0;
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

namespace {

// The rectangular problem with rows <= columns. A row may stay unassigned at the cost `limit`, as if
// it had a column of its own for that. Dual variables: column prices v <= 0, which stay 0 for
// columns without a row; those of the rows follow from them, since assigned pairs are tight.
class Assignment {
 public:
  Assignment(const double* costs, std::int64_t rows, std::int64_t columns, double limit)
      : costs_(costs),
        rows_(rows),
        columns_(columns),
        limit_(limit),
        numbers_(static_cast<std::size_t>(2 * columns)),
        indices_(static_cast<std::size_t>(4 * columns + rows)),
        price_(numbers_.data()),
        distance_(price_ + columns),
        row_of_(indices_.data()),
        predecessor_(row_of_ + columns),
        left_(predecessor_ + columns),
        done_(left_ + columns),
        waiting_(done_ + columns) {}

  void solve(std::int64_t* column_of) {
    column_of_ = column_of;
    std::fill(row_of_, row_of_ + columns_, -1);
    std::fill(column_of_, column_of_ + rows_, -1);
    const std::int64_t contested = take_cheapest();
    for (std::int64_t k = 0; k < contested; ++k) augment(waiting_[k]);
  }

 private:
  // Gives each row its cheapest column while that is free: optimal for these rows, with all prices
  // 0. Returns the number of rows left waiting. A row whose pairs all cost more than the limit
  // stays unassigned for good.
  std::int64_t take_cheapest() {
    std::int64_t contested = 0;
    for (std::int64_t row = 0; row < rows_; ++row) {
      const double* cost = costs_ + row * columns_;
      const std::int64_t best = std::min_element(cost, cost + columns_) - cost;
      if (cost[best] > limit_) continue;
      if (row_of_[best] < 0) {
        assign(row, best);
      } else {
        waiting_[contested++] = row;
      }
    }
    return contested;
  }

  // Dijkstra's algorithm from an unassigned row to the nearest end of an alternating path: a free
  // column, or a row that is best left unassigned.
  void augment(std::int64_t start) {
    std::int64_t left = columns_;
    std::int64_t done = 0;
    std::iota(left_, left_ + columns_, 0);
    std::fill(distance_, distance_ + columns_, std::numeric_limits<double>::infinity());
    double to_give_up = limit_;
    std::int64_t given_up = start;
    std::int64_t row = start;
    double dual = 0;  // of `row`, less the distance to it
    double shortest = 0;
    std::int64_t end = -1;
    while (end < 0) {
      const std::int64_t nearest = relax(row, dual, left);
      if (nearest < 0 || distance_[left_[nearest]] > to_give_up) {
        shortest = to_give_up;
        break;
      }
      const std::int64_t column = left_[nearest];
      shortest = distance_[column];
      if (row_of_[column] < 0) {
        end = column;
      } else {
        left_[nearest] = left_[--left];
        done_[done++] = column;
        row = row_of_[column];
        dual = costs_[row * columns_ + column] - price_[column] - shortest;
        if (limit_ - dual < to_give_up) {
          to_give_up = limit_ - dual;
          given_up = row;
        }
      }
    }
    for (std::int64_t k = 0; k < done; ++k) price_[done_[k]] += distance_[done_[k]] - shortest;
    if (end < 0) {
      end = column_of_[given_up];
      column_of_[given_up] = -1;
      if (given_up == start) return;
    }
    flip(start, end);
  }

  // Shortens the distances to the `left` columns by paths through `row`; returns the place of the
  // nearest in `left_`, or -1 if there is none.
  std::int64_t relax(std::int64_t row, double dual, std::int64_t left) {
    const double* cost = costs_ + row * columns_;
    double smallest = std::numeric_limits<double>::infinity();
    std::int64_t nearest = -1;
    for (std::int64_t k = 0; k < left; ++k) {
      const std::int64_t column = left_[k];
      const double through = cost[column] - price_[column] - dual;
      if (through < distance_[column]) {
        distance_[column] = through;
        predecessor_[column] = row;
      }
      const double now = distance_[column];
      // Of equals, a free column ends the search.
      if (now < smallest || (now == smallest && row_of_[column] < 0)) {
        smallest = now;
        nearest = k;
      }
    }
    return nearest;
  }

  // Moves the rows of the path from `start` to `end` to their new columns.
  void flip(std::int64_t start, std::int64_t end) {
    for (std::int64_t column = end;;) {
      const std::int64_t row = predecessor_[column];
      const std::int64_t previous = column_of_[row];
      assign(row, column);
      if (row == start) return;
      column = previous;
    }
  }

  void assign(std::int64_t row, std::int64_t column) {
    column_of_[row] = column;
    row_of_[column] = row;
  }

  const double* costs_;
  std::int64_t rows_;
  std::int64_t columns_;
  double limit_;
  std::vector<double> numbers_;
  std::vector<std::int64_t> indices_;
  double* price_;
  double* distance_;
  std::int64_t* row_of_;
  std::int64_t* predecessor_;
  std::int64_t* left_;     // columns without a final distance
  std::int64_t* done_;     // the others, in the order of their distances
  std::int64_t* waiting_;  // rows
  std::int64_t* column_of_ = nullptr;
};

}  // namespace

// Shortest augmenting paths: D. F. Crouse, On implementing 2D rectangular assignment algorithms
// (2016), started as by R. Jonker and A. Volgenant (1987).
void assign(const double* costs, std::int64_t rows, std::int64_t columns, double limit,
            std::int64_t* column_of) {
  if (columns == 0) {
    std::fill(column_of, column_of + rows, -1);
  } else if (rows <= columns) {
    Assignment(costs, rows, columns, limit).solve(column_of);
  } else {
    std::vector<double> transposed(static_cast<std::size_t>(rows * columns));
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) transposed[j * rows + i] = costs[i * columns + j];
    }
    std::vector<std::int64_t> row_of(static_cast<std::size_t>(columns));
    Assignment(transposed.data(), columns, rows, limit).solve(row_of.data());
    std::fill(column_of, column_of + rows, -1);
    for (std::int64_t j = 0; j < columns; ++j) {
      if (row_of[j] >= 0) column_of[row_of[j]] = j;
    }
  }
}

}  // namespace lpr
