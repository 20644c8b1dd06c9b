// TCP sockets for the gateway's plain wire (src/gateway/tcp-stream.ts). node:net brings what comes in new memory, 64 KiB at a
// time, and costs several times what the system calls do; here the caller says where bytes go, and reads and writes
// when it likes. The event loop only tells when a socket has become ready.
#include "addon.h"

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

namespace tsmpi {

constexpr uint32_t READABLE = 1, WRITABLE = 2;
constexpr int BACKLOG = 511;
constexpr uint32_t MAX_PARTS = 16;

// Outlives the JavaScript object until libuv has let go of it.
struct Watched {
  uv_poll_t handle;
  int fd;
  napi_env env;
  napi_ref callback;
  napi_async_context context;
};

static void onReady(uv_poll_t* handle, int status, int events) {
  Watched* self = static_cast<Watched*>(handle->data);
  // What is wrong with a socket shows when it is used.
  uint32_t ready = status < 0 ? READABLE | WRITABLE : 0;
  if (events & UV_READABLE) ready |= READABLE;
  if (events & UV_WRITABLE) ready |= WRITABLE;
  napi_env env = self->env;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_value callback, global, argument, result;
  napi_get_reference_value(env, self->callback, &callback);
  napi_get_global(env, &global);
  napi_create_uint32(env, ready, &argument);
  if (napi_make_callback(env, self->context, global, callback, 1, &argument, &result) == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

static void endOfEnvironment(void* data);

static void letGo(Watched* watched) {
  napi_env env = watched->env;
  napi_remove_env_cleanup_hook(env, endOfEnvironment, watched);
  uv_poll_stop(&watched->handle);
  close(watched->fd);
  napi_delete_reference(env, watched->callback);
  napi_async_destroy(env, watched->context);
  uv_close(reinterpret_cast<uv_handle_t*>(&watched->handle),
           [](uv_handle_t* handle) { delete static_cast<Watched*>(handle->data); });
}

// A socket that is open, or begins to connect. Everything that can go wrong later is a negative errno.
class TcpSocket : public Napi::ObjectWrap<TcpSocket> {
 public:
  static void registerOn(Napi::Env env, Napi::Object exports) {
    exports.Set("TcpSocket", DefineClass(env, "TcpSocket",
                                         {
                                             InstanceMethod<&TcpSocket::watch>("watch"),
                                             InstanceMethod<&TcpSocket::read>("read"),
                                             InstanceMethod<&TcpSocket::write>("write"),
                                             InstanceMethod<&TcpSocket::accept>("accept"),
                                             InstanceMethod<&TcpSocket::close>("close"),
                                         }));
  }

  // (descriptor, callback): calls back with what it has become ready for, when told to `watch`.
  explicit TcpSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TcpSocket>(info) {
    Napi::Env env = info.Env();
    uv_loop_s* loop = nullptr;
    Watched* made = new Watched();
    made->env = env;
    made->fd = info[0].As<Napi::Number>().Int32Value();
    made->handle.data = made;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok || uv_poll_init(loop, &made->handle, made->fd) != 0) {
      delete made;
      Napi::Error::New(env, "the event loop cannot watch the socket").ThrowAsJavaScriptException();
      return;
    }
    napi_create_reference(env, info[1], 1, &made->callback);
    napi_async_init(env, nullptr, Napi::String::New(env, "tsmpi:tcp"), &made->context);
    napi_add_env_cleanup_hook(env, endOfEnvironment, made);
    watched = made;
  }

 private:
  Watched* watched = nullptr;

  // watch(what): READABLE, WRITABLE, both or nothing.
  Napi::Value watch(const Napi::CallbackInfo& info) {
    uint32_t what = info[0].As<Napi::Number>().Uint32Value();
    if (watched == nullptr) return info.Env().Undefined();
    int events = (what & READABLE ? UV_READABLE : 0) | (what & WRITABLE ? UV_WRITABLE : 0);
    if (events == 0)
      uv_poll_stop(&watched->handle);
    else
      uv_poll_start(&watched->handle, events, onReady);
    return info.Env().Undefined();
  }

  // read(bytes, from, count): how many have come; 0: the other side has ended.
  Napi::Value read(const Napi::CallbackInfo& info) {
    Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    size_t from = info[1].As<Napi::Number>().Int64Value(), count = info[2].As<Napi::Number>().Int64Value();
    if (watched == nullptr) return Napi::Number::New(info.Env(), -EBADF);
    if (from + count > bytes.ByteLength()) return Napi::Number::New(info.Env(), -EINVAL);
    ssize_t got;
    do got = recv(watched->fd, bytes.Data() + from, count, 0);
    while (got < 0 && errno == EINTR);
    return Napi::Number::New(info.Env(), got < 0 ? -errno : got);
  }

  // write(parts, from): how many bytes have been taken of these arrays, laid end to end, from that byte on; not
  // necessarily all, and 0 when there is no room.
  Napi::Value write(const Napi::CallbackInfo& info) {
    Napi::Array parts = info[0].As<Napi::Array>();
    size_t from = info[1].As<Napi::Number>().Int64Value();
    if (watched == nullptr) return Napi::Number::New(info.Env(), -EBADF);
    struct iovec vector[MAX_PARTS];
    struct msghdr message = {};
    message.msg_iov = vector;
    uint32_t count = parts.Length();
    for (uint32_t i = 0; i < count && message.msg_iovlen < MAX_PARTS; i++) {
      void* data = nullptr;
      size_t length = 0;
      napi_value part = parts.Get(i);
      if (napi_get_typedarray_info(info.Env(), part, nullptr, &length, &data, nullptr, nullptr) != napi_ok)
        return Napi::Number::New(info.Env(), -EINVAL);
      size_t skipped = from < length ? from : length;
      from -= skipped;
      if (skipped < length) vector[message.msg_iovlen++] = {static_cast<char*>(data) + skipped, length - skipped};
    }
    ssize_t taken;
    do taken = sendmsg(watched->fd, &message, MSG_NOSIGNAL);
    while (taken < 0 && errno == EINTR);
    if (taken < 0) taken = errno == EAGAIN ? 0 : -errno;
    return Napi::Number::New(info.Env(), taken);
  }

  // accept(): the descriptor of a connection that somebody has opened.
  Napi::Value accept(const Napi::CallbackInfo& info) {
    if (watched == nullptr) return Napi::Number::New(info.Env(), -EBADF);
    int fd = accept4(watched->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int one = 1;
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return Napi::Number::New(info.Env(), fd < 0 ? -errno : fd);
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    if (watched != nullptr) letGo(watched);
    watched = nullptr;
    return info.Env().Undefined();
  }
};

static void endOfEnvironment(void* data) {
  Watched* watched = static_cast<Watched*>(data);
  uv_poll_stop(&watched->handle);
  close(watched->fd);
  uv_close(reinterpret_cast<uv_handle_t*>(&watched->handle),
           [](uv_handle_t* handle) { delete static_cast<Watched*>(handle->data); });
}

// The address of a host that is given by number, and a socket for it; without one, -errno. A word that is no address throws.
static int socketFor(const Napi::CallbackInfo& info, int number, struct sockaddr_storage& address, socklen_t& length) {
  std::string host = info[0].As<Napi::String>(), port = std::to_string(number);
  struct addrinfo hints = {}, *found = nullptr;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  int problem = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (problem != 0) {
    Napi::Error::New(info.Env(), host + ": " + gai_strerror(problem)).ThrowAsJavaScriptException();
    return -EINVAL;
  }
  memcpy(&address, found->ai_addr, found->ai_addrlen);
  length = found->ai_addrlen;
  freeaddrinfo(found);
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : fd;
}

// tcpListen(address): a descriptor, and the port at which it listens, which the system chooses.
static Napi::Value tcpListen(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  struct sockaddr_storage address;
  socklen_t length = 0;
  int fd = socketFor(info, 0, address, length), one = 1;
  if (fd < 0) {
    errno = -fd;
    if (!env.IsExceptionPending()) throwErrno(env, "socket");
    return env.Undefined();
  }
  if (address.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind(fd, reinterpret_cast<struct sockaddr*>(&address), length) != 0 || listen(fd, BACKLOG) != 0) {
    throwErrno(env, "listen");
    close(fd);
    return env.Undefined();
  }
  length = sizeof address;
  getsockname(fd, reinterpret_cast<struct sockaddr*>(&address), &length);
  uint16_t port = address.ss_family == AF_INET6 ? reinterpret_cast<struct sockaddr_in6*>(&address)->sin6_port
                                                : reinterpret_cast<struct sockaddr_in*>(&address)->sin_port;
  Napi::Object result = Napi::Object::New(env);
  result.Set("descriptor", fd);
  result.Set("port", static_cast<int>(ntohs(port)));
  return result;
}

// tcpConnect(address, port): a descriptor that begins to connect, which shows its success when it is written to; or what is
// wrong already.
static Napi::Value tcpConnect(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  struct sockaddr_storage address;
  socklen_t length = 0;
  int fd = socketFor(info, info[1].As<Napi::Number>().Int32Value(), address, length), one = 1;
  if (fd < 0) return Napi::Number::New(env, fd);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, reinterpret_cast<struct sockaddr*>(&address), length) != 0 && errno != EINPROGRESS) {
    int error = errno;
    close(fd);
    return Napi::Number::New(env, -error);
  }
  return Napi::Number::New(env, fd);
}

void registerTcp(Napi::Env env, Napi::Object exports) {
  TcpSocket::registerOn(env, exports);
  exports.Set("tcpListen", Napi::Function::New<tcpListen>(env));
  exports.Set("tcpConnect", Napi::Function::New<tcpConnect>(env));
}

}  // namespace tsmpi
