// Copies between the memories of two ranks of one host, without a stop in between (process_vm_readv and _writev,
// Linux 3.2). The kernel allows that between processes of one user unless it has been told to be stricter: yama's
// ptrace_scope 1 asks each process for its consent, which `allowCopies` gives; a seccomp filter may refuse anyway.
#include "addon.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tsmpi {

// allowCopies(): lets the other processes of this user copy from and to this one's memory.
static Napi::Value allowCopies(const Napi::CallbackInfo& info) {
#ifdef PR_SET_PTRACER
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
  return info.Env().Undefined();
}

// mayCopy(): whether ranks may copy from one another, tried with two processes that are related as ranks are: both
// children of one parent, the one consenting, the other reading.
static Napi::Value mayCopy(const Napi::CallbackInfo& info) {
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return Napi::Boolean::New(info.Env(), false);
  static const char sample[] = "tsmpi";
  pid_t consenting = fork();
  if (consenting == 0) {
    char byte = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#ifdef PR_SET_PTRACER
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
    if (write(pipes[1], &byte, 1) == 1) pause();
    _exit(0);
  }
  bool may = false;
  if (consenting > 0) {
    char byte;
    pid_t reading = read(pipes[0], &byte, 1) == 1 ? fork() : -1;
    if (reading == 0) {
      char came[sizeof sample];
      struct iovec here = {came, sizeof came}, there = {const_cast<char*>(sample), sizeof sample};
      bool right = process_vm_readv(consenting, &here, 1, &there, 1, 0) == sizeof sample &&
                   memcmp(came, sample, sizeof sample) == 0;
      _exit(right ? 0 : 1);
    }
    int status = 1;
    if (reading > 0 && waitpid(reading, &status, 0) == reading) may = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    kill(consenting, SIGKILL);
    waitpid(consenting, nullptr, 0);
  }
  close(pipes[0]);
  close(pipes[1]);
  return Napi::Boolean::New(info.Env(), may);
}

// addressOf(array): where the elements of a typed array lie in this process, for the other's call below. They stay
// there for as long as the array lives, except for arrays of up to 64 bytes that have never been asked for their
// buffer; asking here moves those out of V8's heap for good.
static napi_value addressOf(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (napi_get_typedarray_info(env, argument, nullptr, nullptr, &data, nullptr, nullptr) != napi_ok) {
    napi_throw_type_error(env, nullptr, "addressOf: expected a typed array");
    return nullptr;
  }
  napi_create_double(env, static_cast<double>(reinterpret_cast<uintptr_t>(data)), &result);
  return result;
}

typedef ssize_t (*Transfer)(pid_t, const struct iovec*, unsigned long, const struct iovec*, unsigned long, unsigned long);

// (pid, address, bytes: Uint8Array, from, count): copies between `address` of process `pid` and bytes[from ..
// from + count). Returns 0, or the errno of what went wrong: ESRCH when the process has ended, EPERM or ENOSYS where
// copying is forbidden, EFAULT when the memory is not there.
static napi_value copy(napi_env env, napi_callback_info info, Transfer transfer) {
  napi_value arguments[5], result;
  size_t argumentCount = 5, length = 0;
  int32_t pid = 0;
  double address = 0, from = 0, count = 0;
  void* data = nullptr;
  napi_get_cb_info(env, info, &argumentCount, arguments, nullptr, nullptr);
  bool valid = napi_get_value_int32(env, arguments[0], &pid) == napi_ok &&
               napi_get_value_double(env, arguments[1], &address) == napi_ok &&
               napi_get_typedarray_info(env, arguments[2], nullptr, &length, &data, nullptr, nullptr) == napi_ok &&
               napi_get_value_double(env, arguments[3], &from) == napi_ok &&
               napi_get_value_double(env, arguments[4], &count) == napi_ok;
  if (!valid || from < 0 || count < 0 || from + count > static_cast<double>(length)) {
    napi_throw_range_error(env, nullptr, "copying between processes: expected (pid, address, bytes, from, count)");
    return nullptr;
  }
  struct iovec here = {static_cast<char*>(data) + static_cast<size_t>(from), static_cast<size_t>(count)};
  struct iovec there = {reinterpret_cast<void*>(static_cast<uintptr_t>(address)), here.iov_len};
  int error = 0;
  while (here.iov_len > 0) {
    ssize_t moved = transfer(pid, &here, 1, &there, 1, 0);
    if (moved <= 0) {
      if (moved < 0 && errno == EINTR) continue;
      error = moved < 0 ? errno : EFAULT;
      break;
    }
    // One call moves at most 2 GiB.
    here.iov_base = static_cast<char*>(here.iov_base) + moved;
    here.iov_len -= moved;
    there.iov_base = static_cast<char*>(there.iov_base) + moved;
    there.iov_len = here.iov_len;
  }
  napi_create_int32(env, error, &result);
  return result;
}

// copyFrom(pid, address, bytes, from, count)
static napi_value copyFrom(napi_env env, napi_callback_info info) { return copy(env, info, process_vm_readv); }

// copyTo(pid, address, bytes, from, count)
static napi_value copyTo(napi_env env, napi_callback_info info) { return copy(env, info, process_vm_writev); }

void registerCopy(Napi::Env env, Napi::Object exports) {
  exports.Set("mayCopy", Napi::Function::New<mayCopy>(env));
  exports.Set("allowCopies", Napi::Function::New<allowCopies>(env));
  registerRaw(env, exports, "addressOf", addressOf);
  registerRaw(env, exports, "copyFrom", copyFrom);
  registerRaw(env, exports, "copyTo", copyTo);
}

}  // namespace tsmpi
