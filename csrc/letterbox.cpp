#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "cpu.h"

// Selects four lanes of two vectors of four.
#if defined(__clang__)
#define LPR_SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define LPR_SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, Lanes{i, j, k, l})
#endif

namespace lpr {
namespace {

// The source samples of one output sample along an axis: `first` to `last`, both included. Those in
// between have the weight `between`; `at_last` is 0 for a single sample.
struct Span {
  int first, last;
  float at_first, between, at_last;

  float weight(int i) const { return i == first ? at_first : i == last ? at_last : between; }
};

using Axis = std::vector<Span>;

// Area interpolation: the mean of the source interval, with its ends weighted by their coverage.
Axis area_axis(std::int64_t source, std::int64_t target) {
  Axis axis;
  for (std::int64_t i = 0; i < target; ++i) {
    const std::int64_t begin = i * source;  // in units of 1 / target source samples
    const std::int64_t end = begin + source;
    const std::int64_t first = begin / target;
    const std::int64_t last = (end - 1) / target;
    const auto weight = [source](std::int64_t covered) {
      return static_cast<float>(covered) / static_cast<float>(source);
    };
    axis.push_back({static_cast<int>(first), static_cast<int>(last),
                    weight(std::min((first + 1) * target, end) - begin), weight(target),
                    first < last ? weight(end - last * target) : 0});
  }
  return axis;
}

// Linear interpolation between the two nearest pixel centres; the border pixel outside them.
Axis linear_axis(int source, int target) {
  Axis axis;
  const double step = static_cast<double>(source) / target;
  for (int i = 0; i < target; ++i) {
    const double centre = std::clamp((i + 0.5) * step - 0.5, 0.0, source - 1.0);
    const int first = static_cast<int>(centre);
    const int last = std::min(first + 1, source - 1);
    const auto rest = static_cast<float>(centre - first);
    axis.push_back({first, last, 1 - rest, 0, rest});
  }
  return axis;
}

Axis make_axis(int source, int target, Interpolation interpolation) {
  const bool shrinks = target < source;
  return shrinks && interpolation == Interpolation::area ? area_axis(source, target)
                                                         : linear_axis(source, target);
}

void fill_around(const Planes& out, const Window& window, float pad) {
  for (int c = 0; c < out.channels; ++c) {
    for (int y = 0; y < out.height; ++y) {
      float* row = out.data + (static_cast<std::ptrdiff_t>(c) * out.height + y) * out.width;
      if (y < window.y || y >= window.y + window.height) {
        std::fill(row, row + out.width, pad);
      } else {
        std::fill(row, row + window.x, pad);
        std::fill(row + window.x + window.width, row + out.width, pad);
      }
    }
  }
}

void resample_scalar(const Picture& picture, const Planes& out, const Window& window,
                     const Axis& across, const Axis& down, Channels channels) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(out.height) * out.width;
  for (int y = 0; y < window.height; ++y) {
    float* target = out.data + static_cast<std::ptrdiff_t>(window.y + y) * out.width + window.x;
    for (int x = 0; x < window.width; ++x) {
      double sum[3] = {0, 0, 0};
      for (int j = down[y].first; j <= down[y].last; ++j) {
        const std::uint8_t* row = picture.data + j * picture.stride;
        for (int i = across[x].first; i <= across[x].last; ++i) {
          const double weight = static_cast<double>(down[y].weight(j)) * across[x].weight(i);
          for (int c = 0; c < 3; ++c) sum[c] += weight * row[3 * i + c];
        }
      }
      const auto blue = static_cast<float>(sum[0] / 255);
      const auto green = static_cast<float>(sum[1] / 255);
      const auto red = static_cast<float>(sum[2] / 255);
      if (channels == Channels::gray) {
        target[x] = 0.114F * blue + 0.587F * green + 0.299F * red;
      } else {
        target[x] = channels == Channels::rgb ? red : blue;
        target[x + plane] = green;
        target[x + 2 * plane] = channels == Channels::rgb ? blue : red;
      }
    }
  }
}

// The fast path's arguments.
struct Job {
  Picture picture;
  Planes out;
  Window window;
  const Span* across;
  bool across_is_linear;
  const Span* down;
  Channels channels;
  float* sums;  // a weighted sum of source rows: picture.width + 1 pixels and one value
  float* bgr_rows;  // three rows of the window, for gray
};

// Vertical pass first, along whole rows of bytes, since it reads the most; then the horizontal pass
// with one BGR pixel (and the next value) per vector of four.
struct FastResample {
  typedef float Pixel __attribute__((vector_size(16)));
  typedef std::int32_t Lanes __attribute__((vector_size(16)));
  static constexpr int max_rows = 8;  // summed before they are weighted

