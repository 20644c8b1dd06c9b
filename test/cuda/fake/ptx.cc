#include "ptx.h"
#include "half.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace ptx {

enum Type { none, pred, b8, b16, b32, b64, u8, u16, u32, u64, s8, s16, s32, s64, f16, f32, f64 };

static const std::map<std::string, int> typeNames = {
    {"pred", pred}, {"b8", b8},   {"b16", b16}, {"b32", b32}, {"b64", b64}, {"u8", u8},   {"u16", u16}, {"u32", u32},
    {"u64", u64},   {"s8", s8},   {"s16", s16}, {"s32", s32}, {"s64", s64}, {"f16", f16}, {"f32", f32}, {"f64", f64}};

static size_t bytesOf(int type) {
  switch (type) {
    case b8: case u8: case s8: return 1;
    case b16: case u16: case s16: case f16: return 2;
    case b64: case u64: case s64: case f64: return 8;
    default: return 4;
  }
}

static bool isSigned(int type) { return type >= s8 && type <= s64; }

struct Machine {
  uint64_t* registers;
  const char* parameters;
  char* shared;
  size_t sharedBytes;
  uint32_t thread, threads, block, blocks;
  uint32_t at = 0;
  bool done = false, waits = false;
  // An error of the driver, or 0.
  int failed = 0;
};

// Values of registers.

static uint64_t bits(const Machine& machine, const Operand& operand) {
  if (operand.kind == Operand::reg) return machine.registers[operand.number];
  if (operand.kind == Operand::immediate) return operand.bits;
  const uint32_t specials[] = {machine.thread, machine.threads, machine.block, machine.blocks};
  return specials[operand.number];
}

static uint64_t narrowed(int type, uint64_t value) {
  size_t bytes = bytesOf(type);
  return bytes == 8 ? value : value & ((uint64_t{1} << bytes * 8) - 1);
}

static int64_t integer(int type, uint64_t value) {
  if (!isSigned(type)) return static_cast<int64_t>(narrowed(type, value));
  int shift = 64 - static_cast<int>(bytesOf(type)) * 8;
  return static_cast<int64_t>(value << shift) >> shift;
}

static double asDouble(uint64_t value) {
  double result;
  std::memcpy(&result, &value, 8);
  return result;
}

static uint64_t fromDouble(double value) {
  uint64_t result;
  std::memcpy(&result, &value, 8);
  return result;
}

static double real(int type, uint64_t value) {
  return type == f64 ? asDouble(value) : type == f16 ? fromHalf(value) : bitsToFloat(static_cast<uint32_t>(value));
}

static void set(Machine& machine, const Instruction& in, uint64_t value) {
  machine.registers[in.operands[0].number] = value;
}

// Results of arithmetic in double, which is exact for a float32's +, -, * and, rounded once more, right for / and sqrt.
static void setReal(Machine& machine, const Instruction& in, int type, double value) {
  set(machine, in, type == f64 ? fromDouble(value) : floatToBits(static_cast<float>(value)));
}

static uint64_t operandBits(const Machine& machine, const Instruction& in, int index) {
  return bits(machine, in.operands[index]);
}

static double operandReal(const Machine& machine, const Instruction& in, int index) {
  return real(in.type, operandBits(machine, in, index));
}

static int64_t operandInteger(const Machine& machine, const Instruction& in, int index) {
  return integer(in.type, operandBits(machine, in, index));
}

template <typename Real, typename Whole>
static void binary(Machine& machine, const Instruction& in, Real ofReals, Whole ofIntegers) {
  if (in.type == f32) {
    float left = static_cast<float>(operandReal(machine, in, 1)), right = static_cast<float>(operandReal(machine, in, 2));
    set(machine, in, floatToBits(ofReals(left, right)));
  } else if (in.type == f64) {
    set(machine, in, fromDouble(ofReals(operandReal(machine, in, 1), operandReal(machine, in, 2))));
  } else {
    set(machine, in, narrowed(in.type, static_cast<uint64_t>(ofIntegers(operandInteger(machine, in, 1), operandInteger(machine, in, 2)))));
  }
}

