#include "cpu.h"

#include <stdexcept>
#include <utility>

// The libraries that clang-cl links have no __builtin_cpu_supports.
#if LPR_X86 && defined(_WIN32)
#define LPR_CPUID 1
#include <cpuid.h>
#else
#define LPR_CPUID 0
#endif

namespace lpr {
namespace {

#if LPR_CPUID
struct Features {
  bool avx2 = false;  // with fma
  bool avx512 = false;  // F, BW, DQ and VL
};

// Bits: Intel's manual, volume 2, CPUID leaves 1 and 7; volume 1, 13.3 (XCR0).
Features features() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return {};
  const bool fma = (c >> 12) & 1;
  const bool osxsave = (c >> 27) & 1;
  if (!osxsave || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return {};
  unsigned saved = 0, high = 0;  // registers that the system saves between threads
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  Features found;
  found.avx2 = fma && ((b >> 5) & 1) && (saved & 0x06) == 0x06;
  constexpr unsigned needed = 1U << 16 | 1U << 17 | 1U << 30 | 1U << 31;
  found.avx512 = found.avx2 && (b & needed) == needed && (saved & 0xe6) == 0xe6;
  return found;
}
#endif

using NamedImpl = std::pair<std::string, Impl>;

std::vector<NamedImpl> detect() {
  std::vector<NamedImpl> found{{"scalar", Impl::scalar}, {"vector", Impl::vector}};
#if LPR_CPUID
  const auto [avx2, avx512] = features();
#elif LPR_X86
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
#endif
#if LPR_X86
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
