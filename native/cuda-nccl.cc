// NCCL's calls, on a thread of their own: they wait for the calls of other ranks, the first one of a communicator for
// longer, and this rank's event loop must go on meanwhile, for another rank may need it to come as far.
#include "addon.h"
#include "cuda-functions.h"
#include "cuda.h"

#include <cstring>
#include <vector>

namespace tsmpi {

#define CHECK(library, call, ...) work.check(library.call(__VA_ARGS__), #call)

// cudaNcclJoin(context, size, id: Uint8Array, rank): makes the communicator, once all ranks have come. A promise of its
// handle or [call, status].
static Napi::Value cudaNcclJoin(const Napi::CallbackInfo& info) {
  Handle context = handleOf(info[0]);
  int size = info[1].As<Napi::Number>(), rank = info[3].As<Napi::Number>();
  NcclId id;
  std::memcpy(id.bytes, info[2].As<Napi::Uint8Array>().Data(), sizeof id.bytes);
  return inLane(info.Env(), context, context, [=](Work& work) {
    if (CHECK(cudaNccl, ncclCommInitRank, &work.made, size, id, rank)) work.own(Belonging::communicator, work.made);
  });
}

// cudaNcclLeave(context, communicator): waits for its work and destroys it.
static Napi::Value cudaNcclLeave(const Napi::CallbackInfo& info) {
  Handle context = handleOf(info[0]), communicator = handleOf(info[1]);
  return inLane(info.Env(), context, context, [communicator](Work& work) {
    if (work.disown(Belonging::communicator, communicator)) CHECK(cudaNccl, ncclCommDestroy, communicator);
  });
}

namespace {

// As src/cuda/nccl.ts numbers them.
enum Operation { allReduce, reduce, broadcast, allGather, reduceScatter, send, receive };

// One call, as JavaScript writes it: seven numbers. `peer` is the root, or the other rank.
struct Call {
  double operation, source, target, count, type, operatorCode, peer;
};

}  // namespace

static bool perform(const Call& call, Handle communicator, Handle stream, Work& work) {
  auto source = static_cast<Address>(call.source), target = static_cast<Address>(call.target);
  auto count = static_cast<size_t>(call.count);
  int type = static_cast<int>(call.type), by = static_cast<int>(call.operatorCode), peer = static_cast<int>(call.peer);
  switch (static_cast<Operation>(call.operation)) {
    case allReduce: return CHECK(cudaNccl, ncclAllReduce, source, target, count, type, by, communicator, stream);
    case reduce: return CHECK(cudaNccl, ncclReduce, source, target, count, type, by, peer, communicator, stream);
    case broadcast: return CHECK(cudaNccl, ncclBroadcast, source, target, count, type, peer, communicator, stream);
    case allGather: return CHECK(cudaNccl, ncclAllGather, source, target, count, type, communicator, stream);
    case reduceScatter: return CHECK(cudaNccl, ncclReduceScatter, source, target, count, type, by, communicator, stream);
    case send: return CHECK(cudaNccl, ncclSend, source, count, type, peer, communicator, stream);
    case receive: return CHECK(cudaNccl, ncclRecv, target, count, type, peer, communicator, stream);
  }
  return false;
}

// cudaNcclRun(context, stream, event, communicator, calls: Float64Array): makes the calls as one group when `event` has
// come, and waits for what they do.
static Napi::Value cudaNcclRun(const Napi::CallbackInfo& info) {
  Handle stream = handleOf(info[1]), event = handleOf(info[2]), communicator = handleOf(info[3]);
  auto numbers = info[4].As<Napi::Float64Array>();
  std::vector<Call> calls(numbers.ElementLength() / (sizeof(Call) / sizeof(double)));
  std::memcpy(calls.data(), numbers.Data(), calls.size() * sizeof(Call));
  Handle context = handleOf(info[0]);
  return inLane(info.Env(), context, context, [=](Work& work) {
    if (!CHECK(cudaDriver, cuStreamWaitEvent, stream, event, 0)) return;
    bool begun = false;
    // Calls of a group only say what is to be done.
    work.whileOwned(Belonging::communicator, communicator, [&] {
      begun = CHECK(cudaNccl, ncclGroupStart);
      if (!begun) return;
      for (const Call& call : calls)
        if (!perform(call, communicator, stream, work)) break;
    });
    if (!begun) return;
    // Also after an error: the group must not stay open.
    CHECK(cudaNccl, ncclGroupEnd);
    work.settle(stream);
  });
}

void registerCudaNccl(Napi::Env env, Napi::Object exports) {
  exports.Set("cudaNcclJoin", Napi::Function::New<cudaNcclJoin>(env));
  exports.Set("cudaNcclLeave", Napi::Function::New<cudaNcclLeave>(env));
  exports.Set("cudaNcclRun", Napi::Function::New<cudaNcclRun>(env));
}

}  // namespace tsmpi