#define BINARY(name, reals, integers)                                                                            \
  static void name(Machine& machine, const Instruction& in) {                                                    \
    binary(machine, in, [](auto a, auto b) { return reals; }, [](int64_t a, int64_t b) -> int64_t { return integers; }); \
  }

static int64_t wrapped(uint64_t value) { return static_cast<int64_t>(value); }
#define U(x) static_cast<uint64_t>(x)

BINARY(doAdd, a + b, wrapped(U(a) + U(b)))
BINARY(doSub, a - b, wrapped(U(a) - U(b)))
BINARY(doMul, a* b, wrapped(U(a) * U(b)))
// PTX: of a number and NaN the number; -0 is below +0.
BINARY(doMin, a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? a : b) : (a < b ? a : b), a < b ? a : b)
BINARY(doMax, a != a ? b : b != b ? a : a == b ? (std::signbit(a) ? b : a) : (a > b ? a : b), a > b ? a : b)

// 64-bit unsigned integers do not fit the signed ones above.
static void doDiv(Machine& machine, const Instruction& in) {
  if (in.type == f32 || in.type == f64) {
    binary(machine, in, [](auto a, auto b) { return a / b; }, [](int64_t, int64_t) { return int64_t{0}; });
  } else if (isSigned(in.type)) {
    int64_t by = operandInteger(machine, in, 2);
    set(machine, in, narrowed(in.type, by == 0 ? ~0ull : U(operandInteger(machine, in, 1) / by)));
  } else {
    uint64_t by = narrowed(in.type, operandBits(machine, in, 2));
    set(machine, in, by == 0 ? narrowed(in.type, ~0ull) : narrowed(in.type, operandBits(machine, in, 1)) / by);
  }
}

static void doRem(Machine& machine, const Instruction& in) {
  uint64_t left = narrowed(in.type, operandBits(machine, in, 1)), by = narrowed(in.type, operandBits(machine, in, 2));
  set(machine, in, by == 0 ? left : left % by);
}

static void doMulWide(Machine& machine, const Instruction& in) {
  if (in.type == s32)
    set(machine, in, U(operandInteger(machine, in, 1) * operandInteger(machine, in, 2)));
  else
    set(machine, in, narrowed(in.type, operandBits(machine, in, 1)) * narrowed(in.type, operandBits(machine, in, 2)));
}

static void doMulHi(Machine& machine, const Instruction& in) {
  uint64_t left = narrowed(in.type, operandBits(machine, in, 1)), right = narrowed(in.type, operandBits(machine, in, 2));
  __uint128_t product = static_cast<__uint128_t>(left) * right;
  set(machine, in, narrowed(in.type, static_cast<uint64_t>(product >> bytesOf(in.type) * 8)));
}

static void doMadWide(Machine& machine, const Instruction& in) {
  uint64_t left = narrowed(in.type, operandBits(machine, in, 1)), right = narrowed(in.type, operandBits(machine, in, 2));
  set(machine, in, left * right + operandBits(machine, in, 3));
}

static void doMad(Machine& machine, const Instruction& in) {
  uint64_t product = operandBits(machine, in, 1) * operandBits(machine, in, 2);
  set(machine, in, narrowed(in.type, product + operandBits(machine, in, 3)));
}

static void doFma(Machine& machine, const Instruction& in) {
  double a = operandReal(machine, in, 1), b = operandReal(machine, in, 2), c = operandReal(machine, in, 3);
  if (in.type == f64)
    set(machine, in, fromDouble(std::fma(a, b, c)));
  else
    set(machine, in, floatToBits(std::fma(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c))));
}

