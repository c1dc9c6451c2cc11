// Which implementations this CPU can run, and how a fast path is compiled for each of them.
//
// A fast path is a struct with a static `run` marked LPR_INLINE: plain loops over blocks that the
// compiler turns into vector instructions. `dispatch<Kernel>(impl, ...)` inlines it into one
// function for each instruction set: `vector` is what the compiler targets anyway (SSE2 on x86-64,
// NEON on AArch64). Nothing else may be compiled for more than that, so that the module loads
// everywhere.
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

// Names of the implementations that run here, slowest first: "scalar", "vector", ...
std::vector<std::string> implementations();

// The implementation of that name, or the fastest for "auto".
// Throws std::invalid_argument for a name that this CPU cannot run.
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
