// A fake NCCL for the tests: ranks meet in a memory file and copy through it, in small pieces and all together. Simpler
// than NCCL: every call is one of all ranks, and so is a group of sends and receives. As strict as it can be: two ranks
// on one device are refused, and so is an address that is not the fake driver's.
#include "control.h"
#include "half.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <dlfcn.h>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sched.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int systemError = 2, invalidArgument = 4, invalidUsage = 5;
constexpr int most = 16;
constexpr size_t piece = 16384;

struct Meeting {
  std::atomic<int> arrived, turn;
  int devices[most];
  // Bytes that each rank has for each other one, and pieces of them.
  size_t lengths[most][most];
  char pieces[most][most][piece];
};

struct Id {
  char bytes[128];
};

struct Address {
  int pid, fd;
};

struct Communicator {
  Meeting* meeting;
  int size, rank;
  std::atomic<bool> aborted{false};

  // Until all have come. A rank that waits gives its core to the others.
  void meet() {
    int turn = meeting->turn.load();
    if (meeting->arrived.fetch_add(1) + 1 == size) {
      meeting->arrived.store(0);
      meeting->turn.store(turn + 1);
    } else {
      while (meeting->turn.load() == turn && !aborted) sched_yield();
    }
  }
};

// Of the fake driver, which is open already.
template <typename F>
F driverFunction(const char* name) {
  const char* path = getenv("TSMPI_LIBCUDA");
  void* library = dlopen(path == nullptr ? "" : path, RTLD_NOW | RTLD_NOLOAD);
  return library == nullptr ? nullptr : reinterpret_cast<F>(dlsym(library, name));
}

bool mayAccess(uint64_t address, size_t bytes) {
  static auto ask = driverFunction<int (*)(uint64_t, size_t)>("fakeMayAccess");
  return bytes == 0 || (ask != nullptr && ask(address, bytes) != 0);
}

struct Message {
  const char* data = nullptr;
  size_t bytes = 0;
};

using Take = std::function<void(int from, size_t at, const char* data, size_t bytes)>;

// Gives every rank its message, piece by piece in the order of the ranks.
void exchange(Communicator& comm, const std::vector<Message>& messages, const Take& take) {
  Meeting& meeting = *comm.meeting;
  for (int to = 0; to < comm.size; to++) meeting.lengths[comm.rank][to] = messages[to].bytes;
  comm.meet();
  size_t longest = 0;
  for (int from = 0; from < comm.size; from++)
    for (int to = 0; to < comm.size; to++) longest = std::max(longest, meeting.lengths[from][to]);
  std::vector<size_t> coming(comm.size);
  for (int from = 0; from < comm.size; from++) coming[from] = meeting.lengths[from][comm.rank];
  for (size_t at = 0; at < longest; at += piece) {
    for (int to = 0; to < comm.size; to++)
      if (at < messages[to].bytes)
        memcpy(meeting.pieces[comm.rank][to], messages[to].data + at, std::min(piece, messages[to].bytes - at));
    comm.meet();
    for (int from = 0; from < comm.size; from++)
      if (at < coming[from]) take(from, at, meeting.pieces[from][comm.rank], std::min(piece, coming[from] - at));
    comm.meet();
  }
  comm.meet();
}

size_t bytesOf(int type) {
  static const size_t bytes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2};
  return bytes[type];
}

template <typename T>
T combined(T a, T b, int op) {
  switch (op) {
    case 0: return a + b;
    case 1: return a * b;
    case 2: return std::max(a, b);
    default: return std::min(a, b);
  }
}

template <typename T>
void combine(char* into, const char* with, size_t bytes, int op) {
  T* a = reinterpret_cast<T*>(into);
  const T* b = reinterpret_cast<const T*>(with);
  for (size_t i = 0; i < bytes / sizeof(T); i++) a[i] = combined(a[i], b[i], op);
}