static void doAnd(Machine& m, const Instruction& in) { set(m, in, operandBits(m, in, 1) & operandBits(m, in, 2)); }
static void doOr(Machine& m, const Instruction& in) { set(m, in, operandBits(m, in, 1) | operandBits(m, in, 2)); }
static void doXor(Machine& m, const Instruction& in) { set(m, in, operandBits(m, in, 1) ^ operandBits(m, in, 2)); }
static void doNot(Machine& m, const Instruction& in) {
  set(m, in, in.type == pred ? !operandBits(m, in, 1) : narrowed(in.type, ~operandBits(m, in, 1)));
}
static void doShl(Machine& m, const Instruction& in) {
  uint64_t by = operandBits(m, in, 2) & 0xffffffff;
  set(m, in, by >= bytesOf(in.type) * 8 ? 0 : narrowed(in.type, operandBits(m, in, 1) << by));
}
static void doShr(Machine& m, const Instruction& in) {
  uint64_t by = operandBits(m, in, 2) & 0xffffffff;
  if (isSigned(in.type))
    set(m, in, narrowed(in.type, U(operandInteger(m, in, 1) >> std::min<uint64_t>(by, 63))));
  else
    set(m, in, by >= bytesOf(in.type) * 8 ? 0 : narrowed(in.type, operandBits(m, in, 1)) >> by);
}
// Four bytes of the eight of two words, each named by four bits.
static void doPrmt(Machine& m, const Instruction& in) {
  uint64_t bytes = narrowed(b32, operandBits(m, in, 1)) | operandBits(m, in, 2) << 32, chosen = operandBits(m, in, 3), result = 0;
  for (int i = 0; i < 4; i++) result |= (bytes >> (chosen >> i * 4 & 7) * 8 & 255) << i * 8;
  set(m, in, result);
}
static void doClz(Machine& m, const Instruction& in) {
  uint64_t value = narrowed(in.type, operandBits(m, in, 1));
  int width = static_cast<int>(bytesOf(in.type)) * 8;
  set(m, in, value == 0 ? width : __builtin_clzll(value) - (64 - width));
}

// abs and neg of reals are changes of the sign's bit.
static void doAbs(Machine& m, const Instruction& in) {
  uint64_t value = operandBits(m, in, 1);
  if (in.type == f32) set(m, in, value & 0x7fffffff);
  else if (in.type == f64) set(m, in, value & 0x7fffffffffffffffull);
  else set(m, in, narrowed(in.type, operandInteger(m, in, 1) < 0 ? -value : value));
}
static void doNeg(Machine& m, const Instruction& in) {
  uint64_t value = operandBits(m, in, 1);
  if (in.type == f32) set(m, in, value ^ 0x80000000u);
  else if (in.type == f64) set(m, in, value ^ (1ull << 63));
  else set(m, in, narrowed(in.type, -value));
}
static void doCopysign(Machine& m, const Instruction& in) {
  // The sign of the first operand on the second.
  uint64_t sign = in.type == f64 ? 1ull << 63 : 0x80000000u;
  set(m, in, (operandBits(m, in, 1) & sign) | (operandBits(m, in, 2) & ~sign));
}
static void doSqrt(Machine& m, const Instruction& in) { setReal(m, in, in.type, std::sqrt(operandReal(m, in, 1))); }
static void doRcp(Machine& m, const Instruction& in) { setReal(m, in, in.type, 1 / operandReal(m, in, 1)); }

static void doMov(Machine& m, const Instruction& in) { set(m, in, operandBits(m, in, 1)); }

static void doSelp(Machine& m, const Instruction& in) {
  set(m, in, operandBits(m, in, 3) ? operandBits(m, in, 1) : operandBits(m, in, 2));
}

enum Compare { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };
static const std::map<std::string, int> compareNames = {{"eq", eq},   {"ne", ne},   {"lt", lt},   {"le", le},   {"gt", gt},
                                                        {"ge", ge},   {"equ", equ}, {"neu", neu}, {"ltu", ltu}, {"leu", leu},
                                                        {"gtu", gtu}, {"geu", geu}, {"num", num}, {"nan", nan}};

