#include <algorithm>
#include <cmath>

#include "cpu.h"

namespace lpr {
namespace {

struct Point {
  double x;
  double y;
};

// Maps (u, v) to ((a u + b v + c) / w, (d u + e v + f) / w) with w = g u + h v + i.
struct Homography {
  double a, b, c;
  double d, e, f;
  double g, h, i;
};

// Twice the signed area of a triangle.
double turn(const Point& p, const Point& q, const Point& r) {
  return (q.x - p.x) * (r.y - p.y) - (r.x - p.x) * (q.y - p.y);
}

// Strictly convex quads are those that a plane rectangle in front of a camera can give.
bool is_convex(const Point* quad) {
  constexpr double least = 1e-6;  // square pixels
  int positive = 0;
  int negative = 0;
  for (int k = 0; k < 4; ++k) {
    const double area = turn(quad[k], quad[(k + 1) % 4], quad[(k + 2) % 4]);
    positive += area > least;
    negative += area < -least;
  }
  return positive == 4 || negative == 4;
}

// From the unit square to a convex quad: P. S. Heckbert, Fundamentals of Texture Mapping and Image
// Warping (1989), section 2.2.3.
Homography square_to_quad(const Point* quad) {
  const Point& p = quad[0];
  const Point& q = quad[1];
  const Point& r = quad[2];
  const Point& s = quad[3];
  const Point sum{p.x - q.x + r.x - s.x, p.y - q.y + r.y - s.y};
  const Point right{q.x - r.x, q.y - r.y};
  const Point below{s.x - r.x, s.y - r.y};
  const double determinant = right.x * below.y - below.x * right.y;
  const double g = (sum.x * below.y - below.x * sum.y) / determinant;
  const double h = (right.x * sum.y - sum.x * right.y) / determinant;
  return {q.x - p.x + g * q.x, s.x - p.x + h * s.x, p.x,  //
          q.y - p.y + g * q.y, s.y - p.y + h * s.y, p.y,  //
          g,                   h,                   1};
}

// The same map for u = scale_u * s + offset, v = scale_v * t + offset.
Homography rescaled(const Homography& m, double scale_u, double scale_v, double offset) {
  return {m.a * scale_u, m.b * scale_v, (m.a + m.b) * offset + m.c,
          m.d * scale_u, m.e * scale_v, (m.d + m.e) * offset + m.f,
          m.g * scale_u, m.h * scale_v, (m.g + m.h) * offset + m.i};
}

double distance(const Point& p, const Point& q) { return std::hypot(p.x - q.x, p.y - q.y); }

// How one quad is sampled: `map` takes output positions inside `window` to source pixels (edges at
// whole numbers); each output pixel is the mean of samples_x x samples_y bilinear samples.
struct Plan {
  Homography map;
  Window window;
  int samples_x;
  int samples_y;
};

int samples_for(double source_pixels, int output_pixels) {
  constexpr double rounding = 1e-3;
  return static_cast<int>(std::clamp(std::ceil(source_pixels / output_pixels - rounding), 1.0, 4.0));
}

// False for a quad that shows nothing: not finite, not strictly convex (so also without an area),
// or with a margin that reaches beyond its horizon.
bool make_plan(const float* corners, const Planes& out, const WarpOptions& options, Plan& plan) {
  Point quad[4];
  for (int k = 0; k < 4; ++k) {
    quad[k] = {corners[2 * k], corners[2 * k + 1]};
    if (!std::isfinite(quad[k].x) || !std::isfinite(quad[k].y)) return false;
  }
  if (!is_convex(quad)) return false;
  const double top = distance(quad[0], quad[1]);
  const double right = distance(quad[1], quad[2]);
  const double bottom = distance(quad[2], quad[3]);
  const double left = distance(quad[3], quad[0]);
  const double enlarged = 1 + 2 * options.margin;

  plan.window =
      fit((top + bottom) / 2, (left + right) / 2, out.width, out.height, options.resize);
  const int width = plan.window.width;
  const int height = plan.window.height;
  plan.samples_x = samples_for(std::max(top, bottom) * enlarged, width);
  plan.samples_y = samples_for(std::max(left, right) * enlarged, height);
  plan.map = rescaled(square_to_quad(quad), enlarged / width, enlarged / height, -options.margin);
  const Homography& m = plan.map;
  return m.i > 0 && m.g * width + m.i > 0 && m.h * height + m.i > 0 &&
         m.g * width + m.h * height + m.i > 0;
}

// Adds the bilinear sample at a source position to sum; outside the border pixels continue.
void add_sample(const Picture& picture, double x, double y, double* sum) {
  x = std::clamp(x - 0.5, 0.0, picture.width - 1.0);
  y = std::clamp(y - 0.5, 0.0, picture.height - 1.0);
  const int left = std::max(std::min(static_cast<int>(x), picture.width - 2), 0);
  const int top = std::max(std::min(static_cast<int>(y), picture.height - 2), 0);
  const double fx = x - left;
  const double fy = y - top;
  const std::ptrdiff_t right = picture.width > 1 ? 3 : 0;
  const std::ptrdiff_t below = picture.height > 1 ? picture.stride : 0;
  const std::uint8_t* pixel = picture.data + top * picture.stride + 3 * left;
  for (int c = 0; c < 3; ++c, ++pixel) {
    sum[c] += (1 - fy) * ((1 - fx) * pixel[0] + fx * pixel[right]) +
              fy * ((1 - fx) * pixel[below] + fx * pixel[below + right]);
  }
}

void sample_scalar(const Picture& picture, const Plan& plan, const Planes& out,
                   const WarpOptions& options) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(out.height) * out.width;
  const Homography& m = plan.map;
  const double samples = plan.samples_x * plan.samples_y;
  for (int j = 0; j < plan.window.height; ++j) {
    float* row = out.data + static_cast<std::ptrdiff_t>(plan.window.y + j) * out.width +
                 plan.window.x;
    for (int i = 0; i < plan.window.width; ++i) {
      double sum[3] = {0, 0, 0};
      for (int sj = 0; sj < plan.samples_y; ++sj) {
        const double v = j + (sj + 0.5) / plan.samples_y;
        for (int si = 0; si < plan.samples_x; ++si) {
          const double u = i + (si + 0.5) / plan.samples_x;
          const double w = m.g * u + m.h * v + m.i;
          add_sample(picture, (m.a * u + m.b * v + m.c) / w, (m.d * u + m.e * v + m.f) / w, sum);
        }
      }
      const auto normal = [&](double value) {
        return static_cast<float>((value / (samples * 255) - options.mean) / options.std);
      };
      if (options.channels == Channels::gray) {
        row[i] = normal(0.114 * sum[0] + 0.587 * sum[1] + 0.299 * sum[2]);
      } else {
        const bool rgb = options.channels == Channels::rgb;
        row[i] = normal(sum[rgb ? 2 : 0]);
        row[i + plane] = normal(sum[1]);
        row[i + 2 * plane] = normal(sum[rgb ? 0 : 2]);
      }
    }
  }
}

}  // namespace

void warp(const Picture& picture, const float* quads, std::int64_t count, const Planes& out,
          const WarpOptions& options, Impl impl) {
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(out.channels) * out.height * out.width;
  const auto pad = static_cast<float>((0.5 - options.mean) / options.std);
  Planes entry = out;
  for (std::int64_t n = 0; n < count; ++n, entry.data += size) {
    Plan plan;
    const bool visible = make_plan(quads + 8 * n, entry, options, plan);
    if (!visible || plan.window.width < out.width || plan.window.height < out.height) {
      std::fill(entry.data, entry.data + size, pad);
    }
    if (!visible) continue;
    (void)impl;
    sample_scalar(picture, plan, entry, options);
  }
}

}  // namespace lpr
