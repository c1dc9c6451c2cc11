// The kernels, in plain C++: no Python here. Checks of shapes and types are the caller's
// (lpr/kernels.py); every kernel is safe for any values within them.
//
// Each kernel has a scalar loop, which is its specification, and a fast path beside it. `Impl`
// chooses; all of them give the same answers, up to float32 rounding where pictures are resampled.
// The beam search has one loop: it follows pointers, which no vector instruction makes faster.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lpr {

enum class Impl { scalar, vector, avx2, avx512 };

// A BGR picture, 3 bytes a pixel; rows are `stride` bytes apart (at least 3 * width).
struct Picture {
  const std::uint8_t* data;
  int width;
  int height;
  std::ptrdiff_t stride;
};

// What a network is fed with: `channels` planes of height x width, one behind the other.
struct Planes {
  float* data;
  int channels;
  int width;
  int height;
};

enum class Resize { letterbox, stretch };
enum class Channels { rgb, bgr, gray };
enum class Interpolation { area, linear };

// The part of a picture of width x height into which something was resized.
struct Window {
  int x;
  int y;
  int width;
  int height;
};

// Where a source of the given size goes: letterboxed (largest size that fits, rounded to whole
// pixels, at least 1, in the middle; odd rests go right and below) or stretched over everything.
Window fit(double source_width, double source_height, int width, int height, Resize resize);

// target = source * scale + offset, in pixels, edges at whole numbers.
struct Placement {
  double scale_x;
  double scale_y;
  double offset_x;
  double offset_y;
};

// Resizes, pads with `pad`, reorders channels, divides by 255 and separates the planes.
Placement letterbox(const Picture& picture, const Planes& out, Resize resize, Channels channels,
                    Interpolation interpolation, float pad, Impl impl);

struct WarpOptions {
  Resize resize;
  Channels channels;
  double margin;  // added on every side of a quad, as a fraction of its width and height
  double mean;    // out = (value / 255 - mean) / std
  double std;
};

// Cuts `count` quads (8 floats each: top left, top right, bottom right, bottom left) out of a
// picture; `out` is the first of `count` entries that lie one behind the other.
void warp(const Picture& picture, const float* quads, std::int64_t count, const Planes& out,
          const WarpOptions& options, Impl impl);

// Greedy suppression of boxes (x0, y0, x1, y1). Writes the kept indices, best first, into `kept`
// (room for `count`) and returns their number.
std::int64_t nms(const float* boxes, const float* scores, std::int64_t count, double iou,
                 std::int64_t* kept, Impl impl);

// Where greedy CTC decoding writes: room for `steps` characters for each sequence.
struct CtcOutput {
  std::int32_t* classes;
  float* confidences;
  std::int32_t* begins;
  std::int32_t* ends;
  std::int32_t* counts;  // one for each sequence
};

// Best path of `sequences` x `steps` x `classes` logits, from time step `dropped` on.
void ctc_greedy(const float* logits, std::int64_t sequences, std::int64_t steps,
                std::int64_t classes, std::int64_t blank, std::int64_t dropped,
                const CtcOutput& out, Impl impl);

// Which texts are legal: a deterministic automaton over classes. A text is legal that leads from
// state 0 to an accepting one.
struct Automaton {
  const std::int32_t* transitions;  // states x classes; the next state, -1 for none
  const std::uint8_t* accepting;    // one for each state
};

// Where one text of a beam search is written, from its first character on.
struct Hypothesis {
  float* confidences;
  std::int32_t* begins;
  std::int32_t* ends;
};

// Where a beam search writes: room for `top` texts of `steps` characters for each sequence.
struct BeamOutput {
  std::int32_t* classes;
  float* confidences;
  std::int32_t* begins;
  std::int32_t* ends;
  std::int32_t* lengths;      // one for each text
  double* log_probabilities;  // one for each text
  std::int32_t* counts;       // texts found, one for each sequence
};

// The likeliest legal texts of `sequences` x `steps` x `classes` logits, from time step `dropped`
// on, by a prefix beam search that keeps `width` texts.
void ctc_beam(const float* logits, std::int64_t sequences, std::int64_t steps, std::int64_t classes,
              std::int64_t blank, std::int64_t dropped, const Automaton& automaton,
              std::int64_t width, std::int64_t top, const BeamOutput& out);

// The index of the reading with the highest mean confidence, the first of equals; -1 where all are
// empty. Reading n has the confidences (0..1) from offsets[n] to offsets[n + 1].
std::int64_t pick_best(const double* confidences, const std::int64_t* offsets, std::int64_t count,
                       Impl impl);

// Readings of one plate: reading n has the symbols, and their weights, from offsets[n] to
// offsets[n + 1].
struct Ballots {
  const std::int32_t* symbols;
  const double* weights;
  const std::int64_t* offsets;
  std::int64_t count;
};

// What the readings agree on, aligned and voted by symbol (lpr/kernels.py states the rules).
// Writes the symbols and their shares of the votes (room for all symbols together), returns their
// number.
std::int64_t vote(const Ballots& ballots, std::int32_t* symbols, double* shares, Impl impl);

// The same ballots as a confusion network: for each slot the votes of classes 0 to `classes` - 1
// (the ballots' symbols) and, behind them, for leaving the slot out. `votes` has room for as many
// slots as there are symbols in all; returns their number.
std::int64_t confusion(const Ballots& ballots, std::int64_t classes, double* votes);

// The legal text that a confusion network (slots x (classes + 1) votes) speaks for most: the one
// with the greatest product of its shares of the votes, none of which counts as less than `least`.
// Writes each slot's class, -1 for none, and returns the product's logarithm; -infinity where no
// legal text has a vote.
double legal_path(const double* votes, std::int64_t slots, std::int64_t classes,
                  const Automaton& automaton, std::int64_t states, double least,
                  std::int32_t* chosen);

// Intersection over union of each pair of boxes (x0, y0, x1, y1), which are first made larger by
// `buffer` times their sides on every side: `rows` x `columns`.
void buffered_iou(const double* before, std::int64_t rows, const double* after,
                  std::int64_t columns, double buffer, double* out);

// The assignment of rows to columns with the least sum of costs, where a row without a column costs
// `limit`: writes each row's column, or -1. Pairs above `limit` are never made.
void assign(const double* costs, std::int64_t rows, std::int64_t columns, double limit,
            std::int64_t* column_of);

}  // namespace lpr
