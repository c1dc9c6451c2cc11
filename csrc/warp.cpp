#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "cpu.h"

namespace lpr {
namespace {

struct Point {
  double x, y;
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

// A plane rectangle in front of a camera projects to a strictly convex quad.
bool is_convex(const Point* quad) {
  constexpr double min_area = 1e-6;  // square pixels
  int positive = 0;
  int negative = 0;
  for (int k = 0; k < 4; ++k) {
    const double area = turn(quad[k], quad[(k + 1) % 4], quad[(k + 2) % 4]);
    positive += area > min_area;
    negative += area < -min_area;
  }
  return positive == 4 || negative == 4;
}

// Maps the unit square to a convex quad: P. S. Heckbert, Fundamentals of Texture Mapping and Image
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
  return {q.x - p.x + g * q.x,
          s.x - p.x + h * s.x,
          p.x,
          q.y - p.y + g * q.y,
          s.y - p.y + h * s.y,
          p.y,
          g,
          h,
          1};
}

// The same map for u = scale_u * s + offset, v = scale_v * t + offset.
Homography reparametrized(const Homography& m, double scale_u, double scale_v, double offset) {
  return {m.a * scale_u, m.b * scale_v, (m.a + m.b) * offset + m.c,
          m.d * scale_u, m.e * scale_v, (m.d + m.e) * offset + m.f,
          m.g * scale_u, m.h * scale_v, (m.g + m.h) * offset + m.i};
}

double distance(const Point& p, const Point& q) { return std::hypot(p.x - q.x, p.y - q.y); }

// The sampling of a quad: `map` takes positions inside `window` to source pixels (edges at whole
// numbers); an output pixel is the mean of samples_x x samples_y bilinear samples.
struct Plan {
  Homography map;
  Window window;
  int samples_x, samples_y;
};

int samples_for(double source_pixels, int output_pixels) {
  constexpr double rounding = 1e-3;
  return static_cast<int>(
      std::clamp(std::ceil(source_pixels / output_pixels - rounding), 1.0, 4.0));
}

// Empty for a quad that cannot be rectified: not finite, not strictly convex (or without an area),
// or with a margin beyond the horizon.
std::optional<Plan> make_plan(const float* corners, const Planes& out, const WarpOptions& options) {
  Point quad[4];
  for (int k = 0; k < 4; ++k) {
    quad[k] = {corners[2 * k], corners[2 * k + 1]};
    if (!std::isfinite(quad[k].x) || !std::isfinite(quad[k].y)) return {};
  }
  if (!is_convex(quad)) return {};
  const double top = distance(quad[0], quad[1]);
  const double right = distance(quad[1], quad[2]);
  const double bottom = distance(quad[2], quad[3]);
  const double left = distance(quad[3], quad[0]);
  const double enlargement = 1 + 2 * options.margin;

  const Window window =
      fit((top + bottom) / 2, (left + right) / 2, out.width, out.height, options.resize);
  const Homography map = reparametrized(square_to_quad(quad), enlargement / window.width,
                                        enlargement / window.height, -options.margin);
  const double along = map.g * window.width;
  const double down = map.h * window.height;
  const bool in_front =
      map.i > 0 && map.i + along > 0 && map.i + down > 0 && map.i + along + down > 0;
  if (!in_front) return {};
  return Plan{map, window, samples_for(std::max(top, bottom) * enlargement, window.width),
              samples_for(std::max(left, right) * enlargement, window.height)};
}

// `value` within 0..`largest`; 0 for a NaN, which has no integer.
double clamped(double value, double largest) { return value > 0 ? std::min(value, largest) : 0; }

// Adds the bilinear sample at a source position to `sum`; border pixels extend outwards.
void add_sample(const Picture& picture, double x, double y, double* sum) {
  x = clamped(x - 0.5, picture.width - 1.0);
  y = clamped(y - 0.5, picture.height - 1.0);
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

// Output values are scale * (sum over the samples) + bias.
struct Normal {
  double scale;
  double bias;
};

void sample_scalar(const Picture& picture, const Plan& plan, const Planes& out, Channels channels,
                   const Normal& normal) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(out.height) * out.width;
  const Homography& m = plan.map;
  for (int j = 0; j < plan.window.height; ++j) {
    float* row =
        out.data + static_cast<std::ptrdiff_t>(plan.window.y + j) * out.width + plan.window.x;
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
      const auto value = [&normal](double total) {
        return static_cast<float>(normal.scale * total + normal.bias);
      };
      if (channels == Channels::gray) {
        row[i] = value(0.114 * sum[0] + 0.587 * sum[1] + 0.299 * sum[2]);
      } else {
        const bool rgb = channels == Channels::rgb;
        row[i] = value(sum[rgb ? 2 : 0]);
        row[i + plane] = value(sum[1]);
        row[i + 2 * plane] = value(sum[rgb ? 0 : 2]);
      }
    }
  }
}

// One axis of the source for the fast path. Positions are relative to `origin`, a pixel near the
// quad, so that float32 is precise enough. Here pixel centres lie at whole numbers.
struct Range {
  int origin;
  float min;
  float max;
  int last_cell;  // last pixel with a right or lower neighbour, relative to the origin

