// Doorbells: one eventfd per rank. A rank that is about to sleep says so in the segment; whoever then has news for
// it rings. The same descriptor serves both ways of sleeping: blocked in poll(2), or in the event loop.
#include "addon.h"

#include <cerrno>
#include <ctime>
#include <poll.h>
#include <set>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

namespace tsmpi {

static Napi::Value createDoorbell(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throwErrno(env, "eventfd");
  return Napi::Number::New(env, fd);
}

// ringDoorbell(fd)
static napi_value ringDoorbell(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int32_t fd = -1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &fd);
  uint64_t one = 1;
  // EAGAIN means that the counter is full: the bell is ringing already.
  ssize_t written = write(fd, &one, sizeof one);
  (void)written;
  return nullptr;
}

static void clear(int fd) {
  uint64_t count;
  ssize_t got = read(fd, &count, sizeof count);
  (void)got;
}

// sleepOnDoorbell(fd, milliseconds): blocks this thread until the bell rings or the time is over (-1: no limit).
static napi_value sleepOnDoorbell(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  int32_t fd = -1, milliseconds = -1;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_int32(env, arguments[0], &fd);
  napi_get_value_int32(env, arguments[1], &milliseconds);
  struct pollfd item = {fd, POLLIN, 0};
  if (poll(&item, 1, milliseconds) > 0) clear(fd);
  return nullptr;
}

// The event loop's watch on this rank's own doorbell; a rank has one.
struct Watch {
  uv_poll_t handle;
  int fd;
  napi_env env;
  napi_ref callback;
  napi_async_context context;
  // Whether nothing but the bell can wake this rank is looked at by a timer, which runs while the rank sleeps and until it is so.
  uv_timer_t timer;
  napi_ref idle;  // null: nobody wants to know
  bool held;
  uint64_t holds, holdsSeen;
  int quietPeriods;
  uint64_t cpuTime;
};

static Watch* watch = nullptr;

static const uint64_t PERIOD_MS = 1000;
// In the first of two periods whatever was under way has had its turn.
static const int QUIET_PERIODS = 2;
// Threads of the process that use more than this in a period may be about to bring something (a module of WebAssembly that
// is being compiled is seen nowhere else); the timer itself takes less than a tenth of it.
static const uint64_t BUSY_NS = 5000000;

// Handles of this kind that node has from its start, which stand for nothing of the program's. It adds none later but for
// something that the program does.
static std::set<uv_handle_t*> nodesOwn;

static void noteNodesOwn(Napi::Env env) {
  uv_loop_s* loop = nullptr;
  // Worker threads load the addon, too.
  if (!nodesOwn.empty() || napi_get_uv_event_loop(env, &loop) != napi_ok) return;
  auto note = [](uv_handle_t* handle, void*) {
    if (handle->type == UV_ASYNC) nodesOwn.insert(handle);
  };
  uv_walk(loop, note, nullptr);
}