template <typename T>
static bool compare(int how, T a, T b) {
  switch (how) {
    case eq: case equ: return a == b;
    case ne: case neu: return a != b;
    case lt: case ltu: return a < b;
    case le: case leu: return a <= b;
    case gt: case gtu: return a > b;
    default: return a >= b;
  }
}

static void doSetp(Machine& m, const Instruction& in) {
  bool result;
  if (in.type == f32 || in.type == f64) {
    double a = operandReal(m, in, 1), b = operandReal(m, in, 2);
    bool unordered = std::isnan(a) || std::isnan(b);
    if (in.compare == num || in.compare == nan)
      result = unordered == (in.compare == nan);
    else
      result = unordered ? in.compare >= equ : compare(in.compare, a, b);
  } else if (isSigned(in.type)) {
    result = compare(in.compare, operandInteger(m, in, 1), operandInteger(m, in, 2));
  } else {
    result = compare(in.compare, narrowed(in.type, operandBits(m, in, 1)), narrowed(in.type, operandBits(m, in, 2)));
  }
  set(m, in, result);
}

enum Rounding { exactly, nearest, towardsZero, down, up, toNearestWhole, toZeroWhole, downWhole, upWhole };

static double whole(int rounding, double value) {
  switch (rounding) {
    case toNearestWhole: return std::nearbyint(value);
    case toZeroWhole: return std::trunc(value);
    case downWhole: return std::floor(value);
    default: return std::ceil(value);
  }
}

static void doCvt(Machine& m, const Instruction& in) {
  uint64_t value = operandBits(m, in, 1);
  bool fromReal = in.from >= f16, toReal = in.type >= f16;
  if (!fromReal && !toReal) {
    set(m, in, narrowed(in.type, U(integer(in.from, value))));
    // Integers widen by the sign of their own type, also beyond the width of a narrow register.
    if (bytesOf(in.type) < 4) set(m, in, narrowed(in.type, m.registers[in.operands[0].number]));
    return;
  }
  if (fromReal && !toReal) {
    double x = whole(in.compare, real(in.from, value));
    double least = isSigned(in.type) ? -std::ldexp(1., static_cast<int>(bytesOf(in.type)) * 8 - 1) : 0;
    double most = std::ldexp(1., static_cast<int>(bytesOf(in.type)) * 8 - (isSigned(in.type) ? 1 : 0));
    uint64_t result;
    // PTX ISA, cvt: 0 of NaN only where neither side has 64 bits.
    if (std::isnan(x)) result = in.from == f64 || bytesOf(in.type) == 8 ? 1ull << (bytesOf(in.type) * 8 - 1) : 0;
    else if (x <= least) result = U(static_cast<int64_t>(least));
    else if (x >= most) result = isSigned(in.type) ? U(most == 0x1p63 ? INT64_MAX : static_cast<int64_t>(most) - 1) : ~0ull;
    else result = isSigned(in.type) ? U(static_cast<int64_t>(x)) : static_cast<uint64_t>(x);
    set(m, in, narrowed(in.type, result));
    return;
  }
  if (!fromReal) {
    // From 64-bit integers straight to the type: by way of double a float32 would be rounded twice.
    if (in.type == f32) {
      float x = isSigned(in.from) ? static_cast<float>(integer(in.from, value)) : static_cast<float>(narrowed(in.from, value));
      set(m, in, floatToBits(x));
    } else {
      double x = isSigned(in.from) ? static_cast<double>(integer(in.from, value)) : static_cast<double>(narrowed(in.from, value));
      set(m, in, fromDouble(x));
    }
    return;
  }
  double x = real(in.from, value);
  if (in.compare >= toNearestWhole) x = whole(in.compare, x);
  if (in.type == f16) set(m, in, toHalf(static_cast<float>(x)));
  else setReal(m, in, in.type, x);
}

