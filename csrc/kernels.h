// The kernels, in plain C++ without Python. The caller (lpr/kernels.py) checks shapes, types and
// ranges; within those, every kernel is safe for any values.
//
// Most kernels have a scalar loop, which is the specification, and a fast path. `Impl` selects one;
// all give the same results, up to float32 rounding where pictures are resampled. Kernels without
// an `Impl` have one loop: they are rarely called, or chase pointers and do not vectorize.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lpr {

enum class Impl { scalar, vector, avx2, avx512 };

// A BGR picture, 3 bytes a pixel; rows are `stride` bytes apart (at least 3 * width, even for a
// single row).
struct Picture {
  const std::uint8_t* data;
  int width, height;
  std::ptrdiff_t stride;
};

// A network's input: `channels` contiguous planes of height x width.
struct Planes {
  float* data;
  int channels, width, height;
};

enum class Resize { letterbox, stretch };
enum class Channels { rgb, bgr, gray };
enum class Interpolation { area, linear };

// The part of the output that a resized source covers, in pixels.
struct Window {
  int x, y, width, height;
};

// The window of a source of the given size. letterbox: the largest size that fits, rounded to whole
// pixels, at least 1, centred; an odd remainder goes right and below. stretch: the whole output.
Window fit(double source_width, double source_height, int width, int height, Resize resize);

// target = source * scale + offset, in pixels; pixel edges lie at whole numbers.
struct Placement {
  double scale_x, scale_y;
  double offset_x, offset_y;
};

// Resizes, pads with `pad`, reorders channels, divides by 255 and writes planes.
Placement letterbox(const Picture& picture, const Planes& out, Resize resize, Channels channels,
                    Interpolation interpolation, float pad, Impl impl);

struct WarpOptions {
  Resize resize;
  Channels channels;
  double margin;  // added on every side of a quad, as a fraction of its width and height
  double mean;    // out = (value / 255 - mean) / std
  double std;
};

// Rectifies `count` quads (8 floats each: top left, top right, bottom right, bottom left) of a
// picture; `out` is the first of `count` contiguous entries.
void warp(const Picture& picture, const float* quads, std::int64_t count, const Planes& out,
          const WarpOptions& options, Impl impl);

// Greedy non-maximum suppression of boxes (x0, y0, x1, y1). Writes the kept indices, best first, to
// `kept` (capacity `count`) and returns their number.
std::int64_t nms(const float* boxes, const float* scores, std::int64_t count, double iou,
                 std::int64_t* kept, Impl impl);

// Output of greedy CTC decoding: capacity for `steps` characters per sequence.
struct CtcOutput {
  std::int32_t* classes;
  float* confidences;
  std::int32_t* begins;
  std::int32_t* ends;
  std::int32_t* counts;  // one per sequence
};

// Best-path decoding of `sequences` x `steps` x `classes` logits, from time step `dropped` on.
void ctc_greedy(const float* logits, std::int64_t sequences, std::int64_t steps,
                std::int64_t classes, std::int64_t blank, std::int64_t dropped,
                const CtcOutput& out, Impl impl);

// A deterministic finite automaton over classes. It accepts the legal texts; state 0 is initial.
struct Automaton {
  const std::int32_t* transitions;  // states x classes: the next state, or -1
  const std::uint8_t* accepting;    // one per state
};

// Output of the beam search: capacity for `top` texts of `steps` characters per sequence.
struct BeamOutput {
  std::int32_t* classes;
  float* confidences;
  std::int32_t* begins;
  std::int32_t* ends;
  std::int32_t* lengths;      // one per text
  double* log_probabilities;  // one per text
  std::int32_t* counts;       // number of texts, one per sequence
};

// The most probable accepted texts of `sequences` x `steps` x `classes` logits, from time step
// `dropped` on. Prefix beam search with `width` prefixes.
void ctc_beam(const float* logits, std::int64_t sequences, std::int64_t steps, std::int64_t classes,
              std::int64_t blank, std::int64_t dropped, const Automaton& automaton,
              std::int64_t width, std::int64_t top, const BeamOutput& out);

// The index of the reading with the highest mean confidence, the first of equals; -1 if all are
// empty. Reading n has the confidences (0..1) from offsets[n] to offsets[n + 1].
std::int64_t pick_best(const double* confidences, const std::int64_t* offsets, std::int64_t count,
                       Impl impl);

// Readings of one plate: reading n has the symbols and weights from offsets[n] to offsets[n + 1].
struct WeightedTexts {
  const std::int32_t* symbols;
  const double* weights;
  const std::int64_t* offsets;
  std::int64_t count;
};

// ROVER: aligns the readings and votes by symbol (lpr/kernels.py states the rules). Writes the
// symbols and their shares of the votes (capacity: all symbols together) and returns their number.
std::int64_t vote(const WeightedTexts& texts, std::int32_t* symbols, double* shares, Impl impl);

// The same alignment as a confusion network: a row per slot with the votes for classes 0 to
// `classes` - 1 (the texts' symbols), then for deletion. `votes` has capacity for one slot per
// symbol; returns the number of slots.
std::int64_t confusion(const WeightedTexts& texts, std::int64_t classes, double* votes);

// The best accepted path through a confusion network (slots x (classes + 1) votes): the greatest
// product of vote shares, each at least `floor`. Writes each slot's class, -1 for a deletion, and
// returns the product's logarithm, or -infinity if no accepted path exists.
double legal_path(const double* votes, std::int64_t slots, std::int64_t classes,
                  const Automaton& automaton, std::int64_t states, double floor,
                  std::int32_t* path);

// Intersection over union of each pair of boxes (x0, y0, x1, y1), each first enlarged on every side
// by `buffer` times its width or height: `rows` x `columns`.
void buffered_iou(const double* first, std::int64_t rows, const double* second,
                  std::int64_t columns, double buffer, double* out);

// The assignment of rows to columns with the minimum total cost. An unassigned row costs `limit`;
// pairs above `limit` are forbidden. Costs and limit lie in -1e300..1e300. Writes each row's column,
// or -1.
void assign(const double* costs, std::int64_t rows, std::int64_t columns, double limit,
            std::int64_t* column_of);

}  // namespace lpr
