// The Python module lpr._kernels. lpr/kernels.py calls it and checks every argument first.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "cpu.h"

namespace py = pybind11;

namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

// NumPy gives an axis of length 1 any stride: negative, zero or huge.
lpr::Picture picture(const py::array_t<std::uint8_t>& image) {
  const auto width = static_cast<int>(image.shape(1));
  const auto height = static_cast<int>(image.shape(0));
  return {image.data(), width, height, height > 1 ? image.strides(0) : 3 * py::ssize_t{width}};
}

// The last three axes of `out`.
lpr::Planes planes(Array<float>& out) {
  const auto size = [&](py::ssize_t from_end) {
    return static_cast<int>(out.shape(out.ndim() - from_end));
  };
  return {out.mutable_data(), size(3), size(1), size(2)};
}

using Release = py::gil_scoped_release;

std::tuple<double, double, double, double> letterbox(const py::array_t<std::uint8_t>& image,
                                                     Array<float> out, lpr::Resize resize,
                                                     lpr::Channels channels,
                                                     lpr::Interpolation interpolation, float pad,
                                                     const std::string& impl) {
  const lpr::Picture source = picture(image);
  const lpr::Planes target = planes(out);
  const lpr::Impl chosen = lpr::implementation(impl);
  const Release release;
  const lpr::Placement placed =
      lpr::letterbox(source, target, resize, channels, interpolation, pad, chosen);
  return {placed.scale_x, placed.scale_y, placed.offset_x, placed.offset_y};
}

void warp(const py::array_t<std::uint8_t>& image, const Array<float>& quads, Array<float> out,
          lpr::Resize resize, lpr::Channels channels, double margin, double mean, double std,
          const std::string& impl) {
  const lpr::Picture source = picture(image);
  const lpr::Planes target = planes(out);
  const lpr::Impl chosen = lpr::implementation(impl);
  const float* corners = quads.data();
  const std::int64_t count = quads.shape(0);
  const Release release;
  lpr::warp(source, corners, count, target, {resize, channels, margin, mean, std}, chosen);
}

std::int64_t nms(const Array<float>& boxes, const Array<float>& scores, double iou,
                 Array<std::int64_t> kept, const std::string& impl) {
  const lpr::Impl chosen = lpr::implementation(impl);
  const float* corners = boxes.data();
  const float* values = scores.data();
  const std::int64_t count = boxes.shape(0);
  std::int64_t* indices = kept.mutable_data();
  const Release release;
  return lpr::nms(corners, values, count, iou, indices, chosen);
}

void ctc_greedy(const Array<float>& logits, std::int64_t blank, std::int64_t dropped,
                Array<std::int32_t> classes, Array<float> confidences, Array<std::int32_t> begins,
                Array<std::int32_t> ends, Array<std::int32_t> counts, const std::string& impl) {
  const lpr::Impl chosen = lpr::implementation(impl);
  const float* values = logits.data();
  const std::int64_t shape[3] = {logits.shape(0), logits.shape(1), logits.shape(2)};
  const lpr::CtcOutput out{classes.mutable_data(), confidences.mutable_data(),
                           begins.mutable_data(), ends.mutable_data(), counts.mutable_data()};
  const Release release;
  lpr::ctc_greedy(values, shape[0], shape[1], shape[2], blank, dropped, out, chosen);
}

void ctc_beam(const Array<float>& logits, std::int64_t blank, std::int64_t dropped,
              const Array<std::int32_t>& transitions, const Array<std::uint8_t>& accepting,
              std::int64_t width, Array<std::int32_t> classes, Array<float> confidences,
              Array<std::int32_t> begins, Array<std::int32_t> ends, Array<std::int32_t> lengths,
              Array<double> log_probabilities, Array<std::int32_t> counts) {
  const float* values = logits.data();
  const std::int64_t shape[3] = {logits.shape(0), logits.shape(1), logits.shape(2)};
  const std::int64_t top = lengths.shape(1);
  const lpr::Automaton automaton{transitions.data(), accepting.data()};
  const lpr::BeamOutput out{classes.mutable_data(), confidences.mutable_data(),
                            begins.mutable_data(),  ends.mutable_data(),
                            lengths.mutable_data(), log_probabilities.mutable_data(),
                            counts.mutable_data()};
  const Release release;
  lpr::ctc_beam(values, shape[0], shape[1], shape[2], blank, dropped, automaton, width, top, out);
}

std::int64_t pick_best(const Array<double>& confidences, const Array<std::int64_t>& offsets,
                       const std::string& impl) {
  const lpr::Impl chosen = lpr::implementation(impl);
  const double* values = confidences.data();
  const std::int64_t* bounds = offsets.data();
  const std::int64_t count = offsets.shape(0) - 1;
  const Release release;
  return lpr::pick_best(values, bounds, count, chosen);
}