static void call(Watch* self, napi_ref function) {
  napi_env env = self->env;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_value callback, global, result;
  napi_get_reference_value(env, function, &callback);
  napi_get_global(env, &global);
  if (napi_make_callback(env, self->context, global, callback, 0, nullptr, &result) == napi_pending_exception) {
    // Surfaces as an uncaught exception of the program, as an error thrown in any other event callback does.
    napi_value error;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

static void onRing(uv_poll_t* handle, int status, int) {
  Watch* self = static_cast<Watch*>(handle->data);
  if (status < 0) return;
  clear(self->fd);
  call(self, self->callback);
}

// Whether nothing of the loop's can call the program but the bell. What does not keep node alive (unref) counts as well,
// for the bell does: timers, signal handlers, sockets, threads.
static bool isIdle(Watch* self) {
  uv_handle_t* bell = reinterpret_cast<uv_handle_t*>(&self->handle);
  uv_loop_t* loop = self->handle.loop;
  uv_unref(bell);
  bool alive = uv_loop_alive(loop);
  uv_ref(bell);
  if (alive) return false;
  bool idle = true;
  auto look = [](uv_handle_t* handle, void* result) {
    if (handle == reinterpret_cast<uv_handle_t*>(&watch->handle)) return;
    if (handle == reinterpret_cast<uv_handle_t*>(&watch->timer)) return;
    if (!uv_is_active(handle) || handle->type == UV_CHECK || handle->type == UV_PREPARE) return;
    if (handle->type == UV_ASYNC && nodesOwn.count(handle) > 0) return;
    *static_cast<bool*>(result) = false;
  };
  uv_walk(loop, look, &idle);
  return idle;
}

static uint64_t cpuTime() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return uint64_t(time.tv_sec) * 1000000000 + uint64_t(time.tv_nsec);
}

static void onPeriod(uv_timer_t* timer) {
  Watch* self = static_cast<Watch*>(timer->data);
  uint64_t used = cpuTime() - self->cpuTime;
  self->cpuTime += used;
  bool slept = self->held && self->holds == self->holdsSeen;
  self->holdsSeen = self->holds;
  self->quietPeriods = slept && used < BUSY_NS && isIdle(self) ? self->quietPeriods + 1 : 0;
  if (!self->held) uv_timer_stop(timer);
  if (self->quietPeriods < QUIET_PERIODS) return;
  uv_timer_stop(timer);
  self->quietPeriods = 0;
  call(self, self->idle);
}

// The environment goes: no callback may come any more.
static void endWatch(void*) {
  uv_poll_stop(&watch->handle);
  uv_timer_stop(&watch->timer);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->timer), [](uv_handle_t* handle) {
    Watch* self = static_cast<Watch*>(handle->data);
    uv_close(reinterpret_cast<uv_handle_t*>(&self->handle), [](uv_handle_t* handle) {
      delete static_cast<Watch*>(handle->data);
    });
  });
  watch = nullptr;
}

// watchDoorbell(fd, callback, idle?): calls back from the event loop whenever the bell rings. Unreferenced at first. Calls
// `idle`, once in each sleep that holds the event loop, when nothing but the bell can wake this rank and has not for seconds.
static Napi::Value watchDoorbell(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uv_loop_s* loop = nullptr;
  if (watch != nullptr || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    Napi::Error::New(env, "the doorbell of this process is watched already").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  watch = new Watch();
  watch->env = env;
  watch->fd = info[0].As<Napi::Number>().Int32Value();
  watch->handle.data = watch;
  napi_create_reference(env, info[1], 1, &watch->callback);
  napi_async_init(env, nullptr, Napi::String::New(env, "tsmpi:doorbell"), &watch->context);
  if (uv_poll_init(loop, &watch->handle, watch->fd) != 0 || uv_poll_start(&watch->handle, UV_READABLE, onRing) != 0) {
    Napi::Error::New(env, "the event loop cannot watch the doorbell").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch->handle));
  uv_timer_init(loop, &watch->timer);
  watch->timer.data = watch;
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch->timer));
  if (info[2].IsFunction()) napi_create_reference(env, info[2], 1, &watch->idle);
  napi_add_env_cleanup_hook(env, endWatch, nullptr);
  return env.Undefined();
}

// holdEventLoop(hold): whether the watch keeps the event loop, and so the process, alive.
static napi_value holdEventLoop(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  bool hold = false;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_bool(env, argument, &hold);
  if (watch == nullptr) return nullptr;
  uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(&watch->handle);
  watch->held = hold;
  if (!hold) {
    uv_unref(handle);
    return nullptr;
  }
  uv_ref(handle);
  watch->holds++;
  if (watch->idle != nullptr && !uv_is_active(reinterpret_cast<uv_handle_t*>(&watch->timer)))
    uv_timer_start(&watch->timer, onPeriod, PERIOD_MS, PERIOD_MS);
  return nullptr;
}

void registerDoorbell(Napi::Env env, Napi::Object exports) {
  noteNodesOwn(env);
  exports.Set("createDoorbell", Napi::Function::New<createDoorbell>(env));
  exports.Set("watchDoorbell", Napi::Function::New<watchDoorbell>(env));
  registerRaw(env, exports, "ringDoorbell", ringDoorbell);
  registerRaw(env, exports, "sleepOnDoorbell", sleepOnDoorbell);
  registerRaw(env, exports, "holdEventLoop", holdEventLoop);
}

}  // namespace tsmpi