void combineAny(char* into, const char* with, size_t bytes, int type, int op) {
  auto* a = reinterpret_cast<uint16_t*>(into);
  auto* b = reinterpret_cast<const uint16_t*>(with);
  switch (type) {
    case 0: return combine<int8_t>(into, with, bytes, op);
    case 1: return combine<uint8_t>(into, with, bytes, op);
    // Unsigned, for they wrap around.
    case 2: return op > 1 ? combine<int32_t>(into, with, bytes, op) : combine<uint32_t>(into, with, bytes, op);
    case 3: return combine<uint32_t>(into, with, bytes, op);
    case 4: return op > 1 ? combine<int64_t>(into, with, bytes, op) : combine<uint64_t>(into, with, bytes, op);
    case 5: return combine<uint64_t>(into, with, bytes, op);
    case 6:
      for (size_t i = 0; i < bytes / 2; i++) a[i] = toHalf(combined<float>(fromHalf(a[i]), fromHalf(b[i]), op));
      return;
    case 7: return combine<float>(into, with, bytes, op);
    case 8: return combine<double>(into, with, bytes, op);
    default:
      for (size_t i = 0; i < bytes / 2; i++) a[i] = toBfloat(combined<float>(fromBfloat(a[i]), fromBfloat(b[i]), op));
  }
}

struct Part {
  bool send;
  char* data;
  size_t bytes;
  int peer;
};

thread_local bool grouped = false;
thread_local Communicator* ofGroup = nullptr;
thread_local std::vector<Part> parts;

// Everybody's `bytes`, combined piece by piece into `target` where there is one.
void reduceAll(Communicator& comm, const char* source, char* target, size_t bytes, int type, int op) {
  std::vector<Message> messages(comm.size, Message{source, bytes});
  std::vector<char> sum(piece);
  exchange(comm, messages, [&](int from, size_t at, const char* data, size_t count) {
    if (from == 0)
      memcpy(sum.data(), data, count);
    else
      combineAny(sum.data(), data, count, type, op);
    if (from == comm.size - 1 && target != nullptr) memcpy(target + at, sum.data(), count);
  });
}

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int
#define ADDRESS(address, bytes) \
  if (!mayAccess(address, bytes)) return invalidArgument

API ncclGetVersion(int* version) {
  FAKE("ncclGetVersion");
  *version = 22703;
  return 0;
}

API ncclGetUniqueId(Id* id) {
  FAKE("ncclGetUniqueId");
  int fd = memfd_create("fake-nccl", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, sizeof(Meeting)) != 0) return systemError;
  Address address = {getpid(), fd};
  memset(id, 0, sizeof *id);
  memcpy(id, &address, sizeof address);
  return 0;
}

