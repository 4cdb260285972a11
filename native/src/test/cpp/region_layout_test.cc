#include "core/region_layout.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"

namespace neuron_embed {
namespace {

constexpr size_t kPage = 4096;

TEST(RegionLayout, SmallInputsShareOnePage) {
  const RegionLayout layout({4 * 512, 4 * 512}, kPage);
  EXPECT_EQ(layout.offsets, (std::vector<size_t>{0, 2048}));
  EXPECT_EQ(layout.size, kPage);
}

TEST(RegionLayout, TensorsStartOnCacheLines) {
  const RegionLayout layout({4, 100, 64, 1}, kPage);
  EXPECT_EQ(layout.offsets, (std::vector<size_t>{0, 64, 192, 256}));
  EXPECT_EQ(layout.size, kPage);
}

TEST(RegionLayout, ATensorThatFitsIntoAPageDoesNotCrossOne) {
  const RegionLayout layout({3000, 3000}, kPage);
  EXPECT_EQ(layout.offsets, (std::vector<size_t>{0, kPage}));
  EXPECT_EQ(layout.size, 2 * kPage);
}

TEST(RegionLayout, LargeTensorsFollowEachOther) {
  const RegionLayout layout({5000, 5000, 4096}, kPage);
  EXPECT_EQ(layout.offsets, (std::vector<size_t>{0, 5056, 3 * kPage}));
  EXPECT_EQ(layout.size, 4 * kPage);
}

TEST(RegionLayout, RefusesWhatDoesNotFitIntoMemory) {
  const size_t huge = std::numeric_limits<size_t>::max() - kPage;
  EXPECT_THROW(RegionLayout({huge}, kPage), Error);
  EXPECT_THROW(RegionLayout({huge / 2, huge / 2, 2 * kPage}, kPage), Error);
}

}  // namespace
}  // namespace neuron_embed
