#include "cpu.h"

#include <stdexcept>
#include <utility>

namespace lpr {
namespace {

using Named = std::pair<std::string, Impl>;

std::vector<Named> detect() {
  std::vector<Named> found{{"scalar", Impl::scalar}, {"vector", Impl::vector}};
#if LPR_X86
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx2) found.emplace_back("avx2", Impl::avx2);
  if (avx512) found.emplace_back("avx512", Impl::avx512);
#endif
  return found;
}

const std::vector<Named>& available() {
  static const std::vector<Named> found = detect();
  return found;
}

}  // namespace

std::vector<std::string> implementations() {
  std::vector<std::string> names;
  for (const Named& each : available()) names.push_back(each.first);
  return names;
}

Impl implementation(const std::string& name) {
  if (name == "auto") return available().back().second;
  std::string known = "auto";
  for (const Named& each : available()) {
    if (each.first == name) return each.second;
    known += ", " + each.first;
  }
  throw std::invalid_argument("implementation '" + name + "' does not run here; there are " +
                              known);
}

}  // namespace lpr