// Memory. Operand 1 of a load and operand 0 of a store hold the address; operand 5 its constant offset. What is loaded or
// stored by one instruction must lie at a multiple of all its bytes.

constexpr int illegalAddress = 700, misalignedAddress = 716;

template <typename Reach>
static void loadFrom(Machine& m, const Instruction& in, Reach reach) {
  size_t bytes = bytesOf(in.type);
  const char* from = reach(bytes);
  if (from == nullptr) return;
  uint64_t value = 0;
  std::memcpy(&value, from, bytes);
  // Signed types are widened to the register.
  if (isSigned(in.type)) value = U(integer(in.type, value));
  set(m, in, value);
}

static char* global(Machine& m, const Instruction& in, uint64_t address, size_t bytes) {
  if (address % in.alignment == 0 && mayAccess(address, bytes)) return reinterpret_cast<char*>(address);
  m.failed = address % in.alignment == 0 ? illegalAddress : misalignedAddress;
  return nullptr;
}

static char* inShared(Machine& m, const Instruction& in, uint64_t address, size_t bytes) {
  if (address % in.alignment == 0 && address + bytes <= m.sharedBytes) return m.shared + address;
  m.failed = address % in.alignment == 0 ? illegalAddress : misalignedAddress;
  return nullptr;
}

static void doLoadParam(Machine& m, const Instruction& in) {
  loadFrom(m, in, [&](size_t) { return m.parameters + in.operands[1].bits; });
}
static void doLoadGlobal(Machine& m, const Instruction& in) {
  loadFrom(m, in, [&](size_t bytes) { return global(m, in, operandBits(m, in, 1) + in.operands[5].bits, bytes); });
}
static void doLoadShared(Machine& m, const Instruction& in) {
  loadFrom(m, in, [&](size_t bytes) { return inShared(m, in, operandBits(m, in, 1) + in.operands[5].bits, bytes); });
}
// A wrong address here would be a mistake of the generator that no data can cause; the tables are small.
static void doLoadConst(Machine& m, const Instruction& in) {
  loadFrom(m, in, [&](size_t) { return reinterpret_cast<const char*>(operandBits(m, in, 1) + in.operands[5].bits); });
}
static void doStoreGlobal(Machine& m, const Instruction& in) {
  size_t bytes = bytesOf(in.type);
  uint64_t value = operandBits(m, in, 1);
  if (char* to = global(m, in, operandBits(m, in, 0) + in.operands[5].bits, bytes)) std::memcpy(to, &value, bytes);
}
static void doStoreShared(Machine& m, const Instruction& in) {
  size_t bytes = bytesOf(in.type);
  uint64_t value = operandBits(m, in, 1);
  if (char* to = inShared(m, in, operandBits(m, in, 0) + in.operands[5].bits, bytes)) std::memcpy(to, &value, bytes);
}

static void doBranch(Machine& m, const Instruction& in) { m.at = in.target; }
static void doReturn(Machine& m, const Instruction&) { m.done = true; }
static void doBarrier(Machine& m, const Instruction&) { m.waits = true; }

int Kernel::run(unsigned blocks, unsigned threads, const char* parameters) {
  std::vector<uint64_t> file(static_cast<size_t>(registers) * threads);
  std::vector<char> shared(sharedBytes);
  std::vector<Machine> machines(threads);
  for (unsigned block = 0; block < blocks; block++) {
    // What a block has not written itself, it must not rely on.
    std::fill(file.begin(), file.end(), 0xa5a5a5a5a5a5a5a5ull);
    std::fill(shared.begin(), shared.end(), static_cast<char>(0xa5));
    for (unsigned thread = 0; thread < threads; thread++)
      machines[thread] = {&file[static_cast<size_t>(registers) * thread], parameters, shared.data(), sharedBytes, thread,
                          threads, block, blocks};
    for (bool left = true; left;) {
      left = false;
      for (Machine& machine : machines) {
        machine.waits = false;
        while (!machine.done && !machine.waits) {
          const Instruction& in = code[machine.at++];
          if (in.guard >= 0 && (machine.registers[in.guard] != 0) == in.guardNot) continue;
          in.action(machine, in);
          if (machine.failed != 0) return machine.failed;
        }
        left = left || !machine.done;
      }
    }
  }
  return 0;
}