  template <int rows>
  static LPR_INLINE int whole_sum(const std::uint8_t* source, std::ptrdiff_t stride, int i) {
    std::uint16_t sum = 0;
    for (int r = 0; r < rows; ++r) sum += source[r * stride + i];
    return sum;
  }

  // The two ends of a span and `rows` (at most `limit`) rows after the first; makes `rows` a
  // compile-time constant.
  template <int limit>
  static LPR_INLINE void start_sums(int rows, const std::uint8_t* first, const std::uint8_t* last,
                                    std::ptrdiff_t stride, const Span& span, int count,
                                    float* __restrict sums) {
    if constexpr (limit > 0) {
      if (rows < limit) {
        return start_sums<limit - 1>(rows, first, last, stride, span, count, sums);
      }
    }
    const float at_first = span.at_first;
    const float between = span.between;
    const float at_last = span.at_last;
    for (int i = 0; i < count; ++i) {
      sums[i] = at_first * first[i] + at_last * last[i];
      if (limit > 0) sums[i] += between * whole_sum<limit>(first + stride, stride, i);
    }
  }

  static LPR_INLINE void sum_rows(const Job& job, int y) {
    const Span span = job.down[y];
    const std::ptrdiff_t stride = job.picture.stride;
    const int count = 3 * job.picture.width;
    const std::uint8_t* first = job.picture.data + span.first * stride;
    const std::uint8_t* last = job.picture.data + span.last * stride;
    start_sums<max_rows>(span.last - span.first - 1, first, last, stride, span, count, job.sums);
    for (int j = span.first + max_rows + 1; j < span.last; ++j) {
      const std::uint8_t* row = job.picture.data + j * stride;
      float* __restrict sums = job.sums;
      for (int i = 0; i < count; ++i) sums[i] += span.between * row[i];
    }
  }

  static LPR_INLINE void load(const Job& job, int x, Pixel& pixel) {
    std::memcpy(&pixel, job.sums + 3 * static_cast<std::ptrdiff_t>(x), sizeof pixel);
  }

  template <bool linear>
  static LPR_INLINE void pixel_at(const Job& job, int x, Pixel& sum) {
    const Span& span = job.across[x];
    Pixel first, last;
    load(job, span.first, first);
    if (linear) {  // the border pixel is followed by a spare one, whose weight is 0
      load(job, span.first + 1, last);
      sum = first + span.at_last * (last - first);
    } else {
      load(job, span.last, last);
      Pixel between = {};
      for (int i = span.first + 1; i < span.last; ++i) {
        Pixel value;
        load(job, i, value);
        between += value;
      }
      sum = span.at_first * first + span.between * between + span.at_last * last;
    }
  }