  static Range around(double centre, int size) {
    const auto origin = static_cast<int>(clamped(centre, size - 1.0));
    return {origin, static_cast<float>(-origin), static_cast<float>(size - 1 - origin),
            size - 2 - origin};
  }
};

struct Job {
  Picture picture;
  Plan plan;  // its map is relative to the origins
  Range x;
  Range y;
  std::int32_t last_load;  // last offset at which 4 bytes can be read
  Planes out;
  Channels channels;
  float scale;
  float bias;
  float* sums;  // a row of output pixels, 4 values each, padded to whole blocks
};

// Computes positions for a block of output pixels, one sample each; a sample is then a vector of
// blue, green and red.
struct FastSample {
  typedef float Pixel __attribute__((vector_size(16)));
  typedef std::int32_t Integers __attribute__((vector_size(16)));
  static constexpr int lanes = 16;

  struct Block {
    std::int32_t offset[lanes];  // of the pixel above and left of the sample
    float x[lanes];              // position between that pixel and its neighbours, 0..1
    float y[lanes];
  };

  // Splits positions into whole and fractional parts, clamped to the picture.
  static LPR_INLINE void split(const Range& range, float* position, std::int32_t* cell) {
    for (int l = 0; l < lanes; ++l) {
      float value = position[l];
      value = value > range.min ? value : range.min;  // also replaces a NaN
      value = value < range.max ? value : range.max;
      auto whole = static_cast<std::int32_t>(value);
      whole -= value < static_cast<float>(whole);
      whole = whole < range.last_cell ? whole : range.last_cell;
      cell[l] = whole + range.origin;
      position[l] = value - static_cast<float>(whole);
    }
  }

  static LPR_INLINE void locate(const Job& job, float u, float v, Block& block) {
    const Homography& m = job.plan.map;
    const auto a = static_cast<float>(m.a);
    const auto d = static_cast<float>(m.d);
    const auto g = static_cast<float>(m.g);
    const auto x_row = static_cast<float>(m.b * v + m.c);
    const auto y_row = static_cast<float>(m.e * v + m.f);
    const auto w_row = static_cast<float>(m.h * v + m.i);
    for (int l = 0; l < lanes; ++l) {
      const float across = u + static_cast<float>(l);
      const float w = g * across + w_row;
      block.x[l] = (a * across + x_row) / w;
      block.y[l] = (d * across + y_row) / w;
    }
    std::int32_t column[lanes];
    std::int32_t row[lanes];
    split(job.x, block.x, column);
    split(job.y, block.y, row);
    const auto stride = static_cast<std::int32_t>(job.picture.stride);
    for (int l = 0; l < lanes; ++l) block.offset[l] = row[l] * stride + 3 * column[l];
  }

  // Loads a pixel as blue, 2**8 green and 2**16 red: each byte keeps its place in the 4.
  static LPR_INLINE void load(const std::uint8_t* data, Pixel& pixel) {
    std::int32_t bytes;
    std::memcpy(&bytes, data, sizeof bytes);
    const Integers spread =
        Integers{bytes, bytes, bytes, bytes} & Integers{0xff, 0xff00, 0xff0000, 0};
    pixel = __builtin_convertvector(spread, Pixel);
  }

  // The last pixel of the picture has no fourth byte.
  static LPR_INLINE void load_last(const std::uint8_t* data, Pixel& pixel) {
    pixel = Pixel{data[0] * 1.0F, data[1] * 256.0F, data[2] * 65536.0F, 0};
  }

  static LPR_INLINE void add(const Job& job, const Block& block, float* sums) {
    for (int l = 0; l < lanes; ++l) {
      const std::int32_t below = block.offset[l] + static_cast<std::int32_t>(job.picture.stride);
      const std::uint8_t* upper = job.picture.data + block.offset[l];
      const std::uint8_t* lower = job.picture.data + below;
      Pixel upper_left, upper_right, lower_left, lower_right, sum;
      load(upper, upper_left);
      load(upper + 3, upper_right);
      load(lower, lower_left);
      if (below + 3 <= job.last_load) {
        load(lower + 3, lower_right);
      } else {
        load_last(lower + 3, lower_right);
      }
      upper_left += block.x[l] * (upper_right - upper_left);
      lower_left += block.x[l] * (lower_right - lower_left);
      std::memcpy(&sum, sums + 4 * l, sizeof sum);
      sum += upper_left + block.y[l] * (lower_left - upper_left);
      std::memcpy(sums + 4 * l, &sum, sizeof sum);
    }
  }

