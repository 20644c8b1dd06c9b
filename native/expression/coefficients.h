// Printed by scripts/coefficients.py, which says what the numbers are.
#pragma once

namespace tsmpi {
namespace {

template <class T>
struct Coefficients;

template <>
struct Coefficients<double> {
  // e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 2
  static constexpr double exp[] = {
    0x1.0000000000001p-1, 0x1.5555555555556p-3, 0x1.555555555394cp-5, 0x1.1111111110871p-7, 0x1.6c16c17a1c437p-10,
    0x1.a01a01a8ba744p-13, 0x1.a019b31890abfp-16, 0x1.71de0a0471800p-19, 0x1.289876a2dbdc0p-22,
    0x1.af4134720f354p-26};
  // sin r = r + r^3 P(r^2), |r| <= pi / 4
  static constexpr double sin[] = {
    -0x1.5555555555554p-3, 0x1.1111111110a86p-7, -0x1.a01a019e3e0afp-13, 0x1.71de373e0fee6p-19,
    -0x1.ae5fb0a5df712p-26, 0x1.5deb31d167e93p-33};
  // cos r = 1 - r^2 / 2 + r^4 P(r^2), |r| <= pi / 4
  static constexpr double cos[] = {
    0x1.5555555555555p-5, -0x1.6c16c16c168d0p-10, 0x1.a01a019f2bd7bp-16, -0x1.27e4f9eb9238ep-22,
    0x1.1eeb3bafbb15dp-29, -0x1.905db35e3086ap-37};
  // log(1 + f) = 2 s + s^3 P(s^2), s = f / (2 + f), sqrt(1/2) <= 1 + f <= sqrt(2)
  static constexpr double log[] = {
    0x1.5555555555558p-1, 0x1.9999999995077p-2, 0x1.2492492e35998p-2, 0x1.c71c628e9e0c9p-3, 0x1.7462cd53e5318p-3,
    0x1.39fb2efe206abp-3, 0x1.2b7fa64da1a6ap-3};
  // atan t = t + t^3 P(t^2), |t| <= tan(pi / 8)
  static constexpr double atan[] = {
    -0x1.5555555555555p-2, 0x1.999999999932fp-3, -0x1.2492492434ab8p-3, 0x1.c71c7184539e0p-4, -0x1.745d0b0391e3fp-4,
    0x1.3b125fa993798p-4, -0x1.10fa4860eadc9p-4, 0x1.dfe31438516f6p-5, -0x1.a088d6c50caf7p-5, 0x1.413257e98c698p-5,
    -0x1.39bb3dbc2653ep-6};
  // asin x = x + x^3 P(x^2), |x| <= 1 / 2
  static constexpr double asin[] = {
    0x1.5555555555556p-3, 0x1.3333333332ecap-4, 0x1.6db6db6e31f13p-5, 0x1.f1c71c1db0623p-6, 0x1.6e8bb1c8209a2p-6,
    0x1.1c4d35cf95421p-6, 0x1.c9cf07674736ap-7, 0x1.782651caa6547p-7, 0x1.52420b04b37bep-7, 0x1.65a9c4dfcf8b2p-8,
    0x1.1d189408314eep-6, -0x1.e6aaa8a0a04ccp-7, 0x1.d72b2bc8155f8p-6};
  // m^(1/3) nearly, 1/2 <= m <= 1
  static constexpr double cbrt[] = {
    0x1.c3b7ff0a6e189p-2, 0x1.d810f6c24d3dep-1, -0x1.01e7d6a492d5cp-1, 0x1.20057dc14d725p-3};
  // erfc(x) exp(x^2) (1 + 2 x) = P(t), x >= 0, t = (x - 3.75) / (x + 3.75)
  static constexpr double erfc[] = {
    0x1.3ccda0b5d5dc2p+0, -0x1.1f367683f89a7p-3, 0x1.d5f294815a448p-9, 0x1.510169d096803p-4, -0x1.bda9309a294fdp-4,
    0x1.7a14188a99b30p-4, -0x1.e0d0fa6ddf01ap-5, 0x1.d0b0037dcc906p-6, -0x1.3f603c39af06fp-7, 0x1.cc3a0e2212f44p-10,
    0x1.33fb298161868p-12, -0x1.303f9d8ceda2dp-12, 0x1.b14395a551aeep-15, 0x1.778a276cd97c4p-16,
    -0x1.80005da99b005p-17, -0x1.052525efa669bp-20, 0x1.d63256489b33bp-20, -0x1.f4941f05a731dp-25,
    -0x1.15b8e4af3e51ap-22, 0x1.a1809ecfcbfe0p-26, 0x1.4c1b8fe94af13p-25, -0x1.2e2777e7e9c1ap-28,
    -0x1.63376daa748f8p-28, 0x1.2d8bb3ae3b809p-31, 0x1.d28e6270e10c9p-32, -0x1.4e14d07a8416dp-35};
  // erf x = x + x P(x^2), |x| <= 1
  static constexpr double erf[] = {
    0x1.06eba8214db68p-3, -0x1.812746b0379bcp-2, 0x1.ce2f21a040c8cp-4, -0x1.b82ce311f795bp-6, 0x1.565bccf8af8fdp-8,
    -0x1.c02db027dca37p-11, 0x1.f9a2b84fcf5ebp-14, -0x1.f4ca25375e286p-17, 0x1.b97e2190ae633p-20,
    -0x1.5bfbf04992d1bp-23, 0x1.d6c838ed4bdf0p-27, -0x1.aaa86ebc345f1p-31};
  // lgamma(1 + t) = t P(t), |t| <= 1 / 2
  static constexpr double lgamma1[] = {
    -0x1.2788cfc6fb619p-1, 0x1.a51a6625307d3p-1, -0x1.9a4d55beab2c9p-2, 0x1.151322ac7d83bp-2, -0x1.a8b9c17aa80c7p-3,
    0x1.5b40cb100e1a4p-3, -0x1.2703a1dc044b5p-3, 0x1.010b36aea6aa0p-3, -0x1.c80670daf52e0p-4, 0x1.9a01e3f068e82p-4,
    -0x1.748c23618eca9p-4, 0x1.556ac6f1f9bd7p-4, -0x1.3b1f0cd3ce588p-4, 0x1.24984ad623139p-4, -0x1.10fb77ef157d6p-4,
    0x1.ffd3d991aeaf2p-5, -0x1.e400fd2725e8cp-5, 0x1.c92bf6c6b8b65p-5, -0x1.9def04eaa6748p-5, 0x1.88db020dd6ab6p-5,
    -0x1.e9ec552dee470p-5, 0x1.d56726f7b7af6p-5, 0x1.90c5938b71c80p-8, -0x1.ac72b6199b645p-8, -0x1.69b38cc0f7f81p-3,
    0x1.5eae1dee97d1fp-3, 0x1.9600955c06814p-3, -0x1.8b1085f5d73dbp-3, -0x1.f05021eb174bcp-3, 0x1.e1bc7f83f879bp-3};
  // lgamma(2 + t) = t P(t), |t| <= 1 / 2
  static constexpr double lgamma2[] = {
    0x1.b0ee6072093cep-2, 0x1.4a34cc4a60fa6p-2, -0x1.13e001a55760ap-4, 0x1.51322ac7d848ap-6, -0x1.e404fc218dacbp-8,
    0x1.7add6eadb523ep-9, -0x1.38ac5c2d520b2p-10, 0x1.0b36af8783445p-11, -0x1.d3fd4b60b4a7ep-13,
    0x1.a127afe7baadbp-14, -0x1.78de9c0ece161p-15, 0x1.580e0c429d82ap-16, -0x1.3cb39735e60a3p-17,
    0x1.258f0b107f2edp-18, -0x1.12797d945f9e1p-19, 0x1.01228762fe406p-20, -0x1.cde8c7a3ff64fp-22,
    0x1.b3de5f464ae18p-23, -0x1.20614454ece38p-23, 0x1.124e021964971p-24};
  // lgamma(x) = (x - 1/2) log x - x + log(2 pi) / 2 + P(1 / x^2) / x, x >= 8
  static constexpr double stirling[] = {
    0x1.5555555555555p-4, -0x1.6c16c16c16b29p-9, 0x1.a01a019ee0dbep-11, -0x1.38137ec070146p-11,
    0x1.b94f6d659214dp-11, -0x1.f5ff2fdcde511p-10, 0x1.96db406143a31p-8, -0x1.55b3a71b46db0p-6};
  // log m = 2 s + 2 s^3 / 3 + s^5 P(s^2), s = (m - 1) / (m + 1), for pow
  static constexpr double logDouble[] = {
    0x1.999999999999ap-2, 0x1.2492492492527p-2, 0x1.c71c71c6e8f44p-3, 0x1.745d177c10aedp-3, 0x1.3b1395347c32dp-3,
    0x1.1118e9497c403p-3, 0x1.df75d148674edp-4, 0x1.e07718a4a9bfdp-4};
  static constexpr double log2e[] = {
    0x1.71547652b82fep+0};
  static constexpr double log2eLow[] = {
    0x1.777d0ffda0d24p-56};
  static constexpr double log10e[] = {
    0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
  static constexpr double ln2[] = {
    0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45};
  static constexpr double ln2Full[] = {
    0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
  static constexpr double log10of2[] = {
    0x1.34413509f7800p-2, 0x1.fef311f12b358p-46};
  static constexpr double pi[] = {
    0x1.921fb54442d18p+1, 0x1.1a62633140000p-53, 0x1.701b839a25205p-91};
  static constexpr double halfPi[] = {
    0x1.921fb54442d18p+0, 0x1.1a62633140000p-54, 0x1.701b839a25205p-92};
  static constexpr double quarterPi[] = {
    0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55};
  static constexpr double overPi[] = {
    0x1.45f306dc9c883p-2};
  static constexpr double tanEighthPi[] = {
    0x1.a827999fcef32p-2};
  static constexpr double tanThreeEighthsPi[] = {
    0x1.3504f333f9de6p+1};
  static constexpr double halfLog2Pi[] = {
    0x1.d67f1c864beb4p-1, 0x1.4d252f2400510p-54};
};

template <>
struct Coefficients<float> {
  // e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 2
  static constexpr float exp[] = {
    0x1.0000000000000p-1f, 0x1.5554d40000000p-3f, 0x1.5555140000000p-5f, 0x1.1215820000000p-7f,
    0x1.6d1b1c0000000p-10f};
  // sin r = r + r^3 P(r^2), |r| <= pi / 4
  static constexpr float sin[] = {
    -0x1.5555520000000p-3f, 0x1.110bc20000000p-7f, -0x1.9a93180000000p-13f};
  // cos r = 1 - r^2 / 2 + r^4 P(r^2), |r| <= pi / 4
  static constexpr float cos[] = {
    0x1.5555540000000p-5f, -0x1.6c12800000000p-10f, 0x1.9bacd60000000p-16f};
  // log(1 + f) = 2 s + s^3 P(s^2), s = f / (2 + f), sqrt(1/2) <= 1 + f <= sqrt(2)
  static constexpr float log[] = {
    0x1.55555c0000000p-1f, 0x1.997bdc0000000p-2f, 0x1.2ef5160000000p-2f};
  // atan t = t + t^3 P(t^2), |t| <= tan(pi / 8)
  static constexpr float atan[] = {
    -0x1.5555540000000p-2f, 0x1.99972c0000000p-3f, -0x1.241fa00000000p-3f, 0x1.b8038e0000000p-4f,
    -0x1.081b880000000p-4f};
  // asin x = x + x^3 P(x^2), |x| <= 1 / 2
  static constexpr float asin[] = {
    0x1.5555540000000p-3f, 0x1.3334300000000p-4f, 0x1.6d5bba0000000p-5f, 0x1.fd8da20000000p-6f,
    0x1.18f91e0000000p-6f, 0x1.13fed40000000p-5f};
  // m^(1/3) nearly, 1/2 <= m <= 1
  static constexpr float cbrt[] = {
    0x1.c3b8000000000p-2f, 0x1.d810f60000000p-1f, -0x1.01e7d60000000p-1f, 0x1.20057e0000000p-3f};
  // erfc(x) exp(x^2) (1 + 2 x) = P(t), x >= 0, t = (x - 3.75) / (x + 3.75)
  static constexpr float erfc[] = {
    0x1.3ccda00000000p+0f, -0x1.1f36780000000p-3f, 0x1.d6109a0000000p-9f, 0x1.5102200000000p-4f,
    -0x1.bdb45c0000000p-4f, 0x1.7a0bc20000000p-4f, -0x1.e06d8a0000000p-5f, 0x1.d13f7a0000000p-6f,
    -0x1.429df80000000p-7f, 0x1.baac340000000p-10f, 0x1.9ff9980000000p-12f, -0x1.dfb7bc0000000p-13f};
  // erf x = x + x P(x^2), |x| <= 1
  static constexpr float erf[] = {
    0x1.06eba20000000p-3f, -0x1.8126780000000p-2f, 0x1.ce09580000000p-4f, -0x1.b5a1f80000000p-6f,
    0x1.4236660000000p-8f, -0x1.26ec020000000p-11f};
  // lgamma(1 + t) = t P(t), |t| <= 1 / 2
  static constexpr float lgamma1[] = {
    -0x1.2788d00000000p-1f, 0x1.a51a620000000p-1f, -0x1.9a4d4e0000000p-2f, 0x1.1516c00000000p-2f,
    -0x1.a8c08c0000000p-3f, 0x1.5a5ede0000000p-3f, -0x1.262f6e0000000p-3f, 0x1.0ca8ae0000000p-3f,
    -0x1.ddd6c20000000p-4f, 0x1.09f09a0000000p-4f, -0x1.daa9a60000000p-5f, 0x1.715d760000000p-3f,
    -0x1.57cf380000000p-3f};
  // lgamma(2 + t) = t P(t), |t| <= 1 / 2
  static constexpr float lgamma2[] = {
    0x1.b0ee600000000p-2f, 0x1.4a34cc0000000p-2f, -0x1.13e0000000000p-4f, 0x1.5135a40000000p-6f,
    -0x1.e40b440000000p-8f, 0x1.7953800000000p-9f, -0x1.3747c40000000p-10f, 0x1.2b1d100000000p-11f,
    -0x1.06dbaa0000000p-12f};
  // lgamma(x) = (x - 1/2) log x - x + log(2 pi) / 2 + P(1 / x^2) / x, x >= 8
  static constexpr float stirling[] = {
    0x1.5555560000000p-4f, -0x1.6c16ba0000000p-9f, 0x1.9ff9980000000p-11f, -0x1.2aebd60000000p-11f};
  // log m = 2 s + 2 s^3 / 3 + s^5 P(s^2), s = (m - 1) / (m + 1), for pow
  static constexpr float logDouble[] = {
    0x1.99999a0000000p-2f, 0x1.2492900000000p-2f, 0x1.c6bfe20000000p-3f, 0x1.87b1ee0000000p-3f};
  // e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 32
  static constexpr float expShort[] = {
    0x1.0001560000000p-1f, 0x1.5556660000000p-3f};
  // The bits of 2^(i/16), less i times the distance of sixteenths in the bits of whole powers
  static constexpr unsigned powers[] = {
    0x3f800000, 0x3f7daac3, 0x3f7b95c2, 0x3f79c3d3, 0x3f7837f0, 0x3f76f532, 0x3f75fed7, 0x3f75583f,
    0x3f7504f3, 0x3f7508a4, 0x3f75672a, 0x3f76248c, 0x3f7744fd, 0x3f78ccdf, 0x3f7ac0c7, 0x3f7d257d};
  static constexpr float log2e[] = {
    0x1.7154760000000p+0f};
  static constexpr float log2eLow[] = {
    0x1.4ae0c00000000p-26f};
  static constexpr float log10e[] = {
    0x1.bcb7b00000000p-2f, 0x1.526e500000000p-26f};
  static constexpr float ln2[] = {
    0x1.62e4000000000p-1f, 0x1.7f7d1c0000000p-20f};
  static constexpr float ln2Full[] = {
    0x1.62e42e0000000p-1f, 0x1.efa39e0000000p-25f};
  static constexpr float log10of2[] = {
    0x1.3440000000000p-2f, 0x1.3509f80000000p-18f};
  static constexpr float pi[] = {
    0x1.921fb40000000p+1f, 0x1.4440000000000p-23f, 0x1.68c2340000000p-38f};
  static constexpr float halfPi[] = {
    0x1.921fb40000000p+0f, 0x1.4440000000000p-24f, 0x1.68c2340000000p-39f};
  static constexpr float quarterPi[] = {
    0x1.921fb40000000p-1f, 0x1.4442d20000000p-25f};
  static constexpr float overPi[] = {
    0x1.45f3060000000p-2f};
  static constexpr float tanEighthPi[] = {
    0x1.a8279a0000000p-2f};
  static constexpr float tanThreeEighthsPi[] = {
    0x1.3504f40000000p+1f};
  static constexpr float halfLog2Pi[] = {
    0x1.d67f1c0000000p-1f, 0x1.0c97d60000000p-26f};
};

// 1 / pi, 64 bits a word, for the reduction of large arguments.
constexpr unsigned long long overPiBits[] = {
    0x517cc1b727220a94, 0xfe13abe8fa9a6ee0, 0x6db14acc9e21c820, 0xff28b1d5ef5de2b0,
    0xdb92371d2126e970, 0x0324977504e8c90e, 0x7f0ef58e5894d39f, 0x74411afa975da242,
    0x74ce38135a2fbf20, 0x9cc8eb1cc1a99cfa, 0x4e422fc5defc941d, 0x8ffc4bffef02cc07,
    0xf79788c5ad05368f, 0xb69b3f6793e584db, 0xa7a31fb34f2ff516, 0xba93dd63f5f2f8bd,
    0x9e839cfbc5294975, 0x35fdafd88fc6ae84, 0x2b0198237e3db5d5, 0xf867de104d7a1b0e};

}  // namespace
}  // namespace tsmpi