std::int64_t vote(const Array<std::int32_t>& symbols, const Array<double>& weights,
                  const Array<std::int64_t>& offsets, Array<std::int32_t> voted,
                  Array<double> shares, const std::string& impl) {
  const lpr::Impl chosen = lpr::implementation(impl);
  const lpr::WeightedTexts texts{symbols.data(), weights.data(), offsets.data(),
                                 offsets.shape(0) - 1};
  std::int32_t* winners = voted.mutable_data();
  double* parts = shares.mutable_data();
  const Release release;
  return lpr::vote(texts, winners, parts, chosen);
}

std::int64_t confusion(const Array<std::int32_t>& symbols, const Array<double>& weights,
                       const Array<std::int64_t>& offsets, Array<double> votes) {
  const lpr::WeightedTexts texts{symbols.data(), weights.data(), offsets.data(),
                                 offsets.shape(0) - 1};
  double* out = votes.mutable_data();
  const std::int64_t classes = votes.shape(1) - 1;
  const Release release;
  return lpr::confusion(texts, classes, out);
}

double legal_path(const Array<double>& votes, const Array<std::int32_t>& transitions,
                  const Array<std::uint8_t>& accepting, double floor, Array<std::int32_t> path) {
  const lpr::Automaton automaton{transitions.data(), accepting.data()};
  const std::int64_t shape[2] = {votes.shape(0), votes.shape(1) - 1};
  const std::int64_t states = accepting.shape(0);
  const double* rows = votes.data();
  std::int32_t* out = path.mutable_data();
  const Release release;
  return lpr::legal_path(rows, shape[0], shape[1], automaton, states, floor, out);
}

void buffered_iou(const Array<double>& first, const Array<double>& second, double buffer,
                  Array<double> out) {
  const double* rows = first.data();
  const double* columns = second.data();
  double* values = out.mutable_data();
  const std::int64_t shape[2] = {first.shape(0), second.shape(0)};
  const Release release;
  lpr::buffered_iou(rows, shape[0], columns, shape[1], buffer, values);
}

// The (row, column) pairs, or none if an argument is not as the kernel takes it: costs C-contiguous,
// aligned and within -largest..largest, and the limit too. The checks are here, since in NumPy they
// take longer than a small assignment.
py::object assign(py::handle costs, py::handle limit) {
  constexpr double largest = 1e300;  // sums of millions of costs stay finite
  const auto is_bounded = [](double value) { return value >= -largest && value <= largest; };
  if (!Array<double>::check_(costs)) return py::none();
  const auto table = py::reinterpret_borrow<py::array>(costs);
  const double most = PyFloat_AsDouble(limit.ptr());
  if (PyErr_Occurred()) {
    PyErr_Clear();
    return py::none();
  }
  if (table.ndim() != 2 || !is_bounded(most)) return py::none();
  const auto* values = static_cast<const double*>(table.data());
  if (reinterpret_cast<std::uintptr_t>(values) % alignof(double) != 0) return py::none();
  const std::int64_t rows = table.shape(0);
  const std::int64_t columns = table.shape(1);
  std::int64_t outside = 0;
  for (std::int64_t k = 0; k < rows * columns; ++k) outside += is_bounded(values[k]) ? 0 : 1;
  if (outside > 0) return py::none();

  std::vector<std::int64_t> column_of(static_cast<std::size_t>(rows));
  {
    std::optional<Release> release;
    constexpr std::int64_t small = 1000;  // costs: an assignment of microseconds
    if (rows * columns > small) release.emplace();
    lpr::assign(values, rows, columns, most, column_of.data());
  }
  py::list pairs(rows - std::count(column_of.begin(), column_of.end(), -1));
  py::ssize_t number = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (column_of[row] < 0) continue;
    PyList_SET_ITEM(pairs.ptr(), number++, py::make_tuple(row, column_of[row]).release().ptr());
  }
  return pairs;
}

}  // namespace

PYBIND11_MODULE(_kernels, module) {
  py::enum_<lpr::Resize>(module, "Resize")
      .value("letterbox", lpr::Resize::letterbox)
      .value("stretch", lpr::Resize::stretch);
  py::enum_<lpr::Channels>(module, "Channels")
      .value("rgb", lpr::Channels::rgb)
      .value("bgr", lpr::Channels::bgr)
      .value("gray", lpr::Channels::gray);
  py::enum_<lpr::Interpolation>(module, "Interpolation")
      .value("area", lpr::Interpolation::area)
      .value("linear", lpr::Interpolation::linear);
  module.def("implementations", &lpr::implementations);
  module.def("letterbox", &letterbox);
  module.def("warp", &warp);
  module.def("nms", &nms);
  module.def("ctc_greedy", &ctc_greedy);
  module.def("ctc_beam", &ctc_beam);
  module.def("pick_best", &pick_best);
  module.def("vote", &vote);
  module.def("confusion", &confusion);
  module.def("legal_path", &legal_path);
  module.def("buffered_iou", &buffered_iou);
  module.def("assign", &assign);
}