  static LPR_INLINE void write(const Job& job, int j) {
    const Plan& plan = job.plan;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(job.out.height) * job.out.width;
    float* __restrict row = job.out.data +
                            static_cast<std::ptrdiff_t>(plan.window.y + j) * job.out.width +
                            plan.window.x;
    const float* sum = job.sums;
    const float blue = job.scale;
    const float green = job.scale / 256;
    const float red = job.scale / 65536;
    if (job.channels == Channels::gray) {
      for (int i = 0; i < plan.window.width; ++i, sum += 4) {
        row[i] =
            0.114F * blue * sum[0] + 0.587F * green * sum[1] + 0.299F * red * sum[2] + job.bias;
      }
    } else {
      const bool rgb = job.channels == Channels::rgb;
      float* __restrict blues = row + (rgb ? 2 * plane : 0);
      float* __restrict greens = row + plane;
      float* __restrict reds = row + (rgb ? 0 : 2 * plane);
      for (int i = 0; i < plan.window.width; ++i, sum += 4) {
        blues[i] = blue * sum[0] + job.bias;
        greens[i] = green * sum[1] + job.bias;
        reds[i] = red * sum[2] + job.bias;
      }
    }
  }

  static LPR_INLINE void run(const Job* job_pointer) {
    const Job& job = *job_pointer;
    const Plan& plan = job.plan;
    for (int j = 0; j < plan.window.height; ++j) {
      std::fill(job.sums, job.sums + 4 * padded(plan.window.width), 0.0F);
      for (int sample = 0; sample < plan.samples_y * plan.samples_x; ++sample) {
        const float v = j + (sample / plan.samples_x + 0.5F) / plan.samples_y;
        const float u = (sample % plan.samples_x + 0.5F) / plan.samples_x;
        for (int i = 0; i < plan.window.width; i += lanes) {
          Block block;
          locate(job, i + u, v, block);
          add(job, block, job.sums + 4 * i);
        }
      }
      write(job, j);
    }
  }

  static int padded(int width) { return (width + lanes - 1) / lanes * lanes; }
};

// Requires that every pixel has neighbours, offsets fit into 32 bits, and the CPU is little-endian.
bool supports_fast_path(const Picture& picture) {
  return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && picture.width > 1 && picture.height > 1 &&
         picture.stride <= std::numeric_limits<std::int32_t>::max() / picture.height;
}

void sample_fast(const Picture& picture, const Plan& plan, const Planes& out, Channels channels,
                 const Normal& normal, Impl impl) {
  const Homography& m = plan.map;
  const double u = plan.window.width / 2.0;
  const double v = plan.window.height / 2.0;
  const double w = m.g * u + m.h * v + m.i;
  const Range x = Range::around((m.a * u + m.b * v + m.c) / w, picture.width);
  const Range y = Range::around((m.d * u + m.e * v + m.f) / w, picture.height);
  const double left = x.origin + 0.5;
  const double top = y.origin + 0.5;
  Plan relative = plan;
  relative.map = {m.a - left * m.g,
                  m.b - left * m.h,
                  m.c - left * m.i,
                  m.d - top * m.g,
                  m.e - top * m.h,
                  m.f - top * m.i,
                  m.g,
                  m.h,
                  m.i};
  std::vector<float> sums(4 * static_cast<std::size_t>(FastSample::padded(plan.window.width)));
  const std::ptrdiff_t size = (picture.height - 1) * picture.stride + 3 * picture.width;
  const Job job{picture,
                relative,
                x,
                y,
                static_cast<std::int32_t>(size - 4),
                out,
                channels,
                static_cast<float>(normal.scale),
                static_cast<float>(normal.bias),
                sums.data()};
  dispatch<FastSample>(impl, &job);
}

}  // namespace

void warp(const Picture& picture, const float* quads, std::int64_t count, const Planes& out,
          const WarpOptions& options, Impl impl) {
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(out.channels) * out.height * out.width;
  const auto pad = static_cast<float>((0.5 - options.mean) / options.std);
  Planes entry = out;
  for (std::int64_t n = 0; n < count; ++n, entry.data += size) {
    const std::optional<Plan> plan = make_plan(quads + 8 * n, entry, options);
    if (!plan || plan->window.width < out.width || plan->window.height < out.height) {
      std::fill(entry.data, entry.data + size, pad);
    }
    if (!plan) continue;
    const double samples = plan->samples_x * plan->samples_y;
    const Normal normal{1 / (255 * samples * options.std), -options.mean / options.std};
    if (impl == Impl::scalar || !supports_fast_path(picture)) {
      sample_scalar(picture, *plan, entry, options.channels, normal);
    } else {
      sample_fast(picture, *plan, entry, options.channels, normal, impl);
    }
  }
}

}  // namespace lpr
