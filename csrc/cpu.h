// The implementations that this CPU runs, and dispatch to them.
//
// A fast path is a struct with a static `run` marked LPR_INLINE: plain loops over blocks that the
// compiler vectorizes. `dispatch<Kernel>(impl, ...)` inlines it into one function per instruction
// set; `vector` is the compiler's default target (SSE2 on x86-64, NEON on AArch64). All other code
// is compiled for that target, so the module loads on every CPU.
#pragma once

#include <string>
#include <vector>

#include "kernels.h"

#define LPR_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#define LPR_X86 1
#define LPR_AVX2 __attribute__((target("avx2,fma")))
#define LPR_AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#else
#define LPR_X86 0
#endif

namespace lpr {

// Names of the implementations that this CPU runs, slowest first: "scalar", "vector", ...
std::vector<std::string> implementations();

// The implementation of that name; "auto" is the fastest.
// Throws std::invalid_argument for one that this CPU does not run.
Impl implementation(const std::string& name);

#if LPR_X86
template <class Kernel, class... Arguments>
LPR_AVX2 void run_avx2(Arguments... arguments) {
  Kernel::run(arguments...);
}

template <class Kernel, class... Arguments>
LPR_AVX512 void run_avx512(Arguments... arguments) {
  Kernel::run(arguments...);
}
#endif

template <class Kernel, class... Arguments>
void run_vector(Arguments... arguments) {
  Kernel::run(arguments...);
}

template <class Kernel, class... Arguments>
void dispatch(Impl impl, Arguments... arguments) {
#if LPR_X86
  if (impl == Impl::avx512) return run_avx512<Kernel>(arguments...);
  if (impl == Impl::avx2) return run_avx2<Kernel>(arguments...);
#endif
  (void)impl;
  run_vector<Kernel>(arguments...);
}

}  // namespace lpr