API ncclCommInitRank(void** handle, int size, Id id, int rank) {
  FAKE("ncclCommInitRank");
  if (size < 1 || size > most || rank < 0 || rank >= size) return invalidArgument;
  Address address;
  memcpy(&address, &id, sizeof address);
  std::string path = "/proc/" + std::to_string(address.pid) + "/fd/" + std::to_string(address.fd);
  int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return systemError;
  void* memory = mmap(nullptr, sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  auto device = driverFunction<int (*)()>("fakeCurrentDevice");
  if (memory == MAP_FAILED || device == nullptr) return systemError;
  auto* comm = new Communicator{static_cast<Meeting*>(memory), size, rank};
  comm->meeting->devices[rank] = device();
  comm->meet();
  for (int other = 0; other < size; other++)
    if (other != rank && comm->meeting->devices[other] == device()) return invalidUsage;
  comm->meet();
  if (rank == 0) close(address.fd);
  *handle = comm;
  fakeTrace("made", comm);
  return 0;
}

// A thread may be using it, and so its memory stays.
API ncclCommAbort(void* handle) {
  FAKE("ncclCommAbort");
  static_cast<Communicator*>(handle)->aborted = true;
  fakeTrace("ended", handle);
  return 0;
}

API ncclCommDestroy(void* handle) {
  FAKE("ncclCommDestroy");
  auto* comm = static_cast<Communicator*>(handle);
  comm->meet();
  fakeTrace("ended", comm);
  munmap(comm->meeting, sizeof(Meeting));
  delete comm;
  return 0;
}

API ncclAllReduce(uint64_t source, uint64_t target, size_t count, int type, int op, void* handle, void*) {
  FAKE("ncclAllReduce");
  size_t bytes = count * bytesOf(type);
  ADDRESS(source, bytes);
  ADDRESS(target, bytes);
  reduceAll(*static_cast<Communicator*>(handle), reinterpret_cast<char*>(source), reinterpret_cast<char*>(target), bytes,
            type, op);
  return 0;
}

API ncclReduce(uint64_t source, uint64_t target, size_t count, int type, int op, int root, void* handle, void*) {
  FAKE("ncclReduce");
  auto* comm = static_cast<Communicator*>(handle);
  size_t bytes = count * bytesOf(type);
  ADDRESS(source, bytes);
  if (comm->rank == root) ADDRESS(target, bytes);
  reduceAll(*comm, reinterpret_cast<char*>(source), comm->rank == root ? reinterpret_cast<char*>(target) : nullptr, bytes,
            type, op);
  return 0;
}

API ncclReduceScatter(uint64_t source, uint64_t target, size_t count, int type, int op, void* handle, void*) {
  FAKE("ncclReduceScatter");
  auto* comm = static_cast<Communicator*>(handle);
  size_t bytes = count * bytesOf(type);
  ADDRESS(source, bytes * comm->size);
  ADDRESS(target, bytes);
  for (int rank = 0; rank < comm->size; rank++)
    reduceAll(*comm, reinterpret_cast<char*>(source + rank * bytes),
              rank == comm->rank ? reinterpret_cast<char*>(target) : nullptr, bytes, type, op);
  return 0;
}

API ncclBroadcast(uint64_t source, uint64_t target, size_t count, int type, int root, void* handle, void*) {
  FAKE("ncclBroadcast");
  auto* comm = static_cast<Communicator*>(handle);
  size_t bytes = count * bytesOf(type);
  if (comm->rank == root) ADDRESS(source, bytes);
  ADDRESS(target, bytes);
  Message message = comm->rank == root ? Message{reinterpret_cast<char*>(source), bytes} : Message{};
  exchange(*comm, std::vector<Message>(comm->size, message), [&](int, size_t at, const char* data, size_t length) {
    memmove(reinterpret_cast<char*>(target) + at, data, length);
  });
  return 0;
}

API ncclAllGather(uint64_t source, uint64_t target, size_t count, int type, void* handle, void*) {
  FAKE("ncclAllGather");
  auto* comm = static_cast<Communicator*>(handle);
  size_t bytes = count * bytesOf(type);
  ADDRESS(source, bytes);
  ADDRESS(target, bytes * comm->size);
  std::vector<Message> messages(comm->size, Message{reinterpret_cast<char*>(source), bytes});
  exchange(*comm, messages, [&](int from, size_t at, const char* data, size_t length) {
    memcpy(reinterpret_cast<char*>(target) + from * bytes + at, data, length);
  });
  return 0;
}

static int add(bool send, uint64_t address, size_t count, int type, int peer, void* handle) {
  size_t bytes = count * bytesOf(type);
  ADDRESS(address, bytes);
  // NCCL takes one alone as well, with as many ranks as it concerns.
  if (!grouped) return invalidUsage;
  ofGroup = static_cast<Communicator*>(handle);
  if (peer < 0 || peer >= ofGroup->size) return invalidArgument;
  parts.push_back({send, reinterpret_cast<char*>(address), bytes, peer});
  return 0;
}

API ncclSend(uint64_t source, size_t count, int type, int peer, void* handle, void*) {
  FAKE("ncclSend");
  return add(true, source, count, type, peer, handle);
}
API ncclRecv(uint64_t target, size_t count, int type, int peer, void* handle, void*) {
  FAKE("ncclRecv");
  return add(false, target, count, type, peer, handle);
}

API ncclGroupStart() {
  FAKE("ncclGroupStart");
  grouped = true;
  return 0;
}
API ncclGroupEnd() {
  grouped = false;
  std::vector<Part> group = std::move(parts);
  parts.clear();
  FAKE("ncclGroupEnd");
  if (group.empty()) return 0;
  std::vector<Message> messages(ofGroup->size);
  std::vector<Part> taken(ofGroup->size, Part{false, nullptr, 0, 0});
  for (const Part& part : group) {
    if (part.send)
      messages[part.peer] = {part.data, part.bytes};
    else
      taken[part.peer] = part;
  }
  int outcome = 0;
  exchange(*ofGroup, messages, [&](int from, size_t at, const char* data, size_t length) {
    if (at + length > taken[from].bytes)
      outcome = invalidUsage;
    else
      memcpy(taken[from].data + at, data, length);
  });
  return outcome;
}