Kernel* Module::find(const std::string& name) {
  auto found = kernels.find(name);
  return found == kernels.end() ? nullptr : &found->second;
}

// Reading the text.

static std::vector<std::string> split(const std::string& text, const std::string& separators) {
  std::vector<std::string> parts;
  std::string part;
  for (char c : text) {
    if (separators.find(c) == std::string::npos) {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(part);
      part.clear();
    }
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

static const std::map<std::string, Action> actions = {
    {"add", doAdd},   {"sub", doSub},   {"mul", doMul},   {"min", doMin},     {"max", doMax},  {"div", doDiv},
    {"rem", doRem},   {"mad", doMad},   {"fma", doFma},   {"and", doAnd},     {"or", doOr},    {"xor", doXor},
    {"not", doNot},   {"shl", doShl},   {"shr", doShr},   {"clz", doClz},     {"abs", doAbs},  {"neg", doNeg},
    {"mov", doMov},   {"selp", doSelp}, {"setp", doSetp}, {"cvt", doCvt},     {"bra", doBranch}, {"ret", doReturn},
    {"sqrt", doSqrt}, {"rcp", doRcp},   {"bar", doBarrier}, {"copysign", doCopysign}, {"prmt", doPrmt}};

static const std::map<std::string, int> roundings = {{"rn", nearest}, {"rz", towardsZero}, {"rm", down}, {"rp", up},
                                                     {"rni", toNearestWhole}, {"rzi", toZeroWhole}, {"rmi", downWhole}, {"rpi", upWhole}};

struct Reader {
  Kernel& kernel;
  const std::map<std::string, std::vector<uint64_t>>& tables;
  std::map<std::string, uint32_t> registers;
  std::map<std::string, size_t> parameters, shared;
  std::map<std::string, uint32_t> labels;
  std::vector<std::pair<size_t, std::string>> jumps;

  [[noreturn]] void fail(const std::string& why) { throw std::runtime_error(why); }

  uint32_t registerNamed(const std::string& name) {
    auto found = registers.find(name);
    if (found == registers.end()) fail("no register " + name);
    return found->second;
  }

  void declare(const std::string& line) {
    // .reg .b32 %r<5>
    auto parts = split(line, " \t");
    std::string name = parts.at(2);
    size_t angle = name.find('<');
    int count = angle == std::string::npos ? -1 : std::stoi(name.substr(angle + 1));
    if (count < 0) registers[name] = kernel.registers++;
    for (int i = 0; i < count; i++) registers[name.substr(0, angle) + std::to_string(i)] = kernel.registers++;
  }

  void declareShared(const std::string& line) {
    // .shared .align 8 .b8 name[bytes]
    auto parts = split(line, " \t[]");
    shared[parts.at(4)] = kernel.sharedBytes;
    kernel.sharedBytes += std::stoul(parts.at(5));
  }

  Operand operand(const std::string& text) {
    static const std::map<std::string, uint32_t> specials = {{"%tid.x", 0}, {"%ntid.x", 1}, {"%ctaid.x", 2}, {"%nctaid.x", 3}};
    Operand result;
    auto special = specials.find(text);
    if (special != specials.end()) {
      result.kind = Operand::special;
      result.number = special->second;
    } else if (text[0] == '%') {
      result.kind = Operand::reg;
      result.number = registerNamed(text);
    } else {
      result.kind = Operand::immediate;
      if (text.rfind("0f", 0) == 0 || text.rfind("0d", 0) == 0)
        result.bits = std::stoull(text.substr(2), nullptr, 16);
      else if (shared.count(text))
        result.bits = shared[text];
      else if (tables.count(text))
        result.bits = reinterpret_cast<uint64_t>(tables.at(text).data());
      else
        result.bits = text[0] == '-' ? static_cast<uint64_t>(std::stoll(text, nullptr, 0)) : std::stoull(text, nullptr, 0);
    }
    return result;
  }

  // "[%d1+8]" or "[name]"
  void address(Instruction& in, int index, std::string text) {
    if (text.front() != '[' || text.back() != ']') fail("no address: " + text);
    text = text.substr(1, text.size() - 2);
    size_t plus = text.find('+');
    in.operands[5].bits = plus == std::string::npos ? 0 : std::stoull(text.substr(plus + 1), nullptr, 0);
    text = text.substr(0, plus);
    if (parameters.count(text)) {
      in.operands[index].kind = Operand::immediate;
      in.operands[index].bits = parameters[text];
    } else {
      in.operands[index] = operand(text);
    }
  }

  void memory(const std::vector<std::string>& words, const std::vector<std::string>& texts, Instruction in) {
    bool load = words[0] == "ld";
    std::string space = words.at(1);
    in.type = typeNames.at(words.back());
    if (space == "param") in.action = doLoadParam;
    else if (space == "const") in.action = doLoadConst;
    else if (space == "shared") in.action = load ? doLoadShared : doStoreShared;
    else in.action = load ? doLoadGlobal : doStoreGlobal;
    if (!load && (space == "param" || space == "const")) fail("cannot be stored to: " + space);
    // Vectors are so many instructions, of which the first also sees to it that all of it is aligned.
    std::string list = texts.at(load ? 0 : 1);
    auto members = list.front() == '{' ? split(list, "{}, ") : std::vector<std::string>{list};
    size_t lanes = words.at(words.size() - 2)[0] == 'v' ? std::stoul(words.at(words.size() - 2).substr(1)) : 1;
    if (members.size() != lanes || lanes * bytesOf(in.type) > 16) fail("no such vector: " + in.text);
    for (size_t i = 0; i < members.size(); i++) {
      Instruction one = in;
      address(one, load ? 1 : 0, texts.at(load ? 1 : 0));
      one.operands[5].bits += i * bytesOf(in.type);
      one.operands[load ? 0 : 1] = operand(members[i]);
      one.alignment = bytesOf(in.type) * (i == 0 ? members.size() : 1);
      kernel.code.push_back(one);
    }
  }

  void instruction(std::string line) {
    Instruction in;
    in.text = line;
    if (line[0] == '@') {
      size_t space = line.find(' ');
      std::string guard = line.substr(1, space - 1);
      in.guardNot = guard[0] == '!';
      in.guard = static_cast<int>(registerNamed(in.guardNot ? guard.substr(1) : guard));
      line = line.substr(space + 1);
    }
    size_t space = line.find_first_of(" \t");
    auto words = split(line.substr(0, space), ".");
    std::vector<std::string> texts;
    std::string rest = space == std::string::npos ? "" : line.substr(space + 1), text;
    int depth = 0;
    for (char c : rest) {
      if (c == '{' || c == '[') depth++;
      if (c == '}' || c == ']') depth--;
      if (c == ',' && depth == 0) {
        texts.push_back(text);
        text.clear();
      } else if (!std::isspace(static_cast<unsigned char>(c))) {
        text += c;
      }
    }
    if (!text.empty()) texts.push_back(text);
    if (words[0] == "ld" || words[0] == "st") return memory(words, texts, in);
    auto found = actions.find(words[0]);
    if (found == actions.end()) fail("no instruction " + line);
    in.action = found->second;
    bool rounded = false;
    for (size_t i = 1; i < words.size(); i++) {
      const std::string& word = words[i];
      if (compareNames.count(word) && words[0] == "setp") in.compare = compareNames.at(word);
      else if (roundings.count(word)) in.compare = roundings.at(word), rounded = true;
      else if (typeNames.count(word)) in.type == none ? in.type = typeNames.at(word) : in.from = typeNames.at(word);
      else if (word == "wide") in.action = words[0] == "mad" ? doMadWide : doMulWide;
      else if (word == "hi") in.action = doMulHi;
      else if (word != "lo" && word != "sync") fail("no ." + word + " in " + line);
    }
    if (rounded && in.compare != nearest && in.compare < toNearestWhole) fail("no such rounding: " + line);
    // Without a rounding ptxas may join a product and a sum into one, and results would differ between GPUs.
    bool joined = words[0] == "add" || words[0] == "sub" || words[0] == "mul";
    if (joined && in.type >= f32 && !rounded) fail("a rounding is missing: " + line);
    if (words[0] == "bra") {
      jumps.emplace_back(kernel.code.size(), texts.at(0));
    } else if (words[0] != "bar") {
      if (texts.size() > 4) fail("too many operands: " + line);
      for (size_t i = 0; i < texts.size(); i++) in.operands[i] = operand(texts[i]);
    }
    kernel.code.push_back(in);
  }

  void header(const std::string& text) {
    // .visible .entry name(.param .u64 a, .param .f32 b)
    size_t open = text.find('('), close = text.find(')');
    auto words = split(text.substr(0, open), " \t\n");
    kernel.name = words.back();
    for (const std::string& one : split(text.substr(open + 1, close - open - 1), ",")) {
      auto parts = split(one, " \t\n.");
      size_t bytes = bytesOf(typeNames.at(parts.at(1)));
      kernel.parameterBytes = (kernel.parameterBytes + bytes - 1) / bytes * bytes;
      parameters[parts.at(2)] = kernel.parameterBytes;
      kernel.parameterBytes += bytes;
    }
  }

  void body(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      size_t start = line.find_first_not_of(" \t");
      if (start == std::string::npos) continue;
      line = line.substr(start, line.find_last_not_of(" \t") - start + 1);
      if (line.back() == ':') {
        labels[line.substr(0, line.size() - 1)] = static_cast<uint32_t>(kernel.code.size());
        continue;
      }
      if (line.back() != ';') fail("no ; after " + line);
      line.pop_back();
      if (line.rfind(".reg", 0) == 0) declare(line);
      else if (line.rfind(".shared", 0) == 0) declareShared(line);
      else instruction(line);
    }
    for (auto& [at, label] : jumps) {
      if (!labels.count(label)) fail("no label " + label);
      kernel.code[at].target = labels[label];
    }
  }
};

std::string Module::parse(const std::string& text) {
  try {
    if (text.rfind(".version ", 0) != 0) return "no .version at the start";
    for (size_t at = text.find(".const"); at != std::string::npos; at = text.find(".const", at + 1)) {
      // .const .align 8 .u64 name[count] = {words};
      if (at > 0 && text[at - 1] != '\n') continue;
      size_t open = text.find('{', at), close = text.find('}', at);
      std::string name = split(text.substr(at, open - at), " []=").at(4);
      for (const std::string& word : split(text.substr(open + 1, close - open - 1), ", "))
        tables[name].push_back(std::stoull(word, nullptr, 0));
    }
    for (size_t at = text.find(".visible .entry"); at != std::string::npos; at = text.find(".visible .entry", at + 1)) {
      size_t open = text.find('{', at), close = text.find("\n}", at);
      Kernel kernel;
      Reader reader{kernel, tables, {}, {}, {}, {}, {}};
      reader.header(text.substr(at, open - at));
      reader.body(text.substr(open + 1, close - open - 1));
      kernels[kernel.name] = kernel;
    }
    return kernels.empty() ? "no kernel" : "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace ptx
