#include "blas-library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "simd.h"
#include "threads.h"

namespace tsmpi {
namespace {

struct Candidate {
  const char* name;
  std::vector<const char*> files;
};

// Where Debian keeps the reference library itself; libblas.so.3 beside it may be any other.
#if defined(__aarch64__)
#define TSMPI_DEBIAN_FOLDER "/usr/lib/aarch64-linux-gnu"
#else
#define TSMPI_DEBIAN_FOLDER "/usr/lib/x86_64-linux-gnu"
#endif

// In the order tried. The reference library is last and taken only when TSMPI_BLAS names it: the own kernels are ten
// times faster.
const Candidate candidates[] = {
    {"OpenBLAS",
     {"libopenblas.so.0", "libopenblasp.so.0", "libopenblas64_.so.0", "libopenblas64.so.0", "libopenblas.so",
      "libopenblas.dylib"}},
    {"MKL", {"libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"}},
    {"BLIS", {"libblis.so.4", "libblis-mt.so.4", "libblis.so.5", "libblis.so.3", "libblis.so"}},
    {"Accelerate", {"/System/Library/Frameworks/Accelerate.framework/Accelerate"}},
    {"reference", {TSMPI_DEBIAN_FOLDER "/blas/libblas.so.3", "libblas.so.3", "libcblas.so.3"}},
};

// Symbols of a library with 64-bit integers may carry a suffix.
const char* const suffixes[] = {"", "64_", "_64", "_64_"};

struct Names {
  const char* suffix = nullptr;
  void* find(void* handle, const std::string& name) const { return dlsym(handle, (name + suffix).c_str()); }
};

Names namesOf(void* handle, const char* probe) {
  for (const char* suffix : suffixes) {
    if (dlsym(handle, (std::string(probe) + suffix).c_str()) != nullptr) return {suffix};
  }
  return {};
}

// A length whose lower half is 3 and which is negative as a whole: a library that counts in 32 bits sums three
// products, one that counts in 64 bits none. (The trick is libblastrampoline's.)
bool countsIn64Bits(void* dot) {
  const double ones[3] = {1, 1, 1};
  auto probe = reinterpret_cast<double (*)(int64_t, const double*, int64_t, const double*, int64_t)>(dot);
  return probe(static_cast<int64_t>(0xffffffff00000003), ones, 1, ones, 1) == 0;
}

const char* const cblasNames[][4] = {
#define X(name, s, d, c, z) {s, d, c, z},
    TSMPI_CBLAS_FUNCTIONS(X)
#undef X
};
const char* const lapackNames[][4] = {
#define X(name, s, d, c, z) {s, d, c, z},
    TSMPI_LAPACK_FUNCTIONS(X)
#undef X
};

constexpr int cblasCount = sizeof cblasNames / sizeof *cblasNames;
constexpr int lapackCount = sizeof lapackNames / sizeof *lapackNames;

std::string pathOf(void* function) {
  Dl_info info;
  return dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

using Text = const char* (*)();

// The functions by which a library says what it is, and takes orders, may carry its suffix.
template <class F>
F ask(void* handle, const char* name) {
  for (const char* suffix : suffixes) {
    if (void* found = dlsym(handle, (std::string(name) + suffix).c_str())) return reinterpret_cast<F>(found);
  }
  return nullptr;
}

void describe(BlasLibrary& library) {
  if (auto config = ask<Text>(library.handle, "openblas_get_config")) {
    library.name = "OpenBLAS";
    std::string text = config();
    size_t start = text.rfind("OpenBLAS ", 0) == 0 ? 9 : 0;
    library.version = text.substr(start, text.find(' ', start) - start);
    if (auto core = ask<Text>(library.handle, "openblas_get_corename")) library.core = core();
  } else if (auto version = ask<void (*)(char*, int)>(library.handle, "MKL_Get_Version_String")) {
    library.name = "MKL";
    char text[200] = {};
    version(text, sizeof text - 1);
    library.version = text;
    library.version.erase(library.version.find_last_not_of(' ') + 1);
  } else if (auto version = ask<Text>(library.handle, "bli_info_get_version_str")) {
    library.name = "BLIS";
    library.version = version();
    auto id = ask<int (*)()>(library.handle, "bli_arch_query_id");
    auto core = ask<const char* (*)(int)>(library.handle, "bli_arch_string");
    if (id != nullptr && core != nullptr) library.core = core(id());
  } else if (library.path.find("Accelerate") != std::string::npos ||
             library.path.find("vecLib") != std::string::npos) {
    library.name = "Accelerate";
  } else {
    library.name = "reference";
  }
}

bool loadLapack(BlasLibrary& library, void* handle) {
  Names names = namesOf(handle, "dgesdd_");
  if (names.suffix == nullptr) return false;
  for (int i = 0; i < lapackCount; i++) {
    for (int type = 0; type < 4; type++) {
      library.functions[cblasCount + i][type] = names.find(handle, std::string(lapackNames[i][type]) + "_");
    }
  }
  library.lapack = pathOf(names.find(handle, "dgesdd_"));
  return true;
}

// `kind` is what the library must turn out to be, where that is not all the same: the file may be a link to another.
bool load(BlasLibrary& found, const char* file, std::string& why, const char* kind = nullptr) {
  void* handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    why += std::string(why.empty() ? "" : "; ") + dlerror();
    return false;
  }
  Names names = namesOf(handle, "cblas_dgemm");
  if (names.suffix == nullptr) {
    why += std::string(why.empty() ? "" : "; ") + file + " has no cblas_dgemm";
    dlclose(handle);
    return false;
  }
  BlasLibrary library;
  library.handle = handle;
  for (int i = 0; i < cblasCount; i++) {
    for (int type = 0; type < 4; type++) {
      library.functions[i][type] = names.find(handle, std::string("cblas_") + cblasNames[i][type]);
    }
  }
  library.wide = countsIn64Bits(names.find(handle, "cblas_ddot"));
  library.wideLapack = library.wide;
  library.path = pathOf(names.find(handle, "cblas_dgemm"));
  describe(library);
  if (kind != nullptr && library.name != kind) {
    // It stays in memory: its threads may run already.
    why += std::string(why.empty() ? "" : "; ") + file + " is " + library.name;
    return false;
  }
  library.products = library.name;
  library.ownLapack = loadLapack(library, handle) && library.name != "reference";
  found = library;
  return true;
}

std::string lowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

bool loadNamed(BlasLibrary& library, const std::string& wanted) {
  if (lowerCase(wanted) == "own") return true;
  std::string why;
  bool known = false;
  for (const Candidate& candidate : candidates) {
    if (lowerCase(candidate.name) != lowerCase(wanted)) continue;
    known = true;
    for (const char* file : candidate.files) {
      if (load(library, file, why, candidate.name)) return true;
    }
  }
  if (!known && load(library, wanted.c_str(), why)) return true;
  library.failure = "TSMPI_BLAS is \"" + wanted + "\", which does not load (" + why +
                    "); it may be openblas, mkl, blis, accelerate, reference, own or the path of a library";
  return false;
}

void tellThreads(void* handle, int count) {
  if (auto set = ask<void (*)(int)>(handle, "openblas_set_num_threads")) set(count);
  else if (auto set = ask<void (*)(int)>(handle, "MKL_Set_Num_Threads")) set(count);
  else if (auto set = ask<void (*)(int64_t)>(handle, "bli_thread_set_num_threads")) set(count);
}

// What the library's own variable says goes before OMP_NUM_THREADS, as in the library itself.
int threadsAtFirst(void* handle) {
  int said = 0;
  if (ask<void*>(handle, "openblas_set_num_threads")) said = threadsSaid("OPENBLAS_NUM_THREADS");
  else if (ask<void*>(handle, "MKL_Set_Num_Threads")) said = threadsSaid("MKL_NUM_THREADS");
  else if (ask<void*>(handle, "bli_thread_set_num_threads")) said = threadsSaid("BLIS_NUM_THREADS");
  return said > 0 ? said : threadCount();
}

// Of processors that are younger than it OpenBLAS knows that they have AVX2, no more. Where they have AVX-512 the own
// kernels are faster then.
void takeOwnProducts(BlasLibrary& library) {
  if (library.name != "OpenBLAS" || simdLevel() != Simd::avx512) return;
  if (library.core != "Haswell" && library.core != "Zen") return;
  for (Function function : {Function::gemm, Function::syrk, Function::symm, Function::trmm, Function::trsm}) {
    for (int type : {typeIndex<float>, typeIndex<double>}) library.functions[static_cast<int>(function)][type] = nullptr;
  }
  library.products = "own";
}

BlasLibrary find() {
  BlasLibrary library;
  const char* wanted = std::getenv("TSMPI_BLAS");
  if (wanted != nullptr && *wanted != 0) {
    if (!loadNamed(library, wanted)) return library;
  } else {
    std::string why;
    for (const Candidate& candidate : candidates) {
      if (library.handle != nullptr || std::strcmp(candidate.name, "reference") == 0) break;
      for (const char* file : candidate.files) {
        if (load(library, file, why)) break;
      }
    }
    takeOwnProducts(library);
  }
  // BLIS and the own kernels have no LAPACK; the reference one is better than none.
  if (library.lapack.empty()) {
    for (const char* file : {"liblapack.so.3", "liblapack64.so.3"}) {
      void* handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
      if (handle != nullptr && loadLapack(library, handle)) {
        library.lapackHandle = handle;
        library.wideLapack = std::strstr(file, "64") != nullptr;
        break;
      }
    }
  }
  if (library.handle == nullptr) library.core = simdName(simdLevel());
  for (void* from : {library.handle, library.lapackHandle}) {
    if (from != nullptr) tellThreads(from, threadsAtFirst(from));
  }
  // The own kernels use as many threads as those for which they stand.
  if (library.handle != nullptr && library.products == "own") setThreadCount(threadsAtFirst(library.handle));
  return library;
}

}  // namespace

void BlasLibrary::setThreads(int count) const {
  for (void* from : {handle, lapackHandle}) {
    if (from != nullptr) tellThreads(from, count);
  }
}

int BlasLibrary::threads() const {
  if (handle == nullptr) return threadCount();
  if (auto get = ask<int (*)()>(handle, "openblas_get_num_threads")) return get();
  if (auto get = ask<int (*)()>(handle, "MKL_Get_Max_Threads")) return get();
  if (auto get = ask<int64_t (*)()>(handle, "bli_thread_get_num_threads")) return static_cast<int>(get());
  return 1;
}

const BlasLibrary& blasLibrary() {
  // Never unloaded: its threads may run as long as the process.
  static const BlasLibrary& library = *new BlasLibrary(find());
  return library;
}

}  // namespace tsmpi
