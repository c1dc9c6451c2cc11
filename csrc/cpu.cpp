#include "cpu.h"

#include <stdexcept>
#include <utility>

namespace lpr {
namespace {

using NamedImpl = std::pair<std::string, Impl>;

std::vector<NamedImpl> detect() {
  std::vector<NamedImpl> found{{"scalar", Impl::scalar}, {"vector", Impl::vector}};
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

const std::vector<NamedImpl>& available() {
  static const std::vector<NamedImpl> found = detect();
  return found;
}

}  // namespace

std::vector<std::string> implementations() {
  std::vector<std::string> names;
  for (const NamedImpl& each : available()) names.push_back(each.first);
  return names;
}

Impl implementation(const std::string& name) {
  if (name == "auto") return available().back().second;
  std::string names = "auto";
  for (const NamedImpl& each : available()) {
    if (each.first == name) return each.second;
    names += ", " + each.first;
  }
  throw std::invalid_argument("implementation '" + name +
                              "' does not run on this CPU; use one of " + names);
}

}  // namespace lpr
