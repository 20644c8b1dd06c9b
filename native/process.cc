// What a rank or the launcher asks of the kernel about processes and cores.
#include "addon.h"

#include <cstdlib>
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace tsmpi {

// usableCpus(): numbers of the cores in this process's affinity mask.
static Napi::Value usableCpus(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  cpu_set_t set;
  CPU_ZERO(&set);
  Napi::Array cpus = Napi::Array::New(env);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  uint32_t count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &set)) cpus.Set(count++, cpu);
  }
  return cpus;
}

// bindToCpus(cpus): every thread of this process, for V8's helper threads exist already when a script can call.
static Napi::Value bindToCpus(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array cpus = info[0].As<Napi::Array>();
  cpu_set_t set;
  CPU_ZERO(&set);
  for (uint32_t i = 0; i < cpus.Length(); i++) {
    int cpu = cpus.Get(i).As<Napi::Number>().Int32Value();
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  }
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) {
    throwErrno(env, "listing the threads of this process");
    return env.Undefined();
  }
  while (struct dirent* entry = readdir(tasks)) {
    int thread = std::atoi(entry->d_name);
    // A helper thread may have ended since it was listed; only the main thread's outcome counts.
    if (thread > 0 && sched_setaffinity(thread, sizeof set, &set) != 0 && thread == getpid()) {
      throwErrno(env, "binding to cores");
      break;
    }
  }
  closedir(tasks);
  return env.Undefined();
}

// dieWithParent(parent): the kernel kills this process when its parent dies, even by SIGKILL.
static Napi::Value dieWithParent(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  pid_t parent = info[0].As<Napi::Number>().Int32Value();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the call above; then nobody would ever signal.
  if (getppid() != parent) _exit(1);
  return env.Undefined();
}

// leadGroup(): makes this process the leader of a process group of its own, so that it can be signalled together with
// what it starts. It stays in its session: the kernel's scheduler may treat sessions as groups (autogroup), and
// between such groups sched_yield does not give way, on which ranks that share cores depend.
static Napi::Value leadGroup(const Napi::CallbackInfo& info) {
  setpgid(0, 0);
  return info.Env().Undefined();
}

// exitWithin(milliseconds, code): ends this process by then, whatever its other threads wait for.
static void exitWithin(const Napi::CallbackInfo& info) {
  auto patience = std::chrono::milliseconds(info[0].As<Napi::Number>().Int64Value());
  int code = info[1].As<Napi::Number>().Int32Value();
  std::thread([patience, code] {
    std::this_thread::sleep_for(patience);
    _exit(code);
  }).detach();
}

void registerProcess(Napi::Env env, Napi::Object exports) {
  exports.Set("usableCpus", Napi::Function::New<usableCpus>(env));
  exports.Set("bindToCpus", Napi::Function::New<bindToCpus>(env));
  exports.Set("leadGroup", Napi::Function::New<leadGroup>(env));
  exports.Set("dieWithParent", Napi::Function::New<dieWithParent>(env));
  exports.Set("exitWithin", Napi::Function::New<exitWithin>(env));
}

}  // namespace tsmpi