  template <bool linear>
  static LPR_INLINE void sum_columns(const Job& job, float* blue, float* green, float* red) {
    int x = 0;
    for (; x + 4 <= job.window.width; x += 4) {
      Pixel p, q, r, s;
      pixel_at<linear>(job, x, p);
      pixel_at<linear>(job, x + 1, q);
      pixel_at<linear>(job, x + 2, r);
      pixel_at<linear>(job, x + 3, s);
      const Pixel left = LPR_SHUFFLE(p, q, 0, 4, 1, 5);
      const Pixel right = LPR_SHUFFLE(r, s, 0, 4, 1, 5);
      const Pixel blues = LPR_SHUFFLE(left, right, 0, 1, 4, 5);
      const Pixel greens = LPR_SHUFFLE(left, right, 2, 3, 6, 7);
      const Pixel reds =
          LPR_SHUFFLE(LPR_SHUFFLE(p, q, 2, 6, 3, 7), LPR_SHUFFLE(r, s, 2, 6, 3, 7), 0, 1, 4, 5);
      std::memcpy(blue + x, &blues, sizeof blues);
      std::memcpy(green + x, &greens, sizeof greens);
      std::memcpy(red + x, &reds, sizeof reds);
    }
    for (; x < job.window.width; ++x) {
      Pixel p;
      pixel_at<linear>(job, x, p);
      blue[x] = p[0];
      green[x] = p[1];
      red[x] = p[2];
    }
  }

  static LPR_INLINE void sum_columns(const Job& job, float* blue, float* green, float* red) {
    if (job.across_is_linear) {
      sum_columns<true>(job, blue, green, red);
    } else {
      sum_columns<false>(job, blue, green, red);
    }
  }

  static LPR_INLINE void run(const Job* job_pointer) {
    const Job& job = *job_pointer;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(job.out.height) * job.out.width;
    const int width = job.window.width;
    for (int y = 0; y < job.window.height; ++y) {
      float* row = job.out.data + static_cast<std::ptrdiff_t>(job.window.y + y) * job.out.width +
                   job.window.x;
      sum_rows(job, y);
      if (job.channels == Channels::rgb) {
        sum_columns(job, row + 2 * plane, row + plane, row);
      } else if (job.channels == Channels::bgr) {
        sum_columns(job, row, row + plane, row + 2 * plane);
      } else {
        float* blue = job.bgr_rows;
        float* green = blue + width;
        float* red = green + width;
        sum_columns(job, blue, green, red);
        for (int x = 0; x < width; ++x) {
          row[x] = 0.114F * blue[x] + 0.587F * green[x] + 0.299F * red[x];
        }
      }
    }
  }
};

void resample_fast(const Picture& picture, const Planes& out, const Window& window,
                   const Axis& across, Axis down, Channels channels, Impl impl) {
  for (Span& span : down) {
    span.at_first /= 255;
    span.between /= 255;
    span.at_last /= 255;
  }
  std::vector<float> sums(3 * static_cast<std::size_t>(picture.width) + 4);
  std::vector<float> bgr_rows(channels == Channels::gray ? 3 * window.width : 0);
  const bool across_is_linear =
      std::all_of(across.begin(), across.end(), [](const Span& span) { return span.between == 0; });
  const Job job{picture,     out,      window,      across.data(),  across_is_linear,
                down.data(), channels, sums.data(), bgr_rows.data()};
  dispatch<FastResample>(impl, &job);
}

}  // namespace

Window fit(double source_width, double source_height, int width, int height, Resize resize) {
  if (resize == Resize::stretch) return {0, 0, width, height};
  const double scale = std::min(width / source_width, height / source_height);
  const auto side = [scale](double source, int target) {
    return static_cast<int>(std::clamp(std::round(source * scale), 1.0, target * 1.0));
  };
  const int inner_width = side(source_width, width);
  const int inner_height = side(source_height, height);
  return {(width - inner_width) / 2, (height - inner_height) / 2, inner_width, inner_height};
}

Placement letterbox(const Picture& picture, const Planes& out, Resize resize, Channels channels,
                    Interpolation interpolation, float pad, Impl impl) {
  const Window window = fit(picture.width, picture.height, out.width, out.height, resize);
  const Axis across = make_axis(picture.width, window.width, interpolation);
  const Axis down = make_axis(picture.height, window.height, interpolation);
  fill_around(out, window, pad);
  if (impl == Impl::scalar) {
    resample_scalar(picture, out, window, across, down, channels);
  } else {
    resample_fast(picture, out, window, across, down, channels, impl);
  }
  return {static_cast<double>(window.width) / picture.width,
          static_cast<double>(window.height) / picture.height, static_cast<double>(window.x),
          static_cast<double>(window.y)};
}

}  // namespace lpr
