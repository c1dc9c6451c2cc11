#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu.h"

namespace lpr {
namespace {

// How one axis is resampled: output sample i is the sum over k < taps of
// weight[i * taps + k] * source[first[i] + k]. All of first[i] .. first[i] + taps - 1 exist.
struct Axis {
  int taps;
  std::vector<int> first;
  std::vector<float> weight;
};

// Each output sample is the mean of the source interval that it covers, cut ends by their share.
Axis area_axis(std::int64_t source, std::int64_t target) {
  std::int64_t taps = 0;
  for (std::int64_t i = 0; i < target; ++i) {
    const std::int64_t begin = i * source / target;
    const std::int64_t end = ((i + 1) * source + target - 1) / target;
    taps = std::max(taps, end - begin);
  }
  Axis axis{static_cast<int>(taps), {}, {}};
  for (std::int64_t i = 0; i < target; ++i) {
    const std::int64_t first = std::min(i * source / target, source - taps);
    axis.first.push_back(static_cast<int>(first));
    for (std::int64_t j = first; j < first + taps; ++j) {
      const std::int64_t shared = std::min((j + 1) * target, (i + 1) * source) -
                                  std::max(j * target, i * source);
      axis.weight.push_back(static_cast<float>(std::max<std::int64_t>(shared, 0)) /
                            static_cast<float>(source));
    }
  }
  return axis;
}

// Between the two nearest pixel centres; outside of them the border pixel.
Axis linear_axis(int source, int target) {
  const int taps = std::min(source, 2);
  Axis axis{taps, {}, {}};
  const double step = static_cast<double>(source) / target;
  for (int i = 0; i < target; ++i) {
    const double centre = std::clamp((i + 0.5) * step - 0.5, 0.0, source - 1.0);
    const int first = std::min(static_cast<int>(centre), source - taps);
    const double rest = centre - first;
    axis.first.push_back(first);
    axis.weight.push_back(static_cast<float>(1 - rest));
    if (taps == 2) axis.weight.push_back(static_cast<float>(rest));
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
    float* row = out.data + static_cast<std::ptrdiff_t>(window.y + y) * out.width + window.x;
    for (int x = 0; x < window.width; ++x) {
      double sum[3] = {0, 0, 0};
      for (int j = 0; j < down.taps; ++j) {
        const std::uint8_t* pixel =
            picture.data + (down.first[y] + j) * picture.stride + 3 * across.first[x];
        for (int i = 0; i < across.taps; ++i, pixel += 3) {
          const double weight = static_cast<double>(down.weight[y * down.taps + j]) *
                                across.weight[x * across.taps + i];
          for (int c = 0; c < 3; ++c) sum[c] += weight * pixel[c];
        }
      }
      const auto blue = static_cast<float>(sum[0] / 255);
      const auto green = static_cast<float>(sum[1] / 255);
      const auto red = static_cast<float>(sum[2] / 255);
      if (channels == Channels::gray) {
        row[x] = 0.114F * blue + 0.587F * green + 0.299F * red;
      } else {
        row[x] = channels == Channels::rgb ? red : blue;
        row[x + plane] = green;
        row[x + 2 * plane] = channels == Channels::rgb ? blue : red;
      }
    }
  }
}

}  // namespace

Window fit(double source_width, double source_height, int width, int height, Resize resize) {
  if (resize == Resize::stretch) return {0, 0, width, height};
  const double scale = std::min(width / source_width, height / source_height);
  const auto along = [scale](double source, int target) {
    return static_cast<int>(std::clamp(std::round(source * scale), 1.0, target * 1.0));
  };
  const int inner_width = along(source_width, width);
  const int inner_height = along(source_height, height);
  return {(width - inner_width) / 2, (height - inner_height) / 2, inner_width, inner_height};
}

Placement letterbox(const Picture& picture, const Planes& out, Resize resize, Channels channels,
                    Interpolation interpolation, float pad, Impl impl) {
  const Window window = fit(picture.width, picture.height, out.width, out.height, resize);
  const Axis across = make_axis(picture.width, window.width, interpolation);
  const Axis down = make_axis(picture.height, window.height, interpolation);
  fill_around(out, window, pad);
  (void)impl;
  resample_scalar(picture, out, window, across, down, channels);
  return {static_cast<double>(window.width) / picture.width,
          static_cast<double>(window.height) / picture.height, static_cast<double>(window.x),
          static_cast<double>(window.y)};
}

}  // namespace lpr
