#include "nrt/nrt_status.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace neuron_embed::nrt {
namespace {

TEST(NrtStatus, TableIsAscendingSoThatLookupFindsEveryCode) {
  EXPECT_EQ(kStatusTableSize, 28u);
  for (size_t i = 1; i < kStatusTableSize; ++i) {
    EXPECT_LT(kStatusTable[i - 1].status, kStatusTable[i].status);
  }
  for (size_t i = 0; i < kStatusTableSize; ++i) {
    EXPECT_EQ(FindStatus(kStatusTable[i].status), &kStatusTable[i]) << kStatusTable[i].name;
  }
}

TEST(NrtStatus, KnownCodesAreNamed) {
  EXPECT_EQ(DescribeStatus(NRT_INVALID).rfind("NRT_INVALID=2 (", 0), 0u);
  EXPECT_EQ(DescribeStatus(NRT_EXEC_OOB).rfind("NRT_EXEC_OOB=1006 (", 0), 0u);
}

TEST(NrtStatus, UnknownNumbersAreKept) {
  for (const uint32_t number : {8u, 12u, 16u, 77u, 1007u, 4294967295u}) {
    const auto status = static_cast<NRT_STATUS>(number);
    EXPECT_EQ(FindStatus(status), nullptr);
    EXPECT_EQ(DescribeStatus(status), "NRT status " + std::to_string(number));
    EXPECT_EQ(ClassOf(status), StatusClass::kUnspecific);
    EXPECT_FALSE(IsDeviceFailure(status));
  }
}

TEST(NrtStatus, DeviceFailuresAreThoseAfterWhichTheCoreCannotBeTrusted) {
  const NRT_STATUS failures[] = {NRT_TIMEOUT,
                                 NRT_HW_ERROR,
                                 NRT_EXEC_UNIT_UNRECOVERABLE,
                                 NRT_EXEC_COMPLETED_WITH_ERR,
                                 NRT_EXEC_HW_ERR_HBM_UE,
                                 NRT_EXEC_HW_ERR_NC_UE,
                                 NRT_EXEC_HW_ERR_DMA_ABORT,
                                 NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE};
  for (size_t i = 0; i < kStatusTableSize; ++i) {
    const NRT_STATUS status = kStatusTable[i].status;
    const bool listed =
        std::find(std::begin(failures), std::end(failures), status) != std::end(failures);
    EXPECT_EQ(IsDeviceFailure(status), listed) << kStatusTable[i].name;
  }
}

TEST(NrtStatus, RetryIsOnlyForBackPressure) {
  for (const NRT_STATUS status :
       {NRT_QUEUE_FULL, NRT_QUEUE_EMPTY, NRT_EXEC_NC_BUSY, NRT_COLL_PENDING}) {
    EXPECT_EQ(ClassOf(status), StatusClass::kTransient);
  }
  EXPECT_EQ(ClassOf(NRT_FAILURE), StatusClass::kUnspecific);
  EXPECT_EQ(ClassOf(NRT_UNSUPPORTED_NEFF_VERSION), StatusClass::kVersion);
  EXPECT_EQ(ClassOf(NRT_RESOURCE), StatusClass::kResources);
  EXPECT_EQ(ClassOf(NRT_CLOSED), StatusClass::kCallerBug);
}

}  // namespace
}  // namespace neuron_embed::nrt
