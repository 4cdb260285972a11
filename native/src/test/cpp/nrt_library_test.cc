#include "nrt/nrt_library.h"

#include <gtest/gtest.h>

namespace neuron_embed::nrt {
namespace {

nrt_version_t Version(uint64_t major, uint64_t minor, uint64_t patch) {
  nrt_version_t version{};
  version.rt_major = major;
  version.rt_minor = minor;
  version.rt_patch = patch;
  return version;
}

TEST(NrtLibrary, AbsenceSaysWhatWasTried) {
  std::string tried;
  EXPECT_EQ(NrtLibrary::Open("/nonexistent/libnrt.so.1", &tried), nullptr);
  EXPECT_NE(tried.find("/nonexistent/libnrt.so.1"), std::string::npos) << tried;
  EXPECT_NE(tried.find("No such file"), std::string::npos) << tried;
  EXPECT_EQ(tried.find('\n'), std::string::npos) << "an explicit path is the only one tried";
}

TEST(NrtLibrary, AnotherLibraryIsRefusedWithWhatItLacks) {
  std::string tried;
  EXPECT_EQ(NrtLibrary::Open("libm.so.6", &tried), nullptr);
  EXPECT_NE(tried.find("not a usable libnrt"), std::string::npos) << tried;
  EXPECT_NE(tried.find("nrt_init"), std::string::npos) << tried;
  EXPECT_NE(tried.find("nrt_execute"), std::string::npos) << tried;
}

TEST(NrtLibrary, GenerationFollowsTheVersion) {
  EXPECT_EQ(GenerationOf(Version(0, 0, 0)), Generation::kUnknown);
  EXPECT_EQ(GenerationOf(Version(2, 29, 40)), Generation::kBefore2_30);
  EXPECT_EQ(GenerationOf(Version(2, 30, 50)), Generation::kFrom2_30);
  EXPECT_EQ(GenerationOf(Version(2, 32, 30)), Generation::kFrom2_30);
  EXPECT_EQ(GenerationOf(Version(2, 32, 31)), Generation::kFrom2_32_31);
  EXPECT_EQ(GenerationOf(Version(2, 33, 0)), Generation::kFrom2_32_31);
  EXPECT_EQ(GenerationOf(Version(2, 34, 10)), Generation::kFrom2_34_10);
  EXPECT_EQ(GenerationOf(Version(2, 34, 99)), Generation::kFrom2_34_10);
  EXPECT_EQ(GenerationOf(Version(2, 35, 30)), Generation::kFrom2_35);
  EXPECT_EQ(GenerationOf(Version(3, 0, 0)), Generation::kFrom2_35) << "the newest that is known";
}

}  // namespace
}  // namespace neuron_embed::nrt
